/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as they come from a peer on the bus. The first byte says what they claim to be: the parts of a client's message for the broker's
 * rules, or a packed Command, Reply or Event, whose body is then unpacked as the type that its number names. What was read is packed and
 * read again: it must come out the same.
 */
#include "dispatch.h"

#include "envelope.pb-c.h"
#include "wire/audience.h"
#include "wire/bus.h"
#include "wire/frames.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ARENA_BYTES = 1 << 20,
    PARTS_MAX = 5,
    STEPS_MAX = 32
};

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

/* --- Messages --- */

static void forget_unknown(ProtobufCMessage *message);

static void forget_in_field(const ProtobufCFieldDescriptor *field, uint8_t *bytes)
{
    const uint8_t *member = bytes + field->offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        ProtobufCMessage *one;
        memcpy(&one, member, sizeof one);
        if (one != NULL) {
            forget_unknown(one);
        }
        return;
    }
    size_t count;
    ProtobufCMessage **many;
    memcpy(&count, bytes + field->quantifier_offset, sizeof count);
    memcpy(&many, member, sizeof many);
    for (size_t i = 0; i < count; i++) {
        forget_unknown(many[i]);
    }
}

/*
 * Unknown fields are kept by protobuf-c and never looked at by us. It takes field number 0 in an overlong form but does not write it
 * so that it can read it again.
 */
static void forget_unknown(ProtobufCMessage *message)
{
    message->n_unknown_fields = 0;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            forget_in_field(field, (uint8_t *)message);
        }
    }
}

/* Unpacks; what was unpacked can be packed, and its bytes unpack to the same bytes again. */
static ProtobufCMessage *read_twice(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                                    struct gx_view bytes)
{
    ProtobufCMessage *first = NULL;
    ProtobufCMessage *second = NULL;
    struct gx_view packed;
    struct gx_view again;
    if (gx_pb_unpack(ctx, type, bytes, &first) != GX_OK) {
        must(first == NULL && ctx->fault_count > 0);
        gx_ctx_forgive(ctx);
        return NULL;
    }
    forget_unknown(first);
    if (gx_pb_pack(ctx, first, &packed) != GX_OK ||
        gx_pb_unpack(ctx, type, packed, &second) != GX_OK ||
        gx_pb_pack(ctx, second, &again) != GX_OK) {
        must(ctx->arena.spent); /* only for want of room */
        gx_ctx_forgive(ctx);
        return first;
    }
    must(packed.size == again.size && memcmp(packed.data, again.data, packed.size) == 0);
    return first;
}

static void read_command(struct gx_ctx *ctx, struct gx_view bytes)
{
    ProtobufCMessage *message = read_twice(ctx, &genxi__command__descriptor, bytes);
    if (message == NULL) {
        return;
    }
    const Genxi__Command *command = (const Genxi__Command *)message;
    gx_actor_from_pb(ctx, command->actor);
    must(ctx->actor.subject != NULL && ctx->actor.org != NULL && ctx->actor.lang != NULL);
    const struct gx_command_type *type = gx_command_by_number(command->type);
    if (type != NULL) {
        (void)read_twice(ctx, type->request,
                         (struct gx_view){command->body.data, command->body.len});
    }
}

static void read_reply(struct gx_ctx *ctx, struct gx_view bytes)
{
    ProtobufCMessage *message = read_twice(ctx, &genxi__reply__descriptor, bytes);
    if (message != NULL) {
        gx_faults_from_reply(ctx, (const Genxi__Reply *)message);
        for (size_t i = 0; i < ctx->fault_count; i++) {
            must(ctx->faults[i].problem > GX_P_NONE && ctx->faults[i].problem < GX_P_COUNT);
        }
    }
}

static void read_event(struct gx_ctx *ctx, struct gx_view bytes)
{
    ProtobufCMessage *message = read_twice(ctx, &genxi__event__descriptor, bytes);
    if (message == NULL) {
        return;
    }
    const Genxi__Event *event = (const Genxi__Event *)message;
    const struct gx_actor nobody = {.subject = "", .org = "", .responder_id = "", .lang = "en"};
    must(gx_audience_sight(&nobody, event) == GX_SIGHT_NONE);
    const struct gx_event_type *type = gx_event_by_number(event->type);
    if (type != NULL) {
        (void)read_twice(ctx, type->payload, (struct gx_view){event->body.data, event->body.len});
    }
}

/* --- Frames --- */

static size_t CAME;  /* calls that the rules took */
static size_t ENDED; /* calls given to a worker or refused */

static bool fake_give(void *arg, const struct dispatch_peer *worker, struct dispatch_call *call)
{
    (void)arg;
    (void)call;
    bool reachable = worker->bytes[0] % 4 != 0;
    ENDED += reachable;
    return reachable;
}

static void fake_answer(void *arg, const struct dispatch_peer *client, const uint8_t id[8],
                        enum dispatch_status status, zmq_msg_t *body)
{
    (void)arg;
    (void)client;
    (void)id;
    (void)body;
    ENDED += status == DISPATCH_BUSY || status == DISPATCH_NO_WORKER ||
             (status == DISPATCH_EXPIRED && arg == NULL);
}

static bool fake_beat(void *arg, const struct dispatch_peer *worker)
{
    (void)arg;
    return worker->bytes[0] % 8 != 0;
}

/* Cuts one part off: a length byte, then as many bytes as there are. */
static struct gx_view cut(struct gx_view *rest)
{
    if (rest->size == 0) {
        return (struct gx_view){rest->data, 0};
    }
    size_t size = rest->data[0];
    size = size < rest->size - 1 ? size : rest->size - 1;
    struct gx_view part = {rest->data + 1, size};
    rest->data += 1 + size;
    rest->size -= 1 + size;
    return part;
}

/* One message of a client or worker, by the first byte. */
static void step(struct dispatch *rules, struct dispatch_now now, uint8_t verb,
                 const struct gx_view *parts, zmq_msg_t *body)
{
    int64_t deadline_ms =
        parts[3].size == 8 ? (int64_t)gx_get_u64(parts[3].data) : now.wall_ms + 100;
    switch (verb % 6) {
    case 0:
        CAME += dispatch_call(rules, now, parts[0], parts[1], parts[2], deadline_ms, body);
        break;
    case 1:
        /* services stay for good, with their counters: only a few names */
        (void)dispatch_ready(rules, now, parts[0], gx_view_of(parts[2].size % 2 == 0 ? "a" : "b"));
        break;
    case 2:
        (void)dispatch_beat(rules, now, parts[0]);
        break;
    case 3:
        (void)dispatch_reply(rules, now, parts[0], parts[2], parts[1], body);
        break;
    case 4:
        dispatch_bye(rules, parts[0]);
        break;
    default:
        dispatch_tick(rules, now);
        break;
    }
}

/* One set of rules for the whole run: it must be able to live for ever. */
static struct dispatch *rules_of_run(void)
{
    static struct dispatch *rules;
    if (rules == NULL) {
        const struct dispatch_port port = {NULL, fake_give, fake_answer, fake_beat};
        rules = dispatch_new(&port, 16);
    }
    return rules;
}

static void run_frames(struct gx_view rest)
{
    static struct dispatch_now now = {1, 1700000000000};
    struct dispatch *rules = rules_of_run();
    for (int i = 0; i < STEPS_MAX && rest.size > 1; i++) {
        uint8_t verb = rest.data[0];
        rest.data++;
        rest.size--;
        struct gx_view parts[PARTS_MAX];
        for (size_t k = 0; k < PARTS_MAX; k++) {
            parts[k] = cut(&rest);
        }
        zmq_msg_t body;
        must(zmq_msg_init_size(&body, parts[4].size) == 0);
        memcpy(zmq_msg_data(&body), parts[4].data, parts[4].size);
        step(rules, now, verb, parts, &body);
        (void)zmq_msg_close(&body);
        int64_t pass_ms = verb / 6 * 20;
        now.mono_us += pass_ms * 1000;
        now.wall_ms += pass_ms;
    }
    /* Each call ends once: what came and has not ended is waiting, and everything that waits ends by the clock. */
    now.mono_us += (int64_t)(DISPATCH_WAIT_MAX_MS + 1000) * 1000;
    now.wall_ms += DISPATCH_WAIT_MAX_MS + 1000;
    dispatch_tick(rules, now);
    must(CAME == ENDED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    static struct gx_ctx ctx;
    if (ctx.actor.subject == NULL) {
        gx_ctx_init(&ctx, ARENA_BYTES);
    }
    gx_ctx_reset(&ctx);
    gx_ctx_forgive(&ctx);
    const struct gx_view rest = {data + 1, size - 1};
    switch (data[0] % 4) {
    case 0:
        run_frames(rest);
        break;
    case 1:
        read_command(&ctx, rest);
        break;
    case 2:
        read_reply(&ctx, rest);
        break;
    default:
        read_event(&ctx, rest);
        break;
    }
    return 0;
}
