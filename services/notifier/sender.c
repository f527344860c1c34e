/* SPDX-License-Identifier: Apache-2.0 */
#include "sender.h"

#include "base/clock.h"
#include "base/log.h"
#include "metrics.h"
#include "outcome.h"
#include "seal.h"
#include "sign.h"
#include "store.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ARENA_BYTES = 16 * 1024 * 1024,
    ANSWER_MAX = 65536,
    LOOK_MS = 250,
    HOUSEKEEPING_MS = 10000,
    STOP_MS = 2000,
    LEASE_SLACK_MS = 10000
};

/* One request under way. Its easy handle is kept for the next one. */
struct job {
    struct outcome outcome;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    const struct target_policy *target;
    int64_t started_us;
    size_t answer_bytes;
    bool refused; /* the address was not allowed */
    bool busy;
    bool ended; /* the outcome waits for the database */
};

struct sender {
    pthread_t thread;
    _Atomic bool stopping;
    struct notifier_rules rules;
    struct gx_seal_key key;
    const struct notifier_settings *settings;
    CURLM *multi;
    struct job *jobs;
    size_t job_count;
    struct gx_background *database;
    struct gx_ctx ctx;
    int64_t look_at_us;
    int64_t keep_house_at_us;
    _Atomic bool woken;
};

/* The process's one sender, between sender_start() and sender_stop(); the lock is for those who wake it meanwhile. */
static struct sender *running;
static pthread_mutex_t running_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t after(int64_t ms)
{
    return gx_clock_mono_us() + ms * 1000;
}

static void sender_ctx_reset(struct sender *self, const char *label)
{
    gx_ctx_reset(&self->ctx);
    self->ctx.label = label;
    self->ctx.deadline_ms = gx_clock_wall_ms() + 10000;
    (void)gx_trace_new(self->ctx.traceparent);
}

/* --- one request --- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct job *job = arg;
    /* This is the address that is connected to, whatever the name said before. */
    if (!target_address_allowed(job->target, &address->addr)) {
        job->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The answer's body is of no interest; a peer that sends without end is cut off, its status stands. */
static size_t drop_answer(char *bytes, size_t size, size_t count, void *arg)
{
    (void)bytes;
    struct job *job = arg;
    job->answer_bytes += size * count;
    return job->answer_bytes > ANSWER_MAX ? 0 : size * count;
}

static bool header_add(struct job *job, const char *name, const char *value)
{
    char line[256];
    int size = snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *more =
        size > 0 && (size_t)size < sizeof line ? curl_slist_append(job->headers, line) : NULL;
    if (more != NULL) {
        job->headers = more;
    }
    return more != NULL;
}

/* Opens the claim's secrets for the moment of signing. */
static bool sign_claim(struct sender *self, const struct sign_message *message,
                       const struct notifier_claim *claim, char signature[SIGN_SIGNATURE_SIZE])
{
    struct gx_arena *arena = &self->ctx.arena;
    const char *secret = seal_open(arena, &self->key, claim->webhook_id, claim->secret);
    const char *old = claim->old_secret == NULL
                          ? NULL
                          : seal_open(arena, &self->key, claim->webhook_id, claim->old_secret);
    if (secret == NULL || (claim->old_secret != NULL && old == NULL)) {
        gx_log(&self->ctx, GX_ERROR, "webhook-secret",
               "the secret of webhook %s does not open with our key", claim->webhook_id);
        return false;
    }
    return sign_message(message, secret, old, signature) == GX_OK;
}

static bool headers_make(struct sender *self, struct job *job, const struct notifier_claim *claim)
{
    char timestamp[24];
    char signature[SIGN_SIGNATURE_SIZE];
    const struct sign_message message = {
        .id = claim->event_id,
        .timestamp_s = gx_clock_wall_ms() / 1000,
        .body = {(const uint8_t *)job->body, strlen(job->body)},
    };
    (void)snprintf(timestamp, sizeof timestamp, "%" PRId64, message.timestamp_s);
    return sign_claim(self, &message, claim, signature) &&
           header_add(job, "content-type", "application/json") &&
           header_add(job, "user-agent", "genxi") && header_add(job, "webhook-id", message.id) &&
           header_add(job, "webhook-timestamp", timestamp) &&
           header_add(job, "webhook-signature", signature) && header_add(job, "expect", "");
}

static void set_transport(const struct sender *self, struct job *job)
{
    const struct notifier_settings *settings = self->settings;
    const char *schemes = settings->webhook_allow_http ? "https,http" : "https";
    (void)curl_easy_setopt(job->easy, CURLOPT_PROTOCOLS_STR, schemes);
    (void)curl_easy_setopt(job->easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(job->easy, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(job->easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(job->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(job->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(job->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(job->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (settings->webhook_ca_file[0] != '\0') {
        (void)curl_easy_setopt(job->easy, CURLOPT_CAINFO, settings->webhook_ca_file);
    }
    (void)curl_easy_setopt(job->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(job->easy, CURLOPT_TIMEOUT_MS, (long)settings->webhook_timeout_ms);
    (void)curl_easy_setopt(job->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl_easy_setopt(job->easy, CURLOPT_OPENSOCKETDATA, job);
}

static bool set_request(struct job *job, const struct notifier_claim *claim)
{
    bool good = curl_easy_setopt(job->easy, CURLOPT_URL, claim->url) == CURLE_OK;
    (void)curl_easy_setopt(job->easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(job->easy, CURLOPT_POSTFIELDS, job->body);
    (void)curl_easy_setopt(job->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(job->body));
    (void)curl_easy_setopt(job->easy, CURLOPT_HTTPHEADER, job->headers);
    (void)curl_easy_setopt(job->easy, CURLOPT_WRITEFUNCTION, drop_answer);
    (void)curl_easy_setopt(job->easy, CURLOPT_WRITEDATA, job);
    (void)curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
    return good;
}

static void job_end(struct job *job, long http, int64_t retry_after_s, const char *error)
{
    job->outcome.http = http;
    job->outcome.retry_after_s = retry_after_s;
    (void)snprintf(job->outcome.error, sizeof job->outcome.error, "%s", error);
    job->ended = true;
    curl_slist_free_all(job->headers);
    job->headers = NULL;
    free(job->body);
    job->body = NULL;
}

static void job_start(struct sender *self, struct job *job, const struct notifier_claim *claim,
                      const char *lease_id)
{
    struct target_url url = {.host = ""};
    job->outcome = (struct outcome){.tried = true};
    (void)snprintf(job->outcome.id, GX_ID_SIZE, "%s", claim->id);
    (void)snprintf(job->outcome.webhook_id, GX_ID_SIZE, "%s", claim->webhook_id);
    (void)snprintf(job->outcome.lease_id, GX_ID_SIZE, "%s", lease_id);
    job->target = &self->rules.target;
    job->busy = true;
    job->ended = false;
    job->refused = false;
    job->answer_bytes = 0;
    job->started_us = gx_clock_mono_us();
    job->body = strdup(claim->body == NULL ? "" : claim->body);
    curl_easy_reset(job->easy);
    set_transport(self, job);
    const char *wrong = target_url_parse(&self->rules.target, claim->url, &url);
    if (wrong != NULL) {
        job_end(job, 0, 0, wrong);
    } else if (job->body == NULL || !headers_make(self, job, claim) || !set_request(job, claim) ||
               curl_multi_add_handle(self->multi, job->easy) != CURLM_OK) {
        job_end(job, 0, 0, "not sent");
    }
}

static void job_done(struct sender *self, CURL *easy, CURLcode code)
{
    char *private = NULL;
    long http = 0;
    curl_off_t retry_after_s = 0;
    char error[OUTCOME_ERROR_SIZE];
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    struct job *job = (struct job *)(void *)private;
    /* A body that was cut off, or an answer that ended early: the status had come, and it is what counts. */
    bool answered = code == CURLE_OK || code == CURLE_WRITE_ERROR;
    if (answered) {
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http);
    }
    if (verdict_of_status(http) == VERDICT_SLOW_DOWN) {
        (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    }
    if (answered) {
        (void)snprintf(error, sizeof error, "HTTP %ld", http);
    } else {
        (void)snprintf(error, sizeof error, "%s",
                       job->refused ? "address not allowed" : curl_easy_strerror(code));
    }
    (void)curl_multi_remove_handle(self->multi, easy);
    gx_metric_observe_us(&notifier_metrics[METRIC_WEBHOOK_SECONDS],
                         gx_clock_mono_us() - job->started_us);
    job_end(job, http, (int64_t)retry_after_s, error);
}

/* --- the database's side --- */

struct claim_work {
    struct notifier_claim_ask ask;
    struct notifier_claim *claims;
    size_t count;
};

static enum gx_rc claim_fn(void *arg, struct gx_ctx *ctx)
{
    struct claim_work *work = arg;
    return notifier_store_webhook_claim(ctx, &work->ask, &work->claims, &work->count);
}

static size_t free_jobs(const struct sender *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->job_count; i++) {
        count += self->jobs[i].busy ? 0 : 1;
    }
    return count;
}

/* Takes what is due; true when there may be more. */
static bool take(struct sender *self)
{
    char lease_id[GX_ID_SIZE];
    int64_t seed = 0;
    struct claim_work work = {.ask = {.lease_id = gx_id_new(lease_id), .room = free_jobs(self)}};
    if (work.ask.room == 0) {
        return false;
    }
    gx_random(&seed, sizeof seed);
    work.ask.seed = seed;
    work.ask.lease_ms = self->settings->webhook_timeout_ms + LEASE_SLACK_MS;
    work.ask.per_endpoint = (size_t)self->settings->webhook_per_endpoint;
    work.ask.breaker_failures = self->rules.breaker.limit;
    sender_ctx_reset(self, "webhook_claim");
    if (gx_background_run(self->database, &self->ctx, claim_fn, &work) != GX_OK) {
        return false;
    }
    size_t next = 0;
    for (size_t i = 0; i < work.count; i++) {
        while (self->jobs[next].busy) {
            next++;
        }
        job_start(self, &self->jobs[next], &work.claims[i], lease_id);
    }
    return work.count > 0;
}

static enum gx_rc outcomes_fn(void *arg, struct gx_ctx *ctx)
{
    struct sender *self = arg;
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < self->job_count && rc == GX_OK; i++) {
        if (self->jobs[i].ended) {
            rc = outcome_apply(ctx, &self->rules, &self->jobs[i].outcome);
        }
    }
    return rc;
}

/* Writes down what ended. While the database is away the outcomes wait; past their lease somebody else's try counts instead. */
static bool write_outcomes(struct sender *self)
{
    bool any = false;
    for (size_t i = 0; i < self->job_count; i++) {
        any = any || self->jobs[i].ended;
    }
    if (!any) {
        return false;
    }
    sender_ctx_reset(self, "webhook_outcome");
    enum gx_rc rc = gx_background_run(self->database, &self->ctx, outcomes_fn, self);
    if (rc == GX_UNAVAILABLE || rc == GX_TIMEOUT || rc == GX_UNCERTAIN || rc == GX_LIMIT) {
        return false;
    }
    if (rc != GX_OK) {
        gx_log(&self->ctx, GX_ERROR, "webhook-outcome-lost", "outcomes could not be written: %s",
               gx_rc_name(rc));
    }
    for (size_t i = 0; i < self->job_count; i++) {
        if (self->jobs[i].ended) {
            self->jobs[i].ended = false;
            self->jobs[i].busy = false;
        }
    }
    return true;
}

static enum gx_rc house_fn(void *arg, struct gx_ctx *ctx)
{
    struct sender *self = arg;
    int64_t open = 0;
    enum gx_rc rc =
        notifier_store_purge(ctx, gx_tx_now_ms(ctx) - self->settings->keep_days * 86400000, 1000);
    if (rc == GX_OK) {
        rc = notifier_store_breakers_open(ctx, &open);
    }
    if (rc == GX_OK) {
        gx_metric_set(&notifier_metrics[METRIC_BREAKERS_OPEN], open);
    }
    return rc;
}

static void keep_house(struct sender *self)
{
    if (gx_clock_mono_us() < self->keep_house_at_us) {
        return;
    }
    self->keep_house_at_us = after(HOUSEKEEPING_MS);
    sender_ctx_reset(self, "webhook_housekeeping");
    enum gx_rc rc = gx_background_run(self->database, &self->ctx, house_fn, self);
    if (rc != GX_OK) {
        gx_log(&self->ctx, GX_WARN, "notifier-housekeeping", "old deliveries were not removed: %s",
               gx_rc_name(rc));
    }
}

/* --- the thread --- */

static void turn_requests(struct sender *self, int wait_ms)
{
    int left = 0;
    (void)curl_multi_poll(self->multi, NULL, 0, wait_ms, NULL);
    (void)curl_multi_perform(self->multi, &left);
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            job_done(self, message->easy_handle, message->data.result);
        }
    }
    gx_metric_set(&notifier_metrics[METRIC_WEBHOOK_UNDER_WAY],
                  (int64_t)(self->job_count - free_jobs(self)));
}

static void sender_turn(struct sender *self)
{
    bool freed = write_outcomes(self);
    if (atomic_exchange(&self->woken, false) || freed || gx_clock_mono_us() >= self->look_at_us) {
        bool more = take(self);
        self->look_at_us = after(more ? 0 : LOOK_MS);
    }
    keep_house(self);
    int64_t wait_us = self->look_at_us - gx_clock_mono_us();
    turn_requests(self, wait_us <= 0 ? 0 : (int)(wait_us / 1000) + 1);
}

/* What is under way may end for a moment; the rest is given back, so that another process need not wait for the lease. */
static void sender_drain(struct sender *self)
{
    int64_t until_us = after(STOP_MS);
    while (free_jobs(self) < self->job_count && gx_clock_mono_us() < until_us) {
        turn_requests(self, 20);
        (void)write_outcomes(self);
    }
    for (size_t i = 0; i < self->job_count; i++) {
        struct job *job = &self->jobs[i];
        if (job->busy && !job->ended) {
            (void)curl_multi_remove_handle(self->multi, job->easy);
            job->outcome.tried = false;
            job_end(job, 0, 0, "");
        }
    }
    (void)write_outcomes(self);
}

static void *sender_main(void *arg)
{
    struct sender *self = arg;
    while (!atomic_load(&self->stopping)) {
        sender_turn(self);
    }
    sender_drain(self);
    return NULL;
}

static void sender_free(struct sender *self)
{
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->job_count && self->jobs != NULL; i++) {
        curl_easy_cleanup(self->jobs[i].easy);
        curl_slist_free_all(self->jobs[i].headers);
        free(self->jobs[i].body);
    }
    free(self->jobs);
    if (self->multi != NULL) {
        (void)curl_multi_cleanup(self->multi);
    }
    gx_background_free(self->database);
    gx_ctx_done(&self->ctx);
    free(self);
}

static enum gx_rc sender_make(struct sender *self, const struct gx_common_settings *common)
{
    const struct notifier_settings *settings = &notifier_settings;
    self->settings = settings;
    const char *wrong = notifier_rules_make(settings, &self->rules);
    if (wrong == NULL && settings->webhook_ca_file[0] != '\0' &&
        access(settings->webhook_ca_file, R_OK) != 0) {
        wrong = "webhook_ca_file";
    }
    if (wrong != NULL) {
        gx_log(NULL, GX_ERROR, "notifier-setting", "the setting %s cannot be read", wrong);
        return GX_INVALID;
    }
    self->multi = curl_multi_init();
    self->job_count = (size_t)settings->webhook_parallel;
    self->jobs = calloc(self->job_count, sizeof *self->jobs);
    bool made = self->multi != NULL && self->jobs != NULL;
    for (size_t i = 0; i < self->job_count && made; i++) {
        self->jobs[i].easy = curl_easy_init();
        made = self->jobs[i].easy != NULL;
    }
    if (seal_key_load(common->key_dir, &self->key) != GX_OK) {
        return GX_INVALID;
    }
    return made ? gx_background_open(&self->database) : GX_INTERNAL;
}

enum gx_rc sender_start(const struct gx_common_settings *common)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return GX_INTERNAL;
    }
    struct sender *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return GX_INTERNAL;
    }
    gx_ctx_init(&self->ctx, ARENA_BYTES);
    enum gx_rc rc = sender_make(self, common);
    if (rc == GX_OK && pthread_create(&self->thread, NULL, sender_main, self) != 0) {
        rc = GX_INTERNAL;
    }
    if (rc != GX_OK) {
        sender_free(self);
        return rc;
    }
    (void)pthread_mutex_lock(&running_lock);
    running = self;
    (void)pthread_mutex_unlock(&running_lock);
    return GX_OK;
}

void sender_wake(void)
{
    (void)pthread_mutex_lock(&running_lock);
    if (running != NULL) {
        atomic_store(&running->woken, true);
        (void)curl_multi_wakeup(running->multi);
    }
    (void)pthread_mutex_unlock(&running_lock);
}

void sender_stop(void)
{
    (void)pthread_mutex_lock(&running_lock);
    struct sender *self = running;
    running = NULL;
    (void)pthread_mutex_unlock(&running_lock);
    if (self == NULL) {
        return;
    }
    atomic_store(&self->stopping, true);
    (void)curl_multi_wakeup(self->multi);
    (void)pthread_join(self->thread, NULL);
    sender_free(self);
}
