/*
 * events.h - runs the tables in test/wire: input bytes, and the log of events they must give.
 *
 * A file is a list of cases, blank lines and lines that start with '#' left out:
 *
 *     case: a name
 *     max: 64             any other key is an option that the test asks for by name
 *     in: bytes           with \r \n \t \\ and \xHH; several lines are one input
 *     out: what happens   in order; none at all means that nothing happens
 *
 * Every case is run whole, cut in two at every byte, and byte by byte: a reader of pieces gives the
 * same log each time. Pieces are heap blocks of their exact size, freed when the next is fed, so
 * that a sanitizer sees a reader that looks past its piece or keeps hold of it.
 */
#ifndef TEST_WIRE_EVENTS_H
#define TEST_WIRE_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"

struct events_case {
    struct lx_slice name;
    struct lx_slice options; /* the option lines */
    struct lx_buf in, want;
};

/* What a test brings: its reader, as three steps over one state. `log` gets lines. */
struct events_reader {
    void *(*open)(const struct events_case *c);
    void (*feed)(void *state, struct lx_slice piece, struct lx_buf *log);
    void (*close)(void *state, struct lx_buf *log);
};

/* The number given for an option, or `otherwise`. */
static inline size_t events_option(const struct events_case *c, const char *key, size_t otherwise)
{
    struct lx_slice rest = c->options, line, name, value;
    int64_t n;

    while (rest.n) {
        lx_slice_cut(rest, '\n', &line, &rest);
        if (lx_slice_cut(line, ':', &name, &value) && lx_slice_eq(name, lx_slice_z(key))) {
            assert_int_equal(lx_slice_int(lx_slice_trim(value), &n), 0);
            return (size_t)n;
        }
    }
    return otherwise;
}

static const char events_letters[] = "rnt\\", events_bytes[] = "\r\n\t\\";

static inline void events_unescape(struct lx_buf *out, struct lx_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\\') {
            lx_buf_add_byte(out, s.p[i]);
            continue;
        }
        assert_true(++i < s.n);
        if (s.p[i] == 'x') {
            char hex[3] = {0};
            assert_true(i + 2 < s.n);
            memcpy(hex, s.p + i + 1, 2);
            lx_buf_add_byte(out, (char)strtoul(hex, NULL, 16));
            i += 2;
        } else {
            const char *at = strchr(events_letters, s.p[i]);
            assert_non_null(at);
            lx_buf_add_byte(out, events_bytes[at - events_letters]);
        }
    }
}

/* The inverse, for bytes that go into a log. */
static inline void events_escape(struct lx_buf *out, struct lx_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        const char *at = c ? strchr(events_bytes, c) : NULL;
        if (at)
            lx_buf_addf(out, "\\%c", events_letters[at - events_bytes]);
        else if (c < ' ' || c > '~')
            lx_buf_addf(out, "\\x%02x", c);
        else
            lx_buf_add_byte(out, s.p[i]);
    }
}

/* Feeds the pieces [0, cut), [cut, n), or single bytes when cut is past the end. Not inlined: gcc
 * 12 at -O3 would warn of pieces of SIZE_MAX bytes. */
static __attribute__((noinline)) void events_run_cut(const struct events_case *c,
                                                     const struct events_reader *r, size_t cut)
{
    struct lx_slice in = lx_buf_slice(&c->in);
    struct lx_buf log;
    void *state = r->open(c);
    char *before = NULL;

    lx_buf_init(&log, 1 << 20);
    for (size_t at = 0, n; at < in.n; at += n) {
        n = cut > in.n ? 1 : at < cut ? cut : in.n - at;
        char *piece = malloc(n);
        assert_non_null(piece);
        memcpy(piece, in.p + at, n);
        r->feed(state, lx_slice(piece, n), &log);
        free(before);
        before = piece;
    }
    r->close(state, &log);
    free(before);
    if (!lx_slice_eq(lx_buf_slice(&log), lx_buf_slice(&c->want)))
        fail_msg("case \"%.*s\", cut at %zu of %zu\n--- expected\n%.*s--- got\n%.*s", LX_F(c->name),
                 cut, in.n, LX_F(lx_buf_slice(&c->want)), LX_F(lx_buf_slice(&log)));
    lx_buf_clear(&log);
}

static inline void events_run_case(struct events_case *c, const struct events_reader *r)
{
    for (size_t cut = 0; cut < c->in.n || cut == 0; cut++)
        events_run_cut(c, r, cut);
    events_run_cut(c, r, c->in.n + 1);
    lx_buf_clear(&c->in);
    lx_buf_clear(&c->want);
}

static inline char *events_load(const char *name)
{
    const char *source = getenv("LLMUX_SOURCE");
    char path[4096];
    char *text = calloc(1, 1 << 20);

    snprintf(path, sizeof path, "%s/test/wire/%s", source ? source : ".", name);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("cannot open %s; LLMUX_SOURCE is the top of the source", path);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

/* Runs every case of test/wire/<name>; returns how many there were. */
static inline size_t events_run(const char *name, const struct events_reader *r)
{
    char *text = events_load(name);
    struct lx_slice rest = lx_slice_z(text), line, key, value;
    struct events_case c = {0};
    size_t count = 0;

    while (rest.n) {
        lx_slice_cut(rest, '\n', &line, &rest);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (!lx_slice_cut(line, ':', &key, &value))
            fail_msg("%s: no key in \"%.*s\"", name, LX_F(line));
        if (value.n && value.p[0] == ' ')
            value = lx_slice_from(value, 1);
        if (lx_slice_eq(key, LX_S("case"))) {
            if (count++)
                events_run_case(&c, r);
            c = (struct events_case){.name = value, .options = lx_slice(rest.p, 0)};
            lx_buf_init(&c.in, 1 << 20);
            lx_buf_init(&c.want, 1 << 20);
        } else if (lx_slice_eq(key, LX_S("in"))) {
            events_unescape(&c.in, value);
        } else if (lx_slice_eq(key, LX_S("out"))) {
            lx_buf_add(&c.want, value);
            lx_buf_add_byte(&c.want, '\n');
        } else {
            c.options.n = (size_t)(line.p + line.n - c.options.p);
        }
    }
    events_run_case(&c, r);
    free(text);
    return count;
}

#endif
