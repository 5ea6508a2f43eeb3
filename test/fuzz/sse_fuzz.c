/*
 * sse_fuzz.c - any bytes as an event stream: the same records whole and in pieces.
 *
 * The first byte chooses the framing and the largest record.
 */
#include "pieces.h"

#include "wire/record.h"

/* A record is not only its text: lengths keep "a|b" and "a", "|b" apart. */
static void add(struct lx_buf *log, struct lx_slice s)
{
    lx_buf_addf(log, "%zu:", s.n);
    lx_buf_add(log, s);
}

static void add_record(struct lx_buf *log, const struct lx_record *r)
{
    CHECK(r->raw.n >= r->data.n && r->raw.n >= r->event.n);
    add(log, r->event);
    add(log, r->data);
    add(log, r->raw);
}

static void run(struct lx_slice in, enum lx_framing framing, size_t max, uint32_t seed,
                struct lx_buf *log)
{
    struct pieces pieces = {.rest = in, .seed = seed};
    struct lx_records r;
    struct lx_record record;
    struct lx_slice piece;
    int rc = 0;

    lx_records_init(&r, framing, max);
    while (pieces_next(&pieces, &piece)) {
        while (rc >= 0 && (rc = lx_records_next(&r, &piece, &record, NULL)) == 1)
            add_record(log, &record);
        CHECK(rc < 0 || piece.n == 0);
    }
    if (rc >= 0 && (rc = lx_records_end(&r, &record, NULL)) == 1)
        add_record(log, &record);
    lx_buf_addf(log, "end %d", rc);
    lx_records_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t limits[] = {1 << 20, 100, 10, 1};
    struct lx_buf whole, cut;

    if (size == 0)
        return 0;
    struct lx_slice in = lx_slice((const char *)data + 1, size - 1);
    enum lx_framing framing = (enum lx_framing)(data[0] % 3);
    size_t max = limits[data[0] / 3 % 4];
    lx_buf_init(&whole, 1 << 28);
    lx_buf_init(&cut, 1 << 28);
    run(in, framing, max, 0, &whole);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        lx_buf_reset(&cut);
        run(in, framing, max, seed * 77777u + data[0], &cut);
        CHECK(lx_slice_eq(lx_buf_slice(&whole), lx_buf_slice(&cut)));
    }
    lx_buf_clear(&whole);
    lx_buf_clear(&cut);
    return 0;
}
