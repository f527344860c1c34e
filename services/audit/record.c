/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "base/id.h"
#include "proof/verify.h"
#include "wire/pb.h"

#include <string.h>

enum gx_rc audit_record_make(struct gx_ctx *ctx, const Genxi__Event *event,
                             struct audit_entry *ret_entry)
{
    struct gx_view record;
    enum gx_rc rc = gx_pb_pack(ctx, &event->base, &record);
    if (rc != GX_OK) {
        return rc;
    }
    uint8_t *salt = gx_arena_alloc(&ctx->arena, GX_SALT_SIZE + GX_HASH_SIZE);
    if (salt == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    gx_random(salt, GX_SALT_SIZE);
    struct gx_view salt_view = {salt, GX_SALT_SIZE};
    struct gx_hash leaf = gx_sha256(salt_view, record);
    memcpy(salt + GX_SALT_SIZE, leaf.bytes, GX_HASH_SIZE);
    *ret_entry = (struct audit_entry){
        .area = event->area,
        .seq = event->seq,
        .event_id = event->id,
        .type = event->type,
        .at = event->at,
        .actor = event->actor->subject,
        .subject = event->subject != NULL && event->subject[0] != '\0' ? event->subject : NULL,
        .leaf = {salt + GX_SALT_SIZE, GX_HASH_SIZE},
        .salt = salt_view,
        .record = record,
    };
    return GX_OK;
}

enum gx_rc audit_record_event(struct gx_ctx *ctx, const struct audit_entry *entry,
                              const Genxi__Event **ret_event)
{
    ProtobufCMessage *message = NULL;
    enum gx_rc rc = gx_pb_unpack(ctx, &genxi__event__descriptor, entry->record, &message);
    if (rc == GX_OK) {
        *ret_event = (const Genxi__Event *)message;
    }
    return rc;
}
