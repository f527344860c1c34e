/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include "base/clock.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum {
    LINE_MAX_BYTES = 8192,
    COLUMNS_MAX = 40
};

static const double NOWHERE = (double)NAN;
static const struct gx_point DISTRICT = {102.668, 25.02};

/* Cuts a CSV line in place; double quotes as in RFC 4180. */
static size_t split(char *line, char *fields[COLUMNS_MAX])
{
    size_t count = 0;
    char *read = line;
    while (count < COLUMNS_MAX) {
        char *write = read;
        fields[count++] = write;
        bool quoted = *read == '"';
        read += quoted ? 1 : 0;
        while (*read != '\0' && (quoted || *read != ',')) {
            if (quoted && *read == '"' && *++read != '"') {
                quoted = false;
                continue;
            }
            *write++ = *read++;
        }
        bool more = *read == ',';
        read += more ? 1 : 0;
        *write = '\0';
        if (!more) {
            break;
        }
    }
    return count;
}

static int find_column(char *const *fields, size_t count, const char *const *names)
{
    for (; *names != NULL; names++) {
        for (size_t i = 0; i < count; i++) {
            if (strcasecmp(fields[i], *names) == 0) {
                return (int)i;
            }
        }
    }
    return -1;
}

struct columns {
    int time;
    int lon;
    int lat;
    int name;
};

static bool read_header(gzFile file, const char *path, const char *name_column,
                        struct columns *columns)
{
    static const char *const TIMES[] = {"received_at", "time", "t", "timestamp", "date", NULL};
    static const char *const LONS[] = {"lon", "longitude", "lng", "x", NULL};
    static const char *const LATS[] = {"lat", "latitude", "y", NULL};
    const char *const names[] = {name_column, "type", "unit", NULL};
    char line[LINE_MAX_BYTES];
    char *fields[COLUMNS_MAX];
    if (gzgets(file, line, sizeof line) == NULL) {
        (void)fprintf(stderr, "genxi-sim: %s is empty\n", path);
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    size_t count = split(line, fields);
    *columns =
        (struct columns){find_column(fields, count, TIMES), find_column(fields, count, LONS),
                         find_column(fields, count, LATS), find_column(fields, count, names)};
    if (columns->time < 0 || columns->lon < 0 || columns->lat < 0 || columns->name < 0) {
        (void)fprintf(stderr,
                      "genxi-sim: %s: the header must name a time, lon, lat and %s column\n", path,
                      name_column);
        return false;
    }
    return true;
}

static void read_row(char *const *fields, size_t count, const struct columns *columns,
                     struct sim_row *row)
{
    int highest = columns->time;
    highest = columns->lon > highest ? columns->lon : highest;
    highest = columns->lat > highest ? columns->lat : highest;
    highest = columns->name > highest ? columns->name : highest;
    *row = (struct sim_row){.at = {NOWHERE, NOWHERE}};
    if ((size_t)highest >= count || gx_time_parse(fields[columns->time], &row->at_ms) != 0) {
        row->at_ms = -1;
        return;
    }
    double lon = NOWHERE;
    double lat = NOWHERE;
    if (gx_parse_double(fields[columns->lon], -180, 180, &lon) == 0 &&
        gx_parse_double(fields[columns->lat], -90, 90, &lat) == 0) {
        row->at = (struct gx_point){lon, lat};
    }
    (void)snprintf(row->name, sizeof row->name, "%s", fields[columns->name]);
}

static int by_number(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right ? 1 : 0;
}

static double median(const struct sim_rows *rows, bool of_lat)
{
    double *values = calloc(rows->count + 1, sizeof *values);
    if (values == NULL) {
        abort();
    }
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (gx_geo_valid(rows->rows[i].at)) {
            values[count++] = of_lat ? rows->rows[i].at.lat : rows->rows[i].at.lon;
        }
    }
    qsort(values, count, sizeof *values, by_number);
    double middle = count == 0 ? 0 : values[count / 2];
    free(values);
    return middle;
}

static void move_onto_district(struct sim_rows *rows)
{
    struct gx_point centre = {median(rows, false), median(rows, true)};
    double stretch = cos(centre.lat * M_PI / 180) / cos(DISTRICT.lat * M_PI / 180);
    for (size_t i = 0; i < rows->count; i++) {
        struct gx_point *at = &rows->rows[i].at;
        if (gx_geo_valid(*at)) {
            *at = (struct gx_point){DISTRICT.lon + (at->lon - centre.lon) * stretch,
                                    DISTRICT.lat + (at->lat - centre.lat)};
        }
    }
}

static int by_time(const void *a, const void *b)
{
    int64_t left = ((const struct sim_row *)a)->at_ms;
    int64_t right = ((const struct sim_row *)b)->at_ms;
    return left < right ? -1 : left > right ? 1 : 0;
}

static void keep_span(struct sim_rows *rows, int64_t from_ms, int64_t span_ms)
{
    if (rows->count > 0) {
        qsort(rows->rows, rows->count, sizeof *rows->rows, by_time);
    }
    if (from_ms == 0 && rows->count > 0) {
        from_ms = rows->rows[0].at_ms;
    }
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        bool inside = rows->rows[i].at_ms >= from_ms &&
                      (span_ms == 0 || rows->rows[i].at_ms < from_ms + span_ms);
        if (inside) {
            rows->rows[kept++] = rows->rows[i];
        }
    }
    rows->count = kept;
}

static void read_rows(gzFile file, const struct columns *columns, struct sim_rows *rows)
{
    char line[LINE_MAX_BYTES];
    char *fields[COLUMNS_MAX];
    size_t room = 0;
    while (gzgets(file, line, sizeof line) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (rows->count == room) {
            room = room == 0 ? 1024 : room * 2;
            struct sim_row *bigger = realloc(rows->rows, room * sizeof *bigger);
            if (bigger == NULL) {
                abort();
            }
            rows->rows = bigger;
        }
        read_row(fields, split(line, fields), columns, &rows->rows[rows->count]);
        rows->count += rows->rows[rows->count].at_ms >= 0 ? 1 : 0;
    }
}

bool sim_rows_read(const char *path, const char *name_column, int64_t from_ms, int64_t span_ms,
                   struct sim_rows *ret_rows)
{
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        (void)fprintf(stderr, "genxi-sim: %s cannot be opened\n", path);
        return false;
    }
    struct columns columns;
    struct sim_rows rows = {0};
    bool good = read_header(file, path, name_column, &columns);
    if (good) {
        read_rows(file, &columns, &rows);
        move_onto_district(&rows);
        keep_span(&rows, from_ms, span_ms);
    }
    (void)gzclose(file);
    *ret_rows = rows;
    return good;
}

void sim_rows_done(struct sim_rows *rows)
{
    free(rows->rows);
    *rows = (struct sim_rows){0};
}

/* First match wins, so the narrower words stand first. */
const char *sim_type_of(const char *foreign)
{
    static const struct {
        const char *word;
        const char *type;
    } TABLE[] = {
        {"suicid", "jump_threat"},
        {"weapon", "fight"},
        {"assault", "fight"},
        {"fight", "fight"},
        {"battery", "fight"},
        {"robbery", "theft_in_progress"},
        {"burglary", "theft_in_progress"},
        {"theft", "theft_in_progress"},
        {"alarm", "burglar_alarm"},
        {"missing", "lost_person"},
        {"welfare", "lost_person"},
        {"fire", "fire_first_response"},
        {"injur", "medical_emergency"},
        {"medical", "medical_emergency"},
        {"accident", "traffic_block"},
        {"traffic", "traffic_block"},
        {"vehicle", "traffic_block"},
        {"crowd", "crowd"},
        {"disturbance", "dispute"},
        {"family", "dispute"},
        {"threat", "dispute"},
        {"noise", "dispute"},
        {"suspicious", "suspicious_activity"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (strcasestr(foreign, TABLE[i].word) != NULL) {
            return TABLE[i].type;
        }
    }
    return "other";
}
