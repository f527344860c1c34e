/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/tell.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch.pb-c.h"
#include "incident.pb-c.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_MAX = 4 * 1024 * 1024,
    FUTURE_MS = 60 * 1000, /* a press from further ahead has no time that can be believed */
    MINUTE_MS = 60 * 1000
};

static const char *const SOS_TYPE = "responder_sos";
static const char *const CRS_NAMES[] = {
    [GX_WGS84] = "wgs84", [GX_GCJ02] = "gcj02", [GX_BD09] = "bd09"};

void gw_teller_of(const struct gw_device *device, const char *source, struct gw_teller *ret_teller)
{
    struct gw_teller *teller = ret_teller;
    *teller = (struct gw_teller){.source = source,
                                 .crs = device->datum == GENXI__DATUM__DATUM_GCJ02  ? GX_GCJ02
                                        : device->datum == GENXI__DATUM__DATUM_BD09 ? GX_BD09
                                                                                    : GX_WGS84};
    (void)snprintf(teller->device_id, sizeof teller->device_id, "%s", device->id);
    (void)snprintf(teller->org_id, sizeof teller->org_id, "%s", device->org);
    (void)snprintf(teller->responder_id, sizeof teller->responder_id, "%s", device->responder);
    (void)snprintf(teller->code, sizeof teller->code, "%s", device->code);
}

bool gw_device_proves(const struct gw_device *device, const char *secret)
{
    size_t size = strlen(device->secret);
    return device->active && !device->sealed_wrong && size > 0 && strlen(secret) == size &&
           sodium_memcmp(device->secret, secret, size) == 0;
}

/* The commands of one telling, each sent when the one before it is answered. */
enum step {
    FIND_PLACE, /* a press without a place: where the responder was seen last */
    FIND_AREA,
    FIND_STATION, /* nowhere: the station of its area stands for it */
    REPORT,
    POSITIONS,
    DONE
};

struct gw_tell {
    struct gw_tell_way way;
    struct gw_teller teller;
    struct gw_press press;
    enum step step;
    const char *place_note; /* how the place of the press was come by; "" for its own */
    Genxi__PositionBatch *batch;
    struct gx_ctx ctx;
    struct gw_told told;
    int32_t area; /* of the responder; 0: not known */
    char key[GX_ID_SIZE];
};

static void finish(struct gw_tell *tell, enum gx_rc rc)
{
    tell->told.rc = rc;
    tell->way.done(tell->way.arg, &tell->told);
    gx_ctx_done(&tell->ctx);
    free(tell);
}

/* --- what is sent --- */

static int64_t fix_time(const struct gw_point *point, int64_t now)
{
    return point->at == 0 ? now : point->at;
}

static Genxi__PositionBatch *make_batch(struct gw_tell *tell, const struct gw_point *points,
                                        size_t count)
{
    struct gx_ctx *ctx = &tell->ctx;
    int64_t now = gx_clock_wall_ms();
    Genxi__PositionBatch *batch = gx_pb_new(ctx, &genxi__position_batch__descriptor);
    Genxi__Position **items = gx_pb_array(ctx, count + 1);
    if (batch == NULL || items == NULL) {
        return NULL;
    }
    batch->positions = items;
    for (size_t i = 0; i < count && batch->n_positions < GW_TELL_POINTS_MAX; i++) {
        if (!points[i].has_place || !points[i].valid) {
            continue; /* without a fix it is the place of before */
        }
        Genxi__Position *position = gx_pb_new(ctx, &genxi__position__descriptor);
        if (position == NULL) {
            return NULL;
        }
        position->responder_id = tell->teller.responder_id;
        position->lon = points[i].place.lon;
        position->lat = points[i].place.lat;
        position->at = fix_time(&points[i], now);
        position->has_accuracy = points[i].accuracy_m >= 0 && points[i].accuracy_m <= 1e6;
        position->accuracy = position->has_accuracy ? points[i].accuracy_m : 0;
        position->crs = gx_pb_text(CRS_NAMES[tell->teller.crs]);
        items[batch->n_positions++] = position;
    }
    return batch;
}

/* For people, in both languages; how old the press is, for a phone that was offline sends it late. */
static char *press_text(struct gw_tell *tell)
{
    char at[GX_TIME_TEXT_SIZE];
    const struct gw_teller *teller = &tell->teller;
    int64_t age_ms = gx_clock_wall_ms() - tell->press.press_at;
    const char *mock = tell->press.point.mock ? " 位置疑似伪造 place marked as mocked;" : "";
    struct gx_arena *arena = &tell->ctx.arena;
    char *old = gx_arena_printf(arena, "%s", "");
    if (age_ms >= MINUTE_MS) {
        old = gx_arena_printf(arena, " (%" PRId64 " 分钟前 min ago)", age_ms / MINUTE_MS);
    }
    return gx_arena_printf(arena, "一键求助 SOS button: %s, %s%s;%s%s", teller->code,
                           gx_time_format(tell->press.press_at, at), old == NULL ? "" : old, mock,
                           tell->place_note);
}

static ProtobufCMessage *make_report(struct gw_tell *tell)
{
    struct gx_ctx *ctx = &tell->ctx;
    const struct gw_point *point = &tell->press.point;
    Genxi__ReportCreate *report = gx_pb_new(ctx, &genxi__report_create__descriptor);
    if (report == NULL) {
        return NULL;
    }
    bool own = tell->place_note[0] == '\0';
    report->type = gx_pb_text(SOS_TYPE);
    report->has_lon = true;
    report->lon = point->place.lon;
    report->has_lat = true;
    report->lat = point->place.lat;
    report->crs = gx_pb_text(CRS_NAMES[own ? tell->teller.crs : GX_WGS84]);
    report->source = gx_pb_text(tell->teller.source);
    report->text = press_text(tell);
    report->external_id = gx_arena_printf(&ctx->arena, "sos:%s:%" PRId64, tell->teller.device_id,
                                          tell->press.press_at);
    if (tell->press.press_at <= gx_clock_wall_ms() + FUTURE_MS) {
        report->has_occurred_at = true;
        report->occurred_at = tell->press.press_at;
    }
    return ctx->arena.spent ? NULL : &report->base;
}

static ProtobufCMessage *make_responder_query(struct gw_tell *tell)
{
    Genxi__ResponderQuery *query = gx_pb_new(&tell->ctx, &genxi__responder_query__descriptor);
    if (query != NULL) {
        query->id = tell->teller.responder_id;
    }
    return query == NULL ? NULL : &query->base;
}

static uint32_t command_of(enum step step)
{
    switch (step) {
    case FIND_PLACE:
        return GX_C_live_list;
    case FIND_AREA:
        return GX_C_responder_list;
    case FIND_STATION:
        return GX_C_station_list;
    case REPORT:
        return GX_C_report_create;
    case POSITIONS:
    case DONE:
        break;
    }
    return GX_C_position_batch;
}

static ProtobufCMessage *request_of(struct gw_tell *tell)
{
    switch (tell->step) {
    case FIND_PLACE:
        return gx_pb_new(&tell->ctx, &genxi__live_query__descriptor);
    case FIND_AREA:
        return make_responder_query(tell);
    case FIND_STATION:
        return gx_pb_new(&tell->ctx, &genxi__station_query__descriptor);
    case REPORT:
        return make_report(tell);
    case POSITIONS:
    case DONE:
        break;
    }
    return &tell->batch->base;
}

/* --- what is answered --- */

static void take_place(struct gw_tell *tell, double lon, double lat, const char *note)
{
    tell->press.point.place = (struct gx_point){lon, lat};
    tell->press.point.has_place = true;
    tell->place_note = note;
}

static void take_live(struct gw_tell *tell, const Genxi__LiveList *list)
{
    for (size_t i = 0; i < list->n_items; i++) {
        const Genxi__ResponderLive *live = list->items[i];
        if (gx_text_is(live->responder_id, tell->teller.responder_id) && live->has_lon &&
            live->has_lat) {
            take_place(tell, live->lon, live->lat, " 最后已知位置 last known place;");
        }
    }
}

static void take_area(struct gw_tell *tell, const Genxi__ResponderList *list)
{
    tell->area = list->n_items == 0 ? 0 : list->items[0]->area;
}

static void take_station(struct gw_tell *tell, const Genxi__StationList *list)
{
    const Genxi__Station *found = list->n_items == 0 ? NULL : list->items[0];
    for (size_t i = 0; i < list->n_items; i++) {
        found = list->items[i]->area == tell->area ? list->items[i] : found;
    }
    if (found != NULL) {
        take_place(tell, found->lon, found->lat,
                   " 位置不明,以辖区派出所代替 place unknown, its station's is given;");
    }
}

static void take_reply(struct gw_tell *tell, const ProtobufCMessage *message)
{
    switch (tell->step) {
    case FIND_PLACE:
        take_live(tell, (const Genxi__LiveList *)message);
        tell->step = tell->press.point.has_place ? REPORT : FIND_AREA;
        break;
    case FIND_AREA:
        take_area(tell, (const Genxi__ResponderList *)message);
        tell->step = FIND_STATION;
        break;
    case FIND_STATION:
        take_station(tell, (const Genxi__StationList *)message);
        tell->step = REPORT;
        break;
    case REPORT:
        tell->told.pressed = true;
        (void)snprintf(tell->told.number, sizeof tell->told.number, "%s",
                       ((const Genxi__ReportCreated *)message)->number);
        tell->step = POSITIONS;
        break;
    case POSITIONS:
        tell->told.taken = ((const Genxi__PositionsTaken *)message)->taken;
        tell->told.refused = ((const Genxi__PositionsTaken *)message)->n_refused;
        tell->step = DONE;
        break;
    case DONE:
        break;
    }
}

/* --- step after step --- */

static void send_step(struct gw_tell *tell);

/* A look-up that failed is no reason to drop a press: the next way to a place is tried. */
static bool go_round(struct gw_tell *tell)
{
    if (tell->step == FIND_PLACE || tell->step == FIND_AREA) {
        tell->step = tell->step == FIND_PLACE ? FIND_AREA : FIND_STATION;
        return true;
    }
    return false;
}

void gw_tell_answered(struct gw_tell *tell, enum gx_rc rc, struct gx_view body)
{
    ProtobufCMessage *message = NULL;
    if (rc == GX_OK) {
        rc = gx_pb_unpack(&tell->ctx, gx_command_by_number(command_of(tell->step))->reply, body,
                          &message);
    }
    if (rc == GX_OK) {
        take_reply(tell, message);
    } else if (!go_round(tell)) {
        if (tell->step == REPORT) {
            gx_log(&tell->ctx, GX_ERROR, "sos-not-filed",
                   "the press of device %s was not taken: %s", tell->teller.device_id,
                   gx_rc_name(rc));
        }
        finish(tell, rc);
        return;
    }
    send_step(tell);
}

static void set_actor(struct gw_tell *tell)
{
    tell->ctx.actor = (struct gx_actor){.roles = GX_ROLE_RESPONDER,
                                        .subject = tell->teller.device_id,
                                        .org = tell->teller.org_id,
                                        .responder_id = tell->teller.responder_id,
                                        .areas = NULL,
                                        .lang = "zh-CN"};
}

static void send_step(struct gw_tell *tell)
{
    struct gx_ctx *ctx = &tell->ctx;
    if (tell->step == REPORT && !tell->press.point.has_place) {
        gx_log(ctx, GX_ERROR, "sos-without-place", "device %s pressed, and no place is known",
               tell->teller.device_id);
        finish(tell, GX_UNAVAILABLE);
        return;
    }
    if (tell->step == POSITIONS && tell->batch->n_positions == 0) {
        tell->step = DONE;
    }
    if (tell->step == DONE) {
        finish(tell, GX_OK);
        return;
    }
    const struct gw_tell_ask ask = {.command = command_of(tell->step),
                                    .request = request_of(tell),
                                    .actor = &ctx->actor,
                                    .key = tell->key};
    if (ask.request == NULL || !tell->way.send(tell->way.arg, tell, &ask)) {
        finish(tell, GX_LIMIT);
    }
}

void gw_tell(const struct gw_tell_way *way, const struct gw_teller *teller,
             const struct gw_point *points, size_t count, const struct gw_press *press)
{
    struct gw_tell *tell = calloc(1, sizeof *tell);
    if (tell == NULL) {
        abort();
    }
    tell->way = *way;
    tell->teller = *teller;
    tell->place_note = "";
    (void)gx_id_new(tell->key);
    gx_ctx_init(&tell->ctx, ARENA_MAX);
    (void)gx_trace_new(tell->ctx.traceparent);
    tell->ctx.label = teller->source;
    set_actor(tell);
    if (press != NULL) {
        tell->press = *press;
        /* Without a fix it is the place of before, which the matcher knows better. */
        tell->press.point.has_place = press->point.has_place && press->point.valid;
    }
    tell->batch = make_batch(tell, points, count);
    if (tell->batch == NULL) {
        finish(tell, GX_LIMIT);
        return;
    }
    tell->step = press == NULL ? POSITIONS : tell->press.point.has_place ? REPORT : FIND_PLACE;
    send_step(tell);
}
