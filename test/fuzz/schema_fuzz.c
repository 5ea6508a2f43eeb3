/*
 * schema_fuzz.c - fuzz target for JSON Schema: {"schema": S, "data": V} is checked, twice with the
 * same end; every value is equal to itself, and what follows a schema breaks its negation, unless
 * something is not looked at.
 */
#include <stdio.h>
#include <stdlib.h>

#include "llm/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "schema_fuzz: %s\n", what);
    abort();
}

/* V against a schema that is written around S or V. */
static int check_around(const char *before, struct lx_slice inner, struct lx_json value)
{
    struct lx_json_doc doc;
    struct lx_arena a;
    struct lx_buf text;
    lx_json_doc_init(&doc);
    lx_arena_init(&a, 1 << 24);
    lx_buf_init(&text, 1 << 24);
    lx_buf_addf(&text, "{%s%.*s}", before, LX_F(inner));
    int code = lx_json_read(&doc, lx_buf_slice(&text), NULL, NULL);
    if (code == 0)
        code = lx_schema_check(lx_json_root(&doc), value, &a, NULL);
    lx_buf_clear(&text);
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_json_doc doc;
    struct lx_buf names;
    struct lx_arena a;
    struct lx_error why = {0};
    lx_json_doc_init(&doc);
    lx_arena_init(&a, 1 << 24);
    lx_buf_init(&names, 4096);
    if (lx_json_read(&doc, lx_slice((const char *)data, size), NULL, NULL) == 0) {
        struct lx_json root = lx_json_root(&doc), schema = LX_GET(root, "schema");
        struct lx_json value = LX_GET(root, "data");
        int got = lx_schema_check(schema, value, &a, &why);
        lx_schema_unchecked(schema, &names);
        require(got == lx_schema_check(schema, value, &a, NULL), "another answer");
        require(got != 0 || why.text[0], "no word about what is wrong");
        if (value.doc) {
            int same = check_around("\"const\":", lx_json_raw(value), value);
            require(same == 1 || same == LX_ELIMIT || same == LX_EDEPTH, "not equal to itself");
        }
        /* A reference begins at the root, which is another one then. */
        const struct lx_slice ref = LX_S("$ref");
        if (schema.doc && value.doc && !names.n && got >= 0 &&
            lx_slice_find(lx_json_raw(schema), LX_S("ref")) < 0 && !lx_json_has(&doc, &ref, 1)) {
            int other = check_around("\"not\":", lx_json_raw(schema), value);
            require(other == !got || other < 0 || other == 1, "follows both sides");
        }
    }
    lx_buf_clear(&names);
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
    return 0;
}
