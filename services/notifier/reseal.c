/* SPDX-License-Identifier: Apache-2.0 */
#include "reseal.h"

#include "store.h"

#include "base/log.h"

enum {
    ARENA_BYTES = 4 << 20
};

static enum gx_rc seal_one(const struct reseal *work, struct gx_ctx *ctx,
                           const struct notifier_secrets *clear)
{
    struct gx_arena *arena = &ctx->arena;
    /* What is sealed already is opened first: so both halves may be treated the same. */
    char *secret = seal_open(arena, work->key, clear->webhook_id, clear->secret);
    char *old = clear->old_secret == NULL
                    ? NULL
                    : seal_open(arena, work->key, clear->webhook_id, clear->old_secret);
    if (secret == NULL || (clear->old_secret != NULL && old == NULL)) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "secret of webhook %s", clear->webhook_id);
    }
    const struct notifier_secrets sealed = {
        .webhook_id = clear->webhook_id,
        .secret = gx_seal_close(arena, work->key, clear->webhook_id, secret),
        .old_secret = old == NULL ? NULL : gx_seal_close(arena, work->key, clear->webhook_id, old),
    };
    return arena->spent ? gx_fail(ctx, GX_P_INTERNAL, "", "memory")
                        : notifier_store_secrets_put(ctx, &sealed);
}

enum gx_rc reseal_turn(void *arg, struct gx_ctx *ctx)
{
    struct reseal *work = arg;
    struct notifier_secrets *clear = NULL;
    size_t count = 0;
    enum gx_rc rc = notifier_store_secrets_clear(ctx, RESEAL_A_TURN, &clear, &count);
    for (size_t i = 0; rc == GX_OK && i < count; i++) {
        rc = seal_one(work, ctx, &clear[i]);
    }
    work->count = count;
    return rc;
}

enum gx_rc reseal_all(const struct gx_common_settings *common)
{
    struct gx_background *background = NULL;
    struct gx_seal_key key;
    struct reseal work = {.key = &key};
    struct gx_ctx ctx;
    size_t sealed = 0;
    enum gx_rc rc = seal_key_load(common->key_dir, &key);
    if (rc == GX_OK) {
        rc = gx_background_open(&background);
    }
    gx_ctx_init(&ctx, ARENA_BYTES);
    do {
        gx_ctx_reset(&ctx);
        ctx.label = "webhook_reseal";
        rc = rc == GX_OK ? gx_background_run(background, &ctx, reseal_turn, &work) : rc;
        sealed += rc == GX_OK ? work.count : 0;
    } while (rc == GX_OK && work.count == RESEAL_A_TURN);
    if (sealed > 0) {
        gx_log(&ctx, GX_INFO, "webhook-resealed",
               "%zu webhook secrets were in clear and are sealed", sealed);
    }
    gx_ctx_done(&ctx);
    gx_background_free(background);
    return rc;
}
