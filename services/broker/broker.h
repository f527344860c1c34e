/* SPDX-License-Identifier: Apache-2.0 */
/* The broker as a whole: four sockets, the allow-list, the rules of dispatch.h, and the events' thread. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "base/rc.h"

#include <stdint.h>

struct broker_settings {
    const char *bind; /* base address, tcp://host:port or ipc://path */
    const char *key_dir;
    const char *key_name; /* of the broker's own certificate */
    int64_t queue_per_service;
    int64_t queue_limit; /* high-water mark of each peer, messages */
    int64_t drain_ms;
};

struct broker;
/* Binds. INVALID: address or keys; UNAVAILABLE: an address is taken. What is wrong is logged. */
enum gx_rc broker_open(const struct broker_settings *settings, struct broker **ret_broker);
/* Serves until stop_fd is readable, then drains: no new calls, those under way end or drain_ms pass. */
void broker_run(struct broker *broker, int stop_fd);
void broker_free(struct broker *broker);

#endif
