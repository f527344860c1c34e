/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP body to protobuf. The first byte chooses the command, the second whether fields come from the query as well; the rest is the body.
 * What is read can be packed, unpacked, written as JSON and read again.
 */
#include "web/json.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ARENA_MAX = 4 * 1024 * 1024
};

static void must(int good)
{
    if (!good) {
        abort();
    }
}

static void go_round(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                     const ProtobufCMessage *message)
{
    struct gx_view packed;
    ProtobufCMessage *unpacked = NULL;
    ProtobufCMessage *again = NULL;
    if (gx_pb_pack(ctx, message, &packed) != GX_OK) {
        return; /* out of memory */
    }
    if (gx_pb_unpack(ctx, type, packed, &unpacked) != GX_OK) {
        must(ctx->arena.spent);
        return;
    }
    const char *json = gx_json_write(ctx, unpacked, GX_SIGHT_OFFICER);
    if (json == NULL) {
        return;
    }
    struct gx_view text = {(const uint8_t *)json, strlen(json)};
    enum gx_rc rc = gx_json_read(ctx, type, text, &again);
    must(rc == GX_OK || ctx->arena.spent || ctx->faults[0].problem == GX_P_BODY_TOO_LARGE ||
         ctx->faults[0].problem ==
             GX_P_FIELD_LENGTH); /* an empty list is written, and where items are needed refused */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    const struct gx_command_type *types = gx_command_types(&count);
    struct gx_ctx ctx;
    ProtobufCMessage *message = NULL;
    int status = 0;
    if (size < 2) {
        return 0;
    }
    const ProtobufCMessageDescriptor *type = types[data[0] % count].request;
    static const struct gx_json_given GIVEN[] = {
        {.name = "id", .text = "01a20c86-8b8d-7601-b54b-f8af7f1e4a7d", .pointer = "/id"},
        {.name = "limit", .text = "10", .pointer = "?limit"},
        {.name = "bbox", .text = "1,2,3,4", .pointer = "?bbox"},
    };
    gx_ctx_init(&ctx, ARENA_MAX);
    enum gx_rc rc = gx_json_read_with(&ctx, type, (struct gx_view){data + 2, size - 2}, GIVEN,
                                      data[1] % 4, &message);
    must((rc == GX_OK) == (message != NULL));
    must((rc == GX_OK) == (ctx.fault_count == 0));
    if (rc == GX_OK) {
        go_round(&ctx, type, message);
    } else {
        must(gx_json_problem(&ctx, rc, "/v1/x", &status) != NULL || ctx.arena.spent);
        must(status >= 400 || ctx.arena.spent);
    }
    gx_ctx_done(&ctx);
    return 0;
}
