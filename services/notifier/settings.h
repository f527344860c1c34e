/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFIER_SETTINGS_H
#define NOTIFIER_SETTINGS_H

#include "chassis/settings.h"
#include "schedule.h"
#include "target.h"

struct notifier_settings {
    int64_t receipt_seconds;
    int64_t keep_days;
    /* webhooks */
    int64_t webhook_parallel;
    int64_t webhook_per_endpoint;
    int64_t webhook_timeout_ms;
    const char *webhook_schedule;
    int64_t webhook_jitter_percent;
    int64_t breaker_failures;
    int64_t breaker_first_ms;
    int64_t breaker_most_ms;
    bool webhook_allow_private;
    bool webhook_allow_http;
    const char *webhook_allow;
    const char *webhook_ca_file;
    int64_t webhook_max_per_org;
    int64_t rotation_hours;
    /* short messages */
    const char *smpp_address;
    const char *smpp_system_id;
    const char *smpp_password_file;
    const char *smpp_system_type;
    const char *smpp_source;
    int64_t smpp_source_ton;
    int64_t smpp_source_npi;
    int64_t smpp_destination_ton;
    int64_t smpp_destination_npi;
    int64_t smpp_window;
    int64_t smpp_enquire_ms;
    int64_t smpp_response_ms;
    const char *sms_text;
    int64_t sms_receipt_seconds;
    bool sms_exercise;
};

/* What the texts among them mean, worked out once at start. */
struct notifier_rules {
    struct schedule schedule;
    struct target_policy target;
    struct breaker_rule breaker;
};

extern const struct gx_setting NOTIFIER_SETTINGS[];
extern const size_t NOTIFIER_SETTINGS_COUNT;
/* Written by the chassis before any thread starts, read only after it. */
extern struct notifier_settings notifier_settings;

/* NULL, or the name of the setting that cannot be read. */
const char *notifier_rules_make(const struct notifier_settings *settings,
                                struct notifier_rules *ret_rules);
static inline bool notifier_sms_on(const struct notifier_settings *settings)
{
    return settings->smpp_address[0] != '\0';
}

#endif
