/* SPDX-License-Identifier: Apache-2.0 */
#include "tempo.h"

#include <math.h>

enum {
    MEMORY = 500 /* calls after which the running means forget */
};

/* Before anything was seen: a city in which half the crews are out. */
static const struct tempo_chances UNKNOWN = {
    .idle = 0.85F, .busy = 0.2F, .driving = 0.05F, .turning = 1.0F};
/* With hardly anybody left every crew counts as likely to go, but not as gone. */
static const double LEAST_IDLE = 0.5;

/* Turning one crew in so many calls is nobody's trouble; above that it grows dearer, steeply before one in five. */
static const double FREE_TURNS = 0.15;
static const double STEEPNESS = 200.0;

enum {
    TURN_MEMORY = 200 /* calls */
};

static void learn(double *mean, uint32_t *seen, double value)
{
    *seen += *seen < MEMORY ? 1U : 0U;
    *mean += (value - *mean) / (double)*seen;
}

void tempo_call(struct tempo *tempo, int64_t at_ms)
{
    if (tempo->last_call_ms != 0 && at_ms >= tempo->last_call_ms) {
        learn(&tempo->gap_ms, &tempo->gaps, (double)(at_ms - tempo->last_call_ms));
    }
    tempo->last_call_ms = at_ms;
    tempo->turned -= tempo->turned / TURN_MEMORY;
}

void tempo_turned(struct tempo *tempo, size_t crews)
{
    tempo->turned += (double)crews / TURN_MEMORY;
}

void tempo_work(struct tempo *tempo, int64_t busy_ms)
{
    learn(&tempo->busy_ms, &tempo->works, (double)busy_ms);
}

struct tempo_chances tempo_chances(const struct tempo *tempo, int64_t target_ms, size_t idle_count)
{
    enum {
        ENOUGH = 20
    };
    struct tempo_chances chances = UNKNOWN;
    double target = (double)target_ms;
    chances.turning = (float)(1.0 + STEEPNESS * fmax(0.0, tempo->turned - FREE_TURNS));
    if (tempo->gaps >= ENOUGH && tempo->gap_ms > 0) {
        double idle = exp(-target / tempo->gap_ms / (double)(idle_count == 0 ? 1 : idle_count));
        chances.idle = (float)fmax(idle, LEAST_IDLE);
    }
    if (tempo->works >= ENOUGH && tempo->busy_ms > 0) {
        /* On average a free crew comes half way through that time. */
        chances.busy = (float)(1.0 - exp(-target / 2 / tempo->busy_ms));
        chances.driving = chances.busy / 4.0F;
    }
    return chances;
}
