/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/jt808/car.h"

#include "doors/jt808/message.h"
#include "doors/jt808/parts.h"
#include "doors/jt808/press.h"

#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WRONG_CODES_MAX = 3, /* then the connection is closed */
    HEADS = 4096,
    URGENT_GRADE = 2
};

enum outcome {
    TAKEN,
    ANSWERED,
    FAILED,
    BAD_CHECK,
    BAD_FORM,
    BAD_LENGTH,
    BAD_BODY,
    ENCRYPTED,
    PART,
    PARTS_LOST,
    UNKNOWN_DEVICE,
    WRONG_CODE,
    NOT_ADMITTED,
    UNSUPPORTED,
    TEXT_SENT,
    OUTCOMES
};

static const char *const OUTCOME_NAMES[OUTCOMES] = {
    [TAKEN] = "taken",
    [ANSWERED] = "answered",
    [FAILED] = "failed",
    [BAD_CHECK] = "bad_check",
    [BAD_FORM] = "bad_form",
    [BAD_LENGTH] = "bad_length",
    [BAD_BODY] = "bad_body",
    [ENCRYPTED] = "encrypted",
    [PART] = "part",
    [PARTS_LOST] = "parts_lost",
    [UNKNOWN_DEVICE] = "unknown_device",
    [WRONG_CODE] = "wrong_code",
    [NOT_ADMITTED] = "not_admitted",
    [UNSUPPORTED] = "unsupported",
    [TEXT_SENT] = "text_sent",
};

/* A car that has proved who it is, for as long as the process lives: a press outlives its connection. */
struct held {
    char device_id[GX_ID_SIZE];
    char responder_id[GX_ID_SIZE];
    uint64_t conn; /* its newest connection; 0: none */
    struct press_state press;
    struct held *next;
};

struct cars {
    struct gw_devices *devices;
    struct held *heads[HEADS];
};

/* One connection. */
struct car {
    struct held *held; /* NULL: not admitted */
    struct gw_teller teller;
    struct jt808_header header; /* of the newest frame: how it is spoken to */
    struct jt808_parts *parts;  /* NULL until there is a part */
    uint16_t serial;            /* of what is sent next */
    uint8_t wrong_codes;
};

/* A location or batch under way. */
struct telling {
    struct doors *doors;
    uint64_t conn;
    struct held *held;
    struct jt808_header of;
    struct press_outcome press;
};

struct points {
    struct gw_point items[GW_TELL_POINTS_MAX];
    size_t count;
};

/* --- the cars that are known --- */

static struct held **head_of(struct cars *cars, const char *device_id)
{
    uint32_t hash = 2166136261U;
    for (const char *at = device_id; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 16777619U;
    }
    return &cars->heads[(hash ^ hash >> 16U) % HEADS];
}

/* Made at the first time; as many as there are cars in the registry at most. */
static struct held *hold(struct cars *cars, const struct gw_teller *teller, uint64_t conn)
{
    struct held **head = head_of(cars, teller->device_id);
    struct held *held = *head;
    while (held != NULL && strcmp(held->device_id, teller->device_id) != 0) {
        held = held->next;
    }
    if (held == NULL) {
        held = calloc(1, sizeof *held);
        if (held == NULL) {
            abort();
        }
        (void)snprintf(held->device_id, sizeof held->device_id, "%s", teller->device_id);
        held->next = *head;
        *head = held;
    }
    (void)snprintf(held->responder_id, sizeof held->responder_id, "%s", teller->responder_id);
    held->conn = conn;
    return held;
}

struct cars *cars_new(struct gw_devices *devices)
{
    struct cars *cars = calloc(1, sizeof *cars);
    if (cars == NULL) {
        abort();
    }
    cars->devices = devices;
    return cars;
}

void cars_free(struct cars *cars)
{
    for (size_t i = 0; cars != NULL && i < HEADS; i++) {
        while (cars->heads[i] != NULL) {
            struct held *held = cars->heads[i];
            cars->heads[i] = held->next;
            free(held);
        }
    }
    free(cars);
}

/* --- answers --- */

static void send_body(struct door_conn *conn, const struct jt808_header *like, uint16_t id,
                      struct gx_view body)
{
    uint8_t wire[JT808_WIRE_MAX];
    struct car *car = door_state(conn);
    struct jt808_header header = *like;
    header.id = id;
    header.serial = car->serial++;
    header.parted = false;
    size_t size = jt808_frame_write(&header, body, wire);
    door_send(conn, (struct gx_view){wire, size});
}

static void acknowledge(struct door_conn *conn, const struct jt808_header *of,
                        enum jt808_result result)
{
    uint8_t body[5];
    size_t size = jt808_ack_write(of, result, body);
    send_body(conn, of, JT808_PLATFORM_ACK, (struct gx_view){body, size});
}

static void refuse(struct door_conn *conn, const struct jt808_header *of, enum outcome why,
                   enum jt808_result result)
{
    door_count(conn, why);
    acknowledge(conn, of, result);
}

/* --- who it is --- */

static bool find(struct door_conn *conn, const struct jt808_header *header,
                 struct gw_device *ret_device)
{
    char phone[JT808_PHONE_SIZE];
    const struct cars *cars = door_self(conn);
    jt808_phone_text(header, phone);
    return gw_devices_find(cars->devices, GENXI__DEVICE_KIND__DEVICE_KIND_CAR, phone, ret_device);
}

static void on_register(struct door_conn *conn, const struct jt808_frame *frame)
{
    struct jt808_register reg;
    struct gw_device device;
    uint8_t body[3 + JT808_CODE_MAX];
    enum jt808_register_result result = JT808_REGISTERED;
    if (jt808_register_read(frame, &reg) != 0) {
        refuse(conn, &frame->header, BAD_BODY, JT808_WRONG);
        return;
    }
    if (!find(conn, &frame->header, &device) || !gw_device_proves(&device, device.secret)) {
        door_count(conn, UNKNOWN_DEVICE);
        result = JT808_TERMINAL_UNKNOWN;
    } else {
        door_count(conn, ANSWERED);
    }
    size_t size = jt808_register_ack_write(&frame->header, result,
                                           result == JT808_REGISTERED ? device.secret : "", body);
    send_body(conn, &frame->header, JT808_REGISTER_ACK, (struct gx_view){body, size});
}

static void on_auth(struct door_conn *conn, const struct jt808_frame *frame)
{
    struct car *car = door_state(conn);
    struct jt808_auth auth;
    struct gw_device device;
    if (jt808_auth_read(frame, &auth) != 0) {
        refuse(conn, &frame->header, BAD_BODY, JT808_WRONG);
        return;
    }
    bool found = find(conn, &frame->header, &device);
    if (!found || !gw_device_proves(&device, auth.code)) {
        refuse(conn, &frame->header, found ? WRONG_CODE : UNKNOWN_DEVICE, JT808_FAILED);
        if (++car->wrong_codes == WRONG_CODES_MAX) {
            door_close(conn);
        }
        return;
    }
    gw_teller_of(&device, "patrol", &car->teller);
    car->held = hold(door_self(conn), &car->teller, door_id(conn));
    door_count(conn, ANSWERED);
    acknowledge(conn, &frame->header, JT808_DONE);
}

/* Has this connection proved itself, and does the frame come from the same terminal? */
static bool is_admitted(struct door_conn *conn, const struct jt808_header *header)
{
    const struct car *car = door_state(conn);
    char phone[JT808_PHONE_SIZE];
    jt808_phone_text(header, phone);
    return car->held != NULL && strcmp(phone, car->teller.code) == 0;
}

/* --- where it is --- */

static void add_point(void *arg, const struct jt808_location *location)
{
    struct points *points = arg;
    if (points->count < GW_TELL_POINTS_MAX) {
        points->items[points->count++] = location->point;
    }
}

static void answered(struct doors *doors, struct door_conn *conn, const struct door_answer *answer)
{
    struct gw_tell *tell = NULL;
    (void)doors;
    (void)conn;
    memcpy(&tell, answer->keep, sizeof tell);
    gw_tell_answered(tell, answer->rc, answer->body);
}

static bool send_command(void *arg, struct gw_tell *tell, const struct gw_tell_ask *ask)
{
    const struct telling *telling = arg;
    const struct door_ask wish = {.command = ask->command,
                                  .request = ask->request,
                                  .actor = ask->actor,
                                  .key = ask->key,
                                  .done = answered,
                                  .keep = &tell,
                                  .keep_size = sizeof tell};
    return door_ask(telling->doors, door_find(telling->doors, telling->conn), &wish);
}

static void told(void *arg, const struct gw_told *what)
{
    struct telling *telling = arg;
    struct door_conn *conn = door_find(telling->doors, telling->conn);
    bool good = what->rc == GX_OK;
    press_settle(&telling->held->press, &telling->press, good || what->pressed);
    if (conn != NULL) {
        door_count(conn, good ? TAKEN : FAILED);
        acknowledge(conn, &telling->of, good ? JT808_DONE : JT808_FAILED);
    }
    free(telling);
}

static void tell(struct door_conn *conn, const struct jt808_header *of,
                 const struct gw_point *points, size_t count)
{
    struct car *car = door_state(conn);
    struct telling *telling = calloc(1, sizeof *telling);
    if (telling == NULL) {
        abort();
    }
    telling->doors = door_of(conn);
    telling->conn = door_id(conn);
    telling->held = car->held;
    telling->of = *of;
    press_look(&car->held->press, points, count, gx_clock_wall_ms(), &telling->press);
    const struct gw_tell_way way = {.send = send_command, .done = told, .arg = telling};
    const struct press_outcome press = telling->press; /* the telling may end within gw_tell() */
    gw_tell(&way, &car->teller, points, count, press.pressed ? &press.press : NULL);
}

static void on_location(struct door_conn *conn, const struct jt808_frame *frame)
{
    struct jt808_location location;
    if (jt808_location_read(frame->body, &location) != 0) {
        refuse(conn, &frame->header, BAD_BODY, JT808_WRONG);
        return;
    }
    tell(conn, &frame->header, &location.point, 1);
}

static void on_batch(struct door_conn *conn, const struct jt808_frame *frame)
{
    struct points points;
    struct jt808_batch batch;
    points.count = 0;
    if (jt808_batch_read(frame->body, add_point, &points, &batch) != 0 || batch.read == 0) {
        refuse(conn, &frame->header, BAD_BODY, JT808_WRONG);
        return;
    }
    tell(conn, &frame->header, points.items, points.count);
}

/* --- frames --- */

static void on_log_out(struct door_conn *conn, const struct jt808_frame *frame)
{
    struct car *car = door_state(conn);
    if (car->held->conn == door_id(conn)) {
        car->held->conn = 0;
    }
    car->held = NULL;
    door_count(conn, ANSWERED);
    acknowledge(conn, &frame->header, JT808_DONE);
}

static void dispatch(struct door_conn *conn, const struct jt808_frame *frame)
{
    switch (frame->header.id) {
    case JT808_HEARTBEAT:
        door_count(conn, ANSWERED);
        acknowledge(conn, &frame->header, JT808_DONE);
        break;
    case JT808_LOG_OUT:
        on_log_out(conn, frame);
        break;
    case JT808_LOCATION:
        on_location(conn, frame);
        break;
    case JT808_BATCH:
        on_batch(conn, frame);
        break;
    case JT808_TERMINAL_ACK:
        door_count(conn, ANSWERED);
        break;
    default: /* makers have many of their own: said to be unknown, no reason to part */
        refuse(conn, &frame->header, UNSUPPORTED, JT808_UNSUPPORTED);
        break;
    }
}

/* True: the frame's message is whole, and its body stands in the frame. */
static bool gather(struct door_conn *conn, struct jt808_frame *frame)
{
    struct car *car = door_state(conn);
    int64_t now_ms = gx_clock_mono_us() / 1000;
    if (car->parts == NULL) {
        car->parts = jt808_parts_new();
    }
    enum jt808_part part = jt808_parts_add(car->parts, frame, now_ms, &frame->body);
    for (size_t lost = jt808_parts_lost(car->parts, now_ms); lost > 0; lost--) {
        door_count(conn, PARTS_LOST);
    }
    if (part == JT808_PART_KEPT) {
        door_count(conn, PART);
        acknowledge(conn, &frame->header, JT808_DONE);
    } else if (part == JT808_PART_BAD) {
        refuse(conn, &frame->header, BAD_BODY, JT808_WRONG);
    }
    return part == JT808_PART_WHOLE;
}

static void take(struct door_conn *conn, struct jt808_frame *frame)
{
    struct car *car = door_state(conn);
    car->header = frame->header;
    if (frame->header.encryption != 0) {
        refuse(conn, &frame->header, ENCRYPTED, JT808_UNSUPPORTED);
    } else if (frame->header.id == JT808_REGISTER && !frame->header.parted) {
        on_register(conn, frame);
    } else if (frame->header.id == JT808_AUTH && !frame->header.parted) {
        on_auth(conn, frame);
    } else if (!is_admitted(conn, &frame->header)) {
        refuse(conn, &frame->header, NOT_ADMITTED, JT808_FAILED);
    } else if (!frame->header.parted || gather(conn, frame)) {
        dispatch(conn, frame);
    }
}

static bool cut(struct gx_view bytes, struct gx_view *ret_frame)
{
    jt808_frame_cut(bytes, ret_frame);
    return true;
}

static void on_frame(struct door_conn *conn, struct gx_view wire)
{
    uint8_t room[JT808_PLAIN_MAX];
    struct jt808_frame frame;
    switch (jt808_frame_read(wire, room, &frame)) {
    case JT808_GOOD:
        take(conn, &frame);
        break;
    case JT808_BAD_CHECK:
        door_count(conn, BAD_CHECK);
        break;
    case JT808_BAD_FORM:
        door_count(conn, BAD_FORM);
        break;
    case JT808_BAD_LENGTH:
        refuse(conn, &frame.header, BAD_LENGTH, JT808_WRONG);
        break;
    }
}

static void gone(struct door_conn *conn)
{
    struct car *car = door_state(conn);
    if (car->held != NULL && car->held->conn == door_id(conn)) {
        car->held->conn = 0;
    }
    jt808_parts_free(car->parts);
}

const struct door_protocol CARS_PROTOCOL = {.name = "jt808",
                                            .outcomes = OUTCOME_NAMES,
                                            .outcome_count = OUTCOMES,
                                            .frame_max = JT808_WIRE_MAX,
                                            .state_size = sizeof(struct car),
                                            .cut = cut,
                                            .frame = on_frame,
                                            .gone = gone};

/* --- down to the car --- */

/* An offer on its way into the doors' thread. */
struct offer {
    struct cars *cars;
    char responder_id[GX_ID_SIZE];
    int64_t expires_at;
    bool urgent;
    char text[JT808_BODY_MAX];
};

/* Connections of the responder's cars; one responder may drive with two terminals. */
static void send_offer(struct doors *doors, void *arg)
{
    struct offer *offer = arg;
    for (size_t i = 0; i < HEADS && offer->expires_at > gx_clock_wall_ms(); i++) {
        for (const struct held *held = offer->cars->heads[i]; held != NULL; held = held->next) {
            struct door_conn *conn = gx_text_is(held->responder_id, offer->responder_id)
                                         ? door_find(doors, held->conn)
                                         : NULL;
            if (conn == NULL) {
                continue;
            }
            uint8_t body[JT808_BODY_MAX];
            const struct car *car = door_state(conn);
            size_t size = jt808_text_body(car->header.is_2019, offer->urgent, offer->text, body);
            send_body(conn, &car->header, JT808_TEXT, (struct gx_view){body, size});
            door_count(conn, TEXT_SENT);
        }
    }
    free(offer);
}

void cars_offer(struct doors *doors, struct cars *cars, const Genxi__Offer *offer)
{
    struct offer *news = calloc(1, sizeof *news);
    if (news == NULL) {
        abort();
    }
    news->cars = cars;
    (void)snprintf(news->responder_id, sizeof news->responder_id, "%s", offer->responder_id);
    news->expires_at = offer->expires_at;
    news->urgent = offer->grade <= URGENT_GRADE;
    (void)snprintf(news->text, sizeof news->text, "新任务 %s%s %s%s%s,约%" PRIu32 "分钟车程,请签收",
                   offer->exercise ? "[演练] " : "", offer->number, offer->type,
                   offer->address == NULL ? "" : ",", offer->address == NULL ? "" : offer->address,
                   offer->travel_seconds / 60 + 1);
    if (!doors_post(doors, send_offer, news)) {
        free(news);
    }
}
