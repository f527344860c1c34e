/* SPDX-License-Identifier: Apache-2.0 */
/* A pack's folder (nodes.csv, arcs.csv, city.csv if there) as a draft, not cleaned yet. */
#ifndef MATCHER_ROADS_PACK_H
#define MATCHER_ROADS_PACK_H

#include "roads/draft.h"

/* A name that the draft has already stays. On failure the draft is half filled; the caller ends it in any case. */
enum gx_rc roads_pack_draft(const char *folder, struct roads_draft *draft,
                            struct roads_fault *fault);

#endif
