/* SPDX-License-Identifier: Apache-2.0 */
/* When to try again and when to leave an endpoint alone: rules free of I/O and clock. */
#ifndef NOTIFIER_SCHEDULE_H
#define NOTIFIER_SCHEDULE_H

#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCHEDULE_MAX = 24,
    SCHEDULE_WAIT_MAX_S = 86400
};

/* wait_s[n]: seconds before try n+1, counted from the end of try n. */
struct schedule {
    int64_t wait_s[SCHEDULE_MAX];
    size_t count;
    int64_t jitter_percent; /* each wait is varied by up to this much either way */
};

/* "0,5,300": 1 to SCHEDULE_MAX whole seconds of at most a day. INVALID for anything else. */
enum gx_rc schedule_parse(const char *text, struct schedule *schedule);
/*
 * Milliseconds until the next try after `tries` that failed, or -1: no more, it is dead. `random` any number, for the jitter;
 * retry_after_s what the peer asked for (0: nothing), honoured up to a day.
 */
int64_t schedule_next_ms(const struct schedule *schedule, uint32_t tries, int64_t retry_after_s,
                         uint32_t random);

/*
 * The breaker of one endpoint. Closed: failures below the limit. Open: none is tried before until_at. Half open: until_at is past and
 * failures are still at the limit, so one try alone decides.
 */
struct breaker_rule {
    uint32_t limit; /* failures in a row that open it */
    int64_t first_ms;
    int64_t most_ms; /* each opening in a row doubles the time up to this */
};
struct breaker {
    uint32_t failures;
    uint32_t openings; /* in a row */
    int64_t until_at;  /* 0: not open */
};
enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,
    BREAKER_HALF_OPEN
};

enum breaker_state breaker_state(const struct breaker *breaker, const struct breaker_rule *rule,
                                 int64_t now_ms);
void breaker_failed(struct breaker *breaker, const struct breaker_rule *rule, int64_t now_ms);
void breaker_succeeded(struct breaker *breaker);
/* The peer asked for a pause: nothing is tried before it ends. */
void breaker_pause(struct breaker *breaker, int64_t now_ms, int64_t pause_s);

/* What an answer means. */
enum verdict {
    VERDICT_DELIVERED,
    VERDICT_RETRY,
    VERDICT_SLOW_DOWN,
    VERDICT_GONE
};
/* http 0: no answer. 2xx delivered; 410 gone; 429, 502, 503, 504 slow down; everything else, 3xx too, a failure. */
enum verdict verdict_of_status(long http);

/* "incident.*" and "*" beside the exact name; no patterns at all means everything. */
bool types_match(const char *const *patterns, size_t count, const char *type);

#endif
