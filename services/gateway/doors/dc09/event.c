/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the tables --- */

enum class_id {
#define DC09_CLASS(id, act, type, grade, zh, en) CLASS_##id,
#include "codes.def"
    CLASS_COUNT
};

static const struct dc09_class CLASSES[CLASS_COUNT] = {
#define DC09_CLASS(id, act, type, grade, zh, en)                                                   \
    [CLASS_##id] = {#id, DC09_ACT_##act, type, grade, zh, en},
#include "codes.def"
};

static const struct {
    int code;
    enum class_id class;
    enum dc09_number number;
} CIDS[] = {
#define DC09_CID(code, class, number) {code, CLASS_##class, DC09_NUMBER_##number},
#include "codes.def"
};

static const struct {
    char code[3];
    enum class_id class;
    enum dc09_number number;
} SIAS[] = {
#define DC09_SIA(code, class, number) {code, CLASS_##class, DC09_NUMBER_##number},
#include "codes.def"
};

static int by_number(const void *key, const void *row)
{
    int left = *(const int *)key;
    int right = *(const int *)row;
    return left < right ? -1 : left > right ? 1 : 0;
}

static int by_letters(const void *key, const void *row)
{
    return strcmp(key, row);
}

/* An alarm that nobody knows is an alarm all the same. */
static void mean_cid(int code, struct dc09_event *event)
{
    size_t count = GX_COUNT_OF(CIDS);
    const void *found = bsearch(&code, CIDS, count, sizeof CIDS[0], by_number);
    size_t row =
        found == NULL ? count : (size_t)((const char *)found - (const char *)CIDS) / sizeof CIDS[0];
    event->known = row < count;
    event->number_means = event->known ? CIDS[row].number : DC09_NUMBER_ZONE;
    event->class = &CLASSES[event->known                ? CIDS[row].class
                            : code >= 100 && code < 200 ? CLASS_OTHER
                            : code >= 300 && code < 400 ? CLASS_FAULT
                                                        : CLASS_SYSTEM];
}

static void mean_sia(struct dc09_event *event)
{
    size_t count = GX_COUNT_OF(SIAS);
    const void *found = bsearch(event->code, SIAS, count, sizeof SIAS[0], by_letters);
    size_t row =
        found == NULL ? count : (size_t)((const char *)found - (const char *)SIAS) / sizeof SIAS[0];
    event->known = row < count;
    event->number_means = event->known ? SIAS[row].number : DC09_NUMBER_UNIT;
    event->class = &CLASSES[event->known            ? SIAS[row].class
                            : event->code[1] == 'A' ? CLASS_OTHER
                                                    : CLASS_SYSTEM];
}

/* --- reading --- */

static bool digits(const uint8_t *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return false;
        }
    }
    return true;
}

/* As much as fits. */
static void copy(char *out, size_t room, const uint8_t *at, size_t size)
{
    size = size < room ? size : room - 1;
    memcpy(out, at, size);
    out[size] = '\0';
}

/* "QXYZ GG CCC"; Q: 1 new or opening, 3 restored or closing, 6 still present. */
static bool read_cid(const struct dc09_frame *frame, struct dc09_message *message)
{
    const uint8_t *at = frame->data.data;
    struct dc09_event *event = &message->events[0];
    if (frame->data.size != 11 || at[4] != ' ' || at[7] != ' ' || !digits(at, 4) ||
        !digits(at + 5, 2) || !digits(at + 8, 3) ||
        (at[0] != '1' && at[0] != '3' && at[0] != '6')) {
        return false;
    }
    int code = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');
    mean_cid(code, event);
    (void)snprintf(event->code, sizeof event->code, "%c%.3s",
                   at[0] == '1'   ? 'E'
                   : at[0] == '3' ? 'R'
                                  : 'P',
                   (const char *)at + 1);
    event->still = at[0] == '6';
    event->restored = at[0] == '3' && event->class->act == DC09_ACT_REPORT;
    copy(event->area, sizeof event->area, at + 5, 2);
    copy(event->number, sizeof event->number, at + 8, 3);
    message->event_count = 1;
    return true;
}

static void keep_text(struct dc09_message *message, const uint8_t *at, size_t size)
{
    size_t used = strlen(message->text);
    size_t room = DC09_TEXT_MAX - used;
    size = size < room ? size : room;
    memcpy(message->text + used, at, size);
    message->text[used + size] = '\0';
}

struct place {
    const uint8_t *at;
    const uint8_t *end;
};

/* "^text^", "|Atext" up to the next '|': the panel's words. Any other sign that is no letter separates. */
static void read_words(struct place *place, struct dc09_message *message)
{
    uint8_t sign = *place->at++;
    if (sign == '|' && place->at < place->end && *place->at == 'A') {
        place->at++;
    } else if (sign != '^') {
        return;
    }
    const uint8_t *begin = place->at;
    while (place->at < place->end && *place->at != sign) {
        place->at++;
    }
    keep_text(message, begin, (size_t)(place->at - begin));
    if (sign == '^' && place->at < place->end) {
        place->at++;
    }
}

/* "ri1", "id12", "ti10:23": two small letters and a value; the area is what we keep. */
static void read_modifier(struct place *place, char area[8])
{
    const uint8_t *name = place->at;
    place->at += 2;
    const uint8_t *begin = place->at;
    while (place->at < place->end && (isdigit(*place->at) || *place->at == ':')) {
        place->at++;
    }
    if (memcmp(name, "ri", 2) == 0) {
        copy(area, 8, begin, (size_t)(place->at - begin));
    }
}

/* Two capital letters and a number; what follows the number up to the next sign is a unit's name. */
static void read_code(struct place *place, const char *area, struct dc09_message *message)
{
    struct dc09_event event = {.known = false};
    copy(event.code, 3, place->at, 2);
    place->at += 2;
    const uint8_t *begin = place->at;
    while (place->at < place->end && isdigit(*place->at)) {
        place->at++;
    }
    copy(event.number, sizeof event.number, begin, (size_t)(place->at - begin));
    (void)snprintf(event.area, sizeof event.area, "%s", area);
    while (place->at < place->end && *place->at != '/' && *place->at != '^' && *place->at != '|') {
        place->at++;
    }
    mean_sia(&event);
    if (message->event_count < DC09_EVENTS_MAX) {
        message->events[message->event_count++] = event;
    }
}

/* "N" (new) or "O" (old), then modifiers, codes, words, with or without '/' between them. */
static bool read_sia(const struct dc09_frame *frame, struct dc09_message *message)
{
    char area[8] = "";
    struct place place = {frame->data.data, frame->data.data + frame->data.size};
    if (frame->data.size < 3 || (*place.at != 'N' && *place.at != 'O')) {
        return false;
    }
    place.at++;
    while (place.at < place.end) {
        bool two = place.end - place.at >= 2;
        if (two && islower(place.at[0]) && islower(place.at[1])) {
            read_modifier(&place, area);
        } else if (two && isupper(place.at[0]) && isupper(place.at[1])) {
            read_code(&place, area, message);
        } else if (isalnum(*place.at)) {
            return false;
        } else {
            read_words(&place, message);
        }
    }
    return message->event_count > 0;
}

/* [HHH:MM:SS,MM-DD-YYYY]: when it happened. [I...] and [L...], [R...], [S...]: words about what and where. */
static void read_extras(const struct dc09_frame *frame, struct dc09_message *message)
{
    for (size_t i = 0; i < frame->extra_count; i++) {
        struct gx_view extra = frame->extras[i];
        if (extra.size < 2) {
            continue;
        }
        if (strchr("ILRS", extra.data[0]) != NULL) {
            if (message->text[0] != '\0') {
                keep_text(message, (const uint8_t *)" ", 1);
            }
            keep_text(message, extra.data + 1, extra.size - 1);
        } else if (extra.data[0] == 'H') {
            (void)dc09_stamp_read((struct gx_view){extra.data + 1, extra.size - 1},
                                  &message->occurred_ms);
        }
    }
}

/* Lower is graver; what opens a case goes before what does not. */
static unsigned weight(const struct dc09_event *event)
{
    enum dc09_act act = event->restored ? DC09_ACT_RESTORE : event->class->act;
    return (unsigned)act * 10 + (event->class->grade == 0 ? 2 : event->class->grade);
}

static void gravest_first(struct dc09_message *message)
{
    for (size_t i = 1; i < message->event_count; i++) {
        if (weight(&message->events[i]) < weight(&message->events[0])) {
            struct dc09_event swap = message->events[0];
            message->events[0] = message->events[i];
            message->events[i] = swap;
        }
    }
}

bool dc09_message_read(const struct dc09_frame *frame, struct dc09_message *ret_message)
{
    struct dc09_message message = {.event_count = 0};
    bool good = frame->token == DC09_ADM_CID   ? read_cid(frame, &message)
                : frame->token == DC09_SIA_DCS ? read_sia(frame, &message)
                                               : false;
    if (!good) {
        return false;
    }
    message.occurred_ms = frame->timed ? frame->at_ms : 0;
    read_extras(frame, &message);
    if (!gx_utf8_valid(message.text, strlen(message.text))) {
        message.text[0] =
            '\0'; /* another character set, or cut within a character: better no words than wrong ones */
    }
    gravest_first(&message);
    *ret_message = message;
    return true;
}

enum dc09_act dc09_message_act(const struct dc09_message *message)
{
    const struct dc09_event *event = &message->events[0];
    return event->restored ? DC09_ACT_RESTORE : event->class->act;
}

/* --- telling --- */

static const char *const NUMBERS_ZH[] = {"", "防区", "用户", "分区", "门", "部件"};
static const char *const NUMBERS_EN[] = {"", "zone", "user", "area", "door", "unit"};

static void tell_event(FILE *out, const struct dc09_event *event, bool zh)
{
    const char *const *numbers = zh ? NUMBERS_ZH : NUMBERS_EN;
    (void)fprintf(out, "%s %s", zh ? event->class->zh : event->class->en, event->code);
    if (event->restored) {
        (void)fprintf(out, zh ? " 恢复" : " restored");
    }
    if (event->number[0] != '\0' && event->number_means != DC09_NUMBER_NONE) {
        (void)fprintf(out, " %s%s%s", numbers[event->number_means], zh ? "" : " ", event->number);
    }
    if (event->area[0] != '\0') {
        (void)fprintf(out, zh ? " 分区%s" : " area %s", event->area);
    }
}

char *dc09_message_text(const struct dc09_message *message, char *out, size_t room)
{
    FILE *file = fmemopen(out, room, "w");
    if (file == NULL) {
        abort();
    }
    for (int zh = 1; zh >= 0; zh--) {
        for (size_t i = 0; i < message->event_count; i++) {
            (void)fputs(i > 0 ? "; " : zh == 1 ? "" : " / ", file);
            tell_event(file, &message->events[i], zh == 1);
        }
    }
    if (message->text[0] != '\0') {
        (void)fprintf(file, " · %s", message->text);
    }
    (void)fclose(file);
    out[room - 1] = '\0';
    return out;
}
