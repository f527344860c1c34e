/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of SIA DC-09: cut from a stream at any place, read, opened, answered; and the frames that others published (GENXI_SHARED). */
#include "check.h"

#include "doors/dc09/frame.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gx_view view_of(const char *text)
{
    return (struct gx_view){(const uint8_t *)text, strlen(text)};
}

static bool is(struct gx_view view, const char *text)
{
    return view.size == strlen(text) && memcmp(view.data, text, view.size) == 0;
}

/* A frame around a body, with the right sums. */
static struct gx_view made(const char *body)
{
    static char text[DC09_FRAME_MAX + 1];
    int size = snprintf(text, sizeof text, "\n%04X0%03zX%s\r", (unsigned)dc09_crc(view_of(body)),
                        strlen(body), body);
    return (struct gx_view){(const uint8_t *)text, (size_t)size};
}

static struct dc09_frame good(const char *body)
{
    struct dc09_frame frame;
    assert_int_equal(dc09_read(made(body), &frame), DC09_GOOD);
    assert_true(frame.length_right);
    return frame;
}

static enum dc09_verdict verdict_of(const char *body)
{
    struct dc09_frame frame;
    return dc09_read(made(body), &frame);
}

static void test_crc_is_arc(void **state)
{
    (void)state;
    assert_int_equal(dc09_crc(view_of("123456789")), 0xBB3D);
    assert_int_equal(dc09_crc(view_of("")), 0);
}

static void test_read_takes_a_frame_apart(void **state)
{
    (void)state;
    struct dc09_frame frame =
        good("\"SIA-DCS\"9999RffFFFFL1234#fEdC01[#FEDC01|NBA1][Iwindow][M01]");
    assert_int_equal(frame.token, DC09_SIA_DCS);
    assert_int_equal(frame.sequence, 9999);
    assert_string_equal(frame.receiver, "FFFFFF");
    assert_string_equal(frame.line, "1234");
    assert_string_equal(frame.account, "FEDC01");
    assert_true(is(frame.data, "NBA1"));
    assert_int_equal(frame.extra_count, 2);
    assert_true(is(frame.extras[0], "Iwindow"));
    assert_false(frame.timed);
    assert_false(frame.encrypted);
}

static void test_read_optional_parts(void **state)
{
    (void)state;
    assert_int_equal(good("\"NULL\"0000L0#123[]").token, DC09_NULL);
    assert_string_equal(good("\"NULL\"0000#123[]").line, "");
    assert_true(is(good("\"ADM-CID\"0001L0#1002[|1602 00 001]").data, "1602 00 001"));
    assert_string_equal(good("\"ADM-CID\"0001L0#0123456789ABCDEF[]").account, "0123456789ABCDEF");
    assert_int_equal(good("\"FOO\"0001L0#123[]").token, DC09_OTHER);
    assert_int_equal(good("\"ACK\"0001L0#123[]").token, DC09_REPLY);
    struct dc09_frame frame = good("\"NULL\"0000L0#123[]_23:59:59,12-31-2026");
    assert_true(frame.timed);
    assert_int_equal(frame.at_ms, INT64_C(1798761599000));
}

static void test_read_refuses_what_has_not_the_form(void **state)
{
    static const char *const BAD[] = {
        "\"SIA-DCS\"001L0#123[]",
        "\"SIA-DCS\"0001L0#12[]",
        "\"SIA-DCS\"0001L0#0123456789ABCDEF0[]",
        "\"SIA-DCS\"0001L1234567#123[]",
        "\"SIA-DCS\"0001RL0#123[]",
        "\"SIA-DCS\"0001L0#123",
        "\"SIA-DCS\"0001L0#123[",
        "\"SIA-DCS\"0001L0#123[#124|NBA1]",
        "\"SIA-DCS\"0001L0#123[]_25:00:00,01-01-2026",
        "\"SIA-DCS\"0001L0#123[]x",
        "\"SIA-DCS0001L0#123[]",
        "\"*SIA-DCS\"0001L0#123[00]",
        "\"*SIA-DCS\"0001L0#123[",
        "\"SIA-DCS\"0001L0#123[][x",
    };
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        if (verdict_of(BAD[i]) != DC09_BAD_FORM) {
            fail_msg("taken: %s", BAD[i]);
        }
    }
}

static void test_read_any_changed_bit_is_a_bad_sum(void **state)
{
    (void)state;
    struct gx_view frame = made("\"ADM-CID\"0001L0#1002[#1002|1602 00 001]");
    struct dc09_frame read;
    uint8_t copy[128];
    for (size_t i = 9; i + 1 < frame.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(copy, frame.data, frame.size);
            copy[i] ^= (uint8_t)(1U << bit);
            assert_int_not_equal(dc09_read((struct gx_view){copy, frame.size}, &read), DC09_GOOD);
        }
    }
}

static void test_read_wrong_length_is_told_not_refused(void **state)
{
    (void)state;
    struct dc09_frame frame;
    const char text[] = "\nE5D50078\"SIA-DCS\"6002L0#AAA[|Nri1/CL501]_14:12:04,09-25-2019\r";
    assert_int_equal(dc09_read(view_of(text), &frame), DC09_GOOD);
    assert_false(frame.length_right);
}

static void test_raw_sum_is_read_and_answered_in_kind(void **state)
{
    (void)state;
    const char body[] = "\"NULL\"0007L0#123[]";
    uint16_t crc = dc09_crc(view_of(body));
    uint8_t bytes[64] = {'\n', (uint8_t)(crc >> 8), (uint8_t)crc, '0', '0', '1', '2'};
    struct dc09_frame frame;
    struct gx_view cut;
    uint8_t out[DC09_REPLY_MAX];
    memcpy(bytes + 7, body, sizeof body - 1);
    bytes[7 + sizeof body - 1] = '\r';
    struct gx_view whole = {bytes, 7 + sizeof body};
    assert_true(dc09_cut(whole, &cut));
    assert_int_equal(cut.size, whole.size);
    assert_int_equal(dc09_read(cut, &frame), DC09_GOOD);
    assert_true(frame.raw_crc);
    size_t size = dc09_ack(&frame, (struct gx_view){NULL, 0}, 0, out);
    assert_int_equal(dc09_read((struct gx_view){out, size}, &frame), DC09_GOOD);
    assert_true(frame.raw_crc);
    assert_int_equal(frame.token, DC09_REPLY);
}

/* Two frames with junk around them, given in two pieces split at every byte. */
static void test_cut_finds_frames_wherever_the_stream_is_split(void **state)
{
    (void)state;
    char first[128];
    struct gx_view one = made("\"NULL\"0001L0#123[]");
    memcpy(first, one.data, one.size);
    first[one.size] = '\0';
    struct gx_view two = made("\"ADM-CID\"0002L0#123[#123|1130 01 001]");
    char *stream = NULL;
    int total = asprintf(&stream, "xx\n12%sy\n1234567890junk%.*s", first, (int)two.size,
                         (const char *)two.data);
    assert_true(total > 0);
    for (size_t split = 0; split <= (size_t)total; split++) {
        size_t found = 0;
        size_t begin = 0;
        for (size_t end = split; found < 2; end = (size_t)total) {
            struct gx_view frame;
            bool more = false;
            while (!more) {
                bool is_frame = dc09_cut(
                    (struct gx_view){(const uint8_t *)stream + begin, end - begin}, &frame);
                begin = (size_t)((const char *)frame.data - stream) + frame.size;
                more = is_frame && frame.size == 0;
                if (is_frame && frame.size > 0) {
                    struct dc09_frame read;
                    assert_int_equal(dc09_read(frame, &read), DC09_GOOD);
                    assert_int_equal(read.sequence, ++found);
                }
            }
            if (end == (size_t)total) {
                break;
            }
        }
        assert_int_equal(found, 2);
    }
    free(stream);
}

static void test_cut_gives_up_what_never_ends(void **state)
{
    (void)state;
    static uint8_t bytes[DC09_FRAME_MAX + 10];
    struct gx_view frame;
    memset(bytes, 'A', sizeof bytes);
    memcpy(bytes, "\n12340010\"", 10);
    assert_true(dc09_cut((struct gx_view){bytes, DC09_FRAME_MAX - 1}, &frame));
    assert_int_equal(frame.size, 0);
    assert_false(dc09_cut((struct gx_view){bytes, sizeof bytes}, &frame));
    assert_int_equal(frame.size, 1);
}

/* --- keys --- */

static void test_key_forms(void **state)
{
    (void)state;
    uint8_t key[DC09_KEY_MAX];
    assert_int_equal(dc09_key("000102030405060708090a0b0c0d0e0f", key), 16);
    assert_int_equal(key[15], 15);
    assert_int_equal(dc09_key("text:0123456789ABCDEF", key), 16);
    assert_int_equal(key[0], '0');
    assert_int_equal(dc09_key("text:0123456789ABCDEF01234567", key), 24);
    assert_int_equal(dc09_key("", key), 0);
    assert_int_equal(dc09_key("text:short", key), 0);
    assert_int_equal(dc09_key("zz0102030405060708090a0b0c0d0e0f", key), 0);
}

/* What we seal another of us opens: the acknowledgement of an encrypted frame, for each size of key. */
static void test_ack_of_an_encrypted_frame_opens(void **state)
{
    static const char KEY[] = "0123456789ABCDEF0123456789ABCDEF";
    (void)state;
    for (size_t size = 16; size <= 32; size += 8) {
        struct gx_view key = {(const uint8_t *)KEY, size};
        struct dc09_frame asked = {
            .encrypted = true, .sequence = 12, .account = "1234", .line = "0"};
        struct dc09_frame read;
        uint8_t out[DC09_REPLY_MAX];
        uint8_t room[DC09_FRAME_MAX];
        size_t used = dc09_ack(&asked, key, INT64_C(1798761599000), out);
        assert_int_equal(dc09_read((struct gx_view){out, used}, &read), DC09_GOOD);
        assert_int_equal(read.token, DC09_REPLY);
        /* Its token is a reply's: as a panel would, look into it by hand. */
        const uint8_t *open = memchr(out, '[', used);
        assert_non_null(open);
        read.cipher = (struct gx_view){open + 1, used - (size_t)(open - out) - 2};
        assert_int_equal(dc09_open(&read, key, room), DC09_GOOD);
        assert_int_equal(read.at_ms, INT64_C(1798761599000));
        assert_int_equal(read.data.size, 0);
    }
}

static void test_nak_tells_our_time(void **state)
{
    (void)state;
    uint8_t out[DC09_REPLY_MAX];
    struct dc09_frame frame = {.sequence = 5, .account = "1234"};
    size_t size = dc09_nak(&frame, INT64_C(1758730801000), out);
    /* As another project published it. */
    assert_true(
        is((struct gx_view){out, size}, "\nE4410025\"NAK\"0000R0L0A0[]_16:20:01,09-24-2025\r"));
}

/* --- what others published --- */

static json_t *load(const char *name)
{
    const char *shared = getenv("GENXI_SHARED");
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/vectors/dc09/%s", shared == NULL ? "" : shared, name);
    json_t *root = shared == NULL ? NULL : json_load_file(path, 0, NULL);
    if (root == NULL) {
        (void)fprintf(stderr, "SKIPPED: no vectors/dc09/%s (GENXI_SHARED)\n", name);
    }
    return root;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static void expect_frame(const json_t *item, const char *id)
{
    const char *wire = text_of(item, "wire");
    const json_t *facts = json_object_get(item, "frame");
    struct dc09_frame frame;
    struct gx_view cut;
    bool whole = json_is_true(json_object_get(facts, "starts_lf")) &&
                 json_is_true(json_object_get(facts, "ends_cr"));
    bool found = dc09_cut(view_of(wire), &cut) && cut.size > 0;
    if (found != whole) {
        fail_msg("%s: %s", id, found ? "a frame was found" : "no frame was found");
    }
    if (!found) {
        return;
    }
    bool sum = dc09_read(cut, &frame) != DC09_BAD_CRC;
    if (sum != json_is_true(json_object_get(facts, "crc_ok"))) {
        fail_msg("%s: its sum is %s", id, sum ? "right" : "wrong");
    }
    if (sum && frame.length_right != json_is_true(json_object_get(facts, "len_ok"))) {
        fail_msg("%s: its length is %s", id, frame.length_right ? "right" : "wrong");
    }
}

static void test_published_frames(void **state)
{
    (void)state;
    json_t *root = load("published_frames.json");
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(root, "cases"), i, item)
    {
        expect_frame(item, text_of(item, "id"));
    }
    assert_true(root == NULL || i > 0);
    json_decref(root);
}

static void expect_dialler(const json_t *item)
{
    const char *id = text_of(item, "id");
    const json_t *input = json_object_get(item, "input");
    const char *key_text = text_of(item, "key_ascii");
    struct gx_view key = view_of(key_text);
    struct dc09_frame frame;
    uint8_t room[DC09_FRAME_MAX];
    expect_frame(item, id);
    assert_int_equal(dc09_read(view_of(text_of(item, "wire")), &frame), DC09_GOOD);
    assert_int_equal(frame.encrypted, key.size > 0);
    if (frame.encrypted && dc09_open(&frame, key, room) != DC09_GOOD) {
        fail_msg("%s does not open", id);
    }
    assert_int_equal(frame.sequence, json_integer_value(json_object_get(input, "sequence")));
    assert_string_equal(frame.account, text_of(input, "account"));
    assert_int_equal(frame.timed, json_is_string(json_object_get(input, "utc")));
    /* payload_plain is the content up to and with its bracket. */
    const char *payload = text_of(item, "payload_plain");
    char *again = NULL;
    bool named = payload[0] == '#';
    assert_true(asprintf(&again, "%s%s%s%.*s]", named ? "#" : "", named ? frame.account : "",
                         named ? "|" : "", (int)frame.data.size,
                         (const char *)frame.data.data) > 0);
    assert_string_equal(again, payload);
    free(again);
    if (frame.encrypted) {
        struct dc09_frame wrong;
        uint8_t other[DC09_KEY_MAX];
        memcpy(other, key.data, key.size);
        other[0] ^= 1U;
        assert_int_equal(dc09_read(view_of(text_of(item, "wire")), &wrong), DC09_GOOD);
        assert_int_equal(dc09_open(&wrong, (struct gx_view){other, key.size}, room), DC09_BAD_KEY);
    }
    const char *ack = text_of(json_object_get(item, "parsed_by_iobroker_sia"), "ack_wire");
    if (ack[0] != '\0') {
        uint8_t out[DC09_REPLY_MAX];
        size_t size = dc09_ack(&frame, (struct gx_view){NULL, 0}, 0, out);
        assert_true(is((struct gx_view){out, size}, ack));
    }
}

static void test_frames_of_an_independent_dialler(void **state)
{
    (void)state;
    json_t *root = load("dialler_frames.json");
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(root, "cases"), i, item)
    {
        expect_dialler(item);
    }
    assert_true(root == NULL || i > 0);
    json_decref(root);
}

static void test_negatives_have_right_sums_and_reach_the_data(void **state)
{
    (void)state;
    json_t *root = load("negatives.json");
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(root, "cases"), i, item)
    {
        expect_frame(item, text_of(item, "id"));
    }
    assert_true(root == NULL || i > 0);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc_is_arc),
        cmocka_unit_test(test_read_takes_a_frame_apart),
        cmocka_unit_test(test_read_optional_parts),
        cmocka_unit_test(test_read_refuses_what_has_not_the_form),
        cmocka_unit_test(test_read_any_changed_bit_is_a_bad_sum),
        cmocka_unit_test(test_read_wrong_length_is_told_not_refused),
        cmocka_unit_test(test_raw_sum_is_read_and_answered_in_kind),
        cmocka_unit_test(test_cut_finds_frames_wherever_the_stream_is_split),
        cmocka_unit_test(test_cut_gives_up_what_never_ends),
        cmocka_unit_test(test_key_forms),
        cmocka_unit_test(test_ack_of_an_encrypted_frame_opens),
        cmocka_unit_test(test_nak_tells_our_time),
        cmocka_unit_test(test_published_frames),
        cmocka_unit_test(test_frames_of_an_independent_dialler),
        cmocka_unit_test(test_negatives_have_right_sums_and_reach_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
