/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' service as a process of its own; --make-keys DIR makes its certificates. */
#include "ground.h"
#include "wire/curve.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--make-keys") == 0) {
        return gx_curve_make(argv[2], "broker") == GX_OK && gx_curve_make(argv[2], "probe") == GX_OK
                   ? 0
                   : 1;
    }
    return gx_service_main(&PROBE, argc, argv);
}
