/* SPDX-License-Identifier: Apache-2.0 */
#include "manners.h"

#include <string.h>
#include <time.h>

enum {
    ARENA_BYTES = 8 * 1024 * 1024,
    LOOKED_AT = 400, /* the nearest so many are candidates; a search never hands over more */
    WITHIN_S = 600,
    SAME_S = 20
};

/* ---- fixed rules ---- */

static void ask_radius(struct play *play)
{
    for (double radius = NEAR_M; radius <= REACH_M && play->open_count == 0; radius += NEAR_M) {
        for (size_t i = 0; i < play->nearby_count && play->nearby[i].metres <= radius; i++) {
            if (!play->used[i]) {
                play_ask(play, i);
            }
        }
    }
}

void fixed_step(void *self, struct play *play)
{
    const struct fixed *fixed = self;
    if (fixed->count == 0) {
        ask_radius(play);
        return;
    }
    if (fixed->batch && play->open_count > 0) {
        return;
    }
    size_t keep = fixed->count * (fixed->each ? play->incident.quota - play->accepted : 1U);
    for (size_t next = play_next(play); play->open_count < keep && next < play->nearby_count;
         next = play_next(play)) {
        play_ask(play, next);
    }
}

/* ---- genxi ---- */

void own_init(struct own *own, const struct offers_policy *policy)
{
    *own = (struct own){.policy = *policy};
    odds_init(&own->odds, &ODDS_POLICY_DEFAULT);
    gx_arena_init(&own->arena, ARENA_BYTES);
}

void own_done(struct own *own)
{
    gx_arena_done(&own->arena);
    bench_free(&own->nanoseconds);
}

/* The chances of the four distance bands and the answer times, read once a step. */
struct known {
    struct odds_chance chance[ODDS_DISTANCES];
    struct odds_times times;
};

static struct odds_group group_of(const struct play *play, uint32_t travel_s)
{
    return odds_group(play->incident.force, play->incident.hour, travel_s);
}

static void read_odds(const struct own *own, const struct play *play, struct known *known)
{
    int64_t now = play->incident.at + play->now_ms;
    for (int d = 0; d < ODDS_DISTANCES; d++) {
        struct odds_group group = group_of(play, 0);
        group.distance = d;
        known->chance[d] = odds_chance(&own->odds, group, now);
    }
    odds_times(&own->odds, play->incident.force, now, &known->times);
}

static size_t list_candidates(const struct play *play, const struct known *known,
                              struct offers_candidate *candidates, size_t *nearby)
{
    static const bool FITS[] = {true};
    size_t count = 0;
    for (size_t i = 0; i < play->nearby_count && count < LOOKED_AT; i++) {
        const struct nearby *who = &play->nearby[i];
        if (play->used[i]) {
            continue;
        }
        nearby[count] = i;
        candidates[count++] = (struct offers_candidate){
            .id = who->person->id,
            .rank = who->travel_s / SAME_S,
            .seconds = who->travel_s,
            .alerts = world_alerts(who->person, play->incident.at),
            .force = who->person->force,
            .chance = known->chance[group_of(play, who->travel_s).distance],
            .times = &known->times,
            .fits = FITS,
        };
    }
    return count;
}

static size_t list_open(const struct play *play, const struct known *known,
                        struct offers_open *open)
{
    size_t count = 0;
    for (size_t i = 0; i < play->ask_count; i++) {
        const struct ask *ask = &play->asks[i];
        const struct nearby *who = &play->nearby[ask->nearby];
        if (ask->state != ASK_OPEN) {
            continue;
        }
        uint32_t age = (uint32_t)(play->now_ms - ask->made_ms);
        open[count++] = (struct offers_open){
            .id = who->person->id,
            .age_ms = age,
            .left_ms = play->incident.offer_ms > age ? play->incident.offer_ms - age : 0,
            .seconds = who->travel_s,
            .chance = known->chance[group_of(play, who->travel_s).distance],
            .times = &known->times,
        };
    }
    return count;
}

static void carry_out(struct own *own, struct play *play, const struct offers_plan *plan,
                      const struct offers_candidate *candidates, const size_t *nearby)
{
    for (size_t i = 0; i < plan->ask_count; i++) {
        const struct offers_candidate *c = &candidates[plan->asks[i].candidate];
        uint32_t most = own->policy.alerts_max[c->force];
        own->alerts_over += most > 0 && c->alerts >= most ? 1U : 0U;
        play_ask(play, nearby[plan->asks[i].candidate]);
    }
    own->phase = plan->slots[0].phase;
    play->look_ms = plan->look_ms == 0 ? INT64_MAX : play->now_ms + plan->look_ms;
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void own_step(void *self, struct play *play)
{
    static struct offers_candidate candidates[LOOKED_AT];
    static size_t nearby[LOOKED_AT];
    struct own *own = self;
    struct known known;
    gx_arena_reset(&own->arena);
    own->phase = play->now_ms == 0 ? 0 : own->phase;
    read_odds(own, play, &known);
    struct offers_open *open = gx_arena_alloc(&own->arena, (play->open_count + 1) * sizeof *open);
    bench_must(open != NULL, "memory", "open offers");
    const struct offers_slot slot = {
        .wanted = play->incident.quota - play->accepted,
        .grade = play->incident.grade,
        .within_seconds = WITHIN_S,
        .offer_ms = play->incident.offer_ms,
        .phase = own->phase,
    };
    const struct offers_state state = {
        .slots = &slot,
        .slot_count = 1,
        .candidates = candidates,
        .candidate_count = list_candidates(play, &known, candidates, nearby),
        .open = open,
        .open_count = list_open(play, &known, open),
    };
    struct offers_plan plan;
    int64_t start = now_ns();
    bench_must(offers_plan(&own->arena, &own->policy, &state, &plan) == GX_OK, "plan", "");
    bench_add(&own->nanoseconds, now_ns() - start);
    carry_out(own, play, &plan, candidates, nearby);
}

void own_ended(void *self, const struct play *play, const struct ask *ask)
{
    struct own *own = self;
    struct odds_change changes[ODDS_CHANGES_MAX];
    const struct odds_end end = {
        .group = group_of(play, play->nearby[ask->nearby].travel_s),
        .answer = ask->kind,
        .age_ms = (uint32_t)(ask->ends_ms - ask->made_ms),
        .at = play->incident.at + ask->ends_ms,
    };
    (void)odds_observe(&own->odds, &end, changes);
}
