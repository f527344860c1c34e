/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of cover.h: the units on a grid, for looking and for moving them about. */
#ifndef MATCHER_COVER_TABLE_H
#define MATCHER_COVER_TABLE_H

#include "cover.h"
#include "grid.h"
#include "rules.h"

enum {
    COVER_FORCES = 4
};

/* On duty and lawful in an area wherever in it, by force: counted when first asked. */
struct cover_area {
    int32_t area;
    uint32_t on_duty[COVER_FORCES + 1];
};

struct cover {
    struct cover_scene scene;
    struct gx_point
        *places; /* where each unit is reckoned to be; units of the scene stay as they are */
    struct grid *placed;
    struct grid *homes; /* own sites of those who have one */
    double home_radius_m;
    struct cover_area *areas;
    size_t area_count;
    struct gx_ctx scratch; /* of one asking for travel times */
    bool by_road;
};

struct cover_near {
    uint32_t unit;
    uint32_t seconds;
};
/* Lawful at that site, free, and there within so many seconds, of one force: the nearest by air first. near has COVER_NEAR_MAX places. */
enum gx_rc cover_reaching(struct cover *cover, const struct cover_site *site, Genxi__Force force,
                          uint32_t seconds, struct cover_near *near, size_t *ret_count);
/* One way; UINT32_MAX: it takes longer than so many seconds. */
enum gx_rc cover_seconds(struct cover *cover, const struct travel_from *from, struct gx_point to,
                         uint32_t bound, uint32_t *ret_seconds);
/* What the rules ask of a site. */
struct occasion cover_occasion(const struct cover *cover, const struct cover_site *site);
/* From now on he is reckoned to be there. */
void cover_put(struct cover *cover, uint32_t unit, struct gx_point place);

#endif
