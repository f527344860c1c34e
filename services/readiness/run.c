/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "base/id.h"
#include "import.h"
#include "registry.h"
#include "rules.h"
#include "store/tx.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of the largest allowed size needs this much: cells, records, parameters, events. */
static const size_t IMPORT_ARENA_BYTES = (size_t)768 * 1024 * 1024;

struct run {
    struct gx_ctx *ctx;
    struct import_faults faults;
    struct import_batch batch;
    bool dry_run;
};

static enum gx_rc spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
}

static uint32_t line_of(const struct run *run, size_t index)
{
    return run->batch.refs[index].line;
}

/* Faults of the registry name fields that no file has: the file says `org` for org_id. */
static const char *file_column(const char *column)
{
    static const char *const NAMES[][2] = {{"org_id", "org"},
                                           {"partner_id", "partner"},
                                           {"site_id", "site"},
                                           {"responder_id", "responder"}};
    for (size_t i = 0; i < GX_COUNT_OF(NAMES); i++) {
        if (strcmp(column, NAMES[i][0]) == 0) {
            return NAMES[i][1];
        }
    }
    return column;
}

static void sink_to_faults(void *arg, size_t index, enum gx_problem problem, const char *pointer,
                           const char *value)
{
    struct run *run = arg;
    const char *column = file_column(import_pointer_column(run->ctx, pointer));
    import_fault_add(&run->faults, line_of(run, index), column, problem, "%s", value);
}

static const char **texts(struct gx_ctx *ctx, size_t count)
{
    return gx_arena_alloc(&ctx->arena, (count + 1) * sizeof(char *));
}

/* --- an index of records by "owner/key" --- */

struct entry {
    const char *key;
    void *record;
    size_t index; /* in its batch */
};

struct lookup {
    struct entry *entries;
    size_t count;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

/* First by key, then by place in the file: of two that are the same the later one is at fault. */
static int by_key_and_index(const void *a, const void *b)
{
    int order = by_key(a, b);
    size_t left = ((const struct entry *)a)->index;
    size_t right = ((const struct entry *)b)->index;
    return order != 0 ? order : left < right ? -1 : left > right ? 1 : 0;
}

static enum gx_rc lookup_init(struct gx_ctx *ctx, size_t room, struct lookup *ret_lookup)
{
    *ret_lookup =
        (struct lookup){gx_arena_alloc(&ctx->arena, (room + 1) * sizeof(struct entry)), 0};
    return ret_lookup->entries == NULL ? spent(ctx) : GX_OK;
}

static const char *joined(struct gx_ctx *ctx, const char *owner, const char *key)
{
    const char *text = gx_arena_printf(&ctx->arena, "%s/%s", owner, key == NULL ? "" : key);
    return text == NULL ? "" : text;
}

static void lookup_add(struct lookup *lookup, const char *key, void *record)
{
    lookup->entries[lookup->count] = (struct entry){key, record, lookup->count};
    lookup->count++;
}

static void lookup_sort(struct lookup *lookup)
{
    if (lookup->count > 1) {
        qsort(lookup->entries, lookup->count, sizeof *lookup->entries, by_key_and_index);
    }
}

static void *lookup_find(const struct lookup *lookup, const char *key)
{
    struct entry wanted = {.key = key};
    const struct entry *found = lookup->count == 0 ? NULL
                                                   : bsearch(&wanted, lookup->entries,
                                                             lookup->count, sizeof wanted, by_key);
    return found == NULL ? NULL : found->record;
}

/* Two rows of one file for the same record. */
static enum gx_rc check_repeats(struct run *run, const char *const *owners, const char *const *keys,
                                const char *column)
{
    struct lookup rows;
    enum gx_rc rc = lookup_init(run->ctx, run->batch.count, &rows);
    for (size_t i = 0; i < run->batch.count && rc == GX_OK; i++) {
        lookup_add(&rows, joined(run->ctx, owners == NULL ? "" : owners[i], keys[i]), NULL);
    }
    if (rc != GX_OK || run->ctx->arena.spent) {
        return rc != GX_OK ? rc : spent(run->ctx);
    }
    lookup_sort(&rows);
    for (size_t i = 1; i < rows.count; i++) {
        const struct entry *before = &rows.entries[i - 1];
        const struct entry *now = &rows.entries[i];
        if (strcmp(before->key, now->key) == 0) {
            import_fault_add(&run->faults, line_of(run, now->index), column, GX_P_DUPLICATE,
                             "%" PRIu32, line_of(run, before->index));
        }
    }
    return GX_OK;
}

/* --- organisations by code --- */

static enum gx_rc partners_by_code(struct gx_ctx *ctx, const char *const *codes, size_t count,
                                   struct lookup *ret_lookup)
{
    struct partners found = {0};
    const struct store_keys keys = {.keys = codes, .count = count};
    enum gx_rc rc = store_partners_by_code(ctx, &keys, &found);
    if (rc == GX_OK) {
        rc = lookup_init(ctx, found.count, ret_lookup);
    }
    for (size_t i = 0; i < found.count && rc == GX_OK; i++) {
        lookup_add(ret_lookup, found.items[i]->code, found.items[i]);
    }
    if (rc == GX_OK) {
        lookup_sort(ret_lookup);
    }
    return rc;
}

/* The organisation's id of each row, "" with a fault where there is none. */
static enum gx_rc owners_of(struct run *run, const char *column, const char ***ret_owners)
{
    struct gx_ctx *ctx = run->ctx;
    const char **codes = texts(ctx, run->batch.count);
    const char **owners = texts(ctx, run->batch.count);
    if (codes == NULL || owners == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < run->batch.count; i++) {
        codes[i] = run->batch.refs[i].org;
    }
    struct lookup orgs = {0};
    enum gx_rc rc = partners_by_code(ctx, codes, run->batch.count, &orgs);
    for (size_t i = 0; i < run->batch.count && rc == GX_OK; i++) {
        const Genxi__Partner *org = codes[i][0] == '\0' ? NULL : lookup_find(&orgs, codes[i]);
        owners[i] = org != NULL ? org->id : "";
        if (codes[i][0] == '\0') {
            owners[i] = ctx->actor.org;
        }
        if (owners[i][0] == '\0') {
            import_fault_add(&run->faults, line_of(run, i), column, GX_P_REFERENCE, "%s", codes[i]);
        }
    }
    *ret_owners = owners;
    return rc;
}

/* Only rows whose owner is known go to the database: "" is no id. Fills a key list of them. */
static enum gx_rc keys_of(struct run *run, const char *const *owners, const char *const *keys,
                          struct store_keys *ret_keys)
{
    const char **some_owners = texts(run->ctx, run->batch.count);
    const char **some_keys = texts(run->ctx, run->batch.count);
    if (some_owners == NULL || some_keys == NULL) {
        return spent(run->ctx);
    }
    size_t count = 0;
    for (size_t i = 0; i < run->batch.count; i++) {
        if (owners[i][0] != '\0' && keys[i][0] != '\0') {
            some_owners[count] = owners[i];
            some_keys[count++] = keys[i];
        }
    }
    *ret_keys = (struct store_keys){some_owners, some_keys, count};
    return GX_OK;
}

static struct sink fault_sink(struct run *run)
{
    return (struct sink){.fault = sink_to_faults, .arg = run};
}

static bool may_write(const struct run *run)
{
    return run->faults.total == 0 && !run->dry_run;
}

/* --- stations and partners --- */

static enum gx_rc olds_by_code(struct run *run, const struct partners *news,
                               struct partners *ret_olds)
{
    struct gx_ctx *ctx = run->ctx;
    const char **codes = texts(ctx, news->count);
    ret_olds->items = gx_pb_array(ctx, news->count + 1);
    ret_olds->count = news->count;
    if (codes == NULL || ret_olds->items == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news->count; i++) {
        codes[i] = news->items[i]->code;
    }
    struct lookup found = {0};
    enum gx_rc rc = check_repeats(run, NULL, codes, "code");
    if (rc == GX_OK) {
        rc = partners_by_code(ctx, codes, news->count, &found);
    }
    for (size_t i = 0; i < news->count && rc == GX_OK; i++) {
        ret_olds->items[i] = lookup_find(&found, codes[i]);
    }
    return rc;
}

static enum gx_rc run_partners(struct run *run)
{
    struct partners news = {run->batch.partners, run->batch.count};
    struct partners olds = {0};
    struct sink sink = fault_sink(run);
    enum gx_rc rc = olds_by_code(run, &news, &olds);
    if (rc == GX_OK) {
        rc = registry_settle_partners(run->ctx, &sink, &news, &olds);
    }
    return rc != GX_OK || !may_write(run) ? rc : registry_write_partners(run->ctx, &news, &olds);
}

static Genxi__Station *station_of_area(const struct stations *stations, int32_t area)
{
    for (size_t i = 0; i < stations->count; i++) {
        if (stations->items[i]->area == area) {
            return stations->items[i];
        }
    }
    return NULL;
}

/* What the file does not say of the organisation stays. */
static void keep_station_org(Genxi__Partner *org, const Genxi__Partner *old)
{
    if (old != NULL) {
        org->agreement = old->agreement;
        org->contacts = old->contacts;
        org->n_contacts = old->n_contacts;
        org->state = old->state;
    }
}

static enum gx_rc check_areas(struct run *run)
{
    const char **areas = texts(run->ctx, run->batch.count);
    for (size_t i = 0; i < run->batch.count && areas != NULL; i++) {
        areas[i] = gx_arena_printf(&run->ctx->arena, "%" PRId32, run->batch.stations[i]->area);
        areas[i] = areas[i] == NULL ? "" : areas[i];
    }
    return areas == NULL ? spent(run->ctx) : check_repeats(run, NULL, areas, "area");
}

static enum gx_rc run_stations(struct run *run)
{
    struct gx_ctx *ctx = run->ctx;
    struct partners orgs = {run->batch.partners, run->batch.count};
    struct partners old_orgs = {0};
    struct stations news = {run->batch.stations, run->batch.count};
    struct stations olds = {gx_pb_array(ctx, run->batch.count + 1), run->batch.count};
    struct stations known = {0};
    struct sink sink = fault_sink(run);
    if (olds.items == NULL) {
        return spent(ctx);
    }
    enum gx_rc rc = check_areas(run);
    if (rc == GX_OK) {
        rc = olds_by_code(run, &orgs, &old_orgs);
    }
    for (size_t i = 0; i < orgs.count && rc == GX_OK; i++) {
        keep_station_org(orgs.items[i], old_orgs.items[i]);
    }
    if (rc == GX_OK) {
        rc = registry_settle_partners(ctx, &sink, &orgs, &old_orgs);
    }
    if (rc == GX_OK) {
        rc = store_stations(ctx, &known);
    }
    if (rc != GX_OK || !may_write(run)) {
        return rc;
    }
    for (size_t i = 0; i < news.count; i++) {
        news.items[i]->org_id = orgs.items[i]->id;
        olds.items[i] = station_of_area(&known, news.items[i]->area);
    }
    rc = registry_write_partners(ctx, &orgs, &old_orgs);
    return rc != GX_OK ? rc : registry_write_stations(ctx, &news, &olds);
}

/* --- sites --- */

static enum gx_rc run_sites(struct run *run)
{
    struct gx_ctx *ctx = run->ctx;
    struct sites news = {run->batch.sites, run->batch.count};
    struct sites olds = {gx_pb_array(ctx, run->batch.count + 1), run->batch.count};
    struct sites found = {0};
    const char **codes = texts(ctx, news.count);
    const char **owners = NULL;
    struct store_keys keys;
    struct lookup lookup = {0};
    if (olds.items == NULL || codes == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news.count; i++) {
        codes[i] = news.items[i]->code;
    }
    enum gx_rc rc = owners_of(run, "partner", &owners);
    if (rc == GX_OK) {
        rc = check_repeats(run, owners, codes, "code");
    }
    if (rc == GX_OK) {
        rc = keys_of(run, owners, codes, &keys);
    }
    if (rc == GX_OK) {
        rc = store_sites_by_code(ctx, &keys, &found);
    }
    if (rc == GX_OK) {
        rc = lookup_init(ctx, found.count, &lookup);
    }
    if (rc != GX_OK || run->faults.total > 0) {
        return rc;
    }
    for (size_t i = 0; i < found.count; i++) {
        lookup_add(&lookup, joined(ctx, found.items[i]->partner_id, found.items[i]->code),
                   found.items[i]);
    }
    lookup_sort(&lookup);
    for (size_t i = 0; i < news.count; i++) {
        news.items[i]->partner_id = gx_pb_text(owners[i]);
        olds.items[i] = lookup_find(&lookup, joined(ctx, owners[i], codes[i]));
    }
    struct sink sink = fault_sink(run);
    rc = registry_settle_sites(ctx, &sink, &news, &olds);
    return rc != GX_OK || !may_write(run) ? rc : registry_write_sites(ctx, &news, &olds);
}

/* --- responders --- */

/* "code" is a site of the own organisation, "partner/code" of another. */
struct site_refs {
    const char **owners; /* partner ids, "" where the partner is unknown */
    const char **codes;
};

static enum gx_rc site_owners(struct run *run, const char *const *owners,
                              struct site_refs *ret_refs)
{
    struct gx_ctx *ctx = run->ctx;
    const char **partners = texts(ctx, run->batch.count);
    *ret_refs = (struct site_refs){texts(ctx, run->batch.count), texts(ctx, run->batch.count)};
    if (partners == NULL || ret_refs->owners == NULL || ret_refs->codes == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < run->batch.count; i++) {
        const char *text = run->batch.refs[i].site;
        const char *slash = strchr(text, '/');
        partners[i] =
            slash == NULL ? "" : gx_arena_text_n(&ctx->arena, text, (size_t)(slash - text));
        ret_refs->codes[i] = slash == NULL ? text : slash + 1;
        if (partners[i] == NULL) {
            return spent(ctx);
        }
    }
    struct lookup found = {0};
    enum gx_rc rc = partners_by_code(ctx, partners, run->batch.count, &found);
    for (size_t i = 0; i < run->batch.count && rc == GX_OK; i++) {
        const Genxi__Partner *partner =
            partners[i][0] == '\0' ? NULL : lookup_find(&found, partners[i]);
        ret_refs->owners[i] = partners[i][0] == '\0' ? owners[i]
                              : partner == NULL      ? ""
                                                     : partner->id;
    }
    return rc;
}

static enum gx_rc settle_home_sites(struct run *run, const char *const *owners)
{
    struct gx_ctx *ctx = run->ctx;
    struct site_refs refs;
    struct store_keys keys;
    struct sites found = {0};
    struct lookup lookup = {0};
    enum gx_rc rc = site_owners(run, owners, &refs);
    if (rc == GX_OK) {
        rc = keys_of(run, refs.owners, refs.codes, &keys);
    }
    if (rc == GX_OK) {
        rc = store_sites_by_code(ctx, &keys, &found);
    }
    if (rc == GX_OK) {
        rc = lookup_init(ctx, found.count, &lookup);
    }
    for (size_t i = 0; i < found.count && rc == GX_OK; i++) {
        lookup_add(&lookup, joined(ctx, found.items[i]->partner_id, found.items[i]->code),
                   found.items[i]);
    }
    lookup_sort(&lookup);
    for (size_t i = 0; i < run->batch.count && rc == GX_OK; i++) {
        if (run->batch.refs[i].site[0] == '\0') {
            continue;
        }
        const Genxi__Site *site = lookup_find(&lookup, joined(ctx, refs.owners[i], refs.codes[i]));
        if (site == NULL) {
            import_fault_add(&run->faults, line_of(run, i), "site", GX_P_REFERENCE, "%s",
                             run->batch.refs[i].site);
        } else {
            run->batch.responders[i]->site_id = site->id;
        }
    }
    return rc;
}

/* Responders that exist, by "organisation/code". */
static enum gx_rc responders_by_code(struct run *run, const char *const *owners,
                                     const char *const *codes, struct lookup *ret_lookup)
{
    struct store_keys keys;
    struct responders found = {0};
    enum gx_rc rc = keys_of(run, owners, codes, &keys);
    if (rc == GX_OK) {
        rc = store_responders_by_code(run->ctx, &keys, &found);
    }
    if (rc == GX_OK) {
        rc = lookup_init(run->ctx, found.count, ret_lookup);
    }
    for (size_t i = 0; i < found.count && rc == GX_OK; i++) {
        Genxi__Responder *one = found.items[i];
        lookup_add(ret_lookup, joined(run->ctx, one->org_id, one->code), one);
    }
    if (rc == GX_OK) {
        lookup_sort(ret_lookup);
    }
    return rc;
}

static enum gx_rc run_responders(struct run *run)
{
    struct gx_ctx *ctx = run->ctx;
    struct responders news = {run->batch.responders, run->batch.count};
    struct responders olds = {gx_pb_array(ctx, run->batch.count + 1), run->batch.count};
    const char **codes = texts(ctx, news.count);
    const char **owners = NULL;
    struct lookup known = {0};
    if (olds.items == NULL || codes == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news.count; i++) {
        codes[i] = news.items[i]->code;
    }
    enum gx_rc rc = owners_of(run, "org", &owners);
    if (rc == GX_OK) {
        rc = check_repeats(run, owners, codes, "code");
    }
    if (rc == GX_OK) {
        rc = settle_home_sites(run, owners);
    }
    if (rc == GX_OK) {
        rc = responders_by_code(run, owners, codes, &known);
    }
    if (rc != GX_OK || run->faults.total > 0) {
        return rc;
    }
    for (size_t i = 0; i < news.count; i++) {
        Genxi__Responder *old = lookup_find(&known, joined(ctx, owners[i], codes[i]));
        news.items[i]->org_id = gx_pb_text(owners[i]);
        if (news.items[i]->phone == NULL && old != NULL) {
            news.items[i]->phone = old->phone; /* a file without phones does not take them away */
        }
        olds.items[i] = old;
    }
    struct sink sink = fault_sink(run);
    rc = registry_settle_responders(ctx, &sink, &news, &olds);
    return rc != GX_OK || !may_write(run) ? rc : registry_write_responders(ctx, &news, &olds);
}

/* --- shifts --- */

static enum gx_rc settle_shift_responders(struct run *run)
{
    struct gx_ctx *ctx = run->ctx;
    const char **codes = texts(ctx, run->batch.count);
    const char **owners = NULL;
    struct lookup known = {0};
    if (codes == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < run->batch.count; i++) {
        codes[i] = run->batch.refs[i].responder;
    }
    enum gx_rc rc = owners_of(run, "org", &owners);
    if (rc == GX_OK) {
        rc = responders_by_code(run, owners, codes, &known);
    }
    for (size_t i = 0; i < run->batch.count && rc == GX_OK; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): owners_of() gives one a row, or fails */
        const Genxi__Responder *responder = lookup_find(&known, joined(ctx, owners[i], codes[i]));
        if (responder != NULL) {
            run->batch.shifts[i]->responder_id = responder->id;
        } else if (owners[i][0] != '\0') {
            import_fault_add(&run->faults, line_of(run, i), "responder", GX_P_REFERENCE, "%s",
                             codes[i]);
        }
    }
    return rc;
}

static const char *shift_key(struct gx_ctx *ctx, const Genxi__Shift *shift)
{
    const char *text =
        gx_arena_printf(&ctx->arena, "%s/%" PRId64, shift->responder_id, shift->from_at);
    return text == NULL ? "" : text;
}

static enum gx_rc old_shifts(struct run *run, struct shifts *ret_olds)
{
    struct gx_ctx *ctx = run->ctx;
    size_t count = run->batch.count;
    const char **owners = texts(ctx, count);
    const char **begins = texts(ctx, count);
    *ret_olds = (struct shifts){gx_pb_array(ctx, count + 1), count};
    if (owners == NULL || begins == NULL || ret_olds->items == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        owners[i] = run->batch.shifts[i]->responder_id;
        begins[i] = gx_arena_printf(&ctx->arena, "%" PRId64, run->batch.shifts[i]->from_at);
        if (begins[i] == NULL) {
            return spent(ctx);
        }
    }
    struct shifts found = {0};
    struct lookup lookup = {0};
    const struct store_keys keys = {owners, begins, count};
    enum gx_rc rc = check_repeats(run, owners, begins, "from_at");
    if (rc == GX_OK) {
        rc = store_shifts_by_begin(ctx, &keys, &found);
    }
    if (rc == GX_OK) {
        rc = lookup_init(ctx, found.count, &lookup);
    }
    for (size_t i = 0; i < found.count && rc == GX_OK; i++) {
        lookup_add(&lookup, shift_key(ctx, found.items[i]), found.items[i]);
    }
    lookup_sort(&lookup);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        ret_olds->items[i] = lookup_find(&lookup, shift_key(ctx, run->batch.shifts[i]));
    }
    return rc;
}

static enum gx_rc run_shifts(struct run *run)
{
    struct shifts news = {run->batch.shifts, run->batch.count};
    struct shifts olds = {0};
    enum gx_rc rc = settle_shift_responders(run);
    if (rc != GX_OK || run->faults.total > 0) {
        return rc;
    }
    rc = old_shifts(run, &olds);
    for (size_t i = 0; i < news.count && rc == GX_OK; i++) {
        const Genxi__Shift *old = olds.items[i];
        if (old == NULL) {
            continue;
        }
        news.items[i]->state = old->state;
        if (old->state == GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED) {
            news.items[i]->until_at =
                old->until_at; /* what has ended is not reopened by the same file */
        }
    }
    struct sink sink = fault_sink(run);
    if (rc == GX_OK) {
        rc = registry_settle_shifts(run->ctx, &sink, &news, &olds);
    }
    return rc != GX_OK || !may_write(run) ? rc : registry_write_shifts(run->ctx, &news, &olds);
}

/* --- instructor teams --- */

/* Members by code within the team's own organisation. */
static enum gx_rc settle_members(struct run *run, const char *const *owners)
{
    struct gx_ctx *ctx = run->ctx;
    size_t count = 0;
    for (size_t i = 0; i < run->batch.count; i++) {
        count += run->batch.refs[i].member_count;
    }
    const char **all_owners = texts(ctx, count);
    const char **all_codes = texts(ctx, count);
    if (all_owners == NULL || all_codes == NULL) {
        return spent(ctx);
    }
    size_t filled = 0;
    for (size_t i = 0; i < run->batch.count; i++) {
        for (size_t n = 0; n < run->batch.refs[i].member_count && owners[i][0] != '\0'; n++) {
            all_owners[filled] = owners[i];
            all_codes[filled++] = run->batch.refs[i].members[n];
        }
    }
    struct responders found = {0};
    struct lookup lookup = {0};
    const struct store_keys keys = {all_owners, all_codes, filled};
    enum gx_rc rc = store_responders_by_code(ctx, &keys, &found);
    if (rc == GX_OK) {
        rc = lookup_init(ctx, found.count, &lookup);
    }
    for (size_t i = 0; i < found.count && rc == GX_OK; i++) {
        lookup_add(&lookup, joined(ctx, found.items[i]->org_id, found.items[i]->code),
                   found.items[i]);
    }
    lookup_sort(&lookup);
    for (size_t i = 0; i < run->batch.count && rc == GX_OK; i++) {
        const struct import_refs *refs = &run->batch.refs[i];
        Genxi__InstructorTeam *team = run->batch.teams[i];
        team->responder_ids = gx_pb_array(ctx, refs->member_count + 1);
        for (size_t n = 0; n < refs->member_count && team->responder_ids != NULL; n++) {
            const Genxi__Responder *member =
                lookup_find(&lookup, joined(ctx, owners[i], refs->members[n]));
            if (member != NULL) {
                team->responder_ids[team->n_responder_ids++] = member->id;
            } else if (owners[i][0] != '\0') {
                import_fault_add(&run->faults, refs->line, "members", GX_P_REFERENCE, "%s",
                                 refs->members[n]);
            }
        }
    }
    return rc;
}

static enum gx_rc settle_teams(struct run *run, const char *const *owners,
                               const struct lookup *known)
{
    struct gx_ctx *ctx = run->ctx;
    const char **ids = texts(ctx, run->batch.count);
    struct partners orgs = {0};
    if (ids == NULL) {
        return spent(ctx);
    }
    size_t count = 0;
    for (size_t i = 0; i < run->batch.count; i++) {
        if (owners[i][0] != '\0') {
            ids[count++] = owners[i];
        }
    }
    struct lookup by_id = {0};
    enum gx_rc rc = store_partners_by_id(ctx, ids, count, false, &orgs);
    if (rc == GX_OK) {
        rc = lookup_init(ctx, orgs.count, &by_id);
    }
    for (size_t i = 0; i < orgs.count && rc == GX_OK; i++) {
        lookup_add(&by_id, orgs.items[i]->id, orgs.items[i]);
    }
    lookup_sort(&by_id);
    for (size_t i = 0; i < run->batch.count && rc == GX_OK; i++) {
        Genxi__InstructorTeam *team = run->batch.teams[i];
        const Genxi__InstructorTeam *old = lookup_find(known, joined(ctx, owners[i], team->code));
        const Genxi__Partner *org = lookup_find(&by_id, owners[i]);
        char id[GX_ID_SIZE];
        team->id = old != NULL ? old->id : gx_pb_text(gx_arena_text(&ctx->arena, gx_id_new(id)));
        team->org_id = gx_pb_text(owners[i]);
        team->area = org == NULL ? 0 : org->area;
        if (org == NULL) {
            import_fault_add(&run->faults, line_of(run, i), "org", GX_P_REFERENCE, "%s",
                             run->batch.refs[i].org);
        } else if (!registry_may_put(&ctx->actor, team->area, team->org_id)) {
            import_fault_add(&run->faults, line_of(run, i), "", GX_P_DENIED,
                             "admin; duty %" PRId32 "; desk", team->area);
        }
    }
    return rc;
}

static enum gx_rc run_teams(struct run *run)
{
    struct gx_ctx *ctx = run->ctx;
    struct teams news = {run->batch.teams, run->batch.count};
    struct teams olds = {gx_pb_array(ctx, run->batch.count + 1), run->batch.count};
    struct teams found = {0};
    const char **codes = texts(ctx, news.count);
    const char **owners = NULL;
    struct store_keys keys;
    struct lookup known = {0};
    if (olds.items == NULL || codes == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < news.count; i++) {
        codes[i] = news.items[i]->code;
    }
    enum gx_rc rc = owners_of(run, "org", &owners);
    if (rc == GX_OK) {
        rc = check_repeats(run, owners, codes, "code");
    }
    if (rc == GX_OK) {
        rc = settle_members(run, owners);
    }
    if (rc == GX_OK) {
        rc = keys_of(run, owners, codes, &keys);
    }
    if (rc == GX_OK) {
        rc = store_teams_by_code(ctx, &keys, &found);
    }
    if (rc == GX_OK) {
        rc = lookup_init(ctx, found.count, &known);
    }
    for (size_t i = 0; i < found.count && rc == GX_OK; i++) {
        lookup_add(&known, joined(ctx, found.items[i]->org_id, found.items[i]->code),
                   found.items[i]);
    }
    lookup_sort(&known);
    if (rc == GX_OK) {
        rc = settle_teams(run, owners, &known);
    }
    for (size_t i = 0; i < news.count && rc == GX_OK; i++) {
        olds.items[i] = lookup_find(&known, joined(ctx, owners[i], codes[i]));
    }
    return rc != GX_OK || !may_write(run) ? rc : registry_write_teams(ctx, &news, &olds);
}

/* --- the whole --- */

static enum gx_rc run_batch(struct run *run)
{
    switch (run->batch.kind) {
    case GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS:
        return run_stations(run);
    case GENXI__IMPORT_KIND__IMPORT_KIND_PARTNERS:
        return run_partners(run);
    case GENXI__IMPORT_KIND__IMPORT_KIND_SITES:
        return run_sites(run);
    case GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS:
        return run_responders(run);
    case GENXI__IMPORT_KIND__IMPORT_KIND_SHIFTS:
        return run_shifts(run);
    case GENXI__IMPORT_KIND__IMPORT_KIND_TEAMS:
        return run_teams(run);
    case _GENXI__IMPORT_KIND_IS_INT_SIZE:
        break;
    }
    return GX_INVALID; /* import_build() refused it */
}

static enum gx_rc read_table(struct run *run, const Genxi__Import *in, struct import_table *table)
{
    const struct gx_view data = {in->data.data, in->data.len};
    if (in->format == GENXI__IMPORT_FORMAT__IMPORT_FORMAT_CSV) {
        return import_csv_read(run->ctx, data, &run->faults, table);
    }
    if (in->format == GENXI__IMPORT_FORMAT__IMPORT_FORMAT_GEOJSON) {
        return import_geojson_read(run->ctx, data, &run->faults, table);
    }
    return gx_fail(run->ctx, GX_P_FIELD_RANGE, "/format", "1..2");
}

/* Stations and partners are the operator's and the duty officer's; the rest a desk may bring for the own organisation. */
static enum gx_rc check_role(struct gx_ctx *ctx, Genxi__ImportKind kind)
{
    uint32_t needed = GX_ROLE_SYSTEM | GX_ROLE_ADMIN;
    if (kind == GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS) {
        return gx_actor_has(&ctx->actor, needed) ? GX_OK
                                                 : gx_fail(ctx, GX_P_DENIED, "/kind", "admin");
    }
    needed |= GX_ROLE_DUTY;
    if (kind == GENXI__IMPORT_KIND__IMPORT_KIND_PARTNERS) {
        return gx_actor_has(&ctx->actor, needed)
                   ? GX_OK
                   : gx_fail(ctx, GX_P_DENIED, "/kind", "admin, duty");
    }
    needed |= GX_ROLE_DESK;
    return gx_actor_has(&ctx->actor, needed)
               ? GX_OK
               : gx_fail(ctx, GX_P_DENIED, "/kind", "admin, duty, desk");
}

static enum gx_rc fail_with_faults(struct run *run)
{
    struct gx_ctx *ctx = run->ctx;
    enum gx_rc rc = gx_fail(ctx, GX_P_IMPORT, "", "%zu", run->faults.total);
    for (size_t i = 0; i < run->faults.count && ctx->fault_count < GX_FAULTS_MAX; i++) {
        const struct import_fault *fault = &run->faults.items[i];
        char pointer[96];
        (void)snprintf(pointer, sizeof pointer, "/%" PRIu32 "%s%.70s", fault->line,
                       fault->column[0] == '\0' ? "" : "/", fault->column);
        /* The first fault decides the reply's status. */
        (void)gx_fail(ctx, fault->problem, pointer, "%s", fault->value);
    }
    return rc;
}

static enum gx_rc reply_with_faults(struct run *run, Genxi__ImportDone *out)
{
    struct gx_ctx *ctx = run->ctx;
    out->faults = gx_pb_array(ctx, run->faults.count + 1);
    for (size_t i = 0; i < run->faults.count && out->faults != NULL; i++) {
        const struct import_fault *from = &run->faults.items[i];
        const struct gx_problem_row *row = gx_problem_row(from->problem);
        Genxi__ImportFault *fault = gx_pb_new(ctx, &genxi__import_fault__descriptor);
        char en[512];
        char zh[512];
        gx_problem_text(row->en, from->value, en, sizeof en);
        gx_problem_text(row->zh, from->value, zh, sizeof zh);
        if (fault == NULL) {
            return spent(ctx);
        }
        fault->line = from->line;
        fault->column = from->column[0] == '\0' ? NULL : gx_pb_text(from->column);
        fault->rule = gx_pb_text(gx_arena_text(&ctx->arena, en));
        fault->rule_zh = gx_arena_text(&ctx->arena, zh);
        out->faults[out->n_faults++] = fault;
    }
    return ctx->arena.spent ? spent(ctx) : GX_OK;
}

enum gx_rc import_run(struct gx_ctx *ctx, const Genxi__Import *in, Genxi__ImportDone *out)
{
    struct run run = {.ctx = ctx, .dry_run = in->has_dry_run && in->dry_run};
    struct import_table table = {0};
    if (ctx->arena.limit_bytes < IMPORT_ARENA_BYTES) {
        ctx->arena.limit_bytes = IMPORT_ARENA_BYTES;
    }
    const struct import_options options = {
        .kind = in->kind,
        .org_optional = gx_actor_has(&ctx->actor, GX_ROLE_DESK) && ctx->actor.org[0] != '\0',
        .now_ms = gx_tx_now_ms(ctx),
    };
    enum gx_rc rc = check_role(ctx, in->kind);
    if (rc == GX_OK) {
        rc = import_faults_init(ctx, &run.faults);
    }
    if (rc == GX_OK) {
        rc = read_table(&run, in, &table);
    }
    if (rc == GX_OK) {
        rc = import_build(ctx, &options, &table, &run.faults, &run.batch);
    }
    /* References are looked at only in a file that is good in itself: what a broken row means nobody can say. */
    if (rc == GX_OK && run.faults.total == 0) {
        rc = run_batch(&run);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->rows = (uint32_t)table.row_count;
    if (run.faults.total == 0) {
        return GX_OK;
    }
    return run.dry_run ? reply_with_faults(&run, out) : fail_with_faults(&run);
}
