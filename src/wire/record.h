/*
 * record.h - what a framed body is cut into, whatever the framing: SSE, NDJSON, AWS frames.
 *
 * One reader per framing, all of one shape, so that the relay of a stream does not know which.
 */
#ifndef LX_WIRE_RECORD_H
#define LX_WIRE_RECORD_H

#include "base/buf.h"
#include "base/error.h"

struct lx_record {
    struct lx_slice event; /* SSE event type; AWS event or exception type; empty: none given */
    struct lx_slice data;  /* the payload; SSE data lines joined with LF */
    struct lx_slice raw;   /* the record as it came, its terminator included */
    bool fault;            /* AWS: an exception or an error, not an event */
};

/* OpenAI's end mark; servers that speak several languages end every stream so. */
static inline bool lx_record_is_done(const struct lx_record *r)
{
    return lx_slice_eq(lx_slice_trim(r->data), LX_S("[DONE]"));
}

enum lx_framing {
    LX_FRAMING_NONE = 0, /* a whole body, not a stream */
    LX_FRAMING_SSE,
    LX_FRAMING_NDJSON,
    LX_FRAMING_AWS,       /* application/vnd.amazon.eventstream */
    LX_FRAMING_AWS_SSE,   /* the same, whose payloads are pieces of an SSE stream */
    LX_FRAMING_AWS_CHUNK, /* the same, whose payloads are {"bytes": an event in base64} */
};

/*
 * A reader of records, fed arbitrary pieces. Records whose bytes arrived in one piece are borrowed
 * from it; others from the reader's own buffer. Either way a record is valid until the next call.
 */
struct lx_records {
    enum lx_framing framing;
    size_t max_bytes;         /* of one record */
    struct lx_buf pending;    /* the start of a record whose end has not come */
    struct lx_buf data;       /* joined data lines, where they had to be joined */
    uint8_t state;            /* of the search for the record's end, after the last byte seen */
    struct lx_records *inner; /* AWS_SSE: of the payloads; heap */
    struct lx_slice part;     /* AWS_SSE: what is left of the last payload */
    bool spent;               /* pending was given out as a record: drop it at the next call */
    bool started;             /* past the place where a BOM may stand */
};

/* No allocation happens before the first record in pieces. Clearing frees the buffers. */
void lx_records_init(struct lx_records *r, enum lx_framing framing, size_t max_record_bytes);
void lx_records_clear(struct lx_records *r);

/* Takes the next record from *in, advancing *in past what was used. 1: *out is a record; 0: *in is
 * used up, feed more; LX_ELIMIT (a record larger than max), LX_EPROTO (a broken AWS frame),
 * LX_ENOMEM, after which the reader can only be cleared. SSE comments and fields other than event
 * and data are skipped; an event without data is skipped, as the standard says. */
int lx_records_next(struct lx_records *r, struct lx_slice *in, struct lx_record *out,
                    struct lx_error *err);
/* The stream is over: 1 and a last record when NDJSON ended without a newline, or when an SSE event
 * with data lacks its blank line (providers do this; browsers drop it, we do not); LX_ETRUNCATED
 * within an AWS frame; else 0. */
int lx_records_end(struct lx_records *r, struct lx_record *out, struct lx_error *err);

/* ---- Writing SSE: begin, append JSON (no newlines) to the buffer, end ---- */
void lx_sse_begin(struct lx_buf *out, const char *event /* or NULL */);
void lx_sse_end(struct lx_buf *out);

#endif
