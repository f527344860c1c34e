/* SPDX-License-Identifier: Apache-2.0 */
/* genxi audit: export the log into a folder, and verify such a folder offline with nothing but a public key. */
#include "cli.h"
#include "store.h"

#include "proof/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 500
};

struct export_state {
    struct gx_pg *pg;
    struct gx_ctx ctx;       /* of tiles: reset at each */
    struct gx_ctx entry_ctx; /* of the present batch of entries */
    struct cli_entry *entries;
    uint64_t first;
    size_t count;
};

static bool read_checkpoint(void *arg, char note[GX_NOTE_MAX])
{
    struct export_state *state = arg;
    char *text = NULL;
    gx_ctx_reset(&state->ctx);
    return cli_store_checkpoint(state->pg, &state->ctx, &text) == GX_OK &&
           snprintf(note, GX_NOTE_MAX, "%s", text) < GX_NOTE_MAX;
}

static bool read_tile(void *arg, int level, uint64_t index, unsigned width, uint8_t *data)
{
    struct export_state *state = arg;
    struct gx_view tile = {NULL, 0};
    gx_ctx_reset(&state->ctx);
    if (cli_store_tile(state->pg, &state->ctx, level, index, &tile) != GX_OK ||
        tile.size < (size_t)width * 32) {
        return false;
    }
    if (level == GX_TILE_ENTRIES) {
        gx_bundle_format(tile.data, width, data);
    } else {
        memcpy(data, tile.data, (size_t)width * 32);
    }
    return true;
}

static bool read_entry(void *arg, uint64_t index, struct gx_export_entry *ret_entry)
{
    struct export_state *state = arg;
    if (index < state->first || index >= state->first + state->count) {
        gx_ctx_reset(&state->entry_ctx);
        state->count = 0;
        if (cli_store_entries(state->pg, &state->entry_ctx, index, BATCH, &state->entries,
                              &state->count) != GX_OK ||
            state->count == 0) {
            return false;
        }
        state->first = index;
    }
    const struct cli_entry *entry = &state->entries[index - state->first];
    *ret_entry = (struct gx_export_entry){
        .erased = entry->record.size == 0, .salt = entry->salt, .record = entry->record};
    return true;
}

static int audit_export(const char *to, const char *dir, const char *postgres)
{
    char conninfo[CLI_PATH_SIZE * 2];
    if (postgres == NULL &&
        !cli_admin_conninfo(dir == NULL ? "var" : dir, conninfo, sizeof conninfo)) {
        return CLI_FAILED;
    }
    struct export_state state = {0};
    if (gx_pg_open(postgres == NULL ? conninfo : postgres, "genxi audit", &state.pg) != GX_OK) {
        (void)fprintf(stderr, "genxi: PostgreSQL does not answer\n");
        return CLI_FAILED;
    }
    gx_ctx_init(&state.ctx, (size_t)16 << 20);
    gx_ctx_init(&state.entry_ctx, (size_t)512 << 20);
    const struct gx_export_source source = {&state, read_checkpoint, read_tile, read_entry};
    char error[256] = "";
    bool written = gx_export_write(to, &source, error, sizeof error);
    if (!written) {
        (void)fprintf(stderr, "genxi: %s: %s\n", to, error);
    }
    gx_ctx_done(&state.ctx);
    gx_ctx_done(&state.entry_ctx);
    gx_pg_free(state.pg);
    return written ? CLI_DONE : CLI_FAILED;
}

static bool read_key(const char *given, struct gx_note_verifier *ret_key)
{
    if (gx_note_verifier_parse(given, ret_key) == 0) {
        return true;
    }
    size_t size = 0;
    char *text = cli_exists(given) ? cli_read_file(given, &size) : NULL;
    bool good = text != NULL && gx_note_verifier_parse(text, ret_key) == 0;
    free(text);
    if (!good) {
        (void)fprintf(stderr,
                      "genxi: --key is a public key (name+hash+base64) or a file with one\n");
    }
    return good;
}

static int audit_verify(const char *from, const char *key_text, const char *older)
{
    struct gx_note_verifier key;
    if (!read_key(key_text, &key)) {
        return CLI_USAGE;
    }
    struct gx_verify_report report;
    const char *const older_list[] = {older};
    bool sound = gx_verify_directory(from, &key, older_list, older == NULL ? 0 : 1, &report);
    if (sound) {
        (void)printf("sound: %" PRIu64 " entries, %" PRIu64 " of them erased after their term\n",
                     report.checkpoint.size, report.erased);
        return CLI_DONE;
    }
    (void)printf("NOT SOUND (%s): %s%s%s", gx_verify_word(report.fault), report.text,
                 report.path[0] == '\0' ? "" : ", at ", report.path);
    if (report.has_leaf) {
        (void)printf(", leaf %" PRIu64, report.leaf);
    }
    (void)printf("\n");
    return CLI_FAILED;
}

int cli_audit(int argc, char **argv)
{
    const char *dir = NULL;
    const char *postgres = NULL;
    const char *key = NULL;
    const char *older = NULL;
    const struct cli_option options[] = {{"dir", &dir, false},
                                         {"postgres", &postgres, false},
                                         {"key", &key, false},
                                         {"older", &older, false},
                                         {NULL, NULL, false}};
    if (cli_options(options, &argc, argv) && argc == 2 && strcmp(argv[0], "export") == 0) {
        return audit_export(argv[1], dir, postgres);
    }
    if (argc == 2 && strcmp(argv[0], "verify") == 0 && key != NULL) {
        return audit_verify(argv[1], key, older);
    }
    (void)fprintf(stderr,
                  "usage: genxi audit export FOLDER [--dir DIR | --postgres CONN]\n"
                  "       genxi audit verify FOLDER --key VKEY|FILE [--older CHECKPOINT]\n");
    return CLI_USAGE;
}
