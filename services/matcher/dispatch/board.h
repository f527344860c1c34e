/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crews as they stand on a city's cover, and what the next call can expect of them: for each cluster the crews are
 * ranked by cost; each is there with its own chance, else the next one goes. One thread at a time.
 */
#ifndef DISPATCH_BOARD_H
#define DISPATCH_BOARD_H

#include "dispatch/city.h"

#include <stdbool.h>

enum {
    BOARD_NO_POST = -1
};

struct board;

/* cover is borrowed. Memory that is not there ends the program. */
struct board *board_new(const struct city *cover);
void board_free(struct board *board);
void board_clear(struct board *board);

struct board_crew {
    struct city_place at;
    float chance;  /* in [0, 1]: that it is there for the next call */
    int32_t post;  /* on its way there, or BOARD_NO_POST */
    float arrived; /* in [0, 1]: how much it counts as being at its post already */
};
/* Returns its number, 0 for the first. */
size_t board_add(struct board *board, const struct board_crew *crew);
void board_send(struct board *board, size_t crew, int32_t post);

/* The cost that the next call can expect, in seconds. */
double board_expected(struct board *board);
/* ret_loss[crew]: how much that grows without this crew; never below 0. */
void board_losses(struct board *board, double *ret_loss);

struct board_pull {
    float per_second; /* cost of each second of driving to a post */
    float least_gain; /* a new post must be better by so many seconds of cost */
};
/* The best post for this crew, the others being where they are: its own post when no other is better enough. */
int32_t board_best_post(struct board *board, size_t crew, const struct board_pull *pull,
                        double *ret_gain);

#endif
