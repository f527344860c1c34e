/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/osmand.h"

#include "base/clock.h"
#include "base/text.h"
#include "doors/json.h"
#include "routes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_SIZE = 32,
    VALUE_SIZE = 256
};

static const double KNOT_MPS = 1852.0 / 3600.0;
static const double FAR = 1e9; /* more than any figure that means something */

struct reading {
    struct gw_osmand *message;
    bool has_lat;
    bool has_lon;
    bool bad;
};

static void read_number(struct reading *reading, const char *text, double min, double max,
                        double *ret_value)
{
    if (gx_parse_double(text, min, max, ret_value) != 0) {
        reading->bad = true;
    }
}

/* A number is seconds as long as it fits 31 bits, else milliseconds; text without an offset is UTC. */
static void read_time(struct reading *reading, const char *text)
{
    int64_t number = 0;
    char with_offset[VALUE_SIZE + 1];
    int64_t *at = &reading->message->point.at;
    if (gx_parse_int(text, 0, INT64_MAX / 1000, &number) == 0) {
        *at = number < INT32_MAX ? number * 1000 : number;
        return;
    }
    (void)snprintf(with_offset, sizeof with_offset, "%sZ", text);
    if (gx_time_parse(text, at) != 0 && gx_time_parse(with_offset, at) != 0) {
        reading->bad = true;
    }
}

static void read_location(struct reading *reading, const char *text)
{
    char lat[VALUE_SIZE];
    const char *comma = strchr(text, ',');
    if (comma == NULL) {
        reading->bad = true;
        return;
    }
    (void)snprintf(lat, sizeof lat, "%.*s", (int)(comma - text), text);
    read_number(reading, lat, -90, 90, &reading->message->point.place.lat);
    read_number(reading, comma + 1, -180, 180, &reading->message->point.place.lon);
    reading->has_lat = true;
    reading->has_lon = true;
}

static bool is_true(const char *text)
{
    return strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

static void take_device(struct reading *reading, const char *text)
{
    if (strlen(text) >= sizeof reading->message->device) {
        reading->bad = true;
        return;
    }
    (void)snprintf(reading->message->device, sizeof reading->message->device, "%s", text);
}

static void take_token(struct reading *reading, const char *text)
{
    if (strlen(text) >= sizeof reading->message->token) {
        reading->bad = true;
        return;
    }
    (void)snprintf(reading->message->token, sizeof reading->message->token, "%s", text);
}

/* Figures that are no more than interesting: a wrong one is as good as none. */
static double figure(const char *text, double factor)
{
    double value = 0;
    return gx_parse_double(text, -FAR, FAR, &value) == 0 ? value * factor : (double)NAN;
}

static void take_place(struct reading *reading, const char *name, const char *value)
{
    struct gw_point *point = &reading->message->point;
    if (strcmp(name, "lat") == 0) {
        read_number(reading, value, -90, 90, &point->place.lat);
        reading->has_lat = true;
    } else if (strcmp(name, "lon") == 0) {
        read_number(reading, value, -180, 180, &point->place.lon);
        reading->has_lon = true;
    } else if (strcmp(name, "location") == 0) {
        read_location(reading, value);
    } else if (strcmp(name, "timestamp") == 0) {
        read_time(reading, value);
    } else if (strcmp(name, "valid") == 0) {
        point->valid = is_true(value);
    }
}

static void take(struct reading *reading, const char *name, const char *value)
{
    struct gw_point *point = &reading->message->point;
    if (strcmp(name, "id") == 0 || strcmp(name, "deviceid") == 0) {
        take_device(reading, value);
    } else if (strcmp(name, "token") == 0) {
        take_token(reading, value);
    } else if (strcmp(name, "speed") == 0) {
        point->speed_mps = figure(value, KNOT_MPS);
    } else if (strcmp(name, "bearing") == 0 || strcmp(name, "heading") == 0) {
        point->course_deg = figure(value, 1);
    } else if (strcmp(name, "altitude") == 0) {
        point->altitude_m = figure(value, 1);
    } else if (strcmp(name, "accuracy") == 0) {
        point->accuracy_m = figure(value, 1);
    } else if (strcmp(name, "batt") == 0) {
        point->battery_percent = figure(value, 1);
    } else if (strcmp(name, "alarm") == 0) {
        point->sos = point->sos || strcasecmp(value, "sos") == 0;
    } else if (strcmp(name, "mock") == 0) {
        point->mock = is_true(value);
    } else {
        take_place(reading, name, value);
    }
}

static struct reading begin(struct gw_osmand *message)
{
    const double none = (double)NAN;
    *message = (struct gw_osmand){.point = {.valid = true,
                                            .accuracy_m = none,
                                            .altitude_m = none,
                                            .speed_mps = none,
                                            .course_deg = none,
                                            .battery_percent = none}};
    return (struct reading){.message = message};
}

static enum gw_read end(struct reading *reading)
{
    struct gw_osmand *message = reading->message;
    if (reading->bad || reading->has_lat != reading->has_lon) {
        return GW_READ_BAD;
    }
    message->point.has_place = reading->has_lat;
    return message->device[0] == '\0' ? GW_READ_NO_DEVICE : GW_READ_OK;
}

/* --- the query form --- */

/* A name or value that is too long to be one of ours is passed over; one that cannot be decoded is a fault. */
static void take_encoded(struct reading *reading, const char *from, size_t size)
{
    char name[NAME_SIZE];
    char value[VALUE_SIZE];
    const char *equal = memchr(from, '=', size);
    size_t name_size = equal == NULL ? size : (size_t)(equal - from);
    size_t value_size = equal == NULL ? 0 : size - name_size - 1;
    if (name_size == 0 || name_size >= NAME_SIZE || value_size >= VALUE_SIZE) {
        return;
    }
    if (gw_percent_decode(from, name_size, true, name, sizeof name) != 0 ||
        gw_percent_decode(equal == NULL ? "" : equal + 1, value_size, true, value, sizeof value) !=
            0) {
        reading->bad = true;
        return;
    }
    take(reading, name, value);
}

enum gw_read gw_osmand_form(struct gx_view text, struct gw_osmand *ret_message)
{
    struct reading reading = begin(ret_message);
    const char *at = (const char *)text.data;
    size_t left = text.size;
    int count = 0;
    while (left > 0) {
        const char *amp = memchr(at, '&', left);
        size_t size = amp == NULL ? left : (size_t)(amp - at);
        if (++count > GW_OSMAND_PARAMS_MAX) {
            return GW_READ_BAD;
        }
        take_encoded(&reading, at, size);
        at += size;
        left -= size;
        if (left > 0) {
            at++;
            left--;
        }
    }
    return end(&reading);
}

/* --- the JSON form --- */

/* Minus one is "unknown" there. */
static double known(const json_t *object, const char *name, double factor)
{
    double value = gw_json_number(object, name);
    return value >= 0 ? value * factor : (double)NAN;
}

static void take_coords(struct reading *reading, const json_t *coords)
{
    struct gw_point *point = &reading->message->point;
    double lat = gw_json_number(coords, "latitude");
    double lon = gw_json_number(coords, "longitude");
    if (!gx_geo_valid((struct gx_point){lon, lat})) {
        reading->bad = true;
        return;
    }
    point->place = (struct gx_point){lon, lat};
    reading->has_lat = true;
    reading->has_lon = true;
    point->accuracy_m = known(coords, "accuracy", 1);
    point->speed_mps = known(coords, "speed", 1);
    point->course_deg = known(coords, "heading", 1);
    point->altitude_m = gw_json_number(coords, "altitude");
}

static void take_json_time(struct reading *reading, const json_t *value)
{
    if (json_is_string(value)) {
        char text[VALUE_SIZE];
        (void)snprintf(text, sizeof text, "%s", json_string_value(value));
        read_time(reading, text);
    } else if (json_is_integer(value)) {
        char text[24];
        (void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        read_time(reading, text);
    } else if (value != NULL) {
        reading->bad = true;
    }
}

enum gw_read gw_osmand_json(struct gx_view text, struct gw_osmand *ret_message)
{
    struct reading reading = begin(ret_message);
    json_t *root = gw_json_load(text, GW_OSMAND_JSON_MAX);
    const json_t *location = json_object_get(root, "location");
    const json_t *coords = json_object_get(location, "coords");
    struct gw_point *point = &ret_message->point;
    const char *device = gw_json_text(root, "device_id");
    if (device != NULL) {
        take_device(&reading, device);
    }
    if (!json_is_object(location) || (coords != NULL && !json_is_object(coords))) {
        reading.bad = true;
    } else {
        take_json_time(&reading, json_object_get(location, "timestamp"));
        if (coords != NULL) {
            take_coords(&reading, coords);
        }
        const char *alarm = gw_json_text(location, "alarm");
        point->sos = alarm != NULL && strcasecmp(alarm, "sos") == 0;
        point->mock = json_is_true(json_object_get(location, "mock"));
        point->battery_percent = known(json_object_get(location, "battery"), "level", 100);
    }
    json_decref(root);
    return end(&reading);
}
