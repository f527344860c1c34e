/* SPDX-License-Identifier: Apache-2.0 */
/* Every hard rule both ways: broken it forbids, kept it does not. */
#include "check.h"

#include "rules.h"

#include <string.h>

enum {
    NOW = 1000000,
    HERE = 53011201,
    ELSEWHERE = 53011202
};

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define KIND(name) (int)GENXI__GUARD_KIND__GUARD_KIND_##name

static const struct gx_point PLACE = {102.66, 25.03};
static const struct gx_point FAR = {102.70, 25.03}; /* some 4 km east */
static const struct rule_limits LIMITS = {.fix_fresh_ms = 120000};

static struct occasion occasion(void)
{
    return (struct occasion){
        .incident_id = "i", .area = HERE, .place = PLACE, .site_id = "", .now = NOW};
}

/* Somebody whom no rule forbids. */
static struct person person(Genxi__Force force)
{
    return (struct person){
        .id = "r",
        .org_id = "o",
        .call_sign = "c",
        .area = HERE,
        .force = force,
        .crew = 1,
        .active = true,
        .insured_until_at = NOW + 1,
        .on_shift = true,
        .hold_incident_id = "",
        .site_id = "",
        .org_known = true,
        .org_active = true,
        .has_fix = true,
        .fix = PLACE,
        .fix_at = NOW,
    };
}

static struct person guard(int kind)
{
    struct person p = person(FORCE(GUARD));
    p.guard_kind = kind;
    return p;
}

static enum rule ask(const struct person *p, const struct occasion *o, const struct slot_need *need)
{
    return rule_forbidding(p, o, need, &LIMITS, RULE_KIND_FIX);
}

static enum rule plain(const struct person *p)
{
    struct occasion o = occasion();
    return ask(p, &o, NULL);
}

static void test_fit_person_passes(void **state)
{
    (void)state;
    const Genxi__Force forces[] = {FORCE(POLICE), FORCE(PATROL), FORCE(VOLUNTEER)};
    for (size_t i = 0; i < 3; i++) {
        struct person p = person(forces[i]);
        assert_int_equal(plain(&p), RULE_NONE);
    }
}

static void test_inactive(void **state)
{
    (void)state;
    struct person p = person(FORCE(POLICE));
    p.active = false;
    assert_int_equal(plain(&p), RULE_INACTIVE);
}

static void test_force_must_match_slot(void **state)
{
    (void)state;
    struct occasion o = occasion();
    struct person p = person(FORCE(PATROL));
    struct slot_need need = {.force = FORCE(POLICE)};
    assert_int_equal(ask(&p, &o, &need), RULE_WRONG_FORCE);
    need.force = FORCE(PATROL);
    assert_int_equal(ask(&p, &o, &need), RULE_NONE);
}

static void test_organisation_must_be_active(void **state)
{
    (void)state;
    struct person p = person(FORCE(PATROL));
    p.org_active = false;
    assert_int_equal(plain(&p), RULE_ORG_NOT_ACTIVE);
    p.org_known = false;
    assert_int_equal(plain(&p), RULE_ORG_NOT_ACTIVE);
    /* A station need not be registered, but one that is must be active too. */
    struct person officer = person(FORCE(POLICE));
    officer.org_known = false;
    officer.org_active = false;
    assert_int_equal(plain(&officer), RULE_NONE);
    officer.org_known = true;
    assert_int_equal(plain(&officer), RULE_ORG_NOT_ACTIVE);
}

static void test_exercise_twin_only_in_drills(void **state)
{
    (void)state;
    struct occasion o = occasion();
    struct person p = person(FORCE(PATROL));
    p.org_exercise = true;
    assert_int_equal(ask(&p, &o, NULL), RULE_EXERCISE_TWIN);
    o.exercise = true;
    assert_int_equal(ask(&p, &o, NULL), RULE_NONE);
}

static void test_violence_excludes_volunteers_only(void **state)
{
    (void)state;
    struct occasion o = occasion();
    o.violent = true;
    struct person volunteer = person(FORCE(VOLUNTEER));
    struct person patrol = person(FORCE(PATROL));
    assert_int_equal(ask(&volunteer, &o, NULL), RULE_VIOLENT_NO_VOLUNTEER);
    assert_int_equal(ask(&patrol, &o, NULL), RULE_NONE);
    o.violent = false;
    assert_int_equal(ask(&volunteer, &o, NULL), RULE_NONE);
}

static void test_insurance_of_volunteers_and_patrols(void **state)
{
    (void)state;
    struct person p = person(FORCE(VOLUNTEER));
    p.insured_until_at = NOW; /* ended this very millisecond */
    assert_int_equal(plain(&p), RULE_NOT_INSURED);
    p.force = FORCE(PATROL);
    assert_int_equal(plain(&p), RULE_NOT_INSURED);
    p.insured_until_at = NOW + 1;
    assert_int_equal(plain(&p), RULE_NONE);
    p.force = FORCE(POLICE);
    p.insured_until_at = 0;
    assert_int_equal(plain(&p), RULE_NONE);
}

static void lend(struct person *p)
{
    p->off_site_consent = true;
    p->agreement = (struct person_agreement){.exists = true, .off_site = true, .signed_at = 1};
}

static void test_property_and_self_hired_guards_stay_on_site(void **state)
{
    (void)state;
    const int kinds[] = {KIND(PROPERTY), KIND(SELF_HIRED)};
    for (size_t i = 0; i < 2; i++) {
        struct occasion o = occasion();
        struct person p = guard(kinds[i]);
        assert_int_equal(ask(&p, &o, NULL), RULE_OWN_SITE_ONLY);
        p.has_site = true;
        p.site_id = "s";
        p.site = FAR;
        p.site_radius_m = 150;
        assert_int_equal(ask(&p, &o, NULL), RULE_OWN_SITE_ONLY);
        p.site = PLACE; /* within the radius */
        assert_int_equal(ask(&p, &o, NULL), RULE_NONE);
        p.site = FAR; /* far, but reported for this very site */
        o.site_id = "s";
        assert_int_equal(ask(&p, &o, NULL), RULE_NONE);
        o.site_id = "t";
        assert_int_equal(ask(&p, &o, NULL), RULE_OWN_SITE_ONLY);
    }
}

static void test_off_site_needs_agreement_consent_and_term(void **state)
{
    (void)state;
    struct person p = guard(KIND(PROPERTY));
    lend(&p);
    assert_int_equal(plain(&p), RULE_NONE);
    p.off_site_consent = false; /* the person does not agree */
    assert_int_equal(plain(&p), RULE_OWN_SITE_ONLY);
    lend(&p);
    p.agreement.off_site = false; /* the organisation does not */
    assert_int_equal(plain(&p), RULE_OWN_SITE_ONLY);
    lend(&p);
    p.agreement.ends_at = NOW; /* it has ended */
    assert_int_equal(plain(&p), RULE_OWN_SITE_ONLY);
    p.agreement.ends_at = NOW + 1;
    assert_int_equal(plain(&p), RULE_NONE);
    p.agreement.signed_at = NOW + 1; /* not yet begun */
    assert_int_equal(plain(&p), RULE_OWN_SITE_ONLY);
    lend(&p);
    p.agreement.exists = false;
    assert_int_equal(plain(&p), RULE_OWN_SITE_ONLY);
}

static void test_licensed_guards_go_by_contract_area(void **state)
{
    (void)state;
    const int32_t areas[] = {ELSEWHERE, HERE};
    struct person p = guard(KIND(LICENSED));
    assert_int_equal(plain(&p), RULE_NO_CONTRACT);
    p.agreement = (struct person_agreement){
        .exists = true, .signed_at = 1, .contract_areas = areas, .contract_area_count = 2};
    assert_int_equal(plain(&p), RULE_NONE);
    p.agreement.contract_area_count = 1; /* only elsewhere */
    assert_int_equal(plain(&p), RULE_NO_CONTRACT);
    p.agreement.contract_area_count = 2;
    p.agreement.ends_at = NOW;
    assert_int_equal(plain(&p), RULE_NO_CONTRACT);
    p.has_site = true; /* their own site they guard in any case */
    p.site = PLACE;
    p.site_radius_m = 100;
    assert_int_equal(plain(&p), RULE_NONE);
}

static void test_off_shift(void **state)
{
    (void)state;
    struct person p = person(FORCE(POLICE));
    p.on_shift = false;
    assert_int_equal(plain(&p), RULE_OFF_SHIFT);
}

static void test_busy(void **state)
{
    (void)state;
    struct person p = person(FORCE(POLICE));
    p.hold = HOLD_OFFER;
    assert_int_equal(plain(&p), RULE_BUSY);
    p.hold = HOLD_ASSIGNMENT;
    assert_int_equal(plain(&p), RULE_BUSY);
}

static void test_resting(void **state)
{
    (void)state;
    struct person p = person(FORCE(POLICE));
    p.rest_until_at = NOW + 1;
    assert_int_equal(plain(&p), RULE_RESTING);
    p.rest_until_at = NOW;
    assert_int_equal(plain(&p), RULE_NONE);
}

static void test_skill_ends_at_its_minute(void **state)
{
    (void)state;
    const char *const wanted[] = {"first_aid", "negotiation"};
    struct person_skill skills[] = {{"first_aid", NOW + 1}, {"negotiation", NOW + 1}};
    struct slot_need need = {.force = FORCE(POLICE), .skills = wanted, .skill_count = 2};
    struct occasion o = occasion();
    struct person p = person(FORCE(POLICE));
    p.skills = skills;
    p.skill_count = 2;
    assert_int_equal(ask(&p, &o, &need), RULE_NONE);
    skills[1].until_at = NOW;
    assert_int_equal(ask(&p, &o, &need), RULE_NO_SKILL);
    skills[1].until_at = NOW + 1;
    p.skill_count = 1;
    assert_int_equal(ask(&p, &o, &need), RULE_NO_SKILL);
    assert_int_equal(ask(&p, &o, NULL), RULE_NONE);
}

static void test_crew(void **state)
{
    (void)state;
    struct slot_need need = {.force = FORCE(POLICE), .crew_min = 2};
    struct occasion o = occasion();
    struct person p = person(FORCE(POLICE));
    assert_int_equal(ask(&p, &o, &need), RULE_CREW_TOO_SMALL);
    p.crew = 2;
    assert_int_equal(ask(&p, &o, &need), RULE_NONE);
}

static void test_asked_before(void **state)
{
    (void)state;
    struct person p = person(FORCE(POLICE));
    p.asked_before = true;
    assert_int_equal(plain(&p), RULE_ASKED_BEFORE);
}

static void test_who_was_alerted_enough_is_left_in_peace(void **state)
{
    (void)state;
    struct rule_limits limits = LIMITS;
    struct occasion o = occasion();
    struct person p = person(FORCE(VOLUNTEER));
    limits.alerts_max[FORCE(VOLUNTEER)] = 20;
    p.alerts = 19;
    assert_int_equal(rule_forbidding(&p, &o, NULL, &limits, RULE_KIND_FIX), RULE_NONE);
    p.alerts = 20;
    assert_int_equal(rule_forbidding(&p, &o, NULL, &limits, RULE_KIND_FIX), RULE_ALERTED_ENOUGH);
    /* Somebody may name him, and he may come by himself; where there is no bound there is none. */
    assert_int_equal(rule_forbidding(&p, &o, NULL, &limits, RULE_KIND_DUTY), RULE_NONE);
    p.force = FORCE(POLICE);
    p.alerts = 1000;
    assert_int_equal(rule_forbidding(&p, &o, NULL, &limits, RULE_KIND_FIX), RULE_NONE);
}

static void test_position_known_and_fresh(void **state)
{
    (void)state;
    struct person p = person(FORCE(POLICE));
    p.has_fix = false;
    assert_int_equal(plain(&p), RULE_NO_POSITION);
    p.has_fix = true;
    p.fix_at = NOW - LIMITS.fix_fresh_ms;
    assert_int_equal(plain(&p), RULE_NONE);
    p.fix_at--;
    assert_int_equal(plain(&p), RULE_STALE_POSITION);
}

/* A dispatch by hand needs no fix; who moves already is asked for the law only; the law is asked of everybody. */
static void test_kinds_leave_out_what_they_should(void **state)
{
    (void)state;
    struct occasion o = occasion();
    struct person p = person(FORCE(VOLUNTEER));
    p.has_fix = false;
    assert_int_equal(rule_forbidding(&p, &o, NULL, &LIMITS, RULE_KIND_DUTY), RULE_NONE);
    p.on_shift = false;
    assert_int_equal(rule_forbidding(&p, &o, NULL, &LIMITS, RULE_KIND_DUTY), RULE_OFF_SHIFT);
    assert_int_equal(rule_forbidding(&p, &o, NULL, &LIMITS, RULE_KIND_LAW), RULE_NONE);
    o.violent = true;
    assert_int_equal(rule_forbidding(&p, &o, NULL, &LIMITS, RULE_KIND_LAW),
                     RULE_VIOLENT_NO_VOLUNTEER);
}

static void test_words_are_there_and_differ(void **state)
{
    (void)state;
    for (int a = 0; a < RULE_COUNT; a++) {
        assert_true(strlen(rule_word((enum rule)a)) > 2);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(rule_word((enum rule)a), rule_word((enum rule)b));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_person_passes),
        cmocka_unit_test(test_inactive),
        cmocka_unit_test(test_force_must_match_slot),
        cmocka_unit_test(test_organisation_must_be_active),
        cmocka_unit_test(test_exercise_twin_only_in_drills),
        cmocka_unit_test(test_violence_excludes_volunteers_only),
        cmocka_unit_test(test_insurance_of_volunteers_and_patrols),
        cmocka_unit_test(test_property_and_self_hired_guards_stay_on_site),
        cmocka_unit_test(test_off_site_needs_agreement_consent_and_term),
        cmocka_unit_test(test_licensed_guards_go_by_contract_area),
        cmocka_unit_test(test_off_shift),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_resting),
        cmocka_unit_test(test_skill_ends_at_its_minute),
        cmocka_unit_test(test_crew),
        cmocka_unit_test(test_asked_before),
        cmocka_unit_test(test_who_was_alerted_enough_is_left_in_peace),
        cmocka_unit_test(test_position_known_and_fresh),
        cmocka_unit_test(test_kinds_leave_out_what_they_should),
        cmocka_unit_test(test_words_are_there_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
