/* SPDX-License-Identifier: Apache-2.0 */
/* What the bus does without sockets: keys, addresses, frames' numbers, actors, faults, audiences. */
#include "wire/audience.h"
#include "wire/bus.h"
#include "wire/curve.h"
#include "wire/frames.h"
#include "wire/net.h"
#include "wire/pb.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct gx_ctx CTX;
static char DIR_PATH[64];

static int setup(void **state)
{
    (void)state;
    gx_ctx_init(&CTX, 1 << 16);
    (void)snprintf(DIR_PATH, sizeof DIR_PATH, "/tmp/genxi-wire-XXXXXX");
    return mkdtemp(DIR_PATH) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    gx_ctx_done(&CTX);
    return nftw(DIR_PATH, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- Keys --- */

static void path_of(const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", DIR_PATH, name);
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    path_of(name, path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_keys_are_made_once_and_kept(void **state)
{
    (void)state;
    struct gx_curve first;
    struct gx_curve second;
    struct gx_curve public;
    assert_int_equal(gx_curve_make(DIR_PATH, "intel-share"), GX_OK);
    assert_int_equal(gx_curve_load(DIR_PATH, "intel-share", &first), GX_OK);
    assert_int_equal(strlen(first.public_key), 40);
    assert_int_equal(strlen(first.secret_key), 40);
    assert_int_equal(gx_curve_make(DIR_PATH, "intel-share"), GX_OK);
    assert_int_equal(gx_curve_load(DIR_PATH, "intel-share", &second), GX_OK);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(gx_curve_load_public(DIR_PATH, "intel-share", &public), GX_OK);
    assert_string_equal(public.public_key, first.public_key);
    assert_string_equal(public.secret_key, "");
    char derived[GX_CURVE_TEXT_SIZE];
    assert_int_equal(zmq_curve_public(derived, first.secret_key), 0);
    assert_string_equal(derived, first.public_key);
}

static void test_secret_half_is_its_owners_only(void **state)
{
    (void)state;
    char path[128];
    struct stat info;
    struct gx_curve both;
    struct gx_curve public;
    assert_int_equal(gx_curve_make(DIR_PATH, "audit"), GX_OK);
    path_of("audit.key_secret", path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(gx_curve_load(DIR_PATH, "audit", &both), GX_OK);
    char allowed[128];
    path_of("allowed", allowed);
    assert_int_equal(gx_curve_load_public(allowed, "audit", &public), GX_OK);
    assert_string_equal(public.public_key, both.public_key);
    path_of("allowed/audit.key", path);
    FILE *file = fopen(path, "re");
    char text[1024] = "";
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    assert_null(strstr(text, "secret-key"));
    assert_non_null(strstr(text, "name = \"audit\""));
}

static void test_lost_public_half_is_made_again(void **state)
{
    (void)state;
    char path[128];
    struct gx_curve before;
    struct gx_curve after;
    assert_int_equal(gx_curve_make(DIR_PATH, "intake"), GX_OK);
    assert_int_equal(gx_curve_load_public(DIR_PATH, "intake", &before), GX_OK);
    path_of("intake.key", path);
    assert_int_equal(remove(path), 0);
    assert_int_equal(gx_curve_load_public(DIR_PATH, "intake", &after), GX_NOT_FOUND);
    assert_int_equal(gx_curve_make(DIR_PATH, "intake"), GX_OK);
    assert_int_equal(gx_curve_load_public(DIR_PATH, "intake", &after), GX_OK);
    assert_string_equal(before.public_key, after.public_key);
}

static void test_bad_key_files_are_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "curve\n    public-key = \"short\"\n",
        "curve\n    public-key = \"0123456789012345678901234567890123456789",
        "curve\n    public-key = 0123456789012345678901234567890123456789\n",
        "curve\n    public-key = \"~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\"\n",
        "curve\n    public-key = \"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\"\n", /* no secret half */
        "curve\n    secret-key = \"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\"\n",
    };
    struct gx_curve curve = {.public_key = "untouched"};
    for (size_t i = 0; i < GX_COUNT_OF(TEXTS); i++) {
        write_file("x.key_secret", TEXTS[i]);
        assert_int_equal(gx_curve_load(DIR_PATH, "x", &curve), GX_INVALID);
    }
    assert_string_equal(curve.public_key, "untouched");
    assert_int_equal(gx_curve_make(DIR_PATH, "x"),
                     GX_INVALID); /* a spoilt secret is not silently replaced */
    assert_int_equal(gx_curve_load(DIR_PATH, "none", &curve), GX_NOT_FOUND);
}

static void test_key_names_stay_inside_their_folder(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "", "../x", "a/b", "A", "a.b", "a b", "abcdefghijklmnopqrstuvwxyzabcdefg"};
    struct gx_curve curve;
    for (size_t i = 0; i < GX_COUNT_OF(NAMES); i++) {
        assert_int_equal(gx_curve_make(DIR_PATH, NAMES[i]), GX_INVALID);
        assert_int_equal(gx_curve_load(DIR_PATH, NAMES[i], &curve), GX_INVALID);
    }
}

/* --- Addresses --- */

static enum gx_rc address_of(const char *base, enum gx_face face, char address[GX_ADDRESS_SIZE])
{
    return gx_address(base, strlen(base), face, address);
}

static void test_addresses_of_the_four_faces(void **state)
{
    (void)state;
    char address[GX_ADDRESS_SIZE];
    assert_int_equal(address_of("tcp://127.0.0.1:9500", GX_FACE_CLIENTS, address), GX_OK);
    assert_string_equal(address, "tcp://127.0.0.1:9500");
    assert_int_equal(address_of("tcp://[::1]:9500", GX_FACE_EVENTS_OUT, address), GX_OK);
    assert_string_equal(address, "tcp://[::1]:9503");
    assert_int_equal(address_of("ipc:///run/genxi/a", GX_FACE_WORKERS, address), GX_OK);
    assert_string_equal(address, "ipc:///run/genxi/a.workers");
    assert_int_equal(address_of("ipc:///run/genxi/a", GX_FACE_EVENTS_IN, address), GX_OK);
    assert_string_equal(address, "ipc:///run/genxi/a.events-in");
}

static void test_bad_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const BASES[] = {"",
                                        "tcp://",
                                        "ipc://",
                                        "tcp://host",
                                        "tcp://host:",
                                        "tcp://host:0",
                                        "tcp://host:65533",
                                        "tcp://host:99999999",
                                        "tcp://host:1a",
                                        "inproc://x",
                                        "udp://host:9500",
                                        "9500"};
    char address[GX_ADDRESS_SIZE];
    for (size_t i = 0; i < GX_COUNT_OF(BASES); i++) {
        assert_int_equal(address_of(BASES[i], GX_FACE_CLIENTS, address), GX_INVALID);
    }
    char long_one[GX_ADDRESS_SIZE + 10] = "ipc://";
    memset(long_one + 6, 'a', GX_ADDRESS_SIZE);
    assert_int_equal(address_of(long_one, GX_FACE_CLIENTS, address), GX_INVALID);
}

static void test_broker_list_is_split_and_checked(void **state)
{
    (void)state;
    assert_int_equal(gx_curve_make(DIR_PATH, "broker"), GX_OK);
    assert_int_equal(gx_curve_make(DIR_PATH, "intake"), GX_OK);
    struct gx_bus_settings settings = {.brokers = "tcp://10.0.0.1:9500, ipc:///run/b",
                                       .key_dir = DIR_PATH,
                                       .key_name = "intake",
                                       .queue_limit = 5};
    struct gx_net net;
    assert_int_equal(gx_net_open(&settings, &net), GX_OK);
    assert_int_equal(net.broker_count, 2);
    assert_string_equal(net.bases[0], "tcp://10.0.0.1:9500");
    assert_string_equal(net.bases[1], "ipc:///run/b");
    gx_net_close(&net);
    static const char *const BAD[] = {
        "", ",", "tcp://h:1,,tcp://h:2,x", "nonsense",
        "ipc://1,ipc://2,ipc://3,ipc://4,ipc://5,ipc://6,ipc://7,ipc://8,ipc://9"};
    for (size_t i = 0; i < GX_COUNT_OF(BAD); i++) {
        settings.brokers = BAD[i];
        assert_int_equal(gx_net_open(&settings, &net), GX_INVALID);
    }
    settings.brokers = "ipc:///run/b";
    settings.key_name = "nobody";
    assert_int_equal(gx_net_open(&settings, &net), GX_NOT_FOUND);
}

static void test_numbers_are_big_endian(void **state)
{
    (void)state;
    uint8_t bytes[8];
    gx_put_u64(bytes, 0x0102030405060708U);
    for (uint8_t i = 0; i < 8; i++) {
        assert_int_equal(bytes[i], i + 1);
    }
    assert_true(gx_get_u64(bytes) == 0x0102030405060708U);
    gx_put_u64(bytes, UINT64_MAX);
    assert_true(gx_get_u64(bytes) == UINT64_MAX);
}

/* --- Actors and faults --- */

static void test_actor_survives_the_way(void **state)
{
    (void)state;
    static const int32_t AREAS[] = {53011201, 53011202};
    const struct gx_actor actor = {.roles = GX_ROLE_DUTY | (uint32_t)GX_ROLE_DRILL,
                                   .subject = "u1",
                                   .org = "o1",
                                   .responder_id = "",
                                   .areas = AREAS,
                                   .area_count = 2,
                                   .lang = "en"};
    Genxi__Actor *pb = gx_actor_to_pb(&CTX, &actor);
    assert_non_null(pb);
    assert_null(pb->responder_id);
    struct gx_view bytes;
    ProtobufCMessage *message = NULL;
    assert_int_equal(gx_pb_pack(&CTX, &pb->base, &bytes), GX_OK);
    assert_int_equal(gx_pb_unpack(&CTX, &genxi__actor__descriptor, bytes, &message), GX_OK);
    struct gx_ctx other;
    gx_ctx_init(&other, 1 << 12);
    gx_actor_from_pb(&other, (const Genxi__Actor *)message);
    gx_ctx_reset(&CTX); /* the texts are the other's own */
    assert_int_equal(other.actor.roles, actor.roles);
    assert_string_equal(other.actor.subject, "u1");
    assert_string_equal(other.actor.org, "o1");
    assert_string_equal(other.actor.responder_id, "");
    assert_string_equal(other.actor.lang, "en");
    assert_int_equal(other.actor.area_count, 2);
    assert_true(gx_actor_in_area(&other.actor, 53011202));
    gx_ctx_done(&other);
}

static void test_actor_without_room_has_fewer_rights(void **state)
{
    (void)state;
    int32_t areas[64] = {53011201};
    Genxi__Actor pb = GENXI__ACTOR__INIT;
    pb.subject = gx_pb_text("u1");
    pb.areas = areas;
    pb.n_areas = GX_COUNT_OF(areas);
    struct gx_ctx small;
    gx_ctx_init(&small, 32);
    gx_actor_from_pb(&small, &pb);
    assert_int_equal(small.actor.area_count, 0);
    assert_false(gx_actor_in_area(&small.actor, 53011201));
    gx_ctx_done(&small);
}

static void test_faults_survive_the_way(void **state)
{
    (void)state;
    assert_int_equal(gx_fail(&CTX, GX_P_OFFER_EXPIRED, "/id", "%s", "12:00"), GX_CONFLICT);
    assert_int_equal(gx_fail(&CTX, GX_P_FIELD_RANGE, "", "%d..%d", 1, 4), GX_INVALID);
    Genxi__Reply reply = GENXI__REPLY__INIT;
    gx_reply_faults(&CTX, &reply);
    assert_int_equal(reply.n_faults, 2);
    struct gx_ctx other;
    gx_ctx_init(&other, 1 << 12);
    gx_faults_from_reply(&other, &reply);
    assert_int_equal(other.fault_count, 2);
    assert_int_equal(other.faults[0].problem, GX_P_OFFER_EXPIRED);
    assert_string_equal(other.faults[0].pointer, "/id");
    assert_string_equal(other.faults[0].value, "12:00");
    assert_int_equal(other.faults[1].problem, GX_P_FIELD_RANGE);
    assert_string_equal(other.faults[1].value, "1..4");
    gx_ctx_done(&other);
}

/* --- Audience --- */

static Genxi__Audience AUDIENCE;
static Genxi__Event EVENT;

static void make_event(void)
{
    static char *orgs[1];
    static char *responders[1];
    static int32_t more[1];
    orgs[0] = gx_pb_text("o1");
    responders[0] = gx_pb_text("r1");
    more[0] = 53011202;
    genxi__audience__init(&AUDIENCE);
    genxi__event__init(&EVENT);
    AUDIENCE.orgs = orgs;
    AUDIENCE.n_orgs = 1;
    AUDIENCE.responders = responders;
    AUDIENCE.n_responders = 1;
    AUDIENCE.more_areas = more;
    AUDIENCE.n_more_areas = 1;
    EVENT.audience = &AUDIENCE;
    EVENT.area = 53011201;
}

static enum gx_sight sight(uint32_t roles, const char *org, const char *responder, int32_t area)
{
    const struct gx_actor actor = {.roles = roles,
                                   .subject = "s",
                                   .org = org,
                                   .responder_id = responder,
                                   .areas = &area,
                                   .area_count = area != 0 ? 1 : 0,
                                   .lang = "en"};
    return gx_audience_sight(&actor, &EVENT);
}

static void test_audience_gives_each_their_sight(void **state)
{
    (void)state;
    make_event();
    assert_int_equal(sight(GX_ROLE_SYSTEM, "", "", 0), GX_SIGHT_OFFICER);
    assert_int_equal(sight(GX_ROLE_DUTY, "", "", 53011201), GX_SIGHT_OFFICER);
    assert_int_equal(sight(GX_ROLE_DUTY, "", "", 53011202), GX_SIGHT_OFFICER);
    assert_int_equal(sight(GX_ROLE_DUTY, "", "", 53011203), GX_SIGHT_NONE);
    assert_int_equal(sight(GX_ROLE_ADMIN, "", "", 53011201), GX_SIGHT_NONE);
    assert_int_equal(sight(GX_ROLE_DESK, "o1", "", 0), GX_SIGHT_PARTNER);
    assert_int_equal(sight(GX_ROLE_DESK, "o2", "", 53011201), GX_SIGHT_NONE);
    assert_int_equal(sight(GX_ROLE_LINKED, "o1", "", 0), GX_SIGHT_PARTNER);
    assert_int_equal(sight(GX_ROLE_RESPONDER, "o1", "r1", 0), GX_SIGHT_PARTNER);
    assert_int_equal(sight(GX_ROLE_RESPONDER, "o1", "r2", 0), GX_SIGHT_NONE);
    assert_int_equal(sight(GX_ROLE_DESK, "", "", 0), GX_SIGHT_NONE);
}

static void test_audience_narrowed_to_roles_or_closed_to_officers(void **state)
{
    (void)state;
    make_event();
    AUDIENCE.roles = GX_ROLE_APPROVER;
    assert_int_equal(sight(GX_ROLE_DUTY, "", "", 53011201), GX_SIGHT_NONE);
    assert_int_equal(sight(GX_ROLE_APPROVER, "", "", 53011201), GX_SIGHT_OFFICER);
    AUDIENCE.roles = 0;
    AUDIENCE.officers = 0;
    assert_int_equal(sight(GX_ROLE_DUTY, "", "", 53011201), GX_SIGHT_NONE);
    assert_int_equal(sight(GX_ROLE_DESK, "o1", "", 0), GX_SIGHT_PARTNER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keys_are_made_once_and_kept),
        TEST(test_secret_half_is_its_owners_only),
        TEST(test_lost_public_half_is_made_again),
        TEST(test_bad_key_files_are_refused),
        TEST(test_key_names_stay_inside_their_folder),
        TEST(test_addresses_of_the_four_faces),
        TEST(test_bad_addresses_are_refused),
        TEST(test_broker_list_is_split_and_checked),
        TEST(test_numbers_are_big_endian),
        TEST(test_actor_survives_the_way),
        TEST(test_actor_without_room_has_fewer_rights),
        TEST(test_faults_survive_the_way),
        TEST(test_audience_gives_each_their_sight),
        TEST(test_audience_narrowed_to_roles_or_closed_to_officers),
    };
    return cmocka_run_group_tests_name("bus parts", tests, NULL, NULL);
}
