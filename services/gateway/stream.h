/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open event streams. Each holds a place in the ring, no copy of events; text is made when its client can take it. What a stream sends:
 *   - a resumed stream first everything after its Last-Event-ID that the caller may see, from the ring or, if that begins later, from the
 *     journal; then live events. Per area the order is strict and without a gap; an event is sent once.
 *   - every event bears as id the vector of all that the stream has passed, seen or not; passing events (positions) bear none.
 *   - a client that reads so slowly that the ring overtakes it is closed: it resumes by its id from the journal.
 * A stream that has nothing to send sleeps (its connection is suspended) and is woken only by what its caller may see.
 */
#ifndef GATEWAY_STREAM_H
#define GATEWAY_STREAM_H

#include "auth.h"
#include "pool.h"
#include "ring.h"

#include <sys/types.h>

enum {
    GW_STREAM_TYPES_MAX = 64,
    GW_STREAM_END = -1
};

struct gw_streams;
struct gw_stream;

struct gw_streams_settings {
    struct gw_ring *ring;
    struct gw_auth *auth;
    struct gw_pool *pool; /* reads the journal for streams that resume before the ring */
    int64_t beat_us;
    int64_t per_subject;
    void (*suspend)(void *connection);
    void (*resume)(void *connection);
};

struct gw_stream_wish {
    struct gw_credential *credential; /* borrowed; the stream takes a reference of its own */
    const char *last_id;              /* Last-Event-ID, or NULL */
    const char *types;                /* "offer.made,offer.ended", or NULL for all */
    bool exercise;                    /* ?exercise=true */
    void *connection;                 /* for suspend and resume */
};

struct gw_streams *gw_streams_new(const struct gw_streams_settings *settings);
/* All streams must be freed before. */
void gw_streams_free(struct gw_streams *streams);
/* Floors of the journal, as of the last look: a resume before them is refused. */
void gw_streams_set_floors(struct gw_streams *streams, const struct gw_vector *floors);

/* Faults: STREAM_POSITION, STREAM_RETENTION, FIELD_CHOICE (types), RATE_LIMIT (too many open), UNAUTHENTICATED (just ended). */
enum gx_rc gw_stream_open(struct gw_streams *streams, struct gx_ctx *ctx,
                          const struct gw_stream_wish *wish, struct gw_stream **ret_stream);
/* Bytes into data; 0: none now, the connection was suspended; GW_STREAM_END. A content reader of libmicrohttpd. */
ssize_t gw_stream_read(void *stream, uint64_t offset, char *data, size_t room);
void gw_stream_free(void *stream);

/* Called by the hub. */
void gw_streams_notify(struct gw_streams *streams,
                       uint64_t position); /* an event was appended there */
void gw_streams_end(struct gw_streams *streams, const char *credential_id);
void gw_streams_beat(struct gw_streams *streams, int64_t now_us); /* at least each second */
void gw_streams_close_all(struct gw_streams *streams);
size_t gw_streams_count(struct gw_streams *streams);
/* Ids of the credentials of all streams, each once, into ctx's arena. */
const char **gw_streams_credentials(struct gw_streams *streams, struct gx_ctx *ctx,
                                    size_t *ret_count);

#endif
