/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/jt808/message.h"

#include "doors/jt808/text.h"

#include <math.h>
#include <string.h>

enum {
    LOCATION_BYTES = 28,
    HOURS_AHEAD = 8, /* terminals tell the time of Beijing */
    TEXT_URGENT = 1 << 0,
    TEXT_DISPLAY = 1 << 2,
    TEXT_SPEAK = 1 << 3,
    TEXT_NOTICE = 1
};

/* What differs between the three forms of a registration: sizes of maker, model and terminal id. */
struct register_form {
    uint8_t maker;
    uint8_t model;
    uint8_t terminal;
};

static const struct register_form FORM_2011 = {5, 8, 7};
static const struct register_form FORM_2013 = {5, 20, 7};
static const struct register_form FORM_2019 = {11, 30, 30};

static size_t fixed_size(const struct register_form *form)
{
    return 4U + form->maker + form->model + form->terminal + 1U;
}

static const uint8_t *take_text(const uint8_t *at, size_t size, char *text, size_t room)
{
    jt808_text_read((struct gx_view){at, size}, text, room);
    return at + size;
}

int jt808_register_read(const struct jt808_frame *frame, struct jt808_register *ret_register)
{
    struct gx_view body = frame->body;
    const struct register_form *form = frame->header.is_2019                 ? &FORM_2019
                                       : body.size >= fixed_size(&FORM_2013) ? &FORM_2013
                                                                             : &FORM_2011;
    if (body.size < fixed_size(form)) {
        return -1;
    }
    struct jt808_register *r = ret_register;
    r->province = jt808_u16(body.data);
    r->city = jt808_u16(body.data + 2);
    const uint8_t *at = take_text(body.data + 4, form->maker, r->maker, sizeof r->maker);
    at = take_text(at, form->model, r->model, sizeof r->model);
    at = take_text(at, form->terminal, r->terminal, sizeof r->terminal);
    r->colour = *at++;
    (void)take_text(at, body.size - fixed_size(form), r->plate, sizeof r->plate);
    return 0;
}

int jt808_auth_read(const struct jt808_frame *frame, struct jt808_auth *ret_auth)
{
    struct gx_view body = frame->body;
    *ret_auth = (struct jt808_auth){.code = ""};
    if (!frame->header.is_2019) {
        if (body.size > JT808_CODE_MAX) {
            return -1;
        }
        (void)take_text(body.data, body.size, ret_auth->code, sizeof ret_auth->code);
        return 0;
    }
    if (body.size < 1 || body.size < 1U + body.data[0]) {
        return -1;
    }
    const uint8_t *at =
        take_text(body.data + 1, body.data[0], ret_auth->code, sizeof ret_auth->code);
    if (body.size >= 1U + body.data[0] + 35U) {
        at = take_text(at, 15, ret_auth->imei, sizeof ret_auth->imei);
        (void)take_text(at, 20, ret_auth->software, sizeof ret_auth->software);
    }
    return 0;
}

/* --- locations --- */

static int bcd(uint8_t byte)
{
    int tens = byte >> 4;
    int ones = byte & 15;
    return tens > 9 || ones > 9 ? -1 : tens * 10 + ones;
}

static int64_t days_since_1970(int year, int month, int day)
{
    static const int BEFORE[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool leap = year % 4 == 0; /* 2000..2099 */
    return 10957 + (int64_t)(year - 2000) * 365 + (year - 2000 + 3) / 4 + BEFORE[month - 1] +
           (month > 2 && leap ? 1 : 0) + day - 1;
}

/* yyMMddHHmmss in Beijing's time; 0 for what is no time, as terminals send before their first fix. */
static int64_t read_time(const uint8_t at[6])
{
    int part[6];
    static const int LEAST[] = {0, 1, 1, 0, 0, 0};
    static const int MOST[] = {99, 12, 31, 23, 59, 60};
    for (int i = 0; i < 6; i++) {
        part[i] = bcd(at[i]);
        if (part[i] < LEAST[i] || part[i] > MOST[i]) {
            return 0;
        }
    }
    int64_t hours = days_since_1970(2000 + part[0], part[1], part[2]) * 24 + part[3] - HOURS_AHEAD;
    return ((hours * 60 + part[4]) * 60 + part[5]) * 1000;
}

static void read_items(const uint8_t *at, const uint8_t *end, struct jt808_location *location)
{
    while (end - at >= 2 && end - at - 2 >= at[1]) {
        if (at[0] == JT808_ITEM_MILEAGE && at[1] == 4) {
            location->has_mileage = true;
            location->mileage_100m = jt808_u32(at + 2);
        } else if (at[0] == JT808_ITEM_FUEL && at[1] == 2) {
            location->has_fuel = true;
            location->fuel_dl = jt808_u16(at + 2);
        }
        at += 2 + at[1];
    }
}

int jt808_location_read(struct gx_view body, struct jt808_location *ret_location)
{
    if (body.size < LOCATION_BYTES) {
        return -1;
    }
    const uint8_t *at = body.data;
    uint32_t alarm = jt808_u32(at);
    uint32_t status = jt808_u32(at + 4);
    double lat = jt808_u32(at + 8) / 1e6;
    double lon = jt808_u32(at + 12) / 1e6;
    struct gx_point place = {(status & JT808_STATUS_WEST) != 0 ? -lon : lon,
                             (status & JT808_STATUS_SOUTH) != 0 ? -lat : lat};
    *ret_location =
        (struct jt808_location){.alarm = alarm,
                                .status = status,
                                .point = {.has_place = gx_geo_valid(place),
                                          .place = place,
                                          .valid = (status & JT808_STATUS_FIX) != 0,
                                          .sos = (alarm & JT808_ALARM_SOS) != 0,
                                          .at = read_time(at + 22),
                                          .accuracy_m = (double)NAN,
                                          .altitude_m = (double)(int16_t)jt808_u16(at + 16),
                                          .speed_mps = jt808_u16(at + 18) / 36.0,
                                          .course_deg = jt808_u16(at + 20),
                                          .battery_percent = (double)NAN}};
    read_items(at + LOCATION_BYTES, body.data + body.size, ret_location);
    return 0;
}

int jt808_batch_read(struct gx_view body, jt808_location_fn *fn, void *arg,
                     struct jt808_batch *ret_batch)
{
    if (body.size < 3) {
        return -1;
    }
    struct jt808_batch batch = {.count = jt808_u16(body.data), .backlog = body.data[2] == 1};
    const uint8_t *at = body.data + 3;
    const uint8_t *end = body.data + body.size;
    while (end - at >= 2 && end - at - 2 >= jt808_u16(at) &&
           batch.read + batch.unread < batch.count) {
        struct jt808_location location;
        if (jt808_location_read((struct gx_view){at + 2, jt808_u16(at)}, &location) == 0) {
            fn(arg, &location);
            batch.read++;
        } else {
            batch.unread++;
        }
        at += 2 + jt808_u16(at);
    }
    batch.unread = (uint16_t)(batch.count - batch.read);
    *ret_batch = batch;
    return 0;
}

/* --- what the platform says --- */

static void put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)(value & 0xff);
}

size_t jt808_ack_write(const struct jt808_header *of, enum jt808_result result, uint8_t body[5])
{
    put_u16(body, of->serial);
    put_u16(body + 2, of->id);
    body[4] = (uint8_t)result;
    return 5;
}

size_t jt808_register_ack_write(const struct jt808_header *of, enum jt808_register_result result,
                                const char *code, uint8_t body[3 + JT808_CODE_MAX])
{
    size_t size = result == JT808_REGISTERED ? strnlen(code, JT808_CODE_MAX) : 0;
    put_u16(body, of->serial);
    body[2] = (uint8_t)result;
    if (size > 0) {
        memcpy(body + 3, code, size);
    }
    return 3 + size;
}

size_t jt808_text_body(bool is_2019, bool urgent, const char *text, uint8_t body[JT808_BODY_MAX])
{
    size_t used = 0;
    body[used++] = (uint8_t)(TEXT_DISPLAY | TEXT_SPEAK | (urgent ? TEXT_URGENT : 0));
    if (is_2019) {
        body[used++] = TEXT_NOTICE;
    }
    return used + jt808_text_write(text, body + used, JT808_BODY_MAX - used);
}
