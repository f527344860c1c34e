/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAPI 3.0.3 made from routes.def, the message descriptors and web/rules.def: it cannot say what the gateway does not do. */
#ifndef GATEWAY_OPENAPI_H
#define GATEWAY_OPENAPI_H

#include "settings.h"

#include <stddef.h>

/* From malloc. */
char *gw_openapi(const struct gw_settings *settings, size_t *ret_size);

#endif
