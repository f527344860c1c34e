/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings as tables. Order of precedence, last wins: default, [common] and [<service>] sections of the file --config, environment
 * GENXI_<NAME>, --<name>=<value> (dashes for underscores). Unknown key, bad value or value out of range = refusal to start, naming it.
 * --print-settings prints the table as the manual; --print-metrics the metrics.
 */
#ifndef GX_CHASSIS_SETTINGS_H
#define GX_CHASSIS_SETTINGS_H

#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum gx_setting_kind {
    GX_SET_TEXT,
    GX_SET_INT,
    GX_SET_REAL,
    GX_SET_BOOL
};
enum gx_setting_flag {
    GX_SET_PLAIN = 0,
    GX_SET_SECRET = 1
};

/* The field at offset is const char *, int64_t, double or bool. */
struct gx_setting {
    const char *name;
    enum gx_setting_kind kind;
    size_t offset;
    const char *value; /* default, as written */
    double min;        /* GX_SET_INT, GX_SET_REAL */
    double max;
    int flags;
    const char *help;
};

/* Settings that every service has. */
struct gx_common_settings {
    const char *postgres; /* libpq connection string */
    const char *redis;    /* unix:/path or host:port */
    const char *redis_password_file;
    const char *brokers;
    const char *key_dir;
    const char *admin_bind; /* address of /healthz, /readyz, /metrics */
    int64_t admin_port;     /* 0: none */
    const char *log_level;
    int64_t workers;     /* threads that serve commands */
    int64_t followers;   /* threads that follow areas */
    int64_t timers;      /* threads that run due timers */
    int64_t arena_bytes; /* most memory of one request */
    int64_t queue_limit;
    int64_t drain_ms;
    int64_t district; /* the district's own area, 53011200 */
    int64_t
        poison_limit; /* tries of an event or timer that fails for good before it is set aside */
    int64_t idempotency_days; /* how long an idempotency key is known */
};

struct gx_settings_table {
    const struct gx_setting *rows;
    size_t count;
    void *target;
    const char *section;
};

enum {
    GX_SETTINGS_TABLES_MAX = 4
};

/* 0; 1 when a --print-… was served (exit 0); -1 after saying what is wrong on stderr. */
int gx_settings_load(const struct gx_settings_table *tables, size_t table_count, int argc,
                     char **argv);
/* What the named setting would be now, read anew from the same places (malloc'ed); NULL when something is wrong. */
char *gx_settings_read_again(const struct gx_settings_table *tables, size_t table_count, int argc,
                             char **argv, const char *name);
void gx_settings_print(const struct gx_settings_table *tables, size_t table_count, FILE *out);

extern const struct gx_setting GX_COMMON_SETTINGS[];
extern const size_t GX_COMMON_SETTINGS_COUNT;

#endif
