/* SPDX-License-Identifier: Apache-2.0 */
#include "town.h"

#include "base/geo.h"
#include "check.h"
#include "pbf_writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

size_t town_cell(size_t column, size_t row)
{
    return row * TOWN_COLUMNS + column;
}

static size_t add_node(struct town *t, double lon, double lat)
{
    struct town_node *node = &t->nodes[t->node_count];
    node->id = 5000000000 + (int64_t)(t->node_count * 7919 % 1009); /* not in order */
    node->lon7 = (int32_t)lround(lon * 1e7);
    node->lat7 = (int32_t)lround(lat * 1e7);
    return t->node_count++;
}

static struct town_street *add_street(struct town *t, const char *class, unsigned emergency,
                                      unsigned normal)
{
    struct town_street *street = &t->streets[t->street_count++];
    *street = (struct town_street){.tags = {"highway", class, "name", "演示路"},
                                   .class = class,
                                   .forward = true,
                                   .backward = true,
                                   .kmh = {emergency, normal}};
    return street;
}

static void tag(struct town_street *street, const char *key, const char *value)
{
    street->tags[4] = key;
    street->tags[5] = value;
}

static void pass(struct town_street *street, size_t node)
{
    street->nodes[street->count++] = node;
}

static void add_rows(struct town *t)
{
    for (size_t row = 0; row < TOWN_ROWS; row++) {
        bool small = row % 3 == 0;
        struct town_street *street =
            add_street(t, small ? "residential" : "tertiary", small ? 36 : 47, small ? 25 : 33);
        for (size_t column = 0; column < TOWN_COLUMNS; column++) {
            pass(street, town_cell(column, row));
        }
        if (row == 4) {
            tag(street, "oneway", "yes");
            street->backward = false;
        }
        if (row == 5) {
            tag(street, "oneway", "-1");
            street->forward = false;
        }
    }
}

static void add_columns(struct town *t)
{
    for (size_t column = 0; column < TOWN_COLUMNS; column += column == 8 ? 3 : 1) {
        struct town_street *street = NULL;
        if (column == 0) {
            street = add_street(t, "residential", 36, 25);
            tag(street, "access", "private");
            street->forward = street->backward = false;
        } else if (column == 1) {
            street = add_street(t, "footway", 0, 0);
            street->forward = street->backward = false;
        } else if (column == 3) {
            street = add_street(t, "primary", 28, 20);
            tag(street, "maxspeed", "20");
        } else if (column == 6 || column == 7) {
            street = add_street(t, "motorway", 91, 64);
            street->backward = false;
        } else {
            street = add_street(t, "secondary", 47, 33);
        }
        for (size_t row = 0; row < TOWN_ROWS; row++) {
            pass(street, town_cell(column, column == 7 ? TOWN_ROWS - 1 - row : row));
        }
    }
}

static void add_oddities(struct town *t)
{
    /* A cul-de-sac of three nodes, and a lane whose bends are not needed. */
    struct town_street *spur = add_street(t, "residential", 36, 25);
    pass(spur, town_cell(11, 8));
    pass(spur, add_node(t, 10.0250, 50.0121));
    pass(spur, add_node(t, 10.0270, 50.0122));
    struct town_street *lane = add_street(t, "service", 22, 15);
    lane->bends = true;
    pass(lane, town_cell(2, 0));
    pass(lane, add_node(t, 10.0040, 49.9998));
    pass(lane, add_node(t, 10.0042, 49.9997));
    pass(lane, add_node(t, 10.0044, 49.9998));
    /* A roundabout below the town. */
    struct town_street *ring = add_street(t, "tertiary", 47, 33);
    tag(ring, "junction", "roundabout");
    ring->backward = false;
    size_t first = t->node_count;
    pass(ring, add_node(t, 10.0100, 49.9980));
    pass(ring, add_node(t, 10.0115, 49.9970));
    pass(ring, add_node(t, 10.0100, 49.9960));
    pass(ring, add_node(t, 10.0085, 49.9970));
    pass(ring, first);
    struct town_street *arm = add_street(t, "tertiary", 47, 33);
    pass(arm, town_cell(5, 0));
    pass(arm, first);
    struct town_street *other = add_street(t, "tertiary", 47, 33);
    pass(other, town_cell(2, 0));
    pass(other, first + 3);
    /* An island by car, and a road with a hole. */
    struct town_street *island = add_street(t, "residential", 36, 25);
    pass(island, add_node(t, 10.1000, 50.1000));
    pass(island, add_node(t, 10.1020, 50.1000));
    struct town_street *hole = add_street(t, "residential", 36, 25);
    pass(hole, town_cell(0, 8));
    pass(hole, add_node(t, 10.0000, 50.0140));
    size_t gone = add_node(t, 10.0000, 50.0160);
    t->nodes[gone].left_out = true;
    pass(hole, gone);
    pass(hole, add_node(t, 10.0000, 50.0180));
    pass(hole, add_node(t, 10.0000, 50.0200));
    t->nodes[town_cell(5, 8)].bollard = true;
}

void town_build(struct town *t)
{
    memset(t, 0, sizeof *t);
    for (size_t row = 0; row < TOWN_ROWS; row++) {
        for (size_t column = 0; column < TOWN_COLUMNS; column++) {
            /* Not quite regular, so that few ways take the same time. */
            (void)add_node(t, 10.0 + 0.0020 * (double)column + 0.00001 * (double)(row * row),
                           50.0 + 0.0015 * (double)row + 0.00001 * (double)(column * row % 7));
        }
    }
    add_rows(t);
    add_columns(t);
    add_oddities(t);
}

static double between_dm(const struct town *t, size_t a, size_t b)
{
    struct gx_point from = {t->nodes[a].lon7 / 1e7, t->nodes[a].lat7 / 1e7};
    struct gx_point to = {t->nodes[b].lon7 / 1e7, t->nodes[b].lat7 / 1e7};
    return gx_geo_distance_m(from, to) * 10;
}

static bool passable(const struct town *t, size_t node)
{
    return !t->nodes[node].bollard && !t->nodes[node].left_out;
}

typedef void on_arc(void *self, const struct town_street *street, size_t from, size_t to,
                    double decimetres);

static void tell_arc(const struct town_street *s, size_t a, size_t b, double dm, on_arc *tell,
                     void *self)
{
    if (s->forward) {
        tell(self, s, a, b, dm);
    }
    if (s->backward) {
        tell(self, s, b, a, dm);
    }
}

static void each_arc(const struct town *t, on_arc *tell, void *self)
{
    for (size_t i = 0; i < t->street_count; i++) {
        const struct town_street *s = &t->streets[i];
        double sum = 0;
        for (size_t n = 1; n < s->count; n++) {
            size_t a = s->nodes[n - 1];
            size_t b = s->nodes[n];
            sum += between_dm(t, a, b);
            if (!s->bends && passable(t, a) && passable(t, b)) {
                tell_arc(s, a, b, between_dm(t, a, b), tell, self);
            }
        }
        if (s->bends) {
            tell_arc(s, s->nodes[0], s->nodes[s->count - 1], sum, tell, self);
        }
    }
}

static uint32_t drive_ms(double decimetres, unsigned kmh)
{
    return (uint32_t)round(decimetres * 360 / kmh);
}

static void add_plain_arc(void *self, const struct town_street *street, size_t from, size_t to,
                          double dm)
{
    struct plain_roads *plain = self;
    plain->arcs[plain->arc_count++] = (struct plain_arc){
        (uint32_t)from, (uint32_t)to, {drive_ms(dm, street->kmh[0]), drive_ms(dm, street->kmh[1])}};
}

void town_plain(const struct town *t, struct plain_roads *plain)
{
    *plain = (struct plain_roads){.nodes = (uint32_t)t->node_count};
    plain->arcs = calloc((size_t)TOWN_STREETS_MAX * TOWN_STREET_NODES * 2, sizeof *plain->arcs);
    assert_non_null(plain->arcs);
    each_arc(t, add_plain_arc, plain);
    plain_prepare(plain);
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    return file;
}

static void write_arc(void *self, const struct town_street *street, size_t from, size_t to,
                      double dm)
{
    uint32_t ms[2] = {drive_ms(dm, street->kmh[0]), drive_ms(dm, street->kmh[1])};
    (void)fprintf(self, "%zu,%zu,%u.%03u,%u.%03u,%.1f,%s\n", from, to, ms[0] / 1000, ms[0] % 1000,
                  ms[1] / 1000, ms[1] % 1000, round(dm) / 10, street->class);
}

void town_write_pack(const struct town *t, const char *folder)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/nodes.csv", folder);
    FILE *file = create(path);
    (void)fprintf(file, "id,lon,lat,access\n");
    for (size_t n = 0; n < t->node_count; n++) {
        bool motorway = n < town_cell(0, TOWN_ROWS) && (n % TOWN_COLUMNS == 6);
        (void)fprintf(file, "%zu,%.7f,%.7f,%d\n", n, t->nodes[n].lon7 / 1e7, t->nodes[n].lat7 / 1e7,
                      motorway ? 0 : 1);
    }
    (void)fclose(file);
    (void)snprintf(path, sizeof path, "%s/arcs.csv", folder);
    file = create(path);
    (void)fprintf(file, "from,to,seconds,seconds_normal,metres,class\n");
    each_arc(t, write_arc, file);
    (void)fclose(file);
}

void town_write_osm(const struct town *t, const char *path)
{
    FILE *file = create(path);
    (void)fprintf(file, "<?xml version='1.0' encoding='UTF-8'?>\n<osm version=\"0.6\">\n");
    for (size_t n = 0; n < t->node_count; n++) {
        const struct town_node *node = &t->nodes[n];
        if (!node->left_out) {
            (void)fprintf(file, " <node id=\"%" PRId64 "\" lat=\"%.7f\" lon=\"%.7f\">%s</node>\n",
                          node->id, node->lat7 / 1e7, node->lon7 / 1e7,
                          node->bollard ? "<tag k=\"barrier\" v=\"bollard\"/>" : "");
        }
    }
    for (size_t i = 0; i < t->street_count; i++) {
        const struct town_street *s = &t->streets[i];
        (void)fprintf(file, " <way id=\"%zu\">\n", i + 1);
        for (size_t n = 0; n < s->count; n++) {
            (void)fprintf(file, "  <nd ref=\"%" PRId64 "\"/>\n", t->nodes[s->nodes[n]].id);
        }
        for (size_t k = 0; k < TOWN_TAGS && s->tags[2 * k] != NULL; k++) {
            (void)fprintf(file, "  <tag k=\"%s\" v=\"%s\"/>\n", s->tags[2 * k], s->tags[2 * k + 1]);
        }
        (void)fprintf(file, " </way>\n");
    }
    (void)fprintf(file, " <relation id=\"1\"><member type=\"way\" ref=\"1\" role=\"\"/>"
                        "<tag k=\"type\" v=\"route\"/></relation>\n</osm>\n");
    (void)fclose(file);
}

void town_write_pbf(const struct town *t, const char *path, bool dense)
{
    struct pbf_writer *w = pbf_writer_new(dense);
    for (size_t n = 0; n < t->node_count; n++) {
        const struct town_node *node = &t->nodes[n];
        const char *const tags[] = {node->bollard ? "barrier" : NULL, "bollard", NULL};
        if (!node->left_out) {
            pbf_writer_node(w, node->id, node->lon7, node->lat7, tags);
        }
    }
    for (size_t i = 0; i < t->street_count; i++) {
        const struct town_street *s = &t->streets[i];
        int64_t refs[TOWN_STREET_NODES];
        const char *tags[2 * TOWN_TAGS + 1] = {NULL};
        memcpy(tags, s->tags, sizeof s->tags);
        for (size_t n = 0; n < s->count; n++) {
            refs[n] = t->nodes[s->nodes[n]].id;
        }
        pbf_writer_way(w, (int64_t)i + 1, refs, s->count, tags);
    }
    FILE *file = create(path);
    pbf_write_header(file, "DenseNodes");
    pbf_writer_save(w, file);
    (void)fclose(file);
}
