/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a table of text to records: each row becomes a whole registry record without ids, beside the
 * codes by which it names others. Free of I/O; every fault names line and column.
 */
#ifndef READINESS_IMPORT_H
#define READINESS_IMPORT_H

#include "registry.pb-c.h"
#include "table.h"

/* What a row says of others, "" where it says nothing. */
struct import_refs {
    uint32_t line;
    const char
        *org; /* code of the partner it belongs to; "" only when the importer has a default */
    const char *site;      /* responders: code of a site of the same partner, or "partner/site" */
    const char *responder; /* shifts: code of the responder */
    char **members;        /* teams: codes of responders of the same partner */
    size_t member_count;
};

struct import_batch {
    Genxi__ImportKind kind;
    size_t count;
    struct import_refs *refs;
    /* The one of the kind is filled; stations also fill partners (the stations as organisations).
     */
    Genxi__Station **stations;
    Genxi__Partner **partners;
    Genxi__Site **sites;
    Genxi__Responder **responders;
    Genxi__Shift **shifts;
    Genxi__InstructorTeam **teams;
};

struct import_options {
    Genxi__ImportKind kind;
    bool org_optional; /* the caller's own organisation stands for a missing partner or org */
    int64_t now_ms;
};

/* Faults go into `faults`; the batch is complete only without any. LIMIT when the arena is spent.
 */
enum gx_rc import_build(struct gx_ctx *ctx, const struct import_options *options,
                        const struct import_table *table, struct import_faults *faults,
                        struct import_batch *ret_batch);

/* Column names of the kind, NULL at the end; for documents and tests. */
const char *const *import_columns(Genxi__ImportKind kind);

/* The column in which a rule's pointer lies: "/agreement/ends_at" -> "ends_at", "/needs/0/count" ->
 * "needs". */
const char *import_pointer_column(struct gx_ctx *ctx, const char *pointer);

#endif
