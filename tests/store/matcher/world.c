/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "flush.h"
#include "follow.h"
#include "handlers.h"
#include "learn/learn.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "wire/pb.h"

#include <math.h>
#include <signal.h>
#include <unistd.h>

struct side *world;
struct carry world_carry;
const struct gx_point CENTRE = {102.66, 25.03};
const struct gx_actor SYSTEM = {
    .roles = GX_ROLE_SYSTEM, .subject = "matcher", .org = "", .responder_id = "", .lang = "en"};

struct gx_actor actor_desk(const char *org)
{
    return (struct gx_actor){
        .roles = GX_ROLE_DESK, .subject = org, .org = id_of(org), .responder_id = "", .lang = "en"};
}

struct gx_actor actor_device(const char *org, const char *responder)
{
    return (struct gx_actor){.roles = GX_ROLE_RESPONDER,
                             .subject = responder,
                             .org = id_of(org),
                             .responder_id = id_of(responder),
                             .lang = "en"};
}

struct gx_actor actor_duty(const int32_t *area)
{
    return (struct gx_actor){.roles = GX_ROLE_DUTY,
                             .subject = "duty",
                             .org = "",
                             .responder_id = "",
                             .areas = area,
                             .area_count = 1,
                             .lang = "en"};
}

const char *id_of(const char *name)
{
    static char ids[4096][GX_ID_SIZE];
    static char names[4096][32];
    static size_t count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return ids[i];
        }
    }
    assert_true(count < 4096);
    (void)snprintf(names[count], sizeof names[count], "%s", name);
    return gx_id_from_name(name, ids[count++]);
}

/* ---- sides ---- */

/* gx_migrate() wants one folder a component. */
static void migrate(const char *admin)
{
    char root[] = "/tmp/genxi-matcher-XXXXXX";
    char path[4096];
    char here[2048];
    struct gx_ctx ctx;
    struct gx_pg *pg = NULL;
    int applied = 0;
    static const char *const COMPONENTS[][2] = {{"store", "common/store/schema"},
                                                {"matcher", "services/matcher/schema"}};
    assert_non_null(mkdtemp(root));
    assert_non_null(getcwd(here, sizeof here));
    for (size_t i = 0; i < 2; i++) {
        char target[4096];
        (void)snprintf(target, sizeof target, "%s/%s", here, COMPONENTS[i][1]);
        (void)snprintf(path, sizeof path, "%s/%s", root, COMPONENTS[i][0]);
        assert_int_equal(symlink(target, path), 0);
    }
    gx_ctx_init(&ctx, 1 << 24);
    assert_int_equal(gx_pg_open(admin, "test", &pg), GX_OK);
    assert_int_equal(gx_migrate(pg, &ctx, root, &applied), GX_OK);
    assert_true(applied >= 3);
    gx_pg_free(pg);
    gx_ctx_done(&ctx);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, COMPONENTS[i][0]);
        (void)unlink(path);
    }
    (void)rmdir(root);
}

struct side *side_new(void)
{
    char conninfo[2048];
    const struct gx_common_settings common = {.district = 53011200, .redis = getenv("GX_REDIS")};
    struct side *side = calloc(1, sizeof *side);
    void *self = NULL;
    assert_non_null(side);
    /* Policies bind the service's role, not the superuser who migrates. */
    (void)snprintf(conninfo, sizeof conninfo, "%s options='-c role=genxi_matcher'",
                   getenv("GX_PG"));
    assert_int_equal(gx_pg_open(conninfo, "test", &side->pg), GX_OK);
    side->store = gx_store_new("matcher", "matcher");
    side->tx = gx_tx_new(side->pg, side->store);
    gx_ctx_init(&side->ctx, 1 << 25);
    assert_int_equal(matcher_thread_start(&common, &self), GX_OK);
    side->self = self;
    return side;
}

void side_free(struct side *side)
{
    if (side != NULL) {
        matcher_thread_stop(side->self);
        gx_tx_end(side->tx);
        gx_tx_free(side->tx);
        gx_store_free(side->store);
        gx_pg_free(side->pg);
        gx_ctx_done(&side->ctx);
        free(side);
    }
}

static enum gx_rc run_here(void *via, struct gx_ctx *ctx,
                           enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg)
{
    (void)ctx;
    return side_run(via, &SYSTEM, fn, arg);
}

static void default_settings(void)
{
    char *argv[] = {gx_pb_text("genxi-matcher"), NULL};
    const struct gx_settings_table table = {MATCHER_SETTING_ROWS, MATCHER_SETTING_COUNT,
                                            &MATCHER_SETTINGS, "matcher"};
    assert_int_equal(gx_settings_load(&table, 1, 1, argv), 0);
    /* Here people come nearly always when they are asked, at once, and that is known: one offer a place is enough, two for the highest
     * grades, which want to be surer. The tests count. */
    const double target[] = {0.99, 0.99, 0.6, 0.6};
    memcpy(MATCHER_SETTINGS.target, target, sizeof target);
    MATCHER_SETTINGS.odds_accept = 0.95;
    MATCHER_SETTINGS.odds_decline = 0.04;
    MATCHER_SETTINGS.odds_answer_seconds = 1.0;
}

int world_setup(void **state)
{
    (void)state;
    if (getenv("GX_PG") == NULL || getenv("GX_REDIS") == NULL) {
        (void)fprintf(stderr, "GX_PG and GX_REDIS are not set: see tests/store/matcher/run\n");
        return -1;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    gx_log_init("test", GX_WARN);
    default_settings();
    migrate(getenv("GX_PG"));
    const struct gx_common_settings common = {.district = 53011200, .redis = getenv("GX_REDIS")};
    world = side_new();
    world_carry = (struct carry){.live = world->self->live, .run = run_here, .via = world};
    assert_int_equal(matcher_index_open(&common, &world_carry.index), GX_OK);
    return 0;
}

void world_learn(void)
{
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 22);
    assert_int_equal(learn_turn(run_here, world, &ctx), GX_OK);
    gx_ctx_done(&ctx);
}

void world_carry_out(void)
{
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 22);
    world->pictured = world->messages = 0;
    carry_out(&world_carry, &ctx);
    carry_look(&world_carry, &ctx);
    flush_write(world->self->live, run_here, world, &ctx);
    gx_ctx_done(&ctx);
}

int world_teardown(void **state)
{
    (void)state;
    index_free(world_carry.index);
    side_free(world);
    world = NULL;
    return 0;
}

static void note_picture(struct side *side)
{
    size_t count = 0;
    Genxi__Event **passing = gx_tx_passing(side->tx, &count);
    for (size_t i = 0; i < count; i++) {
        Genxi__PositionsMoved *moved =
            genxi__positions_moved__unpack(NULL, passing[i]->body.len, passing[i]->body.data);
        assert_non_null(moved);
        assert_true(moved->n_orgs == moved->n_positions && moved->n_forces == moved->n_positions);
        side->pictured += moved->n_positions;
        side->messages++;
        genxi__positions_moved__free_unpacked(moved, NULL);
    }
}

/* As the chassis: what may be repeated is repeated. */
enum gx_rc side_run(struct side *side, const struct gx_actor *actor, world_fn *fn, void *arg)
{
    const struct gx_tx_plan plan = {.read_only = false};
    enum gx_rc rc = GX_INTERNAL;
    for (int i = 0; i < 5; i++) {
        gx_tx_end(side->tx);
        gx_ctx_reset(&side->ctx);
        side->ctx.actor = *actor;
        side->ctx.deadline_ms = gx_clock_wall_ms() + 20000;
        (void)gx_trace_new(side->ctx.traceparent);
        gx_tx_begin(side->tx, &side->ctx, &plan);
        rc = fn(arg, &side->ctx);
        rc = rc == GX_OK ? gx_tx_commit(side->tx, (struct gx_view){NULL, 0}) : rc;
        if (rc == GX_OK || !gx_tx_again(side->tx)) {
            break;
        }
        gx_tx_abort(side->tx);
    }
    side->event_count = 0;
    if (rc != GX_OK) {
        gx_tx_abort(side->tx);
        return rc;
    }
    side->events = gx_tx_events(side->tx, &side->event_count);
    note_picture(side);
    matcher_committed(side->self, (const Genxi__Event *const *)side->events, side->event_count);
    for (size_t i = 0; i < side->event_count; i++) {
        side->emitted[side->events[i]->type]++;
    }
    return rc;
}

struct command_work {
    struct side *side;
    const struct gx_command_row *row;
    const void *request;
    ProtobufCMessage *reply;
};

static enum gx_rc command_fn(void *arg, struct gx_ctx *ctx)
{
    const struct command_work *work = arg;
    const ProtobufCMessageDescriptor *type = work->reply->descriptor;
    type->message_init(work->reply);
    return work->row->handle(work->side->self, ctx, work->request, work->reply);
}

enum gx_rc side_command(struct side *side, const struct gx_actor *actor, uint32_t number,
                        const void *request, ProtobufCMessage *reply)
{
    for (size_t i = 0; i < MATCHER_COMMAND_COUNT; i++) {
        if (MATCHER_COMMANDS[i].number == number) {
            struct command_work work = {side, &MATCHER_COMMANDS[i], request, reply};
            bool may = gx_actor_has(actor, MATCHER_COMMANDS[i].roles);
            return may ? side_run(side, actor, command_fn, &work) : GX_DENIED;
        }
    }
    fail_msg("no such command: %u", number);
    return GX_INTERNAL;
}

struct event_work {
    struct side *side;
    const struct gx_event_row *row;
    const void *payload;
};

static enum gx_rc event_fn(void *arg, struct gx_ctx *ctx)
{
    const struct event_work *work = arg;
    Genxi__Event event = GENXI__EVENT__INIT;
    event.at = gx_clock_wall_ms();
    event.area = AREA;
    return work->row->handle(work->side->self, ctx, &event, work->payload);
}

enum gx_rc side_event(struct side *side, uint32_t number, const void *payload)
{
    for (size_t i = 0; i < MATCHER_EVENT_COUNT; i++) {
        if (MATCHER_EVENTS[i].number == number) {
            struct event_work work = {side, &MATCHER_EVENTS[i], payload};
            return side_run(side, &SYSTEM, event_fn, &work);
        }
    }
    fail_msg("no such event: %u", number);
    return GX_INTERNAL;
}

const char *side_problem(const struct side *side)
{
    return side->ctx.fault_count == 0 ? "" : gx_problem_row(side->ctx.faults[0].problem)->slug;
}

struct timer_work {
    struct side *side;
    const char *kind;
    bool found;
    bool ran;
};

static enum gx_rc timer_fn(void *arg, struct gx_ctx *ctx)
{
    struct timer_work *work = arg;
    struct gx_timer timer;
    int tries = 0;
    work->ran = false;
    enum gx_rc rc = gx_timer_take(ctx, &work->found, &timer, &tries);
    for (size_t i = 0; i < MATCHER_TIMER_COUNT && rc == GX_OK && work->found; i++) {
        if (strcmp(MATCHER_TIMERS[i].kind, timer.kind) == 0) {
            work->ran = work->kind == NULL || strcmp(work->kind, timer.kind) == 0;
            return work->ran ? MATCHER_TIMERS[i].handle(work->side->self, ctx, &timer) : GX_OK;
        }
    }
    return rc;
}

int side_timers(struct side *side, const char *kind)
{
    return side_timers_some(side, kind, 1000000);
}

int side_timers_some(struct side *side, const char *kind, int most)
{
    struct timer_work work = {side, kind, true, false};
    int count = 0;
    (void)usleep(2000);
    while (work.found && count < most) {
        assert_int_equal(side_run(side, &SYSTEM, timer_fn, &work), GX_OK);
        count += work.ran ? 1 : 0;
    }
    return count;
}

size_t side_emitted(struct side *side, uint32_t number)
{
    size_t count = side->emitted[number];
    side->emitted[number] = 0;
    return count;
}

/* ---- statements of a test's own ---- */

struct sql_work {
    struct gx_pg_stmt stmt;
    const char *value;
    int64_t result;
};

static enum gx_rc sql_fn(void *arg, struct gx_ctx *ctx)
{
    struct sql_work *work = arg;
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(work->value)};
    enum gx_rc rc = gx_sql(ctx, &work->stmt, params, work->stmt.shape == GX_PG_NONE ? NULL : &rows);
    if (rc == GX_OK && work->stmt.shape == GX_PG_ONE_ROW) {
        work->result = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

static int64_t sql(const char *text, const char *value, enum gx_pg_shape shape)
{
    /* A statement is known by its address: these live as long as the connection. */
    static struct sql_work works[64];
    static char names[64][32];
    static size_t count;
    size_t i = 0;
    while (i < count && strcmp(works[i].stmt.sql, text) != 0) {
        i++;
    }
    if (i == count) {
        assert_true(count < 64);
        (void)snprintf(names[i], sizeof names[i], "test_%zu", i);
        works[i].stmt = (struct gx_pg_stmt){names[i], text, value == NULL ? 0 : 1, shape, true};
        count++;
    }
    works[i].value = value;
    assert_int_equal(side_run(world, &SYSTEM, sql_fn, &works[i]), GX_OK);
    return works[i].result;
}

int64_t world_number(const char *text, const char *value)
{
    return sql(text, value, GX_PG_ONE_ROW);
}

void world_do(const char *text, const char *value)
{
    (void)sql(text, value, GX_PG_NONE);
}

void world_due(const char *kind)
{
    world_do("UPDATE matcher.timer SET try_at = 1, due_at = least(due_at, genxi.now_ms()) WHERE "
             "kind = $1",
             kind);
    world_do("UPDATE matcher.offer SET expires_at = made_at WHERE $1 = 'offer' AND state = 1",
             kind);
}

/* Who belongs where, since the town was last emptied. */
static struct named {
    char name[32];
    char org[32];
} townsmen[1024];
static size_t townsman_count;

void world_empty(void)
{
    static const char *const TABLES[] = {
        "DELETE FROM matcher.assignment",
        "DELETE FROM matcher.offer",
        "DELETE FROM matcher.hold",
        "DELETE FROM matcher.rest",
        "DELETE FROM matcher.slot",
        "DELETE FROM matcher.incident",
        "DELETE FROM matcher.reason",
        "DELETE FROM matcher.rung",
        "DELETE FROM matcher.position",
        "DELETE FROM matcher.track",
        "DELETE FROM matcher.shift",
        "DELETE FROM matcher.responder",
        "DELETE FROM matcher.partner",
        "DELETE FROM matcher.site",
        "DELETE FROM matcher.timer",
        "DELETE FROM matcher.site_need",
        "DELETE FROM matcher.gap",
        "DELETE FROM matcher.move",
        "DELETE FROM matcher.station",
        "UPDATE matcher.coverage_turn SET now_at = 0, ahead_at = 0",
        "DELETE FROM matcher.odds",
        "UPDATE matcher.odds_turn SET ended_at = 0",
    };
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
        world_do(TABLES[i], NULL);
    }
    /* What memory and Redis know of the persons before goes with them. */
    live_clear(world->self->live);
    live_set_filled(world->self->live);
    size_t cursor = 0;
    do {
        (void)index_sweep(world_carry.index, &cursor, INT64_MAX, NULL, NULL);
    } while (cursor != 0);
    townsman_count = 0;
    memset(world->emitted, 0, sizeof world->emitted);
}

/* ---- the town ---- */

static struct gx_point point_at(double east_m, double north_m)
{
    double metre = 1.0 / 111194.9;
    return (struct gx_point){CENTRE.lon + east_m * metre / cos(CENTRE.lat * 0.017453292519943),
                             CENTRE.lat + north_m * metre};
}

void add_org(const char *name)
{
    int32_t areas[] = {AREA};
    Genxi__Agreement agreement = GENXI__AGREEMENT__INIT;
    agreement.signed_at = 1;
    agreement.n_contract_areas = 1;
    agreement.contract_areas = areas;
    Genxi__Partner partner = GENXI__PARTNER__INIT;
    partner.id = gx_pb_text(id_of(name));
    partner.name = gx_pb_text(name);
    partner.kind = GENXI__ORG_KIND__ORG_KIND_SECURITY;
    partner.area = AREA;
    partner.state = GENXI__ORG_STATE__ORG_STATE_ACTIVE;
    partner.agreement = &agreement;
    Genxi__PartnerChanged changed = GENXI__PARTNER_CHANGED__INIT;
    changed.partner = &partner;
    assert_int_equal(side_event(world, GX_E_partner_changed, &changed), GX_OK);
}

static void add_shift(const char *name, Genxi__ShiftState state)
{
    char shift[48];
    (void)snprintf(shift, sizeof shift, "shift of %s", name);
    Genxi__Shift message = GENXI__SHIFT__INIT;
    message.id = gx_pb_text(id_of(shift));
    message.responder_id = gx_pb_text(id_of(name));
    message.area = AREA;
    message.from_at = 1;
    message.until_at = 2;
    message.state = state;
    Genxi__ShiftChanged changed = GENXI__SHIFT_CHANGED__INIT;
    changed.shift = &message;
    assert_int_equal(side_event(world, GX_E_shift_changed, &changed), GX_OK);
}

/* As himself: whoever answers does so for his own organisation. */
static struct gx_actor himself(const char *name)
{
    for (size_t i = 0; i < townsman_count; i++) {
        if (strcmp(townsmen[i].name, name) == 0) {
            return actor_device(townsmen[i].org, name);
        }
    }
    return actor_device("x", name);
}

static void remember_org(const struct townsman *man)
{
    for (size_t i = 0; i < townsman_count; i++) {
        if (strcmp(townsmen[i].name, man->name) == 0) {
            return;
        }
    }
    assert_true(townsman_count < sizeof townsmen / sizeof townsmen[0]);
    struct named *named = &townsmen[townsman_count++];
    (void)snprintf(named->name, sizeof named->name, "%s", man->name);
    (void)snprintf(named->org, sizeof named->org, "%s", man->org);
}

void add_person(const struct townsman *man)
{
    remember_org(man);
    Genxi__Responder person = GENXI__RESPONDER__INIT;
    person.id = gx_pb_text(id_of(man->name));
    person.org_id = gx_pb_text(id_of(man->org));
    person.area = AREA;
    person.force = man->force;
    person.has_guard_kind = man->force == GENXI__FORCE__FORCE_GUARD;
    person.guard_kind = GENXI__GUARD_KIND__GUARD_KIND_LICENSED;
    person.call_sign = gx_pb_text(man->name);
    person.has_insured_until_at = true;
    person.insured_until_at = INT64_MAX;
    person.has_crew = man->crew != 0;
    person.crew = man->crew == 0 ? 1 : man->crew;
    Genxi__ResponderChanged changed = GENXI__RESPONDER_CHANGED__INIT;
    changed.responder = &person;
    assert_int_equal(side_event(world, GX_E_responder_changed, &changed), GX_OK);
    add_shift(man->name, man->off_shift ? GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED
                                        : GENXI__SHIFT_STATE__SHIFT_STATE_OPEN);
    if (!man->no_fix && !man->off_shift) {
        static int64_t last; /* who is told of twice within a millisecond has moved meanwhile */
        int64_t now = gx_clock_wall_ms();
        last = now > last ? now : last + 1;
        assert_string_equal(tell_fix(man, last), "");
    }
}

const char *tell_fix(const struct townsman *man, int64_t at)
{
    struct gx_point place = point_at(man->east_m, man->north_m);
    Genxi__Position position = GENXI__POSITION__INIT;
    position.responder_id = gx_pb_text(id_of(man->name));
    position.lon = place.lon;
    position.lat = place.lat;
    position.at = at;
    Genxi__Position *positions[] = {&position};
    Genxi__PositionBatch batch = GENXI__POSITION_BATCH__INIT;
    batch.n_positions = 1;
    batch.positions = positions;
    Genxi__PositionsTaken taken = GENXI__POSITIONS_TAKEN__INIT;
    struct gx_actor actor = actor_desk(man->org);
    assert_int_equal(side_command(world, &actor, GX_C_position_batch, &batch, &taken.base), GX_OK);
    assert_int_equal(taken.taken + taken.n_refused, 1);
    return taken.n_refused == 0 ? "" : taken.refused[0]->problem;
}

/* ---- incidents ---- */

struct story {
    Genxi__Incident incident;
    Genxi__IncidentTimes times;
    Genxi__Playbook playbook;
    Genxi__Slot slots[4];
    Genxi__Slot *slot_pointers[4];
    Genxi__Rung rungs[2];
    Genxi__Rung *rung_pointers[2];
    Genxi__TaskCard card;
    Genxi__TaskCard *card_pointers[1];
    Genxi__Force police;
    char *responding[4];
    size_t responding_count;
    char *never[1];
};

static void tell_slots(struct story *story, const struct affair *affair)
{
    static const char *const CODES[] = {"", "police", "guards", "patrols", "volunteers"};
    for (size_t i = 0; i < 4 && affair->wanted[i].count > 0; i++) {
        genxi__slot__init(&story->slots[i]);
        story->slots[i].code = gx_pb_text(CODES[affair->wanted[i].force]);
        story->slots[i].force = affair->wanted[i].force;
        story->slots[i].count = affair->wanted[i].count;
        story->slots[i].within_minutes = 5;
        story->slot_pointers[i] = &story->slots[i];
        story->playbook.n_slots = i + 1;
    }
    story->playbook.slots = story->slot_pointers;
}

static void tell_ladder(struct story *story)
{
    static const char *const STOPS[] = {"first_on_scene", "first_police"};
    static const char *const STEPS[] = {"widen", "call_police"};
    for (size_t i = 0; i < 2; i++) {
        genxi__rung__init(&story->rungs[i]);
        story->rungs[i].minute = i == 0 ? 1 : 5;
        story->rungs[i].clock_start = gx_pb_text(i == 0 ? "dispatched" : "reported");
        story->rungs[i].clock_stop = gx_pb_text(STOPS[i]);
        story->rungs[i].step_up = gx_pb_text(STEPS[i]);
        story->rung_pointers[i] = &story->rungs[i];
    }
    story->playbook.n_rungs = 2;
    story->playbook.rungs = story->rung_pointers;
}

static void tell(struct story *story, const struct affair *affair)
{
    struct gx_point place = point_at(affair->east_m, 0);
    memset(story, 0, sizeof *story);
    genxi__incident_times__init(&story->times);
    story->times.has_reported_at = true;
    story->times.reported_at = gx_clock_wall_ms();
    genxi__incident__init(&story->incident);
    story->incident.id = gx_pb_text(id_of(affair->name));
    story->incident.number = gx_pb_text("530112-20261124-000001");
    story->incident.area = AREA;
    story->incident.state = GENXI__INCIDENT_STATE__INCIDENT_STATE_REPORTED;
    story->incident.type = story->incident.initial_type =
        gx_pb_text(affair->violent ? "fight" : "dispute");
    story->incident.grade = story->incident.initial_grade = affair->grade == 0 ? 3 : affair->grade;
    story->incident.lon = story->incident.initial_lon = place.lon;
    story->incident.lat = story->incident.initial_lat = place.lat;
    story->incident.times = &story->times;
    story->incident.exercise = affair->exercise;
    story->incident.version = 1;
    story->incident.reporter_org_id =
        affair->reporter_org == NULL ? NULL : gx_pb_text(id_of(affair->reporter_org));
    genxi__task_card__init(&story->card);
    story->card.force = GENXI__FORCE__FORCE_GUARD;
    story->never[0] = gx_pb_text("detain, search or question");
    story->card.n_never_en = 1;
    story->card.never_en = story->never;
    story->card_pointers[0] = &story->card;
    genxi__playbook__init(&story->playbook);
    story->playbook.code = story->incident.type;
    story->playbook.name_zh = story->playbook.name_en = gx_pb_text("test");
    story->playbook.grade = story->incident.grade;
    story->playbook.violent = affair->violent;
    story->playbook.n_cards = 1;
    story->playbook.cards = story->card_pointers;
    tell_slots(story, affair);
    tell_ladder(story);
    for (size_t i = 0; i < 4 && affair->responding[i] != NULL; i++) {
        story->responding[story->responding_count++] = gx_pb_text(id_of(affair->responding[i]));
    }
}

enum gx_rc open_affair(struct side *side, const struct affair *affair)
{
    struct story story;
    tell(&story, affair);
    Genxi__IncidentOpened opened = GENXI__INCIDENT_OPENED__INIT;
    opened.incident = &story.incident;
    opened.playbook = &story.playbook;
    opened.n_responding = story.responding_count;
    opened.responding = story.responding;
    return side_event(side, GX_E_incident_opened, &opened);
}

enum gx_rc change_affair(struct side *side, const struct affair *affair, Genxi__IncidentState to,
                         uint32_t version)
{
    struct story story;
    tell(&story, affair);
    story.incident.state = to;
    story.incident.version = version;
    Genxi__IncidentChanged changed = GENXI__INCIDENT_CHANGED__INIT;
    changed.incident = &story.incident;
    changed.playbook = &story.playbook;
    changed.n_responding = story.responding_count;
    changed.responding = story.responding;
    return side_event(side, GX_E_incident_changed, &changed);
}

const Genxi__Offer *offer_of(const char *name)
{
    static Genxi__OfferList list;
    Genxi__OfferQuery query = GENXI__OFFER_QUERY__INIT;
    query.responder_id = gx_pb_text(id_of(name));
    query.has_open = true;
    query.open = true;
    struct gx_actor actor = himself(name);
    genxi__offer_list__init(&list);
    assert_int_equal(side_command(world, &actor, GX_C_offer_list, &query, &list.base), GX_OK);
    assert_true(list.n_items <= 1);
    return list.n_items == 0 ? NULL : list.items[0];
}

enum gx_rc accept_by(struct side *side, const char *name, Genxi__Assignment *ret_assignment)
{
    const Genxi__Offer *offer = offer_of(name);
    char id[GX_ID_SIZE];
    Genxi__Assignment assignment = GENXI__ASSIGNMENT__INIT;
    Genxi__OfferAccept accept = GENXI__OFFER_ACCEPT__INIT;
    struct gx_actor actor = himself(name);
    assert_non_null(offer);
    (void)snprintf(id, sizeof id, "%s", offer->id);
    accept.id = id;
    enum gx_rc rc = side_command(side, &actor, GX_C_offer_accept, &accept, &assignment.base);
    if (ret_assignment != NULL) {
        *ret_assignment = assignment;
    }
    return rc;
}

enum gx_rc decline_by(struct side *side, const char *name)
{
    const Genxi__Offer *offer = offer_of(name);
    char id[GX_ID_SIZE];
    Genxi__Offer declined = GENXI__OFFER__INIT;
    Genxi__OfferDecline decline = GENXI__OFFER_DECLINE__INIT;
    struct gx_actor actor = himself(name);
    assert_non_null(offer);
    (void)snprintf(id, sizeof id, "%s", offer->id);
    decline.id = id;
    return side_command(side, &actor, GX_C_offer_decline, &decline, &declined.base);
}

static const Genxi__Assignment *assignment_of(const char *name)
{
    static Genxi__AssignmentList list;
    Genxi__AssignmentQuery query = GENXI__ASSIGNMENT_QUERY__INIT;
    query.responder_id = gx_pb_text(id_of(name));
    genxi__assignment_list__init(&list);
    struct gx_actor actor = himself(name);
    assert_int_equal(side_command(world, &actor, GX_C_assignment_list, &query, &list.base), GX_OK);
    return list.n_items == 0 ? NULL : list.items[0];
}

int assignment_state(const char *name)
{
    const Genxi__Assignment *assignment = assignment_of(name);
    return assignment == NULL ? 0 : (int)assignment->state;
}

enum gx_rc status_by(const char *name, Genxi__AssignmentState state)
{
    const Genxi__Assignment *assignment = assignment_of(name);
    char id[GX_ID_SIZE];
    Genxi__AssignmentStatus status = GENXI__ASSIGNMENT_STATUS__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    struct gx_actor actor = himself(name);
    assert_non_null(assignment);
    (void)snprintf(id, sizeof id, "%s", assignment->id);
    status.id = id;
    status.state = state;
    return side_command(world, &actor, GX_C_assignment_status, &status, &out.base);
}

const char *verdict_on(const char *affair, const char *name)
{
    static const int32_t AREAS[] = {AREA};
    Genxi__Team team = GENXI__TEAM__INIT;
    Genxi__TeamGet get = GENXI__TEAM_GET__INIT;
    struct gx_actor actor = actor_duty(AREAS);
    get.id = gx_pb_text(id_of(affair));
    assert_int_equal(side_command(world, &actor, GX_C_team_get, &get, &team.base), GX_OK);
    for (size_t i = 0; i < team.n_reasons; i++) {
        if (strcmp(team.reasons[i]->responder_id, id_of(name)) == 0) {
            return team.reasons[i]->verdict;
        }
    }
    return "";
}

void check_invariants(void)
{
    /* Whoever holds an open offer or an active assignment is held by exactly that, and nobody else is held. */
    assert_int_equal(
        world_number(
            "SELECT count(*) FROM (SELECT responder_id, id FROM matcher.offer WHERE state = 1 "
            "AND preempts IS NULL UNION ALL SELECT responder_id, id FROM matcher.assignment WHERE "
            "state IN (1, 2, 3)) x "
            "FULL JOIN matcher.hold h ON h.responder_id = x.responder_id AND h.ref = x.id "
            "WHERE h.ref IS NULL OR x.id IS NULL",
            NULL),
        0);
    /* Whoever is asked away from a task has it still, is not there yet, and is asked for something more urgent. */
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.offer o LEFT JOIN matcher.assignment a "
                     "ON a.id = o.preempts AND a.responder_id = o.responder_id AND a.state IN (1, "
                     "2) LEFT JOIN matcher.incident i ON i.id = a.incident_id "
                     "JOIN matcher.incident n ON n.id = o.incident_id WHERE o.state = 1 AND "
                     "o.preempts IS NOT NULL AND (i.grade > n.grade) IS NOT TRUE",
                     NULL),
        0);
    assert_int_equal(
        world_number("SELECT count(*) FROM (SELECT responder_id FROM matcher.assignment "
                     "WHERE state IN (1, 2, 3) GROUP BY 1 HAVING count(*) > 1) x",
                     NULL),
        0);
    /* No slot is overfilled. */
    assert_int_equal(
        world_number(
            "SELECT count(*) FROM matcher.slot s WHERE s.count < (SELECT count(*) "
            "FROM matcher.assignment a WHERE a.incident_id = s.incident_id AND a.slot = s.code "
            "AND a.state IN (1, 2, 3, 4))",
            NULL),
        0);
    /* A place that nobody has taken is being asked for, or will be looked at again; nothing lies forgotten. */
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.slot s JOIN matcher.incident i ON i.id = "
                     "s.incident_id AND i.stage = 0 WHERE s.count > (SELECT count(*) FROM "
                     "matcher.assignment a WHERE a.incident_id = s.incident_id AND a.slot = s.code "
                     "AND a.state IN (1, 2, 3, 4)) AND NOT EXISTS (SELECT FROM matcher.timer t "
                     "WHERE t.kind = 'look' AND t.subject = s.incident_id)",
                     NULL),
        0);
    /* Nobody was asked beyond the bound of the rolling week. */
    assert_int_equal(
        world_number("SELECT count(*) FROM (SELECT FROM matcher.offer WHERE force = 4 GROUP BY "
                     "responder_id HAVING count(*) > 20) x",
                     NULL),
        0);
    /* No volunteer is on anything violent (the type stands for it here). */
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.assignment a JOIN matcher.incident i "
                     "ON i.id = a.incident_id WHERE a.force = 4 AND i.type = 'fight' "
                     "AND a.state IN (1, 2, 3)",
                     NULL),
        0);
}
