/* SPDX-License-Identifier: Apache-2.0 */
/* proto/messages.def as tables: every command and event that exists, found by number or name. */
#ifndef GX_WIRE_MESSAGES_H
#define GX_WIRE_MESSAGES_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* GX_C_<name> and GX_E_<payload name>: GX_C_report_create = 200, GX_E_incident_opened = 251. */
#define GX_COMMAND(number, name, request, Request, reply, Reply, service, flags)                   \
    GX_C_##name = (number),
#define GX_EVENT(number, name, payload, Payload) GX_E_##payload = (number),
enum gx_message_number {
#include "../../proto/messages.def"
};

struct gx_command_type {
    uint32_t number;
    const char *name;
    const char *service;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *reply;
    bool writes; /* changes something; honours the idempotency key */
    bool logs;   /* a read that leaves a line: in a transaction that writes, but no key is kept */
    bool inside; /* services ask each other by it: never reached from outside */
    const char *once; /* optional text field of the reply that is shown once; NULL: none */
};

struct gx_event_type {
    uint32_t number;
    const char *name; /* "incident.opened" */
    const ProtobufCMessageDescriptor *payload;
};

/* NULL for what is not in the list. */
const struct gx_command_type *gx_command_by_number(uint32_t number);
const struct gx_command_type *gx_command_by_name(const char *name);
const struct gx_event_type *gx_event_by_number(uint32_t number);
const struct gx_event_type *gx_event_by_name(const char *name);
/* The whole lists, for tables made from them. */
const struct gx_command_type *gx_command_types(size_t *ret_count);
const struct gx_event_type *gx_event_types(size_t *ret_count);

#endif
