/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CURVE keys in CZMQ's certificate files (ZPL text): <dir>/<name>.key_secret holds both halves, <dir>/<name>.key and
 * <dir>/allowed/<name>.key the public half. The name stands in the file too (metadata, name): the brokers learn from it who connects.
 */
#ifndef GX_WIRE_CURVE_H
#define GX_WIRE_CURVE_H

#include "base/rc.h"

enum {
    GX_CURVE_TEXT_SIZE = 41
}; /* 40 characters of Z85 and the end */

struct gx_curve {
    char public_key[GX_CURVE_TEXT_SIZE];
    char secret_key[GX_CURVE_TEXT_SIZE]; /* "" when only the public half was asked for */
};

/*
 * Makes what is missing of the three files (folders too); an existing secret is kept and its public half written from it.
 * Names are 1 to 32 of [a-z0-9-]. INVALID for another name or a secret file that is not one; UNAVAILABLE (errno) when a file cannot be written.
 */
enum gx_rc gx_curve_make(const char *key_dir, const char *name);
/* Both halves from <dir>/<name>.key_secret. NOT_FOUND, or INVALID for a file without two good keys. */
enum gx_rc gx_curve_load(const char *key_dir, const char *name, struct gx_curve *ret_curve);
/* The public half from <dir>/<name>.key. */
enum gx_rc gx_curve_load_public(const char *key_dir, const char *name, struct gx_curve *ret_curve);

#endif
