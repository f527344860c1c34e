/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes and checkpoints in the public formats c2sp.org/signed-note, tlog-checkpoint and
 * tlog-proof, with Ed25519 keys: note        text ending in LF, an empty line, lines "— <name>
 * <base64(4 bytes of key id || 64 bytes of signature)>" key id      the first 4 bytes of
 * SHA-256(name || LF || 0x01 || public key) vkey        <name>+<key id, 8 hex digits>+<base64(0x01
 * || public key)> secret      PRIVATE+KEY+<name>+<key id>+<base64(0x01 || seed)>, as
 * golang.org/x/mod/sumdb/note writes it checkpoint  origin LF size LF base64(root) LF [more lines]
 * Parsing is strict: base64 is canonical, sizes have no leading zero. Signatures of unknown keys
 * are ignored, a signature of a known key that fails makes the whole note invalid.
 */
#ifndef GX_PROOF_NOTE_H
#define GX_PROOF_NOTE_H

#include "proof/merkle.h"

enum {
    GX_NOTE_NAME_MAX = 128, /* bytes of a key's name */
    GX_NOTE_VKEY_SIZE = 128 + 1 + 8 + 1 + 44 + 1,
    GX_NOTE_SECRET_SIZE = GX_NOTE_VKEY_SIZE + 12,
    GX_NOTE_MAX = 8192, /* bytes of a note that is read or written here */
    GX_NOTE_SIGNATURES_MAX = 100,
    GX_TLOG_PROOF_MAX = 64 + 45 * GX_PROOF_MAX + GX_NOTE_MAX
};

/* A key that verifies. */
struct gx_note_verifier {
    char name[GX_NOTE_NAME_MAX + 1];
    uint8_t id[4];
    uint8_t public_key[32];
};
/* A key that signs; wipe with gx_note_signer_done(). */
struct gx_note_signer {
    struct gx_note_verifier verifier;
    uint8_t secret_key[64];
};

/*
 * A fresh key pair for this name as the text of the secret file and the public vkey, each one line
 * without its end. The name is 1..128 bytes of UTF-8 without spaces and '+'. 0, or -1 for a bad
 * name.
 */
int gx_note_key_make(const char *name, char ret_secret[GX_NOTE_SECRET_SIZE],
                     char ret_vkey[GX_NOTE_VKEY_SIZE]);
/* 0, or -1 for anything malformed (one LF at the end is taken as the end of the file). */
int gx_note_verifier_parse(const char *vkey, struct gx_note_verifier *ret_verifier);
int gx_note_signer_parse(const char *secret, struct gx_note_signer *ret_signer);
void gx_note_signer_done(struct gx_note_signer *signer);
void gx_note_vkey(const struct gx_note_verifier *verifier, char ret_vkey[GX_NOTE_VKEY_SIZE]);

/* Signs text (UTF-8, ends in LF, no control characters but LF) into a whole note. 0, or -1 when it
 * is unfit or does not fit. */
int gx_note_sign(const char *text, const struct gx_note_signer *signer, char *ret_note,
                 size_t size);

enum gx_note_result {
    GX_NOTE_VALID,
    GX_NOTE_MALFORMED, /* not a note */
    GX_NOTE_UNKNOWN,   /* no signature by any of the keys */
    GX_NOTE_FORGED     /* a signature in the name and id of a known key does not hold */
};
/* VALID: at least one key signed, none failed; ret_text is the signed text, inside note. */
enum gx_note_result gx_note_open(struct gx_view note, const struct gx_note_verifier *keys,
                                 size_t key_count, struct gx_view *ret_text);

struct gx_checkpoint {
    char origin[GX_NOTE_NAME_MAX + 1];
    uint64_t size;
    struct gx_hash root;
};
/* 0, or -1. Further lines after the third are allowed and skipped. */
int gx_checkpoint_parse(struct gx_view text, struct gx_checkpoint *ret_checkpoint);
/* A note whose origin is the signer's name. 0, or -1 when it does not fit. */
int gx_checkpoint_sign(uint64_t tree_size, const struct gx_hash *root,
                       const struct gx_note_signer *signer, char *ret_note, size_t size);
/* The note opened with one key whose name is the origin. */
enum gx_note_result gx_checkpoint_open(struct gx_view note, const struct gx_note_verifier *key,
                                       struct gx_checkpoint *ret_checkpoint);

/* A tlog-proof: what a partner keeps as the receipt of one record. Writing: bytes written without
 * the end, or -1. */
int gx_tlog_proof_format(uint64_t index, const struct gx_proof *proof, const char *checkpoint_note,
                         char *ret_text, size_t size);
/* Valid when the note is, and the leaf is at that index of the tree it signs. */
enum gx_note_result gx_tlog_proof_verify(struct gx_view text, struct gx_view leaf_data,
                                         const struct gx_note_verifier *key, uint64_t *ret_index);

#endif
