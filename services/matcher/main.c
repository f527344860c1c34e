/* SPDX-License-Identifier: Apache-2.0 */
#include "counters.h"
#include "flush.h"
#include "follow.h"
#include "handlers.h"
#include "matcher.h"
#include "settings.h"
#include "watch/watch.h"

static enum gx_rc start(const struct gx_common_settings *common)
{
    enum gx_rc rc = flush_start(common);
    return rc == GX_OK ? watch_start(common) : rc;
}

static void stop(void)
{
    watch_stop();
    flush_stop();
}

int main(int argc, char **argv)
{
    const struct gx_service service = {
        .name = "matcher",
        .schema = "matcher",
        .settings = MATCHER_SETTING_ROWS,
        .setting_count = MATCHER_SETTING_COUNT,
        .settings_target = &MATCHER_SETTINGS,
        .commands = MATCHER_COMMANDS,
        .command_count = MATCHER_COMMAND_COUNT,
        .events = MATCHER_EVENTS,
        .event_count = MATCHER_EVENT_COUNT,
        .timers = MATCHER_TIMERS,
        .timer_count = MATCHER_TIMER_COUNT,
        .metrics = MATCHER_COUNTERS,
        .metric_count = COUNTER_COUNT,
        .thread_start = matcher_thread_start,
        .thread_stop = matcher_thread_stop,
        .committed = matcher_committed,
        .start = start,
        .stop = stop,
    };
    return gx_service_main(&service, argc, argv);
}
