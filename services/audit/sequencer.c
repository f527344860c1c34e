/* SPDX-License-Identifier: Apache-2.0 */
#include "sequencer.h"

#include "settings.h"
#include "store.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/tx.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    TURN_MS = 100,      /* how often it looks for new entries */
    TILES_A_TURN = 32,  /* most tiles of leaves in one transaction */
    ERASE_A_TURN = 500, /* most records in one transaction */
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
};
const size_t AUDIT_METRICS_COUNT = GX_COUNT_OF(AUDIT_METRICS);
enum {
    M_LOGGED,
    M_ENTRIES,
    M_SIZE,
    M_SIGNED,
    M_INCONSISTENT,
    M_ERASED
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

/* One look at the log: how far it is, and whether there is more to put into tiles. */
struct turn {
    uint64_t next;
    uint64_t tiled;
    uint64_t signed_size;
    bool held;   /* the lock */
    bool broken; /* inconsistent */
    bool signed_now;
    size_t erased;
    const char *where;
};

static enum gx_rc broken(struct turn *turn, const char *where)
{
    turn->broken = true;
    turn->where = where;
    return GX_INTERNAL; /* rolls back; run() knows that it is no fault of the store */
}

static enum gx_rc look(struct gx_ctx *ctx, struct turn *turn, struct audit_checkpoint *ret_last)
{
    turn->broken = false;
    turn->signed_now = false;
    enum gx_rc rc = audit_store_lock(ctx, &turn->held);
    if (rc == GX_OK && turn->held) {
        rc = audit_store_next(ctx, &turn->next);
    }
    if (rc == GX_OK && turn->held) {
        rc = audit_store_tiled(ctx, &turn->tiled);
    }
    if (rc == GX_OK && turn->held) {
        rc = audit_store_checkpoint(ctx, ret_last);
    }
    if (rc == GX_OK && turn->held) {
        turn->signed_size = ret_last->last.size;
    }
    return rc;
}

/* The first transaction: what is new goes into tiles. */
static enum gx_rc extend(void *arg, struct gx_ctx *ctx)
{
    struct turn *turn = arg;
    struct audit_checkpoint last;
    enum gx_rc rc = look(ctx, turn, &last);
    if (rc != GX_OK || !turn->held) {
        return rc;
    }
    if (turn->tiled > turn->next || turn->signed_size > turn->tiled) {
        return broken(turn, "sizes");
    }
    struct audit_store_tiles store = {ctx, GX_OK};
    const struct audit_tiles tiles = audit_store_tiles(&store);
    for (int i = 0; i < TILES_A_TURN && turn->tiled < turn->next; i++) {
        uint8_t leaves[GX_TILE_BYTES];
        uint64_t index = turn->tiled / GX_TILE_WIDTH;
        uint64_t left = turn->next - index * GX_TILE_WIDTH;
        unsigned width = left < GX_TILE_WIDTH ? (unsigned)left : (unsigned)GX_TILE_WIDTH;
        unsigned got = 0;
        rc = audit_store_leaves(ctx, index * GX_TILE_WIDTH, width, leaves, &got);
        if (rc != GX_OK) {
            return rc;
        }
        if (got != width) {
            return broken(turn, "entries");
        }
        enum audit_tree_result result = audit_tree_put(&tiles, index, width, leaves);
        if (result == AUDIT_TREE_INCONSISTENT) {
            return broken(turn, "tiles");
        }
        if (result == AUDIT_TREE_STORE) {
            return store.rc != GX_OK ? store.rc : gx_fail(ctx, GX_P_INTERNAL, "", "tile");
        }
        turn->tiled = index * GX_TILE_WIDTH + width;
    }
    return GX_OK;
}

/* The second one, over tiles that are committed: the checkpoint. */
static enum gx_rc sign(void *arg, struct gx_ctx *ctx)
{
    struct turn *turn = arg;
    struct audit_checkpoint last;
    enum gx_rc rc = look(ctx, turn, &last);
    bool first = last.last.note == NULL;
    if (rc != GX_OK || !turn->held) {
        return rc;
    }
    if (turn->tiled < turn->signed_size) {
        return broken(turn, "sizes");
    }
    struct audit_store_tiles store = {ctx, GX_OK};
    const struct audit_tiles tiles = audit_store_tiles(&store);
    struct gx_hash root;
    char note[GX_NOTE_MAX];
    enum audit_tree_result result =
        audit_tree_sign(&tiles, turn->tiled, first ? NULL : &last.last, &self.signer, &root, note);
    if (store.rc != GX_OK) {
        return store.rc;
    }
    if (result == AUDIT_TREE_INCONSISTENT) {
        return broken(turn, "checkpoint");
    }
    if (result != AUDIT_TREE_OK) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "sign");
    }
    if (!first && turn->tiled == turn->signed_size) {
        return GX_OK; /* only looked whether it still holds */
    }
    turn->signed_now = true;
    turn->signed_size = turn->tiled;
    return audit_store_sign(ctx, turn->tiled, &root, note);
}

static enum gx_rc erase(void *arg, struct gx_ctx *ctx)
{
    struct turn *turn = arg;
    struct audit_checkpoint last;
    turn->erased = 0;
    enum gx_rc rc = look(ctx, turn, &last);
    if (rc != GX_OK || !turn->held) {
        return rc;
    }
    int64_t keep_ms = audit_settings.audit_keep_days * 24 * 60 * 60 * 1000;
    return audit_store_erase(ctx, gx_tx_now_ms(ctx) - keep_ms, last.last.size, ERASE_A_TURN,
                             &turn->erased);
}

static void report(const struct gx_ctx *ctx, const struct turn *turn)
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
                      struct turn *turn)
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
static bool due(const struct turn *turn, int64_t signed_us, int64_t now_us)
{
    uint64_t waiting = turn->tiled - turn->signed_size;
    bool old = now_us - signed_us >= audit_settings.checkpoint_ms * 1000;
    return (waiting > 0 && old) || waiting >= (uint64_t)audit_settings.checkpoint_entries;
}

static void erase_old(struct gx_ctx *ctx)
{
    struct turn turn;
    do {
        turn = (struct turn){.next = 0};
        if (run(ctx, erase, &turn) != GX_OK || !turn.held) {
            return;
        }
        gx_metric_add(&AUDIT_METRICS[M_ERASED], (int64_t)turn.erased);
    } while (turn.erased == ERASE_A_TURN && pause_ms(0));
}

static void *sequencer(void *arg)
{
    (void)arg;
    struct gx_ctx ctx;
    int64_t signed_us = 0;
    int64_t erased_us = gx_clock_mono_us() - (int64_t)ERASE_EVERY_MS * 1000;
    bool checked = false;
    gx_ctx_init(&ctx, ARENA_BYTES);
    do {
        struct turn turn = {.next = 0};
        int64_t now_us = gx_clock_mono_us();
        enum gx_rc rc = run(&ctx, extend, &turn);
        bool first = !checked || atomic_load(&self.inconsistent);
        if (rc == GX_OK && turn.held && !turn.broken && (first || due(&turn, signed_us, now_us))) {
            rc = run(&ctx, sign, &turn);
            signed_us = now_us;
            checked = rc == GX_OK && !turn.broken;
        }
        if (rc == GX_OK && turn.held) {
            report(&ctx, &turn);
        }
        /* Another process that holds the lock has checked it. */
        atomic_store(&self.checked,
                     atomic_load(&self.checked) || checked || (rc == GX_OK && !turn.held));
        if (checked && now_us - erased_us >= (int64_t)ERASE_EVERY_MS * 1000) {
            erased_us = now_us;
            erase_old(&ctx);
        }
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
