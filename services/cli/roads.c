/* SPDX-License-Identifier: Apache-2.0 */
/* genxi roads: makes the matcher's road graph from somebody's road data, and says what a graph file holds. */
#include "cli.h"

#include "base/problem.h"
#include "roads/import.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is told, "{}" standing for the numbers. */
struct note {
    const char *en;
    const char *zh;
};
static const struct note NAMED = {"{}", "{}"};
static const struct note HOLDS = {
    "nodes, junctions, arcs by car, arcs on foot, bytes: {}",
    "节点数、路口数、车行路段数、步行路段数、字节数:{}",
};
static const struct note BOX = {"west, south, east, north: {}", "西、南、东、北界:{}"};
static const struct note WAYS = {"ways that are roads, of all ways: {}", "道路数/全部路线数:{}"};
static const struct note MISSING = {
    "nodes that roads mention and the file has not (the roads are cut there): {}",
    "道路引用而文件中没有的节点(道路在该处截断):{}"};
static const struct note LONG = {
    "pieces of road left out, longer than a day's walk: {}",
    "步行超过一天而略去的路段:{}",
};
static const struct note ISLANDS = {
    "left out as islands (nodes by car, nodes on foot), arcs to where they begin: {}",
    "作为孤岛略去(车行节点、步行节点),首尾相同的路段:{}",
};
static const struct note NO_ATTRIBUTION = {
    "no attribution is kept with it; --attribution gives one if the data asks for it{}",
    "未记录数据署名;如数据要求,请使用 --attribution{}",
};

static void tell(const char *lang, const struct note *note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(const char *lang, const struct note *note, const char *format, ...)
{
    char value[1200];
    char text[1400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(value, sizeof value, format, args);
    va_end(args);
    gx_problem_text(strcmp(lang, "zh-CN") == 0 ? note->zh : note->en, value, text, sizeof text);
    (void)printf("%s\n", text);
}

static int refused(const char *path, const char *lang, const struct roads_fault *fault)
{
    char text[512];
    (void)fprintf(stderr, "genxi: %s: %s\n", path,
                  roads_fault_text(fault, lang, text, sizeof text));
    return CLI_FAILED;
}

static void describe(const struct roads *roads, const char *lang)
{
    struct roads_about about = roads_about(roads);
    tell(lang, &NAMED, "%s", about.name);
    tell(lang, &HOLDS, "%" PRIu32 ", %" PRIu32 ", %" PRIu32 ", %" PRIu32 ", %zu", about.nodes,
         about.junctions, about.car_arcs, about.foot_arcs, about.bytes);
    tell(lang, &BOX, "%.5f, %.5f, %.5f, %.5f", about.west, about.south, about.east, about.north);
    if (about.attribution[0] == '\0') {
        tell(lang, &NO_ATTRIBUTION, "%s", "");
    } else {
        tell(lang, &NAMED, "%s", about.attribution);
    }
}

static void tell_counts(const struct roads_import_counts *counts, const char *lang)
{
    if (counts->is_osm) {
        tell(lang, &WAYS, "%zu / %zu", counts->osm.roads, counts->osm.ways);
        tell(lang, &MISSING, "%zu", counts->osm.missing_nodes);
        if (counts->osm.long_arcs > 0) {
            tell(lang, &LONG, "%zu", counts->osm.long_arcs);
        }
    }
    tell(lang, &ISLANDS, "%zu, %zu, %zu", counts->dropped.car_nodes, counts->dropped.foot_nodes,
         counts->dropped.loops);
}

static int import_roads(const struct roads_import *import, const char *out, const char *lang)
{
    struct roads *roads = NULL;
    struct roads_import_counts counts;
    struct roads_fault fault = {0};
    if (roads_import(import, &roads, &counts, &fault) != GX_OK) {
        return refused(import->path, lang, &fault);
    }
    int code = CLI_DONE;
    if (roads_write(roads, out, &fault) != GX_OK) {
        code = refused(out, lang, &fault);
    } else {
        tell_counts(&counts, lang);
        describe(roads, lang);
    }
    roads_free(roads);
    return code;
}

static int show(const char *path, const char *lang)
{
    struct roads *roads = NULL;
    struct roads_fault fault = {0};
    if (roads_open(path, &roads, &fault) != GX_OK) {
        return refused(path, lang, &fault);
    }
    describe(roads, lang);
    roads_free(roads);
    return CLI_DONE;
}

int cli_roads(int argc, char **argv)
{
    struct roads_import import = {.path = NULL};
    struct roads_box box;
    const char *out = NULL;
    const char *box_text = NULL;
    const char *lang = NULL;
    const struct cli_option options[] = {
        {"out", &out, false},       {"name", &import.name, false},
        {"bbox", &box_text, false}, {"attribution", &import.attribution, false},
        {"lang", &lang, false},     {NULL, NULL, false}};
    bool good = cli_options(options, &argc, argv) && argc == 2;
    bool is_show = good && strcmp(argv[0], "show") == 0;
    bool is_import = good && strcmp(argv[0], "import") == 0 && out != NULL;
    if (is_import && box_text != NULL) {
        is_import = roads_box_parse(box_text, &box) == 0;
        import.box = &box;
    }
    if (!is_show && !is_import) {
        (void)fprintf(stderr,
                      "usage: genxi roads import FILE.osm.pbf|FILE.osm|PACK --out FILE.roads "
                      "[--name N] [--bbox W,S,E,N] [--attribution TEXT] | genxi roads show "
                      "FILE.roads   (--lang zh-CN|en)\n");
        return CLI_USAGE;
    }
    lang = cli_lang(lang);
    import.path = argv[1];
    return is_show ? show(argv[1], lang) : import_roads(&import, out, lang);
}
