/* SPDX-License-Identifier: Apache-2.0 */
/* class.def as a table. */
#ifndef MATCHER_ROADS_CLASSES_H
#define MATCHER_ROADS_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roads_class {
    const char *name;
    uint16_t kmh[2]; /* emergency, normal; 0 where no car goes */
    bool car;
    bool foot;
    bool access;
};

#define ROADS_CLASS(name, emergency, normal, car, foot, access) ROADS_CLASS_##name,
enum {
#include "roads/class.def"
    ROADS_CLASS_COUNT
};
#undef ROADS_CLASS

enum {
    ROADS_WALK_KMH = 5
};

extern const struct roads_class ROADS_CLASSES[ROADS_CLASS_COUNT];
/* By name, `_link` at its end left out; -1 for another. */
int roads_class_find(const char *name, size_t size);
/* Milliseconds for so many decimetres on foot, rounded. */
uint32_t roads_walk_ms(uint64_t decimetres);

#endif
