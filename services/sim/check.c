/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include "base/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t sim_random_next(struct sim_random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double sim_random_unit(struct sim_random *random)
{
    return (double)(sim_random_next(random) >> 11) * 0x1.0p-53;
}

double sim_random_exponential(struct sim_random *random, double mean)
{
    return -mean * log(1.0 - sim_random_unit(random));
}

bool sim_check(struct sim *sim, bool passed, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)printf("  %s %s\n", passed ? "ok    " : "FAILED", text);
    (void)fflush(stdout);
    if (passed) {
        sim->checks_passed++;
    } else {
        sim->checks_failed++;
    }
    return passed;
}

const char *sim_text(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text == NULL ? "" : text;
}

json_t *sim_call(struct sim *sim, struct gx_client *client, const char *method, const char *path,
                 const json_t *body, long status, const char *what)
{
    char key[GX_ID_SIZE];
    struct gx_answer answer = {0};
    bool write = strcmp(method, "GET") != 0;
    enum gx_rc rc =
        gx_client_call(client, method, path, body, write ? gx_id_new(key) : NULL, &answer);
    if (rc != GX_OK || answer.status != status) {
        (void)sim_check(sim, false, "%s: %s %s gave %ld, not %ld: %.200s", what, method, path,
                        answer.status, status, answer.body == NULL ? gx_rc_text(rc) : answer.body);
        gx_answer_done(&answer);
        return NULL;
    }
    (void)sim_check(sim, true, "%s", what);
    json_t *json = answer.json == NULL ? json_object() : json_incref(answer.json);
    gx_answer_done(&answer);
    return json;
}

json_t *sim_wait(struct sim *sim, struct gx_client *client, const char *path,
                 bool (*found)(const json_t *, const void *), const void *arg, int wait_ms,
                 const char *what)
{
    int64_t end_us = gx_clock_mono_us() + (int64_t)wait_ms * 1000;
    char last[256] = "no answer";
    do {
        struct gx_answer answer = {0};
        enum gx_rc rc = gx_client_call(client, "GET", path, NULL, NULL, &answer);
        if (rc == GX_OK && answer.status == 200 && found(answer.json, arg)) {
            json_t *json = json_incref(answer.json);
            gx_answer_done(&answer);
            (void)sim_check(sim, true, "%s", what);
            return json;
        }
        (void)snprintf(last, sizeof last, "%.255s",
                       answer.body == NULL ? gx_rc_text(rc) : answer.body);
        gx_answer_done(&answer);
        if (sim->streams != NULL) {
            (void)gx_streams_run(sim->streams, 50);
        } else {
            (void)usleep(50000);
        }
    } while (gx_clock_mono_us() < end_us);
    (void)sim_check(sim, false, "%s: not within %d ms; last: %s", what, wait_ms, last);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right ? 1 : 0;
}

/* p50 and p90 (rank ceil(q n)) of one span over all live incidents that have both ends. */
static void print_span(const struct sim *sim, const char *name, size_t offset)
{
    double *values = calloc(sim->incident_count + 1, sizeof *values);
    if (values == NULL) {
        abort();
    }
    size_t count = 0;
    for (size_t i = 0; i < sim->incident_count; i++) {
        const struct sim_incident *incident = &sim->incidents[i];
        int64_t end_ms = 0;
        memcpy(&end_ms, (const char *)incident + offset, sizeof end_ms);
        if (!incident->exercise && incident->reported_ms > 0 && end_ms > 0) {
            values[count++] = (double)(end_ms - incident->reported_ms) / 1000.0;
        }
    }
    qsort(values, count, sizeof *values, compare);
    if (count == 0) {
        (void)printf("%-28s no data\n", name);
    } else {
        size_t p50 = (count * 50 + 99) / 100 - 1;
        size_t p90 = (count * 90 + 99) / 100 - 1;
        (void)printf("%-28s p50 %9.3f s   p90 %9.3f s   n %zu\n", name, values[p50], values[p90],
                     count);
    }
    free(values);
}

static void print_figure(const char *name, const json_t *answer, const char *part, const char *of)
{
    long long have = (long long)json_integer_value(json_object_get(answer, part));
    long long all = (long long)json_integer_value(json_object_get(answer, of));
    (void)printf("%-28s %lld of %lld (%.1f %%)\n", name, have, all,
                 all == 0 ? 0.0 : 100.0 * (double)have / (double)all);
}

/* As it stands at the end: sites with an agreement, needs that are met. */
static void print_coverage(const struct sim *sim)
{
    struct gx_answer answer = {0};
    if (gx_client_call(sim->duty, "GET", "/v1/coverage?limit=1", NULL, NULL, &answer) == GX_OK &&
        answer.status == 200) {
        print_figure("linked sites 联动覆盖", answer.json, "linked", "linked_of");
        print_figure("needs covered 力量覆盖", answer.json, "covered", "covered_of");
    } else {
        (void)printf("%-28s no data\n", "coverage 覆盖");
    }
    gx_answer_done(&answer);
}

void sim_print_figures(const struct sim *sim)
{
    int unfilled = 0;
    int escalations = 0;
    size_t live = 0;
    for (size_t i = 0; i < sim->incident_count; i++) {
        unfilled += sim->incidents[i].unfilled > 0 && sim->incidents[i].filled_ms == 0 ? 1 : 0;
        escalations += sim->incidents[i].escalations;
        live += sim->incidents[i].exercise ? 0 : 1;
    }
    (void)printf(
        "\nfigures (DEMONSTRATION 演示; timers of offers and ladder run at %g of their length)\n",
        sim->options->scale);
    (void)printf("%-28s %lld sent, %lld acknowledged, %lld refused, %lld repeated on purpose\n",
                 "reports 接警", (long long)sim->reports_sent, (long long)sim->reports_acked,
                 (long long)sim->reports_refused, (long long)sim->reports_repeated);
    (void)printf("%-28s %zu\n%-28s %lld\n", "incidents 警情", live, "merged 合并",
                 (long long)sim->reports_merged);
    (void)printf("%-28s %lld accepted, %lld declined, %lld silent, %lld too late\n", "offers 派警",
                 (long long)sim->accepts, (long long)sim->declines, (long long)sim->silences,
                 (long long)sim->lost_races);
    print_span(sim, "time to first offer", offsetof(struct sim_incident, first_offer_ms));
    print_span(sim, "time to first accept", offsetof(struct sim_incident, first_accept_ms));
    print_span(sim, "time to quota", offsetof(struct sim_incident, filled_ms));
    print_span(sim, "time to first on scene", offsetof(struct sim_incident, first_scene_ms));
    (void)printf("%-28s %d\n%-28s %d\n", "unfilled 未满编", unfilled, "escalations 升级",
                 escalations);
    (void)printf("%-28s %lld sent, %lld refused\n", "positions 定位",
                 (long long)sim->positions_sent, (long long)sim->positions_refused);
    print_coverage(sim);
}
