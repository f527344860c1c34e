/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/cleanup.h"

struct broker_own_settings BROKER_TARGET;

#define AT(field) offsetof(struct broker_own_settings, field)

const struct gx_setting BROKER_SETTINGS[] = {
    {"bind", GX_SET_TEXT, AT(bind), "tcp://127.0.0.1:9500", 0, 0, GX_SET_PLAIN,
     "base address: tcp://host:port takes four ports from it, ipc://path four sockets that begin "
     "so"},
    {"key_name", GX_SET_TEXT, AT(key_name), "broker", 0, 0, GX_SET_PLAIN,
     "name of the broker's own certificate in key_dir; all brokers share it"},
    {"queue_per_service", GX_SET_INT, AT(queue_per_service), "1000", 1, 1000000, GX_SET_PLAIN,
     "calls that may wait for a worker of one service; the next is answered busy"},
};
const size_t BROKER_SETTINGS_COUNT = GX_COUNT_OF(BROKER_SETTINGS);
