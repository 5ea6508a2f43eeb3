/*
 * records.c - cuts a streamed body into records, and writes SSE.
 *
 * The relay of a stream, the client library and `translate` feed it whatever pieces arrive; the
 * records that come out are the same wherever the pieces were cut. A record that lies whole in one
 * piece is borrowed from it and nothing is copied; else its bytes are collected in `pending`.
 *
 * Two steps for each framing: `scan` looks for the end of the record, keeping its place between
 * pieces in `state`; `cut` takes the whole record apart. This file does not look into the data.
 *
 * SSE as in the WHATWG standard, 9.2.5 and 9.2.6: a line ends with LF, CR or CRLF, and an empty
 * line ends the event. Where a piece ends with the CR of an empty line, waiting for a LF that may
 * not come would hold back an event. So: if the line before ended with CRLF, this stream writes
 * CRLF, the LF is on its way, and it is waited for (`raw` must keep it: there are clients that look
 * for CRLFCRLF). If not, the event ends at the CR; a LF that follows makes an empty event, and
 * those are skipped. Thus the records are the same whether or not the CR was the end of a piece.
 */
#include "base/text.h"
#include "wire/aws_frame.h"

#include <stdlib.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum sse_state {
    LINE_START, /* at the start of a line, which does not follow a CR */
    IN_LINE,
    AFTER_CR,   /* a CR ended a line that was not empty */
    AFTER_CRLF, /* the same with CRLF */
    EMPTY_CR,   /* a CR after AFTER_CRLF: the end, with the LF if there is one */
    /* no states, but where the record ends: */
    END,        /* after this byte */
    END_BEFORE, /* before this byte */
};

/* clang-format off */
static const uint8_t sse_step[][3] = {
    /*                LF          CR          another byte */
    [LINE_START] = {END,        END,        IN_LINE},
    [IN_LINE]    = {LINE_START, AFTER_CR,   IN_LINE},
    [AFTER_CR]   = {AFTER_CRLF, END,        IN_LINE},
    [AFTER_CRLF] = {END,        EMPTY_CR,   IN_LINE},
    [EMPTY_CR]   = {END,        END_BEFORE, END_BEFORE},
};
/* clang-format on */

/* Index of the first CR or LF at or after `at`; s.n when there is none. */
static size_t find_line_end(struct lx_slice s, size_t at)
{
#ifdef __SSE2__
    const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    for (; s.n - at >= 16; at += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(s.p + at));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(x, lf), _mm_cmpeq_epi8(x, cr));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask)
            return at + (size_t)__builtin_ctz(mask);
    }
#endif
    while (at < s.n && s.p[at] != '\n' && s.p[at] != '\r')
        at++;
    return at;
}

/* Where the record that began before or at s ends in s; -1 when it does not. */
static ssize_t sse_scan(struct lx_records *r, struct lx_slice s)
{
    unsigned state = r->state;
    size_t i = 0;

    while (i < s.n) {
        if (state == IN_LINE) {
            i = find_line_end(s, i);
            if (i == s.n)
                break;
        }
        char c = s.p[i++];
        state = sse_step[state][c == '\n' ? 0 : c == '\r' ? 1 : 2];
        if (state >= END) {
            r->state = LINE_START;
            return (ssize_t)(state == END_BEFORE ? i - 1 : i);
        }
    }
    r->state = (uint8_t)state;
    return -1;
}

static ssize_t ndjson_scan(struct lx_records *r, struct lx_slice s)
{
    (void)r;
    ssize_t at = lx_slice_find_byte(s, '\n');
    return at < 0 ? -1 : at + 1;
}

static ssize_t aws_scan(struct lx_records *r, struct lx_slice s)
{
    return lx_aws_frame_scan(lx_buf_slice(&r->pending), s, r->max_bytes);
}

static ssize_t whole_scan(struct lx_records *r, struct lx_slice s)
{
    (void)r;
    (void)s;
    return -1;
}

/* One more data line. The first stays where it is; a second makes a joined copy of both. */
static void join(struct lx_records *r, struct lx_slice *data, size_t count, struct lx_slice value)
{
    if (count == 1)
        lx_buf_add(&r->data, *data);
    if (count) {
        lx_buf_add_byte(&r->data, '\n');
        lx_buf_add(&r->data, value);
        value = lx_buf_slice(&r->data);
    }
    *data = value;
}

/* The cutters return 1 for a record in *out, 0 when there is nothing in it, or a code. */
static int sse_cut(struct lx_records *r, struct lx_record *out, struct lx_error *err)
{
    struct lx_slice rest = out->raw, line, name, value;
    size_t count = 0;

    lx_buf_reset(&r->data);
    while (rest.n) {
        line = lx_slice_to(rest, find_line_end(rest, 0));
        rest = lx_slice_from(rest, line.n + 1); /* the LF of a CRLF is one more empty line */
        lx_slice_cut(line, ':', &name, &value);
        if (value.n && value.p[0] == ' ')
            value = lx_slice_from(value, 1);
        if (lx_slice_eq(name, LX_S("data")))
            join(r, &out->data, count++, value);
        else if (lx_slice_eq(name, LX_S("event")))
            out->event = value;
    }
    if (r->data.failed)
        return lx_error_set(err, r->data.failed, "no memory to join the data lines of an event");
    return count != 0;
}

static int ndjson_cut(struct lx_records *r, struct lx_record *out, struct lx_error *err)
{
    (void)r, (void)err;
    out->data = lx_slice_trim(out->raw);
    return out->data.n != 0;
}

static int aws_cut(struct lx_records *r, struct lx_record *out, struct lx_error *err)
{
    return lx_aws_frame_read(out, r->max_bytes, err);
}

/*
 * A chunk of a model's own stream: {"bytes":"BASE64","p":"padding"}, in any order (PayloadPart of
 * bedrock-runtime's InvokeModelWithResponseStream). Neither member has anything escaped. A frame
 * without bytes is skipped; an exception is a record as it stands.
 */
static int chunk_cut(struct lx_records *r, struct lx_record *out, struct lx_error *err)
{
    static const struct lx_slice name = LX_S_INIT("\"bytes\"");
    struct lx_slice head, rest, coded;
    int rc = lx_aws_frame_read(out, r->max_bytes, err);
    if (rc != 1 || out->fault)
        return rc;
    ssize_t at = lx_slice_find(out->data, name);
    rest = at < 0 ? lx_slice(NULL, 0) : lx_slice_from(out->data, (size_t)at + name.n);
    if (!lx_slice_cut(rest, '"', &head, &rest) || !lx_slice_cut(rest, '"', &coded, &rest))
        return 0;
    lx_buf_reset(&r->data);
    rc = lx_base64_read(coded, &r->data);
    if (rc < 0)
        return lx_error_set(err, rc == LX_EINVAL ? LX_EPROTO : rc, "a chunk's bytes: %s",
                            lx_code_text(rc));
    out->event = lx_slice(NULL, 0);
    out->data = lx_buf_slice(&r->data);
    return 1;
}

static int whole_cut(struct lx_records *r, struct lx_record *out, struct lx_error *err)
{
    (void)r, (void)err;
    out->data = out->raw;
    return 1;
}

static const struct {
    ssize_t (*scan)(struct lx_records *r, struct lx_slice s);
    int (*cut)(struct lx_records *r, struct lx_record *out, struct lx_error *err);
} framings[] = {
    [LX_FRAMING_NONE] = {whole_scan, whole_cut}, /* one record, at the end */
    [LX_FRAMING_SSE] = {sse_scan, sse_cut},
    [LX_FRAMING_NDJSON] = {ndjson_scan, ndjson_cut},
    [LX_FRAMING_AWS] = {aws_scan, aws_cut},
    [LX_FRAMING_AWS_SSE] = {aws_scan, aws_cut}, /* then see next_within() */
    [LX_FRAMING_AWS_CHUNK] = {aws_scan, chunk_cut},
};

static int cut(struct lx_records *r, struct lx_slice raw, struct lx_record *out,
               struct lx_error *err)
{
    struct lx_record record = {.raw = raw};
    int rc;

    if (!r->started) {
        r->started = true;
        if (r->framing < LX_FRAMING_AWS && lx_slice_starts(raw, LX_S("\xef\xbb\xbf")))
            record.raw = lx_slice_from(raw, 3);
    }
    rc = framings[r->framing].cut(r, &record, err);
    if (rc == 1)
        *out = record;
    return rc;
}

void lx_records_init(struct lx_records *r, enum lx_framing framing, size_t max_record_bytes)
{
    *r = (struct lx_records){.framing = framing, .max_bytes = max_record_bytes};
    lx_buf_init(&r->pending, max_record_bytes);
    lx_buf_init(&r->data, max_record_bytes);
}

void lx_records_clear(struct lx_records *r)
{
    lx_buf_clear(&r->pending);
    lx_buf_clear(&r->data);
    if (r->inner)
        lx_records_clear(r->inner);
    free(r->inner);
    r->inner = NULL;
}

static void drop_spent(struct lx_records *r)
{
    if (r->spent)
        lx_buf_reset(&r->pending);
    r->spent = false;
}

static int next_framed(struct lx_records *r, struct lx_slice *in, struct lx_record *out,
                       struct lx_error *err)
{
    for (;;) {
        drop_spent(r);
        if (in->n == 0)
            return 0;
        ssize_t end = framings[r->framing].scan(r, *in);
        struct lx_slice raw = end < 0 ? *in : lx_slice_to(*in, (size_t)end);
        if (raw.n > r->max_bytes - r->pending.n)
            return lx_error_set(err, LX_ELIMIT, "a record of the stream is larger than %zu bytes",
                                r->max_bytes);
        *in = lx_slice_from(*in, raw.n);
        if (end < 0 || r->pending.n) {
            lx_buf_add(&r->pending, raw);
            if (r->pending.failed)
                return lx_error_set(err, r->pending.failed, "no memory for a record");
            raw = lx_buf_slice(&r->pending);
            r->spent = end >= 0;
        }
        if (end < 0)
            return 0;
        int rc = cut(r, raw, out, err);
        if (rc)
            return rc;
    }
}

static int make_inner(struct lx_records *r, struct lx_error *err)
{
    if (r->inner)
        return 0;
    r->inner = malloc(sizeof(*r->inner));
    if (!r->inner)
        return lx_error_set(err, LX_ENOMEM, "no memory for a record");
    lx_records_init(r->inner, LX_FRAMING_SSE, r->max_bytes);
    return 0;
}

/* The records within the payloads; an exception between them is a record itself. */
static int next_within(struct lx_records *r, struct lx_slice *in, struct lx_record *out,
                       struct lx_error *err)
{
    int rc = make_inner(r, err);
    while (rc == 0) {
        struct lx_record frame = {0};
        rc = lx_records_next(r->inner, &r->part, out, err);
        if (rc)
            break;
        rc = next_framed(r, in, &frame, err);
        if (rc != 1)
            break;
        if (frame.fault) {
            *out = frame;
            break;
        }
        r->part = frame.data;
        rc = 0;
    }
    return rc;
}

int lx_records_next(struct lx_records *r, struct lx_slice *in, struct lx_record *out,
                    struct lx_error *err)
{
    return r->framing == LX_FRAMING_AWS_SSE ? next_within(r, in, out, err)
                                            : next_framed(r, in, out, err);
}

int lx_records_end(struct lx_records *r, struct lx_record *out, struct lx_error *err)
{
    drop_spent(r);
    if (r->pending.n == 0)
        return r->inner ? lx_records_end(r->inner, out, err) : 0;
    r->spent = true;
    return cut(r, lx_buf_slice(&r->pending), out, err);
}

void lx_sse_begin(struct lx_buf *out, const char *event)
{
    if (event) {
        lx_buf_add_lit(out, "event: ");
        lx_buf_add(out, lx_slice_z(event));
        lx_buf_add_byte(out, '\n');
    }
    lx_buf_add_lit(out, "data: ");
}

void lx_sse_end(struct lx_buf *out)
{
    lx_buf_add_lit(out, "\n\n");
}
