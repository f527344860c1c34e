/* SPDX-License-Identifier: Apache-2.0 */
#include "import.h"

#include "base/clock.h"
#include "base/datum.h"
#include "base/text.h"
#include "rules.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LIST_MAX = 64,
    COLUMNS_MAX = 16
};

/* One row being read. */
struct line {
    struct gx_ctx *ctx;
    const struct import_table *table;
    const struct import_row *row;
    struct import_faults *faults;
    struct import_refs *refs;
    int64_t now_ms;
};

struct column {
    const char *name;
    bool required;
};

typedef void build_fn(struct line *line, struct import_batch *batch, size_t index);

struct kind_row {
    const struct column *columns;
    const char *const *names;
    build_fn *build;
};

/* --- cells --- */

static const char *cell(const struct line *line, const char *name)
{
    int column = import_table_column(line->table, name);
    return column < 0 ? "" : line->row->cells[column];
}

/* NULL for an empty cell. */
static char *optional_cell(const struct line *line, const char *name)
{
    const char *text = cell(line, name);
    return text[0] == '\0' ? NULL : gx_pb_text(text);
}

static bool needs_choice(struct line *line, const char *name, const char *text,
                         const ProtobufCEnumDescriptor *type, int *ret_value)
{
    if (gx_pb_enum_parse(type, text, ret_value) == 0) {
        return true;
    }
    const char *choices = "";
    for (unsigned i = 0; i < type->n_values; i++) {
        const char *one = gx_pb_enum_json(line->ctx, type, type->values[i].value);
        choices = gx_arena_printf(&line->ctx->arena, "%s%s%s", choices, i == 0 ? "" : ", ", one);
        if (choices == NULL) {
            choices = "";
        }
    }
    import_fault_add(line->faults, line->row->line, name, GX_P_FIELD_CHOICE, "%s", choices);
    return false;
}

static int enum_cell(struct line *line, const char *name, const ProtobufCEnumDescriptor *type,
                     int fallback)
{
    const char *text = cell(line, name);
    int value = fallback;
    if (text[0] != '\0') {
        (void)needs_choice(line, name, text, type, &value);
    }
    return value;
}

static int64_t int_cell(struct line *line, const char *name, int64_t min, int64_t max,
                        int64_t fallback)
{
    const char *text = cell(line, name);
    int64_t value = fallback;
    if (text[0] != '\0' && gx_parse_int(text, min, max, &value) != 0) {
        import_fault_add(line->faults, line->row->line, name, GX_P_FIELD_RANGE,
                         "%" PRId64 "..%" PRId64, min, max);
    }
    return value;
}

static double real_cell(struct line *line, const char *name, double min, double max,
                        double fallback)
{
    const char *text = cell(line, name);
    double value = fallback;
    if (text[0] != '\0' && gx_parse_double(text, min, max, &value) != 0) {
        import_fault_add(line->faults, line->row->line, name, GX_P_FIELD_RANGE, "%g..%g", min, max);
    }
    return value;
}

static bool bool_cell(struct line *line, const char *name, bool fallback)
{
    static const struct {
        const char *text;
        bool value;
    } WORDS[] = {{"yes", true}, {"no", false}, {"true", true}, {"false", false},
                 {"1", true},   {"0", false},  {"是", true},   {"否", false}};
    const char *text = cell(line, name);
    if (text[0] == '\0') {
        return fallback;
    }
    for (size_t i = 0; i < GX_COUNT_OF(WORDS); i++) {
        if (strcmp(text, WORDS[i].text) == 0) {
            return WORDS[i].value;
        }
    }
    import_fault_add(line->faults, line->row->line, name, GX_P_FIELD_CHOICE, "%s", "yes, no");
    return fallback;
}

static int64_t time_of(struct line *line, const char *name, const char *text)
{
    int64_t at = 0;
    if (gx_time_parse(text, &at) != 0) {
        import_fault_add(line->faults, line->row->line, name, GX_P_FIELD_FORMAT, "%s",
                         "2026-11-24T08:00:00+08:00");
    }
    return at;
}

static bool time_cell(struct line *line, const char *name, int64_t *ret_at)
{
    const char *text = cell(line, name);
    if (text[0] == '\0') {
        return false;
    }
    *ret_at = time_of(line, name, text);
    return true;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) {
        text[--size] = '\0';
    }
    return text;
}

/* "a; b" as two texts in the arena; empty parts are left out. */
static size_t list_cell(struct line *line, const char *name, char *items[LIST_MAX])
{
    char *rest = gx_arena_text(&line->ctx->arena, cell(line, name));
    size_t count = 0;
    while (rest != NULL) {
        char *one = trim(strsep(&rest, ";"));
        if (one[0] == '\0') {
            continue;
        }
        if (count == LIST_MAX) {
            import_fault_add(line->faults, line->row->line, name, GX_P_FIELD_LENGTH, "0..%d",
                             LIST_MAX);
            break;
        }
        items[count++] = one;
    }
    return count;
}

static void place_cells(struct line *line, double *ret_lon, double *ret_lat)
{
    struct gx_point place = {real_cell(line, "lon", -180, 180, 0),
                             real_cell(line, "lat", -90, 90, 0)};
    const char *crs_text = cell(line, "crs");
    enum gx_crs crs = GX_WGS84;
    if (crs_text[0] != '\0' && gx_crs_parse(crs_text, &crs) != 0) {
        import_fault_add(line->faults, line->row->line, "crs", GX_P_CRS_UNKNOWN, "%s",
                         "wgs84, gcj02, bd09");
    }
    place = gx_datum_to_wgs84(place, crs);
    *ret_lon = place.lon;
    *ret_lat = place.lat;
}

/* --- rules, told by column --- */

const char *import_pointer_column(struct gx_ctx *ctx, const char *pointer)
{
    const char *at = pointer[0] == '/' ? pointer + 1 : pointer;
    if (strncmp(at, "agreement/", strlen("agreement/")) == 0) {
        at += strlen("agreement/");
    }
    const char *column = gx_arena_text_n(&ctx->arena, at, strcspn(at, "/"));
    return column == NULL ? "" : column;
}

static void rule_broken(void *arg, enum gx_problem problem, const char *pointer, const char *value)
{
    const struct line *line = arg;
    import_fault_add(line->faults, line->row->line, import_pointer_column(line->ctx, pointer),
                     problem, "%s", value);
}

static struct rules line_rules(struct line *line)
{
    return (struct rules){.fault = rule_broken, .arg = line, .now_ms = line->now_ms};
}

/* A new message; the arena's end is found by the caller, who looks at arena.spent after each row.
 */
static void *message(struct line *line, const ProtobufCMessageDescriptor *type)
{
    return gx_pb_new(line->ctx, type);
}

/* --- stations --- */

static size_t ring_from_cell(struct line *line, double *ring)
{
    char *rest = gx_arena_text(&line->ctx->arena, cell(line, "ring"));
    size_t count = 0;
    while (rest != NULL && rest[0] != '\0') {
        char *pair = trim(strsep(&rest, ";"));
        if (pair[0] == '\0') {
            continue;
        }
        char *lat = strchr(pair, ' ');
        if (lat != NULL) {
            *lat++ = '\0';
        }
        if (lat == NULL || count == IMPORT_RING_POINTS_MAX ||
            gx_parse_double(pair, -180, 180, &ring[2 * count]) != 0 ||
            gx_parse_double(trim(lat), -90, 90, &ring[2 * count + 1]) != 0) {
            import_fault_add(line->faults, line->row->line, "ring", GX_P_FIELD_FORMAT, "%s",
                             "lon lat; lon lat; ...");
            return 0;
        }
        count++;
    }
    const double *last = ring + 2 * (count > 0 ? count - 1 : 0);
    bool closed = count > 1 && ring[0] == last[0] && ring[1] == last[1];
    return closed ? count - 1 : count;
}

/* GCJ-02 and BD-09 rings are converted like points: by the column crs. */
static void take_ring(struct line *line, Genxi__Station *station)
{
    double *ring =
        gx_arena_alloc(&line->ctx->arena, (size_t)2 * IMPORT_RING_POINTS_MAX * sizeof *ring);
    if (ring == NULL) {
        return;
    }
    size_t count = line->row->ring_count;
    for (size_t i = 0; i < count; i++) {
        ring[2 * i] = line->row->ring[i].lon;
        ring[2 * i + 1] = line->row->ring[i].lat;
    }
    if (count == 0) {
        count = ring_from_cell(line, ring);
    }
    enum gx_crs crs = GX_WGS84;
    (void)gx_crs_parse(cell(line, "crs"), &crs);
    for (size_t i = 0; i < count && crs != GX_WGS84; i++) {
        struct gx_point point =
            gx_datum_to_wgs84((struct gx_point){ring[2 * i], ring[2 * i + 1]}, crs);
        ring[2 * i] = point.lon;
        ring[2 * i + 1] = point.lat;
    }
    station->ring = ring;
    station->n_ring = 2 * count;
}

static void take_station_place(struct line *line, Genxi__Station *station)
{
    bool given = cell(line, "lon")[0] != '\0' && cell(line, "lat")[0] != '\0';
    if (given) {
        place_cells(line, &station->lon, &station->lat);
        return;
    }
    if (station->n_ring == 0) {
        import_fault_add(line->faults, line->row->line, "lon", GX_P_COORDINATES_MISSING, "%s",
                         "ring");
        return;
    }
    double lon = 0;
    double lat = 0;
    for (size_t i = 0; i < station->n_ring; i += 2) {
        lon += station->ring[i];
        lat += station->ring[i + 1];
    }
    station->lon = lon * 2 / (double)station->n_ring;
    station->lat = lat * 2 / (double)station->n_ring;
}

static void build_station(struct line *line, struct import_batch *batch, size_t index)
{
    Genxi__Station *station = message(line, &genxi__station__descriptor);
    Genxi__Partner *org = message(line, &genxi__partner__descriptor);
    if (station == NULL || org == NULL) {
        return;
    }
    station->area = (int32_t)int_cell(line, "area", 10000000, 99999999, 0);
    station->name = gx_pb_text(cell(line, "name"));
    station->name_en = optional_cell(line, "name_en");
    station->org_id = gx_pb_text("");
    take_ring(line, station);
    take_station_place(line, station);
    org->id = gx_pb_text("");
    org->name = station->name;
    org->name_en = station->name_en;
    org->kind = GENXI__ORG_KIND__ORG_KIND_STATION;
    org->area = station->area;
    org->state = GENXI__ORG_STATE__ORG_STATE_ACTIVE;
    org->code = gx_pb_text(cell(line, "code"));
    struct rules rules = line_rules(line);
    if (station->area != 0) {
        rules_station(&rules, station);
        struct rules org_rules = line_rules(line);
        rules_partner(&org_rules, org);
    }
    batch->stations[index] = station;
    batch->partners[index] = org;
}

/* --- partners --- */

static void take_agreement(struct line *line, Genxi__Partner *partner)
{
    int64_t signed_at = 0;
    if (!time_cell(line, "signed_at", &signed_at)) {
        static const char *const ONLY_WITH[] = {"ends_at", "contract_areas", "off_site"};
        for (size_t i = 0; i < GX_COUNT_OF(ONLY_WITH); i++) {
            if (cell(line, ONLY_WITH[i])[0] != '\0') {
                import_fault_add(line->faults, line->row->line, "signed_at", GX_P_FIELD_MISSING,
                                 "%s", "signed_at");
                return;
            }
        }
        return;
    }
    Genxi__Agreement *agreement = message(line, &genxi__agreement__descriptor);
    if (agreement == NULL) {
        return;
    }
    agreement->signed_at = signed_at;
    agreement->has_ends_at = time_cell(line, "ends_at", &agreement->ends_at);
    agreement->off_site = bool_cell(line, "off_site", false);
    char *items[LIST_MAX];
    size_t count = list_cell(line, "contract_areas", items);
    agreement->contract_areas = gx_arena_alloc(&line->ctx->arena, (count + 1) * sizeof(int32_t));
    for (size_t i = 0; i < count && agreement->contract_areas != NULL; i++) {
        int64_t area = 0;
        if (gx_parse_int(items[i], 10000000, 99999999, &area) != 0) {
            import_fault_add(line->faults, line->row->line, "contract_areas", GX_P_FIELD_FORMAT,
                             "%s", "53011201; 53011202");
            continue;
        }
        agreement->contract_areas[agreement->n_contract_areas++] = (int32_t)area;
    }
    partner->agreement = agreement;
}

/* "name|phone|tested_at; name|phone" */
static void take_contacts(struct line *line, Genxi__Partner *partner)
{
    char *items[LIST_MAX];
    size_t count = list_cell(line, "contacts", items);
    partner->contacts = gx_pb_array(line->ctx, count + 1);
    for (size_t i = 0; i < count && partner->contacts != NULL; i++) {
        Genxi__Contact *contact = message(line, &genxi__contact__descriptor);
        if (contact == NULL) {
            return;
        }
        char *rest = items[i];
        contact->name = trim(strsep(&rest, "|"));
        char *phone = rest == NULL ? NULL : strsep(&rest, "|");
        contact->phone = phone == NULL ? gx_pb_text("") : trim(phone);
        if (rest != NULL) {
            contact->has_tested_at = true;
            contact->tested_at = time_of(line, "contacts", trim(rest));
        }
        partner->contacts[partner->n_contacts++] = contact;
    }
}

static void build_partner(struct line *line, struct import_batch *batch, size_t index)
{
    Genxi__Partner *partner = message(line, &genxi__partner__descriptor);
    if (partner == NULL) {
        return;
    }
    size_t before = line->faults->total;
    partner->id = gx_pb_text("");
    partner->code = gx_pb_text(cell(line, "code"));
    partner->name = gx_pb_text(cell(line, "name"));
    partner->name_en = optional_cell(line, "name_en");
    partner->kind = (Genxi__OrgKind)enum_cell(line, "kind", &genxi__org_kind__descriptor,
                                              GENXI__ORG_KIND__ORG_KIND_ENTERPRISE);
    partner->state = (Genxi__OrgState)enum_cell(line, "state", &genxi__org_state__descriptor,
                                                GENXI__ORG_STATE__ORG_STATE_ACTIVE);
    partner->area = (int32_t)int_cell(line, "area", 10000000, 99999999, 0);
    partner->exercise = bool_cell(line, "exercise", false);
    partner->has_exercise = partner->exercise;
    take_agreement(line, partner);
    take_contacts(line, partner);
    if (line->faults->total == before) {
        struct rules rules = line_rules(line);
        rules_partner(&rules, partner);
    }
    batch->partners[index] = partner;
}

/* --- sites --- */

static bool minute_of(const char *text, uint32_t *ret_minute)
{
    char hour_text[3] = "";
    int64_t hour = 0;
    int64_t minute = 0;
    const char *colon = strchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof hour_text || strlen(colon + 1) > 2) {
        return false;
    }
    memcpy(hour_text, text, (size_t)(colon - text));
    if (gx_parse_int(hour_text, 0, 23, &hour) != 0 ||
        gx_parse_int(colon + 1, 0, 59, &minute) != 0) {
        return false;
    }
    *ret_minute = (uint32_t)(hour * 60 + minute);
    return true;
}

static bool parse_need(struct line *line, char *text, Genxi__SiteNeed *need)
{
    char *rest = text;
    char *words[4] = {NULL};
    size_t count = 0;
    while (rest != NULL && count < GX_COUNT_OF(words)) {
        char *word = strsep(&rest, " ");
        if (word[0] != '\0') {
            words[count++] = word;
        }
    }
    if (count != GX_COUNT_OF(words) || rest != NULL) {
        return false;
    }
    int force = 0;
    int64_t number = 0;
    int64_t within = 0;
    char *until = strchr(words[3], '-');
    if (until == NULL ||
        !needs_choice(line, "needs", words[0], &genxi__force__descriptor, &force) ||
        gx_parse_int(words[1], 0, 1000, &number) != 0 ||
        gx_parse_int(words[2], 0, 1000, &within) != 0) {
        return false;
    }
    *until++ = '\0';
    need->force = (Genxi__Force)force;
    need->count = (uint32_t)number;
    need->within_minutes = (uint32_t)within;
    return minute_of(words[3], &need->from_minute) && minute_of(until, &need->until_minute);
}

/* "guard 2 3 08:00-20:00; police 1 5 00:00-00:00" */
static void take_needs(struct line *line, Genxi__Site *site)
{
    char *items[LIST_MAX];
    size_t count = list_cell(line, "needs", items);
    site->needs = gx_pb_array(line->ctx, count + 1);
    for (size_t i = 0; i < count && site->needs != NULL; i++) {
        Genxi__SiteNeed *need = message(line, &genxi__site_need__descriptor);
        if (need == NULL) {
            return;
        }
        if (!parse_need(line, items[i], need)) {
            import_fault_add(line->faults, line->row->line, "needs", GX_P_FIELD_FORMAT, "%s",
                             "guard 2 3 08:00-20:00; ...");
            continue;
        }
        site->needs[site->n_needs++] = need;
    }
}

static void build_site(struct line *line, struct import_batch *batch, size_t index)
{
    Genxi__Site *site = message(line, &genxi__site__descriptor);
    if (site == NULL) {
        return;
    }
    size_t before = line->faults->total;
    line->refs->org = cell(line, "partner");
    site->id = gx_pb_text("");
    site->partner_id = gx_pb_text("");
    site->code = gx_pb_text(cell(line, "code"));
    site->name = gx_pb_text(cell(line, "name"));
    site->kind = gx_pb_text(cell(line, "kind"));
    site->access = optional_cell(line, "access");
    place_cells(line, &site->lon, &site->lat);
    site->has_radius_m = cell(line, "radius_m")[0] != '\0';
    site->radius_m = real_cell(line, "radius_m", 10, 5000, 150);
    take_needs(line, site);
    if (line->faults->total == before) {
        struct rules rules = line_rules(line);
        rules_site(&rules, site);
    }
    batch->sites[index] = site;
}

/* --- responders --- */

/* "first_aid 2027-06-30T16:00:00Z; negotiation 2027-01-31T16:00:00Z" */
static void take_skills(struct line *line, Genxi__Responder *responder)
{
    char *items[LIST_MAX];
    size_t count = list_cell(line, "skills", items);
    responder->skills = gx_pb_array(line->ctx, count + 1);
    for (size_t i = 0; i < count && responder->skills != NULL; i++) {
        char *until = strchr(items[i], ' ');
        Genxi__Skill *skill = message(line, &genxi__skill__descriptor);
        if (skill == NULL) {
            return;
        }
        if (until == NULL) {
            import_fault_add(line->faults, line->row->line, "skills", GX_P_FIELD_FORMAT, "%s",
                             "first_aid 2027-06-30T16:00:00Z; ...");
            continue;
        }
        *until++ = '\0';
        skill->code = items[i];
        skill->until_at = time_of(line, "skills", trim(until));
        responder->skills[responder->n_skills++] = skill;
    }
}

static void build_responder(struct line *line, struct import_batch *batch, size_t index)
{
    Genxi__Responder *responder = message(line, &genxi__responder__descriptor);
    if (responder == NULL) {
        return;
    }
    size_t before = line->faults->total;
    line->refs->org = cell(line, "org");
    line->refs->site = cell(line, "site");
    responder->id = gx_pb_text("");
    responder->org_id = gx_pb_text("");
    responder->code = gx_pb_text(cell(line, "code"));
    responder->force = (Genxi__Force)enum_cell(line, "force", &genxi__force__descriptor, 0);
    responder->has_guard_kind = cell(line, "guard_kind")[0] != '\0';
    responder->guard_kind = (Genxi__GuardKind)enum_cell(
        line, "guard_kind", &genxi__guard_kind__descriptor, GENXI__GUARD_KIND__GUARD_KIND_PROPERTY);
    responder->call_sign = gx_pb_text(cell(line, "call_sign"));
    responder->phone = optional_cell(line, "phone");
    responder->has_off_site_consent = true;
    responder->off_site_consent = bool_cell(line, "off_site_consent", false);
    responder->has_insured_until_at =
        time_cell(line, "insured_until_at", &responder->insured_until_at);
    responder->has_crew = true;
    responder->crew = (uint32_t)int_cell(line, "crew", 1, 20, 1);
    responder->has_active = true;
    responder->active = bool_cell(line, "active", true);
    take_skills(line, responder);
    if (line->faults->total == before) {
        struct rules rules = line_rules(line);
        rules_responder(&rules, responder);
    }
    batch->responders[index] = responder;
}

/* --- shifts and teams --- */

static void build_shift(struct line *line, struct import_batch *batch, size_t index)
{
    Genxi__Shift *shift = message(line, &genxi__shift__descriptor);
    if (shift == NULL) {
        return;
    }
    size_t before = line->faults->total;
    line->refs->org = cell(line, "org");
    line->refs->responder = cell(line, "responder");
    shift->id = gx_pb_text("");
    shift->responder_id = gx_pb_text("");
    shift->state = GENXI__SHIFT_STATE__SHIFT_STATE_PLANNED;
    (void)time_cell(line, "from_at", &shift->from_at);
    (void)time_cell(line, "until_at", &shift->until_at);
    if (line->faults->total == before) {
        struct rules rules = line_rules(line);
        rules_shift(&rules, shift);
    }
    batch->shifts[index] = shift;
}

static char **kept_list(struct line *line, const char *name, size_t *ret_count)
{
    char *items[LIST_MAX];
    size_t count = list_cell(line, name, items);
    char **kept = gx_pb_array(line->ctx, count + 1);
    if (kept == NULL) {
        count = 0;
    } else {
        memcpy(kept, items, count * sizeof *kept);
    }
    *ret_count = count;
    return kept;
}

static void build_team(struct line *line, struct import_batch *batch, size_t index)
{
    Genxi__InstructorTeam *team = message(line, &genxi__instructor_team__descriptor);
    if (team == NULL) {
        return;
    }
    size_t before = line->faults->total;
    line->refs->org = cell(line, "org");
    team->id = gx_pb_text("");
    team->org_id = gx_pb_text("");
    team->code = gx_pb_text(cell(line, "code"));
    team->name = gx_pb_text(cell(line, "name"));
    team->subjects = kept_list(line, "subjects", &team->n_subjects);
    line->refs->members = kept_list(line, "members", &line->refs->member_count);
    if (line->faults->total == before) {
        struct rules rules = line_rules(line);
        rules_team(&rules, team);
    }
    batch->teams[index] = team;
}

/* --- the kinds --- */

#define NAME_OF(name, required) name,
#define COLUMN_OF(name, required) {name, required},
#define STATION_COLUMNS(X)                                                                         \
    X("area", true)                                                                                \
    X("code", true)                                                                                \
    X("name", true)                                                                                \
    X("name_en", false) X("lon", false) X("lat", false) X("crs", false) X("ring", false)
#define PARTNER_COLUMNS(X)                                                                         \
    X("code", true)                                                                                \
    X("name", true)                                                                                \
    X("name_en", false)                                                                            \
    X("kind", true)                                                                                \
    X("area", true)                                                                                \
    X("state", false)                                                                              \
    X("signed_at", false)                                                                          \
    X("ends_at", false)                                                                            \
    X("contract_areas", false) X("off_site", false) X("contacts", false) X("exercise", false)
#define SITE_COLUMNS(X)                                                                            \
    X("partner", true)                                                                             \
    X("code", true)                                                                                \
    X("name", true)                                                                                \
    X("kind", true)                                                                                \
    X("lon", true)                                                                                 \
    X("lat", true) X("crs", false) X("needs", false) X("access", false) X("radius_m", false)
#define RESPONDER_COLUMNS(X)                                                                       \
    X("org", true)                                                                                 \
    X("code", true)                                                                                \
    X("force", true)                                                                               \
    X("guard_kind", false)                                                                         \
    X("call_sign", true)                                                                           \
    X("site", false)                                                                               \
    X("skills", false)                                                                             \
    X("off_site_consent", false)                                                                   \
    X("insured_until_at", false) X("phone", false) X("crew", false) X("active", false)
#define SHIFT_COLUMNS(X) X("org", true) X("responder", true) X("from_at", true) X("until_at", true)
#define TEAM_COLUMNS(X)                                                                            \
    X("org", true) X("code", true) X("name", true) X("subjects", true) X("members", false)

static const struct column STATION[] = {STATION_COLUMNS(COLUMN_OF){NULL, false}};
static const struct column PARTNER[] = {PARTNER_COLUMNS(COLUMN_OF){NULL, false}};
static const struct column SITE[] = {SITE_COLUMNS(COLUMN_OF){NULL, false}};
static const struct column RESPONDER[] = {RESPONDER_COLUMNS(COLUMN_OF){NULL, false}};
static const struct column SHIFT[] = {SHIFT_COLUMNS(COLUMN_OF){NULL, false}};
static const struct column TEAM[] = {TEAM_COLUMNS(COLUMN_OF){NULL, false}};
static const char *const STATION_NAMES[] = {STATION_COLUMNS(NAME_OF) NULL};
static const char *const PARTNER_NAMES[] = {PARTNER_COLUMNS(NAME_OF) NULL};
static const char *const SITE_NAMES[] = {SITE_COLUMNS(NAME_OF) NULL};
static const char *const RESPONDER_NAMES[] = {RESPONDER_COLUMNS(NAME_OF) NULL};
static const char *const SHIFT_NAMES[] = {SHIFT_COLUMNS(NAME_OF) NULL};
static const char *const TEAM_NAMES[] = {TEAM_COLUMNS(NAME_OF) NULL};

static const struct kind_row KINDS[] = {
    [GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS] = {STATION, STATION_NAMES, build_station},
    [GENXI__IMPORT_KIND__IMPORT_KIND_PARTNERS] = {PARTNER, PARTNER_NAMES, build_partner},
    [GENXI__IMPORT_KIND__IMPORT_KIND_SITES] = {SITE, SITE_NAMES, build_site},
    [GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS] = {RESPONDER, RESPONDER_NAMES, build_responder},
    [GENXI__IMPORT_KIND__IMPORT_KIND_SHIFTS] = {SHIFT, SHIFT_NAMES, build_shift},
    [GENXI__IMPORT_KIND__IMPORT_KIND_TEAMS] = {TEAM, TEAM_NAMES, build_team},
};

static const struct kind_row *kind_row(Genxi__ImportKind kind)
{
    size_t index = (size_t)kind;
    return index < GX_COUNT_OF(KINDS) && KINDS[index].build != NULL ? &KINDS[index] : NULL;
}

const char *const *import_columns(Genxi__ImportKind kind)
{
    const struct kind_row *row = kind_row(kind);
    return row == NULL ? NULL : row->names;
}

static bool known_column(const struct column *columns, const char *name)
{
    for (; columns->name != NULL; columns++) {
        if (strcmp(columns->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_org(const char *name)
{
    return strcmp(name, "org") == 0 || strcmp(name, "partner") == 0;
}

/* The file's own columns against the kind's. Stations of GeoJSON have no line of names: line 1 is
 * told all the same. */
static void check_columns(const struct kind_row *kind, const struct import_options *options,
                          const struct import_table *table, struct import_faults *faults)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (!known_column(kind->columns, table->columns[i])) {
            import_fault_add(faults, 1, table->columns[i], GX_P_FIELD_UNKNOWN, "%s",
                             table->columns[i]);
        }
    }
    if (table->column_count == 0) {
        return;
    }
    for (const struct column *column = kind->columns; column->name != NULL; column++) {
        bool required = column->required && !(options->org_optional && is_org(column->name));
        if (required && import_table_column(table, column->name) < 0) {
            import_fault_add(faults, 1, column->name, GX_P_FIELD_MISSING, "%s", column->name);
        }
    }
}

static bool check_required(const struct kind_row *kind, const struct import_options *options,
                           const struct line *line)
{
    bool good = true;
    for (const struct column *column = kind->columns; column->name != NULL; column++) {
        bool required = column->required && !(options->org_optional && is_org(column->name));
        if (required && cell(line, column->name)[0] == '\0') {
            import_fault_add(line->faults, line->row->line, column->name, GX_P_FIELD_MISSING, "%s",
                             column->name);
            good = false;
        }
    }
    return good;
}

static bool make_batch(struct gx_ctx *ctx, Genxi__ImportKind kind, size_t count,
                       struct import_batch *batch)
{
    *batch = (struct import_batch){.kind = kind};
    batch->refs = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *batch->refs);
    batch->stations = gx_pb_array(ctx, count + 1);
    batch->partners = gx_pb_array(ctx, count + 1);
    batch->sites = gx_pb_array(ctx, count + 1);
    batch->responders = gx_pb_array(ctx, count + 1);
    batch->shifts = gx_pb_array(ctx, count + 1);
    batch->teams = gx_pb_array(ctx, count + 1);
    return !ctx->arena.spent;
}

enum gx_rc import_build(struct gx_ctx *ctx, const struct import_options *options,
                        const struct import_table *table, struct import_faults *faults,
                        struct import_batch *ret_batch)
{
    const struct kind_row *kind = kind_row(options->kind);
    if (kind == NULL) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/kind", "1..%zu", GX_COUNT_OF(KINDS) - 1);
    }
    if (!make_batch(ctx, options->kind, table->row_count, ret_batch)) {
        return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
    }
    size_t before = faults->total;
    check_columns(kind, options, table, faults);
    if (faults->total != before) {
        return GX_OK; /* with wrong columns each row would tell the same again */
    }
    for (size_t i = 0; i < table->row_count; i++) {
        struct import_refs *refs = &ret_batch->refs[i];
        *refs = (struct import_refs){
            .line = table->rows[i].line, .org = "", .site = "", .responder = ""};
        struct line line = {ctx, table, &table->rows[i], faults, refs, options->now_ms};
        if (check_required(kind, options, &line)) {
            kind->build(&line, ret_batch, i);
        }
        if (ctx->arena.spent) {
            return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
        }
    }
    ret_batch->count = table->row_count;
    return GX_OK;
}
