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
    FREE_TRIES_ADDRESS = 100,
    DEVICES_ARENA = 8 << 20
};

static const struct gx_event_row EVENTS[] = {{GX_E_device_changed, gw_devices_on_changed}};

static struct gw_settings settings;
static _Atomic(struct doors *) cars_doors; /* NULL: none serve cars */
static struct gateway gateway = {.settings = &settings};

static struct gx_bus_settings bus_settings(const struct gx_common_settings *common)
{
    return (struct gx_bus_settings){.brokers = common->brokers,
                                    .key_dir = common->key_dir,
                                    .key_name = "gateway",
                                    .queue_limit = (int)common->queue_limit};
}

/* The ports of devices, those that are not off. */
static enum gx_rc open_doors(void)
{
    const struct doors_settings doors = {
        .bind = settings.door_bind,
        .caller = gateway.caller,
        .request_ms = settings.request_ms,
        .connections = (size_t)settings.door_connections,
        .connections_per_address = (size_t)settings.door_connections_per_address,
        .idle_ms = settings.door_idle_seconds * 1000,
        .frame_ms = settings.door_frame_seconds * 1000,
    };
    const struct dc09_settings dc09 = {.devices = gateway.devices,
                                       .pool = gateway.lookups,
                                       .late_ms = settings.dc09_late_seconds * 1000,
                                       .early_ms = settings.dc09_early_seconds * 1000};
    struct door_port ports[DOORS_MAX];
    size_t count = 0;
    if (settings.dc09_port != 0) {
        gateway.dc09 = dc09_new(&dc09);
        ports[count++] =
            (struct door_port){&DC09_PROTOCOL, gateway.dc09, (int)settings.dc09_port, .udp = true};
    }
    if (settings.jt808_port != 0) {
        gateway.cars = cars_new(gateway.devices);
        ports[count++] = (struct door_port){
            .protocol = &CARS_PROTOCOL, .self = gateway.cars, .port = (int)settings.jt808_port};
    }
    return count == 0 ? GX_OK : doors_open(&doors, ports, count, &gateway.doors);
}

/* The hub runs before the doors are open. */
static void offered(const Genxi__Offer *offer)
{
    struct doors *doors = atomic_load(&cars_doors);
    if (doors != NULL) {
        cars_offer(doors, gateway.cars, offer);
    }
}

/* The copy of devices is read before anybody may speak. */
static enum gx_rc read_devices(const struct gx_common_settings *common)
{
    struct gx_seal_key key;
    struct gx_background *background = NULL;
    struct gx_ctx ctx;
    enum gx_rc rc = gx_seal_key_load(common->key_dir, "device-secrets", &key);
    if (rc != GX_OK) {
        return rc;
    }
    gateway.devices = gw_devices_new(&key);
    rc = gx_background_open(&background);
    if (rc == GX_OK) {
        gx_ctx_init(&ctx, DEVICES_ARENA);
        rc = gw_devices_look(gateway.devices, background, &ctx);
        gx_ctx_done(&ctx);
    }
    gx_background_free(background);
    return rc;
}

static enum gx_rc open_parts(const struct gx_common_settings *common)
{
    const struct gx_bus_settings bus = bus_settings(common);
    enum gx_rc rc = gx_caller_open(&bus, &gateway.caller);
    if (rc == GX_OK) {
        rc = read_devices(common);
    }
    if (rc == GX_OK) {
        rc = gw_pool_open((int)settings.lookup_threads, JOBS_MAX, &gateway.lookups);
    }
    if (rc == GX_OK) {
        rc = gw_pool_open((int)settings.login_threads, LOGINS_MAX, &gateway.logins);
    }
    const struct gw_hub_settings hub = {.bus = &bus,
                                        .gateway = &settings,
                                        .auth = gateway.auth,
                                        .devices = gateway.devices,
                                        .pool = gateway.lookups,
                                        .offered = offered,
                                        .suspend = gw_suspend,
                                        .resume = gw_resume};
    if (rc == GX_OK) {
        rc = gw_hub_open(&hub, &gateway.hub);
    }
    if (rc == GX_OK) {
        rc = gw_server_open(&gateway);
    }
    if (rc == GX_OK) {
        rc = open_doors();
    }
    if (rc == GX_OK && gateway.cars != NULL) {
        atomic_store(&cars_doors, gateway.doors);
    }
    return rc;
}

static void close_parts(void)
{
    gx_caller_free(gateway.caller);
    gw_pool_free(gateway.logins);
    gw_pool_free(gateway.lookups);
    if (gateway.hub != NULL) { /* it tells the doors of offers */
        gw_hub_stop(gateway.hub);
    }
    doors_free(gateway.doors);
    dc09_free(gateway.dc09);
    cars_free(gateway.cars);
    if (gateway.daemon != NULL) {
        gw_server_close(&gateway);
    }
    gw_hub_free(gateway.hub);
    gw_devices_free(gateway.devices);
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
    if (gateway.doors != NULL) {
        doors_stop(gateway.doors, (int)(gateway.common->drain_ms / 4));
    }
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
        .events = EVENTS,
        .event_count = GX_COUNT_OF(EVENTS),
        .metrics = GW_METRICS,
        .metric_count = GW_M_COUNT,
        .start = start,
        .stop = stop,
        .not_ready = not_ready,
    };
    return gx_service_main(&service, argc, argv);
}
