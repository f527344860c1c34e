/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Travel times asked for once: for hours ahead, in which people start from the same posts again and again. Asks another travel for what it does
 * not know and remembers that, by the exact places. Belongs to one thread; grows until it ends.
 */
#ifndef MATCHER_COVER_MEMO_H
#define MATCHER_COVER_MEMO_H

#include "travel.h"

struct memo;
/* behind is borrowed for the memo's life. */
struct memo *memo_new(const struct gx_travel *behind);
void memo_free(struct memo *memo);
struct gx_travel memo_travel(struct memo *memo);

#endif
