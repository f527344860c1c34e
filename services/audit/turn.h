/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sequencer does with the log, a transaction each, as the actor "system": extend, then sign over what is committed; erase. Each takes
 * the lock first and does nothing when another process holds it. When the log contradicts itself the result is INTERNAL with `broken`
 * set, and nothing is written.
 */
#ifndef AUDIT_TURN_H
#define AUDIT_TURN_H

#include "store.h"

enum {
    AUDIT_ERASE_A_TURN = 500, /* most records in one transaction */
    AUDIT_PURGE_A_TURN = 500, /* most events of the journal in one transaction */
};

struct audit_turn {
    const struct gx_note_signer *signer;
    int64_t keep_days;
    uint64_t scrub; /* the full tile to look at */
    /* how far the log is */
    uint64_t next;
    uint64_t tiled;
    uint64_t signed_size;
    bool held;         /* the lock */
    bool broken;       /* inconsistent */
    const char *where; /* what was found so */
    bool signed_now;
    size_t erased;
    int32_t
        area; /* purge: in and out, the area to look at or the next after it that has old events; -1 when there is none */
    size_t purged;
};

/* What is new goes into tiles. arg of these is a struct audit_turn. */
enum gx_rc audit_turn_extend(void *arg, struct gx_ctx *ctx);
/* The checkpoint over what the tiles hold, if it is a new one; the one before is verified in any case. */
enum gx_rc audit_turn_sign(void *arg, struct gx_ctx *ctx);
/*
 * One full tile of leaves, signed long ago and read by nobody since: is it still that of its entries, and its root still that above? The root
 * that is signed next does not depend on it, a partner's verification does.
 */
enum gx_rc audit_turn_scrub(void *arg, struct gx_ctx *ctx);
/* Records past their retention. */
enum gx_rc audit_turn_erase(void *arg, struct gx_ctx *ctx);
/* Takes events older than keep_days out of the journal, of one area, as far as the newest checkpoint covers them and all have followed them. */
enum gx_rc audit_turn_purge(void *arg, struct gx_ctx *ctx);

#endif
