/*
 * h1_reply_fuzz.c - any bytes as replies on one connection, heads and bodies: what is accepted is
 * sound, and no step stands still.
 *
 * The first byte says to which replies the request was HEAD.
 */
#include "h1_heads.h"

enum { MAX_BYTES = 4096 };

static void check_reply(const struct lx_h1_head *h, struct lx_slice used, bool to_head)
{
    check_head(h, used);
    CHECK(within(h->reason, used));
    CHECK(h->status >= 100 && h->status <= 999);
    if (to_head || h->status < 200 || h->status == 204 || h->status == 304)
        CHECK(h->body == LX_H1_BODY_NONE);
    CHECK(h->body != LX_H1_BODY_CLOSE || !h->keep_alive);
}

/* Whether the body was read to its end. */
static bool read_body(const struct lx_h1_head *head, struct lx_slice *in)
{
    struct lx_h1_body_reader r;
    struct lx_slice piece, before = *in;
    uint64_t n = 0;
    int rc;

    lx_h1_body_start(&r, head);
    while ((rc = lx_h1_body_next(&r, in, &piece, NULL)) == 1) {
        CHECK(piece.n > 0 && within(piece, before));
        n += piece.n;
    }
    CHECK(rc < 0 || r.done || in->n == 0);
    CHECK(!r.done || head->body != LX_H1_BODY_LENGTH || n == head->content_length);
    return rc == 0 && r.done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lx_h1_head head;
    unsigned heads;

    if (size == 0)
        return 0;
    heads = data[0];
    char *box = boxed(lx_slice((const char *)data + 1, size - 1));
    struct lx_slice in = lx_slice(box, size - 1);
    for (ssize_t rc = 1; rc > 0; heads >>= 1) {
        struct lx_error err = {0};
        rc = lx_h1_read_reply(in, 0, MAX_BYTES, heads & 1, &head, &err);
        CHECK(rc >= 0 || (err.code == rc && (rc == LX_EPROTO || rc == LX_ELIMIT)));
        if (rc <= 0)
            break;
        check_reply(&head, lx_slice_to(in, (size_t)rc), heads & 1);
        in = lx_slice_from(in, (size_t)rc);
        if (!read_body(&head, &in))
            break;
    }
    free(box);
    return 0;
}
