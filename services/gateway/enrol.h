/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment of phones: a link, good once and for a short time, that gives a phone its settings, and the QR code of that link. A link is made by
 * whoever may change the device; with it the device gets a new token, so the phone before it is out. Opening the link takes it out of the
 * table: the token is shown once and kept nowhere but sealed.
 */
#ifndef GATEWAY_ENROL_H
#define GATEWAY_ENROL_H

#include "routes.h"

/* POST /v1/devices/{id}/enrolments and GET /v1/enrolments/{token} */
gw_local_fn gw_enrolment_create;
gw_local_fn gw_enrolment_open;

/* The page that a phone's browser is shown, in ctx's arena; NULL when that is spent. */
char *gw_enrol_page(struct gx_ctx *ctx, const Genxi__PhoneSettings *settings);
/* A QR code of the text as SVG, in the arena; NULL when it is too long for one, or the arena is spent. */
char *gw_enrol_qr(struct gx_arena *arena, const char *text);
/* Is it a host, with or without a port, as a Host header names it? Nothing else may become part of a link. */
bool gw_enrol_is_host(const char *host);

#endif
