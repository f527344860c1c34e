/* SPDX-License-Identifier: Apache-2.0 */
/* The demonstration district: its numbers, its territories, its references, and that a seed always makes the same. */
#include "district.h"

#include "district_names.h"
#include "support.h"

static const int64_t NOW = INT64_C(1795500123456);

static struct gx_district made(uint64_t seed, int64_t now)
{
    struct gx_district district;
    assert_int_equal(gx_district_make(seed, now, &district), GX_OK);
    return district;
}

static size_t of_kind(const struct gx_district *district, const char *kind)
{
    size_t count = 0;
    for (size_t i = 0; i < district->partner_count; i++) {
        count += strcmp(district->partners[i].kind, kind) == 0 ? 1 : 0;
    }
    return count;
}

static size_t of_force(const struct gx_district *district, const char *force)
{
    size_t count = 0;
    for (size_t i = 0; i < district->responder_count; i++) {
        count += strcmp(district->responders[i].force, force) == 0 ? 1 : 0;
    }
    return count;
}

static void test_numbers(void **state)
{
    (void)state;
    struct gx_district district = made(1, NOW);
    static const char *const PROGRAMME[] = {"enterprise", "property", "security", "school",
                                            "hospital",   "market",   "hotel"};
    size_t partners = 0;
    for (size_t i = 0; i < sizeof PROGRAMME / sizeof PROGRAMME[0]; i++) {
        size_t count = of_kind(&district, PROGRAMME[i]);
        assert_true(count >= 20);
        partners += count;
    }
    assert_int_equal(partners, 719);
    assert_int_equal(of_kind(&district, "community"), 126);
    assert_int_equal(of_kind(&district, "subdistrict"), 11);
    assert_true(of_kind(&district, "fire") > 0 && of_kind(&district, "ambulance") > 0);
    assert_int_equal(district.station_count, 10);
    assert_int_equal(district.team_count, 39);
    assert_in_range(district.site_count, 900, 1300);
    assert_in_range(district.responder_count, 2800, 3200);
    assert_in_range(of_force(&district, "police"), 250, 350);
    assert_in_range(of_force(&district, "guard"), 2000, 2600);
    assert_in_range(of_force(&district, "patrol"), 150, 400);
    assert_in_range(of_force(&district, "volunteer"), 150, 400);
    gx_district_done(&district);
}

static void test_names_say_demonstration(void **state)
{
    (void)state;
    struct gx_district district = made(2, NOW);
    for (size_t i = 0; i < district.station_count; i++) {
        assert_non_null(strstr(district.stations[i].name, "演示"));
        assert_non_null(strstr(district.stations[i].name_en, "demo"));
    }
    for (size_t i = 0; i < district.partner_count; i++) {
        assert_non_null(strstr(district.partners[i].name, "演示"));
    }
    for (size_t i = 0; i < district.site_count; i++) {
        assert_non_null(strstr(district.sites[i].name, "演示"));
    }
    for (size_t i = 0; i < district.team_count; i++) {
        assert_non_null(strstr(district.teams[i].name, "演示"));
    }
    gx_district_done(&district);
}

static size_t stations_holding(const struct gx_district *district, struct gx_point place)
{
    size_t count = 0;
    for (size_t i = 0; i < district->station_count; i++) {
        count += gx_geo_in_ring(place, district->stations[i].ring, district->stations[i].ring_count)
                     ? 1
                     : 0;
    }
    return count;
}

static void test_territories_tile_the_district(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct gx_district district = made(seed, NOW);
        srandom(4711);
        size_t outside = 0;
        for (int i = 0; i < 5000; i++) {
            struct gx_point place = {102.59 + 0.16 * (double)random() / (double)RAND_MAX,
                                     24.87 + 0.24 * (double)random() / (double)RAND_MAX};
            bool inner = place.lon > 102.604 && place.lon < 102.736 && place.lat > 24.885 &&
                         place.lat < 25.095;
            size_t holding = stations_holding(&district, place);
            assert_true(inner ? holding == 1 : holding <= 1);
            outside += holding == 0 ? 1 : 0;
        }
        assert_true(outside > 0);
        for (size_t i = 0; i < district.site_count; i++) {
            const struct gx_district_site *site = &district.sites[i];
            const struct gx_district_station *station =
                &district.stations[district.partners[site->partner].station];
            assert_true(gx_geo_in_ring(site->place, station->ring, station->ring_count));
        }
        gx_district_done(&district);
    }
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    struct gx_district a = made(7, NOW);
    struct gx_district b = made(7, NOW + 1000); /* the same hour */
    struct gx_district c = made(8, NOW);
    for (int kind = 0; kind < GX_DISTRICT_KINDS; kind++) {
        char *first = gx_district_csv(&a, (enum gx_district_file)kind);
        char *again = gx_district_csv(&b, (enum gx_district_file)kind);
        char *other = gx_district_csv(&c, (enum gx_district_file)kind);
        assert_non_null(first);
        assert_string_equal(first, again);
        assert_string_not_equal(first, other);
        free(first);
        free(again);
        free(other);
    }
    assert_null(gx_district_csv(&a, GX_DISTRICT_KINDS));
    assert_null(gx_district_geojson(&a, GX_DISTRICT_SHIFTS));
    gx_district_done(&a);
    gx_district_done(&b);
    gx_district_done(&c);
}

/* From day to day only the shifts differ, so that importing again is quiet. */
static void test_registry_is_stable_over_days(void **state)
{
    (void)state;
    struct gx_district a = made(7, NOW);
    struct gx_district b = made(7, NOW + INT64_C(3) * 86400000);
    for (int kind = 0; kind < GX_DISTRICT_KINDS; kind++) {
        char *first = gx_district_csv(&a, (enum gx_district_file)kind);
        char *later = gx_district_csv(&b, (enum gx_district_file)kind);
        if (kind == GX_DISTRICT_SHIFTS) {
            assert_string_not_equal(first, later);
        } else {
            assert_string_equal(first, later);
        }
        free(first);
        free(later);
    }
    gx_district_done(&a);
    gx_district_done(&b);
}

static size_t on_duty(const struct gx_district *district, int64_t at, const char *force)
{
    size_t count = 0;
    for (size_t i = 0; i < district->shift_count; i++) {
        const struct gx_district_shift *shift = &district->shifts[i];
        bool now = shift->from_at <= at && at < shift->until_at;
        count += now && strcmp(district->responders[shift->responder].force, force) == 0 ? 1 : 0;
    }
    return count;
}

static void test_somebody_is_on_duty_at_every_hour(void **state)
{
    (void)state;
    for (int64_t hour = 0; hour < 24; hour++) {
        int64_t now = NOW + hour * 3600000;
        struct gx_district district = made(3, now);
        for (int64_t later = 0; later <= 8; later++) {
            int64_t at = now + later * 3600000;
            assert_in_range(on_duty(&district, at, "guard"), 380, 620);
            assert_in_range(on_duty(&district, at, "police"), 40, 100);
            assert_in_range(on_duty(&district, at, "patrol"), 30, 100);
            assert_in_range(on_duty(&district, at, "volunteer"), 10, 60);
        }
        gx_district_done(&district);
    }
}

/* Shifts are made responder by responder and day by day. */
static void test_shifts_do_not_overlap(void **state)
{
    (void)state;
    struct gx_district district = made(5, NOW);
    for (size_t i = 0; i < district.shift_count; i++) {
        const struct gx_district_shift *shift = &district.shifts[i];
        assert_true(shift->from_at < shift->until_at &&
                    shift->until_at - shift->from_at <= 86400000);
        if (i > 0 && district.shifts[i - 1].responder == shift->responder) {
            assert_true(district.shifts[i - 1].until_at <= shift->from_at);
        }
    }
    gx_district_done(&district);
}

static bool known_org(const struct gx_district *district, const char *code)
{
    for (size_t i = 0; i < district->station_count; i++) {
        if (strcmp(district->stations[i].code, code) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < district->partner_count; i++) {
        if (strcmp(district->partners[i].code, code) == 0) {
            return true;
        }
    }
    return false;
}

static void test_references_resolve_and_codes_are_unique(void **state)
{
    (void)state;
    struct gx_district district = made(9, NOW);
    for (size_t i = 0; i < district.responder_count; i++) {
        const struct gx_district_responder *responder = &district.responders[i];
        assert_true(known_org(&district, responder->org));
        assert_true(responder->site == SIZE_MAX || responder->site < district.site_count);
        /* Responders of one organisation stand together. */
        for (size_t j = i; j > 0 && strcmp(district.responders[j - 1].org, responder->org) == 0;
             j--) {
            assert_string_not_equal(district.responders[j - 1].code, responder->code);
        }
    }
    for (size_t i = 0; i < district.partner_count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(district.partners[i].code, district.partners[j].code);
        }
    }
    for (size_t i = 0; i < district.team_count; i++) {
        assert_true(known_org(&district, district.teams[i].org));
        assert_true(district.teams[i].members[0] != '\0');
    }
    gx_district_done(&district);
}

static void test_community_and_town_names(void **state)
{
    (void)state;
    size_t stations[DISTRICT_STATION_COUNT] = {0};
    for (size_t i = 0; i < DISTRICT_COMMUNITY_COUNT; i++) {
        const struct district_town *town = &DISTRICT_TOWNS[DISTRICT_COMMUNITIES[i].town];
        assert_memory_equal(DISTRICT_COMMUNITIES[i].code, town->code, 9);
        stations[town->station]++;
    }
    for (size_t i = 0; i < DISTRICT_STATION_COUNT; i++) {
        assert_true(stations[i] > 0);
    }
}

/* Every file passes the import's own parsers and rules without a fault. */
static void check_file(const struct gx_district *district, enum gx_district_file file, char *text,
                       size_t rows)
{
    (void)district;
    assert_non_null(text);
    struct bench *bench = bench_new((size_t)512 * 1024 * 1024);
    const struct import_options options = {(Genxi__ImportKind)((int)file + 1), false, NOW};
    enum gx_rc rc =
        text[0] == '{'
            ? import_geojson_read(&bench->ctx, view_of(text), &bench->faults, &bench->table)
            : import_csv_read(&bench->ctx, view_of(text), &bench->faults, &bench->table);
    assert_int_equal(rc, GX_OK);
    assert_int_equal(
        import_build(&bench->ctx, &options, &bench->table, &bench->faults, &bench->batch), GX_OK);
    if (bench->faults.total != 0) {
        (void)has_fault(bench, UINT32_MAX, "", GX_P_NONE);
        fail_msg("file %d has %zu faults", (int)file, bench->faults.total);
    }
    assert_int_equal(bench->batch.count, rows);
    bench_free(bench);
    free(text);
}

static void test_files_pass_the_import(void **state)
{
    (void)state;
    struct gx_district district = made(11, NOW);
    const size_t rows[GX_DISTRICT_KINDS] = {district.station_count, district.partner_count,
                                            district.site_count,    district.responder_count,
                                            district.shift_count,   district.team_count};
    for (int kind = 0; kind < GX_DISTRICT_KINDS; kind++) {
        enum gx_district_file file = (enum gx_district_file)kind;
        check_file(&district, file, gx_district_csv(&district, file), rows[kind]);
        check_file(&district, file, gx_district_text(&district, file), rows[kind]);
    }
    check_file(&district, GX_DISTRICT_SITES, gx_district_geojson(&district, GX_DISTRICT_SITES),
               rows[2]);
    gx_district_done(&district);
}

static void test_time_out_of_range_is_refused(void **state)
{
    (void)state;
    struct gx_district district;
    assert_int_equal(gx_district_make(1, 0, &district), GX_INVALID);
    assert_int_equal(gx_district_make(1, INT64_MAX, &district), GX_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_names_say_demonstration),
        cmocka_unit_test(test_territories_tile_the_district),
        cmocka_unit_test(test_same_seed_same_bytes),
        cmocka_unit_test(test_registry_is_stable_over_days),
        cmocka_unit_test(test_somebody_is_on_duty_at_every_hour),
        cmocka_unit_test(test_shifts_do_not_overlap),
        cmocka_unit_test(test_references_resolve_and_codes_are_unique),
        cmocka_unit_test(test_community_and_town_names),
        cmocka_unit_test(test_files_pass_the_import),
        cmocka_unit_test(test_time_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
