/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of genxi's own HTTP API, for tools and the simulator: JSON calls, and any number of event streams in one thread. libcurl carries it.
 * A client belongs to one thread.
 */
#ifndef GX_WEB_CLIENT_H
#define GX_WEB_CLIENT_H

#include "base/cleanup.h"
#include "base/rc.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct gx_client_settings {
    const char *base_url; /* "https://localhost:8443" */
    const char *ca_file;  /* the authority to trust; NULL: the system's */
    const char *token;    /* session token or API key; NULL: none */
    const char *lang;     /* "zh-CN" or "en"; NULL: zh-CN */
    long timeout_ms;      /* 0: 10,000 */
};

struct gx_answer {
    long status;  /* HTTP status; 0: no answer */
    json_t *json; /* parsed body when it is JSON, else NULL */
    char *body;   /* as it came, ended by NUL */
    size_t size;
    int64_t took_us;
};
void gx_answer_done(struct gx_answer *answer);

struct gx_client;
enum gx_rc gx_client_open(const struct gx_client_settings *settings, struct gx_client **ret_client);
void gx_client_free(struct gx_client *client);
/* Replaces the token for later calls; copied. */
void gx_client_set_token(struct gx_client *client, const char *token);
/*
 * One call. body (borrowed) may be NULL; key may be NULL (then a POST bears none). OK when any answer came, whatever its status:
 * look at it; UNAVAILABLE when none did. The caller ends it with gx_answer_done().
 */
enum gx_rc gx_client_call(struct gx_client *client, const char *method, const char *path,
                          const json_t *body, const char *key, struct gx_answer *ret_answer);
/* The same with bytes of any type as body. */
enum gx_rc gx_client_send(struct gx_client *client, const char *method, const char *path,
                          const char *content_type, const char *data, size_t size, const char *key,
                          struct gx_answer *ret_answer);

/* Event streams: reconnect by themselves after 1 s with the last id seen. */
struct gx_streams;
struct gx_stream_event {
    const char *type; /* "offer.made", "" for a comment-only beat */
    const char *data; /* JSON text */
    const char *id;
};
typedef void gx_stream_fn(void *arg, void *tag, const struct gx_stream_event *event);
enum gx_rc gx_streams_open(const struct gx_client_settings *settings, gx_stream_fn *on_event,
                           void *arg, struct gx_streams **ret_streams);
/* path such as "/v1/stream?types=offer.made"; token is copied; tag is handed to on_event. */
enum gx_rc gx_streams_add(struct gx_streams *streams, const char *path, const char *token,
                          void *tag);
/* Turns all streams for up to wait_ms; returns the number that are open. */
int gx_streams_run(struct gx_streams *streams, int wait_ms);
void gx_streams_free(struct gx_streams *streams);

#endif
