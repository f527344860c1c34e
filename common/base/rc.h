/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results: a closed list with consequences. `resend` says whether the caller may send the very same
 * request again without fear of a second effect. With an idempotency key UNCERTAIN may be sent again too.
 */
#ifndef GX_BASE_RC_H
#define GX_BASE_RC_H

#include <stdbool.h>

#define GX_MUST_USE [[nodiscard]]

/*  id           resend HTTP  meaning */
#define GX_RC_LIST(X)                                                                              \
    X(OK, false, 200, "done")                                                                      \
    X(INVALID, false, 400, "the request itself is wrong")                                          \
    X(NOT_FOUND, false, 404, "no such thing, or none that the caller may know of")                 \
    X(CONFLICT, false, 409, "the state forbids it, or a newer version exists")                     \
    X(DENIED, false, 403, "the caller may not do this")                                            \
    X(LIMIT, true, 429, "a configured bound was reached")                                          \
    X(TIMEOUT, true, 504, "nothing was written before the deadline")                               \
    X(UNAVAILABLE, true, 503, "a peer or store is away; nothing was written")                      \
    X(UNCERTAIN, false, 503, "a write was sent and its outcome is unknown")                        \
    X(INTERNAL, false, 500, "a defect in this program")

#define GX_RC_ENUM(id, resend, http, text) GX_##id,
enum GX_MUST_USE gx_rc {
    GX_RC_LIST(GX_RC_ENUM) GX_RC_COUNT
};

/* Upper-case name as in the list, "OK"; "?" for a value outside it. */
const char *gx_rc_name(enum gx_rc rc);
const char *gx_rc_text(enum gx_rc rc);
bool gx_rc_may_resend(enum gx_rc rc);
int gx_rc_http(enum gx_rc rc);

#endif
