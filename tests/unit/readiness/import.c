/* SPDX-License-Identifier: Apache-2.0 */
/* From cells to records: each kind read whole, each bad cell named by line and column. */
#include "import.h"

#include "base/clock.h"
#include "support.h"

static const size_t ROOM = (size_t)256 * 1024 * 1024;

static struct bench *built(Genxi__ImportKind kind, bool org_optional, const char *text)
{
    struct bench *bench = bench_new(ROOM);
    const struct import_options options = {kind, org_optional, gx_clock_wall_ms()};
    enum gx_rc rc =
        text[0] == '{'
            ? import_geojson_read(&bench->ctx, view_of(text), &bench->faults, &bench->table)
            : import_csv_read(&bench->ctx, view_of(text), &bench->faults, &bench->table);
    assert_int_equal(rc, GX_OK);
    assert_int_equal(
        import_build(&bench->ctx, &options, &bench->table, &bench->faults, &bench->batch), GX_OK);
    return bench;
}

static void clean(const struct bench *bench)
{
    if (bench->faults.total > 0) {
        (void)has_fault(bench, UINT32_MAX, "", GX_P_NONE);
        fail_msg("%zu faults", bench->faults.total);
    }
}

static void test_partners_are_read_whole(void **state)
{
    (void)state;
    struct bench *bench = built(
        GENXI__IMPORT_KIND__IMPORT_KIND_PARTNERS, false,
        "code,name,name_en,kind,area,state,signed_at,ends_at,contract_areas,off_site,contacts,"
        "exercise\n"
        "W1,翠湖物业,Cuihu,property,53011201,suspended,2026-01-01T00:00:00+08:00,2027-01-01T00:00:"
        "00Z,"
        "53011201; 53011202,yes,张三|13800000000|2026-02-01T00:00:00Z; 值班室 | 0871-68180000,no\n"
        "E1,甲公司,,enterprise,53011203,,,,,,,\n");
    clean(bench);
    const Genxi__Partner *partner = bench->batch.partners[0];
    assert_string_equal(partner->code, "W1");
    assert_string_equal(partner->name_en, "Cuihu");
    assert_int_equal(partner->kind, GENXI__ORG_KIND__ORG_KIND_PROPERTY);
    assert_int_equal(partner->state, GENXI__ORG_STATE__ORG_STATE_SUSPENDED);
    assert_non_null(partner->agreement);
    assert_int_equal(partner->agreement->signed_at, INT64_C(1767196800000));
    assert_int_equal(partner->agreement->n_contract_areas, 2);
    assert_int_equal(partner->agreement->contract_areas[1], 53011202);
    assert_true(partner->agreement->off_site);
    assert_int_equal(partner->n_contacts, 2);
    assert_string_equal(partner->contacts[1]->name, "值班室");
    assert_string_equal(partner->contacts[1]->phone, "0871-68180000");
    assert_true(partner->contacts[0]->has_tested_at && !partner->contacts[1]->has_tested_at);
    assert_null(bench->batch.partners[1]->agreement);
    assert_int_equal(bench->batch.partners[1]->state, GENXI__ORG_STATE__ORG_STATE_ACTIVE);
    assert_int_equal(bench->batch.refs[1].line, 3);
    bench_free(bench);
}

static void test_partner_faults_name_line_and_column(void **state)
{
    (void)state;
    struct bench *bench =
        built(GENXI__IMPORT_KIND__IMPORT_KIND_PARTNERS, false,
              "code,name,kind,area,signed_at,ends_at,off_site,contacts\n"
              "A,甲,shop,53011201,,,,\n"
              "B,乙,hotel,531,,,,\n"
              "C,丙,hotel,53011201,2026-01-01,,,\n"
              "D,丁,hotel,53011201,,,yes,\n"
              "E,戊,hotel,53011201,2026-01-01T00:00:00Z,2025-01-01T00:00:00Z,maybe,\n"
              ",己,hotel,53011201,,,,\n"
              "G,庚,hotel,53011201,,,,张三\n"
              "H/1,辛,hotel,53011201,,,,\n"
              "I,壬,hotel,53011201,2026-01-01T00:00:00Z,2025-01-01T00:00:00Z,no,\n");
    assert_true(has_fault(bench, 2, "kind", GX_P_FIELD_CHOICE));
    assert_true(has_fault(bench, 3, "area", GX_P_FIELD_RANGE));
    assert_true(has_fault(bench, 4, "signed_at", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 5, "signed_at", GX_P_FIELD_MISSING));
    assert_true(has_fault(bench, 6, "off_site", GX_P_FIELD_CHOICE));
    assert_true(has_fault(bench, 7, "code", GX_P_FIELD_MISSING));
    assert_true(has_fault(bench, 8, "contacts", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 9, "code", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 10, "ends_at", GX_P_TIME_ORDER));
    assert_int_equal(bench->faults.total, 9);
    bench_free(bench);
}

static void test_columns_unknown_and_missing(void **state)
{
    (void)state;
    struct bench *bench = built(GENXI__IMPORT_KIND__IMPORT_KIND_SHIFTS, false,
                                "org,responder,from_at,colour\nA,1,x,y\n");
    assert_true(has_fault(bench, 1, "colour", GX_P_FIELD_UNKNOWN));
    assert_true(has_fault(bench, 1, "until_at", GX_P_FIELD_MISSING));
    assert_int_equal(bench->faults.total, 2);
    bench_free(bench);
    static const char NO_ORG[] =
        "responder,from_at,until_at\n1,2026-01-01T00:00:00Z,2026-01-01T08:00:00Z\n";
    bench = built(GENXI__IMPORT_KIND__IMPORT_KIND_SHIFTS, true, NO_ORG);
    clean(bench);
    assert_string_equal(bench->batch.refs[0].org, "");
    assert_string_equal(bench->batch.refs[0].responder, "1");
    assert_int_equal(bench->batch.shifts[0]->until_at - bench->batch.shifts[0]->from_at,
                     8 * 3600000);
    bench_free(bench);
    bench = built(GENXI__IMPORT_KIND__IMPORT_KIND_SHIFTS, false, NO_ORG);
    assert_true(has_fault(bench, 1, "org", GX_P_FIELD_MISSING));
    bench_free(bench);
}

static void test_sites_with_needs_and_datum(void **state)
{
    (void)state;
    struct bench *bench =
        built(GENXI__IMPORT_KIND__IMPORT_KIND_SITES, false,
              "partner,code,name,kind,lon,lat,crs,needs,access,radius_m\n"
              "W1,1,小区,estate,102.665329,25.021942,gcj02,\"guard 2 3 20:00-06:00;police 1  5 "
              "00:00-00:00\",\"钥匙, 值班室\",200\n");
    clean(bench);
    const Genxi__Site *site = bench->batch.sites[0];
    assert_float_equal(site->lon, 102.6640, 2e-6);
    assert_float_equal(site->lat, 25.0250, 2e-6);
    assert_int_equal(site->n_needs, 2);
    assert_int_equal(site->needs[0]->from_minute, 1200);
    assert_int_equal(site->needs[0]->until_minute, 360);
    assert_int_equal(site->needs[1]->force, GENXI__FORCE__FORCE_POLICE);
    assert_int_equal(site->needs[1]->within_minutes, 5);
    assert_string_equal(site->access, "钥匙, 值班室");
    assert_string_equal(bench->batch.refs[0].org, "W1");
    bench_free(bench);
    bench = built(GENXI__IMPORT_KIND__IMPORT_KIND_SITES, false,
                  "partner,code,name,kind,lon,lat,crs,needs\n"
                  "W1,1,a,estate,102.6,25,mars,\n"
                  "W1,2,a,estate,abc,25,,\n"
                  "W1,3,a,estate,25,102,,\n"
                  "W1,4,a,estate,102,25,,guard 2 3\n"
                  "W1,5,a,estate,102,25,,guard 2 3 24:00-06:00\n"
                  "W1,6,a,estate,102,25,,army 2 3 00:00-06:00\n"
                  "W1,7,a,estate,102,25,,guard 0 3 00:00-06:00\n"
                  "W1,8,a,Estate,102,25,,\n"
                  "W1,9,a,estate,,25,,\n");
    assert_true(has_fault(bench, 2, "crs", GX_P_CRS_UNKNOWN));
    assert_true(has_fault(bench, 3, "lon", GX_P_FIELD_RANGE));
    assert_true(has_fault(bench, 4, "lat", GX_P_FIELD_RANGE));
    assert_true(has_fault(bench, 5, "needs", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 6, "needs", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 7, "needs", GX_P_FIELD_CHOICE));
    assert_true(has_fault(bench, 8, "needs", GX_P_FIELD_RANGE));
    assert_true(has_fault(bench, 9, "kind", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 10, "lon", GX_P_FIELD_MISSING));
    bench_free(bench);
}

static void test_responders_with_skills(void **state)
{
    (void)state;
    struct bench *bench =
        built(GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS, false,
              "org,code,force,guard_kind,call_sign,site,skills,off_site_consent,insured_until_at,"
              "phone,crew,active\n"
              "W1,1,guard,property,保01,M1/2,first_aid 2027-06-30T16:00:00Z; shield "
              "2027-01-31T16:00:00Z,yes,2027-01-01T00:00:00Z,13800000000,2,no\n"
              "S1,2,police,,警01,,,,,,,\n");
    clean(bench);
    const Genxi__Responder *responder = bench->batch.responders[0];
    assert_int_equal(responder->guard_kind, GENXI__GUARD_KIND__GUARD_KIND_PROPERTY);
    assert_int_equal(responder->n_skills, 2);
    assert_string_equal(responder->skills[1]->code, "shield");
    assert_true(responder->off_site_consent && !responder->active);
    assert_int_equal(responder->crew, 2);
    assert_string_equal(bench->batch.refs[0].site, "M1/2");
    assert_false(bench->batch.responders[1]->has_guard_kind);
    assert_true(bench->batch.responders[1]->active);
    assert_null(bench->batch.responders[1]->phone);
    bench_free(bench);
    bench = built(GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS, false,
                  "org,code,force,guard_kind,call_sign,skills,phone,crew\n"
                  "W1,1,guard,,a,,,\n"
                  "W1,2,police,licensed,a,,,\n"
                  "W1,3,soldier,,a,,,\n"
                  "W1,4,patrol,,a,first_aid,,\n"
                  "W1,5,patrol,,a,,12,\n"
                  "W1,6,patrol,,a,,,0\n"
                  "W1,7,patrol,,,,,\n");
    assert_true(has_fault(bench, 2, "guard_kind", GX_P_FIELD_MISSING));
    assert_true(has_fault(bench, 3, "guard_kind", GX_P_FIELD_FORBIDDEN));
    assert_true(has_fault(bench, 4, "force", GX_P_FIELD_CHOICE));
    assert_true(has_fault(bench, 5, "skills", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 6, "phone", GX_P_FIELD_FORMAT));
    assert_true(has_fault(bench, 7, "crew", GX_P_FIELD_RANGE));
    assert_true(has_fault(bench, 8, "call_sign", GX_P_FIELD_MISSING));
    assert_int_equal(bench->faults.total, 7);
    bench_free(bench);
}

static void test_stations_from_both_formats(void **state)
{
    (void)state;
    struct bench *bench = built(GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS, false,
                                "area,code,name,ring\n"
                                "53011201,S01,前卫派出所,102 25; 103 25; 103 26; 102 26; 102 25\n");
    clean(bench);
    const Genxi__Station *station = bench->batch.stations[0];
    assert_int_equal(station->n_ring, 8);
    assert_float_equal(station->lon, 102.5, 1e-9);
    assert_int_equal(bench->batch.partners[0]->kind, GENXI__ORG_KIND__ORG_KIND_STATION);
    assert_string_equal(bench->batch.partners[0]->code, "S01");
    bench_free(bench);
    bench = built(
        GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS, false,
        "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{"
        "\"area\":53011201,\"code\":\"S01\",\"name\":\"x\",\"lon\":102.2,\"lat\":25.2},"
        "\"geometry\":{"
        "\"type\":\"Polygon\",\"coordinates\":[[[102,25],[103,25],[103,26],[102,25]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"area\":53011202,\"code\":\"S02\",\"name\":\"y\"},"
        "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[102,25],[103,26],[103,25],[102,26],"
        "[102,25]]]}}]}");
    assert_true(has_fault(bench, 2, "ring", GX_P_FIELD_FORMAT)); /* it crosses itself */
    assert_int_equal(bench->faults.total, 1);
    assert_float_equal(bench->batch.stations[0]->lon, 102.2, 1e-9);
    assert_int_equal(bench->batch.stations[0]->n_ring, 6);
    bench_free(bench);
    bench = built(GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS, false,
                  "area,code,name,ring\n53011201,S01,x,\n53011202,S02,y,102 25; 103\n");
    assert_true(has_fault(bench, 2, "lon", GX_P_COORDINATES_MISSING));
    assert_true(has_fault(bench, 3, "ring", GX_P_FIELD_FORMAT));
    bench_free(bench);
}

static void test_teams(void **state)
{
    (void)state;
    struct bench *bench =
        built(GENXI__IMPORT_KIND__IMPORT_KIND_TEAMS, false,
              "org,code,name,subjects,members\nS01,J1,教官队,first_aid; tactics,1; 2; 3\n"
              "S01,J2,教官队,First,\n");
    assert_int_equal(bench->batch.teams[0]->n_subjects, 2);
    assert_int_equal(bench->batch.refs[0].member_count, 3);
    assert_string_equal(bench->batch.refs[0].members[2], "3");
    assert_true(has_fault(bench, 3, "subjects", GX_P_FIELD_FORMAT));
    assert_int_equal(bench->faults.total, 1);
    bench_free(bench);
}

static void test_unknown_kind_is_refused(void **state)
{
    (void)state;
    struct bench *bench = bench_new(ROOM);
    const struct import_options options = {.kind = (Genxi__ImportKind)42};
    assert_int_equal(
        import_build(&bench->ctx, &options, &bench->table, &bench->faults, &bench->batch),
        GX_INVALID);
    assert_null(import_columns((Genxi__ImportKind)42));
    bench_free(bench);
}

static void test_every_column_is_documented(void **state)
{
    (void)state;
    FILE *file = fopen("services/readiness/README.md", "r");
    assert_non_null(file);
    static char page[65536];
    size_t size = fread(page, 1, sizeof page - 1, file);
    page[size] = '\0';
    (void)fclose(file);
    for (int kind = 1; kind <= 6; kind++) {
        const char *const *names = import_columns((Genxi__ImportKind)kind);
        assert_non_null(names);
        for (; *names != NULL; names++) {
            char marked[64];
            (void)snprintf(marked, sizeof marked, "`%s`", *names);
            if (strstr(page, marked) == NULL) {
                fail_msg("README.md does not name the column %s", *names);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partners_are_read_whole),
        cmocka_unit_test(test_partner_faults_name_line_and_column),
        cmocka_unit_test(test_columns_unknown_and_missing),
        cmocka_unit_test(test_sites_with_needs_and_datum),
        cmocka_unit_test(test_responders_with_skills),
        cmocka_unit_test(test_stations_from_both_formats),
        cmocka_unit_test(test_teams),
        cmocka_unit_test(test_unknown_kind_is_refused),
        cmocka_unit_test(test_every_column_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
