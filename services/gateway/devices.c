/* SPDX-License-Identifier: Apache-2.0 */
#include "devices.h"

#include "base/log.h"
#include "base/text.h"
#include "chassis/service.h"
#include "store_device.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 8192,
    ROWS_A_TIME = 1000,
    SECRET_ARENA = 4096,
    /* A row may be seen that much later than its time says: its transaction had to end first. */
    OVERLAP_MS = 30000
};

struct entry {
    struct gw_device device;
    int64_t changed_at;
    bool removed;
    struct entry *next_of_id;
    struct entry *next_of_code;
};

struct gw_devices {
    struct gx_seal_key key;
    pthread_rwlock_t lock;
    struct entry *ids[BUCKETS];
    struct entry *codes[BUCKETS];
    int64_t looked_to; /* touched_at up to which the copy was read; only one thread looks */
};

static size_t bucket_of(const char *text, unsigned salt)
{
    uint32_t hash = 2166136261U ^ salt;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 16777619U;
    }
    return (hash ^ hash >> 15U) % BUCKETS;
}

static struct entry **code_bucket(struct gw_devices *devices, Genxi__DeviceKind kind,
                                  const char *code)
{
    return &devices->codes[bucket_of(code, (unsigned)kind)];
}

struct gw_devices *gw_devices_new(const struct gx_seal_key *key)
{
    struct gw_devices *devices = calloc(1, sizeof *devices);
    if (devices == NULL) {
        abort();
    }
    devices->key = *key;
    (void)pthread_rwlock_init(&devices->lock, NULL);
    return devices;
}

void gw_devices_free(struct gw_devices *devices)
{
    if (devices == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *entry = devices->ids[i];
        while (entry != NULL) {
            struct entry *next = entry->next_of_id;
            sodium_memzero(entry->device.secret, sizeof entry->device.secret);
            free(entry);
            entry = next;
        }
    }
    sodium_memzero(&devices->key, sizeof devices->key);
    (void)pthread_rwlock_destroy(&devices->lock);
    free(devices);
}

static struct entry *find_id(struct gw_devices *devices, const char *id)
{
    struct entry *entry = devices->ids[bucket_of(id, 0)];
    while (entry != NULL && strcmp(entry->device.id, id) != 0) {
        entry = entry->next_of_id;
    }
    return entry;
}

bool gw_devices_find(struct gw_devices *devices, Genxi__DeviceKind kind, const char *code,
                     struct gw_device *ret_device)
{
    (void)pthread_rwlock_rdlock(&devices->lock);
    const struct entry *entry = *code_bucket(devices, kind, code);
    while (entry != NULL && (entry->removed || entry->device.kind != kind ||
                             strcmp(entry->device.code, code) != 0)) {
        entry = entry->next_of_code;
    }
    if (entry != NULL) {
        *ret_device = entry->device;
    }
    (void)pthread_rwlock_unlock(&devices->lock);
    return entry != NULL;
}

bool gw_devices_get(struct gw_devices *devices, const char *id, struct gw_device *ret_device)
{
    (void)pthread_rwlock_rdlock(&devices->lock);
    const struct entry *entry = find_id(devices, id);
    bool found = entry != NULL && !entry->removed;
    if (found) {
        *ret_device = entry->device;
    }
    (void)pthread_rwlock_unlock(&devices->lock);
    return found;
}

static void unlink_code(struct gw_devices *devices, struct entry *entry)
{
    struct entry **at = code_bucket(devices, entry->device.kind, entry->device.code);
    while (*at != NULL && *at != entry) {
        at = &(*at)->next_of_code;
    }
    if (*at == entry) {
        *at = entry->next_of_code;
    }
}

static void set(char *out, size_t room, const char *text)
{
    (void)snprintf(out, room, "%s", text == NULL ? "" : text);
}

static void open_secret(const struct gw_devices *devices, const char *sealed,
                        struct gw_device *device)
{
    struct gx_arena arena;
    device->secret[0] = '\0';
    device->sealed_wrong = false;
    if (sealed == NULL || sealed[0] == '\0') {
        return;
    }
    gx_arena_init(&arena, SECRET_ARENA);
    char *secret = gx_seal_open(&arena, &devices->key, device->id, sealed);
    device->sealed_wrong = secret == NULL || strlen(secret) >= sizeof device->secret;
    if (device->sealed_wrong) {
        gx_log(NULL, GX_ERROR, "device-secret", "the secret of device %s does not open",
               device->id);
    } else {
        set(device->secret, sizeof device->secret, secret);
        sodium_memzero(secret, strlen(secret));
    }
    gx_arena_done(&arena);
}

static void fill(const struct gw_devices *devices, const Genxi__DeviceChanged *changed,
                 struct gw_device *device)
{
    const Genxi__Device *pb = changed->device;
    set(device->id, sizeof device->id, pb->id);
    device->kind = pb->kind;
    set(device->code, sizeof device->code, pb->code);
    set(device->org, sizeof device->org, pb->org_id);
    set(device->site, sizeof device->site, pb->site_id);
    set(device->responder, sizeof device->responder, pb->responder_id);
    device->datum = pb->datum;
    device->supervision_seconds = pb->has_supervision_seconds ? pb->supervision_seconds : 0;
    device->active = pb->active;
    open_secret(devices, changed->sealed_secret, device);
}

/* With the lock held for writing. NULL when something newer is known. */
static struct entry *put(struct gw_devices *devices, const Genxi__DeviceChanged *changed,
                         int64_t changed_at)
{
    struct entry *entry = find_id(devices, changed->device->id);
    if (entry != NULL && changed_at < entry->changed_at) {
        return NULL;
    }
    if (entry == NULL) {
        entry = calloc(1, sizeof *entry);
        if (entry == NULL) {
            abort();
        }
        struct entry **bucket = &devices->ids[bucket_of(changed->device->id, 0)];
        entry->next_of_id = *bucket;
        *bucket = entry;
    } else {
        unlink_code(devices, entry);
    }
    fill(devices, changed, &entry->device);
    entry->changed_at = changed_at;
    entry->removed = changed->has_removed && changed->removed;
    struct entry **bucket = code_bucket(devices, entry->device.kind, entry->device.code);
    entry->next_of_code = *bucket;
    *bucket = entry;
    return entry;
}

void gw_devices_heed(struct gw_devices *devices, const Genxi__DeviceChanged *changed,
                     int64_t changed_at)
{
    (void)pthread_rwlock_wrlock(&devices->lock);
    (void)put(devices, changed, changed_at);
    (void)pthread_rwlock_unlock(&devices->lock);
}

struct look {
    int64_t touched_at;
    char after_id[GX_ID_SIZE];
    struct gw_device_row *rows;
    size_t count;
};

static enum gx_rc read_some(void *arg, struct gx_ctx *ctx)
{
    struct look *look = arg;
    return gw_store_devices_since(ctx, look->touched_at, look->after_id, ROWS_A_TIME, &look->rows,
                                  &look->count);
}

static void take_rows(struct gw_devices *devices, struct look *look)
{
    (void)pthread_rwlock_wrlock(&devices->lock);
    for (size_t i = 0; i < look->count; i++) {
        const struct gw_device_row *row = &look->rows[i];
        struct entry *entry = put(devices, row->changed, row->changed_at);
        if (entry != NULL) {
            set(entry->device.incident, sizeof entry->device.incident, row->incident_id);
            set(entry->device.incident_type, sizeof entry->device.incident_type,
                row->incident_type);
        }
        look->touched_at = row->touched_at;
        set(look->after_id, sizeof look->after_id, row->changed->device->id);
    }
    (void)pthread_rwlock_unlock(&devices->lock);
}

enum gx_rc gw_devices_look(struct gw_devices *devices, struct gx_background *background,
                           struct gx_ctx *ctx)
{
    struct look look = {.touched_at = devices->looked_to - OVERLAP_MS,
                        .after_id = "00000000-0000-0000-0000-000000000000"};
    do {
        gx_ctx_reset(ctx);
        ctx->label = "devices";
        enum gx_rc rc = gx_background_run(background, ctx, read_some, &look);
        if (rc != GX_OK) {
            return rc;
        }
        take_rows(devices, &look);
    } while (look.count == ROWS_A_TIME);
    if (look.touched_at > devices->looked_to) {
        devices->looked_to = look.touched_at;
    }
    return GX_OK;
}

enum gx_rc gw_devices_on_changed(void *self, struct gx_ctx *ctx, const Genxi__Event *event,
                                 const void *payload)
{
    (void)self;
    return gw_store_device_put(ctx, payload, event->at);
}
