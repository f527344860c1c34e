/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <stdio.h>

enum {
    CLASSES = 4,
    ROUTES_MAX = 128
}; /* 2xx, 4xx, 429, 5xx */

struct gx_metric GW_METRICS[GW_M_COUNT] = {
    [GW_M_STREAMS] = {.name = "genxi_streams_open",
                      .help = "Event streams that are open.",
                      .kind = GX_GAUGE},
    [GW_M_EVENTS_SENT] = {.name = "genxi_stream_events_total",
                          .help = "Events written to streams.",
                          .kind = GX_COUNTER},
    [GW_M_STREAMS_OVERTAKEN] = {.name = "genxi_streams_overtaken_total",
                                .help = "Streams closed because their client read too slowly.",
                                .kind = GX_COUNTER},
    [GW_M_JOURNAL_READS] =
        {.name = "genxi_stream_journal_reads_total",
         .help = "Pages read from the journal for what the wire lost or a stream missed.",
         .kind = GX_COUNTER},
    [GW_M_AUTH_FAILED] = {.name = "genxi_auth_failures_total",
                          .help = "Log-ins and credentials refused.",
                          .kind = GX_COUNTER},
    [GW_M_AUTH_LOCKED] = {.name = "genxi_auth_locked_total",
                          .help = "Tries refused unseen after too many failures.",
                          .kind = GX_COUNTER},
    [GW_M_RATE_LIMITED] = {.name = "genxi_rate_limited_total",
                           .help = "Requests refused by rate.",
                           .kind = GX_COUNTER},
    [GW_M_LOOKUPS] = {.name = "genxi_credential_lookups_total",
                      .help = "Credentials looked up in the database.",
                      .kind = GX_COUNTER},
    [GW_M_POINTS_TAKEN] = {.name = "genxi_device_points_total",
                           .help = "Positions of phones and cars that were taken.",
                           .kind = GX_COUNTER},
    [GW_M_POINTS_REFUSED] = {.name = "genxi_device_points_refused_total",
                             .help =
                                 "Positions of phones and cars that were refused and forgotten.",
                             .kind = GX_COUNTER},
    [GW_M_POINTS_MOCKED] = {.name = "genxi_device_points_mocked_total",
                            .help = "Positions that the phone itself calls made up.",
                            .kind = GX_COUNTER},
    [GW_M_PRESSES] = {.name = "genxi_device_presses_total",
                      .help = "Presses of an SOS button that stand as a report.",
                      .kind = GX_COUNTER},
    [GW_M_LATENCY] = {.name = "genxi_http_request_seconds",
                      .help = "From the request's headers to its answer, streams left out.",
                      .kind = GX_HISTOGRAM},
};

static struct gx_metric requests[ROUTES_MAX * CLASSES + CLASSES];
static char labels[ROUTES_MAX * CLASSES + CLASSES][96];

static const char *const CLASS_NAMES[CLASSES] = {"2xx", "4xx", "429", "5xx"};

static size_t class_of(int status)
{
    return status < 400 ? 0 : status == 429 ? 2 : status < 500 ? 1 : 3;
}

void gw_metrics_routes(void)
{
    size_t count = 0;
    const struct gw_route *routes = gw_routes(&count);
    for (size_t i = 0; i <= count && i <= ROUTES_MAX; i++) {
        for (size_t class = 0; class < CLASSES; class ++) {
            size_t row = i * CLASSES + class;
            (void)snprintf(labels[row], sizeof labels[row], "route=\"%s %s\",status=\"%s\"",
                           i < count ? routes[i].method : "-", i < count ? routes[i].path : "none",
                           CLASS_NAMES[class]);
            requests[row].name = "genxi_http_requests_total";
            requests[row].help = "Requests answered, by route and class of status.";
            requests[row].kind = GX_COUNTER;
            requests[row].labels = labels[row];
        }
    }
    gx_metrics_register(requests, (count + 1) * CLASSES);
}

void gw_metrics_request(const struct gw_route *route, int status, int64_t took_us)
{
    size_t count = 0;
    const struct gw_route *routes = gw_routes(&count);
    size_t row = route == NULL ? count : (size_t)(route - routes);
    gx_metric_add(&requests[row * CLASSES + class_of(status)], 1);
    if (route == NULL || route->kind != GW_STREAM) {
        gx_metric_observe_us(&GW_METRICS[GW_M_LATENCY], took_us);
    }
}
