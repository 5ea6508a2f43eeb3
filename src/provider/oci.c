/*
 * oci.c - version 1 of Oracle's signature, RSA over a few headers
 * (docs.oracle.com/iaas/Content/API/ Concepts/signingrequests.htm, 2026-08). Its own test values
 * are in oci_test.c.
 */
#include "provider/oci.h"

#include <openssl/sha.h>

#include "base/text.h"
#include "wire/moment.h"

enum { MAX_TEXT = 1 << 16 };

static void add_line(struct lx_buf *text, struct lx_buf *names, const char *name,
                     struct lx_slice value)
{
    if (names->n) {
        lx_buf_add_byte(names, ' ');
        lx_buf_add_byte(text, '\n');
    }
    lx_buf_add(names, lx_slice_z(name));
    lx_buf_addf(text, "%s: ", name);
    lx_buf_add(text, value);
}

static void add_target(struct lx_buf *text, struct lx_slice method, struct lx_slice target)
{
    for (size_t i = 0; i < method.n; i++)
        lx_buf_add_byte(text, lx_ascii_lower(method.p[i]));
    lx_buf_add_byte(text, ' ');
    lx_buf_add(text, target);
}

static void add_body(struct lx_slice body, struct lx_buf *text, struct lx_buf *names,
                     struct lx_header_list *headers)
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    struct lx_buf coded;
    lx_buf_init(&coded, 64);
    SHA256((const unsigned char *)(body.p ? body.p : ""), body.n, sum);
    lx_base64_write(&coded, lx_slice((const char *)sum, sizeof(sum)));
    lx_header_list_set(headers, LX_S("x-content-sha256"),
                       lx_arena_copy(headers->arena, lx_buf_slice(&coded)));
    add_line(text, names, "content-length", lx_arena_printf(headers->arena, "%zu", body.n));
    add_line(text, names, "content-type", lx_headers_get(&headers->headers, LX_S("content-type")));
    add_line(text, names, "x-content-sha256", lx_buf_slice(&coded));
    if (coded.failed && !text->failed)
        text->failed = coded.failed;
    lx_buf_clear(&coded);
}

/* The text that is signed; its lines' names as the header lists them. */
static void write_text(const struct lx_oci *s, struct lx_slice method, struct lx_slice host,
                       struct lx_slice target, struct lx_slice body, struct lx_buf *text,
                       struct lx_buf *names, struct lx_header_list *headers)
{
    char date[30];
    lx_moment_write_http(s->now_s, date);
    lx_header_list_set(headers, LX_S("date"), lx_arena_copy(headers->arena, lx_slice_z(date)));
    add_line(text, names, "date", lx_slice_z(date));
    add_line(text, names, "(request-target)", lx_slice(NULL, 0));
    add_target(text, method, target);
    add_line(text, names, "host", host);
    if (!lx_slice_eq(method, LX_S("GET")))
        add_body(body, text, names, headers);
}

int lx_oci_apply(const struct lx_oci *s, struct lx_slice method, struct lx_slice host,
                 struct lx_slice target, struct lx_slice body, struct lx_header_list *headers)
{
    struct lx_arena *a = headers->arena;
    struct lx_buf text, names, signature, coded;
    lx_buf_init(&text, MAX_TEXT);
    lx_buf_init(&names, 256);
    lx_buf_init(&signature, 4096);
    lx_buf_init(&coded, 8192);
    write_text(s, method, host, target, body, &text, &names, headers);
    int code = text.failed ? text.failed : names.failed;
    if (code == 0)
        code = lx_rs256_sign(&s->pem, lx_buf_slice(&text), &signature, NULL);
    lx_base64_write(&coded, lx_buf_slice(&signature));
    if (code == 0)
        code = coded.failed;
    if (code == 0)
        lx_header_list_set_secret(
            headers, LX_S("authorization"),
            lx_arena_printf(a,
                            "Signature version=\"1\",headers=\"%.*s\",keyId=\"%.*s\","
                            "algorithm=\"rsa-sha256\",signature=\"%.*s\"",
                            LX_F(lx_buf_slice(&names)), LX_F(s->key_id),
                            LX_F(lx_buf_slice(&coded))));
    lx_buf_clear(&text);
    lx_buf_clear(&names);
    lx_buf_clear(&signature);
    lx_buf_clear(&coded);
    return code ? code : a->failed;
}
