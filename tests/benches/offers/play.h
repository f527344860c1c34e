/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One incident played: a way of asking (struct manner) alerts people, they answer, the offers expire, until the quota has accepted
 * or the time is up. An accept in the moment before the word "no longer needed" is heard is surplus.
 */
#ifndef BENCH_OFFERS_PLAY_H
#define BENCH_OFFERS_PLAY_H

#include "world.h"

enum {
    NEAR_M = 1000,  /* "in the radius" of the study */
    REACH_M = 3000, /* nobody farther is ever asked */
    GIVE_UP_MS = 600000,
    HEARD_MS = 2000, /* until the word that the quota is full is on the phones */
    TASK_MS = 30 * 60 * 1000
};

struct nearby {
    struct person *person;
    double metres;
    uint32_t travel_s;
};

enum ask_state {
    ASK_OPEN,
    ASK_ANSWERED,
    ASK_EXPIRED,
    ASK_WITHDRAWN
};

struct ask {
    size_t nearby;
    int64_t made_ms; /* from the start of the incident */
    int64_t ends_ms; /* its answer or its expiry */
    enum odds_answer kind;
    enum ask_state state;
    int64_t heard_ms; /* the answer, were it never withdrawn; INT64_MAX: none in time */
};

struct play {
    const struct world *world;
    struct incident incident;
    struct nearby *nearby; /* the free, nearest first */
    bool *used;
    size_t nearby_count;
    struct ask *asks;
    size_t ask_count;
    size_t open_count;
    uint32_t accepted;
    uint32_t surplus;
    uint32_t last_travel_s; /* the longest way of those who accepted */
    uint32_t looks;
    int64_t now_ms;
    int64_t look_ms; /* when the manner wants to be asked again; INT64_MAX: only after an event */
    bool filled;
};

struct manner {
    const char *name;
    void *self;
    /* Something happened (or the look is due): ask whom you want with play_ask, set play->look_ms. */
    void (*step)(void *self, struct play *play);
    /* An offer has ended; may be NULL. */
    void (*ended)(void *self, const struct play *play, const struct ask *ask);
};

void play_ask(struct play *play, size_t nearby);
/* The nearest not yet asked, or nearby_count. */
size_t play_next(const struct play *play);
/* Plays it and keeps who is busy; the play stays readable until play_done. */
void play_run(struct play *play, struct world *world, const struct incident *incident,
              const struct manner *manner);
void play_done(struct play *play);

#endif
