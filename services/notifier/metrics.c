/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#define DELIVERIES(channel, state)                                                                 \
    {                                                                                              \
        .name = "genxi_notifier_deliveries_total",                                                 \
        .help = "Deliveries by channel and what became of them.", .kind = GX_COUNTER,              \
        .labels = "channel=\"" channel "\",state=\"" state "\""                                    \
    }

struct gx_metric notifier_metrics[METRIC_COUNT] = {
    [METRIC_STREAM_RECEIPTED] = DELIVERIES("stream", "receipted"),
    [METRIC_STREAM_FAILED] = DELIVERIES("stream", "failed"),
    [METRIC_STREAM_CANCELLED] = DELIVERIES("stream", "cancelled"),
    [METRIC_WEBHOOK_RECEIPTED] = DELIVERIES("webhook", "receipted"),
    [METRIC_WEBHOOK_RETRIED] = DELIVERIES("webhook", "retried"),
    [METRIC_WEBHOOK_DEAD] = DELIVERIES("webhook", "dead"),
    [METRIC_SMS_SENT] = DELIVERIES("sms", "sent"),
    [METRIC_SMS_RECEIPTED] = DELIVERIES("sms", "receipted"),
    [METRIC_SMS_FAILED] = DELIVERIES("sms", "failed"),
    [METRIC_SMS_CANCELLED] = DELIVERIES("sms", "cancelled"),
    [METRIC_ESCALATIONS] = {.name = "genxi_notifier_escalations_total",
                            .help = "Offers that reached no device and were told to officers.",
                            .kind = GX_COUNTER},
    [METRIC_WEBHOOK_SECONDS] = {.name = "genxi_notifier_webhook_seconds",
                                .help = "Time that webhook requests took, whatever came of them.",
                                .kind = GX_HISTOGRAM},
    [METRIC_WEBHOOK_UNDER_WAY] = {.name = "genxi_notifier_webhooks_under_way",
                                  .help = "Webhook requests under way.",
                                  .kind = GX_GAUGE},
    [METRIC_BREAKERS_OPEN] = {.name = "genxi_notifier_breakers_open",
                              .help = "Webhook endpoints that are left alone for now.",
                              .kind = GX_GAUGE},
    [METRIC_SMPP_UP] = {.name = "genxi_notifier_smpp_up",
                        .help = "1 while bound to the SMS centre.",
                        .kind = GX_GAUGE},
    [METRIC_SMPP_THROTTLED] = {.name = "genxi_notifier_smpp_throttled_total",
                               .help = "Short messages that the SMS centre asked to send later.",
                               .kind = GX_COUNTER},
    [METRIC_SMPP_INCOMING] = {.name = "genxi_notifier_smpp_incoming_total",
                              .help = "Short messages from phones; they are counted and not read.",
                              .kind = GX_COUNTER},
};
