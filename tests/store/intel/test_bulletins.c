/* SPDX-License-Identifier: Apache-2.0 */
/* Bulletins on a real PostgreSQL, under the service's own role. */
#include "town.h"

static const char TEXT[] = "近期盗窃电动车案件高发,请加强夜间巡逻";

static struct gx_actor drafter(void)
{
    return ground_actor(GX_ROLE_POLICE, "drafter", "", &TOWN_ONE);
}

static struct gx_actor approver(void)
{
    return ground_actor(GX_ROLE_APPROVER, "approver", "", &TOWN_ONE);
}

struct order {
    Genxi__BulletinDraft draft;
    Genxi__BulletinAudience audience;
    char *orgs[2];
    Genxi__OrgKind kinds[2];
    int32_t areas[2];
    char *roles[2];
};

static void make_order(struct order *order, Genxi__Mark mark, const char *org)
{
    memset(order, 0, sizeof *order);
    genxi__bulletin_draft__init(&order->draft);
    genxi__bulletin_audience__init(&order->audience);
    order->orgs[0] = gx_pb_text(org);
    order->audience.orgs = order->orgs;
    order->audience.n_orgs = org == NULL ? 0 : 1;
    order->audience.org_kinds = order->kinds;
    order->audience.areas = order->areas;
    order->audience.roles = order->roles;
    order->draft.mark = mark;
    order->draft.audience = &order->audience;
    order->draft.purpose = gx_pb_text("prevention");
    order->draft.expires_at = town_now() + 86400000;
    order->draft.title = gx_pb_text("夜间盗窃预警");
    order->draft.text = gx_pb_text(TEXT);
}

static enum gx_rc give_draft(struct order *order, char id[GX_ID_SIZE])
{
    struct gx_actor actor = drafter();
    Genxi__Bulletin reply;
    enum gx_rc rc = ground_command(g, &actor, GX_C_bulletin_draft, &order->draft, &reply);
    if (rc == GX_OK) {
        (void)snprintf(id, GX_ID_SIZE, "%s", reply.id);
    }
    return rc;
}

static enum gx_rc decide(const struct gx_actor *actor, const char *id, bool approve)
{
    Genxi__BulletinDecide decide = GENXI__BULLETIN_DECIDE__INIT;
    Genxi__Bulletin reply;
    decide.id = gx_pb_text(id);
    decide.approve = approve;
    decide.reason = gx_pb_text("checked");
    return ground_command(g, actor, GX_C_bulletin_decide, &decide, &reply);
}

static enum gx_rc recall(const struct gx_actor *actor, const char *id, const char *reason)
{
    Genxi__BulletinRecall recall = GENXI__BULLETIN_RECALL__INIT;
    Genxi__Bulletin reply;
    recall.id = gx_pb_text(id);
    recall.reason = gx_pb_text(reason);
    return ground_command(g, actor, GX_C_bulletin_recall, &recall, &reply);
}

static enum gx_rc get(const struct gx_actor *actor, const char *id, Genxi__Bulletin *reply)
{
    Genxi__BulletinGet get = GENXI__BULLETIN_GET__INIT;
    get.id = gx_pb_text(id);
    return ground_command(g, actor, GX_C_bulletin_get, &get, reply);
}

static enum gx_rc receipt(const struct gx_actor *actor, const char *id, const char *kind)
{
    Genxi__BulletinReceipt receipt = GENXI__BULLETIN_RECEIPT__INIT;
    Genxi__Empty reply;
    receipt.id = gx_pb_text(id);
    receipt.kind = gx_pb_text(kind);
    return ground_command(g, actor, GX_C_bulletin_receipt, &receipt, &reply);
}

static bool listed(const struct gx_actor *actor, const char *id)
{
    Genxi__BulletinQuery query = GENXI__BULLETIN_QUERY__INIT;
    Genxi__BulletinList reply;
    bool found = false;
    query.has_limit = 1;
    query.limit = 100;
    assert_int_equal(ground_command(g, actor, GX_C_bulletin_list, &query, &reply), GX_OK);
    for (size_t i = 0; i < reply.n_items; i++) {
        assert_string_equal(reply.items[i]->text, ""); /* the text is a logged call of its own */
        found = found || strcmp(reply.items[i]->id, id) == 0;
    }
    return found;
}

/* An approved one for that organisation. */
static void approved(char id[GX_ID_SIZE], Genxi__Mark mark, const char *org)
{
    struct order order;
    struct gx_actor second = approver();
    make_order(&order, mark, org);
    assert_int_equal(give_draft(&order, id), GX_OK);
    assert_int_equal(decide(&second, id, true), GX_OK);
}

static void test_bulletin_draft_is_for_drafter_and_approvers(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct order order;
    make_order(&order, GENXI__MARK__MARK_AMBER, ORG_A);
    assert_int_equal(give_draft(&order, id), GX_OK);
    assert_int_equal(ground_emitted_count(g, GX_E_bulletin_changed), 1);
    const Genxi__Event *event = ground_emitted(g, GX_E_bulletin_changed, 0, NULL);
    assert_true(event->audience->officers);
    assert_int_equal(event->audience->roles, GX_ROLE_APPROVER);
    assert_int_equal(event->audience->n_orgs, 0);
    struct gx_actor first = drafter();
    struct gx_actor second = approver();
    struct gx_actor a = desk(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    struct gx_actor far = ground_actor(GX_ROLE_APPROVER, "far", "", &TOWN_TWO);
    Genxi__Bulletin reply;
    assert_int_equal(get(&first, id, &reply), GX_OK);
    assert_int_equal(get(&second, id, &reply), GX_OK);
    assert_int_equal(reply.audience->n_orgs, 1);
    assert_int_equal(get(&a, id, &reply), GX_NOT_FOUND);
    assert_int_equal(get(&officer, id, &reply), GX_NOT_FOUND);
    assert_int_equal(get(&far, id, &reply), GX_NOT_FOUND);
    assert_false(listed(&a, id));
    assert_false(listed(&officer, id));
}

static enum gx_rc count_rows(void *arg, struct gx_ctx *ctx)
{
    static const struct gx_pg_stmt COUNT = {
        .name = "test_count",
        .sql = "SELECT count(*) FROM intel.bulletin WHERE areas && ARRAY[53011202]",
        .shape = GX_PG_ONE_ROW};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &COUNT, NULL, &rows);
    *(int64_t *)arg = rc == GX_OK ? gx_rows_int(rows, 0, 0) : -1;
    return rc;
}

/* The tables' own policy, whatever a handler would forget. */
static void test_bulletin_drafts_are_out_of_sight_of_the_audiences_officers(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct order order;
    struct gx_actor far = duty(&TOWN_TWO);
    struct gx_actor second = approver();
    int64_t before = 0;
    int64_t seen = 0;
    assert_int_equal(ground_run(g, &far, count_rows, &before), GX_OK);
    make_order(&order, GENXI__MARK__MARK_GREEN, ORG_A);
    order.areas[0] = NEXT_AREA;
    order.audience.n_areas = 1;
    assert_int_equal(give_draft(&order, id), GX_OK);
    assert_int_equal(ground_run(g, &far, count_rows, &seen), GX_OK);
    assert_int_equal(seen, before);
    assert_int_equal(decide(&second, id, true), GX_OK);
    assert_int_equal(ground_run(g, &far, count_rows, &seen), GX_OK);
    assert_int_equal(seen, before + 1);
    assert_int_equal(give_draft(&order, id), GX_OK);
    assert_int_equal(decide(&second, id, false), GX_OK); /* rejected: a draft for good */
    assert_int_equal(ground_run(g, &far, count_rows, &seen), GX_OK);
    assert_int_equal(seen, before + 1);
}

static void test_bulletin_four_eyes(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct order order;
    make_order(&order, GENXI__MARK__MARK_AMBER, ORG_A);
    assert_int_equal(give_draft(&order, id), GX_OK);
    struct gx_actor both = drafter();
    both.roles |= GX_ROLE_APPROVER;
    assert_int_equal(decide(&both, id, true), GX_DENIED);
    assert_string_equal(ground_problem(g), "drafter-is-approver");
    struct gx_actor first = drafter();
    assert_int_equal(decide(&first, id, true), GX_DENIED); /* no approver at all */
    struct gx_actor far = ground_actor(GX_ROLE_APPROVER, "far", "", &TOWN_TWO);
    assert_int_equal(decide(&far, id, true), GX_NOT_FOUND);
    struct gx_actor second = approver();
    assert_int_equal(decide(&second, id, true), GX_OK);
    assert_int_equal(decide(&second, id, true), GX_CONFLICT);
    assert_string_equal(ground_problem(g), "wrong-state");
}

static void test_bulletin_rejected_goes_nowhere(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct order order;
    struct gx_actor second = approver();
    struct gx_actor a = desk(ORG_A);
    Genxi__Bulletin reply;
    make_order(&order, GENXI__MARK__MARK_AMBER, ORG_A);
    assert_int_equal(give_draft(&order, id), GX_OK);
    Genxi__BulletinDecide decision = GENXI__BULLETIN_DECIDE__INIT;
    decision.id = id;
    assert_int_equal(ground_command(g, &second, GX_C_bulletin_decide, &decision, &reply),
                     GX_INVALID);
    assert_string_equal(ground_problem(g), "reason-required");
    assert_int_equal(decide(&second, id, false), GX_OK);
    assert_int_equal(ground_emitted_count(g, GX_E_bulletin_changed), 1);
    assert_int_equal(get(&a, id, &reply), GX_NOT_FOUND);
    assert_int_equal(ground_number("SELECT count(*) FROM intel.timer WHERE subject = $1::uuid", id),
                     0);
}

static void test_bulletin_reaches_its_audience_and_nobody_else(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct gx_actor a = desk(ORG_A);
    struct gx_actor b = desk(ORG_B);
    struct gx_actor patrol = device(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    struct gx_actor far = duty(&TOWN_TWO);
    Genxi__Bulletin reply;
    approved(id, GENXI__MARK__MARK_AMBER_STRICT, ORG_A);
    /* The event: officers of the area, and the one organisation, each in its own view. */
    assert_int_equal(ground_emitted_count(g, GX_E_bulletin_changed), 2);
    Genxi__BulletinChanged changed;
    const Genxi__Event *event = ground_emitted(g, GX_E_bulletin_changed, 0, &changed);
    assert_int_equal(event->audience->n_orgs, 0);
    assert_int_equal(event->audience->roles, GX_ROLES_OFFICERS);
    event = ground_emitted(g, GX_E_bulletin_changed, 1, &changed);
    assert_false(event->audience->officers);
    assert_int_equal(event->audience->n_orgs, 1);
    assert_string_equal(event->audience->orgs[0], ORG_A);
    assert_string_equal(changed.bulletin->text, "");
    assert_string_equal(changed.bulletin->drafted_by, "");
    assert_int_equal(changed.bulletin->audience->n_orgs, 0);
    assert_int_equal(get(&a, id, &reply), GX_OK);
    assert_string_equal(reply.text, TEXT);
    assert_string_equal(reply.drafted_by, "");
    assert_null(reply.approved_by);
    assert_int_equal(reply.audience->n_orgs, 0);
    assert_int_equal(get(&officer, id, &reply), GX_OK);
    assert_int_equal(get(&b, id, &reply), GX_NOT_FOUND);
    assert_int_equal(get(&patrol, id, &reply),
                     GX_NOT_FOUND); /* devices only when the audience names them */
    assert_int_equal(get(&far, id, &reply), GX_NOT_FOUND);
    assert_true(listed(&a, id));
    assert_false(listed(&b, id));
    assert_false(listed(&patrol, id));
    assert_false(listed(&far, id));
}

static void test_bulletin_class_is_resolved_at_approval(void **state)
{
    (void)state;
    static const char LATE[] = "0199c0de-0000-7000-8000-0000000000f1";
    char id[GX_ID_SIZE];
    struct order order;
    struct gx_actor second = approver();
    make_order(&order, GENXI__MARK__MARK_AMBER, NULL);
    order.kinds[0] = GENXI__ORG_KIND__ORG_KIND_PROPERTY;
    order.audience.n_org_kinds = 1;
    order.areas[0] = AREA;
    order.audience.n_areas = 1;
    order.roles[0] = gx_pb_text("desk");
    order.roles[1] = gx_pb_text("responder");
    order.audience.n_roles = 2;
    assert_int_equal(give_draft(&order, id), GX_OK);
    assert_int_equal(decide(&second, id, true), GX_OK);
    /* A of this kind and area; not the school, not the other area, not the exercise twin. */
    assert_int_equal(
        ground_number("SELECT count(*) FROM intel.bulletin_org WHERE bulletin_id = $1::uuid", id),
        1);
    town_org(LATE, GENXI__ORG_KIND__ORG_KIND_PROPERTY, AREA, GENXI__ORG_STATE__ORG_STATE_ACTIVE,
             false);
    struct gx_actor late = desk(LATE);
    struct gx_actor patrol = device(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    Genxi__Bulletin reply;
    assert_int_equal(get(&late, id, &reply), GX_NOT_FOUND);
    assert_int_equal(get(&patrol, id, &reply), GX_OK);
    assert_int_equal(get(&officer, id, &reply),
                     GX_NOT_FOUND); /* the roles named are desk and responder */
}

static void test_bulletin_suspended_partner_loses_access(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct gx_actor b = desk(ORG_B);
    Genxi__Bulletin reply;
    approved(id, GENXI__MARK__MARK_GREEN, ORG_B);
    assert_int_equal(get(&b, id, &reply), GX_OK);
    town_org(ORG_B, GENXI__ORG_KIND__ORG_KIND_SCHOOL, AREA, GENXI__ORG_STATE__ORG_STATE_SUSPENDED,
             false);
    assert_int_equal(get(&b, id, &reply), GX_NOT_FOUND);
    assert_false(listed(&b, id));
    struct order order;
    make_order(&order, GENXI__MARK__MARK_GREEN, ORG_B);
    assert_int_equal(give_draft(&order, id), GX_INVALID);
    assert_string_equal(ground_problem(g), "unknown-reference");
    town_org(ORG_B, GENXI__ORG_KIND__ORG_KIND_SCHOOL, AREA, GENXI__ORG_STATE__ORG_STATE_ACTIVE,
             false);
}

static void test_bulletin_each_reading_is_logged_or_refused(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct gx_actor a = desk(ORG_A);
    Genxi__Bulletin reply;
    approved(id, GENXI__MARK__MARK_AMBER_STRICT, ORG_A);
    assert_int_equal(get(&a, id, &reply), GX_OK);
    assert_int_equal(get(&a, id, &reply), GX_OK);
    Genxi__BulletinRead read;
    const Genxi__Event *event = ground_emitted(g, GX_E_bulletin_read, 0, &read);
    assert_non_null(event);
    assert_string_equal(read.org_id, ORG_A);
    assert_string_equal(read.kind, "get");
    assert_int_equal(event->audience->n_orgs, 0);
    Genxi__ReadLogQuery query = GENXI__READ_LOG_QUERY__INIT;
    Genxi__ReadLog log;
    struct gx_actor officer = duty(&TOWN_ONE);
    struct gx_actor far = duty(&TOWN_TWO);
    query.id = id;
    assert_int_equal(ground_command(g, &officer, GX_C_read_log, &query, &log), GX_OK);
    assert_int_equal(log.n_items, 2);
    assert_string_equal(log.items[0]->subject, ORG_A);
    assert_int_equal(ground_command(g, &far, GX_C_read_log, &query, &log), GX_OK);
    assert_int_equal(log.n_items, 0);
    assert_int_equal(ground_command(g, &a, GX_C_read_log, &query, &log), GX_DENIED);
    ground_do("REVOKE INSERT ON intel.read_log FROM genxi_intel", NULL);
    assert_int_equal(get(&a, id, &reply), GX_DENIED);
    ground_do("GRANT INSERT ON intel.read_log TO genxi_intel", NULL);
    assert_int_equal(get(&a, id, &reply), GX_OK);
}

static void test_bulletin_receipts_count_once(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct gx_actor a = desk(ORG_A);
    struct gx_actor b = desk(ORG_B);
    Genxi__Bulletin reply;
    approved(id, GENXI__MARK__MARK_AMBER_STRICT, ORG_A);
    assert_int_equal(receipt(&a, id, "read"), GX_CONFLICT); /* not read yet */
    assert_int_equal(get(&a, id, &reply), GX_OK);
    assert_int_equal(receipt(&a, id, "read"), GX_OK);
    assert_int_equal(ground_emitted_count(g, GX_E_bulletin_read), 1);
    assert_int_equal(receipt(&a, id, "read"), GX_OK);
    assert_int_equal(ground_emitted_count(g, GX_E_bulletin_read), 0);
    assert_int_equal(receipt(&a, id, "recalled"), GX_CONFLICT);
    assert_int_equal(receipt(&a, id, "liked"), GX_INVALID);
    assert_int_equal(receipt(&b, id, "read"), GX_NOT_FOUND);
}

static void test_bulletin_recall_reaches_the_same_audience(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct gx_actor a = desk(ORG_A);
    struct gx_actor first = drafter();
    struct gx_actor officer = duty(&TOWN_ONE);
    Genxi__Bulletin reply;
    approved(id, GENXI__MARK__MARK_AMBER_STRICT, ORG_A);
    assert_int_equal(get(&a, id, &reply), GX_OK);
    assert_int_equal(recall(&officer, id, "wrong street"), GX_DENIED);
    assert_int_equal(recall(&a, id, "wrong street"), GX_DENIED);
    assert_int_equal(recall(&first, id, ""), GX_INVALID);
    assert_int_equal(recall(&first, id, "wrong street"), GX_OK);
    Genxi__BulletinRecalled recalled;
    const Genxi__Event *event = ground_emitted(g, GX_E_bulletin_recalled, 0, &recalled);
    assert_non_null(event);
    assert_int_equal(event->audience->n_orgs, 1);
    assert_string_equal(event->audience->orgs[0], ORG_A);
    assert_int_equal(event->audience->roles, GX_ROLES_OFFICERS);
    assert_string_equal(recalled.reason, "wrong street");
    assert_int_equal(get(&a, id, &reply), GX_OK);
    assert_string_equal(reply.text, "");
    assert_string_equal(reply.recall_reason, "wrong street");
    assert_int_equal(receipt(&a, id, "recalled"), GX_OK);
    assert_int_equal(recall(&first, id, "again"), GX_CONFLICT);
}

static void test_bulletin_expires_by_the_clock_and_by_its_timer(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct gx_actor a = desk(ORG_A);
    struct gx_actor first = drafter();
    Genxi__Bulletin reply;
    approved(id, GENXI__MARK__MARK_AMBER_STRICT, ORG_A);
    ground_do("UPDATE intel.bulletin SET expires_at = genxi.now_ms() - 1 WHERE id = $1::uuid", id);
    assert_int_equal(get(&a, id, &reply), GX_CONFLICT); /* before any timer ran */
    assert_string_equal(ground_problem(g), "expired");
    assert_int_equal(get(&first, id, &reply), GX_OK);
    ground_do("UPDATE intel.timer SET due_at = 1, try_at = 1 WHERE subject = $1::uuid", id);
    assert_int_equal(ground_timers(g), 1);
    Genxi__BulletinChanged changed;
    const Genxi__Event *event = ground_emitted(g, GX_E_bulletin_changed, 1, &changed);
    assert_non_null(event);
    assert_int_equal(changed.bulletin->state, GENXI__BULLETIN_STATE__BULLETIN_STATE_EXPIRED);
    assert_string_equal(event->audience->orgs[0], ORG_A);
    assert_int_equal(recall(&first, id, "late"), GX_CONFLICT);
}

static void test_bulletin_drafts_that_are_refused(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct order order;
    make_order(&order, GENXI__MARK__MARK_AMBER, ORG_A);
    order.draft.text = gx_pb_text("嫌疑人电话 13800138000");
    assert_int_equal(give_draft(&order, id), GX_INVALID);
    assert_string_equal(ground_problem(g), "personal-data");
    assert_string_equal(g->ctx.faults[0].pointer, "/text");
    assert_string_equal(g->ctx.faults[0].value, "phone");
    /* The same is fine among officers. */
    order.audience.n_orgs = 0;
    order.roles[0] = gx_pb_text("police");
    order.audience.n_roles = 1;
    assert_int_equal(give_draft(&order, id), GX_OK);
    make_order(&order, GENXI__MARK__MARK_RED, NULL);
    order.areas[0] = AREA;
    order.audience.n_areas = 1;
    assert_int_equal(give_draft(&order, id), GX_INVALID);
    assert_string_equal(ground_problem(g), "mark-audience");
    make_order(&order, (Genxi__Mark)9, NULL); /* unknown: RED */
    order.areas[0] = AREA;
    order.audience.n_areas = 1;
    assert_int_equal(give_draft(&order, id), GX_INVALID);
    assert_string_equal(ground_problem(g), "mark-audience");
    make_order(&order, GENXI__MARK__MARK_GREEN, NULL);
    assert_int_equal(give_draft(&order, id), GX_INVALID); /* for nobody */
    make_order(&order, GENXI__MARK__MARK_GREEN, ORG_A);
    order.draft.expires_at = town_now() + 91LL * 86400000;
    assert_int_equal(give_draft(&order, id), GX_INVALID);
    assert_string_equal(ground_problem(g), "out-of-range");
    make_order(&order, GENXI__MARK__MARK_GREEN, ORG_A);
    order.draft.expires_at = town_now() - 1;
    assert_int_equal(give_draft(&order, id), GX_INVALID);
    make_order(&order, GENXI__MARK__MARK_GREEN, "0199c0de-0000-7000-8000-00000000dead");
    assert_int_equal(give_draft(&order, id), GX_INVALID);
    assert_string_equal(ground_problem(g), "unknown-reference");
    make_order(&order, GENXI__MARK__MARK_GREEN, ORG_A);
    order.roles[0] = gx_pb_text("system");
    order.audience.n_roles = 1;
    assert_int_equal(give_draft(&order, id), GX_INVALID);
    assert_string_equal(ground_problem(g), "not-a-choice");
    make_order(&order, GENXI__MARK__MARK_GREEN, ORG_A);
    order.draft.has_area = 1;
    order.draft.area = NEXT_AREA;
    assert_int_equal(give_draft(&order, id), GX_DENIED);
    make_order(&order, GENXI__MARK__MARK_GREEN, ORG_A);
    order.draft.has_exercise = 1;
    order.draft.exercise = 1;
    assert_int_equal(give_draft(&order, id), GX_DENIED);
}

static void test_bulletin_red_is_for_the_desks_named_alone(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct gx_actor a = desk(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    struct gx_actor other = ground_actor(GX_ROLE_APPROVER, "another approver", "", &TOWN_ONE);
    Genxi__Bulletin reply;
    approved(id, GENXI__MARK__MARK_RED, ORG_A);
    /* The first event is for the journal and the audit alone. */
    const Genxi__Event *event = ground_emitted(g, GX_E_bulletin_changed, 0, NULL);
    assert_false(event->audience->officers);
    assert_int_equal(event->audience->n_orgs, 0);
    assert_int_equal(get(&a, id, &reply), GX_OK);
    assert_int_equal(get(&officer, id, &reply), GX_NOT_FOUND);
    assert_int_equal(get(&other, id, &reply), GX_NOT_FOUND);
    assert_false(listed(&officer, id));
}

static void test_bulletin_of_a_drill_reaches_exercise_twins(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    struct order order;
    struct gx_actor first = ground_actor(GX_ROLE_DUTY, "drafter", "", &TOWN_ONE);
    struct gx_actor second = approver();
    Genxi__Bulletin reply;
    make_order(&order, GENXI__MARK__MARK_AMBER_STRICT, ORG_X);
    order.draft.has_exercise = 1;
    order.draft.exercise = 1;
    assert_int_equal(ground_command(g, &first, GX_C_bulletin_draft, &order.draft, &reply), GX_OK);
    (void)snprintf(id, sizeof id, "%s", reply.id);
    assert_true(ground_emitted(g, GX_E_bulletin_changed, 0, NULL)->exercise);
    assert_int_equal(decide(&second, id, true), GX_OK);
    struct gx_actor twin = desk(ORG_X);
    assert_int_equal(get(&twin, id, &reply), GX_OK);
    assert_true(ground_emitted(g, GX_E_bulletin_read, 0, NULL)->exercise);
}

/* Row-level security by itself: what a handler that forgot everything could read. */
static enum gx_rc count_fn(void *arg, struct gx_ctx *ctx)
{
    static const struct gx_pg_stmt COUNT = {"count",
                                            "SELECT (SELECT count(*) FROM intel.bulletin) + "
                                            "(SELECT count(*) FROM intel.bulletin_org) * 1000000",
                                            0, GX_PG_ONE_ROW, false};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &COUNT, NULL, &rows);
    *(int64_t *)arg = rc == GX_OK ? gx_rows_int(rows, 0, 0) : -1;
    return rc;
}

static void test_bulletin_rows_are_kept_apart_without_the_handlers(void **state)
{
    (void)state;
    struct gx_actor c = desk(ORG_C);
    struct gx_actor a = desk(ORG_A);
    struct gx_actor nobody = ground_actor(0, "", "", NULL);
    int64_t count = -1;
    assert_int_equal(ground_run(g, &c, count_fn, &count), GX_OK);
    assert_int_equal(count, 0);
    assert_int_equal(ground_run(g, &nobody, count_fn, &count), GX_OK);
    assert_int_equal(count, 0);
    assert_int_equal(ground_run(g, &a, count_fn, &count), GX_OK);
    int64_t wanted = ground_number(
        "SELECT count(*) FROM intel.bulletin b JOIN intel.bulletin_org o ON o.bulletin_id = b.id "
        "WHERE o.org_id = $1::uuid AND b.state IN (2, 3, 4)",
        ORG_A);
    assert_int_equal(count, wanted + wanted * 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bulletin_draft_is_for_drafter_and_approvers),
        cmocka_unit_test(test_bulletin_four_eyes),
        cmocka_unit_test(test_bulletin_rejected_goes_nowhere),
        cmocka_unit_test(test_bulletin_reaches_its_audience_and_nobody_else),
        cmocka_unit_test(test_bulletin_class_is_resolved_at_approval),
        cmocka_unit_test(test_bulletin_suspended_partner_loses_access),
        cmocka_unit_test(test_bulletin_each_reading_is_logged_or_refused),
        cmocka_unit_test(test_bulletin_receipts_count_once),
        cmocka_unit_test(test_bulletin_recall_reaches_the_same_audience),
        cmocka_unit_test(test_bulletin_expires_by_the_clock_and_by_its_timer),
        cmocka_unit_test(test_bulletin_drafts_that_are_refused),
        cmocka_unit_test(test_bulletin_red_is_for_the_desks_named_alone),
        cmocka_unit_test(test_bulletin_of_a_drill_reaches_exercise_twins),
        cmocka_unit_test(test_bulletin_rows_are_kept_apart_without_the_handlers),
        cmocka_unit_test(test_bulletin_drafts_are_out_of_sight_of_the_audiences_officers),
    };
    return cmocka_run_group_tests(tests, town_setup, town_teardown);
}
