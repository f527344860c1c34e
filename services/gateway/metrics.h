/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's counters. */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include "base/metrics.h"
#include "routes.h"

enum gw_metric {
    GW_M_STREAMS,
    GW_M_EVENTS_SENT,
    GW_M_STREAMS_OVERTAKEN,
    GW_M_JOURNAL_READS,
    GW_M_AUTH_FAILED,
    GW_M_AUTH_LOCKED,
    GW_M_RATE_LIMITED,
    GW_M_LOOKUPS,
    GW_M_POINTS_TAKEN,
    GW_M_POINTS_REFUSED,
    GW_M_POINTS_MOCKED,
    GW_M_PRESSES,
    GW_M_LATENCY,
    GW_M_COUNT
};
extern struct gx_metric GW_METRICS[GW_M_COUNT];

/* genxi_http_requests_total by route and class of status; registered at the first call. */
void gw_metrics_routes(void);
void gw_metrics_request(const struct gw_route *route, int status, int64_t took_us);

#endif
