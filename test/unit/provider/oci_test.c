/*
 * oci_test.c - Oracle's signature, by the test values of its documentation: the key, the requests
 * and the signatures of docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm (2026-08).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"
#include "provider/credential.h"
#include "provider/oci.h"

static const char key[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                          "MIICXgIBAAKBgQDCFENGw33yGihy92pDjZQhl0C36rPJj+CvfSC8+q28hxA161QF\n"
                          "NUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6Z4UMR7EOcpfdUE9Hf3m/hs+F\n"
                          "UR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJwoYi+1hqp1fIekaxsyQIDAQAB\n"
                          "AoGBAJR8ZkCUvx5kzv+utdl7T5MnordT1TvoXXJGXK7ZZ+UuvMNUCdN2QPc4sBiA\n"
                          "QWvLw1cSKt5DsKZ8UETpYPy8pPYnnDEz2dDYiaew9+xEpubyeW2oH4Zx71wqBtOK\n"
                          "kqwrXa/pzdpiucRRjk6vE6YY7EBBs/g7uanVpGibOVAEsqH1AkEA7DkjVH28WDUg\n"
                          "f1nqvfn2Kj6CT7nIcE3jGJsZZ7zlZmBmHFDONMLUrXR/Zm3pR5m0tCmBqa5RK95u\n"
                          "412jt1dPIwJBANJT3v8pnkth48bQo/fKel6uEYyboRtA5/uHuHkZ6FQF7OUkGogc\n"
                          "mSJluOdc5t6hI1VsLn0QZEjQZMEOWr+wKSMCQQCC4kXJEsHAve77oP6HtG/IiEn7\n"
                          "kpyUXRNvFsDE0czpJJBvL/aRFUJxuRK91jhjC68sA7NsKMGg5OXb5I5Jj36xAkEA\n"
                          "gIT7aFOYBFwGgQAQkWNKLvySgKbAZRTeLBacpHMuQdl1DfdntvAyqpAZ0lY0RKmW\n"
                          "G6aFKaqQfOXKCyWoUiVknQJAXrlgySFci/2ueKlIE1QqIiLSZ8V8OlpFLRnb1pzI\n"
                          "7U1yQXnTAEFYM560yJlzUpOb1V4cScGd365tiSMvxLOvTA==\n"
                          "-----END RSA PRIVATE KEY-----\n";
#define KEY_ID                                                                        \
    "ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq" \
    "/ocid1.user.oc1..aaaaaaaat5nvwcna5j6aqzjcaty5eqbb6qt2jvpkanghtgdaqedqw3rynjq"    \
    "/20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34"
#define COMPARTMENT \
    "ocid1.compartment.oc1..aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa"
#define VOLUME "ocid1.volume.oc1.phx.abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q"
#define INSTANCE \
    "ocid1.instance.oc1.phx.abuw4ljrlsfiqw6vzzxb43vyypt4pkodawglp3wqxjqofakrwvou52gb6s5a"
#define HOST "iaas.us-phoenix-1.oraclecloud.com"

/* The page's date says Thursday, but 2014-01-05 was a Sunday: what it signs cannot be made of a
 * moment. A moment of the same text but for the day's name gives another signature, so its two are
 * compared over the text itself. */
static void the_documented_signatures(void **state)
{
    static const struct {
        const char *text, *signature;
    } rows[] = {
        {"date: Thu, 05 Jan 2014 21:31:40 GMT\n"
         "(request-target): get /20160918/instances?availabilityDomain=Pjwf%3A%20PHX-AD-1"
         "&compartmentId=" COMPARTMENT "&displayName=TeamXInstances&volumeId=" VOLUME "\n"
         "host: " HOST,
         "GBas7grhyrhSKHP6AVIj/h5/Vp8bd/peM79H9Wv8kjoaCivujVXlpbKLjMPeDUhxkFIWtTtLBj3sUzaFj34XE6YZ"
         "AHc9r2DmE4pMwOAy/kiITcZxa1oHPOeRheC0jP2dqbTll8fmTZVwKZOKHYPtrLJIJQHJjNvxFWeHQjMaR7M="},
        {"date: Thu, 05 Jan 2014 21:31:40 GMT\n"
         "(request-target): post /20160918/volumeAttachments\n"
         "host: " HOST "\n"
         "content-length: 316\n"
         "content-type: application/json\n"
         "x-content-sha256: V9Z20UJTvkvpJ50flBzKE32+6m2zJjweHpDMX/U4Uy0=",
         "Mje8vIDPlwIHmD/cTDwRxE7HaAvBg16JnVcsuqaNRim23fFPgQfLoOOxae6WqKb1uPjYEl0qIdazWaBy/Ml8DRhq"
         "locMwoSXv0fbukP8J5N80LCmzT/FFBvIvTB91XuXI3hYfP9Zt1l7S6ieVadHUfqBedWH0itrtPJBgKmrWso="},
    };
    const struct lx_pem pem = {.key = lx_slice_z(key)};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_buf raw, coded;
        lx_buf_init(&raw, 4096);
        lx_buf_init(&coded, 4096);
        assert_int_equal(lx_rs256_sign(&pem, lx_slice_z(rows[i].text), &raw, NULL), 0);
        lx_base64_write(&coded, lx_buf_slice(&raw));
        assert_true(lx_slice_eq(lx_buf_slice(&coded), lx_slice_z(rows[i].signature)));
        lx_buf_clear(&raw);
        lx_buf_clear(&coded);
    }
}

static struct lx_slice part(struct lx_slice authorization, const char *name)
{
    struct lx_slice value, rest;
    ssize_t at = lx_slice_find(authorization, lx_slice_z(name));
    assert_true(at >= 0);
    lx_slice_cut(lx_slice_from(authorization, (size_t)at + strlen(name) + 2), '"', &value, &rest);
    return value;
}

/* By way of the signer: what is signed is what is sent, and the documented sum of the body. */
static void a_request_is_signed(void **state)
{
    static const char body[] =
        "{\n    \"compartmentId\": \"" COMPARTMENT "\",\n    \"instanceId\": \"" INSTANCE
        "\",\n    \"volumeId\": \"" VOLUME "\"\n}";
    const struct lx_provider row = {.id = "oci", .auth = LX_AUTH_BEARER};
    const struct lx_pem pem = {.key = lx_slice_z(key)};
    struct lx_signing s = {.method = LX_S("POST"),
                           .url = LX_S("https://" HOST "/20160918/volumeAttachments"),
                           .body = lx_slice_z(body),
                           .now_s = 1388957500};
    struct lx_arena a;
    struct lx_header_list headers;
    struct lx_secret secret;
    struct lx_buf text, raw, coded;
    (void)state;
    lx_arena_init(&a, 1 << 20);
    lx_header_list_init(&headers, &a);
    lx_header_list_set(&headers, LX_S("content-type"), LX_S("application/json"));
    assert_int_equal(lx_oci_key_init(&secret, LX_S(KEY_ID), lx_slice(NULL, 0), lx_slice_z(key)), 0);
    lx_signer_apply(&row, &secret, &headers);
    assert_int_equal(headers.headers.n, 1); /* the key itself is in none */
    assert_int_equal(lx_signer_sign(&row, &secret, &s, &headers), 0);
    assert_true(lx_slice_eq(lx_headers_get(&headers.headers, LX_S("x-content-sha256")),
                            LX_S("V9Z20UJTvkvpJ50flBzKE32+6m2zJjweHpDMX/U4Uy0=")));
    struct lx_slice authorization = lx_headers_get(&headers.headers, LX_S("authorization"));
    assert_true(lx_slice_starts(authorization, LX_S("Signature version=\"1\",")));
    assert_true(lx_slice_eq(part(authorization, "keyId"), LX_S(KEY_ID)));
    assert_true(lx_slice_eq(part(authorization, ",headers"),
                            LX_S("date (request-target) host content-length content-type "
                                 "x-content-sha256")));
    lx_buf_init(&text, 4096);
    lx_buf_init(&raw, 4096);
    lx_buf_init(&coded, 4096);
    lx_buf_addf(&text, "date: Sun, 05 Jan 2014 21:31:40 GMT\n(request-target): post "
                       "/20160918/volumeAttachments\nhost: " HOST "\ncontent-length: 316\n"
                       "content-type: application/json\n"
                       "x-content-sha256: V9Z20UJTvkvpJ50flBzKE32+6m2zJjweHpDMX/U4Uy0=");
    assert_int_equal(lx_rs256_sign(&pem, lx_buf_slice(&text), &raw, NULL), 0);
    lx_base64_write(&coded, lx_buf_slice(&raw));
    assert_true(lx_slice_eq(part(authorization, ",signature"), lx_buf_slice(&coded)));
    lx_buf_clear(&text);
    lx_buf_clear(&raw);
    lx_buf_clear(&coded);
    lx_secret_clear(&secret);
    lx_arena_clear(&a);
}

static void what_is_no_key_does_not_sign(void **state)
{
    static const char *const wrong[] = {
        "", "x", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n"
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n"
        "OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n"
        "1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n"
        "-----END PRIVATE KEY-----\n", /* of RFC 9500: elliptic, no RSA */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct lx_pem pem = {.key = lx_slice_z(wrong[i])};
        struct lx_error err = {0};
        struct lx_buf raw;
        lx_buf_init(&raw, 4096);
        assert_int_equal(lx_rs256_sign(&pem, LX_S("text"), &raw, &err), LX_EINVAL);
        assert_true(err.text[0] != '\0');
        assert_int_equal(raw.n, 0);
        lx_buf_clear(&raw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_signatures),
        cmocka_unit_test(a_request_is_signed),
        cmocka_unit_test(what_is_no_key_does_not_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
