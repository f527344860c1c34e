/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway.h"

#include "base/log.h"
#include "chassis/service.h"
#include "metrics.h"
#include "openapi.h"

#include <sodium.h>
#include <stdlib.h>

enum {
    JOBS_MAX = 8192,
    LOGINS_MAX = 64,
    FREE_TRIES_USER = 5,
    FREE_TRIES_ADDRESS = 100
};

static struct gw_settings settings;
static struct gateway gateway = {.settings = &settings};

static struct gx_bus_settings bus_settings(const struct gx_common_settings *common)
{
    return (struct gx_bus_settings){.brokers = common->brokers,
                                    .key_dir = common->key_dir,
                                    .key_name = "gateway",
                                    .queue_limit = (int)common->queue_limit};
}

static enum gx_rc open_parts(const struct gx_common_settings *common)
{
    const struct gx_bus_settings bus = bus_settings(common);
    enum gx_rc rc = gx_caller_open(&bus, &gateway.caller);
    if (rc == GX_OK) {
        rc = gw_pool_open((int)settings.lookup_threads, JOBS_MAX, &gateway.lookups);
    }
    if (rc == GX_OK) {
        rc = gw_pool_open((int)settings.login_threads, LOGINS_MAX, &gateway.logins);
    }
    const struct gw_hub_settings hub = {.bus = &bus,
                                        .gateway = &settings,
                                        .auth = gateway.auth,
                                        .pool = gateway.lookups,
                                        .suspend = gw_suspend,
                                        .resume = gw_resume};
    if (rc == GX_OK) {
        rc = gw_hub_open(&hub, &gateway.hub);
    }
    return rc == GX_OK ? gw_server_open(&gateway) : rc;
}

static void close_parts(void)
{
    gx_caller_free(gateway.caller);
    gw_pool_free(gateway.logins);
    gw_pool_free(gateway.lookups);
    if (gateway.hub != NULL) {
        gw_hub_stop(gateway.hub);
    }
    if (gateway.daemon != NULL) {
        gw_server_close(&gateway);
    }
    gw_hub_free(gateway.hub);
    gw_auth_free(gateway.auth);
    gw_buckets_free(gateway.buckets);
    gw_lockout_free(gateway.user_lockout);
    gw_lockout_free(gateway.address_lockout);
    free(gateway.openapi);
}

static enum gx_rc start(const struct gx_common_settings *common)
{
    if (sodium_init() < 0) {
        return GX_INTERNAL;
    }
    gateway.common = common;
    gateway.auth = gw_auth_new(settings.credential_cache_ms * 1000);
    gateway.buckets = gw_buckets_new(settings.rate_per_second, settings.rate_burst);
    gateway.user_lockout = gw_lockout_new(FREE_TRIES_USER);
    gateway.address_lockout = gw_lockout_new(FREE_TRIES_ADDRESS);
    gateway.openapi = gw_openapi(&settings, &gateway.openapi_size);
    gw_metrics_routes();
    enum gx_rc rc = open_parts(common);
    if (rc != GX_OK) {
        close_parts();
    }
    return rc;
}

static void stop(void)
{
    gw_server_drain(&gateway, (int)(gateway.common->drain_ms / 2));
    close_parts();
}

static const char *not_ready(void)
{
    if (gateway.daemon == NULL) {
        return "https";
    }
    if (gx_caller_brokers_up(gateway.caller) == 0) {
        return "broker";
    }
    return gw_hub_missing(gateway.hub);
}

int main(int argc, char **argv)
{
    const struct gx_service service = {
        .name = "gateway",
        .schema = "gateway",
        .settings = GW_SETTINGS,
        .setting_count = GW_SETTINGS_COUNT,
        .settings_target = &settings,
        .metrics = GW_METRICS,
        .metric_count = GW_M_COUNT,
        .start = start,
        .stop = stop,
        .not_ready = not_ready,
    };
    return gx_service_main(&service, argc, argv);
}
