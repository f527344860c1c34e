/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever bytes come as a note, a key, a checkpoint, a proof or a tile's path: nothing is read or written out of bounds. */
#include "proof/note.h"
#include "proof/tile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key of the fuzzer's own, so that its signatures can be known ones. */
static const char VKEY[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gx_note_verifier key;
    if (key.name[0] == '\0' && gx_note_verifier_parse(VKEY, &key) != 0) {
        abort();
    }
    struct gx_view view = {data, size};
    struct gx_view text;
    struct gx_checkpoint checkpoint;
    uint64_t index = 0;
    (void)gx_note_open(view, &key, 1, &text);
    (void)gx_checkpoint_open(view, &key, &checkpoint);
    (void)gx_tlog_proof_verify(view, view, &key, &index);
    if (gx_checkpoint_parse(view, &checkpoint) == 0 && checkpoint.origin[0] == '\0') {
        abort();
    }
    char *copy = malloc(size + 1);
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    copy[size] = '\0';
    struct gx_note_verifier verifier;
    struct gx_note_signer signer;
    char vkey[GX_NOTE_VKEY_SIZE];
    if (gx_note_verifier_parse(copy, &verifier) == 0) {
        gx_note_vkey(&verifier, vkey);
        if (strncmp(copy, vkey, strlen(vkey)) != 0) { /* a key has one form */
            abort();
        }
    }
    (void)gx_note_signer_parse(copy, &signer);
    int level = 0;
    unsigned width = 0;
    char path[GX_TILE_PATH_SIZE];
    if (gx_tile_path_parse(copy, &level, &index, &width) == 0 &&
        strcmp(gx_tile_path(level, index, width, path), copy) != 0) {
        abort();
    }
    free(copy);
    return 0;
}
