/*
 * h1_body.c - cuts the body of an HTTP/1.1 message out of a connection's bytes.
 *
 * Server and upstream client feed it what was read after a head. Payload is borrowed, never copied;
 * the bytes of chunk lines and trailers go through a small machine, one at a time:
 *
 *   SIZE_FIRST -> SIZE -----------------> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE_FIRST
 *                     `-> EXTENSION --'         `-> (size 0) LINE_START
 *
 *   LINE_START -> NAME -> VALUE -> VALUE_LF -> LINE_START       trailer fields, dropped
 *             `-> LAST_LF -> done                               the empty line
 *
 * RFC 9112 7.1 to the letter, with limits: each chunk line and the trailers together have a
 * ceiling, because neither carries anything for us.
 */
#include "http/h1.h"

enum { MAX_CHUNK_LINE = 256, MAX_TRAILERS = 8192 };

enum state {
    SIZE_FIRST, /* wants the first digit */
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    LINE_START,
    NAME,
    VALUE,
    VALUE_LF,
    LAST_LF,
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What may stand in an extension or a trailer's value. */
static bool is_text(char c)
{
    return (unsigned char)c >= ' ' ? c != 0x7f : c == '\t';
}

/* The next state, or -1 when c may not come here. */
static int after_size(struct lx_h1_body_reader *r, char c)
{
    int digit = hex_value(c);

    if (digit >= 0) {
        if (r->left >> 59) /* the next digit would pass 2^63 */
            return -1;
        r->left = r->left << 4 | (unsigned)digit;
        return SIZE;
    }
    if (r->state == SIZE_FIRST)
        return -1;
    return c == ';' ? EXTENSION : c == '\r' ? SIZE_LF : -1;
}

static int after_size_line(struct lx_h1_body_reader *r)
{
    r->overhead = 0;
    return r->left ? DATA : LINE_START;
}

static int step(struct lx_h1_body_reader *r, char c)
{
    switch (r->state) {
    case SIZE_FIRST:
    case SIZE:
        return after_size(r, c);
    case EXTENSION:
        return c == '\r' ? SIZE_LF : is_text(c) ? EXTENSION : -1;
    case SIZE_LF:
        return c == '\n' ? after_size_line(r) : -1;
    case DATA_CR:
        return c == '\r' ? DATA_LF : -1;
    case DATA_LF:
        return c == '\n' ? SIZE_FIRST : -1;
    case LINE_START:
        return c == '\r' ? LAST_LF : lx_is_token_byte(c) ? NAME : -1;
    case NAME:
        return c == ':' ? VALUE : lx_is_token_byte(c) ? NAME : -1;
    case VALUE:
        return c == '\r' ? VALUE_LF : is_text(c) ? VALUE : -1;
    case VALUE_LF:
        return c == '\n' ? LINE_START : -1;
    default: /* LAST_LF */
        r->done = c == '\n';
        return r->done ? LAST_LF : -1;
    }
}

static int next_framing(struct lx_h1_body_reader *r, struct lx_slice *in, struct lx_error *err)
{
    uint32_t most = r->state >= LINE_START ? MAX_TRAILERS : MAX_CHUNK_LINE;
    int state;

    if (++r->overhead > most)
        return lx_error_set(err, LX_EHTTP, "a chunk line or trailers of more than %u bytes", most);
    state = step(r, in->p[0]);
    if (state < 0)
        return lx_error_set(err, LX_EHTTP, "the chunked body is malformed");
    r->state = (uint8_t)state;
    *in = lx_slice_from(*in, 1);
    return 0;
}

/* Takes payload, of which r->left bytes are to come. */
static void take(struct lx_h1_body_reader *r, struct lx_slice *in, struct lx_slice *piece)
{
    *piece = r->left < in->n ? lx_slice_to(*in, (size_t)r->left) : *in;
    *in = lx_slice_from(*in, piece->n);
    r->left -= piece->n;
}

void lx_h1_body_start(struct lx_h1_body_reader *r, const struct lx_h1_head *head)
{
    *r = (struct lx_h1_body_reader){.kind = head->body};
    if (head->body == LX_H1_BODY_LENGTH)
        r->left = head->content_length;
    if (head->body == LX_H1_BODY_CLOSE)
        r->left = UINT64_MAX;
    r->done = head->body == LX_H1_BODY_NONE || (head->body == LX_H1_BODY_LENGTH && !r->left);
}

int lx_h1_body_next(struct lx_h1_body_reader *r, struct lx_slice *in, struct lx_slice *piece,
                    struct lx_error *err)
{
    while (in->n && !r->done) {
        if (r->kind != LX_H1_BODY_CHUNKED || r->state == DATA) {
            take(r, in, piece);
            if (r->kind == LX_H1_BODY_LENGTH)
                r->done = r->left == 0;
            else if (r->kind == LX_H1_BODY_CHUNKED && r->left == 0)
                r->state = DATA_CR;
            return 1;
        }
        int rc = next_framing(r, in, err);
        if (rc)
            return rc;
    }
    return 0;
}

int lx_h1_body_end(struct lx_h1_body_reader *r)
{
    if (r->kind == LX_H1_BODY_CLOSE)
        r->done = true;
    return r->done ? 0 : LX_ETRUNCATED;
}
