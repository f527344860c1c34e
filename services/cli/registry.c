/* SPDX-License-Identifier: Apache-2.0 */
/* genxi partner and genxi import: the registry through the public API. */
#include "cli.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *area_list(const char *text)
{
    json_t *list = json_array();
    char copy[512];
    (void)snprintf(copy, sizeof copy, "%s", text);
    char *rest = NULL;
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        int64_t area = 0;
        if (gx_parse_int(word, 1, INT32_MAX, &area) == 0) {
            (void)json_array_append_new(list, json_integer(area));
        }
    }
    return list;
}

static int partner_list(struct gx_client *client)
{
    char path[2048] = "/v1/partners?limit=500";
    for (;;) {
        struct gx_answer answer = {0};
        enum gx_rc rc = gx_client_call(client, "GET", path, NULL, NULL, &answer);
        if (rc != GX_OK || answer.status != 200) {
            int code = cli_refused("partners", rc, &answer);
            gx_answer_done(&answer);
            return code;
        }
        size_t i = 0;
        json_t *item = NULL;
        json_array_foreach(json_object_get(answer.json, "items"), i, item)
        {
            (void)printf("%s  %-10s %lld  %-9s %s\n",
                         json_string_value(json_object_get(item, "id")),
                         json_string_value(json_object_get(item, "kind")),
                         (long long)json_integer_value(json_object_get(item, "area")),
                         json_string_value(json_object_get(item, "state")),
                         json_string_value(json_object_get(item, "name")));
        }
        const char *next = json_string_value(json_object_get(answer.json, "next_cursor"));
        if (next != NULL) {
            (void)snprintf(path, sizeof path, "/v1/partners?limit=500&cursor=%s", next);
        }
        bool more = next != NULL;
        gx_answer_done(&answer);
        if (!more) {
            return CLI_DONE;
        }
    }
}

static int partner_add(struct gx_client *client, const char *name, const char *kind, int64_t area,
                       const char *contract_areas, bool off_site)
{
    json_t *body =
        json_pack("{s:s, s:s, s:I}", "name", name, "kind", kind, "area", (json_int_t)area);
    if (contract_areas != NULL) {
        char now[GX_TIME_TEXT_SIZE];
        json_t *agreement =
            json_pack("{s:s, s:o, s:b}", "signed_at", gx_time_format(gx_clock_wall_ms(), now),
                      "contract_areas", area_list(contract_areas), "off_site", off_site);
        (void)json_object_set_new(body, "agreement", agreement);
    }
    char key[GX_ID_SIZE];
    struct gx_answer answer = {0};
    enum gx_rc rc = gx_client_call(client, "POST", "/v1/partners", body, gx_id_new(key), &answer);
    json_decref(body);
    int code = CLI_DONE;
    if (rc != GX_OK || answer.status >= 300) {
        code = cli_refused(name, rc, &answer);
    } else {
        (void)printf("%s\n", json_string_value(json_object_get(answer.json, "id")));
    }
    gx_answer_done(&answer);
    return code;
}

int cli_partner(int argc, char **argv)
{
    struct cli_api api = {0};
    const char *kind = NULL;
    const char *area_text = NULL;
    const char *contract_areas = NULL;
    const char *off_site = NULL;
    const struct cli_option options[] = {
        CLI_API_OPTIONS(api),          {"kind", &kind, false},
        {"area", &area_text, false},   {"contract-areas", &contract_areas, false},
        {"off-site", &off_site, true}, {NULL, NULL, false}};
    int64_t area = 0;
    bool good = cli_options(options, &argc, argv);
    bool list = good && argc == 1 && strcmp(argv[0], "list") == 0;
    bool add = good && argc == 2 && strcmp(argv[0], "add") == 0 && kind != NULL &&
               area_text != NULL && gx_parse_int(area_text, 1, INT32_MAX, &area) == 0;
    if (!list && !add) {
        (void)fprintf(stderr,
                      "usage: genxi partner list | genxi partner add NAME --kind KIND --area N "
                      "[--contract-areas N,N] [--off-site]\n");
        return CLI_USAGE;
    }
    struct gx_client *client = cli_connect(&api);
    if (client == NULL) {
        return CLI_FAILED;
    }
    int code = list ? partner_list(client)
                    : partner_add(client, argv[1], kind, area, contract_areas, off_site != NULL);
    gx_client_free(client);
    return code;
}

static int import_file(struct gx_client *client, const char *kind, const char *path, bool dry_run)
{
    size_t size = 0;
    char *data = cli_read_file(path, &size);
    if (data == NULL) {
        return CLI_FAILED;
    }
    size_t length = strlen(path);
    bool geojson = length > 5 && strcmp(path + length - 5, ".json") == 0;
    geojson = geojson || (length > 8 && strcmp(path + length - 8, ".geojson") == 0);
    char route[128];
    char key[GX_ID_SIZE];
    (void)snprintf(route, sizeof route, "/v1/imports/%.40s%s", kind,
                   dry_run ? "?dry_run=true" : "");
    struct gx_answer answer = {0};
    enum gx_rc rc =
        gx_client_send(client, "POST", route, geojson ? "application/geo+json" : "text/csv", data,
                       size, gx_id_new(key), &answer);
    free(data);
    int code = CLI_DONE;
    if (rc != GX_OK || answer.status >= 300) {
        code = cli_refused(path, rc, &answer);
    } else {
        size_t i = 0;
        json_t *fault = NULL;
        json_array_foreach(json_object_get(answer.json, "faults"), i, fault)
        {
            (void)printf("line %lld, %s: %s\n",
                         (long long)json_integer_value(json_object_get(fault, "line")),
                         json_string_value(json_object_get(fault, "column")),
                         json_string_value(json_object_get(fault, "rule")));
            code = CLI_FAILED;
        }
        (void)printf("%s: %lld rows%s\n", path,
                     (long long)json_integer_value(json_object_get(answer.json, "rows")),
                     dry_run ? " checked, nothing written" : "");
    }
    gx_answer_done(&answer);
    return code;
}

int cli_import(int argc, char **argv)
{
    struct cli_api api = {0};
    const char *dry_run = NULL;
    const struct cli_option options[] = {
        CLI_API_OPTIONS(api), {"dry-run", &dry_run, true}, {NULL, NULL, false}};
    if (!cli_options(options, &argc, argv) || argc != 2) {
        (void)fprintf(stderr, "usage: genxi import stations|partners|sites|responders|shifts|teams "
                              "FILE [--dry-run]\n");
        return CLI_USAGE;
    }
    struct gx_client *client = cli_connect(&api);
    if (client == NULL) {
        return CLI_FAILED;
    }
    int code = import_file(client, argv[0], argv[1], dry_run != NULL);
    gx_client_free(client);
    return code;
}
