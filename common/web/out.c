/* SPDX-License-Identifier: Apache-2.0 */
#include "web/out.h"

#include <stdio.h>
#include <string.h>

static bool make_room(struct gx_out *out, size_t more)
{
    if (out->spent) {
        return false;
    }
    if (out->room - out->size > more) {
        return true;
    }
    size_t room = out->room == 0 ? 512 : out->room * 2;
    while (room - out->size <= more) {
        room *= 2;
    }
    char *data = gx_arena_alloc(&out->ctx->arena, room);
    if (data == NULL) {
        out->spent = true;
        return false;
    }
    if (out->size > 0) {
        memcpy(data, out->data, out->size);
    }
    out->data = data;
    out->room = room;
    return true;
}

void gx_out_bytes(struct gx_out *out, const char *bytes, size_t size)
{
    if (size > 0 && make_room(out, size)) {
        memcpy(out->data + out->size, bytes, size);
        out->size += size;
    }
}

void gx_out_text(struct gx_out *out, const char *text)
{
    gx_out_bytes(out, text, strlen(text));
}

static void put_escaped(struct gx_out *out, char c)
{
    static const char SHORT[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    unsigned char code = (unsigned char)c;
    char text[8];
    if (c == '"' || c == '\\') {
        (void)snprintf(text, sizeof text, "\\%c", c);
    } else if (code < sizeof SHORT && SHORT[code] != '\0') {
        (void)snprintf(text, sizeof text, "\\%c", SHORT[code]);
    } else {
        (void)snprintf(text, sizeof text, "\\u%04x", (unsigned)code);
    }
    gx_out_text(out, text);
}

void gx_out_string(struct gx_out *out, const char *text)
{
    gx_out_bytes(out, "\"", 1);
    const char *run = text == NULL ? "" : text;
    const char *at = run;
    for (; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f) {
            gx_out_bytes(out, run, (size_t)(at - run));
            put_escaped(out, *at);
            run = at + 1;
        }
    }
    gx_out_bytes(out, run, (size_t)(at - run));
    gx_out_bytes(out, "\"", 1);
}

void gx_out_member(struct gx_out *out, const char *name, const char *text)
{
    gx_out_bytes(out, ",", 1);
    gx_out_string(out, name);
    gx_out_bytes(out, ":", 1);
    gx_out_string(out, text);
}

char *gx_out_done(struct gx_out *out)
{
    if (!make_room(out, 1)) {
        return NULL;
    }
    out->data[out->size] = '\0';
    return out->data;
}
