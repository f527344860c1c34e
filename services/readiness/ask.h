/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of single records share: ids, pages, and where the faults of rules and references go. */
#ifndef READINESS_ASK_H
#define READINESS_ASK_H

#include "rules.h"
#include "web/seal.h"

#include "base/ctx.h"

/* What a thread keeps between requests. */
struct readiness {
    struct gx_seal_key device_key;
};

/* A sink's fault function: adds the fault to the context; arg is the struct gx_ctx, index is not looked at. */
void ask_sink(void *arg, size_t index, enum gx_problem problem, const char *pointer,
              const char *value);
/* Rules whose faults go to the context. */
struct rules ask_rules(struct gx_ctx *ctx);
/* The result that the first fault stands for, OK without any. */
enum gx_rc ask_outcome(const struct gx_ctx *ctx);
/* A valid id in lower case, as the database writes it; NULL stays NULL. False with a fault for anything else. */
bool ask_id(struct gx_ctx *ctx, const char *pointer, const char *text, char **ret_id);
/* The same; the caller's own organisation stands for a missing one. */
bool ask_org(struct gx_ctx *ctx, const char *pointer, const char *text, char **ret_id);
/* A list's cursor and limit; the default limit for none. */
enum gx_rc ask_page(struct gx_ctx *ctx, const char *cursor, protobuf_c_boolean has_limit,
                    uint32_t limit, uint32_t *ret_limit);
enum gx_rc ask_query_id(struct gx_ctx *ctx, const char *pointer, const char *id);

#endif
