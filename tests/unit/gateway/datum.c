/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "datum.h"

#include "incident.pb-c.h"
#include "registry.pb-c.h"

#include <math.h>
#include <string.h>

static const struct gw_route *route(const char *method, const char *path)
{
    struct gw_match match;
    gw_route_match(method, path, &match);
    assert_non_null(match.route);
    return match.route;
}

static void test_lists_with_places_take_a_datum(void **state)
{
    (void)state;
    assert_true(gw_datum_asked(route("GET", "/v1/incidents")));
    assert_true(gw_datum_asked(route("GET", "/v1/live")));
    assert_true(gw_datum_asked(route("GET", "/v1/sites/7")));
    assert_false(gw_datum_asked(route("POST", "/v1/reports")));
    assert_false(gw_datum_asked(route("GET", "/v1/keys")));
    assert_false(gw_datum_asked(route("GET", "/v1/stream")));
}

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-6)) {
        fail_msg("%.9f is not %.9f", got, wanted);
    }
}

static void test_all_places_below_are_converted_and_the_raw_one_is_not(void **state)
{
    (void)state;
    struct gx_point gcj = gx_datum_from_wgs84((struct gx_point){102.664, 25.025}, GX_GCJ02);
    Genxi__Report report = GENXI__REPORT__INIT;
    Genxi__Report *reports[] = {&report};
    Genxi__Incident incident = GENXI__INCIDENT__INIT;
    Genxi__IncidentView view = GENXI__INCIDENT_VIEW__INIT;
    report.lon = incident.lon = incident.initial_lon = 102.664;
    report.lat = incident.lat = incident.initial_lat = 25.025;
    report.has_raw_lon = report.has_raw_lat = 1;
    report.raw_lon = 102.7;
    report.raw_lat = 25.1;
    view.incident = &incident;
    view.reports = reports;
    view.n_reports = 1;
    gw_datum_convert(&view.base, GX_GCJ02);
    near(incident.lon, gcj.lon);
    near(incident.lat, gcj.lat);
    near(incident.initial_lon, gcj.lon);
    near(incident.initial_lat, gcj.lat);
    near(report.lon, gcj.lon);
    near(report.lat, gcj.lat);
    near(report.raw_lon, 102.7);
    near(report.raw_lat, 25.1);
    gw_datum_convert(&view.base, GX_WGS84);
    near(incident.lon, gcj.lon);
}

static void test_rings_are_converted_in_pairs(void **state)
{
    (void)state;
    double ring[] = {102.6, 25.0, 102.7, 25.0, 102.7, 25.1};
    Genxi__Station station = GENXI__STATION__INIT;
    station.ring = ring;
    station.n_ring = 6;
    gw_datum_convert(&station.base, GX_BD09);
    struct gx_point last = gx_datum_from_wgs84((struct gx_point){102.7, 25.1}, GX_BD09);
    near(ring[4], last.lon);
    near(ring[5], last.lat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_with_places_take_a_datum),
        cmocka_unit_test(test_all_places_below_are_converted_and_the_raw_one_is_not),
        cmocka_unit_test(test_rings_are_converted_in_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
