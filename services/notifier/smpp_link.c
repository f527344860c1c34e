/* SPDX-License-Identifier: Apache-2.0 */
#include "smpp_link.h"

#include "base/clock.h"
#include "base/log.h"
#include "metrics.h"
#include "smpp_pdu.h"
#include "sms_text.h"
#include "store.h"
#include "tell.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ARENA_BYTES = 4 * 1024 * 1024,
    BUFFER_BYTES = 2 * SMPP_PDU_MAX,
    OUT_BYTES = 65536,
    TURN_MS = 100,
    LOOK_MS = 200,
    FIRST_PAUSE_MS = 500,
    MOST_PAUSE_MS = 30000,
    FIRST_THROTTLE_MS = 1000,
    LEASE_SLACK_MS = 15000,
};
static const uint32_t SEQUENCE_LAST = 0x7fffffff;

enum link_state {
    LINK_DOWN,
    LINK_CONNECTING,
    LINK_BINDING,
    LINK_BOUND
};

/* One short message on its way: its parts are consecutive in sequence. */
struct link_message {
    bool busy;
    char id[GX_ID_SIZE];
    char lease_id[GX_ID_SIZE];
    uint32_t first_sequence;
    size_t parts;
    size_t answered;
    int64_t answer_by_us;
    char centre_ids[SMS_PARTS_MAX][SMPP_ID_SIZE];
    bool throttled;
    uint32_t refused; /* status of a refusal, 0: none */
};

struct smpp_link {
    pthread_t thread;
    _Atomic bool stopping;
    const struct notifier_settings *settings;
    char host[256];
    char port[16];
    char password[9];
    struct gx_background *database;
    struct gx_ctx ctx;
    int fd;
    enum link_state state;
    int64_t pause_ms;
    int64_t connect_at_us;
    int64_t state_until_us; /* connecting and binding end by then */
    int64_t heard_at_us;
    int64_t enquired_at_us; /* 0: no enquire_link without answer */
    int64_t look_at_us;
    int64_t throttle_ms;
    uint32_t sequence;
    uint8_t reference;
    struct link_message *messages;
    size_t message_count;
    uint8_t in[BUFFER_BYTES];
    size_t in_size;
    uint8_t out[OUT_BYTES];
    size_t out_size;
};

static struct smpp_link *running;

static int64_t after(int64_t ms)
{
    return gx_clock_mono_us() + ms * 1000;
}

static void link_ctx_reset(struct smpp_link *self, const char *label)
{
    gx_ctx_reset(&self->ctx);
    self->ctx.label = label;
    self->ctx.deadline_ms = gx_clock_wall_ms() + 5000;
    (void)gx_trace_new(self->ctx.traceparent);
}

/* `count` numbers in a row; returns the first. */
static uint32_t take_sequence(struct smpp_link *self, uint32_t count)
{
    if (self->sequence > SEQUENCE_LAST - count) {
        self->sequence = 1;
    }
    uint32_t first = self->sequence;
    self->sequence += count;
    return first;
}

/* Puts a packet into the out buffer; false when it has no room. */
static bool queue_pdu(struct smpp_link *self, const struct smpp_pdu *pdu)
{
    size_t size =
        smpp_pdu_write(pdu, self->out + self->out_size, sizeof self->out - self->out_size);
    self->out_size += size;
    return size > 0;
}

static void answer(struct smpp_link *self, uint32_t command, uint32_t status, uint32_t sequence)
{
    const struct smpp_pdu pdu = {.command = command, .status = status, .sequence = sequence};
    (void)queue_pdu(self, &pdu);
}

/* --- the end of a message --- */

struct message_work {
    struct link_message *message;
    int64_t retry_ms;
};

static enum gx_rc message_sent(struct gx_ctx *ctx, const struct link_message *message)
{
    char forms[SMPP_ID_FORMS][SMPP_ID_SIZE];
    const struct notifier_move move = {
        .id = message->id,
        .from = {GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING},
        .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_SENT,
        .sent_at = gx_tx_now_ms(ctx),
    };
    struct notifier_delivery *moved = NULL;
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < message->parts && rc == GX_OK; i++) {
        (void)smpp_id_forms(message->centre_ids[i], forms);
        rc = notifier_store_sms_part_put(ctx, message->id, i + 1, message->parts, forms[0]);
    }
    if (rc == GX_OK) {
        rc = notifier_store_delivery_move(ctx, &move, &moved);
    }
    if (rc == GX_OK && moved != NULL) {
        notifier_count(METRIC_SMS_SENT);
        rc = notifier_tell_changed(ctx, moved);
    }
    return rc;
}

/* All parts are answered, or none will be any more. */
static enum gx_rc message_over_fn(void *arg, struct gx_ctx *ctx)
{
    const struct message_work *work = arg;
    const struct link_message *message = work->message;
    struct notifier_delivery *delivery = NULL;
    char error[32];
    bool whole = message->answered == message->parts && !message->throttled;
    if (whole && message->refused == 0) {
        return message_sent(ctx, message);
    }
    enum gx_rc rc = notifier_store_try_over(ctx, message->id, message->lease_id, &delivery);
    if (rc != GX_OK || delivery == NULL) {
        return rc;
    }
    if (message->refused != 0) {
        (void)snprintf(error, sizeof error, "SMPP status 0x%x", message->refused);
        return notifier_sms_failed(ctx, delivery, error);
    }
    return notifier_store_try_again(ctx, message->id, work->retry_ms,
                                    message->throttled ? "throttled" : "no answer");
}

static void message_over(struct smpp_link *self, struct link_message *message, int64_t retry_ms)
{
    struct message_work work = {message, retry_ms};
    link_ctx_reset(self, "sms_over");
    enum gx_rc rc = gx_background_run(self->database, &self->ctx, message_over_fn, &work);
    if (rc != GX_OK) {
        /* The lease ends by itself and the message goes out once more: better twice than never. */
        gx_log(&self->ctx, GX_WARN, "sms-outcome-lost",
               "the answer of the SMS centre was not written down: %s", gx_rc_name(rc));
    }
    message->busy = false;
}

static void link_down(struct smpp_link *self, const char *why)
{
    if (self->state == LINK_DOWN) {
        return;
    }
    gx_log(NULL, GX_WARN, "smpp-down", "the link to the SMS centre is down: %s", why);
    (void)close(self->fd);
    self->fd = -1;
    self->state = LINK_DOWN;
    gx_metric_set(&notifier_metrics[METRIC_SMPP_UP], 0);
    self->in_size = 0;
    self->out_size = 0;
    self->connect_at_us = after(self->pause_ms);
    self->pause_ms = self->pause_ms * 2 > MOST_PAUSE_MS ? MOST_PAUSE_MS : self->pause_ms * 2;
    for (size_t i = 0; i < self->message_count; i++) {
        if (self->messages[i].busy) {
            message_over(self, &self->messages[i], 0);
        }
    }
}

/* --- connecting --- */

static void bind_begin(struct smpp_link *self)
{
    struct smpp_pdu pdu = {
        .command = SMPP_BIND_TRANSCEIVER,
        .sequence = take_sequence(self, 1),
        .interface_version = 0x34,
    };
    (void)snprintf(pdu.system_id, sizeof pdu.system_id, "%s", self->settings->smpp_system_id);
    (void)snprintf(pdu.password, sizeof pdu.password, "%s", self->password);
    (void)snprintf(pdu.system_type, sizeof pdu.system_type, "%s", self->settings->smpp_system_type);
    self->state = LINK_BINDING;
    self->state_until_us = after(self->settings->smpp_response_ms);
    (void)queue_pdu(self, &pdu);
}

static void connect_begin(struct smpp_link *self)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    self->connect_at_us = after(self->pause_ms);
    if (getaddrinfo(self->host, self->port, &hints, &found) != 0) {
        gx_log(NULL, GX_WARN, "smpp-address", "the SMS centre's name has no address");
        return;
    }
    self->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd >= 0) {
        int on = 1;
        (void)setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        self->state = LINK_CONNECTING;
        self->state_until_us = after(self->settings->smpp_response_ms);
        if (connect(self->fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) {
            link_down(self, strerror(errno));
        }
    }
    freeaddrinfo(found);
}

static void connect_end(struct smpp_link *self)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        link_down(self, strerror(error));
        return;
    }
    self->heard_at_us = gx_clock_mono_us();
    self->enquired_at_us = 0;
    bind_begin(self);
}

/* --- packets that come in --- */

static void on_bound(struct smpp_link *self, const struct smpp_pdu *pdu)
{
    if (self->state != LINK_BINDING) {
        return;
    }
    if (pdu->status != SMPP_OK) {
        gx_log(NULL, GX_ERROR, "smpp-bind", "the SMS centre refuses us with status 0x%x",
               pdu->status);
        link_down(self, "bind refused");
        return;
    }
    self->state = LINK_BOUND;
    self->pause_ms = FIRST_PAUSE_MS;
    self->look_at_us = 0;
    gx_metric_set(&notifier_metrics[METRIC_SMPP_UP], 1);
    gx_log(NULL, GX_INFO, "smpp-up", "bound to the SMS centre");
}

static struct link_message *message_of(struct smpp_link *self, uint32_t sequence)
{
    for (size_t i = 0; i < self->message_count; i++) {
        struct link_message *message = &self->messages[i];
        if (message->busy && sequence >= message->first_sequence &&
            sequence - message->first_sequence < message->parts) {
            return message;
        }
    }
    return NULL;
}

static void on_submitted(struct smpp_link *self, const struct smpp_pdu *pdu)
{
    struct link_message *message = message_of(self, pdu->sequence);
    if (message == NULL) {
        return;
    }
    message->answered++;
    if (pdu->status == SMPP_THROTTLED || pdu->status == SMPP_QUEUE_FULL) {
        message->throttled = true;
        notifier_count(METRIC_SMPP_THROTTLED);
    } else if (pdu->status != SMPP_OK) {
        message->refused = pdu->status;
    } else {
        memcpy(message->centre_ids[pdu->sequence - message->first_sequence], pdu->message_id,
               SMPP_ID_SIZE);
    }
    if (message->answered < message->parts) {
        return;
    }
    if (message->throttled) {
        /* Nothing at all is sent for a while, longer each time, until one is taken again. */
        self->throttle_ms = self->throttle_ms == 0 ? FIRST_THROTTLE_MS : self->throttle_ms * 2;
        self->throttle_ms = self->throttle_ms > MOST_PAUSE_MS ? MOST_PAUSE_MS : self->throttle_ms;
        self->look_at_us = after(self->throttle_ms);
    } else {
        self->throttle_ms = 0;
    }
    message_over(self, message, self->throttle_ms);
}

static enum gx_rc receipt_fn(void *arg, struct gx_ctx *ctx)
{
    const struct smpp_receipt *receipt = arg;
    char forms[SMPP_ID_FORMS][SMPP_ID_SIZE];
    const char *pointers[SMPP_ID_FORMS];
    size_t count = smpp_id_forms(receipt->id, forms);
    for (size_t i = 0; i < count; i++) {
        pointers[i] = forms[i];
    }
    char *id = NULL;
    bool whole = false;
    struct notifier_delivery *delivery = NULL;
    enum gx_rc rc = notifier_store_sms_receipt(ctx, pointers, count, &id, &whole);
    if (rc != GX_OK || id == NULL) {
        return rc;
    }
    if (receipt->outcome == SMPP_OUTCOME_DELIVERED && !whole) {
        return GX_OK;
    }
    rc = notifier_store_delivery_peek(ctx, id, &delivery);
    if (rc != GX_OK || delivery == NULL) {
        return rc;
    }
    return receipt->outcome == SMPP_OUTCOME_DELIVERED
               ? notifier_receipted(ctx, delivery, gx_tx_now_ms(ctx))
               : notifier_sms_failed(ctx, delivery, "not delivered");
}

static void on_delivered(struct smpp_link *self, const struct smpp_pdu *pdu)
{
    struct smpp_receipt receipt;
    uint32_t status = SMPP_OK;
    if (!smpp_receipt_read(pdu, &receipt)) {
        notifier_count(METRIC_SMPP_INCOMING);
        gx_log(NULL, GX_INFO, "smpp-incoming",
               "a short message from a phone was answered and not read");
    } else if (receipt.outcome != SMPP_OUTCOME_NONE) {
        link_ctx_reset(self, "sms_receipt");
        enum gx_rc rc = gx_background_run(self->database, &self->ctx, receipt_fn, &receipt);
        if (rc != GX_OK) {
            gx_log(&self->ctx, GX_WARN, "sms-receipt-later",
                   "a receipt could not be written down: %s", gx_rc_name(rc));
            status = SMPP_TEMPORARY; /* the centre sends it again */
        }
    }
    answer(self, SMPP_DELIVER_SM | SMPP_RESPONSE, status, pdu->sequence);
}

static void on_pdu(struct smpp_link *self, const struct smpp_pdu *pdu)
{
    switch (pdu->command) {
    case SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE:
        on_bound(self, pdu);
        break;
    case SMPP_SUBMIT_SM | SMPP_RESPONSE:
        on_submitted(self, pdu);
        break;
    case SMPP_DELIVER_SM:
        on_delivered(self, pdu);
        break;
    case SMPP_ENQUIRE_LINK:
        answer(self, SMPP_ENQUIRE_LINK | SMPP_RESPONSE, SMPP_OK, pdu->sequence);
        break;
    case SMPP_ENQUIRE_LINK | SMPP_RESPONSE:
        self->enquired_at_us = 0;
        break;
    case SMPP_UNBIND:
        answer(self, SMPP_UNBIND | SMPP_RESPONSE, SMPP_OK, pdu->sequence);
        (void)send(self->fd, self->out, self->out_size, MSG_NOSIGNAL);
        link_down(self, "unbound by the SMS centre");
        break;
    case SMPP_GENERIC_NACK:
        if (message_of(self, pdu->sequence) != NULL) {
            struct smpp_pdu refusal = *pdu;
            refusal.status = pdu->status == SMPP_OK ? SMPP_INVALID_COMMAND : pdu->status;
            on_submitted(self, &refusal);
        }
        break;
    default: /* an answer to nothing we asked */
        break;
    }
}

static void read_packets(struct smpp_link *self)
{
    size_t at = 0;
    while (self->state >= LINK_BINDING) {
        struct smpp_pdu pdu;
        size_t size = 0;
        const struct gx_view bytes = {self->in + at, self->in_size - at};
        enum smpp_read read = smpp_pdu_read(bytes, &pdu, &size);
        if (read == SMPP_READ_MORE) {
            break;
        }
        if (read == SMPP_READ_BROKEN && size == 0) {
            link_down(self, "not SMPP");
            return;
        }
        at += size;
        if (read == SMPP_READ_OK) {
            on_pdu(self, &pdu);
        } else if ((pdu.command & SMPP_RESPONSE) == 0) {
            answer(self, SMPP_GENERIC_NACK,
                   read == SMPP_READ_UNKNOWN ? SMPP_INVALID_COMMAND : SMPP_INVALID_LENGTH,
                   pdu.sequence);
        }
    }
    if (self->state != LINK_DOWN && at > 0) {
        memmove(self->in, self->in + at, self->in_size - at);
        self->in_size -= at;
    }
}

static void link_read(struct smpp_link *self)
{
    ssize_t size = recv(self->fd, self->in + self->in_size, sizeof self->in - self->in_size, 0);
    if (size > 0) {
        self->heard_at_us = gx_clock_mono_us();
        self->in_size += (size_t)size;
        read_packets(self);
    } else if (size == 0) {
        link_down(self, "closed by the SMS centre");
    } else if (errno != EAGAIN && errno != EINTR) {
        link_down(self, strerror(errno));
    }
}

static void link_write(struct smpp_link *self)
{
    if (self->out_size == 0 || self->state < LINK_BINDING) {
        return;
    }
    ssize_t size = send(self->fd, self->out, self->out_size, MSG_NOSIGNAL);
    if (size > 0) {
        memmove(self->out, self->out + size, self->out_size - (size_t)size);
        self->out_size -= (size_t)size;
    } else if (size < 0 && errno != EAGAIN && errno != EINTR) {
        link_down(self, strerror(errno));
    }
}

/* --- sending --- */

struct send_work {
    struct smpp_link *link;
    const struct notifier_sms *sms;
    struct link_message *message;
    const char *lease_id;
    const struct sms *text;
};

static bool queue_parts(struct smpp_link *self, struct link_message *message,
                        const struct notifier_sms *sms, const struct sms *text)
{
    const struct notifier_settings *settings = self->settings;
    size_t out_size = self->out_size;
    struct smpp_pdu pdu = {
        .command = SMPP_SUBMIT_SM,
        .source = {.ton = (uint8_t)settings->smpp_source_ton,
                   .npi = (uint8_t)settings->smpp_source_npi},
        .destination = {.ton = (uint8_t)settings->smpp_destination_ton,
                        .npi = (uint8_t)settings->smpp_destination_npi},
        .esm_class = text->count > 1 ? SMPP_ESM_UDH : 0,
        .registered_delivery = 1,
        .data_coding = text->data_coding,
    };
    const char *phone = sms->phone[0] == '+' ? sms->phone + 1 : sms->phone;
    (void)snprintf(pdu.source.number, sizeof pdu.source.number, "%s", settings->smpp_source);
    (void)snprintf(pdu.destination.number, sizeof pdu.destination.number, "%s", phone);
    message->first_sequence = take_sequence(self, (uint32_t)text->count);
    for (size_t i = 0; i < text->count; i++) {
        pdu.sequence = message->first_sequence + (uint32_t)i;
        pdu.text = (struct gx_view){text->parts[i].bytes, text->parts[i].size};
        if (!queue_pdu(self, &pdu)) {
            self->out_size = out_size; /* all parts or none */
            return false;
        }
    }
    return true;
}

/*
 * The last look: the offer is locked as open and the delivery as ours, and only then the message goes out. An acceptance that is already
 * known prevents it; one that comes while the lock is held comes after the message.
 */
static enum gx_rc send_fn(void *arg, struct gx_ctx *ctx)
{
    struct send_work *work = arg;
    bool open = false;
    bool held = false;
    enum gx_rc rc = notifier_store_offer_open(ctx, work->sms->offer_id, &open);
    if (rc == GX_OK) {
        rc = notifier_store_sms_held(ctx, work->sms->id, work->lease_id, &held);
    }
    if (rc != GX_OK || !held ||
        work->message->busy) { /* busy: sent already, this is a repetition of the transaction */
        return rc;
    }
    if (!open) {
        const struct notifier_move move = {
            .id = work->sms->id,
            .from = {GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING},
            .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_CANCELLED,
        };
        struct notifier_delivery *moved = NULL;
        notifier_count(METRIC_SMS_CANCELLED);
        return notifier_store_delivery_move(ctx, &move, &moved);
    }
    if (!queue_parts(work->link, work->message, work->sms, work->text)) {
        return notifier_store_release(ctx, work->sms->id, work->lease_id);
    }
    work->message->busy = true;
    link_write(work->link);
    return GX_OK;
}

static char *text_of(struct smpp_link *self, const struct notifier_sms *sms)
{
    const char *mark = sms->exercise ? "【演练】" : "";
    const char *text = self->settings->sms_text;
    const char *place = strstr(text, "{number}");
    if (place == NULL) {
        return gx_arena_printf(&self->ctx.arena, "%s%s", mark, text);
    }
    return gx_arena_printf(&self->ctx.arena, "%s%.*s%s%s", mark, (int)(place - text), text,
                           sms->number, place + strlen("{number}"));
}

static void send_one(struct smpp_link *self, const struct notifier_sms *sms, const char *lease_id)
{
    struct sms text;
    const char *words = text_of(self, sms);
    struct link_message *message = NULL;
    for (size_t i = 0; i < self->message_count && message == NULL; i++) {
        message = self->messages[i].busy ? NULL : &self->messages[i];
    }
    if (message == NULL || words == NULL || sms_encode(words, self->reference++, &text) != GX_OK) {
        gx_log(&self->ctx, GX_ERROR, "sms-text",
               "the short message cannot be encoded; see the setting sms_text");
        return;
    }
    *message = (struct link_message){.parts = text.count,
                                     .answer_by_us = after(self->settings->smpp_response_ms)};
    (void)snprintf(message->id, sizeof message->id, "%s", sms->id);
    (void)snprintf(message->lease_id, sizeof message->lease_id, "%s", lease_id);
    struct send_work work = {self, sms, message, lease_id, &text};
    enum gx_rc rc = gx_background_run(self->database, &self->ctx, send_fn, &work);
    if (rc != GX_OK) {
        gx_log(&self->ctx, GX_WARN, "sms-send", "the database did not agree to a short message: %s",
               gx_rc_name(rc));
    }
}

struct claim_work {
    struct notifier_claim_ask ask;
    struct notifier_sms *sms;
    size_t count;
};

static enum gx_rc claim_fn(void *arg, struct gx_ctx *ctx)
{
    struct claim_work *work = arg;
    return notifier_store_sms_claim(ctx, &work->ask, &work->sms, &work->count);
}

static void send_due(struct smpp_link *self)
{
    char lease_id[GX_ID_SIZE];
    size_t room = 0;
    for (size_t i = 0; i < self->message_count; i++) {
        room += self->messages[i].busy ? 0 : 1;
    }
    if (room == 0 || gx_clock_mono_us() < self->look_at_us) {
        return;
    }
    struct claim_work work = {.ask = {.lease_id = gx_id_new(lease_id), .room = room}};
    work.ask.lease_ms = self->settings->smpp_response_ms + LEASE_SLACK_MS;
    self->look_at_us = after(LOOK_MS);
    link_ctx_reset(self, "sms_send");
    if (gx_background_run(self->database, &self->ctx, claim_fn, &work) != GX_OK) {
        return;
    }
    for (size_t i = 0; i < work.count && self->state == LINK_BOUND; i++) {
        send_one(self, &work.sms[i], lease_id);
    }
}

/* --- the thread --- */

static void keep_alive(struct smpp_link *self)
{
    int64_t now_us = gx_clock_mono_us();
    int64_t patience_us = self->settings->smpp_response_ms * 1000;
    if ((self->state == LINK_CONNECTING || self->state == LINK_BINDING) &&
        now_us > self->state_until_us) {
        link_down(self, "no answer to the bind");
    }
    if (self->state != LINK_BOUND) {
        return;
    }
    for (size_t i = 0; i < self->message_count; i++) {
        if (self->messages[i].busy && now_us > self->messages[i].answer_by_us) {
            link_down(self, "a message had no answer");
            return;
        }
    }
    if (self->enquired_at_us != 0 && now_us - self->enquired_at_us > patience_us) {
        link_down(self, "enquire_link had no answer");
    } else if (self->enquired_at_us == 0 &&
               now_us - self->heard_at_us > self->settings->smpp_enquire_ms * 1000) {
        const struct smpp_pdu pdu = {.command = SMPP_ENQUIRE_LINK,
                                     .sequence = take_sequence(self, 1)};
        (void)queue_pdu(self, &pdu);
        self->enquired_at_us = now_us;
    }
}

static void link_turn(struct smpp_link *self)
{
    if (self->state == LINK_DOWN && gx_clock_mono_us() >= self->connect_at_us) {
        connect_begin(self);
    }
    if (self->state == LINK_BOUND) {
        send_due(self);
    }
    keep_alive(self);
    link_write(self);
    if (self->state == LINK_DOWN) {
        (void)poll(NULL, 0, TURN_MS);
        return;
    }
    bool wants_write = self->state == LINK_CONNECTING || self->out_size > 0;
    struct pollfd entry = {.fd = self->fd, .events = (short)(POLLIN | (wants_write ? POLLOUT : 0))};
    if (poll(&entry, 1, TURN_MS) <= 0) {
        return;
    }
    if (self->state == LINK_CONNECTING) {
        connect_end(self);
    } else if ((entry.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        link_read(self);
    }
}

static void *link_main(void *arg)
{
    struct smpp_link *self = arg;
    while (!atomic_load(&self->stopping)) {
        link_turn(self);
    }
    if (self->state == LINK_BOUND) {
        const struct smpp_pdu pdu = {.command = SMPP_UNBIND, .sequence = take_sequence(self, 1)};
        (void)queue_pdu(self, &pdu);
        link_write(self);
    }
    link_down(self, "this service stops");
    return NULL;
}

static bool read_password(struct smpp_link *self, const char *path)
{
    if (path[0] == '\0') {
        return true;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    char line[64];
    bool read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    if (!read) {
        return false;
    }
    size_t size = strcspn(line, "\r\n");
    if (size >= sizeof self->password) {
        return false;
    }
    memcpy(self->password, line, size);
    return true;
}

/* "host:port" or "[v6]:port". */
static bool read_address(struct smpp_link *self, const char *address)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || colon[1] == '\0' ||
        strlen(colon + 1) >= sizeof self->port) {
        return false;
    }
    size_t size = (size_t)(colon - address);
    if (address[0] == '[' && colon[-1] == ']') {
        address++;
        size -= 2;
    }
    if (size == 0 || size >= sizeof self->host) {
        return false;
    }
    memcpy(self->host, address, size);
    memcpy(self->port, colon + 1, strlen(colon + 1));
    return true;
}

/* What would only be seen at the first offer without a receipt must be seen at start. */
static bool text_fits(const char *text)
{
    struct sms sms;
    char words[512];
    int size = snprintf(words, sizeof words, "【演练】%s", text);
    return size > 0 && (size_t)size < sizeof words && text[0] != '\0' &&
           sms_encode(words, 0, &sms) == GX_OK;
}

static const char *wrong_setting(struct smpp_link *self, const struct notifier_settings *settings)
{
    const struct smpp_pdu *sizes = NULL;
    if (!read_address(self, settings->smpp_address)) {
        return "smpp_address";
    }
    if (!read_password(self, settings->smpp_password_file)) {
        return "smpp_password_file";
    }
    if (strlen(settings->smpp_system_id) >= sizeof sizes->system_id) {
        return "smpp_system_id";
    }
    if (strlen(settings->smpp_system_type) >= sizeof sizes->system_type) {
        return "smpp_system_type";
    }
    if (strlen(settings->smpp_source) >= sizeof sizes->source.number) {
        return "smpp_source";
    }
    return text_fits(settings->sms_text) ? NULL : "sms_text";
}

static enum gx_rc link_make(struct smpp_link *self)
{
    const struct notifier_settings *settings = &notifier_settings;
    const char *wrong = wrong_setting(self, settings);
    if (wrong != NULL) {
        gx_log(NULL, GX_ERROR, "notifier-setting", "the setting %s cannot be read", wrong);
        return GX_INVALID;
    }
    self->settings = settings;
    self->fd = -1;
    self->sequence = 1;
    self->pause_ms = FIRST_PAUSE_MS;
    self->message_count = (size_t)settings->smpp_window;
    self->messages = calloc(self->message_count, sizeof *self->messages);
    return self->messages == NULL ? GX_INTERNAL : gx_background_open(&self->database);
}

static void link_free(struct smpp_link *self)
{
    gx_background_free(self->database);
    gx_ctx_done(&self->ctx);
    free(self->messages);
    free(self);
}

enum gx_rc smpp_link_start(const struct gx_common_settings *common)
{
    (void)common;
    if (!notifier_sms_on(&notifier_settings)) {
        return GX_OK;
    }
    struct smpp_link *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return GX_INTERNAL;
    }
    gx_ctx_init(&self->ctx, ARENA_BYTES);
    enum gx_rc rc = link_make(self);
    if (rc == GX_OK && pthread_create(&self->thread, NULL, link_main, self) != 0) {
        rc = GX_INTERNAL;
    }
    if (rc != GX_OK) {
        link_free(self);
        return rc;
    }
    running = self;
    return GX_OK;
}

void smpp_link_stop(void)
{
    struct smpp_link *self = running;
    if (self == NULL) {
        return;
    }
    running = NULL;
    atomic_store(&self->stopping, true);
    (void)pthread_join(self->thread, NULL);
    link_free(self);
}
