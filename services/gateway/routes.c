/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include "enrol.h"
#include "envelope.pb-c.h"
#include "local.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANY = 0x7fffffff,
    NOBODY = 0,
    ADMIN = GX_ROLE_ADMIN,
    DUTY = GX_ROLE_DUTY,
    POLICE = GX_ROLE_POLICE,
    APPROVER = GX_ROLE_APPROVER,
    ANALYST = GX_ROLE_ANALYST,
    AUDITOR = GX_ROLE_AUDITOR,
    DESK = GX_ROLE_DESK,
    RESPONDER = GX_ROLE_RESPONDER,
    LINKED = GX_ROLE_LINKED,
    DRILL = GX_ROLE_DRILL,
    OFFICERS = GX_ROLES_OFFICERS,
    RESPONDERS = GX_ROLE_DUTY | GX_ROLE_POLICE | GX_ROLE_DESK | GX_ROLE_RESPONDER,
    FIELD = GX_ROLES_OFFICERS | GX_ROLE_DESK | GX_ROLE_LINKED | GX_ROLE_RESPONDER,
    REGISTRY = FIELD | GX_ROLE_ADMIN,
};

#define GW_ROUTE(verb, pattern, name, who, code, what, en, zh)                                     \
    {.method = #verb,                                                                              \
     .path = pattern,                                                                              \
     .command = GX_C_##name,                                                                       \
     .roles = (uint32_t)(who),                                                                     \
     .status = (code),                                                                             \
     .kind = GW_##what,                                                                            \
     .summary_en = en,                                                                             \
     .summary_zh = zh},
#define GW_LOCAL(verb, pattern, fn, request, reply, who, code, what, en, zh)                       \
    {.method = #verb,                                                                              \
     .path = pattern,                                                                              \
     .local = fn,                                                                                  \
     .local_request = &genxi__##request##__descriptor,                                             \
     .local_reply = &genxi__##reply##__descriptor,                                                 \
     .roles = (uint32_t)(who),                                                                     \
     .status = (code),                                                                             \
     .kind = GW_##what,                                                                            \
     .summary_en = en,                                                                             \
     .summary_zh = zh},

static const struct gw_route ROUTES[] = {
#include "routes.def"
};

const struct gw_route *gw_routes(size_t *ret_count)
{
    *ret_count = sizeof ROUTES / sizeof ROUTES[0];
    return ROUTES;
}

const ProtobufCMessageDescriptor *gw_route_request(const struct gw_route *route)
{
    return route->command == 0 ? route->local_request
                               : gx_command_by_number(route->command)->request;
}

const ProtobufCMessageDescriptor *gw_route_reply(const struct gw_route *route)
{
    return route->command == 0 ? route->local_reply : gx_command_by_number(route->command)->reply;
}

bool gw_route_has_body(const struct gw_route *route)
{
    return gx_text_is(route->method, "POST") || gx_text_is(route->method, "PUT");
}

bool gw_route_repeats(const struct gw_route *route)
{
    return route->command == 0 ? route->local == gw_key_create
                               : gx_command_by_number(route->command)->writes;
}

int gw_percent_decode(const char *from, size_t size, bool plus_is_space, char *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        char c = from[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            char digits[3] = {0};
            uint8_t byte = 0;
            if (size - i < 3) {
                return -1;
            }
            memcpy(digits, from + i + 1, 2);
            if (gx_hex_decode(digits, &byte, 1) != 0) {
                return -1;
            }
            c = (char)byte;
            i += 2;
        }
        if (c == '\0' || used + 1 >= room) {
            return -1;
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return 0;
}

/* Puts what stands in place of {name}; a name with + takes the rest of the path. */
static int take_param(const char **pattern, const char **path, struct gw_match *match)
{
    const char *name = *pattern + 1;
    const char *close = strchr(name, '}');
    bool rest = *name == '+';
    size_t size = rest ? strlen(*path) : strcspn(*path, "/");
    if (close == NULL || size == 0 || match->param_count == GW_PARAMS_MAX) {
        return -1;
    }
    name += rest ? 1 : 0;
    struct gw_param *param = &match->params[match->param_count];
    if ((size_t)(close - name) >= sizeof param->name) {
        return -1;
    }
    memset(param, 0, sizeof *param);
    memcpy(param->name, name, (size_t)(close - name));
    if (gw_percent_decode(*path, size, false, param->text, sizeof param->text) != 0) {
        return -1;
    }
    match->param_count++;
    *pattern = close + 1;
    *path += size;
    return 0;
}

static bool fits(const char *pattern, const char *path, struct gw_match *match)
{
    match->param_count = 0;
    while (*pattern != '\0') {
        if (*pattern == '{') {
            if (take_param(&pattern, &path, match) != 0) {
                return false;
            }
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

static void allow(struct gw_match *match, const char *method)
{
    size_t used = strlen(match->allowed);
    (void)snprintf(match->allowed + used, sizeof match->allowed - used, "%s%s",
                   used == 0 ? "" : ", ", method);
}

void gw_route_match(const char *method, const char *path, struct gw_match *ret_match)
{
    memset(ret_match, 0, sizeof *ret_match);
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++) {
        if (!fits(ROUTES[i].path, path, ret_match)) {
            continue;
        }
        if (gx_text_is(ROUTES[i].method, method)) {
            ret_match->route = &ROUTES[i];
            ret_match->allowed[0] = '\0';
            return;
        }
        allow(ret_match, ROUTES[i].method);
    }
    ret_match->param_count = 0;
}

static int parse_index(const char *text, size_t size, uint64_t *ret_index)
{
    uint64_t index = 0;
    while (size > 0) {
        bool more = *text == 'x';
        text += more ? 1 : 0;
        size -= more ? 1 : 0;
        if (size < 3 || index > UINT64_MAX / 2000) {
            return -1;
        }
        for (int i = 0; i < 3; i++) {
            if (text[i] < '0' || text[i] > '9') {
                return -1;
            }
            index = index * 10 + (uint64_t)(text[i] - '0');
        }
        text += 3;
        size -= 3;
        if (more != (size > 0) || (more && *text != '/')) {
            return -1;
        }
        text += more ? 1 : 0;
        size -= more ? 1 : 0;
    }
    *ret_index = index;
    return 0;
}

int gw_tile_parse(const char *path, struct gw_tile *ret_tile)
{
    struct gw_tile tile = {.width = 256};
    int64_t level = 0;
    int64_t width = 256;
    const char *slash = strchr(path, '/');
    char text[8] = "";
    if (slash == NULL || (size_t)(slash - path) >= sizeof text) {
        return -1;
    }
    memcpy(text, path, (size_t)(slash - path));
    tile.entries = gx_text_is(text, "entries");
    if (!tile.entries && (gx_parse_int(text, 0, 63, &level) != 0 || text[0] == '-' ||
                          (text[0] == '0' && text[1] != '\0'))) {
        return -1;
    }
    const char *index = slash + 1;
    const char *part = strstr(index, ".p/");
    if (part != NULL && (part[3] == '0' || gx_parse_int(part + 3, 1, 255, &width) != 0)) {
        return -1;
    }
    size_t size = part == NULL ? strlen(index) : (size_t)(part - index);
    if (size == 0 || parse_index(index, size, &tile.index) != 0) {
        return -1;
    }
    tile.level = (uint32_t)level;
    tile.width = (uint32_t)width;
    *ret_tile = tile;
    return 0;
}
