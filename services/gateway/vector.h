/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a stream has come: area -> seq, sorted by area; an area that is not in it stands at 0. As text, the `id` of a stream's events:
 * "53011201:17,53011202:4".
 */
#ifndef GATEWAY_VECTOR_H
#define GATEWAY_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GW_VECTOR_MAX = 4096
};

struct gw_place {
    int32_t area;
    int64_t seq;
};
struct gw_vector {
    struct gw_place *items;
    size_t count;
    size_t room;
};

void gw_vector_done(struct gw_vector *vector);
int64_t gw_vector_get(const struct gw_vector *vector, int32_t area);
void gw_vector_set(struct gw_vector *vector, int32_t area, int64_t seq);
void gw_vector_copy(const struct gw_vector *from, struct gw_vector *to);
/* Is a at least b in every area? */
bool gw_vector_covers(const struct gw_vector *a, const struct gw_vector *b);
/* Strictly the form above, areas rising, seqs > 0; "-" is the empty one. -1 otherwise. */
int gw_vector_parse(const char *text, struct gw_vector *ret_vector);
/* From malloc; "-" for an empty one. */
char *gw_vector_text(const struct gw_vector *vector, size_t *ret_size);

#endif
