/*
 * eventstream_fuzz.c - any bytes as an AWS event stream: the same records whole and in pieces.
 *
 * No fuzzer guesses a checksum. With the first byte's lowest bit set the rest is a list of messages
 * (headers' length, payload's length, a byte each, then both), which get their lengths and sums
 * here; without it the rest is the stream as it stands. The next bits choose the largest
 * message, and whether the payloads are pieces of an SSE stream, or events in base64.
 */
#include "pieces.h"

#include <zlib.h>

#include "wire/record.h"

static void add_be32(struct lx_buf *b, size_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        lx_buf_add_byte(b, (char)(v >> shift));
}

static void add_sum(struct lx_buf *b, size_t from)
{
    add_be32(b, crc32_z(0, (const unsigned char *)b->p + from, b->n - from));
}

static void add_message(struct lx_buf *b, struct lx_slice *in)
{
    size_t start = b->n, headers = (unsigned char)in->p[0], payload = (unsigned char)in->p[1];
    struct lx_slice body = lx_slice_to(lx_slice_from(*in, 2), headers + payload);
    *in = lx_slice_from(*in, 2 + body.n);
    add_be32(b, body.n + 16);
    add_be32(b, headers < body.n ? headers : body.n);
    add_sum(b, start);
    lx_buf_add(b, body);
    add_sum(b, start);
}

static void add(struct lx_buf *log, struct lx_slice s)
{
    lx_buf_addf(log, "%zu:", s.n);
    lx_buf_add(log, s);
}

static void add_record(struct lx_buf *log, const struct lx_record *r, bool is_frame)
{
    CHECK(!is_frame || (r->raw.n >= r->data.n + 16 && r->raw.n >= r->event.n + 16));
    lx_buf_add_byte(log, r->fault ? '!' : '.');
    add(log, r->event);
    add(log, r->data);
    add(log, r->raw);
}

static void run(enum lx_framing framing, struct lx_slice in, size_t max, uint32_t seed,
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
            add_record(log, &record, framing == LX_FRAMING_AWS || record.fault);
        CHECK(rc < 0 || piece.n == 0);
    }
    if (rc >= 0 && (rc = lx_records_end(&r, &record, NULL)) == 1)
        add_record(log, &record, framing == LX_FRAMING_AWS || record.fault);
    lx_buf_addf(log, "end %d", rc);
    lx_records_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t limits[] = {1 << 20, 200, 40, 1};
    struct lx_buf made, whole, cut;

    if (size == 0)
        return 0;
    struct lx_slice in = lx_slice((const char *)data + 1, size - 1);
    size_t max = limits[data[0] >> 1 & 3];
    enum lx_framing framing = data[0] & 16  ? LX_FRAMING_AWS_CHUNK
                              : data[0] & 8 ? LX_FRAMING_AWS_SSE
                                            : LX_FRAMING_AWS;
    lx_buf_init(&made, 1 << 28);
    lx_buf_init(&whole, 1 << 28);
    lx_buf_init(&cut, 1 << 28);
    if (data[0] & 1) {
        while (in.n >= 2)
            add_message(&made, &in);
        in = lx_buf_slice(&made);
    }
    run(framing, in, max, 0, &whole);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        lx_buf_reset(&cut);
        run(framing, in, max, seed * 77777u + data[0], &cut);
        CHECK(lx_slice_eq(lx_buf_slice(&whole), lx_buf_slice(&cut)));
    }
    lx_buf_clear(&made);
    lx_buf_clear(&whole);
    lx_buf_clear(&cut);
    return 0;
}
