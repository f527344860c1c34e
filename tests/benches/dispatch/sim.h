/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream of calls played by the rules of the pack's FORMAT.md, in integer milliseconds. A policy is told what happens
 * and answers by sim_send() and sim_move(); it may look at what a dispatcher may know, so not at calls to come nor at how
 * long a crew will stay.
 */
#ifndef BENCH_DISPATCH_SIM_H
#define BENCH_DISPATCH_SIM_H

#include "net.h"
#include "pack.h"

enum {
    SIM_NOBODY = -1,
    SIM_SLOTS_MAX = 2,
    SIM_TEAM_STAY_MS = 300000 /* the helper stays so long after both are there */
};

enum sim_state {
    SIM_IDLE,    /* at a post or driving to one */
    SIM_TO_CALL, /* under way */
    SIM_ON_SCENE
};

struct sim_unit {
    enum pack_kind kind;
    bool guard;
    uint32_t home;
    enum sim_state state;
    int32_t call;
    int64_t since_ms; /* in this state */
    int64_t event_ms; /* arrival or end of work; INT64_MAX: none or not yet known */
    uint32_t *node;   /* the way it drives, and when it passes each node */
    int64_t *at_ms;
    size_t count;
    size_t room;
    size_t index;         /* the first node it has not passed */
    struct gx_point from; /* where it was before node[0] */
    int64_t from_ms;
};

struct sim_call {
    int32_t unit[SIM_SLOTS_MAX];
    int64_t arrived_ms[SIM_SLOTS_MAX]; /* -1: not yet */
    struct net_tree *tree[NET_SPEEDS]; /* while open */
    bool opened;
};

struct sim;

struct sim_policy {
    const char *name;
    void *self;
    void (*opened)(void *self, struct sim *sim, size_t call);
    /* The unit is idle and stands at its call's place. */
    void (*freed)(void *self, struct sim *sim, size_t unit);
    void (*arrived)(void *self, struct sim *sim, size_t unit); /* may be NULL */
};

struct sim {
    const struct net *net;
    const struct pack *pack;
    const struct pack_stream *stream;
    size_t slots; /* 1, or 2 for teams: police, helper */
    int64_t now_ms;
    struct sim_unit *units;
    size_t unit_count;
    struct sim_call *calls;
    size_t first_open; /* calls before it are closed */
    size_t next_call;
    uint64_t diversions;
    uint64_t moves;
    struct net_tree **pool;
    size_t pool_count;
    uint32_t **
        way; /* by target node: the next node from anywhere at normal speed; kept between streams */
};

void sim_init(struct sim *sim, const struct net *net, const struct pack *pack, size_t slots);
void sim_done(struct sim *sim);
void sim_play(struct sim *sim, const struct pack_stream *stream, const struct sim_policy *policy);

/* Where the unit can next turn, and in how long. */
uint32_t sim_head(const struct sim *sim, size_t unit, int64_t *ret_offset_ms);
/* Where it is, for policies that know no roads. */
struct gx_point sim_place(const struct sim *sim, size_t unit);
/* Idle, or under way and not yet on the last leg. */
bool sim_available(const struct sim *sim, size_t unit);
/* The slot of a call that this unit is for. */
size_t sim_slot(const struct sim *sim, size_t unit);
enum net_speed sim_speed(const struct sim *sim, size_t unit);
/* Ways to an open call. */
struct net_tree *sim_tree(struct sim *sim, size_t call, enum net_speed speed);
/* To the call's place, from now, by the unit; INT64_MAX: more than most_ms. */
int64_t sim_travel_ms(struct sim *sim, size_t unit, size_t call, int64_t most_ms);

/*
 * Sends an available unit to an open call, in place of the unit that was under way to it; that one, if it gets no other
 * call, must be moved by the policy in the same turn. A call that the sent unit leaves is open again.
 */
void sim_send(struct sim *sim, size_t unit, size_t call);
/* Takes a unit under way off its call. */
void sim_release(struct sim *sim, size_t unit);
/* Sends an idle unit to a node at normal speed. */
void sim_move(struct sim *sim, size_t unit, uint32_t node);

#endif
