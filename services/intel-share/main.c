/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"
#include "settings.h"

int main(int argc, char **argv)
{
    const struct gx_service service = {
        .name = "intel-share",
        .schema = "intel",
        .settings = INTEL_SETTINGS,
        .setting_count = INTEL_SETTINGS_COUNT,
        .settings_target = &intel_settings,
        .commands = INTEL_COMMANDS,
        .command_count = INTEL_COMMANDS_COUNT,
        .events = INTEL_EVENTS,
        .patience_ms = 50,
        .event_count = INTEL_EVENTS_COUNT,
        .timers = INTEL_TIMERS,
        .timer_count = INTEL_TIMERS_COUNT,
        .thread_start = intel_thread_start,
        .thread_stop = intel_thread_stop,
    };
    return gx_service_main(&service, argc, argv);
}
