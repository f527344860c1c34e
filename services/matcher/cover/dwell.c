/* SPDX-License-Identifier: Apache-2.0 */
#include "cover/dwell.h"

static const int64_t HOUR_MS = 3600 * 1000;

static bool differs(const struct cover_seen *a, const struct cover_seen *b)
{
    /* How many there are changes with everybody's steps: not told for itself. */
    return a->kind != b->kind || a->force != b->force || a->want != b->want ||
           a->within_minutes != b->within_minutes || a->from_at != b->from_at ||
           a->until_at != b->until_at;
}

/* A stretch of hours that has begun already is still the same one: its beginning does not wander with the clock. */
static struct cover_seen joined(const struct cover_seen *was, const struct cover_seen *seen,
                                int64_t now)
{
    struct cover_seen joined = *seen;
    if (was->from_at != 0 && was->from_at <= now && seen->from_at <= now + HOUR_MS) {
        joined.from_at = was->from_at;
    }
    return joined;
}

static enum cover_step step_seen(struct cover_standing *standing, const struct cover_seen *seen,
                                 int64_t now, const struct cover_dwell *dwell)
{
    bool back = standing->away_at != 0;
    struct cover_seen is = joined(&standing->seen, seen, now);
    bool other = differs(&standing->seen, &is);
    standing->away_at = 0;
    if (standing->raised_at == 0 && now - standing->seen_at >= dwell->raise_ms) {
        standing->seen = is;
        standing->raised_at = now;
        return COVER_RAISE;
    }
    if (other) {
        standing->seen = is;
        return standing->raised_at == 0 ? COVER_NOTE : COVER_CHANGE;
    }
    return back ? COVER_NOTE : COVER_KEEP;
}

static enum cover_step step_away(struct cover_standing *standing, int64_t now,
                                 const struct cover_dwell *dwell)
{
    if (standing->raised_at == 0) {
        return COVER_FORGET;
    }
    bool first = standing->away_at == 0;
    standing->away_at = first ? now : standing->away_at;
    if (now - standing->away_at >= dwell->clear_ms) {
        standing->ended_at = now;
        return COVER_END;
    }
    return first ? COVER_NOTE : COVER_KEEP;
}

enum cover_step cover_step(struct cover_standing *standing, const struct cover_seen *seen,
                           int64_t now, const struct cover_dwell *dwell)
{
    if (standing->seen_at != 0) {
        return seen == NULL ? step_away(standing, now, dwell)
                            : step_seen(standing, seen, now, dwell);
    }
    if (seen == NULL) {
        return COVER_KEEP;
    }
    bool at_once = dwell->raise_ms == 0;
    *standing =
        (struct cover_standing){.seen = *seen, .seen_at = now, .raised_at = at_once ? now : 0};
    return at_once ? COVER_RAISE : COVER_NOTE;
}

bool cover_stretch(uint32_t open, uint32_t hours, int64_t first_at, int64_t *ret_from_at,
                   int64_t *ret_until_at)
{
    uint32_t from = 0;
    while (from < hours && (open >> from & 1U) == 0) {
        from++;
    }
    uint32_t until = from;
    while (until < hours && (open >> until & 1U) != 0) {
        until++;
    }
    if (from == hours) {
        return false;
    }
    *ret_from_at = first_at + (int64_t)from * HOUR_MS;
    *ret_until_at = until == hours ? 0 : first_at + (int64_t)until * HOUR_MS;
    return true;
}
