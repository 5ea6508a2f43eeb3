/*
 * h1.h - HTTP/1.1 messages, both roles, without I/O: bytes in, structure out.
 *
 * Strict about framing, because two readers that disagree about where a message ends is how
 * requests are smuggled (RFC 9112 sections 6 and 11.2). Refused: both Content-Length and
 * Transfer-Encoding, repeated or odd lengths, transfer codings other than a final "chunked",
 * bare CR or LF, obs-fold, space before the colon, NUL, control bytes in values, whitespace in
 * the request target, missing or repeated Host in a request, oversized heads and bodies.
 */
#ifndef LX_HTTP_H1_H
#define LX_HTTP_H1_H

#include "base/buf.h"
#include "base/error.h"
#include "wire/header.h"

#define LX_H1_MAX_HEADERS 128

enum lx_h1_body {
    LX_H1_BODY_NONE,   /* no body at all (length 0, 204, 304, reply to HEAD, 1xx) */
    LX_H1_BODY_LENGTH, /* content_length bytes */
    LX_H1_BODY_CHUNKED,
    LX_H1_BODY_CLOSE, /* a reply that ends when the connection does */
};

/* A message head. Slices point into the bytes given to the reader. */
struct lx_h1_head {
    struct lx_header fields[LX_H1_MAX_HEADERS];
    struct lx_headers headers; /* v points at fields */
    /* request */
    struct lx_slice method;
    struct lx_slice target; /* as sent: origin-form, absolute-form, authority-form or "*" */
    struct lx_slice path;  /* without query; percent-encoding kept; "/" for absolute-form without */
    struct lx_slice query; /* after '?', or empty */
    bool expect_continue;
    /* reply */
    int status;
    struct lx_slice reason;
    /* both */
    int minor;       /* HTTP/1.minor: 0 or 1 */
    bool keep_alive; /* what version and Connection header say together */
    enum lx_h1_body body;
    uint64_t content_length;
    struct lx_slice content_type; /* absent when not sent */
    struct lx_slice content_encoding;
};

/*
 * Reads a request head from the start of `in`. >0: bytes used, *out filled; 0: need more;
 * LX_EHTTP (400), LX_ELIMIT (head larger than max_bytes, or too many fields: 431). *status gets the
 * HTTP status to answer with on error (400, 414, 431, 501, 505). Leading empty lines are skipped
 * (RFC 9112 2.2). `seen` is how much of `in` an earlier call already looked at without finding
 * the end (0 at first): a head that drips in byte by byte stays linear.
 */
ssize_t lx_h1_read_request(struct lx_slice in, size_t seen, size_t max_bytes,
                           struct lx_h1_head *out, int *status, struct lx_error *err);

/* The same for a reply; `to_head`: the request was HEAD. 1xx replies are returned like others with
 * body NONE: the caller skips them. Errors are LX_EPROTO or LX_ELIMIT. */
ssize_t lx_h1_read_reply(struct lx_slice in, size_t seen, size_t max_bytes, bool to_head,
                         struct lx_h1_head *out, struct lx_error *err);

/* ---- Bodies ------------------------------------------------------------------------------- */

/* Cuts a body out of a connection's bytes. */
struct lx_h1_body_reader {
    enum lx_h1_body kind;
    uint64_t left;     /* of the length, or of the current chunk */
    uint8_t state;     /* of the chunked machine */
    uint32_t overhead; /* bytes of chunk lines and trailers so far in this line: limited */
    bool done;
};
void lx_h1_body_start(struct lx_h1_body_reader *r, const struct lx_h1_head *head);
/* Takes the next piece of payload: *in is advanced, *piece borrowed from it (may be empty when only
 * framing was consumed). 1: a piece; 0: *in is used up, or the body is done (r->done); LX_EHTTP.
 * Trailers are read and dropped, within limits. */
int lx_h1_body_next(struct lx_h1_body_reader *r, struct lx_slice *in, struct lx_slice *piece,
                    struct lx_error *err);
/* The connection ended: 0 when that ends the body too (BODY_CLOSE, or done), else LX_ETRUNCATED. */
int lx_h1_body_end(struct lx_h1_body_reader *r);

/* ---- Writing ------------------------------------------------------------------------------ */

/* Start line, given headers, blank line. The caller adds framing headers with the functions below
 * before ending the head. */
void lx_h1_write_request_line(struct lx_buf *out, struct lx_slice method, struct lx_slice target);
void lx_h1_write_status_line(struct lx_buf *out, int status);
void lx_h1_write_header(struct lx_buf *out, struct lx_slice name, struct lx_slice value);
#define lx_h1_write_header_lit(out, name, value) lx_h1_write_header((out), LX_S(name), LX_S(value))
void lx_h1_write_content_length(struct lx_buf *out, uint64_t n);
void lx_h1_write_chunked(struct lx_buf *out);
void lx_h1_write_head_end(struct lx_buf *out);
/* One chunk around `data` (nothing for empty data, which would end the body). */
void lx_h1_write_chunk(struct lx_buf *out, struct lx_slice data);
/* For a chunk written in place: reserve the size line, append payload, then close it. */
size_t lx_h1_chunk_open(struct lx_buf *out);
void lx_h1_chunk_close(struct lx_buf *out, size_t mark); /* removes itself when nothing was added */
void lx_h1_write_last_chunk(struct lx_buf *out);

/* "Not Found"; never NULL. */
const char *lx_http_status_text(int status);

#endif
