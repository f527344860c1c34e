/* SPDX-License-Identifier: Apache-2.0 */
#include "web/client.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BODY_MAX = 64 * 1024 * 1024,
    EVENT_MAX = 1024 * 1024,
    RETRY_US = 1000000
};

struct buffer {
    char *data;
    size_t size;
    size_t room;
};

/* Grows by doubling; false over max. Small allocations outside a request abort. */
static bool buffer_add(struct buffer *buffer, const char *data, size_t size, size_t max)
{
    if (size > max || buffer->size > max - size) {
        return false;
    }
    if (buffer->size + size + 1 > buffer->room) {
        size_t room = buffer->room == 0 ? 4096 : buffer->room;
        while (room < buffer->size + size + 1) {
            room *= 2;
        }
        char *bigger = realloc(buffer->data, room);
        if (bigger == NULL) {
            abort();
        }
        buffer->data = bigger;
        buffer->room = room;
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
    return true;
}

static char *copy_text(const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);
    if (text != NULL && copy == NULL) {
        abort();
    }
    return copy;
}

static pthread_once_t CURL_ONCE = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct gx_client {
    CURL *curl;
    char *base_url;
    char *ca_file;
    char *token;
    char *lang;
    long timeout_ms;
};

enum gx_rc gx_client_open(const struct gx_client_settings *settings, struct gx_client **ret_client)
{
    (void)pthread_once(&CURL_ONCE, init_curl);
    struct gx_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        abort();
    }
    client->curl = curl_easy_init();
    client->base_url = copy_text(settings->base_url);
    client->ca_file = copy_text(settings->ca_file);
    client->token = copy_text(settings->token);
    client->lang = copy_text(settings->lang == NULL ? "zh-CN" : settings->lang);
    client->timeout_ms = settings->timeout_ms == 0 ? 10000 : settings->timeout_ms;
    if (client->curl == NULL) {
        gx_client_free(client);
        return GX_UNAVAILABLE;
    }
    *ret_client = client;
    return GX_OK;
}

void gx_client_free(struct gx_client *client)
{
    if (client == NULL) {
        return;
    }
    if (client->curl != NULL) {
        curl_easy_cleanup(client->curl);
    }
    free(client->base_url);
    free(client->ca_file);
    free(client->token);
    free(client->lang);
    free(client);
}

void gx_client_set_token(struct gx_client *client, const char *token)
{
    free(client->token);
    client->token = copy_text(token);
}

void gx_answer_done(struct gx_answer *answer)
{
    if (answer->json != NULL) {
        json_decref(answer->json);
    }
    free(answer->body);
    *answer = (struct gx_answer){0};
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[4096];
    (void)snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(list, line);
    if (longer == NULL) {
        abort();
    }
    return longer;
}

static struct curl_slist *add_credentials(struct curl_slist *list, const char *token,
                                          const char *lang)
{
    list = add_header(list, "Accept-Language", lang);
    if (token != NULL && token[0] != '\0') {
        char value[1024];
        (void)snprintf(value, sizeof value, "Bearer %s", token);
        list = add_header(list, "Authorization", value);
    }
    return list;
}

static size_t take_body(char *data, size_t unit, size_t count, void *arg)
{
    return buffer_add(arg, data, unit * count, BODY_MAX) ? unit * count : 0;
}

static void finish_answer(struct gx_client *client, struct buffer *body, struct gx_answer *answer)
{
    const char *type = NULL;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
    (void)curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
    (void)buffer_add(body, "", 0, BODY_MAX);
    answer->body = body->data;
    answer->size = body->size;
    if (type != NULL && strstr(type, "json") != NULL) {
        answer->json = json_loadb(answer->body, answer->size, JSON_ALLOW_NUL, NULL);
    }
}

enum gx_rc gx_client_send(struct gx_client *client, const char *method, const char *path,
                          const char *content_type, const char *data, size_t size, const char *key,
                          struct gx_answer *ret_answer)
{
    char url[4096];
    (void)snprintf(url, sizeof url, "%s%s", client->base_url, path);
    struct curl_slist *headers = add_credentials(NULL, client->token, client->lang);
    headers = add_header(headers, "Expect", "");
    if (data != NULL) {
        headers = add_header(headers, "Content-Type", content_type);
    }
    if (key != NULL) {
        char quoted[300];
        (void)snprintf(quoted, sizeof quoted, "\"%s\"", key);
        headers = add_header(headers, "Idempotency-Key", quoted);
    }
    struct buffer body = {0};
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, client->timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    if (client->ca_file != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
    }
    if (data != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, data);
    }
    int64_t began = gx_clock_mono_us();
    CURLcode code = curl_easy_perform(curl);
    *ret_answer = (struct gx_answer){.took_us = gx_clock_mono_us() - began};
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        free(body.data);
        return code == CURLE_OPERATION_TIMEDOUT ? GX_TIMEOUT : GX_UNAVAILABLE;
    }
    finish_answer(client, &body, ret_answer);
    return GX_OK;
}

enum gx_rc gx_client_call(struct gx_client *client, const char *method, const char *path,
                          const json_t *body, const char *key, struct gx_answer *ret_answer)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    if (text == NULL && strcmp(method, "POST") == 0) {
        text = copy_text("{}");
    }
    enum gx_rc rc = gx_client_send(client, method, path, "application/json", text,
                                   text == NULL ? 0 : strlen(text), key, ret_answer);
    free(text);
    return rc;
}

/* --- streams --- */

struct stream {
    struct gx_streams *owner;
    CURL *curl;
    struct curl_slist *headers;
    char *path;
    char *token;
    void *tag;
    bool open;
    int64_t retry_us; /* when to connect (again), monotonic; 0: connected */
    struct buffer line;
    struct buffer data;
    char type[64];
    char id[2048];
};

struct gx_streams {
    CURLM *multi;
    char *base_url;
    char *ca_file;
    char *lang;
    gx_stream_fn *on_event;
    void *arg;
    struct stream **streams;
    size_t count;
    size_t room;
};

enum gx_rc gx_streams_open(const struct gx_client_settings *settings, gx_stream_fn *on_event,
                           void *arg, struct gx_streams **ret_streams)
{
    (void)pthread_once(&CURL_ONCE, init_curl);
    struct gx_streams *streams = calloc(1, sizeof *streams);
    if (streams == NULL) {
        abort();
    }
    streams->multi = curl_multi_init();
    streams->base_url = copy_text(settings->base_url);
    streams->ca_file = copy_text(settings->ca_file);
    streams->lang = copy_text(settings->lang == NULL ? "zh-CN" : settings->lang);
    streams->on_event = on_event;
    streams->arg = arg;
    if (streams->multi == NULL) {
        gx_streams_free(streams);
        return GX_UNAVAILABLE;
    }
    *ret_streams = streams;
    return GX_OK;
}

static void end_event(struct stream *stream)
{
    if (stream->data.size > 0) {
        struct gx_stream_event event = {stream->type[0] == '\0' ? "message" : stream->type,
                                        stream->data.data, stream->id};
        stream->owner->on_event(stream->owner->arg, stream->tag, &event);
    }
    stream->data.size = 0;
    stream->type[0] = '\0';
}

/* One line of the stream (HTML standard, 9.2.6): field, colon, at most one blank, value. */
static void take_line(struct stream *stream, char *line)
{
    if (line[0] == '\0') {
        end_event(stream);
        return;
    }
    char *value = strchr(line, ':');
    if (value == line) {
        return; /* a comment */
    }
    if (value == NULL) {
        value = line + strlen(line);
    } else {
        *value++ = '\0';
        value += *value == ' ' ? 1 : 0;
    }
    if (strcmp(line, "data") == 0) {
        if (stream->data.size > 0) {
            (void)buffer_add(&stream->data, "\n", 1, EVENT_MAX);
        }
        (void)buffer_add(&stream->data, value, strlen(value), EVENT_MAX);
    } else if (strcmp(line, "event") == 0) {
        (void)snprintf(stream->type, sizeof stream->type, "%s", value);
    } else if (strcmp(line, "id") == 0) {
        (void)snprintf(stream->id, sizeof stream->id, "%s", value);
    }
}

static size_t take_stream(char *data, size_t unit, size_t count, void *arg)
{
    struct stream *stream = arg;
    size_t size = unit * count;
    stream->open = true;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n') {
            (void)buffer_add(&stream->line, "", 0, EVENT_MAX);
            take_line(stream, stream->line.data);
            stream->line.size = 0;
        } else if (data[i] != '\r' && !buffer_add(&stream->line, &data[i], 1, EVENT_MAX)) {
            return 0;
        }
    }
    return size;
}

static size_t take_stream_header(char *data, size_t unit, size_t count, void *arg)
{
    struct stream *stream = arg;
    if (unit * count <= 2) { /* the blank line: headers are complete */
        stream->open = true;
    }
    (void)data;
    return unit * count;
}

static void connect_stream(struct stream *stream)
{
    struct gx_streams *owner = stream->owner;
    char url[4096];
    (void)snprintf(url, sizeof url, "%s%s", owner->base_url, stream->path);
    curl_slist_free_all(stream->headers);
    stream->headers = add_credentials(NULL, stream->token, owner->lang);
    if (stream->id[0] != '\0') {
        stream->headers = add_header(stream->headers, "Last-Event-ID", stream->id);
    }
    stream->line.size = 0;
    stream->data.size = 0;
    stream->retry_us = 0;
    CURL *curl = stream->curl;
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, stream->headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_stream);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, stream);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_stream_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, stream);
    (void)curl_easy_setopt(curl, CURLOPT_PRIVATE, stream);
    (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
    if (owner->ca_file != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, owner->ca_file);
    }
    (void)curl_multi_add_handle(owner->multi, curl);
}

enum gx_rc gx_streams_add(struct gx_streams *streams, const char *path, const char *token,
                          void *tag)
{
    if (streams->count == streams->room) {
        size_t room = streams->room == 0 ? 64 : streams->room * 2;
        struct stream **bigger = realloc(streams->streams, room * sizeof *bigger);
        if (bigger == NULL) {
            abort();
        }
        streams->streams = bigger;
        streams->room = room;
    }
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        abort();
    }
    *stream = (struct stream){.owner = streams,
                              .curl = curl_easy_init(),
                              .path = copy_text(path),
                              .token = copy_text(token),
                              .tag = tag};
    if (stream->curl == NULL) {
        abort();
    }
    streams->streams[streams->count++] = stream;
    connect_stream(stream);
    return GX_OK;
}

static void reap(struct gx_streams *streams)
{
    int left = 0;
    CURLMsg *message = curl_multi_info_read(streams->multi, &left);
    while (message != NULL) {
        if (message->msg == CURLMSG_DONE) {
            char *private = NULL;
            (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
            struct stream *stream = (struct stream *)(void *)private;
            (void)curl_multi_remove_handle(streams->multi, stream->curl);
            stream->open = false;
            stream->retry_us = gx_clock_mono_us() + RETRY_US;
        }
        message = curl_multi_info_read(streams->multi, &left);
    }
}

int gx_streams_run(struct gx_streams *streams, int wait_ms)
{
    int64_t end_us = gx_clock_mono_us() + (int64_t)wait_ms * 1000;
    int open = 0;
    do {
        int running = 0;
        (void)curl_multi_perform(streams->multi, &running);
        reap(streams);
        int64_t now_us = gx_clock_mono_us();
        open = 0;
        for (size_t i = 0; i < streams->count; i++) {
            struct stream *stream = streams->streams[i];
            if (stream->retry_us != 0 && stream->retry_us <= now_us) {
                connect_stream(stream);
            }
            open += stream->open ? 1 : 0;
        }
        int64_t left_ms = (end_us - now_us) / 1000;
        if (left_ms > 0) {
            (void)curl_multi_poll(streams->multi, NULL, 0, (int)left_ms, NULL);
        }
    } while (gx_clock_mono_us() < end_us);
    return open;
}

void gx_streams_free(struct gx_streams *streams)
{
    if (streams == NULL) {
        return;
    }
    for (size_t i = 0; i < streams->count; i++) {
        struct stream *stream = streams->streams[i];
        (void)curl_multi_remove_handle(streams->multi, stream->curl);
        curl_easy_cleanup(stream->curl);
        curl_slist_free_all(stream->headers);
        free(stream->path);
        free(stream->token);
        free(stream->line.data);
        free(stream->data.data);
        free(stream);
    }
    if (streams->multi != NULL) {
        (void)curl_multi_cleanup(streams->multi);
    }
    free(streams->streams);
    free(streams->base_url);
    free(streams->ca_file);
    free(streams->lang);
    free(streams);
}
