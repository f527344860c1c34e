/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate.h"

#include "base/log.h"
#include "base/text.h"

#include <dirent.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    FILE_MOST_BYTES = 4 * 1024 * 1024,
    LOCK_KEY = 0x67656e78 /* "genx" */,
    HEX_SIZE = 2 * SHA256_DIGEST_LENGTH + 1
};

static const struct gx_pg_stmt LOCK = {"gx_migrate_lock", "SELECT pg_advisory_lock($1)", 1,
                                       GX_PG_ONE_ROW, false};
static const struct gx_pg_stmt UNLOCK = {"gx_migrate_unlock", "SELECT pg_advisory_unlock($1)", 1,
                                         GX_PG_ONE_ROW, false};
static const struct gx_pg_stmt FIND = {
    "gx_migrate_find", "SELECT sha256 FROM genxi.migration WHERE component = $1 AND number = $2", 2,
    GX_PG_MAYBE_ROW, false};
static const struct gx_pg_stmt RECORD = {
    "gx_migrate_record",
    "INSERT INTO genxi.migration (component, number, name, sha256) VALUES ($1, $2, $3, $4)", 4,
    GX_PG_NONE, true};
static const struct gx_pg_stmt BEGIN = {"gx_migrate_begin", "BEGIN", 0, GX_PG_NONE, false};
static const struct gx_pg_stmt COMMIT = {"gx_migrate_commit", "COMMIT", 0, GX_PG_NONE, true};
static const struct gx_pg_stmt ROLLBACK = {"gx_migrate_rollback", "ROLLBACK", 0, GX_PG_NONE, false};
/* Services' tables belong to genxi_owner, so that row-level security binds the services' own roles. */
static const struct gx_pg_stmt AS_OWNER = {"gx_migrate_as_owner", "SET LOCAL ROLE genxi_owner", 0,
                                           GX_PG_NONE, false};
static const struct gx_pg_stmt AS_SELF = {"gx_migrate_as_self", "RESET ROLE", 0, GX_PG_NONE, false};

static const char TABLE[] =
    "CREATE SCHEMA IF NOT EXISTS genxi;"
    "CREATE TABLE IF NOT EXISTS genxi.migration (component text, number int, name text NOT NULL, "
    "sha256 text NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (component, number))";

struct migration {
    const char *component;
    const char *name; /* NNNN_what.sql */
    int64_t number;
    char *sql;
    char sha256[HEX_SIZE];
};

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* "NNNN_what.sql", or -1. */
static int64_t number_of(const char *name)
{
    char digits[5];
    int64_t number = -1;
    size_t length = strlen(name);
    if (length < 10 || name[4] != '_' || strcmp(name + length - 4, ".sql") != 0) {
        return -1;
    }
    memcpy(digits, name, 4);
    digits[4] = '\0';
    return gx_parse_int(digits, 1, 9999, &number) == 0 ? number : -1;
}

static enum gx_rc read_file(struct gx_ctx *ctx, const char *path, struct migration *migration)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        gx_log(ctx, GX_ERROR, "migration-file", "%s cannot be read", path);
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", path);
    }
    struct stat info;
    size_t size = fstat(fileno(file), &info) == 0 ? (size_t)info.st_size : 0;
    char *text = size < FILE_MOST_BYTES ? malloc(size + 1) : NULL;
    size_t got = text == NULL ? 0 : fread(text, 1, size, file);
    (void)fclose(file);
    if (text == NULL || got != size || memchr(text, '\0', size) != NULL) {
        free(text);
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", path);
    }
    text[size] = '\0';
    uint8_t digest[SHA256_DIGEST_LENGTH];
    (void)SHA256((const uint8_t *)text, size, digest);
    gx_hex_encode(digest, sizeof digest, migration->sha256);
    migration->sql = text;
    return GX_OK;
}

static enum gx_rc apply_in_transaction(struct gx_pg *pg, struct gx_ctx *ctx,
                                       const struct migration *migration)
{
    const struct gx_param params[] = {gx_text(migration->component), gx_int(ctx, migration->number),
                                      gx_text(migration->name), gx_text(migration->sha256)};
    bool own = strcmp(migration->component, "store") != 0;
    enum gx_rc rc = own ? gx_pg_run(pg, ctx, &AS_OWNER, NULL, NULL) : GX_OK;
    if (rc == GX_OK) {
        rc = gx_pg_script(pg, ctx, migration->sql);
    }
    if (rc == GX_OK) {
        rc = gx_pg_run(pg, ctx, &AS_SELF, NULL, NULL);
    }
    if (rc == GX_OK) {
        rc = gx_pg_run(pg, ctx, &RECORD, params, NULL);
    }
    return rc;
}

static enum gx_rc apply(struct gx_pg *pg, struct gx_ctx *ctx, const struct migration *migration)
{
    enum gx_rc rc = gx_pg_run(pg, ctx, &BEGIN, NULL, NULL);
    if (rc != GX_OK) {
        return rc;
    }
    rc = apply_in_transaction(pg, ctx, migration);
    if (rc == GX_OK) {
        return gx_pg_run(pg, ctx, &COMMIT, NULL, NULL);
    }
    gx_log(ctx, GX_ERROR, "migration-failed", "%s/%s: %s", migration->component, migration->name,
           gx_rc_name(rc));
    enum gx_rc undone = gx_pg_run(pg, ctx, &ROLLBACK, NULL, NULL);
    return undone == GX_OK ? rc : undone;
}

/* 1 applied now, 0 was applied before. */
static enum gx_rc apply_once(struct gx_pg *pg, struct gx_ctx *ctx,
                             const struct migration *migration, int *ret_applied)
{
    const struct gx_param params[] = {gx_text(migration->component),
                                      gx_int(ctx, migration->number)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &FIND, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    if (gx_rows_count(rows) == 1) {
        if (strcmp(gx_rows_text(rows, 0, 0), migration->sha256) != 0) {
            gx_log(ctx, GX_ERROR, "migration-changed", "%s/%s was changed after it was applied",
                   migration->component, migration->name);
            return gx_fail(ctx, GX_P_STATE, "", "%s/%s", migration->component, migration->name);
        }
        *ret_applied = 0;
        return GX_OK;
    }
    rc = apply(pg, ctx, migration);
    if (rc == GX_OK) {
        gx_log(ctx, GX_INFO, "migration-applied", "%s/%s", migration->component, migration->name);
        *ret_applied = 1;
    }
    return rc;
}

static enum gx_rc migrate_file(struct gx_pg *pg, struct gx_ctx *ctx, const char *folder,
                               struct migration *migration, int *ret_applied)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, migration->name);
    migration->number = number_of(migration->name);
    if (migration->number < 0) {
        gx_log(ctx, GX_ERROR, "migration-name", "%s is not named NNNN_what.sql", path);
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", path);
    }
    enum gx_rc rc = read_file(ctx, path, migration);
    if (rc == GX_OK) {
        rc = apply_once(pg, ctx, migration, ret_applied);
    }
    free(migration->sql);
    return rc;
}

static void free_list(struct dirent **list, int count)
{
    for (int i = 0; i < count; i++) {
        free(list[i]);
    }
    free(list);
}

static enum gx_rc migrate_component(struct gx_pg *pg, struct gx_ctx *ctx, const char *root,
                                    const char *component, int *ret_applied)
{
    char folder[2048];
    (void)snprintf(folder, sizeof folder, "%s/%s", root, component);
    struct dirent **files = NULL;
    int count = scandir(folder, &files, is_visible, alphasort);
    if (count < 0) {
        gx_log(ctx, GX_ERROR, "migration-folder", "%s cannot be read", folder);
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", folder);
    }
    enum gx_rc rc = GX_OK;
    for (int i = 0; i < count && rc == GX_OK; i++) {
        struct migration migration = {.component = component, .name = files[i]->d_name};
        int applied = 0;
        rc = migrate_file(pg, ctx, folder, &migration, &applied);
        *ret_applied += applied;
    }
    free_list(files, count);
    return rc;
}

/* "store" first: the others build on it. */
static enum gx_rc migrate_all(struct gx_pg *pg, struct gx_ctx *ctx, const char *root,
                              int *ret_applied)
{
    enum gx_rc rc = gx_pg_script(pg, ctx, TABLE);
    if (rc == GX_OK) {
        rc = migrate_component(pg, ctx, root, "store", ret_applied);
    }
    if (rc != GX_OK) {
        return rc;
    }
    struct dirent **components = NULL;
    int count = scandir(root, &components, is_visible, alphasort);
    for (int i = 0; i < count && rc == GX_OK; i++) {
        if (strcmp(components[i]->d_name, "store") != 0) {
            rc = migrate_component(pg, ctx, root, components[i]->d_name, ret_applied);
        }
    }
    free_list(components, count);
    return rc;
}

enum gx_rc gx_migrate(struct gx_pg *pg, struct gx_ctx *ctx, const char *root, int *ret_applied)
{
    const struct gx_param key[] = {gx_int(ctx, LOCK_KEY)};
    *ret_applied = 0;
    enum gx_rc rc = gx_pg_run(pg, ctx, &LOCK, key, NULL);
    if (rc != GX_OK) {
        return rc;
    }
    rc = migrate_all(pg, ctx, root, ret_applied);
    enum gx_rc unlocked = gx_pg_run(pg, ctx, &UNLOCK, key, NULL);
    return rc != GX_OK ? rc : unlocked;
}
