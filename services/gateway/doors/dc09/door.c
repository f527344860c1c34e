/* SPDX-License-Identifier: Apache-2.0 */
/* A panel's frame from its bytes to its answer. */
#include "door.h"

#include "panels.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "incident.pb-c.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <stdio.h>
#include <string.h>

enum outcome {
    OUT_ACK,
    OUT_REPEAT,
    OUT_TEST,
    OUT_NOTE,
    OUT_BAD_CRC,
    OUT_BAD_FORM,
    OUT_UNKNOWN,
    OUT_INACTIVE,
    OUT_PLAIN,
    OUT_NO_KEY,
    OUT_BAD_KEY,
    OUT_BAD_TIME,
    OUT_BAD_DATA,
    OUT_UNSUPPORTED,
    OUT_REFUSED,
    OUT_LATER,
    OUT_MANY,
    OUT_ANSWER,
    OUT_COUNT
};
static const char *const OUTCOMES[OUT_COUNT] = {
    [OUT_ACK] = "taken",
    [OUT_REPEAT] = "taken_again",
    [OUT_TEST] = "link_test",
    [OUT_NOTE] = "no_case",
    [OUT_BAD_CRC] = "bad_crc",
    [OUT_BAD_FORM] = "bad_form",
    [OUT_UNKNOWN] = "unknown_account",
    [OUT_INACTIVE] = "inactive",
    [OUT_PLAIN] = "plain_though_key",
    [OUT_NO_KEY] = "sealed_without_key",
    [OUT_BAD_KEY] = "bad_key",
    [OUT_BAD_TIME] = "bad_time",
    [OUT_BAD_DATA] = "bad_data",
    [OUT_UNSUPPORTED] = "unsupported",
    [OUT_REFUSED] = "refused",
    [OUT_LATER] = "not_durable",
    [OUT_MANY] = "too_many",
    [OUT_ANSWER] = "an_answer",
};

enum {
    FOLLOW_UP_MS = 5 * 60 * 1000, /* a panel's wish to cancel is to be asked about within */
    TEXT_ROOM = 2000
};

/* One frame on its way through. */
struct turn {
    struct door_conn *conn;
    struct dc09 *dc09;
    struct dc09_frame frame;
    struct gw_device device;
    uint8_t key_bytes[DC09_KEY_MAX];
    struct gx_view key; /* size 0: none */
    int64_t now_ms;
};

/* What is needed of it when the command's answer comes. */
struct kept {
    struct dc09_frame frame; /* its views are empty */
    uint8_t key_bytes[DC09_KEY_MAX];
    size_t key_size;
    struct gw_device device;
    enum dc09_act act;
    bool again;
    char type[52];             /* REPORT: of the incident */
    char incident[GX_ID_SIZE]; /* CANCEL, RESTORE: which it is about */
    char key[DC09_KEY_TEXT];
    char text[TEXT_ROOM];
    bool asked; /* CANCEL: the desk was asked */
};

struct gx_actor dc09_actor(const struct gw_device *device)
{
    return (struct gx_actor){.roles = GX_ROLE_DESK,
                             .subject = device->id,
                             .org = device->org,
                             .responder_id = "",
                             .lang = "zh-CN"};
}

/* --- answers --- */

static void duh(struct turn *turn, enum outcome outcome)
{
    uint8_t out[DC09_REPLY_MAX];
    door_count(turn->conn, outcome);
    door_send(turn->conn, (struct gx_view){out, dc09_duh(&turn->frame, out)});
}

static void ack(struct door_conn *conn, const struct dc09_frame *frame, struct gx_view key,
                enum outcome outcome)
{
    uint8_t out[DC09_REPLY_MAX];
    door_count(conn, outcome);
    door_send(conn, (struct gx_view){out, dc09_ack(frame, key, gx_clock_wall_ms(), out)});
}

static void nak(struct turn *turn)
{
    uint8_t out[DC09_REPLY_MAX];
    door_count(turn->conn, OUT_BAD_TIME);
    door_send(turn->conn, (struct gx_view){out, dc09_nak(&turn->frame, turn->now_ms, out)});
}

static void warn(const struct turn *turn, const char *id, const char *what)
{
    char address[DOOR_ADDRESS_SIZE];
    gx_log(NULL, GX_WARN, id, "panel account %s from %s: %s", turn->frame.account,
           door_address(turn->conn, address), what);
}

/* --- asking --- */

static bool ask_report(struct doors *doors, struct door_conn *conn, const struct kept *kept,
                       const struct dc09_class *class, int64_t occurred_ms);
static void on_done(struct doors *doors, struct door_conn *conn, const struct door_answer *answer);

static bool ask_with(struct doors *doors, struct door_conn *conn, const struct kept *kept,
                     struct door_ask *ask)
{
    ask->key = kept->key;
    ask->done = on_done;
    ask->keep = kept;
    ask->keep_size = sizeof *kept;
    return door_ask(doors, conn, ask);
}

/* class NULL: it is about the incident in kept. */
static bool ask_report(struct doors *doors, struct door_conn *conn, const struct kept *kept,
                       const struct dc09_class *class, int64_t occurred_ms)
{
    struct gx_actor actor = dc09_actor(&kept->device);
    Genxi__ReportCreate in = GENXI__REPORT_CREATE__INIT;
    in.type = gx_pb_text(kept->type);
    in.source = gx_pb_text("panel");
    in.text = gx_pb_text(kept->text);
    in.external_id = gx_pb_text(kept->key);
    in.has_occurred_at = occurred_ms != 0;
    in.occurred_at = occurred_ms;
    if (class != NULL) {
        in.site_id = gx_pb_text(kept->device.site);
        in.has_grade = class->grade != 0;
        in.grade = class->grade;
    } else {
        in.incident_id = gx_pb_text(kept->incident);
        in.has_link = true;
        in.link = GENXI__LINK_KIND__LINK_KIND_FEEDBACK;
    }
    struct door_ask ask = {.command = GX_C_report_create, .request = &in.base, .actor = &actor};
    return ask_with(doors, conn, kept, &ask);
}

/* The desk is asked; nothing is ended by a panel. */
static bool ask_desk(struct doors *doors, struct door_conn *conn, const struct kept *kept)
{
    static const struct gx_actor SYSTEM = {.roles = GX_ROLE_SYSTEM,
                                           .subject = "gateway",
                                           .org = "",
                                           .responder_id = "",
                                           .lang = "zh-CN"};
    Genxi__FollowUpCreate in = GENXI__FOLLOW_UP_CREATE__INIT;
    in.id = gx_pb_text(kept->incident);
    in.text = gx_pb_text(kept->text);
    in.owner = gx_pb_text("值班员 / duty officer");
    in.due_at = gx_clock_wall_ms() + FOLLOW_UP_MS;
    struct door_ask ask = {.command = GX_C_follow_up_create, .request = &in.base, .actor = &SYSTEM};
    return ask_with(doors, conn, kept, &ask);
}

/* --- what came of it --- */

static void remember_case(struct dc09 *dc09, const struct kept *kept,
                          const struct door_answer *answer)
{
    Genxi__ReportCreated *created =
        genxi__report_created__unpack(NULL, answer->body.size, answer->body.data);
    if (created == NULL) {
        return;
    }
    struct dc09_panel *panel = dc09_panel_of(dc09, &kept->device);
    /* A fault does not take the place of an alarm, which may be cancelled or restored yet. */
    if (!gx_text_is(kept->type, "alarm_fault") || panel->incident[0] == '\0') {
        dc09_panel_case(dc09, panel, created->incident_id, kept->type);
    }
    genxi__report_created__free_unpacked(created, NULL);
}

/* Gone before it could be told: the case has ended or is nobody's any more. The panel has no part in that. */
static bool no_case_left(const struct kept *kept, const struct door_answer *answer)
{
    return kept->act != DC09_ACT_REPORT &&
           (answer->rc == GX_NOT_FOUND || answer->rc == GX_CONFLICT);
}

static bool to_be_repeated(enum gx_rc rc)
{
    return rc == GX_LIMIT || rc == GX_TIMEOUT || rc == GX_UNAVAILABLE || rc == GX_UNCERTAIN ||
           rc == GX_INTERNAL;
}

static void on_done(struct doors *doors, struct door_conn *conn, const struct door_answer *answer)
{
    struct kept *kept = answer->keep;
    bool good = answer->rc == GX_OK || no_case_left(kept, answer);
    struct gx_view key = {kept->key_bytes, kept->key_size};
    if (answer->rc == GX_OK && kept->act == DC09_ACT_REPORT && conn != NULL) {
        remember_case(door_self(conn), kept, answer);
    }
    if (good && kept->act == DC09_ACT_CANCEL && !kept->asked && answer->rc == GX_OK) {
        kept->asked = true;
        (void)snprintf(kept->key + strlen(kept->key), 5, "-ask");
        if (ask_desk(doors, conn, kept)) {
            return;
        }
        good = false;
    }
    if (conn == NULL) {
        return;
    }
    if (good) {
        ack(conn, &kept->frame, key, kept->again ? OUT_REPEAT : OUT_ACK);
    } else if (to_be_repeated(answer->rc) || answer->rc == GX_OK) {
        door_count(conn, OUT_LATER); /* no answer: the panel sends again */
    } else {
        uint8_t out[DC09_REPLY_MAX];
        gx_log(NULL, GX_ERROR, "panel-refused", "panel account %s, device %s: %s",
               kept->frame.account, kept->device.id, gx_problem_row(answer->problem)->slug);
        door_count(conn, OUT_REFUSED);
        door_send(conn, (struct gx_view){out, dc09_duh(&kept->frame, out)});
    }
}

/* --- a frame --- */

/* Who it is, and that it is believed; false when it was answered, or is to have no answer. */
static bool authentic(struct turn *turn, uint8_t *room)
{
    struct dc09_frame *frame = &turn->frame;
    if (!gw_devices_find(turn->dc09->settings.devices, GENXI__DEVICE_KIND__DEVICE_KIND_PANEL,
                         frame->account, &turn->device)) {
        warn(turn, "panel-unknown", "no such account");
        duh(turn, OUT_UNKNOWN);
        return false;
    }
    if (!turn->device.active || turn->device.sealed_wrong) {
        warn(turn, "panel-inactive", turn->device.active ? "its key is lost" : "switched off");
        duh(turn, OUT_INACTIVE);
        return false;
    }
    turn->key = (struct gx_view){turn->key_bytes, dc09_key(turn->device.secret, turn->key_bytes)};
    if (frame->encrypted != (turn->key.size > 0)) {
        warn(turn, "panel-key",
             frame->encrypted ? "sealed, but it has no key" : "in clear, but it has a key");
        duh(turn, frame->encrypted ? OUT_NO_KEY : OUT_PLAIN);
        return false;
    }
    if (frame->encrypted && dc09_open(frame, turn->key, room) != DC09_GOOD) {
        warn(turn, "panel-key", "it does not open");
        duh(turn, OUT_BAD_KEY);
        return false;
    }
    if (frame->timed && (frame->at_ms < turn->now_ms - turn->dc09->settings.late_ms ||
                         frame->at_ms > turn->now_ms + turn->dc09->settings.early_ms)) {
        nak(turn);
        return false;
    }
    return true;
}

/* What is known of the case that a restore, a cancel or a repeated alarm is about. */
static bool about_case(const struct dc09_panel *panel, const struct dc09_message *message,
                       enum dc09_act act)
{
    const struct dc09_event *event = &message->events[0];
    if (panel->incident[0] == '\0') {
        return false;
    }
    if (act == DC09_ACT_CANCEL) {
        return !gx_text_is(panel->incident_type, "alarm_fault");
    }
    return event->class->type[0] == '\0' || gx_text_is(event->class->type, panel->incident_type);
}

static void cancel_text(struct kept *kept, const struct dc09_panel *panel)
{
    bool panic = gx_text_is(panel->incident_type, "panic_alarm");
    size_t used = strlen(kept->text);
    (void)snprintf(kept->text + used, sizeof kept->text - used, "%s",
                   panic ? " | 请求撤销紧急求助:不得据此结案,须到场核实 / asked to cancel a panic: "
                           "never close by it, see for yourselves"
                         : " | 回拨单位核对口令后再决定 / call the premises back and ask for the "
                           "password before deciding");
}

/* Occurrence as the panel says, when it can be believed: within a week back and not ahead. */
static int64_t occurred(const struct dc09_message *message, int64_t now_ms)
{
    static const int64_t WEEK_MS = INT64_C(7) * 24 * 3600 * 1000;
    int64_t at = message->occurred_ms;
    return at > now_ms || at < now_ms - WEEK_MS ? 0 : at;
}

static void tell(struct turn *turn, const struct dc09_message *message)
{
    struct doors *doors = door_of(turn->conn);
    struct dc09_panel *panel = dc09_panel_of(turn->dc09, &turn->device);
    const struct dc09_event *event = &message->events[0];
    struct kept kept = {.frame = turn->frame,
                        .key_size = turn->key.size,
                        .device = turn->device,
                        .act = dc09_message_act(message)};
    bool about = about_case(panel, message, kept.act);
    bool follows = kept.act != DC09_ACT_REPORT || (event->still && about);
    if (follows && !about) {
        ack(turn->conn, &turn->frame, turn->key, OUT_NOTE);
        return;
    }
    if (!dc09_panel_spend(panel, turn->now_ms)) {
        warn(turn, "panel-wild", "more than two reports a second");
        door_count(turn->conn, OUT_MANY); /* no answer: it sends again */
        return;
    }
    kept.frame.cipher = kept.frame.data = (struct gx_view){NULL, 0};
    kept.frame.extra_count = 0;
    memcpy(kept.key_bytes, turn->key_bytes, turn->key.size);
    (void)snprintf(kept.type, sizeof kept.type, "%s",
                   follows ? panel->incident_type : event->class->type);
    (void)snprintf(kept.incident, sizeof kept.incident, "%s", follows ? panel->incident : "");
    (void)dc09_message_text(message, kept.text, sizeof kept.text / 2);
    dc09_panel_key(panel, &turn->frame, turn->now_ms, kept.key, &kept.again);
    if (kept.act == DC09_ACT_CANCEL) {
        cancel_text(&kept, panel);
    }
    if (!ask_report(doors, turn->conn, &kept, follows ? NULL : event->class,
                    occurred(message, turn->now_ms))) {
        door_count(turn->conn, OUT_LATER);
    }
}

static void take_message(struct turn *turn)
{
    struct dc09_message message;
    if (turn->frame.token == DC09_OTHER) {
        duh(turn, OUT_UNSUPPORTED);
        return;
    }
    if (turn->frame.sequence == 0 || !dc09_message_read(&turn->frame, &message)) {
        duh(turn, OUT_BAD_DATA);
        return;
    }
    if (dc09_message_act(&message) == DC09_ACT_NOTE) {
        ack(turn->conn, &turn->frame, turn->key, OUT_NOTE);
        return;
    }
    tell(turn, &message);
}

static void on_frame(struct door_conn *conn, struct gx_view bytes)
{
    uint8_t room[DC09_FRAME_MAX];
    struct turn turn = {.conn = conn, .dc09 = door_self(conn), .now_ms = gx_clock_wall_ms()};
    enum dc09_verdict verdict = dc09_read(bytes, &turn.frame);
    if (verdict == DC09_BAD_CRC) {
        door_count(conn, OUT_BAD_CRC); /* never answered: who knows who sent it */
        return;
    }
    if (turn.frame.token == DC09_REPLY) {
        door_count(conn, OUT_ANSWER); /* nor this: two receivers would answer each other for ever */
        return;
    }
    if (verdict == DC09_BAD_FORM) {
        duh(&turn, OUT_BAD_FORM);
        return;
    }
    if (!authentic(&turn, room)) {
        return;
    }
    dc09_panel_heard(turn.dc09, dc09_panel_of(turn.dc09, &turn.device), turn.now_ms);
    if (turn.frame.token == DC09_NULL) {
        ack(conn, &turn.frame, turn.key, OUT_TEST);
        return;
    }
    take_message(&turn);
}

const struct door_protocol DC09_PROTOCOL = {
    .name = "dc09",
    .outcomes = OUTCOMES,
    .outcome_count = OUT_COUNT,
    .frame_max = DC09_FRAME_MAX,
    .cut = dc09_cut,
    .frame = on_frame,
    .tick = dc09_tick,
};
