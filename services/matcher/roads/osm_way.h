/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenStreetMap's tags say of a way or a node: may cars use it and in which direction, how fast; may people walk there. */
#ifndef MATCHER_ROADS_OSM_WAY_H
#define MATCHER_ROADS_OSM_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The keys that are read; everything else is skipped. */
#define ROADS_OSM_KEYS(X)                                                                          \
    X(HIGHWAY, "highway")                                                                          \
    X(AREA, "area")                                                                                \
    X(ACCESS, "access")                                                                            \
    X(VEHICLE, "vehicle")                                                                          \
    X(MOTOR_VEHICLE, "motor_vehicle")                                                              \
    X(MOTORCAR, "motorcar")                                                                        \
    X(FOOT, "foot")                                                                                \
    X(ONEWAY, "oneway")                                                                            \
    X(JUNCTION, "junction")                                                                        \
    X(MAXSPEED, "maxspeed")                                                                        \
    X(BARRIER, "barrier")

#define ROADS_OSM_KEY_ENUM(id, text) ROADS_KEY_##id,
enum roads_osm_key {
    ROADS_OSM_KEYS(ROADS_OSM_KEY_ENUM) ROADS_KEY_COUNT
};
enum {
    ROADS_OSM_VALUE_SIZE = 24
};

struct roads_osm_tags {
    char value
        [ROADS_KEY_COUNT]
        [ROADS_OSM_VALUE_SIZE]; /* "" when not there; a longer one is cut, and then is no known word */
};

/* ROADS_KEY_COUNT for a key that is not read. */
enum roads_osm_key roads_osm_key(const void *text, size_t size);
void roads_osm_tag(struct roads_osm_tags *tags, enum roads_osm_key key, const void *text,
                   size_t size);

struct roads_osm_way {
    uint8_t class;
    bool forward; /* by car, in the order of its nodes */
    bool backward;
    bool foot;
    uint16_t kmh[2]; /* emergency, normal */
};

/* False when nobody of ours can use it. */
bool roads_osm_judge_way(const struct roads_osm_tags *tags, struct roads_osm_way *ret_way);
/* No car passes this node (a bollard, a closed gate). */
bool roads_osm_blocks_cars(const struct roads_osm_tags *tags);

#endif
