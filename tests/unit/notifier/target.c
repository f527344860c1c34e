/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool allowed(const struct target_policy *policy, const char *text)
{
    struct sockaddr_storage storage;
    memset(&storage, 0, sizeof storage);
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        memcpy(&storage, &in, sizeof in);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        memcpy(&storage, &in6, sizeof in6);
    }
    return target_address_allowed(policy, (const struct sockaddr *)&storage);
}

static const char *const PUBLIC[] = {
    "1.1.1.1",        "8.8.8.8",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
    "100.128.0.0",    "126.255.255.255", "128.0.0.0",       "169.253.0.1",     "169.255.0.1",
    "172.15.255.255", "172.32.0.0",      "192.0.1.0",       "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0",      "223.255.255.255", "168.63.129.17",   "2400:3200::1",
    "2606:4700::1",   "2001:200::1",     "2003::1",         "2001:db9::1",
};
static const char *const PRIVATE[] = {
    "10.0.0.0",         "10.255.255.255",  "100.64.0.0",
    "100.100.100.200",  "100.127.255.255", "127.0.0.1",
    "127.255.255.254",  "168.63.129.16",   "169.254.169.254",
    "172.16.0.0",       "172.31.255.255",  "192.0.0.192",
    "192.0.2.1",        "192.168.0.1",     "198.18.0.1",
    "198.19.255.255",   "203.0.113.9",     "::1",
    "fc00::1",          "fd00:ec2::254",   "fe80::1",
    "febf::1",          "fec0::1",         "2001:db8::1",
    "2002:7f00:1::",    "2002:a00:1::",    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1", "2001::7f00:1",    "::7f00:1",
    "100::1",           "5f00::1",
};
/* Not even where private targets are allowed. */
static const char *const NEVER[] = {
    "0.0.0.0",
    "0.1.2.3",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
};

#define EACH(list, item) for (size_t item = 0; item < sizeof(list) / sizeof(list)[0]; item++)

static void test_target_address_table(void **state)
{
    (void)state;
    const struct target_policy closed = {.allow_private = false};
    const struct target_policy open = {.allow_private = true};
    EACH(PUBLIC, i)
    {
        assert_true(allowed(&closed, PUBLIC[i]));
        assert_true(allowed(&open, PUBLIC[i]));
    }
    EACH(PRIVATE, i)
    {
        if (allowed(&closed, PRIVATE[i]) || !allowed(&open, PRIVATE[i])) {
            fail_msg("%s", PRIVATE[i]);
        }
    }
    EACH(NEVER, i)
    {
        if (allowed(&closed, NEVER[i]) || allowed(&open, NEVER[i])) {
            fail_msg("%s", NEVER[i]);
        }
    }
}

static void test_target_other_families_are_refused(void **state)
{
    (void)state;
    const struct target_policy open = {.allow_private = true};
    const struct sockaddr_storage local = {.ss_family = AF_UNIX};
    assert_false(target_address_allowed(&open, (const struct sockaddr *)&local));
}

static void test_target_networks_are_exceptions(void **state)
{
    (void)state;
    struct target_policy policy = {.allow_private = false};
    assert_int_equal(target_policy_parse("10.20.0.0/15, 192.168.7.7,fd00:1::/32", &policy), GX_OK);
    assert_int_equal(policy.allowed_count, 3);
    assert_true(allowed(&policy, "10.20.0.1"));
    assert_true(allowed(&policy, "10.21.255.255"));
    assert_false(allowed(&policy, "10.22.0.0"));
    assert_false(allowed(&policy, "10.19.255.255"));
    assert_true(allowed(&policy, "192.168.7.7"));
    assert_false(allowed(&policy, "192.168.7.8"));
    assert_true(allowed(&policy, "fd00:1:2::3"));
    assert_false(allowed(&policy, "fd00:2::3"));
    assert_false(allowed(&policy, "::ffff:10.20.0.1"));
    assert_false(allowed(&policy, "127.0.0.1"));
    assert_int_equal(target_policy_parse("", &policy), GX_OK);
    assert_int_equal(policy.allowed_count, 0);
    assert_int_equal(target_policy_parse(NULL, &policy), GX_OK);
}

static void test_target_bad_networks_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {"10.0.0.0/33", "10.0.0/8",  "fd00::/129", "10.0.0.0/",
                                      "10.0.0.0/-1", "localhost", "10.0.0.0/8x"};
    EACH(BAD, i)
    {
        struct target_policy policy = {.allow_private = false};
        assert_int_equal(target_policy_parse(BAD[i], &policy), GX_INVALID);
    }
}

static void test_target_url_is_https_without_user(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *wrong; /* NULL: good */
        const char *host;
        const char *port;
    } CASES[] = {
        {"https://example.org/hook", NULL, "example.org", "443"},
        {"https://example.org:8443/hook?a=b", NULL, "example.org", "8443"},
        {"https://[2606:4700::1]:9/h", NULL, "2606:4700::1", "9"},
        {"https://1.2.3.4/", NULL, "1.2.3.4", "443"},
        {"HTTPS://EXAMPLE.ORG/", NULL, "EXAMPLE.ORG", "443"},
        {"http://example.org/", "https", "", ""},
        {"ftp://example.org/", "https", "", ""},
        {"file:///etc/passwd", "https", "", ""},
        {"gopher://127.0.0.1:6379/_x", "https", "", ""},
        {"https://user@example.org/", "user", "", ""},
        {"https://user:pw@example.org/", "user", "", ""},
        {"https://example.org/#x", "fragment", "", ""},
        {"example.org", "URL", "", ""},
        {"https://", "URL", "", ""},
        {"https://example.org:99999/", "URL", "", ""},
        {"https://exa mple.org/", "ASCII", "", ""},
        {"https://例子.org/", "ASCII", "", ""},
        {"https://example.org/\r\nx: y", "ASCII", "", ""},
        {"", "1..2000", "", ""},
    };
    const struct target_policy policy = {.allow_http = false};
    EACH(CASES, i)
    {
        struct target_url url = {.host = ""};
        const char *wrong = target_url_parse(&policy, CASES[i].url, &url);
        if (CASES[i].wrong == NULL) {
            assert_null(wrong);
            assert_string_equal(url.host, CASES[i].host);
            assert_string_equal(url.port, CASES[i].port);
        } else {
            if (wrong == NULL) {
                fail_msg("%s", CASES[i].url);
            }
            assert_string_equal(wrong, CASES[i].wrong);
            assert_string_equal(url.host, "");
        }
    }
}

/* Spellings of 127.0.0.1 that a resolver understands: the URL may pass, the address may not. */
static void test_target_url_odd_numbers_become_their_address(void **state)
{
    (void)state;
    const struct target_policy policy = {.allow_http = true};
    static const char *const ODD[] = {"http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/"};
    EACH(ODD, i)
    {
        struct target_url url = {.host = ""};
        if (target_url_parse(&policy, ODD[i], &url) == NULL) {
            assert_string_equal(url.host, "127.0.0.1");
            assert_false(allowed(&policy, url.host));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_address_table),
        cmocka_unit_test(test_target_other_families_are_refused),
        cmocka_unit_test(test_target_networks_are_exceptions),
        cmocka_unit_test(test_target_bad_networks_are_refused),
        cmocka_unit_test(test_target_url_is_https_without_user),
        cmocka_unit_test(test_target_url_odd_numbers_become_their_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
