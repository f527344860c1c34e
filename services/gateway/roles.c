/* SPDX-License-Identifier: Apache-2.0 */
#include "roles.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "wire/pb.h"

static const struct {
    uint32_t bit;
    const char *name;
} ROLES[] = {
#define ROLE_ROW(id, bit, json, text) {1U << (bit), json},
    GX_ROLE_LIST(ROLE_ROW)};

char **gw_role_names(struct gx_ctx *ctx, uint32_t roles, size_t *ret_count)
{
    char **names = gx_pb_array(ctx, GX_COUNT_OF(ROLES));
    size_t count = 0;
    for (size_t i = 0; names != NULL && i < GX_COUNT_OF(ROLES); i++) {
        if ((roles & ROLES[i].bit) != 0) {
            names[count++] = gx_pb_text(ROLES[i].name);
        }
    }
    *ret_count = count;
    return names;
}

int gw_role_parse(const char *name, uint32_t *ret_role)
{
    for (size_t i = 0; i < GX_COUNT_OF(ROLES); i++) {
        if (gx_text_is(ROLES[i].name, name)) {
            *ret_role = ROLES[i].bit;
            return 0;
        }
    }
    return -1;
}
