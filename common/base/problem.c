/* SPDX-License-Identifier: Apache-2.0 */
#include "base/problem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define RC_NAME(id, resend, http, text) [GX_##id] = #id,
static const char *const RC_NAMES[] = {GX_RC_LIST(RC_NAME)};
#define RC_TEXT(id, resend, http, text) [GX_##id] = text,
static const char *const RC_TEXTS[] = {GX_RC_LIST(RC_TEXT)};
#define RC_RESEND(id, resend, http, text) [GX_##id] = resend,
static const bool RC_RESENDS[] = {GX_RC_LIST(RC_RESEND)};
#define RC_HTTP(id, resend, http, text) [GX_##id] = http,
static const int RC_HTTPS[] = {GX_RC_LIST(RC_HTTP)};

const char *gx_rc_name(enum gx_rc rc)
{
    return rc < GX_RC_COUNT ? RC_NAMES[rc] : "?";
}

const char *gx_rc_text(enum gx_rc rc)
{
    return rc < GX_RC_COUNT ? RC_TEXTS[rc] : "?";
}

bool gx_rc_may_resend(enum gx_rc rc)
{
    return rc < GX_RC_COUNT && RC_RESENDS[rc];
}

int gx_rc_http(enum gx_rc rc)
{
    return rc < GX_RC_COUNT ? RC_HTTPS[rc] : 500;
}

#define GX_PROBLEM(id, rc, http, slug, en, zh) [GX_P_##id] = {slug, GX_##rc, http, en, zh},
static const struct gx_problem_row ROWS[GX_P_COUNT] = {
#include "base/problem.def"
};
#undef GX_PROBLEM

const struct gx_problem_row *gx_problem_row(enum gx_problem problem)
{
    return problem > GX_P_NONE && problem < GX_P_COUNT ? &ROWS[problem] : &ROWS[GX_P_INTERNAL];
}

enum gx_problem gx_problem_find(const char *slug)
{
    for (int i = GX_P_NONE + 1; i < GX_P_COUNT; i++) {
        if (slug != NULL && strcmp(ROWS[i].slug, slug) == 0) {
            return (enum gx_problem)i;
        }
    }
    return GX_P_INTERNAL;
}

void gx_problem_text(const char *sentence, const char *value, char *text, size_t size)
{
    const char *mark = strstr(sentence, "{}");
    int head = mark == NULL ? (int)strlen(sentence) : (int)(mark - sentence);
    int length = snprintf(text, size, "%.*s%s%s", head, sentence,
                          mark == NULL || value == NULL ? "" : value, mark == NULL ? "" : mark + 2);
    if (length >= 0 && (size_t)length >= size && size > 0) {
        size_t end = size - 1;
        while (end > 0 && ((uint8_t)text[end - 1] & 0xc0) == 0x80) {
            end--;
        }
        if (end > 0 && ((uint8_t)text[end - 1] & 0x80) != 0) {
            end--;
        }
        text[end] = '\0';
    }
}
