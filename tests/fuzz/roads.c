/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever bytes come as a graph file, their checksum made right: refused, or every question about it ends and stays inside. */
#include "roads/check.h"
#include "roads/format.h"
#include "roads/internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct roads *roads)
{
    uint32_t nodes = roads_about(roads).nodes;
    struct roads_search *search = roads_search_new(roads);
    uint32_t *ms = calloc(nodes, sizeof *ms);
    if (ms == NULL) {
        abort();
    }
    struct roads_goal goals[8];
    for (uint32_t i = 0; i < 8; i++) {
        goals[i] = (struct roads_goal){i * 7 % nodes, i * 1000};
    }
    const uint32_t *arcs = NULL;
    uint32_t time = 0;
    struct roads_snap snap;
    for (int w = 0; w < ROADS_WEIGHT_COUNT; w++) {
        enum roads_weight weight = (enum roads_weight)w;
        for (int direction = 0; direction < 2; direction++) {
            enum roads_direction way = (enum roads_direction)direction;
            roads_table(search, weight, way, nodes / 2, ms);
            (void)roads_reach(search, weight, way, nodes - 1, goals, 8, (struct roads_stop){0}, ms);
        }
        struct gx_point place = roads_place(roads, nodes / 3);
        (void)roads_snap(roads, weight, (struct gx_point){place.lon / 2, place.lat}, 1e9, &snap);
    }
    for (uint32_t n = 0; n < nodes && n < 16; n++) {
        size_t count = roads_path(search, ROADS_EMERGENCY, n, nodes - 1 - n, &arcs, &time);
        for (size_t i = 0; i < count; i++) {
            (void)roads_arc(roads, arcs[i]);
        }
    }
    (void)roads_node_of(roads, nodes);
    free(ms);
    roads_search_free(search);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < sizeof(struct roads_header)) {
        return 0;
    }
    size_t bytes = (size + ROADS_ALIGN - 1) / ROADS_ALIGN * ROADS_ALIGN;
    uint8_t *image = aligned_alloc(ROADS_ALIGN, bytes);
    if (image == NULL) {
        return 0;
    }
    memset(image, 0, bytes);
    memcpy(image, data, size);
    struct roads_header header;
    memcpy(&header, image, sizeof header);
    memcpy(header.magic, ROADS_MAGIC, sizeof header.magic);
    header.header_bytes = sizeof header;
    header.file_bytes = bytes;
    memcpy(image, &header, sizeof header);
    header.checksum = roads_checksum(image, bytes);
    memcpy(image, &header, sizeof header);
    void *taken = image;
    struct roads *roads = NULL;
    struct roads_fault fault = {0};
    if (roads_from_image(&taken, bytes, &roads, &fault) == GX_OK) {
        ask(roads);
        roads_free(roads);
    } else if (fault.value[0] == '\0') {
        abort();
    }
    return 0;
}
