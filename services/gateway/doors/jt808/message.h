/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of JT/T 808 messages: what a terminal says, and what the platform answers. */
#ifndef GATEWAY_DOORS_JT808_MESSAGE_H
#define GATEWAY_DOORS_JT808_MESSAGE_H

#include "doors/jt808/frame.h"
#include "doors/point.h"

enum jt808_id {
    JT808_TERMINAL_ACK = 0x0001,
    JT808_HEARTBEAT = 0x0002,
    JT808_LOG_OUT = 0x0003,
    JT808_REGISTER = 0x0100,
    JT808_AUTH = 0x0102,
    JT808_LOCATION = 0x0200,
    JT808_BATCH = 0x0704,
    JT808_PLATFORM_ACK = 0x8001,
    JT808_REGISTER_ACK = 0x8100,
    JT808_TEXT = 0x8300
};

enum jt808_result {
    JT808_DONE = 0,
    JT808_FAILED = 1,
    JT808_WRONG = 2,
    JT808_UNSUPPORTED = 3,
    JT808_ALARM_TAKEN = 4 /* a person will see to the alarm: the terminal may clear it */
};

enum jt808_register_result {
    JT808_REGISTERED = 0,
    JT808_VEHICLE_TAKEN = 1,
    JT808_VEHICLE_UNKNOWN = 2,
    JT808_TERMINAL_TAKEN = 3,
    JT808_TERMINAL_UNKNOWN = 4
};

enum {
    JT808_CODE_MAX = 255,
    JT808_ALARM_SOS = 1 << 0,
    JT808_STATUS_FIX = 1 << 1,
    JT808_STATUS_SOUTH = 1 << 2,
    JT808_STATUS_WEST = 1 << 3,
    JT808_ITEM_MILEAGE = 0x01,
    JT808_ITEM_FUEL = 0x02
};

struct jt808_register {
    uint16_t province;
    uint16_t city;
    char maker[12]; /* texts end at their padding */
    char model[31];
    char terminal[31];
    uint8_t colour;
    char plate[64]; /* UTF-8 */
};

struct jt808_auth {
    char code[JT808_CODE_MAX + 1];
    char imei[16];     /* 2019 only */
    char software[21]; /* 2019 only */
};

struct jt808_location {
    uint32_t alarm;
    uint32_t status;
    struct gw_point point; /* no place when it lies out of range; valid only with a fix */
    bool has_mileage;
    uint32_t mileage_100m;
    bool has_fuel;
    uint16_t fuel_dl;
};

/* 0, or -1 when the body is not of that form. The form (2011, 2013, 2019) is told from header and size. */
int jt808_register_read(const struct jt808_frame *frame, struct jt808_register *ret_register);
int jt808_auth_read(const struct jt808_frame *frame, struct jt808_auth *ret_auth);
/* Items that are broken end the reading of items; the place before them stands. */
int jt808_location_read(struct gx_view body, struct jt808_location *ret_location);

/* A batch: count u16, type u8, then u16 length and a location each. fn is called in order; a location that cannot be read is passed over. */
typedef void jt808_location_fn(void *arg, const struct jt808_location *location);
struct jt808_batch {
    uint16_t count; /* as announced */
    bool backlog;   /* gathered while there was no coverage */
    uint16_t read;  /* given to fn */
    uint16_t unread;
};
int jt808_batch_read(struct gx_view body, jt808_location_fn *fn, void *arg,
                     struct jt808_batch *ret_batch);

/* Bodies to send; the bytes written. */
size_t jt808_ack_write(const struct jt808_header *of, enum jt808_result result, uint8_t body[5]);
/* code: with JT808_REGISTERED only. */
size_t jt808_register_ack_write(const struct jt808_header *of, enum jt808_register_result result,
                                const char *code, uint8_t body[3 + JT808_CODE_MAX]);
/* For the display (and the speaker); text is UTF-8, cut to what one frame holds. */
size_t jt808_text_body(bool is_2019, bool urgent, const char *text, uint8_t body[JT808_BODY_MAX]);

#endif
