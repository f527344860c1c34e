/* SPDX-License-Identifier: Apache-2.0 */
/* The process's road graphs: those of the folder that the setting roads_dir names, mapped once at the first call, for the process's life. */
#ifndef MATCHER_GRAPHS_H
#define MATCHER_GRAPHS_H

#include "roads/roads.h"

struct graphs {
    const struct roads *const *items; /* in order of their files' names */
    size_t count;
};

/* A graph that cannot be used is left out, told in the log and counted: travel there goes by the straight line. */
struct graphs matcher_graphs(void);

#endif
