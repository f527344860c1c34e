/* SPDX-License-Identifier: Apache-2.0 */
/* The log on a real PostgreSQL: exactly once, dense, append-only, provable, exportable; and what happens when it is tampered with. */
#include "ground.h"

#include "audit.pb-c.h"
#include "base/id.h"
#include "handlers.h"
#include "incident.pb-c.h"
#include "proof/export.h"
#include "turn.h"

#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <unistd.h>

#define ORG_A "0199c0de-0000-7000-8000-00000000000a"
#define ORG_B "0199c0de-0000-7000-8000-00000000000b"

static struct ground_of of;
static struct audit self = {DISTRICT};
static struct ground *g;
static struct gx_note_signer signer;
static struct gx_note_verifier key;
static int64_t seqs[3]; /* next of AREA, NEXT_AREA, DISTRICT */
static const int32_t AREA_ONE = AREA;
static const int32_t AREA_TWO = NEXT_AREA;

static struct gx_actor auditor(void)
{
    return ground_actor(GX_ROLE_AUDITOR, "auditor", "", NULL);
}

/* --- events --- */

struct happening {
    Genxi__Event event;
    Genxi__Audience audience;
    Genxi__Actor actor;
    char id[GX_ID_SIZE];
    char *orgs[1];
    uint8_t body[24];
};

static void make_event(struct happening *h, int32_t area, const char *org)
{
    genxi__event__init(&h->event);
    genxi__audience__init(&h->audience);
    genxi__actor__init(&h->actor);
    gx_random(h->body, sizeof h->body);
    h->actor.subject = gx_pb_text("somebody");
    h->actor.roles = GX_ROLE_DUTY;
    h->orgs[0] = gx_pb_text(org);
    h->audience.orgs = h->orgs;
    h->audience.n_orgs = org == NULL ? 0 : 1;
    h->event.id = gx_id_new(h->id);
    h->event.area = area;
    h->event.seq = ++seqs[area - DISTRICT == 0 ? 2 : area - AREA];
    h->event.type = GX_E_incident_changed;
    h->event.at = 1764000000000;
    h->event.service = gx_pb_text("intake");
    h->event.subject = h->id;
    h->event.audience = &h->audience;
    h->event.actor = &h->actor;
    h->event.body = gx_pb_bytes((struct gx_view){h->body, sizeof h->body});
}

static enum gx_rc log_fn(void *arg, struct gx_ctx *ctx)
{
    return audit_on_event(&self, ctx, arg, NULL);
}

static void log_event(struct happening *h)
{
    assert_int_equal(ground_run(g, &GROUND_SYSTEM, log_fn, &h->event), GX_OK);
}

static void log_many(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct happening h;
        make_event(&h, i % 3 == 0 ? NEXT_AREA : AREA, i % 2 == 0 ? ORG_A : NULL);
        log_event(&h);
    }
}

/* Until the lock is free: a connection that was closed a moment ago may hold it for another moment. */
static struct audit_turn turn(ground_fn *fn)
{
    for (int tries = 0; tries < 500; tries++) {
        struct audit_turn t = {.signer = &signer, .keep_days = 400};
        enum gx_rc rc = ground_run(g, &GROUND_SYSTEM, fn, &t);
        assert_int_equal(rc, t.broken ? GX_INTERNAL : GX_OK);
        if (t.held) {
            return t;
        }
        (void)usleep(10000);
    }
    fail_msg("the lock is never free");
    return (struct audit_turn){.held = false};
}

static struct audit_turn catch_up(void)
{
    struct audit_turn t;
    do {
        t = turn(audit_turn_extend);
    } while (!t.broken && t.tiled < t.next);
    return t.broken ? t : turn(audit_turn_sign);
}

/* --- the export, through the commands alone, as a partner could --- */

static bool give_checkpoint(void *arg, char note[GX_NOTE_MAX])
{
    (void)arg;
    Genxi__CheckpointQuery query = GENXI__CHECKPOINT_QUERY__INIT;
    Genxi__Checkpoint reply;
    struct gx_actor actor = auditor();
    if (ground_command(g, &actor, GX_C_checkpoint, &query, &reply) != GX_OK) {
        return false;
    }
    (void)snprintf(note, GX_NOTE_MAX, "%s", reply.note);
    return true;
}

static bool give_tile(void *arg, int level, uint64_t index, unsigned width, uint8_t *data)
{
    (void)arg;
    Genxi__TileQuery query = GENXI__TILE_QUERY__INIT;
    Genxi__Tile reply;
    struct gx_actor actor =
        ground_actor(GX_ROLE_DESK, "desk", ORG_B, NULL); /* anybody may have tiles */
    query.level = level == GX_TILE_ENTRIES ? 0 : (uint32_t)level;
    query.has_entries = 1;
    query.entries = level == GX_TILE_ENTRIES;
    query.index = index;
    query.has_width = 1;
    query.width = width;
    if (ground_command(g, &actor, GX_C_tile, &query, &reply) != GX_OK) {
        return false;
    }
    memcpy(data, reply.data.data, reply.data.len);
    return reply.data.len ==
           (size_t)width * (level == GX_TILE_ENTRIES ? GX_BUNDLE_ENTRY : GX_HASH_SIZE);
}

static bool give_entry(void *arg, uint64_t index, struct gx_export_entry *ret_entry)
{
    (void)arg;
    Genxi__EntryQuery query = GENXI__ENTRY_QUERY__INIT;
    Genxi__EntryList reply;
    struct gx_actor actor = auditor();
    query.has_from = 1;
    query.from = index;
    query.has_limit = 1;
    query.limit = 1;
    if (ground_command(g, &actor, GX_C_entries, &query, &reply) != GX_OK || reply.n_items != 1) {
        return false;
    }
    const Genxi__AuditEntry *item = reply.items[0];
    ret_entry->erased = !item->has_record;
    ret_entry->salt = (struct gx_view){item->salt.data, item->salt.len};
    ret_entry->record = (struct gx_view){item->record.data, item->record.len};
    return item->index == index;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static struct gx_verify_report export_and_verify(void)
{
    char dir[] = "/tmp/genxi-export-XXXXXX";
    char error[256] = "";
    struct gx_verify_report report;
    const struct gx_export_source source = {NULL, give_checkpoint, give_tile, give_entry};
    assert_non_null(mkdtemp(dir));
    if (!gx_export_write(dir, &source, error, sizeof error)) {
        fail_msg("export: %s", error);
    }
    (void)gx_verify_directory(dir, &key, NULL, 0, &report);
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return report;
}

/* --- tests --- */

static void test_log_before_the_first_checkpoint_says_so(void **state)
{
    (void)state;
    Genxi__CheckpointQuery query = GENXI__CHECKPOINT_QUERY__INIT;
    Genxi__Checkpoint reply;
    struct gx_actor actor = auditor();
    assert_int_equal(ground_command(g, &actor, GX_C_checkpoint, &query, &reply), GX_UNAVAILABLE);
}

static void test_log_is_dense_and_each_event_is_there_once(void **state)
{
    (void)state;
    struct happening h;
    make_event(&h, AREA, ORG_A);
    log_event(&h);
    log_event(&h); /* the wire repeats */
    log_many(299);
    assert_int_equal(ground_number("SELECT count(*) FROM audit.entry", NULL), 300);
    assert_int_equal(ground_number("SELECT max(index) FROM audit.entry", NULL), 299);
    assert_int_equal(ground_number("SELECT next FROM audit.head", NULL), 300);
    struct audit_turn t = catch_up();
    assert_false(t.broken);
    assert_true(t.signed_now);
    assert_int_equal(t.signed_size, 300);
    t = turn(audit_turn_sign);
    assert_false(t.signed_now); /* nothing new, nothing signed */
}

static void test_log_exported_through_the_commands_verifies(void **state)
{
    (void)state;
    struct gx_verify_report report = export_and_verify();
    assert_string_equal(report.text, "");
    assert_int_equal(report.fault, GX_VERIFY_SOUND);
    assert_int_equal(report.checkpoint.size, 300);
    /* Reading 300 entries is 300 events more, once audit follows them. */
    assert_int_equal(ground_number("SELECT count(*) FROM journal.event WHERE type = 257", NULL),
                     300);
}

static enum gx_rc prove(const struct gx_actor *actor, const char *id, Genxi__Proof *reply)
{
    Genxi__ProofQuery query = GENXI__PROOF_QUERY__INIT;
    query.event_id = gx_pb_text(id);
    return ground_command(g, actor, GX_C_proof, &query, reply);
}

static void test_log_proof_goes_to_who_may_see_the_event(void **state)
{
    (void)state;
    struct happening h;
    make_event(&h, AREA, ORG_A);
    log_event(&h);
    Genxi__Proof reply;
    struct gx_actor named = ground_actor(GX_ROLE_DESK, "a", ORG_A, NULL);
    struct gx_actor other = ground_actor(GX_ROLE_DESK, "b", ORG_B, NULL);
    struct gx_actor officer = ground_actor(GX_ROLE_DUTY, "d", "", &AREA_ONE);
    struct gx_actor elsewhere = ground_actor(GX_ROLE_DUTY, "d", "", &AREA_TWO);
    struct gx_actor device = ground_actor(GX_ROLE_RESPONDER, "r", ORG_A, NULL);
    struct gx_actor reader = auditor();
    assert_int_equal(prove(&named, h.id, &reply), GX_UNAVAILABLE); /* in no checkpoint yet */
    assert_false(catch_up().broken);
    assert_int_equal(prove(&named, h.id, &reply), GX_OK);
    assert_int_equal(prove(&officer, h.id, &reply), GX_OK);
    assert_int_equal(prove(&reader, h.id, &reply), GX_OK);
    assert_int_equal(prove(&other, h.id, &reply), GX_NOT_FOUND);
    assert_int_equal(prove(&elsewhere, h.id, &reply), GX_NOT_FOUND);
    assert_int_equal(prove(&device, h.id, &reply), GX_NOT_FOUND);
    assert_int_equal(prove(&named, ORG_B, &reply), GX_NOT_FOUND);
    assert_int_equal(prove(&named, "no id", &reply), GX_INVALID);
}

static void test_log_proof_is_a_receipt_that_verifies(void **state)
{
    (void)state;
    static char text[GX_TLOG_PROOF_MAX];
    struct happening h;
    make_event(&h, AREA, ORG_A);
    log_event(&h);
    assert_false(catch_up().broken);
    Genxi__Proof reply;
    struct gx_actor named = ground_actor(GX_ROLE_DESK, "a", ORG_A, NULL);
    assert_int_equal(prove(&named, h.id, &reply), GX_OK);
    struct gx_proof proof = {.count = reply.n_hashes};
    for (size_t i = 0; i < reply.n_hashes; i++) {
        memcpy(proof.hashes[i].bytes, reply.hashes[i].data, GX_HASH_SIZE);
    }
    assert_true(gx_tlog_proof_format(reply.index, &proof, reply.note, text, sizeof text) > 0);
    /* The partner has the record from its own stream: salt and record give the leaf. */
    uint8_t record[512];
    size_t size = genxi__event__pack(&h.event, record);
    struct gx_hash leaf = gx_sha256((struct gx_view){reply.salt.data, reply.salt.len},
                                    (struct gx_view){record, size});
    assert_memory_equal(leaf.bytes, reply.leaf.data, GX_HASH_SIZE);
    uint64_t index = 0;
    struct gx_view view = {(const uint8_t *)text, strlen(text)};
    struct gx_view data = {leaf.bytes, GX_HASH_SIZE};
    assert_int_equal(gx_tlog_proof_verify(view, data, &key, &index), GX_NOTE_VALID);
    assert_int_equal(index, reply.index);
    leaf.bytes[0] ^= 1;
    assert_int_not_equal(gx_tlog_proof_verify(view, data, &key, &index), GX_NOTE_VALID);
}

static bool old_root(uint64_t size, struct gx_hash *root)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, size);
    static struct gx_tile_reader reader;
    gx_tile_reader_init(&reader, give_tile, NULL, size);
    const struct gx_merkle_source source = {gx_tile_reader_hash, &reader};
    return gx_merkle_root(&source, size, root);
}

static void test_log_consistency_between_any_two_sizes(void **state)
{
    (void)state;
    struct gx_actor desk = ground_actor(GX_ROLE_DESK, "a", ORG_B, NULL);
    static const uint64_t PAIRS[][2] = {{1, 300}, {255, 256}, {256, 302}, {7, 7}, {299, 302}};
    for (size_t i = 0; i < 5; i++) {
        Genxi__ConsistencyQuery query = GENXI__CONSISTENCY_QUERY__INIT;
        Genxi__Consistency reply;
        query.from = PAIRS[i][0];
        query.to = PAIRS[i][1];
        assert_int_equal(ground_command(g, &desk, GX_C_consistency, &query, &reply), GX_OK);
        struct gx_proof proof = {.count = reply.n_hashes};
        for (size_t k = 0; k < reply.n_hashes; k++) {
            memcpy(proof.hashes[k].bytes, reply.hashes[k].data, GX_HASH_SIZE);
        }
        struct gx_hash from;
        struct gx_hash to;
        assert_true(old_root(query.from, &from) && old_root(query.to, &to));
        assert_true(gx_merkle_verify_consistency(query.from, query.to, &proof, &from, &to));
    }
    static const uint64_t BAD[][2] = {{0, 5}, {6, 5}, {1, 100000}};
    for (size_t i = 0; i < 3; i++) {
        Genxi__ConsistencyQuery query = GENXI__CONSISTENCY_QUERY__INIT;
        Genxi__Consistency reply;
        query.from = BAD[i][0];
        query.to = BAD[i][1];
        assert_int_equal(ground_command(g, &desk, GX_C_consistency, &query, &reply), GX_INVALID);
    }
}

static void test_log_tiles_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t level;
        uint64_t index;
        uint32_t width;
        bool entries;
        enum gx_rc rc;
    } ROWS[] = {
        {8, 0, 1, false, GX_INVALID},          {0, 0, 0, false, GX_INVALID},
        {0, 0, 257, false, GX_INVALID},        {1, 0, 1, true, GX_INVALID},
        {0, UINT64_MAX, 1, false, GX_INVALID}, {0, 1, 256, false, GX_NOT_FOUND},
        {5, 0, 1, false, GX_NOT_FOUND},        {0, 1, 1, false, GX_OK},
    };
    struct gx_actor desk = ground_actor(GX_ROLE_DESK, "a", ORG_B, NULL);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        Genxi__TileQuery query = GENXI__TILE_QUERY__INIT;
        Genxi__Tile reply;
        query.level = ROWS[i].level;
        query.index = ROWS[i].index;
        query.has_width = 1;
        query.width = ROWS[i].width;
        query.has_entries = 1;
        query.entries = ROWS[i].entries;
        assert_int_equal(ground_command(g, &desk, GX_C_tile, &query, &reply), ROWS[i].rc);
    }
}

static void test_log_entries_are_the_auditors_and_reading_is_an_event(void **state)
{
    (void)state;
    Genxi__EntryQuery query = GENXI__ENTRY_QUERY__INIT;
    Genxi__EntryList reply;
    struct gx_actor reader = auditor();
    static const uint32_t OTHERS[] = {GX_ROLE_ADMIN, GX_ROLE_DUTY, GX_ROLE_DESK, GX_ROLE_APPROVER,
                                      GX_ROLE_RESPONDER};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        struct gx_actor actor = ground_actor(OTHERS[i], "x", ORG_A, &AREA_ONE);
        assert_int_equal(ground_command(g, &actor, GX_C_entries, &query, &reply), GX_DENIED);
    }
    query.subject = gx_pb_text("somebody");
    query.purpose = gx_pb_text("complaint 7");
    assert_int_equal(ground_command(g, &reader, GX_C_entries, &query, &reply), GX_OK);
    assert_int_equal(reply.n_items, 100);
    assert_string_equal(reply.items[0]->actor, "somebody");
    assert_string_equal(reply.items[0]->type, "incident.changed");
    assert_non_null(reply.next_cursor);
    Genxi__SealedRead read;
    const Genxi__Event *event = ground_emitted(g, GX_E_sealed_read, 0, &read);
    assert_non_null(event);
    assert_string_equal(event->actor->subject, "auditor");
    assert_string_equal(read.purpose, "complaint 7");
    assert_string_equal(read.subject_id, "somebody");
    assert_false(event->audience->officers);
    /* The pages join without a gap. */
    uint64_t seen = 0;
    query.subject = NULL;
    char cursor[32] = "0";
    for (;;) {
        query.cursor = cursor;
        assert_int_equal(ground_command(g, &reader, GX_C_entries, &query, &reply), GX_OK);
        for (size_t i = 0; i < reply.n_items; i++) {
            assert_int_equal(reply.items[i]->index, seen++);
        }
        if (reply.next_cursor == NULL) {
            break;
        }
        (void)snprintf(cursor, sizeof cursor, "%s", reply.next_cursor);
    }
    assert_int_equal(seen, ground_number("SELECT count(*) FROM audit.entry", NULL));
}

/* --- tampering by the service's own role --- */

static enum gx_rc tamper_fn(void *arg, struct gx_ctx *ctx)
{
    return gx_sql(ctx, arg, NULL, NULL);
}

static void test_log_is_append_only_for_the_service_itself(void **state)
{
    (void)state;
    static struct gx_pg_stmt statements[] = {
        {"t1", "DELETE FROM audit.entry WHERE index = 3", 0, GX_PG_NONE, true},
        {"t2", "UPDATE audit.entry SET leaf = sha256('x') WHERE index = 3", 0, GX_PG_NONE, true},
        {"t3", "UPDATE audit.entry SET index = 9999 WHERE index = 3", 0, GX_PG_NONE, true},
        {"t4", "DELETE FROM audit.checkpoint", 0, GX_PG_NONE, true},
        {"t5", "UPDATE audit.checkpoint SET note = ''", 0, GX_PG_NONE, true},
        {"t6", "DELETE FROM audit.tile", 0, GX_PG_NONE, true},
        {"t7", "UPDATE audit.tile SET data = substring(data FOR 32) WHERE level = 0 AND index = 0",
         0, GX_PG_NONE, true},
        {"t8", "UPDATE audit.tile SET data = overlay(data PLACING 'x'::bytea FROM 1)", 0,
         GX_PG_NONE, true},
        {"t9", "DELETE FROM audit.head", 0, GX_PG_NONE, true},
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (ground_run(g, &GROUND_SYSTEM, tamper_fn, &statements[i]) == GX_OK) {
            fail_msg("done: %s", statements[i].sql);
        }
    }
    assert_int_equal(export_and_verify().fault, GX_VERIFY_SOUND);
}

static void test_log_past_its_retention_erases_records_and_stays_sound(void **state)
{
    (void)state;
    ground_do("UPDATE audit.entry SET at = at - 500 * 86400000::bigint WHERE index IN (2, 5)",
              NULL);
    ground_do("UPDATE audit.entry SET at = genxi.now_ms() WHERE index NOT IN (2, 5)", NULL);
    struct audit_turn t = turn(audit_turn_erase);
    assert_int_equal(t.erased, 2);
    assert_int_equal(turn(audit_turn_erase).erased, 0);
    assert_int_equal(
        ground_number("SELECT count(*) FROM audit.entry WHERE record IS NULL AND salt IS NULL "
                      "AND actor = '' AND length(leaf) = 32",
                      NULL),
        2);
    struct gx_verify_report report = export_and_verify();
    assert_int_equal(report.fault, GX_VERIFY_SOUND);
    assert_int_equal(report.erased, 2);
}

/* The journal as it would be: an event for each entry, all of 500 days ago. */
static void fill_journal(void)
{
    ground_do("DELETE FROM journal.event", NULL);
    ground_do("INSERT INTO journal.event SELECT area, seq, event_id, type, 1, 'intake', NULL, '', "
              "false, '', '', '' FROM audit.entry",
              NULL);
    ground_do("INSERT INTO journal.counter SELECT area, max(seq) FROM journal.event GROUP BY area "
              "ON CONFLICT (area) DO UPDATE SET seq = excluded.seq, floor = 0",
              NULL);
}

static size_t purge_all(void)
{
    size_t purged = 0;
    int32_t area = 0;
    while (area >= 0) {
        struct audit_turn t = {.signer = &signer, .keep_days = 400, .area = area};
        assert_int_equal(ground_run(g, &GROUND_SYSTEM, audit_turn_purge, &t), GX_OK);
        assert_true(t.held);
        purged += t.purged;
        area = t.area < 0 ? -1 : t.area + 1;
    }
    return purged;
}

static void test_log_lets_the_journal_forget_only_what_is_signed_and_followed(void **state)
{
    (void)state;
    (void)catch_up();
    fill_journal();
    int64_t all = ground_number("SELECT count(*) FROM journal.event", NULL);
    int64_t other =
        ground_number("SELECT count(*) FROM journal.event WHERE area <> $1::int", "53011201");
    assert_true(other > 0 && all - other > 6);
    /* Not older than the retention: nothing goes. */
    ground_do("UPDATE journal.event SET at = genxi.now_ms()", NULL);
    assert_int_equal(purge_all(), 0);
    /* A follower at 3 of one area holds that area back, not the others. */
    ground_do("UPDATE journal.event SET at = 1", NULL);
    ground_do("INSERT INTO journal.cursor VALUES ('slow', $1::int, 3)", "53011201");
    assert_int_equal(purge_all(), (size_t)other + 3);
    assert_int_equal(
        ground_number("SELECT floor FROM journal.counter WHERE area = $1::int", "53011201"), 3);
    /* An event that the log does not hold, and one that it holds and no checkpoint covers, end the run. */
    ground_do("DELETE FROM journal.cursor", NULL);
    fill_journal();
    ground_do("INSERT INTO journal.event SELECT area, seq + 1, gen_random_uuid(), 1, 1, 'intake', "
              "NULL, '', false, '', '', '' FROM journal.counter WHERE area = $1::int",
              "53011202");
    struct happening h;
    make_event(&h, AREA, NULL);
    log_event(&h);
    ground_do("INSERT INTO journal.event SELECT area, seq, event_id, type, 1, 'intake', NULL, '', "
              "false, '', '', '' FROM audit.entry ORDER BY index DESC LIMIT 1",
              NULL);
    assert_int_equal(purge_all(), (size_t)all);
    assert_int_equal(ground_number("SELECT count(*) FROM journal.event", NULL), 2);
    (void)catch_up();
    assert_int_equal(purge_all(), 1);
    ground_do("DELETE FROM journal.event", NULL);
}

/* --- many at once --- */

enum {
    THREADS = 8,
    EACH = 40
};

struct writer {
    pthread_t thread;
    struct ground *ground;
    int32_t area;
    bool failed;
};

static void *write_many(void *arg)
{
    struct writer *writer = arg;
    for (int i = 0; i < EACH; i++) {
        struct happening h;
        make_event(&h, AREA, NULL);
        h.event.area = writer->area;
        h.event.seq = i + 1;
        writer->failed |= ground_run(writer->ground, &GROUND_SYSTEM, log_fn, &h.event) != GX_OK;
    }
    return NULL;
}

static void test_log_followers_at_once_leave_no_hole(void **state)
{
    (void)state;
    struct writer writers[THREADS];
    int64_t before = ground_number("SELECT next FROM audit.head", NULL);
    int64_t kept = seqs[0];
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.ground = ground_new(&of, &self), .area = 53012000 + i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
        assert_false(writers[i].failed);
        ground_free(writers[i].ground);
    }
    seqs[0] = kept;
    assert_int_equal(ground_number("SELECT next FROM audit.head", NULL), before + THREADS * EACH);
    assert_int_equal(ground_number("SELECT count(*) FROM audit.entry", NULL),
                     before + THREADS * EACH);
    assert_int_equal(ground_number("SELECT max(index) + 1 FROM audit.entry", NULL),
                     before + THREADS * EACH);
    assert_false(catch_up().broken);
    assert_int_equal(export_and_verify().fault, GX_VERIFY_SOUND);
}

static void test_log_second_sequencer_waits(void **state)
{
    (void)state;
    struct ground *other = ground_new(&of, &self);
    struct audit_turn t = {.signer = &signer};
    const struct gx_tx_plan plan = {.read_only = false};
    bool held = false;
    gx_ctx_reset(&other->ctx);
    other->ctx.actor = GROUND_SYSTEM;
    gx_tx_begin(other->tx, &other->ctx, &plan);
    assert_int_equal(audit_store_lock(&other->ctx, &held), GX_OK);
    assert_true(held);
    log_many(1);
    assert_int_equal(ground_run(g, &GROUND_SYSTEM, audit_turn_extend, &t), GX_OK);
    assert_false(t.held);
    gx_tx_abort(other->tx);
    gx_tx_end(other->tx);
    ground_free(other);
    assert_int_equal(catch_up().signed_size, ground_number("SELECT next FROM audit.head", NULL));
}

/* --- tampering by who can do everything; each is put right again --- */

static void assert_stops(const char *spoil, const char *repair)
{
    log_many(1);
    int64_t signed_before = ground_number("SELECT max(size) FROM audit.checkpoint", NULL);
    ground_do(spoil, NULL);
    if (!catch_up().broken) {
        fail_msg("signed after: %s", spoil);
    }
    assert_int_equal(ground_number("SELECT max(size) FROM audit.checkpoint", NULL), signed_before);
    ground_do(repair, NULL);
    struct audit_turn t = catch_up();
    assert_false(t.broken);
    assert_true(t.signed_now);
}

static void test_log_that_was_tampered_with_is_not_signed(void **state)
{
    (void)state;
    /* Turns one bit; done twice all is as it was. */
    static const char TILE[] =
        "UPDATE audit.tile SET data = set_byte(data, 5, get_byte(data, 5) # 1) WHERE level = 1";
    static const char ROOT[] =
        "UPDATE audit.checkpoint SET root = set_byte(root, 0, get_byte(root, 0) # 1) "
        "WHERE size = (SELECT max(size) FROM audit.checkpoint)";
    ground_do("ALTER TABLE audit.tile DISABLE TRIGGER tile_grows", NULL);
    assert_stops(TILE, TILE);
    assert_stops(ROOT, ROOT);
    /* Fewer entries than were signed, as after an old backup came back. */
    assert_stops("UPDATE audit.head SET next = next - 5",
                 "UPDATE audit.head SET next = (SELECT max(index) + 1 FROM audit.entry)");
    ground_do("ALTER TABLE audit.tile ENABLE TRIGGER tile_grows", NULL);
    assert_int_equal(export_and_verify().fault, GX_VERIFY_SOUND);
}

/* The next root does not depend on an old tile of leaves; who verifies does, and so the scrub looks at it. */
static void test_log_old_tile_that_was_changed_is_found_by_the_scrub(void **state)
{
    (void)state;
    static const char SPOIL[] = "UPDATE audit.tile SET data = set_byte(data, 5, get_byte(data, 5) "
                                "# 1) WHERE level = 0 AND index = 1";
    struct audit_turn t = {.signer = &signer, .scrub = 1};
    assert_int_equal(ground_run(g, &GROUND_SYSTEM, audit_turn_scrub, &t), GX_OK);
    ground_do("ALTER TABLE audit.tile DISABLE TRIGGER tile_grows", NULL);
    ground_do(SPOIL, NULL);
    assert_int_equal(export_and_verify().fault, GX_VERIFY_TILE);
    assert_int_equal(ground_run(g, &GROUND_SYSTEM, audit_turn_scrub, &t), GX_INTERNAL);
    assert_true(t.broken);
    t.scrub = 0;
    assert_int_equal(ground_run(g, &GROUND_SYSTEM, audit_turn_scrub, &t), GX_OK);
    ground_do(SPOIL, NULL); /* the same bit again: as it was */
    ground_do("ALTER TABLE audit.tile ENABLE TRIGGER tile_grows", NULL);
    t.scrub = 1;
    assert_int_equal(ground_run(g, &GROUND_SYSTEM, audit_turn_scrub, &t), GX_OK);
    assert_false(t.broken);
}

static void test_log_record_edited_in_the_table_is_found_by_the_verifier(void **state)
{
    (void)state;
    ground_do("UPDATE audit.entry SET record = set_byte(record, 10, get_byte(record, 10) # 1) "
              "WHERE index = 77",
              NULL);
    struct gx_verify_report report = export_and_verify();
    assert_int_equal(report.fault, GX_VERIFY_RECORD);
    assert_int_equal(report.leaf, 77);
    ground_do("UPDATE audit.entry SET record = set_byte(record, 10, get_byte(record, 10) # 1) "
              "WHERE index = 77",
              NULL);
    assert_int_equal(export_and_verify().fault, GX_VERIFY_SOUND);
}

static int setup(void **state)
{
    (void)state;
    char secret[GX_NOTE_SECRET_SIZE];
    char vkey[GX_NOTE_VKEY_SIZE];
    ground_migrate("audit");
    of = (struct ground_of){.name = "audit",
                            .schema = "audit",
                            .commands = AUDIT_COMMANDS,
                            .command_count = AUDIT_COMMANDS_COUNT};
    g = ground_new(&of, &self);
    return gx_note_key_make("genxi.local/test", secret, vkey) |
           gx_note_signer_parse(secret, &signer) | gx_note_verifier_parse(vkey, &key);
}

static int teardown(void **state)
{
    (void)state;
    ground_free(g);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_before_the_first_checkpoint_says_so),
        cmocka_unit_test(test_log_is_dense_and_each_event_is_there_once),
        cmocka_unit_test(test_log_exported_through_the_commands_verifies),
        cmocka_unit_test(test_log_proof_goes_to_who_may_see_the_event),
        cmocka_unit_test(test_log_proof_is_a_receipt_that_verifies),
        cmocka_unit_test(test_log_consistency_between_any_two_sizes),
        cmocka_unit_test(test_log_tiles_out_of_range_are_refused),
        cmocka_unit_test(test_log_entries_are_the_auditors_and_reading_is_an_event),
        cmocka_unit_test(test_log_is_append_only_for_the_service_itself),
        cmocka_unit_test(test_log_past_its_retention_erases_records_and_stays_sound),
        cmocka_unit_test(test_log_lets_the_journal_forget_only_what_is_signed_and_followed),
        cmocka_unit_test(test_log_followers_at_once_leave_no_hole),
        cmocka_unit_test(test_log_second_sequencer_waits),
        cmocka_unit_test(test_log_that_was_tampered_with_is_not_signed),
        cmocka_unit_test(test_log_old_tile_that_was_changed_is_found_by_the_scrub),
        cmocka_unit_test(test_log_record_edited_in_the_table_is_found_by_the_verifier),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
