/* SPDX-License-Identifier: Apache-2.0 */
/* routes.def as a table, and how a request finds its row. */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

#include "access.pb-c.h"
#include "base/ctx.h"
#include "wire/messages.h"

#include <stddef.h>
#include <stdint.h>

enum gw_kind {
    GW_JSON,
    GW_ONE,
    GW_NOTE,
    GW_BYTES,
    GW_IMPORT,
    GW_STREAM,
    GW_OPENAPI,
    GW_ENROL,
    GW_PHONE
};

enum {
    GW_PARAMS_MAX = 4,
    GW_PARAM_SIZE = 128
};

struct gx_background;
struct gw_request;
/* A command of the gateway's own, run in a pool thread: fills the reply as a service's handler does. */
typedef enum gx_rc gw_local_fn(struct gx_background *background, struct gw_request *request,
                               const void *in, void *out);

struct gw_route {
    const char *method;
    const char *path;
    uint32_t command; /* 0: local */
    gw_local_fn *local;
    const ProtobufCMessageDescriptor *local_request;
    const ProtobufCMessageDescriptor *local_reply;
    uint32_t roles; /* one of them is needed; 0: no credential is */
    int status;
    enum gw_kind kind;
    const char *summary_en;
    const char *summary_zh;
};

/* A placeholder's field and what stood in its place, decoded. */
struct gw_param {
    char name[32];
    char text[GW_PARAM_SIZE];
};

struct gw_match {
    const struct gw_route *route; /* NULL: none */
    char allowed[64]; /* methods of the path when only the method does not fit, else "" */
    struct gw_param params[GW_PARAMS_MAX];
    size_t param_count;
};

const struct gw_route *gw_routes(size_t *ret_count);
/* path is as it came, without query, still percent-encoded. */
void gw_route_match(const char *method, const char *path, struct gw_match *ret_match);
const ProtobufCMessageDescriptor *gw_route_request(const struct gw_route *route);
const ProtobufCMessageDescriptor *gw_route_reply(const struct gw_route *route);
/* Does the body, not the query, carry the fields? */
bool gw_route_has_body(const struct gw_route *route);

/* Does a repetition with the same Idempotency-Key have no second effect? */
bool gw_route_repeats(const struct gw_route *route);

/* Decodes %XX; -1 for a bad escape, NUL, or a text that does not fit. */
int gw_percent_decode(const char *from, size_t size, bool plus_is_space, char *out, size_t room);

/* What a path of the log names. */
struct gw_tile {
    uint32_t level;
    uint64_t index;
    uint32_t width; /* 1..256 */
    bool entries;   /* the bundle of leaves instead of hashes; level 0 then */
};
/*
 * "0/x001/234.p/17" -> level, index and width (256 without ".p/"); index in groups of three digits, all but the last with an x, as in
 * C2SP tlog-tiles; "entries/..." for bundles. -1 for anything else.
 */
int gw_tile_parse(const char *path, struct gw_tile *ret_tile);

#endif
