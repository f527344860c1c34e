/* SPDX-License-Identifier: Apache-2.0 */
/* From the command line to the exit code: settings, threads, signals, drain. */
#include "chassis/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "chassis/internal.h"
#include "web/admin.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
    EXIT_BAD_SETTINGS = 2,
    TURN_MS = 1000,
    STARTING_TURN_MS = 100
};

struct running {
    struct gx_chassis chassis;
    struct gx_common_settings common;
    struct gx_settings_table tables[2];
    size_t table_count;
    int argc;
    char **argv;
    sigset_t signals;
    struct gx_thread *threads;
    size_t thread_count;
    struct gx_admin *admin;
    struct gx_watch *watch;
    bool tried;   /* the service's own start() was called, once */
    bool started; /* and did not fail: stop() is due at the end */
};

/* --- readiness --- */

static const char *what_is_missing(void *arg)
{
    const struct running *running = arg;
    const struct gx_service *service = running->chassis.service;
    if (atomic_load(&running->chassis.stopping)) {
        return "draining";
    }
    if (!atomic_load(&running->chassis.postgres_up)) {
        return "postgres";
    }
    if (!gx_chassis_is_reachable(&running->chassis)) {
        return "broker";
    }
    return service->not_ready == NULL ? NULL : service->not_ready();
}

/* --- threads --- */

static void *thread_main(void *arg)
{
    struct gx_thread *thread = arg;
    (void)prctl(PR_SET_NAME, thread->name);
    return thread->body(thread);
}

static bool add_thread(struct running *running, const char *name, int index, void *(*body)(void *))
{
    struct gx_thread *thread = &running->threads[running->thread_count];
    *thread = (struct gx_thread){.chassis = &running->chassis, .index = index, .body = body};
    (void)snprintf(thread->name, sizeof thread->name, "%.10s-%u", name, (unsigned)index % 100U);
    if (pthread_create(&thread->id, NULL, thread_main, thread) != 0) {
        gx_log(NULL, GX_ERROR, "thread-create", "thread %s could not be started", thread->name);
        atomic_store(&running->chassis.failed, true);
        return false;
    }
    running->thread_count++;
    return true;
}

static void start_threads(struct running *running)
{
    const struct gx_service *service = running->chassis.service;
    bool follows = service->event_count > 0 || service->every_event != NULL;
    size_t workers = service->command_count == 0 ? 0 : (size_t)running->common.workers;
    size_t followers = follows ? (size_t)running->common.followers : 0;
    size_t timers = service->timer_count == 0 ? 0 : (size_t)running->common.timers;
    bool going = true;
    running->threads = calloc(workers + followers + timers + 1, sizeof *running->threads);
    if (running->threads == NULL) {
        abort();
    }
    for (size_t i = 0; i < workers && going; i++) {
        going = add_thread(running, "worker", (int)i, gx_worker_body);
    }
    for (size_t i = 0; i < followers && going; i++) {
        going = add_thread(running, "follower", (int)i, gx_follower_body);
    }
    for (size_t i = 0; i < timers && going; i++) {
        going = add_thread(running, "timer", (int)i, gx_timer_body);
    }
}

/* All ended before the time is up? */
static bool join_threads(struct running *running, int64_t until_ms)
{
    const struct timespec until = {(time_t)(until_ms / 1000), (long)(until_ms % 1000) * 1000000L};
    for (size_t i = 0; i < running->thread_count; i++) {
        if (pthread_timedjoin_np(running->threads[i].id, NULL, &until) != 0) {
            gx_log(NULL, GX_ERROR, "drain-late", "thread %s did not end in time",
                   running->threads[i].name);
            return false;
        }
    }
    running->thread_count = 0;
    return true;
}

/* --- signals --- */

static void reload(struct running *running)
{
    enum gx_log_level level = GX_INFO;
    char *text = gx_settings_read_again(running->tables, running->table_count, running->argc,
                                        running->argv, "log_level");
    if (text != NULL && gx_log_level_parse(text, &level) == 0) {
        gx_log_set_level(level);
        gx_log(NULL, GX_INFO, "reloaded", "log level %s", text);
    } else {
        gx_log(NULL, GX_WARN, "reload-refused", "the log level stays");
    }
    free(text);
}

/* Waits for a signal or the next turn. True: end. */
static bool wait_signal(struct running *running, int wait_ms)
{
    const struct timespec wait = {wait_ms / 1000, (long)(wait_ms % 1000) * 1000000L};
    int signal_number = sigtimedwait(&running->signals, NULL, &wait);
    if (signal_number == SIGHUP) {
        reload(running);
    }
    return signal_number == SIGTERM || signal_number == SIGINT;
}

/* The service's background threads begin once the database answers. */
static void start_service_once(struct running *running)
{
    const struct gx_service *service = running->chassis.service;
    if (running->tried || !atomic_load(&running->chassis.postgres_up)) {
        return;
    }
    running->tried = true;
    if (service->start != NULL && service->start(&running->common) != GX_OK) {
        gx_log(NULL, GX_ERROR, "service-start", "the service's own threads could not be started");
        atomic_store(&running->chassis.failed, true);
        return;
    }
    running->started = true;
    gx_log(NULL, GX_INFO, "started", "%s serves", service->name);
}

static void run(struct running *running)
{
    int64_t turn_at_us = 0;
    bool ending = false;
    while (!ending && !atomic_load(&running->chassis.failed)) {
        if (gx_clock_mono_us() >= turn_at_us) {
            gx_watch_turn(running->watch);
            start_service_once(running);
            int turn_ms = running->started ? TURN_MS : STARTING_TURN_MS;
            turn_at_us = gx_clock_mono_us() + (int64_t)turn_ms * 1000;
        }
        ending = wait_signal(running, 100);
    }
}

/* --- begin and end --- */

static int load(struct running *running, const struct gx_service *service, int argc, char **argv)
{
    running->argc = argc;
    running->argv = argv;
    running->tables[0] = (struct gx_settings_table){GX_COMMON_SETTINGS, GX_COMMON_SETTINGS_COUNT,
                                                    &running->common, "common"};
    running->tables[1] = (struct gx_settings_table){service->settings, service->setting_count,
                                                    service->settings_target, service->name};
    running->table_count = 2;
    int result = gx_settings_load(running->tables, running->table_count, argc, argv);
    enum gx_log_level level = GX_INFO;
    if (result == 0 && gx_log_level_parse(running->common.log_level, &level) != 0) {
        (void)fprintf(stderr, "log_level = %s: must be debug, info, warn or error\n",
                      running->common.log_level);
        result = -1;
    }
    if (result == 0) {
        gx_log_init(service->name, level);
    }
    return result;
}

/* --print-metrics needs the rows, which exist once the chassis does. */
static bool wants_metrics(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--print-metrics") == 0) {
            return true;
        }
    }
    return false;
}

static int print_metrics(struct running *running, const struct gx_service *service)
{
    running->common.followers = 1;
    gx_chassis_init(&running->chassis, service, &running->common);
    gx_chassis_register_metrics(&running->chassis);
    gx_metrics_print(stdout);
    return 0;
}

static void block_signals(struct running *running)
{
    (void)sigemptyset(&running->signals);
    (void)sigaddset(&running->signals, SIGTERM);
    (void)sigaddset(&running->signals, SIGINT);
    (void)sigaddset(&running->signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &running->signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static bool open_admin(struct running *running)
{
    if (running->common.admin_port == 0) {
        return true;
    }
    if (gx_admin_open(running->common.admin_bind, (uint16_t)running->common.admin_port,
                      what_is_missing, running, &running->admin) == GX_OK) {
        return true;
    }
    gx_log(NULL, GX_ERROR, "admin-open", "%s port %d cannot be opened", running->common.admin_bind,
           (int)running->common.admin_port);
    return false;
}

static bool open_caller(struct gx_chassis *chassis)
{
    if (!chassis->service->asks || gx_caller_open(&chassis->bus, &chassis->caller) == GX_OK) {
        return true;
    }
    gx_log(NULL, GX_ERROR, "caller-open", "no line to the brokers could be made");
    return false;
}

static int drain(struct running *running)
{
    const struct gx_service *service = running->chassis.service;
    int64_t until_ms = gx_clock_wall_ms() + running->common.drain_ms;
    gx_log(NULL, GX_INFO, "draining", "no more work is taken");
    atomic_store(&running->chassis.stopping, true);
    gx_chassis_wake_timers(&running->chassis);
    if (running->started && service->stop != NULL) {
        service->stop();
    }
    if (!join_threads(running, until_ms)) {
        /* What runs is a transaction: ended now it has no effect. Nothing may be freed under its feet. */
        _exit(EXIT_FAILURE);
    }
    gx_log(NULL, GX_INFO, "ended", "%s has ended", service->name);
    return atomic_load(&running->chassis.failed) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * glibc keeps what was once freed: with an arena a thread and a threshold that grows with each large block, one import leaves its peak
 * behind for good. Large blocks are mapped and given back instead; two arenas do for threads that mostly wait.
 */
static void bound_memory(void)
{
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

int gx_service_main(const struct gx_service *service, int argc, char **argv)
{
    static struct running running;
    bound_memory();
    if (wants_metrics(argc, argv)) {
        return print_metrics(&running, service);
    }
    int loaded = load(&running, service, argc, argv);
    if (loaded != 0) {
        return loaded > 0 ? EXIT_SUCCESS : EXIT_BAD_SETTINGS;
    }
    block_signals(&running);
    gx_chassis_init(&running.chassis, service, &running.common);
    gx_chassis_register_metrics(&running.chassis);
    gx_chassis_set_running(&running.chassis);
    running.watch = gx_watch_new(&running.chassis);
    int result = EXIT_FAILURE;
    if (open_admin(&running) && open_caller(&running.chassis)) {
        start_threads(&running);
        run(&running);
        result = drain(&running);
    }
    gx_admin_free(running.admin);
    gx_caller_free(GX_STEAL(&running.chassis.caller));
    gx_watch_free(running.watch);
    gx_chassis_set_running(NULL);
    gx_chassis_done(&running.chassis);
    free(running.threads);
    return result;
}
