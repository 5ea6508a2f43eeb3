/*
 * h1_request_fuzz.c - any bytes as request heads: what is accepted is sound, and the same whether
 * it comes at once or drips in.
 */
#include "h1_heads.h"

enum { MAX_BYTES = 4096 };

static ssize_t read_whole(struct lx_slice in, struct lx_h1_head *head, int *status)
{
    struct lx_error err = {0};
    ssize_t rc = lx_h1_read_request(in, 0, MAX_BYTES, head, status, &err);

    CHECK(rc >= 0 || (err.code == rc && err.at <= in.n && *status >= 400 && *status <= 505));
    CHECK(rc <= (ssize_t)in.n && rc <= MAX_BYTES);
    return rc;
}

static void check_request(const struct lx_h1_head *h, struct lx_slice used)
{
    check_head(h, used);
    CHECK(within(h->method, used) && h->method.n);
    CHECK(within(h->target, used) && h->target.n);
    CHECK(within(h->path, used) || lx_slice_eq(h->path, LX_S("/")));
    CHECK(within(h->query, used) || h->query.n == 0);
    CHECK(h->body != LX_H1_BODY_CLOSE);
    CHECK(count_named(h, LX_S("host")) <= 1);
    CHECK(h->minor == 0 || count_named(h, LX_S("host")) == 1);
}

/* Never another answer than for the same bytes at once, and never no answer to a good head. */
static void check_dripping(struct lx_slice in, ssize_t whole)
{
    static struct lx_h1_head head, again;
    size_t limit = in.n < 300 ? in.n : 300;

    for (size_t n = 1; n <= limit; n++) {
        int status = 0, status_again = 0;
        ssize_t rc = lx_h1_read_request(lx_slice_to(in, n), n - 1, MAX_BYTES, &head, &status, NULL);
        if (rc) {
            CHECK(rc == read_whole(lx_slice_to(in, n), &again, &status_again));
            CHECK(status == status_again);
            CHECK(rc < 0 || rc == whole);
            return;
        }
        CHECK(whole != (ssize_t)n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lx_h1_head head;
    char *box = boxed(lx_slice((const char *)data, size));
    struct lx_slice in = lx_slice(box, size);
    int status = 0;
    ssize_t rc = read_whole(in, &head, &status);

    if (rc > 0)
        check_request(&head, lx_slice_to(in, (size_t)rc));
    check_dripping(in, rc);
    free(box);
    return 0;
}
