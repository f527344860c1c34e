/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/jt808/parts.h"

#include <stdlib.h>
#include <string.h>

struct piece {
    uint8_t *bytes; /* NULL: not here yet */
    size_t size;
};

struct message {
    bool used;
    uint16_t id;
    uint16_t first_serial;
    uint16_t total;
    uint16_t here;
    int64_t begun_ms;
    struct piece pieces[JT808_PARTS_MAX];
};

struct jt808_parts {
    struct message messages[JT808_MESSAGES_MAX];
    uint8_t *whole; /* what was given last */
    size_t lost;
};

struct jt808_parts *jt808_parts_new(void)
{
    struct jt808_parts *parts = calloc(1, sizeof *parts);
    if (parts == NULL) {
        abort();
    }
    return parts;
}

static void forget(struct message *message)
{
    for (size_t i = 0; i < JT808_PARTS_MAX; i++) {
        free(message->pieces[i].bytes);
    }
    *message = (struct message){.used = false};
}

void jt808_parts_free(struct jt808_parts *parts)
{
    if (parts == NULL) {
        return;
    }
    for (size_t i = 0; i < JT808_MESSAGES_MAX; i++) {
        forget(&parts->messages[i]);
    }
    free(parts->whole);
    free(parts);
}

static void give_up_old(struct jt808_parts *parts, int64_t now_ms)
{
    for (size_t i = 0; i < JT808_MESSAGES_MAX; i++) {
        struct message *message = &parts->messages[i];
        if (message->used && now_ms - message->begun_ms > JT808_PARTS_WAIT_MS) {
            forget(message);
            parts->lost++;
        }
    }
}

size_t jt808_parts_lost(struct jt808_parts *parts, int64_t now_ms)
{
    give_up_old(parts, now_ms);
    size_t lost = parts->lost;
    parts->lost = 0;
    return lost;
}

/* The message that the part belongs to, else room for it. */
static struct message *find(struct jt808_parts *parts, const struct jt808_header *header,
                            int64_t now_ms)
{
    uint16_t first = (uint16_t)(header->serial - header->number + 1);
    struct message *room = NULL;
    for (size_t i = 0; i < JT808_MESSAGES_MAX; i++) {
        struct message *message = &parts->messages[i];
        if (message->used && message->id == header->id && message->first_serial == first) {
            return message;
        }
        bool better =
            room == NULL || (room->used && (!message->used || message->begun_ms < room->begun_ms));
        room = better ? message : room;
    }
    if (room->used) {
        forget(room);
        parts->lost++;
    }
    *room = (struct message){.used = true,
                             .id = header->id,
                             .first_serial = first,
                             .total = header->total,
                             .begun_ms = now_ms};
    return room;
}

static void keep(struct message *message, size_t at, struct gx_view body)
{
    struct piece *piece = &message->pieces[at];
    if (piece->bytes != NULL) {
        return;
    }
    piece->bytes = malloc(body.size + 1);
    if (piece->bytes == NULL) {
        abort();
    }
    if (body.size > 0) {
        memcpy(piece->bytes, body.data, body.size);
    }
    piece->size = body.size;
    message->here++;
}

static struct gx_view join(struct jt808_parts *parts, const struct message *message)
{
    size_t size = 0;
    size_t used = 0;
    for (size_t i = 0; i < message->total; i++) {
        size += message->pieces[i].size;
    }
    free(parts->whole);
    parts->whole = malloc(size + 1);
    if (parts->whole == NULL) {
        abort();
    }
    for (size_t i = 0; i < message->total; i++) {
        memcpy(parts->whole + used, message->pieces[i].bytes, message->pieces[i].size);
        used += message->pieces[i].size;
    }
    return (struct gx_view){parts->whole, size};
}

enum jt808_part jt808_parts_add(struct jt808_parts *parts, const struct jt808_frame *frame,
                                int64_t now_ms, struct gx_view *ret_body)
{
    const struct jt808_header *header = &frame->header;
    if (header->total == 0 || header->total > JT808_PARTS_MAX || header->number == 0 ||
        header->number > header->total) {
        return JT808_PART_BAD;
    }
    give_up_old(parts, now_ms);
    struct message *message = find(parts, header, now_ms);
    if (message->total != header->total) {
        return JT808_PART_BAD;
    }
    keep(message, header->number - 1U, frame->body);
    if (message->here < message->total) {
        return JT808_PART_KEPT;
    }
    *ret_body = join(parts, message);
    forget(message);
    return JT808_PART_WHOLE;
}
