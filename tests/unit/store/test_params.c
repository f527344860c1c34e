/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters as PostgreSQL reads them, results as it writes them, SQLSTATEs as results. */
#include "check.h"
#include "store/pg_internal.h"
#include "store/tx_run.h"

#include <string.h>

static int open_ctx(void **state)
{
    static struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 16);
    *state = &ctx;
    return 0;
}

static int close_ctx(void **state)
{
    gx_ctx_done(*state);
    return 0;
}

static void test_text_array_quotes_what_would_end_an_element(void **state)
{
    const char *const texts[] = {"a", "", "NULL", "x,y", "{}", "say \"no\"", "back\\slash", "站"};
    struct gx_param param = gx_text_array(*state, texts, GX_COUNT_OF(texts));
    assert_string_equal(
        param.text,
        "{\"a\",\"\",\"NULL\",\"x,y\",\"{}\",\"say \\\"no\\\"\",\"back\\\\slash\",\"站\"}");
    assert_string_equal(gx_text_array(*state, NULL, 0).text, "{}");
}

static void test_int_array_holds_the_extremes(void **state)
{
    const int32_t values[] = {0, -1, INT32_MAX, INT32_MIN};
    assert_string_equal(gx_int_array(*state, values, 4).text, "{0,-1,2147483647,-2147483648}");
    assert_string_equal(gx_int_array(*state, NULL, 0).text, "{}");
}

static void test_null_and_empty_are_told_apart(void **state)
{
    (void)state;
    assert_null(gx_text_or_null("").text);
    assert_null(gx_text_or_null(NULL).text);
    assert_string_equal(gx_text("").text, "");
    struct gx_param empty = gx_bytes((struct gx_view){NULL, 0});
    assert_non_null(empty.bytes); /* an empty bytea, not NULL */
    assert_int_equal(empty.size, 0);
    assert_null(gx_null().text);
    assert_null(gx_null().bytes);
}

static void test_numbers_keep_their_value(void **state)
{
    assert_string_equal(gx_int(*state, INT64_MIN).text, "-9223372036854775808");
    assert_true(strtod(gx_real(*state, 102.65412345678901).text, NULL) >= 102.65412345678901);
    assert_true(strtod(gx_real(*state, 102.65412345678901).text, NULL) <= 102.65412345678901);
}

/* A result made by hand: one row of one column. */
static struct gx_rows *rows_of(const char *text)
{
    PGresAttDesc column = {.name = (char[]){"c"}};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char copy[256];
    assert_int_equal(PQsetResultAttrs(result, 1, &column), 1);
    (void)snprintf(copy, sizeof copy, "%s", text == NULL ? "" : text);
    assert_int_equal(
        PQsetvalue(result, 0, 0, text == NULL ? NULL : copy, text == NULL ? -1 : (int)strlen(copy)),
        1);
    return gx_rows_new(result);
}

static void test_arrays_are_read_back_as_they_were_written(void **state)
{
    const char *const texts[] = {"a", "", "x,y", "{}", "say \"no\"", "back\\slash", "站"};
    size_t count = 0;
    GX_AUTO(gx_rows_free)
    struct gx_rows *rows = rows_of(gx_text_array(*state, texts, GX_COUNT_OF(texts)).text);
    char **read = gx_rows_texts(*state, rows, 0, 0, &count);
    assert_int_equal(count, GX_COUNT_OF(texts));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(read[i], texts[i]);
    }
    GX_AUTO(gx_rows_free) struct gx_rows *none = rows_of("{}");
    (void)gx_rows_texts(*state, none, 0, 0, &count);
    assert_int_equal(count, 0);
    GX_AUTO(gx_rows_free) struct gx_rows *plain = rows_of("{abc,def}");
    read = gx_rows_texts(*state, plain, 0, 0, &count);
    assert_int_equal(count, 2);
    assert_string_equal(read[1], "def");
}

static void test_bytes_and_null_are_read(void **state)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = rows_of("\\x00ff10");
    struct gx_view bytes = gx_rows_bytes(*state, rows, 0, 0);
    assert_int_equal(bytes.size, 3);
    assert_int_equal(bytes.data[1], 0xff);
    GX_AUTO(gx_rows_free) struct gx_rows *null = rows_of(NULL);
    assert_true(gx_rows_null(null, 0, 0));
    assert_null(gx_rows_copy(*state, null, 0, 0));
    assert_string_equal(gx_rows_text(null, 0, 0), "");
    assert_int_equal(gx_rows_int(null, 0, 0), 0);
}

static void test_sqlstates_have_their_consequence(void **state)
{
    static const struct {
        const char *sqlstate;
        enum gx_rc rc;
        bool again;
    } ROWS[] = {
        {"40001", GX_UNAVAILABLE, true}, {"40P01", GX_UNAVAILABLE, true},
        {"23505", GX_CONFLICT, false},   {"23503", GX_INVALID, false},
        {"42501", GX_DENIED, false},     {"53300", GX_UNAVAILABLE, false},
        {"57P01", GX_UNAVAILABLE, true}, {"57P03", GX_UNAVAILABLE, true},
        {"57014", GX_TIMEOUT, false},    {"08006", GX_UNAVAILABLE, true},
        {"23514", GX_INTERNAL, false},   {"42P01", GX_INTERNAL, false},
        {"25006", GX_INTERNAL, false},
    };
    (void)state;
    for (size_t i = 0; i < GX_COUNT_OF(ROWS); i++) {
        bool again = !ROWS[i].again;
        assert_int_equal(gx_pg_rc_of_sqlstate(ROWS[i].sqlstate, &again), ROWS[i].rc);
        assert_int_equal(again, ROWS[i].again);
    }
}

static void test_digest_differs_by_number_and_by_body(void **state)
{
    const uint8_t body[] = {1, 2, 3};
    uint8_t one[GX_DIGEST_SIZE];
    uint8_t other[GX_DIGEST_SIZE];
    (void)state;
    gx_command_digest(200, (struct gx_view){body, 3}, one);
    gx_command_digest(200, (struct gx_view){body, 3}, other);
    assert_memory_equal(one, other, sizeof one);
    gx_command_digest(201, (struct gx_view){body, 3}, other);
    assert_memory_not_equal(one, other, sizeof one);
    gx_command_digest(200, (struct gx_view){body, 2}, other);
    assert_memory_not_equal(one, other, sizeof one);
}

static void test_nobody_listening_is_unavailable_at_once(void **state)
{
    struct gx_pg *pg = NULL;
    (void)state;
    assert_int_equal(gx_pg_open("host=/nonexistent dbname=x", "test", &pg), GX_UNAVAILABLE);
    assert_null(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_array_quotes_what_would_end_an_element),
        cmocka_unit_test(test_int_array_holds_the_extremes),
        cmocka_unit_test(test_null_and_empty_are_told_apart),
        cmocka_unit_test(test_numbers_keep_their_value),
        cmocka_unit_test(test_arrays_are_read_back_as_they_were_written),
        cmocka_unit_test(test_bytes_and_null_are_read),
        cmocka_unit_test(test_sqlstates_have_their_consequence),
        cmocka_unit_test(test_digest_differs_by_number_and_by_body),
        cmocka_unit_test(test_nobody_listening_is_unavailable_at_once),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
