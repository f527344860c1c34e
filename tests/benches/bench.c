/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

void bench_add(struct bench_samples *samples, int64_t value)
{
    if (samples->count == samples->room) {
        samples->room = samples->room == 0 ? 1024 : samples->room * 2;
        samples->values = realloc(samples->values, samples->room * sizeof *samples->values);
        bench_must(samples->values != NULL, "memory", "");
    }
    samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

int64_t bench_percentile(struct bench_samples *samples, double share)
{
    if (samples->count == 0) {
        return 0;
    }
    qsort(samples->values, samples->count, sizeof *samples->values, compare);
    size_t at = (size_t)((double)samples->count * share);
    return samples->values[at < samples->count ? at : samples->count - 1];
}

void bench_free(struct bench_samples *samples)
{
    free(samples->values);
    *samples = (struct bench_samples){.values = NULL};
}

void bench_line(const char *prefix, const char *name, double value, const char *unit)
{
    (void)printf("%s.%s %.3f %s\n", prefix, name, value, unit);
    (void)fflush(stdout);
}

void bench_must(bool good, const char *what, const char *detail)
{
    if (!good) {
        (void)fprintf(stderr, "bench: %s: %s\n", what, detail);
        exit(1);
    }
}

size_t bench_number(const char *text, size_t most)
{
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, 10);
    bench_must(end != text && *end == '\0' && value >= 1 && value <= most, "not a number", text);
    return (size_t)value;
}

const char *bench_env(const char *name)
{
    const char *value = getenv(name);
    bench_must(value != NULL && value[0] != '\0', "missing in the environment", name);
    return value;
}
