/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "playbook.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "web/json.h"
#include "wire/pb.h"

#include <string.h>

enum {
    PLAYBOOKS_MAX = 40
};

static struct gx_ctx ctx;
static Genxi__Playbook *delivered[PLAYBOOKS_MAX];
static size_t delivered_count;

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = gx_arena_alloc(&ctx.arena, 1 << 18);
    assert_non_null(text);
    size_t size = fread(text, 1, (1 << 18) - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    return text;
}

/* The data as the migration delivers them: each between $json$ marks, its code before. */
static int load(void **state)
{
    (void)state;
    gx_ctx_init(&ctx, 1 << 23);
    char *text = read_whole("services/intake/schema/0002_playbooks.sql");
    char *at = text;
    for (;;) {
        char *code = strstr(at, "VALUES ('");
        if (code == NULL) {
            break;
        }
        code += strlen("VALUES ('");
        char *json = strstr(code, "$json$\n{");
        char *end = json == NULL ? NULL : strstr(json, "}\n$json$");
        if (end == NULL) {
            (void)fprintf(stderr, "a playbook without its definition\n");
            abort();
        }
        code[strcspn(code, "'")] = '\0';
        *end = '\0';
        char *whole = gx_arena_printf(&ctx.arena, "{\"code\": \"%s\", \"version\": 1, %s}", code,
                                      json + strlen("$json$\n{"));
        ProtobufCMessage *message = NULL;
        struct gx_view view = {(const uint8_t *)whole, strlen(whole)};
        if (gx_json_read(&ctx, &genxi__playbook__descriptor, view, &message) != GX_OK) {
            fail_msg("%s: %s at %s: %s", code, gx_problem_row(ctx.faults[0].problem)->slug,
                     ctx.faults[0].pointer, ctx.faults[0].value);
        }
        assert_true(delivered_count < PLAYBOOKS_MAX);
        delivered[delivered_count++] = (Genxi__Playbook *)message;
        at = end + 1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    gx_ctx_done(&ctx);
    return 0;
}

static Genxi__Playbook *find(const char *code)
{
    for (size_t i = 0; i < delivered_count; i++) {
        if (gx_text_is(delivered[i]->code, code)) {
            return delivered[i];
        }
    }
    return NULL;
}

static Genxi__Playbook *get(const char *code)
{
    Genxi__Playbook *playbook = find(code);
    if (playbook == NULL) {
        (void)fprintf(stderr, "no playbook %s\n", code);
        abort();
    }
    return playbook;
}

static void test_all_types_are_delivered_and_keep_the_rules(void **state)
{
    (void)state;
    static const char *const CODES[] = {"jump_threat",   "suspicious_activity",
                                        "fight",         "knife_at_school",
                                        "lost_person",   "theft_in_progress",
                                        "dispute",       "fire_first_response",
                                        "crowd",         "medical_emergency",
                                        "burglar_alarm", "traffic_block",
                                        "missing_guard", "other"};
    for (size_t i = 0; i < GX_COUNT_OF(CODES); i++) {
        assert_non_null(find(CODES[i]));
    }
    for (size_t i = 0; i < delivered_count; i++) {
        const char *fault = intake_playbook_fault(&ctx, delivered[i]);
        if (fault != NULL) {
            fail_msg("%s: %s", delivered[i]->code, fault);
        }
        for (size_t j = 0; j < delivered[i]->n_merge_types; j++) {
            assert_non_null(find(delivered[i]->merge_types[j]));
        }
        /* The rungs are of the 1-3-5 ladder, and the last one calls for help after five minutes. */
        assert_true(delivered[i]->n_rungs >= 1);
        for (size_t j = 0; j < delivered[i]->n_rungs; j++) {
            uint32_t minute = delivered[i]->rungs[j]->minute;
            assert_true(minute == 1 || minute == 3 || minute == 5);
        }
        assert_int_equal(delivered[i]->rungs[delivered[i]->n_rungs - 1]->minute, 5);
    }
}

static void test_violence_always_has_police_and_never_a_volunteer(void **state)
{
    (void)state;
    int violent = 0;
    for (size_t i = 0; i < delivered_count; i++) {
        if (!delivered[i]->violent) {
            continue;
        }
        violent++;
        for (uint32_t grade = 1; grade <= 4; grade++) {
            Genxi__Playbook *effective = intake_playbook_effective(&ctx, delivered[i], grade);
            bool police = false;
            for (size_t j = 0; j < effective->n_slots; j++) {
                police = police || effective->slots[j]->force == GENXI__FORCE__FORCE_POLICE;
                assert_int_not_equal(effective->slots[j]->force, GENXI__FORCE__FORCE_VOLUNTEER);
            }
            assert_true(police);
        }
    }
    assert_true(violent >= 4);
    assert_true(get("fight")->violent && get("knife_at_school")->violent &&
                get("jump_threat")->violent);
}

static void test_the_roof_has_its_card_and_linked_parties(void **state)
{
    (void)state;
    const Genxi__Playbook *roof = get("jump_threat");
    assert_int_equal(roof->grade, 1);
    assert_int_equal(roof->n_linked, 3);
    assert_int_equal(roof->linked[0], GENXI__ORG_KIND__ORG_KIND_FIRE);
    assert_int_equal(roof->linked[1], GENXI__ORG_KIND__ORG_KIND_AMBULANCE);
    assert_int_equal(roof->linked[2], GENXI__ORG_KIND__ORG_KIND_SUBDISTRICT);
    assert_true(intake_playbook_asks(roof, "height"));
    assert_false(intake_playbook_asks(roof, "colour"));
}

static void test_a_burglar_alarm_is_verified_by_a_guard_and_police_join_from_grade_2(void **state)
{
    (void)state;
    const Genxi__Playbook *alarm = get("burglar_alarm");
    Genxi__Playbook *low = intake_playbook_effective(&ctx, alarm, 3);
    Genxi__Playbook *high = intake_playbook_effective(&ctx, alarm, 2);
    assert_int_equal(low->n_slots, 1);
    assert_int_equal(low->slots[0]->force, GENXI__FORCE__FORCE_GUARD);
    assert_int_equal(high->n_slots, 2);
    assert_int_equal(high->slots[1]->force, GENXI__FORCE__FORCE_POLICE);
    assert_true(intake_playbook_differs(alarm, 3, 2));
    assert_false(intake_playbook_differs(alarm, 1, 2));
    assert_false(intake_playbook_differs(get("fight"), 1, 4));
}

/* Copies deep enough that a test can spoil one part. */
static Genxi__Playbook *copy_of(const char *code)
{
    struct gx_view bytes = {NULL, 0};
    ProtobufCMessage *message = NULL;
    assert_int_equal(gx_pb_pack(&ctx, &get(code)->base, &bytes), GX_OK);
    assert_int_equal(gx_pb_unpack(&ctx, &genxi__playbook__descriptor, bytes, &message), GX_OK);
    return (Genxi__Playbook *)message;
}

static void spoil_nothing(Genxi__Playbook *p)
{
    (void)p;
}
static void spoil_volunteer(Genxi__Playbook *p)
{
    p->slots[1]->force = GENXI__FORCE__FORCE_VOLUNTEER;
}
static void spoil_police(Genxi__Playbook *p)
{
    p->slots[0]->force = GENXI__FORCE__FORCE_GUARD;
}
static void spoil_police_by_grade(Genxi__Playbook *p)
{
    p->slots[0]->grade_max = 2;
}
static void spoil_grade(Genxi__Playbook *p)
{
    p->grade = 5;
}
static void spoil_count(Genxi__Playbook *p)
{
    p->slots[0]->count = 0;
}
static void spoil_twice(Genxi__Playbook *p)
{
    p->slots[1]->code = p->slots[0]->code;
}
static void spoil_radius(Genxi__Playbook *p)
{
    p->merge_radius_m = 1001;
}
static void spoil_rung_order(Genxi__Playbook *p)
{
    p->rungs[1]->minute = 1;
}
static void spoil_rung_step(Genxi__Playbook *p)
{
    p->rungs[1]->step_up = gx_pb_text("shout");
}
static void spoil_card_zh(Genxi__Playbook *p)
{
    p->cards[1]->do_zh[0] = gx_pb_text("控制嫌疑人等候民警");
}
static void spoil_card_en(Genxi__Playbook *p)
{
    p->cards[1]->do_en[0] = gx_pb_text("Detain the person until police arrive");
}
static void spoil_card_question(Genxi__Playbook *p)
{
    p->cards[1]->do_en[0] = gx_pb_text("Question the people there");
}
static void spoil_never(Genxi__Playbook *p)
{
    p->cards[1]->n_never_zh = p->cards[1]->n_never_en = 0;
}
static void spoil_languages(Genxi__Playbook *p)
{
    p->cards[1]->n_do_en -= 1;
}
static void spoil_no_card(Genxi__Playbook *p)
{
    p->n_cards = 1;
}
static void spoil_slots(Genxi__Playbook *p)
{
    p->violent = false;
    p->n_slots = 0;
}
static void spoil_name(Genxi__Playbook *p)
{
    p->name_en = gx_pb_text("");
}
static void spoil_fact(Genxi__Playbook *p)
{
    p->facts[0] = gx_pb_text("Not A Word");
}
static void spoil_offer(Genxi__Playbook *p)
{
    p->has_offer_seconds = true;
    p->offer_seconds = 1;
}

static void test_a_playbook_that_breaks_a_rule_is_refused(void **state)
{
    (void)state;
    void (*const spoil[])(Genxi__Playbook *) = {
        spoil_volunteer, spoil_police,     spoil_police_by_grade,
        spoil_grade,     spoil_count,      spoil_twice,
        spoil_radius,    spoil_rung_order, spoil_rung_step,
        spoil_card_zh,   spoil_card_en,    spoil_card_question,
        spoil_never,     spoil_languages,  spoil_no_card,
        spoil_slots,     spoil_name,       spoil_fact,
        spoil_offer};
    Genxi__Playbook *sound = copy_of("fight");
    spoil_nothing(sound);
    assert_null(intake_playbook_fault(&ctx, sound));
    for (size_t i = 0; i < GX_COUNT_OF(spoil); i++) {
        Genxi__Playbook *spoiled = copy_of("fight");
        spoil[i](spoiled);
        if (intake_playbook_fault(&ctx, spoiled) == NULL) {
            fail_msg("fault %zu was not found", i);
        }
    }
}

/* --- merging --- */

static Genxi__Incident open_incident(const char *type)
{
    Genxi__Incident incident = GENXI__INCIDENT__INIT;
    incident.state = GENXI__INCIDENT_STATE__INCIDENT_STATE_REPORTED;
    incident.type = incident.initial_type = gx_pb_text(type);
    incident.lon = 102.66;
    incident.lat = 25.02;
    return incident;
}

static bool merges(const char *report_type, double north_m, int64_t time_at,
                   const Genxi__Incident *incident)
{
    const struct intake_sighting sighting = {
        get(report_type), {102.66, 25.02 + north_m / 111195.0}, time_at, false};
    return intake_merges(&sighting, incident, get(incident->type), 1000000, 1060000);
}

static void test_merge_by_place_time_and_type(void **state)
{
    (void)state;
    Genxi__Incident roof = open_incident("jump_threat"); /* 150 m, 120 minutes */
    assert_true(merges("jump_threat", 0, 1000000, &roof));
    assert_true(merges("jump_threat", 149, 1000000, &roof));
    assert_false(merges("jump_threat", 151, 1000000, &roof));
    assert_true(merges("jump_threat", 10, 1060000 + 120 * 60000, &roof));
    assert_false(merges("jump_threat", 10, 1060001 + 120 * 60000, &roof));
    assert_true(merges("jump_threat", 10, 1000000 - 120 * 60000, &roof));
    assert_false(merges("jump_threat", 10, 999999 - 120 * 60000, &roof));
    assert_false(merges("lost_person", 0, 1000000, &roof));
    assert_true(merges("crowd", 10, 1000000, &roof)); /* named by the incident's playbook */
    Genxi__Incident crowd = open_incident("crowd");
    assert_true(merges("jump_threat", 10, 1000000, &crowd)); /* named by the report's */
}

static void test_merge_never_with_ended_or_exercise(void **state)
{
    (void)state;
    Genxi__Incident roof = open_incident("jump_threat");
    roof.exercise = true;
    assert_false(merges("jump_threat", 0, 1000000, &roof));
    for (int s = 1; s <= 12; s++) {
        Genxi__Incident other = open_incident("jump_threat");
        other.state = (Genxi__IncidentState)s;
        assert_int_equal(merges("jump_threat", 0, 1000000, &other), s <= 7);
    }
}

static void test_merge_by_the_type_as_first_reported(void **state)
{
    (void)state;
    Genxi__Incident corrected = open_incident("lost_person");
    corrected.initial_type = gx_pb_text("jump_threat");
    assert_true(merges("jump_threat", 10, 1000000, &corrected));
}

static void test_numbers_bear_division_and_the_day_in_shanghai(void **state)
{
    (void)state;
    char number[INTAKE_NUMBER_SIZE];
    /* 2026-11-24T06:00:00Z */
    assert_string_equal(intake_number(53011203, 1795500000000LL + 0, 1, number),
                        "530112-20261124-000001");
    /* 15:59:59.999Z is still that day there, 16:00Z is the next. */
    assert_string_equal(intake_number(53011203, 1795535999999LL, 42, number),
                        "530112-20261124-000042");
    assert_string_equal(intake_number(53011200, 1795536000000LL, 999999, number),
                        "530112-20261125-999999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_types_are_delivered_and_keep_the_rules),
        cmocka_unit_test(test_violence_always_has_police_and_never_a_volunteer),
        cmocka_unit_test(test_the_roof_has_its_card_and_linked_parties),
        cmocka_unit_test(test_a_burglar_alarm_is_verified_by_a_guard_and_police_join_from_grade_2),
        cmocka_unit_test(test_a_playbook_that_breaks_a_rule_is_refused),
        cmocka_unit_test(test_merge_by_place_time_and_type),
        cmocka_unit_test(test_merge_never_with_ended_or_exercise),
        cmocka_unit_test(test_merge_by_the_type_as_first_reported),
        cmocka_unit_test(test_numbers_bear_division_and_the_day_in_shanghai),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
