/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a log into a folder in the form that verify.h reads. Where the parts come from (the public
 * API, a database) is the caller's. */
#ifndef GX_PROOF_EXPORT_H
#define GX_PROOF_EXPORT_H

#include "proof/verify.h"

#include <stdio.h>

struct gx_export_entry {
    bool erased;
    struct gx_view salt;   /* GX_SALT_SIZE bytes; borrowed until the next call */
    struct gx_view record; /* at most GX_RECORD_MAX bytes */
};

/* Each function gives false when it cannot deliver: the export stops there. */
struct gx_export_source {
    void *arg;
    /* The newest checkpoint, once, first. */
    bool (*checkpoint)(void *arg, char note[GX_NOTE_MAX]);
    /* Tiles: width * 32 bytes. Level GX_TILE_ENTRIES: a bundle, width * GX_BUNDLE_ENTRY bytes. */
    gx_tile_read *tile;
    /* Called for each index once, rising. */
    bool (*entry)(void *arg, uint64_t index, struct gx_export_entry *ret_entry);
};

/*
 * Into dir (made when it is not there). The checkpoint is written last: an export cut short does
 * not verify. False after writing what went wrong into ret_error.
 */
bool gx_export_write(const char *dir, const struct gx_export_source *source, char *ret_error,
                     size_t error_size);

/* One line of entries.jsonl. False when writing failed or the entry is out of bounds. */
bool gx_export_line(FILE *out, uint64_t index, const struct gx_export_entry *entry);

#endif
