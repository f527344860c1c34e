/* SPDX-License-Identifier: Apache-2.0 */
#include "chassis/settings.h"

#include "base/cleanup.h"
#include "base/metrics.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    VARIABLE_SIZE = 128
};

#define AT(field) offsetof(struct gx_common_settings, field)

const struct gx_setting GX_COMMON_SETTINGS[] = {
    {"postgres", GX_SET_TEXT, AT(postgres), "dbname=genxi", 0, 0, GX_SET_SECRET,
     "PostgreSQL connection string of the service's own role"},
    {"redis", GX_SET_TEXT, AT(redis), "127.0.0.1:6379", 0, 0, GX_SET_PLAIN,
     "Redis: unix:/path or host:port"},
    {"redis_password_file", GX_SET_TEXT, AT(redis_password_file), "", 0, 0, GX_SET_PLAIN,
     "file that holds the Redis password; empty: none"},
    {"brokers", GX_SET_TEXT, AT(brokers), "tcp://127.0.0.1:9500", 0, 0, GX_SET_PLAIN,
     "base addresses of all brokers, comma-separated"},
    {"key_dir", GX_SET_TEXT, AT(key_dir), "var/keys", 0, 0, GX_SET_PLAIN,
     "folder of the CURVE certificates"},
    {"admin_bind", GX_SET_TEXT, AT(admin_bind), "127.0.0.1", 0, 0, GX_SET_PLAIN,
     "address of /healthz, /readyz, /metrics"},
    {"admin_port", GX_SET_INT, AT(admin_port), "0", 0, 65535, GX_SET_PLAIN,
     "port of the same; 0: none"},
    {"log_level", GX_SET_TEXT, AT(log_level), "info", 0, 0, GX_SET_PLAIN,
     "debug, info, warn or error; SIGHUP reloads it"},
    {"workers", GX_SET_INT, AT(workers), "2", 1, 64, GX_SET_PLAIN, "threads that serve commands"},
    {"followers", GX_SET_INT, AT(followers), "1", 0, 16, GX_SET_PLAIN, "threads that follow areas"},
    {"timers", GX_SET_INT, AT(timers), "1", 1, 16, GX_SET_PLAIN, "threads that run due timers"},
    {"arena_bytes", GX_SET_INT, AT(arena_bytes), "33554432", 65536, 1073741824, GX_SET_PLAIN,
     "most memory of one request, bytes"},
    {"queue_limit", GX_SET_INT, AT(queue_limit), "1000", 10, 1000000, GX_SET_PLAIN,
     "messages that may wait in each socket"},
    {"drain_ms", GX_SET_INT, AT(drain_ms), "5000", 100, 300000, GX_SET_PLAIN,
     "longest time from SIGTERM to the end, ms"},
    {"district", GX_SET_INT, AT(district), "53011200", 1, 2147483647, GX_SET_PLAIN,
     "the district's own area"},
    {"poison_limit", GX_SET_INT, AT(poison_limit), "8", 1, 1000, GX_SET_PLAIN,
     "tries of an event or timer that fails for good before it is set aside"},
    {"idempotency_days", GX_SET_INT, AT(idempotency_days), "7", 1, 400, GX_SET_PLAIN,
     "how long an idempotency key is known, days"},
};
const size_t GX_COMMON_SETTINGS_COUNT = GX_COUNT_OF(GX_COMMON_SETTINGS);

/* Raw values of all rows of all tables, as text, before they are stored. */
struct reader {
    const struct gx_settings_table *tables;
    size_t table_count;
    char **raws[GX_SETTINGS_TABLES_MAX];
};

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* --- one value --- */

static const char *const BOOLS[] = {"false", "true", "no", "yes", "0", "1", "off", "on"};

static int parse_bool(const char *text, bool *ret_value)
{
    for (size_t i = 0; i < GX_COUNT_OF(BOOLS); i++) {
        if (strcmp(text, BOOLS[i]) == 0) {
            *ret_value = i % 2 == 1;
            return 0;
        }
    }
    return -1;
}

/* Stores text at `to`; NULL: only looks whether it could. 0, or -1. Texts are copied. */
static int put_value(const struct gx_setting *row, const char *text, char *to)
{
    int64_t integer = 0;
    double real = 0;
    bool yes = false;
    switch (row->kind) {
    case GX_SET_TEXT:
        if (to != NULL) {
            char *copy = must(strdup(text));
            memcpy(to + row->offset, &copy, sizeof copy);
        }
        return gx_utf8_valid(text, strlen(text)) ? 0 : -1;
    case GX_SET_INT:
        if (gx_parse_int(text, (int64_t)row->min, (int64_t)row->max, &integer) != 0) {
            return -1;
        }
        if (to != NULL) {
            memcpy(to + row->offset, &integer, sizeof integer);
        }
        return 0;
    case GX_SET_REAL:
        if (gx_parse_double(text, row->min, row->max, &real) != 0) {
            return -1;
        }
        if (to != NULL) {
            memcpy(to + row->offset, &real, sizeof real);
        }
        return 0;
    case GX_SET_BOOL:
        if (parse_bool(text, &yes) != 0) {
            return -1;
        }
        if (to != NULL) {
            memcpy(to + row->offset, &yes, sizeof yes);
        }
        return 0;
    }
    return -1;
}

static void say_bad_value(const struct gx_setting *row, const char *text, const char *where)
{
    const char *shown = (row->flags & GX_SET_SECRET) != 0 ? "(secret)" : text;
    switch (row->kind) {
    case GX_SET_INT:
        (void)fprintf(stderr, "%s: %s = %s: must be a whole number in %.0f..%.0f\n", where,
                      row->name, shown, row->min, row->max);
        return;
    case GX_SET_REAL:
        (void)fprintf(stderr, "%s: %s = %s: must be a number in %g..%g\n", where, row->name, shown,
                      row->min, row->max);
        return;
    case GX_SET_BOOL:
        (void)fprintf(stderr, "%s: %s = %s: must be true or false\n", where, row->name, shown);
        return;
    case GX_SET_TEXT:
        break;
    }
    (void)fprintf(stderr, "%s: %s: must be UTF-8\n", where, row->name);
}

static int offer(struct reader *reader, size_t table, size_t index, const char *text,
                 const char *where)
{
    const struct gx_setting *row = &reader->tables[table].rows[index];
    if (put_value(row, text, NULL) != 0) {
        say_bad_value(row, text, where);
        return -1;
    }
    free(reader->raws[table][index]);
    reader->raws[table][index] = must(strdup(text));
    return 0;
}

/* Finds name in the tables from..to-1 and offers the value. 1: no such setting. */
static int offer_named(struct reader *reader, size_t from, size_t to, const char *name,
                       const char *text, const char *where)
{
    for (size_t t = from; t < to; t++) {
        for (size_t i = 0; i < reader->tables[t].count; i++) {
            if (strcmp(reader->tables[t].rows[i].name, name) == 0) {
                return offer(reader, t, i, text, where);
            }
        }
    }
    return 1;
}

/* --- the file --- */

static char *trim(char *text)
{
    while (isspace((unsigned char)*text) != 0) {
        text++;
    }
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]) != 0) {
        text[--length] = '\0';
    }
    return text;
}

/* Which tables does a section speak of? The program's own may set common ones too; others' sections (to == 0) are passed over. */
static void section_tables(const struct reader *reader, const char *section, size_t *ret_from,
                           size_t *ret_to)
{
    *ret_from = 0;
    *ret_to = 0;
    for (size_t t = 0; t < reader->table_count; t++) {
        if (strcmp(reader->tables[t].section, section) == 0) {
            *ret_to = t + 1;
        }
    }
}

static int read_line(struct reader *reader, char *line, size_t *from, size_t *to, const char *where)
{
    char *text = trim(line);
    if (*text == '\0' || *text == '#' || *text == ';') {
        return 0;
    }
    size_t length = strlen(text);
    if (*text == '[' && text[length - 1] == ']') {
        text[length - 1] = '\0';
        section_tables(reader, trim(text + 1), from, to);
        return 0;
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        (void)fprintf(stderr, "%s: neither [section] nor name = value\n", where);
        return -1;
    }
    *equals = '\0';
    const char *name = trim(text);
    if (*to == 0) {
        return 0;
    }
    int result = offer_named(reader, *from, *to, name, trim(equals + 1), where);
    if (result == 1) {
        (void)fprintf(stderr, "%s: there is no setting %s in [%s]\n", where, name,
                      reader->tables[*from].section);
    }
    return result == 0 ? 0 : -1;
}

static int read_config(struct reader *reader, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        return -1;
    }
    char *line = NULL;
    size_t room = 0;
    size_t from = 0;
    size_t to = 0;
    int result = 0;
    section_tables(reader, "common", &from, &to); /* lines before any section are common */
    for (int number = 1; result == 0 && getline(&line, &room, file) >= 0; number++) {
        char where[512];
        (void)snprintf(where, sizeof where, "%.480s:%d", path, number);
        result = read_line(reader, line, &from, &to, where);
    }
    free(line);
    (void)fclose(file);
    return result;
}

/* --- environment and command line --- */

/* "queue_limit" -> "GENXI_QUEUE_LIMIT" */
static void name_variable(const char *name, char variable[VARIABLE_SIZE])
{
    (void)snprintf(variable, VARIABLE_SIZE, "GENXI_%s", name);
    for (char *at = variable; *at != '\0'; at++) {
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    }
}

static int read_environment(struct reader *reader)
{
    for (size_t t = 0; t < reader->table_count; t++) {
        for (size_t i = 0; i < reader->tables[t].count; i++) {
            char variable[VARIABLE_SIZE];
            name_variable(reader->tables[t].rows[i].name, variable);
            const char *value = getenv(variable);
            if (value != NULL && offer(reader, t, i, value, variable) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int read_argument(struct reader *reader, const char *argument)
{
    char name[128];
    const char *equals = strchr(argument, '=');
    if (strncmp(argument, "--", 2) != 0 || equals == NULL ||
        (size_t)(equals - argument) >= sizeof name) {
        (void)fprintf(stderr, "%s: use --name=value; --help lists the names\n", argument);
        return -1;
    }
    size_t length = (size_t)(equals - argument) - 2;
    for (size_t i = 0; i < length; i++) {
        name[i] = argument[i + 2] == '-' ? '_' : argument[i + 2];
    }
    name[length] = '\0';
    int result = offer_named(reader, 0, reader->table_count, name, equals + 1, "command line");
    if (result == 1) {
        (void)fprintf(stderr, "command line: there is no setting %s; --help lists the names\n",
                      name);
    }
    return result == 0 ? 0 : -1;
}

/* The value of "--config FILE" or "--config=FILE" at argv[*at], or NULL; *at moves over it. */
static const char *config_argument(int argc, char **argv, int *at)
{
    if (strncmp(argv[*at], "--config=", 9) == 0) {
        return argv[*at] + 9;
    }
    if (strcmp(argv[*at], "--config") == 0 && *at + 1 < argc) {
        return argv[++*at];
    }
    return NULL;
}

static int read_arguments(struct reader *reader, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (config_argument(argc, argv, &i) == NULL && read_argument(reader, argv[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_configs(struct reader *reader, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *path = config_argument(argc, argv, &i);
        if (path != NULL && read_config(reader, path) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- all together --- */

static void reader_init(struct reader *reader, const struct gx_settings_table *tables,
                        size_t table_count)
{
    if (table_count > GX_SETTINGS_TABLES_MAX) {
        abort();
    }
    *reader = (struct reader){.tables = tables, .table_count = table_count};
    for (size_t t = 0; t < table_count; t++) {
        reader->raws[t] = must(calloc(tables[t].count + 1, sizeof *reader->raws[t]));
        for (size_t i = 0; i < tables[t].count; i++) {
            reader->raws[t][i] = must(strdup(tables[t].rows[i].value));
        }
    }
}

static void reader_done(struct reader *reader)
{
    for (size_t t = 0; t < reader->table_count; t++) {
        for (size_t i = 0; i < reader->tables[t].count; i++) {
            free(reader->raws[t][i]);
        }
        free(reader->raws[t]);
    }
}

static int read_all(struct reader *reader, int argc, char **argv)
{
    if (read_configs(reader, argc, argv) != 0 || read_environment(reader) != 0) {
        return -1;
    }
    return read_arguments(reader, argc, argv);
}

static int store_all(const struct reader *reader)
{
    for (size_t t = 0; t < reader->table_count; t++) {
        for (size_t i = 0; i < reader->tables[t].count; i++) {
            const struct gx_setting *row = &reader->tables[t].rows[i];
            if (put_value(row, reader->raws[t][i], reader->tables[t].target) != 0) {
                say_bad_value(row, reader->raws[t][i], "default");
                return -1;
            }
        }
    }
    return 0;
}

int gx_settings_load(const struct gx_settings_table *tables, size_t table_count, int argc,
                     char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--print-settings") == 0 || strcmp(argv[i], "--help") == 0) {
            gx_settings_print(tables, table_count, stdout);
            return 1;
        }
        if (strcmp(argv[i], "--print-metrics") == 0) {
            gx_metrics_print(stdout);
            return 1;
        }
    }
    struct reader reader;
    reader_init(&reader, tables, table_count);
    int result = read_all(&reader, argc, argv) == 0 ? store_all(&reader) : -1;
    reader_done(&reader);
    return result;
}

char *gx_settings_read_again(const struct gx_settings_table *tables, size_t table_count, int argc,
                             char **argv, const char *name)
{
    struct reader reader;
    char *found = NULL;
    reader_init(&reader, tables, table_count);
    if (read_all(&reader, argc, argv) == 0) {
        for (size_t t = 0; t < table_count; t++) {
            for (size_t i = 0; i < tables[t].count && found == NULL; i++) {
                found = strcmp(tables[t].rows[i].name, name) == 0 ? must(strdup(reader.raws[t][i]))
                                                                  : NULL;
            }
        }
    }
    reader_done(&reader);
    return found;
}

static void print_row(const struct gx_setting *row, FILE *out)
{
    static const char *const KINDS[] = {"text", "integer", "number", "true or false"};
    (void)fprintf(out, "    --%s=", row->name);
    (void)fprintf(out, "%s\n        %s; default \"%s\"", KINDS[row->kind], row->help,
                  (row->flags & GX_SET_SECRET) != 0 && row->value[0] != '\0' ? "(not shown)"
                                                                             : row->value);
    if (row->kind == GX_SET_INT) {
        (void)fprintf(out, "; %.0f to %.0f", row->min, row->max);
    } else if (row->kind == GX_SET_REAL) {
        (void)fprintf(out, "; %g to %g", row->min, row->max);
    }
    (void)fprintf(out, "%s\n", (row->flags & GX_SET_SECRET) != 0 ? "; secret" : "");
}

void gx_settings_print(const struct gx_settings_table *tables, size_t table_count, FILE *out)
{
    (void)fputs("Settings, last wins: default, [section] of the file --config=FILE, environment "
                "GENXI_NAME, --name=value.\n",
                out);
    for (size_t t = 0; t < table_count; t++) {
        (void)fprintf(out, "\n[%s]\n", tables[t].section);
        for (size_t i = 0; i < tables[t].count; i++) {
            print_row(&tables[t].rows[i], out);
        }
    }
    (void)fputs("\n--print-settings and --help print this, --print-metrics the metrics.\n", out);
}
