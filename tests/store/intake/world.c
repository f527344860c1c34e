/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "wire/pb.h"

#include <unistd.h>

struct desk here;
static struct gx_chassis chassis;
static struct gx_common_settings common = {.arena_bytes = 1 << 24, .district = 53011200};
static char conninfo[2048];
static struct gx_pg *admin;
static struct gx_ctx admin_ctx;

static const int32_t AREAS[] = {AREA};
static const int32_t NEXT_AREAS[] = {NEXT_AREA};
#define ACTOR(name, mask, sub, organisation, device, list, count)                                  \
    const struct gx_actor name = {.roles = (mask),                                                 \
                                  .subject = (sub),                                                \
                                  .org = (organisation),                                           \
                                  .responder_id = (device),                                        \
                                  .areas = (list),                                                 \
                                  .area_count = (count),                                           \
                                  .lang = "en"}
ACTOR(DUTY, GX_ROLE_DUTY, "duty", "", "", AREAS, 1);
ACTOR(DUTY_NEXT, GX_ROLE_DUTY, "duty-next", "", "", NEXT_AREAS, 1);
ACTOR(POLICE, (uint32_t)GX_ROLE_POLICE | (uint32_t)GX_ROLE_RESPONDER, "officer", "", OFFICER, NULL,
      0);
ACTOR(DESK_PROPERTY, GX_ROLE_DESK, "property", PROPERTY, "", NULL, 0);
ACTOR(DESK_SECURITY, GX_ROLE_DESK, "security", SECURITY, "", NULL, 0);
ACTOR(DESK_FIRE, GX_ROLE_LINKED, "fire", FIRE, "", NULL, 0);
ACTOR(DEVICE_1, GX_ROLE_RESPONDER, "guard-1", PROPERTY, GUARD_1, NULL, 0);
ACTOR(DEVICE_2, GX_ROLE_RESPONDER, "guard-2", SECURITY, GUARD_2, NULL, 0);
ACTOR(DRILL, (uint32_t)GX_ROLE_DRILL | (uint32_t)GX_ROLE_DESK, "drill", PROPERTY, "", NULL, 0);

/* gx_migrate() wants one folder a component. */
static void migrate(const char *conn)
{
    static const char *const COMPONENTS[][2] = {{"store", "common/store/schema"},
                                                {"intake", "services/intake/schema"}};
    char root[] = "/tmp/genxi-intake-XXXXXX";
    char working[1024];
    char path[2][1200];
    int applied = 0;
    assert_non_null(mkdtemp(root));
    assert_non_null(getcwd(working, sizeof working));
    for (size_t i = 0; i < 2; i++) {
        char target[2048];
        (void)snprintf(target, sizeof target, "%s/%s", working, COMPONENTS[i][1]);
        (void)snprintf(path[i], sizeof path[i], "%s/%s", root, COMPONENTS[i][0]);
        assert_int_equal(symlink(target, path[i]), 0);
    }
    gx_ctx_init(&admin_ctx, 1 << 26);
    assert_int_equal(gx_pg_open(conn, "test", &admin), GX_OK);
    assert_int_equal(gx_migrate(admin, &admin_ctx, root, &applied), GX_OK);
    assert_true(applied >= 4);
    (void)unlink(path[0]);
    (void)unlink(path[1]);
    (void)rmdir(root);
}

void desk_open(struct desk *desk)
{
    *desk = (struct desk){.runner = {.chassis = &chassis}};
    genxi__reply__init(&desk->reply);
    assert_int_equal(gx_pg_open(conninfo, "intake", &desk->runner.pg), GX_OK);
    desk->runner.tx = gx_tx_new(desk->runner.pg, chassis.store);
    gx_ctx_init(&desk->runner.ctx, (size_t)common.arena_bytes);
    assert_int_equal(INTAKE.thread_start(&common, &desk->runner.self), GX_OK);
}

void desk_close(struct desk *desk)
{
    INTAKE.thread_stop(desk->runner.self);
    gx_tx_free(desk->runner.tx);
    gx_pg_free(desk->runner.pg);
    gx_ctx_done(&desk->runner.ctx);
}

/* --- the registry, as readiness tells it --- */

static void make_station(int32_t area, double west)
{
    double ring[] = {west, 25.00, west + 0.05, 25.00, west + 0.05, 25.05, west, 25.05};
    Genxi__Station station = GENXI__STATION__INIT;
    Genxi__StationChanged changed = GENXI__STATION_CHANGED__INIT;
    station.area = area;
    station.org_id = gx_pb_text(ID("0f"));
    station.name = gx_pb_text("站");
    station.lon = west + 0.025;
    station.lat = 25.025;
    station.ring = ring;
    station.n_ring = 8;
    changed.station = &station;
    follow(GX_E_station_changed, NULL, &changed);
}

static void make_partner(const char *id, Genxi__OrgKind kind)
{
    Genxi__Partner partner = GENXI__PARTNER__INIT;
    Genxi__PartnerChanged changed = GENXI__PARTNER_CHANGED__INIT;
    partner.id = gx_pb_text(id);
    partner.name = gx_pb_text("x");
    partner.kind = kind;
    partner.area = AREA;
    partner.state = GENXI__ORG_STATE__ORG_STATE_ACTIVE;
    changed.partner = &partner;
    follow(GX_E_partner_changed, NULL, &changed);
}

static void make_responder(const char *id, const char *org, Genxi__Force force)
{
    Genxi__Responder responder = GENXI__RESPONDER__INIT;
    Genxi__ResponderChanged changed = GENXI__RESPONDER_CHANGED__INIT;
    responder.id = gx_pb_text(id);
    responder.org_id = gx_pb_text(org);
    responder.area = AREA;
    responder.force = force;
    responder.call_sign = gx_pb_text("x");
    changed.responder = &responder;
    follow(GX_E_responder_changed, NULL, &changed);
}

static void make_registry(void)
{
    make_station(AREA, 102.60);
    make_station(NEXT_AREA, 102.65);
    make_partner(PROPERTY, GENXI__ORG_KIND__ORG_KIND_PROPERTY);
    make_partner(SECURITY, GENXI__ORG_KIND__ORG_KIND_SECURITY);
    make_partner(FIRE, GENXI__ORG_KIND__ORG_KIND_FIRE);
    make_partner(AMBULANCE, GENXI__ORG_KIND__ORG_KIND_AMBULANCE);
    make_partner(STREET, GENXI__ORG_KIND__ORG_KIND_SUBDISTRICT);
    make_responder(GUARD_1, PROPERTY, GENXI__FORCE__FORCE_GUARD);
    make_responder(GUARD_2, SECURITY, GENXI__FORCE__FORCE_GUARD);
    make_responder(OFFICER, ID("0f"), GENXI__FORCE__FORCE_POLICE);
    Genxi__Site site = GENXI__SITE__INIT;
    Genxi__SiteChanged changed = GENXI__SITE_CHANGED__INIT;
    site.id = gx_pb_text(SITE);
    site.partner_id = gx_pb_text(PROPERTY);
    site.area = AREA;
    site.name = gx_pb_text("x");
    site.kind = gx_pb_text("estate");
    site.lon = 102.601;
    site.lat = 25.049;
    changed.site = &site;
    follow(GX_E_site_changed, NULL, &changed);
}

int world_setup(void **state)
{
    (void)state;
    const char *conn = getenv("GX_PG");
    if (conn == NULL) {
        (void)fprintf(stderr, "GX_PG is not set: see tests/store/intake/run\n");
        return -1;
    }
    gx_log_init("test", GX_ERROR);
    migrate(conn);
    /* Policies bind the service's role, not the superuser who migrates. */
    (void)snprintf(conninfo, sizeof conninfo, "%s options='-c role=genxi_intake'", conn);
    INTAKE_SETTINGS = (struct intake_settings){60000, 600000, 5};
    gx_chassis_init(&chassis, &INTAKE, &common);
    desk_open(&here);
    make_registry();
    return 0;
}

int world_teardown(void **state)
{
    (void)state;
    if (here.runner.pg != NULL) {
        desk_close(&here);
        gx_chassis_done(&chassis);
    }
    gx_pg_free(admin);
    gx_ctx_done(&admin_ctx);
    return 0;
}

/* --- commands and events --- */

void *ask(struct desk *desk, const struct gx_actor *actor, uint32_t number, const void *request,
          const char *key)
{
    const struct gx_command_type *type = gx_command_by_number(number);
    assert_non_null(type);
    struct gx_ctx mine;
    struct gx_view body = {NULL, 0};
    char id[GX_ID_SIZE];
    gx_ctx_init(&mine, 1 << 22);
    assert_int_equal(gx_pb_pack(&mine, request, &body), GX_OK);
    Genxi__Command command = GENXI__COMMAND__INIT;
    command.id = gx_id_new(id);
    command.type = number;
    command.deadline_at = gx_clock_wall_ms() + 10000;
    command.actor = gx_actor_to_pb(&mine, actor);
    command.idempotency_key = key == NULL ? NULL : gx_pb_text(key);
    command.body = gx_pb_bytes(body);
    gx_serve(&desk->runner, &command, &desk->reply);
    gx_ctx_done(&mine);
    if (desk->reply.rc != GX_OK) {
        return NULL;
    }
    ProtobufCMessage *reply = NULL;
    struct gx_view packed = {desk->reply.body.data, desk->reply.body.len};
    assert_int_equal(gx_pb_unpack(&desk->runner.ctx, type->reply, packed, &reply), GX_OK);
    return reply;
}

enum gx_problem problem(const struct desk *desk)
{
    return desk->reply.n_faults == 0 ? GX_P_NONE : gx_problem_find(desk->reply.faults[0]->problem);
}

const char *problem_pointer(const struct desk *desk)
{
    return desk->reply.n_faults == 0 || desk->reply.faults[0]->pointer == NULL
               ? ""
               : desk->reply.faults[0]->pointer;
}

const char *problem_value(const struct desk *desk)
{
    return desk->reply.n_faults == 0 || desk->reply.faults[0]->value == NULL
               ? ""
               : desk->reply.faults[0]->value;
}

static enum gx_rc hand_over(const Genxi__Event *event, const void *payload)
{
    for (size_t i = 0; i < INTAKE.event_count; i++) {
        if (INTAKE.events[i].number == event->type) {
            return INTAKE.events[i].handle(here.runner.self, &here.runner.ctx, event, payload);
        }
    }
    fail_msg("event %u is not followed", event->type);
    return GX_INTERNAL;
}

void follow(uint32_t type, const char *event_id, const void *payload)
{
    const struct gx_tx_plan plan = {.read_only = false};
    struct gx_ctx *ctx = &here.runner.ctx;
    char id[GX_ID_SIZE];
    Genxi__Event event = GENXI__EVENT__INIT;
    event.id = event_id == NULL ? gx_id_new(id) : gx_pb_text(event_id);
    event.area = AREA;
    event.type = type;
    event.at = gx_clock_wall_ms();
    gx_ctx_reset(ctx);
    gx_act_as_system(ctx, "intake", NULL);
    ctx->deadline_ms = event.at + 10000;
    gx_tx_begin(here.runner.tx, ctx, &plan);
    enum gx_rc rc = hand_over(&event, payload);
    rc = rc == GX_OK ? gx_tx_commit(here.runner.tx, (struct gx_view){NULL, 0}) : rc;
    if (rc != GX_OK) {
        gx_tx_abort(here.runner.tx);
        fail_msg("event %u: %s %s", type, gx_rc_name(rc),
                 ctx->fault_count == 0 ? "" : ctx->faults[0].value);
    }
    gx_tx_end(here.runner.tx);
}

/* --- looking --- */

/* A statement's name stands for one text, and both live as long as the connection. */
static const char *name_of(const char *sql)
{
    static const char *texts[200];
    static char names[200][16];
    size_t i = 0;
    while (i < 200 && texts[i] != NULL && strcmp(texts[i], sql) != 0) {
        i++;
    }
    assert_true(i < 200);
    texts[i] = sql;
    (void)snprintf(names[i], sizeof names[i], "look_%zu", i);
    return names[i];
}

int64_t number_of(const char *sql, const char *value)
{
    const char *name = name_of(sql);
    const struct gx_pg_stmt stmt = {name, sql, value == NULL ? 0 : 1, GX_PG_ONE_ROW, false};
    const struct gx_param params[] = {gx_text(value)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    gx_ctx_reset(&admin_ctx);
    enum gx_rc rc = gx_pg_run(admin, &admin_ctx, &stmt, params, &rows);
    assert_int_equal(rc, GX_OK);
    return gx_rows_int(rows, 0, 0);
}

void edit(const char *sql)
{
    gx_ctx_reset(&admin_ctx);
    assert_int_equal(gx_pg_script(admin, &admin_ctx, sql), GX_OK);
}

bool newest(uint32_t type, const char *subject, struct told *ret_told)
{
    static const char NEWEST[] =
        "SELECT audience, body FROM journal.event WHERE subject = $1 AND type = $2"
        " ORDER BY seq DESC LIMIT 1";
    const struct gx_pg_stmt stmt = {"newest", NEWEST, 2, GX_PG_MAYBE_ROW, false};
    gx_ctx_reset(&admin_ctx);
    const struct gx_param params[] = {gx_text(subject), gx_int(&admin_ctx, type)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    assert_int_equal(gx_pg_run(admin, &admin_ctx, &stmt, params, &rows), GX_OK);
    if (gx_rows_count(rows) == 0) {
        return false;
    }
    ProtobufCMessage *message = NULL;
    assert_int_equal(gx_pb_unpack(&admin_ctx, &genxi__audience__descriptor,
                                  gx_rows_bytes(&admin_ctx, rows, 0, 0), &message),
                     GX_OK);
    ret_told->audience = (Genxi__Audience *)message;
    assert_int_equal(gx_pb_unpack(&admin_ctx, gx_event_by_number(type)->payload,
                                  gx_rows_bytes(&admin_ctx, rows, 0, 1), &message),
                     GX_OK);
    ret_told->payload = message;
    return true;
}

/* --- reports --- */

static double base_lon;
static double base_lat;
static int places;

void fresh_place(void)
{
    /* Some 700 m apart, more than the radii used here, all within AREA. */
    base_lon = 102.604 + 0.007 * (places % 6);
    base_lat = 25.004 + 0.007 * (places / 6 % 6);
    places++;
    edit("UPDATE intake.incident SET state = 11 WHERE state <= 7");
}

Genxi__ReportCreate report_of(const char *type, double north_m)
{
    Genxi__ReportCreate report = GENXI__REPORT_CREATE__INIT;
    report.type = gx_pb_text(type);
    report.has_lon = report.has_lat = true;
    report.lon = base_lon;
    report.lat = base_lat + north_m / 111195.0;
    return report;
}

struct sent send_report(const struct gx_actor *actor, const Genxi__ReportCreate *report)
{
    struct sent sent = {.merged = false};
    const Genxi__ReportCreated *out = ask(&here, actor, GX_C_report_create, report, NULL);
    if (out == NULL) {
        fail_msg("report: %u at %s: %s", here.reply.rc, problem_pointer(&here),
                 problem_value(&here));
        return sent;
    }
    (void)snprintf(sent.report_id, sizeof sent.report_id, "%.36s", out->report_id);
    (void)snprintf(sent.incident_id, sizeof sent.incident_id, "%.36s", out->incident_id);
    (void)snprintf(sent.number, sizeof sent.number, "%.31s", out->number);
    sent.merged = out->merged;
    for (size_t i = 0; i < out->n_flags; i++) {
        if (i > 0) {
            (void)strncat(sent.flags, " ", sizeof sent.flags - strlen(sent.flags) - 1);
        }
        (void)strncat(sent.flags, out->flags[i], sizeof sent.flags - strlen(sent.flags) - 1);
    }
    return sent;
}

Genxi__IncidentView *view(const struct gx_actor *actor, const char *incident_id)
{
    Genxi__IncidentGet get = GENXI__INCIDENT_GET__INIT;
    get.id = gx_pb_text(incident_id);
    return ask(&here, actor, GX_C_incident_get, &get, NULL);
}
