/* SPDX-License-Identifier: Apache-2.0 */
#include "ca.h"

#include "base/id.h"
#include "cli.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CA_DAYS = 3650,
    SERVER_DAYS = 825,
    RENEW_DAYS = 30,
    DAY_S = 86400
};

static bool gnutls_ok(int code, const char *what)
{
    if (code < 0) {
        (void)fprintf(stderr, "genxi: %s: %s\n", what, gnutls_strerror(code));
    }
    return code >= 0;
}

static gnutls_x509_privkey_t load_key(const char *path)
{
    size_t size = 0;
    gnutls_x509_privkey_t key = NULL;
    char *text = cli_read_file(path, &size);
    if (text == NULL) {
        return NULL;
    }
    gnutls_datum_t datum = {(unsigned char *)text, (unsigned)size};
    bool loaded = gnutls_ok(gnutls_x509_privkey_init(&key), path) &&
                  gnutls_ok(gnutls_x509_privkey_import(key, &datum, GNUTLS_X509_FMT_PEM), path);
    free(text);
    if (!loaded) {
        gnutls_x509_privkey_deinit(key);
        return NULL;
    }
    return key;
}

static gnutls_x509_privkey_t make_key(const char *path)
{
    if (cli_exists(path)) {
        return load_key(path);
    }
    gnutls_x509_privkey_t key = NULL;
    gnutls_datum_t pem = {NULL, 0};
    bool made =
        gnutls_ok(gnutls_x509_privkey_init(&key), path) &&
        gnutls_ok(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                               GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                  path) &&
        gnutls_ok(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), path) &&
        cli_write_new(path, (const char *)pem.data, pem.size, 0600);
    gnutls_free(pem.data);
    if (!made) {
        gnutls_x509_privkey_deinit(key);
        return NULL;
    }
    return key;
}

static gnutls_x509_crt_t load_crt(const char *path)
{
    size_t size = 0;
    gnutls_x509_crt_t crt = NULL;
    char *text = cli_read_file(path, &size);
    if (text == NULL) {
        return NULL;
    }
    gnutls_datum_t datum = {(unsigned char *)text, (unsigned)size};
    bool loaded = gnutls_ok(gnutls_x509_crt_init(&crt), path) &&
                  gnutls_ok(gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_PEM), path);
    free(text);
    if (!loaded) {
        gnutls_x509_crt_deinit(crt);
        return NULL;
    }
    return crt;
}

static bool write_crt(gnutls_x509_crt_t crt, const char *path)
{
    gnutls_datum_t pem = {NULL, 0};
    bool written = gnutls_ok(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), path) &&
                   cli_write_new(path, (const char *)pem.data, pem.size, 0644);
    gnutls_free(pem.data);
    return written;
}

/* What both certificates have: version 3, a random serial number, name, times, key. */
static gnutls_x509_crt_t begin_crt(gnutls_x509_privkey_t key, const char *name, int days)
{
    gnutls_x509_crt_t crt = NULL;
    unsigned char serial[16];
    gx_random(serial, sizeof serial);
    serial[0] &= 0x7f;
    time_t now = time(NULL);
    bool begun =
        gnutls_ok(gnutls_x509_crt_init(&crt), name) &&
        gnutls_ok(gnutls_x509_crt_set_version(crt, 3), name) &&
        gnutls_ok(gnutls_x509_crt_set_serial(crt, serial, sizeof serial), name) &&
        gnutls_ok(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                                (unsigned)strlen(name)),
                  name) &&
        gnutls_ok(gnutls_x509_crt_set_activation_time(crt, now - 3600), name) &&
        gnutls_ok(gnutls_x509_crt_set_expiration_time(crt, now + (time_t)days * DAY_S), name) &&
        gnutls_ok(gnutls_x509_crt_set_key(crt, key), name);
    if (!begun) {
        gnutls_x509_crt_deinit(crt);
        return NULL;
    }
    return crt;
}

static gnutls_x509_crt_t make_ca(gnutls_x509_privkey_t key, const char *path)
{
    if (cli_exists(path)) {
        return load_crt(path);
    }
    gnutls_x509_crt_t crt = begin_crt(key, "genxi local authority", CA_DAYS);
    if (crt == NULL) {
        return NULL;
    }
    bool made = gnutls_ok(gnutls_x509_crt_set_basic_constraints(crt, 1, 0), path) &&
                gnutls_ok(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN |
                                                                 GNUTLS_KEY_CRL_SIGN),
                          path) &&
                gnutls_ok(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), path) &&
                write_crt(crt, path);
    if (!made) {
        gnutls_x509_crt_deinit(crt);
        return NULL;
    }
    return crt;
}

static bool add_names(gnutls_x509_crt_t crt, const char *host)
{
    static const char *const ALWAYS[] = {"localhost", "gateway"};
    unsigned char v4[4] = {127, 0, 0, 1};
    unsigned char v6[16] = {[15] = 1};
    unsigned char given[16];
    bool added = true;
    for (size_t i = 0; i < sizeof ALWAYS / sizeof ALWAYS[0]; i++) {
        added = added && gnutls_ok(gnutls_x509_crt_set_subject_alt_name(
                                       crt, GNUTLS_SAN_DNSNAME, ALWAYS[i],
                                       (unsigned)strlen(ALWAYS[i]), GNUTLS_FSAN_APPEND),
                                   ALWAYS[i]);
    }
    added = added &&
            gnutls_ok(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v4, 4,
                                                           GNUTLS_FSAN_APPEND),
                      host) &&
            gnutls_ok(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v6, 16,
                                                           GNUTLS_FSAN_APPEND),
                      host);
    unsigned size = inet_pton(AF_INET, host, given) == 1    ? 4
                    : inet_pton(AF_INET6, host, given) == 1 ? 16
                                                            : 0;
    if (size > 0) {
        return added && gnutls_ok(gnutls_x509_crt_set_subject_alt_name(
                                      crt, GNUTLS_SAN_IPADDRESS, given, size, GNUTLS_FSAN_APPEND),
                                  host);
    }
    return added &&
           gnutls_ok(gnutls_x509_crt_set_subject_alt_name(
                         crt, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host), GNUTLS_FSAN_APPEND),
                     host);
}

static bool still_good(const char *path)
{
    if (!cli_exists(path)) {
        return false;
    }
    gnutls_x509_crt_t crt = load_crt(path);
    if (crt == NULL) {
        return false;
    }
    time_t end = gnutls_x509_crt_get_expiration_time(crt);
    gnutls_x509_crt_deinit(crt);
    return end > time(NULL) + (time_t)RENEW_DAYS * DAY_S;
}

static bool make_server(const char *dir, const char *host, gnutls_x509_crt_t ca,
                        gnutls_x509_privkey_t ca_key)
{
    char key_path[CLI_PATH_SIZE];
    char crt_path[CLI_PATH_SIZE];
    cli_path(key_path, "%s/server.key", dir);
    cli_path(crt_path, "%s/server.crt", dir);
    if (still_good(crt_path) && cli_exists(key_path)) {
        return true;
    }
    (void)unlink(crt_path);
    gnutls_x509_privkey_t key = make_key(key_path);
    gnutls_x509_crt_t crt = key == NULL ? NULL : begin_crt(key, host, SERVER_DAYS);
    bool made =
        crt != NULL && add_names(crt, host) &&
        gnutls_ok(gnutls_x509_crt_set_basic_constraints(crt, 0, -1), host) &&
        gnutls_ok(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE), host) &&
        gnutls_ok(gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0), host) &&
        gnutls_ok(gnutls_x509_crt_sign2(crt, ca, ca_key, GNUTLS_DIG_SHA256, 0), host) &&
        write_crt(crt, crt_path);
    if (crt != NULL) {
        gnutls_x509_crt_deinit(crt);
    }
    if (key != NULL) {
        gnutls_x509_privkey_deinit(key);
    }
    return made;
}

bool cli_ca_make(const char *dir, const char *host)
{
    char key_path[CLI_PATH_SIZE];
    char crt_path[CLI_PATH_SIZE];
    cli_path(key_path, "%s/ca.key", dir);
    cli_path(crt_path, "%s/ca.crt", dir);
    if (!cli_make_dir(dir, 0700)) {
        return false;
    }
    gnutls_x509_privkey_t key = make_key(key_path);
    gnutls_x509_crt_t ca = key == NULL ? NULL : make_ca(key, crt_path);
    bool made = ca != NULL && make_server(dir, host, ca, key);
    if (ca != NULL) {
        gnutls_x509_crt_deinit(ca);
    }
    if (key != NULL) {
        gnutls_x509_privkey_deinit(key);
    }
    return made;
}
