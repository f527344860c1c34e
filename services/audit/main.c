/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"
#include "sequencer.h"
#include "settings.h"

int main(int argc, char **argv)
{
    const struct gx_service service = {
        .name = "audit",
        .schema = "audit",
        .settings = AUDIT_SETTINGS,
        .setting_count = AUDIT_SETTINGS_COUNT,
        .settings_target = &audit_settings,
        .commands = AUDIT_COMMANDS,
        .command_count = AUDIT_COMMANDS_COUNT,
        .every_event = audit_on_event,
        .patience_ms = 50,
        .metrics = AUDIT_METRICS,
        .metric_count = AUDIT_METRICS_COUNT,
        .thread_start = audit_thread_start,
        .thread_stop = audit_thread_stop,
        .start = audit_sequencer_start,
        .stop = audit_sequencer_stop,
        .not_ready = audit_not_ready,
    };
    return gx_service_main(&service, argc, argv);
}
