/* SPDX-License-Identifier: Apache-2.0 */
#include "district.h"

#include "base/clock.h"
#include "district_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t HOUR_MS = INT64_C(3600000);
static const int64_t DAY_MS = INT64_C(86400000);
static const int64_t LOCAL_OFFSET_MS = INT64_C(8) * 3600000; /* Beijing time, no summer time */

enum {
    ARENA_BYTES = 256 * 1024 * 1024,
    TEAM_COUNT = 39,
    SITES_MAX = 2000,
    RESPONDERS_MAX = 6000,
    SHIFTS_PER_RESPONDER = 4,
    POLICE_PER_STATION = 30,
    WORK_PERCENT =
        63, /* share of days worked: a third of 2,400 guards at work of a day, 63 % of them, is about 500 */
};

/* --- a generator per thing: adding one never moves the others --- */

struct dice {
    uint64_t state;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static struct dice dice_for(uint64_t seed, uint64_t kind, uint64_t index)
{
    return (struct dice){mix(mix(mix(seed) + kind) + index)};
}

/* SplitMix64. */
static uint64_t roll(struct dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(dice->state);
}

static size_t pick(struct dice *dice, size_t count)
{
    return (size_t)(roll(dice) % count);
}

static double fraction(struct dice *dice)
{
    return (double)(roll(dice) >> 11) / 9007199254740992.0;
}

static bool chance(struct dice *dice, unsigned percent)
{
    return pick(dice, 100) < percent;
}

enum dice_kind {
    DICE_RING = 1,
    DICE_PARTNER,
    DICE_SITE,
    DICE_RESPONDER,
    DICE_SHIFT,
    DICE_TEAM
};

static const char *print(struct gx_district *district, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *print(struct gx_district *district, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = gx_arena_vprintf(&district->arena, format, args);
    va_end(args);
    return text == NULL ? "" : text;
}

/* --- stations: four bands from south to north, each cut into cells; neighbours share their corners --- */

enum {
    BANDS = 4,
    LINE_POINTS = 15,
    CELLS_MAX = 3,
    RING_MAX = 2 * LINE_POINTS + 2
};

/* Cuts are steps of 0.01 degrees from the west edge; stations are indices into DISTRICT_STATION_NAMES. */
static const struct {
    int cuts[CELLS_MAX + 1];
    size_t stations[CELLS_MAX];
    size_t cells;
} LAYOUT[BANDS] = {
    {{0, 14, 14, 14}, {8, 0, 0}, 1}, /* 海口 */
    {{0, 6, 10, 14}, {7, 0, 4}, 3},  /* 碧鸡 前卫 福海 */
    {{0, 5, 9, 14}, {1, 6, 3}, 3},   /* 马街 西苑 永昌 */
    {{0, 5, 10, 14}, {9, 5, 2}, 3},  /* 团结 棕树营 金碧 */
};
static const double BAND_LAT[BANDS + 1] = {24.88, 24.96, 25.02, 25.055, 25.10};
static const double WEST = 102.60;

/* The line under band `band`, point by point from west to east. */
static struct gx_point line_point(uint64_t seed, size_t band, int step)
{
    struct dice dice = dice_for(seed, DICE_RING, band * 100 + (size_t)step);
    double wave = (fraction(&dice) - 0.5) * 0.008;
    return (struct gx_point){WEST + 0.01 * step, BAND_LAT[band] + wave};
}

/* A corner half way up between two cells, moved a little to the side. */
static struct gx_point side_point(uint64_t seed, size_t band, int step)
{
    struct dice dice = dice_for(seed, DICE_RING, 10000 + band * 100 + (size_t)step);
    double shift = (fraction(&dice) - 0.5) * 0.006;
    return (struct gx_point){WEST + 0.01 * step + shift, (BAND_LAT[band] + BAND_LAT[band + 1]) / 2};
}

static bool make_ring(struct gx_district *district, size_t band, size_t cell,
                      struct gx_district_station *station)
{
    struct gx_point *ring = gx_arena_alloc(&district->arena, RING_MAX * sizeof *ring);
    if (ring == NULL) {
        return false;
    }
    int left = LAYOUT[band].cuts[cell];
    int right = LAYOUT[band].cuts[cell + 1];
    size_t count = 0;
    for (int step = left; step <= right; step++) {
        ring[count++] = line_point(district->seed, band, step);
    }
    ring[count++] = side_point(district->seed, band, right);
    for (int step = right; step >= left; step--) {
        ring[count++] = line_point(district->seed, band + 1, step);
    }
    ring[count++] = side_point(district->seed, band, left);
    station->ring = ring;
    station->ring_count = count;
    double lon = WEST + 0.005 * (left + right);
    station->place = (struct gx_point){lon, (BAND_LAT[band] + BAND_LAT[band + 1]) / 2};
    return true;
}

static bool make_stations(struct gx_district *district)
{
    district->stations =
        gx_arena_alloc(&district->arena, DISTRICT_STATION_COUNT * sizeof *district->stations);
    if (district->stations == NULL) {
        return false;
    }
    district->station_count = DISTRICT_STATION_COUNT;
    for (size_t band = 0; band < BANDS; band++) {
        for (size_t cell = 0; cell < LAYOUT[band].cells; cell++) {
            size_t index = LAYOUT[band].stations[cell];
            struct gx_district_station *station = &district->stations[index];
            station->area = GX_DISTRICT_AREA + 1 + (int32_t)index;
            station->code = print(district, "S%02zu", index + 1);
            station->name = print(district, "%s派出所(演示)", DISTRICT_STATION_NAMES[index].zh);
            station->name_en =
                print(district, "%s Police Station (demo)", DISTRICT_STATION_NAMES[index].en);
            if (!make_ring(district, band, cell, station)) {
                return false;
            }
        }
    }
    return true;
}

/* Evenly over the territory. */
static struct gx_point point_in(const struct gx_district_station *station, struct dice *dice)
{
    struct gx_point low = station->ring[0];
    struct gx_point high = station->ring[0];
    for (size_t i = 1; i < station->ring_count; i++) {
        struct gx_point p = station->ring[i];
        low.lon = p.lon < low.lon ? p.lon : low.lon;
        low.lat = p.lat < low.lat ? p.lat : low.lat;
        high.lon = p.lon > high.lon ? p.lon : high.lon;
        high.lat = p.lat > high.lat ? p.lat : high.lat;
    }
    for (int tries = 0; tries < 1000; tries++) {
        struct gx_point p = {low.lon + fraction(dice) * (high.lon - low.lon),
                             low.lat + fraction(dice) * (high.lat - low.lat)};
        if (gx_geo_in_ring(p, station->ring, station->ring_count)) {
            return p;
        }
    }
    return station->place;
}

/* --- partners --- */

/* The programme's kinds: 719 together; then the parties beside them. */
static const struct kind_share {
    const char *kind;
    size_t count;
    char letter;
} SHARES[] = {
    {"enterprise", 240, 'E'}, {"property", 186, 'W'}, {"security", 24, 'B'},
    {"school", 96, 'X'},      {"hospital", 28, 'Y'},  {"market", 62, 'M'},
    {"hotel", 83, 'H'},       {"fire", 3, 'F'},       {"ambulance", 2, 'A'},
};
enum {
    SHARE_COUNT = sizeof SHARES / sizeof SHARES[0]
};

/* Parts of a hundred partners in each station's area; the lake shore towns are busier than the hills. */
static const unsigned STATION_WEIGHT[DISTRICT_STATION_COUNT] = {14, 12, 13, 12, 12, 10, 9, 6, 7, 5};

static size_t pick_station(struct dice *dice)
{
    size_t at = pick(dice, 100);
    for (size_t i = 0; i < DISTRICT_STATION_COUNT; i++) {
        if (at < STATION_WEIGHT[i]) {
            return i;
        }
        at -= STATION_WEIGHT[i];
    }
    return 0;
}

static const char *word(struct dice *dice, const char *const *words, size_t count)
{
    return words[pick(dice, count)];
}

static const char *partner_name(struct gx_district *district, const struct kind_share *share,
                                size_t index, struct dice *dice)
{
    const char *place = word(dice, DISTRICT_PLACE_WORDS, DISTRICT_PLACE_WORD_COUNT);
    const char *number = index < 9 ? "" : print(district, "%zu号", index + 1);
    switch (share->letter) {
    case 'E':
        return print(district, "昆明%s%s%s有限公司(演示)", place, number,
                     word(dice, DISTRICT_BUSINESS_WORDS, DISTRICT_BUSINESS_WORD_COUNT));
    case 'W':
        return print(district, "%s%s物业服务有限公司(演示)", place, number);
    case 'B':
        return print(district, "%s%s保安服务有限公司(演示)", number,
                     DISTRICT_SECURITY_WORDS[index % DISTRICT_SECURITY_WORD_COUNT]);
    case 'X':
        return print(district, "%s%s%s(演示)", place, number,
                     word(dice, DISTRICT_SCHOOL_WORDS, DISTRICT_SCHOOL_WORD_COUNT));
    case 'Y':
        return print(district, "%s%s%s(演示)", place, number,
                     word(dice, DISTRICT_HOSPITAL_WORDS, DISTRICT_HOSPITAL_WORD_COUNT));
    case 'M':
        return print(district, "%s%s%s(演示)", place, number,
                     word(dice, DISTRICT_MARKET_WORDS, DISTRICT_MARKET_WORD_COUNT));
    case 'H':
        return print(district, "%s%s%s(演示)", place, number,
                     word(dice, DISTRICT_HOTEL_WORDS, DISTRICT_HOTEL_WORD_COUNT));
    case 'F':
        return print(district, "西山消防救援站%zu(演示)", index + 1);
    default:
        return print(district, "西山急救分站%zu(演示)", index + 1);
    }
}

/* Dates stand on quarters of ninety days, so that the registry of a demonstration stays the same from day to day. */
static int64_t anchor(const struct gx_district *district)
{
    return district->now_ms - district->now_ms % (90 * DAY_MS);
}

/* Numbers that no network has given out: +86 000 ... */
static const char *demo_phone(struct gx_district *district, struct dice *dice)
{
    return print(district, "+86000%08" PRIu64, roll(dice) % 100000000U);
}

static const char *contract_areas(struct gx_district *district, size_t station, size_t count)
{
    const char *text = print(district, "%d", (int)GX_DISTRICT_AREA + 1 + (int)station);
    for (size_t i = 1; i < count; i++) {
        size_t next = (station + i) % DISTRICT_STATION_COUNT;
        text = print(district, "%s; %d", text, (int)GX_DISTRICT_AREA + 1 + (int)next);
    }
    return text;
}

static void make_agreement(struct gx_district *district, struct gx_district_partner *partner,
                           struct dice *dice)
{
    bool security = strcmp(partner->kind, "security") == 0;
    bool property = strcmp(partner->kind, "property") == 0;
    if (!security && chance(dice, 3)) {
        return; /* known, but nothing signed yet */
    }
    int64_t age = (int64_t)(30 + pick(dice, 300)) * DAY_MS;
    partner->signed_at = anchor(district) - age;
    bool ended = !security && chance(dice, 2);
    partner->ends_at =
        ended ? anchor(district) - 10 * DAY_MS : partner->signed_at + INT64_C(3) * 365 * DAY_MS;
    partner->off_site = security || chance(dice, property ? 35 : 12);
    partner->contract_areas =
        contract_areas(district, partner->station, security ? 4 + pick(dice, 7) : 1);
}

static void make_contacts(struct gx_district *district, struct gx_district_partner *partner,
                          struct dice *dice)
{
    const char *phone = demo_phone(district, dice);
    if (!chance(dice, 93)) {
        partner->contacts =
            print(district, "演示联络员|%s", phone); /* a number that nobody has tested */
        return;
    }
    char tested[GX_TIME_TEXT_SIZE];
    (void)gx_time_format(anchor(district) - (int64_t)(1 + pick(dice, 80)) * DAY_MS, tested);
    partner->contacts = print(district, "演示联络员|%s|%s; 演示值班室|%s", phone, tested,
                              demo_phone(district, dice));
}

static struct gx_district_partner *add_partner(struct gx_district *district, const char *kind,
                                               size_t station)
{
    struct gx_district_partner *partner = &district->partners[district->partner_count++];
    partner->kind = kind;
    partner->station = station;
    partner->area = GX_DISTRICT_AREA + 1 + (int32_t)station;
    partner->contract_areas = "";
    partner->contacts = "";
    return partner;
}

static void make_kind(struct gx_district *district, const struct kind_share *share)
{
    for (size_t i = 0; i < share->count; i++) {
        struct dice dice = dice_for(district->seed, DICE_PARTNER,
                                    (uint64_t)(unsigned char)share->letter * 1000 + i);
        struct gx_district_partner *partner =
            add_partner(district, share->kind, pick_station(&dice));
        partner->code = print(district, "%c%03zu", share->letter, i + 1);
        partner->name = partner_name(district, share, i, &dice);
        make_agreement(district, partner, &dice);
        make_contacts(district, partner, &dice);
    }
}

static bool make_partners(struct gx_district *district)
{
    size_t room = DISTRICT_COMMUNITY_COUNT + DISTRICT_TOWN_COUNT + 1;
    for (size_t i = 0; i < SHARE_COUNT; i++) {
        room += SHARES[i].count;
    }
    district->partners = gx_arena_alloc(&district->arena, room * sizeof *district->partners);
    if (district->partners == NULL) {
        return false;
    }
    for (size_t i = 0; i < SHARE_COUNT; i++) {
        make_kind(district, &SHARES[i]);
    }
    for (size_t i = 0; i < DISTRICT_TOWN_COUNT; i++) {
        struct dice dice = dice_for(district->seed, DICE_PARTNER, 900000 + i);
        struct gx_district_partner *partner =
            add_partner(district, "subdistrict", DISTRICT_TOWNS[i].station);
        partner->code = print(district, "T%s", DISTRICT_TOWNS[i].code);
        partner->name = print(district, "%s办事处(演示)", DISTRICT_TOWNS[i].name);
        make_contacts(district, partner, &dice);
    }
    for (size_t i = 0; i < DISTRICT_COMMUNITY_COUNT; i++) {
        const struct district_community *community = &DISTRICT_COMMUNITIES[i];
        struct dice dice = dice_for(district->seed, DICE_PARTNER, 910000 + i);
        struct gx_district_partner *partner =
            add_partner(district, "community", DISTRICT_TOWNS[community->town].station);
        partner->code = print(district, "C%s", community->code);
        partner->name = print(district, "%s居委会(演示)", community->name);
        make_agreement(district, partner, &dice);
        make_contacts(district, partner, &dice);
    }
    struct gx_district_partner *centre = add_partner(district, "district", 0);
    centre->code = "D00";
    centre->name = "西山分局基础管控中心(演示)";
    centre->area = GX_DISTRICT_AREA;
    return true;
}

/* --- sites --- */

static const struct site_kind {
    const char *partner_kind;
    const char *kind;
    const char *needs;
    const char *access;
    size_t least;
    size_t more; /* 0..more beyond the least */
} SITE_KINDS[] = {
    {"enterprise", "office", "guard 1 3 08:00-19:00; police 1 5 00:00-00:00",
     "正门有值班室;消防通道在北侧", 1, 0},
    {"property", "estate", "guard 2 3 00:00-00:00; police 1 5 00:00-00:00",
     "1号门人行,2号门车行;天台钥匙在值班室;各楼栋电梯钥匙在监控室", 1, 2},
    {"school", "school", "guard 2 1 07:00-18:30; police 1 5 07:00-18:30",
     "早晚高峰南门限行;急救箱在门卫室", 1, 0},
    {"hospital", "hospital", "guard 3 1 00:00-00:00; police 1 5 00:00-00:00", "急诊通道不得占用", 1,
     0},
    {"market", "market", "guard 2 3 06:00-20:00; patrol 1 5 06:00-20:00", "货运通道在西侧", 1, 0},
    {"hotel", "hotel", "guard 1 3 20:00-06:00; police 1 5 00:00-00:00", "前台有备用房卡", 1, 0},
    {"community", "street", "patrol 2 5 19:00-01:00; volunteer 2 5 08:00-20:00", "", 1, 0},
};

static const char *site_name(struct gx_district *district,
                             const struct gx_district_partner *partner,
                             const struct site_kind *kind, size_t number, struct dice *dice)
{
    if (strcmp(kind->kind, "estate") == 0) {
        return print(district, "%s%s(演示%s-%zu)",
                     word(dice, DISTRICT_PLACE_WORDS, DISTRICT_PLACE_WORD_COUNT),
                     word(dice, DISTRICT_ESTATE_WORDS, DISTRICT_ESTATE_WORD_COUNT), partner->code,
                     number);
    }
    return partner->name;
}

static void make_partner_sites(struct gx_district *district, size_t index,
                               const struct site_kind *kind)
{
    struct gx_district_partner *partner = &district->partners[index];
    struct dice dice = dice_for(district->seed, DICE_SITE, index);
    size_t count = kind->least + (kind->more == 0 ? 0 : pick(&dice, kind->more + 1));
    partner->site_count = count;
    for (size_t n = 1; n <= count; n++) {
        struct gx_district_site *site = &district->sites[district->site_count++];
        site->partner = index;
        site->code = print(district, "%zu", n);
        site->name = site_name(district, partner, kind, n, &dice);
        site->kind = kind->kind;
        site->place = point_in(&district->stations[partner->station], &dice);
        site->needs = kind->needs;
        site->access = kind->access;
    }
}

static bool make_sites(struct gx_district *district)
{
    district->sites = gx_arena_alloc(&district->arena, SITES_MAX * sizeof *district->sites);
    if (district->sites == NULL) {
        return false;
    }
    for (size_t i = 0; i < district->partner_count; i++) {
        district->partners[i].first_site = district->site_count;
        for (size_t k = 0; k < sizeof SITE_KINDS / sizeof SITE_KINDS[0]; k++) {
            if (strcmp(district->partners[i].kind, SITE_KINDS[k].partner_kind) == 0) {
                make_partner_sites(district, i, &SITE_KINDS[k]);
            }
        }
    }
    return true;
}

/* --- responders --- */

/* What is the same for all of one force at one organisation. */
struct crew {
    const char *org;
    const char *label; /* begins the call sign */
    const char *force;
    const char *guard_kind;
    const char *mark; /* 警 保 特 巡 红 */
    size_t station;
    unsigned consent_percent;
    bool insured;
};

static const char *skill(struct gx_district *district, const char *skills, const char *code,
                         struct dice *dice)
{
    bool expired = chance(dice, 4); /* certificates run out: so they do here */
    int64_t until =
        anchor(district) +
        (expired ? -(int64_t)(1 + pick(dice, 60)) : (int64_t)(120 + pick(dice, 600))) * DAY_MS;
    char text[GX_TIME_TEXT_SIZE];
    (void)gx_time_format(until, text);
    return print(district, "%s%s%s %s", skills, skills[0] == '\0' ? "" : "; ", code, text);
}

static const char *make_skills(struct gx_district *district, const struct crew *crew,
                               struct dice *dice)
{
    bool police = strcmp(crew->force, "police") == 0;
    bool guard = strcmp(crew->force, "guard") == 0;
    const char *skills = "";
    if (police || guard || chance(dice, 60)) {
        skills = skill(district, skills, "first_disposal", dice);
    }
    if (guard) {
        skills = skill(district, skills, "guard_licence", dice);
    }
    if (chance(dice, police ? 70 : 35)) {
        skills = skill(district, skills, "first_aid", dice);
    }
    if (police ? chance(dice, 60) : guard && chance(dice, 45)) {
        skills = skill(district, skills, "shield", dice);
    }
    if (police) {
        skills = skill(district, skills, "equipment", dice);
        if (chance(dice, 15)) {
            skills = skill(district, skills, "negotiation", dice);
        }
    }
    if (chance(dice, 5)) {
        skills = skill(district, skills, "english", dice);
    }
    return skills;
}

static void add_responder(struct gx_district *district, const struct crew *crew, size_t number,
                          size_t site)
{
    size_t index = district->responder_count;
    if (index == RESPONDERS_MAX) {
        return;
    }
    struct gx_district_responder *responder = &district->responders[district->responder_count++];
    struct dice dice = dice_for(district->seed, DICE_RESPONDER, index);
    responder->org = crew->org;
    responder->code =
        print(district, "%s%03zu", strcmp(crew->force, "volunteer") == 0 ? "V" : "", number);
    responder->force = crew->force;
    responder->guard_kind = crew->guard_kind;
    responder->call_sign = print(district, "%s-%s%02zu", crew->label, crew->mark, number);
    responder->station = crew->station;
    responder->site = site;
    responder->skills = make_skills(district, crew, &dice);
    responder->off_site_consent = chance(&dice, crew->consent_percent);
    bool insured = crew->insured && chance(&dice, 95);
    responder->insured_until_at =
        insured ? anchor(district) + (int64_t)(150 + pick(&dice, 200)) * DAY_MS : 0;
    responder->phone = demo_phone(district, &dice);
    responder->start = site != SIZE_MAX ? district->sites[site].place
                                        : point_in(&district->stations[crew->station], &dice);
    responder->slot = (uint32_t)pick(&dice, 3);
}

static void make_police(struct gx_district *district)
{
    for (size_t i = 0; i < district->station_count; i++) {
        struct crew crew = {district->stations[i].code,
                            DISTRICT_STATION_NAMES[i].zh,
                            "police",
                            "",
                            "警",
                            i,
                            100,
                            false};
        for (size_t n = 1; n <= POLICE_PER_STATION; n++) {
            add_responder(district, &crew, n, SIZE_MAX);
        }
    }
}

/* A licensed company's guards stand at its clients' markets, hospitals and schools in the same area. */
static size_t client_site(const struct gx_district *district, size_t station, struct dice *dice)
{
    static const char *const CLIENTS[] = {"market", "hospital", "school", "office"};
    for (int tries = 0; tries < 200; tries++) {
        size_t index = pick(dice, district->site_count);
        const struct gx_district_site *site = &district->sites[index];
        if (district->partners[site->partner].station != station) {
            continue;
        }
        for (size_t i = 0; i < sizeof CLIENTS / sizeof CLIENTS[0]; i++) {
            if (strcmp(site->kind, CLIENTS[i]) == 0) {
                return index;
            }
        }
    }
    return SIZE_MAX;
}

static void make_licensed(struct gx_district *district, const struct gx_district_partner *partner,
                          struct dice *dice)
{
    struct crew crew = {partner->code,
                        print(district, "%s", partner->code),
                        "guard",
                        "licensed",
                        "特",
                        partner->station,
                        92,
                        false};
    size_t count = 10 + pick(dice, 9);
    for (size_t n = 1; n <= count; n++) {
        bool mobile = n <= 4; /* a car crew that is nobody's fixed post */
        add_responder(district, &crew, n,
                      mobile ? SIZE_MAX : client_site(district, partner->station, dice));
    }
}

static void make_community(struct gx_district *district, const struct gx_district_partner *partner,
                           const char *label, struct dice *dice)
{
    struct crew patrol = {partner->code, label, "patrol", "", "巡", partner->station, 100, true};
    struct crew volunteer = {partner->code,    label, "volunteer", "", "红",
                             partner->station, 100,   true};
    size_t count = 1 + pick(dice, 3);
    for (size_t n = 1; n <= count; n++) {
        add_responder(district, &patrol, n, partner->first_site);
    }
    count = 1 + pick(dice, 3);
    for (size_t n = 1; n <= count; n++) {
        add_responder(district, &volunteer, n, partner->first_site);
    }
}

static void make_own_guards(struct gx_district *district, const struct gx_district_partner *partner,
                            struct dice *dice)
{
    bool property = strcmp(partner->kind, "property") == 0;
    struct crew crew = {
        partner->code,    partner->code,      "guard", property ? "property" : "self_hired", "保",
        partner->station, property ? 25 : 10, false};
    size_t count = property ? 4 + pick(dice, 4) : 1 + pick(dice, 2);
    if (strcmp(partner->kind, "hospital") == 0) {
        count += 4;
    }
    for (size_t n = 1; n <= count; n++) {
        add_responder(district, &crew, n, partner->first_site + (n - 1) % partner->site_count);
    }
}

static bool make_responders(struct gx_district *district)
{
    district->responders =
        gx_arena_alloc(&district->arena, RESPONDERS_MAX * sizeof *district->responders);
    if (district->responders == NULL) {
        return false;
    }
    make_police(district);
    size_t community = 0;
    for (size_t i = 0; i < district->partner_count; i++) {
        const struct gx_district_partner *partner = &district->partners[i];
        struct dice dice = dice_for(district->seed, DICE_RESPONDER, 1000000 + i);
        if (strcmp(partner->kind, "security") == 0) {
            make_licensed(district, partner, &dice);
        } else if (strcmp(partner->kind, "community") == 0) {
            make_community(district, partner, DISTRICT_COMMUNITIES[community++].name, &dice);
        } else if (partner->site_count > 0) {
            make_own_guards(district, partner, &dice);
        }
    }
    return true;
}

/* --- shifts: the day in three, 00-08, 08-16, 16-24 local time; volunteers work half of their third --- */

static void add_shift(struct gx_district *district, size_t responder, int64_t from_at,
                      int64_t hours)
{
    int64_t until_at = from_at + hours * HOUR_MS;
    if (until_at <= district->now_ms - 8 * HOUR_MS || from_at >= district->now_ms + 40 * HOUR_MS) {
        return;
    }
    district->shifts[district->shift_count++] =
        (struct gx_district_shift){responder, from_at, until_at};
}

static bool make_shifts(struct gx_district *district)
{
    size_t room = district->responder_count * SHIFTS_PER_RESPONDER;
    district->shifts = gx_arena_alloc(&district->arena, (room + 1) * sizeof *district->shifts);
    if (district->shifts == NULL) {
        return false;
    }
    int64_t today = (district->now_ms + LOCAL_OFFSET_MS) / DAY_MS;
    for (size_t i = 0; i < district->responder_count; i++) {
        const struct gx_district_responder *responder = &district->responders[i];
        for (int64_t day = today - 1; day < today - 1 + SHIFTS_PER_RESPONDER; day++) {
            struct dice dice =
                dice_for(district->seed, DICE_SHIFT, (uint64_t)i * 100000 + (uint64_t)day);
            if (!chance(&dice, WORK_PERCENT)) {
                continue;
            }
            int64_t from_at =
                day * DAY_MS - LOCAL_OFFSET_MS + (int64_t)responder->slot * 8 * HOUR_MS;
            if (strcmp(responder->force, "volunteer") == 0) {
                add_shift(district, i, from_at + (chance(&dice, 50) ? 4 * HOUR_MS : 0), 4);
            } else {
                add_shift(district, i, from_at, 8);
            }
        }
    }
    return true;
}

/* --- instructor teams: two a station, the larger security companies, then property companies --- */

static void add_team(struct gx_district *district, const char *org, const char *name, size_t number,
                     bool police)
{
    if (district->team_count == TEAM_COUNT) {
        return;
    }
    struct gx_district_team *team = &district->teams[district->team_count++];
    struct dice dice = dice_for(district->seed, DICE_TEAM, district->team_count);
    team->org = org;
    team->code = print(district, "J%zu", number);
    team->name = print(district, "%s教官队%zu(演示)", name, number);
    team->subjects = police ? "first_disposal; information; equipment; first_aid; tactics"
                            : "first_disposal; information; first_aid; tactics";
    size_t wanted = 3 + pick(&dice, 3);
    size_t found = 0;
    team->members = "";
    for (size_t i = 0; i < district->responder_count && found < wanted; i++) {
        if (strcmp(district->responders[i].org, org) == 0 && found++ < wanted) {
            team->members = print(district, "%s%s%s", team->members, found == 1 ? "" : "; ",
                                  district->responders[i].code);
        }
    }
}

static bool make_teams(struct gx_district *district)
{
    district->teams = gx_arena_alloc(&district->arena, TEAM_COUNT * sizeof *district->teams);
    if (district->teams == NULL) {
        return false;
    }
    for (size_t i = 0; i < district->station_count; i++) {
        add_team(district, district->stations[i].code, DISTRICT_STATION_NAMES[i].zh, 1, true);
        add_team(district, district->stations[i].code, DISTRICT_STATION_NAMES[i].zh, 2, true);
    }
    size_t companies = 0;
    for (size_t i = 0; i < district->partner_count && companies < 12; i++) {
        if (strcmp(district->partners[i].kind, "security") == 0) {
            add_team(district, district->partners[i].code, district->partners[i].code, 1, false);
            companies++;
        }
    }
    for (size_t i = 0; i < district->partner_count && district->team_count < TEAM_COUNT; i++) {
        if (strcmp(district->partners[i].kind, "property") == 0) {
            add_team(district, district->partners[i].code, district->partners[i].code, 1, false);
        }
    }
    return true;
}

enum gx_rc gx_district_make(uint64_t seed, int64_t now_ms, struct gx_district *ret_district)
{
    if (now_ms < INT64_C(946684800000) || now_ms >= INT64_C(4102444800000)) {
        return GX_INVALID;
    }
    struct gx_district district = {.seed = seed, .now_ms = now_ms - now_ms % HOUR_MS};
    gx_arena_init(&district.arena, ARENA_BYTES);
    bool made = make_stations(&district) && make_partners(&district) && make_sites(&district) &&
                make_responders(&district) && make_shifts(&district) && make_teams(&district);
    if (!made || district.arena.spent) {
        gx_arena_done(&district.arena);
        return GX_LIMIT;
    }
    *ret_district = district;
    return GX_OK;
}

void gx_district_done(struct gx_district *district)
{
    gx_arena_done(&district->arena);
    *district = (struct gx_district){0};
}
