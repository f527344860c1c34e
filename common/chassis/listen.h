/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hearing every event of every area, for a copy in memory: in order within an area and without a gap, whatever the wire drops, but without
 * effects of its own in the database, so without leases: every process hears all. It begins where the service's followers stand when it is
 * opened: what came before that is in the service's tables. Passing events come as they come.
 */
#ifndef GX_CHASSIS_LISTEN_H
#define GX_CHASSIS_LISTEN_H

#include "base/rc.h"
#include "envelope.pb-c.h"

struct gx_listener;
/* Runs in the listener's thread; event is borrowed. The same event may come twice after a failure of the database: take it as news twice. */
typedef void gx_listen_fn(void *arg, const Genxi__Event *event);

/*
 * For the service that runs in this process, in its start(). Notes the places to begin from; nothing is heard before gx_listener_start(), so
 * what is read from tables in between is not missed. UNAVAILABLE: the database or the bus is.
 */
enum gx_rc gx_listener_open(gx_listen_fn *hear, void *arg, struct gx_listener **ret_listener);
enum gx_rc gx_listener_start(struct gx_listener *listener);
/* Ends the thread. NULL is fine. */
void gx_listener_free(struct gx_listener *listener);

#endif
