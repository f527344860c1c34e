/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "store.h"

#include <stdlib.h>

/* Typed thunks: a row with the wrong message type does not compile. */
#define COMMAND(fn, Request, Reply)                                                                \
    static enum gx_rc fn##_thunk(void *self, struct gx_ctx *ctx, const void *in, void *out)        \
    {                                                                                              \
        enum gx_rc (*typed)(struct intel *, struct gx_ctx *, const Request *, Reply *) = fn;       \
        return typed(self, ctx, in, out);                                                          \
    }

COMMAND(intel_tip_create, Genxi__TipCreate, Genxi__TipCreated)
COMMAND(intel_tip_list, Genxi__TipQuery, Genxi__TipList)
COMMAND(intel_tip_triage, Genxi__TipTriage, Genxi__Tip)
COMMAND(intel_tip_outcome, Genxi__TipOutcome, Genxi__Tip)
COMMAND(intel_tip_text, Genxi__TipTextGet, Genxi__TipText)
COMMAND(intel_bulletin_draft, Genxi__BulletinDraft, Genxi__Bulletin)
COMMAND(intel_bulletin_decide, Genxi__BulletinDecide, Genxi__Bulletin)
COMMAND(intel_bulletin_recall, Genxi__BulletinRecall, Genxi__Bulletin)
COMMAND(intel_bulletin_list, Genxi__BulletinQuery, Genxi__BulletinList)
COMMAND(intel_bulletin_get, Genxi__BulletinGet, Genxi__Bulletin)
COMMAND(intel_bulletin_receipt, Genxi__BulletinReceipt, Genxi__Empty)
COMMAND(intel_read_log, Genxi__ReadLogQuery, Genxi__ReadLog)

#define REPORTERS                                                                                  \
    ((uint32_t)GX_ROLE_DESK | (uint32_t)GX_ROLE_LINKED | (uint32_t)GX_ROLE_RESPONDER |             \
     (uint32_t)GX_ROLE_DUTY | (uint32_t)GX_ROLE_POLICE)
#define READERS (REPORTERS | GX_ROLES_OFFICERS)

const struct gx_command_row INTEL_COMMANDS[] = {
    {GX_C_tip_create, intel_tip_create_thunk, REPORTERS},
    {GX_C_tip_list, intel_tip_list_thunk, READERS},
    {GX_C_tip_triage, intel_tip_triage_thunk, (uint32_t)GX_ROLE_DUTY},
    {GX_C_tip_outcome, intel_tip_outcome_thunk, (uint32_t)GX_ROLE_DUTY},
    {GX_C_bulletin_draft, intel_bulletin_draft_thunk, GX_ROLES_OFFICERS},
    {GX_C_bulletin_decide, intel_bulletin_decide_thunk, (uint32_t)GX_ROLE_APPROVER},
    {GX_C_bulletin_recall, intel_bulletin_recall_thunk, GX_ROLES_OFFICERS},
    {GX_C_bulletin_list, intel_bulletin_list_thunk, READERS},
    {GX_C_bulletin_get, intel_bulletin_get_thunk, READERS},
    {GX_C_bulletin_receipt, intel_bulletin_receipt_thunk, READERS},
    {GX_C_tip_text, intel_tip_text_thunk, 0},
    {GX_C_read_log, intel_read_log_thunk, GX_ROLES_OFFICERS | (uint32_t)GX_ROLE_AUDITOR},
};
const size_t INTEL_COMMANDS_COUNT = GX_COUNT_OF(INTEL_COMMANDS);

GX_ON_EVENT(on_station_changed, intel, Genxi__StationChanged)
GX_ON_EVENT(on_partner_changed, intel, Genxi__PartnerChanged)

const struct gx_event_row INTEL_EVENTS[] = {
    {GX_E_station_changed, on_station_changed_thunk},
    {GX_E_partner_changed, on_partner_changed_thunk},
};
const size_t INTEL_EVENTS_COUNT = GX_COUNT_OF(INTEL_EVENTS);

#define TIMER(fn)                                                                                  \
    static enum gx_rc fn##_thunk(void *self, struct gx_ctx *ctx, const struct gx_timer *timer)     \
    {                                                                                              \
        return fn(self, ctx, timer);                                                               \
    }
TIMER(intel_tip_purge)
TIMER(intel_bulletin_expire)

enum {
    PURGE_TOLERANCE_MS = 60 * 60 * 1000,
    EXPIRE_TOLERANCE_MS = 10 * 1000
};

const struct gx_timer_row INTEL_TIMERS[] = {
    {"tip_purge", intel_tip_purge_thunk, PURGE_TOLERANCE_MS},
    {"bulletin_expire", intel_bulletin_expire_thunk, EXPIRE_TOLERANCE_MS},
};
const size_t INTEL_TIMERS_COUNT = GX_COUNT_OF(INTEL_TIMERS);

enum gx_rc intel_thread_start(const struct gx_common_settings *common, void **ret_self)
{
    struct intel *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return GX_INTERNAL;
    }
    self->district = (int32_t)common->district;
    *ret_self = self;
    return GX_OK;
}

void intel_thread_stop(void *self)
{
    free(self);
}

/* The district is no territory of its own: places go to stations. */
static enum gx_rc on_station_changed(struct intel *self, struct gx_ctx *ctx,
                                     const Genxi__Event *event, const Genxi__StationChanged *in)
{
    (void)event;
    return in->station->area == self->district ? GX_OK : intel_store_station_put(ctx, in->station);
}

static enum gx_rc on_partner_changed(struct intel *self, struct gx_ctx *ctx,
                                     const Genxi__Event *event, const Genxi__PartnerChanged *in)
{
    (void)self;
    (void)event;
    return intel_store_org_put(ctx, in->partner);
}
