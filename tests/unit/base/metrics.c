/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/metrics.h"

#include <string.h>

static struct gx_metric ROWS[] = {
    {.name = "test_things_total", .help = "Things.", .kind = GX_COUNTER, .labels = "kind=\"a\""},
    {.name = "test_open", .help = "Open.", .kind = GX_GAUGE},
    {.name = "test_things_total", .help = "Things.", .kind = GX_COUNTER, .labels = "kind=\"b\""},
    {.name = "test_took_seconds", .help = "Time.", .kind = GX_HISTOGRAM},
};

static void test_metrics_print_groups_of_one_name_together(void **state)
{
    (void)state;
    gx_metrics_register(ROWS, 4);
    gx_metric_add(&ROWS[0], 3);
    gx_metric_add(&ROWS[2], 4);
    gx_metric_set(&ROWS[1], -7);
    gx_metric_observe_us(&ROWS[3], 100);
    gx_metric_observe_us(&ROWS[3], 101);
    gx_metric_observe_us(&ROWS[3], 3600000000);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    gx_metrics_print(out);
    (void)fclose(out);
    assert_non_null(strstr(text,
                           "# TYPE test_things_total counter\ntest_things_total{kind=\"a\"} 3\n"
                           "test_things_total{kind=\"b\"} 4\n"));
    assert_non_null(strstr(text, "test_open -7\n"));
    assert_non_null(strstr(text, "test_took_seconds_bucket{le=\"0.0001\"} 1\n"));
    assert_non_null(strstr(text, "test_took_seconds_bucket{le=\"0.0002\"} 2\n"));
    assert_non_null(strstr(text, "test_took_seconds_bucket{le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(text, "test_took_seconds_count 3\n"));
    assert_ptr_equal(
        strstr(strstr(text, "# HELP test_things_total") + 1, "# HELP test_things_total"), NULL);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_print_groups_of_one_name_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
