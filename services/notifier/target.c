/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Every address is looked at as IPv6; IPv4 as ::ffff:a.b.c.d, with 96 added to the bits. */
struct range {
    const char *network;
    int bits;
    bool always; /* refused even where private targets are allowed */
};

static const struct range REFUSED_4[] = {
    {"0.0.0.0", 8, true},         /* "this" network */
    {"10.0.0.0", 8, false},       /* private */
    {"100.64.0.0", 10, false},    /* carrier-grade NAT; a cloud's metadata at 100.100.100.200 */
    {"127.0.0.0", 8, false},      /* loopback */
    {"168.63.129.16", 32, false}, /* a cloud's metadata on a public address */
    {"169.254.0.0", 16, false},   /* link-local; metadata at 169.254.169.254 */
    {"172.16.0.0", 12, false},    /* private */
    {"192.0.0.0", 24, false},     /* protocol assignments */
    {"192.0.2.0", 24, false},     /* documentation */
    {"192.88.99.0", 24, false},   /* 6to4 relay */
    {"192.168.0.0", 16, false},   /* private */
    {"198.18.0.0", 15, false},    /* benchmarks */
    {"198.51.100.0", 24, false},  /* documentation */
    {"203.0.113.0", 24, false},   /* documentation */
    {"224.0.0.0", 4, true},       /* multicast */
    {"240.0.0.0", 4, true},       /* reserved, broadcast */
};
/* Beside these everything outside 2000::/3 is refused: loopback, unspecified, mapped, NAT64, unique local, link-local. */
static const struct range REFUSED_6[] = {
    {"2001::", 23, false},     /* Teredo, ORCHID, protocol assignments */
    {"2001:db8::", 32, false}, /* documentation */
    {"2002::", 16, false},     /* 6to4 */
    {"3fff::", 20, false},     /* documentation */
    {"ff00::", 8, true},       /* multicast */
    {"::", 128, true},         /* unspecified */
};

static const uint8_t MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool matches(const uint8_t address[16], const uint8_t network[16], int bits)
{
    size_t whole = (size_t)bits / 8;
    if (memcmp(address, network, whole) != 0) {
        return false;
    }
    int rest = bits % 8;
    if (rest == 0) {
        return true;
    }
    unsigned mask = 0xffU << (8 - rest) & 0xffU;
    return ((unsigned)address[whole] & mask) == ((unsigned)network[whole] & mask);
}

/* Text of either family into 16 bytes; the number of bits that an IPv4 prefix is moved by, or -1. */
static int address_parse(const char *text, uint8_t bytes[16])
{
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        return 0;
    }
    memcpy(bytes, MAPPED, sizeof MAPPED);
    return inet_pton(AF_INET, text, bytes + 12) == 1 ? 96 : -1;
}

static bool in_ranges(const uint8_t address[16], const struct range *ranges, size_t count,
                      bool only_always)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t network[16];
        int moved = address_parse(ranges[i].network, network);
        if ((ranges[i].always || !only_always) &&
            matches(address, network, ranges[i].bits + moved)) {
            return true;
        }
    }
    return false;
}

static enum gx_rc cidr_parse(const char *text, size_t size, struct target_cidr *ret_cidr)
{
    char copy[64];
    if (size == 0 || size >= sizeof copy) {
        return GX_INVALID;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    char *slash = strchr(copy, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    int moved = address_parse(copy, ret_cidr->bytes);
    if (moved < 0) {
        return GX_INVALID;
    }
    int64_t bits = 128 - moved;
    if (slash != NULL && gx_parse_int(slash + 1, 0, 128 - moved, &bits) != 0) {
        return GX_INVALID;
    }
    ret_cidr->bits = (int)bits + moved;
    return GX_OK;
}

enum gx_rc target_policy_parse(const char *cidrs, struct target_policy *policy)
{
    policy->allowed_count = 0;
    const char *at = cidrs == NULL ? "" : cidrs;
    while (*at != '\0') {
        at += strspn(at, ", ");
        size_t size = strcspn(at, ", ");
        if (size == 0) {
            break;
        }
        if (policy->allowed_count == TARGET_CIDR_MAX ||
            cidr_parse(at, size, &policy->allowed[policy->allowed_count]) != GX_OK) {
            return GX_INVALID;
        }
        policy->allowed_count++;
        at += size;
    }
    return GX_OK;
}

static const char *part(CURLU *url, CURLUPart what, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    if (curl_url_get(url, what, &text, flags) != CURLUE_OK) {
        return "host";
    }
    bool fits = strlen(text) < size;
    if (fits) {
        memcpy(out, text, strlen(text) + 1);
    }
    curl_free(text);
    return fits ? NULL : "host";
}

static bool has_part(CURLU *url, CURLUPart what)
{
    char *text = NULL;
    bool has = curl_url_get(url, what, &text, 0) == CURLUE_OK;
    curl_free(text);
    return has;
}

static const char *url_check(const struct target_policy *policy, CURLU *url, struct target_url *out)
{
    char scheme[8];
    if (part(url, CURLUPART_SCHEME, 0, scheme, sizeof scheme) != NULL) {
        return "https";
    }
    if (strcmp(scheme, "https") != 0 && !(policy->allow_http && strcmp(scheme, "http") == 0)) {
        return "https";
    }
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD)) {
        return "user";
    }
    if (has_part(url, CURLUPART_FRAGMENT)) {
        return "fragment";
    }
    if (part(url, CURLUPART_HOST, 0, out->host, sizeof out->host) != NULL ||
        part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, out->port, sizeof out->port) != NULL) {
        return "host";
    }
    size_t size = strlen(out->host);
    if (size > 2 && out->host[0] == '[' && out->host[size - 1] == ']') {
        memmove(out->host, out->host + 1, size - 2);
        out->host[size - 2] = '\0';
    }
    return NULL;
}

const char *target_url_parse(const struct target_policy *policy, const char *url,
                             struct target_url *ret_url)
{
    size_t size = strlen(url);
    if (size == 0 || size > 2000) {
        return "1..2000";
    }
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)url[i] <= 0x20 || (unsigned char)url[i] >= 0x7f) {
            return "ASCII";
        }
    }
    CURLU *parsed = curl_url();
    if (parsed == NULL) {
        return "memory";
    }
    struct target_url out = {.host = ""};
    const char *wrong = "URL";
    if (curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK) {
        wrong = url_check(policy, parsed, &out);
    }
    curl_url_cleanup(parsed);
    if (wrong == NULL) {
        *ret_url = out;
    }
    return wrong;
}

static bool to_bytes(const struct sockaddr *address, uint8_t bytes[16])
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        memcpy(bytes, MAPPED, sizeof MAPPED);
        memcpy(bytes + 12, &in.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        memcpy(bytes, &in6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool target_address_allowed(const struct target_policy *policy, const struct sockaddr *address)
{
    uint8_t bytes[16];
    if (!to_bytes(address, bytes)) {
        return false;
    }
    bool v4 = address->sa_family == AF_INET;
    /* A mapped address in an IPv6 socket reaches the IPv4 network behind the rules' back: it obeys neither list below. */
    bool mapped = !v4 && memcmp(bytes, MAPPED, sizeof MAPPED) == 0;
    if (mapped) {
        return false;
    }
    for (size_t i = 0; i < policy->allowed_count; i++) {
        if (matches(bytes, policy->allowed[i].bytes, policy->allowed[i].bits)) {
            return true;
        }
    }
    if (v4) {
        return !in_ranges(bytes, REFUSED_4, GX_COUNT_OF(REFUSED_4), policy->allow_private);
    }
    if (policy->allow_private) {
        return !in_ranges(bytes, REFUSED_6, GX_COUNT_OF(REFUSED_6), true);
    }
    bool global = (bytes[0] & 0xe0) == 0x20;
    return global && !in_ranges(bytes, REFUSED_6, GX_COUNT_OF(REFUSED_6), false);
}
