/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

int main(int argc, char **argv)
{
    return gx_service_main(&INTAKE, argc, argv);
}
