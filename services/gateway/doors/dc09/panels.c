/* SPDX-License-Identifier: Apache-2.0 */
#include "panels.h"

#include "base/text.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t HOUR_MS = INT64_C(3600000);

static size_t bucket_of(const char *id)
{
    uint32_t hash = 2166136261U;
    for (; *id != '\0'; id++) {
        hash = (hash ^ (uint8_t)*id) * 16777619U;
    }
    return (hash ^ hash >> 15U) % DC09_BUCKETS;
}

struct dc09 *dc09_new(const struct dc09_settings *settings)
{
    struct dc09 *dc09 = calloc(1, sizeof *dc09);
    if (dc09 == NULL) {
        abort();
    }
    dc09->settings = *settings;
    return dc09;
}

void dc09_free(struct dc09 *dc09)
{
    if (dc09 == NULL) {
        return;
    }
    for (size_t i = 0; i < DC09_BUCKETS; i++) {
        struct dc09_panel *panel = dc09->panels[i];
        while (panel != NULL) {
            struct dc09_panel *next = panel->next;
            free(panel);
            panel = next;
        }
    }
    dc09_supervise_free(dc09);
    free(dc09);
}

struct dc09_panel *dc09_panel_of(struct dc09 *dc09, const struct gw_device *device)
{
    struct dc09_panel **bucket = &dc09->panels[bucket_of(device->id)];
    struct dc09_panel *panel = *bucket;
    while (panel != NULL && strcmp(panel->id, device->id) != 0) {
        panel = panel->next;
    }
    if (panel != NULL) {
        return panel;
    }
    panel = calloc(1, sizeof *panel);
    if (panel == NULL) {
        abort();
    }
    memcpy(panel->id, device->id, sizeof panel->id);
    memcpy(panel->incident, device->incident, sizeof panel->incident);
    memcpy(panel->incident_type, device->incident_type, sizeof panel->incident_type);
    panel->next = *bucket;
    *bucket = panel;
    return panel;
}

bool dc09_panel_spend(struct dc09_panel *panel, int64_t now_ms)
{
    static const double BURST = 60;
    static const double PER_MS = 0.002; /* two a second, for as long as it likes */
    double gained = panel->tokens_ms == 0 ? BURST : (double)(now_ms - panel->tokens_ms) * PER_MS;
    panel->tokens += gained > 0 ? gained : 0;
    panel->tokens = panel->tokens > BURST ? BURST : panel->tokens;
    panel->tokens_ms = now_ms;
    if (panel->tokens < 1) {
        return false;
    }
    panel->tokens -= 1;
    return true;
}

static void add_news(struct dc09 *dc09, struct dc09_panel *panel)
{
    if (!panel->has_news) {
        panel->has_news = true;
        panel->next_news = dc09->news;
        dc09->news = panel;
        dc09->news_count++;
    }
}

void dc09_panel_heard(struct dc09 *dc09, struct dc09_panel *panel, int64_t now_ms)
{
    panel->heard_ms = now_ms;
    add_news(dc09, panel);
}

void dc09_panel_case(struct dc09 *dc09, struct dc09_panel *panel, const char *incident,
                     const char *type)
{
    (void)snprintf(panel->incident, sizeof panel->incident, "%s", incident);
    (void)snprintf(panel->incident_type, sizeof panel->incident_type, "%s", type);
    panel->case_news = true;
    add_news(dc09, panel);
}

/* --- keys --- */

static void digest_of(const struct dc09_frame *frame, uint8_t digest[DC09_DIGEST_BYTES])
{
    crypto_hash_sha256_state state;
    uint8_t whole[crypto_hash_sha256_BYTES];
    char head[64];
    int size = snprintf(head, sizeof head, "%d %s %s %" PRId64, (int)frame->token, frame->receiver,
                        frame->line, frame->timed ? frame->at_ms : 0);
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)head, (unsigned long long)size);
    (void)crypto_hash_sha256_update(&state, frame->data.data, (unsigned long long)frame->data.size);
    for (size_t i = 0; i < frame->extra_count; i++) {
        (void)crypto_hash_sha256_update(&state, (const uint8_t *)"[", 1);
        (void)crypto_hash_sha256_update(&state, frame->extras[i].data, frame->extras[i].size);
    }
    (void)crypto_hash_sha256_final(&state, whole);
    memcpy(digest, whole, DC09_DIGEST_BYTES);
}

static struct dc09_recent *find_recent(struct dc09_panel *panel, uint16_t sequence,
                                       const uint8_t digest[DC09_DIGEST_BYTES], int64_t now_ms)
{
    for (size_t i = 0; i < DC09_RECENT; i++) {
        struct dc09_recent *recent = &panel->recent[i];
        if (recent->since != 0 && now_ms - recent->since < HOUR_MS &&
            recent->sequence == sequence &&
            memcmp(recent->digest, digest, sizeof recent->digest) == 0) {
            return recent;
        }
    }
    return NULL;
}

void dc09_panel_key(struct dc09_panel *panel, const struct dc09_frame *frame, int64_t now_ms,
                    char key[DC09_KEY_TEXT], bool *ret_again)
{
    uint8_t digest[DC09_DIGEST_BYTES];
    char text[2 * DC09_DIGEST_BYTES + 1];
    digest_of(frame, digest);
    struct dc09_recent *recent = find_recent(panel, frame->sequence, digest, now_ms);
    *ret_again = recent != NULL;
    if (recent == NULL) {
        recent = &panel->recent[panel->next_recent++ % DC09_RECENT];
        recent->sequence = frame->sequence;
        memcpy(recent->digest, digest, sizeof digest);
        recent->since = now_ms;
    }
    gx_hex_encode(digest, sizeof digest, text);
    (void)snprintf(key, DC09_KEY_TEXT, "dc09-%s-%04u-%s-%" PRId64, panel->id,
                   (unsigned)frame->sequence, text, frame->timed ? 0 : recent->since / HOUR_MS);
}
