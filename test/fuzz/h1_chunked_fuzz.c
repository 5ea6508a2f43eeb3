/*
 * h1_chunked_fuzz.c - any bytes as a chunked body: the same payload and the same end whole and in
 * pieces; and what our own writer makes of the bytes is read back as they are.
 */
#include "pieces.h"

#include "http/h1.h"

/* Payload, then how it ended and how many bytes were used. */
static int run(struct lx_slice in, uint32_t seed, struct lx_buf *payload, size_t *used)
{
    struct pieces pieces = {.rest = in, .seed = seed};
    struct lx_h1_head head = {.body = LX_H1_BODY_CHUNKED};
    struct lx_h1_body_reader r;
    struct lx_slice piece, part;
    int rc = 0;

    *used = 0;
    lx_h1_body_start(&r, &head);
    while (pieces_next(&pieces, &piece)) {
        size_t n = piece.n;
        while (rc >= 0 && (rc = lx_h1_body_next(&r, &piece, &part, NULL)) == 1)
            lx_buf_add(payload, part);
        CHECK(rc < 0 || r.done || piece.n == 0);
        *used += n - piece.n;
    }
    CHECK(lx_h1_body_end(&r) == (r.done ? 0 : LX_ETRUNCATED));
    return rc < 0 ? rc : r.done;
}

static void check_round_trip(struct lx_slice data)
{
    struct lx_buf wire, back;
    size_t used, half = data.n / 2;

    lx_buf_init(&wire, 1 << 28);
    lx_buf_init(&back, 1 << 28);
    lx_h1_write_chunk(&wire, lx_slice_to(data, half));
    size_t mark = lx_h1_chunk_open(&wire);
    lx_buf_add(&wire, lx_slice_from(data, half));
    lx_h1_chunk_close(&wire, mark);
    lx_h1_write_last_chunk(&wire);
    CHECK(run(lx_buf_slice(&wire), 5, &back, &used) == 1);
    CHECK(used == wire.n);
    CHECK(lx_slice_eq(lx_buf_slice(&back), data));
    lx_buf_clear(&wire);
    lx_buf_clear(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_slice in = lx_slice((const char *)data, size);
    struct lx_buf whole, cut;
    size_t used, cut_used;

    lx_buf_init(&whole, 1 << 28);
    lx_buf_init(&cut, 1 << 28);
    int rc = run(in, 0, &whole, &used);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        lx_buf_reset(&cut);
        CHECK(run(in, seed * 77777u, &cut, &cut_used) == rc);
        CHECK(used == cut_used);
        CHECK(lx_slice_eq(lx_buf_slice(&whole), lx_buf_slice(&cut)));
    }
    lx_buf_clear(&whole);
    lx_buf_clear(&cut);
    check_round_trip(in);
    return 0;
}
