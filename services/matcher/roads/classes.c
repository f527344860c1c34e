/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/classes.h"

#include "roads/roads.h"

#include <string.h>

#define ROADS_CLASS(name, emergency, normal, car, foot, access)                                    \
    {#name, {emergency, normal}, car, foot, access},
const struct roads_class ROADS_CLASSES[] = {
#include "roads/class.def"
};
#undef ROADS_CLASS

int roads_class_find(const char *name, size_t size)
{
    static const char LINK[] = "_link";
    const size_t link = sizeof LINK - 1;
    if (size > link && memcmp(name + size - link, LINK, link) == 0) {
        size -= link;
    }
    for (int i = 0; i < ROADS_CLASS_COUNT; i++) {
        if (strlen(ROADS_CLASSES[i].name) == size &&
            memcmp(ROADS_CLASSES[i].name, name, size) == 0) {
            return i;
        }
    }
    return -1;
}

uint32_t roads_walk_ms(uint64_t decimetres)
{
    /* A decimetre at one kilometre an hour takes 360 ms. */
    uint64_t ms = (decimetres * 360 + ROADS_WALK_KMH / 2) / ROADS_WALK_KMH;
    return ms < ROADS_ARC_MS_MAX ? (uint32_t)ms : ROADS_ARC_MS_MAX;
}
