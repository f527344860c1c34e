/* SPDX-License-Identifier: Apache-2.0 */
/* What a panel's frame says, after Contact ID or SIA DCS, and what that means to us (codes.def); free of I/O. */
#ifndef DC09_EVENT_H
#define DC09_EVENT_H

#include "doors/dc09/frame.h"

enum dc09_act {
    DC09_ACT_REPORT,  /* a case */
    DC09_ACT_RESTORE, /* told to the open case */
    DC09_ACT_CANCEL,  /* asks the desk about the open case; never ends it */
    DC09_ACT_NOTE     /* answered, nothing kept */
};

enum dc09_number {
    DC09_NUMBER_NONE,
    DC09_NUMBER_ZONE,
    DC09_NUMBER_USER,
    DC09_NUMBER_AREA,
    DC09_NUMBER_DOOR,
    DC09_NUMBER_UNIT
};

/* A row of codes.def, by its class. */
struct dc09_class {
    const char *name;
    enum dc09_act act;
    const char *type; /* of the incident; "" for what opens none */
    unsigned grade;   /* 0: the playbook's own */
    const char *zh;
    const char *en;
};

enum {
    DC09_TEXT_MAX = 200, /* bytes of a panel's own text that are kept */
    DC09_EVENTS_MAX = 8
};

/* One event of a frame. */
struct dc09_event {
    char code[5];                   /* "E130", "R130", "P130", or "BA" */
    bool known;                     /* the code stands in codes.def */
    bool still;                     /* Contact ID "still present": tells of what was told before */
    bool restored;                  /* Contact ID restore of an alarm */
    const struct dc09_class *class; /* of the code as it was sent */
    enum dc09_number number_means;
    char number[12]; /* digits as sent, "" for none */
    char area[8];    /* partition or area, "" for none */
};

struct dc09_message {
    struct dc09_event events[DC09_EVENTS_MAX]; /* the gravest one first */
    size_t event_count;
    char text[DC09_TEXT_MAX + 1]; /* the panel's own words, valid UTF-8, "" for none */
    int64_t occurred_ms;          /* of [H...], else the timestamp; 0: not said */
};

/* False when the data has not the form of its token. ADM-CID and SIA-DCS only. */
bool dc09_message_read(const struct dc09_frame *frame, struct dc09_message *ret_message);
/* What the message as a whole is to us: the act of its gravest event. */
enum dc09_act dc09_message_act(const struct dc09_message *message);
/* A sentence for the report, Chinese and English, with code, number and area of each event and the panel's text. Returns out. */
char *dc09_message_text(const struct dc09_message *message, char *out, size_t room);

#endif
