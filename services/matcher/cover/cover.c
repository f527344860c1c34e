/* SPDX-License-Identifier: Apache-2.0 */
#include "cover/cover.h"

#include "cover/cover_table.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>

static const int64_t MINUTE_MS = 60000;
static const size_t SCRATCH_BYTES = (size_t)16 << 20; /* far more than COVER_NEAR_MAX ask for */

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* ---- hours ---- */

uint32_t cover_minute(int64_t at, int64_t offset_minutes)
{
    int64_t minute = (at / MINUTE_MS + offset_minutes) % COVER_DAY_MINUTES;
    return (uint32_t)(minute < 0 ? minute + COVER_DAY_MINUTES : minute);
}

bool cover_need_asks(const struct cover_need *need, uint32_t minute)
{
    if (need->from_minute == need->until_minute) {
        return true;
    }
    bool begun = need->from_minute <= minute;
    bool not_over = minute < need->until_minute;
    return need->from_minute < need->until_minute ? begun && not_over : begun || not_over;
}

int64_t cover_need_until(const struct cover_need *need, int64_t at, uint32_t minute)
{
    if (need->from_minute == need->until_minute) {
        return INT64_MAX;
    }
    uint32_t left =
        (need->until_minute + (uint32_t)COVER_DAY_MINUTES - minute) % (uint32_t)COVER_DAY_MINUTES;
    return at - at % MINUTE_MS + (int64_t)left * MINUTE_MS;
}

/* ---- the units ---- */

struct cover *cover_new(const struct cover_scene *scene)
{
    struct cover *cover = must(calloc(1, sizeof *cover));
    cover->scene = *scene;
    cover->places = must(calloc(scene->unit_count + 1, sizeof *cover->places));
    cover->placed = grid_new();
    gx_ctx_init(&cover->scratch, SCRATCH_BYTES);
    cover->homes = grid_new();
    for (size_t i = 0; i < scene->unit_count; i++) {
        const struct cover_unit *unit = &scene->units[i];
        if (unit->placed) {
            cover_put(cover, (uint32_t)i, unit->place);
        }
        if (unit->person.has_site) {
            grid_put(cover->homes, (uint32_t)i, (unsigned)unit->person.force, unit->person.site);
            cover->home_radius_m = fmax(cover->home_radius_m, unit->person.site_radius_m);
        }
    }
    return cover;
}

void cover_free(struct cover *cover)
{
    if (cover != NULL) {
        grid_free(cover->placed);
        grid_free(cover->homes);
        free(cover->places);
        free(cover->areas);
        gx_ctx_done(&cover->scratch);
        free(cover);
    }
}

void cover_put(struct cover *cover, uint32_t unit, struct gx_point place)
{
    cover->places[unit] = place;
    grid_put(cover->placed, unit, (unsigned)cover->scene.units[unit].person.force, place);
}

struct occasion cover_occasion(const struct cover *cover, const struct cover_site *site)
{
    return (struct occasion){
        .incident_id = "",
        .area = site->area,
        .place = site->place,
        .site_id = site->id,
        .now = cover->scene.at,
    };
}

/* ---- who can be there ---- */

static const struct rule_limits NO_LIMITS = {0};

struct nearing {
    const struct cover *cover;
    struct occasion occasion;
    uint32_t units[COVER_NEAR_MAX];
    size_t count;
};

static bool add_near(void *arg, const struct grid_hit *hits, size_t count)
{
    struct nearing *nearing = arg;
    for (size_t i = 0; i < count && nearing->count < COVER_NEAR_MAX; i++) {
        const struct person *person = &nearing->cover->scene.units[hits[i].number].person;
        if (rule_forbidding(person, &nearing->occasion, NULL, &NO_LIMITS, RULE_KIND_DUTY) ==
            RULE_NONE) {
            nearing->units[nearing->count++] = hits[i].number;
        }
    }
    return nearing->count < COVER_NEAR_MAX;
}

static enum gx_rc ask_travel(struct cover *cover, const struct travel_from *from, size_t count,
                             struct gx_point to, const struct travel_times *times)
{
    const struct gx_travel *travel = cover->scene.travel;
    gx_arena_reset(&cover->scratch.arena);
    enum gx_rc rc =
        count == 0 ? GX_OK : travel->matrix(travel->self, &cover->scratch, from, count, to, times);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        cover->by_road = cover->by_road || gx_text_is(times->bases[i], TRAVEL_ROAD);
    }
    return rc;
}

const char *cover_basis(const struct cover *cover)
{
    return cover->by_road ? TRAVEL_ROAD : TRAVEL_STRAIGHT;
}

enum gx_rc cover_seconds(struct cover *cover, const struct travel_from *from, struct gx_point to,
                         uint32_t bound, uint32_t *ret_seconds)
{
    const char *basis = NULL;
    const struct travel_times times = {ret_seconds, &basis, bound};
    return ask_travel(cover, from, 1, to, &times);
}

enum gx_rc cover_reaching(struct cover *cover, const struct cover_site *site, Genxi__Force force,
                          uint32_t seconds, struct cover_near *near, size_t *ret_count)
{
    const struct gx_travel *travel = cover->scene.travel;
    struct nearing nearing = {.cover = cover, .occasion = cover_occasion(cover, site)};
    struct travel_from from[COVER_NEAR_MAX];
    uint32_t taken[COVER_NEAR_MAX];
    const char *bases[COVER_NEAR_MAX];
    const struct travel_times times = {taken, bases, seconds};
    double radius_m = travel->reach_m(travel->self, force, (double)seconds);
    grid_near(cover->placed, (unsigned)force, site->place, radius_m, add_near, &nearing);
    for (size_t i = 0; i < nearing.count; i++) {
        from[i] = (struct travel_from){cover->places[nearing.units[i]], force};
    }
    size_t count = 0;
    enum gx_rc rc = ask_travel(cover, from, nearing.count, site->place, &times);
    for (size_t i = 0; i < nearing.count && rc == GX_OK; i++) {
        if (taken[i] <= seconds) {
            near[count++] = (struct cover_near){nearing.units[i], taken[i]};
        }
    }
    *ret_count = count;
    return rc;
}

/* ---- who is on duty ---- */

static bool lawful(const struct person *person, const struct occasion *occasion)
{
    return person->on_shift &&
           rule_forbidding(person, occasion, NULL, &NO_LIMITS, RULE_KIND_LAW) == RULE_NONE;
}

static bool lawful_away(const struct person *person, const struct occasion *occasion)
{
    struct person away = *person;
    away.has_site = false;
    return lawful(&away, occasion);
}

static const struct cover_area *area_of(struct cover *cover, const struct occasion *occasion)
{
    for (size_t i = 0; i < cover->area_count; i++) {
        if (cover->areas[i].area == occasion->area) {
            return &cover->areas[i];
        }
    }
    cover->areas = must(realloc(cover->areas, (cover->area_count + 1) * sizeof *cover->areas));
    struct cover_area *area = &cover->areas[cover->area_count++];
    *area = (struct cover_area){.area = occasion->area};
    for (size_t i = 0; i < cover->scene.unit_count; i++) {
        const struct person *person = &cover->scene.units[i].person;
        unsigned force = (unsigned)person->force;
        if (force <= COVER_FORCES && lawful_away(person, occasion)) {
            area->on_duty[force]++;
        }
    }
    return area;
}

struct at_home {
    const struct cover *cover;
    struct occasion occasion;
    uint32_t count;
};

static bool add_home(void *arg, const struct grid_hit *hits, size_t count)
{
    struct at_home *at_home = arg;
    for (size_t i = 0; i < count; i++) {
        const struct person *person = &at_home->cover->scene.units[hits[i].number].person;
        if (lawful(person, &at_home->occasion) && !lawful_away(person, &at_home->occasion)) {
            at_home->count++;
        }
    }
    return true;
}

/* Those who may serve anywhere in the area, and those who may because it is their own site. */
static uint32_t on_duty(struct cover *cover, const struct cover_site *site, Genxi__Force force)
{
    struct at_home at_home = {.cover = cover, .occasion = cover_occasion(cover, site)};
    const struct cover_area *area = area_of(cover, &at_home.occasion);
    grid_near(cover->homes, (unsigned)force, site->place, cover->home_radius_m, add_home, &at_home);
    return at_home.count + ((unsigned)force <= COVER_FORCES ? area->on_duty[force] : 0);
}

static enum cover_kind kind_of(struct cover *cover, const struct cover_site *site,
                               const struct cover_row *row)
{
    if (row->have >= row->want) {
        return COVER_MET;
    }
    uint32_t count = on_duty(cover, site, row->force);
    if (count == 0) {
        return COVER_HOURS;
    }
    return count < row->want ? COVER_FORCE : COVER_AREA;
}

/* ---- a site ---- */

/* What a need of that force and those minutes has counted already; false: none has. */
static bool counted(const struct cover_row *rows, size_t count, Genxi__Force force,
                    uint32_t within_minutes, uint32_t *ret_have)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].force == force && rows[i].within_minutes == within_minutes) {
            *ret_have = rows[i].have;
            return true;
        }
    }
    return false;
}

static enum gx_rc look_first(struct cover *cover, const struct cover_site *site,
                             const struct cover_row *rows, size_t row_count,
                             struct cover_row *first)
{
    struct cover_near near[COVER_NEAR_MAX];
    enum gx_rc rc = GX_OK;
    for (unsigned force = 1; force <= COVER_FORCES && rc == GX_OK; force++) {
        uint32_t have = 0;
        if (!counted(rows, row_count, (Genxi__Force)force, first->within_minutes, &have)) {
            size_t count = 0;
            rc = cover_reaching(cover, site, (Genxi__Force)force, first->within_minutes * 60, near,
                                &count);
            have = (uint32_t)count;
        }
        first->have += have;
    }
    first->kind = first->have > 0 ? COVER_MET : COVER_FIRST;
    return rc;
}

enum gx_rc cover_look(struct cover *cover, const struct cover_site *site,
                      struct cover_row ret_rows[COVER_NEEDS_MAX + 1], size_t *ret_count)
{
    struct cover_near near[COVER_NEAR_MAX];
    uint32_t smallest = UINT32_MAX;
    size_t count = 0;
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < site->need_count && i < COVER_NEEDS_MAX && rc == GX_OK; i++) {
        const struct cover_need *need = &site->needs[i];
        size_t have = 0;
        if (!cover_need_asks(need, cover->scene.minute)) {
            continue;
        }
        rc = cover_reaching(cover, site, need->force, need->within_minutes * 60, near, &have);
        struct cover_row *row = &ret_rows[count++];
        *row = (struct cover_row){.need = (int32_t)i,
                                  .force = need->force,
                                  .have = (uint32_t)have,
                                  .want = need->count,
                                  .within_minutes = need->within_minutes};
        row->kind = kind_of(cover, site, row);
        smallest = need->within_minutes < smallest ? need->within_minutes : smallest;
    }
    if (rc == GX_OK && count > 0) {
        struct cover_row *first = &ret_rows[count];
        *first = (struct cover_row){.need = COVER_ANY, .want = 1, .within_minutes = smallest};
        rc = look_first(cover, site, ret_rows, count, first);
        count++;
    }
    *ret_count = count;
    return rc;
}
