/* SPDX-License-Identifier: Apache-2.0 */
/* Each service's own small HTTP server: /healthz (the process turns), /readyz (it can serve; says what is missing), /metrics. */
#ifndef GX_WEB_ADMIN_H
#define GX_WEB_ADMIN_H

#include "base/rc.h"

#include <stdint.h>

struct gx_admin;
/* ready: NULL when ready, else a short word for what is missing; called in the server's thread. */
typedef const char *gx_admin_ready(void *arg);
enum gx_rc gx_admin_open(const char *bind, uint16_t port, gx_admin_ready *ready, void *arg,
                         struct gx_admin **ret_admin);
void gx_admin_free(struct gx_admin *admin);

#endif
