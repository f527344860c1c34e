/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context of one request: memory, deadline, trace, who asks, the transaction it runs in, and the faults found.
 * Borrowed by every function of the request; dies with it. Handlers get it first after `self`.
 */
#ifndef GX_BASE_CTX_H
#define GX_BASE_CTX_H

#include "base/arena.h"
#include "base/id.h"
#include "base/problem.h"
#include "base/rc.h"
#include "base/roles.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GX_FAULTS_MAX = 16
};

/* Who asks. Texts live as long as the context. */
struct gx_actor {
    uint32_t roles;           /* bits of enum gx_role */
    const char *subject;      /* id of the user, key or service; never NULL, "" for nobody */
    const char *org;          /* organisation id, or "" */
    const char *responder_id; /* the responder this subject is, or "" */
    const int32_t *areas;     /* areas the subject may see as an officer */
    size_t area_count;
    const char *lang; /* "zh-CN" or "en" */
};

/* One thing wrong with the request. */
struct gx_fault {
    enum gx_problem problem;
    const char *pointer; /* JSON pointer to the field, "" for the request as a whole */
    const char *value;   /* what stands for "{}" */
};

struct gx_tx; /* store/tx.h */

struct gx_ctx {
    struct gx_arena arena;
    int64_t deadline_ms; /* wall clock; 0: none */
    char traceparent[GX_TRACEPARENT_SIZE];
    struct gx_actor actor;
    struct gx_tx *tx;  /* set by the chassis; NULL outside a handler */
    const char *label; /* what runs, for logs: the command's or event's name */
    struct gx_fault faults[GX_FAULTS_MAX];
    size_t fault_count;
};

void gx_ctx_init(struct gx_ctx *ctx, size_t arena_limit_bytes);
/* Ready for the next request; keeps one chunk of memory. */
void gx_ctx_reset(struct gx_ctx *ctx);
void gx_ctx_done(struct gx_ctx *ctx);

/*
 * Adds a fault and returns its result class: `return gx_fail(ctx, GX_P_FIELD_RANGE, "/grade", "1..4");`
 * The first fault decides the reply's status; up to GX_FAULTS_MAX are told to the caller.
 */
enum gx_rc gx_fail(struct gx_ctx *ctx, enum gx_problem problem, const char *pointer,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
#ifdef __clang_analyzer__ /* which does not see that no problem's class is GX_OK */
static inline enum gx_rc gx_failure(enum gx_rc rc)
{
    if (rc == GX_OK) {
        __builtin_unreachable();
    }
    return rc;
}
#define gx_fail(...) gx_failure(gx_fail(__VA_ARGS__))
#endif
/* Forgets the faults, after they were dealt with. */
void gx_ctx_forgive(struct gx_ctx *ctx);

bool gx_actor_has(const struct gx_actor *actor, uint32_t any_of_roles);
bool gx_actor_in_area(const struct gx_actor *actor, int32_t area);
/* An officer of that area, or the system. */
bool gx_actor_commands(const struct gx_actor *actor, int32_t area);

/* Milliseconds left, at least 0; fallback_ms without a deadline. */
int gx_ctx_left_ms(const struct gx_ctx *ctx, int fallback_ms);

#endif
