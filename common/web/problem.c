/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "web/json.h"
#include "web/out.h"

#include <stdio.h>
#include <string.h>

static const char *const TITLES_ZH[GX_RC_COUNT] = {
    [GX_OK] = "完成",           [GX_INVALID] = "请求有误",     [GX_NOT_FOUND] = "未找到",
    [GX_CONFLICT] = "状态冲突", [GX_DENIED] = "权限不足",      [GX_LIMIT] = "超出限制",
    [GX_TIMEOUT] = "超时",      [GX_UNAVAILABLE] = "暂不可用", [GX_UNCERTAIN] = "结果未知",
    [GX_INTERNAL] = "内部错误",
};

/* The problem that stands for a result when nobody said more. */
static enum gx_problem problem_of(enum gx_rc rc)
{
    switch (rc) {
    case GX_NOT_FOUND:
        return GX_P_NOT_FOUND;
    case GX_DENIED:
        return GX_P_DENIED;
    case GX_CONFLICT:
        return GX_P_STATE;
    case GX_LIMIT:
        return GX_P_BUSY;
    case GX_TIMEOUT:
        return GX_P_DEADLINE;
    case GX_UNAVAILABLE:
        return GX_P_UNAVAILABLE;
    case GX_UNCERTAIN:
        return GX_P_UNCERTAIN;
    case GX_INVALID:
        return GX_P_JSON_SYNTAX;
    case GX_OK:
    case GX_INTERNAL:
    case GX_RC_COUNT:
        break;
    }
    return GX_P_INTERNAL;
}

/* "illegal-transition" -> "Illegal transition". */
static void title_en(const char *slug, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", slug);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '-' ? ' ' : *at;
    }
    if (text[0] >= 'a' && text[0] <= 'z') {
        text[0] = (char)(text[0] - 'a' + 'A');
    }
}

struct sentences {
    char en[512];
    char zh[512];
    const char *own;
};

static void make_sentences(const struct gx_ctx *ctx, const struct gx_fault *fault,
                           struct sentences *text)
{
    const struct gx_problem_row *row = gx_problem_row(fault->problem);
    gx_problem_text(row->en, fault->value, text->en, sizeof text->en);
    gx_problem_text(row->zh, fault->value, text->zh, sizeof text->zh);
    text->own = gx_text_is(ctx->actor.lang, "en") ? text->en : text->zh;
}

static void put_type(struct gx_out *out, const char *before, const char *slug)
{
    gx_out_text(out, before);
    gx_out_text(out, "\"type\":\"" GX_PROBLEM_TYPE);
    gx_out_text(out, slug);
    gx_out_text(out, "\"");
}

static void put_details(struct gx_out *out, const struct sentences *text)
{
    gx_out_member(out, "detail", text->own);
    gx_out_member(out, "detail_en", text->en);
    gx_out_member(out, "detail_zh", text->zh);
}

static void put_errors(struct gx_out *out, const struct gx_ctx *ctx)
{
    gx_out_text(out, ",\"errors\":[");
    for (size_t i = 0; i < ctx->fault_count; i++) {
        struct sentences text;
        make_sentences(ctx, &ctx->faults[i], &text);
        put_type(out, i == 0 ? "{" : ",{", gx_problem_row(ctx->faults[i].problem)->slug);
        gx_out_member(out, "pointer", ctx->faults[i].pointer);
        put_details(out, &text);
        gx_out_text(out, "}");
    }
    gx_out_text(out, "]");
}

/* The 32 hex digits in the middle of "00-<trace>-<span>-01"; "" for none. */
static const char *trace_id(const struct gx_ctx *ctx, char text[33])
{
    text[0] = '\0';
    if (strlen(ctx->traceparent) >= 35) {
        memcpy(text, ctx->traceparent + 3, 32);
        text[32] = '\0';
    }
    return text;
}

char *gx_json_problem(struct gx_ctx *ctx, enum gx_rc rc, const char *instance, int *ret_http_status)
{
    char trace[33];
    (void)trace_id(ctx, trace);
    struct gx_fault first = {
        .problem = problem_of(rc), .pointer = "", .value = rc == GX_LIMIT ? "1" : trace};
    if (ctx->fault_count > 0) {
        first = ctx->faults[0];
    }
    const struct gx_problem_row *row = gx_problem_row(first.problem);
    int status = row->http != 0 ? row->http : gx_rc_http(row->rc);
    struct sentences text;
    make_sentences(ctx, &first, &text);
    char en[80];
    char number[16];
    title_en(row->slug, en, sizeof en);
    const char *zh = TITLES_ZH[row->rc];
    (void)snprintf(number, sizeof number, "%d", status);

    struct gx_out out = {.ctx = ctx};
    put_type(&out, "{", row->slug);
    gx_out_member(&out, "title", gx_text_is(ctx->actor.lang, "en") ? en : zh);
    gx_out_member(&out, "title_en", en);
    gx_out_member(&out, "title_zh", zh);
    gx_out_text(&out, ",\"status\":");
    gx_out_text(&out, number);
    put_details(&out, &text);
    gx_out_member(&out, "instance", instance);
    gx_out_member(&out, "trace_id", trace);
    put_errors(&out, ctx);
    gx_out_text(&out, "}");
    *ret_http_status = status;
    return gx_out_done(&out);
}
