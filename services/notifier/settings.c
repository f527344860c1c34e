/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/cleanup.h"

#include <stddef.h>

#define AT(field) offsetof(struct notifier_settings, field)

struct notifier_settings notifier_settings;

const struct gx_setting NOTIFIER_SETTINGS[] = {
    {"receipt_seconds", GX_SET_INT, AT(receipt_seconds), "5", 1, 600, GX_SET_PLAIN,
     "an offer that the device did not receipt for so long goes to the next channel"},
    {"keep_days", GX_SET_INT, AT(keep_days), "30", 1, 3650, GX_SET_PLAIN,
     "deliveries that came to an end are kept so long, dead letters too"},
    {"webhook_parallel", GX_SET_INT, AT(webhook_parallel), "64", 1, 1024, GX_SET_PLAIN,
     "most webhook requests under way in this process"},
    {"webhook_per_endpoint", GX_SET_INT, AT(webhook_per_endpoint), "4", 1, 64, GX_SET_PLAIN,
     "most of them to one endpoint, over all processes"},
    {"webhook_timeout_ms", GX_SET_INT, AT(webhook_timeout_ms), "15000", 100, 60000, GX_SET_PLAIN,
     "a webhook request that takes longer has failed"},
    {"webhook_schedule", GX_SET_TEXT, AT(webhook_schedule),
     "0,5,300,1800,7200,18000,36000,50400,72000,86400", 0, 0, GX_SET_PLAIN,
     "seconds before each try; after the last one the delivery is dead"},
    {"webhook_jitter_percent", GX_SET_INT, AT(webhook_jitter_percent), "10", 0, 50, GX_SET_PLAIN,
     "each of these waits is varied by up to this much either way"},
    {"breaker_failures", GX_SET_INT, AT(breaker_failures), "5", 1, 1000, GX_SET_PLAIN,
     "failures in a row after which an endpoint is left alone"},
    {"breaker_first_ms", GX_SET_INT, AT(breaker_first_ms), "30000", 100, 86400000, GX_SET_PLAIN,
     "for how long at first; doubled each time that the one probe after it fails"},
    {"breaker_most_ms", GX_SET_INT, AT(breaker_most_ms), "3600000", 100, 86400000, GX_SET_PLAIN,
     "and up to this"},
    {"webhook_allow_private", GX_SET_BOOL, AT(webhook_allow_private), "false", 0, 0, GX_SET_PLAIN,
     "webhooks may go to private, loopback and link-local addresses; for tests and closed "
     "networks"},
    {"webhook_allow_http", GX_SET_BOOL, AT(webhook_allow_http), "false", 0, 0, GX_SET_PLAIN,
     "webhooks may go without TLS; for tests"},
    {"webhook_allow", GX_SET_TEXT, AT(webhook_allow), "", 0, 0, GX_SET_PLAIN,
     "networks (CIDR, comma-separated) that webhooks may reach although they are private"},
    {"webhook_ca_file", GX_SET_TEXT, AT(webhook_ca_file), "", 0, 0, GX_SET_PLAIN,
     "certificate authorities (PEM) trusted beside the system's own"},
    {"webhook_max_per_org", GX_SET_INT, AT(webhook_max_per_org), "10", 1, 1000, GX_SET_PLAIN,
     "webhooks that one organisation may have"},
    {"rotation_hours", GX_SET_INT, AT(rotation_hours), "24", 0, 720, GX_SET_PLAIN,
     "after a change of secret both sign for so long"},
    {"smpp_address", GX_SET_TEXT, AT(smpp_address), "", 0, 0, GX_SET_PLAIN,
     "host:port of the SMS centre; empty: no short messages"},
    {"smpp_system_id", GX_SET_TEXT, AT(smpp_system_id), "genxi", 0, 0, GX_SET_PLAIN,
     "who we are there, up to 15 characters"},
    {"smpp_password_file", GX_SET_TEXT, AT(smpp_password_file), "", 0, 0, GX_SET_PLAIN,
     "file with the password, up to 8 characters; empty: none"},
    {"smpp_system_type", GX_SET_TEXT, AT(smpp_system_type), "", 0, 0, GX_SET_PLAIN,
     "as the SMS centre wants it"},
    {"smpp_source", GX_SET_TEXT, AT(smpp_source), "110", 0, 0, GX_SET_PLAIN,
     "sender of the short messages"},
    {"smpp_source_ton", GX_SET_INT, AT(smpp_source_ton), "0", 0, 255, GX_SET_PLAIN,
     "its type of number"},
    {"smpp_source_npi", GX_SET_INT, AT(smpp_source_npi), "0", 0, 255, GX_SET_PLAIN,
     "its numbering plan"},
    {"smpp_destination_ton", GX_SET_INT, AT(smpp_destination_ton), "1", 0, 255, GX_SET_PLAIN,
     "type of number of the receivers"},
    {"smpp_destination_npi", GX_SET_INT, AT(smpp_destination_npi), "1", 0, 255, GX_SET_PLAIN,
     "numbering plan of the receivers"},
    {"smpp_window", GX_SET_INT, AT(smpp_window), "10", 1, 100, GX_SET_PLAIN,
     "messages sent and not yet answered"},
    {"smpp_enquire_ms", GX_SET_INT, AT(smpp_enquire_ms), "30000", 100, 600000, GX_SET_PLAIN,
     "enquire_link after so long without traffic"},
    {"smpp_response_ms", GX_SET_INT, AT(smpp_response_ms), "10000", 100, 60000, GX_SET_PLAIN,
     "an answer that takes longer means that the link is dead"},
    {"sms_text", GX_SET_TEXT, AT(sms_text), "根系: 有新任务 {number}, 请打开应用", 0, 0,
     GX_SET_PLAIN, "short message of an offer; {number} is the incident's number. Never case data"},
    {"sms_receipt_seconds", GX_SET_INT, AT(sms_receipt_seconds), "10", 1, 600, GX_SET_PLAIN,
     "a short message whose receipt takes longer is escalated to officers"},
    {"sms_exercise", GX_SET_BOOL, AT(sms_exercise), "false", 0, 0, GX_SET_PLAIN,
     "drills may send short messages; they begin with 【演练】 then"},
};
const size_t NOTIFIER_SETTINGS_COUNT = GX_COUNT_OF(NOTIFIER_SETTINGS);

const char *notifier_rules_make(const struct notifier_settings *settings,
                                struct notifier_rules *ret_rules)
{
    struct notifier_rules rules = {
        .target = {.allow_private = settings->webhook_allow_private,
                   .allow_http = settings->webhook_allow_http},
        .breaker = {(uint32_t)settings->breaker_failures, settings->breaker_first_ms,
                    settings->breaker_most_ms},
    };
    if (schedule_parse(settings->webhook_schedule, &rules.schedule) != GX_OK) {
        return "webhook_schedule";
    }
    rules.schedule.jitter_percent = settings->webhook_jitter_percent;
    if (target_policy_parse(settings->webhook_allow, &rules.target) != GX_OK) {
        return "webhook_allow";
    }
    *ret_rules = rules;
    return NULL;
}
