/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phones on the HTTPS port, each by its own app's protocol and with its own token (a device of kind phone in the registry):
 *   GET, POST /osmand     OsmAnd and Traccar Client: `id` and `token` in the query or the form; or Basic auth
 *   GET, POST /osmand/{token}    the same for apps that keep no more than the path of the server's address
 *   POST /owntracks       OwnTracks: Basic auth, user is the device's code, password its token
 * Answers are what the apps expect: 200 means "judged, do not send it again" (also of a position that was refused and forgotten), 400 or
 * 404 an unknown id or a wrong token, 503 "keep it and try again".
 */
#ifndef GATEWAY_DOORS_PHONES_H
#define GATEWAY_DOORS_PHONES_H

#include <stdbool.h>

struct gw_request;

/* What is answered to a phone, not a problem document. */
struct gw_phone_answer {
    int status;       /* 0: none yet */
    const char *body; /* JSON, or "" */
};

/* The whole request is here. True: it is suspended and will be resumed with its answer; false: the answer stands already. */
bool gw_phone_start(struct gw_request *request);

#endif
