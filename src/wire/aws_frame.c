/*
 * aws_frame.c - messages of AWS event streams, which Bedrock and SageMaker stream in.
 *
 *   total length 4 | headers length 4 | CRC-32 of these 8 | headers | payload | CRC-32 of all
 * before header:  name length 1 | name | type of value 1 | value, by its type
 *
 * Both sums are checked before anything is believed: a length that lies would make a reader wait
 * for bytes that never come. Of the headers three are looked at, and all must be well formed:
 * ":message-type" tells events from exceptions, whose kind is in ":event-type" and
 * ":exception-type"; an "error" is one that the service does not model, with its text in a header
 * (smithy.io/2.0/aws/amazon-eventstream.html, 2026-08).
 */
#include "wire/aws_frame.h"

#include <zlib.h>

enum { PRELUDE = 12, SUM = 4 };

static uint32_t be32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static bool sum_is(struct lx_slice bytes, uint32_t want)
{
    return crc32_z(0, (const unsigned char *)bytes.p, bytes.n) == want;
}

/* What is wrong with a prelude; NULL when nothing is. */
static const char *prelude_fault(const char *p)
{
    uint32_t total = be32(p), headers = be32(p + 4);
    if (!sum_is(lx_slice(p, PRELUDE - SUM), be32(p + PRELUDE - SUM)))
        return "a message of the event stream fails its prelude's checksum";
    if (total < PRELUDE + SUM || headers > total - PRELUDE - SUM)
        return "a message of the event stream has impossible lengths";
    return NULL;
}

ssize_t lx_aws_frame_scan(struct lx_slice pending, struct lx_slice piece, size_t max)
{
    char prelude[PRELUDE];
    size_t have = pending.n < PRELUDE ? pending.n : PRELUDE, more = PRELUDE - have;
    if (more > piece.n)
        return -1;
    if (have)
        memcpy(prelude, pending.p, have);
    if (more)
        memcpy(prelude + have, piece.p, more);
    size_t total = be32(prelude);
    if (prelude_fault(prelude) || total > max)
        return (ssize_t)more;
    return total - pending.n <= piece.n ? (ssize_t)(total - pending.n) : -1;
}

/* Takes n bytes off the front of *s; false when it has fewer. */
static bool take(struct lx_slice *s, size_t n, struct lx_slice *out)
{
    if (s->n < n)
        return false;
    *out = lx_slice_to(*s, n);
    *s = lx_slice_from(*s, n);
    return true;
}

/* The value of a header; *text only when it is a string. */
static bool take_value(struct lx_slice *s, struct lx_slice *text)
{
    enum { BYTES = 6, STRING = 7, TYPES = 10 };
    static const uint8_t sizes[TYPES] = {0, 0, 1, 2, 4, 8, 2, 2, 8, 16};
    struct lx_slice type, value;
    *text = lx_slice(NULL, 0);
    if (!take(s, 1, &type) || (unsigned char)type.p[0] >= TYPES)
        return false;
    unsigned kind = (unsigned char)type.p[0];
    if (!take(s, sizes[kind], &value))
        return false;
    if (kind != BYTES && kind != STRING)
        return true;
    size_t n = (size_t)((unsigned char)value.p[0] << 8 | (unsigned char)value.p[1]);
    if (!take(s, n, &value))
        return false;
    if (kind == STRING)
        *text = value;
    return true;
}

struct headers {
    struct lx_slice message, event, exception, code, text;
};

static bool read_headers(struct lx_slice s, struct headers *h)
{
    const struct {
        struct lx_slice name, *to;
    } known[] = {
        {LX_S(":message-type"), &h->message},     {LX_S(":event-type"), &h->event},
        {LX_S(":exception-type"), &h->exception}, {LX_S(":error-code"), &h->code},
        {LX_S(":error-message"), &h->text},
    };
    while (s.n) {
        struct lx_slice n, name, text;
        if (!take(&s, 1, &n) || !n.p[0] || !take(&s, (unsigned char)n.p[0], &name) ||
            !take_value(&s, &text))
            return false;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            if (lx_slice_eq(name, known[i].name))
                *known[i].to = text;
    }
    return true;
}

int lx_aws_frame_read(struct lx_record *out, size_t max, struct lx_error *err)
{
    struct lx_slice raw = out->raw;
    struct headers h = {0};
    const char *fault = raw.n < PRELUDE ? NULL : prelude_fault(raw.p);
    if (fault)
        return lx_error_set(err, LX_EPROTO, "%s", fault);
    if (raw.n >= PRELUDE && be32(raw.p) > max)
        return lx_error_set(err, LX_ELIMIT, "a record of the stream is larger than %zu bytes", max);
    if (raw.n < PRELUDE || raw.n < be32(raw.p))
        return lx_error_set(err, LX_ETRUNCATED, "the event stream ended within a message");
    if (!sum_is(lx_slice_to(raw, raw.n - SUM), be32(raw.p + raw.n - SUM)))
        return lx_error_set(err, LX_EPROTO, "a message of the event stream fails its checksum");
    size_t headers = be32(raw.p + 4);
    if (!read_headers(lx_slice(raw.p + PRELUDE, headers), &h))
        return lx_error_set(err, LX_EPROTO, "a message of the event stream has malformed headers");
    out->data = lx_slice(raw.p + PRELUDE + headers, raw.n - PRELUDE - headers - SUM);
    out->event = h.event;
    if (lx_slice_eq(h.message, LX_S("exception"))) {
        out->fault = true;
        out->event = h.exception;
    } else if (lx_slice_eq(h.message, LX_S("error"))) {
        out->fault = true;
        out->event = h.code;
        out->data = h.text;
    }
    return 1;
}
