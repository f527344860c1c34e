/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with what it needs, and where other people's examples are: GENXI_SHARED, absent -> a loud skip. */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#ifdef NDEBUG
#error "assert() stays on, in what is tested as in what runs"
#endif

/* The path of a shared example file, or NULL after saying that its test is skipped. */
static inline const char *shared_file(const char *name)
{
    static char path[1024];
    const char *root = getenv("GENXI_SHARED");
    (void)snprintf(path, sizeof path, "%s/%s", root == NULL ? "../shared" : root, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)fprintf(stderr, "SKIPPED: %s is not there\n", path);
        return NULL;
    }
    (void)fclose(file);
    return path;
}

#endif
