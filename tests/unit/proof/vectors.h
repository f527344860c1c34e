/* SPDX-License-Identifier: Apache-2.0 */
/* Shared vectors: GENXI_SHARED (default ../shared)/vectors/<name>.json; a test without them skips
 * and says so. */
#ifndef TESTS_PROOF_VECTORS_H
#define TESTS_PROOF_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proof/merkle.h"

/* The array `cases` of the file; skips the calling test when there is no such file. *ret_file is to
 * be released. */
static inline json_t *vectors_open(const char *name, json_t **ret_file)
{
    const char *root = getenv("GENXI_SHARED");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/vectors/%s.json", root == NULL ? "../shared" : root,
                   name);
    json_error_t error;
    /* Numbers as reals: one vector's index is 2^64 - 1, which jansson's integers cannot hold. */
    *ret_file = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
    if (*ret_file == NULL && access(path, F_OK) == 0) {
        fail_msg("%s: %s", path, error.text);
    }
    if (*ret_file == NULL) {
        print_message("SKIPPED: no vectors at %s (set GENXI_SHARED)\n", path);
        skip();
    }
    json_t *cases = json_object_get(*ret_file, "cases");
    assert_true(json_array_size(cases) > 0);
    return cases;
}

static inline const char *text_of(const json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));
    return text == NULL ? "" : text;
}

/* Below 2^53 exact; from 2^63 on the largest. */
static inline uint64_t number_of(const json_t *item, const char *key)
{
    double value = json_real_value(json_object_get(item, key));
    return value >= 9.2e18 ? UINT64_MAX : (uint64_t)value;
}

/* A base64 hash; false for anything but 32 bytes, as vectors with empty roots have. */
static inline int hash_of(const char *b64, struct gx_hash *ret_hash)
{
    size_t got = 0;
    int rc = sodium_base642bin(ret_hash->bytes, GX_HASH_SIZE, b64, strlen(b64), NULL, &got, NULL,
                               sodium_base64_VARIANT_ORIGINAL);
    return rc == 0 && got == GX_HASH_SIZE;
}

static inline int proof_of(const json_t *item, struct gx_proof *ret_proof)
{
    const json_t *list = json_object_get(item, "proof");
    ret_proof->count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i == GX_PROOF_MAX ||
            !hash_of(json_string_value(json_array_get(list, i)), &ret_proof->hashes[i])) {
            return 0;
        }
        ret_proof->count++;
    }
    return 1;
}

#endif
