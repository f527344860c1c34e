/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include "../bench.h"

#include <stdlib.h>
#include <string.h>

static int compare_nearby(const void *a, const void *b)
{
    const struct nearby *x = a;
    const struct nearby *y = b;
    if (x->metres != y->metres) {
        return x->metres < y->metres ? -1 : 1;
    }
    return strcmp(x->person->id, y->person->id);
}

static void find_nearby(struct play *play, struct world *world)
{
    struct district *district = &world->districts[play->incident.district];
    play->nearby = calloc(district->count + 1, sizeof *play->nearby);
    bench_must(play->nearby != NULL, "memory", "nearby");
    for (size_t i = 0; i < district->count; i++) {
        struct person *person = &district->people[i];
        if (person->force != play->incident.force || person->busy_until > play->incident.at) {
            continue;
        }
        double metres = world_distance_m(district, person, &play->incident);
        if (metres <= REACH_M) {
            play->nearby[play->nearby_count++] =
                (struct nearby){person, metres, world_travel_s(person->force, metres)};
        }
    }
    qsort(play->nearby, play->nearby_count, sizeof *play->nearby, compare_nearby);
    play->used = calloc(play->nearby_count + 1, sizeof *play->used);
    play->asks = calloc(play->nearby_count + 1, sizeof *play->asks);
    bench_must(play->used != NULL && play->asks != NULL, "memory", "asks");
}

void play_ask(struct play *play, size_t nearby)
{
    bench_must(nearby < play->nearby_count && !play->used[nearby], "asked twice", "");
    const struct nearby *who = &play->nearby[nearby];
    struct answer answer = world_answer(play->world, who->person, &play->incident, who->travel_s);
    bool heard = answer.kind != ODDS_UNANSWERED && answer.after_ms < play->incident.offer_ms;
    int64_t after = heard ? answer.after_ms : play->incident.offer_ms;
    play->used[nearby] = true;
    play->asks[play->ask_count++] = (struct ask){
        .nearby = nearby,
        .made_ms = play->now_ms,
        .ends_ms = play->now_ms + after,
        .kind = heard ? answer.kind : ODDS_UNANSWERED,
        .heard_ms = heard ? play->now_ms + after : INT64_MAX,
    };
    play->open_count++;
    world_alert(who->person, play->incident.at + play->now_ms);
}

size_t play_next(const struct play *play)
{
    size_t i = 0;
    while (i < play->nearby_count && play->used[i]) {
        i++;
    }
    return i;
}

static struct ask *next_end(const struct play *play)
{
    struct ask *next = NULL;
    for (size_t i = 0; i < play->ask_count; i++) {
        struct ask *ask = &play->asks[i];
        if (ask->state == ASK_OPEN && (next == NULL || ask->ends_ms < next->ends_ms)) {
            next = ask;
        }
    }
    return next;
}

static void end_ask(struct play *play, struct ask *ask, const struct manner *manner)
{
    ask->state = ask->kind == ODDS_UNANSWERED ? ASK_EXPIRED : ASK_ANSWERED;
    play->open_count--;
    if (ask->kind == ODDS_ACCEPTED) {
        struct nearby *who = &play->nearby[ask->nearby];
        who->person->busy_until = play->incident.at + TASK_MS;
        play->accepted++;
        play->last_travel_s =
            who->travel_s > play->last_travel_s ? who->travel_s : play->last_travel_s;
        play->filled = play->accepted == play->incident.quota;
    }
    if (manner->ended != NULL) {
        manner->ended(manner->self, play, ask);
    }
}

/* The quota is full, or the time is up: the others hear of it a moment later. */
static void withdraw_rest(struct play *play, const struct manner *manner)
{
    for (size_t i = 0; i < play->ask_count; i++) {
        struct ask *ask = &play->asks[i];
        if (ask->state != ASK_OPEN) {
            continue;
        }
        if (ask->kind == ODDS_ACCEPTED && ask->heard_ms <= play->now_ms + HEARD_MS) {
            play->surplus += play->filled ? 1U : 0U;
        } else {
            ask->kind = ODDS_UNANSWERED;
        }
        ask->state = ASK_WITHDRAWN;
        ask->ends_ms = play->now_ms;
        if (manner->ended != NULL) {
            manner->ended(manner->self, play, ask);
        }
    }
}

static void step(struct play *play, const struct manner *manner)
{
    play->look_ms = INT64_MAX;
    play->looks++;
    manner->step(manner->self, play);
}

void play_run(struct play *play, struct world *world, const struct incident *incident,
              const struct manner *manner)
{
    *play = (struct play){.world = world, .incident = *incident};
    find_nearby(play, world);
    step(play, manner);
    while (!play->filled && play->now_ms < GIVE_UP_MS) {
        struct ask *ask = next_end(play);
        int64_t end = ask == NULL ? INT64_MAX : ask->ends_ms;
        int64_t next = end < play->look_ms ? end : play->look_ms;
        play->now_ms = next < GIVE_UP_MS ? next : GIVE_UP_MS;
        if (play->now_ms == GIVE_UP_MS) {
            break;
        }
        if (end == next) {
            end_ask(play, ask, manner);
        }
        if (!play->filled) {
            step(play, manner);
        }
    }
    withdraw_rest(play, manner);
}

void play_done(struct play *play)
{
    free(play->nearby);
    free(play->used);
    free(play->asks);
    *play = (struct play){0};
}
