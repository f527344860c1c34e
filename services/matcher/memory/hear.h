/* SPDX-License-Identifier: Apache-2.0 */
/* What events mean for the matcher's memory (live.h), whoever tells them: a follower here, this process's own commit, or another matcher. */
#ifndef MATCHER_MEMORY_HEAR_H
#define MATCHER_MEMORY_HEAR_H

#include "dispatch.pb-c.h"
#include "envelope.pb-c.h"
#include "live.h"
#include "registry.pb-c.h"

/* at: the event's time. */
void hear_partner(struct live *live, const Genxi__Partner *partner, int64_t at);
void hear_site(struct live *live, const Genxi__Site *site, int64_t at);
void hear_responder(struct live *live, const Genxi__Responder *responder, int64_t at);
void hear_shift(struct live *live, const Genxi__Shift *shift, int64_t at);

/* Any event, its payload packed; those that say nothing about persons are passed over. For gx_listener, arg is the struct live. */
void hear_event(void *arg, const Genxi__Event *event);

#endif
