/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' service as a process of its own; --make-keys DIR makes its certificates, --start-fails as the last word makes its start fail. */
#include "ground.h"
#include "wire/curve.h"

#include <stdlib.h>
#include <string.h>

static enum gx_rc fail_to_start(const struct gx_common_settings *common)
{
    (void)common;
    return GX_UNAVAILABLE;
}

/* What did not start must not be stopped. */
static void never_stop(void)
{
    abort();
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--make-keys") == 0) {
        return gx_curve_make(argv[2], "broker") == GX_OK && gx_curve_make(argv[2], "probe") == GX_OK
                   ? 0
                   : 1;
    }
    if (argc > 1 && strcmp(argv[argc - 1], "--start-fails") == 0) {
        struct gx_service failing = PROBE;
        failing.start = fail_to_start;
        failing.stop = never_stop;
        return gx_service_main(&failing, argc - 1, argv);
    }
    return gx_service_main(&PROBE, argc, argv);
}
