/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audience rule against a small model that was written from the words of the standard and the mission: sets of (role,
 * organisation, area), enumerated, without a table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audience.h"

enum {
    ORGS = 12,
    AREAS = 4,
    KINDS = 5,
    ROUNDS = 200000
};

static const char *const IDS[ORGS] = {"o0", "o1", "o2", "o3", "o4",  "o5",
                                      "o6", "o7", "o8", "o9", "o10", "o11"};

static unsigned seed = 20261124;

static unsigned below(unsigned bound)
{
    seed = seed * 1103515245U + 12345U;
    return (seed >> 8) % bound;
}

static bool coin(unsigned in)
{
    return below(in) == 0;
}

struct world {
    struct intel_org orgs[ORGS];
    const char *named[ORGS];
    int32_t kinds[KINDS];
    int32_t areas[AREAS];
    struct intel_audience audience;
    int mark;
    bool exercise;
    int32_t area; /* the bulletin's */
    int state;
};

struct person {
    struct gx_actor actor;
    int32_t areas[AREAS];
};

static void make_world(struct world *world)
{
    memset(world, 0, sizeof *world);
    for (size_t i = 0; i < ORGS; i++) {
        world->orgs[i] = (struct intel_org){IDS[i], 1 + (int)below(KINDS),
                                            1 + (int32_t)below(AREAS), 1 + (int)below(3), coin(4)};
    }
    struct intel_audience *audience = &world->audience;
    for (size_t i = 0; i < ORGS && coin(2); i++) {
        world->named[audience->org_count++] = IDS[below(ORGS)];
    }
    for (size_t i = 0; i < KINDS && coin(3); i++) {
        world->kinds[audience->kind_count++] = 1 + (int32_t)below(KINDS);
    }
    for (size_t i = 0; i < AREAS && coin(3); i++) {
        world->areas[audience->area_count++] = 1 + (int32_t)below(AREAS);
    }
    audience->orgs = world->named;
    audience->kinds = world->kinds;
    audience->areas = world->areas;
    static const uint32_t ROLES[] = {GX_ROLE_DESK,   GX_ROLE_LINKED, GX_ROLE_RESPONDER,
                                     GX_ROLE_DUTY,   GX_ROLE_POLICE, GX_ROLE_APPROVER,
                                     GX_ROLE_ANALYST};
    while (coin(2)) {
        audience->roles |= ROLES[below(7)];
    }
    world->mark = 1 + (int)below(5);
    world->exercise = coin(3);
    world->area = 1 + (int32_t)below(AREAS);
    world->state = 1 + (int)below(5);
}

static void make_person(struct person *person)
{
    static const uint32_t ROLES[] = {GX_ROLE_ADMIN,    GX_ROLE_DUTY,      GX_ROLE_POLICE,
                                     GX_ROLE_APPROVER, GX_ROLE_ANALYST,   GX_ROLE_AUDITOR,
                                     GX_ROLE_DESK,     GX_ROLE_RESPONDER, GX_ROLE_LINKED};
    memset(person, 0, sizeof *person);
    do {
        person->actor.roles |= ROLES[below(9)];
    } while (coin(4));
    person->actor.subject = coin(5) ? "drafter" : coin(5) ? "approver" : "somebody";
    person->actor.org = coin(6) ? "" : IDS[below(ORGS)];
    person->actor.responder_id = "";
    while (person->actor.area_count < AREAS && coin(2)) {
        person->areas[person->actor.area_count++] = 1 + (int32_t)below(AREAS);
    }
    person->actor.areas = person->areas;
}

/* --- the model --- */

static bool one_of(int32_t value, const int32_t *list, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        found |= list[i] == value;
    }
    return found;
}

static bool is_red(const struct world *world)
{
    return world->mark == GENXI__MARK__MARK_RED;
}

/* May a holder of this one role read it? */
static bool model_role(const struct world *world, uint32_t role)
{
    bool officer = role == GX_ROLE_DUTY || role == GX_ROLE_POLICE || role == GX_ROLE_APPROVER ||
                   role == GX_ROLE_ANALYST;
    bool desk = role == GX_ROLE_DESK || role == GX_ROLE_LINKED;
    if (world->audience.roles == 0) {
        return desk || (officer && !is_red(world));
    }
    if (desk) {
        return (world->audience.roles & (GX_ROLE_DESK | GX_ROLE_LINKED)) != 0;
    }
    return (officer || role == GX_ROLE_RESPONDER) && (world->audience.roles & role) != 0;
}

static bool model_org(const struct world *world, const struct intel_org *org)
{
    const struct intel_audience *a = &world->audience;
    bool partners = model_role(world, GX_ROLE_DESK) || model_role(world, GX_ROLE_RESPONDER);
    if (org->state != GENXI__ORG_STATE__ORG_STATE_ACTIVE || (org->exercise && !world->exercise) ||
        !partners) {
        return false;
    }
    for (size_t i = 0; i < a->org_count; i++) {
        if (strcmp(a->orgs[i], org->id) == 0) {
            return true;
        }
    }
    bool kind = one_of(org->kind, a->kinds, a->kind_count);
    bool area = one_of(org->area, a->areas, a->area_count);
    if (a->kind_count > 0 && a->area_count > 0) {
        return kind && area;
    }
    return kind || area;
}

static bool model_reads(const struct world *world, const struct person *person)
{
    bool given_out = world->state == GENXI__BULLETIN_STATE__BULLETIN_STATE_APPROVED ||
                     world->state == GENXI__BULLETIN_STATE__BULLETIN_STATE_RECALLED ||
                     world->state == GENXI__BULLETIN_STATE__BULLETIN_STATE_EXPIRED;
    static const uint32_t OFFICERS[] = {GX_ROLE_DUTY, GX_ROLE_POLICE, GX_ROLE_APPROVER,
                                        GX_ROLE_ANALYST};
    static const uint32_t PARTNERS[] = {GX_ROLE_DESK, GX_ROLE_LINKED, GX_ROLE_RESPONDER};
    const struct gx_actor *actor = &person->actor;
    bool officer = false;
    for (size_t i = 0; i < 4; i++) {
        bool holds = (actor->roles & OFFICERS[i]) != 0;
        officer |= holds;
        if (holds && given_out && model_role(world, OFFICERS[i])) {
            for (size_t k = 0; k < actor->area_count; k++) {
                if (actor->areas[k] == world->area ||
                    one_of(actor->areas[k], world->audience.areas, world->audience.area_count)) {
                    return true;
                }
            }
        }
    }
    if (officer && strcmp(actor->subject, "somebody") != 0) {
        return true; /* its drafter or approver */
    }
    if (world->state == GENXI__BULLETIN_STATE__BULLETIN_STATE_DRAFT &&
        (actor->roles & GX_ROLE_APPROVER) != 0 &&
        one_of(world->area, actor->areas, actor->area_count)) {
        return true;
    }
    for (size_t i = 0; given_out && i < 3; i++) {
        if ((actor->roles & PARTNERS[i]) != 0 && model_role(world, PARTNERS[i])) {
            for (size_t k = 0; k < ORGS; k++) {
                if (strcmp(world->orgs[k].id, actor->org) == 0 &&
                    model_org(world, &world->orgs[k])) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* Is there a way for the mark to allow it? By the words of TLP 2.0, one sentence a mark. */
static enum intel_audience_fault model_check(const struct world *world)
{
    const struct intel_audience *a = &world->audience;
    bool desks = model_role(world, GX_ROLE_DESK);
    bool devices = model_role(world, GX_ROLE_RESPONDER);
    bool class = a->kind_count + a->area_count > 0;
    if (is_red(world) && (class || devices)) {
        return INTEL_AUDIENCE_MARK; /* for the eyes of those named */
    }
    if (!desks && !devices) {
        return a->org_count + a->kind_count > 0 ? INTEL_AUDIENCE_EMPTY : INTEL_AUDIENCE_FIT;
    }
    if (a->org_count == 0 && !class) {
        return INTEL_AUDIENCE_EMPTY;
    }
    if (world->mark == GENXI__MARK__MARK_AMBER_STRICT && class) {
        return INTEL_AUDIENCE_MARK; /* restricted to the organisation */
    }
    if (world->mark == GENXI__MARK__MARK_AMBER && class &&
        (a->kind_count == 0 || a->area_count == 0)) {
        return INTEL_AUDIENCE_MARK; /* its clients, not the community */
    }
    return INTEL_AUDIENCE_FIT;
}

/* --- the function --- */

static bool function_reads(const struct world *world, const struct person *person)
{
    bool resolved = false;
    bool active = false;
    for (size_t i = 0; i < ORGS; i++) {
        if (strcmp(world->orgs[i].id, person->actor.org) == 0) {
            resolved = intel_audience_has_org(&world->audience, world->mark, world->exercise,
                                              &world->orgs[i]);
            active = world->orgs[i].state == GENXI__ORG_STATE__ORG_STATE_ACTIVE;
        }
    }
    const struct intel_reading reading = {
        .mark = world->mark,
        .state = world->state,
        .area = world->area,
        .audience = &world->audience,
        .drafted_by = "drafter",
        .approved_by = "approver",
        .org_resolved = resolved,
        .org_active = active,
    };
    return intel_sight(&reading, &person->actor) != INTEL_SIGHT_NONE;
}

static void test_audience_equals_the_model_in_random_cases(void **state)
{
    (void)state;
    unsigned seen = 0;
    unsigned fit = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct world world;
        struct person person;
        unsigned start = seed;
        make_world(&world);
        make_person(&person);
        bool wanted = model_reads(&world, &person);
        if (function_reads(&world, &person) != wanted) {
            fail_msg("seed %u: the model says %d", start, wanted);
        }
        enum intel_audience_fault fault = model_check(&world);
        if (intel_audience_check(&world.audience, world.mark) != fault) {
            fail_msg("seed %u: the model's check says %d", start, (int)fault);
        }
        seen += wanted ? 1 : 0;
        fit += fault == INTEL_AUDIENCE_FIT ? 1 : 0;
    }
    /* The cases must be of both kinds, or the test says nothing. */
    assert_true(seen > ROUNDS / 50 && seen < ROUNDS / 2);
    assert_true(fit > ROUNDS / 50 && fit < ROUNDS);
}

static void test_audience_suspended_organisation_loses_access(void **state)
{
    (void)state;
    const char *const orgs[] = {"o1"};
    const struct intel_audience audience = {.orgs = orgs, .org_count = 1};
    struct intel_reading reading = {
        .mark = GENXI__MARK__MARK_RED,
        .state = GENXI__BULLETIN_STATE__BULLETIN_STATE_APPROVED,
        .area = 1,
        .audience = &audience,
        .drafted_by = "d",
        .approved_by = "a",
        .org_resolved = true,
        .org_active = true,
    };
    const struct gx_actor desk = {
        .roles = GX_ROLE_DESK, .subject = "s", .org = "o1", .responder_id = ""};
    assert_int_equal(intel_sight(&reading, &desk), INTEL_SIGHT_AUDIENCE);
    reading.org_active = false;
    assert_int_equal(intel_sight(&reading, &desk), INTEL_SIGHT_NONE);
}

static void test_audience_red_is_not_for_officers_of_the_area_nor_for_devices(void **state)
{
    (void)state;
    const char *const orgs[] = {"o1"};
    const int32_t areas[] = {1};
    const struct intel_audience audience = {.orgs = orgs, .org_count = 1};
    const struct intel_reading reading = {
        .mark = 77, /* unknown: RED */
        .state = GENXI__BULLETIN_STATE__BULLETIN_STATE_APPROVED,
        .area = 1,
        .audience = &audience,
        .drafted_by = "d",
        .approved_by = "a",
        .org_resolved = true,
        .org_active = true,
    };
    const struct gx_actor officer = {.roles = GX_ROLE_POLICE,
                                     .subject = "s",
                                     .org = "",
                                     .responder_id = "",
                                     .areas = areas,
                                     .area_count = 1};
    const struct gx_actor drafter = {
        .roles = GX_ROLE_POLICE, .subject = "d", .org = "", .responder_id = ""};
    const struct gx_actor device = {
        .roles = GX_ROLE_RESPONDER, .subject = "s", .org = "o1", .responder_id = "r"};
    const struct gx_actor admin = {.roles = GX_ROLE_ADMIN,
                                   .subject = "s",
                                   .org = "",
                                   .responder_id = "",
                                   .areas = areas,
                                   .area_count = 1};
    assert_int_equal(intel_sight(&reading, &officer), INTEL_SIGHT_NONE);
    assert_int_equal(intel_sight(&reading, &device), INTEL_SIGHT_NONE);
    assert_int_equal(intel_sight(&reading, &admin), INTEL_SIGHT_NONE);
    assert_int_equal(intel_sight(&reading, &drafter), INTEL_SIGHT_STAFF);
}

static void test_audience_role_names_round_trip(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"desk",   "linked",   "responder", "duty",
                                        "police", "approver", "analyst"};
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 16);
    for (size_t i = 0; i < 7; i++) {
        size_t count = 0;
        char **names = intel_role_names(&ctx, intel_role_parse(NAMES[i]), &count);
        assert_int_equal(count, 1);
        assert_string_equal(names[0], NAMES[i]);
    }
    assert_int_equal(intel_role_parse("system"), 0);
    assert_int_equal(intel_role_parse("admin"), 0);
    assert_int_equal(intel_role_parse(""), 0);
    gx_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audience_equals_the_model_in_random_cases),
        cmocka_unit_test(test_audience_suspended_organisation_loses_access),
        cmocka_unit_test(test_audience_red_is_not_for_officers_of_the_area_nor_for_devices),
        cmocka_unit_test(test_audience_role_names_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
