/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/verify.h"

#include "base/text.h"
#include "proof/b64.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GX_VERIFY_WORD(id, word, text) word,

const char *gx_verify_word(enum gx_verify_fault fault)
{
    static const char *const WORDS[] = {GX_VERIFY_LIST(GX_VERIFY_WORD)};
    return fault < GX_VERIFY_COUNT ? WORDS[fault] : "?";
}

/* What the walk over one folder holds. */
struct walk {
    const char *dir;
    struct gx_verify_report *report;
    uint64_t size;
    FILE *entries;
    char *line; /* getline's */
    size_t line_room;
    uint8_t *record; /* of line_room: longer than what its base64 holds */
    size_t record_room;
    struct gx_hash *below; /* roots of the full tiles of the level that was checked last */
    uint64_t below_count;
};

__attribute__((format(printf, 4, 5))) static bool fault(struct walk *walk,
                                                        enum gx_verify_fault what, const char *path,
                                                        const char *format, ...)
{
    struct gx_verify_report *report = walk->report;
    va_list args;
    va_start(args, format);
    report->fault = what;
    (void)snprintf(report->path, sizeof report->path, "%s", path);
    (void)vsnprintf(report->text, sizeof report->text, format, args);
    va_end(args);
    return false;
}

static bool leaf_fault(struct walk *walk, uint64_t leaf, enum gx_verify_fault what,
                       const char *path, const char *text)
{
    walk->report->has_leaf = true;
    walk->report->leaf = leaf;
    return fault(walk, what, path, "leaf %" PRIu64 ": %s", leaf, text);
}

/* The whole file when it holds exactly `size` bytes, or at most that and ret_size is given. */
static bool read_path(const char *path, uint8_t *data, size_t size, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    size_t got = fread(data, 1, size, file);
    bool all = fgetc(file) == EOF && ferror(file) == 0;
    (void)fclose(file);
    if (ret_size != NULL) {
        *ret_size = got;
    }
    return all && (ret_size != NULL || got == size);
}

static bool read_below(const char *dir, const char *name, uint8_t *data, size_t size,
                       size_t *ret_size)
{
    char path[GX_VERIFY_PATH_SIZE];
    int used = snprintf(path, sizeof path, "%s/%s", dir, name);
    return used > 0 && (size_t)used < sizeof path && read_path(path, data, size, ret_size);
}

static bool read_tile(void *arg, int level, uint64_t index, unsigned width, uint8_t *data)
{
    const struct walk *walk = arg;
    char path[GX_TILE_PATH_SIZE];
    size_t unit = level == GX_TILE_ENTRIES ? GX_BUNDLE_ENTRY : GX_HASH_SIZE;
    return read_below(walk->dir, gx_tile_path(level, index, width, path), data, width * unit, NULL);
}

static bool tile_missing(struct walk *walk, int level, uint64_t index, unsigned width)
{
    char path[GX_TILE_PATH_SIZE];
    return fault(walk, GX_VERIFY_MISSING, gx_tile_path(level, index, width, path),
                 "the file is absent or not as long as %u hashes need", width);
}

/* --- entries.jsonl --- */

/* Skips the literal text; NULL when it is not there. */
static const char *expect(const char *at, const char *text)
{
    size_t size = strlen(text);
    return at != NULL && strncmp(at, text, size) == 0 ? at + size : NULL;
}

/* The salt of 32 lower-case digits: upper case would be a second way to write it. */
static const char *parse_salt(const char *at, uint8_t salt[GX_SALT_SIZE])
{
    char hex[2 * GX_SALT_SIZE + 1];
    char again[sizeof hex];
    if (at == NULL || strlen(at) < sizeof hex - 1) {
        return NULL;
    }
    memcpy(hex, at, sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    if (gx_hex_decode(hex, salt, GX_SALT_SIZE) != 0) {
        return NULL;
    }
    gx_hex_encode(salt, GX_SALT_SIZE, again);
    return strcmp(hex, again) == 0 ? at + sizeof hex - 1 : NULL;
}

static const char *parse_record(struct walk *walk, const char *at, size_t *ret_size)
{
    const char *end = at == NULL ? NULL : strchr(at, '"');
    if (end == NULL) {
        return NULL;
    }
    struct gx_view text = {(const uint8_t *)at, (size_t)(end - at)};
    return gx_b64_decode(text, walk->record, walk->record_room, ret_size) &&
                   *ret_size <= GX_RECORD_MAX
               ? end
               : NULL;
}

/* One line against the leaf data that the bundle claims. */
static bool check_record(struct walk *walk, uint64_t leaf, const uint8_t claimed[GX_HASH_SIZE])
{
    static const char NAME[] = "entries.jsonl";
    char prefix[40];
    ssize_t got = getline(&walk->line, &walk->line_room, walk->entries);
    if (got <= 0) {
        return leaf_fault(walk, leaf, GX_VERIFY_RECORD, NAME, "the file ends before it");
    }
    if (walk->record_room < walk->line_room) {
        free(walk->record);
        walk->record = malloc(walk->line_room);
        walk->record_room = walk->record == NULL ? 0 : walk->line_room;
    }
    if (strlen(walk->line) != (size_t)got) {
        return leaf_fault(walk, leaf, GX_VERIFY_RECORD, NAME, "its line holds a zero byte");
    }
    (void)snprintf(prefix, sizeof prefix, "{\"index\":%" PRIu64 ",", leaf);
    const char *at = expect(walk->line, prefix);
    if (at == NULL) {
        return leaf_fault(walk, leaf, GX_VERIFY_RECORD, NAME,
                          "its line is missing or out of order");
    }
    if (strcmp(at, "\"erased\":true}\n") == 0) {
        walk->report->erased++;
        return true;
    }
    uint8_t salt[GX_SALT_SIZE];
    size_t size = 0;
    at = parse_salt(expect(at, "\"salt\":\""), salt);
    at = parse_record(walk, expect(at, "\",\"record\":\""), &size);
    if (at == NULL || strcmp(at, "\"}\n") != 0) {
        return leaf_fault(walk, leaf, GX_VERIFY_RECORD, NAME,
                          "its line is not of the canonical form");
    }
    struct gx_hash data =
        gx_sha256((struct gx_view){salt, sizeof salt}, (struct gx_view){walk->record, size});
    if (memcmp(data.bytes, claimed, GX_HASH_SIZE) != 0) {
        return leaf_fault(walk, leaf, GX_VERIFY_RECORD, NAME,
                          "the record is not the one that was logged");
    }
    return true;
}

/* --- tiles --- */

/* The first hash of the tile that differs from what follows from the level below. */
static bool compare_tile(struct walk *walk, int level, uint64_t index, unsigned width,
                         const struct gx_hash *expected)
{
    uint8_t data[GX_TILE_BYTES];
    if (!read_tile(walk, level, index, width, data)) {
        return tile_missing(walk, level, index, width);
    }
    for (unsigned i = 0; i < width; i++) {
        if (memcmp(data + (size_t)i * GX_HASH_SIZE, expected[i].bytes, GX_HASH_SIZE) == 0) {
            continue;
        }
        char path[GX_TILE_PATH_SIZE];
        (void)gx_tile_path(level, index, width, path);
        if (level == 0) {
            return leaf_fault(walk, index * GX_TILE_WIDTH + i, GX_VERIFY_TILE, path,
                              "its hash in the tile is not that of the entry");
        }
        return fault(walk, GX_VERIFY_TILE, path, "hash %u does not follow from the level below", i);
    }
    return true;
}

/* The leaves of one bundle: records, then the tile of their hashes, whose root goes into `below`
 * when it is full. */
static bool check_leaves(struct walk *walk, uint64_t index)
{
    uint8_t bundle[GX_BUNDLE_BYTES];
    uint8_t leaves[GX_TILE_BYTES];
    struct gx_hash hashes[GX_TILE_WIDTH];
    unsigned width = gx_tile_width(0, index, walk->size);
    size_t size = (size_t)width * GX_BUNDLE_ENTRY;
    if (!read_tile(walk, GX_TILE_ENTRIES, index, width, bundle)) {
        return tile_missing(walk, GX_TILE_ENTRIES, index, width);
    }
    if (!gx_bundle_parse((struct gx_view){bundle, size}, width, leaves)) {
        char path[GX_TILE_PATH_SIZE];
        return fault(walk, GX_VERIFY_TILE, gx_tile_path(GX_TILE_ENTRIES, index, width, path),
                     "an entry is not 32 bytes long");
    }
    for (unsigned i = 0; i < width; i++) {
        const uint8_t *leaf = leaves + (size_t)i * GX_HASH_SIZE;
        if (!check_record(walk, index * GX_TILE_WIDTH + i, leaf)) {
            return false;
        }
        hashes[i] = gx_merkle_leaf((struct gx_view){leaf, GX_HASH_SIZE});
    }
    if (!compare_tile(walk, 0, index, width, hashes)) {
        return false;
    }
    if (width == GX_TILE_WIDTH) {
        walk->below[walk->below_count++] = gx_tile_root((const uint8_t *)hashes);
    }
    return true;
}

static bool check_level(struct walk *walk, int level)
{
    uint64_t hashes = walk->below_count;
    uint64_t full = 0;
    for (uint64_t first = 0; first < hashes; first += GX_TILE_WIDTH) {
        uint64_t left = hashes - first;
        unsigned width = left < GX_TILE_WIDTH ? (unsigned)left : (unsigned)GX_TILE_WIDTH;
        const struct gx_hash *expected = walk->below + first;
        if (!compare_tile(walk, level, first / GX_TILE_WIDTH, width, expected)) {
            return false;
        }
        if (width == GX_TILE_WIDTH) { /* in place: full <= first */
            walk->below[full++] = gx_tile_root((const uint8_t *)expected);
        }
    }
    walk->below_count = full;
    return true;
}

static bool check_tree(struct walk *walk)
{
    static const char NAME[] = "entries.jsonl";
    uint64_t tiles = walk->size / GX_TILE_WIDTH + (walk->size % GX_TILE_WIDTH != 0 ? 1 : 0);
    for (uint64_t index = 0; index < tiles; index++) {
        if (!check_leaves(walk, index)) {
            return false;
        }
    }
    if (fgetc(walk->entries) != EOF) {
        return fault(walk, GX_VERIFY_RECORD, NAME, "there is more after leaf %" PRIu64, walk->size);
    }
    for (int level = 1; walk->below_count > 0; level++) {
        if (!check_level(walk, level)) {
            return false;
        }
    }
    return true;
}

/* --- checkpoints --- */

static bool open_checkpoint(struct walk *walk, const char *name, struct gx_view note,
                            const struct gx_note_verifier *key, struct gx_checkpoint *ret)
{
    static const char *const WHY[] = {"", "it is not a signed checkpoint of this origin",
                                      "it bears no signature of this key",
                                      "its signature does not hold"};
    enum gx_note_result result = gx_checkpoint_open(note, key, ret);
    return result == GX_NOTE_VALID || fault(walk, GX_VERIFY_SIGNATURE, name, "%s", WHY[result]);
}

static bool check_root(struct walk *walk, struct gx_tile_reader *reader)
{
    const struct gx_merkle_source source = {gx_tile_reader_hash, reader};
    struct gx_hash root;
    if (!gx_merkle_root(&source, walk->size, &root) ||
        !gx_hash_equal(&root, &walk->report->checkpoint.root)) {
        return fault(walk, GX_VERIFY_ROOT, "checkpoint",
                     "the %" PRIu64 " leaves have another root than it signs", walk->size);
    }
    return true;
}

static bool check_older(struct walk *walk, struct gx_tile_reader *reader, const char *path,
                        const struct gx_note_verifier *key)
{
    uint8_t note[GX_NOTE_MAX];
    size_t size = 0;
    struct gx_checkpoint older;
    if (!read_path(path, note, sizeof note, &size)) {
        return fault(walk, GX_VERIFY_MISSING, path, "the older checkpoint cannot be read");
    }
    if (!open_checkpoint(walk, path, (struct gx_view){note, size}, key, &older)) {
        return false;
    }
    const struct gx_merkle_source source = {gx_tile_reader_hash, reader};
    struct gx_hash root;
    if (older.size > walk->size) {
        return fault(walk, GX_VERIFY_FORK, path,
                     "it signs %" PRIu64 " leaves, more than there are now", older.size);
    }
    if (!gx_merkle_root(&source, older.size, &root) || !gx_hash_equal(&root, &older.root)) {
        return fault(walk, GX_VERIFY_FORK, path,
                     "the first %" PRIu64 " leaves are not those that it signed", older.size);
    }
    return true;
}

static bool check_all(struct walk *walk, const struct gx_note_verifier *key,
                      const char *const *older, size_t count)
{
    uint8_t note[GX_NOTE_MAX];
    size_t size = 0;
    if (!read_below(walk->dir, "checkpoint", note, sizeof note, &size)) {
        return fault(walk, GX_VERIFY_MISSING, "checkpoint", "there is no checkpoint");
    }
    if (!open_checkpoint(walk, "checkpoint", (struct gx_view){note, size}, key,
                         &walk->report->checkpoint)) {
        return false;
    }
    walk->size = walk->report->checkpoint.size;
    char path[GX_VERIFY_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/entries.jsonl", walk->dir);
    walk->entries = fopen(path, "rb");
    if (walk->entries == NULL) {
        return fault(walk, GX_VERIFY_MISSING, "entries.jsonl", "the file is absent");
    }
    walk->below = calloc(walk->size / GX_TILE_WIDTH + 1, sizeof *walk->below);
    struct gx_tile_reader *reader = malloc(sizeof *reader);
    bool sound = walk->below != NULL && reader != NULL;
    if (!sound) {
        (void)fault(walk, GX_VERIFY_MISSING, "", "not enough memory for %" PRIu64 " leaves",
                    walk->size);
    } else {
        gx_tile_reader_init(reader, read_tile, walk, walk->size);
        sound = check_tree(walk) && check_root(walk, reader);
        for (size_t i = 0; sound && i < count; i++) {
            sound = check_older(walk, reader, older[i], key);
        }
    }
    free(reader);
    return sound;
}

bool gx_verify_directory(const char *dir, const struct gx_note_verifier *key,
                         const char *const *older, size_t older_count,
                         struct gx_verify_report *ret_report)
{
    memset(ret_report, 0, sizeof *ret_report);
    struct walk walk = {.dir = dir, .report = ret_report};
    bool sound = sodium_init() >= 0 && check_all(&walk, key, older, older_count);
    if (walk.entries != NULL) {
        (void)fclose(walk.entries);
    }
    free(walk.line);
    free(walk.record);
    free(walk.below);
    return sound;
}
