/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/tell.h"

#include "store/tx.h"
#include "wire/messages.h"
#include "wire/pb.h"

void watch_speak_gap(const struct watch_gap *gap, Genxi__Gap *out)
{
    const struct cover_standing *standing = &gap->standing;
    const struct cover_seen *seen = &standing->seen;
    bool first = gap->need == COVER_ANY;
    out->id = gx_pb_text(gap->id);
    out->site_id = gx_pb_text(gap->site_id);
    out->partner_id = gx_pb_text(gap->partner_id);
    out->area = gap->area;
    out->has_need = !first;
    out->need = first ? 0 : (uint32_t)gap->need;
    out->has_force = !first;
    out->force = first ? GENXI__FORCE__FORCE_POLICE : seen->force;
    out->kind = (Genxi__GapKind)seen->kind;
    out->have = seen->have;
    out->want = seen->want;
    out->within_minutes = seen->within_minutes;
    out->ahead = gap->ahead;
    out->has_from_at = seen->from_at != 0;
    out->from_at = seen->from_at;
    out->has_until_at = seen->until_at != 0;
    out->until_at = seen->until_at;
    out->since_at = standing->seen_at;
    out->raised_at = standing->raised_at;
    out->has_ended_at = standing->ended_at != 0;
    out->ended_at = standing->ended_at;
}

void watch_speak_move(const struct watch_move *move, Genxi__Move *out)
{
    out->id = gx_pb_text(move->id);
    out->responder_id = gx_pb_text(move->responder_id);
    out->org_id = gx_pb_text(move->org_id);
    out->area = move->area;
    out->site_id = gx_pb_text(move->site_id);
    out->gap_id = gx_pb_text(move->gap_id);
    out->lon = move->place.lon;
    out->lat = move->place.lat;
    out->made_at = move->made_at;
    out->until_at = move->until_at;
    out->has_ended_at = move->ended_at != 0;
    out->ended_at = move->ended_at;
    out->ended_by = move->ended_at == 0 ? NULL : gx_pb_text(move->ended_by);
    out->call_sign = gx_pb_text(move->call_sign);
}

enum gx_rc watch_tell_gap(struct gx_ctx *ctx, const struct watch_gap *gap, Genxi__GapChange change)
{
    char *orgs[] = {gx_pb_text(gap->partner_id)};
    Genxi__Gap message = GENXI__GAP__INIT;
    Genxi__CoverageGap told = GENXI__COVERAGE_GAP__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    watch_speak_gap(gap, &message);
    told.gap = &message;
    told.change = change;
    audience.has_officers = true;
    audience.officers = true;
    audience.n_orgs = 1;
    audience.orgs = orgs;
    const struct gx_emit emit = {
        .area = gap->area,
        .type = GX_E_coverage_gap,
        .subject = gap->id,
        .payload = &told.base,
        .audience = &audience,
    };
    return gx_emit(ctx, &emit);
}

enum gx_rc watch_tell_move(struct gx_ctx *ctx, const struct watch_move *move)
{
    char *orgs[] = {gx_pb_text(move->org_id)};
    char *responders[] = {gx_pb_text(move->responder_id)};
    int32_t areas[] = {move->home_area};
    Genxi__Move message = GENXI__MOVE__INIT;
    Genxi__CoverageMove told = GENXI__COVERAGE_MOVE__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    watch_speak_move(move, &message);
    told.move = &message;
    audience.has_officers = true;
    audience.officers = true;
    audience.n_orgs = 1;
    audience.orgs = orgs;
    audience.n_responders = 1;
    audience.responders = responders;
    audience.n_more_areas = move->home_area == move->area ? 0 : 1;
    audience.more_areas = areas;
    const struct gx_emit emit = {
        .area = move->area,
        .type = GX_E_coverage_move,
        .subject = move->id,
        .payload = &told.base,
        .audience = &audience,
    };
    return gx_emit(ctx, &emit);
}
