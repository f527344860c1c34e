/* SPDX-License-Identifier: Apache-2.0 */
#include "live.h"

#include "base/text.h"
#include "live_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t SHIFT_KEPT_MS = INT64_C(12) * 3600 * 1000;
static const int64_t ALERT_WINDOW_MS = INT64_C(7) * 24 * 3600 * 1000;
static const struct key NO_KEY = {0, 0};

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* ---- the table ---- */

struct live *live_new(void)
{
    struct live *live = must(calloc(1, sizeof *live));
    pthread_rwlockattr_t attributes;
    (void)pthread_rwlockattr_init(&attributes);
    /* Searches without pause must not keep a fix waiting. */
    (void)pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(&live->lock, &attributes);
    (void)pthread_rwlockattr_destroy(&attributes);
    (void)pthread_mutex_init(&live->filled_lock, NULL);
    (void)pthread_cond_init(&live->filled_wake, NULL);
    live->grid = grid_new();
    live->alert_window_ms = ALERT_WINDOW_MS;
    return live;
}

void live_set_filled(struct live *live)
{
    (void)pthread_mutex_lock(&live->filled_lock);
    atomic_store(&live->filled, true);
    (void)pthread_cond_broadcast(&live->filled_wake);
    (void)pthread_mutex_unlock(&live->filled_lock);
}

bool live_wait_filled(struct live *live, int wait_ms)
{
    if (atomic_load(&live->filled)) {
        return true;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000 + 1;
    (void)pthread_mutex_lock(&live->filled_lock);
    int rc = 0;
    while (!atomic_load(&live->filled) && rc == 0) {
        rc = pthread_cond_timedwait(&live->filled_wake, &live->filled_lock, &until);
    }
    (void)pthread_mutex_unlock(&live->filled_lock);
    return rc == 0;
}

void live_set_degraded(struct live *live, bool degraded)
{
    atomic_store(&live->degraded, degraded);
}

bool live_degraded(struct live *live)
{
    return atomic_load(&live->degraded);
}

static void empty(struct live *live)
{
    for (size_t i = 0; i < live->count; i++) {
        struct record *record = record_at(live, (uint32_t)i);
        free(record->call_sign);
        free(record->skills);
        free(record->shifts);
        free(record->alerts);
    }
    for (size_t i = 0; i < live->chunk_count; i++) {
        free(live->chunks[i]);
    }
    for (size_t i = 0; i < live->org_count; i++) {
        free((void *)(uintptr_t)live->orgs[i].facts.agreement.contract_areas);
    }
    for (size_t i = 0; i < TRAYS; i++) {
        free(live->trays[i].numbers);
        live->trays[i] = (struct tray){.numbers = NULL};
    }
    free(live->chunks);
    free(live->orgs);
    free(live->sites);
    keys_done(&live->numbers);
    keys_done(&live->org_numbers);
    keys_done(&live->site_numbers);
    grid_free(live->grid);
}

void live_clear(struct live *live)
{
    live_lock_to_write(live);
    empty(live);
    live->chunks = NULL;
    live->orgs = NULL;
    live->sites = NULL;
    live->chunk_count = live->count = live->org_count = live->site_count = 0;
    live->grid = grid_new();
    live_unlock(live);
}

void live_free(struct live *live)
{
    if (live != NULL) {
        empty(live);
        (void)pthread_rwlock_destroy(&live->lock);
        (void)pthread_mutex_destroy(&live->filled_lock);
        (void)pthread_cond_destroy(&live->filled_wake);
        free(live);
    }
}

void live_lock_to_read(struct live *live)
{
    (void)pthread_rwlock_rdlock(&live->lock);
}

void live_lock_to_write(struct live *live)
{
    (void)pthread_rwlock_wrlock(&live->lock);
}

void live_unlock(struct live *live)
{
    (void)pthread_rwlock_unlock(&live->lock);
}

size_t live_count(struct live *live)
{
    live_lock_to_read(live);
    size_t count = live->count;
    live_unlock(live);
    return count;
}

struct record *record_find(const struct live *live, struct key id, uint32_t *ret_number)
{
    uint32_t number = keys_find(&live->numbers, id);
    if (ret_number != NULL) {
        *ret_number = number;
    }
    return number == KEY_NONE ? NULL : record_at(live, number);
}

struct record *record_get(struct live *live, const char *text, uint32_t *ret_number)
{
    struct key id;
    if (text == NULL || !key_parse(text, &id)) {
        return NULL;
    }
    struct record *record = record_find(live, id, ret_number);
    if (record != NULL) {
        return record;
    }
    if (live->count == live->chunk_count * CHUNK) {
        live->chunks =
            must(realloc(live->chunks, (live->chunk_count + 1) * sizeof(struct record *)));
        struct record *chunk = must(aligned_alloc(LINE, CHUNK * sizeof *chunk));
        memset(chunk, 0, CHUNK * sizeof *chunk);
        live->chunks[live->chunk_count++] = chunk;
    }
    *ret_number = (uint32_t)live->count++;
    record = record_at(live, *ret_number);
    record->id = id;
    record->org = record->site = KEY_NONE;
    record->indexed = LIVE_NO_CELL;
    keys_add(&live->numbers, id, *ret_number);
    return record;
}

/* ---- organisations and sites ---- */

/* The number of that organisation, or site; made when it is not there. KEY_NONE: no id. */
static uint32_t org_number(struct live *live, const char *text)
{
    struct key id;
    if (text == NULL || !key_parse(text, &id)) {
        return KEY_NONE;
    }
    uint32_t number = keys_find(&live->org_numbers, id);
    if (number == KEY_NONE) {
        number = (uint32_t)live->org_count++;
        live->orgs = must(realloc(live->orgs, live->org_count * sizeof *live->orgs));
        live->orgs[number] = (struct org){.id = id};
        keys_add(&live->org_numbers, id, number);
    }
    return number;
}

static uint32_t site_number(struct live *live, const char *text)
{
    struct key id;
    if (text == NULL || !key_parse(text, &id)) {
        return KEY_NONE;
    }
    uint32_t number = keys_find(&live->site_numbers, id);
    if (number == KEY_NONE) {
        number = (uint32_t)live->site_count++;
        live->sites = must(realloc(live->sites, live->site_count * sizeof *live->sites));
        live->sites[number] = (struct site){.known = false};
        (void)key_format(id, live->sites[number].id);
        keys_add(&live->site_numbers, id, number);
    }
    return number;
}

void live_put_org(struct live *live, const struct live_org *in)
{
    live_lock_to_write(live);
    uint32_t number = org_number(live, in->id);
    struct org *org = number == KEY_NONE ? NULL : &live->orgs[number];
    if (org != NULL && org->facts.changed_at <= in->changed_at) {
        size_t size = in->agreement.contract_area_count * sizeof(int32_t);
        int32_t *areas = must(malloc(size + 1));
        if (size > 0) {
            memcpy(areas, in->agreement.contract_areas, size);
        }
        free((void *)(uintptr_t)org->facts.agreement.contract_areas);
        org->known = true;
        org->facts = *in;
        org->facts.id = NULL;
        org->facts.agreement.contract_areas = areas;
    }
    live_unlock(live);
}

void live_put_site(struct live *live, const struct live_site *in)
{
    live_lock_to_write(live);
    uint32_t number = site_number(live, in->id);
    struct site *site = number == KEY_NONE ? NULL : &live->sites[number];
    if (site != NULL && site->changed_at <= in->changed_at) {
        site->known = true;
        site->place = in->place;
        site->radius_m = in->radius_m;
        site->changed_at = in->changed_at;
    }
    live_unlock(live);
}

/* ---- responders and shifts ---- */

/* The array and its texts in one block. */
static struct person_skill *copy_skills(const struct person_skill *skills, size_t count)
{
    size_t size = count * sizeof *skills;
    for (size_t i = 0; i < count; i++) {
        size += strlen(skills[i].code) + 1;
    }
    struct person_skill *copy = must(malloc(size + 1));
    char *text = (char *)(copy + count);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(skills[i].code) + 1;
        memcpy(text, skills[i].code, length);
        copy[i] = (struct person_skill){text, skills[i].until_at};
        text += length;
    }
    return copy;
}

static void take_facts(struct live *live, struct record *record, const struct live_responder *in)
{
    free(record->call_sign);
    free(record->skills);
    record->call_sign = must(strdup(in->call_sign));
    record->skills = in->skill_count == 0 ? NULL : copy_skills(in->skills, in->skill_count);
    record->skill_count = (uint16_t)in->skill_count;
    record->org = org_number(live, in->org_id);
    record->site = site_number(live, in->site_id);
    record->area = in->area;
    record->force = (uint8_t)in->force;
    record->guard_kind = (uint8_t)in->guard_kind;
    record->crew = (uint16_t)in->crew;
    record->active = in->active;
    record->off_site_consent = in->off_site_consent;
    record->insured_until_at = in->insured_until_at;
    record->changed_at = in->changed_at;
}

void live_put_responder(struct live *live, const struct live_responder *in)
{
    uint32_t number = KEY_NONE;
    live_lock_to_write(live);
    struct record *record = record_get(live, in->id, &number);
    if (record != NULL && record->changed_at <= in->changed_at) {
        take_facts(live, record, in);
        if (record->fix.at != 0) {
            grid_drop(live->grid, number);
            grid_put(live->grid, number, record->force, record->fix.place);
        }
    }
    live_unlock(live);
}

bool record_on_duty(const struct record *record, int64_t now)
{
    if (record->shifts_open > 0) {
        return true;
    }
    for (size_t i = 0; i < record->shift_count; i++) {
        const struct record_shift *shift = &record->shifts[i];
        if (shift->state == GENXI__SHIFT_STATE__SHIFT_STATE_PLANNED && shift->from_at <= now &&
            now < shift->until_at) {
            return true;
        }
    }
    return false;
}

static void count_open(struct record *record)
{
    record->shifts_open = 0;
    for (size_t i = 0; i < record->shift_count; i++) {
        bool open = record->shifts[i].state == GENXI__SHIFT_STATE__SHIFT_STATE_OPEN;
        record->shifts_open = (uint16_t)(record->shifts_open + (open ? 1U : 0U));
    }
}

/* The place of that shift in the record; shifts long over give theirs up. */
static struct record_shift *shift_slot(struct record *record, struct key id, int64_t now)
{
    struct record_shift *over = NULL;
    for (size_t i = 0; i < record->shift_count; i++) {
        struct record_shift *shift = &record->shifts[i];
        if (key_is(shift->id, id)) {
            return shift;
        }
        bool ended = shift->state == GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED ||
                     (shift->state == GENXI__SHIFT_STATE__SHIFT_STATE_PLANNED &&
                      shift->until_at < now - SHIFT_KEPT_MS);
        if (ended && shift->changed_at < now - SHIFT_KEPT_MS) {
            over = shift;
        }
    }
    if (over == NULL) {
        record->shifts =
            must(realloc(record->shifts, (record->shift_count + 1U) * sizeof *record->shifts));
        over = &record->shifts[record->shift_count++];
    }
    *over = (struct record_shift){.id = id};
    return over;
}

void live_put_shift(struct live *live, const struct live_shift *in)
{
    struct key id;
    uint32_t number = KEY_NONE;
    if (!key_parse(in->id, &id)) {
        return;
    }
    live_lock_to_write(live);
    struct record *record = record_get(live, in->responder_id, &number);
    if (record != NULL) {
        struct record_shift *shift = shift_slot(record, id, in->changed_at);
        if (shift->changed_at <= in->changed_at) {
            *shift =
                (struct record_shift){id, in->from_at, in->until_at, in->changed_at, in->state};
        }
        count_open(record);
        bool ended = shift->state == GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED;
        if (ended && !record_on_duty(record, in->changed_at) && record->hold != HOLD_ASSIGNMENT) {
            record_forget_fix(live, number);
        }
    }
    live_unlock(live);
}

/* ---- holds ---- */

void live_hold(struct live *live, const char *responder_id, const struct live_hold *hold)
{
    struct key ref;
    uint32_t number = KEY_NONE;
    if (!key_parse(hold->ref, &ref)) {
        return;
    }
    live_lock_to_write(live);
    struct record *record = record_get(live, responder_id, &number);
    if (record != NULL && hold->at >= record->hold_at && hold->at >= record->released_at) {
        record->hold = (uint8_t)hold->kind;
        record->hold_ref = ref;
        record->hold_at = hold->at;
    }
    live_unlock(live);
}

void live_release(struct live *live, const char *responder_id, const char *ref, int64_t at)
{
    struct key key;
    uint32_t number = KEY_NONE;
    if (!key_parse(ref, &key)) {
        return;
    }
    live_lock_to_write(live);
    struct record *record = record_get(live, responder_id, &number);
    bool held_by_it = record != NULL && record->hold != HOLD_FREE && key_is(record->hold_ref, key);
    if (held_by_it || (record != NULL && record->hold == HOLD_FREE)) {
        record->hold = HOLD_FREE;
        record->released_at = at > record->released_at ? at : record->released_at;
    }
    live_unlock(live);
}

void live_rest(struct live *live, const char *responder_id, int64_t until_at)
{
    uint32_t number = KEY_NONE;
    live_lock_to_write(live);
    struct record *record = record_get(live, responder_id, &number);
    if (record != NULL && until_at > record->rest_until_at) {
        record->rest_until_at = until_at;
    }
    live_unlock(live);
}

void live_set_hold(struct live *live, const char *responder_id, const struct live_hold *hold,
                   int64_t as_of)
{
    struct key ref = NO_KEY;
    uint32_t number = KEY_NONE;
    if (hold->kind != HOLD_FREE && !key_parse(hold->ref, &ref)) {
        return;
    }
    live_lock_to_write(live);
    struct record *record = record_get(live, responder_id, &number);
    if (record != NULL && record->hold_at < as_of && record->released_at < as_of) {
        record->hold = (uint8_t)hold->kind;
        record->hold_ref = ref;
        record->hold_at = hold->kind == HOLD_FREE ? record->hold_at : hold->at;
    }
    live_unlock(live);
}

/* ---- who is near ---- */

static void add_org(const struct live *live, const struct record *record, struct person *person)
{
    const struct org *org = record->org == KEY_NONE ? NULL : &live->orgs[record->org];
    if (org != NULL && org->known) {
        person->org_known = true;
        person->org_active = org->facts.active;
        person->org_exercise = org->facts.exercise;
        person->agreement = org->facts.agreement;
    }
}

static void add_site(const struct live *live, const struct record *record, struct person *person)
{
    const struct site *site = record->site == KEY_NONE ? NULL : &live->sites[record->site];
    if (site != NULL && site->known) {
        person->has_site = true;
        person->site_id = site->id;
        person->site = site->place;
        person->site_radius_m = site->radius_m;
    }
}

static void fill_person(const struct live *live, const struct record *record, int64_t now,
                        struct person *person)
{
    *person = (struct person){
        .id = "",
        .org_id = "",
        .call_sign = record->call_sign,
        .area = record->area,
        .force = (Genxi__Force)record->force,
        .guard_kind = record->guard_kind,
        .crew = record->crew,
        .active = record->active,
        .off_site_consent = record->off_site_consent,
        .insured_until_at = record->insured_until_at,
        .skills = record->skills,
        .skill_count = record->skill_count,
        .on_shift = record_on_duty(record, now),
        .hold = (enum person_hold)record->hold,
        .hold_incident_id = "",
        .rest_until_at = record->rest_until_at,
        .load = record_load(record, now),
        .alerts = record_alerts(live, record, now),
        .site_id = "",
        .has_fix = record->fix.at != 0,
        .fix = record->fix.place,
        .fix_at = record->fix.at,
    };
    if (record->hold == HOLD_ASSIGNMENT && key_is(record->task_ref, record->hold_ref)) {
        person->task = (struct person_task){record->task_ref, record->task_grade,
                                            record->task_place, record->on_the_way};
    }
    add_org(live, record, person);
    add_site(live, record, person);
}

struct key record_org(const struct live *live, const struct record *record)
{
    return record->org == KEY_NONE ? NO_KEY : live->orgs[record->org].id;
}

struct nearing {
    const struct live *live;
    int64_t now;
    live_visit *visit;
    void *arg;
};

static bool visit_one(const struct nearing *nearing, const struct grid_hit *found)
{
    const struct record *record = record_at(nearing->live, found->number);
    struct live_hit hit = {
        .id = record->id, .org = record_org(nearing->live, record), .metres = found->metres};
    if (record->changed_at == 0) {
        return true; /* the registry has not told of him yet: nothing can be said */
    }
    fill_person(nearing->live, record, nearing->now, &hit.person);
    return nearing->visit(nearing->arg, &hit);
}

/* Each lies elsewhere in a large memory: all are fetched before the first is looked at. */
static bool visit_some(void *arg, const struct grid_hit *hits, size_t count)
{
    const struct nearing *nearing = arg;
    bool go_on = true;
    for (size_t i = 0; i < count; i++) {
        const char *record = (const char *)record_at(nearing->live, hits[i].number);
        __builtin_prefetch(record);
        __builtin_prefetch(record + LINE);
    }
    for (size_t i = 0; i < count; i++) {
        const struct record *record = record_at(nearing->live, hits[i].number);
        __builtin_prefetch(record->skills);
        __builtin_prefetch(record->call_sign);
    }
    for (size_t i = 0; i < count && go_on; i++) {
        go_on = visit_one(nearing, &hits[i]);
    }
    return go_on;
}

void live_near(struct live *live, Genxi__Force force, struct gx_point place, double radius_m,
               int64_t now, live_visit *visit, void *arg)
{
    struct nearing nearing = {live, now, visit, arg};
    live_lock_to_read(live);
    grid_near(live->grid, (unsigned)force, place, radius_m, visit_some, &nearing);
    live_unlock(live);
}

void live_find(struct live *live, const char *responder_id, int64_t now, live_visit *visit,
               void *arg)
{
    struct nearing nearing = {live, now, visit, arg};
    struct grid_hit hit = {0};
    struct key id;
    live_lock_to_read(live);
    if (key_parse(responder_id, &id) && record_find(live, id, &hit.number) != NULL) {
        (void)visit_one(&nearing, &hit);
    }
    live_unlock(live);
}

/* ---- who is on duty ---- */

static bool covers(const struct record_shift *shift, int64_t at, bool ahead)
{
    bool open = shift->state == GENXI__SHIFT_STATE__SHIFT_STATE_OPEN;
    bool planned = shift->state == GENXI__SHIFT_STATE__SHIFT_STATE_PLANNED;
    bool within = shift->from_at <= at && at < shift->until_at;
    return (open && (within || !ahead)) || (planned && within);
}

/* The one of the shifts that lasts longest. */
static bool duty_of(const struct record *record, int64_t at, bool ahead, struct live_duty *duty)
{
    bool found = false;
    for (size_t i = 0; i < record->shift_count; i++) {
        const struct record_shift *shift = &record->shifts[i];
        int64_t until_at = shift->until_at <= at ? INT64_MAX : shift->until_at;
        if (covers(shift, at, ahead) && (!found || until_at > duty->until_at)) {
            duty->from_at = shift->from_at;
            duty->until_at = until_at;
            found = true;
        }
    }
    return found;
}

void live_on_duty(struct live *live, int64_t at, bool ahead, live_duty_visit *visit, void *arg)
{
    size_t count = live_count(live);
    bool go_on = true;
    for (size_t from = 0; from < count && go_on; from += CHUNK) {
        live_lock_to_read(live);
        for (size_t i = from; i < live->count && i < from + CHUNK && go_on; i++) {
            const struct record *record = record_at(live, (uint32_t)i);
            struct live_duty duty = {.heard_at = record->heard_at};
            if (record->changed_at != 0 && duty_of(record, at, ahead, &duty)) {
                fill_person(live, record, at, &duty.hit.person);
                duty.hit.person.on_shift = true;
                duty.hit.id = record->id;
                duty.hit.org = record_org(live, record);
                go_on = visit(arg, &duty);
            }
        }
        live_unlock(live);
    }
}

/* Takes a piece of the block for that text. */
static const char *put_text(char **at, const char *text)
{
    char *piece = *at;
    size_t size = strlen(text) + 1;
    memcpy(piece, text, size);
    *at += size;
    return piece;
}

static const char *put_id(char **at, struct key id)
{
    char *piece = key_format(id, *at);
    *at += KEY_TEXT_SIZE;
    return piece;
}

static size_t kept_size(const struct person *person)
{
    size_t size = person->skill_count * sizeof *person->skills +
                  person->agreement.contract_area_count * sizeof(int32_t);
    for (size_t i = 0; i < person->skill_count; i++) {
        size += strlen(person->skills[i].code) + 1;
    }
    return size + 2 * (size_t)KEY_TEXT_SIZE + strlen(person->call_sign) + strlen(person->site_id) +
           2;
}

bool live_keep(const struct live_hit *hit, struct gx_arena *arena, struct person *ret_person)
{
    struct person *person = ret_person;
    size_t areas_size = hit->person.agreement.contract_area_count * sizeof(int32_t);
    *person = hit->person;
    /* One piece of memory for all: skills, areas, texts. */
    struct person_skill *skills = gx_arena_alloc(arena, kept_size(&hit->person));
    if (skills == NULL) {
        return false;
    }
    int32_t *areas = (int32_t *)(void *)(skills + person->skill_count);
    char *at = (char *)areas + areas_size;
    if (areas_size > 0) {
        memcpy(areas, person->agreement.contract_areas, areas_size);
    }
    for (size_t i = 0; i < person->skill_count; i++) {
        skills[i] = (struct person_skill){put_text(&at, person->skills[i].code),
                                          person->skills[i].until_at};
    }
    person->id = put_id(&at, hit->id);
    person->org_id = put_id(&at, hit->org);
    person->call_sign = put_text(&at, person->call_sign);
    person->site_id = put_text(&at, person->site_id);
    person->skills = skills;
    person->agreement.contract_areas = areas;
    return true;
}
