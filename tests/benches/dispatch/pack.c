/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include "base/text.h"
#include "bench.h"
#include "roads/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static _Noreturn void give_up(const struct roads_fault *fault)
{
    char text[512];
    (void)fprintf(stderr, "bench: %s\n", roads_fault_text(fault, "en", text, sizeof text));
    exit(1);
}

static void *grown(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return list;
    }
    *room = *room == 0 ? 1024 : *room * 2;
    void *more = realloc(list, *room * size);
    bench_must(more != NULL, "memory", "");
    return more;
}

struct roads_csv *pack_table(const char *dir, const char *name, const char *columns, bool needed)
{
    char file[64];
    char path[2][640];
    struct roads_csv *table = NULL;
    struct roads_fault fault = {0};
    (void)snprintf(file, sizeof file, "%s.csv", name);
    (void)snprintf(path[0], sizeof path[0], "%s/%s", dir, file);
    (void)snprintf(path[1], sizeof path[1], "%s/%s.gz", dir, file);
    if (!needed && access(path[0], F_OK) != 0 && access(path[1], F_OK) != 0) {
        return NULL;
    }
    if (roads_csv_open(dir, file, columns, &table, &fault) != GX_OK) {
        give_up(&fault);
    }
    return table;
}

bool pack_row(struct roads_csv *table, char *cells[])
{
    struct roads_fault fault = {0};
    bool more = false;
    if (roads_csv_next(table, cells, &more, &fault) != GX_OK) {
        give_up(&fault);
    }
    return more;
}

static int64_t fixed(const struct roads_csv *table, const char *cell, int decimals, int64_t most)
{
    int64_t value = 0;
    if (roads_fixed(cell, decimals, 0, most, &value) != 0) {
        struct roads_fault fault = {0};
        (void)roads_csv_fail(table, ROADS_F_ROW, cell, &fault);
        give_up(&fault);
    }
    return value;
}

uint32_t pack_u32(const struct roads_csv *table, const char *cell)
{
    return (uint32_t)fixed(table, cell, 0, UINT32_MAX);
}

int64_t pack_ms(const struct roads_csv *table, const char *cell)
{
    return fixed(table, cell, 3, INT64_C(1) << 50);
}

double pack_double(const struct roads_csv *table, const char *cell)
{
    double value = 0;
    (void)table;
    bench_must(gx_parse_double(cell, -1e12, 1e12, &value) == 0, "the pack: not a number", cell);
    return value;
}

static void read_city(struct pack *pack)
{
    struct roads_csv *rows = pack_table(pack->dir, "city", "key,value", true);
    char *cells[ROADS_CSV_CELLS_MAX];
    double fast = 0;
    double slow = 0;
    while (pack_row(rows, cells)) {
        if (strcmp(cells[0], "cover_s") == 0) {
            pack->cover_ms = (int64_t)(1000 * pack_double(rows, cells[1]));
        } else if (strcmp(cells[0], "access_kmh") == 0) {
            fast = pack_double(rows, cells[1]);
        } else if (strcmp(cells[0], "access_kmh_normal") == 0) {
            slow = pack_double(rows, cells[1]);
        }
    }
    bench_must(pack->cover_ms > 0 && fast > 0 && slow > 0,
               "city.csv must have cover_s, access_kmh and access_kmh_normal", pack->dir);
    pack->slower_access = fast / slow;
    roads_csv_close(rows);
}

static void read_units(struct pack *pack)
{
    struct roads_csv *rows = pack_table(pack->dir, "units", "id,kind,station,node,lon,lat", true);
    char *cells[ROADS_CSV_CELLS_MAX];
    size_t room = 0;
    while (pack_row(rows, cells)) {
        pack->units = grown(pack->units, pack->unit_count, &room, sizeof *pack->units);
        pack->units[pack->unit_count++] = (struct pack_unit){
            .kind = strcmp(cells[1], "police") == 0 ? PACK_POLICE : PACK_HELPER,
            .guard = strcmp(cells[1], "guard") == 0,
            .home = pack_u32(rows, cells[3]),
        };
    }
    roads_csv_close(rows);
}

static void read_demand(struct pack *pack)
{
    struct roads_csv *rows = pack_table(pack->dir, "demand", "node,weight", true);
    char *cells[ROADS_CSV_CELLS_MAX];
    size_t room = 0;
    while (pack_row(rows, cells)) {
        pack->demand = grown(pack->demand, pack->demand_count, &room, sizeof *pack->demand);
        pack->demand[pack->demand_count++] =
            (struct pack_demand){pack_u32(rows, cells[0]), pack_double(rows, cells[1])};
    }
    roads_csv_close(rows);
}

static void read_calls(struct pack_stream *stream, struct roads_csv *rows)
{
    char *cells[ROADS_CSV_CELLS_MAX];
    size_t room = 0;
    while (pack_row(rows, cells)) {
        stream->calls = grown(stream->calls, stream->count, &room, sizeof *stream->calls);
        stream->calls[stream->count++] = (struct pack_call){
            .at_ms = pack_ms(rows, cells[1]),
            .place = {pack_double(rows, cells[2]), pack_double(rows, cells[3])},
            .priority = pack_u32(rows, cells[4]),
            .on_scene_ms = pack_ms(rows, cells[5]),
            .node = pack_u32(rows, cells[6]),
            .access_ms = pack_ms(rows, cells[7]),
        };
        bench_must(stream->count < 2 || stream->calls[stream->count - 1].at_ms >=
                                            stream->calls[stream->count - 2].at_ms,
                   "the pack", "calls are not in order of time");
    }
}

static void read_streams(struct pack *pack)
{
    size_t room = 0;
    for (;;) {
        char name[32];
        (void)snprintf(name, sizeof name, "calls_%zu", pack->stream_count + 1);
        struct roads_csv *rows =
            pack_table(pack->dir, name, "id,t_s,lon,lat,priority,on_scene_s,node,access_s", false);
        if (rows == NULL) {
            return;
        }
        pack->streams = grown(pack->streams, pack->stream_count, &room, sizeof *pack->streams);
        pack->streams[pack->stream_count] = (struct pack_stream){.calls = NULL};
        read_calls(&pack->streams[pack->stream_count++], rows);
        roads_csv_close(rows);
    }
}

bool pack_exists(const char *dir)
{
    struct stat info;
    return stat(dir, &info) == 0 && S_ISDIR(info.st_mode);
}

void pack_open(struct pack *pack, const char *dir)
{
    *pack = (struct pack){.units = NULL};
    (void)snprintf(pack->dir, sizeof pack->dir, "%s", dir);
    read_city(pack);
    read_units(pack);
    read_demand(pack);
    read_streams(pack);
    bench_must(pack->unit_count > 0 && pack->demand_count > 0 && pack->stream_count > 0,
               "no units, demand or calls in", dir);
}

void pack_close(struct pack *pack)
{
    for (size_t i = 0; i < pack->stream_count; i++) {
        free(pack->streams[i].calls);
    }
    free(pack->streams);
    free(pack->demand);
    free(pack->units);
    *pack = (struct pack){.units = NULL};
}

struct pack_answer *pack_reference(const struct pack *pack, const char *policy, size_t stream,
                                   size_t *ret_count)
{
    char name[64];
    (void)snprintf(name, sizeof name, "reference_%s_%zu", policy, stream);
    struct roads_csv *rows = pack_table(pack->dir, name, "call,unit,response_s", false);
    char *cells[ROADS_CSV_CELLS_MAX];
    if (rows == NULL) {
        return NULL;
    }
    struct pack_answer *answers = NULL;
    size_t room = 0;
    size_t count = 0;
    while (pack_row(rows, cells)) {
        answers = grown(answers, count, &room, sizeof *answers);
        answers[count++] = (struct pack_answer){pack_u32(rows, cells[1]), pack_ms(rows, cells[2])};
    }
    roads_csv_close(rows);
    *ret_count = count;
    return answers;
}
