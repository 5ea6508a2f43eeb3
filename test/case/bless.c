/*
 * bless.c - replaces facts and blocks of a case's file, and leaves every other byte alone.
 *
 * Called by check.c with --bless. What holds already keeps its spelling.
 */
#include "bless.h"

#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_BYTES = 64 << 20 };

static bool holds(const struct lx_case_section *s, enum lx_case_section_kind kind,
                  const struct crossing *x)
{
    struct lx_buf expected, got;
    lx_buf_init(&expected, MAX_BYTES);
    lx_buf_init(&got, MAX_BYTES);
    expect_write(s, kind, x, &expected, &got);
    bool same = lx_slice_eq(lx_buf_slice(&expected), lx_buf_slice(&got));
    lx_buf_clear(&expected);
    lx_buf_clear(&got);
    return same;
}

void bless_exchange(struct bless *b, const struct lx_case_exchange *exchange,
                    const struct crossing *x)
{
    static const enum lx_case_section_kind kinds[] = {LX_CASE_UPSTREAM_REQUEST,
                                                      LX_CASE_CLIENT_RESPONSE};
    bool stream = x->status < 400 && exchange->section[LX_CASE_UPSTREAM_RESPONSE].present &&
                  crossing_is_stream(&exchange->section[LX_CASE_UPSTREAM_RESPONSE]);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct lx_case_section *s = &exchange->section[kinds[i]];
        if (!s->present || b->count == BLESS_MAX_EDITS || holds(s, kinds[i], x))
            continue;
        b->edits[b->count].old = s->text;
        lx_buf_init(&b->edits[b->count].now, MAX_BYTES);
        expect_bless(s, kinds[i], x, stream, &b->edits[b->count].now);
        b->count++;
    }
}

static int compare_edits(const void *a, const void *b)
{
    const struct bless_edit *x = a, *y = b;
    return (x->old.p > y->old.p) - (x->old.p < y->old.p);
}

static int write_edited(const struct bless *b, FILE *f)
{
    size_t at = 0;
    for (size_t i = 0; i < b->count; i++) {
        const struct bless_edit *e = &b->edits[i];
        size_t start = (size_t)(e->old.p - b->text.p);
        fwrite(b->text.p + at, 1, start - at, f);
        if (start > 0 && b->text.p[start - 1] != '\n')
            putc('\n', f);
        fwrite(e->now.p, 1, e->now.n, f);
        at = start + e->old.n;
    }
    fwrite(b->text.p + at, 1, b->text.n - at, f);
    return ferror(f) ? LX_EIO : 0;
}

int bless_write(struct bless *b)
{
    int code = 0;
    qsort(b->edits, b->count, sizeof(b->edits[0]), compare_edits);
    if (b->count > 0) {
        FILE *f = fopen(b->path, "wb");
        code = f ? write_edited(b, f) : LX_EIO;
        if (f && fclose(f) != 0)
            code = LX_EIO;
    }
    for (size_t i = 0; i < b->count; i++)
        lx_buf_clear(&b->edits[i].now);
    return code;
}
