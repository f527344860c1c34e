/* SPDX-License-Identifier: Apache-2.0 */
/* Many at once on real locks: incidents racing for the same people, two accepts of one place, everything at random. */
#include "world.h"

#include <pthread.h>

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name

enum {
    THREADS = 6,
    PEOPLE = 40,
    ACTIONS = 60
};

static struct side *sides[THREADS];

static int setup(void **state)
{
    (void)state;
    world_empty();
    add_org("station");
    add_org("guards");
    for (int i = 0; i < THREADS; i++) {
        sides[i] = side_new();
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < THREADS; i++) {
        side_free(sides[i]);
    }
    check_invariants();
    return 0;
}

struct job {
    int number;
    pthread_barrier_t *start;
    enum gx_rc rc;
    const char *id;
    const char *name;
    uint64_t seed;
    int done;
};

static void run_all(void *(*fn)(void *), struct job *jobs, int count)
{
    pthread_t threads[THREADS];
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, (unsigned)count), 0);
    for (int i = 0; i < count; i++) {
        jobs[i].number = i;
        jobs[i].start = &start;
        assert_int_equal(pthread_create(&threads[i], NULL, fn, &jobs[i]), 0);
    }
    for (int i = 0; i < count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    (void)pthread_barrier_destroy(&start);
}

static void *open_one(void *arg)
{
    struct job *job = arg;
    const struct affair affair = {.name = job->name, .wanted = {{FORCE(POLICE), 1}}};
    (void)pthread_barrier_wait(job->start);
    job->rc = open_affair(sides[job->number], &affair);
    return NULL;
}

static void test_incidents_racing_for_one_responder_give_him_to_one(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "b", "c", "d", "e", "f"};
    const struct townsman only = {
        .name = "only", .org = "station", .force = FORCE(POLICE), .east_m = 100};
    struct job jobs[THREADS];
    add_person(&only);
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.name = NAMES[i]};
        (void)id_of(NAMES[i]); /* made before the threads start */
    }
    run_all(open_one, jobs, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(jobs[i].rc, GX_OK);
    }
    assert_int_equal(world_number("SELECT count(*) FROM matcher.offer", NULL), 1);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.slot WHERE missing_told = 1", NULL),
                     THREADS - 1);
}

static void test_racing_incidents_share_the_people_there_are(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "b", "c", "d", "e", "f"};
    struct job jobs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        struct townsman man = {
            .name = NAMES[i], .org = "station", .force = FORCE(POLICE), .east_m = 100 * i};
        char name[8];
        (void)snprintf(name, sizeof name, "p%d", i);
        man.name = name;
        add_person(&man);
        jobs[i] = (struct job){.name = NAMES[i]};
        (void)id_of(NAMES[i]);
    }
    run_all(open_one, jobs, THREADS);
    assert_int_equal(
        world_number("SELECT count(DISTINCT responder_id) FROM matcher.offer WHERE state = 1",
                     NULL),
        THREADS);
    assert_int_equal(
        world_number("SELECT count(DISTINCT incident_id) FROM matcher.offer WHERE state = 1", NULL),
        THREADS);
}

static void *accept_one(void *arg)
{
    struct job *job = arg;
    Genxi__OfferAccept accept = GENXI__OFFER_ACCEPT__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    struct gx_actor actor = {.roles = GX_ROLE_RESPONDER,
                             .subject = job->name,
                             .org = id_of("station"),
                             .responder_id = job->name,
                             .lang = "en"};
    accept.id = (char *)(uintptr_t)job->id;
    (void)pthread_barrier_wait(job->start);
    job->rc = side_command(sides[job->number], &actor, GX_C_offer_accept, &accept, &out.base);
    return NULL;
}

static void test_accepts_racing_for_the_last_place_give_it_once(void **state)
{
    (void)state;
    const struct affair roof = {.name = "roof", .wanted = {{FORCE(POLICE), 1}}, .grade = 1};
    const struct townsman men[] = {
        {.name = "p1", .org = "station", .force = FORCE(POLICE), .east_m = 100},
        {.name = "p2", .org = "station", .force = FORCE(POLICE), .east_m = 200},
    };
    for (int round = 0; round < 10; round++) {
        char ids[2][GX_ID_SIZE];
        struct job jobs[2];
        world_empty();
        add_org("station");
        add_person(&men[0]);
        add_person(&men[1]);
        assert_int_equal(open_affair(world, &roof), GX_OK);
        for (int i = 0; i < 2; i++) {
            (void)snprintf(ids[i], GX_ID_SIZE, "%s", offer_of(men[i].name)->id);
            jobs[i] = (struct job){.id = ids[i], .name = id_of(men[i].name)};
        }
        run_all(accept_one, jobs, 2);
        assert_true((jobs[0].rc == GX_OK) != (jobs[1].rc == GX_OK));
        assert_true(jobs[0].rc == GX_CONFLICT || jobs[1].rc == GX_CONFLICT);
        assert_int_equal(world_number("SELECT count(*) FROM matcher.assignment", NULL), 1);
        check_invariants();
    }
}

static void test_one_offer_accepted_many_times_at_once_is_one_assignment(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    const struct townsman man = {
        .name = "p1", .org = "station", .force = FORCE(POLICE), .east_m = 100};
    struct job jobs[THREADS];
    char id[GX_ID_SIZE];
    int good = 0;
    add_person(&man);
    assert_int_equal(open_affair(world, &row), GX_OK);
    (void)snprintf(id, sizeof id, "%s", offer_of("p1")->id);
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.id = id, .name = id_of("p1")};
    }
    run_all(accept_one, jobs, THREADS);
    for (int i = 0; i < THREADS; i++) {
        good += jobs[i].rc == GX_OK ? 1 : 0;
        assert_true(jobs[i].rc == GX_OK || jobs[i].rc == GX_CONFLICT);
    }
    assert_int_equal(good, 1);
}

/* ---- everything at random ---- */

static uint32_t draw(struct job *job, uint32_t below)
{
    job->seed ^= job->seed << 13;
    job->seed ^= job->seed >> 7;
    job->seed ^= job->seed << 17;
    return (uint32_t)(job->seed % below);
}

static char people_names[PEOPLE][8];
static char affair_names[THREADS * ACTIONS][8];

/* As test_a_random_shift_… makes them: each third is a guards' volunteer. */
static struct gx_actor somebody(struct job *job)
{
    uint32_t i = draw(job, PEOPLE);
    const char *who = id_of(people_names[i]);
    return (struct gx_actor){.roles = GX_ROLE_RESPONDER,
                             .subject = who,
                             .org = id_of(i % 3 == 0 ? "guards" : "station"),
                             .responder_id = who,
                             .lang = "en"};
}

/* Answers a random person's open offer, as that person, on this thread's own side. */
static void answer_somebody(struct job *job)
{
    struct side *side = sides[job->number];
    struct gx_actor actor = somebody(job);
    Genxi__OfferQuery query = GENXI__OFFER_QUERY__INIT;
    Genxi__OfferList list = GENXI__OFFER_LIST__INIT;
    char id[GX_ID_SIZE];
    query.has_open = true;
    query.open = true;
    if (side_command(side, &actor, GX_C_offer_list, &query, &list.base) != GX_OK ||
        list.n_items == 0) {
        return;
    }
    (void)snprintf(id, sizeof id, "%s", list.items[0]->id);
    if (draw(job, 2) == 0) {
        Genxi__OfferAccept accept = GENXI__OFFER_ACCEPT__INIT;
        Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
        accept.id = id;
        job->done +=
            side_command(side, &actor, GX_C_offer_accept, &accept, &out.base) == GX_OK ? 1 : 0;
    } else {
        Genxi__OfferDecline decline = GENXI__OFFER_DECLINE__INIT;
        Genxi__Offer out = GENXI__OFFER__INIT;
        decline.id = id;
        job->done +=
            side_command(side, &actor, GX_C_offer_decline, &decline, &out.base) == GX_OK ? 1 : 0;
    }
}

static void move_somebody(struct job *job)
{
    struct side *side = sides[job->number];
    struct gx_actor actor = somebody(job);
    Genxi__AssignmentQuery query = GENXI__ASSIGNMENT_QUERY__INIT;
    Genxi__AssignmentList list = GENXI__ASSIGNMENT_LIST__INIT;
    Genxi__AssignmentStatus status = GENXI__ASSIGNMENT_STATUS__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    char id[GX_ID_SIZE];
    query.has_active = true;
    query.active = true;
    if (side_command(side, &actor, GX_C_assignment_list, &query, &list.base) != GX_OK ||
        list.n_items == 0) {
        return;
    }
    (void)snprintf(id, sizeof id, "%s", list.items[0]->id);
    status.id = id;
    status.state = (Genxi__AssignmentState)(2 + draw(job, 5));
    job->done +=
        side_command(side, &actor, GX_C_assignment_status, &status, &out.base) == GX_OK ? 1 : 0;
}

static void *live_a_while(void *arg)
{
    struct job *job = arg;
    struct side *side = sides[job->number];
    (void)pthread_barrier_wait(job->start);
    for (int i = 0; i < ACTIONS; i++) {
        const char *name = affair_names[job->number * ACTIONS + i];
        const struct affair affair = {
            .name = name,
            .wanted = {{FORCE(POLICE), 1 + draw(job, 2)}, {FORCE(VOLUNTEER), draw(job, 2)}},
            .grade = 1 + draw(job, 4),
            .violent = draw(job, 3) == 0,
        };
        if (draw(job, 4) == 0) {
            job->rc = open_affair(side, &affair);
            job->done += job->rc == GX_OK ? 1 : 0;
            if (draw(job, 3) == 0) {
                (void)change_affair(side, &affair, GENXI__INCIDENT_STATE__INCIDENT_STATE_CLOSED, 2);
            }
        }
        answer_somebody(job);
        move_somebody(job);
        if (draw(job, 5) == 0) {
            (void)side_timers_some(side, NULL, 10);
        }
    }
    return NULL;
}

static void test_a_random_shift_never_gives_anybody_twice(void **state)
{
    (void)state;
    struct job jobs[THREADS];
    int done = 0;
    double scale = MATCHER_SETTINGS.timer_scale;
    MATCHER_SETTINGS.timer_scale =
        0.01; /* offers expire in 0.3 s, rungs in 0.6 s: timers take part */
    for (int i = 0; i < PEOPLE; i++) {
        (void)snprintf(people_names[i], sizeof people_names[i], "m%d", i);
        const struct townsman man = {.name = people_names[i],
                                     .org = i % 3 == 0 ? "guards" : "station",
                                     .force = i % 3 == 0 ? FORCE(VOLUNTEER) : FORCE(POLICE),
                                     .east_m = 30.0 * i};
        add_person(&man);
    }
    for (int i = 0; i < THREADS * ACTIONS; i++) {
        (void)snprintf(affair_names[i], sizeof affair_names[i], "i%d", i);
        (void)id_of(affair_names[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.seed = 77 + (uint64_t)i * 1000003};
    }
    run_all(live_a_while, jobs, THREADS);
    MATCHER_SETTINGS.timer_scale = scale;
    for (int i = 0; i < THREADS; i++) {
        done += jobs[i].done;
    }
    (void)printf("%d actions took effect\n", done);
    assert_true(done > THREADS * ACTIONS / 6);
    assert_true(world_number("SELECT count(*) FROM matcher.assignment", NULL) >= 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_incidents_racing_for_one_responder_give_him_to_one),
        TEST(test_racing_incidents_share_the_people_there_are),
        TEST(test_accepts_racing_for_the_last_place_give_it_once),
        TEST(test_one_offer_accepted_many_times_at_once_is_one_assignment),
        TEST(test_a_random_shift_never_gives_anybody_twice),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
