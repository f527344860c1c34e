/* SPDX-License-Identifier: Apache-2.0 */
/* JT/T 808: recorded frames of real terminals, what two independent decoders made of them, and what is broken in its own way. */
#include "check.h"

#include "doors/jt808/frame.h"
#include "doors/jt808/message.h"
#include "doors/jt808/parts.h"
#include "doors/jt808/press.h"
#include "doors/jt808/text.h"

#include "base/clock.h"
#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum {
    BYTES_MAX = 4096
};

static const double KNOT_MPS = 1852.0 / 3600.0;
static uint8_t room[JT808_PLAIN_MAX];

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int64_t int_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static json_t *load(const char *name)
{
    const char *path = shared_file(name);
    json_t *root = path == NULL ? NULL : json_load_file(path, 0, NULL);
    if (path != NULL) {
        assert_true(json_array_size(json_object_get(root, "cases")) > 0);
    }
    return root;
}

static size_t from_hex(const char *hex, uint8_t bytes[BYTES_MAX])
{
    size_t size = strlen(hex) / 2;
    assert_true(size <= BYTES_MAX);
    assert_int_equal(gx_hex_decode(hex, bytes, size), 0);
    return size;
}

/* What comes first in these bytes. */
static enum jt808_read first(const uint8_t *bytes, size_t size, struct jt808_frame *frame)
{
    struct gx_view wire;
    jt808_frame_cut((struct gx_view){bytes, size}, &wire);
    return jt808_frame_read(wire, room, frame);
}

/* The frame arrives byte by byte: nothing before its last byte, then all of it. */
static enum jt808_read read_slowly(const uint8_t *bytes, size_t size, struct jt808_frame *frame)
{
    struct gx_view wire = {NULL, 0};
    for (size_t i = 0; i < size && wire.size == 0; i++) {
        jt808_frame_cut((struct gx_view){bytes, i + 1}, &wire);
        assert_true(wire.data >= bytes && wire.data + wire.size <= bytes + i + 1);
    }
    assert_true(wire.size > 0);
    return jt808_frame_read(wire, room, frame);
}

static void check_header(const char *id, const json_t *wanted, const struct jt808_header *header)
{
    char hex[8];
    (void)snprintf(hex, sizeof hex, "0x%04x", header->id);
    if (strcmp(hex, text_of(wanted, "msg_id")) != 0) {
        fail_msg("%s: id %s", id, hex);
    }
    assert_int_equal(header->serial, int_of(wanted, "serial"));
    assert_int_equal(header->is_2019, json_is_true(json_object_get(wanted, "v2019")));
    assert_int_equal(header->parted, json_is_true(json_object_get(wanted, "subpackaged")));
    assert_int_equal(header->encryption, int_of(wanted, "encrypt"));
    if (header->parted) {
        assert_int_equal(header->total, int_of(wanted, "packet_total"));
        assert_int_equal(header->number, int_of(wanted, "packet_no"));
    }
}

static void check_place(const char *id, const json_t *wanted, const struct gw_point *point)
{
    int64_t at = 0;
    if (fabs(point->place.lat - json_number_value(json_object_get(wanted, "latitude"))) > 1e-9 ||
        fabs(point->place.lon - json_number_value(json_object_get(wanted, "longitude"))) > 1e-9) {
        fail_msg("%s: %.7f %.7f", id, point->place.lon, point->place.lat);
    }
    if (gx_time_parse(text_of(wanted, "fixTimeUtc"), &at) == 0 && point->at != 0) {
        assert_int_equal(point->at, at);
    }
    if (fabs(point->speed_mps -
             json_number_value(json_object_get(wanted, "speed_knots")) * KNOT_MPS) > 0.01) {
        fail_msg("%s: speed %.3f m/s", id, point->speed_mps);
    }
}

/* Places of a batch, one after the other against the list. */
struct following {
    const char *id;
    const json_t *positions;
    size_t next;
};

static void follow(void *arg, const struct jt808_location *location)
{
    struct following *following = arg;
    const json_t *wanted = json_array_get(following->positions, following->next++);
    if (wanted != NULL && json_object_get(wanted, "latitude") != NULL) {
        check_place(following->id, wanted, &location->point);
    }
}

/* Our answer holds what another server's does, but for the serial of its header, which is its own affair. */
static void check_reply(const char *id, const json_t *replies, const struct jt808_header *of,
                        const uint8_t *body, size_t size)
{
    uint8_t wanted[BYTES_MAX];
    if (json_array_size(replies) == 0) {
        return;
    }
    size_t bytes = from_hex(json_string_value(json_array_get(replies, 0)), wanted);
    size_t head = of->is_2019 ? 1 + 17 : 1 + 12;
    if (bytes != head + size + 2 || memcmp(wanted + head, body, size) != 0) {
        fail_msg("%s: another answer", id);
    }
}

static void check_body(const char *id, const json_t *output, const struct jt808_frame *frame)
{
    const json_t *positions = json_object_get(output, "positions");
    const json_t *replies = json_object_get(output, "replies_unescaped_hex");
    uint8_t body[5];
    size_t size = jt808_ack_write(&frame->header, JT808_DONE, body);
    struct following following = {.id = id, .positions = positions};
    struct jt808_location location;
    struct jt808_batch batch;
    switch (frame->header.id) {
    case JT808_LOCATION:
        assert_int_equal(jt808_location_read(frame->body, &location), 0);
        follow(&following, &location);
        check_reply(id, replies, &frame->header, body, size);
        break;
    case JT808_BATCH:
        assert_int_equal(jt808_batch_read(frame->body, follow, &following, &batch), 0);
        assert_int_equal(batch.read, json_array_size(positions));
        check_reply(id, replies, &frame->header, body, size);
        break;
    case JT808_HEARTBEAT:
    case JT808_AUTH:
        check_reply(id, replies, &frame->header, body, size);
        break;
    default:
        break;
    }
}

static void check_frames(const char *file)
{
    json_t *root = load(file);
    const json_t *one = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, one)
    {
        uint8_t bytes[BYTES_MAX];
        struct jt808_frame frame;
        const char *id = text_of(one, "id");
        const json_t *header = json_object_get(one, "header");
        size_t size = from_hex(text_of(one, "wire_hex"), bytes);
        enum jt808_read read = read_slowly(bytes, size, &frame);
        bool whole = int_of(header, "body_len_field") == int_of(header, "body_len_actual");
        bool sound = json_is_true(json_object_get(header, "checksum_ok"));
        if (!sound) {
            assert_true(read == JT808_BAD_CHECK || read == JT808_BAD_FORM);
        } else if (!whole) {
            assert_true(read == JT808_BAD_LENGTH || read == JT808_BAD_FORM);
        } else if (read != JT808_GOOD) {
            fail_msg("%s: read gives %d", id, (int)read);
        } else {
            check_header(id, header, &frame.header);
            check_body(id, json_object_get(one, "traccar_output"), &frame);
        }
    }
    json_decref(root);
}

static void test_recorded_frames_read_as_other_decoders_do(void **state)
{
    (void)state;
    check_frames("vectors/jt808/traccar_frames.json");
    check_frames("vectors/jt808/smallchi_frames.json");
    check_frames("vectors/jt808/vendor_frames.json");
}

static void check_candidate(const json_t *one, const struct jt808_header *header)
{
    const json_t *output = json_object_get(one, "traccar_output");
    const char *wanted =
        json_string_value(json_array_get(json_object_get(output, "device_id_candidates"), 0));
    char phone[JT808_PHONE_SIZE];
    jt808_phone_text(header, phone);
    if (wanted != NULL && wanted[0] != '0' && strcmp(wanted, phone) != 0) {
        fail_msg("%s: phone %s, not %s", text_of(one, "id"), phone, wanted);
    }
}

static void test_terminals_are_named_as_another_server_does(void **state)
{
    (void)state;
    json_t *root = load("vectors/jt808/traccar_frames.json");
    const json_t *one = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, one)
    {
        uint8_t bytes[BYTES_MAX];
        struct jt808_frame frame;
        size_t size = from_hex(text_of(one, "wire_hex"), bytes);
        if (first(bytes, size, &frame) == JT808_GOOD) {
            check_candidate(one, &frame.header);
        }
    }
    json_decref(root);
}

static void test_fields_of_each_message(void **state)
{
    (void)state;
    json_t *root = load("vectors/jt808/field_by_field.json");
    const json_t *one = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, one)
    {
        uint8_t bytes[BYTES_MAX];
        struct jt808_frame frame;
        struct jt808_register reg;
        struct jt808_auth auth;
        struct jt808_location location;
        const json_t *wanted = json_object_get(one, "expect");
        const char *hex = text_of(one, "wire_hex");
        if (hex == NULL || json_object_get(one, "header") == NULL) {
            continue;
        }
        size_t size = from_hex(hex, bytes);
        if (first(bytes, size, &frame) != JT808_GOOD) {
            assert_false(
                json_is_true(json_object_get(json_object_get(one, "header"), "checksum_ok")));
            continue;
        }
        if (frame.header.id == JT808_REGISTER) {
            assert_int_equal(jt808_register_read(&frame, &reg), 0);
            assert_int_equal(reg.province, int_of(wanted, "province"));
            assert_int_equal(reg.city, int_of(wanted, "city"));
            assert_string_equal(reg.maker, text_of(wanted, "maker"));
            assert_string_equal(reg.model, text_of(wanted, "model"));
            assert_string_equal(reg.terminal, text_of(wanted, "terminal_id"));
            assert_string_equal(reg.plate, text_of(wanted, "plate_gbk"));
        } else if (frame.header.id == JT808_AUTH) {
            assert_int_equal(jt808_auth_read(&frame, &auth), 0);
            assert_string_equal(auth.code, text_of(wanted, "auth_code"));
        } else if (frame.header.id == JT808_LOCATION) {
            assert_int_equal(jt808_location_read(frame.body, &location), 0);
            assert_int_equal(location.alarm, int_of(wanted, "alarm_flag"));
            assert_int_equal(location.status, int_of(wanted, "status_flag"));
            assert_true(fabs(location.point.place.lat * 1e6 - (double)int_of(wanted, "lat_1e6")) <
                        0.5);
            assert_true(fabs(location.point.place.lon * 1e6 - (double)int_of(wanted, "lng_1e6")) <
                        0.5);
            assert_int_equal(location.mileage_100m, int_of(wanted, "mileage_0.1km"));
            assert_int_equal(location.fuel_dl, int_of(wanted, "fuel_0.1L"));
            assert_int_equal(location.point.sos, (int_of(wanted, "alarm_flag") & 1) != 0);
        } else if (frame.header.id == JT808_REGISTER_ACK) {
            uint8_t body[3 + JT808_CODE_MAX];
            struct jt808_header of = {.serial = (uint16_t)int_of(wanted, "ack_serial")};
            size_t made =
                jt808_register_ack_write(&of, JT808_REGISTERED, text_of(wanted, "auth_code"), body);
            assert_int_equal(made, frame.body.size);
            assert_memory_equal(body, frame.body.data, made);
        }
    }
    json_decref(root);
}

static void test_what_is_read_is_written_the_same(void **state)
{
    (void)state;
    json_t *root = load("vectors/jt808/traccar_frames.json");
    const json_t *one = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, one)
    {
        uint8_t bytes[BYTES_MAX];
        uint8_t again[JT808_WIRE_MAX];
        struct jt808_frame frame;
        size_t size = from_hex(text_of(one, "wire_hex"), bytes);
        if (first(bytes, size, &frame) != JT808_GOOD || frame.header.encryption != 0) {
            continue;
        }
        assert_int_equal(jt808_frame_write(&frame.header, frame.body, again), size);
        assert_memory_equal(again, bytes, size);
    }
    json_decref(root);
}

static size_t make(uint16_t id, uint16_t serial, const void *body, size_t size,
                   uint8_t wire[JT808_WIRE_MAX])
{
    const struct jt808_header header = {
        .id = id, .serial = serial, .phone = {0x01, 0x39, 0x12, 0x34, 0x7e, 0x7d}};
    return jt808_frame_write(&header, (struct gx_view){body, size}, wire);
}

/* Serials of the frames in a stream, which comes in two pieces, as the doors' loop takes them. */
static size_t serials_of(const uint8_t *bytes, size_t size, size_t split, uint16_t serials[8])
{
    size_t at = 0;
    size_t count = 0;
    size_t here = split;
    while (count < 8) {
        struct gx_view wire;
        struct jt808_frame frame;
        jt808_frame_cut((struct gx_view){bytes + at, here - at}, &wire);
        at = (size_t)(wire.data - bytes) + wire.size;
        if (wire.size > 0 && jt808_frame_read(wire, room, &frame) == JT808_GOOD) {
            serials[count++] = frame.header.serial;
        } else if (wire.size == 0 && here == size) {
            break;
        } else if (wire.size == 0) {
            here = size;
        }
    }
    assert_true(at == size || bytes[size - 1] != 0x7e);
    return count;
}

static void test_frames_share_their_mark_and_noise_is_passed_over(void **state)
{
    (void)state;
    uint8_t one[JT808_WIRE_MAX];
    uint8_t stream[4 * JT808_WIRE_MAX] = {0xff, 0x00};
    size_t size = 2;
    for (uint16_t serial = 1; serial <= 4; serial++) {
        size_t made = make(JT808_HEARTBEAT, serial, "", 0, one);
        size -= serial == 2 || serial == 4 ? 1 : 0; /* the closing 7E of the one before begins it */
        memcpy(stream + size, one, made);
        size += made;
    }
    for (size_t split = 0; split <= size; split++) {
        uint16_t serials[8];
        assert_int_equal(serials_of(stream, size, split, serials), 4);
        for (uint16_t i = 0; i < 4; i++) {
            assert_int_equal(serials[i], i + 1);
        }
    }
}

static void test_broken_frames_are_dropped_by_kind(void **state)
{
    (void)state;
    uint8_t wire[JT808_WIRE_MAX + 16];
    struct jt808_frame frame;
    size_t size = make(JT808_HEARTBEAT, 7, "x", 1, wire);
    wire[size - 3] ^= 0x10;
    assert_int_equal(first(wire, size, &frame), JT808_BAD_CHECK);
    static const uint8_t ESCAPE[] = {0x7e, 0x00, 0x7d, 0x03, 0x7e};
    assert_int_equal(first(ESCAPE, 5, &frame), JT808_BAD_FORM);
    static const uint8_t CUT_ESCAPE[] = {0x7e, 0x00, 0x7d, 0x7e};
    assert_int_equal(first(CUT_ESCAPE, 4, &frame), JT808_BAD_FORM);
    static const uint8_t SHORT[] = {0x7e, 0x00, 0x02, 0x02, 0x7e};
    assert_int_equal(first(SHORT, 5, &frame), JT808_BAD_FORM);
    static uint8_t endless[JT808_WIRE_MAX];
    endless[0] = 0x7e;
    endless[sizeof endless - 1] = 0x7e;
    assert_int_equal(first(endless, sizeof endless, &frame), JT808_BAD_FORM);
}

static struct jt808_frame part(uint16_t total, uint16_t number, uint16_t serial, const char *text)
{
    return (struct jt808_frame){.header = {.id = JT808_BATCH,
                                           .serial = serial,
                                           .parted = true,
                                           .total = total,
                                           .number = number},
                                .body = {(const uint8_t *)text, strlen(text)}};
}

static void test_parts_in_any_order_become_one(void **state)
{
    (void)state;
    struct jt808_parts *parts = jt808_parts_new();
    struct gx_view body = {NULL, 0};
    struct jt808_frame third = part(3, 3, 0x0001, "cc");
    struct jt808_frame first = part(3, 1, 0xffff, "aa"); /* serials go round */
    struct jt808_frame second = part(3, 2, 0x0000, "bb");
    assert_int_equal(jt808_parts_add(parts, &third, 10, &body), JT808_PART_KEPT);
    assert_int_equal(jt808_parts_add(parts, &first, 20, &body), JT808_PART_KEPT);
    assert_int_equal(jt808_parts_add(parts, &first, 20, &body), JT808_PART_KEPT);
    assert_int_equal(jt808_parts_add(parts, &second, 30, &body), JT808_PART_WHOLE);
    assert_int_equal(body.size, 6);
    assert_memory_equal(body.data, "aabbcc", 6);
    assert_int_equal(jt808_parts_lost(parts, 40), 0);
    jt808_parts_free(parts);
}

static void test_parts_that_never_come_are_given_up(void **state)
{
    (void)state;
    struct jt808_parts *parts = jt808_parts_new();
    struct gx_view body = {NULL, 0};
    struct jt808_frame first = part(2, 1, 5, "aa");
    struct jt808_frame second = part(2, 2, 6, "bb");
    assert_int_equal(jt808_parts_add(parts, &first, 0, &body), JT808_PART_KEPT);
    assert_int_equal(jt808_parts_add(parts, &second, JT808_PARTS_WAIT_MS + 1, &body),
                     JT808_PART_KEPT);
    assert_int_equal(jt808_parts_lost(parts, JT808_PARTS_WAIT_MS + 2), 1);
    struct jt808_frame none = part(2, 3, 9, "x");
    struct jt808_frame many = part(JT808_PARTS_MAX + 1, 1, 9, "x");
    struct jt808_frame other = part(3, 1, 5, "x"); /* as if of the second's message, but of three */
    assert_int_equal(jt808_parts_add(parts, &none, 0, &body), JT808_PART_BAD);
    assert_int_equal(jt808_parts_add(parts, &many, 0, &body), JT808_PART_BAD);
    assert_int_equal(jt808_parts_add(parts, &other, JT808_PARTS_WAIT_MS + 3, &body),
                     JT808_PART_BAD);
    for (uint16_t i = 0; i < 5; i++) {
        struct jt808_frame fresh = part(2, 1, (uint16_t)(100 + 10 * i), "x");
        assert_int_equal(jt808_parts_add(parts, &fresh, JT808_PARTS_WAIT_MS + 10 + i, &body),
                         JT808_PART_KEPT);
    }
    assert_int_equal(jt808_parts_lost(parts, JT808_PARTS_WAIT_MS + 20), 4);
    jt808_parts_free(parts);
}

static void test_text_goes_to_gbk_and_back(void **state)
{
    (void)state;
    uint8_t gbk[16];
    char text[64];
    size_t size = jt808_text_write("滇A", gbk, sizeof gbk);
    assert_int_equal(size, 3);
    assert_memory_equal(gbk,
                        "\xb5\xe1"
                        "A",
                        3);
    jt808_text_read((struct gx_view){gbk, size}, text, sizeof text);
    assert_string_equal(text, "滇A");
    size = jt808_text_write("🚓去", gbk, sizeof gbk);
    assert_int_equal(size, 3);
    assert_int_equal(gbk[0], '?');
    assert_int_equal(jt808_text_write("去去去", gbk, 5), 4);
    jt808_text_read((struct gx_view){(const uint8_t *)"ab\xff\0\0", 5}, text, sizeof text);
    assert_string_equal(text, "ab?");
    jt808_text_read((struct gx_view){(const uint8_t *)"去去", 0}, text, sizeof text);
    assert_string_equal(text, "");
}

static void test_text_down_has_its_flags(void **state)
{
    (void)state;
    uint8_t body[JT808_BODY_MAX];
    assert_int_equal(jt808_text_body(false, true, "go", body), 3);
    assert_memory_equal(body, "\x0dgo", 3);
    assert_int_equal(jt808_text_body(true, false, "go", body), 4);
    assert_memory_equal(body, "\x0c\x01go", 4);
    static char much[3 * JT808_BODY_MAX];
    memset(much, 'x', sizeof much - 1);
    assert_int_equal(jt808_text_body(false, false, much, body), JT808_BODY_MAX);
}

static void test_locations_by_hand(void **state)
{
    (void)state;
    struct jt808_location location;
    uint8_t body[64] = {0};
    body[3] = 1; /* SOS */
    body[7] = JT808_STATUS_FIX | JT808_STATUS_SOUTH | JT808_STATUS_WEST;
    body[11] = 100; /* 0.0001 degrees */
    body[15] = 200;
    memcpy(body + 22, "\x24\x02\x29\x07\x59\x60", 6); /* a leap day, a leap second */
    assert_int_equal(jt808_location_read((struct gx_view){body, 27}, &location), -1);
    assert_int_equal(jt808_location_read((struct gx_view){body, 28}, &location), 0);
    assert_true(location.point.sos && location.point.valid);
    assert_true(location.point.place.lat < 0 && location.point.place.lon < 0);
    int64_t at = 0;
    assert_int_equal(gx_time_parse("2024-02-29T00:00:00Z", &at), 0);
    assert_int_equal(location.point.at, at);
    memcpy(body + 22, "\x24\x13\x29\x07\x59\x59", 6);
    assert_int_equal(jt808_location_read((struct gx_view){body, 28}, &location), 0);
    assert_int_equal(location.point.at, 0);
    body[28] = JT808_ITEM_MILEAGE;
    body[29] = 40; /* longer than what is left */
    assert_int_equal(jt808_location_read((struct gx_view){body, 40}, &location), 0);
    assert_false(location.has_mileage);
    memset(body + 8, 0xff, 8);
    assert_int_equal(jt808_location_read((struct gx_view){body, 28}, &location), 0);
    assert_false(location.point.has_place);
}

static struct gw_point pressed_at(int64_t at, bool sos)
{
    return (struct gw_point){.sos = sos, .at = at};
}

static void test_a_press_is_the_rising_edge_and_keeps_its_time_until_it_is_taken(void **state)
{
    (void)state;
    struct press_state held = {.on = false};
    struct press_outcome outcome;
    const struct gw_point batch[] = {pressed_at(10, false), pressed_at(20, true),
                                     pressed_at(30, true)};
    press_look(&held, batch, 3, 99, &outcome);
    assert_true(outcome.pressed);
    assert_int_equal(outcome.press.press_at, 20);
    press_settle(&held, &outcome, false); /* nobody took it */
    const struct gw_point again = pressed_at(40, true);
    press_look(&held, &again, 1, 99, &outcome);
    assert_true(outcome.pressed);
    assert_int_equal(outcome.press.press_at, 20); /* the same press */
    press_settle(&held, &outcome, true);
    press_look(&held, &again, 1, 99, &outcome);
    assert_false(outcome.pressed); /* the bit stands until the terminal heard that */
    press_settle(&held, &outcome, true);
    const struct gw_point released[] = {pressed_at(50, false), pressed_at(0, true)};
    press_look(&held, released, 2, 99, &outcome);
    assert_true(outcome.pressed);
    assert_int_equal(outcome.press.press_at, 99); /* no time of its own: now */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_frames_read_as_other_decoders_do),
        cmocka_unit_test(test_terminals_are_named_as_another_server_does),
        cmocka_unit_test(test_fields_of_each_message),
        cmocka_unit_test(test_what_is_read_is_written_the_same),
        cmocka_unit_test(test_frames_share_their_mark_and_noise_is_passed_over),
        cmocka_unit_test(test_broken_frames_are_dropped_by_kind),
        cmocka_unit_test(test_parts_in_any_order_become_one),
        cmocka_unit_test(test_parts_that_never_come_are_given_up),
        cmocka_unit_test(test_text_goes_to_gbk_and_back),
        cmocka_unit_test(test_text_down_has_its_flags),
        cmocka_unit_test(test_locations_by_hand),
        cmocka_unit_test(test_a_press_is_the_rising_edge_and_keeps_its_time_until_it_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
