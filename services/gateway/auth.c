/* SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"

#include "base/clock.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADS = 16384,
    KEPT_MAX = 65536,
    ENDED_MAX = 4096
};

struct gw_auth {
    pthread_mutex_t lock;
    int64_t trust_us;
    size_t kept;
    struct gw_credential *heads[HEADS];
    char ended[ENDED_MAX][GX_ID_SIZE]; /* a ring of ids */
    size_t ended_next;
};

struct gw_credential *gw_credential_ref(struct gw_credential *credential)
{
    (void)atomic_fetch_add(&credential->refs, 1);
    return credential;
}

void gw_credential_unref(struct gw_credential *credential)
{
    if (credential != NULL && atomic_fetch_sub(&credential->refs, 1) == 1) {
        free(credential);
    }
}

struct gw_auth *gw_auth_new(int64_t trust_us)
{
    struct gw_auth *auth = calloc(1, sizeof *auth);
    if (auth == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&auth->lock, NULL);
    auth->trust_us = trust_us;
    return auth;
}

static struct gw_credential **head_of(struct gw_auth *auth, const uint8_t *hash)
{
    return &auth->heads[((size_t)hash[0] << 8 | hash[1]) % HEADS];
}

static void drop(struct gw_auth *auth, struct gw_credential **at)
{
    struct gw_credential *credential = *at;
    *at = credential->next;
    credential->next = NULL;
    auth->kept--;
    gw_credential_unref(credential);
}

void gw_auth_free(struct gw_auth *auth)
{
    if (auth == NULL) {
        return;
    }
    for (size_t i = 0; i < HEADS; i++) {
        while (auth->heads[i] != NULL) {
            drop(auth, &auth->heads[i]);
        }
    }
    (void)pthread_mutex_destroy(&auth->lock);
    free(auth);
}

static bool is_fresh(const struct gw_auth *auth, const struct gw_credential *credential,
                     int64_t now_us)
{
    return now_us - credential->looked_up_us < auth->trust_us &&
           (credential->expires_at == 0 || credential->expires_at > gx_clock_wall_ms());
}

struct gw_credential *gw_auth_find(struct gw_auth *auth,
                                   const uint8_t hash[GX_CREDENTIAL_HASH_BYTES], int64_t now_us)
{
    struct gw_credential *found = NULL;
    (void)pthread_mutex_lock(&auth->lock);
    struct gw_credential **at = head_of(auth, hash);
    while (*at != NULL) {
        if (!is_fresh(auth, *at, now_us)) {
            drop(auth, at);
            continue;
        }
        if (memcmp((*at)->hash, hash, GX_CREDENTIAL_HASH_BYTES) == 0) {
            found = gw_credential_ref(*at);
            break;
        }
        at = &(*at)->next;
    }
    (void)pthread_mutex_unlock(&auth->lock);
    return found;
}

static const char *put_text(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = *at;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static struct gw_credential *make(enum gx_credential_kind kind, const uint8_t *hash,
                                  const struct gw_record *record, int64_t now_us)
{
    size_t areas_size = record->area_count * sizeof(int32_t);
    size_t size = areas_size + strlen(record->subject) + strlen(record->org) +
                  strlen(record->responder_id) + strlen(record->lang) + 4;
    struct gw_credential *credential = calloc(1, sizeof *credential + size);
    if (credential == NULL) {
        abort();
    }
    int32_t *areas = (int32_t *)(void *)credential->texts;
    char *texts = credential->texts + areas_size;
    memcpy(areas, record->areas, areas_size);
    atomic_init(&credential->refs, 1);
    (void)snprintf(credential->id, sizeof credential->id, "%s", record->id);
    credential->kind = kind;
    credential->expires_at = record->expires_at;
    credential->looked_up_us = now_us;
    memcpy(credential->hash, hash, GX_CREDENTIAL_HASH_BYTES);
    credential->actor = (struct gx_actor){.roles = record->roles,
                                          .subject = put_text(&texts, record->subject),
                                          .org = put_text(&texts, record->org),
                                          .responder_id = put_text(&texts, record->responder_id),
                                          .areas = areas,
                                          .area_count = record->area_count,
                                          .lang = put_text(&texts, record->lang)};
    return credential;
}

static bool listed_as_ended(const struct gw_auth *auth, const char *id)
{
    for (size_t i = 0; i < ENDED_MAX; i++) {
        if (gx_text_is(auth->ended[i], id)) {
            return true;
        }
    }
    return false;
}

/* Makes room when the table is full: a chain at a time, from where the newcomer goes. */
static void make_room(struct gw_auth *auth, const uint8_t *hash)
{
    size_t start = ((size_t)hash[0] << 8 | hash[1]) % HEADS;
    for (size_t i = 0; i < HEADS && auth->kept >= KEPT_MAX; i++) {
        struct gw_credential **at = &auth->heads[(start + i) % HEADS];
        while (*at != NULL) {
            drop(auth, at);
        }
    }
}

struct gw_credential *gw_auth_keep(struct gw_auth *auth, enum gx_credential_kind kind,
                                   const uint8_t hash[GX_CREDENTIAL_HASH_BYTES],
                                   const struct gw_record *record, int64_t now_us)
{
    struct gw_credential *credential = make(kind, hash, record, now_us);
    (void)pthread_mutex_lock(&auth->lock);
    if (listed_as_ended(auth, credential->id)) {
        atomic_store(&credential->ended, true);
    } else {
        make_room(auth, hash);
        struct gw_credential **head = head_of(auth, hash);
        credential->next = *head;
        *head = gw_credential_ref(credential);
        auth->kept++;
    }
    (void)pthread_mutex_unlock(&auth->lock);
    return credential;
}

void gw_auth_end(struct gw_auth *auth, const char *id)
{
    (void)pthread_mutex_lock(&auth->lock);
    if (!listed_as_ended(auth, id)) {
        (void)snprintf(auth->ended[auth->ended_next], GX_ID_SIZE, "%s", id);
        auth->ended_next = (auth->ended_next + 1) % ENDED_MAX;
    }
    for (size_t i = 0; i < HEADS; i++) {
        struct gw_credential **at = &auth->heads[i];
        while (*at != NULL) {
            if (gx_text_is((*at)->id, id)) {
                atomic_store(&(*at)->ended, true);
                drop(auth, at);
            } else {
                at = &(*at)->next;
            }
        }
    }
    (void)pthread_mutex_unlock(&auth->lock);
}

bool gw_auth_has_ended(struct gw_auth *auth, const char *id)
{
    (void)pthread_mutex_lock(&auth->lock);
    bool ended = listed_as_ended(auth, id);
    (void)pthread_mutex_unlock(&auth->lock);
    return ended;
}
