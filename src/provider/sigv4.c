/*
 * sigv4.c - AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request",
 * 2026-08).
 *
 *   canonical request   method, path, query, headers, their names, SHA-256 of the body
 *   string to sign      algorithm, time, scope, SHA-256 of the canonical request
 *   key                 HMAC of date, region, service, "aws4_request", one keyed by the other
 *   signature           HMAC of the string to sign
 *
 * Sums are libcrypto's. No clock, no environment: whoever calls knows the time and has the
 * credentials. Derived keys are wiped.
 */
#include "provider/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"
#include "wire/moment.h"

enum {
    MAX_CANONICAL = 1 << 20, /* a request without its body */
    MAX_PAIRS = 256,         /* headers, parameters of a query */
    MAX_SEGMENTS = 512,      /* of a path */
};

#define ALGORITHM "AWS4-HMAC-SHA256"

struct digest {
    unsigned char v[SHA256_DIGEST_LENGTH];
};

static struct lx_slice digest_slice(const struct digest *d)
{
    return lx_slice((const char *)d->v, sizeof(d->v));
}

static bool sha256(struct lx_slice s, struct digest *out)
{
    return SHA256((const unsigned char *)(s.p ? s.p : ""), s.n, out->v) != NULL;
}

static bool hmac(struct lx_slice key, struct lx_slice s, struct digest *out)
{
    unsigned int n = sizeof(out->v);
    return HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)s.p, s.n, out->v, &n) !=
           NULL;
}

/* ---- The path and the query ---------------------------------------------------------------- */

/* Without empty segments, "." and "..": in place of them nothing, and of ".." one less before. */
static void write_normal_path(struct lx_slice path, struct lx_buf *out)
{
    struct lx_slice segments[MAX_SEGMENTS], segment;
    size_t n = 0;
    bool folder = false; /* ends with a slash */
    for (struct lx_slice rest = path; rest.n && !out->failed;) {
        folder = lx_slice_cut(rest, '/', &segment, &rest) && !rest.n;
        if (lx_slice_eq(segment, LX_S(".."))) {
            n -= n > 0;
            folder |= !rest.n;
        } else if (segment.n && !lx_slice_eq(segment, LX_S("."))) {
            if (n == MAX_SEGMENTS)
                out->failed = LX_ELIMIT;
            else
                segments[n++] = segment;
        } else if (segment.n) {
            folder |= !rest.n;
        }
    }
    for (size_t i = 0; i < n && !out->failed; i++) {
        lx_buf_add_byte(out, '/');
        lx_percent_write(out, segments[i], LX_S(""));
    }
    if (folder || !n)
        lx_buf_add_byte(out, '/');
}

/* Names and values that are signed, in order. */
struct pair {
    struct lx_slice name, value;
};

static int compare(const struct pair *a, const struct pair *b)
{
    int order = lx_slice_cmp(a->name, b->name);
    return order ? order : lx_slice_cmp(a->value, b->value);
}

/* Inserted behind what is not larger: headers of one name keep their order. */
static size_t insert(struct pair *v, size_t n, struct pair p, bool by_value)
{
    size_t at = n;
    while (at && (by_value ? compare(&p, &v[at - 1]) : lx_slice_cmp(p.name, v[at - 1].name)) < 0) {
        v[at] = v[at - 1];
        at--;
    }
    v[at] = p;
    return n + 1;
}

/* Decoded and encoded anew, so that any spelling of a byte is one. */
static struct lx_slice recoded(struct lx_slice s, struct lx_buf *plain, struct lx_buf *room)
{
    size_t start = room->n;
    lx_buf_reset(plain);
    int code = lx_percent_read(s, plain);
    if (code && !room->failed)
        room->failed = code;
    lx_percent_write(room, lx_buf_slice(plain), LX_S(""));
    return lx_slice(room->failed ? NULL : room->p + start, room->failed ? 0 : room->n - start);
}

static void write_query(struct lx_slice query, struct lx_buf *out)
{
    struct pair pairs[MAX_PAIRS];
    struct lx_slice one, name, value;
    struct lx_buf plain, room;
    size_t n = 0;
    lx_buf_init(&plain, query.n + 1);
    lx_buf_init(&room, 3 * query.n + 1);
    lx_buf_reserve(&room, 3 * query.n + 1); /* so that what is written stays where it is */
    for (struct lx_slice rest = query; rest.n && !room.failed;) {
        lx_slice_cut(rest, '&', &one, &rest);
        if (!one.n)
            continue;
        lx_slice_cut(one, '=', &name, &value);
        struct pair p;
        p.name = recoded(name, &plain, &room);
        p.value = recoded(value, &plain, &room);
        if (n == MAX_PAIRS)
            room.failed = LX_ELIMIT;
        else
            n = insert(pairs, n, p, true);
    }
    for (size_t i = 0; i < n && !room.failed; i++) {
        if (i)
            lx_buf_add_byte(out, '&');
        lx_buf_add(out, pairs[i].name);
        lx_buf_add_byte(out, '=');
        lx_buf_add(out, pairs[i].value);
    }
    if (room.failed && !out->failed)
        out->failed = room.failed;
    lx_buf_clear(&plain);
    lx_buf_clear(&room);
}

/* ---- Headers ------------------------------------------------------------------------------- */

/* Trimmed, and runs of white space one space. */
static void write_value(struct lx_slice value, struct lx_buf *out)
{
    bool space = false;
    value = lx_slice_trim(value);
    for (size_t i = 0; i < value.n; i++) {
        bool is_space = memchr(" \t\r\n", value.p[i], 4) != NULL;
        if (is_space && !space)
            lx_buf_add_byte(out, ' ');
        else if (!is_space)
            lx_buf_add_byte(out, value.p[i]);
        space = is_space;
    }
}

static void write_lower(struct lx_slice name, struct lx_buf *out)
{
    for (size_t i = 0; i < name.n; i++)
        lx_buf_add_byte(out, lx_ascii_lower(name.p[i]));
}

static void write_headers(const struct lx_headers *headers, struct lx_buf *out,
                          struct lx_buf *names)
{
    struct pair pairs[MAX_PAIRS];
    struct lx_buf lower;
    size_t n = 0, bytes = 1;
    for (size_t i = 0; i < headers->n; i++)
        bytes += headers->v[i].name.n;
    lx_buf_init(&lower, bytes);
    lx_buf_reserve(&lower, bytes);
    for (size_t i = 0; i < headers->n && !lower.failed; i++) {
        size_t start = lower.n;
        write_lower(headers->v[i].name, &lower);
        if (n == MAX_PAIRS)
            lower.failed = LX_ELIMIT;
        if (!lower.failed)
            n = insert(
                pairs, n,
                (struct pair){lx_slice(lower.p + start, lower.n - start), headers->v[i].value},
                false);
    }
    for (size_t i = 0; i < n; i++) {
        bool again = i && lx_slice_eq(pairs[i].name, pairs[i - 1].name);
        if (again) {
            lx_buf_add_byte(out, ',');
        } else {
            if (i)
                lx_buf_add_byte(out, '\n');
            lx_buf_add(out, pairs[i].name);
            lx_buf_add_byte(out, ':');
            if (i)
                lx_buf_add_byte(names, ';');
            lx_buf_add(names, pairs[i].name);
        }
        write_value(pairs[i].value, out);
    }
    if (n)
        lx_buf_add_byte(out, '\n');
    if (lower.failed && !out->failed)
        out->failed = lower.failed;
    lx_buf_clear(&lower);
}

/* ---- The signature ------------------------------------------------------------------------- */

static int write_canonical(const struct lx_sigv4 *s, const struct lx_sigv4_request *r,
                           struct lx_buf *out, struct lx_buf *names)
{
    struct lx_slice path, query;
    struct digest body;
    lx_slice_cut(r->target, '?', &path, &query);
    lx_buf_add(out, r->method);
    lx_buf_add_byte(out, '\n');
    if (s->keep_path)
        lx_percent_write(out, path, LX_S("/"));
    else
        write_normal_path(path, out);
    lx_buf_add_byte(out, '\n');
    write_query(query, out);
    lx_buf_add_byte(out, '\n');
    write_headers(r->headers, out, names);
    lx_buf_add_byte(out, '\n');
    lx_buf_add(out, lx_buf_slice(names));
    lx_buf_add_byte(out, '\n');
    if (!sha256(r->body, &body))
        return LX_ENOMEM;
    lx_hex_write(out, digest_slice(&body));
    return out->failed ? out->failed : names->failed;
}

static bool derive_key(const struct lx_sigv4 *s, struct lx_slice date, struct digest *key)
{
    struct lx_buf start;
    lx_buf_init(&start, s->secret_access_key.n + 4);
    lx_buf_add_lit(&start, "AWS4");
    lx_buf_add(&start, s->secret_access_key);
    bool ok = !start.failed && hmac(lx_buf_slice(&start), date, key) &&
              hmac(digest_slice(key), s->region, key) && hmac(digest_slice(key), s->service, key) &&
              hmac(digest_slice(key), LX_S("aws4_request"), key);
    if (start.p)
        lx_wipe(start.p, start.n);
    lx_buf_clear(&start);
    return ok;
}

/* "20150830/us-east-1/bedrock/aws4_request" */
static void write_scope(const struct lx_sigv4 *s, const char *time, struct lx_buf *out)
{
    lx_buf_add(out, lx_slice(time, 8));
    lx_buf_add_byte(out, '/');
    lx_buf_add(out, s->region);
    lx_buf_add_byte(out, '/');
    lx_buf_add(out, s->service);
    lx_buf_add_lit(out, "/aws4_request");
}

/* Turns the canonical request in `text` into the string to sign and signs it. */
static int sign(const struct lx_sigv4 *s, struct lx_buf *text, char signature[65])
{
    struct digest sum, key = {{0}};
    struct lx_buf hex = {.p = signature, .cap = 65, .max = 65};
    char time[17];
    if (!sha256(lx_buf_slice(text), &sum))
        return LX_ENOMEM;
    lx_moment_write_basic(s->now_s, time);
    lx_buf_reset(text);
    lx_buf_addf(text, ALGORITHM "\n%s\n", time);
    write_scope(s, time, text);
    lx_buf_add_byte(text, '\n');
    lx_hex_write(text, digest_slice(&sum));
    bool ok = !text->failed && derive_key(s, lx_slice(time, 8), &key) &&
              hmac(digest_slice(&key), lx_buf_slice(text), &sum);
    lx_wipe(&key, sizeof(key));
    if (!ok)
        return text->failed ? text->failed : LX_ENOMEM;
    lx_hex_write(&hex, digest_slice(&sum));
    signature[64] = 0;
    return 0;
}

int lx_sigv4_sign(const struct lx_sigv4 *s, const struct lx_sigv4_request *r, char signature[65],
                  struct lx_buf *names)
{
    struct lx_buf text, own;
    lx_buf_init(&text, MAX_CANONICAL);
    lx_buf_init(&own, MAX_CANONICAL);
    int code = write_canonical(s, r, &text, &own);
    if (code == 0)
        code = sign(s, &text, signature);
    if (names)
        lx_buf_add(names, lx_buf_slice(&own));
    lx_buf_clear(&text);
    lx_buf_clear(&own);
    return code;
}

/* ---- A request to be sent ------------------------------------------------------------------ */

static bool is_signed(struct lx_slice name)
{
    return lx_slice_eq_nocase(name, LX_S("content-type")) ||
           lx_slice_eq_nocase(lx_slice_to(name, 6), LX_S("x-amz-"));
}

int lx_sigv4_apply(const struct lx_sigv4 *s, struct lx_slice method, struct lx_slice host,
                   struct lx_slice target, struct lx_slice body, struct lx_header_list *headers)
{
    struct lx_arena *a = headers->arena;
    struct lx_header_list chosen;
    struct lx_buf names, scope;
    char time[17], signature[65];
    lx_moment_write_basic(s->now_s, time);
    lx_header_list_set(headers, LX_S("x-amz-date"), lx_arena_copy(a, lx_slice(time, 16)));
    if (s->session_token.n)
        lx_header_list_set_secret(headers, LX_S("x-amz-security-token"), s->session_token);
    lx_header_list_init(&chosen, a);
    lx_header_list_add(&chosen, LX_S("host"), host);
    for (size_t i = 0; i < headers->headers.n; i++)
        if (is_signed(headers->headers.v[i].name))
            lx_header_list_add(&chosen, headers->headers.v[i].name, headers->headers.v[i].value);
    if (a->failed)
        return a->failed;
    lx_buf_init(&names, MAX_CANONICAL);
    lx_buf_init(&scope, MAX_CANONICAL);
    write_scope(s, time, &scope);
    const struct lx_sigv4_request r = {method, target, &chosen.headers, body};
    int code = lx_sigv4_sign(s, &r, signature, &names);
    if (code == 0)
        code = names.failed ? names.failed : scope.failed;
    if (code == 0)
        lx_header_list_set_secret(
            headers, LX_S("authorization"),
            lx_arena_printf(a, ALGORITHM " Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%s",
                            LX_F(s->access_key_id), LX_F(lx_buf_slice(&scope)),
                            LX_F(lx_buf_slice(&names)), signature));
    lx_buf_clear(&names);
    lx_buf_clear(&scope);
    return code ? code : a->failed;
}
