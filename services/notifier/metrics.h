/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFIER_METRICS_H
#define NOTIFIER_METRICS_H

#include "base/metrics.h"

enum notifier_metric {
    METRIC_STREAM_RECEIPTED,
    METRIC_STREAM_FAILED,
    METRIC_STREAM_CANCELLED,
    METRIC_WEBHOOK_RECEIPTED,
    METRIC_WEBHOOK_RETRIED,
    METRIC_WEBHOOK_DEAD,
    METRIC_SMS_SENT,
    METRIC_SMS_RECEIPTED,
    METRIC_SMS_FAILED,
    METRIC_SMS_CANCELLED,
    METRIC_ESCALATIONS,
    METRIC_WEBHOOK_SECONDS,
    METRIC_WEBHOOK_UNDER_WAY,
    METRIC_BREAKERS_OPEN,
    METRIC_SMPP_UP,
    METRIC_SMPP_THROTTLED,
    METRIC_SMPP_INCOMING,
    METRIC_COUNT
};
extern struct gx_metric notifier_metrics[METRIC_COUNT];

static inline void notifier_count(enum notifier_metric metric)
{
    gx_metric_add(&notifier_metrics[metric], 1);
}

#endif
