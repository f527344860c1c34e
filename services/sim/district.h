/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A demonstration district the size of Xishan (530112): 10 stations with territories that tile it, 719 partners and the parties beside
 * them, sites with needs, about 3,000 responders with certificates, shifts around a moment, 39 instructor teams. The same seed and
 * hour give the same bytes. All made up but the names of sub-districts and communities; every name says so (演示).
 *
 * It comes as records, for who plays with it, and as files for the public import. Import in the order of the enum.
 */
#ifndef SIM_DISTRICT_H
#define SIM_DISTRICT_H

#include "base/arena.h"
#include "base/geo.h"
#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gx_district_file {
    GX_DISTRICT_STATIONS,
    GX_DISTRICT_PARTNERS,
    GX_DISTRICT_SITES,
    GX_DISTRICT_RESPONDERS,
    GX_DISTRICT_SHIFTS,
    GX_DISTRICT_TEAMS,
    GX_DISTRICT_KINDS,
};

enum {
    GX_DISTRICT_AREA = 53011200
}; /* the district's own; station n (from 1) has this + n */

struct gx_district_station {
    int32_t area;
    const char *code;
    const char *name;
    const char *name_en;
    struct gx_point place;
    const struct gx_point *ring; /* without a repeated last point */
    size_t ring_count;
};

struct gx_district_partner {
    const char *code;
    const char *name;
    const char *kind; /* as in the API: "property" */
    size_t station;   /* index into stations */
    int32_t area;
    int64_t signed_at; /* 0: no agreement */
    int64_t ends_at;
    const char *contract_areas; /* "53011201; 53011202" */
    bool off_site;
    const char *contacts;
    size_t first_site; /* its sites stand together */
    size_t site_count;
};

struct gx_district_site {
    size_t partner; /* index into partners */
    const char *code;
    const char *name;
    const char *kind;
    struct gx_point place;
    const char *needs;
    const char *access;
};

/* Who employs a responder. Stations are organisations of their own, not among `partners`. */
struct gx_district_responder {
    const char *org;  /* code of the partner or station */
    const char *code; /* unique within the organisation */
    const char *force;
    const char *guard_kind; /* "" for others than guards */
    const char *call_sign;
    size_t station;
    size_t site; /* index into sites, or SIZE_MAX: none */
    const char *skills;
    bool off_site_consent;
    int64_t insured_until_at; /* 0: none */
    const char *phone;
    struct gx_point start; /* where it is at the beginning of its shift */
    uint32_t slot;         /* which third of the day it works in */
};

struct gx_district_shift {
    size_t responder;
    int64_t from_at;
    int64_t until_at;
};

struct gx_district_team {
    const char *org;
    const char *code;
    const char *name;
    const char *subjects;
    const char *members; /* codes of responders of the organisation */
};

struct gx_district {
    struct gx_arena arena;
    uint64_t seed;
    int64_t now_ms; /* rounded down to the hour */
    struct gx_district_station *stations;
    size_t station_count;
    struct gx_district_partner *partners;
    size_t partner_count;
    struct gx_district_site *sites;
    size_t site_count;
    struct gx_district_responder *responders;
    size_t responder_count;
    struct gx_district_shift *shifts;
    size_t shift_count;
    struct gx_district_team *teams;
    size_t team_count;
};

/* INVALID for a time outside 2000..2100. The caller ends it with gx_district_done(). */
enum gx_rc gx_district_make(uint64_t seed, int64_t now_ms, struct gx_district *ret_district);
void gx_district_done(struct gx_district *district);

/* The import file as text, to be freed by the caller. */
char *gx_district_csv(const struct gx_district *district, enum gx_district_file kind);
/* The form that suits it best: GeoJSON for stations, CSV for the rest. To be freed by the caller. */
char *gx_district_text(const struct gx_district *district, enum gx_district_file kind);
/* Stations as Polygons or sites as Points; NULL for other kinds. To be freed by the caller. */
char *gx_district_geojson(const struct gx_district *district, enum gx_district_file kind);

#endif
