/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Supervision: about once a second who was heard is noted in the database, and who is silent for too long is told as a fault of the alarm system,
 * once: the report's key is made of the device and of when it was last heard. When it is heard again, that is told to the same case.
 */
#include "panels.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "chassis/service.h"
#include "incident.pb-c.h"
#include "pool.h"
#include "store_device.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SILENT_A_TURN = 20, /* so that a broken line of thousands does not bury the alarms of others */
    ARENA_BYTES = 16 << 20,
    LOOK_TICKS = 2 /* the copy of devices is looked at every so many turns */
};

/* A silence that ended or is to be told; with its incident a fault that stands. */
struct dc09_told {
    char device[GX_ID_SIZE];
    char incident[GX_ID_SIZE];
    int64_t heard_at;
    struct dc09_told *next;
};

/* One turn of the watch, from the doors' thread to a thread of the pool and back. */
struct watch_turn {
    struct dc09 *dc09;
    struct doors *doors;
    struct dc09_panel **panels; /* whose news these are */
    size_t panel_count;
    char (*ids)[GX_ID_SIZE];
    struct gw_heard *heard;
    struct gw_device_case *cases;
    char (*case_texts)[128];
    struct dc09_told *told;
    bool look;
    enum gx_rc rc;
    struct gw_watch_news news;
    struct dc09_told *ended;
    struct dc09_told *silent;
};

static void told_free(struct dc09_told *told)
{
    while (told != NULL) {
        struct dc09_told *next = told->next;
        free(told);
        told = next;
    }
}

void dc09_supervise_free(struct dc09 *dc09)
{
    told_free(dc09->told);
}

static void turn_free(struct watch_turn *turn)
{
    free(turn->panels);
    free(turn->ids);
    free(turn->heard);
    free(turn->cases);
    free(turn->case_texts);
    told_free(turn->told);
    told_free(turn->ended);
    told_free(turn->silent);
    free(turn);
}

static void *room(size_t count, size_t size)
{
    void *made = calloc(count + 1, size);
    if (made == NULL) {
        abort();
    }
    return made;
}

static struct dc09_told *copy_told(const struct gw_silence *items, size_t count)
{
    struct dc09_told *list = NULL;
    for (size_t i = 0; i < count; i++) {
        struct dc09_told *one = room(1, sizeof *one);
        (void)snprintf(one->device, sizeof one->device, "%s", items[i].device_id);
        (void)snprintf(one->incident, sizeof one->incident, "%s", items[i].incident_id);
        one->heard_at = items[i].heard_at;
        one->next = list;
        list = one;
    }
    return list;
}

/* --- in the pool --- */

static enum gx_rc run_turn(void *arg, struct gx_ctx *ctx)
{
    struct watch_turn *turn = arg;
    struct gw_silence *ended = NULL;
    struct gw_silence *silent = NULL;
    size_t ended_count = 0;
    size_t silent_count = 0;
    struct gw_watch_news news = turn->news;
    struct gw_silence *told = gx_arena_alloc(&ctx->arena, (news.told_count + 1) * sizeof *told);
    size_t n = 0;
    for (const struct dc09_told *one = turn->told; one != NULL && told != NULL; one = one->next) {
        told[n++] = (struct gw_silence){one->device, one->heard_at, one->incident};
    }
    news.told = told;
    enum gx_rc rc = gw_store_watch_turn(ctx, &news, SILENT_A_TURN, &ended, &ended_count, &silent,
                                        &silent_count);
    if (rc == GX_OK) {
        told_free(turn->ended); /* of a try that was repeated */
        told_free(turn->silent);
        turn->ended = copy_told(ended, ended_count);
        turn->silent = copy_told(silent, silent_count);
    }
    return rc;
}

static void turned(struct doors *doors, void *arg);

static void watch_job(struct gx_background *background, void *arg)
{
    struct watch_turn *turn = arg;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, ARENA_BYTES);
    ctx.label = "watch";
    turn->rc = gx_background_run(background, &ctx, run_turn, turn);
    if (turn->rc == GX_OK && turn->look) {
        (void)gw_devices_look(turn->dc09->settings.devices, background, &ctx);
    }
    gx_ctx_done(&ctx);
    if (!doors_post(turn->doors, turned, turn)) {
        turn_free(turn);
    }
}

/* --- telling, in the doors' thread --- */

struct telling {
    struct dc09 *dc09;
    struct dc09_told told;
};

/* To be noted with the next turn; incident "": it cannot be told, and is left until the device is heard again. */
static void note_told(struct dc09 *dc09, const struct dc09_told *told, const char *incident)
{
    struct dc09_told *one = room(1, sizeof *one);
    *one = *told;
    (void)snprintf(one->incident, sizeof one->incident, "%s", incident);
    one->next = dc09->told;
    dc09->told = one;
}

static void told_done(struct doors *doors, struct door_conn *conn, const struct door_answer *answer)
{
    const struct telling *telling = answer->keep;
    struct dc09 *dc09 = telling->dc09;
    bool began = telling->told.incident[0] == '\0';
    (void)doors;
    (void)conn;
    dc09->telling--;
    if (answer->rc != GX_OK) {
        bool for_good = answer->rc == GX_INVALID || answer->rc == GX_NOT_FOUND ||
                        answer->rc == GX_DENIED || answer->rc == GX_CONFLICT;
        gx_log(NULL, GX_ERROR, "panel-silence", "device %s: %s", telling->told.device,
               gx_problem_row(answer->problem)->slug);
        if (began && for_good) {
            note_told(dc09, &telling->told, ""); /* else it would be in the way of others' */
        }
        return; /* the next turn finds it again */
    }
    Genxi__ReportCreated *created =
        began ? genxi__report_created__unpack(NULL, answer->body.size, answer->body.data) : NULL;
    if (created != NULL) {
        note_told(dc09, &telling->told, created->incident_id);
        genxi__report_created__free_unpacked(created, NULL);
    }
}

static void tell(struct doors *doors, struct dc09 *dc09, const struct dc09_told *told, bool ended)
{
    struct gw_device device;
    char key[128];
    char text[256];
    if (!gw_devices_get(dc09->settings.devices, told->device, &device)) {
        return;
    }
    struct gx_actor actor = dc09_actor(&device);
    Genxi__ReportCreate in = GENXI__REPORT_CREATE__INIT;
    (void)snprintf(key, sizeof key, "dc09-%s-%s-%" PRId64, ended ? "heard" : "silent", device.id,
                   told->heard_at);
    if (ended) {
        (void)snprintf(text, sizeof text, "报警主机 %s 通信恢复 / panel %s is heard again",
                       device.code, device.code);
    } else {
        (void)snprintf(text, sizeof text,
                       "报警主机 %s 失联,超过 %" PRIu32
                       " 秒 / panel %s is silent for more than that",
                       device.code, device.supervision_seconds, device.code);
    }
    in.type = gx_pb_text("alarm_fault");
    in.source = gx_pb_text("panel");
    in.text = text;
    in.external_id = key;
    if (ended) {
        in.incident_id = gx_pb_text(told->incident);
        in.has_link = true;
        in.link = GENXI__LINK_KIND__LINK_KIND_FEEDBACK;
    } else {
        in.site_id = device.site;
    }
    struct telling telling = {.dc09 = dc09, .told = *told};
    const struct door_ask ask = {.command = GX_C_report_create,
                                 .request = &in.base,
                                 .actor = &actor,
                                 .key = key,
                                 .done = told_done,
                                 .keep = &telling,
                                 .keep_size = sizeof telling};
    if (door_ask(doors, NULL, &ask)) {
        dc09->telling++;
    }
}

/* What could not be noted is news again, unless there is newer. */
static void keep_news(struct dc09 *dc09, struct watch_turn *turn)
{
    for (size_t i = 0; i < turn->panel_count; i++) {
        struct dc09_panel *panel = turn->panels[i];
        if (panel->heard_ms < turn->heard[i].at) {
            dc09_panel_heard(dc09, panel, turn->heard[i].at);
        }
    }
    for (size_t i = 0; i < turn->news.case_count; i++) {
        struct gw_device device;
        if (gw_devices_get(dc09->settings.devices, turn->cases[i].device_id, &device)) {
            struct dc09_panel *panel = dc09_panel_of(dc09, &device);
            dc09_panel_case(dc09, panel, panel->incident, panel->incident_type);
        }
    }
    struct dc09_told **end = &dc09->told;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = turn->told;
    turn->told = NULL;
}

static void turned(struct doors *doors, void *arg)
{
    struct watch_turn *turn = arg;
    struct dc09 *dc09 = turn->dc09;
    dc09->turning = false;
    if (turn->rc != GX_OK) {
        keep_news(dc09, turn);
    }
    for (const struct dc09_told *one = turn->ended; one != NULL; one = one->next) {
        tell(doors, dc09, one, true);
    }
    for (const struct dc09_told *one = turn->silent; one != NULL; one = one->next) {
        tell(doors, dc09, one, false);
    }
    turn_free(turn);
}

/* --- beginning a turn --- */

static struct watch_turn *gather(struct doors *doors, struct dc09 *dc09)
{
    struct watch_turn *turn = room(1, sizeof *turn);
    size_t count = dc09->news_count;
    turn->dc09 = dc09;
    turn->doors = doors;
    turn->look = dc09->ticks++ % LOOK_TICKS == 0;
    turn->panels = room(count, sizeof(struct dc09_panel *));
    turn->ids = room(count, sizeof *turn->ids);
    turn->heard = room(count, sizeof *turn->heard);
    turn->cases = room(count, sizeof *turn->cases);
    turn->case_texts = room(count, sizeof *turn->case_texts);
    while (dc09->news != NULL) {
        struct dc09_panel *panel = dc09->news;
        size_t n = turn->panel_count++;
        dc09->news = panel->next_news;
        panel->has_news = false;
        memcpy(turn->ids[n], panel->id, sizeof turn->ids[n]);
        turn->panels[n] = panel;
        turn->heard[n] = (struct gw_heard){turn->ids[n], panel->heard_ms};
        panel->heard_ms = 0;
        if (panel->case_news) {
            char *texts = turn->case_texts[turn->news.case_count];
            panel->case_news = false;
            (void)snprintf(texts, 64, "%s", panel->incident);
            (void)snprintf(texts + 64, 64, "%s", panel->incident_type);
            turn->cases[turn->news.case_count++] =
                (struct gw_device_case){turn->ids[n], texts, texts + 64};
        }
    }
    dc09->news_count = 0;
    turn->told = dc09->told;
    dc09->told = NULL;
    for (const struct dc09_told *one = turn->told; one != NULL; one = one->next) {
        turn->news.told_count++;
    }
    turn->news.heard = turn->heard;
    turn->news.heard_count = turn->panel_count;
    turn->news.cases = turn->cases;
    return turn;
}

void dc09_tick(struct doors *doors, void *self)
{
    struct dc09 *dc09 = self;
    if (dc09->turning || dc09->telling > 0) {
        return;
    }
    struct watch_turn *turn = gather(doors, dc09);
    dc09->turning = true;
    if (gw_pool_add(dc09->settings.pool, watch_job, turn) != GX_OK) {
        dc09->turning = false;
        keep_news(dc09, turn);
        turn_free(turn);
    }
}
