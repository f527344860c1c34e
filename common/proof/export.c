/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/export.h"

#include "base/text.h"
#include "proof/b64.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct export
{
    const char *dir;
    const struct gx_export_source *source;
    uint64_t size;
    char *error;
    size_t error_size;
};

static bool failed(const struct export *export, const char *what, const char *path)
{
    (void)snprintf(export->error, export->error_size, "%s: %s", path, what);
    return false;
}

/* Makes the folders of "<dir>/tile/0/x001/067". */
static bool make_folders(char *path, size_t from)
{
    for (char *at = strchr(path + from, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        int rc = mkdir(path, 0755);
        *at = '/';
        if (rc != 0 && errno != EEXIST) {
            return false;
        }
    }
    return true;
}

static bool write_file(const struct export *export, const char *name, const void *data, size_t size)
{
    char path[GX_VERIFY_PATH_SIZE];
    int used = snprintf(path, sizeof path, "%s/%s", export->dir, name);
    if (used < 0 || (size_t)used >= sizeof path || !make_folders(path, strlen(export->dir) + 1)) {
        return failed(export, "cannot make the folder", name);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return failed(export, strerror(errno), name);
    }
    bool good = fwrite(data, 1, size, file) == size;
    good = fclose(file) == 0 && good;
    return good || failed(export, strerror(errno), name);
}

static bool write_level(const struct export *export, int level, size_t unit)
{
    uint8_t data[GX_BUNDLE_BYTES];
    uint64_t hashes = gx_tile_level_size(level, export->size);
    uint64_t tiles = hashes / GX_TILE_WIDTH + (hashes % GX_TILE_WIDTH != 0 ? 1 : 0);
    for (uint64_t index = 0; index < tiles; index++) {
        char path[GX_TILE_PATH_SIZE];
        unsigned width = gx_tile_width(level, index, export->size);
        (void)gx_tile_path(level, index, width, path);
        if (!export->source->tile(export->source->arg, level, index, width, data)) {
            return failed(export, "the source did not deliver it", path);
        }
        if (!write_file(export, path, data, width * unit)) {
            return false;
        }
    }
    return true;
}

bool gx_export_line(FILE *out, uint64_t index, const struct gx_export_entry *entry)
{
    if (entry->erased) {
        return fprintf(out, "{\"index\":%" PRIu64 ",\"erased\":true}\n", index) > 0;
    }
    if (entry->salt.size != GX_SALT_SIZE || entry->record.size > GX_RECORD_MAX) {
        return false;
    }
    char salt[2 * GX_SALT_SIZE + 1];
    gx_hex_encode(entry->salt.data, entry->salt.size, salt);
    size_t size = sodium_base64_ENCODED_LEN(entry->record.size, sodium_base64_VARIANT_ORIGINAL);
    char *record = malloc(size);
    if (record == NULL) {
        return false;
    }
    (void)gx_b64_encode(entry->record.data, entry->record.size, record, size);
    int used = fprintf(out, "{\"index\":%" PRIu64 ",\"salt\":\"%s\",\"record\":\"%s\"}\n", index,
                       salt, record);
    free(record);
    return used > 0;
}

static bool write_entries(const struct export *export)
{
    static const char NAME[] = "entries.jsonl";
    char path[GX_VERIFY_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", export->dir, NAME);
    FILE *out = fopen(path, "wb");
    if (out == NULL) {
        return failed(export, strerror(errno), NAME);
    }
    bool good = true;
    for (uint64_t index = 0; good && index < export->size; index++) {
        struct gx_export_entry entry = {.erased = false};
        good = export->source->entry(export->source->arg, index, &entry) &&
               gx_export_line(out, index, &entry);
    }
    good = fclose(out) == 0 && good;
    return good || failed(export, "an entry could not be had or written", NAME);
}

bool gx_export_write(const char *dir, const struct gx_export_source *source, char *ret_error,
                     size_t error_size)
{
    struct export export = {dir, source, 0, ret_error, error_size};
    char note[GX_NOTE_MAX];
    struct gx_checkpoint checkpoint;
    if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
        return failed(&export, strerror(errno), dir);
    }
    if (!source->checkpoint(source->arg, note)) {
        return failed(&export, "the source did not deliver it", "checkpoint");
    }
    size_t size = strlen(note);
    if (gx_checkpoint_parse((struct gx_view){(const uint8_t *)note, size}, &checkpoint) != 0) {
        return failed(&export, "it is not a checkpoint", "checkpoint");
    }
    export.size = checkpoint.size;
    bool good = write_level(&export, GX_TILE_ENTRIES, GX_BUNDLE_ENTRY);
    for (int level = 0; good && level < GX_TILE_LEVELS; level++) {
        good = write_level(&export, level, GX_HASH_SIZE);
    }
    return good && write_entries(&export) && write_file(&export, "checkpoint", note, size);
}
