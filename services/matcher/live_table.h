/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of live.h: the records and their lock. */
#ifndef MATCHER_LIVE_TABLE_H
#define MATCHER_LIVE_TABLE_H

#include "grid.h"
#include "live.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    CHUNK = 1024, /* records allocated at once: they never move */
    LINE = 64,    /* of the processor's cache: records begin with one */
    LOADS = 12,   /* tasks remembered of a responder, the newest */
    ALERTS = 64,  /* the same of alerts, of those who have any */
    TRAYS = 2,
    WRITES_AT_ONCE = 16 /* changes made before the lock is given to others */
};

struct record_shift {
    struct key id;
    int64_t from_at;
    int64_t until_at;
    int64_t changed_at;
    int32_t state;
};

/* Some 300 bytes: a million fit beside their places in Redis. What a search looks at stands first. */
struct record {
    int64_t changed_at; /* 0: only heard of by a shift or a hold */
    struct fix fix;     /* the last one; at 0: none */
    int64_t insured_until_at;
    int64_t rest_until_at;
    uint32_t org; /* its number, or KEY_NONE */
    uint32_t site;
    int32_t area;
    uint16_t crew;
    uint16_t skill_count;
    uint16_t shift_count;
    uint16_t shifts_open; /* of them */
    uint8_t force;
    uint8_t guard_kind;
    uint8_t hold;
    bool active;
    bool off_site_consent;
    struct key id;
    struct person_skill *skills; /* with their texts in one block */
    struct record_shift *shifts;
    char *call_sign;
    int64_t newest_load;
    int64_t loads[LOADS];
    struct key task_ref; /* of what follows; it holds while hold_ref is the same */
    struct gx_point task_place;
    uint8_t task_grade;
    bool on_the_way;
    int64_t *alerts; /* rising; NULL: none */
    uint16_t alert_count;
    uint16_t alert_room;
    /* who holds him */
    struct key hold_ref;
    int64_t hold_at;     /* since when he is held */
    int64_t released_at; /* since when he is not */
    /* his fixes, as others have them */
    int64_t heard_at; /* the newest, even when it is forgotten by now */
    int64_t track_at;
    struct live_cell indexed; /* where the index has him, and as whose */
    uint8_t indexed_force;
    bool in_tray[TRAYS];
    bool told;
} __attribute__((aligned(LINE)));

struct org {
    struct key id;
    bool known;            /* else a responder of its was heard of first */
    struct live_org facts; /* its id is not filled; agreement.contract_areas is its own */
};
struct site {
    char id[KEY_TEXT_SIZE];
    bool known;
    struct gx_point place;
    double radius_m;
    int64_t changed_at;
};

/* First in, first out: numbers[head .. head + count). */
struct tray {
    uint32_t *numbers;
    size_t head;
    size_t count;
    size_t room;
};

struct live {
    pthread_mutex_t filled_lock;
    pthread_cond_t filled_wake;
    atomic_bool filled;
    atomic_bool degraded;
    pthread_rwlock_t lock;
    struct keys numbers; /* responder -> record */
    struct record **chunks;
    size_t chunk_count;
    size_t count;
    struct keys org_numbers;
    struct org *orgs;
    size_t org_count;
    struct keys site_numbers;
    struct site *sites;
    size_t site_count;
    struct grid *grid;
    struct tray trays[TRAYS];
    int64_t alert_window_ms;
};

void live_lock_to_read(struct live *live);
void live_lock_to_write(struct live *live);
void live_unlock(struct live *live);

static inline struct record *record_at(const struct live *live, uint32_t number)
{
    return &live->chunks[number / CHUNK][number % CHUNK];
}
/* NULL: not known. */
struct record *record_find(const struct live *live, struct key id, uint32_t *ret_number);
/* Made when it is not there: of somebody whose shift or task is heard of first. NULL: no id. Under the lock to write. */
struct record *record_get(struct live *live, const char *text, uint32_t *ret_number);
struct key record_org(const struct live *live, const struct record *record);
bool record_on_duty(const struct record *record, int64_t now);
/* Tasks of the last twelve hours; alerts of the window. */
uint32_t record_load(const struct record *record, int64_t now);
uint32_t record_alerts(const struct live *live, const struct record *record, int64_t now);
/* Under the lock to write. */
void record_changed(struct live *live, uint32_t number, enum live_tray tray);
void record_forget_fix(struct live *live, uint32_t number);

#endif
