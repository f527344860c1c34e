/* SPDX-License-Identifier: Apache-2.0 */
#include "datum.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_SIZE = 64,
    DEPTH_MAX = 8
};

/* The field that is the latitude to this longitude, or NULL. */
static const ProtobufCFieldDescriptor *latitude_of(const ProtobufCMessageDescriptor *type,
                                                   const ProtobufCFieldDescriptor *field)
{
    char name[NAME_SIZE];
    size_t size = strlen(field->name);
    if (field->type != PROTOBUF_C_TYPE_DOUBLE || field->label == PROTOBUF_C_LABEL_REPEATED ||
        size < 3 || size >= sizeof name || strcmp(field->name + size - 3, "lon") != 0 ||
        (size > 3 && field->name[size - 4] != '_') || strncmp(field->name, "raw_", 4) == 0) {
        return NULL;
    }
    (void)snprintf(name, sizeof name, "%.*slat", (int)(size - 3), field->name);
    return protobuf_c_message_descriptor_get_field_by_name(type, name);
}

static bool is_ring(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_DOUBLE && field->label == PROTOBUF_C_LABEL_REPEATED &&
           gx_text_is(field->name, "ring");
}

static bool has_places(const ProtobufCMessageDescriptor *type, int depth)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (is_ring(field) || latitude_of(type, field) != NULL ||
            (field->type == PROTOBUF_C_TYPE_MESSAGE && depth < DEPTH_MAX &&
             has_places(field->descriptor, depth + 1))) {
            return true;
        }
    }
    return false;
}

bool gw_datum_asked(const struct gw_route *route)
{
    return gx_text_is(route->method, "GET") && (route->kind == GW_JSON || route->kind == GW_ONE) &&
           has_places(gw_route_reply(route), 0) &&
           protobuf_c_message_descriptor_get_field_by_name(gw_route_request(route), "crs") == NULL;
}

static void *at_offset(ProtobufCMessage *message, unsigned offset)
{
    return (uint8_t *)message + offset;
}

static void convert_pair(double *lon, double *lat, enum gx_crs to)
{
    struct gx_point p = gx_datum_from_wgs84((struct gx_point){*lon, *lat}, to);
    *lon = p.lon;
    *lat = p.lat;
}

static bool is_set(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return field->label != PROTOBUF_C_LABEL_OPTIONAL ||
           *(const protobuf_c_boolean *)at_offset(message, field->quantifier_offset) != 0;
}

static void convert_ring(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                         enum gx_crs to)
{
    size_t count = *(const size_t *)at_offset(message, field->quantifier_offset);
    double *numbers = *(double **)at_offset(message, field->offset);
    for (size_t i = 0; i + 1 < count; i += 2) {
        convert_pair(&numbers[i], &numbers[i + 1], to);
    }
}

static void convert(ProtobufCMessage *message, enum gx_crs to, int depth);

static void convert_below(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                          enum gx_crs to, int depth)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(const size_t *)at_offset(message, field->quantifier_offset);
        ProtobufCMessage **items = *(ProtobufCMessage ***)at_offset(message, field->offset);
        for (size_t i = 0; i < count; i++) {
            convert(items[i], to, depth);
        }
        return;
    }
    ProtobufCMessage *one = *(ProtobufCMessage **)at_offset(message, field->offset);
    if (one != NULL) {
        convert(one, to, depth);
    }
}

static void convert(ProtobufCMessage *message, enum gx_crs to, int depth)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields && depth < DEPTH_MAX; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const ProtobufCFieldDescriptor *lat = latitude_of(type, field);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            convert_below(message, field, to, depth + 1);
        } else if (is_ring(field)) {
            convert_ring(message, field, to);
        } else if (lat != NULL && is_set(message, field) && is_set(message, lat)) {
            convert_pair(at_offset(message, field->offset), at_offset(message, lat->offset), to);
        }
    }
}

void gw_datum_convert(ProtobufCMessage *message, enum gx_crs to)
{
    if (to != GX_WGS84) {
        convert(message, to, 0);
    }
}
