/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/store.h"

#include "settings.h"

#include "base/text.h"
#include "store/tx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Short words for the rows of a statement. */
#define TEXT(column) gx_rows_text(rows, row, column)
#define INT(column) gx_rows_int(rows, row, column)
#define REAL(column) gx_rows_real(rows, row, column)
#define BOOL(column) gx_rows_bool(rows, row, column)

/* ---- organisations and sites ---- */

static const struct gx_pg_stmt ORGS = {
    .name = "matcher_memory_orgs",
    .sql = "SELECT id, state = 1, exercise, has_agreement, off_site, signed_at, ends_at, "
           "contract_areas, changed_at FROM matcher.partner",
    .params = 0,
    .shape = GX_PG_ROWS,
    .writes = false,
};
static const struct gx_pg_stmt SITES = {
    .name = "matcher_memory_sites",
    .sql = "SELECT id, lon, lat, radius_m, changed_at FROM matcher.site",
    .params = 0,
    .shape = GX_PG_ROWS,
    .writes = false,
};

static enum gx_rc put_org(struct gx_ctx *ctx, struct live *live, const struct gx_rows *rows,
                          size_t row)
{
    size_t count = 0;
    char **texts = gx_rows_texts(ctx, rows, row, 7, &count);
    int32_t *areas = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *areas);
    if (areas == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        areas[i] = (int32_t)strtol(texts[i], NULL, 10);
    }
    const struct live_org org = {
        .id = TEXT(0),
        .active = BOOL(1),
        .exercise = BOOL(2),
        .agreement = {.exists = BOOL(3),
                      .off_site = BOOL(4),
                      .signed_at = INT(5),
                      .ends_at = INT(6),
                      .contract_areas = areas,
                      .contract_area_count = count},
        .changed_at = INT(8),
    };
    live_put_org(live, &org);
    return GX_OK;
}

enum gx_rc memory_load_places(struct gx_ctx *ctx, struct live *live)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &ORGS, NULL, &rows);
    for (size_t row = 0; rc == GX_OK && row < gx_rows_count(rows); row++) {
        rc = put_org(ctx, live, rows, row);
    }
    rc = rc == GX_OK ? gx_sql(ctx, &SITES, NULL, &rows) : rc;
    for (size_t row = 0; rc == GX_OK && row < gx_rows_count(rows); row++) {
        const struct live_site site = {TEXT(0), {REAL(1), REAL(2)}, REAL(3), INT(4)};
        live_put_site(live, &site);
    }
    return rc;
}

/* ---- responders ---- */

/* Shifts as "id from until state changed": those that are or will be, and what was changed lately. */
#define PEOPLE(alert_window)                                                                       \
    "SELECT r.id, r.org_id, r.call_sign, r.area, r.force, r.guard_kind, r.crew, r.active, "        \
    "r.off_site_consent, r.insured_until_at, r.skills, r.site_id, r.changed_at, "                  \
    "(SELECT array_agg(s.id || ' ' || s.from_at || ' ' || s.until_at || ' ' || s.state || ' ' || " \
    "s.changed_at) FROM matcher.shift s WHERE s.responder_id = r.id AND (s.state = 2 OR "          \
    "s.until_at > now.ms OR s.changed_at > now.ms - 43200000)), "                                  \
    "h.kind, h.ref, rest.until_at, "                                                               \
    "(SELECT array_agg(a.accepted_at) FROM matcher.assignment a WHERE a.responder_id = r.id AND "  \
    "a.accepted_at > now.ms - 43200000), p.lon, p.lat, p.at, now.ms, "                             \
    "(SELECT array_agg(o.made_at) FROM (SELECT made_at FROM matcher.offer WHERE responder_id = "   \
    "r.id AND made_at > now.ms - " alert_window " ORDER BY made_at DESC LIMIT 64) o), "            \
    "t.grade, t.lon, t.lat, t.state IN (1, 2) "                                                    \
    "FROM matcher.responder r CROSS JOIN (SELECT genxi.now_ms() AS ms) now "                       \
    "LEFT JOIN matcher.hold h ON h.responder_id = r.id "                                           \
    "LEFT JOIN matcher.assignment t ON t.id = h.ref AND h.kind = 2 "                               \
    "LEFT JOIN matcher.rest rest ON rest.responder_id = r.id "                                     \
    "LEFT JOIN matcher.position p ON p.responder_id = r.id "

static const struct gx_pg_stmt PAGE = {
    .name = "matcher_memory_page",
    .sql = PEOPLE("$3::bigint") "WHERE $1::uuid IS NULL OR r.id > $1::uuid ORDER BY r.id "
                                "LIMIT $2::int",
    .params = 3,
    .shape = GX_PG_ROWS,
    .writes = false,
};
static const struct gx_pg_stmt SOME = {
    .name = "matcher_memory_some",
    .sql = PEOPLE("$2::bigint") "WHERE r.id = ANY ($1::uuid[])",
    .params = 2,
    .shape = GX_PG_ROWS,
    .writes = false,
};

/* As PEOPLE wrote it: the id and four numbers, a space between. */
static bool read_shift(const char *text, char id[KEY_TEXT_SIZE], struct live_shift *shift)
{
    int64_t numbers[4] = {0};
    const char *at = strchr(text, ' ');
    if (at == NULL || at - text != KEY_TEXT_SIZE - 1) {
        return false;
    }
    memcpy(id, text, KEY_TEXT_SIZE - 1);
    id[KEY_TEXT_SIZE - 1] = '\0';
    for (size_t i = 0; i < GX_COUNT_OF(numbers); i++) {
        char *end = NULL;
        numbers[i] = strtoll(at, &end, 10);
        if (end == at) {
            return false;
        }
        at = end;
    }
    shift->from_at = numbers[0];
    shift->until_at = numbers[1];
    shift->state = (int)numbers[2];
    shift->changed_at = numbers[3];
    return true;
}

static void put_shifts(struct gx_ctx *ctx, struct live *live, const struct gx_rows *rows,
                       size_t row)
{
    size_t count = 0;
    char **texts = gx_rows_texts(ctx, rows, row, 13, &count);
    for (size_t i = 0; i < count && texts != NULL; i++) {
        char id[KEY_TEXT_SIZE];
        struct live_shift shift = {.id = id, .responder_id = TEXT(0)};
        if (read_shift(texts[i], id, &shift)) {
            live_put_shift(live, &shift);
        }
    }
}

static void put_holds(struct gx_ctx *ctx, struct live *live, const struct gx_rows *rows, size_t row)
{
    size_t count = 0;
    int64_t as_of = INT(21);
    char **times = gx_rows_texts(ctx, rows, row, 17, &count);
    const struct live_hold hold = {(enum person_hold)INT(14), TEXT(15), as_of - 1};
    live_set_hold(live, TEXT(0), &hold, as_of);
    if (hold.kind == HOLD_ASSIGNMENT) {
        const struct live_task task = {TEXT(15), (uint32_t)INT(23), {REAL(24), REAL(25)}, BOOL(26)};
        live_task(live, TEXT(0), &task);
    }
    live_rest(live, TEXT(0), INT(16));
    for (size_t i = 0; i < count && times != NULL; i++) {
        live_worked(live, TEXT(0), strtoll(times[i], NULL, 10));
    }
    times = gx_rows_texts(ctx, rows, row, 22, &count);
    for (size_t i = 0; i < count && times != NULL; i++) {
        live_alerted(live, TEXT(0), strtoll(times[i], NULL, 10));
    }
}

enum gx_rc memory_skills(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                         const struct person_skill **ret_skills, size_t *ret_count)
{
    size_t count = 0;
    char **texts = gx_rows_texts(ctx, rows, row, SKILLS_COLUMN, &count);
    struct person_skill *skills = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *skills);
    if (skills == NULL || (texts == NULL && count > 0)) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        char *equals = strrchr(texts[i], '=');
        skills[i].code = texts[i];
        if (equals != NULL) {
            *equals = '\0';
            skills[i].until_at = strtoll(equals + 1, NULL, 10);
        }
    }
    *ret_skills = skills;
    *ret_count = count;
    return GX_OK;
}

static enum gx_rc put_person(struct gx_ctx *ctx, struct live *live, const struct gx_rows *rows,
                             size_t row)
{
    const struct person_skill *skills = NULL;
    size_t count = 0;
    enum gx_rc rc = memory_skills(ctx, rows, row, &skills, &count);
    if (rc != GX_OK) {
        return rc;
    }
    const struct live_responder responder = {
        .id = TEXT(0),
        .org_id = TEXT(1),
        .call_sign = TEXT(2),
        .site_id = TEXT(11),
        .area = (int32_t)INT(3),
        .force = (Genxi__Force)INT(4),
        .guard_kind = (int)INT(5),
        .crew = (uint32_t)INT(6),
        .active = BOOL(7),
        .off_site_consent = BOOL(8),
        .insured_until_at = INT(9),
        .skills = skills,
        .skill_count = count,
        .changed_at = INT(12),
    };
    live_put_responder(live, &responder);
    put_shifts(ctx, live, rows, row);
    put_holds(ctx, live, rows, row);
    if (!gx_rows_null(rows, row, 20)) {
        const struct live_place place = {TEXT(0), {REAL(18), REAL(19)}, INT(20)};
        live_learn(live, &place, 1);
    }
    return ctx->arena.spent ? GX_LIMIT : GX_OK;
}

static enum gx_rc put_people(struct gx_ctx *ctx, struct live *live, const struct gx_rows *rows)
{
    enum gx_rc rc = GX_OK;
    for (size_t row = 0; row < gx_rows_count(rows) && rc == GX_OK; row++) {
        rc = put_person(ctx, live, rows, row);
    }
    return rc;
}

enum gx_rc memory_load_page(struct gx_ctx *ctx, struct live *live, size_t most,
                            char after[KEY_TEXT_SIZE], size_t *ret_count)
{
    const struct gx_param params[] = {gx_text_or_null(after), gx_int(ctx, (int64_t)most),
                                      gx_int(ctx, matcher_alert_window_ms())};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &PAGE, params, &rows);
    rc = rc == GX_OK ? put_people(ctx, live, rows) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    *ret_count = gx_rows_count(rows);
    if (*ret_count > 0) {
        size_t row = *ret_count - 1;
        (void)snprintf(after, KEY_TEXT_SIZE, "%s", TEXT(0));
    }
    return GX_OK;
}

enum gx_rc memory_load_some(struct gx_ctx *ctx, struct live *live, const char *const *ids,
                            size_t count)
{
    const struct gx_param params[] = {gx_text_array(ctx, ids, count),
                                      gx_int(ctx, matcher_alert_window_ms())};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &SOME, params, &rows);
    return rc == GX_OK ? put_people(ctx, live, rows) : rc;
}

/* ---- whom an incident has asked ---- */

static const struct gx_pg_stmt ASKED = {
    .name = "matcher_memory_asked",
    .sql = "SELECT o.responder_id FROM matcher.offer o WHERE o.incident_id = $1::uuid "
           "AND ((o.state IN (3, 4) AND o.phase >= $2::int) OR (o.state = 3 AND o.ended_at > "
           "genxi.now_ms() - $3::bigint)) "
           "UNION SELECT a.responder_id FROM matcher.assignment a WHERE a.incident_id = $1::uuid",
    .params = 3,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc memory_asked(struct gx_ctx *ctx, const char *incident_id, int32_t phase,
                        int64_t reask_ms, struct key **ret_ids, size_t *ret_count)
{
    const struct gx_param params[] = {gx_text(incident_id), gx_int(ctx, phase),
                                      gx_int(ctx, reask_ms)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &ASKED, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct key *ids = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *ids);
    if (ids == NULL) {
        return GX_LIMIT;
    }
    for (size_t row = 0; row < count; row++) {
        (void)key_parse(TEXT(0), &ids[row]);
    }
    *ret_ids = ids;
    *ret_count = count;
    return GX_OK;
}
