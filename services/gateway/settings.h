/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_SETTINGS_H
#define GATEWAY_SETTINGS_H

#include "chassis/settings.h"

struct gw_settings {
    const char *https_bind;
    int64_t https_port;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_priorities;
    int64_t http_threads;
    int64_t max_connections;
    int64_t connections_per_address;
    int64_t idle_seconds;
    int64_t request_ms;
    int64_t body_seconds;
    int64_t body_bytes;
    int64_t import_bytes;
    int64_t rate_per_second;
    int64_t rate_burst;
    int64_t lookup_threads;
    int64_t login_threads;
    int64_t session_hours;
    int64_t credential_cache_ms;
    int64_t stream_ring;
    int64_t stream_ring_bytes;
    int64_t streams_per_subject;
    int64_t stream_beat_ms;
    const char *door_bind;
    int64_t door_connections;
    int64_t door_connections_per_address;
    int64_t door_idle_seconds;
    int64_t door_frame_seconds;
    const char *public_url;
    int64_t enrolment_minutes;
    int64_t jt808_port;
    int64_t dc09_port;
    int64_t dc09_late_seconds;
    int64_t dc09_early_seconds;
};

extern const struct gx_setting GW_SETTINGS[];
extern const size_t GW_SETTINGS_COUNT;

#endif
