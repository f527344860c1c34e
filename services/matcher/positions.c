/* SPDX-License-Identifier: Apache-2.0 */
#include "positions.h"

#include "counters.h"
#include "fix.h"
#include "flush.h"
#include "settings.h"
#include "store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "chassis/service.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    CACHE_SIZE = 8192,        /* a power of two */
    CACHE_FRESH_US = 1000000, /* shifts and assignments are looked up again after this */
    BATCH_MAX = 500,
};

struct entry {
    char id[GX_ID_SIZE]; /* "" : empty */
    char org_id[GX_ID_SIZE];
    int32_t area;
    Genxi__Force force;
    bool active;
    bool assigned;
    int64_t duty_until_at;
    int64_t loaded_us;
    struct fix last; /* at 0: none known; only what judges when Redis is away */
};

struct fix_cache {
    struct entry entries[CACHE_SIZE];
};

struct fix_cache *fix_cache_new(void)
{
    struct fix_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        abort();
    }
    return cache;
}

void fix_cache_free(struct fix_cache *cache)
{
    free(cache);
}

static struct entry *place_of(struct fix_cache *cache, const char *id)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char *c = id; *c != '\0'; c++) {
        hash = (hash ^ (uint64_t)(unsigned char)*c) * 0x100000001b3ULL;
    }
    return &cache->entries[(hash ^ hash >> 32) & (CACHE_SIZE - 1)];
}

/* NULL when it is not there, or too old. */
static struct entry *fresh(struct fix_cache *cache, const char *id, int64_t now_us)
{
    struct entry *entry = place_of(cache, id);
    bool good = strcmp(entry->id, id) == 0 && now_us - entry->loaded_us < CACHE_FRESH_US;
    return good ? entry : NULL;
}

static void keep(struct entry *entry, const struct tracked *tracked, int64_t now_us)
{
    bool same = strcmp(entry->id, tracked->id) == 0;
    struct fix last = {tracked->last, tracked->has_last ? tracked->last_at : 0};
    if (same && entry->last.at > last.at) {
        last = entry->last;
    }
    *entry = (struct entry){
        .area = tracked->area,
        .force = tracked->force,
        .active = tracked->active,
        .assigned = tracked->assigned,
        .duty_until_at = tracked->duty_until_at,
        .loaded_us = now_us,
        .last = last,
    };
    (void)snprintf(entry->id, sizeof entry->id, "%s", tracked->id);
    (void)snprintf(entry->org_id, sizeof entry->org_id, "%s", tracked->org_id);
}

/* One fix of the batch on its way. */
struct taking {
    const Genxi__Position *in;
    struct entry who; /* a copy: entries may push each other out within a batch */
    bool known;
    struct fix fix; /* WGS-84 */
    enum fix_use use;
    enum gx_problem problem; /* of a refused one */
    const char *value;
};

static void refuse(struct taking *taking, enum gx_problem problem, const char *value)
{
    taking->use = FIX_REFUSED;
    taking->problem = problem;
    taking->value = value;
}

static const char *amount(struct gx_ctx *ctx, enum gx_problem problem, double value)
{
    if (problem == GX_P_POSITION_STALE) {
        char text[GX_TIME_TEXT_SIZE];
        return gx_arena_text(&ctx->arena, gx_time_format((int64_t)value, text));
    }
    return gx_arena_printf(&ctx->arena, "%.0f", value);
}

/* Reads what is not fresh in memory, in one statement; a responder nobody knows stays unknown. */
static enum gx_rc look_up(struct matcher *self, struct gx_ctx *ctx, struct taking *takings,
                          size_t count)
{
    int64_t now_us = gx_clock_mono_us();
    const char **missing = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *missing);
    size_t missing_count = 0;
    if (missing == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        const char *id = takings[i].in->responder_id;
        struct entry *entry = fresh(self->fixes, id, now_us);
        takings[i].known = entry != NULL;
        if (entry != NULL) {
            takings[i].who = *entry;
        } else if (gx_id_valid(id)) {
            missing[missing_count++] = id;
        }
    }
    if (missing_count == 0) {
        return GX_OK;
    }
    struct tracked *tracked = NULL;
    size_t found = 0;
    enum gx_rc rc = store_as_system(ctx);
    rc = rc == GX_OK ? store_tracked(ctx, missing, missing_count, &tracked, &found) : rc;
    for (size_t i = 0; i < found && rc == GX_OK; i++) {
        struct entry *entry = place_of(self->fixes, tracked[i].id);
        keep(entry, &tracked[i], now_us);
        for (size_t t = 0; t < count; t++) {
            if (!takings[t].known && strcmp(takings[t].in->responder_id, entry->id) == 0) {
                takings[t].known = true;
                takings[t].who = *entry;
            }
        }
    }
    return rc;
}

static bool may_tell(const struct gx_actor *actor, const struct entry *who)
{
    return gx_text_is(actor->responder_id, who->id) ||
           (gx_actor_has(actor, GX_ROLE_DESK) && gx_text_is(actor->org, who->org_id)) ||
           gx_actor_commands(actor, who->area);
}

/* All that can be said without knowing the last fix. */
static void examine(struct gx_ctx *ctx, struct taking *taking, int64_t now,
                    const struct fix_limits *limits)
{
    const Genxi__Position *in = taking->in;
    enum gx_crs crs = GX_WGS84;
    if (!taking->known || !may_tell(&ctx->actor, &taking->who)) {
        refuse(taking, GX_P_FOREIGN_RESPONDER, in->responder_id);
        return;
    }
    bool on_duty = taking->who.active && now < taking->who.duty_until_at;
    if (!on_duty && !taking->who.assigned) {
        refuse(taking, GX_P_OFF_SHIFT, in->responder_id);
        return;
    }
    if (in->crs != NULL && gx_crs_parse(in->crs, &crs) != 0) {
        refuse(taking, GX_P_CRS_UNKNOWN, "wgs84, gcj02, bd09");
        return;
    }
    struct gx_point given = {in->lon, in->lat};
    taking->fix = (struct fix){gx_geo_valid(given) ? gx_geo_to_wgs84(given, crs) : given, in->at};
    double value = 0.0;
    enum gx_problem problem = GX_P_NONE;
    taking->use = fix_judge(&taking->fix, NULL, now, limits, &problem, &value);
    if (taking->use == FIX_REFUSED) {
        refuse(taking, problem, amount(ctx, problem, value));
    }
}

/* Redis is away: the last fix that this thread or PostgreSQL knows must do. */
static void judge_alone(struct matcher *self, struct gx_ctx *ctx, struct taking *takings,
                        size_t count, int64_t now, const struct fix_limits *limits)
{
    for (size_t i = 0; i < count; i++) {
        struct taking *taking = &takings[i];
        struct entry *entry = place_of(self->fixes, taking->in->responder_id);
        bool mine = strcmp(entry->id, taking->in->responder_id) == 0;
        const struct fix *last = mine ? &entry->last : &taking->who.last;
        if (taking->use != FIX_NOW) {
            continue;
        }
        double value = 0.0;
        enum gx_problem problem = GX_P_NONE;
        taking->use =
            fix_judge(&taking->fix, last->at == 0 ? NULL : last, now, limits, &problem, &value);
        if (taking->use == FIX_REFUSED) {
            refuse(taking, problem, amount(ctx, problem, value));
        } else if (mine) {
            entry->last = taking->fix;
        }
    }
}

static enum gx_rc put_live(struct matcher *self, struct gx_ctx *ctx, struct taking *takings,
                           size_t count, const struct fix_limits *limits)
{
    struct index_fix *fixes = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *fixes);
    struct index_outcome *outcomes = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *outcomes);
    size_t *whose = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *whose);
    size_t n = 0;
    if (fixes == NULL || outcomes == NULL || whose == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        if (takings[i].use == FIX_NOW) {
            whose[n] = i;
            fixes[n++] = (struct index_fix){takings[i].in->responder_id, takings[i].who.force,
                                            takings[i].fix.place, takings[i].fix.at};
        }
    }
    const struct index_limits index_limits = {limits->speed_mps, limits->gap_ms};
    enum gx_rc rc = index_put(self->index, ctx, fixes, n, &index_limits, outcomes);
    for (size_t i = 0; i < n && rc == GX_OK; i++) {
        struct taking *taking = &takings[whose[i]];
        struct entry *entry = place_of(self->fixes, taking->in->responder_id);
        if (outcomes[i].answer != INDEX_TAKEN) {
            bool stale = outcomes[i].answer == INDEX_STALE;
            enum gx_problem problem = stale ? GX_P_POSITION_STALE : GX_P_POSITION_JUMP;
            refuse(taking, problem, amount(ctx, problem, outcomes[i].value));
        } else if (strcmp(entry->id, taking->in->responder_id) == 0) {
            entry->last = taking->fix;
        }
    }
    return rc;
}

/* ---- telling ---- */

static enum gx_rc pass_group(struct gx_ctx *ctx, const struct taking *takings, size_t count,
                             size_t first, bool *told)
{
    const struct entry *who = &takings[first].who;
    Genxi__PositionsMoved moved = GENXI__POSITIONS_MOVED__INIT;
    moved.positions = gx_pb_array(ctx, count);
    moved.forces = gx_arena_alloc(&ctx->arena, count * sizeof *moved.forces);
    moved.orgs = gx_pb_array(ctx, count);
    Genxi__Position *items = gx_arena_alloc(&ctx->arena, count * sizeof *items);
    if (moved.positions == NULL || moved.forces == NULL || moved.orgs == NULL || items == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = first; i < count; i++) {
        if (takings[i].use != FIX_NOW || told[i] || takings[i].who.area != who->area ||
            strcmp(takings[i].who.org_id, who->org_id) != 0) {
            continue;
        }
        told[i] = true;
        size_t n = moved.n_positions;
        items[n] = *takings[i].in;
        items[n].lon = takings[i].fix.place.lon;
        items[n].lat = takings[i].fix.place.lat;
        items[n].crs = NULL;
        moved.positions[n] = &items[n];
        moved.forces[n] = takings[i].who.force;
        moved.orgs[n] = gx_pb_text(who->org_id);
        moved.n_positions = moved.n_forces = moved.n_orgs = n + 1;
    }
    char *orgs[] = {gx_pb_text(who->org_id)};
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.has_officers = true;
    audience.officers = true;
    audience.n_orgs = 1;
    audience.orgs = orgs;
    const struct gx_emit emit = {
        .area = who->area,
        .type = GX_E_positions_moved,
        .payload = &moved.base,
        .audience = &audience,
    };
    return gx_pass(ctx, &emit);
}

/* The live picture: one message an area and organisation, so that each desk sees its own people only. */
static enum gx_rc pass_on(struct gx_ctx *ctx, const struct taking *takings, size_t count)
{
    bool *told = gx_arena_alloc(&ctx->arena, count + 1);
    enum gx_rc rc = told == NULL ? GX_LIMIT : GX_OK;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        if (takings[i].use == FIX_NOW && !told[i]) {
            rc = pass_group(ctx, takings, count, i, told);
        }
    }
    return rc;
}

static enum counter counter_of(enum gx_problem problem)
{
    switch ((int)problem) {
    case GX_P_OFF_SHIFT:
        return COUNT_FIXES_OFF_SHIFT;
    case GX_P_FOREIGN_RESPONDER:
        return COUNT_FIXES_FOREIGN;
    case GX_P_POSITION_FUTURE:
        return COUNT_FIXES_FUTURE;
    case GX_P_POSITION_STALE:
        return COUNT_FIXES_STALE;
    case GX_P_POSITION_JUMP:
        return COUNT_FIXES_JUMP;
    default:
        return COUNT_FIXES_OTHER;
    }
}

static enum gx_rc answer(struct gx_ctx *ctx, const struct taking *takings, size_t count,
                         Genxi__PositionsTaken *out)
{
    out->refused = gx_pb_array(ctx, count);
    if (out->refused == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        const struct taking *taking = &takings[i];
        if (taking->use != FIX_REFUSED) {
            out->taken++;
            matcher_count(taking->use == FIX_NOW ? COUNT_FIXES_TAKEN : COUNT_FIXES_LATE, 1);
            continue;
        }
        Genxi__PositionRefused *refused = gx_pb_new(ctx, &genxi__position_refused__descriptor);
        if (refused == NULL) {
            return GX_LIMIT;
        }
        refused->index = (uint32_t)i;
        refused->responder_id = taking->in->responder_id;
        refused->problem = gx_pb_text(gx_problem_row(taking->problem)->slug);
        refused->value = gx_pb_text(taking->value);
        out->refused[out->n_refused++] = refused;
        matcher_count(counter_of(taking->problem), 1);
    }
    return GX_OK;
}

static void remember_all(const struct taking *takings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (takings[i].use != FIX_REFUSED) {
            const struct position_row row = {takings[i].who.id,    takings[i].who.org_id,
                                             takings[i].who.area,  takings[i].who.force,
                                             takings[i].fix.place, takings[i].fix.at};
            flush_add(&row, takings[i].use == FIX_TRACK_ONLY);
        }
    }
}

enum gx_rc positions_take(struct matcher *self, struct gx_ctx *ctx, const Genxi__PositionBatch *in,
                          Genxi__PositionsTaken *out)
{
    size_t count = in->n_positions;
    if (count == 0 || count > BATCH_MAX) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, "/positions", "1..%d", BATCH_MAX);
    }
    struct taking *takings = gx_arena_alloc(&ctx->arena, count * sizeof *takings);
    if (takings == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        takings[i].in = in->positions[i];
    }
    const struct fix_limits limits = {
        .future_ms = (int64_t)(MATCHER_SETTINGS.fix_future_seconds * 1000.0),
        .speed_mps = MATCHER_SETTINGS.fix_jump_mps,
        .gap_ms = (int64_t)(MATCHER_SETTINGS.fix_jump_gap_seconds * 1000.0),
        .now_ms = (int64_t)(MATCHER_SETTINGS.fix_now_seconds * 1000.0),
    };
    int64_t now = gx_clock_wall_ms();
    enum gx_rc rc = look_up(self, ctx, takings, count);
    if (rc != GX_OK) {
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        examine(ctx, &takings[i], now, &limits);
    }
    rc = put_live(self, ctx, takings, count, &limits);
    if (rc == GX_LIMIT) {
        return rc;
    }
    out->has_degraded = true;
    out->degraded = rc != GX_OK;
    if (out->degraded) {
        judge_alone(self, ctx, takings, count, now, &limits);
    }
    remember_all(takings, count);
    rc = pass_on(ctx, takings, count);
    return rc == GX_OK ? answer(ctx, takings, count, out) : rc;
}
