/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"
#include "notifier.h"
#include "reseal.h"
#include "sender.h"
#include "smpp_link.h"

static enum gx_rc start(const struct gx_common_settings *common)
{
    enum gx_rc rc = reseal_all(common);
    if (rc == GX_OK) {
        rc = sender_start(common);
    }
    if (rc != GX_OK) {
        return rc;
    }
    rc = smpp_link_start(common);
    if (rc != GX_OK) {
        sender_stop();
    }
    return rc;
}

static void stop(void)
{
    smpp_link_stop();
    sender_stop();
}

int main(int argc, char **argv)
{
    const struct gx_service service = {
        .name = "notifier",
        .schema = "notifier",
        .settings = NOTIFIER_SETTINGS,
        .setting_count = NOTIFIER_SETTINGS_COUNT,
        .settings_target = &notifier_settings,
        .commands = NOTIFIER_COMMANDS,
        .command_count = NOTIFIER_COMMAND_COUNT,
        .every_event = notifier_on_event,
        .patience_ms = 10,
        .timers = NOTIFIER_TIMERS,
        .timer_count = NOTIFIER_TIMER_COUNT,
        .metrics = notifier_metrics,
        .metric_count = METRIC_COUNT,
        .thread_start = notifier_thread_start,
        .thread_stop = notifier_thread_stop,
        .tick = notifier_tick,
        .asks = true,
        .start = start,
        .stop = stop,
    };
    return gx_service_main(&service, argc, argv);
}
