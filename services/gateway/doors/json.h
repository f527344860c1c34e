/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of devices, whose makers add fields as they like: read leniently, unlike the API's own (web/json.h). */
#ifndef GATEWAY_DOORS_JSON_H
#define GATEWAY_DOORS_JSON_H

#include "base/cleanup.h"

#include <jansson.h>

/* An object, or NULL for anything else and for more than max_bytes. The caller's to json_decref(). */
json_t *gw_json_load(struct gx_view text, size_t max_bytes);
/* NAN when object is none or has no such number. */
double gw_json_number(const json_t *object, const char *name);
/* NULL when object is none or has no such text; borrowed from it. */
const char *gw_json_text(const json_t *object, const char *name);

#endif
