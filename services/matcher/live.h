/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everybody, in the matcher's memory: what the rules ask about each responder, the last fix, the nearest to a place. One a process, for all
 * its threads. It is a copy: kept up by the events that the matcher follows or makes, filled from PostgreSQL and Redis at start; it proposes,
 * the transaction decides. An older word never undoes a newer one, in whatever order they come.
 *
 * One lock for all: a search holds it for reading some tens of microseconds, a change for one to writing at most WRITES_AT_ONCE of them, and
 * who wants to write goes before those who come later to read. Free of I/O. Texts given are copied.
 */
#ifndef MATCHER_LIVE_H
#define MATCHER_LIVE_H

#include "fix.h"
#include "keys.h"
#include "person.h"

#include "base/arena.h"

struct live;
struct live *live_new(void);
void live_free(struct live *live);
/* Knows nobody any more. */
void live_clear(struct live *live);
/* It was filled: a search is worth while. */
void live_set_filled(struct live *live);
/* Waits for that; false: not within wait_ms. */
bool live_wait_filled(struct live *live, int wait_ms);

/* Redis does not stand behind it: what is not in memory now would be lost with the process. */
void live_set_degraded(struct live *live, bool degraded);
bool live_degraded(struct live *live);

/* ---- who they are ---- */

struct live_org {
    const char *id;
    bool active;
    bool exercise;
    struct person_agreement agreement;
    int64_t changed_at;
};
struct live_site {
    const char *id;
    struct gx_point place;
    double radius_m;
    int64_t changed_at;
};
struct live_responder {
    const char *id;
    const char *org_id;
    const char *call_sign;
    const char *site_id; /* "" */
    int32_t area;
    Genxi__Force force;
    int guard_kind;
    uint32_t crew;
    bool active;
    bool off_site_consent;
    int64_t insured_until_at;
    const struct person_skill *skills;
    size_t skill_count;
    int64_t changed_at;
};
struct live_shift {
    const char *id;
    const char *responder_id;
    int64_t from_at;
    int64_t until_at;
    int state; /* Genxi__ShiftState */
    int64_t changed_at;
};
void live_put_org(struct live *live, const struct live_org *org);
void live_put_site(struct live *live, const struct live_site *site);
void live_put_responder(struct live *live, const struct live_responder *responder);
/* The end of the last shift takes the position away, unless there is a task: off shift nobody is tracked. */
void live_put_shift(struct live *live, const struct live_shift *shift);

/* ---- who holds them ---- */

struct live_hold {
    enum person_hold kind;
    const char *ref; /* the offer or assignment */
    int64_t at;      /* since when */
};
void live_hold(struct live *live, const char *responder_id, const struct live_hold *hold);
/* That offer or assignment holds him no more, since then. */
void live_release(struct live *live, const char *responder_id, const char *ref, int64_t at);
void live_rest(struct live *live, const char *responder_id, int64_t until_at);
/* A task of his began then: what counts as load. The same one again changes nothing. */
void live_worked(struct live *live, const char *responder_id, int64_t accepted_at);
/* What he does: told behind live_hold() or live_set_hold() of the same task. */
struct live_task {
    const char *ref; /* the assignment */
    uint32_t grade;  /* of the incident; 0: not known */
    struct gx_point place;
    bool on_the_way; /* accepted or en route: once it is over for a task it stays so */
};
void live_task(struct live *live, const char *responder_id, const struct live_task *task);
/* He was asked then: what counts as an alert. The same one again changes nothing. */
void live_alerted(struct live *live, const char *responder_id, int64_t made_at);
/* How long an alert counts; a week unless told. */
void live_set_alert_window(struct live *live, int64_t window_ms);
/* As the database said at that time, kind HOLD_FREE among it; what is known to be newer stays. */
void live_set_hold(struct live *live, const char *responder_id, const struct live_hold *hold,
                   int64_t as_of);

/* ---- where they are ---- */

/* What taking a fix asks. */
struct live_who {
    uint32_t number; /* KEY_NONE: nobody of that id is known */
    struct key org;
    int32_t area;
    Genxi__Force force;
    bool on_duty;
    bool assigned;
};
/* now is Unix ms. */
void live_who(struct live *live, const struct key *ids, size_t count, int64_t now,
              struct live_who *ret_who);

struct live_fix {
    uint32_t number;
    struct fix fix; /* WGS-84 */
    enum fix_use use;
    bool for_track; /* a point that the track wants */
    enum gx_problem problem;
    double value;
};
struct live_limits {
    struct fix_limits fix;
    int64_t thin_ms; /* of tracks */
};
/* Judges those whose use is FIX_NOW against the last known, in their order, and keeps what is believed. */
void live_take(struct live *live, struct live_fix *fixes, size_t count, int64_t now,
               const struct live_limits *limits);

struct live_place {
    const char *responder_id;
    struct gx_point place;
    int64_t at; /* 0: none known */
};
/* Told by another matcher, by Redis or by PostgreSQL: where he is, when that is newer and he is known. It is not told on. */
void live_learn(struct live *live, const struct live_place *places, size_t count);
/* Fills place and at. */
void live_places(struct live *live, struct live_place *places, size_t count);
/* Forgets fixes older than that. */
void live_expire(struct live *live, int64_t before);

/* ---- what has changed, for those who carry it out ---- */

enum live_tray {
    LIVE_TO_INDEX, /* Redis and the live picture */
    LIVE_TO_STORE  /* PostgreSQL */
};
struct live_cell {
    int16_t x;
    int16_t y;
};
#define LIVE_NO_CELL ((struct live_cell){INT16_MAX, INT16_MAX})
struct live_change {
    char responder_id[KEY_TEXT_SIZE];
    char org_id[KEY_TEXT_SIZE];
    int32_t area;
    Genxi__Force force;
    struct gx_point place;
    int64_t at;           /* 0: to be forgotten */
    struct live_cell was; /* where the index has him, as far as is known; LIVE_TO_INDEX */
    Genxi__Force was_force;
    struct live_cell is;
    bool told; /* by a fix taken here; false when it is only written again */
};
/* Takes up to most out of the tray, each once with the newest; returns how many. */
size_t live_changes(struct live *live, enum live_tray tray, struct live_change *changes,
                    size_t most);
/* All that have a position lie in the tray again: the index came back empty, or what was taken out could not be written. */
void live_change_all(struct live *live, enum live_tray tray);
bool live_changed(struct live *live, enum live_tray tray);
/* The quarter of a degree in which the index keeps a place. */
struct live_cell live_cell_of(struct gx_point place);

/* ---- who is near ---- */

/*
 * One who was found: all of person but the ids' texts, which live_keep() makes, and asked_before, which is the visitor's. Borrowed until the visit ends; no other
 * function of this header may be called from it.
 */
struct live_hit {
    struct person person;
    struct key id;
    struct key org;
    double metres;
};
/* False ends the search. */
typedef bool live_visit(void *arg, struct live_hit *hit);
/* Those of that force with a position no farther than radius_m, the nearest by great circle first. now is Unix ms. */
void live_near(struct live *live, Genxi__Force force, struct gx_point place, double radius_m,
               int64_t now, live_visit *visit, void *arg);

/* The same of one; nothing when he is not known. */
void live_find(struct live *live, const char *responder_id, int64_t now, live_visit *visit,
               void *arg);

/* ---- who is on duty ---- */

/* One of them. person.has_fix may be false; metres is 0. */
struct live_duty {
    struct live_hit hit;
    int64_t from_at;  /* of the shift */
    int64_t until_at; /* INT64_MAX: it is open beyond its end */
    int64_t heard_at; /* his newest fix, even when it is forgotten by now; 0: none */
};
typedef bool live_duty_visit(void *arg, const struct live_duty *duty);
/*
 * All on duty at that moment, Unix ms: by what is open or planned now; ahead: by what is planned, an open shift to its end. Borrowed until the
 * visit ends, as above. The lock is given to others on the way: who changes meanwhile may be seen as before or after.
 */
void live_on_duty(struct live *live, int64_t at, bool ahead, live_duty_visit *visit, void *arg);

/* A copy with its texts, in the arena; false when that is spent. */
bool live_keep(const struct live_hit *hit, struct gx_arena *arena, struct person *ret_person);

size_t live_count(struct live *live);

#endif
