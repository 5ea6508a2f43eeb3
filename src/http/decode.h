/*
 * decode.h - undoing Content-Encoding: gzip, deflate and zstd, piece by piece, with a ceiling.
 */
#ifndef LX_HTTP_DECODE_H
#define LX_HTTP_DECODE_H

#include "base/buf.h"
#include "base/error.h"

struct lx_decoder; /* opaque; NULL means identity */

/* What we say we accept. */
#define LX_ACCEPT_ENCODING "gzip, zstd"

/* 0 with *out NULL for identity or an absent coding, 0 with a decoder for gzip, x-gzip, deflate and
 * zstd; LX_EPROTO for anything else; LX_ENOMEM. */
int lx_decoder_new(struct lx_slice content_encoding, struct lx_decoder **out, struct lx_error *err);
void lx_decoder_free(struct lx_decoder *d); /* NULL-safe */
/* Decodes some of *in, appending at most `most` bytes to out and advancing *in. 1: call again with
 * the rest; 0: all of *in is used and all output taken; LX_EPROTO, LX_ENOMEM, LX_ELIMIT. */
int lx_decoder_next(struct lx_decoder *d, struct lx_slice *in, struct lx_buf *out, size_t most,
                    struct lx_error *err);
/* The body ended: 0, or LX_ETRUNCATED when the compressed data did not. */
int lx_decoder_end(struct lx_decoder *d);

#endif
