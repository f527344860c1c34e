/* SPDX-License-Identifier: Apache-2.0 */
/* CSV and GeoJSON as tables: what is read, what is refused, and where. */
#include "support.h"

enum {
    ROOM = 256 * 1024 * 1024
};

static struct bench *csv(const char *text)
{
    struct bench *bench = bench_new(ROOM);
    assert_int_equal(import_csv_read(&bench->ctx, view_of(text), &bench->faults, &bench->table),
                     GX_OK);
    return bench;
}

static struct bench *geojson(const char *text)
{
    struct bench *bench = bench_new(ROOM);
    assert_int_equal(import_geojson_read(&bench->ctx, view_of(text), &bench->faults, &bench->table),
                     GX_OK);
    return bench;
}

static void check_cell(const struct bench *bench, size_t row, size_t column, const char *text)
{
    assert_true(row < bench->table.row_count && column < bench->table.column_count);
    assert_string_equal(bench->table.rows[row].cells[column], text);
}

static void test_csv_plain_rows_and_lines(void **state)
{
    (void)state;
    struct bench *bench = csv("a,b\n1,2\n\n3,\n");
    assert_int_equal(bench->faults.total, 0);
    assert_int_equal(bench->table.row_count, 2);
    check_cell(bench, 0, 1, "2");
    check_cell(bench, 1, 1, "");
    assert_int_equal(bench->table.rows[0].line, 2);
    assert_int_equal(bench->table.rows[1].line, 4);
    assert_int_equal(import_table_column(&bench->table, "b"), 1);
    assert_int_equal(import_table_column(&bench->table, "c"), -1);
    bench_free(bench);
}

static void test_csv_quotes_crlf_bom_and_no_last_newline(void **state)
{
    (void)state;
    struct bench *bench = csv("\xef\xbb\xbf a , \"b\" \r\n");
    assert_true(
        has_fault(bench, 1, "", GX_P_FIELD_FORMAT)); /* a quote behind a blank is no quoted cell */
    bench_free(bench);
    bench = csv("\xef\xbb\xbf a ,\"b\"\r\n\"x \"\"y\"\", z\",\"one\r\ntwo\nthree\"\r\nlast,\"\"");
    assert_int_equal(bench->faults.total, 0);
    assert_string_equal(bench->table.columns[0], "a");
    assert_int_equal(bench->table.row_count, 2);
    check_cell(bench, 0, 0, "x \"y\", z");
    check_cell(bench, 0, 1, "one\r\ntwo\nthree");
    check_cell(bench, 1, 0, "last");
    check_cell(bench, 1, 1, "");
    assert_int_equal(bench->table.rows[1].line, 5); /* three lines are inside the quotes */
    bench_free(bench);
}

static void test_csv_broken_quotes_stop_the_reading(void **state)
{
    (void)state;
    struct bench *bench = csv("a,b\n1,\"open\n2,3\n");
    assert_true(has_fault(bench, 2, "b", GX_P_FIELD_FORMAT));
    assert_int_equal(bench->table.row_count, 0);
    bench_free(bench);
    bench = csv("a,b\n1,\"x\"y\n");
    assert_true(has_fault(bench, 2, "b", GX_P_FIELD_FORMAT));
    bench_free(bench);
    bench = csv("a,b\n1,x\"y\n");
    assert_true(has_fault(bench, 2, "b", GX_P_FIELD_FORMAT));
    bench_free(bench);
    bench = csv("a,b\r1,2\r");
    assert_true(has_fault(bench, 1, "", GX_P_FIELD_FORMAT));
    bench_free(bench);
}

static void test_csv_header_is_required_and_unique(void **state)
{
    (void)state;
    struct bench *bench = csv("");
    assert_true(has_fault(bench, 1, "", GX_P_FIELD_MISSING));
    bench_free(bench);
    bench = csv("\xef\xbb\xbf\n\r\n");
    assert_true(has_fault(bench, 1, "", GX_P_FIELD_MISSING));
    bench_free(bench);
    bench = csv("a,b,a\n1,2,3\n");
    assert_true(has_fault(bench, 1, "a", GX_P_DUPLICATE));
    bench_free(bench);
    bench = csv("a,,b\n");
    assert_true(has_fault(bench, 1, "", GX_P_DUPLICATE));
    bench_free(bench);
}

static void test_csv_rows_of_another_width(void **state)
{
    (void)state;
    struct bench *bench = csv("a,b\n1\n1,2,3\n1,2\n");
    assert_true(has_fault(bench, 2, "", GX_P_FIELD_LENGTH));
    assert_true(has_fault(bench, 3, "", GX_P_FIELD_LENGTH));
    assert_int_equal(bench->faults.total, 2);
    assert_int_equal(bench->table.row_count, 1);
    bench_free(bench);
}

static void test_csv_bad_text_names_line_and_column(void **state)
{
    (void)state;
    struct bench *bench = csv("a,b\nok,\xc3\x28\n\xed\xa0\x80,x\n");
    assert_true(has_fault(bench, 2, "b", GX_P_UTF8));
    assert_true(has_fault(bench, 3, "a", GX_P_UTF8));
    bench_free(bench);
    static const char NUL[] = "a,b\n1,x\0y\n";
    bench = bench_new(ROOM);
    struct gx_view view = {(const uint8_t *)NUL, sizeof NUL - 1};
    assert_int_equal(import_csv_read(&bench->ctx, view, &bench->faults, &bench->table), GX_OK);
    assert_true(has_fault(bench, 2, "b", GX_P_FIELD_FORMAT));
    bench_free(bench);
}

/* head, then `count` times `one`, then tail. */
static char *repeated(const char *head, const char *one, size_t count, const char *tail)
{
    size_t size = strlen(head) + strlen(one) * count + strlen(tail) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    char *at = stpcpy(text, head);
    for (size_t i = 0; i < count; i++) {
        at = stpcpy(at, one);
    }
    (void)stpcpy(at, tail);
    return text;
}

static void test_csv_bounds(void **state)
{
    (void)state;
    char *text = repeated("a,b\nx,", "y", IMPORT_CELL_BYTES_MAX, "\n");
    struct bench *bench = csv(text);
    assert_int_equal(bench->faults.total, 0);
    bench_free(bench);
    free(text);
    text = repeated("a,b\nx,", "y", IMPORT_CELL_BYTES_MAX + 1, "\n");
    bench = csv(text);
    assert_true(has_fault(bench, 2, "b", GX_P_FIELD_LENGTH));
    bench_free(bench);
    free(text);
    text = repeated("", "a,", IMPORT_COLUMNS_MAX, "b\n");
    bench = csv(text);
    assert_true(has_fault(bench, 1, "", GX_P_FIELD_LENGTH));
    bench_free(bench);
    free(text);
    text = repeated("a\n", "1\n", IMPORT_ROWS_MAX, "");
    bench = csv(text);
    assert_int_equal(bench->faults.total, 0);
    assert_int_equal(bench->table.row_count, IMPORT_ROWS_MAX);
    bench_free(bench);
    free(text);
    text = repeated("a\n", "1\n", IMPORT_ROWS_MAX + 1, "");
    bench = csv(text);
    assert_true(has_fault(bench, IMPORT_ROWS_MAX + 2, "", GX_P_FIELD_LENGTH));
    bench_free(bench);
    free(text);
    text = repeated("a\n", "0123456789abcde\n", IMPORT_BYTES_MAX / 16, "");
    bench = csv(text);
    assert_true(has_fault(bench, 0, "", GX_P_BODY_TOO_LARGE));
    bench_free(bench);
    free(text);
}

static void test_csv_keeps_two_hundred_faults_and_counts_all(void **state)
{
    (void)state;
    char *text = repeated("a,b\n", "1\n", 500, "");
    struct bench *bench = csv(text);
    assert_int_equal(bench->faults.count, IMPORT_FAULTS_MAX);
    assert_int_equal(bench->faults.total, 500);
    bench_free(bench);
    free(text);
}

static void test_csv_arena_walked_from_nothing(void **state)
{
    (void)state;
    static const char TEXT[] = "a,b\n1,\"2\"\n3,4\n";
    size_t refused = 0;
    enum gx_rc rc = GX_LIMIT;
    for (size_t limit = 8 * 1024; rc != GX_OK && limit < 64 * 1024; limit += 16) {
        struct gx_ctx ctx;
        struct import_faults faults;
        struct import_table table;
        gx_ctx_init(&ctx, limit);
        rc = import_faults_init(&ctx, &faults);
        if (rc == GX_OK) {
            rc = import_csv_read(&ctx, view_of(TEXT), &faults, &table);
        }
        refused += rc == GX_OK ? 0 : 1;
        assert_true(rc == GX_OK || ctx.fault_count == 1);
        gx_ctx_done(&ctx);
    }
    assert_int_equal(rc, GX_OK);
    assert_true(refused > 3);
}

#define COLLECTION(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
#define FEATURE(properties, geometry)                                                              \
    "{\"type\":\"Feature\",\"properties\":" properties ",\"geometry\":" geometry "}"
#define POINT "{\"type\":\"Point\",\"coordinates\":[102.66,25.02]}"

static const char *named(const struct bench *bench, size_t row, const char *column)
{
    int index = import_table_column(&bench->table, column);
    assert_true(index >= 0);
    return bench->table.rows[row].cells[index];
}

static void test_geojson_points_become_rows(void **state)
{
    (void)state;
    struct bench *bench = geojson(
        COLLECTION(FEATURE("{\"name\":\"\\u524d\\u536b\",\"n\":3,\"x\":1.5,\"ok\":true,\"no\":null,"
                           "\"needs\":[\"guard 1 3 00:00-00:00\",\"police 1 5 08:00-20:00\"]}",
                           POINT) "," FEATURE("{\"late\":\"yes\"}", POINT)));
    assert_int_equal(bench->faults.total, 0);
    assert_int_equal(bench->table.row_count, 2);
    assert_string_equal(named(bench, 0, "name"), "前卫");
    assert_string_equal(named(bench, 0, "n"), "3");
    assert_string_equal(named(bench, 0, "x"), "1.5");
    assert_string_equal(named(bench, 0, "ok"), "yes");
    assert_string_equal(named(bench, 0, "no"), "");
    assert_string_equal(named(bench, 0, "late"), "");
    assert_string_equal(named(bench, 1, "late"), "yes");
    assert_string_equal(named(bench, 0, "needs"), "guard 1 3 00:00-00:00; police 1 5 08:00-20:00");
    assert_float_equal(strtod(named(bench, 0, "lon"), NULL), 102.66, 1e-12);
    bench_free(bench);
}

static void test_geojson_polygon_becomes_ring(void **state)
{
    (void)state;
    struct bench *bench = geojson(COLLECTION(
        FEATURE("{}", "{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,2],[3,4],[1,2]]]}")));
    assert_int_equal(bench->faults.total, 0);
    assert_int_equal(bench->table.rows[0].ring_count, 3);
    assert_float_equal(bench->table.rows[0].ring[2].lat, 4, 0);
    bench_free(bench);
}

static void test_geojson_faults_name_the_feature(void **state)
{
    (void)state;
    struct bench *bench = geojson(
        COLLECTION(FEATURE("{}", POINT) "," FEATURE("{\"deep\":{\"a\":1}}", POINT) "," FEATURE(
            "{}", "{\"type\":\"Point\",\"coordinates\":[25.02,102.66]"
                  "}") "," FEATURE("{}", "null") ","
                                                 "{\"type\":\"Thing\"}"
                                                 "," FEATURE("{}", "{\"type\":\"Polygon\","
                                                                   "\"coordinates\":[[[1,"
                                                                   "2],[3,2],[3,4],[1,3]]]"
                                                                   "}") "," FEATURE("{}", "{\"ty"
                                                                                          "pe\":"
                                                                                          "\"Pol"
                                                                                          "ygon"
                                                                                          "\","
                                                                                          "\"coo"
                                                                                          "rdina"
                                                                                          "tes\""
                                                                                          ":[[["
                                                                                          "1,2],"
                                                                                          "[3,2]"
                                                                                          ",[1,"
                                                                                          "2]]]"
                                                                                          "}")));
    assert_true(has_fault(bench, 2, "deep", GX_P_FIELD_TYPE));
    assert_true(has_fault(bench, 3, "geometry", GX_P_COORDINATES_RANGE));
    assert_true(has_fault(bench, 4, "geometry", GX_P_FIELD_CHOICE));
    assert_true(has_fault(bench, 5, "type", GX_P_FIELD_CHOICE));
    assert_true(has_fault(bench, 6, "geometry", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 7, "geometry", GX_P_FIELD_LENGTH));
    assert_int_equal(bench->faults.total, 6);
    bench_free(bench);
}

static void test_geojson_not_a_collection(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"type\":\"FeatureCollection\"}",
                                      "null",
                                      "1",
                                      "{\"type\":\"FeatureCollection\",\"features\":{}}",
                                      "\xef\xbb\xbf",
                                      "{\"type\":\"FeatureCollection\",\"features\":[]",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"type\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct bench *bench = geojson(BAD[i]);
        assert_int_equal(bench->faults.total, 1);
        assert_int_equal(bench->table.row_count, 0);
        bench_free(bench);
    }
}

static void test_geojson_too_many_columns(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    (void)fputs(
        "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{",
        out);
    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++) {
        (void)fprintf(out, "%s\"c%d\":1", i == 0 ? "" : ",", i);
    }
    (void)fputs("},\"geometry\":" POINT "}]}", out);
    assert_int_equal(fclose(out), 0);
    struct bench *bench = geojson(text);
    assert_true(has_fault(bench, 1, "lon", GX_P_FIELD_LENGTH));
    bench_free(bench);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_plain_rows_and_lines),
        cmocka_unit_test(test_csv_quotes_crlf_bom_and_no_last_newline),
        cmocka_unit_test(test_csv_broken_quotes_stop_the_reading),
        cmocka_unit_test(test_csv_header_is_required_and_unique),
        cmocka_unit_test(test_csv_rows_of_another_width),
        cmocka_unit_test(test_csv_bad_text_names_line_and_column),
        cmocka_unit_test(test_csv_bounds),
        cmocka_unit_test(test_csv_keeps_two_hundred_faults_and_counts_all),
        cmocka_unit_test(test_csv_arena_walked_from_nothing),
        cmocka_unit_test(test_geojson_points_become_rows),
        cmocka_unit_test(test_geojson_polygon_becomes_ring),
        cmocka_unit_test(test_geojson_faults_name_the_feature),
        cmocka_unit_test(test_geojson_not_a_collection),
        cmocka_unit_test(test_geojson_too_many_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
