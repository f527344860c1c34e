/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "record.h"
#include "sequencer.h"
#include "store.h"

#include "audit.pb-c.h"
#include "base/id.h"
#include "base/text.h"
#include "incident.pb-c.h"
#include "proof/verify.h"
#include "wire/audience.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENTRIES_DEFAULT = 100,
    ENTRIES_MAX = 500,
    PURPOSE_MAX = 200
};

GX_ON_COMMAND(on_checkpoint, audit, Genxi__CheckpointQuery, Genxi__Checkpoint)
GX_ON_COMMAND(on_tile, audit, Genxi__TileQuery, Genxi__Tile)
GX_ON_COMMAND(on_entries, audit, Genxi__EntryQuery, Genxi__EntryList)
GX_ON_COMMAND(on_proof, audit, Genxi__ProofQuery, Genxi__Proof)
GX_ON_COMMAND(on_consistency, audit, Genxi__ConsistencyQuery, Genxi__Consistency)

/* Tiles and checkpoints hold hashes only: anybody with a credential may check the log. Entries are the auditor's. */
const struct gx_command_row AUDIT_COMMANDS[] = {
    {GX_C_checkpoint, on_checkpoint_thunk, GX_ROLES_ANY},
    {GX_C_tile, on_tile_thunk, GX_ROLES_ANY},
    {GX_C_entries, on_entries_thunk, (uint32_t)GX_ROLE_AUDITOR | (uint32_t)GX_ROLE_SYSTEM},
    {GX_C_proof, on_proof_thunk, GX_ROLES_ANY},
    {GX_C_consistency, on_consistency_thunk, GX_ROLES_ANY},
};
const size_t AUDIT_COMMANDS_COUNT = GX_COUNT_OF(AUDIT_COMMANDS);

enum gx_rc audit_thread_start(const struct gx_common_settings *common, void **ret_self)
{
    struct audit *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return GX_INTERNAL;
    }
    self->district = (int32_t)common->district;
    *ret_self = self;
    return GX_OK;
}

void audit_thread_stop(void *self)
{
    free(self);
}

enum gx_rc audit_on_event(void *self, struct gx_ctx *ctx, const Genxi__Event *event,
                          const void *payload)
{
    (void)self;
    (void)payload;
    struct audit_entry entry;
    enum gx_rc rc = audit_record_make(ctx, event, &entry);
    if (rc == GX_OK) {
        rc = audit_store_append(ctx, &entry, event);
    }
    if (rc == GX_OK) {
        audit_count_entries(1);
    }
    return rc;
}

/* The newest checkpoint, which a log that runs has within a second. */
static enum gx_rc newest(struct gx_ctx *ctx, struct audit_checkpoint *ret)
{
    enum gx_rc rc = audit_store_checkpoint(ctx, ret);
    if (rc == GX_OK && ret->last.note == NULL) {
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "checkpoint");
    }
    return rc;
}

static enum gx_rc on_checkpoint(struct audit *self, struct gx_ctx *ctx,
                                const Genxi__CheckpointQuery *in, Genxi__Checkpoint *out)
{
    (void)self;
    (void)in;
    struct audit_checkpoint checkpoint;
    enum gx_rc rc = newest(ctx, &checkpoint);
    if (rc == GX_OK) {
        out->note = gx_pb_text(checkpoint.last.note);
        out->size = checkpoint.last.size;
        out->signed_at = checkpoint.signed_at;
    }
    return rc;
}

static enum gx_rc on_tile(struct audit *self, struct gx_ctx *ctx, const Genxi__TileQuery *in,
                          Genxi__Tile *out)
{
    (void)self;
    bool entries = in->has_entries && in->entries;
    unsigned width = in->has_width ? in->width : (unsigned)GX_TILE_WIDTH;
    if (in->level >= GX_TILE_LEVELS || (entries && in->level != 0)) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/level", entries ? "0" : "0..7");
    }
    if (width == 0 || width > GX_TILE_WIDTH) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/width", "1..256");
    }
    if (in->index > (uint64_t)INT64_MAX) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/index", "0..2^63-1");
    }
    uint8_t *data = gx_arena_alloc(&ctx->arena, GX_TILE_BYTES + GX_BUNDLE_BYTES);
    if (data == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    struct audit_store_tiles store = {ctx, GX_OK};
    const struct audit_tiles tiles = audit_store_tiles(&store);
    int level = entries ? AUDIT_LEAVES : (int)in->level;
    if (!tiles.read(tiles.arg, level, in->index, width, data)) {
        return store.rc != GX_OK ? store.rc : gx_fail(ctx, GX_P_NOT_FOUND, "", "tile");
    }
    struct gx_view bytes = {data, (size_t)width * GX_HASH_SIZE};
    if (entries) {
        gx_bundle_format(data, width, data + GX_TILE_BYTES);
        bytes = (struct gx_view){data + GX_TILE_BYTES, (size_t)width * GX_BUNDLE_ENTRY};
    }
    out->data = gx_pb_bytes(bytes);
    return GX_OK;
}

/* Who reads the log is in the log as well: without that the read fails. */
static enum gx_rc note_read(const struct audit *self, struct gx_ctx *ctx,
                            const Genxi__EntryQuery *in)
{
    Genxi__SealedRead read = GENXI__SEALED_READ__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.has_officers = 1;
    audience.officers = 0;
    read.what = gx_pb_text("audit.entries");
    read.subject_id = gx_pb_text(in->subject);
    read.purpose = gx_pb_text(in->purpose == NULL ? "audit" : in->purpose);
    const struct gx_emit emit = {
        .area = self->district,
        .type = GX_E_sealed_read,
        .subject = in->subject != NULL && gx_id_valid(in->subject) ? in->subject : NULL,
        .payload = &read.base,
        .audience = &audience,
    };
    return gx_emit(ctx, &emit);
}

static Genxi__AuditEntry *entry_pb(struct gx_ctx *ctx, const struct audit_entry *entry)
{
    Genxi__AuditEntry *pb = gx_pb_new(ctx, &genxi__audit_entry__descriptor);
    if (pb == NULL) {
        return NULL;
    }
    const struct gx_event_type *type = gx_event_by_number(entry->type);
    pb->index = entry->index;
    pb->salt = gx_pb_bytes(entry->salt);
    pb->leaf = gx_pb_bytes(entry->leaf);
    pb->area = entry->area;
    pb->seq = entry->seq;
    pb->at = entry->at;
    pb->type = type != NULL ? gx_pb_text(type->name)
                            : gx_arena_printf(&ctx->arena, "%" PRIu32, entry->type);
    pb->actor = gx_pb_text(entry->actor);
    pb->subject = entry->subject == NULL ? NULL : gx_pb_text(entry->subject);
    pb->has_record = !entry->erased;
    if (!entry->erased) {
        pb->record = gx_pb_bytes(entry->record);
    }
    return pb;
}

static enum gx_rc on_entries(struct audit *self, struct gx_ctx *ctx, const Genxi__EntryQuery *in,
                             Genxi__EntryList *out)
{
    unsigned limit = in->has_limit ? in->limit : (unsigned)ENTRIES_DEFAULT;
    int64_t from = 0;
    if (limit == 0 || limit > ENTRIES_MAX) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/limit", "1..%d", ENTRIES_MAX);
    }
    if (in->purpose != NULL && gx_utf8_length(in->purpose) > PURPOSE_MAX) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, "/purpose", "0..%d", PURPOSE_MAX);
    }
    if (in->cursor != NULL && gx_parse_int(in->cursor, 0, INT64_MAX, &from) != 0) {
        return gx_fail(ctx, GX_P_CURSOR, "/cursor", "%s", in->cursor);
    }
    if (in->cursor == NULL && in->has_from) {
        if (in->from > (uint64_t)INT64_MAX) {
            return gx_fail(ctx, GX_P_FIELD_RANGE, "/from", "0..2^63-1");
        }
        from = (int64_t)in->from;
    }
    struct audit_entry *entries = NULL;
    size_t count = 0;
    enum gx_rc rc = audit_store_list(ctx, (uint64_t)from, in->subject, limit, &entries, &count);
    if (rc != GX_OK) {
        return rc;
    }
    out->items = gx_pb_array(ctx, count);
    for (size_t i = 0; out->items != NULL && i < count; i++) {
        out->items[i] = entry_pb(ctx, &entries[i]);
        if (out->items[i] == NULL) {
            return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
        }
        out->n_items = i + 1;
    }
    if (count == limit) {
        out->next_cursor = gx_arena_printf(&ctx->arena, "%" PRIu64, entries[count - 1].index + 1);
    }
    return note_read(self, ctx, in);
}

static enum gx_rc tree_fault(struct gx_ctx *ctx, const struct audit_store_tiles *store)
{
    return store->rc != GX_OK ? store->rc : gx_fail(ctx, GX_P_INTERNAL, "", "tile");
}

static enum gx_rc put_hashes(struct gx_ctx *ctx, const struct gx_proof *proof, size_t *ret_count,
                             ProtobufCBinaryData **ret_hashes)
{
    ProtobufCBinaryData *hashes = gx_arena_alloc(&ctx->arena, (proof->count + 1) * sizeof *hashes);
    uint8_t *bytes = gx_arena_alloc(&ctx->arena, (proof->count + 1) * GX_HASH_SIZE);
    if (hashes == NULL || bytes == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    for (size_t i = 0; i < proof->count; i++) {
        memcpy(bytes + i * GX_HASH_SIZE, proof->hashes[i].bytes, GX_HASH_SIZE);
        hashes[i] = gx_pb_bytes((struct gx_view){bytes + i * GX_HASH_SIZE, GX_HASH_SIZE});
    }
    *ret_count = proof->count;
    *ret_hashes = hashes;
    return GX_OK;
}

/* The entry, when the actor may see its event. Whoever may not learns nothing, not even that it exists. */
static enum gx_rc visible_entry(struct gx_ctx *ctx, const char *event_id,
                                struct audit_entry *ret_entry)
{
    if (!gx_id_valid(event_id)) {
        return gx_fail(ctx, GX_P_FIELD_FORMAT, "/event_id", "UUID");
    }
    enum gx_rc rc = audit_store_by_event(ctx, event_id, ret_entry);
    if (rc != GX_OK) {
        return rc;
    }
    if (ret_entry->erased) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/event_id", "event");
    }
    const Genxi__Event *event = NULL;
    rc = audit_record_event(ctx, ret_entry, &event);
    if (rc != GX_OK) {
        return rc;
    }
    bool auditor = gx_actor_has(&ctx->actor, (uint32_t)GX_ROLE_AUDITOR);
    if (!auditor && gx_audience_sight(&ctx->actor, event) == GX_SIGHT_NONE) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/event_id", "event");
    }
    return GX_OK;
}

static enum gx_rc on_proof(struct audit *self, struct gx_ctx *ctx, const Genxi__ProofQuery *in,
                           Genxi__Proof *out)
{
    (void)self;
    struct audit_entry entry;
    struct audit_checkpoint checkpoint;
    enum gx_rc rc = visible_entry(ctx, in->event_id, &entry);
    if (rc == GX_OK) {
        rc = newest(ctx, &checkpoint);
    }
    if (rc != GX_OK) {
        return rc;
    }
    if (entry.index >= checkpoint.last.size) {
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "checkpoint");
    }
    struct audit_store_tiles store = {ctx, GX_OK};
    const struct audit_tiles tiles = audit_store_tiles(&store);
    struct gx_tile_reader *reader = gx_arena_alloc(&ctx->arena, sizeof *reader);
    struct gx_proof *proof = gx_arena_alloc(&ctx->arena, sizeof *proof);
    if (reader == NULL || proof == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    gx_tile_reader_init(reader, tiles.read, tiles.arg, checkpoint.last.size);
    const struct gx_merkle_source source = {gx_tile_reader_hash, reader};
    if (!gx_merkle_inclusion(&source, entry.index, checkpoint.last.size, proof)) {
        return tree_fault(ctx, &store);
    }
    out->index = entry.index;
    out->size = checkpoint.last.size;
    out->note = gx_pb_text(checkpoint.last.note);
    out->leaf = gx_pb_bytes(entry.leaf);
    out->salt = gx_pb_bytes(entry.salt);
    return put_hashes(ctx, proof, &out->n_hashes, &out->hashes);
}

static enum gx_rc on_consistency(struct audit *self, struct gx_ctx *ctx,
                                 const Genxi__ConsistencyQuery *in, Genxi__Consistency *out)
{
    (void)self;
    struct audit_checkpoint checkpoint;
    enum gx_rc rc = newest(ctx, &checkpoint);
    if (rc != GX_OK) {
        return rc;
    }
    if (in->to > checkpoint.last.size) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/to", "1..%" PRIu64, checkpoint.last.size);
    }
    if (in->from == 0 || in->from > in->to) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/from", "1..%" PRIu64, in->to);
    }
    struct audit_store_tiles store = {ctx, GX_OK};
    const struct audit_tiles tiles = audit_store_tiles(&store);
    struct gx_tile_reader *reader = gx_arena_alloc(&ctx->arena, sizeof *reader);
    struct gx_proof *proof = gx_arena_alloc(&ctx->arena, sizeof *proof);
    if (reader == NULL || proof == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    gx_tile_reader_init(reader, tiles.read, tiles.arg, checkpoint.last.size);
    const struct gx_merkle_source source = {gx_tile_reader_hash, reader};
    if (!gx_merkle_consistency(&source, in->from, in->to, proof)) {
        return tree_fault(ctx, &store);
    }
    return put_hashes(ctx, proof, &out->n_hashes, &out->hashes);
}
