/* SPDX-License-Identifier: Apache-2.0 */
#include "lockout.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 8192,
    WAYS = 8
};
static const int64_t SECOND_US = 1000000;
static const int64_t MEMORY_US = INT64_C(900) * 1000000;

struct slot {
    uint64_t name; /* its hash: a user's name is not kept */
    int failures;
    int64_t last_us;
    int64_t until_us;
};

struct gw_lockout {
    pthread_mutex_t lock;
    int free_tries;
    struct slot slots[SLOTS];
};

struct gw_lockout *gw_lockout_new(int free_tries)
{
    struct gw_lockout *lockout = calloc(1, sizeof *lockout);
    if (lockout == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&lockout->lock, NULL);
    lockout->free_tries = free_tries;
    return lockout;
}

void gw_lockout_free(struct gw_lockout *lockout)
{
    if (lockout != NULL) {
        (void)pthread_mutex_destroy(&lockout->lock);
        free(lockout);
    }
}

static uint64_t hash(const char *name)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++) {
        sum = (sum ^ (uint8_t)*name) * UINT64_C(1099511628211);
    }
    return sum == 0 ? 1 : sum;
}

/* The name's slot, or with make the one that failed longest ago. */
static struct slot *find(struct gw_lockout *lockout, const char *name, int make)
{
    uint64_t wanted = hash(name);
    struct slot *set = &lockout->slots[wanted % (SLOTS / WAYS) * WAYS];
    struct slot *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == wanted) {
            return &set[i];
        }
        if (set[i].last_us < oldest->last_us) {
            oldest = &set[i];
        }
    }
    if (!make) {
        return NULL;
    }
    *oldest = (struct slot){.name = wanted};
    return oldest;
}

int64_t gw_lockout_wait(struct gw_lockout *lockout, const char *name, int64_t now_us)
{
    (void)pthread_mutex_lock(&lockout->lock);
    const struct slot *slot = find(lockout, name, 0);
    int64_t wait = slot == NULL || slot->until_us <= now_us ? 0 : slot->until_us - now_us;
    (void)pthread_mutex_unlock(&lockout->lock);
    return wait;
}

void gw_lockout_failed(struct gw_lockout *lockout, const char *name, int64_t now_us)
{
    (void)pthread_mutex_lock(&lockout->lock);
    struct slot *slot = find(lockout, name, 1);
    if (slot->last_us != 0 && now_us - slot->last_us > MEMORY_US) {
        slot->failures = 0;
    }
    slot->failures++;
    slot->last_us = now_us;
    int over = slot->failures - lockout->free_tries;
    if (over >= 0) {
        int64_t wait = over >= 10 ? MEMORY_US : SECOND_US << over;
        slot->until_us = now_us + (wait > MEMORY_US ? MEMORY_US : wait);
    }
    (void)pthread_mutex_unlock(&lockout->lock);
}

void gw_lockout_forgive(struct gw_lockout *lockout, const char *name)
{
    (void)pthread_mutex_lock(&lockout->lock);
    struct slot *slot = find(lockout, name, 0);
    if (slot != NULL) {
        *slot = (struct slot){0};
    }
    (void)pthread_mutex_unlock(&lockout->lock);
}
