/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patrol cars: a door that speaks JT/T 808 over TCP. A terminal registers (0x0100) and gets its authentication code, proves it (0x0102), and
 * only then are its heartbeats, locations and batches taken. Locations become positions of the car's responder, in their order; a terminal
 * hears "done" when they were judged. The SOS bit is repeated until the terminal heard that: one press, from the rising edge to the bit's end,
 * is one report, over any number of connections. Offers to the responder go down to its display.
 */
#ifndef GATEWAY_DOORS_JT808_CAR_H
#define GATEWAY_DOORS_JT808_CAR_H

#include "devices.h"
#include "dispatch.pb-c.h"
#include "doors/door.h"

struct cars;

extern const struct door_protocol CARS_PROTOCOL; /* its self is a struct cars */

/* devices is borrowed. */
struct cars *cars_new(struct gw_devices *devices);
void cars_free(struct cars *cars); /* NULL is fine */

/*
 * Any thread: the offer goes down as text to the display of its responder's car, if that is connected here. Nothing waits for it: the
 * notifier's channels carry the offer, this is one more way to see it.
 */
void cars_offer(struct doors *doors, struct cars *cars, const Genxi__Offer *offer);

#endif
