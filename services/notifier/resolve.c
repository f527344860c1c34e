/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* getaddrinfo() knows no deadline, so it runs in a thread of its own, which is left behind when it takes too long. */
struct lookup {
    pthread_mutex_t mutex;
    pthread_cond_t done;
    int users; /* the thread and who waits; the last one frees */
    bool ended;
    struct target_url url;
    struct target_policy policy;
    const char *wrong;
};

static void lookup_unref(struct lookup *lookup)
{
    (void)pthread_mutex_lock(&lookup->mutex);
    bool last = --lookup->users == 0;
    (void)pthread_mutex_unlock(&lookup->mutex);
    if (last) {
        (void)pthread_cond_destroy(&lookup->done);
        (void)pthread_mutex_destroy(&lookup->mutex);
        free(lookup);
    }
}

static const char *look_up(const struct lookup *lookup)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(lookup->url.host, lookup->url.port, &hints, &found) != 0) {
        return "DNS";
    }
    const char *wrong = found == NULL ? "DNS" : NULL;
    for (const struct addrinfo *at = found; at != NULL && wrong == NULL; at = at->ai_next) {
        wrong = target_address_allowed(&lookup->policy, at->ai_addr) ? NULL : "private address";
    }
    freeaddrinfo(found);
    return wrong;
}

static void *lookup_main(void *arg)
{
    struct lookup *lookup = arg;
    const char *wrong = look_up(lookup);
    (void)pthread_mutex_lock(&lookup->mutex);
    lookup->wrong = wrong;
    lookup->ended = true;
    (void)pthread_cond_signal(&lookup->done);
    (void)pthread_mutex_unlock(&lookup->mutex);
    lookup_unref(lookup);
    return NULL;
}

static struct lookup *lookup_start(const struct target_policy *policy, const struct target_url *url)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL) {
        return NULL;
    }
    lookup->url = *url;
    lookup->policy = *policy;
    lookup->users = 2;
    (void)pthread_mutex_init(&lookup->mutex, NULL);
    (void)pthread_cond_init(&lookup->done, NULL);
    pthread_t thread;
    if (pthread_create(&thread, NULL, lookup_main, lookup) != 0) {
        lookup->users = 1;
        lookup_unref(lookup);
        return NULL;
    }
    (void)pthread_detach(thread);
    return lookup;
}

const char *target_resolve(const struct target_policy *policy, const struct target_url *url,
                           int wait_ms)
{
    struct lookup *lookup = lookup_start(policy, url);
    if (lookup == NULL) {
        return "DNS";
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_mutex_lock(&lookup->mutex);
    int rc = 0;
    while (!lookup->ended && rc == 0) {
        rc = pthread_cond_timedwait(&lookup->done, &lookup->mutex, &until);
    }
    const char *wrong = lookup->ended ? lookup->wrong : "DNS time-out";
    (void)pthread_mutex_unlock(&lookup->mutex);
    lookup_unref(lookup);
    return wrong;
}
