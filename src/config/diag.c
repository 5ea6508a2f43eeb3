/*
 * diag.c - the findings about a configuration: gathered, counted, sorted, and printed one
 * a line.
 */
#include "config/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void count(struct lx_diags *d, enum lx_diag_kind kind)
{
    d->errors += kind == LX_DIAG_ERROR;
    d->unknown += kind == LX_DIAG_UNKNOWN;
    d->not_built += kind == LX_DIAG_NOT_BUILT;
}

/* The same finding elsewhere is counted on the first. */
static bool is_repeated(struct lx_diags *d, const struct lx_diag *one)
{
    for (size_t i = 0; i < d->n; i++) {
        struct lx_diag *old = &d->v[i];
        if (old->kind == one->kind && lx_slice_eq(old->file, one->file) &&
            lx_slice_eq(old->path, one->path) && lx_slice_eq(old->text, one->text)) {
            old->times++;
            return true;
        }
    }
    return false;
}

static bool grow(struct lx_diags *d)
{
    if (d->n < d->cap)
        return true;
    size_t cap = d->cap ? 2 * d->cap : 16;
    struct lx_diag *v = lx_arena_alloc(d->arena, cap * sizeof *v);
    if (!v)
        return false;
    if (d->n)
        memcpy(v, d->v, d->n * sizeof *v);
    d->v = v;
    d->cap = cap;
    return true;
}

void lx_diag_add(struct lx_diags *d, enum lx_diag_kind kind, const struct lx_yaml *at,
                 struct lx_slice path, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct lx_diag one = {.kind = kind, .path = path, .text = lx_slice_z(text), .times = 1};
    if (at && at->file) {
        one.file = at->file->name;
        one.order = at->file->order;
        one.line = at->line;
        one.column = at->column;
    }
    if (kind != LX_DIAG_ERROR && is_repeated(d, &one))
        return;
    count(d, kind); /* also when there is no memory to say more */
    one.file = lx_arena_copy(d->arena, one.file);
    one.path = lx_arena_copy(d->arena, path);
    one.text = lx_arena_copy(d->arena, one.text);
    if (grow(d))
        d->v[d->n++] = one;
}

static int compare(const void *left, const void *right)
{
    const struct lx_diag *a = left, *b = right;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return lx_slice_cmp(a->path, b->path);
}

void lx_diags_sort(struct lx_diags *d)
{
    if (d->n)
        qsort(d->v, d->n, sizeof *d->v, compare);
}

void lx_diag_write(const struct lx_diag *d, struct lx_buf *out)
{
    static const char *const kinds[] = {"error", "warning", "warning", "warning", "note"};
    if (d->file.n) {
        lx_buf_add(out, d->file);
        if (d->line)
            lx_buf_addf(out, ":%d:%d", d->line, d->column);
        lx_buf_add_lit(out, ": ");
    }
    lx_buf_addf(out, "%s: ", kinds[d->kind]);
    if (d->path.n) {
        lx_buf_add(out, d->path);
        lx_buf_add_lit(out, ": ");
    }
    lx_buf_add(out, d->text);
    if (d->times > 1)
        lx_buf_addf(out, " (%d times)", d->times);
    lx_buf_add_byte(out, '\n');
}
