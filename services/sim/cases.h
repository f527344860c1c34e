/* SPDX-License-Identifier: Apache-2.0 */
/* What both cases of the programme do alike. */
#ifndef SIM_CASES_H
#define SIM_CASES_H

#include "sim.h"

enum {
    CASE_WAIT_MS = 15000
};

/* Somebody with a key of their own. */
struct case_party {
    struct gx_client *client;
    char token[SIM_TOKEN];
};
bool case_party_open(struct sim *sim, struct case_party *party, const char *roles, const char *org,
                     const char *responder);
void case_party_close(struct case_party *party);

/* Live incidents in the statistics; -1: they could not be read. */
int64_t case_incidents_counted(struct sim *sim);
/*
 * Everybody who is offered the job says yes, by a device key of their own, until the police slots are full. The first one stays open in
 * first_police, the caller's to close.
 */
bool case_accept_police(struct sim *sim, const char *incident, struct case_party *first_police,
                        char first_responder[SIM_ID]);
/* Moves the responder's assignment in that incident. */
bool case_set_status(struct sim *sim, struct gx_client *client, const char *incident,
                     const char *responder, const char *state, const char *what);
/* Whom the case moved, the shift moves again. */
void case_release_all(struct sim *sim);

#endif
