/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store.h"
#include "web/json.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <string.h>

enum {
    ASK_EVERY_US = 200000,
    MEMORY_BYTES = 64 * 1024 * 1024
};

void intake_catalog_init(struct intake_catalog *catalog)
{
    *catalog = (struct intake_catalog){.generation = 0};
    gx_ctx_init(&catalog->memory, MEMORY_BYTES);
}

void intake_catalog_done(struct intake_catalog *catalog)
{
    gx_ctx_done(&catalog->memory);
}

/* NULL, after saying why, for a definition that may not be used: then the next older version counts. */
static Genxi__Playbook *read_playbook(struct gx_ctx *memory,
                                      const struct intake_definition *definition)
{
    ProtobufCMessage *message = NULL;
    struct gx_view json = {(const uint8_t *)definition->json, strlen(definition->json)};
    const char *fault = NULL;
    if (gx_json_read(memory, &genxi__playbook__descriptor, json, &message) != GX_OK) {
        const struct gx_fault *first = &memory->faults[0];
        fault =
            gx_arena_printf(&memory->arena, "%s at %s: %s", gx_problem_row(first->problem)->slug,
                            memory->fault_count == 0 ? "" : first->pointer,
                            memory->fault_count == 0 ? "" : first->value);
        gx_ctx_forgive(memory);
    } else {
        fault = intake_playbook_fault(memory, (const Genxi__Playbook *)message);
    }
    if (fault != NULL) {
        gx_log(NULL, GX_ERROR, "playbook-refused",
               "playbook %s version %" PRId64 " is not used: %s", definition->code,
               definition->version, fault);
        return NULL;
    }
    return (Genxi__Playbook *)message;
}

static enum gx_rc load_playbooks(struct intake_catalog *catalog, struct gx_ctx *ctx)
{
    struct intake_definition *definitions = NULL;
    size_t count = 0;
    enum gx_rc rc = intake_store_playbooks(ctx, &definitions, &count);
    if (rc != GX_OK) {
        return rc;
    }
    catalog->playbooks = gx_pb_array(&catalog->memory, count + 1);
    if (catalog->playbooks == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    for (size_t i = 0; i < count; i++) {
        if (intake_catalog_playbook(catalog, definitions[i].code) != NULL) {
            continue;
        }
        Genxi__Playbook *playbook = read_playbook(&catalog->memory, &definitions[i]);
        if (playbook != NULL) {
            catalog->playbooks[catalog->playbook_count++] = playbook;
        }
    }
    return GX_OK;
}

static enum gx_rc load(struct intake_catalog *catalog, struct gx_ctx *ctx)
{
    gx_ctx_reset(&catalog->memory);
    catalog->generation = 0;
    catalog->stations = (struct intake_stations){NULL, 0};
    catalog->playbook_count = 0;
    catalog->party_count = 0;
    enum gx_rc rc = intake_store_stations(ctx, &catalog->memory, &catalog->stations);
    rc = rc == GX_OK
             ? intake_store_parties(ctx, &catalog->memory, &catalog->parties, &catalog->party_count)
             : rc;
    rc = rc == GX_OK ? load_playbooks(catalog, ctx) : rc;
    if (rc == GX_OK && catalog->memory.arena.spent) {
        rc = gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    return rc;
}

enum gx_rc intake_catalog_fresh(struct intake_catalog *catalog, struct gx_ctx *ctx)
{
    int64_t now_us = gx_clock_mono_us();
    if (catalog->generation != 0 && now_us - catalog->asked_us < ASK_EVERY_US) {
        return GX_OK;
    }
    int64_t generation = 0;
    enum gx_rc rc = intake_store_generation(ctx, &generation);
    if (rc != GX_OK) {
        return rc;
    }
    if (generation != catalog->generation) {
        rc = load(catalog, ctx);
        if (rc != GX_OK) {
            return rc;
        }
    }
    catalog->generation = generation;
    catalog->asked_us = now_us;
    return GX_OK;
}

const Genxi__Playbook *intake_catalog_playbook(const struct intake_catalog *catalog,
                                               const char *code)
{
    for (size_t i = 0; i < catalog->playbook_count; i++) {
        if (gx_text_is(catalog->playbooks[i]->code, code)) {
            return catalog->playbooks[i];
        }
    }
    return NULL;
}
