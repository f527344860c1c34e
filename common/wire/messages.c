/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/messages.h"

#include "access.pb-c.h"
#include "audit.pb-c.h"
#include "dispatch.pb-c.h"
#include "envelope.pb-c.h"
#include "incident.pb-c.h"
#include "intel.pb-c.h"
#include "notify.pb-c.h"
#include "registry.pb-c.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdlib.h>

/* The flags of a row as its `writes`, `logs`, `inside` and `once`. */
#define W_FLAGS true, false, false, NULL
#define R_FLAGS false, false, false, NULL
#define L_FLAGS false, true, false, NULL
#define S_FLAGS true, false, false, "secret"
#define I_FLAGS false, false, true, NULL

#define GX_COMMAND(number, name, request, Request, reply, Reply, service, flags)                   \
    {(number),     #name, service, &genxi__##request##__descriptor, &genxi__##reply##__descriptor, \
     flags##_FLAGS},
static const struct gx_command_type COMMANDS[] = {
#include "../../proto/messages.def"
};

#define GX_EVENT(number, name, payload, Payload) {(number), #name, &genxi__##payload##__descriptor},
static const struct gx_event_type EVENTS[] = {
#include "../../proto/messages.def"
};

static int compare_command(const void *key, const void *row)
{
    uint32_t number = *(const uint32_t *)key;
    uint32_t other = ((const struct gx_command_type *)row)->number;
    return number < other ? -1 : number > other ? 1 : 0;
}

static int compare_event(const void *key, const void *row)
{
    uint32_t number = *(const uint32_t *)key;
    uint32_t other = ((const struct gx_event_type *)row)->number;
    return number < other ? -1 : number > other ? 1 : 0;
}

/* The rows of messages.def rise by number; tests/unit/wire holds them to it. */
const struct gx_command_type *gx_command_by_number(uint32_t number)
{
    return bsearch(&number, COMMANDS, GX_COUNT_OF(COMMANDS), sizeof COMMANDS[0], compare_command);
}

const struct gx_event_type *gx_event_by_number(uint32_t number)
{
    return bsearch(&number, EVENTS, GX_COUNT_OF(EVENTS), sizeof EVENTS[0], compare_event);
}

const struct gx_command_type *gx_command_by_name(const char *name)
{
    for (size_t i = 0; i < GX_COUNT_OF(COMMANDS); i++) {
        if (gx_text_is(COMMANDS[i].name, name)) {
            return &COMMANDS[i];
        }
    }
    return NULL;
}

const struct gx_event_type *gx_event_by_name(const char *name)
{
    for (size_t i = 0; i < GX_COUNT_OF(EVENTS); i++) {
        if (gx_text_is(EVENTS[i].name, name)) {
            return &EVENTS[i];
        }
    }
    return NULL;
}

const struct gx_command_type *gx_command_types(size_t *ret_count)
{
    *ret_count = GX_COUNT_OF(COMMANDS);
    return COMMANDS;
}

const struct gx_event_type *gx_event_types(size_t *ret_count)
{
    *ret_count = GX_COUNT_OF(EVENTS);
    return EVENTS;
}
