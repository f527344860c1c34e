/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each thread keeps in memory: stations with their polygons, playbooks that passed their checks, organisations that can be
 * linked parties. Read anew when the database's generation has risen; asked for at most every 200 ms.
 */
#ifndef INTAKE_CATALOG_H
#define INTAKE_CATALOG_H

#include "check.h"
#include "place.h"
#include "playbook.h"

struct intake_catalog {
    struct gx_ctx memory; /* owns all below */
    int64_t generation;   /* 0: never read */
    int64_t asked_us;     /* monotonic */
    struct intake_stations stations;
    Genxi__Playbook **playbooks;
    size_t playbook_count;
    struct intake_party *parties;
    size_t party_count;
};

void intake_catalog_init(struct intake_catalog *catalog);
void intake_catalog_done(struct intake_catalog *catalog);
enum gx_rc intake_catalog_fresh(struct intake_catalog *catalog, struct gx_ctx *ctx);
/* NULL for an unknown type. */
const Genxi__Playbook *intake_catalog_playbook(const struct intake_catalog *catalog,
                                               const char *code);

#endif
