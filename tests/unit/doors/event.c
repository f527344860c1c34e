/* SPDX-License-Identifier: Apache-2.0 */
/* What panels say: Contact ID and SIA DCS, and what each code means to us. */
#include "check.h"

#include "doors/dc09/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct dc09_frame frame_of(enum dc09_token token, const char *data)
{
    return (struct dc09_frame){.token = token, .data = {(const uint8_t *)data, strlen(data)}};
}

static struct dc09_message cid(const char *data)
{
    struct dc09_message message;
    struct dc09_frame frame = frame_of(DC09_ADM_CID, data);
    assert_true(dc09_message_read(&frame, &message));
    return message;
}

static struct dc09_message sia(const char *data)
{
    struct dc09_message message;
    struct dc09_frame frame = frame_of(DC09_SIA_DCS, data);
    assert_true(dc09_message_read(&frame, &message));
    return message;
}

static bool refused(enum dc09_token token, const char *data)
{
    struct dc09_message message;
    struct dc09_frame frame = frame_of(token, data);
    return !dc09_message_read(&frame, &message);
}

static void test_cid_parts(void **state)
{
    (void)state;
    struct dc09_message message = cid("1130 02 015");
    const struct dc09_event *event = &message.events[0];
    assert_string_equal(event->code, "E130");
    assert_string_equal(event->area, "02");
    assert_string_equal(event->number, "015");
    assert_int_equal(event->number_means, DC09_NUMBER_ZONE);
    assert_string_equal(event->class->type, "burglar_alarm");
    assert_int_equal(dc09_message_act(&message), DC09_ACT_REPORT);
    message = cid("1406 01 003");
    assert_int_equal(message.events[0].number_means, DC09_NUMBER_USER);
    assert_int_equal(dc09_message_act(&message), DC09_ACT_CANCEL);
}

static void test_cid_qualifiers(void **state)
{
    (void)state;
    struct dc09_message message = cid("3130 02 015");
    assert_int_equal(dc09_message_act(&message), DC09_ACT_RESTORE);
    message = cid("6130 02 015");
    assert_true(message.events[0].still);
    assert_int_equal(dc09_message_act(&message), DC09_ACT_REPORT);
    message = cid("3401 01 003"); /* a closing restores nothing */
    assert_int_equal(dc09_message_act(&message), DC09_ACT_NOTE);
    assert_true(refused(DC09_ADM_CID, "2602 00 001"));
    assert_true(refused(DC09_ADM_CID, "1130 02 15"));
    assert_true(refused(DC09_ADM_CID, "1130-02 015"));
    assert_true(refused(DC09_ADM_CID, "1A30 02 015"));
    assert_true(refused(DC09_ADM_CID, ""));
}

static void test_sia_parts_with_and_without_slashes(void **state)
{
    (void)state;
    struct dc09_message message = sia("Nri3BA501");
    assert_string_equal(message.events[0].code, "BA");
    assert_string_equal(message.events[0].area, "3");
    assert_string_equal(message.events[0].number, "501");
    message = sia("Nti10:23/id7/ri2/BA12^back door^");
    assert_string_equal(message.events[0].area, "2");
    assert_string_equal(message.text, "back door");
    message = sia("NTA2|Atamper box");
    assert_string_equal(message.events[0].code, "TA");
    assert_string_equal(message.text, "tamper box");
    message = sia("Nri04/OP001NM");
    assert_string_equal(message.events[0].code, "OP");
    assert_string_equal(message.events[0].number, "001");
    message = sia("OBA1");
    assert_string_equal(message.events[0].code, "BA");
    assert_true(refused(DC09_SIA_DCS, "N"));
    assert_true(refused(DC09_SIA_DCS, "XBA1"));
    assert_true(refused(DC09_SIA_DCS, "Nri1"));
    assert_true(refused(DC09_SIA_DCS, "N12"));
    assert_true(refused(DC09_NULL, "NBA1"));
}

static void test_the_gravest_event_goes_first(void **state)
{
    (void)state;
    struct dc09_message message = sia("Nri1/AT1/BA3/HA2/OP1");
    assert_int_equal(message.event_count, 4);
    assert_string_equal(message.events[0].code, "HA");
    assert_int_equal(message.events[0].class->grade, 1);
}

static void test_texts_of_panels_are_utf8_or_nothing(void **state)
{
    (void)state;
    assert_string_equal(sia("NBA1^\xb4\xf3\xc3\xc5^").text, "");
    assert_string_equal(sia("NBA1^大门^").text, "大门");
    char longest[400] = "NBA1^";
    memset(longest + 5, 'x', 300);
    longest[305] = '^';
    assert_int_equal(strlen(sia(longest).text), DC09_TEXT_MAX);
}

static void test_extras_give_words_and_time(void **state)
{
    (void)state;
    struct dc09_message message;
    struct dc09_frame frame = frame_of(DC09_SIA_DCS, "NBA1");
    const char when[] = "H10:00:00,11-24-2026";
    const char what[] = "Ihall";
    frame.extras[0] = (struct gx_view){(const uint8_t *)when, sizeof when - 1};
    frame.extras[1] = (struct gx_view){(const uint8_t *)what, sizeof what - 1};
    frame.extra_count = 2;
    assert_true(dc09_message_read(&frame, &message));
    assert_string_equal(message.text, "hall");
    assert_int_equal(message.occurred_ms, INT64_C(1795514400000));
}

static void test_report_says_it_in_both_languages(void **state)
{
    (void)state;
    char text[512];
    struct dc09_message message = cid("1130 02 015");
    assert_string_equal(dc09_message_text(&message, text, sizeof text),
                        "入侵报警 E130 防区015 分区02 / burglar alarm E130 zone 015 area 02");
    message = cid("3130 02 015");
    assert_non_null(strstr(dc09_message_text(&message, text, sizeof text), "恢复"));
    char tiny[16];
    assert_int_equal(strlen(dc09_message_text(&message, tiny, sizeof tiny)), sizeof tiny - 1);
}

static void test_unknown_alarms_are_alarms(void **state)
{
    (void)state;
    struct dc09_message message = cid("1199 01 001");
    assert_false(message.events[0].known);
    assert_int_equal(dc09_message_act(&message), DC09_ACT_REPORT);
    message = cid("1999 01 001");
    assert_int_equal(dc09_message_act(&message), DC09_ACT_NOTE);
    message = sia("NGQ1");
    assert_false(message.events[0].known);
}

/* Duress and panic are of the highest grade; nothing that only tells of setting and testing opens a case. */
static void test_what_matters_most(void **state)
{
    (void)state;
    static const char *const GRAVE[] = {"1120 01 001", "1121 01 001", "1122 01 001", "1123 01 001"};
    for (size_t i = 0; i < sizeof GRAVE / sizeof GRAVE[0]; i++) {
        struct dc09_message message = cid(GRAVE[i]);
        assert_string_equal(message.events[0].class->type, "panic_alarm");
        assert_int_equal(message.events[0].class->grade, 1);
    }
    static const char *const QUIET[] = {"1401 01 001", "1602 00 000", "1570 01 001", "1627 00 000"};
    for (size_t i = 0; i < sizeof QUIET / sizeof QUIET[0]; i++) {
        struct dc09_message message = cid(QUIET[i]);
        assert_int_equal(dc09_message_act(&message), DC09_ACT_NOTE);
    }
    struct dc09_message message = sia("NBV1");
    assert_int_equal(message.events[0].class->grade, 2);
    message = cid("1350 00 000");
    assert_string_equal(message.events[0].class->name, "COMMS");
}

/* --- every code that is published is known --- */

static size_t codes_known(const char *file, bool sia_codes)
{
    const char *shared = getenv("GENXI_SHARED");
    char path[4096];
    char line[512];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/vectors/dc09/%s", shared == NULL ? "" : shared, file);
    FILE *in = shared == NULL ? NULL : fopen(path, "r");
    if (in == NULL) {
        (void)fprintf(stderr, "SKIPPED: no vectors/dc09/%s (GENXI_SHARED)\n", file);
        return 1;
    }
    assert_non_null(fgets(line, sizeof line, in));
    while (fgets(line, sizeof line, in) != NULL) {
        char data[32];
        line[strcspn(line, ",")] = '\0';
        (void)snprintf(data, sizeof data, sia_codes ? "N%.2s1" : "1%.3s 00 000", line);
        struct dc09_message message = sia_codes ? sia(data) : cid(data);
        if (!message.events[0].known) {
            fail_msg("%s is not known", line);
        }
        count++;
    }
    (void)fclose(in);
    return count;
}

static void test_published_codes_are_known(void **state)
{
    (void)state;
    assert_true(codes_known("contact_id_codes.csv", false) > 0);
    assert_true(codes_known("sia_dcs_codes.csv", true) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cid_parts),
        cmocka_unit_test(test_cid_qualifiers),
        cmocka_unit_test(test_sia_parts_with_and_without_slashes),
        cmocka_unit_test(test_the_gravest_event_goes_first),
        cmocka_unit_test(test_texts_of_panels_are_utf8_or_nothing),
        cmocka_unit_test(test_extras_give_words_and_time),
        cmocka_unit_test(test_report_says_it_in_both_languages),
        cmocka_unit_test(test_unknown_alarms_are_alarms),
        cmocka_unit_test(test_what_matters_most),
        cmocka_unit_test(test_published_codes_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
