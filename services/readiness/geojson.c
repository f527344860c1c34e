/* SPDX-License-Identifier: Apache-2.0 */
/* jansson reads the text (strict UTF-8, no repeated keys); this turns features into rows. */
#include "base/text.h"
#include "table.h"

#include <jansson.h>
#include <string.h>

struct builder {
    struct gx_ctx *ctx;
    struct import_faults *faults;
    struct import_table *table;
    const char *columns[IMPORT_COLUMNS_MAX];
};

static void free_json(json_t *json)
{
    json_decref(json);
}
GX_DEFINE_AUTO(json_t, free_json)

static enum gx_rc spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
}

/* The column's index, made when it is new; -1 when there are too many. */
static int column_of(struct builder *builder, const char *name)
{
    struct import_table *table = builder->table;
    int found = import_table_column(table, name);
    if (found >= 0) {
        return found;
    }
    if (table->column_count == IMPORT_COLUMNS_MAX) {
        return -1;
    }
    const char *copy = gx_arena_text(&builder->ctx->arena, name);
    builder->columns[table->column_count] = copy == NULL ? "" : copy;
    return (int)table->column_count++;
}

static const char *scalar_text(struct gx_ctx *ctx, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return strlen(json_string_value(value)) == json_string_length(value)
                   ? gx_arena_text(&ctx->arena, json_string_value(value))
                   : NULL;
    case JSON_INTEGER:
        return gx_arena_printf(&ctx->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return gx_arena_printf(&ctx->arena, "%.17g", json_real_value(value));
    case JSON_TRUE:
        return "yes";
    case JSON_FALSE:
        return "no";
    case JSON_NULL:
        return "";
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return NULL;
}

/* A list of scalars as "a; b". NULL for anything deeper. */
static const char *list_text(struct gx_ctx *ctx, const json_t *list)
{
    const char *text = "";
    size_t size = json_array_size(list);
    for (size_t i = 0; i < size && text != NULL; i++) {
        const char *one = scalar_text(ctx, json_array_get(list, i));
        if (one == NULL || strlen(text) > IMPORT_CELL_BYTES_MAX) {
            return NULL;
        }
        text = i == 0 ? one : gx_arena_printf(&ctx->arena, "%s; %s", text, one);
    }
    return text;
}

static void set_cell(struct builder *builder, struct import_row *row, const char *name,
                     const char *text)
{
    int column = column_of(builder, name);
    if (column < 0) {
        import_fault_add(builder->faults, row->line, name, GX_P_FIELD_LENGTH, "1..%d",
                         IMPORT_COLUMNS_MAX);
    } else if (text == NULL) {
        import_fault_add(builder->faults, row->line, name, GX_P_FIELD_TYPE, "%s",
                         "string, number, boolean");
    } else if (strlen(text) > IMPORT_CELL_BYTES_MAX) {
        import_fault_add(builder->faults, row->line, name, GX_P_FIELD_LENGTH, "0..%d",
                         IMPORT_CELL_BYTES_MAX);
    } else {
        row->cells[column] = text;
    }
}

static bool position(const json_t *pair, struct gx_point *ret_point)
{
    const json_t *lon = json_array_get(pair, 0);
    const json_t *lat = json_array_get(pair, 1);
    if (!json_is_number(lon) || !json_is_number(lat) || json_array_size(pair) > 3) {
        return false;
    }
    struct gx_point point = {json_number_value(lon), json_number_value(lat)};
    if (!gx_geo_valid(point)) {
        return false;
    }
    *ret_point = point;
    return true;
}

static enum gx_rc take_polygon(struct builder *builder, struct import_row *row, const json_t *rings)
{
    const json_t *outer = json_array_get(rings, 0);
    size_t count = json_array_size(outer);
    if (json_array_size(rings) != 1 || count < 4 || count > IMPORT_RING_POINTS_MAX + 1) {
        import_fault_add(builder->faults, row->line, "geometry", GX_P_FIELD_LENGTH, "1 x 4..%d",
                         IMPORT_RING_POINTS_MAX + 1);
        return GX_OK;
    }
    struct gx_point *ring = gx_arena_alloc(&builder->ctx->arena, count * sizeof *ring);
    if (ring == NULL) {
        return spent(builder->ctx);
    }
    for (size_t i = 0; i < count; i++) {
        if (!position(json_array_get(outer, i), &ring[i])) {
            import_fault_add(builder->faults, row->line, "geometry", GX_P_COORDINATES_RANGE, "%zu",
                             i);
            return GX_OK;
        }
    }
    if (ring[0].lon != ring[count - 1].lon || ring[0].lat != ring[count - 1].lat) {
        import_fault_add(builder->faults, row->line, "geometry", GX_P_FIELD_FORMAT, "%s",
                         "ring, first = last (RFC 7946)");
        return GX_OK;
    }
    row->ring = ring;
    row->ring_count = count - 1;
    return GX_OK;
}

static enum gx_rc take_geometry(struct builder *builder, struct import_row *row,
                                const json_t *geometry)
{
    const char *type = json_string_value(json_object_get(geometry, "type"));
    const json_t *coordinates = json_object_get(geometry, "coordinates");
    if (gx_text_is(type, "Polygon")) {
        return take_polygon(builder, row, coordinates);
    }
    if (!gx_text_is(type, "Point")) {
        import_fault_add(builder->faults, row->line, "geometry", GX_P_FIELD_CHOICE, "%s",
                         "Point, Polygon");
        return GX_OK;
    }
    struct gx_point point;
    if (!position(coordinates, &point)) {
        import_fault_add(builder->faults, row->line, "geometry", GX_P_COORDINATES_RANGE, "%s",
                         "coordinates");
        return GX_OK;
    }
    set_cell(builder, row, "lon", gx_arena_printf(&builder->ctx->arena, "%.17g", point.lon));
    set_cell(builder, row, "lat", gx_arena_printf(&builder->ctx->arena, "%.17g", point.lat));
    return GX_OK;
}

static enum gx_rc take_feature(struct builder *builder, struct import_row *row, json_t *feature)
{
    row->cells = gx_arena_alloc(&builder->ctx->arena, IMPORT_COLUMNS_MAX * sizeof *row->cells);
    if (row->cells == NULL) {
        return spent(builder->ctx);
    }
    for (size_t i = 0; i < IMPORT_COLUMNS_MAX; i++) {
        row->cells[i] = "";
    }
    if (!gx_text_is(json_string_value(json_object_get(feature, "type")), "Feature")) {
        import_fault_add(builder->faults, row->line, "type", GX_P_FIELD_CHOICE, "%s", "Feature");
        return GX_OK;
    }
    const char *name;
    json_t *value;
    json_t *properties = json_object_get(feature, "properties");
    json_object_foreach(properties, name, value)
    {
        const char *text = json_is_array(value) ? list_text(builder->ctx, value)
                                                : scalar_text(builder->ctx, value);
        set_cell(builder, row, name, text);
    }
    return take_geometry(builder, row, json_object_get(feature, "geometry"));
}

static enum gx_rc take_features(struct builder *builder, const json_t *features)
{
    struct import_table *table = builder->table;
    size_t count = json_array_size(features);
    if (count > IMPORT_ROWS_MAX) {
        import_fault_add(builder->faults, 0, "features", GX_P_FIELD_LENGTH, "0..%d",
                         IMPORT_ROWS_MAX);
        return GX_OK;
    }
    table->rows = gx_arena_alloc(&builder->ctx->arena, (count + 1) * sizeof *table->rows);
    const char **columns = gx_arena_alloc(&builder->ctx->arena, sizeof builder->columns);
    if (table->rows == NULL || columns == NULL) {
        return spent(builder->ctx);
    }
    table->columns = builder->columns;
    for (size_t i = 0; i < count; i++) {
        struct import_row *row = &table->rows[table->row_count++];
        row->line = (uint32_t)(i + 1);
        enum gx_rc rc = take_feature(builder, row, json_array_get(features, i));
        if (rc != GX_OK) {
            return rc;
        }
    }
    memcpy(columns, builder->columns, sizeof builder->columns);
    table->columns = columns;
    return GX_OK;
}

enum gx_rc import_geojson_read(struct gx_ctx *ctx, struct gx_view text,
                               struct import_faults *faults, struct import_table *ret_table)
{
    *ret_table = (struct import_table){0};
    if (text.size > IMPORT_BYTES_MAX) {
        import_fault_add(faults, 0, "", GX_P_BODY_TOO_LARGE, "%d", IMPORT_BYTES_MAX);
        return GX_OK;
    }
    if (text.size >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        text.data += 3;
        text.size -= 3;
    }
    json_error_t error;
    GX_AUTO(free_json)
    json_t *root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        import_fault_add(faults, (uint32_t)(error.line > 0 ? error.line : 0), "", GX_P_JSON_SYNTAX,
                         "%d:%d", error.line, error.column);
        return GX_OK;
    }
    const json_t *features = json_object_get(root, "features");
    if (!gx_text_is(json_string_value(json_object_get(root, "type")), "FeatureCollection") ||
        !json_is_array(features)) {
        import_fault_add(faults, 0, "type", GX_P_FIELD_CHOICE, "%s", "FeatureCollection");
        return GX_OK;
    }
    struct builder builder = {.ctx = ctx, .faults = faults, .table = ret_table};
    enum gx_rc rc = take_features(&builder, features);
    if (rc != GX_OK) {
        *ret_table = (struct import_table){0};
    }
    return rc;
}
