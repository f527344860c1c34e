/* SPDX-License-Identifier: Apache-2.0 */
#include "copies/store.h"

#include "base/cleanup.h"
#include "store/tx.h"

#include <inttypes.h>

static const struct gx_pg_stmt STATION_PUT = {
    .name = "matcher_station_put",
    .sql = "INSERT INTO matcher.station AS t (area, org_id, lon, lat, changed_at) "
           "VALUES ($1::int, $2::uuid, $3::float8, $4::float8, $5::bigint) "
           "ON CONFLICT (area) DO UPDATE SET org_id = excluded.org_id, lon = excluded.lon, lat = "
           "excluded.lat, "
           "changed_at = excluded.changed_at WHERE t.changed_at <= excluded.changed_at",
    .params = 5,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc copies_put_station(struct gx_ctx *ctx, const Genxi__Station *station, int64_t at)
{
    const struct gx_param params[] = {gx_int(ctx, station->area), gx_text(station->org_id),
                                      gx_real(ctx, station->lon), gx_real(ctx, station->lat),
                                      gx_int(ctx, at)};
    return gx_sql_later(ctx, &STATION_PUT, params);
}

static const struct gx_pg_stmt PARTNER_PUT = {
    .name = "matcher_partner_put",
    .sql =
        "INSERT INTO matcher.partner AS t (id, area, state, exercise, has_agreement, signed_at, "
        "ends_at, "
        "off_site, contract_areas, changed_at) "
        "VALUES ($1::uuid, $2::int, $3::int, $4::boolean, $5::boolean, $6::bigint, $7::bigint, "
        "$8::boolean, $9::int[], $10::bigint) "
        "ON CONFLICT (id) DO UPDATE SET area = excluded.area, state = excluded.state, "
        "exercise = excluded.exercise, has_agreement = excluded.has_agreement, "
        "signed_at = excluded.signed_at, ends_at = excluded.ends_at, off_site = excluded.off_site, "
        "contract_areas = excluded.contract_areas, changed_at = excluded.changed_at "
        "WHERE t.changed_at <= excluded.changed_at",
    .params = 10,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc copies_put_partner(struct gx_ctx *ctx, const Genxi__Partner *partner, int64_t at)
{
    static const Genxi__Agreement NONE = GENXI__AGREEMENT__INIT;
    const Genxi__Agreement *agreement = partner->agreement == NULL ? &NONE : partner->agreement;
    const struct gx_param params[] = {
        gx_text(partner->id),
        gx_int(ctx, partner->area),
        gx_int(ctx, partner->state),
        gx_bool(partner->has_exercise && partner->exercise),
        gx_bool(partner->agreement != NULL),
        gx_int(ctx, agreement->signed_at),
        gx_int(ctx, agreement->has_ends_at ? agreement->ends_at : 0),
        gx_bool(agreement->off_site),
        gx_int_array(ctx, agreement->contract_areas, agreement->n_contract_areas),
        gx_int(ctx, at),
    };
    return gx_sql_later(ctx, &PARTNER_PUT, params);
}

static const struct gx_pg_stmt SITE_PUT = {
    .name = "matcher_site_put",
    .sql = "INSERT INTO matcher.site AS t (id, partner_id, area, lon, lat, radius_m, changed_at) "
           "VALUES ($1::uuid, $2::uuid, $3::int, $4::float8, $5::float8, $6::float8, $7::bigint) "
           "ON CONFLICT (id) DO UPDATE SET partner_id = excluded.partner_id, area = excluded.area, "
           "lon = excluded.lon, lat = excluded.lat, radius_m = excluded.radius_m, "
           "changed_at = excluded.changed_at WHERE t.changed_at <= excluded.changed_at",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc copies_put_site(struct gx_ctx *ctx, const Genxi__Site *site, int64_t at)
{
    const struct gx_param params[] = {
        gx_text(site->id),       gx_text(site->partner_id), gx_int(ctx, site->area),
        gx_real(ctx, site->lon), gx_real(ctx, site->lat),   gx_real(ctx, site->radius_m),
        gx_int(ctx, at),
    };
    return gx_sql_later(ctx, &SITE_PUT, params);
}

static const struct gx_pg_stmt RESPONDER_PUT = {
    .name = "matcher_responder_put",
    .sql =
        "INSERT INTO matcher.responder AS t (id, org_id, area, force, guard_kind, call_sign, "
        "site_id, skills, "
        "off_site_consent, insured_until_at, crew, active, changed_at) "
        "VALUES ($1::uuid, $2::uuid, $3::int, $4::int, $5::int, $6, $7::uuid, $8::text[], "
        "$9::boolean, "
        "$10::bigint, $11::int, $12::boolean, $13::bigint) "
        "ON CONFLICT (id) DO UPDATE SET org_id = excluded.org_id, area = excluded.area, "
        "force = excluded.force, guard_kind = excluded.guard_kind, call_sign = excluded.call_sign, "
        "site_id = excluded.site_id, skills = excluded.skills, "
        "off_site_consent = excluded.off_site_consent, insured_until_at = "
        "excluded.insured_until_at, "
        "crew = excluded.crew, active = excluded.active, changed_at = excluded.changed_at "
        "WHERE t.changed_at <= excluded.changed_at",
    .params = 13,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc copies_put_responder(struct gx_ctx *ctx, const Genxi__Responder *responder, int64_t at)
{
    const char **skills = gx_arena_alloc(&ctx->arena, (responder->n_skills + 1) * sizeof *skills);
    if (skills == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < responder->n_skills; i++) {
        skills[i] = gx_arena_printf(&ctx->arena, "%s=%" PRId64, responder->skills[i]->code,
                                    responder->skills[i]->until_at);
    }
    const struct gx_param params[] = {
        gx_text(responder->id),
        gx_text(responder->org_id),
        gx_int(ctx, responder->area),
        gx_int(ctx, responder->force),
        gx_int(ctx, responder->has_guard_kind ? (int64_t)responder->guard_kind : 0),
        gx_text(responder->call_sign),
        gx_text_or_null(responder->site_id),
        gx_text_array(ctx, skills, responder->n_skills),
        gx_bool(responder->has_off_site_consent && responder->off_site_consent),
        gx_int(ctx, responder->has_insured_until_at ? responder->insured_until_at : 0),
        gx_int(ctx, responder->crew),
        gx_bool(responder->active),
        gx_int(ctx, at),
    };
    return gx_sql_later(ctx, &RESPONDER_PUT, params);
}

static const struct gx_pg_stmt SHIFT_PUT = {
    .name = "matcher_shift_put",
    .sql = "INSERT INTO matcher.shift AS t (id, responder_id, area, from_at, until_at, state, "
           "changed_at) "
           "VALUES ($1::uuid, $2::uuid, $3::int, $4::bigint, $5::bigint, $6::int, $7::bigint) "
           "ON CONFLICT (id) DO UPDATE SET responder_id = excluded.responder_id, area = "
           "excluded.area, "
           "from_at = excluded.from_at, until_at = excluded.until_at, state = excluded.state, "
           "changed_at = excluded.changed_at WHERE t.changed_at <= excluded.changed_at",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc copies_put_shift(struct gx_ctx *ctx, const Genxi__Shift *shift, int64_t at)
{
    const struct gx_param params[] = {
        gx_text(shift->id),
        gx_text(shift->responder_id),
        gx_int(ctx, shift->area),
        gx_int(ctx, shift->from_at),
        gx_int(ctx, shift->until_at),
        gx_int(ctx, shift->state),
        gx_int(ctx, at),
    };
    return gx_sql_later(ctx, &SHIFT_PUT, params);
}
