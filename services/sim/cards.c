/* SPDX-License-Identifier: Apache-2.0 */
#include "cards.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

struct sim_cards {
    struct gx_streams *streams;
    struct sim_card *cards; /* one for each listener */
    size_t count;
};

static void hear(void *arg, void *tag, const struct gx_stream_event *event)
{
    (void)arg;
    struct sim_card *heard = tag;
    if (strcmp(event->type, "assignment.changed") != 0) {
        return;
    }
    json_t *json = json_loads(event->data, 0, NULL);
    const json_t *assignment = json_object_get(json_object_get(json, "data"), "assignment");
    json_t *card = json_object_get(assignment, "card");
    if (card != NULL && strcmp(sim_text(assignment, "responder_id"), heard->responder) == 0) {
        json_decref(heard->card);
        heard->card = json_incref(card);
        (void)snprintf(heard->incident, sizeof heard->incident, "%s",
                       sim_text(assignment, "incident_id"));
    }
    json_decref(json);
}

struct sim_cards *sim_cards_open(const struct sim *sim, size_t count)
{
    struct sim_cards *cards = calloc(1, sizeof *cards);
    if (cards == NULL || (cards->cards = calloc(count, sizeof *cards->cards)) == NULL ||
        gx_streams_open(&sim->http, hear, cards, &cards->streams) != GX_OK) {
        sim_cards_free(cards);
        return NULL;
    }
    cards->count = count;
    return cards;
}

bool sim_cards_listen(struct sim_cards *cards, size_t index, const char *responder,
                      const char *token)
{
    struct sim_card *card = &cards->cards[index];
    (void)snprintf(card->responder, sizeof card->responder, "%s", responder);
    return gx_streams_add(cards->streams, "/v1/stream?exercise=true", token, card) == GX_OK;
}

bool sim_cards_wait_open(struct sim_cards *cards, int wait_ms)
{
    int64_t end_us = gx_clock_mono_us() + (int64_t)wait_ms * 1000;
    size_t open = 0;
    do {
        open = (size_t)gx_streams_run(cards->streams, 50);
    } while (open < cards->count && gx_clock_mono_us() < end_us);
    return open == cards->count;
}

static bool all_heard(const struct sim_cards *cards, const char *incident)
{
    for (size_t i = 0; i < cards->count; i++) {
        if (strcmp(cards->cards[i].incident, incident) != 0) {
            return false;
        }
    }
    return true;
}

bool sim_cards_wait(struct sim_cards *cards, const char *incident, int wait_ms)
{
    int64_t end_us = gx_clock_mono_us() + (int64_t)wait_ms * 1000;
    while (!all_heard(cards, incident) && gx_clock_mono_us() < end_us) {
        (void)gx_streams_run(cards->streams, 50);
    }
    return all_heard(cards, incident);
}

static bool any_line_has(const json_t *lines, const char *word)
{
    size_t i = 0;
    json_t *line = NULL;
    json_array_foreach(lines, i, line)
    {
        if (strstr(json_string_value(line), word) != NULL) {
            return true;
        }
    }
    return false;
}

bool sim_cards_say(const struct sim_cards *cards, const char *list, const char *const *words,
                   size_t count)
{
    for (size_t i = 0; i < cards->count; i++) {
        for (size_t w = 0; w < count; w++) {
            if (!any_line_has(json_object_get(cards->cards[i].card, list), words[w])) {
                return false;
            }
        }
    }
    return true;
}

void sim_cards_free(struct sim_cards *cards)
{
    if (cards == NULL) {
        return;
    }
    gx_streams_free(cards->streams);
    for (size_t i = 0; i < cards->count; i++) {
        json_decref(cards->cards[i].card);
    }
    free(cards->cards);
    free(cards);
}
