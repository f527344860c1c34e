/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is there to cover, copied out of the memory (live.h) for one moment. Now: at their last fix, when it is fresh; who was never heard of in
 * this shift counts where posted: at the own site, or where an officer moved him. Who has gone silent is nowhere. Ahead, by the roster: where
 * posted, else at the own station, and free.
 */
#ifndef MATCHER_WATCH_SUPPLY_H
#define MATCHER_WATCH_SUPPLY_H

#include "cover/cover.h"
#include "live.h"
#include "watch/store_watch.h"

#include "base/arena.h"

struct supply_ask {
    int64_t at; /* Unix ms */
    bool ahead;
    bool moves_made; /* who was moved counts as there already: for what else is to be moved */
    int64_t fresh_ms;
    const struct watch_move *moves; /* that hold */
    size_t move_count;
    const struct watch_station *stations;
    size_t station_count;
};
struct supply {
    struct cover_unit *units;
    size_t count;
    size_t room;
    struct gx_arena arena; /* their texts */
};
/* To be ended with supply_done(). */
void supply_fill(struct live *live, const struct supply_ask *ask, struct supply *ret_supply);
void supply_done(struct supply *supply);

#endif
