/* SPDX-License-Identifier: Apache-2.0 */
/* What the door remembers of a panel: which frames are the same, how many it may send, and the copy of devices it looks them up in. */
#include "check.h"

#include "doors/dc09/panels.h"
#include "wire/pb.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const int64_t HOUR = INT64_C(3600000);
/* The begin of an hour, so that tests can stand on either side of it. */
static const int64_t NOW = INT64_C(1795500000000) / INT64_C(3600000) * INT64_C(3600000);

static struct dc09_frame frame_of(uint16_t sequence, const char *data)
{
    return (struct dc09_frame){.token = DC09_ADM_CID,
                               .sequence = sequence,
                               .account = "1234",
                               .data = {(const uint8_t *)data, strlen(data)}};
}

struct keyed {
    char key[DC09_KEY_TEXT];
    bool again;
};

static struct keyed key_of(struct dc09_panel *panel, const struct dc09_frame *frame, int64_t now)
{
    struct keyed keyed;
    dc09_panel_key(panel, frame, now, keyed.key, &keyed.again);
    return keyed;
}

static void test_the_same_frame_has_the_same_key(void **state)
{
    (void)state;
    struct dc09_panel panel = {.id = "p"};
    struct dc09_frame one = frame_of(1, "1130 01 001");
    struct dc09_frame two = frame_of(2, "1130 01 001");
    struct dc09_frame other = frame_of(1, "1130 01 002");
    struct keyed first = key_of(&panel, &one, NOW + 1000);
    assert_false(first.again);
    assert_false(key_of(&panel, &two, NOW + 1000).again);
    struct keyed again = key_of(&panel, &one, NOW + 2000);
    assert_true(again.again);
    assert_string_equal(again.key, first.key);
    assert_string_not_equal(key_of(&panel, &two, NOW).key, first.key);
    assert_string_not_equal(key_of(&panel, &other, NOW).key, first.key);
    struct dc09_panel neighbour = {.id = "q"};
    assert_string_not_equal(key_of(&neighbour, &one, NOW).key, first.key);
}

static void test_restarted_it_gives_the_same_key_within_the_hour(void **state)
{
    (void)state;
    struct dc09_panel before = {.id = "p"};
    struct dc09_panel after = {.id = "p"};
    struct dc09_frame frame = frame_of(1, "1130 01 001");
    struct keyed first = key_of(&before, &frame, NOW + 1000);
    assert_string_equal(key_of(&after, &frame, NOW + HOUR - 1).key, first.key);
    assert_false(key_of(&after, &frame, NOW + 3 * HOUR)
                     .again); /* the sequence has come round: another event */
    assert_string_not_equal(key_of(&after, &frame, NOW + 3 * HOUR).key, first.key);
}

static void test_over_the_hour_a_repeat_is_remembered(void **state)
{
    (void)state;
    struct dc09_panel panel = {.id = "p"};
    struct dc09_frame frame = frame_of(1, "1130 01 001");
    struct keyed first = key_of(&panel, &frame, NOW - 500);
    struct keyed again = key_of(&panel, &frame, NOW + 500);
    assert_true(again.again);
    assert_string_equal(again.key, first.key);
}

static void test_a_timestamp_makes_it_certain(void **state)
{
    (void)state;
    struct dc09_panel before = {.id = "p"};
    struct dc09_panel after = {.id = "p"};
    struct dc09_frame frame = frame_of(1, "1130 01 001");
    frame.timed = true;
    frame.at_ms = NOW;
    struct keyed first = key_of(&before, &frame, NOW);
    assert_string_equal(key_of(&after, &frame, NOW + 5 * HOUR).key, first.key);
    frame.at_ms = NOW + 1000;
    assert_string_not_equal(key_of(&after, &frame, NOW).key, first.key);
}

static void test_order_1_2_1_3_keeps_three(void **state)
{
    (void)state;
    struct dc09_panel panel = {.id = "p"};
    static const uint16_t ORDERS[][4] = {{1, 2, 1, 3}, {9995, 9996, 9995, 9997}};
    for (size_t i = 0; i < 2; i++) {
        size_t fresh = 0;
        for (size_t n = 0; n < 4; n++) {
            struct dc09_frame frame = frame_of(ORDERS[i][n], "1130 01 001");
            fresh += key_of(&panel, &frame, NOW).again ? 0 : 1;
        }
        assert_int_equal(fresh, 3);
    }
}

static void test_a_wild_panel_is_held_back(void **state)
{
    (void)state;
    struct dc09_panel panel = {.id = "p"};
    size_t taken = 0;
    for (int i = 0; i < 1000; i++) {
        taken += dc09_panel_spend(&panel, NOW) ? 1 : 0;
    }
    assert_int_equal(taken, 60);
    assert_true(dc09_panel_spend(&panel, NOW + 500));
    assert_false(dc09_panel_spend(&panel, NOW + 500));
    assert_false(dc09_panel_spend(&panel, NOW)); /* a clock that goes back gives nothing */
    assert_true(dc09_panel_spend(&panel, NOW + 5000));
}

/* --- the copy of devices --- */

#define PANEL "01a20c86-8b8d-7601-b54b-f8af7f1e4a7d"
#define OTHER "01a20c86-8b8d-7601-b54b-f8af7f1e4a7e"

static Genxi__Device device_of(const char *id, const char *code)
{
    Genxi__Device device = GENXI__DEVICE__INIT;
    device.id = gx_pb_text(id);
    device.kind = GENXI__DEVICE_KIND__DEVICE_KIND_PANEL;
    device.code = gx_pb_text(code);
    device.org_id = gx_pb_text(OTHER);
    device.site_id = gx_pb_text(OTHER);
    device.datum = GENXI__DATUM__DATUM_WGS84;
    device.active = true;
    return device;
}

static void heed(struct gw_devices *devices, Genxi__Device *device, const char *sealed, int64_t at,
                 bool removed)
{
    Genxi__DeviceChanged changed = GENXI__DEVICE_CHANGED__INIT;
    changed.device = device;
    changed.sealed_secret = sealed == NULL ? NULL : gx_pb_text(sealed);
    changed.has_removed = removed;
    changed.removed = removed;
    gw_devices_heed(devices, &changed, at);
}

static bool find(struct gw_devices *devices, const char *code, struct gw_device *ret_device)
{
    return gw_devices_find(devices, GENXI__DEVICE_KIND__DEVICE_KIND_PANEL, code, ret_device);
}

static void test_devices_newer_news_win_and_codes_move(void **state)
{
    (void)state;
    const struct gx_seal_key key = {{7}};
    struct gw_devices *devices = gw_devices_new(&key);
    struct gw_device found;
    Genxi__Device device = device_of(PANEL, "1001");
    assert_false(find(devices, "1001", &found));
    heed(devices, &device, NULL, 10, false);
    assert_true(find(devices, "1001", &found));
    assert_string_equal(found.id, PANEL);
    assert_false(gw_devices_find(devices, GENXI__DEVICE_KIND__DEVICE_KIND_CAR, "1001", &found));
    device.code = gx_pb_text("1002");
    heed(devices, &device, NULL, 20, false);
    assert_false(find(devices, "1001", &found));
    assert_true(find(devices, "1002", &found));
    device.code = gx_pb_text("1001"); /* old news, come late */
    heed(devices, &device, NULL, 15, false);
    assert_false(find(devices, "1001", &found));
    Genxi__Device second = device_of(OTHER, "1001"); /* the code is free, another one takes it */
    heed(devices, &second, NULL, 30, false);
    assert_true(find(devices, "1001", &found));
    assert_string_equal(found.id, OTHER);
    device.code = gx_pb_text("1002");
    heed(devices, &device, NULL, 40, true);
    assert_false(find(devices, "1002", &found));
    assert_false(gw_devices_get(devices, PANEL, &found));
    heed(devices, &device, NULL, 35, false); /* removed stays removed */
    assert_false(find(devices, "1002", &found));
    gw_devices_free(devices);
}

static void test_devices_open_their_own_secret_only(void **state)
{
    (void)state;
    const struct gx_seal_key key = {{7}};
    struct gw_devices *devices = gw_devices_new(&key);
    struct gw_device found;
    struct gx_arena arena;
    gx_arena_init(&arena, 1 << 14);
    Genxi__Device device = device_of(PANEL, "1001");
    heed(devices, &device, gx_seal_close(&arena, &key, PANEL, "00112233"), 10, false);
    assert_true(find(devices, "1001", &found));
    assert_string_equal(found.secret, "00112233");
    assert_false(found.sealed_wrong);
    heed(devices, &device, gx_seal_close(&arena, &key, OTHER, "00112233"), 20, false);
    assert_true(find(devices, "1001", &found));
    assert_true(found.sealed_wrong);
    assert_string_equal(found.secret, "");
    heed(devices, &device, NULL, 30, false);
    assert_true(find(devices, "1001", &found));
    assert_false(found.sealed_wrong);
    gx_arena_done(&arena);
    gw_devices_free(devices);
}

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_frame_has_the_same_key),
        cmocka_unit_test(test_restarted_it_gives_the_same_key_within_the_hour),
        cmocka_unit_test(test_over_the_hour_a_repeat_is_remembered),
        cmocka_unit_test(test_a_timestamp_makes_it_certain),
        cmocka_unit_test(test_order_1_2_1_3_keeps_three),
        cmocka_unit_test(test_a_wild_panel_is_held_back),
        cmocka_unit_test(test_devices_newer_news_win_and_codes_move),
        cmocka_unit_test(test_devices_open_their_own_secret_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
