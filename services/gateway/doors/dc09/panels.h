/* SPDX-License-Identifier: Apache-2.0 */
/* What the door remembers of panels, and what its files share. All of it belongs to the doors' thread. */
#ifndef DC09_PANELS_H
#define DC09_PANELS_H

#include "doors/dc09/door.h"
#include "doors/dc09/event.h"

enum {
    DC09_RECENT = 8,
    DC09_KEY_TEXT = 96,
    DC09_DIGEST_BYTES = 8
};

/* A frame that was taken lately. */
struct dc09_recent {
    uint16_t sequence;
    uint8_t digest[DC09_DIGEST_BYTES];
    int64_t since; /* wall ms of the first time; part of its key when it bears no time of its own */
};

struct dc09_panel {
    char id[GX_ID_SIZE];
    struct dc09_recent recent[DC09_RECENT];
    size_t next_recent;
    int64_t heard_ms; /* not noted yet; 0: nothing to note */
    double tokens;    /* commands that it may make at once */
    int64_t tokens_ms;
    bool case_news; /* the case below is to be noted */
    char incident[GX_ID_SIZE];
    char incident_type[52];
    struct dc09_panel *next;
    struct dc09_panel *next_news;
    bool has_news; /* it is in the list of news */
};

enum {
    DC09_BUCKETS = 4096
};

struct dc09 {
    struct dc09_settings settings;
    struct dc09_panel *panels[DC09_BUCKETS];
    struct dc09_panel *news;
    size_t news_count;
    struct dc09_told *told; /* silences whose fault stands, to be noted */
    bool turning;           /* a turn of the watch is under way */
    size_t telling;         /* faults and their ends on their way */
    unsigned ticks;
};

/* The panel's memory; made when it is not there yet, with the case that the copy of devices knows. */
struct dc09_panel *dc09_panel_of(struct dc09 *dc09, const struct gw_device *device);
/* May it make one more command now? A panel that runs wild must not take the others' turn. */
bool dc09_panel_spend(struct dc09_panel *panel, int64_t now_ms);
void dc09_panel_heard(struct dc09 *dc09, struct dc09_panel *panel, int64_t now_ms);
void dc09_panel_case(struct dc09 *dc09, struct dc09_panel *panel, const char *incident,
                     const char *type);
/*
 * The key of what a frame tells. The same frame has the same key: by its own timestamp, else within an hour of its first coming; the hour is cut at
 * a fixed place, so that one who was restarted cuts it there too. *ret_again: it was taken lately.
 */
void dc09_panel_key(struct dc09_panel *panel, const struct dc09_frame *frame, int64_t now_ms,
                    char key[DC09_KEY_TEXT], bool *ret_again);

/* --- supervise.c --- */
void dc09_tick(struct doors *doors, void *self);
void dc09_supervise_free(struct dc09 *dc09);

/* --- door.c --- */
/* Who reports: the device, for its organisation. */
struct gx_actor dc09_actor(const struct gw_device *device);

#endif
