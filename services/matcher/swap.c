/* SPDX-License-Identifier: Apache-2.0 */
#include "swap.h"

#include "rules.h"
#include "settings.h"
#include "store.h"

#include <string.h>

enum {
    LOOKED_AT_MAX = 500, /* people round about */
    SPACE_M = 15000      /* who is under way from farther off is nobody's business here */
};

#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name

/* Somebody under way whose place another would reach sooner. */
struct swap {
    struct gx_ctx *ctx;
    const struct gx_travel *travel;
    struct person free; /* who has become free */
    bool known;
    struct person best; /* who has farthest to go, compared with him */
    double best_m;
    size_t looked_at;
};

static bool takes_part(Genxi__Force force)
{
    return force == GENXI__FORCE__FORCE_POLICE || force == GENXI__FORCE__FORCE_GUARD ||
           force == GENXI__FORCE__FORCE_PATROL;
}

static bool worth_it(double left_s, double instead_s)
{
    double gain = left_s - instead_s;
    return gain >= MATCHER_SETTINGS.swap_gain_seconds &&
           gain >= left_s * MATCHER_SETTINGS.swap_gain_share;
}

static bool see_free(void *arg, struct live_hit *hit)
{
    struct swap *swap = arg;
    const struct person *person = &hit->person;
    swap->known = person->has_fix && takes_part(person->force);
    swap->free =
        (struct person){.force = person->force, .fix = person->fix, .has_fix = person->has_fix};
    return false;
}

/* By the straight line: the one for whom most is gained. The road has the last word. */
static bool see_other(void *arg, struct live_hit *hit)
{
    struct swap *swap = arg;
    const struct person *person = &hit->person;
    swap->looked_at++;
    if (person->hold == HOLD_ASSIGNMENT && person->task.on_the_way && person->task.grade != 0) {
        double left_m = gx_geo_distance_m(person->fix, person->task.place);
        double gain_m = left_m - gx_geo_distance_m(swap->free.fix, person->task.place);
        if (gain_m > swap->best_m) {
            swap->best_m = gain_m;
            swap->best = (struct person){.area = person->area,
                                         .force = person->force,
                                         .fix = person->fix,
                                         .task = person->task};
        }
    }
    return swap->looked_at < LOOKED_AT_MAX;
}

static enum gx_rc is_worth_it(const struct swap *swap, bool *ret_worth)
{
    const struct travel_from from[] = {{swap->best.fix, swap->best.force},
                                       {swap->free.fix, swap->free.force}};
    uint32_t seconds[2];
    const char *bases[2];
    const struct travel_times times = {.seconds = seconds, .bases = bases};
    enum gx_rc rc =
        swap->travel->matrix(swap->travel->self, swap->ctx, from, 2, swap->best.task.place, &times);
    *ret_worth = rc == GX_OK && seconds[1] != UINT32_MAX && worth_it(seconds[0], seconds[1]);
    return rc;
}

enum gx_rc swap_consider(struct matcher *self, struct gx_ctx *ctx, const char *responder_id)
{
    struct swap swap = {.ctx = ctx, .travel = &self->travel};
    int64_t now = gx_tx_now_ms(ctx);
    bool worth = false;
    live_find(self->live, responder_id, now, see_free, &swap);
    if (!swap.known) {
        return GX_OK;
    }
    live_near(self->live, swap.free.force, swap.free.fix, SPACE_M, now, see_other, &swap);
    enum gx_rc rc = swap.best_m > 0.0 ? is_worth_it(&swap, &worth) : GX_OK;
    if (rc != GX_OK || !worth) {
        return rc;
    }
    char task[KEY_TEXT_SIZE];
    const struct gx_timer timer = {.kind = "swap",
                                   .subject = key_format(swap.best.task.ref, task),
                                   .area = swap.best.area,
                                   .data = responder_id};
    return gx_timer_set(ctx, &timer, 0);
}

/* ---- the offer ---- */

static bool under_way(const struct assignment *task)
{
    return task != NULL && (task->state == STATE(ACCEPTED) || task->state == STATE(EN_ROUTE));
}

static bool may_go(const struct team *team, const struct slot *slot, const struct person *person)
{
    const struct rule_limits limits = {.fix_fresh_ms =
                                           (int64_t)(MATCHER_SETTINGS.fix_fresh_seconds * 1000.0)};
    const struct occasion occasion = match_occasion(team->ctx, team->incident);
    return rule_forbidding(person, &occasion, &slot->need, &limits, RULE_KIND_FIX) == RULE_NONE;
}

/* Asked of the tables, under the incident's lock. */
static enum gx_rc ask(struct team *team, const char *responder_id, struct assignment *task)
{
    struct slot *slot = team_slot(team, task->slot);
    struct person *persons = NULL;
    uint32_t *seconds = NULL;
    uint32_t *left = NULL;
    size_t count = 0;
    if (slot == NULL || slot->swaps >= slot->count) {
        return GX_OK;
    }
    enum gx_rc rc = match_named(team->self, team->ctx, team->incident, &responder_id, 1, &persons,
                                &seconds, &count);
    rc = rc == GX_OK ? match_seconds(team->self, team->ctx, team->incident, &task, 1, &left) : rc;
    if (rc != GX_OK || count == 0 || !may_go(team, slot, &persons[0]) || seconds[0] == UINT32_MAX ||
        !worth_it(left[0], seconds[0])) {
        return rc;
    }
    Genxi__Offer *offer = NULL;
    const struct match_one one = {slot->code, &persons[0], seconds[0], task->id};
    rc = match_offer_one(team->self, team->ctx, team->incident, &one, &offer);
    return rc == GX_OK && offer != NULL
               ? store_slot_swapped(team->ctx, team->incident->id, slot->code)
               : rc;
}

enum gx_rc swap_due(struct matcher *self, struct gx_ctx *ctx, const struct gx_timer *timer)
{
    struct assignment *task = NULL;
    struct team team;
    bool found = false;
    enum gx_rc rc = store_assignment_find(ctx, timer->subject, &task);
    if (rc != GX_OK || !under_way(task) || timer->data == NULL) {
        return rc;
    }
    rc = team_open_timer(self, ctx, timer, task->incident_id, &team, &found);
    rc = rc == GX_OK && found ? store_assignment_find(ctx, timer->subject, &task) : rc;
    if (rc != GX_OK || !found || team.incident->stage != STAGE_OPEN || !under_way(task) ||
        strcmp(task->incident_id, team.incident->id) != 0) {
        return rc;
    }
    rc = ask(&team, timer->data, task);
    return rc == GX_OK ? team_close(&team) : rc;
}

enum gx_rc swap_end(struct team *team, const struct offer *offer)
{
    struct assignment *task = NULL;
    if (offer->replaces[0] == '\0') {
        return GX_OK;
    }
    enum gx_rc rc = store_assignment_find(team->ctx, offer->replaces, &task);
    if (rc != GX_OK) {
        return rc;
    }
    if (!under_way(task) || strcmp(task->incident_id, team->incident->id) != 0) {
        return gx_fail(team->ctx, GX_P_OFFER_ENDED, "", "%s", "task_over");
    }
    /* The place is handed over: it was not empty meanwhile. */
    int64_t filled_at = team->incident->filled_at;
    task->ended_by = "replaced";
    rc = team_move(team, task, STATE(STOOD_DOWN));
    team->incident->filled_at = filled_at;
    return rc;
}
