/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "base/id.h"
#include "base/text.h"

#include <string.h>

enum {
    LIMIT_DEFAULT = 20
};

enum gx_rc intel_check_text(struct gx_ctx *ctx, const char *pointer, const char *text, size_t most)
{
    if (text == NULL || text[0] == '\0') {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, pointer, "1..%zu", most);
    }
    if (!gx_utf8_valid(text, strlen(text))) {
        return gx_fail(ctx, GX_P_UTF8, pointer, "%s", pointer);
    }
    if (gx_utf8_length(text) > most) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, pointer, "1..%zu", most);
    }
    return GX_OK;
}

enum gx_rc intel_check_id(struct gx_ctx *ctx, const char *pointer, const char *id)
{
    return gx_id_valid(id) ? GX_OK : gx_fail(ctx, GX_P_FIELD_FORMAT, pointer, "UUID");
}

enum gx_rc intel_check_limit(struct gx_ctx *ctx, bool given, uint32_t limit, unsigned most,
                             unsigned *ret_limit)
{
    if (given && (limit == 0 || limit > most)) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/limit", "1..%u", most);
    }
    *ret_limit = given ? limit : (unsigned)LIMIT_DEFAULT;
    return GX_OK;
}

enum gx_rc intel_check_exercise(struct gx_ctx *ctx, bool exercise)
{
    if (exercise && !gx_actor_has(&ctx->actor, (uint32_t)GX_ROLE_DRILL | (uint32_t)GX_ROLE_DUTY)) {
        return gx_fail(ctx, GX_P_DENIED, "/exercise", "drill");
    }
    return GX_OK;
}
