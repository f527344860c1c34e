/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of the registry: kept by a good record, broken alone by one change. */
#include "rules.h"

#include "support.h"
#include <math.h>

static const int64_t NOW = INT64_C(1795500000000);

struct heard {
    enum gx_problem problem;
    char pointer[64];
    size_t count;
};

static void hear(void *arg, enum gx_problem problem, const char *pointer, const char *value)
{
    struct heard *heard = arg;
    assert_non_null(value);
    if (heard->count++ == 0) {
        heard->problem = problem;
        (void)snprintf(heard->pointer, sizeof heard->pointer, "%s", pointer);
    }
}

static struct rules listening(struct heard *heard)
{
    *heard = (struct heard){0};
    return (struct rules){.fault = hear, .arg = heard, .now_ms = NOW};
}

static void expect(const struct heard *heard, enum gx_problem problem, const char *pointer)
{
    if (heard->count != 1 || heard->problem != problem || strcmp(heard->pointer, pointer) != 0) {
        fail_msg("%zu faults, first %s at %s; expected %s at %s", heard->count,
                 gx_problem_row(heard->problem)->slug, heard->pointer,
                 gx_problem_row(problem)->slug, pointer);
    }
}

static char *text(char *buffer, const char *value)
{
    return strcpy(buffer, value);
}

/* --- partners --- */

struct partner_case {
    Genxi__Partner partner;
    Genxi__Agreement agreement;
    Genxi__Contact contact;
    Genxi__Contact *contacts[12];
    int32_t areas[70];
    char name[512], name_en[64], code[64], contact_name[64], phone[64];
    struct heard heard;
};

static void good_partner(struct partner_case *c)
{
    memset(c, 0, sizeof *c);
    genxi__partner__init(&c->partner);
    genxi__agreement__init(&c->agreement);
    genxi__contact__init(&c->contact);
    c->partner.id = text(c->code + 32, "x");
    c->partner.name = text(c->name, "翠湖物业(演示)");
    c->partner.name_en = text(c->name_en, "Cuihu Property");
    c->partner.kind = GENXI__ORG_KIND__ORG_KIND_PROPERTY;
    c->partner.area = 53011201;
    c->partner.state = GENXI__ORG_STATE__ORG_STATE_ACTIVE;
    c->partner.code = text(c->code, "W-001");
    c->partner.agreement = &c->agreement;
    c->agreement.signed_at = NOW - 1000;
    c->agreement.has_ends_at = 1;
    c->agreement.ends_at = NOW + 1000;
    c->areas[0] = 53011201;
    c->agreement.contract_areas = c->areas;
    c->agreement.n_contract_areas = 1;
    c->contact.name = text(c->contact_name, "联络员");
    c->contact.phone = text(c->phone, "+86-10000000");
    c->contact.has_tested_at = 1;
    c->contact.tested_at = NOW;
    c->contacts[0] = &c->contact;
    c->partner.contacts = c->contacts;
    c->partner.n_contacts = 1;
}

static void run_partner(struct partner_case *c)
{
    struct rules rules = listening(&c->heard);
    rules_partner(&rules, &c->partner);
    assert_int_equal(rules.broken, c->heard.count);
}

#define PARTNER_BREAKS(change, problem, pointer)                                                   \
    do {                                                                                           \
        good_partner(&c);                                                                          \
        change;                                                                                    \
        run_partner(&c);                                                                           \
        expect(&c.heard, problem, pointer);                                                        \
    } while (0)

static void test_partner_rules(void **state)
{
    (void)state;
    struct partner_case c;
    good_partner(&c);
    run_partner(&c);
    assert_int_equal(c.heard.count, 0);
    PARTNER_BREAKS(text(c.name, ""), GX_P_FIELD_LENGTH, "/name");
    PARTNER_BREAKS(text(c.name, "   "), GX_P_FIELD_LENGTH, "/name");
    PARTNER_BREAKS(memset(c.name, 'n', 101), GX_P_FIELD_LENGTH, "/name");
    PARTNER_BREAKS(text(c.name, "a\nb"), GX_P_FIELD_FORMAT, "/name");
    PARTNER_BREAKS(text(c.name, "\xff"), GX_P_UTF8, "/name");
    PARTNER_BREAKS(text(c.name_en, ""), GX_P_FIELD_LENGTH, "/name_en");
    PARTNER_BREAKS(c.partner.kind = (Genxi__OrgKind)99, GX_P_FIELD_RANGE, "/kind");
    PARTNER_BREAKS(c.partner.state = (Genxi__OrgState)0, GX_P_FIELD_RANGE, "/state");
    PARTNER_BREAKS(c.partner.area = 530112, GX_P_FIELD_RANGE, "/area");
    PARTNER_BREAKS(text(c.code, "a/b"), GX_P_FIELD_FORMAT, "/code");
    PARTNER_BREAKS(text(c.code, ""), GX_P_FIELD_LENGTH, "/code");
    PARTNER_BREAKS(c.agreement.signed_at = 5, GX_P_FIELD_RANGE, "/agreement/signed_at");
    PARTNER_BREAKS(c.agreement.ends_at = c.agreement.signed_at, GX_P_TIME_ORDER,
                   "/agreement/ends_at");
    PARTNER_BREAKS(c.areas[0] = 7, GX_P_FIELD_RANGE, "/agreement/contract_areas/0");
    PARTNER_BREAKS(text(c.phone, "12a4567"), GX_P_FIELD_FORMAT, "/contacts/0/phone");
    PARTNER_BREAKS(text(c.phone, "1234"), GX_P_FIELD_FORMAT, "/contacts/0/phone");
    PARTNER_BREAKS(text(c.phone, "+1234567890123456"), GX_P_FIELD_FORMAT, "/contacts/0/phone");
    PARTNER_BREAKS(text(c.contact_name, ""), GX_P_FIELD_LENGTH, "/contacts/0/name");
    PARTNER_BREAKS(c.contact.tested_at = NOW + 61 * 1000, GX_P_TIME_FUTURE,
                   "/contacts/0/tested_at");
    good_partner(&c);
    for (size_t i = 0; i < 11; i++) {
        c.contacts[i] = &c.contact;
    }
    c.partner.n_contacts = 11;
    run_partner(&c);
    expect(&c.heard, GX_P_FIELD_LENGTH, "/contacts");
    good_partner(&c);
    for (size_t i = 0; i < 65; i++) {
        c.areas[i] = 53011201;
    }
    c.agreement.n_contract_areas = 65;
    run_partner(&c);
    expect(&c.heard, GX_P_FIELD_LENGTH, "/agreement/contract_areas");
    good_partner(&c);
    c.partner.agreement = NULL;
    c.partner.n_contacts = 0;
    c.partner.code = NULL;
    c.partner.name_en = NULL;
    run_partner(&c);
    assert_int_equal(c.heard.count, 0);
}

/* --- sites --- */

struct site_case {
    Genxi__Site site;
    Genxi__SiteNeed need;
    Genxi__SiteNeed *needs[20];
    char name[512], kind[64], code[64], access[4096];
    struct heard heard;
};

static void good_site(struct site_case *c)
{
    memset(c, 0, sizeof *c);
    genxi__site__init(&c->site);
    genxi__site_need__init(&c->need);
    c->site.name = text(c->name, "翠湖小区");
    c->site.kind = text(c->kind, "estate");
    c->site.code = text(c->code, "1");
    c->site.access = text(c->access, "天台钥匙在值班室");
    c->site.lon = 102.66;
    c->site.lat = 25.02;
    c->site.has_radius_m = 1;
    c->site.radius_m = 150;
    c->need.force = GENXI__FORCE__FORCE_GUARD;
    c->need.count = 2;
    c->need.within_minutes = 3;
    c->need.from_minute = 20 * 60;
    c->need.until_minute = 6 * 60;
    c->needs[0] = &c->need;
    c->site.needs = c->needs;
    c->site.n_needs = 1;
}

#define SITE_BREAKS(change, problem, pointer)                                                      \
    do {                                                                                           \
        good_site(&c);                                                                             \
        change;                                                                                    \
        struct rules rules = listening(&c.heard);                                                  \
        rules_site(&rules, &c.site);                                                               \
        expect(&c.heard, problem, pointer);                                                        \
    } while (0)

static void test_site_rules(void **state)
{
    (void)state;
    struct site_case c;
    good_site(&c);
    struct rules listened = listening(&c.heard);
    rules_site(&listened, &c.site);
    assert_int_equal(c.heard.count, 0);
    SITE_BREAKS(text(c.name, ""), GX_P_FIELD_LENGTH, "/name");
    SITE_BREAKS(text(c.kind, "Estate"), GX_P_FIELD_FORMAT, "/kind");
    SITE_BREAKS(text(c.kind, ""), GX_P_FIELD_LENGTH, "/kind");
    SITE_BREAKS(text(c.code, "a b"), GX_P_FIELD_FORMAT, "/code");
    SITE_BREAKS(c.site.lat = 102.66, GX_P_COORDINATES_RANGE, "/lon");
    SITE_BREAKS(c.site.lon = (double)NAN, GX_P_COORDINATES_RANGE, "/lon");
    SITE_BREAKS(memset(c.access, 'k', 1001), GX_P_FIELD_LENGTH, "/access");
    SITE_BREAKS(c.site.radius_m = 9, GX_P_FIELD_RANGE, "/radius_m");
    SITE_BREAKS(c.site.radius_m = (double)NAN, GX_P_FIELD_RANGE, "/radius_m");
    SITE_BREAKS(c.need.force = (Genxi__Force)9, GX_P_FIELD_RANGE, "/needs/0/force");
    SITE_BREAKS(c.need.count = 0, GX_P_FIELD_RANGE, "/needs/0/count");
    SITE_BREAKS(c.need.within_minutes = 121, GX_P_FIELD_RANGE, "/needs/0/within_minutes");
    SITE_BREAKS(c.need.from_minute = 1440, GX_P_FIELD_RANGE, "/needs/0/from_minute");
    SITE_BREAKS(c.need.until_minute = 1440, GX_P_FIELD_RANGE, "/needs/0/until_minute");
    good_site(&c);
    for (size_t i = 0; i < 17; i++) {
        c.needs[i] = &c.need;
    }
    c.site.n_needs = 17;
    listened = listening(&c.heard);
    rules_site(&listened, &c.site);
    expect(&c.heard, GX_P_FIELD_LENGTH, "/needs");
}

/* --- responders --- */

struct responder_case {
    Genxi__Responder responder;
    Genxi__Skill skills[2];
    Genxi__Skill *list[40];
    char call_sign[128], code[64], phone[64], skill_a[64], skill_b[64];
    struct heard heard;
};

static void good_responder(struct responder_case *c)
{
    memset(c, 0, sizeof *c);
    genxi__responder__init(&c->responder);
    genxi__skill__init(&c->skills[0]);
    genxi__skill__init(&c->skills[1]);
    c->responder.force = GENXI__FORCE__FORCE_GUARD;
    c->responder.has_guard_kind = 1;
    c->responder.guard_kind = GENXI__GUARD_KIND__GUARD_KIND_PROPERTY;
    c->responder.call_sign = text(c->call_sign, "翠湖-保01");
    c->responder.code = text(c->code, "001");
    c->responder.phone = text(c->phone, "+8600012345678");
    c->responder.has_insured_until_at = 1;
    c->responder.insured_until_at = NOW;
    c->responder.has_crew = 1;
    c->responder.crew = 2;
    c->skills[0].code = text(c->skill_a, "first_aid");
    c->skills[1].code = text(c->skill_b, "shield");
    for (size_t i = 0; i < 2; i++) {
        c->skills[i].until_at = NOW;
        c->list[i] = &c->skills[i];
    }
    c->responder.skills = c->list;
    c->responder.n_skills = 2;
}

#define RESPONDER_BREAKS(change, problem, pointer)                                                 \
    do {                                                                                           \
        good_responder(&c);                                                                        \
        change;                                                                                    \
        struct rules rules = listening(&c.heard);                                                  \
        rules_responder(&rules, &c.responder);                                                     \
        expect(&c.heard, problem, pointer);                                                        \
    } while (0)

static void test_responder_rules(void **state)
{
    (void)state;
    struct responder_case c;
    good_responder(&c);
    struct rules listened = listening(&c.heard);
    rules_responder(&listened, &c.responder);
    assert_int_equal(c.heard.count, 0);
    RESPONDER_BREAKS(c.responder.has_guard_kind = 0, GX_P_FIELD_MISSING, "/guard_kind");
    RESPONDER_BREAKS(c.responder.force = GENXI__FORCE__FORCE_POLICE, GX_P_FIELD_FORBIDDEN,
                     "/guard_kind");
    RESPONDER_BREAKS(c.responder.guard_kind = (Genxi__GuardKind)7, GX_P_FIELD_RANGE, "/guard_kind");
    RESPONDER_BREAKS(text(c.call_sign, ""), GX_P_FIELD_LENGTH, "/call_sign");
    RESPONDER_BREAKS(memset(c.call_sign, 'c', 41), GX_P_FIELD_LENGTH, "/call_sign");
    RESPONDER_BREAKS(text(c.phone, "abc"), GX_P_FIELD_FORMAT, "/phone");
    RESPONDER_BREAKS(c.responder.insured_until_at = 1, GX_P_FIELD_RANGE, "/insured_until_at");
    RESPONDER_BREAKS(c.responder.crew = 0, GX_P_FIELD_RANGE, "/crew");
    RESPONDER_BREAKS(c.responder.crew = 21, GX_P_FIELD_RANGE, "/crew");
    RESPONDER_BREAKS(text(c.skill_a, "First Aid"), GX_P_FIELD_FORMAT, "/skills/0/code");
    RESPONDER_BREAKS(text(c.skill_b, "first_aid"), GX_P_DUPLICATE, "/skills/1/code");
    RESPONDER_BREAKS(c.skills[1].until_at = 0, GX_P_FIELD_RANGE, "/skills/1/until_at");
    good_responder(&c);
    c.responder.force = (Genxi__Force)9;
    c.responder.has_guard_kind = 0;
    listened = listening(&c.heard);
    rules_responder(&listened, &c.responder);
    expect(&c.heard, GX_P_FIELD_RANGE, "/force");
}

static size_t employment(Genxi__Force force, int guard_kind, Genxi__OrgKind kind)
{
    struct heard heard;
    Genxi__Responder responder = GENXI__RESPONDER__INIT;
    responder.force = force;
    responder.has_guard_kind = guard_kind != 0;
    responder.guard_kind = (Genxi__GuardKind)(guard_kind == 0 ? 1 : guard_kind);
    struct rules rules = listening(&heard);
    rules_employment(&rules, &responder, kind);
    return heard.count;
}

static void test_who_may_employ_whom(void **state)
{
    (void)state;
    enum {
        PROPERTY = 1,
        SELF = 2,
        LICENSED = 3
    };
    const Genxi__Force guard = GENXI__FORCE__FORCE_GUARD;
    assert_int_equal(employment(GENXI__FORCE__FORCE_POLICE, 0, GENXI__ORG_KIND__ORG_KIND_STATION),
                     0);
    assert_int_equal(employment(GENXI__FORCE__FORCE_POLICE, 0, GENXI__ORG_KIND__ORG_KIND_DISTRICT),
                     0);
    assert_int_equal(employment(GENXI__FORCE__FORCE_POLICE, 0, GENXI__ORG_KIND__ORG_KIND_PROPERTY),
                     1);
    assert_int_equal(employment(guard, SELF, GENXI__ORG_KIND__ORG_KIND_STATION), 1);
    assert_int_equal(employment(guard, LICENSED, GENXI__ORG_KIND__ORG_KIND_SECURITY), 0);
    assert_int_equal(employment(guard, LICENSED, GENXI__ORG_KIND__ORG_KIND_PROPERTY), 1);
    assert_int_equal(employment(guard, SELF, GENXI__ORG_KIND__ORG_KIND_SECURITY), 1);
    assert_int_equal(employment(guard, PROPERTY, GENXI__ORG_KIND__ORG_KIND_PROPERTY), 0);
    assert_int_equal(employment(guard, PROPERTY, GENXI__ORG_KIND__ORG_KIND_SCHOOL), 1);
    assert_int_equal(employment(guard, SELF, GENXI__ORG_KIND__ORG_KIND_SCHOOL), 0);
    assert_int_equal(
        employment(GENXI__FORCE__FORCE_VOLUNTEER, 0, GENXI__ORG_KIND__ORG_KIND_COMMUNITY), 0);
}

/* --- shifts, stations, teams --- */

static void shift_breaks(int64_t from_at, int64_t until_at, enum gx_problem problem,
                         const char *pointer)
{
    struct heard heard;
    Genxi__Shift shift = GENXI__SHIFT__INIT;
    shift.from_at = from_at;
    shift.until_at = until_at;
    struct rules rules = listening(&heard);
    rules_shift(&rules, &shift);
    if (problem == GX_P_NONE) {
        assert_int_equal(heard.count, 0);
    } else {
        expect(&heard, problem, pointer);
    }
}

static void test_shift_rules(void **state)
{
    (void)state;
    const int64_t day = INT64_C(86400000);
    shift_breaks(NOW, NOW + day, GX_P_NONE, "");
    shift_breaks(NOW, NOW + day + 1, GX_P_FIELD_RANGE, "/until_at");
    shift_breaks(NOW, NOW, GX_P_TIME_ORDER, "/until_at");
    shift_breaks(NOW, NOW - 1, GX_P_TIME_ORDER, "/until_at");
    shift_breaks(INT64_MIN, NOW, GX_P_FIELD_RANGE, "/from_at");
    shift_breaks(NOW, INT64_MAX, GX_P_FIELD_RANGE, "/until_at");
}

static void station_breaks(double *ring, size_t numbers, struct gx_point place,
                           enum gx_problem problem, const char *pointer)
{
    char name[] = "前卫派出所";
    struct heard heard;
    Genxi__Station station = GENXI__STATION__INIT;
    station.area = 53011201;
    station.name = name;
    station.lon = place.lon;
    station.lat = place.lat;
    station.ring = ring;
    station.n_ring = numbers;
    struct rules rules = listening(&heard);
    rules_station(&rules, &station);
    if (problem == GX_P_NONE) {
        assert_int_equal(heard.count, 0);
    } else {
        expect(&heard, problem, pointer);
    }
}

static void test_station_rules(void **state)
{
    (void)state;
    double square[] = {102, 25, 103, 25, 103, 26, 102, 26};
    double bow_tie[] = {102, 25, 103, 26, 103, 25, 102, 26};
    double spike[] = {102, 25, 103, 25, 102.5, 25, 102, 26};
    double repeat[] = {102, 25, 103, 25, 103, 25, 102, 26};
    double far_off[] = {102, 25, 103, 25, 103, 126, 102, 26};
    const struct gx_point in = {102.5, 25.5};
    station_breaks(square, 8, in, GX_P_NONE, "");
    station_breaks(NULL, 0, in, GX_P_NONE, "");
    station_breaks(square, 7, in, GX_P_FIELD_LENGTH, "/ring");
    station_breaks(square, 4, in, GX_P_FIELD_LENGTH, "/ring");
    station_breaks(bow_tie, 8, in, GX_P_FIELD_FORMAT, "/ring");
    station_breaks(spike, 8, in, GX_P_FIELD_FORMAT, "/ring");
    station_breaks(repeat, 8, in, GX_P_FIELD_FORMAT, "/ring");
    station_breaks(far_off, 8, in, GX_P_COORDINATES_RANGE, "/ring");
    station_breaks(square, 8, (struct gx_point){104, 25.5}, GX_P_OUTSIDE_DISTRICT, "/lon");
}

static void test_team_rules(void **state)
{
    (void)state;
    char name[] = "教官队";
    char subject[] = "first_aid";
    char *subjects[] = {subject};
    struct heard heard;
    Genxi__InstructorTeam team = GENXI__INSTRUCTOR_TEAM__INIT;
    team.name = name;
    team.subjects = subjects;
    team.n_subjects = 1;
    struct rules rules = listening(&heard);
    rules_team(&rules, &team);
    assert_int_equal(heard.count, 0);
    subject[0] = 'F';
    rules = listening(&heard);
    rules_team(&rules, &team);
    expect(&heard, GX_P_FIELD_FORMAT, "/subjects/0");
    subject[0] = 'f';
    team.n_responder_ids = 65;
    rules = listening(&heard);
    rules_team(&rules, &team);
    expect(&heard, GX_P_FIELD_LENGTH, "/members");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partner_rules),   cmocka_unit_test(test_site_rules),
        cmocka_unit_test(test_responder_rules), cmocka_unit_test(test_who_may_employ_whom),
        cmocka_unit_test(test_shift_rules),     cmocka_unit_test(test_station_rules),
        cmocka_unit_test(test_team_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
