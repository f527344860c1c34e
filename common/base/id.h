/* SPDX-License-Identifier: Apache-2.0 */
/* Ids are UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random; as text in lower case, 36 characters. */
#ifndef GX_BASE_ID_H
#define GX_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>

enum {
    GX_ID_SIZE = 37,
    GX_TRACEPARENT_SIZE = 56
};

/* Rises within a process, even within one millisecond. Returns id. */
char *gx_id_new(char id[GX_ID_SIZE]);
/* True for any UUID in the 8-4-4-4-12 form, either case. */
bool gx_id_valid(const char *text);
/* A name-based id (UUIDv8 layout over two FNV-1a sums), the same for the same name: for seeded demo data only. */
char *gx_id_from_name(const char *name, char id[GX_ID_SIZE]);

/* A fresh W3C traceparent "00-<32 hex>-<16 hex>-01". */
char *gx_trace_new(char traceparent[GX_TRACEPARENT_SIZE]);
/* The same trace, a new span; a bad parent gives a fresh trace. */
char *gx_trace_child(const char *parent, char traceparent[GX_TRACEPARENT_SIZE]);
/* By the W3C rules: 55 lower-case characters, not ff, no zero ids; a future version may be longer after a '-'. */
bool gx_trace_valid(const char *traceparent);

/* Cryptographic random bytes from the kernel; aborts if there are none. */
void gx_random(void *bytes, size_t size);

#endif
