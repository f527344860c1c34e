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
    LINES_MAX = 12,
    GAPS_MAX = 4000,
    GAP_LINES = 4,
    FIGURES_EVERY_MS = 10000
};

/* Of /v1/coverage and coverage.gap. */
static const struct gap_kind {
    const char *word;
    const char *name;
} GAP_KINDS[] = {{"force", "force 力量"},
                 {"area", "area 区域"},
                 {"hours", "hours 时段"},
                 {"first_response", "first response 先期处置"}};
enum {
    GAP_KINDS_COUNT = sizeof GAP_KINDS / sizeof GAP_KINDS[0]
};

struct gap {
    char id[40];
    char site[40];
    char kind[16];
    char force[12];
    char at[GX_TIME_TEXT_SIZE];
    int area;
    int want;
    int minutes;
    bool ahead;
};

struct figures {
    long long linked;
    long long linked_of;
    long long covered;
    long long covered_of;
    bool known;
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
    struct gap gaps[GAPS_MAX]; /* newest last */
    size_t gap_count;
    struct figures figures;
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

/* ---- coverage ---- */

static void drop_gap(struct watch *watch, const char *id)
{
    for (size_t i = 0; i < watch->gap_count; i++) {
        if (strcmp(watch->gaps[i].id, id) == 0) {
            memmove(&watch->gaps[i], &watch->gaps[i + 1],
                    (watch->gap_count - i - 1) * sizeof watch->gaps[0]);
            watch->gap_count--;
            return;
        }
    }
}

/* A row of the list names its gap gap_id, an event id; the rest is called the same. */
static void take_gap(struct watch *watch, const json_t *from, const char *id)
{
    drop_gap(watch, id);
    if (watch->gap_count == GAPS_MAX) {
        return;
    }
    struct gap *gap = &watch->gaps[watch->gap_count++];
    *gap = (struct gap){.ahead = json_is_true(json_object_get(from, "ahead"))};
    (void)snprintf(gap->id, sizeof gap->id, "%s", id);
    copy(gap->site, sizeof gap->site, json_object_get(from, "site_id"));
    copy(gap->kind, sizeof gap->kind, json_object_get(from, "kind"));
    copy(gap->force, sizeof gap->force, json_object_get(from, "force"));
    copy(gap->at, sizeof gap->at, json_object_get(from, "since_at"));
    gap->area = (int)json_integer_value(json_object_get(from, "area"));
    gap->want = (int)json_integer_value(json_object_get(from, "want"));
    gap->minutes = (int)json_integer_value(json_object_get(from, "within_minutes"));
}

static void take_gap_event(struct watch *watch, const json_t *event)
{
    const json_t *data = json_object_get(event, "data");
    const json_t *gap = json_object_get(data, "gap");
    const char *id = json_string_value(json_object_get(gap, "id"));
    const char *change = json_string_value(json_object_get(data, "change"));
    if (id == NULL || change == NULL) {
        return;
    }
    if (strcmp(change, "ended") == 0) {
        drop_gap(watch, id);
    } else {
        take_gap(watch, gap, id);
    }
}

static void take_figures(struct watch *watch, const json_t *answer)
{
    watch->figures = (struct figures){
        .linked = json_integer_value(json_object_get(answer, "linked")),
        .linked_of = json_integer_value(json_object_get(answer, "linked_of")),
        .covered = json_integer_value(json_object_get(answer, "covered")),
        .covered_of = json_integer_value(json_object_get(answer, "covered_of")),
        .known = true,
    };
}

/* A page of the list, to be released; false for who may not see coverage. */
static bool get_coverage(struct gx_client *client, const char *path, struct gx_answer *answer)
{
    *answer = (struct gx_answer){0};
    return gx_client_call(client, "GET", path, NULL, NULL, answer) == GX_OK &&
           answer->status == 200;
}

static void load_gaps(struct watch *watch, struct gx_client *client)
{
    char path[160] = "/v1/coverage?only_gaps=true&limit=500";
    char cursor[64] = "";
    struct gx_answer answer;
    bool more = true;
    while (more && get_coverage(client, path, &answer)) {
        const json_t *items = json_object_get(answer.json, "items");
        take_figures(watch, answer.json);
        for (size_t i = 0; i < json_array_size(items); i++) {
            const json_t *row = json_array_get(items, i);
            const char *id = json_string_value(json_object_get(row, "gap_id"));
            if (id != NULL) {
                take_gap(watch, row, id);
            }
        }
        copy(cursor, sizeof cursor, json_object_get(answer.json, "next_cursor"));
        (void)snprintf(path, sizeof path, "/v1/coverage?only_gaps=true&limit=500&cursor=%s",
                       cursor);
        more = cursor[0] != '\0';
        gx_answer_done(&answer);
    }
    if (more) {
        gx_answer_done(&answer);
    }
}

static void refresh_figures(struct watch *watch, struct gx_client *client)
{
    struct gx_answer answer;
    if (get_coverage(client, "/v1/coverage?limit=1", &answer)) {
        take_figures(watch, answer.json);
    }
    gx_answer_done(&answer);
}

static void draw_gaps(const struct watch *watch)
{
    size_t counts[GAP_KINDS_COUNT] = {0};
    size_t ahead = 0;
    for (size_t i = 0; i < watch->gap_count; i++) {
        for (size_t kind = 0; kind < GAP_KINDS_COUNT && !watch->gaps[i].ahead; kind++) {
            counts[kind] += strcmp(watch->gaps[i].kind, GAP_KINDS[kind].word) == 0 ? 1U : 0U;
        }
        ahead += watch->gaps[i].ahead ? 1U : 0U;
    }
    (void)printf("\ncoverage 覆盖  linked 联动 %lld/%lld  covered 到位 %lld/%lld  gaps 缺口:",
                 watch->figures.linked, watch->figures.linked_of, watch->figures.covered,
                 watch->figures.covered_of);
    for (size_t kind = 0; kind < GAP_KINDS_COUNT; kind++) {
        (void)printf("  %s %zu", GAP_KINDS[kind].name, counts[kind]);
    }
    (void)printf("  ahead 预排 %zu\n", ahead);
    for (size_t i = 0; i < GAP_LINES && i < watch->gap_count; i++) {
        const struct gap *gap = &watch->gaps[watch->gap_count - 1 - i];
        (void)printf("  %.20s  %d  %-14s %s x%d in %d min%s  site %s\n", gap->at, gap->area,
                     gap->kind, gap->force[0] == '\0' ? "any" : gap->force, gap->want, gap->minutes,
                     gap->ahead ? " (ahead 预排)" : "", gap->site);
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
    if (strcmp(event->type, "coverage.gap") == 0) {
        take_gap_event(watch, json);
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
    size_t rows = window.ws_row > LINES_MAX + GAP_LINES + 10
                      ? (size_t)window.ws_row - LINES_MAX - GAP_LINES - 8
                      : 10;
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
    if (watch->figures.known) {
        draw_gaps(watch);
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

static void follow(struct watch *watch, struct gx_client *client, struct gx_streams *streams,
                   bool once)
{
    int64_t figures_at = gx_clock_wall_ms();
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    load_gaps(watch, client);
    do {
        int open = gx_streams_run(streams, 250);
        if (watch->figures.known && gx_clock_wall_ms() - figures_at > FIGURES_EVERY_MS) {
            figures_at = gx_clock_wall_ms();
            refresh_figures(watch, client);
        }
        draw(watch, open, once);
    } while (STOP == 0 && !once);
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
        follow(watch, client, streams, once != NULL);
        code = CLI_DONE;
    }
    gx_streams_free(streams);
    free(watch);
    gx_client_free(client);
    return code;
}
