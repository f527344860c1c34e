/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows in a request's arena; once the arena is spent it stays so and the text is lost.
 */
#ifndef GX_WEB_OUT_H
#define GX_WEB_OUT_H

#include "base/ctx.h"

struct gx_out {
    struct gx_ctx *ctx;
    char *data;
    size_t size;
    size_t room;
    bool spent;
};

void gx_out_bytes(struct gx_out *out, const char *bytes, size_t size);
void gx_out_text(struct gx_out *out, const char *text);
/* A JSON string with its quotes; NULL is written as "". */
void gx_out_string(struct gx_out *out, const char *text);
/* `,"name":"text"`: a further member of an object. */
void gx_out_member(struct gx_out *out, const char *name, const char *text);
/* The text, ended by NUL; NULL when the arena was spent. */
char *gx_out_done(struct gx_out *out);

#endif
