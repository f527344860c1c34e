/* SPDX-License-Identifier: Apache-2.0 */
#include "graphs.h"

#include "counters.h"
#include "settings.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRAPHS_MAX = 64,
    PATH_SIZE = 4096
};

static const struct roads *opened[GRAPHS_MAX];
static size_t opened_count;

static int is_graph(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 6 && strcmp(entry->d_name + size - 6, ".roads") == 0;
}

static void open_one(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    char text[512];
    struct roads *roads = NULL;
    struct roads_fault fault = {.id = ROADS_F_NONE};
    int size = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (size < 0 || (size_t)size >= sizeof path || opened_count == GRAPHS_MAX) {
        gx_log(NULL, GX_ERROR, "roads-bad", "%s: more than %d graphs, or too long a name", name,
               GRAPHS_MAX);
        gx_metric_add(&MATCHER_COUNTERS[COUNT_ROADS_BAD], 1);
        return;
    }
    if (roads_open(path, &roads, &fault) != GX_OK) {
        gx_log(NULL, GX_ERROR, "roads-bad", "%s: %s", path,
               roads_fault_text(&fault, "en", text, sizeof text));
        gx_metric_add(&MATCHER_COUNTERS[COUNT_ROADS_BAD], 1);
        return;
    }
    const struct roads_about about = roads_about(roads);
    gx_log(NULL, GX_INFO, "roads-open", "%s: %s, %u nodes, %.3f %.3f to %.3f %.3f; %s", name,
           about.name, about.nodes, about.west, about.south, about.east, about.north,
           about.attribution);
    opened[opened_count++] = roads;
    gx_metric_set(&MATCHER_COUNTERS[COUNT_ROADS], (int64_t)opened_count);
}

static void open_all(void)
{
    struct dirent **entries = NULL;
    const char *folder = MATCHER_SETTINGS.roads_dir;
    if (folder == NULL || folder[0] == '\0') {
        return;
    }
    int count = scandir(folder, &entries, is_graph, alphasort);
    if (count < 0) {
        gx_log(NULL, GX_ERROR, "roads-dir", "%s: %s", folder, strerror(errno));
        gx_metric_add(&MATCHER_COUNTERS[COUNT_ROADS_BAD], 1);
        return;
    }
    for (int i = 0; i < count; i++) {
        open_one(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

struct graphs matcher_graphs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, open_all);
    return (struct graphs){opened, opened_count};
}
