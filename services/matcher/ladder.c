/* SPDX-License-Identifier: Apache-2.0 */
#include "ladder.h"

#include "settings.h"
#include "speak.h"
#include "store.h"
#include "team.h"

#include "base/log.h"
#include "wire/pb.h"

#include <string.h>

enum gx_rc ladder_start(struct gx_ctx *ctx, const struct incident *incident,
                        enum ladder_clock clock)
{
    int64_t now = gx_tx_now_ms(ctx);
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < incident->playbook->n_rungs && rc == GX_OK; i++) {
        const Genxi__Rung *rung = incident->playbook->rungs[i];
        bool by_dispatch = strcmp(rung->clock_start, "dispatched") == 0;
        if (clock == LADDER_DISPATCHED && !by_dispatch) {
            continue;
        }
        int64_t start = by_dispatch && incident->dispatched_at != 0 ? incident->dispatched_at
                                                                    : incident->reported_at;
        int64_t due = start + matcher_span_ms(rung->minute * 60.0);
        const struct gx_timer timer = {.kind = "rung",
                                       .subject = incident->id,
                                       .n = (int32_t)rung->minute,
                                       .area = incident->area};
        rc = gx_timer_set(ctx, &timer, due > now ? due - now : 0);
    }
    return rc;
}

static bool counts(const Genxi__Rung *rung, const struct assignment *a)
{
    if (a->on_scene_at == 0) {
        return false;
    }
    if (strcmp(rung->clock_stop, "first_police") == 0) {
        return a->force == GENXI__FORCE__FORCE_POLICE;
    }
    for (size_t i = 0; i < rung->n_forces; i++) {
        if (rung->forces[i] == a->force) {
            return true;
        }
    }
    return rung->n_forces == 0;
}

static enum gx_rc is_met(const struct team *team, const Genxi__Rung *rung, bool *ret_met)
{
    struct assignment *items = NULL;
    size_t count = 0;
    if (strcmp(rung->clock_stop, "quota") == 0) {
        *ret_met = team->incident->filled_at != 0;
        return GX_OK;
    }
    enum gx_rc rc =
        store_assignments_list(team->ctx, team->incident->id, NULL, false, &items, &count);
    *ret_met = false;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        *ret_met = *ret_met || counts(rung, &items[i]);
    }
    return rc;
}

static bool has_police(const struct team *team)
{
    for (size_t i = 0; i < team->slot_count; i++) {
        if (team->slots[i].need.force == GENXI__FORCE__FORCE_POLICE && team->slots[i].count > 0) {
            return true;
        }
    }
    return false;
}

/* What the playbook wants done when nobody came in time; telling the officers is part of every one. */
static enum gx_rc step_up(struct team *team, const char *what)
{
    if (strcmp(what, "call_police") == 0 && !has_police(team)) {
        const struct slot slot = {
            .code = "police_called",
            .need = {.force = GENXI__FORCE__FORCE_POLICE, .crew_min = 1},
            .count = 1,
            .within_minutes = 5,
        };
        team->incident->filled_at = 0;
        enum gx_rc rc = team_add_slot(team, &slot);
        return rc == GX_OK ? team_match(team) : rc;
    }
    if (strcmp(what, "notify_duty") == 0) {
        return GX_OK;
    }
    /* Wider: one more is asked for each place, and the silent ones again. */
    team->incident->spare_more++;
    team->incident->phase++;
    return team_match(team);
}

static enum gx_rc climb(struct team *team, const Genxi__Rung *rung, const struct gx_timer *timer)
{
    int64_t now = gx_tx_now_ms(team->ctx);
    Genxi__RungReached reached = GENXI__RUNG_REACHED__INIT;
    bool met = false;
    enum gx_rc rc = is_met(team, rung, &met);
    if (rc != GX_OK) {
        return rc;
    }
    reached.incident_id = gx_pb_text(team->incident->id);
    reached.minute = rung->minute;
    reached.met = met;
    reached.step_up = gx_pb_text(met ? "" : rung->step_up);
    reached.has_overdue = true;
    reached.overdue = now - timer->due_at > LADDER_TOLERANCE_MS;
    rc = store_rung_add(team->ctx, team->incident, &reached, now);
    rc = rc == GX_OK ? speak_rung(team->ctx, team->incident, &reached) : rc;
    rc = rc == GX_OK && !met ? step_up(team, rung->step_up) : rc;
    return rc == GX_OK ? team_close(team) : rc;
}

enum gx_rc ladder_due(struct matcher *self, struct gx_ctx *ctx, const struct gx_timer *timer)
{
    struct team team;
    bool found = false;
    enum gx_rc rc = team_open_timer(self, ctx, timer, timer->subject, &team, &found);
    if (rc != GX_OK || !found || team.incident->stage != STAGE_OPEN) {
        return rc;
    }
    for (size_t i = 0; i < team.incident->playbook->n_rungs; i++) {
        if (team.incident->playbook->rungs[i]->minute == (uint32_t)timer->n) {
            return climb(&team, team.incident->playbook->rungs[i], timer);
        }
    }
    return GX_OK; /* the playbook was corrected: this rung is no more */
}
