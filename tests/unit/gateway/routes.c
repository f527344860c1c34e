/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "gateway.h"
#include "incident.pb-c.h"
#include "roles.h"

#include <string.h>

#define ID "01a20c86-8b8d-7601-b54b-f8af7f1e4a7d"

static void test_route_path_fields_are_taken(void **state)
{
    (void)state;
    struct gw_match match;
    gw_route_match("POST", "/v1/incidents/" ID "/merge", &match);
    assert_non_null(match.route);
    assert_int_equal(match.route->command, GX_C_incident_merge);
    assert_int_equal(match.param_count, 1);
    assert_string_equal(match.params[0].name, "id");
    assert_string_equal(match.params[0].text, ID);
    gw_route_match("GET", "/v1/reports/%41b/reporter", &match);
    assert_int_equal(match.route->command, GX_C_reporter_read);
    assert_string_equal(match.params[0].name, "report_id");
    assert_string_equal(match.params[0].text, "Ab");
    gw_route_match("GET", "/v1/audit/tile/0/x001/234.p/7", &match);
    assert_int_equal(match.route->command, GX_C_tile);
    assert_string_equal(match.params[0].text, "0/x001/234.p/7");
}

static void test_route_unknown_paths_are_none(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "/",
                                      "/v1",
                                      "/v1/incident",
                                      "/v1/incidents/",
                                      "/v1/incidents/a/b",
                                      "/v1/incidents//merge",
                                      "/v1/reports/",
                                      "/V1/reports",
                                      "/v1/reports/%00/reporter",
                                      "/v1/reports/%4/reporter",
                                      "/v1/reports/%zz/reporter",
                                      "/v1/sessions/other",
                                      "//v1/reports",
                                      "/v1/reports?x"};
    struct gw_match match;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        gw_route_match("GET", BAD[i], &match);
        if (match.route != NULL || match.allowed[0] != '\0') {
            print_message("%s\n", BAD[i]);
        }
        assert_null(match.route);
        assert_string_equal(match.allowed, "");
    }
    char path[400] = "/v1/incidents/";
    memset(path + 14, 'a', 300);
    gw_route_match("GET", path, &match);
    assert_null(match.route);
}

static void test_route_wrong_method_names_the_right_ones(void **state)
{
    (void)state;
    struct gw_match match;
    gw_route_match("PATCH", "/v1/partners/" ID, &match);
    assert_null(match.route);
    assert_string_equal(match.allowed, "GET, PUT");
    gw_route_match("GET", "/v1/positions", &match);
    assert_string_equal(match.allowed, "POST");
}

static bool is_field(const struct gw_route *route, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(gw_route_request(route), name) != NULL;
}

/* Each placeholder is a field of its request, each row finds itself, no two rows are the same. */
static void test_route_table_is_sound(void **state)
{
    (void)state;
    size_t count = 0;
    const struct gw_route *routes = gw_routes(&count);
    assert_true(count > 60);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        struct gw_match match;
        assert_in_range(routes[i].status, 200, 204);
        for (const char *at = strchr(routes[i].path, '{'); at != NULL; at = strchr(at + 1, '{')) {
            (void)snprintf(name, sizeof name, "%.40s", at + 1);
            name[strcspn(name, "}")] = '\0';
            assert_true(routes[i].kind == GW_BYTES || routes[i].kind == GW_PHONE ||
                        is_field(&routes[i], name));
        }
        gw_route_match(routes[i].method, routes[i].path, &match);
        assert_ptr_equal(match.route, &routes[i]);
    }
}

/* Every command of the list can be called, but those by which services ask each other. */
static void test_route_every_command_has_one(void **state)
{
    (void)state;
    size_t route_count = 0;
    size_t command_count = 0;
    const struct gw_route *routes = gw_routes(&route_count);
    const struct gx_command_type *commands = gx_command_types(&command_count);
    for (size_t c = 0; c < command_count; c++) {
        bool found = false;
        for (size_t r = 0; r < route_count; r++) {
            found = found || routes[r].command == commands[c].number;
        }
        if (found == commands[c].inside) {
            print_message("%s has %s route\n", commands[c].name, found ? "a" : "no");
        }
        assert_int_equal(found, !commands[c].inside);
    }
}

static void test_tile_paths_are_read_as_published(void **state)
{
    (void)state;
    struct gw_tile tile;
    assert_int_equal(gw_tile_parse("0/000", &tile), 0);
    assert_true(tile.level == 0 && tile.index == 0 && tile.width == 256 && !tile.entries);
    assert_int_equal(gw_tile_parse("3/x001/x234/067.p/5", &tile), 0);
    assert_true(tile.level == 3 && tile.index == 1234067 && tile.width == 5);
    assert_int_equal(gw_tile_parse("entries/x012/345.p/255", &tile), 0);
    assert_true(tile.level == 0 && tile.index == 12345 && tile.width == 255 && tile.entries);
    static const char *const BAD[] = {"",
                                      "0",
                                      "0/",
                                      "00/000",
                                      "64/000",
                                      "-1/000",
                                      "a/000",
                                      "0/0",
                                      "0/1234",
                                      "0/x001",
                                      "0/001/002",
                                      "0/x001/x002",
                                      "0/x001/2",
                                      "0/000.p/",
                                      "0/000.p/0",
                                      "0/000.p/256",
                                      "0/000.p/01",
                                      "0/000.p/-1",
                                      "0/000.p/1/2",
                                      "entries",
                                      "entries/",
                                      "0/00a",
                                      "0//000",
                                      "0/x001//002",
                                      "0/x999/x999/x999/x999/x999/x999/x999/999"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        if (gw_tile_parse(BAD[i], &tile) == 0) {
            print_message("%s\n", BAD[i]);
        }
        assert_int_equal(gw_tile_parse(BAD[i], &tile), -1);
    }
}

static void test_percent_decode_is_strict(void **state)
{
    (void)state;
    char out[16];
    assert_int_equal(gw_percent_decode("a%20b+c", 7, false, out, sizeof out), 0);
    assert_string_equal(out, "a b+c");
    assert_int_equal(gw_percent_decode("a+b", 3, true, out, sizeof out), 0);
    assert_string_equal(out, "a b");
    assert_int_equal(gw_percent_decode("%", 1, false, out, sizeof out), -1);
    assert_int_equal(gw_percent_decode("%4", 2, false, out, sizeof out), -1);
    assert_int_equal(gw_percent_decode("%00", 3, false, out, sizeof out), -1);
    assert_int_equal(gw_percent_decode("0123456789abcdef", 16, false, out, sizeof out), -1);
}

static void test_roles_have_names_both_ways(void **state)
{
    (void)state;
    uint32_t role = 0;
    assert_int_equal(gw_role_parse("duty", &role), 0);
    assert_int_equal(role, GX_ROLE_DUTY);
    assert_int_equal(gw_role_parse("DUTY", &role), -1);
    struct gx_ctx ctx;
    size_t count = 0;
    gx_ctx_init(&ctx, 4096);
    char **names = gw_role_names(&ctx, (uint32_t)GX_ROLE_DUTY | (uint32_t)GX_ROLE_DRILL, &count);
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "duty");
    assert_string_equal(names[1], "drill");
    gx_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_route_path_fields_are_taken),
        cmocka_unit_test(test_route_unknown_paths_are_none),
        cmocka_unit_test(test_route_wrong_method_names_the_right_ones),
        cmocka_unit_test(test_route_table_is_sound),
        cmocka_unit_test(test_route_every_command_has_one),
        cmocka_unit_test(test_tile_paths_are_read_as_published),
        cmocka_unit_test(test_percent_decode_is_strict),
        cmocka_unit_test(test_roles_have_names_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
