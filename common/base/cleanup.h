/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound release: GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL; and visible hand-over: GX_STEAL(&p). */
#ifndef GX_BASE_CLEANUP_H
#define GX_BASE_CLEANUP_H

#include <stddef.h>
#include <stdint.h>

/* Defines gx_auto_<free>() for a `void free(type *)`, so that GX_AUTO(<free>) can name it. */
#define GX_DEFINE_AUTO(type, free_fn)                                                              \
    static inline void gx_auto_##free_fn(type **pointer)                                           \
    {                                                                                              \
        free_fn(*pointer);                                                                         \
    }
#define GX_AUTO(free_fn) __attribute__((cleanup(gx_auto_##free_fn), unused))

/* Takes the pointer out of its owner and leaves NULL there. */
#define GX_STEAL(pp)                                                                               \
    __extension__({                                                                                \
        __typeof__(*(pp)) gx_stolen = *(pp);                                                       \
        *(pp) = NULL;                                                                              \
        gx_stolen;                                                                                 \
    })

#define GX_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Borrowed bytes: valid as long as what they point into. */
struct gx_view {
    const uint8_t *data;
    size_t size;
};

#endif
