/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include "base/text.h"
#include "sse.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    RENDER_BYTES_MAX = 8 * 1024 * 1024
};

/* The text for one kind of caller. */
struct text {
    struct text *next;
    enum gx_sight sight;
    char org[GX_ID_SIZE];
    size_t size;
    char bytes[];
};

struct gw_entry {
    Genxi__Event *event;
    char *id;
    size_t id_size;
    size_t bytes;
    _Atomic(struct text *) texts;
};

struct gw_ring {
    pthread_rwlock_t lock;
    struct gw_entry **entries;
    size_t count;
    size_t bytes_max;
    size_t bytes;
    uint64_t tail;
    uint64_t head;
    struct gw_vector before;
    struct gw_vector after;
};

static void *must(void *pointer)
{
    if (pointer == NULL) {
        abort();
    }
    return pointer;
}

struct gw_ring *gw_ring_new(size_t count, size_t bytes, const struct gw_vector *start)
{
    struct gw_ring *ring = must(calloc(1, sizeof *ring));
    (void)pthread_rwlock_init(&ring->lock, NULL);
    ring->entries = must(calloc(count, sizeof *ring->entries));
    ring->count = count;
    ring->bytes_max = bytes;
    gw_vector_copy(start, &ring->before);
    gw_vector_copy(start, &ring->after);
    return ring;
}

static void entry_free(struct gw_entry *entry)
{
    struct text *text = atomic_load(&entry->texts);
    while (text != NULL) {
        struct text *next = text->next;
        free(text);
        text = next;
    }
    genxi__event__free_unpacked(entry->event, NULL);
    free(entry->id);
    free(entry);
}

/* Forgets the oldest. */
static void evict(struct gw_ring *ring)
{
    struct gw_entry *entry = ring->entries[ring->tail % ring->count];
    if (entry->event->seq > 0) {
        gw_vector_set(&ring->before, entry->event->area, entry->event->seq);
    }
    ring->bytes -= entry->bytes;
    ring->tail++;
    entry_free(entry);
}

void gw_ring_free(struct gw_ring *ring)
{
    if (ring == NULL) {
        return;
    }
    while (ring->tail < ring->head) {
        evict(ring);
    }
    gw_vector_done(&ring->before);
    gw_vector_done(&ring->after);
    (void)pthread_rwlock_destroy(&ring->lock);
    free(ring->entries);
    free(ring);
}

static Genxi__Event *copy_event(const Genxi__Event *event, size_t *ret_size)
{
    size_t size = genxi__event__get_packed_size(event);
    uint8_t *bytes = must(malloc(size + 1));
    (void)genxi__event__pack(event, bytes);
    Genxi__Event *copy = must(genxi__event__unpack(NULL, size, bytes));
    free(bytes);
    *ret_size = size;
    return copy;
}

uint64_t gw_ring_append(struct gw_ring *ring, const Genxi__Event *event)
{
    size_t size = 0;
    struct gw_entry *entry = must(calloc(1, sizeof *entry));
    entry->event = copy_event(event, &size);
    (void)pthread_rwlock_wrlock(&ring->lock);
    if (event->seq > 0) {
        gw_vector_set(&ring->after, event->area, event->seq);
    }
    entry->id = gw_vector_text(&ring->after, &entry->id_size);
    /* Twice the packed size, for its texts: JSON is longer, but few events are seen by many kinds of callers. */
    entry->bytes = sizeof *entry + entry->id_size + 3 * size;
    while (ring->tail < ring->head && (ring->head - ring->tail == ring->count ||
                                       ring->bytes + entry->bytes > ring->bytes_max)) {
        evict(ring);
    }
    uint64_t position = ring->head++;
    ring->entries[position % ring->count] = entry;
    ring->bytes += entry->bytes;
    (void)pthread_rwlock_unlock(&ring->lock);
    return position;
}

const struct gw_vector *gw_ring_vector(const struct gw_ring *ring)
{
    return &ring->after;
}

void gw_ring_lock(struct gw_ring *ring)
{
    (void)pthread_rwlock_rdlock(&ring->lock);
}

void gw_ring_unlock(struct gw_ring *ring)
{
    (void)pthread_rwlock_unlock(&ring->lock);
}

uint64_t gw_ring_tail(const struct gw_ring *ring)
{
    return ring->tail;
}

uint64_t gw_ring_head(const struct gw_ring *ring)
{
    return ring->head;
}

const struct gw_vector *gw_ring_tail_vector(const struct gw_ring *ring)
{
    return &ring->before;
}

const struct gw_vector *gw_ring_head_vector(const struct gw_ring *ring)
{
    return &ring->after;
}

const struct gw_entry *gw_ring_at(const struct gw_ring *ring, uint64_t position)
{
    return ring->entries[position % ring->count];
}

const Genxi__Event *gw_entry_event(const struct gw_entry *entry)
{
    return entry->event;
}

const char *gw_entry_id(const struct gw_entry *entry, size_t *ret_size)
{
    *ret_size = entry->id_size;
    return entry->id;
}

static struct text *find_text(struct text *first, enum gx_sight sight, const char *org)
{
    for (struct text *text = first; text != NULL; text = text->next) {
        if (text->sight == sight && strcmp(text->org, org) == 0) {
            return text;
        }
    }
    return NULL;
}

static struct text *render(const struct gw_entry *entry, enum gx_sight sight, const char *org)
{
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, RENDER_BYTES_MAX);
    const char *bytes = gw_sse_render(&ctx, entry->event, sight, org);
    size_t size = bytes == NULL ? 0 : strlen(bytes);
    struct text *text = must(calloc(1, sizeof *text + size + 1));
    text->sight = sight;
    text->size = size;
    (void)strncpy(text->org, org == NULL ? "" : org, sizeof text->org - 1);
    if (size > 0) {
        memcpy(text->bytes, bytes, size + 1);
    }
    gx_ctx_done(&ctx);
    return text;
}

const char *gw_entry_text(const struct gw_entry *entry, enum gx_sight sight, const char *org,
                          size_t *ret_size)
{
    /* The list of texts is a cache: it may grow while the entry is read. */
    _Atomic(struct text *) *texts = (_Atomic(struct text *) *)(uintptr_t)&entry->texts;
    struct text *first = atomic_load(texts);
    struct text *text = find_text(first, sight, org == NULL ? "" : org);
    if (text == NULL) {
        text = render(entry, sight, org);
        do { /* two threads may both add it: harmless */
            text->next = first;
        } while (!atomic_compare_exchange_weak(texts, &first, text));
    }
    *ret_size = text->size;
    return text->bytes;
}
