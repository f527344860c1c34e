/* SPDX-License-Identifier: Apache-2.0 */
#include "preempt.h"

#include "store.h"

#include "store/tx.h"

#include <string.h>

static enum gx_rc open_both(struct matcher *self, struct gx_ctx *ctx, const struct offer *offer,
                            struct team *ret_team, struct preempted *ret_old, bool *ret_found)
{
    const char *old_id = ret_old->assignment->incident_id;
    bool old_found = false;
    bool old_first = strcmp(old_id, offer->incident_id) < 0;
    enum gx_rc rc = old_first ? team_open(self, ctx, old_id, &ret_old->team, &old_found)
                              : team_open(self, ctx, offer->incident_id, ret_team, ret_found);
    if (rc == GX_OK) {
        rc = old_first ? team_open(self, ctx, offer->incident_id, ret_team, ret_found)
                       : team_open(self, ctx, old_id, &ret_old->team, &old_found);
    }
    /* As it is now, under the lock. A merge may have moved it meanwhile: then it is not the task that was to be left. */
    rc = rc == GX_OK ? store_assignment_find(ctx, offer->preempts, &ret_old->assignment) : rc;
    if (rc == GX_OK && (!old_found || (ret_old->assignment != NULL &&
                                       strcmp(ret_old->assignment->incident_id, old_id) != 0))) {
        ret_old->assignment = NULL;
    }
    return rc;
}

enum gx_rc preempt_open(struct matcher *self, struct gx_ctx *ctx, const struct offer *offer,
                        struct team *ret_team, struct preempted *ret_old, bool *ret_found)
{
    *ret_old = (struct preempted){.assignment = NULL};
    enum gx_rc rc = offer->preempts[0] == '\0'
                        ? GX_OK
                        : store_assignment_find(ctx, offer->preempts, &ret_old->assignment);
    if (rc != GX_OK) {
        return rc;
    }
    bool both = ret_old->assignment != NULL &&
                strcmp(ret_old->assignment->incident_id, offer->incident_id) != 0;
    if (both) {
        return open_both(self, ctx, offer, ret_team, ret_old, ret_found);
    }
    ret_old->assignment = NULL;
    return team_open(self, ctx, offer->incident_id, ret_team, ret_found);
}

enum gx_rc preempt_check(const struct team *team, const struct preempted *old,
                         const struct offer *offer)
{
    if (offer->preempts[0] == '\0') {
        return GX_OK;
    }
    const struct assignment *task = old->assignment;
    bool under_way =
        task != NULL && (task->state == GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ACCEPTED ||
                         task->state == GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_EN_ROUTE);
    if (!under_way || old->team.incident->grade <= team->incident->grade) {
        return gx_fail(team->ctx, GX_P_OFFER_ENDED, "", "%s", "task_over");
    }
    return GX_OK;
}

enum gx_rc preempt_end(struct preempted *old)
{
    if (old->assignment == NULL) {
        return GX_OK;
    }
    const struct incident *incident = old->team.incident;
    const struct gx_timer timer = {.kind = "look", .subject = incident->id, .area = incident->area};
    enum gx_rc rc = team_call_away(&old->team, old->assignment);
    rc = rc == GX_OK ? gx_timer_set(old->team.ctx, &timer, 0) : rc;
    return rc == GX_OK ? team_close(&old->team) : rc;
}
