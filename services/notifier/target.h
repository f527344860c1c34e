/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a webhook may go. The address is what counts, not the name: the sender asks target_address_allowed() for the very address
 * that it is about to connect to, so a name that changes its mind between check and use (DNS rebinding) gains nothing.
 */
#ifndef NOTIFIER_TARGET_H
#define NOTIFIER_TARGET_H

#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    TARGET_CIDR_MAX = 32,
    TARGET_HOST_SIZE = 256
};

struct target_cidr {
    uint8_t bytes[16]; /* an IPv4 network as ::ffff:a.b.c.d */
    int bits;          /* of 128 */
};

struct target_policy {
    bool allow_private; /* every unicast address */
    bool allow_http;
    struct target_cidr allowed[TARGET_CIDR_MAX]; /* exceptions beside it */
    size_t allowed_count;
};

struct target_url {
    char host[TARGET_HOST_SIZE]; /* without brackets */
    char port[8];
};

/* "10.1.0.0/16, fd00::/8"; NULL or "" is none. INVALID for anything else or more than TARGET_CIDR_MAX. */
enum gx_rc target_policy_parse(const char *cidrs, struct target_policy *policy);
/* NULL when it may be a target, else what is wrong, a short language-neutral word for GX_P_WEBHOOK_TARGET. */
const char *target_url_parse(const struct target_policy *policy, const char *url,
                             struct target_url *ret_url);
/* Private, loopback, link-local, multicast, unspecified, shared, documentation, translated and metadata ranges are refused. */
bool target_address_allowed(const struct target_policy *policy, const struct sockaddr *address);

#endif
