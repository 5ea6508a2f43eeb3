/*
 * json_out.c - the writer: values go straight into a buffer, whose error sticks.
 *
 * Runs of bytes that need no escape are copied whole, and text that still carries its escapes is
 * spliced as it is. What is written is JSON in UTF-8 whatever the bytes were: what is not UTF-8
 * becomes U+FFFD.
 */
#include "base/text.h"
#include "wire/json.h"
#include "wire/json_simd.h"
#include "wire/json_utf8.h"

#ifdef __SSE2__
#define WIDE(name) name##_sse2
enum { WIDTH = 16 };
#else
#define WIDE(name) name##_portable
enum { WIDTH = 8 };
#endif

enum { LONGEST = 6 }; /* \u001f */

/* The comma and the name before a value. */
static void begin(struct lx_out *o, const char *name)
{
    size_t n = name ? strlen(name) : 0;
    char *to = lx_buf_reserve(o->buf, (size_t)o->comma + (name ? n + 3 : 0));
    if (to) {
        char *p = to;
        if (o->comma)
            *p++ = ',';
        if (name) {
            *p++ = '"';
            memcpy(p, name, n);
            p[n] = '"';
            p[n + 1] = ':';
            p += n + 2;
        }
        lx_buf_commit(o->buf, (size_t)(p - to));
    }
    o->comma = true;
}

static const char letters[256] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                  ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};

/* Bytes that c takes in a string. */
static size_t length_of(char c)
{
    if (letters[(unsigned char)c])
        return 2;
    return (unsigned char)c < 0x20 ? LONGEST : 1;
}

/* Writes c as it stands in a string; returns length_of(c). */
static size_t put(char *to, char c)
{
    size_t n = length_of(c);
    if (n == 1) {
        to[0] = c;
    } else if (n == 2) {
        to[0] = '\\';
        to[1] = letters[(unsigned char)c];
    } else {
        memcpy(to, "\\u00", 4);
        to[4] = "0123456789abcdef"[c >> 4];
        to[5] = "0123456789abcdef"[c & 15];
    }
    return n;
}

/* Takes s for UTF-8; returns whether it was ASCII, and so is. The room asked for is what s needs at
 * least, so that a ceiling is met exactly; more is asked for when escapes have used it up. */
static bool escape_bytes(struct lx_buf *buf, struct lx_slice s)
{
    const char *p = s.p, *end = p + s.n;
    uint64_t high = 0;
    while (p < end) {
        char *to = lx_buf_reserve(buf, (size_t)(end - p) - 1 + length_of(*p));
        if (!to)
            return true; /* of no interest any more */
        char *limit = buf->p + buf->cap;
        while (end - p >= WIDTH && limit - to >= WIDTH + LONGEST) {
            WIDE(vector) v = WIDE(load)(p);
            memcpy(to, p, WIDTH); /* what is too much of it is written over */
            uint64_t odd = WIDE(eq)(v, '"') | WIDE(eq)(v, '\\') | WIDE(low)(v);
            high |= WIDE(high)(v);
            size_t plain = odd ? (size_t)__builtin_ctzll(odd) : WIDTH;
            p += plain;
            to += plain;
            if (odd)
                to += put(to, *p++);
        }
        for (; p < end && (size_t)(limit - to) >= length_of(*p); p++) {
            high |= (unsigned char)*p & 0x80;
            to += put(to, *p);
        }
        buf->n = (size_t)(to - buf->p);
    }
    return high == 0;
}

/* What turns out not to be UTF-8 is taken back and written again from fault to fault. */
static void escape(struct lx_buf *buf, struct lx_slice s)
{
    size_t start = buf->n;
    if (!s.n) /* an absent text: no bytes to point at */
        return;
    if (escape_bytes(buf, s) || lx_json_utf8_valid(s) == s.n)
        return;
    buf->n = start;
    for (size_t n; (n = lx_utf8_valid(s)) < s.n; s = lx_slice_from(s, n + 1)) {
        escape_bytes(buf, lx_slice_to(s, n));
        lx_buf_add_lit(buf, "\xef\xbf\xbd");
    }
    escape_bytes(buf, s);
}

static void string(struct lx_buf *buf, struct lx_text t)
{
    lx_buf_add_byte(buf, '"');
    if (t.escaped)
        lx_buf_add(buf, t.s);
    else
        escape(buf, t.s);
    lx_buf_add_byte(buf, '"');
}

void lx_out_object(struct lx_out *o, const char *name)
{
    begin(o, name);
    lx_buf_add_byte(o->buf, '{');
    o->comma = false;
}

void lx_out_array(struct lx_out *o, const char *name)
{
    begin(o, name);
    lx_buf_add_byte(o->buf, '[');
    o->comma = false;
}

void lx_out_object_end(struct lx_out *o)
{
    lx_buf_add_byte(o->buf, '}');
    o->comma = true;
}

void lx_out_array_end(struct lx_out *o)
{
    lx_buf_add_byte(o->buf, ']');
    o->comma = true;
}

void lx_out_undo(struct lx_out *o, struct lx_out_mark mark)
{
    o->comma = mark.comma;
    if (!o->buf->failed)
        o->buf->n = mark.n;
}

/* Whatever stands in an object or array wants a comma behind it. */
void lx_out_object_end_or_undo(struct lx_out *o, struct lx_out_mark mark)
{
    if (o->comma)
        lx_out_object_end(o);
    else
        lx_out_undo(o, mark);
}

void lx_out_array_end_or_undo(struct lx_out *o, struct lx_out_mark mark)
{
    if (o->comma)
        lx_out_array_end(o);
    else
        lx_out_undo(o, mark);
}

void lx_out_name(struct lx_out *o, struct lx_text name)
{
    begin(o, NULL);
    string(o->buf, name);
    lx_buf_add_byte(o->buf, ':');
    o->comma = false;
}

void lx_out_text(struct lx_out *o, const char *name, struct lx_text t)
{
    begin(o, name);
    string(o->buf, t);
}

void lx_out_str(struct lx_out *o, const char *name, struct lx_slice plain)
{
    lx_out_text(o, name, lx_text(plain));
}

void lx_out_int(struct lx_out *o, const char *name, int64_t v)
{
    begin(o, name);
    lx_buf_add_int(o->buf, v);
}

void lx_out_bool(struct lx_out *o, const char *name, bool v)
{
    begin(o, name);
    lx_buf_add(o->buf, v ? LX_S("true") : LX_S("false"));
}

void lx_out_null(struct lx_out *o, const char *name)
{
    begin(o, name);
    lx_buf_add_lit(o->buf, "null");
}

/* Within a string of JSON no line break stands bare, so each one here is white space. */
static void join_lines(char *p, char *end)
{
    char *start = p;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))))
        *p++ = ' ';
    for (p = start; p < end && (p = memchr(p, '\r', (size_t)(end - p)));)
        *p++ = ' ';
}

void lx_out_raw(struct lx_out *o, const char *name, struct lx_slice json)
{
    begin(o, name);
    size_t start = o->buf->n;
    lx_buf_add(o->buf, json.n ? json : LX_S("null"));
    if (o->buf->n > start)
        join_lines(o->buf->p + start, o->buf->p + o->buf->n);
}

void lx_out_string_open(struct lx_out *o, const char *name)
{
    begin(o, name);
    lx_buf_add_byte(o->buf, '"');
}

void lx_out_string_part(struct lx_out *o, struct lx_text t)
{
    if (t.escaped)
        lx_buf_add(o->buf, t.s);
    else
        escape(o->buf, t.s);
}

void lx_out_string_close(struct lx_out *o)
{
    lx_buf_add_byte(o->buf, '"');
}

struct lx_slice lx_json_quoted(struct lx_slice s, struct lx_arena *a)
{
    size_t most = 6 * s.n + 2; /* every byte as \uXXXX */
    struct lx_buf b = {.p = lx_arena_bytes(a, most), .cap = most, .max = most};
    struct lx_out o = lx_out(&b);
    if (!b.p)
        return lx_slice(NULL, 0);
    lx_out_str(&o, NULL, s);
    return lx_buf_slice(&b);
}
