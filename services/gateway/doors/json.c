/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/json.h"

#include <math.h>

json_t *gw_json_load(struct gx_view text, size_t max_bytes)
{
    if (text.size == 0 || text.size > max_bytes) {
        return NULL;
    }
    json_t *root = json_loadb((const char *)text.data, text.size, 0, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return NULL;
    }
    return root;
}

double gw_json_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

const char *gw_json_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}
