/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage on a real database: planted gaps told once and ended, whoever looks; what each caller sees of it; moves from suggestion to end. */
#include "world.h"

#include "base/clock.h"
#include "watch/store_watch.h"
#include "watch/turn.h"
#include "wire/pb.h"

#include <math.h>

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define KIND(name) GENXI__GAP_KIND__GAP_KIND_##name

static const struct townsman G1 = {
    .name = "g1", .org = "guards", .force = FORCE(GUARD), .east_m = 100};
static const struct townsman G2 = {
    .name = "g2", .org = "guards", .force = FORCE(GUARD), .east_m = 3000};
static const struct townsman P1 = {
    .name = "p1", .org = "station", .force = FORCE(POLICE), .east_m = 300};
static const struct townsman P2 = {
    .name = "p2", .org = "station", .force = FORCE(POLICE), .east_m = 350};
static const int32_t HERE[] = {AREA};
static const int32_t THERE[] = {NEXT_AREA};
static const int64_t HOUR_MS = 3600 * 1000;
static struct watch_turn turn;

static int setup(void **state)
{
    (void)state;
    world_empty();
    add_org("station");
    add_org("guards");
    add_org("mall");
    turn = (struct watch_turn){.self = world->self, .ahead_ms = INT64_MAX / 2, .keep_ms = 1000};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    check_invariants();
    return 0;
}

struct wants {
    Genxi__Force force;
    uint32_t count;
    uint32_t within_minutes;
    uint32_t from_minute;
    uint32_t until_minute;
};

static void add_site(const char *name, double east_m, const struct wants *wants, size_t count)
{
    Genxi__SiteNeed needs[4];
    Genxi__SiteNeed *pointers[4];
    Genxi__Site site = GENXI__SITE__INIT;
    for (size_t i = 0; i < count; i++) {
        genxi__site_need__init(&needs[i]);
        needs[i].force = wants[i].force;
        needs[i].count = wants[i].count;
        needs[i].within_minutes = wants[i].within_minutes;
        needs[i].from_minute = wants[i].from_minute;
        needs[i].until_minute = wants[i].until_minute;
        pointers[i] = &needs[i];
    }
    site.id = gx_pb_text(id_of(name));
    site.partner_id = gx_pb_text(id_of("mall"));
    site.area = AREA;
    site.name = site.kind = gx_pb_text("mall");
    site.lon = CENTRE.lon + east_m / 111194.9 / cos(CENTRE.lat * 0.017453292519943);
    site.lat = CENTRE.lat;
    site.radius_m = 150;
    site.n_needs = count;
    site.needs = pointers;
    Genxi__SiteChanged changed = GENXI__SITE_CHANGED__INIT;
    changed.site = &site;
    assert_int_equal(side_event(world, GX_E_site_changed, &changed), GX_OK);
}

static void take_turn(void)
{
    assert_int_equal(side_run(world, &SYSTEM, watch_turn, &turn), GX_OK);
    assert_true(turn.done);
}

static int64_t gaps_standing(const char *sql_and)
{
    return world_number("SELECT count(*) FROM matcher.gap WHERE ended_at = 0 AND raised_at <> 0 "
                        "AND kind::text = $1",
                        sql_and);
}

static Genxi__CoverageGap *told(size_t index)
{
    assert_true(index < world->event_count);
    const Genxi__Event *event = world->events[index];
    assert_int_equal(event->type, GX_E_coverage_gap);
    assert_false(event->exercise);
    assert_int_equal(event->area, AREA);
    assert_true(event->audience->officers);
    assert_int_equal(event->audience->n_orgs, 1);
    assert_string_equal(event->audience->orgs[0], id_of("mall"));
    assert_int_equal(event->audience->n_responders, 0);
    return genxi__coverage_gap__unpack(NULL, event->body.len, event->body.data);
}

/* ---- gaps ---- */

static void test_each_kind_is_found_told_once_and_ended(void **state)
{
    (void)state;
    const struct wants wants[] = {
        {FORCE(GUARD), 2, 3, 0, 0},     /* one near, one far: area */
        {FORCE(POLICE), 2, 5, 0, 0},    /* one on duty: force */
        {FORCE(VOLUNTEER), 1, 5, 0, 0}, /* nobody: hours */
        {FORCE(GUARD), 1, 3, 0, 0},     /* met */
    };
    add_site("mall 1", 0, wants, 4);
    add_person(&G1);
    add_person(&G2);
    add_person(&P1);
    take_turn();
    assert_int_equal(world->event_count, 3);
    Genxi__CoverageGap *gap = told(0);
    assert_int_equal(gap->change, GENXI__GAP_CHANGE__GAP_CHANGE_RAISED);
    assert_string_equal(gap->gap->site_id, id_of("mall 1"));
    assert_int_equal(gap->gap->kind, KIND(AREA));
    assert_int_equal(gap->gap->have, 1);
    assert_int_equal(gap->gap->want, 2);
    assert_false(gap->gap->ahead);
    genxi__coverage_gap__free_unpacked(gap, NULL);
    assert_int_equal(gaps_standing("1"), 1);
    assert_int_equal(gaps_standing("2"), 1);
    assert_int_equal(gaps_standing("3"), 1);
    assert_int_equal(gaps_standing("4"), 0);
    assert_int_equal(turn.kinds[COVER_AREA], 1);
    assert_int_equal(turn.needs, 4);
    assert_int_equal(turn.met, 1);
    take_turn();
    assert_int_equal(world->event_count, 0);
    /* The far one comes. */
    struct townsman near = G2;
    near.east_m = 50;
    live_expire(world->self->live, INT64_MAX);
    assert_string_equal(tell_fix(&G1, gx_clock_wall_ms()), "");
    assert_string_equal(tell_fix(&near, gx_clock_wall_ms()), "");
    assert_string_equal(tell_fix(&P1, gx_clock_wall_ms()), "");
    take_turn();
    assert_int_equal(world->event_count, 1);
    gap = told(0);
    assert_int_equal(gap->change, GENXI__GAP_CHANGE__GAP_CHANGE_ENDED);
    assert_true(gap->gap->has_ended_at);
    genxi__coverage_gap__free_unpacked(gap, NULL);
    assert_int_equal(gaps_standing("2"), 0);
    assert_int_equal(turn.kinds[COVER_AREA], 0);
}

static void test_first_response_is_a_gap_of_its_own(void **state)
{
    (void)state;
    const struct wants wants[] = {{FORCE(GUARD), 1, 1, 0, 0}};
    add_site("mall 1", 0, wants, 1);
    add_person(&G2);
    take_turn();
    assert_int_equal(gaps_standing("2"), 1);
    assert_int_equal(gaps_standing("4"), 1);
    add_person(&P1); /* 51 s */
    take_turn();
    assert_int_equal(gaps_standing("2"), 1);
    assert_int_equal(gaps_standing("4"), 0);
}

static void test_who_has_gone_silent_does_not_count(void **state)
{
    (void)state;
    const struct wants wants[] = {{FORCE(GUARD), 1, 3, 0, 0}};
    struct townsman quiet = G1;
    add_site("mall 1", 0, wants, 1);
    quiet.no_fix = true;
    add_person(&quiet);
    take_turn();
    assert_int_equal(gaps_standing("2"), 1); /* on duty, and nobody knows where */
    live_expire(world->self->live, INT64_MAX);
    assert_string_equal(tell_fix(&G1, gx_clock_wall_ms()), "");
    take_turn();
    assert_int_equal(gaps_standing("2"), 0);
    /* He was heard of in this shift and has gone silent: forgotten is not posted. */
    live_expire(world->self->live, INT64_MAX);
    take_turn();
    assert_int_equal(gaps_standing("2"), 1);
}

static void test_a_gap_waits_until_it_has_stood(void **state)
{
    (void)state;
    const struct wants wants[] = {{FORCE(VOLUNTEER), 1, 5, 0, 0}};
    turn.dwell = (struct cover_dwell){60000, 30000};
    add_site("mall 1", 0, wants, 1);
    add_person(&P1);
    take_turn();
    assert_int_equal(world->event_count, 0);
    assert_int_equal(turn.kinds[COVER_HOURS], 0);
    world_do("UPDATE matcher.gap SET seen_at = seen_at - 59000", NULL);
    take_turn();
    assert_int_equal(world->event_count, 0);
    world_do("UPDATE matcher.gap SET seen_at = seen_at - 2000", NULL);
    take_turn();
    assert_int_equal(world->event_count, 1);
    assert_int_equal(turn.kinds[COVER_HOURS], 1);
    /* The need is taken back: it is away, and ends when it has been for long enough. */
    add_site("mall 1", 0, wants, 0);
    take_turn();
    assert_int_equal(world->event_count, 0);
    world_do("UPDATE matcher.gap SET away_at = away_at - 31000", NULL);
    take_turn();
    assert_int_equal(world->event_count, 1);
    world_do("UPDATE matcher.gap SET ended_at = ended_at - 1001", NULL);
    turn.ahead_ms = 0;
    take_turn();
    assert_int_equal(world_number("SELECT count(*) FROM matcher.gap", NULL), 0);
}

static void test_an_older_word_of_a_site_does_not_undo_its_needs(void **state)
{
    (void)state;
    const struct wants wants[] = {{FORCE(GUARD), 2, 3, 0, 0}, {FORCE(POLICE), 1, 5, 0, 0}};
    add_site("mall 1", 0, wants, 2);
    world_do("UPDATE matcher.site SET changed_at = changed_at + 1000000", NULL);
    add_site("mall 1", 0, wants, 1);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.site_need", NULL), 2);
}

static enum gx_rc turn_beside(void *arg, struct gx_ctx *ctx)
{
    struct side *other = arg;
    struct watch_due due;
    assert_int_equal(watch_store_turn(ctx, &due), GX_OK);
    assert_true(due.held);
    assert_int_equal(side_run(other, &SYSTEM, watch_turn, &turn), GX_OK);
    assert_false(turn.done);
    return GX_OK;
}

static void test_one_process_looks_at_a_time(void **state)
{
    (void)state;
    struct side *other = side_new();
    assert_int_equal(side_run(world, &SYSTEM, turn_beside, other), GX_OK);
    turn.now_ms = 600000;
    take_turn();
    assert_int_equal(side_run(other, &SYSTEM, watch_turn, &turn), GX_OK);
    assert_false(turn.done); /* it was looked a moment ago */
    side_free(other);
}

/* ---- ahead ---- */

static void add_planned(const char *name, const char *responder, int64_t from_at, int64_t until_at)
{
    Genxi__Shift shift = GENXI__SHIFT__INIT;
    shift.id = gx_pb_text(id_of(name));
    shift.responder_id = gx_pb_text(id_of(responder));
    shift.area = AREA;
    shift.from_at = from_at;
    shift.until_at = until_at;
    shift.state = GENXI__SHIFT_STATE__SHIFT_STATE_PLANNED;
    Genxi__ShiftChanged changed = GENXI__SHIFT_CHANGED__INIT;
    changed.shift = &shift;
    assert_int_equal(side_event(world, GX_E_shift_changed, &changed), GX_OK);
}

static void test_hours_ahead_go_by_the_roster(void **state)
{
    (void)state;
    const struct wants wants[] = {{FORCE(POLICE), 1, 5, 0, 0}};
    int64_t first = (gx_clock_wall_ms() / HOUR_MS + 1) * HOUR_MS;
    Genxi__Station station = GENXI__STATION__INIT;
    station.area = AREA;
    station.org_id = gx_pb_text(id_of("station"));
    station.name = gx_pb_text("test");
    station.lon = CENTRE.lon;
    station.lat = CENTRE.lat;
    Genxi__StationChanged changed = GENXI__STATION_CHANGED__INIT;
    changed.station = &station;
    assert_int_equal(side_event(world, GX_E_station_changed, &changed), GX_OK);
    add_site("mall 1", 0, wants, 1);
    add_person(&P1); /* on an open shift beyond its end: now, but not in the roster */
    add_planned("early", "p1", first - HOUR_MS, first + 6 * HOUR_MS);
    add_planned("late", "p1", first + 9 * HOUR_MS, first + 48 * HOUR_MS);
    turn.ahead_ms = 0;
    take_turn();
    assert_int_equal(world->event_count, 2); /* the need, and first response */
    for (size_t i = 0; i < 2; i++) {
        Genxi__CoverageGap *gap = told(i);
        assert_true(gap->gap->ahead);
        assert_int_equal(gap->gap->kind, gap->gap->has_need ? KIND(HOURS) : KIND(FIRST_RESPONSE));
        assert_int_equal(gap->gap->from_at, first + 6 * HOUR_MS);
        assert_int_equal(gap->gap->until_at, first + 9 * HOUR_MS);
        genxi__coverage_gap__free_unpacked(gap, NULL);
    }
    assert_int_equal(turn.ahead, 2);
    take_turn();
    assert_int_equal(world->event_count, 0);
    add_planned("between", "p1", first + 6 * HOUR_MS, first + 9 * HOUR_MS);
    take_turn();
    assert_int_equal(world->event_count, 2);
    assert_int_equal(turn.ahead, 0);
}

/* ---- what is asked ---- */

static enum gx_rc list_as(const struct gx_actor *actor, Genxi__CoverageQuery *query,
                          Genxi__CoverageList *list)
{
    genxi__coverage_list__init(list);
    return side_command(world, actor, GX_C_coverage_list, query, &list->base);
}

static void test_each_sees_the_sites_that_are_his(void **state)
{
    (void)state;
    const struct wants wants[] = {{FORCE(POLICE), 1, 5, 0, 0}, {FORCE(GUARD), 1, 3, 0, 0}};
    Genxi__CoverageQuery query = GENXI__COVERAGE_QUERY__INIT;
    Genxi__CoverageList list;
    struct gx_actor duty = actor_duty(HERE);
    struct gx_actor stranger = actor_duty(THERE);
    struct gx_actor partner = actor_desk("mall");
    struct gx_actor other = actor_desk("guards");
    struct gx_actor device = actor_device("guards", "g1");
    add_site("mall 1", 0, wants, 2);
    add_person(&P1);
    add_person(&P2);
    take_turn();
    assert_int_equal(list_as(&duty, &query, &list), GX_OK);
    assert_int_equal(list.n_items, 3);
    assert_int_equal(list.items[0]->have, 2);
    assert_true(list.items[0]->met && !list.items[0]->has_kind && list.items[0]->linked);
    assert_int_equal(list.items[1]->kind, KIND(HOURS));
    assert_non_null(list.items[1]->gap_id);
    assert_true(list.items[1]->has_since_at);
    assert_false(list.items[2]->has_need);
    assert_int_equal(list.linked, 1);
    assert_int_equal(list.linked_of, 1);
    assert_int_equal(list.covered, 1);
    assert_int_equal(list.covered_of, 2);
    assert_int_equal(list_as(&partner, &query, &list), GX_OK);
    assert_int_equal(list.n_items, 3);
    assert_int_equal(list.items[0]->have, 1); /* enough; not how many */
    assert_non_null(list.items[1]->gap_id);
    assert_int_equal(list_as(&stranger, &query, &list), GX_OK);
    assert_int_equal(list.n_items + list.linked_of + list.covered_of, 0);
    assert_int_equal(list_as(&other, &query, &list), GX_OK);
    assert_int_equal(list.n_items + list.linked_of + list.covered_of, 0);
    assert_int_equal(list_as(&device, &query, &list), GX_DENIED);
}

static void test_the_list_goes_by_pages_and_hours(void **state)
{
    (void)state;
    const struct wants wants[] = {{FORCE(POLICE), 1, 5, 0, 0}, {FORCE(GUARD), 1, 3, 0, 0}};
    Genxi__CoverageQuery query = GENXI__COVERAGE_QUERY__INIT;
    Genxi__CoverageList list;
    struct gx_actor duty = actor_duty(HERE);
    char cursor[64] = "";
    size_t rows = 0;
    size_t pages = 0;
    add_site("mall 1", 0, wants, 2);
    add_site("mall 2", 100, wants, 2);
    add_person(&P1);
    query.has_limit = true;
    query.limit = 2;
    do {
        query.cursor = cursor[0] == '\0' ? NULL : cursor;
        assert_int_equal(list_as(&duty, &query, &list), GX_OK);
        assert_int_equal(list.covered_of, 4);
        rows += list.n_items;
        pages++;
        (void)snprintf(cursor, sizeof cursor, "%s",
                       list.next_cursor == NULL ? "" : list.next_cursor);
    } while (list.next_cursor != NULL && cursor[0] != '\0' && pages < 9);
    assert_int_equal(rows, 6);
    assert_int_equal(pages, 3);
    query = (Genxi__CoverageQuery)GENXI__COVERAGE_QUERY__INIT;
    query.has_only_gaps = query.only_gaps = true;
    query.site_id = gx_pb_text(id_of("mall 2"));
    assert_int_equal(list_as(&duty, &query, &list), GX_OK);
    assert_int_equal(list.n_items, 1);
    assert_int_equal(list.items[0]->force, FORCE(GUARD));
    query = (Genxi__CoverageQuery)GENXI__COVERAGE_QUERY__INIT;
    query.has_at = true;
    query.at = gx_clock_wall_ms() + 5 * HOUR_MS; /* nobody is in the roster */
    assert_int_equal(list_as(&duty, &query, &list), GX_OK);
    assert_int_equal(list.covered, 0);
    assert_int_equal(list.at, query.at);
    assert_int_equal(list.items[0]->kind, KIND(HOURS));
}

static void test_bad_questions_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const CURSORS[] = {"x", "00000000-0000-4000-8000-000000000000.x",
                                          "00000000-0000-4000-8000-00000000000z.1"};
    Genxi__CoverageQuery query = GENXI__COVERAGE_QUERY__INIT;
    Genxi__CoverageList list;
    struct gx_actor duty = actor_duty(HERE);
    query.has_limit = true;
    query.limit = 0;
    assert_int_equal(list_as(&duty, &query, &list), GX_INVALID);
    assert_string_equal(side_problem(world), "out-of-range");
    query = (Genxi__CoverageQuery)GENXI__COVERAGE_QUERY__INIT;
    query.site_id = gx_pb_text("here");
    assert_int_equal(list_as(&duty, &query, &list), GX_INVALID);
    assert_string_equal(side_problem(world), "wrong-format");
    query = (Genxi__CoverageQuery)GENXI__COVERAGE_QUERY__INIT;
    query.has_at = true;
    query.at = gx_clock_wall_ms() + 25 * HOUR_MS;
    assert_int_equal(list_as(&duty, &query, &list), GX_INVALID);
    assert_string_equal(side_problem(world), "out-of-range");
    for (size_t i = 0; i < 3; i++) {
        query = (Genxi__CoverageQuery)GENXI__COVERAGE_QUERY__INIT;
        query.cursor = gx_pb_text(CURSORS[i]);
        assert_int_equal(list_as(&duty, &query, &list), GX_INVALID);
        assert_string_equal(side_problem(world), "bad-cursor");
    }
}

/* ---- moves ---- */

static void plant_movable(void)
{
    const struct wants wants[] = {{FORCE(GUARD), 1, 3, 0, 0}};
    add_site("mall 1", 0, wants, 1);
    add_person(&G2);
    take_turn();
    assert_int_equal(gaps_standing("2"), 1);
}

static Genxi__MoveList *moves_as(const struct gx_actor *actor)
{
    static Genxi__MoveList list;
    Genxi__MoveQuery query = GENXI__MOVE_QUERY__INIT;
    genxi__move_list__init(&list);
    assert_int_equal(side_command(world, actor, GX_C_move_list, &query, &list.base), GX_OK);
    return &list;
}

struct made {
    char id[GX_ID_SIZE];
    int64_t until_at;
};

static enum gx_rc make_move(const struct gx_actor *actor, const char *who, const char *site,
                            int64_t until_at, struct made *ret_made)
{
    char gap_id[GX_ID_SIZE] = "";
    struct gx_actor duty = actor_duty(HERE);
    Genxi__CoverageQuery query = GENXI__COVERAGE_QUERY__INIT;
    Genxi__CoverageList list;
    assert_int_equal(list_as(&duty, &query, &list), GX_OK);
    for (size_t i = 0; i < list.n_items; i++) {
        if (list.items[i]->gap_id != NULL && list.items[i]->has_need) {
            (void)snprintf(gap_id, sizeof gap_id, "%s", list.items[i]->gap_id);
        }
    }
    Genxi__MoveMake make = GENXI__MOVE_MAKE__INIT;
    Genxi__Move move = GENXI__MOVE__INIT;
    make.responder_id = gx_pb_text(id_of(who));
    make.site_id = gx_pb_text(id_of(site));
    make.gap_id = gap_id;
    make.has_until_at = until_at != 0;
    make.until_at = until_at;
    enum gx_rc rc = side_command(world, actor, GX_C_move_make, &make, &move.base);
    if (rc == GX_OK && ret_made != NULL) {
        (void)snprintf(ret_made->id, sizeof ret_made->id, "%s", move.id);
        ret_made->until_at = move.until_at;
    }
    return rc;
}

static enum gx_rc end_move(const struct gx_actor *actor, const struct made *made)
{
    Genxi__MoveEnd end = GENXI__MOVE_END__INIT;
    Genxi__Move move = GENXI__MOVE__INIT;
    end.id = gx_pb_text(made->id);
    return side_command(world, actor, GX_C_move_end, &end, &move.base);
}

static void check_told_of_move(void)
{
    assert_int_equal(world->event_count, 1);
    const Genxi__Event *event = world->events[0];
    assert_int_equal(event->type, GX_E_coverage_move);
    assert_true(event->audience->officers);
    assert_string_equal(event->audience->orgs[0], id_of("guards"));
    assert_string_equal(event->audience->responders[0], id_of("g2"));
}

static void test_a_move_is_suggested_accepted_and_taken_back(void **state)
{
    (void)state;
    struct made made;
    struct gx_actor duty = actor_duty(HERE);
    plant_movable();
    Genxi__MoveList *list = moves_as(&duty);
    assert_int_equal(list->n_suggested, 1);
    assert_string_equal(list->suggested[0]->responder_id, id_of("g2"));
    assert_string_equal(list->suggested[0]->site_id, id_of("mall 1"));
    assert_int_equal(list->suggested[0]->gains, 2);
    assert_in_range(list->suggested[0]->travel_seconds, 1670, 1690);
    assert_int_equal(make_move(&duty, "g2", "mall 1", 0, &made), GX_OK);
    check_told_of_move();
    assert_in_range(made.until_at, gx_clock_wall_ms() + 23 * HOUR_MS,
                    gx_clock_wall_ms() + 24 * HOUR_MS);
    list = moves_as(&duty);
    assert_int_equal(list->n_suggested, 0); /* he is on his way already */
    assert_int_equal(list->n_active, 1);
    assert_string_equal(list->active[0]->id, made.id);
    assert_int_equal(make_move(&duty, "g2", "mall 1", 0, NULL), GX_CONFLICT);
    assert_string_equal(side_problem(world), "duplicate");
    assert_int_equal(end_move(&duty, &made), GX_OK);
    check_told_of_move();
    assert_int_equal(end_move(&duty, &made), GX_CONFLICT);
    assert_string_equal(side_problem(world), "wrong-state");
    assert_int_equal(moves_as(&duty)->n_suggested, 1);
}

static void test_who_was_moved_is_posted_there(void **state)
{
    (void)state;
    struct gx_actor duty = actor_duty(HERE);
    struct townsman quiet = G1;
    quiet.no_fix = true;
    plant_movable();
    add_person(&quiet);
    assert_int_equal(make_move(&duty, "g1", "mall 1", 0, NULL), GX_OK);
    take_turn();
    assert_int_equal(gaps_standing("2"), 0); /* nobody tracks him: he counts where posted */
}

static void test_a_move_ends_by_time_and_by_a_task(void **state)
{
    (void)state;
    struct made made;
    struct gx_actor duty = actor_duty(HERE);
    const struct affair fight = {.name = "fight", .wanted = {{FORCE(GUARD), 1}}};
    plant_movable();
    assert_int_equal(make_move(&duty, "g2", "mall 1", gx_clock_wall_ms() + 60000, &made), GX_OK);
    take_turn();
    assert_int_equal(world->event_count, 0);
    world_do("UPDATE matcher.move SET until_at = 1", NULL);
    take_turn();
    check_told_of_move();
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.move WHERE ended_by = 'time'", NULL), 1);
    assert_int_equal(make_move(&duty, "g2", "mall 1", 0, &made), GX_OK);
    assert_int_equal(open_affair(world, &fight), GX_OK);
    assert_int_equal(accept_by(world, "g2", NULL), GX_OK);
    take_turn();
    check_told_of_move();
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.move WHERE ended_by = 'task'", NULL), 1);
    assert_int_equal(make_move(&duty, "g2", "mall 1", 0, NULL), GX_CONFLICT);
    assert_string_equal(side_problem(world), "responder-busy");
}

static void test_moves_keep_the_rules(void **state)
{
    (void)state;
    struct made made;
    struct gx_actor duty = actor_duty(HERE);
    struct gx_actor stranger = actor_duty(THERE);
    struct gx_actor desk = actor_desk("mall");
    struct townsman off = G1;
    off.off_shift = true;
    plant_movable();
    add_person(&off);
    add_person(&P1);
    assert_int_equal(make_move(&duty, "p1", "mall 1", 0, NULL), GX_CONFLICT); /* guards wanted */
    assert_string_equal(side_problem(world), "hard-rule");
    assert_int_equal(make_move(&duty, "g1", "mall 1", 0, NULL), GX_CONFLICT);
    assert_string_equal(side_problem(world), "hard-rule");
    assert_int_equal(make_move(&duty, "nobody", "mall 1", 0, NULL), GX_INVALID);
    assert_string_equal(side_problem(world), "unknown-reference");
    assert_int_equal(make_move(&duty, "g2", "mall 2", 0, NULL), GX_INVALID);
    assert_string_equal(side_problem(world), "unknown-reference");
    assert_int_equal(make_move(&duty, "g2", "mall 1", 1, NULL), GX_INVALID);
    assert_string_equal(side_problem(world), "out-of-range");
    assert_int_equal(make_move(&stranger, "g2", "mall 1", 0, NULL), GX_NOT_FOUND);
    assert_int_equal(make_move(&desk, "g2", "mall 1", 0, NULL), GX_DENIED);
    assert_int_equal(moves_as(&stranger)->n_suggested, 0);
    assert_int_equal(make_move(&duty, "g2", "mall 1", 0, &made), GX_OK);
    assert_int_equal(end_move(&stranger, &made), GX_NOT_FOUND);
    assert_int_equal(moves_as(&stranger)->n_active, 0);
    world_do("UPDATE matcher.gap SET ended_at = 1", NULL);
    world_do("UPDATE matcher.move SET ended_at = 1, ended_by = 'time'", NULL);
    take_turn(); /* raised anew, under another id */
    assert_int_equal(make_move(&duty, "g2", "mall 1", 0, NULL), GX_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_kind_is_found_told_once_and_ended),
        TEST(test_first_response_is_a_gap_of_its_own),
        TEST(test_who_has_gone_silent_does_not_count),
        TEST(test_a_gap_waits_until_it_has_stood),
        TEST(test_an_older_word_of_a_site_does_not_undo_its_needs),
        TEST(test_one_process_looks_at_a_time),
        TEST(test_hours_ahead_go_by_the_roster),
        TEST(test_each_sees_the_sites_that_are_his),
        TEST(test_the_list_goes_by_pages_and_hours),
        TEST(test_bad_questions_are_refused_by_name),
        TEST(test_a_move_is_suggested_accepted_and_taken_back),
        TEST(test_who_was_moved_is_posted_there),
        TEST(test_a_move_ends_by_time_and_by_a_task),
        TEST(test_moves_keep_the_rules),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
