/*
 * json_out.c - the writer: values go straight into a buffer, whose error sticks.
 *
 * Runs of bytes that need no escape are copied whole, and text that still carries its escapes is
 * spliced as it is. What is written is JSON in UTF-8 whatever the bytes were: what is not UTF-8
 * becomes U+FFFD.
 */
#include "base/text.h"
#include "wire/json.h"

static void begin(struct lx_out *o, const char *name)
{
    if (o->comma)
        lx_buf_add_byte(o->buf, ',');
    if (name) {
        lx_buf_add_byte(o->buf, '"');
        lx_buf_add(o->buf, lx_slice_z(name));
        lx_buf_add_lit(o->buf, "\":");
    }
    o->comma = true;
}

static void escape_byte(struct lx_buf *buf, unsigned char c)
{
    static const char letters[] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                   ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    char *to = lx_buf_reserve(buf, 6);
    if (!to)
        return;
    to[0] = '\\';
    if (letters[c]) {
        to[1] = letters[c];
        lx_buf_commit(buf, 2);
        return;
    }
    memcpy(to + 1, "u00", 3);
    to[4] = "0123456789abcdef"[c >> 4];
    to[5] = "0123456789abcdef"[c & 15];
    lx_buf_commit(buf, 6);
}

/* Bytes at the start that can stand in a string as they are. */
static size_t plain_run(struct lx_slice s)
{
    size_t n = 0;
    while (n < s.n && (unsigned char)s.p[n] >= 0x20 && (unsigned char)s.p[n] < 0x80 &&
           s.p[n] != '"' && s.p[n] != '\\')
        n++;
    return n;
}

static void escape(struct lx_buf *buf, struct lx_slice s)
{
    while (s.n) {
        size_t n = plain_run(s);
        if (n == 0 && (unsigned char)*s.p < 0x80) {
            escape_byte(buf, (unsigned char)*s.p);
            n = 1;
        } else if (n == 0) {
            size_t high = 0;
            while (high < s.n && (unsigned char)s.p[high] >= 0x80)
                high++;
            n = lx_utf8_valid(lx_slice_to(s, high));
            lx_buf_add(buf, lx_slice_to(s, n));
            if (n < high) {
                lx_buf_add_lit(buf, "\xef\xbf\xbd");
                n++;
            }
        } else {
            lx_buf_add(buf, lx_slice_to(s, n));
        }
        s = lx_slice_from(s, n);
    }
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

void lx_out_raw(struct lx_out *o, const char *name, struct lx_slice json)
{
    begin(o, name);
    lx_buf_add(o->buf, json.n ? json : LX_S("null"));
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
