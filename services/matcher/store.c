/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "memory/store.h"

#include "base/text.h"
#include "store/tx.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Short words for the rows of a statement. Texts are borrowed: rows live as long as the transaction. */
#define TEXT(column) gx_rows_text(rows, row, column)
#define INT(column) gx_rows_int(rows, row, column)
#define REAL(column) gx_rows_real(rows, row, column)
#define BOOL(column) gx_rows_bool(rows, row, column)

static void *room(struct gx_ctx *ctx, size_t count, size_t size)
{
    return gx_arena_alloc(&ctx->arena, (count + 1) * size);
}

static const struct gx_pg_stmt AS_SYSTEM = {
    .name = "matcher_as_system",
    .sql = "SELECT set_config('genxi.roles', '1', true)",
    .params = 0,
    .shape = GX_PG_ONE_ROW,
    .writes = false,
};

enum gx_rc store_as_system(struct gx_ctx *ctx)
{
    return gx_sql_later(ctx, &AS_SYSTEM, NULL);
}

/* ---- incidents ---- */

static const struct gx_pg_stmt INCIDENT_ADD = {
    .name = "matcher_incident_add",
    .sql =
        "INSERT INTO matcher.incident (id, number, area, state, type, grade, lon, lat, address, "
        "site_id, "
        "reporter_org_id, exercise, playbook, version, reported_at) "
        "VALUES ($1::uuid, $2, $3::int, $4::int, $5, $6::int, $7::float8, $8::float8, $9, "
        "$10::uuid, "
        "$11::uuid, $12::boolean, $13::bytea, $14::int, $15::bigint) ON CONFLICT (id) DO NOTHING",
    .params = 15,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_incident_add(struct gx_ctx *ctx, const struct incident *incident,
                              const struct slot *slots, size_t slot_count)
{
    const struct gx_param params[] = {
        gx_text(incident->id),
        gx_text(incident->number),
        gx_int(ctx, incident->area),
        gx_int(ctx, incident->state),
        gx_text(incident->type),
        gx_int(ctx, incident->grade),
        gx_real(ctx, incident->place.lon),
        gx_real(ctx, incident->place.lat),
        gx_text(incident->address),
        gx_text_or_null(incident->site_id),
        gx_text_or_null(incident->reporter_org_id),
        gx_bool(incident->exercise),
        gx_bytes(incident->playbook_bytes),
        gx_int(ctx, incident->version),
        gx_int(ctx, incident->reported_at),
    };
    enum gx_rc rc = gx_sql_later(ctx, &INCIDENT_ADD, params);
    for (size_t i = 0; i < slot_count && rc == GX_OK; i++) {
        rc = store_slot_put(ctx, incident->id, &slots[i], (int)i);
    }
    return rc;
}

#define INCIDENT_COLUMNS                                                                           \
    "id, number, area, state, type, grade, lon, lat, address, site_id, reporter_org_id, "          \
    "exercise, "                                                                                   \
    "playbook, version, reported_at, stage, merged_into, dispatched_at, filled_at, "               \
    "first_on_scene_at, first_police_at, phase, spare_more, round"

static const struct gx_pg_stmt INCIDENT_LOCK = {
    .name = "matcher_incident_lock",
    .sql = "SELECT " INCIDENT_COLUMNS " FROM matcher.incident WHERE id = $1::uuid FOR UPDATE",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};
static const struct gx_pg_stmt INCIDENT_TRY = {
    .name = "matcher_incident_try",
    .sql = "SELECT " INCIDENT_COLUMNS
           " FROM matcher.incident WHERE id = $1::uuid FOR UPDATE SKIP LOCKED",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};
static const struct gx_pg_stmt INCIDENT_FIND = {
    .name = "matcher_incident_find",
    .sql = "SELECT " INCIDENT_COLUMNS " FROM matcher.incident WHERE id = $1::uuid",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = false,
};

static enum gx_rc read_playbook(struct gx_ctx *ctx, struct incident *incident)
{
    ProtobufCMessage *playbook = NULL;
    enum gx_rc rc =
        gx_pb_unpack(ctx, &genxi__playbook__descriptor, incident->playbook_bytes, &playbook);
    incident->playbook = (const Genxi__Playbook *)(const void *)playbook;
    return rc;
}

static enum gx_rc read_incident(struct gx_ctx *ctx, const struct gx_rows *rows,
                                struct incident **ret_incident)
{
    const size_t row = 0;
    struct incident *incident = room(ctx, 1, sizeof *incident);
    if (incident == NULL) {
        return GX_LIMIT;
    }
    *incident = (struct incident){
        .id = TEXT(0),
        .number = TEXT(1),
        .area = (int32_t)INT(2),
        .state = (int)INT(3),
        .type = TEXT(4),
        .grade = (uint32_t)INT(5),
        .place = {REAL(6), REAL(7)},
        .address = TEXT(8),
        .site_id = TEXT(9),
        .reporter_org_id = TEXT(10),
        .exercise = BOOL(11),
        .playbook_bytes = gx_rows_bytes(ctx, rows, row, 12),
        .version = (uint32_t)INT(13),
        .reported_at = INT(14),
        .stage = (enum stage)INT(15),
        .merged_into = TEXT(16),
        .dispatched_at = INT(17),
        .filled_at = INT(18),
        .first_on_scene_at = INT(19),
        .first_police_at = INT(20),
        .phase = (int32_t)INT(21),
        .spare_more = (uint32_t)INT(22),
        .round = (int32_t)INT(23),
    };
    enum gx_rc rc = read_playbook(ctx, incident);
    *ret_incident = rc == GX_OK ? incident : NULL;
    return rc;
}

static enum gx_rc get_incident(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt, const char *id,
                               struct incident **ret_incident)
{
    const struct gx_param params[] = {gx_text(id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    *ret_incident = NULL;
    if (rc != GX_OK || gx_rows_count(rows) == 0) {
        return rc;
    }
    return read_incident(ctx, rows, ret_incident);
}

enum gx_rc store_incident_lock(struct gx_ctx *ctx, const char *id, struct incident **ret_incident)
{
    return get_incident(ctx, &INCIDENT_LOCK, id, ret_incident);
}

enum gx_rc store_incident_try(struct gx_ctx *ctx, const char *id, struct incident **ret_incident,
                              bool *ret_busy)
{
    struct incident *known = NULL;
    enum gx_rc rc = get_incident(ctx, &INCIDENT_TRY, id, ret_incident);
    if (rc == GX_OK && *ret_incident == NULL) {
        rc = get_incident(ctx, &INCIDENT_FIND, id, &known);
    }
    *ret_busy = known != NULL;
    return rc;
}

enum gx_rc store_incident_find(struct gx_ctx *ctx, const char *id, struct incident **ret_incident)
{
    return get_incident(ctx, &INCIDENT_FIND, id, ret_incident);
}

static const struct gx_pg_stmt INCIDENT_PUT = {
    .name = "matcher_incident_put",
    .sql = "UPDATE matcher.incident SET state = $2::int, type = $3, grade = $4::int, lon = "
           "$5::float8, "
           "lat = $6::float8, address = $7, site_id = $8::uuid, playbook = $9::bytea, version = "
           "$10::int, "
           "stage = $11::int, merged_into = $12::uuid, dispatched_at = $13::bigint, filled_at = "
           "$14::bigint, "
           "first_on_scene_at = $15::bigint, first_police_at = $16::bigint, phase = $17::int, "
           "spare_more = $18::int, round = $19::int WHERE id = $1::uuid",
    .params = 19,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_incident_put(struct gx_ctx *ctx, const struct incident *incident)
{
    const struct gx_param params[] = {
        gx_text(incident->id),
        gx_int(ctx, incident->state),
        gx_text(incident->type),
        gx_int(ctx, incident->grade),
        gx_real(ctx, incident->place.lon),
        gx_real(ctx, incident->place.lat),
        gx_text(incident->address),
        gx_text_or_null(incident->site_id),
        gx_bytes(incident->playbook_bytes),
        gx_int(ctx, incident->version),
        gx_int(ctx, (int64_t)incident->stage),
        gx_text_or_null(incident->merged_into),
        gx_int(ctx, incident->dispatched_at),
        gx_int(ctx, incident->filled_at),
        gx_int(ctx, incident->first_on_scene_at),
        gx_int(ctx, incident->first_police_at),
        gx_int(ctx, incident->phase),
        gx_int(ctx, incident->spare_more),
        gx_int(ctx, incident->round),
    };
    return gx_sql_later(ctx, &INCIDENT_PUT, params);
}

static const struct gx_pg_stmt SLOT_PUT = {
    .name = "matcher_slot_put",
    .sql = "INSERT INTO matcher.slot (incident_id, code, ord, force, count, skills, "
           "within_minutes, crew_min) "
           "VALUES ($1::uuid, $2, $3::int, $4::int, $5::int, $6::text[], $7::int, $8::int) "
           "ON CONFLICT (incident_id, code) DO UPDATE SET count = excluded.count, skills = "
           "excluded.skills, "
           "within_minutes = excluded.within_minutes, crew_min = excluded.crew_min, force = "
           "excluded.force",
    .params = 8,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_slot_put(struct gx_ctx *ctx, const char *incident_id, const struct slot *slot,
                          int ord)
{
    const struct gx_param params[] = {
        gx_text(incident_id),
        gx_text(slot->code),
        gx_int(ctx, ord),
        gx_int(ctx, slot->need.force),
        gx_int(ctx, slot->count),
        gx_text_array(ctx, slot->need.skills, slot->need.skill_count),
        gx_int(ctx, slot->within_minutes),
        gx_int(ctx, slot->need.crew_min),
    };
    return gx_sql_later(ctx, &SLOT_PUT, params);
}

static const struct gx_pg_stmt SLOTS = {
    .name = "matcher_slots",
    .sql =
        "SELECT s.code, s.force, s.count, s.skills, s.within_minutes, s.crew_min, s.missing_told, "
        "s.phase, s.swaps, "
        "(SELECT count(*) FROM matcher.assignment a WHERE a.incident_id = s.incident_id AND a.slot "
        "= s.code "
        "AND a.state IN (1, 2, 3, 4)), "
        "(SELECT count(*) FROM matcher.offer o WHERE o.incident_id = s.incident_id AND o.slot = "
        "s.code "
        "AND o.state = 1) "
        "FROM matcher.slot s WHERE s.incident_id = $1::uuid ORDER BY s.ord, s.code",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc store_slots(struct gx_ctx *ctx, const char *incident_id, struct slot **ret_slots,
                       size_t *ret_count)
{
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &SLOTS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct slot *slots = room(ctx, count, sizeof *slots);
    if (slots == NULL) {
        return GX_LIMIT;
    }
    for (size_t row = 0; row < count; row++) {
        size_t skills = 0;
        slots[row] = (struct slot){
            .code = TEXT(0),
            .need = {.force = (Genxi__Force)INT(1), .crew_min = (uint32_t)INT(5)},
            .count = (uint32_t)INT(2),
            .within_minutes = (uint32_t)INT(4),
            .missing_told = (uint32_t)INT(6),
            .phase = (uint32_t)INT(7),
            .swaps = (uint32_t)INT(8),
            .accepted = (uint32_t)INT(9),
            .offered = (uint32_t)INT(10),
        };
        slots[row].need.skills = (const char *const *)gx_rows_texts(ctx, rows, row, 3, &skills);
        slots[row].need.skill_count = skills;
    }
    *ret_slots = slots;
    *ret_count = count;
    return GX_OK;
}

static const struct gx_pg_stmt SLOT_TOLD = {
    .name = "matcher_slot_told",
    .sql =
        "UPDATE matcher.slot SET missing_told = $3::int WHERE incident_id = $1::uuid AND code = $2",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_slot_told(struct gx_ctx *ctx, const char *incident_id, const char *code,
                           uint32_t missing)
{
    const struct gx_param params[] = {gx_text(incident_id), gx_text(code), gx_int(ctx, missing)};
    return gx_sql_later(ctx, &SLOT_TOLD, params);
}

static const struct gx_pg_stmt SLOT_PHASE = {
    .name = "matcher_slot_phase",
    .sql = "UPDATE matcher.slot SET phase = $3::int WHERE incident_id = $1::uuid AND code = $2",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_slot_phase(struct gx_ctx *ctx, const char *incident_id, const char *code,
                            uint32_t phase)
{
    const struct gx_param params[] = {gx_text(incident_id), gx_text(code), gx_int(ctx, phase)};
    return gx_sql_later(ctx, &SLOT_PHASE, params);
}

static const struct gx_pg_stmt SLOT_SWAPPED = {
    .name = "matcher_slot_swapped",
    .sql = "UPDATE matcher.slot SET swaps = swaps + 1 WHERE incident_id = $1::uuid AND code = $2",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_slot_swapped(struct gx_ctx *ctx, const char *incident_id, const char *code)
{
    const struct gx_param params[] = {gx_text(incident_id), gx_text(code)};
    return gx_sql_later(ctx, &SLOT_SWAPPED, params);
}

/* ---- persons ---- */

/* On duty: a shift that is open, or planned with this moment inside. */
#define ON_DUTY(now)                                                                               \
    "(s.state = 2 OR (s.state = 1 AND s.from_at <= " now " AND " now " < s.until_at))"

static const struct gx_pg_stmt PERSONS = {
    .name = "matcher_persons",
    .sql =
        "SELECT r.id, r.org_id, r.call_sign, r.area, r.force, r.guard_kind, r.crew, r.active, "
        "r.off_site_consent, r.insured_until_at, r.skills, "
        "EXISTS (SELECT FROM matcher.shift s WHERE s.responder_id = r.id AND " ON_DUTY(
            "genxi.now_ms()") "), "
                              "h.kind, h.incident_id, rest.until_at, "
                              "(SELECT count(*) FROM matcher.assignment a WHERE a.responder_id = "
                              "r.id AND a.accepted_at > genxi.now_ms() - $5::bigint), "
                              "site.id, site.lon, site.lat, site.radius_m, "
                              "p.id IS NOT NULL, p.state = 1, p.exercise, p.has_agreement, "
                              "p.off_site, p.signed_at, p.ends_at, "
                              "p.contract_areas, "
                              "EXISTS (SELECT FROM matcher.offer o WHERE o.incident_id = $2::uuid "
                              "AND o.responder_id = r.id "
                              "AND ((o.state IN (3, 4) AND o.phase >= $3::int) OR (o.state = 3 AND "
                              "o.ended_at > genxi.now_ms() - $4::bigint))) "
                              "OR EXISTS (SELECT FROM matcher.assignment a WHERE a.incident_id = "
                              "$2::uuid AND a.responder_id = r.id) "
                              "FROM matcher.responder r "
                              "LEFT JOIN matcher.hold h ON h.responder_id = r.id "
                              "LEFT JOIN matcher.rest rest ON rest.responder_id = r.id "
                              "LEFT JOIN matcher.site site ON site.id = r.site_id "
                              "LEFT JOIN matcher.partner p ON p.id = r.org_id "
                              "WHERE r.id = ANY ($1::uuid[])",
    .params = 5,
    .shape = GX_PG_ROWS,
    .writes = false,
};

static void read_agreement(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                           struct person *person)
{
    size_t count = 0;
    char **texts = gx_rows_texts(ctx, rows, row, 27, &count);
    int32_t *areas = room(ctx, count, sizeof *areas);
    for (size_t i = 0; i < count && areas != NULL; i++) {
        areas[i] = (int32_t)strtol(texts[i], NULL, 10);
    }
    person->org_known = BOOL(20);
    person->org_active = BOOL(21);
    person->org_exercise = BOOL(22);
    person->agreement = (struct person_agreement){
        .exists = BOOL(23),
        .off_site = BOOL(24),
        .signed_at = INT(25),
        .ends_at = INT(26),
        .contract_areas = areas,
        .contract_area_count = areas == NULL ? 0 : count,
    };
}

static void read_person(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                        struct person *person)
{
    *person = (struct person){
        .id = TEXT(0),
        .org_id = TEXT(1),
        .call_sign = TEXT(2),
        .area = (int32_t)INT(3),
        .force = (Genxi__Force)INT(4),
        .guard_kind = (int)INT(5),
        .crew = (uint32_t)INT(6),
        .active = BOOL(7),
        .off_site_consent = BOOL(8),
        .insured_until_at = INT(9),
        .on_shift = BOOL(11),
        .hold = (enum person_hold)INT(12),
        .hold_incident_id = TEXT(13),
        .rest_until_at = INT(14),
        .load = (uint32_t)INT(15),
        .has_site = !gx_rows_null(rows, row, 16),
        .site_id = TEXT(16),
        .site = {REAL(17), REAL(18)},
        .site_radius_m = REAL(19),
        .asked_before = BOOL(28),
    };
    (void)memory_skills(ctx, rows, row, &person->skills, &person->skill_count);
    read_agreement(ctx, rows, row, person);
}

enum gx_rc store_persons(struct gx_ctx *ctx, const struct person_query *query,
                         struct person **ret_persons, size_t *ret_count)
{
    const struct gx_param params[] = {
        gx_text_array(ctx, query->ids, query->count),
        gx_text_or_null(query->incident_id),
        gx_int(ctx, query->phase),
        gx_int(ctx, query->reask_ms),
        gx_int(ctx, query->load_ms),
    };
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &PERSONS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct person *persons = room(ctx, count, sizeof *persons);
    for (size_t i = 0; i < count && persons != NULL; i++) {
        read_person(ctx, rows, i, &persons[i]);
    }
    *ret_persons = persons;
    *ret_count = count;
    return ctx->arena.spent ? GX_LIMIT : GX_OK;
}

/* ---- offers ---- */

/*
 * Rows are taken in the order of ids: two statements of this kind can wait for each other, but never in a circle. They were chosen from memory,
 * so what may have changed since is asked again.
 */
static const struct gx_pg_stmt HOLD_FOR_OFFERS = {
    .name = "matcher_hold_for_offers",
    .sql = "SELECT matcher.hold_for_offers($1::uuid[], $2::uuid[], $3::uuid)",
    .params = 3,
    .shape = GX_PG_ROWS,
    .writes = true,
};
static const struct gx_pg_stmt OFFER_ADD = {
    .name = "matcher_offer_add",
    .sql = "INSERT INTO matcher.offer (id, incident_id, area, home_area, responder_id, org_id, "
           "force, slot, state, "
           "made_at, expires_at, phase, body, travel_seconds, replaces) VALUES ($1::uuid, "
           "$2::uuid, $3::int, "
           "$4::int, $5::uuid, $6::uuid, "
           "$7::int, $8, 1, $9::bigint, $10::bigint, $11::int, $12::bytea, $13::int, $14::uuid)",
    .params = 14,
    .shape = GX_PG_NONE,
    .writes = true,
};

static enum gx_rc add_offer(struct gx_ctx *ctx, const struct offer *offer)
{
    const struct gx_param params[] = {
        gx_text(offer->id),
        gx_text(offer->incident_id),
        gx_int(ctx, offer->area),
        gx_int(ctx, offer->home_area),
        gx_text(offer->responder_id),
        gx_text(offer->org_id),
        gx_int(ctx, offer->force),
        gx_text(offer->slot),
        gx_int(ctx, offer->made_at),
        gx_int(ctx, offer->expires_at),
        gx_int(ctx, offer->phase),
        gx_bytes(offer->body),
        gx_int(ctx, offer->travel_seconds),
        gx_text_or_null(offer->replaces),
    };
    return gx_sql_later(ctx, &OFFER_ADD, params);
}

static bool among(const struct gx_rows *rows, const char *id)
{
    for (size_t row = 0; row < gx_rows_count(rows); row++) {
        if (strcmp(TEXT(0), id) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Made only while he is under way to a less urgent incident. Whoever changes his task now is not waited for: it would end the offer at once. He
 * stays held by the task; the index on open offers keeps two incidents from asking him.
 */
static const struct gx_pg_stmt OFFER_PREEMPT = {
    .name = "matcher_offer_preempt",
    .sql = "INSERT INTO matcher.offer (id, incident_id, area, home_area, responder_id, org_id, "
           "force, slot, state, made_at, expires_at, phase, body, travel_seconds, preempts) "
           "SELECT $1::uuid, $2::uuid, $3::int, $4::int, $5::uuid, $6::uuid, $7::int, $8, 1, "
           "$9::bigint, $10::bigint, $11::int, $12::bytea, $13::int, a.id "
           "FROM matcher.assignment a "
           "JOIN matcher.hold h ON h.responder_id = a.responder_id AND h.ref = a.id "
           "JOIN matcher.incident i ON i.id = a.incident_id "
           "JOIN matcher.incident n ON n.id = $2::uuid AND n.grade < i.grade "
           "WHERE a.id = $14::uuid AND a.responder_id = $5::uuid AND a.state IN (1, 2) "
           "AND a.force <> 4 FOR SHARE OF a SKIP LOCKED "
           "ON CONFLICT DO NOTHING RETURNING id",
    .params = 14,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

static enum gx_rc preempt(struct gx_ctx *ctx, const struct offer *offer, bool *ret_made)
{
    const struct gx_param params[] = {
        gx_text(offer->id),
        gx_text(offer->incident_id),
        gx_int(ctx, offer->area),
        gx_int(ctx, offer->home_area),
        gx_text(offer->responder_id),
        gx_text(offer->org_id),
        gx_int(ctx, offer->force),
        gx_text(offer->slot),
        gx_int(ctx, offer->made_at),
        gx_int(ctx, offer->expires_at),
        gx_int(ctx, offer->phase),
        gx_bytes(offer->body),
        gx_int(ctx, offer->travel_seconds),
        gx_text(offer->preempts),
    };
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &OFFER_PREEMPT, params, &rows);
    *ret_made = rc == GX_OK && gx_rows_count(rows) == 1;
    return rc;
}

/* Those who are free, all at once. */
static enum gx_rc make_free(struct gx_ctx *ctx, const struct offer *offers, size_t count,
                            bool *made)
{
    const char **responders = room(ctx, count, sizeof *responders);
    const char **ids = room(ctx, count, sizeof *ids);
    size_t free_count = 0;
    if (responders == NULL || ids == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        if (offers[i].preempts[0] == '\0') {
            responders[free_count] = offers[i].responder_id;
            ids[free_count++] = offers[i].id;
        }
    }
    if (free_count == 0) {
        return GX_OK;
    }
    const struct gx_param params[] = {gx_text_array(ctx, responders, free_count),
                                      gx_text_array(ctx, ids, free_count),
                                      gx_text(offers[0].incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &HOLD_FOR_OFFERS, params, &rows);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        if (offers[i].preempts[0] == '\0' && among(rows, offers[i].id)) {
            made[i] = true;
            rc = add_offer(ctx, &offers[i]);
        }
    }
    return rc;
}

enum gx_rc store_offers_make(struct gx_ctx *ctx, const struct offer *offers, size_t count,
                             bool *made)
{
    for (size_t i = 0; i < count; i++) {
        made[i] = false;
    }
    enum gx_rc rc = make_free(ctx, offers, count, made);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        rc = offers[i].preempts[0] == '\0' ? GX_OK : preempt(ctx, &offers[i], &made[i]);
    }
    return rc;
}

#define OFFER_COLUMNS                                                                              \
    "o.id, o.incident_id, o.area, o.home_area, o.responder_id, o.org_id, o.force, o.slot, "        \
    "o.state, "                                                                                    \
    "o.made_at, o.expires_at, o.ended_at, o.ended_by, o.phase, o.body, o.travel_seconds, "         \
    "o.preempts, o.replaces"

static void read_offer(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                       struct offer *offer)
{
    *offer = (struct offer){
        .id = TEXT(0),
        .incident_id = TEXT(1),
        .area = (int32_t)INT(2),
        .home_area = (int32_t)INT(3),
        .responder_id = TEXT(4),
        .org_id = TEXT(5),
        .force = (Genxi__Force)INT(6),
        .slot = TEXT(7),
        .state = (int)INT(8),
        .made_at = INT(9),
        .expires_at = INT(10),
        .ended_at = INT(11),
        .ended_by = TEXT(12),
        .phase = (int32_t)INT(13),
        .body = gx_rows_bytes(ctx, rows, row, 14),
        .travel_seconds = (int32_t)INT(15),
        .preempts = TEXT(16),
        .replaces = TEXT(17),
    };
}

static enum gx_rc get_offers(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                             const struct gx_param *params, struct offer **ret_offers,
                             size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct offer *offers = room(ctx, count, sizeof *offers);
    for (size_t i = 0; i < count && offers != NULL; i++) {
        read_offer(ctx, rows, i, &offers[i]);
    }
    *ret_offers = offers;
    *ret_count = count;
    return ctx->arena.spent ? GX_LIMIT : GX_OK;
}

static const struct gx_pg_stmt OFFER_FIND = {
    .name = "matcher_offer_find",
    .sql = "SELECT " OFFER_COLUMNS " FROM matcher.offer o WHERE o.id = $1::uuid",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = false,
};

static enum gx_rc get_offer(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt, const char *id,
                            struct offer **ret_offer)
{
    const struct gx_param params[] = {gx_text(id)};
    struct offer *offers = NULL;
    size_t count = 0;
    enum gx_rc rc = get_offers(ctx, stmt, params, &offers, &count);
    *ret_offer = rc == GX_OK && count > 0 ? offers : NULL;
    return rc;
}

enum gx_rc store_offer_find(struct gx_ctx *ctx, const char *id, struct offer **ret_offer)
{
    return get_offer(ctx, &OFFER_FIND, id, ret_offer);
}

static const struct gx_pg_stmt OFFER_OF = {
    .name = "matcher_offer_of",
    .sql = "SELECT " OFFER_COLUMNS
           " FROM matcher.offer o WHERE o.responder_id = $1::uuid AND o.state = 1",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = false,
};

enum gx_rc store_offer_of(struct gx_ctx *ctx, const char *responder_id, struct offer **ret_offer)
{
    return get_offer(ctx, &OFFER_OF, responder_id, ret_offer);
}

static const struct gx_pg_stmt OFFERS_ENDING = {
    .name = "matcher_offers_ending",
    .sql =
        "SELECT " OFFER_COLUMNS " FROM matcher.offer o WHERE (o.preempts = $1::uuid OR o.replaces "
        "= $1::uuid) AND o.state = 1",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc store_offers_ending(struct gx_ctx *ctx, const char *assignment_id,
                               struct offer **ret_offers, size_t *ret_count)
{
    const struct gx_param params[] = {gx_text(assignment_id)};
    return get_offers(ctx, &OFFERS_ENDING, params, ret_offers, ret_count);
}

static const struct gx_pg_stmt OFFERS_LIST = {
    .name = "matcher_offers_list",
    .sql =
        "SELECT " OFFER_COLUMNS
        " FROM matcher.offer o WHERE ($1::uuid IS NULL OR o.incident_id = $1::uuid) "
        "AND ($2::uuid IS NULL OR o.responder_id = $2::uuid) AND (NOT $3::boolean OR o.state = 1) "
        "ORDER BY o.made_at DESC, o.id DESC LIMIT 500",
    .params = 3,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc store_offers_list(struct gx_ctx *ctx, const char *incident_id, const char *responder_id,
                             bool open_only, struct offer **ret_offers, size_t *ret_count)
{
    const struct gx_param params[] = {gx_text_or_null(incident_id), gx_text_or_null(responder_id),
                                      gx_bool(open_only)};
    return get_offers(ctx, &OFFERS_LIST, params, ret_offers, ret_count);
}

static const struct gx_pg_stmt OFFERS_END = {
    .name = "matcher_offers_end",
    .sql =
        "WITH o AS (UPDATE matcher.offer SET state = $4::int, ended_by = $5, ended_at = $6::bigint "
        "WHERE incident_id = $1::uuid AND state = 1 AND ($2::text IS NULL OR slot = $2) "
        "AND ($3::int = 0 OR force = $3::int) RETURNING *), "
        "freed AS (DELETE FROM matcher.hold h USING o WHERE h.responder_id = o.responder_id AND "
        "h.ref = o.id) "
        "SELECT " OFFER_COLUMNS " FROM o ORDER BY o.id",
    .params = 6,
    .shape = GX_PG_ROWS,
    .writes = true,
};

enum gx_rc store_offers_end(struct gx_ctx *ctx, const char *incident_id, const char *slot,
                            int force, const struct offer_end *end, struct offer **ret_offers,
                            size_t *ret_count)
{
    const struct gx_param params[] = {gx_text(incident_id), gx_text(slot),
                                      gx_int(ctx, force),   gx_int(ctx, end->state),
                                      gx_text(end->by),     gx_int(ctx, end->at)};
    return get_offers(ctx, &OFFERS_END, params, ret_offers, ret_count);
}

static const struct gx_pg_stmt OFFER_END = {
    .name = "matcher_offer_end",
    .sql =
        "WITH o AS (UPDATE matcher.offer SET state = $2::int, ended_by = $3, ended_at = $4::bigint "
        "WHERE id = $1::uuid AND state = 1 RETURNING id, responder_id), "
        "freed AS (DELETE FROM matcher.hold h USING o WHERE h.responder_id = o.responder_id AND "
        "h.ref = o.id "
        "AND NOT $5::boolean) SELECT count(*) FROM o",
    .params = 5,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};

enum gx_rc store_offer_end(struct gx_ctx *ctx, const char *id, const struct offer_end *end,
                           bool keep_hold, bool *ret_ended)
{
    const struct gx_param params[] = {gx_text(id), gx_int(ctx, end->state), gx_text(end->by),
                                      gx_int(ctx, end->at), gx_bool(keep_hold)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &OFFER_END, params, &rows);
    if (rc == GX_OK) {
        *ret_ended = gx_rows_int(rows, 0, 0) == 1;
    }
    return rc;
}

/* ---- assignments ---- */

static const struct gx_pg_stmt ASSIGNMENT_ADD = {
    .name = "matcher_assignment_add",
    .sql = "INSERT INTO matcher.assignment (id, incident_id, area, home_area, responder_id, "
           "org_id, force, slot, "
           "state, accepted_at, en_route_at, offer_id, self_dispatched, exercise, call_sign, "
           "grade, lon, lat, card) "
           "VALUES ($1::uuid, $2::uuid, $3::int, $4::int, $5::uuid, $6::uuid, $7::int, $8, "
           "$9::int, $10::bigint, "
           "$11::bigint, $12::uuid, $13::boolean, $14::boolean, $15, $16::int, $17::float8, "
           "$18::float8, $19::bytea)",
    .params = 19,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt HOLD_TO_ASSIGNMENT = {
    .name = "matcher_hold_to_assignment",
    .sql = "UPDATE matcher.hold SET kind = 2, ref = $2::uuid, incident_id = $3::uuid "
           "WHERE responder_id = $1::uuid",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt HOLD_FOR_ASSIGNMENT = {
    .name = "matcher_hold_for_assignment",
    .sql = "INSERT INTO matcher.hold (responder_id, kind, incident_id, ref) VALUES ($1::uuid, 2, "
           "$2::uuid, $3::uuid) "
           "ON CONFLICT (responder_id) DO NOTHING RETURNING ref",
    .params = 3,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

static enum gx_rc add_assignment(struct gx_ctx *ctx, const struct assignment *a)
{
    const struct gx_param params[] = {
        gx_text(a->id),
        gx_text(a->incident_id),
        gx_int(ctx, a->area),
        gx_int(ctx, a->home_area),
        gx_text(a->responder_id),
        gx_text(a->org_id),
        gx_int(ctx, a->force),
        gx_text(a->slot),
        gx_int(ctx, a->state),
        gx_int(ctx, a->accepted_at),
        gx_int(ctx, a->en_route_at),
        gx_text_or_null(a->offer_id),
        gx_bool(a->self_dispatched),
        gx_bool(a->exercise),
        gx_text(a->call_sign),
        gx_int(ctx, a->grade),
        gx_real(ctx, a->place.lon),
        gx_real(ctx, a->place.lat),
        a->card.size == 0 ? gx_null() : gx_bytes(a->card),
    };
    return gx_sql_later(ctx, &ASSIGNMENT_ADD, params);
}

enum gx_rc store_assignment_accept(struct gx_ctx *ctx, const struct assignment *assignment)
{
    const struct gx_param params[] = {gx_text(assignment->responder_id), gx_text(assignment->id),
                                      gx_text(assignment->incident_id)};
    enum gx_rc rc = gx_sql_later(ctx, &HOLD_TO_ASSIGNMENT, params);
    return rc == GX_OK ? add_assignment(ctx, assignment) : rc;
}

enum gx_rc store_assignment_join(struct gx_ctx *ctx, const struct assignment *assignment,
                                 bool *ret_joined)
{
    const struct gx_param params[] = {gx_text(assignment->responder_id),
                                      gx_text(assignment->incident_id), gx_text(assignment->id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &HOLD_FOR_ASSIGNMENT, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    *ret_joined = gx_rows_count(rows) == 1;
    return *ret_joined ? add_assignment(ctx, assignment) : GX_OK;
}

#define ASSIGNMENT_COLUMNS                                                                         \
    "a.id, a.incident_id, a.area, a.home_area, a.responder_id, a.org_id, a.force, a.slot, "        \
    "a.state, "                                                                                    \
    "a.accepted_at, a.en_route_at, a.on_scene_at, a.done_at, a.arrived_by_position_at, "           \
    "a.offer_id, "                                                                                 \
    "a.self_dispatched, a.exercise, a.call_sign, a.grade, a.lon, a.lat, a.ended_by, a.card"

static void read_assignment(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                            struct assignment *a)
{
    *a = (struct assignment){
        .id = TEXT(0),
        .incident_id = TEXT(1),
        .area = (int32_t)INT(2),
        .home_area = (int32_t)INT(3),
        .responder_id = TEXT(4),
        .org_id = TEXT(5),
        .force = (Genxi__Force)INT(6),
        .slot = TEXT(7),
        .state = (int)INT(8),
        .accepted_at = INT(9),
        .en_route_at = INT(10),
        .on_scene_at = INT(11),
        .done_at = INT(12),
        .arrived_by_position_at = INT(13),
        .offer_id = TEXT(14),
        .self_dispatched = BOOL(15),
        .exercise = BOOL(16),
        .call_sign = TEXT(17),
        .grade = (uint32_t)INT(18),
        .place = {REAL(19), REAL(20)},
        .ended_by = TEXT(21),
        .card = gx_rows_bytes(ctx, rows, row, 22),
    };
}

static enum gx_rc get_assignments(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                                  const struct gx_param *params, struct assignment **ret_items,
                                  size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct assignment *items = room(ctx, count, sizeof *items);
    if (items == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        read_assignment(ctx, rows, i, &items[i]);
    }
    *ret_items = items;
    *ret_count = count;
    return GX_OK;
}

static const struct gx_pg_stmt ASSIGNMENT_FIND = {
    .name = "matcher_assignment_find",
    .sql = "SELECT " ASSIGNMENT_COLUMNS " FROM matcher.assignment a WHERE a.id = $1::uuid",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = false,
};

enum gx_rc store_assignment_find(struct gx_ctx *ctx, const char *id,
                                 struct assignment **ret_assignment)
{
    const struct gx_param params[] = {gx_text(id)};
    struct assignment *items = NULL;
    size_t count = 0;
    enum gx_rc rc = get_assignments(ctx, &ASSIGNMENT_FIND, params, &items, &count);
    *ret_assignment = rc == GX_OK && count > 0 ? items : NULL;
    return rc;
}

static const struct gx_pg_stmt ASSIGNMENTS_LIST = {
    .name = "matcher_assignments_list",
    .sql = "SELECT " ASSIGNMENT_COLUMNS " FROM matcher.assignment a "
           "WHERE ($1::uuid IS NULL OR a.incident_id = $1::uuid) AND ($2::uuid IS NULL OR "
           "a.responder_id = $2::uuid) "
           "AND (NOT $3::boolean OR a.state IN (1, 2, 3)) ORDER BY a.accepted_at DESC, a.id DESC "
           "LIMIT 500",
    .params = 3,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc store_assignments_list(struct gx_ctx *ctx, const char *incident_id,
                                  const char *responder_id, bool active_only,
                                  struct assignment **ret_items, size_t *ret_count)
{
    const struct gx_param params[] = {gx_text_or_null(incident_id), gx_text_or_null(responder_id),
                                      gx_bool(active_only)};
    return get_assignments(ctx, &ASSIGNMENTS_LIST, params, ret_items, ret_count);
}

static const struct gx_pg_stmt ASSIGNMENT_PUT = {
    .name = "matcher_assignment_put",
    .sql = "UPDATE matcher.assignment SET incident_id = $2::uuid, area = $3::int, slot = $4, state "
           "= $5::int, "
           "en_route_at = $6::bigint, on_scene_at = $7::bigint, done_at = $8::bigint, "
           "grade = $9::int, lon = $10::float8, lat = $11::float8, ended_by = $12 WHERE id = "
           "$1::uuid",
    .params = 12,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_assignment_put(struct gx_ctx *ctx, const struct assignment *a)
{
    const struct gx_param params[] = {
        gx_text(a->id),
        gx_text(a->incident_id),
        gx_int(ctx, a->area),
        gx_text(a->slot),
        gx_int(ctx, a->state),
        gx_int(ctx, a->en_route_at),
        gx_int(ctx, a->on_scene_at),
        gx_int(ctx, a->done_at),
        gx_int(ctx, a->grade),
        gx_real(ctx, a->place.lon),
        gx_real(ctx, a->place.lat),
        gx_text_or_null(a->ended_by),
    };
    return gx_sql_later(ctx, &ASSIGNMENT_PUT, params);
}

static const struct gx_pg_stmt HOLD_RELEASE = {
    .name = "matcher_hold_release",
    .sql = "DELETE FROM matcher.hold WHERE responder_id = $1::uuid",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt REST_PUT = {
    .name = "matcher_rest_put",
    .sql = "INSERT INTO matcher.rest (responder_id, until_at) VALUES ($1::uuid, $2::bigint) "
           "ON CONFLICT (responder_id) DO UPDATE SET until_at = excluded.until_at",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_hold_release(struct gx_ctx *ctx, const char *responder_id, int64_t rest_until_at)
{
    const struct gx_param params[] = {gx_text(responder_id), gx_int(ctx, rest_until_at)};
    enum gx_rc rc = gx_sql_later(ctx, &HOLD_RELEASE, params);
    return rc == GX_OK && rest_until_at != 0 ? gx_sql_later(ctx, &REST_PUT, params) : rc;
}

static const struct gx_pg_stmt HOLD_MOVE = {
    .name = "matcher_hold_move",
    .sql = "UPDATE matcher.hold SET incident_id = $2::uuid WHERE responder_id = $1::uuid",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_hold_move(struct gx_ctx *ctx, const char *responder_id, const char *incident_id)
{
    const struct gx_param params[] = {gx_text(responder_id), gx_text(incident_id)};
    return gx_sql_later(ctx, &HOLD_MOVE, params);
}

/* ---- reasons and rungs ---- */

static const struct gx_pg_stmt REASON_ADD = {
    .name = "matcher_reason_add",
    .sql = "INSERT INTO matcher.reason (incident_id, slot, round, area, at, body) "
           "VALUES ($1::uuid, $2, $3::int, $4::int, $5::bigint, $6::bytea) "
           "ON CONFLICT (incident_id, slot, round) DO UPDATE SET body = excluded.body, at = "
           "excluded.at",
    .params = 6,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_reason_add(struct gx_ctx *ctx, const struct incident *incident, const char *slot,
                            int64_t at, struct gx_view body)
{
    const struct gx_param params[] = {
        gx_text(incident->id),       gx_text(slot),   gx_int(ctx, incident->round),
        gx_int(ctx, incident->area), gx_int(ctx, at), gx_bytes(body)};
    return gx_sql_later(ctx, &REASON_ADD, params);
}

static const struct gx_pg_stmt REASONS = {
    .name = "matcher_reasons",
    .sql = "SELECT DISTINCT ON (slot) body FROM matcher.reason WHERE incident_id = $1::uuid "
           "ORDER BY slot, round DESC",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc store_reasons(struct gx_ctx *ctx, const char *incident_id, struct gx_view **ret_bodies,
                         size_t *ret_count)
{
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &REASONS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct gx_view *bodies = room(ctx, count, sizeof *bodies);
    for (size_t i = 0; i < count && bodies != NULL; i++) {
        bodies[i] = gx_rows_bytes(ctx, rows, i, 0);
    }
    *ret_bodies = bodies;
    *ret_count = count;
    return ctx->arena.spent ? GX_LIMIT : GX_OK;
}

static const struct gx_pg_stmt RUNG_ADD = {
    .name = "matcher_rung_add",
    .sql = "INSERT INTO matcher.rung (incident_id, minute, area, at, met, step_up, overdue) "
           "VALUES ($1::uuid, $2::int, $3::int, $4::bigint, $5::boolean, $6, $7::boolean) "
           "ON CONFLICT (incident_id, minute) DO NOTHING",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_rung_add(struct gx_ctx *ctx, const struct incident *incident,
                          const Genxi__RungReached *rung, int64_t at)
{
    const struct gx_param params[] = {
        gx_text(incident->id),
        gx_int(ctx, rung->minute),
        gx_int(ctx, incident->area),
        gx_int(ctx, at),
        gx_bool(rung->met),
        gx_text(rung->step_up),
        gx_bool(rung->has_overdue && rung->overdue),
    };
    return gx_sql_later(ctx, &RUNG_ADD, params);
}

static const struct gx_pg_stmt RUNGS = {
    .name = "matcher_rungs",
    .sql = "SELECT minute, met, step_up, overdue FROM matcher.rung WHERE incident_id = $1::uuid "
           "ORDER BY minute",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc store_rungs(struct gx_ctx *ctx, const char *incident_id, Genxi__RungReached ***ret_rungs,
                       size_t *ret_count)
{
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &RUNGS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    Genxi__RungReached **rungs = gx_pb_array(ctx, count);
    for (size_t row = 0; row < count && rungs != NULL; row++) {
        Genxi__RungReached *rung = gx_pb_new(ctx, &genxi__rung_reached__descriptor);
        if (rung == NULL) {
            return GX_LIMIT;
        }
        rung->incident_id = gx_pb_text(incident_id);
        rung->minute = (uint32_t)INT(0);
        rung->met = BOOL(1);
        rung->step_up = gx_pb_text(TEXT(2));
        rung->has_overdue = true;
        rung->overdue = BOOL(3);
        rungs[row] = rung;
    }
    *ret_rungs = rungs;
    *ret_count = rungs == NULL ? 0 : count;
    return GX_OK;
}

/* ---- the live list and the batch of positions ---- */

static const struct gx_pg_stmt LIVE = {
    .name = "matcher_live",
    .sql =
        "SELECT r.id, r.org_id, r.call_sign, a.incident_id, r.force, d.on_shift, p.lon, p.lat, "
        "p.at "
        "FROM matcher.responder r "
        "CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM matcher.shift s WHERE s.responder_id = "
        "r.id "
        "AND " ON_DUTY("genxi.now_ms()") ") AS on_shift) d "
                                         "LEFT JOIN matcher.assignment a ON a.responder_id = r.id "
                                         "AND a.state IN (1, 2, 3) "
                                         "LEFT JOIN matcher.position p ON p.responder_id = r.id "
                                         "WHERE r.active AND ($1::int = 0 OR r.area = $1::int) AND "
                                         "(d.on_shift OR a.id IS NOT NULL) "
                                         "ORDER BY r.id LIMIT 5000",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc store_live(struct gx_ctx *ctx, int32_t area, struct live_row **ret_rows,
                      size_t *ret_count)
{
    const struct gx_param params[] = {gx_int(ctx, area)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &LIVE, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct live_row *items = room(ctx, count, sizeof *items);
    if (items == NULL) {
        return GX_LIMIT;
    }
    for (size_t row = 0; row < count; row++) {
        items[row] = (struct live_row){
            .responder_id = TEXT(0),
            .org_id = TEXT(1),
            .call_sign = TEXT(2),
            .incident_id = TEXT(3),
            .force = (Genxi__Force)INT(4),
            .on_shift = BOOL(5),
            .has_position = !gx_rows_null(rows, row, 8),
            .place = {REAL(6), REAL(7)},
            .at = INT(8),
        };
    }
    *ret_rows = items;
    *ret_count = count;
    return GX_OK;
}

/* The columns of a batch as array parameters, in the order of the statements below. */
static bool position_columns(struct gx_ctx *ctx, const struct position_row *rows, size_t count,
                             struct gx_param *params)
{
    const char **ids = room(ctx, count, sizeof *ids);
    const char **orgs = room(ctx, count, sizeof *orgs);
    int32_t *areas = room(ctx, count, sizeof *areas);
    int32_t *forces = room(ctx, count, sizeof *forces);
    const char **lons = room(ctx, count, sizeof *lons);
    const char **lats = room(ctx, count, sizeof *lats);
    const char **ats = room(ctx, count, sizeof *ats);
    if (ids == NULL || orgs == NULL || areas == NULL || forces == NULL || lons == NULL ||
        lats == NULL || ats == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = rows[i].responder_id;
        orgs[i] = rows[i].org_id;
        areas[i] = rows[i].area;
        forces[i] = (int32_t)rows[i].force;
        lons[i] = gx_arena_printf(&ctx->arena, "%.7f", rows[i].place.lon);
        lats[i] = gx_arena_printf(&ctx->arena, "%.7f", rows[i].place.lat);
        ats[i] = gx_arena_printf(&ctx->arena, "%" PRId64, rows[i].at);
    }
    params[0] = gx_text_array(ctx, ids, count);
    params[1] = gx_text_array(ctx, orgs, count);
    params[2] = gx_int_array(ctx, areas, count);
    params[3] = gx_int_array(ctx, forces, count);
    params[4] = gx_text_array(ctx, lons, count);
    params[5] = gx_text_array(ctx, lats, count);
    params[6] = gx_text_array(ctx, ats, count);
    return !ctx->arena.spent;
}

#define POSITION_ARRAYS                                                                            \
    "unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::float8[], $6::float8[], "            \
    "$7::bigint[]) "                                                                               \
    "AS w (responder_id, org_id, area, force, lon, lat, at) "

static const struct gx_pg_stmt POSITIONS_PUT = {
    .name = "matcher_positions_put",
    .sql =
        "INSERT INTO matcher.position AS t (responder_id, org_id, area, force, lon, lat, at) "
        "SELECT * FROM " POSITION_ARRAYS "ORDER BY w.responder_id "
        "ON CONFLICT (responder_id) DO UPDATE SET org_id = excluded.org_id, area = excluded.area, "
        "force = excluded.force, lon = excluded.lon, lat = excluded.lat, at = excluded.at "
        "WHERE t.at < excluded.at",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_positions_put(struct gx_ctx *ctx, const struct position_row *rows, size_t count)
{
    struct gx_param params[7];
    if (!position_columns(ctx, rows, count, params)) {
        return GX_LIMIT;
    }
    return gx_sql_later(ctx, &POSITIONS_PUT, params);
}

static const struct gx_pg_stmt TRACKS_PUT = {
    .name = "matcher_tracks_put",
    .sql = "INSERT INTO matcher.track (responder_id, at, org_id, area, lon, lat) "
           "SELECT w.responder_id, w.at, w.org_id, w.area, w.lon, w.lat FROM " POSITION_ARRAYS
           "WHERE w.force > 0 AND NOT EXISTS (SELECT FROM matcher.track t WHERE t.responder_id = "
           "w.responder_id "
           "AND t.at > w.at - $8::bigint AND t.at <= w.at) "
           "ORDER BY w.responder_id, w.at ON CONFLICT (responder_id, at) DO NOTHING",
    .params = 8,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_tracks_put(struct gx_ctx *ctx, const struct position_row *rows, size_t count,
                            int64_t thin_ms)
{
    struct gx_param params[8];
    if (!position_columns(ctx, rows, count, params)) {
        return GX_LIMIT;
    }
    params[7] = gx_int(ctx, thin_ms);
    return gx_sql_later(ctx, &TRACKS_PUT, params);
}

/* The first test is on a plane: a metre of latitude everywhere, of longitude by the cosine. */
static const struct gx_pg_stmt ARRIVALS = {
    .name = "matcher_arrivals",
    .sql = "UPDATE matcher.assignment a SET arrived_by_position_at = w.at FROM " POSITION_ARRAYS
           "CROSS JOIN matcher.incident i "
           "WHERE a.responder_id = w.responder_id AND a.state IN (1, 2, 3) AND "
           "a.arrived_by_position_at = 0 "
           "AND i.id = a.incident_id AND w.at >= a.accepted_at AND w.force > 0 "
           "AND sqrt(((w.lat - i.lat) * 111194.9) ^ 2 + ((w.lon - i.lon) * 111194.9 * "
           "cos(radians(i.lat))) ^ 2) "
           "<= $8::float8 RETURNING " ASSIGNMENT_COLUMNS,
    .params = 8,
    .shape = GX_PG_ROWS,
    .writes = true,
};

enum gx_rc store_arrivals(struct gx_ctx *ctx, const struct position_row *rows, size_t count,
                          double metres, struct assignment **ret_items, size_t *ret_count)
{
    struct gx_param params[8];
    if (!position_columns(ctx, rows, count, params)) {
        return GX_LIMIT;
    }
    params[7] = gx_real(ctx, metres);
    return get_assignments(ctx, &ARRIVALS, params, ret_items, ret_count);
}

static const struct gx_pg_stmt TRACKS_PURGE = {
    .name = "matcher_tracks_purge",
    .sql = "DELETE FROM matcher.track WHERE at < $1::bigint",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt POSITIONS_PURGE = {
    .name = "matcher_positions_purge",
    .sql = "DELETE FROM matcher.position p WHERE NOT EXISTS (SELECT FROM matcher.shift s "
           "WHERE s.responder_id = p.responder_id AND " ON_DUTY(
               "(SELECT genxi.now_ms())") ") "
                                          "AND NOT EXISTS (SELECT FROM matcher.assignment a WHERE "
                                          "a.responder_id = p.responder_id "
                                          "AND a.state IN (1, 2, 3))",
    .params = 0,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_positions_purge(struct gx_ctx *ctx, int64_t tracks_before)
{
    const struct gx_param params[] = {gx_int(ctx, tracks_before)};
    enum gx_rc rc = gx_sql_later(ctx, &TRACKS_PURGE, params);
    return rc == GX_OK ? gx_sql_later(ctx, &POSITIONS_PURGE, NULL) : rc;
}
