/* SPDX-License-Identifier: Apache-2.0 */
/* A log is made in memory, exported into a folder, and then spoilt in every way that we can think
 * of. */
#include "vectors.h"

#include "proof/export.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LEAVES_MAX = 1200,
    RECORD = 24
};

struct log {
    uint64_t size;
    struct {
        uint8_t salt[GX_SALT_SIZE];
        uint8_t record[RECORD];
        bool erased;
        struct gx_hash data;
    } entries[LEAVES_MAX];
    uint8_t tiles[2][8][GX_TILE_BYTES];
    struct gx_note_signer signer;
    struct gx_note_verifier key;
    char note[GX_NOTE_MAX];
};

static struct log logs[2];
static char folder[] = "/tmp/genxi-proof-XXXXXX";

static bool read_tile(void *arg, int level, uint64_t index, unsigned width, uint8_t *data)
{
    const struct log *log = arg;
    if (level == GX_TILE_ENTRIES) {
        uint8_t leaves[GX_TILE_BYTES];
        for (unsigned i = 0; i < width; i++) {
            memcpy(leaves + (size_t)i * GX_HASH_SIZE,
                   log->entries[index * GX_TILE_WIDTH + i].data.bytes, GX_HASH_SIZE);
        }
        gx_bundle_format(leaves, width, data);
        return true;
    }
    memcpy(data, log->tiles[level][index], width * (size_t)GX_HASH_SIZE);
    return level < 2;
}

static void settle(struct log *log)
{
    for (uint64_t i = 0; i < log->size; i++) {
        struct gx_hash hash =
            gx_merkle_leaf((struct gx_view){log->entries[i].data.bytes, GX_HASH_SIZE});
        memcpy(log->tiles[0][i / 256] + (i % 256) * GX_HASH_SIZE, hash.bytes, GX_HASH_SIZE);
    }
    for (uint64_t i = 0; i < log->size / 256; i++) {
        struct gx_hash hash = gx_tile_root(log->tiles[0][i]);
        memcpy(log->tiles[1][0] + i * GX_HASH_SIZE, hash.bytes, GX_HASH_SIZE);
    }
    static struct gx_tile_reader reader;
    gx_tile_reader_init(&reader, read_tile, log, log->size);
    const struct gx_merkle_source source = {gx_tile_reader_hash, &reader};
    struct gx_hash root;
    assert_true(gx_merkle_root(&source, log->size, &root));
    assert_int_equal(
        gx_checkpoint_sign(log->size, &root, &log->signer, log->note, sizeof log->note), 0);
}

static void make_log(struct log *log, uint64_t size)
{
    log->size = size;
    for (uint64_t i = 0; i < size; i++) {
        randombytes_buf(log->entries[i].salt, GX_SALT_SIZE);
        randombytes_buf(log->entries[i].record, RECORD);
        log->entries[i].erased = false;
        log->entries[i].data = gx_sha256((struct gx_view){log->entries[i].salt, GX_SALT_SIZE},
                                         (struct gx_view){log->entries[i].record, RECORD});
    }
    settle(log);
}

static bool give_note(void *arg, char note[GX_NOTE_MAX])
{
    memcpy(note, ((const struct log *)arg)->note, GX_NOTE_MAX);
    return true;
}

static bool give_entry(void *arg, uint64_t index, struct gx_export_entry *ret_entry)
{
    const struct log *log = arg;
    ret_entry->erased = log->entries[index].erased;
    ret_entry->salt = (struct gx_view){log->entries[index].salt, GX_SALT_SIZE};
    ret_entry->record = (struct gx_view){log->entries[index].record, RECORD};
    return true;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static const char *export_log(struct log *log)
{
    static char dir[64];
    (void)snprintf(dir, sizeof dir, "%s/log", folder);
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    const struct gx_export_source source = {log, give_note, read_tile, give_entry};
    char error[256] = "";
    if (!gx_export_write(dir, &source, error, sizeof error)) {
        fail_msg("export: %s", error);
    }
    return dir;
}

static struct gx_verify_report verify(const char *dir, const struct gx_note_verifier *key)
{
    struct gx_verify_report report;
    bool sound = gx_verify_directory(dir, key, NULL, 0, &report);
    assert_int_equal(sound, report.fault == GX_VERIFY_SOUND);
    return report;
}

static void test_verify_sound_logs_of_all_kinds_of_sizes(void **state)
{
    (void)state;
    static const uint64_t SIZES[] = {0, 1, 2, 255, 256, 257, 511, 512, 1100};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        make_log(&logs[0], SIZES[i]);
        struct gx_verify_report report = verify(export_log(&logs[0]), &logs[0].key);
        assert_string_equal(report.text, "");
        assert_int_equal(report.fault, GX_VERIFY_SOUND);
        assert_int_equal(report.checkpoint.size, SIZES[i]);
    }
}

static char changed_files[64][GX_VERIFY_PATH_SIZE];
static size_t changed_count;

static int list_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)at;
    if (type == FTW_F) {
        assert_true(changed_count < 64);
        (void)snprintf(changed_files[changed_count++], GX_VERIFY_PATH_SIZE, "%s", path);
    }
    return 0;
}

static void flip(const char *path, long at, unsigned char mask)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int c = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_not_equal(fputc(c ^ mask, file), EOF);
    assert_int_equal(fclose(file), 0);
}

/* Each bit of a small log, random bytes of a larger one. The records are chosen so that base64 has all its signs. */
static void test_verify_any_flipped_byte_is_found(void **state)
{
    (void)state;
    make_log(&logs[0], 3);
    for (unsigned i = 0; i < 3; i++) { /* 64 sextets in order, over the three records */
        for (unsigned k = 0; k < RECORD; k += 3) {
            unsigned first = (i * 32 + k / 3 * 4) % 64;
            logs[0].entries[i].record[k] = (uint8_t)(first << 2 | (first + 1) >> 4);
            logs[0].entries[i].record[k + 1] = (uint8_t)((first + 1) << 4 | (first + 2) >> 2);
            logs[0].entries[i].record[k + 2] = (uint8_t)((first + 2) << 6 | (first + 3));
        }
        logs[0].entries[i].data = gx_sha256((struct gx_view){logs[0].entries[i].salt, GX_SALT_SIZE},
                                            (struct gx_view){logs[0].entries[i].record, RECORD});
    }
    settle(&logs[0]);
    const char *dir = export_log(&logs[0]);
    changed_count = 0;
    assert_int_equal(nftw(dir, list_one, 16, FTW_PHYS), 0);
    assert_int_equal(changed_count, 4); /* checkpoint, one tile, one bundle, entries.jsonl */
    for (size_t f = 0; f < changed_count; f++) {
        struct stat info;
        assert_int_equal(stat(changed_files[f], &info), 0);
        for (long bit = 0; bit < info.st_size * 8; bit++) {
            unsigned char mask = (unsigned char)(1U << (bit % 8));
            flip(changed_files[f], bit / 8, mask);
            if (verify(dir, &logs[0].key).fault == GX_VERIFY_SOUND) {
                fail_msg("%s, byte %ld ^ %u was not found", changed_files[f], bit / 8, mask);
            }
            flip(changed_files[f], bit / 8, mask);
        }
    }
    assert_int_equal(verify(dir, &logs[0].key).fault, GX_VERIFY_SOUND);
}

static void test_verify_flipped_bytes_of_a_large_log_are_found(void **state)
{
    (void)state;
    make_log(&logs[0], 1100);
    const char *dir = export_log(&logs[0]);
    changed_count = 0;
    assert_int_equal(nftw(dir, list_one, 16, FTW_PHYS), 0);
    assert_int_equal(changed_count, 2 + 5 + 5 + 1);
    for (int round = 0; round < 300; round++) {
        const char *path = changed_files[(size_t)round % changed_count];
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        long at = (long)randombytes_uniform((uint32_t)info.st_size);
        flip(path, at, 0x04);
        if (verify(dir, &logs[0].key).fault == GX_VERIFY_SOUND) {
            fail_msg("%s, byte %ld was not found", path, at);
        }
        flip(path, at, 0x04);
    }
}

static void test_verify_names_the_changed_record(void **state)
{
    (void)state;
    make_log(&logs[0], 600);
    logs[0].entries[417].record[3] ^= 1; /* as if somebody edited the table */
    struct gx_verify_report report = verify(export_log(&logs[0]), &logs[0].key);
    assert_int_equal(report.fault, GX_VERIFY_RECORD);
    assert_true(report.has_leaf);
    assert_int_equal(report.leaf, 417);
    assert_string_equal(report.path, "entries.jsonl");
}

static void test_verify_record_and_leaf_changed_together_is_found_in_the_tile(void **state)
{
    (void)state;
    make_log(&logs[0], 300);
    logs[0].entries[299].record[3] ^= 1;
    logs[0].entries[299].data = gx_sha256((struct gx_view){logs[0].entries[299].salt, GX_SALT_SIZE},
                                          (struct gx_view){logs[0].entries[299].record, RECORD});
    struct gx_verify_report report = verify(export_log(&logs[0]), &logs[0].key);
    assert_int_equal(report.fault, GX_VERIFY_TILE);
    assert_int_equal(report.leaf, 299);
    assert_string_equal(report.path, "tile/0/001.p/44");
}

static void test_verify_swapped_leaves_are_found(void **state)
{
    (void)state;
    make_log(&logs[0], 10);
    char note[GX_NOTE_MAX];
    memcpy(note, logs[0].note, sizeof note);
    __typeof__(logs[0].entries[0]) kept = logs[0].entries[4];
    logs[0].entries[4] = logs[0].entries[5];
    logs[0].entries[5] = kept;
    struct gx_verify_report report = verify(export_log(&logs[0]), &logs[0].key);
    assert_int_equal(report.fault, GX_VERIFY_TILE);
    assert_int_equal(report.leaf, 4);
    settle(&logs[0]); /* the tiles as well, but not the old signature */
    memcpy(logs[0].note, note, sizeof note);
    assert_int_equal(verify(export_log(&logs[0]), &logs[0].key).fault, GX_VERIFY_ROOT);
}

/* Takes the line of `leaf` out of entries.jsonl. */
static void drop_line(const char *dir, uint64_t leaf)
{
    char path[GX_VERIFY_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/entries.jsonl", dir);
    static char text[1 << 18];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    char *from = text;
    for (uint64_t i = 0; i < leaf; i++) {
        from = strchr(from, '\n') + 1;
    }
    char *rest = strchr(from, '\n') + 1;
    memmove(from, rest, strlen(rest) + 1);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    (void)fclose(file);
}

static void test_verify_dropped_leaf_is_named(void **state)
{
    (void)state;
    make_log(&logs[0], 20);
    static const uint64_t DROPPED[] = {0, 7, 19};
    for (size_t i = 0; i < 3; i++) {
        const char *dir = export_log(&logs[0]);
        drop_line(dir, DROPPED[i]);
        struct gx_verify_report report = verify(dir, &logs[0].key);
        assert_int_equal(report.fault, GX_VERIFY_RECORD);
        assert_int_equal(report.leaf, DROPPED[i]);
    }
}

static void test_verify_dropped_everywhere_is_another_root(void **state)
{
    (void)state;
    make_log(&logs[0], 20);
    char note[GX_NOTE_MAX];
    memcpy(note, logs[0].note, sizeof note);
    for (size_t i = 7; i < 20; i++) {
        logs[0].entries[i] = logs[0].entries[i + 1];
    }
    settle(&logs[0]);
    memcpy(logs[0].note, note, sizeof note);
    assert_int_equal(verify(export_log(&logs[0]), &logs[0].key).fault, GX_VERIFY_ROOT);
}

static void test_verify_truncated_or_missing_files_are_named(void **state)
{
    (void)state;
    static const char *const FILES[] = {"tile/0/000",     "tile/0/001.p/44",
                                        "tile/1/000.p/1", "tile/entries/001.p/44",
                                        "checkpoint",     "entries.jsonl"};
    make_log(&logs[0], 300);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        for (int how = 0; how < 2; how++) {
            const char *dir = export_log(&logs[0]);
            char path[GX_VERIFY_PATH_SIZE];
            struct stat info;
            (void)snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
            assert_int_equal(stat(path, &info), 0);
            assert_int_equal(how == 0 ? truncate(path, info.st_size - 1) : unlink(path), 0);
            struct gx_verify_report report = verify(dir, &logs[0].key);
            assert_int_not_equal(report.fault, GX_VERIFY_SOUND);
            assert_string_equal(report.path, FILES[i]);
        }
    }
}

static void test_verify_longer_tile_is_found(void **state)
{
    (void)state;
    make_log(&logs[0], 5);
    const char *dir = export_log(&logs[0]);
    char path[GX_VERIFY_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/tile/0/000.p/5", dir);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    (void)fputc(0, file);
    (void)fclose(file);
    assert_int_equal(verify(dir, &logs[0].key).fault, GX_VERIFY_MISSING);
}

static void test_verify_wrong_key_is_found(void **state)
{
    (void)state;
    make_log(&logs[0], 5);
    const char *dir = export_log(&logs[0]);
    assert_int_equal(verify(dir, &logs[1].key).fault, GX_VERIFY_SIGNATURE);
}

static const char *save_checkpoint(const struct log *log)
{
    static char path[64];
    (void)snprintf(path, sizeof path, "%s/older", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(log->note, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_verify_fork_and_cut_are_found_by_an_older_checkpoint(void **state)
{
    (void)state;
    struct gx_verify_report report;
    make_log(&logs[0], 300);
    const char *older = save_checkpoint(&logs[0]);
    logs[0].size = 700; /* grows honestly: entries 300.. are those of an earlier test */
    for (uint64_t i = 300; i < 700; i++) {
        logs[0].entries[i].erased = false;
        logs[0].entries[i].data = gx_sha256((struct gx_view){logs[0].entries[i].salt, GX_SALT_SIZE},
                                            (struct gx_view){logs[0].entries[i].record, RECORD});
    }
    settle(&logs[0]);
    assert_true(gx_verify_directory(export_log(&logs[0]), &logs[0].key, &older, 1, &report));
    /* The signer rewrites leaf 12 and signs again: sound in itself, but not what it once signed. */
    logs[0].entries[12].record[0] ^= 1;
    logs[0].entries[12].data = gx_sha256((struct gx_view){logs[0].entries[12].salt, GX_SALT_SIZE},
                                         (struct gx_view){logs[0].entries[12].record, RECORD});
    settle(&logs[0]);
    const char *dir = export_log(&logs[0]);
    assert_int_equal(verify(dir, &logs[0].key).fault, GX_VERIFY_SOUND);
    assert_false(gx_verify_directory(dir, &logs[0].key, &older, 1, &report));
    assert_int_equal(report.fault, GX_VERIFY_FORK);
    make_log(&logs[0], 200); /* shorter than what was signed */
    assert_false(gx_verify_directory(export_log(&logs[0]), &logs[0].key, &older, 1, &report));
    assert_int_equal(report.fault, GX_VERIFY_FORK);
}

static void test_verify_erased_records_leave_the_tree_sound(void **state)
{
    (void)state;
    make_log(&logs[0], 30);
    logs[0].entries[3].erased = true;
    logs[0].entries[29].erased = true;
    struct gx_verify_report report = verify(export_log(&logs[0]), &logs[0].key);
    assert_int_equal(report.fault, GX_VERIFY_SOUND);
    assert_int_equal(report.erased, 2);
}

static int setup(void **state)
{
    (void)state;
    if (sodium_init() < 0 || mkdtemp(folder) == NULL) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        char secret[GX_NOTE_SECRET_SIZE];
        char vkey[GX_NOTE_VKEY_SIZE];
        if (gx_note_key_make("genxi.local/xishan", secret, vkey) != 0 ||
            gx_note_signer_parse(secret, &logs[i].signer) != 0 ||
            gx_note_verifier_parse(vkey, &logs[i].key) != 0) {
            return -1;
        }
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_sound_logs_of_all_kinds_of_sizes),
        cmocka_unit_test(test_verify_any_flipped_byte_is_found),
        cmocka_unit_test(test_verify_flipped_bytes_of_a_large_log_are_found),
        cmocka_unit_test(test_verify_names_the_changed_record),
        cmocka_unit_test(test_verify_record_and_leaf_changed_together_is_found_in_the_tile),
        cmocka_unit_test(test_verify_swapped_leaves_are_found),
        cmocka_unit_test(test_verify_dropped_leaf_is_named),
        cmocka_unit_test(test_verify_dropped_everywhere_is_another_root),
        cmocka_unit_test(test_verify_truncated_or_missing_files_are_named),
        cmocka_unit_test(test_verify_longer_tile_is_found),
        cmocka_unit_test(test_verify_wrong_key_is_found),
        cmocka_unit_test(test_verify_fork_and_cut_are_found_by_an_older_checkpoint),
        cmocka_unit_test(test_verify_erased_records_leave_the_tree_sound),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
