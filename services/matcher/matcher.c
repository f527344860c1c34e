/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher.h"

#include "positions.h"
#include "settings.h"

#include "base/log.h"
#include "cache/redis.h"

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

enum gx_rc matcher_thread_start(const struct gx_common_settings *common, void **ret_self)
{
    struct matcher *self = calloc(1, sizeof *self);
    if (self == NULL) {
        abort();
    }
    enum gx_rc rc = matcher_index_open(common, &self->index);
    if (rc != GX_OK) {
        free(self);
        return rc;
    }
    self->travel = travel_straight_line(&MATCHER_SETTINGS.travel);
    self->fixes = fix_cache_new();
    *ret_self = self;
    return GX_OK;
}

void matcher_thread_stop(void *arg)
{
    struct matcher *self = arg;
    if (self != NULL) {
        index_free(self->index);
        fix_cache_free(self->fixes);
        free(self);
    }
}
