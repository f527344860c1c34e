/* SPDX-License-Identifier: Apache-2.0 */
/* make-log DIR SIZE: a log of that many random records, exported, and its key in DIR/vkey. "verify DIR": what our own verifier says. */
#include "proof/export.h"

#include "base/id.h"

#include <stdlib.h>
#include <string.h>

struct log {
    uint64_t size;
    struct entry {
        uint8_t salt[GX_SALT_SIZE];
        uint8_t record[40];
    } * entries;
    uint8_t *levels[GX_TILE_LEVELS]; /* hashes one after the other */
    char note[GX_NOTE_MAX];
};

static struct gx_hash data_of(const struct log *log, uint64_t index)
{
    const struct entry *entry = &log->entries[index];
    return gx_sha256((struct gx_view){entry->salt, GX_SALT_SIZE},
                     (struct gx_view){entry->record, sizeof entry->record});
}

static bool give_tile(void *arg, int level, uint64_t index, unsigned width, uint8_t *data)
{
    const struct log *log = arg;
    if (level != GX_TILE_ENTRIES) {
        memcpy(data, log->levels[level] + index * GX_TILE_BYTES, (size_t)width * GX_HASH_SIZE);
        return true;
    }
    uint8_t leaves[GX_TILE_BYTES];
    for (unsigned i = 0; i < width; i++) {
        struct gx_hash leaf = data_of(log, index * GX_TILE_WIDTH + i);
        memcpy(leaves + (size_t)i * GX_HASH_SIZE, leaf.bytes, GX_HASH_SIZE);
    }
    gx_bundle_format(leaves, width, data);
    return true;
}

static bool give_note(void *arg, char note[GX_NOTE_MAX])
{
    memcpy(note, ((const struct log *)arg)->note, GX_NOTE_MAX);
    return true;
}

static bool give_entry(void *arg, uint64_t index, struct gx_export_entry *ret_entry)
{
    const struct entry *entry = &((const struct log *)arg)->entries[index];
    ret_entry->erased = false;
    ret_entry->salt = (struct gx_view){entry->salt, GX_SALT_SIZE};
    ret_entry->record = (struct gx_view){entry->record, sizeof entry->record};
    return true;
}

static void fill(struct log *log)
{
    log->entries = calloc(log->size + 1, sizeof *log->entries);
    for (int level = 0; level < GX_TILE_LEVELS; level++) {
        log->levels[level] =
            calloc(gx_tile_level_size(level, log->size) + GX_TILE_WIDTH, GX_HASH_SIZE);
        if (log->levels[level] == NULL || log->entries == NULL) {
            abort();
        }
    }
    for (uint64_t i = 0; i < log->size; i++) {
        gx_random(&log->entries[i], sizeof log->entries[i]);
        struct gx_hash data = data_of(log, i);
        struct gx_hash hash = gx_merkle_leaf((struct gx_view){data.bytes, GX_HASH_SIZE});
        memcpy(log->levels[0] + i * GX_HASH_SIZE, hash.bytes, GX_HASH_SIZE);
    }
    for (int level = 1; level < GX_TILE_LEVELS; level++) {
        for (uint64_t i = 0; i < gx_tile_level_size(level, log->size); i++) {
            struct gx_hash hash = gx_tile_root(log->levels[level - 1] + i * GX_TILE_BYTES);
            memcpy(log->levels[level] + i * GX_HASH_SIZE, hash.bytes, GX_HASH_SIZE);
        }
    }
}

static int write_log(struct log *log, const char *dir)
{
    static struct gx_tile_reader reader;
    char secret[GX_NOTE_SECRET_SIZE];
    char vkey[GX_NOTE_VKEY_SIZE];
    char path[4096];
    char error[256];
    struct gx_note_signer signer;
    struct gx_hash root;
    gx_tile_reader_init(&reader, give_tile, log, log->size);
    const struct gx_merkle_source merkle = {gx_tile_reader_hash, &reader};
    const struct gx_export_source source = {log, give_note, give_tile, give_entry};
    if (gx_note_key_make("genxi.local/interop", secret, vkey) != 0 ||
        gx_note_signer_parse(secret, &signer) != 0 || !gx_merkle_root(&merkle, log->size, &root) ||
        gx_checkpoint_sign(log->size, &root, &signer, log->note, sizeof log->note) != 0) {
        return 1;
    }
    if (!gx_export_write(dir, &source, error, sizeof error)) {
        (void)fprintf(stderr, "%s\n", error);
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/vkey", dir);
    FILE *file = fopen(path, "w");
    if (file == NULL || fprintf(file, "%s\n", vkey) < 0) {
        return 1;
    }
    return fclose(file);
}

static int verify(const char *dir)
{
    char path[4096];
    char vkey[GX_NOTE_VKEY_SIZE + 2] = "";
    struct gx_note_verifier key;
    struct gx_verify_report report;
    (void)snprintf(path, sizeof path, "%s/vkey", dir);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(vkey, sizeof vkey, file) == NULL ||
        gx_note_verifier_parse(vkey, &key) != 0) {
        return 2;
    }
    (void)fclose(file);
    bool sound = gx_verify_directory(dir, &key, NULL, 0, &report);
    (void)printf("%s %s %s\n", gx_verify_word(report.fault), report.path, report.text);
    return sound ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    if (strcmp(argv[1], "verify") == 0) {
        return verify(argv[2]);
    }
    struct log log = {.size = strtoull(argv[2], NULL, 10)};
    fill(&log);
    int rc = write_log(&log, argv[1]);
    for (int level = 0; level < GX_TILE_LEVELS; level++) {
        free(log.levels[level]);
    }
    free(log.entries);
    return rc;
}
