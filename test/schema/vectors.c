/*
 * vectors.c - runs lx_schema_check() over files in the form of the JSON Schema Test Suite: groups
 * of {"schema", "tests": [{"data", "valid"}]}.
 *
 * vectors FILE... ends with 1 where a value is refused that is valid, or passes that is not, though
 * every keyword of its schema is looked at. Prints what is wrong, and how many agreed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "llm/schema.h"

struct tally {
    size_t equal, unknown, wrong;
};

static struct lx_slice read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct lx_buf text;
    size_t n = 0;
    lx_buf_init(&text, 1 << 28);
    do {
        lx_buf_commit(&text, n);
        char *to = lx_buf_reserve(&text, 1 << 16);
        n = f && to ? fread(to, 1, 1 << 16, f) : 0;
    } while (n);
    if (f)
        fclose(f);
    return lx_buf_slice(&text);
}

/* As lx_schema_check(), and as if the schema were a document of its own. */
static int check(struct lx_json schema, struct lx_json value, struct lx_buf *unchecked,
                 struct lx_error *why)
{
    struct lx_json_doc doc;
    struct lx_arena arena;
    lx_json_doc_init(&doc);
    lx_arena_init(&arena, 1 << 26);
    int code = lx_json_read(&doc, lx_json_raw(schema), NULL, why);
    if (code == 0)
        code = lx_schema_check(lx_json_root(&doc), value, &arena, why);
    lx_schema_unchecked(lx_json_root(&doc), unchecked);
    lx_arena_clear(&arena);
    lx_json_doc_clear(&doc);
    return code;
}

static void run(const char *path, struct lx_json group, struct lx_json test, struct tally *t)
{
    struct lx_error why = {0};
    struct lx_buf unchecked;
    lx_buf_init(&unchecked, 4096);
    int got = check(LX_GET(group, "schema"), LX_GET(test, "data"), &unchecked, &why);
    bool valid = lx_json_bool(LX_GET(test, "valid"), false);
    bool wrong = got < 0 || (valid ? got != 1 : got != 0 && !unchecked.n);
    t->wrong += wrong;
    t->equal += got == valid;
    t->unknown += !wrong && got != valid;
    if (wrong)
        printf("%s: %.*s of %.*s is %s, and was told: %s (%s)\n", path,
               LX_F(lx_json_raw(LX_GET(test, "data"))), LX_F(lx_json_raw(LX_GET(group, "schema"))),
               valid ? "valid" : "not valid",
               got < 0 ? lx_code_name(got)
               : got   ? "yes"
                       : "no",
               why.text);
    lx_buf_clear(&unchecked);
}

int main(int argc, char **argv)
{
    struct tally t = {0};
    for (int i = 1; i < argc; i++) {
        struct lx_slice text = read_file(argv[i]);
        struct lx_json_doc doc;
        struct lx_error err = {0};
        lx_json_doc_init(&doc);
        if (lx_json_read(&doc, text, &(struct lx_json_limits){.max_depth = 1000}, &err) < 0) {
            printf("%s: %s\n", argv[i], err.text);
            t.wrong++;
        }
        for (struct lx_json_iter g = lx_json_iter(lx_json_root(&doc)); lx_json_next(&g);)
            for (struct lx_json_iter c = lx_json_iter(LX_GET(g.value, "tests")); lx_json_next(&c);)
                run(argv[i], g.value, c.value, &t);
        lx_json_doc_clear(&doc);
        free((void *)text.p);
    }
    printf("%zu agree, %zu with what is not looked at, %zu wrong\n", t.equal, t.unknown, t.wrong);
    return t.wrong || !t.equal;
}
