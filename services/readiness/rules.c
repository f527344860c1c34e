/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include "base/text.h"

#include <protobuf-c/protobuf-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    CODE_MAX = 40,
    AREA_MIN = 10000000,
    AREA_MAX = 99999999,
    CONTACTS_MAX = 10,
    CONTRACT_AREAS_MAX = 64,
    NEEDS_MAX = 16,
    SKILLS_MAX = 32,
    SUBJECTS_MAX = 16,
    MEMBERS_MAX = 64,
    ACCESS_MAX = 1000,
    DAY_MINUTES = 24 * 60,
    POINTER_SIZE = 48,
};

/* 2000-01-01 .. 2100-01-01: outside it a time is a mistake of unit or year. */
static const int64_t TIME_MIN = INT64_C(946684800000);
static const int64_t TIME_MAX = INT64_C(4102444800000);

void rules_break(struct rules *rules, enum gx_problem problem, const char *pointer,
                 const char *format, ...)
{
    char value[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(value, sizeof value, format, args);
    va_end(args);
    rules->broken++;
    rules->fault(rules->arg, problem, pointer, value);
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

static void check_text(struct rules *rules, const char *pointer, const char *text, size_t min,
                       size_t max)
{
    if (!gx_utf8_valid(text, strlen(text))) {
        rules_break(rules, GX_P_UTF8, pointer, "%s", pointer);
        return;
    }
    size_t length = gx_utf8_length(text);
    bool blank = min > 0 && text[strspn(text, " ")] == '\0';
    if (length < min || length > max || blank) {
        rules_break(rules, GX_P_FIELD_LENGTH, pointer, "%zu..%zu", min, max);
    } else if (has_control(text)) {
        rules_break(rules, GX_P_FIELD_FORMAT, pointer, "%s", "text without U+0000..U+001F");
    }
}

static void check_optional_text(struct rules *rules, const char *pointer, const char *text,
                                size_t max)
{
    if (text != NULL) {
        check_text(rules, pointer, text, 1, max);
    }
}

/* The operator's own number. No '/', which joins partner and site in imports. */
static void check_code(struct rules *rules, const char *code)
{
    static const char ALLOWED[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (code == NULL) {
        return;
    }
    size_t length = strlen(code);
    if (length == 0 || length > CODE_MAX) {
        rules_break(rules, GX_P_FIELD_LENGTH, "/code", "1..%d", CODE_MAX);
    } else if (code[strspn(code, ALLOWED)] != '\0') {
        rules_break(rules, GX_P_FIELD_FORMAT, "/code", "%s", "[A-Za-z0-9._-]+");
    }
}

/* A word of a list that cities extend: lower case, digits, '_'. */
static void check_word(struct rules *rules, const char *pointer, const char *word)
{
    size_t length = strlen(word);
    if (length == 0 || length > CODE_MAX) {
        rules_break(rules, GX_P_FIELD_LENGTH, pointer, "1..%d", CODE_MAX);
    } else if (word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0') {
        rules_break(rules, GX_P_FIELD_FORMAT, pointer, "%s", "[a-z0-9_]+");
    }
}

static void check_phone(struct rules *rules, const char *pointer, const char *phone)
{
    size_t digits = 0;
    const char *at = phone[0] == '+' ? phone + 1 : phone;
    bool good = true;
    for (; *at != '\0'; at++) {
        bool digit = *at >= '0' && *at <= '9';
        digits += digit ? 1 : 0;
        good = good && (digit || (*at == '-' && at != phone));
    }
    if (!good || digits < 5 || digits > 15 || strlen(phone) > 24) {
        rules_break(rules, GX_P_FIELD_FORMAT, pointer, "%s", "+8613800000000, 0871-68180000");
    }
}

static void check_time(struct rules *rules, const char *pointer, int64_t at)
{
    if (at < TIME_MIN || at >= TIME_MAX) {
        rules_break(rules, GX_P_FIELD_RANGE, pointer, "%s", "[2000, 2100)");
    }
}

static void check_area(struct rules *rules, const char *pointer, int32_t area)
{
    if (area < AREA_MIN || area > AREA_MAX) {
        rules_break(rules, GX_P_FIELD_RANGE, pointer, "%d..%d", AREA_MIN, AREA_MAX);
    }
}

static void check_enum(struct rules *rules, const char *pointer,
                       const ProtobufCEnumDescriptor *type, int value)
{
    if (protobuf_c_enum_descriptor_get_value(type, value) == NULL) {
        rules_break(rules, GX_P_FIELD_RANGE, pointer, "1..%u", type->n_values);
    }
}

static void check_place(struct rules *rules, double lon, double lat)
{
    if (!gx_geo_valid((struct gx_point){lon, lat})) {
        rules_break(rules, GX_P_COORDINATES_RANGE, "/lon", "%.6f, %.6f", lon, lat);
    }
}

static void check_count(struct rules *rules, const char *pointer, size_t count, size_t max)
{
    if (count > max) {
        rules_break(rules, GX_P_FIELD_LENGTH, pointer, "0..%zu", max);
    }
}

static const char *point_at(char pointer[POINTER_SIZE], const char *list, size_t index,
                            const char *field)
{
    (void)snprintf(pointer, POINTER_SIZE, "/%s/%zu%s", list, index, field);
    return pointer;
}

/* --- stations --- */

static double cross(struct gx_point a, struct gx_point b, struct gx_point c)
{
    return (b.lon - a.lon) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lon - a.lon);
}

static bool between(struct gx_point a, struct gx_point b, struct gx_point p)
{
    double left = a.lon < b.lon ? a.lon : b.lon;
    double right = a.lon < b.lon ? b.lon : a.lon;
    double low = a.lat < b.lat ? a.lat : b.lat;
    double high = a.lat < b.lat ? b.lat : a.lat;
    return p.lon >= left && p.lon <= right && p.lat >= low && p.lat <= high;
}

static int side(struct gx_point a, struct gx_point b, struct gx_point p)
{
    double area = cross(a, b, p);
    return area > 0 ? 1 : area < 0 ? -1 : 0;
}

static bool segments_touch(struct gx_point a, struct gx_point b, struct gx_point c,
                           struct gx_point d)
{
    int c_side = side(a, b, c);
    int d_side = side(a, b, d);
    int a_side = side(c, d, a);
    int b_side = side(c, d, b);
    if (c_side != d_side && a_side != b_side) {
        return true;
    }
    return (c_side == 0 && between(a, b, c)) || (d_side == 0 && between(a, b, d)) ||
           (a_side == 0 && between(c, d, a)) || (b_side == 0 && between(c, d, b));
}

static struct gx_point ring_point(const double *ring, size_t point_count, size_t index)
{
    size_t i = index % point_count;
    return (struct gx_point){ring[2 * i], ring[2 * i + 1]};
}

bool rules_ring_simple(const double *ring, size_t point_count)
{
    for (size_t i = 0; i < point_count; i++) {
        struct gx_point a = ring_point(ring, point_count, i);
        struct gx_point b = ring_point(ring, point_count, i + 1);
        if (a.lon == b.lon && a.lat == b.lat) {
            return false;
        }
        for (size_t j = i + 2; j < point_count; j++) {
            bool neighbours = i == 0 && j == point_count - 1;
            if (!neighbours && segments_touch(a, b, ring_point(ring, point_count, j),
                                              ring_point(ring, point_count, j + 1))) {
                return false;
            }
        }
    }
    return true;
}

bool rules_station_holds(const Genxi__Station *station, struct gx_point point)
{
    size_t count = station->n_ring / 2;
    bool inside = false;
    for (size_t i = 0, j = count - 1; i < count; j = i++) {
        struct gx_point a = ring_point(station->ring, count, i);
        struct gx_point b = ring_point(station->ring, count, j);
        if ((a.lat > point.lat) != (b.lat > point.lat) &&
            point.lon < (b.lon - a.lon) * (point.lat - a.lat) / (b.lat - a.lat) + a.lon) {
            inside = !inside;
        }
    }
    return inside;
}

static void check_ring(struct rules *rules, const Genxi__Station *station)
{
    size_t count = station->n_ring / 2;
    if (station->n_ring == 0) {
        return;
    }
    if (station->n_ring % 2 != 0 || count < 3 || count > RULES_RING_POINTS_MAX) {
        rules_break(rules, GX_P_FIELD_LENGTH, "/ring", "3..%d", RULES_RING_POINTS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!gx_geo_valid(ring_point(station->ring, count, i))) {
            rules_break(rules, GX_P_COORDINATES_RANGE, "/ring", "%zu", i);
            return;
        }
    }
    if (!rules_ring_simple(station->ring, count)) {
        rules_break(rules, GX_P_FIELD_FORMAT, "/ring", "%s", "simple polygon");
        return;
    }
    if (!rules_station_holds(station, (struct gx_point){station->lon, station->lat})) {
        rules_break(rules, GX_P_OUTSIDE_DISTRICT, "/lon", "%.6f, %.6f", station->lon, station->lat);
    }
}

void rules_station(struct rules *rules, const Genxi__Station *station)
{
    check_area(rules, "/area", station->area);
    check_text(rules, "/name", station->name, 1, RULES_NAME_MAX);
    check_optional_text(rules, "/name_en", station->name_en, RULES_NAME_MAX);
    check_place(rules, station->lon, station->lat);
    check_ring(rules, station);
}

/* --- partners --- */

static void check_agreement(struct rules *rules, const Genxi__Agreement *agreement)
{
    check_time(rules, "/agreement/signed_at", agreement->signed_at);
    if (agreement->has_ends_at) {
        check_time(rules, "/agreement/ends_at", agreement->ends_at);
        if (agreement->ends_at <= agreement->signed_at) {
            rules_break(rules, GX_P_TIME_ORDER, "/agreement/ends_at", "%s", "signed_at < ends_at");
        }
    }
    check_count(rules, "/agreement/contract_areas", agreement->n_contract_areas,
                CONTRACT_AREAS_MAX);
    for (size_t i = 0; i < agreement->n_contract_areas && i < CONTRACT_AREAS_MAX; i++) {
        char pointer[POINTER_SIZE];
        check_area(rules, point_at(pointer, "agreement/contract_areas", i, ""),
                   agreement->contract_areas[i]);
    }
}

static void check_contact(struct rules *rules, const Genxi__Contact *contact, size_t index)
{
    char pointer[POINTER_SIZE];
    check_text(rules, point_at(pointer, "contacts", index, "/name"), contact->name, 1,
               RULES_NAME_MAX);
    check_phone(rules, point_at(pointer, "contacts", index, "/phone"), contact->phone);
    if (contact->has_tested_at) {
        check_time(rules, point_at(pointer, "contacts", index, "/tested_at"), contact->tested_at);
        if (contact->tested_at > rules->now_ms + 60000) {
            rules_break(rules, GX_P_TIME_FUTURE, pointer, "%lld",
                        (long long)((contact->tested_at - rules->now_ms) / 1000));
        }
    }
}

void rules_partner(struct rules *rules, const Genxi__Partner *partner)
{
    check_text(rules, "/name", partner->name, 1, RULES_NAME_MAX);
    check_optional_text(rules, "/name_en", partner->name_en, RULES_NAME_MAX);
    check_enum(rules, "/kind", &genxi__org_kind__descriptor, (int)partner->kind);
    check_enum(rules, "/state", &genxi__org_state__descriptor, (int)partner->state);
    check_area(rules, "/area", partner->area);
    check_code(rules, partner->code);
    if (partner->agreement != NULL) {
        check_agreement(rules, partner->agreement);
    }
    check_count(rules, "/contacts", partner->n_contacts, CONTACTS_MAX);
    for (size_t i = 0; i < partner->n_contacts && i < CONTACTS_MAX; i++) {
        check_contact(rules, partner->contacts[i], i);
    }
}

/* --- sites --- */

static void check_need_number(struct rules *rules, const char *pointer, uint32_t value,
                              uint32_t min, uint32_t max)
{
    if (value < min || value > max) {
        rules_break(rules, GX_P_FIELD_RANGE, pointer, "%u..%u", min, max);
    }
}

static void check_need(struct rules *rules, const Genxi__SiteNeed *need, size_t index)
{
    char pointer[POINTER_SIZE];
    check_enum(rules, point_at(pointer, "needs", index, "/force"), &genxi__force__descriptor,
               (int)need->force);
    check_need_number(rules, point_at(pointer, "needs", index, "/count"), need->count, 1, 100);
    check_need_number(rules, point_at(pointer, "needs", index, "/within_minutes"),
                      need->within_minutes, 1, 120);
    check_need_number(rules, point_at(pointer, "needs", index, "/from_minute"), need->from_minute,
                      0, DAY_MINUTES - 1);
    check_need_number(rules, point_at(pointer, "needs", index, "/until_minute"), need->until_minute,
                      0, DAY_MINUTES - 1);
}

void rules_site(struct rules *rules, const Genxi__Site *site)
{
    check_text(rules, "/name", site->name, 1, RULES_NAME_MAX);
    check_word(rules, "/kind", site->kind);
    check_code(rules, site->code);
    check_place(rules, site->lon, site->lat);
    check_optional_text(rules, "/access", site->access, ACCESS_MAX);
    if (site->has_radius_m && !(site->radius_m >= 10 && site->radius_m <= 5000)) {
        rules_break(rules, GX_P_FIELD_RANGE, "/radius_m", "%s", "10..5000");
    }
    check_count(rules, "/needs", site->n_needs, NEEDS_MAX);
    for (size_t i = 0; i < site->n_needs && i < NEEDS_MAX; i++) {
        check_need(rules, site->needs[i], i);
    }
}

/* --- responders --- */

static void check_guard_kind(struct rules *rules, const Genxi__Responder *responder)
{
    bool guard = responder->force == GENXI__FORCE__FORCE_GUARD;
    if (guard && !responder->has_guard_kind) {
        rules_break(rules, GX_P_FIELD_MISSING, "/guard_kind", "%s", "guard_kind");
    } else if (!guard && responder->has_guard_kind) {
        rules_break(rules, GX_P_FIELD_FORBIDDEN, "/guard_kind", "%s", "guard_kind");
    } else if (guard) {
        check_enum(rules, "/guard_kind", &genxi__guard_kind__descriptor,
                   (int)responder->guard_kind);
    }
}

static void check_skills(struct rules *rules, const Genxi__Responder *responder)
{
    char pointer[POINTER_SIZE];
    check_count(rules, "/skills", responder->n_skills, SKILLS_MAX);
    for (size_t i = 0; i < responder->n_skills && i < SKILLS_MAX; i++) {
        const Genxi__Skill *skill = responder->skills[i];
        check_word(rules, point_at(pointer, "skills", i, "/code"), skill->code);
        check_time(rules, point_at(pointer, "skills", i, "/until_at"), skill->until_at);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(responder->skills[j]->code, skill->code) == 0) {
                rules_break(rules, GX_P_DUPLICATE, point_at(pointer, "skills", i, "/code"), "%s",
                            skill->code);
                break;
            }
        }
    }
}

void rules_responder(struct rules *rules, const Genxi__Responder *responder)
{
    check_enum(rules, "/force", &genxi__force__descriptor, (int)responder->force);
    check_guard_kind(rules, responder);
    check_text(rules, "/call_sign", responder->call_sign, 1, CODE_MAX);
    check_code(rules, responder->code);
    check_skills(rules, responder);
    if (responder->has_insured_until_at) {
        check_time(rules, "/insured_until_at", responder->insured_until_at);
    }
    if (responder->phone != NULL) {
        check_phone(rules, "/phone", responder->phone);
    }
    if (responder->has_crew) {
        check_need_number(rules, "/crew", responder->crew, 1, 20);
    }
}

void rules_employment(struct rules *rules, const Genxi__Responder *responder, Genxi__OrgKind kind)
{
    bool police_org =
        kind == GENXI__ORG_KIND__ORG_KIND_STATION || kind == GENXI__ORG_KIND__ORG_KIND_DISTRICT;
    if ((responder->force == GENXI__FORCE__FORCE_POLICE && !police_org) ||
        (responder->force == GENXI__FORCE__FORCE_GUARD && police_org)) {
        rules_break(rules, GX_P_HARD_RULE, "/force", "%s", "police <=> station, district");
        return;
    }
    if (responder->force != GENXI__FORCE__FORCE_GUARD || !responder->has_guard_kind) {
        return;
    }
    bool licensed = responder->guard_kind == GENXI__GUARD_KIND__GUARD_KIND_LICENSED;
    if (licensed != (kind == GENXI__ORG_KIND__ORG_KIND_SECURITY)) {
        rules_break(rules, GX_P_HARD_RULE, "/guard_kind", "%s", "licensed <=> security");
    } else if (responder->guard_kind == GENXI__GUARD_KIND__GUARD_KIND_PROPERTY &&
               kind != GENXI__ORG_KIND__ORG_KIND_PROPERTY) {
        rules_break(rules, GX_P_HARD_RULE, "/guard_kind", "%s", "property => property");
    }
}

/* --- shifts, teams --- */

void rules_shift(struct rules *rules, const Genxi__Shift *shift)
{
    size_t before = rules->broken;
    check_time(rules, "/from_at", shift->from_at);
    check_time(rules, "/until_at", shift->until_at);
    if (rules->broken != before) {
        return;
    }
    if (shift->from_at >= shift->until_at) {
        rules_break(rules, GX_P_TIME_ORDER, "/until_at", "%s", "from_at < until_at");
    } else if (shift->until_at - shift->from_at > RULES_SHIFT_MS_MAX) {
        rules_break(rules, GX_P_FIELD_RANGE, "/until_at", "%s", "from_at .. from_at + 24 h");
    }
}

/* --- devices --- */

static bool only_of(const char *text, const char *allowed, size_t min, size_t max)
{
    size_t length = strlen(text);
    return length >= min && length <= max && text[strspn(text, allowed)] == '\0';
}

/* How each kind names itself in its own protocol. */
static void check_device_code(struct rules *rules, const Genxi__Device *device)
{
    static const char HEX[] = "0123456789ABCDEF";
    static const char WORD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    bool good = true;
    const char *form = "";
    switch (device->kind) {
    case GENXI__DEVICE_KIND__DEVICE_KIND_PANEL:
        good = only_of(device->code, HEX, 3, 16);
        form = "[0-9A-F]{3,16}";
        break;
    case GENXI__DEVICE_KIND__DEVICE_KIND_PHONE:
        good = only_of(device->code, WORD, 1, 64);
        form = "[A-Za-z0-9._:-]{1,64}";
        break;
    case GENXI__DEVICE_KIND__DEVICE_KIND_CAR:
        /* Leading zeros fill the field on the wire; the number has none. */
        good = only_of(device->code, "0123456789", 1, 20) && device->code[0] != '0';
        form = "[1-9][0-9]{0,19}";
        break;
    case _GENXI__DEVICE_KIND_IS_INT_SIZE:
    default:
        return; /* told with the kind */
    }
    if (!good) {
        rules_break(rules, GX_P_FIELD_FORMAT, "/code", "%s", form);
    }
}

void rules_device(struct rules *rules, const Genxi__Device *device)
{
    bool panel = device->kind == GENXI__DEVICE_KIND__DEVICE_KIND_PANEL;
    check_enum(rules, "/kind", &genxi__device_kind__descriptor, (int)device->kind);
    check_enum(rules, "/datum", &genxi__datum__descriptor, (int)device->datum);
    check_device_code(rules, device);
    check_optional_text(rules, "/name", device->name, RULES_NAME_MAX);
    if (panel && device->site_id == NULL) {
        rules_break(rules, GX_P_FIELD_MISSING, "/site_id", "%s", "site_id");
    } else if (!panel && device->responder_id == NULL) {
        rules_break(rules, GX_P_FIELD_MISSING, "/responder_id", "%s", "responder_id");
    }
    if (panel && device->responder_id != NULL) {
        rules_break(rules, GX_P_FIELD_FORBIDDEN, "/responder_id", "%s", "responder_id");
    }
    if (!panel && device->has_supervision_seconds) {
        rules_break(rules, GX_P_FIELD_FORBIDDEN, "/supervision_seconds", "%s",
                    "supervision_seconds");
    }
}

void rules_device_secret(struct rules *rules, Genxi__DeviceKind kind, const char *secret)
{
    static const char KEY_TEXT[] = "text:";
    size_t length = strlen(secret);
    if (has_control(secret) || !gx_utf8_valid(secret, length)) {
        rules_break(rules, GX_P_FIELD_FORMAT, "/secret", "%s", "text without U+0000..U+001F");
        return;
    }
    if (kind != GENXI__DEVICE_KIND__DEVICE_KIND_PANEL) {
        if (length < 8 || length > 128) {
            rules_break(rules, GX_P_FIELD_LENGTH, "/secret", "%s", "8..128");
        }
        return;
    }
    bool text = strncmp(secret, KEY_TEXT, sizeof KEY_TEXT - 1) == 0;
    size_t bytes = text ? length - (sizeof KEY_TEXT - 1) : length / 2;
    bool good = (bytes == 16 || bytes == 24 || bytes == 32) &&
                (text || only_of(secret, "0123456789ABCDEFabcdef", 2 * bytes, 2 * bytes));
    if (!good) {
        rules_break(rules, GX_P_FIELD_FORMAT, "/secret", "%s",
                    "32, 48, 64 hex; text: + 16, 24, 32");
    }
}

void rules_team(struct rules *rules, const Genxi__InstructorTeam *team)
{
    check_text(rules, "/name", team->name, 1, RULES_NAME_MAX);
    check_code(rules, team->code);
    check_count(rules, "/subjects", team->n_subjects, SUBJECTS_MAX);
    for (size_t i = 0; i < team->n_subjects && i < SUBJECTS_MAX; i++) {
        char pointer[POINTER_SIZE];
        check_word(rules, point_at(pointer, "subjects", i, ""), team->subjects[i]);
    }
    check_count(rules, "/members", team->n_responder_ids, MEMBERS_MAX);
}
