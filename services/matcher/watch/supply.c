/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/supply.h"

#include "keys.h"

#include <stdlib.h>

static const size_t TEXTS_MAX_BYTES = (size_t)1 << 30; /* two million people */

struct filling {
    const struct supply_ask *ask;
    struct supply *supply;
    struct keys moves; /* responder -> move */
};

static const struct watch_move *move_of(const struct filling *filling, struct key responder)
{
    uint32_t number = keys_find(&filling->moves, responder);
    return number == KEY_NONE ? NULL : &filling->ask->moves[number];
}

static void stand_at(struct cover_unit *unit, struct gx_point place)
{
    unit->placed = true;
    unit->place = place;
}

static void stand_where_posted(struct cover_unit *unit, const struct watch_move *move)
{
    if (move != NULL) {
        stand_at(unit, move->place);
    } else if (unit->person.has_site) {
        stand_at(unit, unit->person.site);
    }
}

static void place_now(struct cover_unit *unit, const struct live_duty *duty,
                      const struct watch_move *move, const struct supply_ask *ask)
{
    if (move != NULL && ask->moves_made) {
        stand_at(unit, move->place);
    } else if (unit->person.has_fix) {
        if (ask->at - unit->person.fix_at <= ask->fresh_ms) {
            stand_at(unit, unit->person.fix);
        }
    } else if (duty->heard_at < duty->from_at || duty->heard_at == 0) {
        stand_where_posted(unit, move);
    }
}

static void place_ahead(struct cover_unit *unit, const struct watch_move *move,
                        const struct supply_ask *ask)
{
    unit->person.hold = HOLD_FREE;
    unit->person.rest_until_at = 0;
    stand_where_posted(unit, move);
    for (size_t i = 0; i < ask->station_count && !unit->placed; i++) {
        if (ask->stations[i].area == unit->person.area) {
            stand_at(unit, ask->stations[i].place);
        }
    }
}

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static bool add(void *arg, const struct live_duty *duty)
{
    struct filling *filling = arg;
    struct supply *supply = filling->supply;
    const struct supply_ask *ask = filling->ask;
    struct live_hit hit = duty->hit;
    if (supply->count == supply->room) {
        supply->room = supply->room == 0 ? 1024 : supply->room * 2;
        supply->units = must(realloc(supply->units, supply->room * sizeof *supply->units));
    }
    struct cover_unit *unit = &supply->units[supply->count];
    const struct watch_move *move = move_of(filling, hit.id);
    *unit = (struct cover_unit){.until_at = duty->until_at, .moved = move != NULL};
    hit.person.skill_count = 0; /* no need asks for one */
    if (!live_keep(&hit, &supply->arena, &unit->person)) {
        return false;
    }
    if (move != NULL && ask->ahead && move->until_at <= ask->at) {
        move = NULL;
    }
    if (ask->ahead) {
        place_ahead(unit, move, ask);
    } else {
        place_now(unit, duty, move, ask);
    }
    supply->count++;
    return true;
}

void supply_fill(struct live *live, const struct supply_ask *ask, struct supply *ret_supply)
{
    struct filling filling = {.ask = ask, .supply = ret_supply};
    *ret_supply = (struct supply){.count = 0};
    gx_arena_init(&ret_supply->arena, TEXTS_MAX_BYTES);
    for (size_t i = 0; i < ask->move_count; i++) {
        struct key responder;
        if (key_parse(ask->moves[i].responder_id, &responder) &&
            keys_find(&filling.moves, responder) == KEY_NONE) {
            keys_add(&filling.moves, responder, (uint32_t)i);
        }
    }
    live_on_duty(live, ask->at, ask->ahead, add, &filling);
    keys_done(&filling.moves);
}

void supply_done(struct supply *supply)
{
    gx_arena_done(&supply->arena);
    free(supply->units);
    *supply = (struct supply){.count = 0};
}
