/*
 * unit.h - what the tests of tokens share: cmocka, and files of the source tree.
 */
#ifndef LX_TEST_TOKENS_UNIT_H
#define LX_TEST_TOKENS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tokens/tokens.h"

/* A file of the tree, whole; the caller frees its bytes. */
static inline struct lx_slice read_file(const char *path)
{
    const char *tree = getenv("LLMUX_SOURCE");
    char full[4096];
    long n = -1;

    snprintf(full, sizeof(full), "%s/%s", tree ? tree : ".", path);
    FILE *f = fopen(full, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0)
        fail_msg("%s cannot be read", full);
    rewind(f);
    char *p = n < 0 ? NULL : malloc((size_t)n + 1);
    assert_non_null(p);
    assert_int_equal(fread(p, 1, (size_t)n, f), (size_t)n);
    fclose(f);
    return lx_slice(p, (size_t)n);
}

/* The next line of *text, without its end; false when there is none. */
static inline bool next_line(struct lx_slice *text, struct lx_slice *line)
{
    struct lx_slice rest;

    if (text->n == 0)
        return false;
    lx_slice_cut(*text, '\n', line, &rest);
    *text = rest;
    return true;
}

#endif
