/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which free units, posted elsewhere, would close open gaps without opening another: greedily by needs newly met a second of travel. A unit is
 * free to go when nothing that is met now would cease to be. Pure, as cover.h; ties go by the unit's id and by the gap's, so the order of
 * what is given does not matter.
 */
#ifndef MATCHER_COVER_MOVES_H
#define MATCHER_COVER_MOVES_H

#include "cover/cover.h"

struct cover_town {
    const struct cover_site *sites; /* all whose needs must not suffer */
    size_t count;
};
struct cover_gap {
    const char *id;
    size_t site;
    int32_t need; /* or COVER_ANY */
};
struct cover_move {
    uint32_t unit;
    size_t gap;
    uint32_t seconds; /* from where he is to the site */
    uint32_t
        gains; /* needs, first response among them, newly met once all moves for that gap are made */
    int64_t until_at; /* the need stops asking, or his duty ends */
};
struct cover_wish {
    const struct cover_gap *gaps;
    size_t gap_count;
    uint32_t longest_seconds; /* nobody is moved from farther */
    size_t most;              /* moves */
};

enum {
    COVER_GAPS_MAX = 1000 /* gaps weighed; those given beyond are not */
};

/* Afterwards the cover stands as if the moves had been made. moves has room for wish->most. */
enum gx_rc cover_moves(struct cover *cover, const struct cover_town *town,
                       const struct cover_wish *wish, struct cover_move *moves, size_t *ret_count);

#endif
