/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/cleanup.h"

#define TEXT(field, value, help)                                                                   \
    {                                                                                              \
#field, GX_SET_TEXT, offsetof(struct gw_settings, field), value, 0, 0, GX_SET_PLAIN, help  \
    }
#define INT(field, value, min, max, help)                                                          \
    {                                                                                              \
#field, GX_SET_INT, offsetof(struct gw_settings, field), value, min, max, GX_SET_PLAIN,    \
            help                                                                                   \
    }

const struct gx_setting GW_SETTINGS[] = {
    TEXT(https_bind, "0.0.0.0", "address to listen on"),
    INT(https_port, "8443", 0, 65535, "port to listen on; 0: any free one, told in the log"),
    TEXT(tls_cert, "", "PEM file with the server's certificate chain"),
    TEXT(tls_key, "", "PEM file with its private key"),
    TEXT(tls_priorities, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", "GnuTLS priority string"),
    INT(http_threads, "2", 1, 64, "threads that serve connections"),
    INT(max_connections, "8192", 16, 100000,
        "open connections, streams included; more are refused"),
    INT(connections_per_address, "4096", 1, 100000, "open connections from one address"),
    INT(idle_seconds, "30", 5, 600,
        "a connection that sends or takes nothing for so long is closed; streams that wait are "
        "not"),
    INT(request_ms, "10000", 100, 60000, "deadline of a command"),
    INT(body_seconds, "60", 5, 600, "a body must have come within"),
    INT(body_bytes, "1048576", 1024, 16777216, "longest body"),
    INT(import_bytes, "16777216", 1024, 67108864, "longest body of an import"),
    INT(rate_per_second, "200", 1, 1000000,
        "requests a second and credential (without one: and address)"),
    INT(rate_burst, "400", 1, 1000000, "requests at once beyond that"),
    INT(lookup_threads, "2", 1, 32,
        "threads, each with a database connection, for credentials and catching up streams"),
    INT(login_threads, "2", 1, 32, "log-ins at a time; each takes 64 MiB for its password hash"),
    INT(session_hours, "12", 1, 720, "life of a session"),
    INT(credential_cache_ms, "2000", 0, 2000,
        "a credential that was looked up is trusted for so long; an end is heard of at once"),
    INT(stream_ring, "20000", 100, 10000000, "events kept in memory for streams"),
    INT(stream_ring_bytes, "67108864", 65536, 4294967296.0,
        "their most memory; older ones are read from the journal"),
    INT(streams_per_subject, "16", 1, 10000, "open streams of one account or key"),
    INT(stream_beat_ms, "15000", 100, 60000, "a silent stream gets a comment line this often"),
    TEXT(door_bind, "0.0.0.0", "address that the ports for devices listen on"),
    INT(door_connections, "12000", 1, 1000000, "open connections of devices; more are refused"),
    INT(door_connections_per_address, "1000", 1, 1000000,
        "open connections of devices from one address"),
    INT(door_idle_seconds, "600", 5, 86400,
        "a device's connection without a frame for so long is closed"),
    INT(door_frame_seconds, "10", 1, 600,
        "a frame must have come within, and the first one after the connection"),
    TEXT(public_url, "",
         "under which phones find the gateway (https://host:port), in enrolment links; empty: as "
         "whoever asks for one did"),
    INT(enrolment_minutes, "30", 1, 1440, "an enrolment link is good for so long, once"),
    INT(jt808_port, "8808", 0, 65535, "port for patrol cars (JT/T 808, TCP); 0: off"),
    INT(dc09_port, "8809", 0, 65535, "port for alarm panels (SIA DC-09, TCP and UDP); 0: off"),
    INT(dc09_late_seconds, "40", 1, 86400,
        "a panel's timestamp may lie so far back; else it is told to set its clock"),
    INT(dc09_early_seconds, "20", 1, 86400, "and so far ahead"),
};
const size_t GW_SETTINGS_COUNT = GX_COUNT_OF(GW_SETTINGS);
