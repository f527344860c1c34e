/* SPDX-License-Identifier: Apache-2.0 */
/* What phones send: recorded requests with what an independent decoder made of them, and what is wrong in its own way. */
#include "check.h"

#include "doors/osmand.h"
#include "doors/owntracks.h"

#include "base/clock.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const double KNOT_MPS = 1852.0 / 3600.0;

static struct gx_view view_of(const char *text)
{
    return (struct gx_view){(const uint8_t *)text, strlen(text)};
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

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void near(const char *id, const char *what, double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance)) {
        fail_msg("%s: %s is %.9g, not %.9g", id, what, got, wanted);
    }
}

/* The decoder writes 0 where nothing was said. */
static double or_0(double value)
{
    return isnan(value) ? 0 : value;
}

static void check_point(const char *id, const json_t *wanted, const struct gw_point *point)
{
    const json_t *attributes = json_object_get(wanted, "attributes");
    const char *fix = text_of(wanted, "fix_time_utc");
    int64_t at = 0;
    bool placed = json_object_get(wanted, "latitude") != NULL;
    assert_int_equal(point->has_place, placed);
    if (placed) {
        near(id, "lat", point->place.lat, json_number_value(json_object_get(wanted, "latitude")),
             1e-9);
        near(id, "lon", point->place.lon, json_number_value(json_object_get(wanted, "longitude")),
             1e-9);
        near(id, "speed", or_0(point->speed_mps),
             json_number_value(json_object_get(wanted, "speed_knots")) * KNOT_MPS, 1e-3);
        near(id, "course", or_0(point->course_deg),
             json_number_value(json_object_get(wanted, "course_deg")), 1e-9);
        near(id, "altitude", or_0(point->altitude_m),
             json_number_value(json_object_get(wanted, "altitude_m")), 1e-9);
        near(id, "accuracy", or_0(point->accuracy_m),
             json_number_value(json_object_get(wanted, "accuracy_m")), 1e-9);
        assert_int_equal(point->valid, json_is_true(json_object_get(wanted, "valid")));
    }
    if (gx_time_parse(fix, &at) == 0) {
        assert_int_equal(point->at, at);
    } else {
        assert_int_equal(point->at, 0);
    }
    near(id, "battery", or_0(point->battery_percent),
         json_number_value(json_object_get(attributes, "batteryLevel")), 1e-9);
    const char *alarm = text_of(attributes, "alarm");
    assert_int_equal(point->sos, alarm != NULL && strcmp(alarm, "sos") == 0);
}

static enum gw_read read_osmand(const json_t *request, struct gw_osmand *message)
{
    const char *type = text_of(request, "content_type");
    const char *body = text_of(request, "body");
    const char *query = strchr(text_of(request, "uri"), '?');
    if (type != NULL && strncmp(type, "application/json", 16) == 0) {
        return gw_osmand_json(view_of(body), message);
    }
    return gw_osmand_form(view_of(query != NULL ? query + 1 : body), message);
}

static void test_osmand_reads_as_another_decoder_does(void **state)
{
    (void)state;
    json_t *root = load("vectors/phone-positions/osmand.json");
    const json_t *one = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, one)
    {
        struct gw_osmand message;
        const char *id = text_of(one, "id");
        const json_t *wanted = json_object_get(one, "traccar_output");
        enum gw_read read = read_osmand(json_object_get(one, "request"), &message);
        if (json_object_get(wanted, "error") != NULL) {
            assert_true(read == GW_READ_BAD || read == GW_READ_NO_DEVICE);
        } else if (json_integer_value(json_object_get(wanted, "http_status")) == 400) {
            assert_int_equal(read, GW_READ_NO_DEVICE);
        } else {
            if (read != GW_READ_OK) {
                fail_msg("%s: read gives %d", id, (int)read);
            }
            assert_string_equal(message.device, text_of(wanted, "device_id"));
            check_point(id, wanted, &message.point);
        }
    }
    json_decref(root);
}

static void test_owntracks_reads_as_another_decoder_does(void **state)
{
    (void)state;
    json_t *root = load("vectors/phone-positions/owntracks.json");
    const json_t *one = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, one)
    {
        struct gw_owntracks message;
        const char *id = text_of(one, "id");
        const char *body = text_of(json_object_get(one, "request"), "body");
        const json_t *wanted = json_object_get(one, "traccar_output");
        enum gw_read read = gw_owntracks_read(view_of(body), &message);
        if (body[0] == '\0') {
            assert_int_equal(read, GW_READ_NOTHING); /* the booklet's word, against the decoder's */
        } else if (json_object_get(wanted, "error") != NULL) {
            assert_int_equal(read, GW_READ_BAD);
        } else if (json_object_get(wanted, "latitude") == NULL) {
            assert_true(read == GW_READ_NOTHING || message.lost);
        } else {
            assert_int_equal(read, GW_READ_OK);
            assert_string_equal(message.tracker, text_of(wanted, "device_id"));
            check_point(id, wanted, &message.point);
        }
    }
    json_decref(root);
}

static enum gw_read form(const char *text, struct gw_osmand *message)
{
    return gw_osmand_form(view_of(text), message);
}

static void test_times_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at;
    } TIMES[] = {
        {"id=1&timestamp=1755840000", 1755840000000},
        {"id=1&timestamp=1755840000123", 1755840000123},
        {"id=1&timestamp=2025-08-22T05%3A20%3A00Z", 1755840000000},
        {"id=1&timestamp=2025-08-22T13:20:00%2B08:00", 1755840000000},
        {"id=1&timestamp=2025-08-22T05:20:00", 1755840000000},
        {"id=1&timestamp=2025-08-22+05:20:00", 1755840000000},
        {"id=1", 0},
    };
    struct gw_osmand message;
    for (size_t i = 0; i < sizeof TIMES / sizeof TIMES[0]; i++) {
        assert_int_equal(form(TIMES[i].text, &message), GW_READ_OK);
        assert_int_equal(message.point.at, TIMES[i].at);
    }
    assert_int_equal(form("id=1&timestamp=yesterday", &message), GW_READ_BAD);
    assert_int_equal(form("id=1&timestamp=-5", &message), GW_READ_BAD);
}

static void test_forms_that_are_wrong(void **state)
{
    (void)state;
    struct gw_osmand message;
    assert_int_equal(form("id=1&lat=91&lon=0", &message), GW_READ_BAD);
    assert_int_equal(form("id=1&lat=1", &message), GW_READ_BAD);
    assert_int_equal(form("id=1&lat=one&lon=2", &message), GW_READ_BAD);
    assert_int_equal(form("id=1&lat=nan&lon=2", &message), GW_READ_BAD);
    assert_int_equal(form("id=1&location=31.2", &message), GW_READ_BAD);
    assert_int_equal(form("id=%zz", &message), GW_READ_BAD);
    assert_int_equal(form("id=%00", &message), GW_READ_BAD);
    assert_int_equal(form("", &message), GW_READ_NO_DEVICE);
    assert_int_equal(form("&&=&lat=1&lon=2", &message), GW_READ_NO_DEVICE);
    assert_int_equal(
        form("id=12345678901234567890123456789012345678901234567890123456789012345", &message),
        GW_READ_BAD);
}

static void test_forms_in_any_order_with_what_is_not_known(void **state)
{
    (void)state;
    struct gw_osmand message;
    assert_int_equal(
        form("location=31.5%2C121.5&colour=red&wifi=a,b&wifi=c,d&alarm=SOS&token=t%26k&"
             "batt=x&deviceid=g7",
             &message),
        GW_READ_OK);
    assert_string_equal(message.device, "g7");
    assert_string_equal(message.token, "t&k");
    assert_true(message.point.has_place);
    assert_true(message.point.sos);
    near("order", "lat", message.point.place.lat, 31.5, 0);
    assert_true(isnan(message.point.battery_percent));
    assert_int_equal(form("id=g7&valid=false&mock=true", &message), GW_READ_OK);
    assert_false(message.point.valid);
    assert_true(message.point.mock);
    assert_false(message.point.has_place);
}

static void test_json_that_is_wrong_or_odd(void **state)
{
    (void)state;
    struct gw_osmand message;
    static const char *const BAD[] = {
        "",
        "[]",
        "{",
        "{\"device_id\":\"g7\"}",
        "{\"device_id\":\"g7\",\"location\":{\"coords\":7}}",
        "{\"device_id\":\"g7\",\"location\":{\"coords\":{\"latitude\":31}}}",
        "{\"device_id\":\"g7\",\"location\":{\"coords\":{\"latitude\":\"31\",\"longitude\":121}}}",
        "{\"device_id\":\"g7\",\"location\":{\"coords\":{\"latitude\":31,\"longitude\":181}}}",
        "{\"device_id\":\"g7\",\"location\":{\"timestamp\":true}}",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_int_equal(gw_osmand_json(view_of(BAD[i]), &message), GW_READ_BAD);
    }
    assert_int_equal(gw_osmand_json(view_of("{\"device_id\":\"g7\",\"location\":{\"timestamp\":"
                                            "1755840000,\"mock\":true,\"coords\":{\"latitude\":31,"
                                            "\"longitude\":121,\"speed\":-1}}}"),
                                    &message),
                     GW_READ_OK);
    assert_true(message.point.mock);
    assert_int_equal(message.point.at, 1755840000000);
    assert_true(isnan(message.point.speed_mps));
}

static void test_owntracks_speed_and_kinds(void **state)
{
    (void)state;
    struct gw_owntracks message;
    assert_int_equal(
        gw_owntracks_read(view_of("{\"_type\":\"location\",\"lat\":1,\"lon\":2,\"tst\":"
                                  "5,\"vel\":36,\"topic\":\"owntracks/u/d\"}"),
                          &message),
        GW_READ_OK);
    near("vel", "m/s", message.point.speed_mps, 10, 1e-9);
    assert_string_equal(message.tracker, "owntracks/u/d");
    assert_int_equal(gw_owntracks_read(view_of("{\"_type\":\"lwt\",\"tst\":5}"), &message),
                     GW_READ_OK);
    assert_true(message.lost);
    assert_int_equal(gw_owntracks_read(view_of("{\"_type\":\"novelty\"}"), &message),
                     GW_READ_NOTHING);
    assert_int_equal(gw_owntracks_read(view_of("{}"), &message), GW_READ_BAD);
    assert_int_equal(
        gw_owntracks_read(view_of("{\"_type\":\"location\",\"lat\":1,\"lon\":2}"), &message),
        GW_READ_BAD);
    assert_int_equal(
        gw_owntracks_read(view_of("{\"_type\":\"location\",\"lat\":1,\"lon\":2,\"tst\":1e300}"),
                          &message),
        GW_READ_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_osmand_reads_as_another_decoder_does),
        cmocka_unit_test(test_owntracks_reads_as_another_decoder_does),
        cmocka_unit_test(test_times_in_every_form),
        cmocka_unit_test(test_forms_that_are_wrong),
        cmocka_unit_test(test_forms_in_any_order_with_what_is_not_known),
        cmocka_unit_test(test_json_that_is_wrong_or_odd),
        cmocka_unit_test(test_owntracks_speed_and_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
