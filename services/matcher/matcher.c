/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher.h"

#include "graphs.h"
#include "memory/hear.h"
#include "settings.h"

#include "base/log.h"
#include "cache/redis.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PASSWORD_SIZE = 256
};

static enum gx_rc read_password(const char *path, char password[PASSWORD_SIZE])
{
    password[0] = '\0';
    if (path == NULL || path[0] == '\0') {
        return GX_OK;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(password, PASSWORD_SIZE, file) == NULL) {
        gx_log(NULL, GX_ERROR, "redis-password", "cannot read the password file %s", path);
        if (file != NULL) {
            (void)fclose(file);
        }
        return GX_INVALID;
    }
    (void)fclose(file);
    password[strcspn(password, "\r\n")] = '\0';
    return GX_OK;
}

enum gx_rc matcher_index_open(const struct gx_common_settings *common, struct index **ret_index)
{
    char password[PASSWORD_SIZE];
    struct gx_redis *redis = NULL;
    enum gx_rc rc = read_password(common->redis_password_file, password);
    rc = rc == GX_OK ? gx_redis_open(common->redis, password, &redis) : rc;
    explicit_bzero(password, sizeof password);
    if (rc != GX_OK) {
        gx_log(NULL, GX_ERROR, "redis-address", "cannot use the setting redis");
        return rc;
    }
    *ret_index = index_new(redis);
    return GX_OK;
}

static struct live *the_live;

static void make_live(void)
{
    the_live = live_new();
    live_set_alert_window(the_live, matcher_alert_window_ms());
}

struct live *matcher_live(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_live);
    return the_live;
}

enum gx_rc matcher_thread_start(const struct gx_common_settings *common, void **ret_self)
{
    struct matcher *self = calloc(1, sizeof *self);
    (void)common;
    if (self == NULL) {
        abort();
    }
    self->live = matcher_live();
    self->decide = decide_new();
    self->travel = travel_straight_line(&MATCHER_SETTINGS.travel);
    const struct graphs graphs = matcher_graphs();
    if (graphs.count > 0) {
        self->roads = travel_roads_new(&MATCHER_SETTINGS.travel, graphs.items, graphs.count);
        self->travel = travel_by_road(self->roads);
    }
    *ret_self = self;
    return GX_OK;
}

void matcher_thread_stop(void *arg)
{
    struct matcher *self = arg;
    if (self != NULL) {
        travel_roads_free(self->roads);
        decide_free(self->decide);
    }
    free(self);
}

void matcher_committed(void *arg, const Genxi__Event *const *events, size_t count)
{
    struct matcher *self = arg;
    for (size_t i = 0; i < count; i++) {
        hear_event(self == NULL ? matcher_live() : self->live, events[i]);
    }
}
