/*
 * h1_heads.h - what every head that was accepted must fulfil, whatever the bytes were.
 */
#ifndef TEST_FUZZ_H1_HEADS_H
#define TEST_FUZZ_H1_HEADS_H

#include "pieces.h"

#include "http/h1.h"

static inline bool within(struct lx_slice part, struct lx_slice whole)
{
    return !part.p || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static inline size_t count_named(const struct lx_h1_head *h, struct lx_slice name)
{
    size_t n = 0;
    for (size_t i = 0; i < h->headers.n; i++)
        n += lx_slice_eq_nocase(h->headers.v[i].name, name);
    return n;
}

static inline void check_head(const struct lx_h1_head *h, struct lx_slice used)
{
    size_t lengths = count_named(h, LX_S("content-length"));
    size_t codings = count_named(h, LX_S("transfer-encoding"));

    CHECK(lx_slice_ends(used, LX_S("\r\n\r\n")));
    CHECK(h->headers.v == h->fields && h->headers.n <= LX_H1_MAX_HEADERS);
    for (size_t i = 0; i < h->headers.n; i++) {
        CHECK(within(h->headers.v[i].name, used) && within(h->headers.v[i].value, used));
        CHECK(lx_header_is_valid(h->headers.v[i].name, h->headers.v[i].value));
        CHECK(h->headers.v[i].value.p);
    }
    CHECK(within(h->content_type, used) && within(h->content_encoding, used));
    CHECK(lengths + codings <= 1);
    CHECK(h->body != LX_H1_BODY_CHUNKED || (codings == 1 && h->minor == 1));
    CHECK(h->body != LX_H1_BODY_LENGTH || (lengths == 1 && h->content_length <= INT64_MAX));
    CHECK(h->minor == 0 || h->minor == 1);
}

#endif
