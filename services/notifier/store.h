/* SPDX-License-Identifier: Apache-2.0 */
/* All SQL of notifier. Everything returned lives in ctx's arena; "put" is idempotent. */
#ifndef NOTIFIER_STORE_H
#define NOTIFIER_STORE_H

#include "base/ctx.h"
#include "dispatch.pb-c.h"
#include "notify.pb-c.h"
#include "registry.pb-c.h"
#include "schedule.h"

/* A row of delivery: what others may see, and what it belongs to. */
struct notifier_delivery {
    Genxi__Delivery seen;
    int32_t area;
    const char *offer_id;    /* NULL for webhooks */
    const char *incident_id; /* NULL for webhooks */
    const char *body;        /* webhooks only; not read back */
    const char *phone;       /* short messages only, until they are sent; not read back */
};

/* --- offers and receipts --- */
enum gx_rc notifier_store_offer_put(struct gx_ctx *ctx, const char *event_id,
                                    const Genxi__Offer *offer);
enum gx_rc notifier_store_offer_end(struct gx_ctx *ctx, const char *offer_id);
/* Open and not past its end; locks the offer against being ended before this transaction is over. */
enum gx_rc notifier_store_offer_open(struct gx_ctx *ctx, const char *offer_id, bool *ret_open);
/* The offer's event is here; 0 when its receipt is not. */
enum gx_rc notifier_store_receipt_meet(struct gx_ctx *ctx, const char *event_id,
                                       const char *responder_id, int64_t *ret_receipted_at);
/* The receipt is here; made: the offer's event is too. */
enum gx_rc notifier_store_receipt_put(struct gx_ctx *ctx, const char *event_id,
                                      const char *responder_id, bool *ret_made);
/* Receipts of a responder that met no event yet. */
enum gx_rc notifier_store_receipt_early(struct gx_ctx *ctx, const char *responder_id,
                                        int64_t *ret_count);

/* --- deliveries --- */
enum gx_rc notifier_store_delivery_put(struct gx_ctx *ctx,
                                       const struct notifier_delivery *delivery);

enum {
    NOTIFIER_STATES_MAX = 4
};
struct notifier_move {
    const char *id;
    int32_t from[NOTIFIER_STATES_MAX]; /* of Genxi__DeliveryState; 0 ends */
    Genxi__DeliveryState to;
    const char *error;    /* NULL: none */
    int64_t sent_at;      /* 0: as it was */
    int64_t receipted_at; /* 0: as it was */
};
/* NULL when it was not in one of these states. */
enum gx_rc notifier_store_delivery_move(struct gx_ctx *ctx, const struct notifier_move *move,
                                        struct notifier_delivery **ret_moved);
/* Locked; NULL when there is none. */
enum gx_rc notifier_store_delivery_find(struct gx_ctx *ctx, const char *id,
                                        struct notifier_delivery **ret_delivery);
/* The same without a lock. */
enum gx_rc notifier_store_delivery_peek(struct gx_ctx *ctx, const char *id,
                                        struct notifier_delivery **ret_delivery);
enum gx_rc notifier_store_delivery_of_event(struct gx_ctx *ctx, const char *event_id,
                                            const char *responder_id,
                                            struct notifier_delivery **ret_delivery);
enum gx_rc notifier_store_deliveries_of_offer(struct gx_ctx *ctx, const char *offer_id,
                                              struct notifier_delivery **ret_deliveries,
                                              size_t *ret_count);
enum gx_rc notifier_store_delivery_list(struct gx_ctx *ctx, const Genxi__DeliveryQuery *query,
                                        uint32_t limit, struct notifier_delivery **ret_deliveries,
                                        size_t *ret_count);

struct notifier_escalation {
    const char *id;
    int32_t area;
    const char *subject_id;
    const char *what;
    const char *reason;
    bool exercise;
};
enum gx_rc notifier_store_escalation_add(struct gx_ctx *ctx,
                                         const struct notifier_escalation *escalation);

/* --- webhooks --- */
/* `sealed` is kept as the secret, not that of webhook. */
enum gx_rc notifier_store_webhook_add(struct gx_ctx *ctx, const Genxi__Webhook *webhook,
                                      const char *sealed);
/* Keeps the secret; closes the breaker. False: no such webhook of the caller's. */
enum gx_rc notifier_store_webhook_change(struct gx_ctx *ctx, const Genxi__Webhook *webhook,
                                         bool *ret_found);
/* secret is left out. NULL when there is none of the caller's. */
enum gx_rc notifier_store_webhook_find(struct gx_ctx *ctx, const char *id,
                                       Genxi__Webhook **ret_webhook);
enum gx_rc notifier_store_webhook_list(struct gx_ctx *ctx, const char *org_id, const char *id,
                                       Genxi__Webhook ***ret_webhooks, size_t *ret_count);
/* Counts and keeps others from adding until the transaction ends. */
enum gx_rc notifier_store_webhook_count(struct gx_ctx *ctx, const char *org_id, int64_t *ret_count);
enum gx_rc notifier_store_webhook_delete(struct gx_ctx *ctx, const char *id, bool *ret_found);
enum gx_rc notifier_store_webhook_rotate(struct gx_ctx *ctx, const char *id, const char *sealed,
                                         int64_t old_until_at);
struct notifier_secrets {
    const char *webhook_id;
    const char *secret;
    const char *old_secret; /* NULL: none */
};
/* Webhooks with a secret in clear, locked. */
enum gx_rc notifier_store_secrets_clear(struct gx_ctx *ctx, int limit,
                                        struct notifier_secrets **ret_secrets, size_t *ret_count);
enum gx_rc notifier_store_secrets_put(struct gx_ctx *ctx, const struct notifier_secrets *sealed);
/* Active ones of these organisations. */
enum gx_rc notifier_store_webhooks_of(struct gx_ctx *ctx, char *const *orgs, size_t org_count,
                                      bool exercise, Genxi__Webhook ***ret_webhooks,
                                      size_t *ret_count);
enum gx_rc notifier_store_webhook_replay(struct gx_ctx *ctx, const Genxi__WebhookReplay *range,
                                         int64_t *ret_count);
/* Waiting deliveries of a webhook end in `to`. */
enum gx_rc notifier_store_webhook_stop(struct gx_ctx *ctx, const char *id, Genxi__DeliveryState to,
                                       const char *error);
enum gx_rc notifier_store_webhook_disable(struct gx_ctx *ctx, const char *id);
enum gx_rc notifier_store_breaker_get(struct gx_ctx *ctx, const char *id,
                                      struct breaker *ret_breaker, bool *ret_found);
enum gx_rc notifier_store_breaker_put(struct gx_ctx *ctx, const char *id,
                                      const struct breaker *breaker);
enum gx_rc notifier_store_breakers_open(struct gx_ctx *ctx, int64_t *ret_count);

/* --- the senders --- */
struct notifier_claim_ask {
    const char *lease_id;
    int64_t lease_ms;
    int64_t
        seed; /* of the order among endpoints: a new one each time, so that no endpoint is always first */
    size_t room;
    size_t per_endpoint;
    uint32_t breaker_failures;
};
struct notifier_claim {
    char *id;
    char *event_id;
    char *webhook_id;
    char *url;
    char *secret;     /* sealed */
    char *old_secret; /* sealed; NULL: no change of secret under way */
    char *body;
};
/* Takes due deliveries that nobody else holds, few of each endpoint and none of one that the breaker keeps. */
enum gx_rc notifier_store_webhook_claim(struct gx_ctx *ctx, const struct notifier_claim_ask *ask,
                                        struct notifier_claim **ret_claims, size_t *ret_count);
/* The try under this lease is over: NULL when the lease was lost or the delivery has ended. attempts counts it already. */
enum gx_rc notifier_store_try_over(struct gx_ctx *ctx, const char *id, const char *lease_id,
                                   struct notifier_delivery **ret_delivery);
enum gx_rc notifier_store_try_again(struct gx_ctx *ctx, const char *id, int64_t wait_ms,
                                    const char *error);
/* Gives a lease back untried. */
enum gx_rc notifier_store_release(struct gx_ctx *ctx, const char *id, const char *lease_id);

struct notifier_sms {
    char *id;
    char *offer_id;
    char *number;
    char *phone;
    bool exercise;
};
enum gx_rc notifier_store_sms_claim(struct gx_ctx *ctx, const struct notifier_claim_ask *ask,
                                    struct notifier_sms **ret_sms, size_t *ret_count);
/* True: it is ours under this lease and still waits. */
enum gx_rc notifier_store_sms_held(struct gx_ctx *ctx, const char *id, const char *lease_id,
                                   bool *ret_held);
enum gx_rc notifier_store_sms_part_put(struct gx_ctx *ctx, const char *id, size_t part,
                                       size_t parts, const char *centre_id);
/* The delivery that the receipt is of, NULL: none; whole: all its parts are receipted now. */
enum gx_rc notifier_store_sms_receipt(struct gx_ctx *ctx, const char *const *forms,
                                      size_t form_count, char **ret_id, bool *ret_whole);

/* Removes what ended before; at most `most` rows of each table. */
enum gx_rc notifier_store_purge(struct gx_ctx *ctx, int64_t before_at, size_t most);

#endif
