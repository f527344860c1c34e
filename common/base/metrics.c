/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    TABLES_MAX = 256
};

static struct {
    struct gx_metric *rows;
    size_t count;
} TABLES[TABLES_MAX];
static size_t TABLE_COUNT;
static pthread_mutex_t LOCK = PTHREAD_MUTEX_INITIALIZER;

void gx_metrics_register(struct gx_metric *rows, size_t count)
{
    (void)pthread_mutex_lock(&LOCK);
    if (TABLE_COUNT == TABLES_MAX) {
        abort();
    }
    TABLES[TABLE_COUNT].rows = rows;
    TABLES[TABLE_COUNT].count = count;
    TABLE_COUNT++;
    (void)pthread_mutex_unlock(&LOCK);
}

void gx_metric_add(struct gx_metric *metric, int64_t by)
{
    (void)atomic_fetch_add_explicit(&metric->value, by, memory_order_relaxed);
}

void gx_metric_set(struct gx_metric *metric, int64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

void gx_metric_observe_us(struct gx_metric *metric, int64_t microseconds)
{
    int64_t bound = 100;
    int bucket = 0;
    while (bucket < GX_BUCKETS - 1 && microseconds > bound) {
        bound *= 2;
        bucket++;
    }
    (void)atomic_fetch_add_explicit(&metric->buckets[bucket], 1, memory_order_relaxed);
    gx_metric_add(metric, microseconds);
}

static void print_histogram(const struct gx_metric *row, FILE *out)
{
    const char *labels = row->labels == NULL ? "" : row->labels;
    const char *comma = row->labels == NULL ? "" : ",";
    int64_t total = 0;
    int64_t bound_us = 100;
    for (int i = 0; i < GX_BUCKETS; i++, bound_us *= 2) {
        total += atomic_load_explicit(&row->buckets[i], memory_order_relaxed);
        if (i == GX_BUCKETS - 1) {
            (void)fprintf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRId64 "\n", row->name, labels, comma,
                          total);
        } else {
            (void)fprintf(out, "%s_bucket{%s%sle=\"%g\"} %" PRId64 "\n", row->name, labels, comma,
                          (double)bound_us / 1e6, total);
        }
    }
    const char *open = row->labels == NULL ? "" : "{";
    const char *close = row->labels == NULL ? "" : "}";
    double sum = (double)atomic_load_explicit(&row->value, memory_order_relaxed) / 1e6;
    (void)fprintf(out, "%s_sum%s%s%s %.6f\n", row->name, open, labels, close, sum);
    (void)fprintf(out, "%s_count%s%s%s %" PRId64 "\n", row->name, open, labels, close, total);
}

static void print_row(const struct gx_metric *row, FILE *out)
{
    if (row->kind == GX_HISTOGRAM) {
        print_histogram(row, out);
        return;
    }
    int64_t value = atomic_load_explicit(&row->value, memory_order_relaxed);
    if (row->labels == NULL) {
        (void)fprintf(out, "%s %" PRId64 "\n", row->name, value);
    } else {
        (void)fprintf(out, "%s{%s} %" PRId64 "\n", row->name, row->labels, value);
    }
}

/* True when an earlier row bears the same name: then the group was printed already. */
static bool printed_before(size_t table, size_t index)
{
    const char *name = TABLES[table].rows[index].name;
    for (size_t t = 0; t <= table; t++) {
        size_t end = t == table ? index : TABLES[t].count;
        for (size_t i = 0; i < end; i++) {
            if (strcmp(TABLES[t].rows[i].name, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void print_group(size_t table, size_t index, FILE *out)
{
    static const char *const KINDS[] = {"counter", "gauge", "histogram"};
    const struct gx_metric *first = &TABLES[table].rows[index];
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", first->name, first->help, first->name,
                  KINDS[first->kind]);
    for (size_t t = table; t < TABLE_COUNT; t++) {
        for (size_t i = t == table ? index : 0; i < TABLES[t].count; i++) {
            if (strcmp(TABLES[t].rows[i].name, first->name) == 0) {
                print_row(&TABLES[t].rows[i], out);
            }
        }
    }
}

void gx_metrics_print(FILE *out)
{
    (void)pthread_mutex_lock(&LOCK);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        for (size_t i = 0; i < TABLES[t].count; i++) {
            if (!printed_before(t, i)) {
                print_group(t, i, out);
            }
        }
    }
    (void)pthread_mutex_unlock(&LOCK);
}
