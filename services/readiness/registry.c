/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include "base/id.h"
#include "rules.h"
#include "store/tx.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sink_fault(struct sink *sink, size_t index, enum gx_problem problem, const char *pointer,
                const char *format, ...)
{
    char value[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(value, sizeof value, format, args);
    va_end(args);
    sink->count++;
    sink->fault(sink->arg, index, problem, pointer, value);
}

static enum gx_rc spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
}

/* --- rights --- */

bool registry_commands(const struct gx_actor *actor, int32_t area)
{
    return gx_actor_has(actor, GX_ROLE_SYSTEM | GX_ROLE_ADMIN) ||
           (gx_actor_has(actor, GX_ROLE_DUTY) && gx_actor_in_area(actor, area));
}

bool registry_may_put(const struct gx_actor *actor, int32_t area, const char *org_id)
{
    return registry_commands(actor, area) ||
           (gx_actor_has(actor, GX_ROLE_DESK) && actor->org[0] != '\0' &&
            strcmp(actor->org, org_id) == 0);
}

static void refuse_area(struct sink *sink, size_t index, int32_t area)
{
    sink_fault(sink, index, GX_P_DENIED, "", "admin; duty %" PRId32 "; desk", area);
}

/* Whose a record is never changes: streams, copies and rights hang on it. Another owner means another record. */
static bool owner_kept(struct sink *sink, size_t index, const char *pointer, const char *owner,
                       const char *old)
{
    if (old == NULL || old[0] == '\0' || strcmp(owner, old) == 0) {
        return true;
    }
    sink_fault(sink, index, GX_P_STATE, pointer, "%s", old);
    return false;
}

/* A record that moves needs the right in both places. */
static bool may_replace(struct gx_ctx *ctx, struct sink *sink, size_t index, int32_t old_area,
                        const char *old_org)
{
    if (registry_may_put(&ctx->actor, old_area, old_org)) {
        return true;
    }
    refuse_area(sink, index, old_area);
    return false;
}

/* --- finding in batches: sorted once, then by halves --- */

static int by_partner_id(const void *a, const void *b)
{
    return strcmp((*(Genxi__Partner *const *)a)->id, (*(Genxi__Partner *const *)b)->id);
}

static int by_site_id(const void *a, const void *b)
{
    return strcmp((*(Genxi__Site *const *)a)->id, (*(Genxi__Site *const *)b)->id);
}

static int by_responder_id(const void *a, const void *b)
{
    return strcmp((*(Genxi__Responder *const *)a)->id, (*(Genxi__Responder *const *)b)->id);
}

/* items is sorted by id. */
static void *find_sorted(const void *items, size_t count, const void *key,
                         int (*compare)(const void *, const void *))
{
    void *const *found = count == 0 ? NULL : bsearch(&key, items, count, sizeof(void *), compare);
    return found == NULL ? NULL : *found;
}

Genxi__Partner *registry_find_partner(const struct partners *partners, const char *id)
{
    Genxi__Partner key = {.id = gx_pb_text(id)};
    return find_sorted(partners->items, partners->count, &key, by_partner_id);
}

static Genxi__Site *find_site(const struct sites *sites, const char *id)
{
    Genxi__Site key = {.id = gx_pb_text(id)};
    return find_sorted(sites->items, sites->count, &key, by_site_id);
}

Genxi__Responder *registry_find_responder(const struct responders *responders, const char *id)
{
    Genxi__Responder key = {.id = gx_pb_text(id)};
    return find_sorted(responders->items, responders->count, &key, by_responder_id);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts and drops repeats and ""; returns what is left. */
static size_t unique_texts(const char **texts, size_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(texts, count, sizeof *texts, by_text);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (texts[i][0] != '\0' && (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0)) {
            texts[kept++] = texts[i];
        }
    }
    return kept;
}

static const char **text_array(struct gx_ctx *ctx, size_t count)
{
    return gx_arena_alloc(&ctx->arena, (count + 1) * sizeof(char *));
}

/* Sorted by id; ids is reordered. */
static enum gx_rc load_partners(struct gx_ctx *ctx, const char **ids, size_t count,
                                struct partners *ret_partners)
{
    enum gx_rc rc = store_partners_by_id(ctx, ids, unique_texts(ids, count), false, ret_partners);
    if (rc == GX_OK && ret_partners->count > 0) {
        qsort(ret_partners->items, ret_partners->count, sizeof *ret_partners->items, by_partner_id);
    }
    return rc;
}

static enum gx_rc load_sites(struct gx_ctx *ctx, const char **ids, size_t count,
                             struct sites *ret_sites)
{
    enum gx_rc rc = store_sites_by_id(ctx, ids, unique_texts(ids, count), false, ret_sites);
    if (rc == GX_OK && ret_sites->count > 0) {
        qsort(ret_sites->items, ret_sites->count, sizeof *ret_sites->items, by_site_id);
    }
    return rc;
}

static char *new_id(struct gx_ctx *ctx)
{
    char id[GX_ID_SIZE];
    char *copy = gx_arena_text(&ctx->arena, gx_id_new(id));
    return copy == NULL ? gx_pb_text("") : copy;
}

/* --- settling --- */

enum gx_rc registry_settle_partners(struct gx_ctx *ctx, struct sink *sink,
                                    const struct partners *news, const struct partners *olds)
{
    for (size_t i = 0; i < news->count; i++) {
        Genxi__Partner *partner = news->items[i];
        const Genxi__Partner *old = olds->items[i];
        if (!registry_commands(&ctx->actor, partner->area)) {
            sink_fault(sink, i, GX_P_DENIED, "/area", "admin; duty %" PRId32, partner->area);
        } else if (old != NULL && !registry_commands(&ctx->actor, old->area)) {
            sink_fault(sink, i, GX_P_DENIED, "", "admin; duty %" PRId32, old->area);
        }
        partner->id = old == NULL ? new_id(ctx) : old->id;
    }
    return ctx->arena.spent ? spent(ctx) : GX_OK;
}

static const Genxi__Station *station_at(const struct stations *stations, struct gx_point place)
{
    for (size_t i = 0; i < stations->count; i++) {
        if (rules_station_holds(stations->items[i], place)) {
            return stations->items[i];
        }
    }
    return NULL;
}

static bool any_ring(const struct stations *stations)
{
    for (size_t i = 0; i < stations->count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a count comes with its items */
        if (stations->items[i]->n_ring > 0) {
            return true;
        }
    }
    return false;
}

/* The area is that of the station whose territory holds the place; outside all of them only the operator may place a site. */
static bool settle_place(struct gx_ctx *ctx, struct sink *sink, size_t index,
                         const struct stations *stations, const Genxi__Partner *org,
                         Genxi__Site *site)
{
    const Genxi__Station *station = station_at(stations, (struct gx_point){site->lon, site->lat});
    if (station != NULL) {
        site->area = station->area;
        return true;
    }
    if (any_ring(stations) && !gx_actor_has(&ctx->actor, GX_ROLE_ADMIN | GX_ROLE_SYSTEM)) {
        sink_fault(sink, index, GX_P_OUTSIDE_DISTRICT, "/lon", "%.6f, %.6f", site->lon, site->lat);
        return false;
    }
    site->area = org->area;
    return true;
}

enum gx_rc registry_settle_sites(struct gx_ctx *ctx, struct sink *sink, const struct sites *news,
                                 const struct sites *olds)
{
    struct stations stations = {0};
    struct partners orgs = {0};
    const char **ids = text_array(ctx, news->count);
    if (ids == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news->count; i++) {
        ids[i] = news->items[i]->partner_id;
    }
    enum gx_rc rc = store_stations(ctx, &stations);
    if (rc == GX_OK) {
        rc = load_partners(ctx, ids, news->count, &orgs);
    }
    for (size_t i = 0; i < news->count && rc == GX_OK; i++) {
        Genxi__Site *site = news->items[i];
        const Genxi__Site *old = olds->items[i];
        const Genxi__Partner *org = registry_find_partner(&orgs, site->partner_id);
        site->id = old == NULL ? new_id(ctx) : old->id;
        if (org == NULL) {
            sink_fault(sink, i, GX_P_REFERENCE, "/partner_id", "%s", site->partner_id);
        } else if (owner_kept(sink, i, "/partner_id", site->partner_id,
                              old == NULL ? NULL : old->partner_id) &&
                   settle_place(ctx, sink, i, &stations, org, site)) {
            if (!registry_may_put(&ctx->actor, site->area, site->partner_id)) {
                refuse_area(sink, i, site->area);
            } else if (old != NULL) {
                (void)may_replace(ctx, sink, i, old->area, old->partner_id);
            }
        }
    }
    return rc != GX_OK ? rc : ctx->arena.spent ? spent(ctx) : GX_OK;
}

/* What one responder's record is set beside. */
struct responder_place {
    const struct partners *orgs;
    const struct sites *sites;
};

/* Where the rules' faults about one record go. */
struct sink_at {
    struct sink *sink;
    size_t index;
};

static void rule_to_sink(void *arg, enum gx_problem problem, const char *pointer, const char *value)
{
    struct sink_at *to = arg;
    sink_fault(to->sink, to->index, problem, pointer, "%s", value);
}

static void settle_responder(struct gx_ctx *ctx, struct sink *sink, size_t index,
                             const struct responder_place *place, Genxi__Responder *responder,
                             const Genxi__Responder *old)
{
    const Genxi__Partner *org = registry_find_partner(place->orgs, responder->org_id);
    if (org == NULL) {
        sink_fault(sink, index, GX_P_REFERENCE, "/org_id", "%s", responder->org_id);
        return;
    }
    if (!owner_kept(sink, index, "/org_id", responder->org_id, old == NULL ? NULL : old->org_id)) {
        return;
    }
    responder->area = org->area;
    if (responder->site_id != NULL) {
        const Genxi__Site *site = find_site(place->sites, responder->site_id);
        bool same =
            old != NULL && old->site_id != NULL && strcmp(old->site_id, responder->site_id) == 0;
        if (site != NULL) {
            responder->area = site->area;
        } else if (same) {
            responder->area = old->area; /* a client's site, which the own desk cannot see */
        } else {
            sink_fault(sink, index, GX_P_REFERENCE, "/site_id", "%s", responder->site_id);
            return;
        }
    }
    struct sink_at to = {sink, index};
    struct rules rules = {.fault = rule_to_sink, .arg = &to};
    rules_employment(&rules, responder, org->kind);
    if (!registry_may_put(&ctx->actor, responder->area, responder->org_id)) {
        refuse_area(sink, index, responder->area);
    } else if (old != NULL) {
        (void)may_replace(ctx, sink, index, old->area, old->org_id);
    }
}

enum gx_rc registry_settle_responders(struct gx_ctx *ctx, struct sink *sink,
                                      const struct responders *news, const struct responders *olds)
{
    struct partners orgs = {0};
    struct sites sites = {0};
    const char **org_ids = text_array(ctx, news->count);
    const char **site_ids = text_array(ctx, news->count);
    if (org_ids == NULL || site_ids == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news->count; i++) {
        org_ids[i] = news->items[i]->org_id;
        site_ids[i] = gx_pb_text(news->items[i]->site_id);
    }
    enum gx_rc rc = load_partners(ctx, org_ids, news->count, &orgs);
    if (rc == GX_OK) {
        rc = load_sites(ctx, site_ids, news->count, &sites);
    }
    const struct responder_place place = {&orgs, &sites};
    for (size_t i = 0; i < news->count && rc == GX_OK; i++) {
        Genxi__Responder *responder = news->items[i];
        const Genxi__Responder *old = olds->items[i];
        responder->id = old == NULL ? new_id(ctx) : old->id;
        settle_responder(ctx, sink, i, &place, responder, old);
    }
    return rc != GX_OK ? rc : ctx->arena.spent ? spent(ctx) : GX_OK;
}

/* --- shifts --- */

struct span {
    const Genxi__Shift *shift;
    size_t index; /* in the batch, or SIZE_MAX for one of the registry */
};

static int by_begin(const void *a, const void *b)
{
    const struct span *left = a;
    const struct span *right = b;
    int order = strcmp(left->shift->responder_id, right->shift->responder_id);
    if (order != 0) {
        return order;
    }
    if (left->shift->from_at != right->shift->from_at) {
        return left->shift->from_at < right->shift->from_at ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index ? 1 : 0;
}

/* Sorted by responder and begin, two that overlap have one between them that overlaps its forerunner with the latest end. */
static void tell_overlaps(struct sink *sink, struct span *spans, size_t count)
{
    qsort(spans, count, sizeof *spans, by_begin);
    size_t latest = 0;
    for (size_t i = 1; i < count; i++) {
        const struct span *before = &spans[latest];
        const struct span *now = &spans[i];
        bool same = strcmp(before->shift->responder_id, now->shift->responder_id) == 0;
        if (same && now->shift->from_at < before->shift->until_at) {
            const struct span *guilty = now->index != SIZE_MAX ? now : before;
            if (guilty->index != SIZE_MAX) {
                const struct span *other = guilty == now ? before : now;
                sink_fault(sink, guilty->index, GX_P_SHIFT_OVERLAP, "/from_at",
                           "%" PRId64 "..%" PRId64, other->shift->from_at, other->shift->until_at);
            }
        }
        if (!same || now->shift->until_at > before->shift->until_at) {
            latest = i;
        }
    }
}

static enum gx_rc check_overlaps(struct gx_ctx *ctx, struct sink *sink, const struct shifts *news)
{
    struct shifts others = {0};
    enum gx_rc rc = store_shifts_overlapping(ctx, news, &others);
    if (rc != GX_OK) {
        return rc;
    }
    struct span *spans =
        gx_arena_alloc(&ctx->arena, (news->count + others.count + 1) * sizeof *spans);
    if (spans == NULL) {
        return spent(ctx);
    }
    size_t count = 0;
    for (size_t i = 0; i < news->count; i++) {
        if (news->items[i]->state != GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED) {
            spans[count++] = (struct span){news->items[i], i};
        }
    }
    for (size_t i = 0; i < others.count; i++) {
        spans[count++] = (struct span){others.items[i], SIZE_MAX};
    }
    if (count > 1) {
        tell_overlaps(sink, spans, count);
    }
    return GX_OK;
}

static void settle_shift(struct gx_ctx *ctx, struct sink *sink, size_t index,
                         const struct responders *responders, Genxi__Shift *shift,
                         const Genxi__Shift *old)
{
    const Genxi__Responder *responder = registry_find_responder(responders, shift->responder_id);
    if (responder == NULL) {
        sink_fault(sink, index, GX_P_REFERENCE, "/responder_id", "%s", shift->responder_id);
        return;
    }
    if (!owner_kept(sink, index, "/responder_id", shift->responder_id,
                    old == NULL ? NULL : old->responder_id)) {
        return;
    }
    shift->area = responder->area;
    shift->org_id = responder->org_id;
    if (!responder->active) {
        sink_fault(sink, index, GX_P_STATE, "/responder_id", "%s", "active = no");
    } else if (!registry_may_put(&ctx->actor, shift->area, responder->org_id)) {
        refuse_area(sink, index, shift->area);
    } else if (old != NULL) {
        (void)may_replace(ctx, sink, index, old->area, old->org_id == NULL ? "" : old->org_id);
    }
}

enum gx_rc registry_settle_shifts(struct gx_ctx *ctx, struct sink *sink, const struct shifts *news,
                                  const struct shifts *olds)
{
    struct responders responders = {0};
    const char **ids = text_array(ctx, news->count);
    if (ids == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news->count; i++) {
        ids[i] = news->items[i]->responder_id;
    }
    enum gx_rc rc =
        store_responders_by_id(ctx, ids, unique_texts(ids, news->count), true, &responders);
    if (rc != GX_OK) {
        return rc;
    }
    if (responders.count > 0) {
        qsort(responders.items, responders.count, sizeof *responders.items, by_responder_id);
    }
    size_t before = sink->count;
    for (size_t i = 0; i < news->count; i++) {
        Genxi__Shift *shift = news->items[i];
        const Genxi__Shift *old = olds->items[i];
        shift->id = old == NULL ? new_id(ctx) : old->id;
        settle_shift(ctx, sink, i, &responders, shift, old);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    return sink->count != before ? GX_OK : check_overlaps(ctx, sink, news);
}

/* --- telling --- */

static enum gx_rc tell(struct gx_ctx *ctx, struct gx_emit *emit, int32_t old_area)
{
    enum gx_rc rc = gx_emit(ctx, emit);
    if (rc == GX_OK && old_area != 0 && old_area != emit->area) {
        emit->area = old_area;
        rc = gx_emit(ctx, emit);
    }
    return rc;
}

static enum gx_rc tell_station(struct gx_ctx *ctx, Genxi__Station *station)
{
    Genxi__StationChanged payload = GENXI__STATION_CHANGED__INIT;
    payload.station = station;
    struct gx_emit emit = {.area = station->area,
                           .type = GX_E_station_changed,
                           .subject = station->org_id,
                           .payload = &payload.base};
    return gx_emit(ctx, &emit);
}

/* Contacts are persons: they stay in the registry. */
static enum gx_rc tell_partner(struct gx_ctx *ctx, const Genxi__Partner *partner, int32_t old_area)
{
    Genxi__Partner shown = *partner;
    shown.n_contacts = 0;
    shown.contacts = NULL;
    char *orgs[] = {partner->id};
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.n_orgs = 1;
    audience.orgs = orgs;
    Genxi__PartnerChanged payload = GENXI__PARTNER_CHANGED__INIT;
    payload.partner = &shown;
    struct gx_emit emit = {.area = partner->area,
                           .type = GX_E_partner_changed,
                           .subject = partner->id,
                           .payload = &payload.base,
                           .audience = &audience,
                           .exercise = partner->exercise};
    return tell(ctx, &emit, old_area);
}

static enum gx_rc tell_site(struct gx_ctx *ctx, Genxi__Site *site, int32_t old_area)
{
    char *orgs[] = {site->partner_id};
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.n_orgs = 1;
    audience.orgs = orgs;
    Genxi__SiteChanged payload = GENXI__SITE_CHANGED__INIT;
    payload.site = site;
    struct gx_emit emit = {.area = site->area,
                           .type = GX_E_site_changed,
                           .subject = site->id,
                           .payload = &payload.base,
                           .audience = &audience};
    return tell(ctx, &emit, old_area);
}

/* To services only. The phone stays in the registry: who must send a message asks for it. */
static enum gx_rc tell_responder(struct gx_ctx *ctx, const Genxi__Responder *responder,
                                 int32_t old_area)
{
    Genxi__Responder shown = *responder;
    shown.phone = NULL;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.has_officers = true;
    audience.officers = false;
    Genxi__ResponderChanged payload = GENXI__RESPONDER_CHANGED__INIT;
    payload.responder = &shown;
    struct gx_emit emit = {.area = responder->area,
                           .type = GX_E_responder_changed,
                           .subject = responder->id,
                           .payload = &payload.base,
                           .audience = &audience};
    return tell(ctx, &emit, old_area);
}

enum gx_rc registry_tell_shift(struct gx_ctx *ctx, const Genxi__Shift *shift, int32_t old_area)
{
    Genxi__Shift copy = *shift;
    char *orgs[] = {gx_pb_text(shift->org_id)};
    char *responders[] = {shift->responder_id};
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.n_orgs = 1;
    audience.orgs = orgs;
    audience.n_responders = 1;
    audience.responders = responders;
    Genxi__ShiftChanged payload = GENXI__SHIFT_CHANGED__INIT;
    payload.shift = &copy;
    struct gx_emit emit = {.area = shift->area,
                           .type = GX_E_shift_changed,
                           .subject = shift->id,
                           .payload = &payload.base,
                           .audience = &audience};
    return tell(ctx, &emit, old_area);
}

/* --- writing --- */

/* The same bytes on the wire: nothing to write, nothing to tell. */
static bool same_record(struct gx_ctx *ctx, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    struct gx_view left;
    struct gx_view right;
    if (b == NULL || gx_pb_pack(ctx, a, &left) != GX_OK || gx_pb_pack(ctx, b, &right) != GX_OK) {
        return false;
    }
    return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

static enum gx_rc shifts_follow(struct gx_ctx *ctx, const char *const *responder_ids, size_t count)
{
    struct shifts moved = {0};
    int32_t *old_areas = NULL;
    enum gx_rc rc =
        count == 0 ? GX_OK : store_shifts_follow(ctx, responder_ids, count, &moved, &old_areas);
    for (size_t i = 0; i < moved.count && rc == GX_OK; i++) {
        rc = registry_tell_shift(ctx, moved.items[i], old_areas[i]);
    }
    return rc;
}

/* Who belongs to these sites and organisations goes with them when they change their area. */
static enum gx_rc responders_follow(struct gx_ctx *ctx, const char *const *site_ids,
                                    size_t site_count, const char *const *org_ids, size_t org_count)
{
    struct responders moved = {0};
    int32_t *old_areas = NULL;
    if (site_count + org_count == 0) {
        return GX_OK;
    }
    enum gx_rc rc =
        store_responders_follow(ctx, site_ids, site_count, org_ids, org_count, &moved, &old_areas);
    const char **ids = text_array(ctx, moved.count);
    if (ids == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < moved.count && rc == GX_OK; i++) {
        ids[i] = moved.items[i]->id;
        rc = tell_responder(ctx, moved.items[i], old_areas[i]);
    }
    return rc != GX_OK ? rc : shifts_follow(ctx, ids, moved.count);
}

enum gx_rc registry_write_stations(struct gx_ctx *ctx, const struct stations *news,
                                   const struct stations *olds)
{
    struct stations changed = {gx_pb_array(ctx, news->count + 1), 0};
    if (changed.items == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news->count; i++) {
        const Genxi__Station *old = olds->items[i];
        if (!same_record(ctx, &news->items[i]->base, old == NULL ? NULL : &old->base)) {
            changed.items[changed.count++] = news->items[i];
        }
    }
    enum gx_rc rc = changed.count == 0 ? GX_OK : store_stations_put(ctx, &changed);
    for (size_t i = 0; i < changed.count && rc == GX_OK; i++) {
        rc = tell_station(ctx, changed.items[i]);
    }
    return rc;
}

enum gx_rc registry_write_partners(struct gx_ctx *ctx, const struct partners *news,
                                   const struct partners *olds)
{
    struct partners changed = {gx_pb_array(ctx, news->count + 1), 0};
    int32_t *old_areas = gx_arena_alloc(&ctx->arena, (news->count + 1) * sizeof *old_areas);
    const char **moved = text_array(ctx, news->count);
    if (changed.items == NULL || old_areas == NULL || moved == NULL) {
        return spent(ctx);
    }
    size_t moved_count = 0;
    for (size_t i = 0; i < news->count; i++) {
        Genxi__Partner *partner = news->items[i];
        const Genxi__Partner *old = olds->items[i];
        if (same_record(ctx, &partner->base, old == NULL ? NULL : &old->base)) {
            continue;
        }
        old_areas[changed.count] = old == NULL ? 0 : old->area;
        changed.items[changed.count++] = partner;
        if (old != NULL && old->area != partner->area) {
            moved[moved_count++] = partner->id;
        }
    }
    enum gx_rc rc = changed.count == 0 ? GX_OK : store_partners_put(ctx, &changed);
    for (size_t i = 0; i < changed.count && rc == GX_OK; i++) {
        rc = tell_partner(ctx, changed.items[i], old_areas[i]);
    }
    return rc != GX_OK ? rc : responders_follow(ctx, NULL, 0, moved, moved_count);
}

enum gx_rc registry_write_sites(struct gx_ctx *ctx, const struct sites *news,
                                const struct sites *olds)
{
    struct sites changed = {gx_pb_array(ctx, news->count + 1), 0};
    int32_t *old_areas = gx_arena_alloc(&ctx->arena, (news->count + 1) * sizeof *old_areas);
    const char **moved = text_array(ctx, news->count);
    if (changed.items == NULL || old_areas == NULL || moved == NULL) {
        return spent(ctx);
    }
    size_t moved_count = 0;
    for (size_t i = 0; i < news->count; i++) {
        Genxi__Site *site = news->items[i];
        const Genxi__Site *old = olds->items[i];
        site->has_radius_m = true;
        if (same_record(ctx, &site->base, old == NULL ? NULL : &old->base)) {
            continue;
        }
        old_areas[changed.count] = old == NULL ? 0 : old->area;
        changed.items[changed.count++] = site;
        if (old != NULL && old->area != site->area) {
            moved[moved_count++] = site->id;
        }
    }
    enum gx_rc rc = changed.count == 0 ? GX_OK : store_sites_put(ctx, &changed);
    for (size_t i = 0; i < changed.count && rc == GX_OK; i++) {
        rc = tell_site(ctx, changed.items[i], old_areas[i]);
    }
    return rc != GX_OK ? rc : responders_follow(ctx, moved, moved_count, NULL, 0);
}

enum gx_rc registry_write_responders(struct gx_ctx *ctx, const struct responders *news,
                                     const struct responders *olds)
{
    struct responders changed = {gx_pb_array(ctx, news->count + 1), 0};
    int32_t *old_areas = gx_arena_alloc(&ctx->arena, (news->count + 1) * sizeof *old_areas);
    const char **moved = text_array(ctx, news->count);
    if (changed.items == NULL || old_areas == NULL || moved == NULL) {
        return spent(ctx);
    }
    size_t moved_count = 0;
    for (size_t i = 0; i < news->count; i++) {
        Genxi__Responder *responder = news->items[i];
        const Genxi__Responder *old = olds->items[i];
        if (same_record(ctx, &responder->base, old == NULL ? NULL : &old->base)) {
            continue;
        }
        old_areas[changed.count] = old == NULL ? 0 : old->area;
        changed.items[changed.count++] = responder;
        if (old != NULL && old->area != responder->area) {
            moved[moved_count++] = responder->id;
        }
    }
    enum gx_rc rc = changed.count == 0 ? GX_OK : store_responders_put(ctx, &changed);
    for (size_t i = 0; i < changed.count && rc == GX_OK; i++) {
        rc = tell_responder(ctx, changed.items[i], old_areas[i]);
    }
    return rc != GX_OK ? rc : shifts_follow(ctx, moved, moved_count);
}

enum gx_rc registry_write_shifts(struct gx_ctx *ctx, const struct shifts *news,
                                 const struct shifts *olds)
{
    struct shifts changed = {gx_pb_array(ctx, news->count + 1), 0};
    int32_t *old_areas = gx_arena_alloc(&ctx->arena, (news->count + 1) * sizeof *old_areas);
    if (changed.items == NULL || old_areas == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news->count; i++) {
        const Genxi__Shift *old = olds->items[i];
        if (!same_record(ctx, &news->items[i]->base, old == NULL ? NULL : &old->base)) {
            old_areas[changed.count] = old == NULL ? 0 : old->area;
            changed.items[changed.count++] = news->items[i];
        }
    }
    enum gx_rc rc = changed.count == 0 ? GX_OK : store_shifts_put(ctx, &changed);
    for (size_t i = 0; i < changed.count && rc == GX_OK; i++) {
        rc = registry_tell_shift(ctx, changed.items[i], old_areas[i]);
    }
    return rc;
}

enum gx_rc registry_write_teams(struct gx_ctx *ctx, const struct teams *news,
                                const struct teams *olds)
{
    struct teams changed = {gx_pb_array(ctx, news->count + 1), 0};
    if (changed.items == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news->count; i++) {
        const Genxi__InstructorTeam *old = olds->items[i];
        if (!same_record(ctx, &news->items[i]->base, old == NULL ? NULL : &old->base)) {
            changed.items[changed.count++] = news->items[i];
        }
    }
    return changed.count == 0 ? GX_OK : store_teams_put(ctx, &changed);
}
