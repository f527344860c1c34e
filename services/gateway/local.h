/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that the gateway serves itself: sessions, keys, who am I. */
#ifndef GATEWAY_LOCAL_H
#define GATEWAY_LOCAL_H

#include "routes.h"

gw_local_fn gw_session_create;
gw_local_fn gw_session_end;
gw_local_fn gw_me;
gw_local_fn gw_key_list;
gw_local_fn gw_key_create;
gw_local_fn gw_key_revoke;

#endif
