/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coverage: can somebody be at each site within the minutes that its needs ask for? Pure: no clock, no I/O but the travel times asked for.
 *
 * A need that asks at that minute of the local day is met when at least `count` of its force can be there in time: lawful there, on duty,
 * free, rested, and near enough from where they stand. Else it is a gap, of exactly one kind, the first of these that holds:
 *   hours 时段   nobody of that force who may serve this site is on duty;
 *   force 力量   some are, but fewer than wanted;
 *   area 区域    enough are on duty, but too few can be there within the minutes: too far, busy now, or nobody knows where they are.
 * A site at which any need asks has one thing more to be met:
 *   first response 先期处置   somebody, of whatever force, can be there within the smallest of the minutes asked for at that moment.
 * Who may serve where is the law of rules.h. A crew counts as one. Nothing depends on the order of units, sites or needs.
 */
#ifndef MATCHER_COVER_H
#define MATCHER_COVER_H

#include "person.h"
#include "travel.h"

#include "base/rc.h"

enum cover_kind {
    COVER_MET = 0,
    COVER_FORCE = 1, /* the numbers of GapKind */
    COVER_AREA = 2,
    COVER_HOURS = 3,
    COVER_FIRST = 4
};
enum {
    COVER_KINDS = 5,
    COVER_ANY = -1,       /* in place of a need's number: first response */
    COVER_NEEDS_MAX = 32, /* looked at of one site */
    COVER_NEAR_MAX = 256, /* of one force, the nearest; more are not counted */
    COVER_DAY_MINUTES = 24 * 60
};

struct cover_need {
    Genxi__Force force;
    uint32_t count;
    uint32_t within_minutes;
    uint32_t from_minute;  /* of the local day, 0..1439 */
    uint32_t until_minute; /* exclusive; smaller than from: over midnight; equal: all day */
};
struct cover_site {
    const char *id;
    const char *partner_id;
    int32_t area;
    struct gx_point place;
    bool linked; /* the partner has an agreement in force */
    const struct cover_need *needs;
    size_t need_count;
};

/* Somebody on duty at that moment. person.on_shift, hold and rest_until_at say whether he is free; person's fix is not looked at. */
struct cover_unit {
    struct person person;
    bool placed; /* it is known where he is, or is posted */
    struct gx_point place;
    int64_t until_at; /* the end of his duty; INT64_MAX: not known */
    bool moved;       /* posted elsewhere already: not to be moved again */
};

/* The moment that is looked at. All is borrowed for the life of what is made of it. */
struct cover_scene {
    const struct cover_unit *units;
    size_t unit_count;
    int64_t at;      /* Unix ms: insurance, agreements and rest are judged by it */
    uint32_t minute; /* of the local day */
    const struct gx_travel *travel;
};

/* The minute of the local day; offset_minutes east of UTC. */
uint32_t cover_minute(int64_t at, int64_t offset_minutes);
bool cover_need_asks(const struct cover_need *need, uint32_t minute);
/* When it stops asking, Unix ms, for one that asks at `at`; INT64_MAX: never. */
int64_t cover_need_until(const struct cover_need *need, int64_t at, uint32_t minute);

struct cover;
struct cover *cover_new(const struct cover_scene *scene);
void cover_free(struct cover *cover);
/* How the times were reckoned so far: by road as soon as any was. */
const char *cover_basis(const struct cover *cover);

struct cover_row {
    int32_t need; /* its number, or COVER_ANY */
    enum cover_kind kind;
    Genxi__Force force; /* 0: any */
    uint32_t have;      /* who can be there in time, up to COVER_NEAR_MAX of a force */
    uint32_t want;
    uint32_t within_minutes;
};
/* One row for each need that asks, in their order, and the one for first response last; none when nothing asks. Fails as travel does. */
enum gx_rc cover_look(struct cover *cover, const struct cover_site *site,
                      struct cover_row ret_rows[COVER_NEEDS_MAX + 1], size_t *ret_count);

#endif
