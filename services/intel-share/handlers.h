/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INTEL_HANDLERS_H
#define INTEL_HANDLERS_H

#include "chassis/service.h"
#include "intel.pb-c.h"
#include "registry.pb-c.h"

/* A thread's own state. */
struct intel {
    int32_t district; /* where a tip goes while no station is known */
};

extern const struct gx_command_row INTEL_COMMANDS[];
extern const size_t INTEL_COMMANDS_COUNT;
extern const struct gx_event_row INTEL_EVENTS[];
extern const size_t INTEL_EVENTS_COUNT;
extern const struct gx_timer_row INTEL_TIMERS[];
extern const size_t INTEL_TIMERS_COUNT;

enum gx_rc intel_thread_start(const struct gx_common_settings *common, void **ret_self);
void intel_thread_stop(void *self);

/* tips.c */
enum gx_rc intel_tip_create(struct intel *self, struct gx_ctx *ctx, const Genxi__TipCreate *in,
                            Genxi__TipCreated *out);
enum gx_rc intel_tip_list(struct intel *self, struct gx_ctx *ctx, const Genxi__TipQuery *in,
                          Genxi__TipList *out);
enum gx_rc intel_tip_triage(struct intel *self, struct gx_ctx *ctx, const Genxi__TipTriage *in,
                            Genxi__Tip *out);
enum gx_rc intel_tip_outcome(struct intel *self, struct gx_ctx *ctx, const Genxi__TipOutcome *in,
                             Genxi__Tip *out);
/* For intake, of a tip that it opened. */
enum gx_rc intel_tip_text(struct intel *self, struct gx_ctx *ctx, const Genxi__TipTextGet *in,
                          Genxi__TipText *out);
enum gx_rc intel_tip_purge(struct intel *self, struct gx_ctx *ctx, const struct gx_timer *timer);

/* bulletins.c */
enum gx_rc intel_bulletin_draft(struct intel *self, struct gx_ctx *ctx,
                                const Genxi__BulletinDraft *in, Genxi__Bulletin *out);
enum gx_rc intel_bulletin_decide(struct intel *self, struct gx_ctx *ctx,
                                 const Genxi__BulletinDecide *in, Genxi__Bulletin *out);
enum gx_rc intel_bulletin_recall(struct intel *self, struct gx_ctx *ctx,
                                 const Genxi__BulletinRecall *in, Genxi__Bulletin *out);
enum gx_rc intel_bulletin_list(struct intel *self, struct gx_ctx *ctx,
                               const Genxi__BulletinQuery *in, Genxi__BulletinList *out);
enum gx_rc intel_bulletin_get(struct intel *self, struct gx_ctx *ctx, const Genxi__BulletinGet *in,
                              Genxi__Bulletin *out);
enum gx_rc intel_bulletin_receipt(struct intel *self, struct gx_ctx *ctx,
                                  const Genxi__BulletinReceipt *in, Genxi__Empty *out);
enum gx_rc intel_read_log(struct intel *self, struct gx_ctx *ctx, const Genxi__ReadLogQuery *in,
                          Genxi__ReadLog *out);
enum gx_rc intel_bulletin_expire(struct intel *self, struct gx_ctx *ctx,
                                 const struct gx_timer *timer);

/* check.c: a field's rules, each adding its fault. */
enum gx_rc intel_check_text(struct gx_ctx *ctx, const char *pointer, const char *text, size_t most);
enum gx_rc intel_check_id(struct gx_ctx *ctx, const char *pointer, const char *id);
/* 1..most, or the default when it was not given. */
enum gx_rc intel_check_limit(struct gx_ctx *ctx, bool given, uint32_t limit, unsigned most,
                             unsigned *ret_limit);
enum gx_rc intel_check_exercise(struct gx_ctx *ctx, bool exercise);

#endif
