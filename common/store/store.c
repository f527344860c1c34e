/* SPDX-License-Identifier: Apache-2.0 */
/* The statements that each service has on its own schema. The schema's name comes from the service's table, never from outside. */
#include "store/tx_internal.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct template
{
    const char *name;
    const char *sql; /* "@" stands for the schema */
    int params;
    enum gx_pg_shape shape;
    bool writes;
};

static const struct template TEMPLATES[GX_SQL_COUNT] = {
    [GX_SQL_KEY_FIND] = {"gx_key_find",
                         "SELECT digest, reply FROM @.idempotency WHERE subject = $1 AND key = $2",
                         2, GX_PG_MAYBE_ROW, false},
    [GX_SQL_KEY_PUT] = {"gx_key_put",
                        "INSERT INTO @.idempotency (subject, key, digest, reply, at)"
                        " VALUES ($1, $2, $3, $4, genxi.now_ms())",
                        4, GX_PG_NONE, true},
    [GX_SQL_KEY_PURGE] =
        {"gx_key_purge",
         "DELETE FROM @.idempotency WHERE ctid = ANY (ARRAY(SELECT ctid FROM @.idempotency"
         " WHERE at < genxi.now_ms() - $1::bigint LIMIT 5000))",
         1, GX_PG_NONE, true},
    [GX_SQL_TIMER_SET] =
        {"gx_timer_set",
         "INSERT INTO @.timer AS t (kind, subject, n, area, data, due_at, try_at)"
         " VALUES ($1, $2, $3, $4, $5, genxi.now_ms() + $6::bigint, genxi.now_ms() + $6::bigint)"
         " ON CONFLICT (kind, subject, n) DO UPDATE SET area = excluded.area, data = excluded.data,"
         " due_at = excluded.due_at, try_at = excluded.try_at, tries = 0",
         6, GX_PG_NONE, true},
    [GX_SQL_TIMER_CANCEL] =
        {"gx_timer_cancel",
         "DELETE FROM @.timer WHERE subject = $1 AND ($2::text IS NULL OR kind = $2)", 2,
         GX_PG_NONE, true},
    [GX_SQL_TIMER_TAKE] =
        {"gx_timer_take",
         "WITH due AS MATERIALIZED (SELECT kind, subject, n FROM @.timer"
         " WHERE try_at <= genxi.now_ms() ORDER BY try_at FOR UPDATE SKIP LOCKED LIMIT 1)"
         " DELETE FROM @.timer AS t USING due WHERE t.kind = due.kind AND t.subject = due.subject"
         " AND t.n = due.n RETURNING t.kind, t.subject, t.n, t.area, t.data, t.due_at, t.tries",
         0, GX_PG_MAYBE_ROW, true},
    [GX_SQL_TIMER_NEXT] =
        {"gx_timer_next",
         /* No timer at all is the longest wait: greatest(NULL, 0) would be 0, and the thread would spin. */
         "SELECT least(greatest(coalesce((SELECT min(try_at) FROM @.timer) - "
         "genxi.now_ms(), $1::bigint), 0), $1::bigint)",
         1, GX_PG_ONE_ROW, false},
    [GX_SQL_TIMER_POSTPONE] =
        {"gx_timer_postpone",
         "UPDATE @.timer SET tries = tries + 1, try_at = genxi.now_ms() + $4::bigint"
         " WHERE kind = $1 AND subject = $2 AND n = $3 AND due_at = $5",
         5, GX_PG_NONE, true},
    [GX_SQL_TIMER_BURY] =
        {"gx_timer_bury",
         "WITH dead AS (DELETE FROM @.timer WHERE kind = $1 AND subject = $2 AND n = $3"
         " AND due_at = $4 RETURNING *)"
         " INSERT INTO @.timer_dead (kind, subject, n, area, data, due_at, tries, reason, dead_at)"
         " SELECT kind, subject, n, area, data, due_at, tries + 1, $5, genxi.now_ms() FROM dead",
         5, GX_PG_NONE, true},
    [GX_SQL_TIMER_OVERDUE] =
        {"gx_timer_overdue",
         "SELECT count(*) FROM @.timer WHERE kind = $1 AND due_at < genxi.now_ms() - $2::bigint", 2,
         GX_PG_ONE_ROW, false},
};

static bool is_schema_name(const char *schema)
{
    return schema[0] != '\0' && strspn(schema, "abcdefghijklmnopqrstuvwxyz_") == strlen(schema);
}

static char *fill_in(const char *sql, const char *schema)
{
    size_t places = 0;
    for (const char *at = sql; *at != '\0'; at++) {
        places += *at == '@' ? 1 : 0;
    }
    char *text = malloc(strlen(sql) + places * strlen(schema) + 1);
    if (text == NULL) {
        abort();
    }
    char *out = text;
    for (; *sql != '\0'; sql++) {
        if (*sql == '@') {
            out = stpcpy(out, schema);
        } else {
            *out++ = *sql;
        }
    }
    *out = '\0';
    return text;
}

struct gx_store *gx_store_new(const char *service, const char *schema)
{
    struct gx_store *store = calloc(1, sizeof *store);
    if (store == NULL || !is_schema_name(schema)) {
        abort();
    }
    store->service = service;
    store->schema = schema;
    for (size_t i = 0; i < GX_SQL_COUNT; i++) {
        const struct template *row = &TEMPLATES[i];
        store->texts[i] = fill_in(row->sql, schema);
        store->stmts[i] =
            (struct gx_pg_stmt){row->name, store->texts[i], row->params, row->shape, row->writes};
    }
    return store;
}

void gx_store_free(struct gx_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < GX_SQL_COUNT; i++) {
        free(store->texts[i]);
    }
    free(store);
}

enum gx_rc gx_store_alive(struct gx_pg *pg, struct gx_ctx *ctx)
{
    static const struct gx_pg_stmt ALIVE = {
        .name = "gx_store_alive", .sql = "SELECT genxi.now_ms()", .shape = GX_PG_ONE_ROW};
    return gx_pg_run(pg, ctx, &ALIVE, NULL, NULL);
}

void gx_command_digest(uint32_t number, struct gx_view body, uint8_t digest[GX_DIGEST_SIZE])
{
    const uint8_t head[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                             (uint8_t)(number >> 8), (uint8_t)number};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(md, head, sizeof head) != 1 ||
        (body.size > 0 && EVP_DigestUpdate(md, body.data, body.size) != 1) ||
        EVP_DigestFinal_ex(md, digest, NULL) != 1) {
        abort();
    }
    EVP_MD_CTX_free(md);
}
