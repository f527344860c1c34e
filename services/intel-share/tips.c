/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tips. The reporter learns "received" or "handled", nothing of the case; an officer's every view is an event; an unfounded
 * one is deleted after its term.
 */
#include "handlers.h"
#include "redact.h"
#include "settings.h"
#include "store.h"
#include "tip.h"

#include "base/clock.h"
#include "base/datum.h"
#include "base/id.h"
#include "base/text.h"
#include "incident.pb-c.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <string.h>

enum {
    SEEN_MAX = 2000,
    WORD_MAX = 64,
    REASON_MAX = 500,
    LIST_MAX = 100,
    SEEN_AHEAD_MS = 5 * 60 * 1000, /* clocks of phones */
    RECEIVED = GENXI__TIP_STATE__TIP_STATE_RECEIVED
};
static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;
static const int64_t SEEN_OLDEST_MS = INT64_C(30) * 24 * 60 * 60 * 1000;
static const int64_t LOCAL_MS =
    INT64_C(8) * 60 * 60 * 1000; /* China has one zone and no summer time */

/* Lower-case words of a code: suspicious_activity. */
static enum gx_rc check_word(struct gx_ctx *ctx, const char *pointer, const char *word)
{
    size_t size = strlen(word);
    bool good = size > 0 && size <= WORD_MAX &&
                strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
    return good ? GX_OK : gx_fail(ctx, GX_P_FIELD_FORMAT, pointer, "[a-z0-9_]{1,%d}", WORD_MAX);
}

static enum gx_rc check_create(struct gx_ctx *ctx, const Genxi__TipCreate *in,
                               struct gx_point *ret_place)
{
    struct gx_point place = {in->lon, in->lat};
    enum gx_crs crs = GX_WGS84;
    int64_t now = gx_tx_now_ms(ctx);
    enum gx_rc rc = intel_check_text(ctx, "/seen", in->seen, SEEN_MAX);
    if (!gx_geo_valid(place)) {
        rc = gx_fail(ctx, GX_P_COORDINATES_RANGE, "/lon", "%g,%g", in->lon, in->lat);
    }
    if (in->crs != NULL && gx_crs_parse(in->crs, &crs) != 0) {
        rc = gx_fail(ctx, GX_P_CRS_UNKNOWN, "/crs", "wgs84, gcj02, bd09");
    }
    if (in->seen_at > now + SEEN_AHEAD_MS) {
        rc = gx_fail(ctx, GX_P_TIME_FUTURE, "/seen_at", "%" PRId64, (in->seen_at - now) / 1000);
    }
    if (in->seen_at < now - SEEN_OLDEST_MS) {
        rc = gx_fail(ctx, GX_P_FIELD_RANGE, "/seen_at", "%" PRId64 " d", SEEN_OLDEST_MS / DAY_MS);
    }
    if (in->kind != NULL && check_word(ctx, "/kind", in->kind) != GX_OK) {
        rc = GX_INVALID;
    }
    if (rc == GX_OK) {
        rc = intel_check_exercise(ctx, in->has_exercise && in->exercise);
    }
    *ret_place = gx_datum_to_wgs84(place, crs);
    return rc;
}

static enum gx_rc locate(const struct intel *self, struct gx_ctx *ctx, struct gx_point place,
                         int32_t *ret_area, bool *ret_outside)
{
    struct intel_station *stations = NULL;
    size_t count = 0;
    enum gx_rc rc = intel_store_stations(ctx, &stations, &count);
    if (rc == GX_OK) {
        int32_t area = intel_tip_locate(stations, count, place, ret_outside);
        *ret_area = area != 0 ? area : self->district;
    }
    return rc;
}

/* "T53011201-20261124-0007": counted per area and local day. */
static enum gx_rc give_number(struct gx_ctx *ctx, int32_t area, int64_t now,
                              const char **ret_number)
{
    char day[GX_TIME_TEXT_SIZE];
    int64_t date = 0;
    int64_t n = 0;
    (void)gx_time_format(now + LOCAL_MS, day);
    char *packed = gx_arena_printf(&ctx->arena, "%.4s%.2s%.2s", day, day + 5, day + 8);
    if (packed == NULL || gx_parse_int(packed, 0, 99991231, &date) != 0) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "date");
    }
    enum gx_rc rc = intel_store_tip_number(ctx, area, date, &n);
    if (rc == GX_OK) {
        *ret_number = gx_arena_printf(&ctx->arena, "T%" PRId32 "-%s-%04" PRId64, area, packed, n);
    }
    return rc;
}

/* How the caller sees the tip: `full` as an officer of its area, else as the reporter. */
static void fill_tip(struct gx_ctx *ctx, const struct intel_tip *tip, bool full, bool with_text,
                     Genxi__Tip *out)
{
    out->id = gx_pb_text(tip->id);
    out->area = tip->area;
    out->state = full ? (Genxi__TipState)tip->state : GENXI__TIP_STATE__TIP_STATE_RECEIVED;
    out->lon = tip->place.lon;
    out->lat = tip->place.lat;
    out->seen_at = tip->seen_at;
    out->seen = gx_pb_text(with_text ? tip->seen : "");
    out->kind = tip->kind == NULL ? NULL : gx_pb_text(tip->kind);
    out->received_at = tip->received_at;
    out->org_id = tip->org_id == NULL || tip->org_id[0] == '\0' ? NULL : gx_pb_text(tip->org_id);
    bool responder = tip->responder_id != NULL && tip->responder_id[0] != '\0';
    out->responder_id = responder ? gx_pb_text(tip->responder_id) : NULL;
    out->number = gx_pb_text(tip->number);
    out->handled = tip->state != RECEIVED;
    out->has_exercise = 1;
    out->exercise = tip->exercise;
    out->flags = gx_pb_array(ctx, tip->flag_count);
    for (size_t i = 0; out->flags != NULL && i < tip->flag_count; i++) {
        out->flags[out->n_flags++] = gx_pb_text(tip->flags[i]);
    }
    Genxi__TipPolice *police = full ? gx_pb_new(ctx, &genxi__tip_police__descriptor) : NULL;
    if (police != NULL) {
        police->triage_reason = tip->triage_reason == NULL ? NULL : gx_pb_text(tip->triage_reason);
        police->triaged_by = tip->triaged_by == NULL ? NULL : gx_pb_text(tip->triaged_by);
        police->incident_id = tip->incident_id == NULL ? NULL : gx_pb_text(tip->incident_id);
        police->outcome_note = tip->outcome_note == NULL ? NULL : gx_pb_text(tip->outcome_note);
    }
    out->police = police;
}

static enum gx_rc emit(struct gx_ctx *ctx, const struct intel_tip *tip, uint32_t type,
                       const ProtobufCMessage *payload, const Genxi__Audience *audience)
{
    const struct gx_emit event = {
        .area = tip->area,
        .type = type,
        .subject = tip->id,
        .payload = payload,
        .audience = audience,
        .exercise = tip->exercise,
    };
    return gx_emit(ctx, &event);
}

/* Officers hear the new state; the reporter hears "handled", in an event without it. */
static enum gx_rc emit_changed(struct gx_ctx *ctx, const struct intel_tip *tip)
{
    Genxi__TipChanged changed = GENXI__TIP_CHANGED__INIT;
    Genxi__Tip full = GENXI__TIP__INIT;
    Genxi__Tip redacted = GENXI__TIP__INIT;
    fill_tip(ctx, tip, true, false, &full);
    changed.tip = &full;
    enum gx_rc rc = emit(ctx, tip, GX_E_tip_changed, &changed.base, NULL);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    char *only[1];
    audience.has_officers = 1;
    audience.officers = 0;
    if (tip->responder_id != NULL && tip->responder_id[0] != '\0') {
        only[0] = gx_pb_text(tip->responder_id);
        audience.responders = only;
        audience.n_responders = 1;
    } else if (tip->org_id != NULL && tip->org_id[0] != '\0') {
        only[0] = gx_pb_text(tip->org_id);
        audience.orgs = only;
        audience.n_orgs = 1;
    } else {
        return GX_OK;
    }
    fill_tip(ctx, tip, false, false, &redacted);
    changed.tip = &redacted;
    return emit(ctx, tip, GX_E_tip_changed, &changed.base, &audience);
}

static enum gx_rc fill_created(struct gx_ctx *ctx, const struct intel_tip *tip,
                               Genxi__TipCreated *out)
{
    out->id = gx_pb_text(tip->id);
    out->number = gx_pb_text(tip->number);
    out->card_zh = gx_pb_array(ctx, INTEL_CARD_LINES);
    out->card_en = gx_pb_array(ctx, INTEL_CARD_LINES);
    out->flags = gx_pb_array(ctx, tip->flag_count + 1);
    if (out->card_zh == NULL || out->card_en == NULL || out->flags == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    for (size_t i = 0; i < INTEL_CARD_LINES; i++) {
        out->card_zh[i] = gx_pb_text(INTEL_CARD_ZH[i]);
        out->card_en[i] = gx_pb_text(INTEL_CARD_EN[i]);
    }
    out->n_card_zh = INTEL_CARD_LINES;
    out->n_card_en = INTEL_CARD_LINES;
    for (size_t i = 0; i < tip->flag_count; i++) {
        out->flags[out->n_flags++] = gx_pb_text(tip->flags[i]);
    }
    return GX_OK;
}

enum gx_rc intel_tip_create(struct intel *self, struct gx_ctx *ctx, const Genxi__TipCreate *in,
                            Genxi__TipCreated *out)
{
    struct gx_point place;
    int32_t area = 0;
    bool outside = false;
    char id[GX_ID_SIZE];
    enum gx_rc rc = check_create(ctx, in, &place);
    if (rc == GX_OK) {
        rc = locate(self, ctx, place, &area, &outside);
    }
    if (rc != GX_OK) {
        return rc;
    }
    const char *flags[2];
    struct intel_tip tip = {
        .id = gx_arena_text(&ctx->arena, gx_id_new(id)),
        .area = area,
        .state = RECEIVED,
        .place = place,
        .seen_at = in->seen_at,
        .seen = in->seen,
        .kind = in->kind,
        .received_at = gx_tx_now_ms(ctx),
        .reporter = ctx->actor.subject,
        .org_id = ctx->actor.org,
        .responder_id = ctx->actor.responder_id,
        .flags = flags,
        .exercise = in->has_exercise && in->exercise,
    };
    if (outside) {
        flags[tip.flag_count++] = "outside_district";
    }
    if (intel_personal_find(in->seen) != INTEL_PERSONAL_NONE) {
        flags[tip.flag_count++] =
            "personal_data"; /* what was seen, not who: the desk is told to look */
    }
    rc = give_number(ctx, area, tip.received_at, &tip.number);
    if (rc == GX_OK) {
        rc = intel_store_tip_add(ctx, &tip);
    }
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__TipReceived received = GENXI__TIP_RECEIVED__INIT;
    Genxi__Tip event = GENXI__TIP__INIT;
    fill_tip(ctx, &tip, true, false, &event);
    received.tip = &event;
    rc = emit(ctx, &tip, GX_E_tip_received, &received.base, NULL);
    return rc == GX_OK ? fill_created(ctx, &tip, out) : rc;
}

/* An officer's view of a tip is a sealed read: without the event there is no view. */
static enum gx_rc note_view(struct gx_ctx *ctx, const struct intel_tip *tip)
{
    Genxi__SealedRead read = GENXI__SEALED_READ__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.has_officers = 1;
    audience.officers = 0;
    read.what = gx_pb_text("tip");
    read.subject_id = gx_pb_text(tip->id);
    read.purpose = gx_pb_text("triage");
    return emit(ctx, tip, GX_E_sealed_read, &read.base, &audience);
}

static enum gx_rc check_query(struct gx_ctx *ctx, const Genxi__TipQuery *in,
                              struct intel_tip_query *ret)
{
    bool officer = gx_actor_has(&ctx->actor, GX_ROLES_OFFICERS);
    enum gx_rc rc = intel_check_limit(ctx, in->has_limit, in->limit, LIST_MAX, &ret->limit);
    if (in->id != NULL && intel_check_id(ctx, "/id", in->id) != GX_OK) {
        rc = GX_INVALID;
    }
    if (in->cursor != NULL && !gx_id_valid(in->cursor)) {
        rc = gx_fail(ctx, GX_P_CURSOR, "/cursor", "%s", in->cursor);
    }
    if (in->has_state && !officer) { /* to ask for a state is to learn it */
        rc = gx_fail(ctx, GX_P_DENIED, "/state", "duty, police");
    }
    ret->id = in->id;
    ret->before = in->cursor;
    ret->area = in->has_area ? in->area : 0;
    ret->state = in->has_state ? (int)in->state : 0;
    return rc;
}

enum gx_rc intel_tip_list(struct intel *self, struct gx_ctx *ctx, const Genxi__TipQuery *in,
                          Genxi__TipList *out)
{
    (void)self;
    struct intel_tip_query query;
    struct intel_tip *tips = NULL;
    size_t count = 0;
    enum gx_rc rc = check_query(ctx, in, &query);
    if (rc == GX_OK) {
        rc = intel_store_tip_list(ctx, &query, &tips, &count);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->items = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; i < count; i++) {
        bool full = gx_actor_commands(&ctx->actor, tips[i].area);
        if (!full && query.state != 0) {
            continue; /* an officer's own tip in another area: seen as its reporter, whatever its state */
        }
        Genxi__Tip *item = gx_pb_new(ctx, &genxi__tip__descriptor);
        if (item == NULL || out->items == NULL) {
            return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
        }
        fill_tip(ctx, &tips[i], full, true, item);
        out->items[out->n_items++] = item;
        rc = full ? note_view(ctx, &tips[i]) : GX_OK;
        if (rc != GX_OK) {
            return rc;
        }
    }
    if (query.id != NULL && out->n_items == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "tip");
    }
    out->next_cursor = count == query.limit ? gx_pb_text(tips[count - 1].id) : NULL;
    return GX_OK;
}

/* Takes a tip that the actor commands. */
static enum gx_rc take(struct gx_ctx *ctx, const char *id, struct intel_tip *ret)
{
    enum gx_rc rc = intel_check_id(ctx, "/id", id);
    if (rc == GX_OK) {
        rc = intel_store_tip_take(ctx, id, ret);
    }
    if (rc == GX_OK && !gx_actor_commands(&ctx->actor, ret->area)) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "tip");
    }
    return rc;
}

/* Stores what changed, starts the term of what is to be deleted, tells, and answers with the officer's view, which is logged. */
static enum gx_rc settle(struct gx_ctx *ctx, const struct intel_tip *tip, Genxi__Tip *out)
{
    enum gx_rc rc = intel_store_tip_update(ctx, tip);
    if (rc == GX_OK && intel_tip_is_purged(tip->state)) {
        const struct gx_timer timer = {.kind = "tip_purge", .subject = tip->id, .area = tip->area};
        rc = gx_timer_set(ctx, &timer,
                          intel_settings.tip_keep_days * intel_settings.tip_day_seconds * 1000);
    }
    if (rc == GX_OK) {
        rc = emit_changed(ctx, tip);
    }
    if (rc == GX_OK) {
        rc = note_view(ctx, tip);
    }
    if (rc == GX_OK) {
        fill_tip(ctx, tip, true, true, out);
    }
    return rc;
}

/* Intake follows this and opens the incident under the id given here; for the words of the tip it asks. */
static enum gx_rc open_incident(struct gx_ctx *ctx, struct intel_tip *tip, const char *type)
{
    char id[GX_ID_SIZE];
    Genxi__TipOpened opened = GENXI__TIP_OPENED__INIT;
    Genxi__Tip event = GENXI__TIP__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.has_officers = 1;
    audience.officers = 0;
    tip->incident_id = gx_arena_text(&ctx->arena, gx_id_new(id));
    fill_tip(ctx, tip, true, false, &event);
    opened.tip = &event;
    opened.type = gx_pb_text(type);
    opened.incident_id = gx_pb_text(tip->incident_id);
    return emit(ctx, tip, GX_E_tip_opened, &opened.base, &audience);
}

enum gx_rc intel_tip_text(struct intel *self, struct gx_ctx *ctx, const Genxi__TipTextGet *in,
                          Genxi__TipText *out)
{
    (void)self;
    enum gx_rc rc = intel_check_id(ctx, "/id", in->id);
    return rc == GX_OK ? intel_store_tip_seen(ctx, in->id, &out->seen) : rc;
}

enum gx_rc intel_tip_triage(struct intel *self, struct gx_ctx *ctx, const Genxi__TipTriage *in,
                            Genxi__Tip *out)
{
    (void)self;
    struct intel_tip tip;
    const char *type = in->type == NULL ? "tip_check" : in->type;
    if (in->reason[0] == '\0') {
        return gx_fail(ctx, GX_P_REASON_REQUIRED, "/reason", "1..%d", REASON_MAX);
    }
    enum gx_rc rc = intel_check_text(ctx, "/reason", in->reason, REASON_MAX);
    if (rc == GX_OK) {
        rc = check_word(ctx, "/type", type);
    }
    if (rc == GX_OK) {
        rc = take(ctx, in->id, &tip);
    }
    if (rc != GX_OK) {
        return rc;
    }
    int state = intel_tip_after_verdict(tip.state, (int)in->verdict);
    if (state == 0) {
        return gx_fail(ctx, GX_P_ILLEGAL_TRANSITION, "/verdict", "%s -> %s",
                       intel_tip_state_word(tip.state), intel_tip_allowed(tip.state));
    }
    tip.state = state;
    tip.triage_reason = in->reason;
    tip.triaged_by = ctx->actor.subject;
    if (in->verdict == GENXI__TIP_VERDICT__TIP_VERDICT_OPEN) {
        rc = open_incident(ctx, &tip, type);
    }
    return rc == GX_OK ? settle(ctx, &tip, out) : rc;
}

enum gx_rc intel_tip_outcome(struct intel *self, struct gx_ctx *ctx, const Genxi__TipOutcome *in,
                             Genxi__Tip *out)
{
    (void)self;
    struct intel_tip tip;
    enum gx_rc rc = in->note == NULL ? GX_OK : intel_check_text(ctx, "/note", in->note, REASON_MAX);
    if (rc == GX_OK) {
        rc = take(ctx, in->id, &tip);
    }
    if (rc != GX_OK) {
        return rc;
    }
    int state = intel_tip_after_outcome(tip.state, in->founded != 0);
    if (state == 0) {
        return gx_fail(ctx, GX_P_ILLEGAL_TRANSITION, "/founded", "%s -> %s",
                       intel_tip_state_word(tip.state), intel_tip_allowed(tip.state));
    }
    tip.state = state;
    tip.outcome_note = in->note;
    return settle(ctx, &tip, out);
}

enum gx_rc intel_tip_purge(struct intel *self, struct gx_ctx *ctx, const struct gx_timer *timer)
{
    (void)self;
    struct intel_tip tip;
    enum gx_rc rc = intel_store_tip_take(ctx, timer->subject, &tip);
    if (rc == GX_NOT_FOUND) {
        gx_ctx_forgive(ctx);
        return GX_OK;
    }
    if (rc != GX_OK || !intel_tip_is_purged(tip.state)) {
        return rc;
    }
    rc = intel_store_tip_delete(ctx, tip.id);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__TipPurged purged = GENXI__TIP_PURGED__INIT;
    purged.tip_id = gx_pb_text(tip.id);
    purged.reason = gx_pb_text(intel_tip_state_word(tip.state));
    return emit(ctx, &tip, GX_E_tip_purged, &purged.base, NULL);
}
