/* SPDX-License-Identifier: Apache-2.0 */
/* Events from publishers to subscribers, subscriptions the other way; a thread of its own, so that a burst of events delays no call. */
#ifndef BROKER_EVENTS_H
#define BROKER_EVENTS_H

#include <pthread.h>

struct events {
    void *in;  /* XSUB */
    void *out; /* XPUB */
    int stop_fd;
    pthread_t thread;
};

/* Takes the two bound sockets over and starts the thread. 0, or -1. stop_fd readable ends it; it is never read. */
int events_start(struct events *events, void *in, void *out, int stop_fd);
/* Waits for the thread. The sockets are the caller's again. */
void events_join(struct events *events);

#endif
