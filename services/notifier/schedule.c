/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include "base/text.h"

#include <string.h>

enum gx_rc schedule_parse(const char *text, struct schedule *schedule)
{
    schedule->count = 0;
    const char *at = text;
    for (;;) {
        char copy[16];
        size_t size = strcspn(at, ",");
        if (size == 0 || size >= sizeof copy || schedule->count == SCHEDULE_MAX) {
            return GX_INVALID;
        }
        memcpy(copy, at, size);
        copy[size] = '\0';
        if (gx_parse_int(copy, 0, SCHEDULE_WAIT_MAX_S, &schedule->wait_s[schedule->count]) != 0) {
            return GX_INVALID;
        }
        schedule->count++;
        at += size;
        if (*at == '\0') {
            return GX_OK;
        }
        at++;
    }
}

int64_t schedule_next_ms(const struct schedule *schedule, uint32_t tries, int64_t retry_after_s,
                         uint32_t random)
{
    if (tries >= schedule->count) {
        return -1;
    }
    int64_t wait_ms = schedule->wait_s[tries] * 1000;
    int64_t spread_ms = wait_ms * schedule->jitter_percent / 100;
    if (spread_ms > 0) {
        wait_ms += (int64_t)(random % (uint32_t)(2 * spread_ms + 1)) - spread_ms;
    }
    int64_t asked_s = retry_after_s > SCHEDULE_WAIT_MAX_S ? SCHEDULE_WAIT_MAX_S : retry_after_s;
    return wait_ms < asked_s * 1000 ? asked_s * 1000 : wait_ms;
}

enum breaker_state breaker_state(const struct breaker *breaker, const struct breaker_rule *rule,
                                 int64_t now_ms)
{
    if (breaker->until_at > now_ms) {
        return BREAKER_OPEN;
    }
    return breaker->failures >= rule->limit ? BREAKER_HALF_OPEN : BREAKER_CLOSED;
}

void breaker_failed(struct breaker *breaker, const struct breaker_rule *rule, int64_t now_ms)
{
    /* Tries that were under way when it opened say nothing new: they must not make the pause longer. */
    bool was_open = breaker_state(breaker, rule, now_ms) == BREAKER_OPEN;
    if (breaker->failures < UINT32_MAX) {
        breaker->failures++;
    }
    if (was_open || breaker->failures < rule->limit) {
        return;
    }
    int64_t pause_ms = rule->first_ms;
    for (uint32_t i = 0; i < breaker->openings && pause_ms < rule->most_ms; i++) {
        pause_ms *= 2;
    }
    breaker->until_at = now_ms + (pause_ms > rule->most_ms ? rule->most_ms : pause_ms);
    breaker->openings++;
}

void breaker_succeeded(struct breaker *breaker)
{
    *breaker = (struct breaker){0};
}

void breaker_pause(struct breaker *breaker, int64_t now_ms, int64_t pause_s)
{
    int64_t bounded_s = pause_s > SCHEDULE_WAIT_MAX_S ? SCHEDULE_WAIT_MAX_S : pause_s;
    int64_t until_at = now_ms + bounded_s * 1000;
    if (bounded_s > 0 && until_at > breaker->until_at) {
        breaker->until_at = until_at;
    }
}

enum verdict verdict_of_status(long http)
{
    if (http >= 200 && http <= 299) {
        return VERDICT_DELIVERED;
    }
    switch (http) {
    case 410:
        return VERDICT_GONE;
    case 429:
    case 502:
    case 503:
    case 504:
        return VERDICT_SLOW_DOWN;
    default:
        return VERDICT_RETRY;
    }
}

static bool pattern_matches(const char *pattern, const char *type)
{
    size_t size = strlen(pattern);
    if (strcmp(pattern, "*") == 0) {
        return true;
    }
    if (size > 2 && strcmp(pattern + size - 2, ".*") == 0) {
        return strncmp(pattern, type, size - 1) == 0;
    }
    return strcmp(pattern, type) == 0;
}

bool types_match(const char *const *patterns, size_t count, const char *type)
{
    for (size_t i = 0; i < count; i++) {
        if (pattern_matches(patterns[i], type)) {
            return true;
        }
    }
    return count == 0;
}
