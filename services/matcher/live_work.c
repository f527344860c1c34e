/* SPDX-License-Identifier: Apache-2.0 */
/* What people were asked and what they did lately: by which the choice is fair. */
#include "live_table.h"

#include <stdlib.h>
#include <string.h>

static const int64_t LOAD_MS = INT64_C(12) * 3600 * 1000;

/* ---- tasks ---- */

void live_worked(struct live *live, const char *responder_id, int64_t accepted_at)
{
    uint32_t number = KEY_NONE;
    live_lock_to_write(live);
    struct record *record = record_get(live, responder_id, &number);
    size_t oldest = 0;
    bool known = record == NULL;
    for (size_t i = 0; i < LOADS && !known; i++) {
        known = record->loads[i] == accepted_at;
        oldest = record->loads[i] < record->loads[oldest] ? i : oldest;
    }
    if (!known && record->loads[oldest] < accepted_at) {
        record->loads[oldest] = accepted_at;
        record->newest_load = accepted_at > record->newest_load ? accepted_at : record->newest_load;
    }
    live_unlock(live);
}

uint32_t record_load(const struct record *record, int64_t now)
{
    uint32_t load = 0;
    for (size_t i = 0; i < LOADS && record->newest_load > now - LOAD_MS; i++) {
        load += record->loads[i] > now - LOAD_MS ? 1U : 0U;
    }
    return load;
}

void live_task(struct live *live, const char *responder_id, const struct live_task *task)
{
    struct key ref;
    uint32_t number = KEY_NONE;
    if (!key_parse(task->ref, &ref)) {
        return;
    }
    live_lock_to_write(live);
    struct record *record = record_get(live, responder_id, &number);
    if (record != NULL) {
        bool known = key_is(record->task_ref, ref);
        record->on_the_way = task->on_the_way && (!known || record->on_the_way);
        record->task_ref = ref;
        record->task_place = task->place;
        record->task_grade = (uint8_t)(task->grade <= 4 ? task->grade : 0);
    }
    live_unlock(live);
}

/* ---- alerts ---- */

void live_set_alert_window(struct live *live, int64_t window_ms)
{
    live_lock_to_write(live);
    live->alert_window_ms = window_ms;
    live_unlock(live);
}

/* Those older than the window give up their room. */
static void forget_alerts(struct record *record, int64_t before)
{
    uint16_t old = 0;
    while (old < record->alert_count && record->alerts[old] <= before) {
        old++;
    }
    record->alert_count = (uint16_t)(record->alert_count - old);
    memmove(record->alerts, record->alerts + old, record->alert_count * sizeof *record->alerts);
}

/* Room for one more; the oldest goes when all is full. */
static void make_room(struct record *record)
{
    if (record->alert_count == ALERTS) {
        record->alert_count--;
        memmove(record->alerts, record->alerts + 1, record->alert_count * sizeof *record->alerts);
    }
    if (record->alert_count == record->alert_room) {
        record->alert_room = (uint16_t)(record->alert_room == 0 ? 4 : record->alert_room * 2);
        record->alerts = realloc(record->alerts, record->alert_room * sizeof *record->alerts);
        if (record->alerts == NULL) {
            abort();
        }
    }
}

static void add_alert(struct record *record, int64_t made_at)
{
    size_t at = record->alert_count;
    while (at > 0 && record->alerts[at - 1] > made_at) {
        at--;
    }
    bool known = at > 0 && record->alerts[at - 1] == made_at;
    /* Older than all that are kept, and no room: it would go at once. */
    if (known || (at == 0 && record->alert_count == ALERTS)) {
        return;
    }
    at -= record->alert_count == ALERTS ? 1U : 0U;
    make_room(record);
    memmove(record->alerts + at + 1, record->alerts + at,
            (record->alert_count - at) * sizeof *record->alerts);
    record->alerts[at] = made_at;
    record->alert_count++;
}

void live_alerted(struct live *live, const char *responder_id, int64_t made_at)
{
    uint32_t number = KEY_NONE;
    live_lock_to_write(live);
    struct record *record = record_get(live, responder_id, &number);
    if (record != NULL) {
        if (record->alert_count > 0) {
            forget_alerts(record, record->alerts[record->alert_count - 1] - live->alert_window_ms);
        }
        add_alert(record, made_at);
    }
    live_unlock(live);
}

uint32_t record_alerts(const struct live *live, const struct record *record, int64_t now)
{
    uint32_t count = 0;
    for (size_t i = record->alert_count; i > 0; i--) {
        if (record->alerts[i - 1] <= now - live->alert_window_ms) {
            break;
        }
        count++;
    }
    return count;
}
