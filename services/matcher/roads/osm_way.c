/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/osm_way.h"

#include "roads/classes.h"

#include <stdlib.h>
#include <string.h>

enum {
    SPEED_LEAST_KMH = 5,
    SPEED_MOST_KMH = 140
};

#define KEY_TEXT(id, text) text,
static const char *const KEYS[] = {ROADS_OSM_KEYS(KEY_TEXT)};

enum roads_osm_key roads_osm_key(const void *text, size_t size)
{
    for (int key = 0; key < ROADS_KEY_COUNT; key++) {
        if (strlen(KEYS[key]) == size && memcmp(KEYS[key], text, size) == 0) {
            return (enum roads_osm_key)key;
        }
    }
    return ROADS_KEY_COUNT;
}

void roads_osm_tag(struct roads_osm_tags *tags, enum roads_osm_key key, const void *text,
                   size_t size)
{
    if (key == ROADS_KEY_COUNT || size == 0) {
        return;
    }
    size_t kept = size < ROADS_OSM_VALUE_SIZE ? size : ROADS_OSM_VALUE_SIZE - 1;
    memcpy(tags->value[key], text, kept);
    tags->value[key][kept] = '\0';
}

static bool is_one_of(const char *value, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(value, *words) == 0) {
            return true;
        }
    }
    return false;
}

static bool closed(const char *value)
{
    static const char *const WORDS[] = {
        "no",           "private", "agricultural", "forestry", "agricultural;forestry", "military",
        "use_sidepath", NULL};
    return is_one_of(value, WORDS);
}

/* The most special of the tags that is there decides. */
static bool open_for_cars(const struct roads_osm_tags *tags)
{
    static const enum roads_osm_key ORDER[] = {ROADS_KEY_MOTORCAR, ROADS_KEY_MOTOR_VEHICLE,
                                               ROADS_KEY_VEHICLE, ROADS_KEY_ACCESS};
    for (size_t i = 0; i < sizeof ORDER / sizeof ORDER[0]; i++) {
        if (tags->value[ORDER[i]][0] != '\0') {
            return !closed(tags->value[ORDER[i]]);
        }
    }
    return true;
}

static bool open_on_foot(const struct roads_osm_tags *tags, bool usual)
{
    if (tags->value[ROADS_KEY_FOOT][0] != '\0') {
        return !closed(tags->value[ROADS_KEY_FOOT]);
    }
    return usual && !closed(tags->value[ROADS_KEY_ACCESS]);
}

static void judge_direction(const struct roads_osm_tags *tags, struct roads_osm_way *way)
{
    static const char *const YES[] = {"yes", "true", "1", NULL};
    static const char *const REVERSE[] = {"-1", "reverse", NULL};
    static const char *const CHANGING[] = {"reversible", "alternating", NULL};
    static const char *const ROUND[] = {"roundabout", "circular", NULL};
    const char *oneway = tags->value[ROADS_KEY_ONEWAY];
    bool implied = strcmp(tags->value[ROADS_KEY_HIGHWAY], "motorway") == 0 ||
                   is_one_of(tags->value[ROADS_KEY_JUNCTION], ROUND);
    bool changing = is_one_of(oneway, CHANGING); /* nobody can say which way it is open */
    bool reverse = is_one_of(oneway, REVERSE);
    bool one = is_one_of(oneway, YES) || (implied && strcmp(oneway, "no") != 0);
    way->forward = !changing && !reverse;
    way->backward = !changing && (reverse || !one);
}

/* A limit in km/h; 0 when there is none that makes sense. */
static unsigned limit_kmh(const char *text)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return 0; /* "none", "walk", a country's rule */
    }
    unsigned long value = strtoul(text, &end, 10);
    end += strspn(end, " ");
    if (value > 1000 || (strcmp(end, "mph") != 0 && strcmp(end, "km/h") != 0 && *end != '\0')) {
        return 0;
    }
    if (strcmp(end, "mph") == 0) {
        value = value * 1609 / 1000;
    }
    return value >= SPEED_LEAST_KMH && value <= SPEED_MOST_KMH ? (unsigned)value : 0;
}

/* A limit below the class's speed holds; with lights it may be passed in the proportion in which the classes' speeds stand. */
static void judge_speed(const struct roads_osm_tags *tags, struct roads_osm_way *way)
{
    const struct roads_class *class = &ROADS_CLASSES[way->class];
    unsigned limit = limit_kmh(tags->value[ROADS_KEY_MAXSPEED]);
    way->kmh[0] = class->kmh[0];
    way->kmh[1] = class->kmh[1];
    if (limit > 0 && limit < class->kmh[1]) {
        way->kmh[0] = (uint16_t)(limit * class->kmh[0] / class->kmh[1]);
        way->kmh[1] = (uint16_t)limit;
    }
}

bool roads_osm_judge_way(const struct roads_osm_tags *tags, struct roads_osm_way *ret_way)
{
    const char *highway = tags->value[ROADS_KEY_HIGHWAY];
    int class = roads_class_find(highway, strlen(highway));
    if (class < 0 || strcmp(tags->value[ROADS_KEY_AREA], "yes") == 0) {
        return false;
    }
    struct roads_osm_way way = {.class = (uint8_t) class};
    if (ROADS_CLASSES[class].car && open_for_cars(tags)) {
        judge_direction(tags, &way);
        judge_speed(tags, &way);
    }
    way.foot = open_on_foot(tags, ROADS_CLASSES[class].foot);
    *ret_way = way;
    return way.forward || way.backward || way.foot;
}

bool roads_osm_blocks_cars(const struct roads_osm_tags *tags)
{
    static const char *const SOLID[] = {"bollard",
                                        "block",
                                        "jersey_barrier",
                                        "log",
                                        "debris",
                                        "stile",
                                        "turnstile",
                                        "cycle_barrier",
                                        "kissing_gate",
                                        "motorcycle_barrier",
                                        "full-height_turnstile",
                                        "wall",
                                        "fence",
                                        NULL};
    const char *barrier = tags->value[ROADS_KEY_BARRIER];
    if (barrier[0] == '\0') {
        return false;
    }
    bool said = tags->value[ROADS_KEY_MOTORCAR][0] != '\0' ||
                tags->value[ROADS_KEY_MOTOR_VEHICLE][0] != '\0' ||
                tags->value[ROADS_KEY_VEHICLE][0] != '\0' ||
                tags->value[ROADS_KEY_ACCESS][0] != '\0';
    return said ? !open_for_cars(tags) : is_one_of(barrier, SOLID);
}
