/* SPDX-License-Identifier: Apache-2.0 */
/* genxi watch: a live view of incidents, offers and gaps in the terminal. One stream, drawn four times a second at the most. */
#include "cli.h"

#include "base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    ROWS_MAX = 200,
    LINES_MAX = 12
};

struct row {
    char id[40];
    char number[24];
    char type[32];
    char state[16];
    char at[GX_TIME_TEXT_SIZE];
    int grade;
    int offers;
    int team;
    bool exercise;
    char gap[48];
};

struct watch {
    struct row rows[ROWS_MAX]; /* newest first */
    size_t count;
    char lines[LINES_MAX][160]; /* last events, newest first */
    size_t line_count;
    size_t seen;
    bool changed;
};

static volatile sig_atomic_t STOP;

static void on_signal(int number)
{
    (void)number;
    STOP = 1;
}

static void copy(char *to, size_t size, const json_t *value)
{
    const char *text = json_string_value(value);
    (void)snprintf(to, size, "%s", text == NULL ? "" : text);
}

static struct row *find_row(struct watch *watch, const char *id, bool make)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (strcmp(watch->rows[i].id, id) == 0) {
            return &watch->rows[i];
        }
    }
    if (!make) {
        return NULL;
    }
    size_t keep = watch->count < ROWS_MAX ? watch->count : ROWS_MAX - 1;
    memmove(&watch->rows[1], &watch->rows[0], keep * sizeof watch->rows[0]);
    watch->count = keep + 1;
    watch->rows[0] = (struct row){0};
    (void)snprintf(watch->rows[0].id, sizeof watch->rows[0].id, "%s", id);
    return &watch->rows[0];
}

static void take_incident(struct watch *watch, const json_t *incident)
{
    const char *id = json_string_value(json_object_get(incident, "id"));
    if (id == NULL) {
        return;
    }
    struct row *row = find_row(watch, id, true);
    copy(row->number, sizeof row->number, json_object_get(incident, "number"));
    copy(row->type, sizeof row->type, json_object_get(incident, "type"));
    copy(row->state, sizeof row->state, json_object_get(incident, "state"));
    copy(row->at, sizeof row->at,
         json_object_get(json_object_get(incident, "times"), "reported_at"));
    row->grade = (int)json_integer_value(json_object_get(incident, "grade"));
    row->exercise = json_is_true(json_object_get(incident, "exercise"));
}

static void add_line(struct watch *watch, const char *type, const json_t *event)
{
    size_t keep = watch->line_count < LINES_MAX ? watch->line_count : LINES_MAX - 1;
    memmove(watch->lines[1], watch->lines[0], keep * sizeof watch->lines[0]);
    watch->line_count = keep + 1;
    const char *at = json_string_value(json_object_get(event, "at"));
    const char *subject = json_string_value(json_object_get(event, "subject"));
    const struct row *row = subject == NULL ? NULL : find_row(watch, subject, false);
    (void)snprintf(watch->lines[0], sizeof watch->lines[0], "%.23s %-20.20s %.22s",
                   at == NULL ? "" : at, type, row == NULL ? "" : row->number);
}

static void count_change(struct watch *watch, const char *type, const json_t *event)
{
    const json_t *data = json_object_get(event, "data");
    const char *id = json_string_value(json_object_get(data, "incident_id"));
    const json_t *part =
        json_object_get(data, strncmp(type, "offer.", 6) == 0 ? "offer" : "assignment");
    if (id == NULL) {
        id = json_string_value(json_object_get(part, "incident_id"));
    }
    struct row *row = id == NULL ? NULL : find_row(watch, id, false);
    if (row == NULL) {
        return;
    }
    const char *state = json_string_value(json_object_get(part, "state"));
    if (strcmp(type, "offer.made") == 0) {
        row->offers++;
    } else if (strcmp(type, "assignment.changed") == 0 && state != NULL &&
               strcmp(state, "accepted") == 0) {
        row->team++;
    } else if (strcmp(type, "slot.unfilled") == 0) {
        const char *slot = json_string_value(json_object_get(data, "slot"));
        (void)snprintf(row->gap, sizeof row->gap, "%s x%lld", slot == NULL ? "" : slot,
                       (long long)json_integer_value(json_object_get(data, "missing")));
    } else if (strcmp(type, "team.filled") == 0) {
        row->gap[0] = '\0';
    }
}

static void on_event(void *arg, void *tag, const struct gx_stream_event *event)
{
    (void)tag;
    struct watch *watch = arg;
    json_t *json = json_loads(event->data, 0, NULL);
    if (json == NULL || strcmp(event->type, "positions.moved") == 0) {
        json_decref(json);
        return;
    }
    const json_t *incident = json_object_get(json_object_get(json, "data"), "incident");
    if (incident != NULL) {
        take_incident(watch, incident);
    }
    count_change(watch, event->type, json);
    add_line(watch, event->type, json);
    watch->seen++;
    watch->changed = true;
    json_decref(json);
}

static void draw(const struct watch *watch, int open_streams, bool once)
{
    struct winsize window = {.ws_row = 40};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
    size_t rows = window.ws_row > LINES_MAX + 8 ? (size_t)window.ws_row - LINES_MAX - 6 : 10;
    char now[GX_TIME_TEXT_SIZE];
    (void)printf("%sgenxi 根系  %s  %s  events %zu\n\n", once ? "" : "\033[H\033[2J",
                 gx_time_format(gx_clock_wall_ms(), now),
                 open_streams > 0 ? "live" : "NOT CONNECTED", watch->seen);
    (void)printf("%-23s G %-22s %-13s %6s %5s  %s\n", "number 编号", "type 类别", "state 状态",
                 "offers", "team", "gap 缺口");
    for (size_t i = 0; i < watch->count && i < rows; i++) {
        const struct row *row = &watch->rows[i];
        (void)printf("%-21s %d %-20s %-13s %5d %5d  %s%s\n", row->number, row->grade, row->type,
                     row->state, row->offers, row->team, row->exercise ? "[演练 DRILL] " : "",
                     row->gap);
    }
    (void)printf("\n");
    for (size_t i = 0; i < watch->line_count; i++) {
        (void)printf("%s\n", watch->lines[i]);
    }
    (void)fflush(stdout);
}

static bool load_open(struct watch *watch, struct gx_client *client)
{
    struct gx_answer answer = {0};
    enum gx_rc rc =
        gx_client_call(client, "GET", "/v1/incidents?open=true&limit=100", NULL, NULL, &answer);
    bool loaded = rc == GX_OK && answer.status == 200;
    if (!loaded) {
        (void)cli_refused("incidents", rc, &answer);
    }
    const json_t *items = json_object_get(answer.json, "items");
    for (size_t i = json_array_size(items); i > 0; i--) {
        take_incident(watch, json_array_get(items, i - 1));
    }
    gx_answer_done(&answer);
    return loaded;
}

int cli_watch(int argc, char **argv)
{
    struct cli_api api = {0};
    const char *once = NULL;
    const struct cli_option options[] = {
        CLI_API_OPTIONS(api), {"once", &once, true}, {NULL, NULL, false}};
    if (!cli_options(options, &argc, argv) || argc != 0) {
        (void)fprintf(stderr, "usage: genxi watch [--dir DIR] [--once]\n");
        return CLI_USAGE;
    }
    struct gx_client *client = cli_connect(&api);
    struct watch *watch = calloc(1, sizeof *watch);
    struct gx_streams *streams = NULL;
    struct gx_client_settings settings = cli_client_settings(&api);
    int code = CLI_FAILED;
    if (client != NULL && watch != NULL &&
        gx_streams_open(&settings, on_event, watch, &streams) == GX_OK &&
        gx_streams_add(streams, "/v1/stream", api.token, NULL) == GX_OK &&
        load_open(watch, client)) {
        (void)signal(SIGINT, on_signal);
        (void)signal(SIGTERM, on_signal);
        code = CLI_DONE;
        do {
            int open = gx_streams_run(streams, 250);
            draw(watch, open, once != NULL);
        } while (STOP == 0 && once == NULL);
    }
    gx_streams_free(streams);
    free(watch);
    gx_client_free(client);
    return code;
}
