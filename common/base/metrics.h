/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, gauges and histograms as rows, in the Prometheus text format. A module declares its rows once:
 *     static struct gx_metric ROWS[] = {{.name = "genxi_reports_total", .help = "...", .kind = GX_COUNTER}};
 * and registers them at start. Rows of one name stand together and differ in .labels (`outcome="ok"`, ready made).
 * Updates are lock-free; names end in their unit, counters in _total.
 */
#ifndef GX_BASE_METRICS_H
#define GX_BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum gx_metric_kind {
    GX_COUNTER,
    GX_GAUGE,
    GX_HISTOGRAM
};

enum {
    GX_BUCKETS = 16
};

struct gx_metric {
    const char *name;
    const char *help;
    enum gx_metric_kind kind;
    const char *labels;    /* NULL, or `a="b",c="d"` with values escaped already */
    _Atomic int64_t value; /* counter, gauge; histogram: sum in microseconds */
    _Atomic int64_t
        buckets[GX_BUCKETS]; /* histogram: bounds 0.1 ms, doubling to 1.6384 s, then +Inf */
};

/* Rows must live as long as the process. At most 256 calls. */
void gx_metrics_register(struct gx_metric *rows, size_t count);
void gx_metric_add(struct gx_metric *metric, int64_t by);
void gx_metric_set(struct gx_metric *metric, int64_t value);
/* Histogram only: one observation. Exposed in seconds. */
void gx_metric_observe_us(struct gx_metric *metric, int64_t microseconds);

/* Writes all registered rows. */
void gx_metrics_print(FILE *out);

#endif
