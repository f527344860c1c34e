/* SPDX-License-Identifier: Apache-2.0 */
/* The task cards that responders get on streams of their own: listened to, waited for, read. */
#ifndef SIM_CARDS_H
#define SIM_CARDS_H

#include "sim.h"

struct sim_card {
    char responder[SIM_ID];
    char incident[SIM_ID]; /* "": none came yet */
    json_t *card;          /* the newest one, with an assignment */
};
struct sim_cards;

/* For so many listeners; NULL when it cannot be made. */
struct sim_cards *sim_cards_open(const struct sim *sim, size_t count);
/* index below count; the responder's own stream, by a device's token. */
bool sim_cards_listen(struct sim_cards *cards, size_t index, const char *responder,
                      const char *token);
/* True as soon as all streams are open. */
bool sim_cards_wait_open(struct sim_cards *cards, int wait_ms);
/* True as soon as each listener has a card for that incident. */
bool sim_cards_wait(struct sim_cards *cards, const char *incident, int wait_ms);
/* Does each word stand in some line of that list ("do_zh", "never_en", ...), on every listener's card? */
bool sim_cards_say(const struct sim_cards *cards, const char *list, const char *const *words,
                   size_t count);
void sim_cards_free(struct sim_cards *cards);

#endif
