/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exported log in a folder, verified offline: from the public key alone, without trusting who
 * exported it. DIR/checkpoint           the signed checkpoint; its size says what else must be
 * there DIR/tile/<L>/<N>[.p/<W>] all tiles of a tree of that size (tile.h) DIR/tile/entries/... the
 * leaf data, SHA-256(salt || record), 32 bytes each DIR/entries.jsonl        one line a leaf, in
 * order, exactly of one of these forms:
 *         {"index":0,"salt":"<32 hex digits>","record":"<base64 of the packed Event>"}
 *         {"index":1,"erased":true}          past its retention: the leaf stands, salt and record
 * are gone Every byte of these files is bound by the signature: forms are canonical, so a changed
 * byte is a fault.
 */
#ifndef GX_PROOF_VERIFY_H
#define GX_PROOF_VERIFY_H

#include "proof/note.h"
#include "proof/tile.h"

enum {
    GX_SALT_SIZE = 16,
    GX_RECORD_MAX = 1 << 20,
    GX_VERIFY_PATH_SIZE = 512
};

/*  id         word         meaning */
#define GX_VERIFY_LIST(X)                                                                          \
    X(SOUND, "sound", "everything holds")                                                          \
    X(MISSING, "missing", "a file is absent, cut or too long")                                     \
    X(SIGNATURE, "signature", "the checkpoint is not signed by this key")                          \
    X(RECORD, "record", "a record does not belong to its leaf, or a leaf has none")                \
    X(TILE, "tile", "a tile does not follow from the leaves")                                      \
    X(ROOT, "root", "the tree is not the one that was signed")                                     \
    X(FORK, "fork", "an older checkpoint is not a beginning of this tree")
#define GX_VERIFY_ENUM(id, word, text) GX_VERIFY_##id,
enum gx_verify_fault {
    GX_VERIFY_LIST(GX_VERIFY_ENUM) GX_VERIFY_COUNT
};

struct gx_verify_report {
    enum gx_verify_fault fault;
    bool has_leaf;
    uint64_t leaf;                  /* the first bad one, when has_leaf */
    char path[GX_VERIFY_PATH_SIZE]; /* the bad file, below DIR */
    char text[256];                 /* one English sentence for people */
    struct gx_checkpoint checkpoint;
    uint64_t erased; /* leaves whose record is past its retention */
};

/* The word of a fault, "tile". */
const char *gx_verify_word(enum gx_verify_fault fault);

/*
 * Verifies DIR, and that each of the older checkpoint files (paths) is a beginning of it. Returns
 * true when sound; the report is filled either way.
 */
bool gx_verify_directory(const char *dir, const struct gx_note_verifier *key,
                         const char *const *older, size_t older_count,
                         struct gx_verify_report *ret_report);

#endif
