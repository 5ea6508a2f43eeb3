/*
 * regex_fuzz.c - any bytes as a pattern, a line's end and a text: the search ends, and says the
 * same of a pattern that is put into a group, or before nothing.
 */
#include "pieces.h"

#include "base/error.h"
#include "base/regex.h"

/* A ceiling may be hit by one form and not by the other. */
static void check_same(int a, int b)
{
    CHECK(a == b || a == LX_ELIMIT || b == LX_ELIMIT);
}

/* What changes the meaning of what stands behind it: "\\Q", verbs, options. */
static bool reaches_out(struct lx_slice pattern)
{
    return lx_slice_find(pattern, LX_S("\\Q")) >= 0 || lx_slice_find(pattern, LX_S("(*")) >= 0 ||
           lx_slice_find(pattern, LX_S("(?")) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *box = boxed(lx_slice((const char *)data, size));
    struct lx_slice pattern, text;
    struct lx_buf b;

    lx_slice_cut(lx_slice(box, size), '\n', &pattern, &text);
    int found = lx_regex_search(pattern, text, size & 1);
    CHECK(found == 0 || found == 1 || found == LX_EINVAL || found == LX_ELIMIT);
    if (found >= 0 && !reaches_out(pattern)) {
        lx_buf_init(&b, size + 100);
        lx_buf_add_lit(&b, "(?:");
        lx_buf_add(&b, pattern);
        lx_buf_add_lit(&b, ")");
        check_same(found, lx_regex_search(lx_buf_slice(&b), text, size & 1));
        lx_buf_add_lit(&b, "(?:)");
        check_same(found, lx_regex_search(lx_buf_slice(&b), text, size & 1));
        lx_buf_clear(&b);
    }
    free(box);
    return 0;
}
