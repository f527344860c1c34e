/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of devices: panels, phones, cars. self is a struct readiness. */
#ifndef READINESS_DEVICES_H
#define READINESS_DEVICES_H

#include "chassis/service.h"

gx_command_fn devices_on_put;
gx_command_fn devices_on_list;
gx_command_fn devices_on_delete;

#endif
