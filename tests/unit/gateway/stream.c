/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on a ring, without connections: what a caller's stream sends for every kind of start, sight and filter. */
#include "check.h"

#include "stream.h"

#include "base/clock.h"
#include "base/text.h"
#include "dispatch.pb-c.h"
#include "incident.pb-c.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <string.h>

enum {
    AREA = 53011201,
    OTHER_AREA = 53011202
};
static const int64_t BEAT_US = 1000000;

struct connection {
    int suspended;
    int resumed;
};

struct world {
    struct gw_ring *ring;
    struct gw_auth *auth;
    struct gw_streams *streams;
    struct gx_ctx ctx;
    struct connection connection;
    char text[256 * 1024];
};

static void suspend(void *connection)
{
    ((struct connection *)connection)->suspended++;
}

static void resume(void *connection)
{
    ((struct connection *)connection)->resumed++;
}

static int set_up_ring(void **state, size_t count)
{
    struct world *world = calloc(1, sizeof *world);
    struct gw_vector start = {0};
    if (world == NULL) {
        return -1;
    }
    gw_vector_set(&start, AREA, 10);
    world->ring = gw_ring_new(count, 1 << 24, &start);
    world->auth = gw_auth_new(1000000);
    const struct gw_streams_settings settings = {.ring = world->ring,
                                                 .auth = world->auth,
                                                 .beat_us = BEAT_US,
                                                 .per_subject = 3,
                                                 .suspend = suspend,
                                                 .resume = resume};
    world->streams = gw_streams_new(&settings);
    gx_ctx_init(&world->ctx, 1 << 22);
    gw_vector_done(&start);
    *state = world;
    return 0;
}

static int set_up(void **state)
{
    return set_up_ring(state, 100);
}

static int set_up_small(void **state)
{
    return set_up_ring(state, 4);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    gw_streams_free(world->streams);
    gw_auth_free(world->auth);
    gw_ring_free(world->ring);
    gx_ctx_done(&world->ctx);
    free(world);
    return 0;
}

struct wanted_event {
    uint32_t type;
    int32_t area;
    int64_t seq;
    bool officers;
    const char *org;
    const char *responder;
    bool exercise;
};

/* Appends an event as the hub does; its value is "v<seq>". */
static void happen(struct world *world, const struct wanted_event *wanted)
{
    Genxi__Event event = GENXI__EVENT__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    Genxi__FactNoted fact = GENXI__FACT_NOTED__INIT;
    struct gx_arena *arena = &world->ctx.arena;
    char *org = gx_arena_text(arena, wanted->org);
    char *responder = gx_arena_text(arena, wanted->responder);
    struct gx_view body;
    fact.incident_id = fact.code = gx_arena_text(arena, "i");
    fact.value = gx_arena_printf(arena, "v%d", (int)wanted->seq);
    assert_int_equal(gx_pb_pack(&world->ctx, &fact.base, &body), GX_OK);
    audience.has_officers = 1;
    audience.officers = wanted->officers;
    audience.orgs = &org;
    audience.n_orgs = org != NULL;
    audience.responders = &responder;
    audience.n_responders = responder != NULL;
    actor.subject = gx_arena_text(arena, "system");
    event.id = gx_arena_text(arena, "id");
    event.area = wanted->area;
    event.seq = wanted->seq;
    event.type = wanted->type;
    event.service = gx_arena_text(arena, "intake");
    event.audience = &audience;
    event.actor = &actor;
    event.has_exercise = 1;
    event.exercise = wanted->exercise;
    event.body = gx_pb_bytes(body);
    gw_streams_notify(world->streams, gw_ring_append(world->ring, &event));
}

static void fact(struct world *world, int64_t seq)
{
    happen(world, &(struct wanted_event){
                      .type = GX_E_fact_noted, .area = AREA, .seq = seq, .officers = true});
}

static struct gw_credential *credential(struct world *world, const char *id, uint32_t roles,
                                        const char *org, const char *responder)
{
    static const int32_t AREAS[] = {AREA};
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES] = {0};
    bool officer = (roles & GX_ROLES_OFFICERS) != 0;
    const struct gw_record record = {.id = id,
                                     .subject = id,
                                     .org = org,
                                     .responder_id = responder,
                                     .lang = "en",
                                     .roles = roles,
                                     .areas = AREAS,
                                     .area_count = officer ? 1 : 0};
    (void)strncpy((char *)hash, id, sizeof hash - 1);
    return gw_auth_keep(world->auth, GX_CREDENTIAL_KEY, hash, &record, gx_clock_mono_us());
}

static enum gx_rc open_wish(struct world *world, uint32_t roles, const char *org,
                            const char *responder, struct gw_stream_wish wish,
                            struct gw_stream **ret_stream)
{
    gx_ctx_forgive(&world->ctx);
    wish.credential = credential(world, "key-1", roles, org, responder);
    wish.connection = &world->connection;
    enum gx_rc rc = gw_stream_open(world->streams, &world->ctx, &wish, ret_stream);
    gw_credential_unref(wish.credential);
    return rc;
}

static struct gw_stream *open_officer(struct world *world, const char *last_id)
{
    struct gw_stream *stream = NULL;
    assert_int_equal(open_wish(world, GX_ROLE_DUTY, "", "",
                               (struct gw_stream_wish){.last_id = last_id}, &stream),
                     GX_OK);
    return stream;
}

/* All that the stream has to say now, read in small pieces as a slow socket would take them. */
static const char *read_all(struct world *world, struct gw_stream *stream, ssize_t *ret_last)
{
    size_t used = 0;
    ssize_t size = 0;
    while ((size = gw_stream_read(stream, 0, world->text + used, 7)) > 0) {
        used += (size_t)size;
    }
    world->text[used] = '\0';
    if (ret_last != NULL) {
        *ret_last = size;
    }
    return world->text;
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        count++;
    }
    return count;
}

static void test_stream_without_id_begins_now(void **state)
{
    struct world *world = *state;
    fact(world, 11);
    struct gw_stream *stream = open_officer(world, NULL);
    const char *text = read_all(world, stream, NULL);
    assert_non_null(strstr(text, "id: 53011201:11\nevent: stream.opened\n"));
    assert_null(strstr(text, "incident.fact"));
    assert_int_equal(world->connection.suspended, 1);
    fact(world, 12);
    assert_int_equal(world->connection.resumed, 1);
    text = read_all(world, stream, NULL);
    assert_int_equal(strncmp(text, "id: 53011201:12\nevent: incident.fact\ndata: {", 44), 0);
    assert_non_null(strstr(text, "\"value\":\"v12\""));
    gw_stream_free(stream);
}

static void test_stream_resumed_sends_each_event_once_and_in_order(void **state)
{
    struct world *world = *state;
    for (int64_t seq = 11; seq <= 20; seq++) {
        fact(world, seq);
    }
    struct gw_stream *stream = open_officer(world, "53011201:14");
    fact(world, 21);
    const char *text = read_all(world, stream, NULL);
    assert_int_equal(count_of(text, "incident.fact\n"), 7);
    const char *at = text;
    for (int64_t seq = 15; seq <= 21; seq++) {
        char id[64];
        (void)snprintf(id, sizeof id, "id: 53011201:%d\nevent: incident.fact", (int)seq);
        at = strstr(at, id);
        assert_non_null(at);
    }
    fact(world, 22);
    assert_non_null(strstr(read_all(world, stream, NULL), "id: 53011201:22\n"));
    gw_stream_free(stream);
}

/* The client was served by another gateway that was ahead of this one. */
static void test_stream_resumed_ahead_repeats_nothing(void **state)
{
    struct world *world = *state;
    fact(world, 11);
    struct gw_stream *stream = open_officer(world, "53011201:13");
    assert_null(strstr(read_all(world, stream, NULL), "incident.fact"));
    fact(world, 12);
    fact(world, 13);
    assert_null(strstr(read_all(world, stream, NULL), "incident.fact"));
    happen(world, &(struct wanted_event){
                      .type = GX_E_fact_noted, .area = OTHER_AREA, .seq = 1, .officers = true});
    fact(world, 14);
    const char *text = read_all(world, stream, NULL);
    assert_int_equal(count_of(text, "incident.fact\n"), 1);
    assert_non_null(strstr(text, "id: 53011201:14,53011202:1\n"));
    gw_stream_free(stream);
}

static void check_refused(struct world *world, const char *last_id, const char *types,
                          enum gx_problem problem)
{
    struct gw_stream *stream = NULL;
    enum gx_rc rc = open_wish(world, GX_ROLE_DUTY, "", "",
                              (struct gw_stream_wish){.last_id = last_id, .types = types}, &stream);
    assert_int_not_equal(rc, GX_OK);
    assert_int_equal(world->ctx.faults[0].problem, problem);
    assert_null(stream);
    assert_int_equal(gw_streams_count(world->streams), 0);
}

static void test_stream_bad_ids_are_refused(void **state)
{
    struct world *world = *state;
    struct gw_vector floors = {0};
    check_refused(world, "nonsense", NULL, GX_P_STREAM_POSITION);
    check_refused(world, "", NULL, GX_P_STREAM_POSITION);
    check_refused(world, "53011201:99999999", NULL, GX_P_STREAM_POSITION);
    check_refused(world, NULL, "incident.fact,nope", GX_P_FIELD_CHOICE);
    gw_vector_set(&floors, AREA, 5);
    gw_streams_set_floors(world->streams, &floors);
    check_refused(world, "53011201:4", NULL, GX_P_STREAM_RETENTION);
    check_refused(world, "-", NULL, GX_P_STREAM_RETENTION);
    gw_vector_done(&floors);
}

static void test_stream_sees_only_its_audience(void **state)
{
    struct world *world = *state;
    struct gw_stream *desk = NULL;
    struct gw_stream *device = NULL;
    assert_int_equal(open_wish(world, GX_ROLE_DESK, "org-1", "", (struct gw_stream_wish){0}, &desk),
                     GX_OK);
    assert_int_equal(
        open_wish(world, GX_ROLE_RESPONDER, "org-1", "resp-1", (struct gw_stream_wish){0}, &device),
        GX_OK);
    (void)read_all(world, desk, NULL);
    (void)read_all(world, device, NULL);
    fact(world, 11); /* officers only */
    happen(world, &(struct wanted_event){
                      .type = GX_E_fact_noted, .area = AREA, .seq = 12, .org = "org-2"});
    assert_int_equal(world->connection.resumed, 0); /* nobody is woken for what it may not see */
    assert_string_equal(read_all(world, desk, NULL), "");
    happen(world, &(struct wanted_event){
                      .type = GX_E_fact_noted, .area = AREA, .seq = 13, .org = "org-1"});
    happen(world, &(struct wanted_event){
                      .type = GX_E_fact_noted, .area = AREA, .seq = 14, .responder = "resp-1"});
    const char *text = read_all(world, desk, NULL);
    assert_int_equal(count_of(text, "event: "), 1);
    assert_non_null(strstr(text, "id: 53011201:13\n"));
    text = read_all(world, device, NULL);
    assert_int_equal(count_of(text, "event: "), 1);
    assert_non_null(strstr(text, "\"v14\""));
    gw_stream_free(desk);
    gw_stream_free(device);
}

static void test_stream_exercise_is_asked_for(void **state)
{
    struct world *world = *state;
    struct gw_stream *desk = NULL;
    struct gw_stream *asking = NULL;
    struct gw_stream *device = NULL;
    assert_int_equal(open_wish(world, GX_ROLE_DESK, "org-1", "", (struct gw_stream_wish){0}, &desk),
                     GX_OK);
    assert_int_equal(open_wish(world, GX_ROLE_DESK, "org-1", "",
                               (struct gw_stream_wish){.exercise = true}, &asking),
                     GX_OK);
    assert_int_equal(
        open_wish(world, GX_ROLE_RESPONDER, "org-1", "resp-1", (struct gw_stream_wish){0}, &device),
        GX_OK);
    happen(world, &(struct wanted_event){.type = GX_E_fact_noted,
                                         .area = AREA,
                                         .seq = 11,
                                         .org = "org-1",
                                         .responder = "resp-1",
                                         .exercise = true});
    assert_null(strstr(read_all(world, desk, NULL), "incident.fact"));
    assert_non_null(strstr(read_all(world, asking, NULL), "\"exercise\":true"));
    assert_non_null(strstr(read_all(world, device, NULL), "\"exercise\":true"));
    gw_stream_free(desk);
    gw_stream_free(asking);
    gw_stream_free(device);
}

static void test_stream_types_are_filtered(void **state)
{
    struct world *world = *state;
    struct gw_stream *stream = NULL;
    assert_int_equal(open_wish(world, GX_ROLE_DUTY, "", "",
                               (struct gw_stream_wish){.types = "offer.made,team.filled"}, &stream),
                     GX_OK);
    fact(world, 11);
    assert_null(strstr(read_all(world, stream, NULL), "incident.fact"));
    gw_stream_free(stream);
}

static void test_stream_overtaken_is_closed(void **state)
{
    struct world *world = *state;
    struct gw_stream *stream = open_officer(world, NULL);
    for (int64_t seq = 11; seq <= 20; seq++) {
        fact(world, seq);
    }
    ssize_t last = 0;
    const char *text = read_all(world, stream, &last);
    assert_null(
        strstr(text, "incident.fact")); /* never a gap: nothing rather than the later ones */
    assert_int_equal(last, GW_STREAM_END);
    gw_stream_free(stream);
}

static void test_stream_asleep_is_not_overtaken(void **state)
{
    struct world *world = *state;
    struct gw_stream *device = NULL;
    assert_int_equal(
        open_wish(world, GX_ROLE_RESPONDER, "o", "resp-1", (struct gw_stream_wish){0}, &device),
        GX_OK);
    (void)read_all(world, device, NULL);
    for (int64_t seq = 11; seq <= 30; seq++) {
        fact(world, seq);
    }
    happen(world, &(struct wanted_event){
                      .type = GX_E_fact_noted, .area = AREA, .seq = 31, .responder = "resp-1"});
    assert_non_null(strstr(read_all(world, device, NULL), "id: 53011201:31\n"));
    gw_stream_free(device);
}

static void test_stream_ends_with_its_credential(void **state)
{
    struct world *world = *state;
    struct gw_stream *stream = open_officer(world, NULL);
    ssize_t last = 0;
    (void)read_all(world, stream, NULL);
    fact(world, 11); /* waits unread when the end comes */
    gw_auth_end(world->auth, "key-1");
    gw_streams_end(world->streams, "key-1");
    assert_string_equal(read_all(world, stream, &last), "");
    assert_int_equal(last, GW_STREAM_END);
    gw_stream_free(stream);
    check_refused(world, NULL, NULL,
                  GX_P_UNAUTHENTICATED); /* looked up before, opened after its end */
}

static void test_stream_count_is_bounded(void **state)
{
    struct world *world = *state;
    struct gw_stream *streams[3];
    struct gw_stream *more = NULL;
    for (size_t i = 0; i < 3; i++) {
        streams[i] = open_officer(world, NULL);
    }
    assert_int_equal(open_wish(world, GX_ROLE_DUTY, "", "", (struct gw_stream_wish){0}, &more),
                     GX_LIMIT);
    assert_int_equal(world->ctx.faults[0].problem, GX_P_STREAMS_MANY);
    gw_stream_free(streams[1]);
    more = open_officer(world, NULL);
    gw_stream_free(streams[0]);
    gw_stream_free(streams[2]);
    gw_stream_free(more);
    assert_int_equal(gw_streams_count(world->streams), 0);
}

static void test_stream_silent_one_beats_with_its_id(void **state)
{
    struct world *world = *state;
    struct gw_stream *device = NULL;
    assert_int_equal(
        open_wish(world, GX_ROLE_RESPONDER, "o", "resp-1", (struct gw_stream_wish){0}, &device),
        GX_OK);
    (void)read_all(world, device, NULL);
    fact(world, 11);
    gw_streams_beat(world->streams, gx_clock_mono_us());
    assert_int_equal(world->connection.resumed, 0);
    gw_streams_beat(world->streams, gx_clock_mono_us() + BEAT_US);
    assert_int_equal(world->connection.resumed, 1);
    assert_string_equal(read_all(world, device, NULL), ": beat\nid: 53011201:11\n\n");
    gw_stream_free(device);
}

static void test_stream_passing_event_bears_no_id(void **state)
{
    struct world *world = *state;
    struct gw_stream *stream = open_officer(world, NULL);
    (void)read_all(world, stream, NULL);
    happen(world, &(struct wanted_event){
                      .type = GX_E_fact_noted, .area = AREA, .seq = 0, .officers = true});
    const char *text = read_all(world, stream, NULL);
    assert_int_equal(strncmp(text, "event: incident.fact\n", 21), 0);
    assert_null(strstr(text, "id: "));
    gw_stream_free(stream);
}

static void test_stream_credentials_are_listed_once(void **state)
{
    struct world *world = *state;
    struct gw_stream *a = open_officer(world, NULL);
    struct gw_stream *b = open_officer(world, NULL);
    size_t count = 0;
    const char **ids = gw_streams_credentials(world->streams, &world->ctx, &count);
    assert_int_equal(count, 1);
    assert_string_equal(ids[0], "key-1");
    gw_stream_free(a);
    gw_stream_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stream_without_id_begins_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_resumed_sends_each_event_once_and_in_order,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_resumed_ahead_repeats_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stream_bad_ids_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_sees_only_its_audience, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_exercise_is_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_types_are_filtered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_overtaken_is_closed, set_up_small, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_asleep_is_not_overtaken, set_up_small,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stream_ends_with_its_credential, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_count_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_silent_one_beats_with_its_id, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stream_passing_event_bears_no_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_credentials_are_listed_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
