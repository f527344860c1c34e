/* SPDX-License-Identifier: Apache-2.0 */
#include "openapi.h"

#include "gateway.h"
#include "local.h"

#include "base/text.h"
#include "roles.h"
#include "web/rules.h"
#include "wire/pb.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_MAX = 4 * 1024 * 1024,
    NAME_ROOM = 128
};

struct book {
    struct gx_ctx ctx; /* enum names */
    json_t *schemas;   /* components.schemas */
    bool bounded;      /* what callers send is bounded by the rules; what they get is not */
};

static void set(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

static void set_text(json_t *object, const char *name, const char *text)
{
    set(object, name, json_string(text));
}

static json_t *reference(const char *kind, const char *name)
{
    char text[NAME_ROOM];
    (void)snprintf(text, sizeof text, "#/components/%s/%.80s", kind, name);
    return json_pack("{s:s}", "$ref", text);
}

/* --- fields --- */

static const char *message_schema(struct book *book, const ProtobufCMessageDescriptor *type);

static json_t *enum_schema(struct book *book, const ProtobufCEnumDescriptor *type)
{
    json_t *names = json_array();
    for (unsigned i = 0; i < type->n_values; i++) {
        (void)json_array_append_new(
            names, json_string(gx_pb_enum_json(&book->ctx, type, type->values[i].value)));
    }
    return json_pack("{s:s,s:o}", "type", "string", "enum", names);
}

static json_t *integer_schema(const struct book *book, const struct gx_rule *rule,
                              const char *format, double low, double high)
{
    bool ranged = book->bounded && rule->ranged;
    json_t *schema = json_pack("{s:s,s:s}", "type", "integer", "format", format);
    set(schema, "minimum", json_integer((json_int_t)(ranged ? rule->min : low)));
    set(schema, "maximum", json_integer((json_int_t)(ranged ? rule->max : high)));
    return schema;
}

static json_t *real_schema(const struct book *book, const ProtobufCFieldDescriptor *field,
                           const struct gx_rule *rule)
{
    json_t *schema = json_pack("{s:s,s:s}", "type", "number", "format", "double");
    if (rule->form == GX_FORM_DEGREES) {
        int limit = gx_text_is(field->name, "lat") ? 90 : 180;
        set(schema, "minimum", json_integer(-limit));
        set(schema, "maximum", json_integer(limit));
    } else if (book->bounded && rule->ranged) {
        set(schema, "minimum", json_real(rule->min));
        set(schema, "maximum", json_real(rule->max));
    }
    return schema;
}

static json_t *text_schema(const struct book *book, const struct gx_rule *rule)
{
    json_t *schema = json_pack("{s:s}", "type", "string");
    if (rule->form == GX_FORM_UUID) {
        set_text(schema, "format", "uuid");
    } else if (book->bounded && rule->max > 0) {
        if (rule->min > 0) {
            set(schema, "minLength", json_integer((json_int_t)rule->min));
        }
        set(schema, "maxLength", json_integer((json_int_t)rule->max));
    }
    return schema;
}

static json_t *value_schema(struct book *book, const ProtobufCFieldDescriptor *field,
                            const struct gx_rule *rule)
{
    const double most = 9007199254740991.0;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return integer_schema(book, rule, "int32", INT32_MIN, INT32_MAX);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return integer_schema(book, rule, "int64", 0, UINT32_MAX);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return integer_schema(book, rule, "int64", 0, most);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return gx_field_is_time(field)
                   ? json_pack("{s:s,s:s}", "type", "string", "format", "date-time")
                   : integer_schema(book, rule, "int64", -most, most);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return real_schema(book, field, rule);
    case PROTOBUF_C_TYPE_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case PROTOBUF_C_TYPE_ENUM:
        return enum_schema(book, field->descriptor);
    case PROTOBUF_C_TYPE_STRING:
        return text_schema(book, rule);
    case PROTOBUF_C_TYPE_BYTES:
        return json_pack("{s:s,s:s}", "type", "string", "format", "byte");
    case PROTOBUF_C_TYPE_MESSAGE:
        return reference("schemas", message_schema(book, field->descriptor));
    }
    return json_object();
}

static json_t *field_schema(struct book *book, const ProtobufCMessageDescriptor *type,
                            const ProtobufCFieldDescriptor *field)
{
    struct gx_rule rule = gx_rule_of(type, field);
    json_t *schema = value_schema(book, field, &rule);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return schema;
    }
    json_t *list = json_pack("{s:s,s:o}", "type", "array", "items", schema);
    if (book->bounded) {
        set(list, "minItems", json_integer((json_int_t)rule.items_min));
        set(list, "maxItems", json_integer((json_int_t)rule.items_max));
    }
    return list;
}

/* --- messages --- */

static bool is_needed(const struct book *book, const ProtobufCMessageDescriptor *type,
                      const ProtobufCFieldDescriptor *field)
{
    struct gx_rule rule = gx_rule_of(type, field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return book->bounded ? rule.items_min > 0 && !rule.may_lack : true;
    }
    return field->label == PROTOBUF_C_LABEL_REQUIRED;
}

/* Is the field put by the path? */
static bool in_path(const struct gw_route *route, const char *name)
{
    char text[NAME_ROOM];
    (void)snprintf(text, sizeof text, "{%s}", name);
    return route != NULL && strstr(route->path, text) != NULL;
}

static json_t *object_schema(struct book *book, const ProtobufCMessageDescriptor *type,
                             const struct gw_route *route)
{
    json_t *properties = json_object();
    json_t *needed = json_array();
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (in_path(route, field->name)) {
            continue;
        }
        set(properties, field->name, field_schema(book, type, field));
        if (is_needed(book, type, field)) {
            (void)json_array_append_new(needed, json_string(field->name));
        }
    }
    json_t *schema = json_pack("{s:s,s:o}", "type", "object", "properties", properties);
    if (book->bounded) { /* what is sent; a reply may gain fields */
        set(schema, "additionalProperties", json_false());
    }
    if (json_array_size(needed) > 0) {
        set(schema, "required", json_incref(needed));
    }
    json_decref(needed);
    return schema;
}

static const char *message_schema(struct book *book, const ProtobufCMessageDescriptor *type)
{
    if (json_object_get(book->schemas, type->short_name) == NULL) {
        set(book->schemas, type->short_name,
            json_object()); /* stands there while its fields are made */
        set(book->schemas, type->short_name, object_schema(book, type, NULL));
    }
    return type->short_name;
}

/* --- operations --- */

static json_t *parameter(const char *name, const char *in, bool needed, json_t *schema,
                         const char *description)
{
    json_t *object = json_pack("{s:s,s:s,s:b,s:o}", "name", name, "in", in, "required", needed,
                               "schema", schema);
    if (description != NULL) {
        set_text(object, "description", description);
    }
    return object;
}

static void add_header_parameters(json_t *parameters, const struct gw_route *route)
{
    (void)json_array_append_new(parameters, reference("parameters", "AcceptLanguage"));
    (void)json_array_append_new(parameters, reference("parameters", "Traceparent"));
    if (gw_route_repeats(route)) {
        (void)json_array_append_new(parameters, reference("parameters", "IdempotencyKey"));
    }
    if (route->kind == GW_STREAM) {
        (void)json_array_append_new(parameters, reference("parameters", "LastEventId"));
        (void)json_array_append_new(parameters, reference("parameters", "StreamTypes"));
        (void)json_array_append_new(parameters, reference("parameters", "StreamExercise"));
    }
}

static bool in_query(const struct gw_route *route, const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_BYTES ||
        in_path(route, field->name) || route->kind == GW_BYTES) {
        return false;
    }
    if (route->kind == GW_IMPORT) {
        return gx_text_is(field->name, "dry_run");
    }
    return !gw_route_has_body(route);
}

static json_t *make_parameters(struct book *book, const struct gw_route *route)
{
    json_t *parameters = json_array();
    const ProtobufCMessageDescriptor *type = gw_route_request(route);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (in_path(route, field->name)) {
            (void)json_array_append_new(
                parameters,
                parameter(field->name, "path", true, field_schema(book, type, field), NULL));
        } else if (in_query(route, field)) {
            json_t *one = parameter(field->name, "query", is_needed(book, type, field),
                                    field_schema(book, type, field), NULL);
            if (field->label == PROTOBUF_C_LABEL_REPEATED) {
                set_text(one, "style", "form");
                set(one, "explode", json_false());
            }
            (void)json_array_append_new(parameters, one);
        }
    }
    if (route->kind == GW_BYTES) {
        (void)json_array_append_new(
            parameters,
            parameter("tile", "path", true,
                      json_pack("{s:s,s:s}", "type", "string", "pattern",
                                "^([0-9]+|entries)/(x[0-9]{3}/)*[0-9]{3}(\\.p/[0-9]+)?$"),
                      "level/index[.p/width], index in groups of three digits"));
    }
    if (gw_datum_asked(route)) {
        (void)json_array_append_new(
            parameters, parameter("crs", "query", false,
                                  json_pack("{s:s,s:[s,s,s],s:s}", "type", "string", "enum",
                                            "wgs84", "gcj02", "bd09", "default", "wgs84"),
                                  "datum of the places in the answer"));
    }
    add_header_parameters(parameters, route);
    return parameters;
}

static json_t *content(const char *type, json_t *schema)
{
    return json_pack("{s:{s:o}}", type, "schema", schema);
}

/* NULL: no body. */
static json_t *make_body(struct book *book, const struct gw_route *route)
{
    const ProtobufCMessageDescriptor *type = gw_route_request(route);
    char name[NAME_ROOM];
    if (!gw_route_has_body(route)) {
        return NULL;
    }
    if (route->kind == GW_IMPORT) {
        json_t *both = content("text/csv", json_pack("{s:s}", "type", "string"));
        set(both, "application/geo+json", json_pack("{s:{s:s}}", "schema", "type", "object"));
        return json_pack("{s:b,s:o}", "required", 1, "content", both);
    }
    json_t *schema = object_schema(book, type, route);
    bool needed = json_object_get(schema, "required") != NULL;
    if (json_object_size(json_object_get(schema, "properties")) == 0) {
        json_decref(schema);
        return NULL;
    }
    bool whole = strchr(route->path, '{') == NULL;
    (void)snprintf(name, sizeof name, "%s%s", type->short_name, whole ? "" : "Body");
    set(book->schemas, name, schema);
    return json_pack("{s:b,s:o}", "required", needed, "content",
                     content("application/json", reference("schemas", name)));
}

static const ProtobufCMessageDescriptor *item_type(const ProtobufCMessageDescriptor *list)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(list, "items");
    return field == NULL ? list : field->descriptor;
}

static json_t *make_content(struct book *book, const struct gw_route *route)
{
    const ProtobufCMessageDescriptor *type = gw_route_reply(route);
    switch (route->kind) {
    case GW_NOTE:
        return content("text/plain", json_pack("{s:s}", "type", "string"));
    case GW_BYTES:
        return content("application/octet-stream",
                       json_pack("{s:s,s:s}", "type", "string", "format", "binary"));
    case GW_STREAM:
        return content("text/event-stream", json_pack("{s:s}", "type", "string"));
    case GW_OPENAPI:
        return content("application/json", json_pack("{s:s}", "type", "object"));
    case GW_ONE:
        return content("application/json",
                       reference("schemas", message_schema(book, item_type(type))));
    case GW_JSON:
    case GW_IMPORT:
    case GW_PHONE:
    case GW_ENROL:
        break;
    }
    return content("application/json", reference("schemas", message_schema(book, type)));
}

static json_t *make_responses(struct book *book, const struct gw_route *route)
{
    static const char *const ALWAYS[] = {"400", "429", "500", "503", "504"};
    static const char *const WITH_CREDENTIAL[] = {"401", "403", "404"};
    static const char *const WITH_BODY[] = {"409", "413", "415", "422"};
    json_t *responses = json_object();
    char status[16];
    (void)snprintf(status, sizeof status, "%d", route->status);
    json_t *good = json_pack("{s:s}", "description", route->summary_en);
    if (route->status != 204) {
        set(good, "content", make_content(book, route));
    }
    set(responses, status, good);
    for (size_t i = 0; i < GX_COUNT_OF(ALWAYS); i++) {
        set(responses, ALWAYS[i], reference("responses", "Problem"));
    }
    for (size_t i = 0;
         (route->roles != 0 || gw_route_has_body(route)) && i < GX_COUNT_OF(WITH_CREDENTIAL); i++) {
        set(responses, WITH_CREDENTIAL[i], reference("responses", "Problem"));
    }
    for (size_t i = 0; gw_route_has_body(route) && i < GX_COUNT_OF(WITH_BODY); i++) {
        set(responses, WITH_BODY[i], reference("responses", "Problem"));
    }
    if (route->kind == GW_STREAM) {
        set(responses, "410", reference("responses", "Problem"));
    }
    return responses;
}

/* A command's name, or for a resource of the gateway's own and for a second route to a command one made of method and path. */
static void operation_id(const struct gw_route *route, char id[NAME_ROOM])
{
    if (route->command != 0) {
        const char *tail = route->kind == GW_ONE              ? "_one"
                           : gx_text_is(route->method, "PUT") ? "_replace"
                                                              : "";
        (void)snprintf(id, NAME_ROOM, "%s%s", gx_command_by_number(route->command)->name, tail);
        return;
    }
    (void)snprintf(id, NAME_ROOM, "%s%s", route->method,
                   strncmp(route->path, "/v1", 3) == 0 ? route->path + 3 : route->path);
    for (char *at = id; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9');
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : letter ? *at : '_';
    }
}

static void tag_of(const struct gw_route *route, char tag[NAME_ROOM])
{
    const char *from = strncmp(route->path, "/v1/", 4) == 0 ? route->path + 4 : "meta";
    (void)snprintf(tag, NAME_ROOM, "%s", from);
    tag[strcspn(tag, "/")] = '\0';
}

static json_t *make_operation(struct book *book, const struct gw_route *route)
{
    char id[NAME_ROOM];
    char tag[NAME_ROOM];
    operation_id(route, id);
    tag_of(route, tag);
    json_t *operation =
        json_pack("{s:s,s:s,s:s,s:[s]}", "operationId", id, "summary", route->summary_en,
                  "x-summary-zh", route->summary_zh, "tags", tag);
    if (route->local == gw_session_create) {
        set_text(operation, "description",
                 "Idempotency-Key has no effect here: a log-in that is repeated opens another "
                 "session, and no token is kept for a repetition.");
    }
    book->bounded = true;
    set(operation, "parameters", make_parameters(book, route));
    json_t *body = make_body(book, route);
    if (body != NULL) {
        set(operation, "requestBody", body);
    }
    book->bounded = false;
    set(operation, "responses", make_responses(book, route));
    if (route->roles == 0) {
        set(operation, "security", json_array());
        return operation;
    }
    size_t count = 0;
    char **names = gw_role_names(&book->ctx, route->roles, &count);
    json_t *roles = json_array();
    for (size_t i = 0; i < count; i++) {
        if (!gx_text_is(names[i], "system")) {
            (void)json_array_append_new(roles, json_string(names[i]));
        }
    }
    set(operation, "x-roles", roles);
    return operation;
}

/* --- the document --- */

/* "{+tile}" is a plain "{tile}" there. */
static void public_path(const struct gw_route *route, char path[NAME_ROOM])
{
    size_t used = 0;
    for (const char *at = route->path; *at != '\0' && used + 1 < NAME_ROOM; at++) {
        if (*at != '+') {
            path[used++] = *at;
        }
    }
    path[used] = '\0';
}

/* What is sent comes first, so that a message that goes both ways bears its bounds. */
static json_t *make_paths(struct book *book, json_t *tags)
{
    size_t count = 0;
    const struct gw_route *routes = gw_routes(&count);
    json_t *paths = json_object();
    json_t *seen = json_object();
    for (size_t i = 0; i < count; i++) {
        char path[NAME_ROOM];
        char method[16];
        char tag[NAME_ROOM];
        if (routes[i].kind == GW_PHONE) {
            continue; /* other people's protocols, described by them */
        }
        public_path(&routes[i], path);
        (void)snprintf(method, sizeof method, "%s", routes[i].method);
        for (char *at = method; *at != '\0'; at++) {
            *at = (char)(*at - 'A' + 'a');
        }
        if (json_object_get(paths, path) == NULL) {
            set(paths, path, json_object());
        }
        set(json_object_get(paths, path), method, make_operation(book, &routes[i]));
        tag_of(&routes[i], tag);
        if (json_object_get(seen, tag) == NULL) {
            set(seen, tag, json_true());
            (void)json_array_append_new(
                tags, json_pack("{s:s,s:s}", "name", tag, "description", routes[i].summary_en));
        }
    }
    json_decref(seen);
    return paths;
}

static json_t *problem_schema(void)
{
    return json_pack(
        "{s:s,s:[s,s,s],s:{s:{s:s,s:s},s:{s:s},s:{s:s},s:{s:s},s:{s:s},s:{s:s},s:{s:s},s:{s:s},s:{"
        "s:s},s:{s:s},"
        "s:{s:s,s:{s:s,s:{s:{s:s},s:{s:s},s:{s:s},s:{s:s},s:{s:s}}}}}}",
        "type", "object", "required", "type", "title", "status", "properties", "type", "type",
        "string", "description", "urn:genxi:problem:<slug>; the slug is stable", "title", "type",
        "string", "title_en", "type", "string", "title_zh", "type", "string", "status", "type",
        "integer", "detail", "type", "string", "detail_en", "type", "string", "detail_zh", "type",
        "string", "instance", "type", "string", "trace_id", "type", "string", "errors", "type",
        "array", "items", "type", "object", "properties", "type", "type", "string", "pointer",
        "type", "string", "detail", "type", "string", "detail_en", "type", "string", "detail_zh",
        "type", "string");
}

static json_t *shared_parameters(void)
{
    json_t *parameters = json_object();
    set(parameters, "IdempotencyKey",
        parameter("Idempotency-Key", "header", false,
                  json_pack("{s:s,s:s,s:i}", "type", "string", "pattern", "^\"[ -~]{1,510}\"$",
                            "maxLength", 512),
                  "A quoted string of 1 to 255 characters: the same key and body have their effect "
                  "once. A repetition is answered as the first time, with Idempotency-Replayed: "
                  "true; but a secret that is shown once is not kept, and left out then."));
    set(parameters, "AcceptLanguage",
        parameter("Accept-Language", "header", false, json_pack("{s:s}", "type", "string"),
                  "zh-CN (default) or en: the language of title and detail."));
    set(parameters, "Traceparent",
        parameter("traceparent", "header", false, json_pack("{s:s}", "type", "string"),
                  "W3C Trace Context."));
    set(parameters, "LastEventId",
        parameter("Last-Event-ID", "header", false, json_pack("{s:s}", "type", "string"),
                  "The id of the last event taken: the stream goes on after it, without a gap."));
    set(parameters, "StreamTypes",
        parameter("types", "query", false, json_pack("{s:s}", "type", "string"),
                  "Types of events, joined by commas; all without it."));
    set(parameters, "StreamExercise",
        parameter("exercise", "query", false, json_pack("{s:s}", "type", "boolean"),
                  "true: exercise events as well, marked."));
    return parameters;
}

static json_t *make_components(json_t *schemas)
{
    set(schemas, "Problem", problem_schema());
    json_t *responses = json_pack(
        "{s:{s:s,s:o}}", "Problem", "description", "What is wrong, in both languages (RFC 9457)",
        "content", content("application/problem+json", reference("schemas", "Problem")));
    return json_pack("{s:o,s:o,s:o,s:{s:{s:s,s:s,s:s}}}", "schemas", schemas, "responses",
                     responses, "parameters", shared_parameters(), "securitySchemes", "bearer",
                     "type", "http", "scheme", "bearer", "description",
                     "A session token (POST /v1/sessions) or an API key.");
}

char *gw_openapi(const struct gw_settings *settings, size_t *ret_size)
{
    struct book book = {.schemas = json_object()};
    char text[512];
    gx_ctx_init(&book.ctx, ARENA_MAX);
    json_t *tags = json_array();
    json_t *paths = make_paths(&book, tags);
    (void)snprintf(
        text, sizeof text,
        "Times are RFC 3339 in UTC, ids UUIDs, places WGS-84. A body holds at most %d bytes (an "
        "import %d); a credential "
        "%d requests a second. Unknown fields and parameters are refused. 警保联动接口。",
        (int)settings->body_bytes, (int)settings->import_bytes, (int)settings->rate_per_second);
    json_t *document = json_pack(
        "{s:s,s:{s:s,s:s,s:s,s:{s:s,s:s}},s:[{s:s}],s:[{s:[]}],s:o,s:o,s:o}", "openapi", "3.0.3",
        "info", "title", "genxi", "version", "1.0.0", "description", text, "license", "name",
        "Apache-2.0", "url", "https://www.apache.org/licenses/LICENSE-2.0", "servers", "url", "/",
        "security", "bearer", "tags", tags, "paths", paths, "components",
        make_components(book.schemas));
    char *json = document == NULL ? NULL : json_dumps(document, JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (json == NULL) {
        abort();
    }
    json_decref(document);
    gx_ctx_done(&book.ctx);
    *ret_size = strlen(json);
    return json;
}
