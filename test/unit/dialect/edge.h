/*
 * edge.h - what tests of a dialect's edges share: an arena, an output and a document, made anew for
 * each, and JSON written with ' for ", so that it can be read.
 */
#ifndef LX_TEST_EDGE_H
#define LX_TEST_EDGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dialect/dialect.h"

static struct lx_arena arena;
static struct lx_buf out;
static struct lx_json_doc doc;

static int setup(void **state)
{
    (void)state;
    lx_arena_init(&arena, 1 << 26);
    lx_buf_init(&out, 1 << 26);
    lx_json_doc_init(&doc);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lx_arena_clear(&arena);
    lx_buf_clear(&out);
    lx_json_doc_clear(&doc);
    return 0;
}

/* The text with " for '. */
static struct lx_slice json(const char *text)
{
    struct lx_slice s = lx_arena_copy(&arena, lx_slice_z(text));
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\'')
            ((char *)(uintptr_t)s.p)[i] = '"';
    return s;
}

static void assert_text(struct lx_slice s, const char *expected)
{
    struct lx_slice e = json(expected);
    if (!lx_slice_eq(s, e))
        fail_msg("got %.*s\n   not %.*s", LX_F(s), LX_F(e));
}

#endif
