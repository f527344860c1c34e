/* SPDX-License-Identifier: Apache-2.0 */
/* What the benches share: samples and their percentiles as lines "metric value unit", and the end of a program that cannot go on. */
#ifndef GX_BENCH_H
#define GX_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_samples {
    int64_t *values;
    size_t count;
    size_t room;
};
void bench_add(struct bench_samples *samples, int64_t value);
/* Sorts; share in (0, 1). 0 for none. */
int64_t bench_percentile(struct bench_samples *samples, double share);
void bench_free(struct bench_samples *samples);

/* "prefix.name value unit" */
void bench_line(const char *prefix, const char *name, double value, const char *unit);
/* Says what failed and exits with 1 unless good. */
void bench_must(bool good, const char *what, const char *detail);
/* A number in [1, most] or exit. */
size_t bench_number(const char *text, size_t most);
/* A variable of the environment that must be there. */
const char *bench_env(const char *name);

#endif
