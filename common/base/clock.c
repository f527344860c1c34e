/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static _Atomic int64_t SHIFT_MS;

int64_t gx_clock_wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + atomic_load(&SHIFT_MS);
}

int64_t gx_clock_mono_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void gx_clock_shift(int64_t offset_ms)
{
    atomic_store(&SHIFT_MS, offset_ms);
}

char *gx_time_format(int64_t wall_ms, char text[GX_TIME_TEXT_SIZE])
{
    if (wall_ms < 0 || wall_ms > INT64_C(253402300799999)) {
        wall_ms = wall_ms < 0 ? 0 : INT64_C(253402300799999);
    }
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    (void)gmtime_r(&seconds, &tm);
    (void)snprintf(text, GX_TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (unsigned)(tm.tm_year + 1900) % 10000U, (unsigned)(tm.tm_mon + 1) % 100U,
                   (unsigned)tm.tm_mday % 100U, (unsigned)tm.tm_hour % 100U,
                   (unsigned)tm.tm_min % 100U, (unsigned)tm.tm_sec % 100U,
                   (unsigned)(wall_ms % 1000) % 1000U);
    return text;
}

/* Reads exactly `digits` digits at *text and moves on; -1 if there are fewer. */
static int read_digits(const char **text, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (!isdigit((unsigned char)**text)) {
            return -1;
        }
        value = value * 10 + (**text - '0');
        (*text)++;
    }
    return value;
}

static bool read_mark(const char **text, const char *marks)
{
    if (**text == '\0' || strchr(marks, **text) == NULL) {
        return false;
    }
    (*text)++;
    return true;
}

static int days_of(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return DAYS[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days from 1 January 1970 to the first of that month. */
static int64_t days_until(int year, int month)
{
    int64_t before = year - 1;
    int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    for (int m = 1; m < month; m++) {
        days += days_of(year, m);
    }
    return days;
}

/* Seconds since 1970 by the clock on the wall there; -1 when it is no time. A leap second is the next minute's first. */
static int64_t read_date_time(const char **text)
{
    int year = read_digits(text, 4);
    bool marks = read_mark(text, "-");
    int month = read_digits(text, 2);
    marks = read_mark(text, "-") && marks;
    int day = read_digits(text, 2);
    marks = read_mark(text, "Tt ") && marks;
    int hour = read_digits(text, 2);
    marks = read_mark(text, ":") && marks;
    int minute = read_digits(text, 2);
    marks = read_mark(text, ":") && marks;
    int second = read_digits(text, 2);
    if (!marks || year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of(year, month) ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
        return -1;
    }
    return (((days_until(year, month) + day - 1) * 24 + hour) * 60 + minute) * 60 + second;
}

static int read_fraction_ms(const char **text)
{
    if (**text != '.') {
        return 0;
    }
    (*text)++;
    int millis = 0;
    int digits = 0;
    while (isdigit((unsigned char)**text) && digits < 9) {
        if (digits < 3) {
            millis = millis * 10 + (**text - '0');
        }
        digits++;
        (*text)++;
    }
    if (digits == 0) {
        return -1;
    }
    for (; digits < 3; digits++) {
        millis *= 10;
    }
    return millis;
}

static bool read_offset_s(const char **text, int *ret_offset_s)
{
    if (read_mark(text, "Zz")) {
        *ret_offset_s = 0;
        return true;
    }
    int sign = **text == '-' ? -1 : 1;
    if (!read_mark(text, "+-")) {
        return false;
    }
    int hours = read_digits(text, 2);
    bool colon = read_mark(text, ":");
    int minutes = read_digits(text, 2);
    if (!colon || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return false;
    }
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

int gx_time_parse(const char *text, int64_t *ret_wall_ms)
{
    int64_t seconds = read_date_time(&text);
    if (seconds < 0) {
        return -1;
    }
    int millis = read_fraction_ms(&text);
    int offset_s = 0;
    if (millis < 0 || !read_offset_s(&text, &offset_s) || *text != '\0') {
        return -1;
    }
    int64_t wall_ms = (seconds - offset_s) * 1000 + millis;
    if (wall_ms < 0) {
        return -1;
    }
    *ret_wall_ms = wall_ms;
    return 0;
}
