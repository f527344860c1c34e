/* SPDX-License-Identifier: Apache-2.0 */
#include "broker.h"
#include "settings.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "web/admin.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The admin server starts when the sockets are bound and ends before they close. */
static const char *ready(void *arg)
{
    (void)arg;
    return NULL;
}

/* SIGTERM and SIGINT as a descriptor; blocked in all threads that come later. */
static int open_signals(void)
{
    sigset_t stop;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigaddset(&stop, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &stop, SFD_CLOEXEC);
}

static int serve(const struct gx_common_settings *common)
{
    const struct broker_settings settings = {.bind = BROKER_TARGET.bind,
                                             .key_dir = common->key_dir,
                                             .key_name = BROKER_TARGET.key_name,
                                             .queue_per_service = BROKER_TARGET.queue_per_service,
                                             .queue_limit = common->queue_limit,
                                             .drain_ms = common->drain_ms};
    int signals = open_signals();
    struct broker *broker = NULL;
    struct gx_admin *admin = NULL;
    if (signals < 0 || broker_open(&settings, &broker) != GX_OK) {
        return EXIT_FAILURE;
    }
    if (common->admin_port != 0 && gx_admin_open(common->admin_bind, (uint16_t)common->admin_port,
                                                 ready, NULL, &admin) != GX_OK) {
        gx_log(NULL, GX_ERROR, "broker-admin", "cannot listen on the admin port");
        broker_free(broker);
        return EXIT_FAILURE;
    }
    gx_log(NULL, GX_INFO, "broker-up", "serves on %s", settings.bind);
    broker_run(broker, signals);
    gx_log(NULL, GX_INFO, "broker-down", "stopped");
    gx_admin_free(admin);
    broker_free(broker);
    (void)close(signals);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct gx_common_settings common; /* its texts live as long as the process */
    const struct gx_settings_table tables[] = {
        {GX_COMMON_SETTINGS, GX_COMMON_SETTINGS_COUNT, &common, "common"},
        {BROKER_SETTINGS, BROKER_SETTINGS_COUNT, &BROKER_TARGET, "broker"},
    };
    gx_log_init("broker", GX_INFO);
    int loaded = gx_settings_load(tables, GX_COUNT_OF(tables), argc, argv);
    enum gx_log_level level;
    if (loaded == 0 && gx_log_level_parse(common.log_level, &level) == 0) {
        gx_log_set_level(level);
    }
    return loaded != 0 ? (loaded > 0 ? EXIT_SUCCESS : EXIT_FAILURE) : serve(&common);
}
