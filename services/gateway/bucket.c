/* SPDX-License-Identifier: Apache-2.0 */
#include "bucket.h"

#include "base/text.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 32768,
    WAYS = 8,
    NAME_SIZE = 48
};

struct slot {
    char name[NAME_SIZE];
    int64_t full_at_us; /* when the bucket will be full again; the whole state of a bucket */
};

struct gw_buckets {
    pthread_mutex_t lock;
    int64_t token_us; /* a token's time */
    int64_t depth_us; /* time from empty to full */
    struct slot slots[SLOTS];
};

struct gw_buckets *gw_buckets_new(int64_t per_second, int64_t burst)
{
    struct gw_buckets *buckets = calloc(1, sizeof *buckets);
    if (buckets == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&buckets->lock, NULL);
    buckets->token_us = per_second >= 1000000 ? 1 : 1000000 / per_second;
    buckets->depth_us = buckets->token_us * burst;
    return buckets;
}

void gw_buckets_free(struct gw_buckets *buckets)
{
    if (buckets != NULL) {
        (void)pthread_mutex_destroy(&buckets->lock);
        free(buckets);
    }
}

/* FNV-1a. */
static uint32_t hash(const char *name)
{
    uint32_t sum = 2166136261U;
    for (; *name != '\0'; name++) {
        sum = (sum ^ (uint8_t)*name) * 16777619U;
    }
    return sum;
}

static struct slot *find(struct gw_buckets *buckets, const char *name)
{
    struct slot *set = &buckets->slots[hash(name) % (SLOTS / WAYS) * (size_t)WAYS];
    struct slot *fullest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (strncmp(set[i].name, name, NAME_SIZE - 1) == 0) {
            return &set[i];
        }
        if (set[i].full_at_us < fullest->full_at_us) {
            fullest = &set[i];
        }
    }
    (void)snprintf(fullest->name, sizeof fullest->name, "%s", name);
    fullest->full_at_us = 0;
    return fullest;
}

int64_t gw_bucket_take(struct gw_buckets *buckets, const char *name, int64_t now_us)
{
    (void)pthread_mutex_lock(&buckets->lock);
    struct slot *slot = find(buckets, name);
    int64_t full_at = slot->full_at_us > now_us ? slot->full_at_us : now_us;
    int64_t wait = full_at + buckets->token_us - now_us - buckets->depth_us;
    if (wait <= 0) {
        slot->full_at_us = full_at + buckets->token_us;
    }
    (void)pthread_mutex_unlock(&buckets->lock);
    return wait <= 0 ? 0 : wait;
}
