/* SPDX-License-Identifier: Apache-2.0 */
#include "sequencer.h"

#include "settings.h"
#include "turn.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    TURN_MS = 100,         /* how often it looks for new entries */
    SCRUB_EVERY_MS = 1000, /* one old tile */
    ERASE_EVERY_MS = 10 * 60 * 1000,
    ARENA_BYTES = 8 << 20,
    TURN_DEADLINE_MS = 10000
};

struct gx_metric AUDIT_METRICS[] = {
    {.name = "genxi_audit_entries_total",
     .help = "Events logged by this process.",
     .kind = GX_COUNTER},
    {.name = "genxi_audit_entries", .help = "Entries in the log.", .kind = GX_GAUGE},
    {.name = "genxi_audit_checkpoint_size",
     .help = "Leaves under the newest checkpoint.",
     .kind = GX_GAUGE},
    {.name = "genxi_audit_checkpoints_total",
     .help = "Checkpoints signed by this process.",
     .kind = GX_COUNTER},
    {.name = "genxi_audit_inconsistent",
     .help = "1 while the stored log contradicts itself or what was signed: nothing is signed, an "
             "alarm.",
     .kind = GX_GAUGE},
    {.name = "genxi_audit_erased_total",
     .help = "Records erased at the end of their retention.",
     .kind = GX_COUNTER},
    {.name = "genxi_audit_journal_purged_total",
     .help = "Events taken out of the journal at the end of its retention.",
     .kind = GX_COUNTER},
};
const size_t AUDIT_METRICS_COUNT = GX_COUNT_OF(AUDIT_METRICS);
enum {
    M_LOGGED,
    M_ENTRIES,
    M_SIZE,
    M_SIGNED,
    M_INCONSISTENT,
    M_ERASED,
    M_PURGED
};

static struct {
    struct gx_note_signer signer;
    struct gx_background *background;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running;
    bool stopping;
    atomic_bool inconsistent;
    atomic_bool checked; /* the last checkpoint was seen to hold since the start */
} self = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

void audit_count_entries(size_t count)
{
    gx_metric_add(&AUDIT_METRICS[M_LOGGED], (int64_t)count);
}

const char *audit_not_ready(void)
{
    if (atomic_load(&self.inconsistent)) {
        return "log-inconsistent";
    }
    return atomic_load(&self.checked) ? NULL : "log-unchecked";
}

static void report(const struct gx_ctx *ctx, const struct audit_turn *turn)
{
    bool was = atomic_exchange(&self.inconsistent, turn->broken);
    gx_metric_set(&AUDIT_METRICS[M_INCONSISTENT], turn->broken ? 1 : 0);
    gx_metric_set(&AUDIT_METRICS[M_ENTRIES], (int64_t)turn->next);
    gx_metric_set(&AUDIT_METRICS[M_SIZE], (int64_t)turn->signed_size);
    if (turn->broken && !was) {
        gx_log(ctx, GX_ERROR, "audit-inconsistent",
               "the stored log contradicts what was signed (%s): %" PRIu64 " entries, %" PRIu64
               " in tiles, %" PRIu64 " signed; nothing is signed any more",
               turn->where, turn->next, turn->tiled, turn->signed_size);
    }
    if (turn->signed_now) {
        gx_metric_add(&AUDIT_METRICS[M_SIGNED], 1);
    }
}

static enum gx_rc run(struct gx_ctx *ctx, enum gx_rc (*fn)(void *, struct gx_ctx *),
                      struct audit_turn *turn)
{
    gx_ctx_reset(ctx);
    ctx->label = "sequencer";
    ctx->deadline_ms = gx_clock_wall_ms() + TURN_DEADLINE_MS;
    enum gx_rc rc = gx_background_run(self.background, ctx, fn, turn);
    if (turn->broken) {
        return GX_OK;
    }
    if (rc != GX_OK) {
        gx_log(ctx, GX_WARN, "audit-sequencer", "the log could not be extended now: %s",
               gx_rc_text(rc));
    }
    return rc;
}

/* Waits; false when it is time to stop. */
static bool pause_ms(int64_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&self.lock);
    int rc = 0;
    while (!self.stopping && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&self.wake, &self.lock, &until);
    }
    bool more = !self.stopping;
    (void)pthread_mutex_unlock(&self.lock);
    return more;
}

/* Is it time for a checkpoint over what the tiles hold? */
static bool due(const struct audit_turn *turn, int64_t signed_us, int64_t now_us)
{
    uint64_t waiting = turn->tiled - turn->signed_size;
    bool old = now_us - signed_us >= audit_settings.checkpoint_ms * 1000;
    return (waiting > 0 && old) || waiting >= (uint64_t)audit_settings.checkpoint_entries;
}

static void erase_old(struct gx_ctx *ctx)
{
    struct audit_turn turn;
    do {
        turn = (struct audit_turn){.signer = &self.signer,
                                   .keep_days = audit_settings.audit_keep_days};
        if (run(ctx, audit_turn_erase, &turn) != GX_OK || !turn.held) {
            return;
        }
        gx_metric_add(&AUDIT_METRICS[M_ERASED], (int64_t)turn.erased);
    } while (turn.erased == AUDIT_ERASE_A_TURN && pause_ms(0));
}

/* Area by area, a bounded transaction each; an area that is done or held up is left for the next time. */
static void purge_journal(struct gx_ctx *ctx)
{
    struct audit_turn turn = {.area = 0};
    int32_t area = 0;
    do {
        turn = (struct audit_turn){
            .signer = &self.signer, .keep_days = audit_settings.journal_keep_days, .area = area};
        if (run(ctx, audit_turn_purge, &turn) != GX_OK || !turn.held) {
            return;
        }
        gx_metric_add(&AUDIT_METRICS[M_PURGED], (int64_t)turn.purged);
        area = turn.purged == AUDIT_PURGE_A_TURN ? turn.area : turn.area + 1;
    } while (turn.area >= 0 && pause_ms(0));
}

/* What the thread remembers from turn to turn. */
struct memory {
    int64_t signed_us;
    int64_t erased_us;
    int64_t scrubbed_us;
    uint64_t scrub;   /* the next full tile to look at */
    bool scrub_found; /* that tile is bad: looked at again until it is put right */
    bool checked;     /* the newest checkpoint was seen to hold */
};

static enum gx_rc scrub(struct gx_ctx *ctx, struct audit_turn *turn, struct memory *memory,
                        int64_t now_us)
{
    uint64_t full = turn->tiled / GX_TILE_WIDTH;
    if (full == 0 ||
        (!memory->scrub_found && now_us - memory->scrubbed_us < (int64_t)SCRUB_EVERY_MS * 1000)) {
        return GX_OK;
    }
    memory->scrubbed_us = now_us;
    turn->scrub = memory->scrub % full;
    enum gx_rc rc = run(ctx, audit_turn_scrub, turn);
    if (rc == GX_OK && turn->held) {
        memory->scrub_found = turn->broken;
        memory->scrub = turn->broken ? turn->scrub : turn->scrub + 1;
    }
    return rc;
}

static void one_turn(struct gx_ctx *ctx, struct memory *memory)
{
    struct audit_turn turn = {.signer = &self.signer};
    int64_t now_us = gx_clock_mono_us();
    enum gx_rc rc = run(ctx, audit_turn_extend, &turn);
    bool first = !memory->checked || atomic_load(&self.inconsistent);
    if (rc == GX_OK && turn.held && !turn.broken) {
        rc = scrub(ctx, &turn, memory, now_us);
    }
    if (rc == GX_OK && turn.held && !turn.broken &&
        (first || due(&turn, memory->signed_us, now_us))) {
        rc = run(ctx, audit_turn_sign, &turn);
        memory->signed_us = now_us;
        memory->checked = rc == GX_OK && !turn.broken;
    }
    if (rc == GX_OK && turn.held) {
        report(ctx, &turn);
    }
    /* Another process that holds the lock has checked it. */
    if (memory->checked || (rc == GX_OK && !turn.held)) {
        atomic_store(&self.checked, true);
    }
    if (memory->checked && now_us - memory->erased_us >= (int64_t)ERASE_EVERY_MS * 1000) {
        memory->erased_us = now_us;
        erase_old(ctx);
        purge_journal(ctx);
    }
}

static void *sequencer(void *arg)
{
    (void)arg;
    struct gx_ctx ctx;
    struct memory memory = {.erased_us = gx_clock_mono_us() - (int64_t)ERASE_EVERY_MS * 1000};
    gx_ctx_init(&ctx, ARENA_BYTES);
    do {
        one_turn(&ctx, &memory);
    } while (pause_ms(TURN_MS));
    gx_ctx_done(&ctx);
    return NULL;
}

static enum gx_rc load_key(const char *key_dir)
{
    char path[4096];
    char text[GX_NOTE_SECRET_SIZE + 2] = "";
    (void)snprintf(path, sizeof path, "%s/audit-log.key", key_dir);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        gx_log(NULL, GX_ERROR, "audit-key", "%s: %s; make it with: genxi keys", path,
               strerror(errno));
        return GX_INVALID;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    int rc = gx_note_signer_parse(text, &self.signer);
    explicit_bzero(text, sizeof text);
    if (rc != 0) {
        gx_log(NULL, GX_ERROR, "audit-key", "%s is not a signed-note key", path);
        return GX_INVALID;
    }
    if (strcmp(self.signer.verifier.name, audit_settings.origin) != 0) {
        gx_log(NULL, GX_ERROR, "audit-key", "%s is the key of %s, the setting origin says %s", path,
               self.signer.verifier.name, audit_settings.origin);
        return GX_INVALID;
    }
    return GX_OK;
}

enum gx_rc audit_sequencer_start(const struct gx_common_settings *common)
{
    enum gx_rc rc = load_key(common->key_dir);
    if (rc != GX_OK) {
        return rc;
    }
    rc = gx_background_open(&self.background);
    if (rc != GX_OK) {
        return rc;
    }
    self.stopping = false;
    if (pthread_create(&self.thread, NULL, sequencer, NULL) != 0) {
        gx_background_free(self.background);
        self.background = NULL;
        return GX_INTERNAL;
    }
    self.running = true;
    return GX_OK;
}

void audit_sequencer_stop(void)
{
    if (self.running) {
        (void)pthread_mutex_lock(&self.lock);
        self.stopping = true;
        (void)pthread_cond_signal(&self.wake);
        (void)pthread_mutex_unlock(&self.lock);
        (void)pthread_join(self.thread, NULL);
        self.running = false;
    }
    gx_background_free(self.background);
    self.background = NULL;
    gx_note_signer_done(&self.signer);
}
