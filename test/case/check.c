/*
 * check.c - what has to hold for a case: forward, backward, split anywhere, out of memory anywhere.
 *
 * Called by case_runner.c for each file. An exchange is carried across once; what came out is
 * compared with the file's expectations, then with itself under worse conditions.
 */
#include "check.h"

#include "alloc/alloc.h"
#include "bless.h"
#include "crossing.h"
#include "expect.h"
#include "show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_FILE_BYTES = 64 << 20,
    MAX_SPLITS = 3000, /* longer bodies are split at every second, third, ... byte */
    MAX_FAILED_ALLOCS = 600,
};

static const struct pieces WHOLE = {SIZE_MAX, SIZE_MAX};

/* A case while it is checked. */
struct checked {
    struct tap *tap;
    const char *path; /* for the report */
    size_t number;    /* of the exchange */
    bool several;     /* exchanges in the file */
    struct parties parties;
    const struct lx_case_exchange *exchange;
};

/* ---- Reporting ---- */

static void report(const struct checked *c, bool good, const char *what)
{
    c->tap->run++;
    c->tap->failed += !good;
    printf("%sok %u - %s", good ? "" : "not ", c->tap->run, c->path);
    if (c->several)
        printf(" (%zu)", c->number);
    printf(": %s\n", what);
}

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("#   ", stdout);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* ---- The checks ---- */

static const struct lx_case_section *section(const struct checked *c,
                                             enum lx_case_section_kind kind)
{
    return &c->exchange->section[kind];
}

static void cross(const struct checked *c, struct pieces pieces, struct crossing *x)
{
    crossing_init(x);
    crossing_run(x, &c->parties, c->exchange, pieces);
}

static void check_expected(const struct checked *c, const struct crossing *x,
                           enum lx_case_section_kind kind, const char *what)
{
    const struct lx_case_section *s = section(c, kind);
    struct lx_buf expected, got;
    if (!s->present)
        return;
    lx_buf_init(&expected, MAX_FILE_BYTES);
    lx_buf_init(&got, MAX_FILE_BYTES);
    expect_write(s, kind, x, &expected, &got);
    bool same = lx_slice_eq(lx_buf_slice(&expected), lx_buf_slice(&got));
    report(c, same, what);
    if (!same) {
        if (x->code || x->error.text[0])
            note("%s: %s", lx_code_name(x->code), x->error.text);
        show_diff(lx_buf_slice(&expected), lx_buf_slice(&got), "#   ");
    }
    lx_buf_clear(&expected);
    lx_buf_clear(&got);
}

static bool same_outcome(const struct crossing *a, const struct crossing *b)
{
    return a->code == b->code && a->sent == b->sent && a->answered == b->answered &&
           a->status == b->status && a->losses.count == b->losses.count &&
           lx_slice_eq(lx_buf_slice(&a->upstream), lx_buf_slice(&b->upstream)) &&
           lx_slice_eq(lx_buf_slice(&a->client), lx_buf_slice(&b->client));
}

static bool check_pieces(const struct checked *c, const struct crossing *clean,
                         struct pieces pieces)
{
    struct crossing x;
    cross(c, pieces, &x);
    bool same = same_outcome(clean, &x);
    if (!same) {
        note("first piece %zu bytes, then pieces of %zu: %s", pieces.first, pieces.rest,
             lx_code_name(x.code));
        show_diff(lx_buf_slice(&clean->client), lx_buf_slice(&x.client), "#   ");
    }
    crossing_clear(&x);
    return same;
}

static void check_splits(const struct checked *c, const struct crossing *clean)
{
    size_t n = section(c, LX_CASE_UPSTREAM_RESPONSE)->body.n, step = 1 + n / MAX_SPLITS;
    bool good = n == 0 || check_pieces(c, clean, (struct pieces){1, 1});
    for (size_t at = 1; good && at < n; at += step)
        good = check_pieces(c, clean, (struct pieces){at, SIZE_MAX});
    report(c, good, "split");
}

/* An error instead of the answer; or instead of an error another one, which says less. */
static bool is_clean_error(const struct crossing *clean, const struct crossing *x)
{
    return x->code == LX_ENOMEM || x->code == LX_ELIMIT ||
           (x->answered && (x->internal || (clean->status >= 400 && x->status >= 400)));
}

/* Lets allocation n fail, and with `onwards` all after it. */
static bool check_without(const struct checked *c, const struct crossing *clean, size_t n,
                          bool onwards)
{
    struct crossing x;
    size_t live = alloc_live();
    alloc_arm(n, onwards);
    cross(c, WHOLE, &x);
    alloc_arm(0, false);
    bool good = is_clean_error(clean, &x) || same_outcome(clean, &x);
    if (!good) {
        note("allocation %zu%s fails: %s, output differs", n, onwards ? " and all after" : "",
             lx_code_name(x.code));
        show_diff(lx_buf_slice(&clean->client), lx_buf_slice(&x.client), "#   ");
    }
    crossing_clear(&x);
    if (alloc_live() != live) {
        note("allocation %zu%s fails: %zu bytes leak", n, onwards ? " and all after" : "",
             alloc_live() - live);
        good = false;
    }
    return good;
}

static void check_allocations(const struct checked *c, const struct crossing *clean, size_t count)
{
    size_t step = 1 + count / MAX_FAILED_ALLOCS;
    bool good = true;
    for (size_t n = 1; good && n <= count; n += step)
        good = check_without(c, clean, n, false) && check_without(c, clean, n, true);
    report(c, good, "allocations");
}

/* bless: NULL, or where to record what has to be rewritten, instead of checking. */
static void check_exchange(const struct checked *c, struct bless *bless)
{
    struct crossing x;
    size_t live = alloc_live();
    alloc_arm(0, false);
    cross(c, WHOLE, &x);
    size_t count = alloc_count();
    if (bless) {
        bless_exchange(bless, c->exchange, &x);
        crossing_clear(&x);
        return;
    }
    check_expected(c, &x, LX_CASE_UPSTREAM_REQUEST, "forward");
    check_expected(c, &x, LX_CASE_CLIENT_RESPONSE, "backward");
    check_splits(c, &x);
    check_allocations(c, &x, count);
    crossing_clear(&x);
    if (alloc_live() != live) {
        note("%zu bytes leak", alloc_live() - live);
        report(c, false, "leaks");
    }
}

/* ---- The file ---- */

static int read_file(const char *path, struct lx_buf *out)
{
    FILE *f = fopen(path, "rb");
    char piece[4096];
    size_t n;
    if (!f)
        return LX_EIO;
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
        lx_buf_add(out, lx_slice(piece, n));
    int code = ferror(f) ? LX_EIO : out->failed;
    fclose(f);
    return code;
}

/* The last two names of a path: folder and file. */
static const char *short_path(const char *path)
{
    const char *p = path + strlen(path);
    for (int slashes = 0; p > path; p--)
        if (p[-1] == '/' && ++slashes == 2)
            break;
    return p;
}

static void check_text(struct checked *c, struct lx_slice text, struct bless *bless)
{
    struct lx_arena arena;
    struct lx_case file;
    struct lx_error err = {0};
    lx_arena_init(&arena, MAX_FILE_BYTES);
    int code = lx_case_read(text, &arena, &file, &err);
    if (code == 0)
        code = parties_find(&file, &arena, &c->parties, &err);
    if (code) {
        report(c, false, "read");
        note("%s", err.text);
    } else {
        c->several = file.exchanges->next != NULL;
        for (c->exchange = file.exchanges; c->exchange; c->exchange = c->exchange->next) {
            c->number++;
            check_exchange(c, bless);
        }
    }
    c->number = 0;
    parties_clear(&c->parties);
    lx_arena_clear(&arena);
}

void check_case(struct tap *tap, const char *path, bool bless)
{
    struct checked c = {.tap = tap, .path = short_path(path)};
    struct lx_buf text;
    lx_buf_init(&text, MAX_FILE_BYTES);
    if (read_file(path, &text) != 0) {
        report(&c, false, "read");
    } else if (bless) {
        struct bless b = {.path = path, .text = lx_buf_slice(&text)};
        check_text(&c, lx_buf_slice(&text), &b);
        size_t count = b.count;
        bool good = bless_write(&b) == 0;
        report(&c, good, count > 0 ? "rewritten" : "holds already");
    } else {
        check_text(&c, lx_buf_slice(&text), NULL);
    }
    lx_buf_clear(&text);
}
