/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: all or nothing, faults at line and column, again without effect, and the demonstration district at its size and speed. */
#include "base/clock.h"
#include "district.h"
#include "world.h"

static int64_t registry_rows(void)
{
    return number_of(
        "SELECT (SELECT count(*) FROM readiness.partner) + (SELECT count(*) FROM "
        "readiness.station) + "
        "(SELECT count(*) FROM readiness.site) + (SELECT count(*) FROM readiness.responder) + "
        "(SELECT count(*) FROM readiness.shift) + (SELECT count(*) FROM readiness.team)");
}

static void test_district_in_its_order(void **state)
{
    (void)state;
    struct gx_district district;
    assert_int_equal(gx_district_make(1, gx_clock_wall_ms(), &district), GX_OK);
    const size_t rows[] = {district.station_count,   district.partner_count, district.site_count,
                           district.responder_count, district.shift_count,   district.team_count};
    for (int file = 0; file < GX_DISTRICT_KINDS; file++) {
        char *text = gx_district_text(&district, (enum gx_district_file)file);
        Genxi__ImportDone *done = NULL;
        int64_t began = gx_clock_mono_us();
        enum gx_rc rc = import_text(&ADMIN, (Genxi__ImportKind)(file + 1), text, false, &done);
        int64_t ms = (gx_clock_mono_us() - began) / 1000;
        if (rc != GX_OK) {
            (void)failed_with(GX_P_NONE, "");
        }
        assert_int_equal(rc, GX_OK);
        assert_int_equal(done->rows, rows[file]);
        (void)printf("  file %d: %u rows, %zu events, %lld ms\n", file, done->rows,
                     world.event_count, (long long)ms);
        assert_true(ms < 10000);
        free(text);
    }
    gx_district_done(&district);
    assert_int_equal(number_of("SELECT count(*) FROM readiness.partner WHERE kind BETWEEN 2 AND 8"),
                     719);
    assert_int_equal(
        number_of(
            "SELECT count(*) FROM readiness.site s JOIN readiness.partner p ON p.id = s.partner_id "
            "WHERE s.area <> p.area"),
        0);
    assert_int_equal(
        number_of("SELECT count(*) FROM readiness.team WHERE cardinality(responder_ids) = 0"), 0);
    assert_true(
        number_of(
            "SELECT count(*) FROM readiness.shift s JOIN readiness.responder r ON r.id = "
            "s.responder_id "
            "WHERE r.force = 2 AND s.from_at <= genxi.now_ms() AND s.until_at > genxi.now_ms()") >
        300);
}

static void test_again_changes_nothing(void **state)
{
    (void)state;
    int64_t before = registry_rows();
    int64_t events = number_of("SELECT count(*) FROM journal.event");
    struct gx_district district;
    assert_int_equal(gx_district_make(1, gx_clock_wall_ms(), &district), GX_OK);
    for (int file = 0; file < GX_DISTRICT_KINDS; file++) {
        char *text = gx_district_text(&district, (enum gx_district_file)file);
        assert_int_equal(import_text(&ADMIN, (Genxi__ImportKind)(file + 1), text, false, NULL),
                         GX_OK);
        assert_int_equal(world.event_count, 0);
        free(text);
    }
    gx_district_done(&district);
    assert_int_equal(registry_rows(), before);
    assert_int_equal(number_of("SELECT count(*) FROM journal.event"), events);
}

static void test_again_updates(void **state)
{
    (void)state;
    assert_int_equal(import_text(&ADMIN, GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS,
                                 "org,code,force,call_sign\nS01,001,police,新呼号\n", false, NULL),
                     GX_OK);
    assert_int_equal(world.event_count, 1);
    assert_int_equal(
        number_of("SELECT count(*) FROM readiness.responder WHERE call_sign = '新呼号' "
                  "AND phone IS NOT NULL AND cardinality(skill_codes) = 0"),
        1); /* a whole record, but a file without phones takes none away */
}

/* What must be refused whole: nothing written, each fault at its place. */
static void refused(Genxi__ImportKind kind, const char *text, enum gx_problem problem,
                    const char *pointer)
{
    int64_t before = registry_rows();
    int64_t events = number_of("SELECT count(*) FROM journal.event");
    assert_int_equal(import_text(&ADMIN, kind, text, false, NULL), GX_INVALID);
    assert_int_equal(world.ctx.faults[0].problem, GX_P_IMPORT);
    assert_true(failed_with(problem, pointer));
    assert_int_equal(registry_rows(), before);
    assert_int_equal(number_of("SELECT count(*) FROM journal.event"), events);
}

#define PARTNERS GENXI__IMPORT_KIND__IMPORT_KIND_PARTNERS
#define SITES GENXI__IMPORT_KIND__IMPORT_KIND_SITES
#define RESPONDERS GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS
#define SHIFTS GENXI__IMPORT_KIND__IMPORT_KIND_SHIFTS
#define TEAMS GENXI__IMPORT_KIND__IMPORT_KIND_TEAMS

static void test_all_or_nothing(void **state)
{
    (void)state;
    refused(PARTNERS, "code,name,kind,area\nN1,新,hotel,53011201\nN2,新,motel,53011201\n",
            GX_P_FIELD_CHOICE, "/3/kind");
    refused(PARTNERS, "code,name,kind,area\nN1,新,hotel,53011201\nN1,新,hotel,53011201\n",
            GX_P_DUPLICATE, "/3/code");
    refused(SITES,
            "partner,code,name,kind,lon,lat\nW001,9,新,estate,102.66,25.02\nXX,9,新,estate,102.66,"
            "25.02\n",
            GX_P_REFERENCE, "/3/partner");
    refused(RESPONDERS, "org,code,force,call_sign,site\nS01,901,police,a,\nS01,902,police,b,77\n",
            GX_P_REFERENCE, "/3/site");
    refused(RESPONDERS,
            "org,code,force,call_sign,guard_kind\nS01,901,police,a,\nW001,901,guard,b,licensed\n",
            GX_P_HARD_RULE, "/3/guard_kind");
    refused(RESPONDERS, "org,code,force,call_sign\nS01,901,police,a\nS01,901,police,b\n",
            GX_P_DUPLICATE, "/3/code");
    refused(SHIFTS,
            "org,responder,from_at,until_at\nS01,001,2031-01-01T00:00:00Z,2031-01-01T08:00:00Z\n"
            "S01,zzz,2031-01-01T00:00:00Z,2031-01-01T08:00:00Z\n",
            GX_P_REFERENCE, "/3/responder");
    refused(SHIFTS,
            "org,responder,from_at,until_at\nS01,001,2031-01-01T00:00:00Z,2031-01-01T08:00:00Z\n"
            "S01,001,2031-01-01T07:00:00Z,2031-01-01T09:00:00Z\n",
            GX_P_SHIFT_OVERLAP, "/3/from_at");
    refused(TEAMS, "org,code,name,subjects,members\nS01,J9,新,first_aid,001; zzz\n", GX_P_REFERENCE,
            "/2/members");
    refused(SITES,
            "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{"
            "\"partner\":\"W001\","
            "\"code\":\"9\",\"name\":\"x\",\"kind\":\"nope!\"},\"geometry\":{\"type\":\"Point\","
            "\"coordinates\":[102.66,"
            "25.02]}}]}",
            GX_P_FIELD_FORMAT, "/1/kind");
}

static void test_overlap_with_what_stands(void **state)
{
    (void)state;
    static const char FIRST[] =
        "org,responder,from_at,until_at\nS01,002,2032-01-01T00:00:00Z,2032-01-01T08:00:00Z\n";
    assert_int_equal(import_text(&ADMIN, SHIFTS, FIRST, false, NULL), GX_OK);
    refused(SHIFTS,
            "org,responder,from_at,until_at\nS01,002,2032-01-01T07:00:00Z,2032-01-01T12:00:00Z\n",
            GX_P_SHIFT_OVERLAP, "/2/from_at");
    /* Moving the end of one that is found again is no overlap with itself. */
    assert_int_equal(
        import_text(
            &ADMIN, SHIFTS,
            "org,responder,from_at,until_at\nS01,002,2032-01-01T00:00:00Z,2032-01-01T09:00:00Z\n"
            "S01,002,2032-01-01T09:00:00Z,2032-01-01T12:00:00Z\n",
            false, NULL),
        GX_OK);
    assert_int_equal(world.event_count, 2);
}

static void test_dry_run_tells_all_and_writes_nothing(void **state)
{
    (void)state;
    Genxi__ImportDone *done = NULL;
    int64_t before = registry_rows();
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    (void)fputs("code,name,kind,area\n", out);
    for (int i = 0; i < 300; i++) {
        (void)fprintf(out, "N%d,新,motel,53011201\n", i);
    }
    assert_int_equal(fclose(out), 0);
    assert_int_equal(import_text(&ADMIN, PARTNERS, text, true, &done), GX_OK);
    free(text);
    assert_int_equal(done->rows, 300);
    assert_int_equal(done->n_faults, 200);
    assert_int_equal(done->faults[7]->line, 9);
    assert_string_equal(done->faults[7]->column, "kind");
    assert_non_null(strstr(done->faults[7]->rule, "must be one of: station, enterprise"));
    assert_non_null(strstr(done->faults[7]->rule_zh, "必须为以下之一"));
    assert_int_equal(
        import_text(&ADMIN, PARTNERS, "code,name,kind,area\nN1,新,hotel,53011201\n", true, &done),
        GX_OK);
    assert_int_equal(done->n_faults, 0);
    assert_int_equal(world.event_count, 0);
    assert_int_equal(registry_rows(), before);
}

static void test_imports_by_desk_and_duty(void **state)
{
    (void)state;
    char w[GX_ID_SIZE];
    struct gx_actor desk = desk_of(id_of("partner", "W001", w));
    Genxi__ImportDone *done = NULL;
    assert_int_equal(
        import_text(&desk, PARTNERS, "code,name,kind,area\nN1,新,hotel,53011201\n", false, NULL),
        GX_DENIED);
    /* Without the column the own organisation is meant. */
    assert_int_equal(
        import_text(
            &desk, RESPONDERS,
            "code,force,guard_kind,call_sign,phone\n901,guard,property,新01,+8600099990000\n",
            false, NULL),
        GX_OK);
    assert_int_equal(number_of("SELECT count(*) FROM readiness.responder r JOIN readiness.partner "
                               "p ON p.id = r.org_id "
                               "WHERE r.call_sign = '新01' AND p.code = 'W001'"),
                     1);
    assert_int_equal(
        import_text(&desk, RESPONDERS,
                    "org,code,force,guard_kind,call_sign\nW002,901,guard,property,新02\n", false,
                    NULL),
        GX_INVALID);
    assert_true(failed_with(GX_P_REFERENCE, "/2/org"));
    const int32_t areas[] = {AREA_1};
    struct gx_actor duty = duty_of(areas, 1);
    assert_int_equal(
        import_text(&duty, PARTNERS,
                    "code,name,kind,area\nN1,新,hotel,53011201\nN2,新,hotel,53011202\n", false,
                    NULL),
        GX_INVALID);
    assert_true(failed_with(GX_P_DENIED, "/3/area"));
    assert_int_equal(
        import_text(&duty, PARTNERS, "code,name,kind,area\nN1,新,hotel,53011201\n", false, &done),
        GX_OK);
    assert_int_equal(done->rows, 1);
    struct gx_actor device = device_of(desk.org, "01990000-0000-7000-8000-0000000000aa");
    assert_int_equal(import_text(&device, RESPONDERS, "code\n", false, NULL), GX_DENIED);
}

static void test_large_file_is_quick(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    (void)fputs("org,code,force,guard_kind,call_sign,skills,phone\n", out);
    for (int i = 0; i < 3000; i++) {
        (void)fprintf(out,
                      "W003,b%d,guard,property,批量-%d,first_aid 2030-01-01T00:00:00Z,+86000%08d\n",
                      i, i, i);
    }
    assert_int_equal(fclose(out), 0);
    int64_t began = gx_clock_mono_us();
    assert_int_equal(import_text(&ADMIN, RESPONDERS, text, false, NULL), GX_OK);
    int64_t ms = (gx_clock_mono_us() - began) / 1000;
    free(text);
    assert_int_equal(world.event_count, 3000);
    (void)printf("  3000 responders: %lld ms\n", (long long)ms);
    assert_true(ms < 10000); /* about half a second alone; busy machines are slower */
}

static void test_journal_has_no_hole(void **state)
{
    (void)state;
    assert_int_equal(
        number_of(
            "SELECT count(*) FROM (SELECT area, max(seq) AS top, count(*) AS n, min(seq) AS low "
            "FROM journal.event GROUP BY area) a WHERE top <> n OR low <> 1"),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_district_in_its_order),
        cmocka_unit_test(test_again_changes_nothing),
        cmocka_unit_test(test_again_updates),
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_overlap_with_what_stands),
        cmocka_unit_test(test_dry_run_tells_all_and_writes_nothing),
        cmocka_unit_test(test_imports_by_desk_and_duty),
        cmocka_unit_test(test_large_file_is_quick),
        cmocka_unit_test(test_journal_has_no_hole),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
