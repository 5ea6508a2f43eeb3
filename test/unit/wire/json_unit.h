/*
 * json_unit.h - what the tests of JSON share: cmocka with its prerequisites, and a document whose
 * text ends where its heap block ends, so that the sanitizer sees a read past it.
 */
#ifndef LX_TEST_UNIT_WIRE_JSON_UNIT_H
#define LX_TEST_UNIT_WIRE_JSON_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/json.h"

/* Both sides are shown when they differ. */
#define assert_text(got, want)                                                 \
    do {                                                                       \
        struct lx_slice got_ = (got), want_ = (want);                          \
        if (!lx_slice_eq(got_, want_))                                         \
            fail_msg("got  %.*s\n        want %.*s", LX_F(got_), LX_F(want_)); \
    } while (0)

struct json_unit {
    char *text;
    struct lx_json_doc doc;
    struct lx_arena arena;
    struct lx_error err;
};

/* Reads a copy of text; the code goes to *code, or must be 0 when code is NULL. */
static inline struct lx_json unit_read(struct json_unit *u, struct lx_slice text,
                                       const struct lx_json_limits *limits, int *code)
{
    *u = (struct json_unit){.text = malloc(text.n ? text.n : 1)};
    assert_non_null(u->text);
    if (text.n)
        memcpy(u->text, text.p, text.n);
    lx_json_doc_init(&u->doc);
    lx_arena_init(&u->arena, 1 << 24);
    int result = lx_json_read(&u->doc, lx_slice(u->text, text.n), limits, &u->err);
    if (code)
        *code = result;
    else if (result != 0)
        fail_msg("at %zu: %s", u->err.at, u->err.text);
    return lx_json_root(&u->doc);
}

static inline void unit_clear(struct json_unit *u)
{
    lx_json_doc_clear(&u->doc);
    lx_arena_clear(&u->arena);
    free(u->text);
}

#endif
