/* SPDX-License-Identifier: Apache-2.0 */
/* The fixes of live.h: taking, learning, forgetting them, and what has changed since it was last carried out. */
#include "live.h"

#include "live_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double INDEX_CELL_DEGREES = 0.25;

struct live_cell live_cell_of(struct gx_point place)
{
    return (struct live_cell){(int16_t)floor(place.lon / INDEX_CELL_DEGREES),
                              (int16_t)floor(place.lat / INDEX_CELL_DEGREES)};
}

static void make_room(struct tray *tray)
{
    if (tray->head + tray->count < tray->room) {
        return;
    }
    if (tray->head > 0 && tray->head >= tray->count) {
        memcpy(tray->numbers, tray->numbers + tray->head, tray->count * sizeof *tray->numbers);
        tray->head = 0;
        return;
    }
    tray->room = tray->room == 0 ? 64 : tray->room * 2;
    tray->numbers = realloc(tray->numbers, tray->room * sizeof *tray->numbers);
    if (tray->numbers == NULL) {
        abort();
    }
}

void record_changed(struct live *live, uint32_t number, enum live_tray which)
{
    struct record *record = record_at(live, number);
    struct tray *tray = &live->trays[which];
    if (record->in_tray[which]) {
        return;
    }
    make_room(tray);
    tray->numbers[tray->head + tray->count++] = number;
    record->in_tray[which] = true;
}

void record_forget_fix(struct live *live, uint32_t number)
{
    struct record *record = record_at(live, number);
    if (record->fix.at != 0) {
        record->fix = (struct fix){.at = 0};
        record->told = false;
        grid_drop(live->grid, number);
        record_changed(live, number, LIVE_TO_INDEX);
    }
}

void live_who(struct live *live, const struct key *ids, size_t count, int64_t now,
              struct live_who *ret_who)
{
    live_lock_to_read(live);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = KEY_NONE;
        const struct record *record = record_find(live, ids[i], &number);
        ret_who[i] = (struct live_who){.number = KEY_NONE};
        if (record != NULL && record->changed_at != 0) {
            ret_who[i] = (struct live_who){
                .number = number,
                .org = record_org(live, record),
                .area = record->area,
                .force = (Genxi__Force)record->force,
                .on_duty = record->active && record_on_duty(record, now),
                .assigned = record->hold == HOLD_ASSIGNMENT,
            };
        }
    }
    live_unlock(live);
}

/* ---- in ---- */

static void take_one(struct live *live, struct live_fix *fix, int64_t now,
                     const struct live_limits *limits)
{
    struct record *record = record_at(live, fix->number);
    const struct fix *last = record->fix.at == 0 ? NULL : &record->fix;
    fix->use = fix_judge(&fix->fix, last, now, &limits->fix, &fix->problem, &fix->value);
    if (fix->use != FIX_NOW) {
        fix->for_track = fix->use == FIX_TRACK_ONLY;
        return;
    }
    fix->for_track = fix->fix.at - record->track_at >= limits->thin_ms;
    record->track_at = fix->for_track ? fix->fix.at : record->track_at;
    record->fix = fix->fix;
    record->heard_at = fix->fix.at;
    record->told = true;
    grid_put(live->grid, fix->number, record->force, fix->fix.place);
    record_changed(live, fix->number, LIVE_TO_INDEX);
    record_changed(live, fix->number, LIVE_TO_STORE);
}

void live_take(struct live *live, struct live_fix *fixes, size_t count, int64_t now,
               const struct live_limits *limits)
{
    for (size_t from = 0; from < count; from += WRITES_AT_ONCE) {
        live_lock_to_write(live);
        for (size_t i = from; i < count && i < from + WRITES_AT_ONCE; i++) {
            if (fixes[i].use == FIX_NOW) {
                take_one(live, &fixes[i], now, limits);
            }
        }
        live_unlock(live);
    }
}

static void learn_one(struct live *live, const struct live_place *place)
{
    struct key id;
    uint32_t number = KEY_NONE;
    struct record *record =
        key_parse(place->responder_id, &id) ? record_find(live, id, &number) : NULL;
    if (record == NULL || record->changed_at == 0 || place->at <= record->fix.at) {
        return;
    }
    record->fix = (struct fix){place->place, place->at};
    record->heard_at = place->at;
    record->indexed = live_cell_of(place->place);
    record->indexed_force = record->force;
    grid_put(live->grid, number, record->force, place->place);
}

void live_learn(struct live *live, const struct live_place *places, size_t count)
{
    for (size_t from = 0; from < count; from += WRITES_AT_ONCE) {
        live_lock_to_write(live);
        for (size_t i = from; i < count && i < from + WRITES_AT_ONCE; i++) {
            learn_one(live, &places[i]);
        }
        live_unlock(live);
    }
}

void live_places(struct live *live, struct live_place *places, size_t count)
{
    live_lock_to_read(live);
    for (size_t i = 0; i < count; i++) {
        struct key id;
        const struct record *record =
            key_parse(places[i].responder_id, &id) ? record_find(live, id, NULL) : NULL;
        places[i].at = record == NULL ? 0 : record->fix.at;
        places[i].place = record == NULL ? (struct gx_point){0, 0} : record->fix.place;
    }
    live_unlock(live);
}

void live_expire(struct live *live, int64_t before)
{
    size_t count = live_count(live);
    for (size_t from = 0; from < count; from += CHUNK) {
        live_lock_to_write(live);
        for (size_t i = from; i < live->count && i < from + CHUNK; i++) {
            const struct record *record = record_at(live, (uint32_t)i);
            if (record->fix.at != 0 && record->fix.at < before) {
                record_forget_fix(live, (uint32_t)i);
            }
        }
        live_unlock(live);
    }
}

/* ---- out ---- */

static void take_out(struct live *live, uint32_t number, enum live_tray tray,
                     struct live_change *change)
{
    struct record *record = record_at(live, number);
    record->in_tray[tray] = false;
    *change = (struct live_change){
        .area = record->area,
        .force = (Genxi__Force)record->force,
        .place = record->fix.place,
        .at = record->fix.at,
        .was = record->indexed,
        .was_force = (Genxi__Force)record->indexed_force,
        .is = record->fix.at == 0 ? LIVE_NO_CELL : live_cell_of(record->fix.place),
        .told = record->told,
    };
    (void)key_format(record->id, change->responder_id);
    (void)key_format(record_org(live, record), change->org_id);
    if (tray == LIVE_TO_INDEX) {
        record->indexed = change->is;
        record->indexed_force = record->force;
        record->told = false;
    }
}

size_t live_changes(struct live *live, enum live_tray which, struct live_change *changes,
                    size_t most)
{
    struct tray *tray = &live->trays[which];
    size_t taken = 0;
    size_t there =
        most; /* who comes in while the lock is given to others may be one taken already: next time */
    do {
        live_lock_to_write(live);
        there = taken == 0 && tray->count < most ? tray->count : there;
        for (int i = 0; i < WRITES_AT_ONCE && taken < there; i++) {
            tray->count--;
            take_out(live, tray->numbers[tray->head++], which, &changes[taken++]);
        }
        tray->head = tray->count == 0 ? 0 : tray->head;
        live_unlock(live);
    } while (taken < there);
    return taken;
}

void live_change_all(struct live *live, enum live_tray tray)
{
    size_t count = live_count(live);
    for (size_t from = 0; from < count; from += CHUNK) {
        live_lock_to_write(live);
        for (size_t i = from; i < live->count && i < from + CHUNK; i++) {
            if (record_at(live, (uint32_t)i)->fix.at != 0) {
                record_changed(live, (uint32_t)i, tray);
            }
        }
        live_unlock(live);
    }
}

bool live_changed(struct live *live, enum live_tray tray)
{
    live_lock_to_read(live);
    bool changed = live->trays[tray].count > 0;
    live_unlock(live);
    return changed;
}
