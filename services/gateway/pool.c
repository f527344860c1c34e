/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include "chassis/service.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    THREADS_MAX = 32
};

struct job {
    gw_job_fn *fn;
    void *arg;
};

struct gw_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *jobs; /* a ring */
    size_t room;
    size_t first;
    size_t count;
    bool ending;
    int threads;
    pthread_t ids[THREADS_MAX];
    struct gx_background *backgrounds[THREADS_MAX];
};

struct start {
    struct gw_pool *pool;
    struct gx_background *background;
};

static bool next_job(struct gw_pool *pool, struct job *ret_job)
{
    (void)pthread_mutex_lock(&pool->lock);
    while (pool->count == 0 && !pool->ending) {
        (void)pthread_cond_wait(&pool->wake, &pool->lock);
    }
    bool found = pool->count > 0;
    if (found) {
        *ret_job = pool->jobs[pool->first];
        pool->first = (pool->first + 1) % pool->room;
        pool->count--;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return found;
}

static void *run(void *arg)
{
    struct start start = *(struct start *)arg;
    free(arg);
    struct job job;
    while (next_job(start.pool, &job)) {
        job.fn(start.background, job.arg);
    }
    return NULL;
}

static enum gx_rc add_thread(struct gw_pool *pool)
{
    struct gx_background *background = NULL;
    enum gx_rc rc = gx_background_open(&background);
    if (rc != GX_OK) {
        return rc;
    }
    struct start *start = malloc(sizeof *start);
    if (start == NULL) {
        abort();
    }
    *start = (struct start){pool, background};
    if (pthread_create(&pool->ids[pool->threads], NULL, run, start) != 0) {
        free(start);
        gx_background_free(background);
        return GX_UNAVAILABLE;
    }
    pool->backgrounds[pool->threads++] = background;
    return GX_OK;
}

enum gx_rc gw_pool_open(int threads, size_t queue_limit, struct gw_pool **ret_pool)
{
    struct gw_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->wake, NULL);
    pool->room = queue_limit;
    pool->jobs = calloc(queue_limit, sizeof *pool->jobs);
    if (pool->jobs == NULL) {
        abort();
    }
    for (int i = 0; i < threads && i < THREADS_MAX; i++) {
        enum gx_rc rc = add_thread(pool);
        if (rc != GX_OK) {
            gw_pool_free(pool);
            return rc;
        }
    }
    *ret_pool = pool;
    return GX_OK;
}

enum gx_rc gw_pool_add(struct gw_pool *pool, gw_job_fn *fn, void *arg)
{
    (void)pthread_mutex_lock(&pool->lock);
    bool full = pool->count == pool->room || pool->ending;
    if (!full) {
        pool->jobs[(pool->first + pool->count) % pool->room] = (struct job){fn, arg};
        pool->count++;
        (void)pthread_cond_signal(&pool->wake);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return full ? GX_LIMIT : GX_OK;
}

void gw_pool_free(struct gw_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    (void)pthread_cond_broadcast(&pool->wake);
    (void)pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->threads; i++) {
        (void)pthread_join(pool->ids[i], NULL);
        gx_background_free(pool->backgrounds[i]);
    }
    (void)pthread_mutex_destroy(&pool->lock);
    (void)pthread_cond_destroy(&pool->wake);
    free(pool->jobs);
    free(pool);
}
