/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include "base/id.h"
#include "store/tx.h"
#include "wire/pb.h"

enum {
    LIST_LIMIT = 50,
    LIST_LIMIT_MAX = 500
};

void ask_sink(void *arg, size_t index, enum gx_problem problem, const char *pointer,
              const char *value)
{
    (void)index; /* a command puts one record */
    struct gx_ctx *ctx = arg;
    (void)gx_fail(ctx, problem, pointer, "%s", value);
}

static void rule_to_ctx(void *arg, enum gx_problem problem, const char *pointer, const char *value)
{
    ask_sink(arg, 0, problem, pointer, value);
}

struct rules ask_rules(struct gx_ctx *ctx)
{
    return (struct rules){.fault = rule_to_ctx, .arg = ctx, .now_ms = gx_tx_now_ms(ctx)};
}

enum gx_rc ask_outcome(const struct gx_ctx *ctx)
{
    return ctx->fault_count == 0 ? GX_OK : gx_problem_row(ctx->faults[0].problem)->rc;
}

bool ask_id(struct gx_ctx *ctx, const char *pointer, const char *text, char **ret_id)
{
    *ret_id = NULL;
    if (text == NULL) {
        return true;
    }
    if (!gx_id_valid(text)) {
        (void)gx_fail(ctx, GX_P_FIELD_FORMAT, pointer, "%s", "UUID");
        return false;
    }
    char *copy = gx_arena_text(&ctx->arena, text);
    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'F') {
            *at = (char)(*at - 'A' + 'a');
        }
    }
    *ret_id = copy;
    return copy != NULL;
}

bool ask_org(struct gx_ctx *ctx, const char *pointer, const char *text, char **ret_id)
{
    if (text != NULL || ctx->actor.org[0] == '\0') {
        if (text == NULL) {
            (void)gx_fail(ctx, GX_P_FIELD_MISSING, pointer, "%s", pointer + 1);
            return false;
        }
        return ask_id(ctx, pointer, text, ret_id);
    }
    *ret_id = gx_pb_text(ctx->actor.org);
    return true;
}

enum gx_rc ask_page(struct gx_ctx *ctx, const char *cursor, protobuf_c_boolean has_limit,
                    uint32_t limit, uint32_t *ret_limit)
{
    if (cursor != NULL && !gx_id_valid(cursor)) {
        return gx_fail(ctx, GX_P_CURSOR, "/cursor", "%.40s", cursor);
    }
    uint32_t wanted = has_limit ? limit : LIST_LIMIT;
    if (wanted < 1 || wanted > LIST_LIMIT_MAX) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/limit", "1..%d", LIST_LIMIT_MAX);
    }
    *ret_limit = wanted;
    return GX_OK;
}

enum gx_rc ask_query_id(struct gx_ctx *ctx, const char *pointer, const char *id)
{
    return id == NULL || gx_id_valid(id) ? GX_OK
                                         : gx_fail(ctx, GX_P_FIELD_FORMAT, pointer, "%s", "UUID");
}
