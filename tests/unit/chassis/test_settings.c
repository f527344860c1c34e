/* SPDX-License-Identifier: Apache-2.0 */
/* Where a setting comes from, who wins, and what is refused. */
#include "chassis/settings.h"

#include "base/cleanup.h"
#include "check.h"

#include <string.h>
#include <unistd.h>

struct own {
    int64_t count;
    double share;
    bool loud;
    const char *word;
};
static struct own own;
static struct gx_common_settings common;

static const struct gx_setting OWN[] = {
    {"count", GX_SET_INT, offsetof(struct own, count), "3", 1, 10, GX_SET_PLAIN, "how many"},
    {"share", GX_SET_REAL, offsetof(struct own, share), "0.5", 0, 1, GX_SET_PLAIN, "which part"},
    {"loud", GX_SET_BOOL, offsetof(struct own, loud), "false", 0, 0, GX_SET_PLAIN, "say it"},
    {"word", GX_SET_TEXT, offsetof(struct own, word), "hush", 0, 0, GX_SET_SECRET, "the word"},
};
static struct gx_settings_table tables[2];

static char path[64];

static int prepare(void **state)
{
    (void)state;
    memset(&own, 0, sizeof own);
    memset(&common, 0, sizeof common);
    tables[0] =
        (struct gx_settings_table){GX_COMMON_SETTINGS, GX_COMMON_SETTINGS_COUNT, &common, "common"};
    tables[1] = (struct gx_settings_table){OWN, GX_COUNT_OF(OWN), &own, "probe"};
    (void)unsetenv("GENXI_COUNT");
    return 0;
}

/* Texts are kept for the process's life by a service; here they are given back. */
static int forget(void **state)
{
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (tables[t].rows[i].kind == GX_SET_TEXT) {
                char *text = NULL;
                memcpy(&text, (char *)tables[t].target + tables[t].rows[i].offset, sizeof text);
                free(text);
            }
        }
    }
    if (path[0] != '\0') {
        (void)unlink(path);
        path[0] = '\0';
    }
    return 0;
}

static char *config(const char *text)
{
    static char argument[80];
    (void)snprintf(path, sizeof path, "/tmp/genxi-settings-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    (void)snprintf(argument, sizeof argument, "--config=%s", path);
    return argument;
}

static int load(char *one, char *two)
{
    char name[] = "probe";
    char *argv[] = {name, one, two, NULL};
    int argc = one == NULL ? 1 : two == NULL ? 2 : 3;
    return gx_settings_load(tables, 2, argc, argv);
}

static void test_defaults_hold_when_nothing_is_said(void **state)
{
    (void)state;
    assert_int_equal(load(NULL, NULL), 0);
    assert_int_equal(own.count, 3);
    assert_true(own.share > 0.49 && own.share < 0.51);
    assert_false(own.loud);
    assert_string_equal(own.word, "hush");
    assert_int_equal(common.district, 53011200);
}

static void test_last_wins_file_environment_command_line(void **state)
{
    char argument[] = "--count=9";
    (void)state;
    char *file = config(
        "# ours\n[common]\nlog_level = warn\n[probe]\ncount = 5\nadmin_port = 9601\nloud = yes\n"
        "[another]\nunknown = 1\n");
    assert_int_equal(load(file, NULL), 0);
    assert_int_equal(own.count, 5);
    assert_true(own.loud);
    assert_string_equal(common.log_level, "warn");
    assert_int_equal(common.admin_port, 9601); /* a service's section may set common settings */
    (void)forget(state);
    (void)setenv("GENXI_COUNT", "7", 1);
    file = config("[probe]\ncount = 5\n");
    assert_int_equal(load(file, NULL), 0);
    assert_int_equal(own.count, 7);
    (void)forget(state);
    file = config("[probe]\ncount = 5\n");
    assert_int_equal(load(file, argument), 0);
    assert_int_equal(own.count, 9);
}

static void test_dashes_stand_for_underscores(void **state)
{
    char argument[] = "--log-level=error";
    (void)state;
    assert_int_equal(load(argument, NULL), 0);
    assert_string_equal(common.log_level, "error");
}

static void test_what_is_wrong_is_refused(void **state)
{
    static const char *const FILES[] = {"[probe]\ncuont = 5\n",      "[common]\ncount = 5\n",
                                        "[probe]\ncount = 11\n",     "[probe]\ncount = 5x\n",
                                        "[probe]\nshare = 2\n",      "[probe]\nloud = maybe\n",
                                        "[probe]\nno equals sign\n", "[probe]\nword = \xff\n"};
    static const char *const ARGUMENTS[] = {"--cuont=5", "--count=0", "count=5", "--count",
                                            "--config=/nonexistent"};
    (void)state;
    for (size_t i = 0; i < GX_COUNT_OF(FILES); i++) {
        assert_int_equal(load(config(FILES[i]), NULL), -1);
        (void)unlink(path);
    }
    for (size_t i = 0; i < GX_COUNT_OF(ARGUMENTS); i++) {
        char argument[64];
        (void)snprintf(argument, sizeof argument, "%s", ARGUMENTS[i]);
        assert_int_equal(load(argument, NULL), -1);
    }
    (void)setenv("GENXI_COUNT", "many", 1);
    assert_int_equal(load(NULL, NULL), -1);
    assert_int_equal(own.count, 0); /* nothing was stored */
}

static void test_manual_names_each_setting_and_hides_secrets(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    FILE *out = open_memstream(&text, &size);
    gx_settings_print(tables, 2, out);
    assert_int_equal(fclose(out), 0);
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            assert_non_null(strstr(text, tables[t].rows[i].name));
            assert_non_null(strstr(text, tables[t].rows[i].help));
        }
    }
    assert_null(strstr(text, "hush"));
    assert_non_null(strstr(text, "1 to 10"));
    free(text);
}

static void test_one_setting_may_be_read_again(void **state)
{
    char name[] = "probe";
    (void)state;
    char *argv[] = {name, config("[common]\nlog_level = debug\n"), NULL};
    char *level = gx_settings_read_again(tables, 2, 2, argv, "log_level");
    assert_string_equal(level, "debug");
    free(level);
    assert_null(common.log_level);
    (void)unlink(path);
    assert_null(gx_settings_read_again(tables, 2, 2, argv, "log_level"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults_hold_when_nothing_is_said, prepare, forget),
        cmocka_unit_test_setup_teardown(test_last_wins_file_environment_command_line, prepare,
                                        forget),
        cmocka_unit_test_setup_teardown(test_dashes_stand_for_underscores, prepare, forget),
        cmocka_unit_test_setup_teardown(test_what_is_wrong_is_refused, prepare, forget),
        cmocka_unit_test_setup_teardown(test_manual_names_each_setting_and_hides_secrets, prepare,
                                        forget),
        cmocka_unit_test_setup_teardown(test_one_setting_may_be_read_again, prepare, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
