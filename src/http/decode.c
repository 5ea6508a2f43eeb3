/*
 * decode.c - undoes Content-Encoding with zlib and zstd.
 *
 * The upstream client decodes replies with it, piece by piece. What a few bytes may grow into is
 * bounded by the caller (`most` for each call, the buffer's ceiling for all of it) and by the
 * window a zstd frame may ask for. It keeps no output: what is decoded goes to the caller's buffer.
 */
#include "http/decode.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    MIN_ROOM = 512, /* asked from the buffer at a time */
    MAX_ROOM = 32768,
    ZSTD_WINDOW_LOG = 23, /* 8 MB, what RFC 9659 allows with HTTP */
};

struct lx_decoder {
    const struct coding *coding;
    bool fed;      /* a byte came */
    bool complete; /* the input so far ends where a member or frame does */
    bool full;     /* the last run filled its room: there may be more without input */
    z_stream z;
    bool z_ready;
    ZSTD_DStream *zstd;
};

/* One run of a library: takes from *in, writes to to[room]. Bytes written, or a code. */
struct coding {
    struct lx_slice names[2];
    ssize_t (*run)(struct lx_decoder *d, struct lx_slice *in, char *to, size_t room);
    int window_bits; /* for inflateInit2 */
};

/* ---- zlib --------------------------------------------------------------------------------- */

/* "deflate" should mean the zlib format (RFC 9110 8.4.1.2), and often means bare deflate. A zlib
 * header's low four bits are 8; bare deflate that starts so would be a stored block with dirty
 * padding, which no encoder writes. */
static int window_bits(const struct lx_decoder *d, char first)
{
    bool bare = (first & 0x0f) != Z_DEFLATED;
    return d->coding->window_bits == MAX_WBITS && bare ? -MAX_WBITS : d->coding->window_bits;
}

static int z_start(struct lx_decoder *d, char first)
{
    if (!d->z_ready) {
        if (inflateInit2(&d->z, window_bits(d, first)) != Z_OK)
            return LX_ENOMEM;
        d->z_ready = true;
    } else if (d->complete) {
        /* gzip may have one member after another (RFC 1952 2.2); the others are one stream. */
        if (d->coding->window_bits == MAX_WBITS)
            return LX_EPROTO;
        inflateReset(&d->z);
    }
    d->complete = false;
    return 0;
}

static ssize_t z_run(struct lx_decoder *d, struct lx_slice *in, char *to, size_t room)
{
    /* zlib counts in unsigned int */
    uInt n = in->n < UINT32_MAX ? (uInt)in->n : UINT32_MAX;
    int rc;

    if (in->n && (rc = z_start(d, in->p[0])))
        return rc;
    if (d->complete)
        return 0;
    d->z.next_in = (z_const Bytef *)in->p;
    d->z.avail_in = n;
    d->z.next_out = (Bytef *)to;
    d->z.avail_out = (uInt)room;
    rc = inflate(&d->z, Z_NO_FLUSH);
    *in = lx_slice_from(*in, n - d->z.avail_in);
    d->complete = rc == Z_STREAM_END;
    if (rc == Z_MEM_ERROR)
        return LX_ENOMEM;
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
        return LX_EPROTO;
    return (ssize_t)(room - d->z.avail_out);
}

/* ---- zstd --------------------------------------------------------------------------------- */

static ssize_t zstd_run(struct lx_decoder *d, struct lx_slice *in, char *to, size_t room)
{
    ZSTD_inBuffer from = {in->p, in->n, 0};
    ZSTD_outBuffer into = {to, room, 0};
    size_t rc;

    if (in->n == 0 && d->complete) /* it would begin another frame */
        return 0;
    if (!d->zstd) {
        if (!(d->zstd = ZSTD_createDStream()))
            return LX_ENOMEM;
        ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    }
    rc = ZSTD_decompressStream(d->zstd, &into, &from);
    if (ZSTD_isError(rc))
        return ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation ? LX_ENOMEM : LX_EPROTO;
    *in = lx_slice_from(*in, from.pos);
    d->complete = rc == 0;
    return (ssize_t)into.pos;
}

/* ---- What the caller sees ----------------------------------------------------------------- */

static const struct coding codings[] = {
    {{LX_S_INIT("gzip"), LX_S_INIT("x-gzip")}, z_run, MAX_WBITS + 16},
    {{LX_S_INIT("zstd")}, zstd_run, 0},
    {{LX_S_INIT("deflate")}, z_run, MAX_WBITS},
};

int lx_decoder_new(struct lx_slice content_encoding, struct lx_decoder **out, struct lx_error *err)
{
    struct lx_slice name = lx_slice_trim(content_encoding);
    const struct coding *found = NULL;

    if (name.n == 0 || lx_slice_eq_nocase(name, LX_S("identity"))) {
        *out = NULL;
        return 0;
    }
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        for (int k = 0; k < 2; k++)
            if (lx_slice_eq_nocase(name, codings[i].names[k]))
                found = &codings[i];
    if (!found)
        return lx_error_set(err, LX_EPROTO, "content-encoding %.*s was not asked for",
                            (int)lx_slice_to(name, 40).n, name.p);
    struct lx_decoder *d = calloc(1, sizeof *d);
    if (!d)
        return lx_error_set(err, LX_ENOMEM, "no memory for a decoder");
    d->coding = found;
    *out = d;
    return 0;
}

void lx_decoder_free(struct lx_decoder *d)
{
    if (!d)
        return;
    if (d->z_ready)
        inflateEnd(&d->z);
    ZSTD_freeDStream(d->zstd);
    free(d);
}

static size_t room_for(const struct lx_slice *in, size_t most)
{
    size_t room = in->n < MAX_ROOM / 4 ? 4 * in->n : MAX_ROOM;

    if (room < MIN_ROOM)
        room = MIN_ROOM;
    return room < most ? room : most;
}

static int wrong(int code, struct lx_error *err)
{
    return lx_error_set(err, code,
                        code == LX_EPROTO ? "the body is not what its Content-Encoding says"
                                          : "no memory to decode a body");
}

int lx_decoder_next(struct lx_decoder *d, struct lx_slice *in, struct lx_buf *out, size_t most,
                    struct lx_error *err)
{
    d->fed |= in->n != 0;
    while (in->n || d->full) {
        size_t left = out->max - out->n, room = room_for(in, most < left ? most : left);
        char spare, *to;
        ssize_t n;

        if (most == 0)
            return 1;
        /* A full buffer is wrong only if there is more for it: ask with a byte of our own. */
        to = room ? lx_buf_reserve(out, room) : &spare;
        if (!to)
            return wrong(out->failed, err);
        n = d->coding->run(d, in, to, room ? room : 1);
        if (n < 0)
            return wrong((int)n, err);
        if (n > 0 && !room)
            return lx_error_set(err, LX_ELIMIT, "a decoded body is larger than %zu bytes",
                                out->max);
        d->full = n > 0 && (size_t)n == room;
        lx_buf_commit(out, (size_t)n);
        most -= (size_t)n;
    }
    return 0;
}

int lx_decoder_end(struct lx_decoder *d)
{
    return !d || d->complete || !d->fed ? 0 : LX_ETRUNCATED;
}
