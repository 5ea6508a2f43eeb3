/*
 * decode_fuzz.c - any bytes as a compressed body: never more than the ceiling, and the same text
 * whole and in pieces.
 *
 * The first byte chooses the coding and how much a call may write.
 */
#include "pieces.h"

#include "http/decode.h"

enum { CEILING = 1 << 18 };

static int run(struct lx_slice in, struct lx_slice coding, size_t most, uint32_t seed,
               struct lx_buf *out)
{
    struct pieces pieces = {.rest = in, .seed = seed};
    struct lx_decoder *d;
    struct lx_slice piece;
    int rc = 0;

    CHECK(lx_decoder_new(coding, &d, NULL) == 0 && d);
    while (pieces_next(&pieces, &piece)) {
        for (rc = rc < 0 ? rc : 1; rc == 1;) {
            size_t before = out->n;
            rc = lx_decoder_next(d, &piece, out, most, NULL);
            CHECK(out->n - before <= most && out->n <= CEILING);
        }
        CHECK(rc < 0 || piece.n == 0);
    }
    if (rc == 0)
        rc = lx_decoder_end(d);
    lx_decoder_free(d);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct lx_slice codings[] = {
        LX_S_INIT("gzip"),
        LX_S_INIT("deflate"),
        LX_S_INIT("zstd"),
    };
    struct lx_buf whole, cut;

    if (size == 0)
        return 0;
    struct lx_slice in = lx_slice((const char *)data + 1, size - 1);
    struct lx_slice coding = codings[data[0] % 3];
    size_t most = data[0] / 3 % 2 ? 100 : CEILING;
    lx_buf_init(&whole, CEILING);
    lx_buf_init(&cut, CEILING);
    int rc = run(in, coding, CEILING, 0, &whole);
    int cut_rc = run(in, coding, most, 77777u + data[0], &cut);
    /* libzstd (1.5.4) takes a repeated byte, no times, in a frame that is whole, and refuses it in
     * one that comes in pieces. Nobody writes such. */
    CHECK((rc == 0) == (cut_rc == 0) || (data[0] % 3 == 2 && cut_rc < 0));
    CHECK(rc || cut_rc || lx_slice_eq(lx_buf_slice(&whole), lx_buf_slice(&cut)));
    lx_buf_clear(&whole);
    lx_buf_clear(&cut);
    return 0;
}
