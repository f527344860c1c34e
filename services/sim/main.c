/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include "base/clock.h"
#include "base/text.h"
#include "district.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int usage(FILE *out)
{
    (void)fprintf(
        out, "genxi-sim: plays a district through genxi's public API (DEMONSTRATION, invented "
             "people and cases)\n\n"
             "usage: genxi-sim demo|district|case roof|case flat|shift [options]\n"
             "  --dir DIR          the cluster's folder (authority, admin key); default var\n"
             "  --url URL          default https://localhost:8443 (or GENXI_HTTPS_PORT)\n"
             "  --seed N           of the generator; default 1\n"
             "  --scale X          length of the matcher's timers (its timer_scale); default 0.1\n"
             "  --minutes M        of simulated time; default 10\n"
             "  --rate X           times the profile's calls; default 1\n"
             "  --accept P         share of offers accepted; default by force\n"
             "  --responders N     at the most; default 800\n"
             "  --incidents FILE   a real stream instead of the generator (CSV, may be gzipped)\n"
             "  --tracks FILE      responders follow real tracks\n"
             "  --start TIME       where in the incidents' file to begin\n"
             "  --speed X          simulated seconds a real second; default 1/scale\n"
             "  --acked FILE       append the id of every acknowledged report\n"
             "  --tip-seconds N    wait for the purge of unfounded tips, which this cluster does "
             "after N\n"
             "  --drill            a case as exercise\n");
    return out == stdout ? 0 : 2;
}

struct arguments {
    struct sim_options options;
    bool drill;
    char url[128];
};

static bool number(const char *text, double min, double max, double *ret_value, const char *name)
{
    if (gx_parse_double(text, min, max, ret_value) == 0) {
        return true;
    }
    (void)fprintf(stderr, "genxi-sim: --%s must be a number in [%g, %g]\n", name, min, max);
    return false;
}

static bool take_number(struct sim_options *o, int option, const char *text)
{
    double value = 0;
    switch (option) {
    case 's':
        if (!number(text, 0, 1e15, &value, "seed")) {
            return false;
        }
        o->seed = (uint64_t)value;
        return true;
    case 'n':
        if (!number(text, 1, 1e6, &value, "responders")) {
            return false;
        }
        o->responders_max = (int64_t)value;
        return true;
    case 'x':
        return number(text, 0.001, 10, &o->scale, "scale");
    case 'm':
        return number(text, 0, 100000, &o->minutes, "minutes");
    case 'r':
        return number(text, 0, 10000, &o->rate, "rate");
    case 'p':
        return number(text, 0, 1, &o->accept, "accept");
    case 'T':
        return number(text, 0, 600, &o->tip_seconds, "tip-seconds");
    default:
        return number(text, 0.01, 100000, &o->replay_speed, "speed");
    }
}

static bool take_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option LONG[] = {{"dir", 1, NULL, 'd'},
                                         {"url", 1, NULL, 'u'},
                                         {"seed", 1, NULL, 's'},
                                         {"scale", 1, NULL, 'x'},
                                         {"minutes", 1, NULL, 'm'},
                                         {"rate", 1, NULL, 'r'},
                                         {"accept", 1, NULL, 'p'},
                                         {"responders", 1, NULL, 'n'},
                                         {"incidents", 1, NULL, 'i'},
                                         {"tracks", 1, NULL, 't'},
                                         {"start", 1, NULL, 'b'},
                                         {"speed", 1, NULL, 'v'},
                                         {"tip-seconds", 1, NULL, 'T'},
                                         {"acked", 1, NULL, 'a'},
                                         {"drill", 0, NULL, 'D'},
                                         {"ca", 1, NULL, 'c'},
                                         {NULL, 0, NULL, 0}};
    struct sim_options *o = &arguments->options;
    int option = getopt_long(argc, argv, "", LONG, NULL);
    for (; option != -1; option = getopt_long(argc, argv, "", LONG, NULL)) {
        switch (option) {
        case 'd':
            o->dir = optarg;
            break;
        case 'u':
            o->url = optarg;
            break;
        case 'c':
            o->ca = optarg;
            break;
        case 'i':
            o->incidents = optarg;
            break;
        case 't':
            o->tracks = optarg;
            break;
        case 'b':
            o->start = optarg;
            break;
        case 'a':
            o->acked = optarg;
            break;
        case 'D':
            arguments->drill = true;
            break;
        case '?':
            return false;
        default:
            if (!take_number(o, option, optarg)) {
                return false;
            }
        }
    }
    return true;
}

static bool connect_admin(struct sim *sim, struct arguments *arguments)
{
    static char ca[1024];
    static char token[SIM_TOKEN];
    char path[1024];
    struct sim_options *o = &arguments->options;
    if (o->url == NULL) {
        const char *port = getenv("GENXI_HTTPS_PORT");
        (void)snprintf(arguments->url, sizeof arguments->url, "https://localhost:%.8s",
                       port == NULL ? "8443" : port);
        o->url = arguments->url;
    }
    (void)snprintf(ca, sizeof ca, "%s/keys/tls/ca.crt", o->dir);
    (void)snprintf(path, sizeof path, "%s/secrets/admin.key", o->dir);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "genxi-sim: %s: no admin key there\n", path);
        return false;
    }
    size_t size = fread(token, 1, sizeof token - 1, file);
    (void)fclose(file);
    token[size] = '\0';
    token[strcspn(token, "\n")] = '\0';
    sim->http = (struct gx_client_settings){.base_url = o->url,
                                            .ca_file = o->ca == NULL ? ca : o->ca,
                                            .token = token,
                                            .timeout_ms = 60000};
    return gx_client_open(&sim->http, &sim->admin) == GX_OK;
}

static bool open_stream(struct sim *sim)
{
    if (gx_streams_open(&sim->http, sim_on_event, sim, &sim->streams) != GX_OK ||
        gx_streams_add(sim->streams, "/v1/stream?exercise=true", sim->duty_token, NULL) != GX_OK) {
        return false;
    }
    int open = 0;
    for (int i = 0; i < 50 && open == 0; i++) {
        open = gx_streams_run(sim->streams, 100);
    }
    return sim_check(sim, open == 1, "the duty desk's stream is open");
}

/* The matcher has its own copy of registry and shifts a moment after the import: wait until it takes everybody's position. */
static bool positions_known(struct sim *sim)
{
    for (int i = 0; i < 240; i++) {
        int64_t sent = sim->positions_sent;
        int64_t refused = sim->positions_refused;
        bool posted = sim_post_positions(sim, 0, sim->responder_count);
        if (posted && sim->positions_sent - sent > 0 && sim->positions_refused == refused) {
            return sim_check(sim, true, "positions of %zu responders are taken",
                             sim->responder_count);
        }
        (void)gx_streams_run(sim->streams, 500);
    }
    return sim_check(sim, false,
                     "positions of all responders on shift are taken (%lld of %lld refused)",
                     (long long)sim->positions_refused, (long long)sim->positions_sent);
}

static bool prepare(struct sim *sim)
{
    return sim_world_make(sim) && sim_world_load(sim) && open_stream(sim) && positions_known(sim);
}

static bool demo(struct sim *sim)
{
    (void)printf("the demo district: Xishan 530112 (演示数据)\n");
    if (!prepare(sim)) {
        return false;
    }
    (void)printf("case 1, the roof, live\n");
    bool good = sim_case_roof(sim, false);
    (void)printf("case 1, the roof, as drill\n");
    good = sim_case_roof(sim, true) && good;
    (void)printf("case 2, the flat, live\n");
    good = sim_case_flat(sim, false) && good;
    (void)printf("case 2, the flat, as drill\n");
    good = sim_case_flat(sim, true) && good;
    good = sim_shift(sim) && good;
    sim_print_figures(sim);
    return good;
}

static bool run(struct sim *sim, const struct arguments *arguments, const char *const *words,
                int count)
{
    if (strcmp(words[0], "demo") == 0) {
        return demo(sim);
    }
    if (strcmp(words[0], "district") == 0) {
        return sim_world_make(sim);
    }
    if (!prepare(sim)) {
        return false;
    }
    if (strcmp(words[0], "shift") == 0) {
        bool good = sim_shift(sim);
        sim_print_figures(sim);
        return good;
    }
    if (count == 2 && strcmp(words[1], "roof") == 0) {
        return sim_case_roof(sim, arguments->drill);
    }
    return sim_case_flat(sim, arguments->drill);
}

static bool known(const char *const *words, int count)
{
    if (count == 1) {
        return strcmp(words[0], "demo") == 0 || strcmp(words[0], "district") == 0 ||
               strcmp(words[0], "shift") == 0;
    }
    return count == 2 && strcmp(words[0], "case") == 0 &&
           (strcmp(words[1], "roof") == 0 || strcmp(words[1], "flat") == 0);
}

int main(int argc, char **argv)
{
    (void)umask(077);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    struct arguments arguments = {.options = {.dir = "var",
                                              .seed = 1,
                                              .scale = 0.1,
                                              .minutes = 10,
                                              .rate = 1,
                                              .responders_max = 800}};
    if (!take_arguments(argc, argv, &arguments)) {
        return usage(stderr);
    }
    const char *words[2] = {argc > optind ? argv[optind] : "",
                            argc > optind + 1 ? argv[optind + 1] : ""};
    if (!known(words, argc - optind)) {
        return usage(stderr);
    }
    struct sim sim = {.options = &arguments.options, .random = {arguments.options.seed}};
    bool good = connect_admin(&sim, &arguments) && run(&sim, &arguments, words, argc - optind);
    (void)printf("\n%d checks passed, %d failed\n", sim.checks_passed, sim.checks_failed);
    gx_streams_free(sim.streams);
    gx_client_free(sim.duty);
    gx_client_free(sim.admin);
    free(sim.stations);
    free(sim.sites);
    free(sim.responders);
    free(sim.incidents);
    return good && sim.checks_failed == 0 ? 0 : 1;
}
