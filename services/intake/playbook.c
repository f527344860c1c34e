/* SPDX-License-Identifier: Apache-2.0 */
#include "playbook.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "states.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FORCE(name) GENXI__FORCE__FORCE_##name

static bool one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (gx_text_is(word, words[i])) {
            return true;
        }
    }
    return false;
}

static bool word_valid(const char *word)
{
    size_t size = strlen(word);
    return size >= 2 && size <= 64 && word[0] >= 'a' && word[0] <= 'z' &&
           strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
}

static const char *slot_fault(struct gx_ctx *ctx, const Genxi__Playbook *p, size_t at)
{
    const Genxi__Slot *slot = p->slots[at];
    if (!word_valid(slot->code)) {
        return gx_arena_printf(&ctx->arena, "slot %zu: bad code", at);
    }
    for (size_t i = 0; i < at; i++) {
        if (gx_text_is(p->slots[i]->code, slot->code)) {
            return gx_arena_printf(&ctx->arena, "slot %s: twice", slot->code);
        }
    }
    if (slot->count < 1 || slot->count > 20) {
        return gx_arena_printf(&ctx->arena, "slot %s: count must be 1..20", slot->code);
    }
    if (slot->within_minutes < 1 || slot->within_minutes > 120) {
        return gx_arena_printf(&ctx->arena, "slot %s: within_minutes must be 1..120", slot->code);
    }
    if (slot->grade_max < 1 || slot->grade_max > 4) {
        return gx_arena_printf(&ctx->arena, "slot %s: grade_max must be 1..4", slot->code);
    }
    if (p->violent && slot->force == FORCE(VOLUNTEER)) {
        return "a volunteer is never sent to violence";
    }
    for (size_t i = 0; i < p->n_cards; i++) {
        if (p->cards[i]->force == slot->force) {
            return NULL;
        }
    }
    return gx_arena_printf(&ctx->arena, "slot %s: no task card for its force", slot->code);
}

static const char *slots_fault(struct gx_ctx *ctx, const Genxi__Playbook *p)
{
    bool police = false;
    for (size_t i = 0; i < p->n_slots; i++) {
        const char *fault = slot_fault(ctx, p, i);
        if (fault != NULL) {
            return fault;
        }
        police = police || (p->slots[i]->force == FORCE(POLICE) && p->slots[i]->grade_max == 4);
    }
    if (p->violent && !police) {
        return "a violent incident always has a police slot, whatever its grade";
    }
    bool dispatch = !p->has_dispatch || p->dispatch;
    return dispatch && p->n_slots == 0 ? "it dispatches and has no slot" : NULL;
}

static const char *rungs_fault(struct gx_ctx *ctx, const Genxi__Playbook *p)
{
    static const char *const STARTS[] = {"reported", "dispatched"};
    static const char *const STOPS[] = {"first_on_scene", "first_police", "quota"};
    static const char *const STEPS[] = {"widen", "notify_duty", "call_police"};
    uint32_t before = 0;
    for (size_t i = 0; i < p->n_rungs; i++) {
        const Genxi__Rung *rung = p->rungs[i];
        if (rung->minute <= before || rung->minute > 240) {
            return gx_arena_printf(&ctx->arena, "rung %zu: minutes must rise, up to 240", i);
        }
        before = rung->minute;
        if (!one_of(rung->clock_start, STARTS, GX_COUNT_OF(STARTS)) ||
            !one_of(rung->clock_stop, STOPS, GX_COUNT_OF(STOPS)) ||
            !one_of(rung->step_up, STEPS, GX_COUNT_OF(STEPS))) {
            return gx_arena_printf(&ctx->arena, "rung %zu: unknown clock or step", i);
        }
        if (rung->n_forces == 0) {
            return gx_arena_printf(&ctx->arena, "rung %zu: no force", i);
        }
    }
    return NULL;
}

/*
 * What nobody but police may be told to do: guards, patrols and volunteers observe, warn, evacuate, guide, give first
 * aid and preserve the scene.
 */
static const char *const FORBIDDEN_ZH[] = {"扣留", "扣押",     "拘留", "抓捕", "抓获", "控制嫌疑人",
                                           "制服", "搜身",     "搜查", "盘问", "盘查", "审问",
                                           "讯问", "查验身份", "没收", "强行"};
static const char *const FORBIDDEN_EN[] = {"detain",     "arrest",   "search",     "question",
                                           "interrogat", "seize",    "confiscate", "subdue",
                                           "pursue",     "overpower"};

static const char *text_forbidden(const char *text)
{
    for (size_t i = 0; i < GX_COUNT_OF(FORBIDDEN_ZH); i++) {
        if (strstr(text, FORBIDDEN_ZH[i]) != NULL) {
            return FORBIDDEN_ZH[i];
        }
    }
    for (size_t i = 0; i < GX_COUNT_OF(FORBIDDEN_EN); i++) {
        if (strcasestr(text, FORBIDDEN_EN[i]) != NULL) {
            return FORBIDDEN_EN[i];
        }
    }
    return NULL;
}

static const char *card_fault(struct gx_ctx *ctx, const Genxi__Playbook *p, size_t at)
{
    const Genxi__TaskCard *card = p->cards[at];
    for (size_t i = 0; i < at; i++) {
        if (p->cards[i]->force == card->force) {
            return gx_arena_printf(&ctx->arena, "card %zu: second card of one force", at);
        }
    }
    if (card->n_do_zh == 0 || card->n_do_zh != card->n_do_en ||
        card->n_never_zh != card->n_never_en) {
        return gx_arena_printf(&ctx->arena, "card %zu: both languages must say the same lines", at);
    }
    if (card->force == FORCE(POLICE)) {
        return NULL;
    }
    if (card->n_never_zh == 0) {
        return gx_arena_printf(&ctx->arena, "card %zu: it must say what this force may never do",
                               at);
    }
    for (size_t i = 0; i < card->n_do_zh; i++) {
        const char *word = text_forbidden(card->do_zh[i]);
        word = word == NULL ? text_forbidden(card->do_en[i]) : word;
        if (word != NULL) {
            return gx_arena_printf(
                &ctx->arena, "card %zu: tells a force to do what only police may: %s", at, word);
        }
    }
    return NULL;
}

const char *intake_playbook_fault(struct gx_ctx *ctx, const Genxi__Playbook *p)
{
    if (!word_valid(p->code) || p->version == 0) {
        return "bad code or version";
    }
    if (p->name_zh[0] == '\0' || p->name_en[0] == '\0') {
        return "a name is missing";
    }
    if (p->grade < 1 || p->grade > 4) {
        return "grade must be 1..4";
    }
    if (p->merge_radius_m > INTAKE_MERGE_RADIUS_MAX_M ||
        p->merge_minutes > INTAKE_MERGE_MINUTES_MAX) {
        return "merge_radius_m must be at most 1000, merge_minutes at most 1440";
    }
    if (p->offer_seconds < 5 || p->offer_seconds > 600) {
        return "offer_seconds must be 5..600";
    }
    for (size_t i = 0; i < p->n_facts; i++) {
        if (!word_valid(p->facts[i])) {
            return gx_arena_printf(&ctx->arena, "fact %zu: bad code", i);
        }
    }
    const char *fault = slots_fault(ctx, p);
    fault = fault == NULL ? rungs_fault(ctx, p) : fault;
    for (size_t i = 0; fault == NULL && i < p->n_cards; i++) {
        fault = card_fault(ctx, p, i);
    }
    return fault;
}

Genxi__Playbook *intake_playbook_effective(struct gx_ctx *ctx, const Genxi__Playbook *playbook,
                                           uint32_t grade)
{
    Genxi__Playbook *copy = gx_pb_new(ctx, &genxi__playbook__descriptor);
    Genxi__Slot **slots = gx_pb_array(ctx, playbook->n_slots + 1);
    if (copy == NULL || slots == NULL) {
        return NULL;
    }
    *copy = *playbook;
    copy->slots = slots;
    copy->n_slots = 0;
    for (size_t i = 0; i < playbook->n_slots; i++) {
        if (grade <= playbook->slots[i]->grade_max) {
            copy->slots[copy->n_slots++] = playbook->slots[i];
        }
    }
    return copy;
}

bool intake_playbook_differs(const Genxi__Playbook *playbook, uint32_t grade_a, uint32_t grade_b)
{
    for (size_t i = 0; i < playbook->n_slots; i++) {
        uint32_t limit = playbook->slots[i]->grade_max;
        if ((grade_a <= limit) != (grade_b <= limit)) {
            return true;
        }
    }
    return false;
}

bool intake_playbook_asks(const Genxi__Playbook *playbook, const char *fact)
{
    return one_of(fact, (const char *const *)playbook->facts, playbook->n_facts);
}

static bool names(const Genxi__Playbook *playbook, const char *type)
{
    return playbook != NULL &&
           one_of(type, (const char *const *)playbook->merge_types, playbook->n_merge_types);
}

static bool types_meet(const Genxi__Playbook *report, const Genxi__Incident *incident,
                       const Genxi__Playbook *incident_playbook)
{
    return gx_text_is(incident->type, report->code) ||
           gx_text_is(incident->initial_type, report->code) || names(report, incident->type) ||
           names(incident_playbook, report->code);
}

bool intake_merges(const struct intake_sighting *report, const Genxi__Incident *incident,
                   const Genxi__Playbook *incident_playbook, int64_t first_report_at,
                   int64_t last_report_at)
{
    if (report->exercise != (incident->exercise != 0) || intake_state_ended((int)incident->state) ||
        !types_meet(report->playbook, incident, incident_playbook)) {
        return false;
    }
    int64_t window_ms = (int64_t)report->playbook->merge_minutes * 60000;
    if (report->time_at < first_report_at - window_ms ||
        report->time_at > last_report_at + window_ms) {
        return false;
    }
    struct gx_point there = {incident->lon, incident->lat};
    return gx_geo_distance_m(report->at, there) <= (double)report->playbook->merge_radius_m;
}

char *intake_number(int32_t area, int64_t at_ms, int64_t serial, char number[INTAKE_NUMBER_SIZE])
{
    time_t local = (time_t)(at_ms / 1000 + INT64_C(8) * 3600);
    struct tm day;
    if (gmtime_r(&local, &day) == NULL) {
        day = (struct tm){.tm_mday = 1};
    }
    (void)snprintf(number, INTAKE_NUMBER_SIZE, "%06d-%04d%02d%02d-%06" PRId64,
                   (int)(area / 100) % 1000000, (day.tm_year + 1900) % 10000,
                   (day.tm_mon + 1) % 100, day.tm_mday % 100, serial % 1000000);
    return number;
}
