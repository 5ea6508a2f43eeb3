/*
 * pattern_test.c - globs over model names, paths into bodies, names that look alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "provider/near.h"
#include "provider/provider.h"

static void globs_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool match;
    } rows[] = {
        {"a", "a", true},
        {"a", "ab", false},
        {"", "", false}, /* no alternative at all */
        {"*", "", true},
        {"*", "anything", true},
        {"a*", "a", true},
        {"a*|b*", "bc", true},
        {"a*|b*", "cb", false},
        {"*b*", "abc", true},
        {"*bb", "abbb", true},
        {"a*a*a", "aaa", true},
        {"a*a*a", "aa", false},
        {"!gpt-5-chat*|gpt-5*", "gpt-5-chat-latest", false},
        {"!gpt-5-chat*|gpt-5*", "gpt-5-mini", true},
        {"gpt-5*|!gpt-5-chat*", "gpt-5-chat-latest", true}, /* the first decides */
        {"!a*", "b", false},
        {"a|", "", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (lx_glob_match(lx_slice_z(rows[i].pattern), lx_slice_z(rows[i].name)) != rows[i].match)
            fail_msg("%s against %s", rows[i].pattern, rows[i].name);
    assert_false(lx_glob_match(lx_slice(NULL, 0), LX_S("a")));
}

/* A name is a client's: no pattern may make it take exponential time. */
static void globs_do_not_explode(void **state)
{
    (void)state;
    char name[4000];
    memset(name, 'a', sizeof(name));
    assert_false(
        lx_glob_match(LX_S("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), lx_slice(name, sizeof(name))));
}

static const struct drop_row {
    const char *path, *body, *left;
} drops[] = {
    {"a", "{\"a\":1,\"b\":2}", "{\"b\":2}"},
    {"x", "{\"a\":1}", NULL},
    {"a.b", "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"c\":2}}"},
    {"a.b", "{\"a\":[{\"b\":1}]}", NULL},
    {"a[*].b", "{\"a\":[{\"b\":1},{\"c\":2},{\"b\":3}]}", "{\"a\":[{},{\"c\":2},{}]}"},
    {"a[1].b", "{\"a\":[{\"b\":1},{\"b\":2}]}", "{\"a\":[{\"b\":1},{}]}"},
    {"a[0]", "{\"a\":[1,2,3]}", "{\"a\":[2,3]}"},
    {"a[2]", "{\"a\":[1,2,3]}", "{\"a\":[1,2]}"},
    {"a[3]", "{\"a\":[1,2,3]}", NULL},
    {"a[-1]", "{\"a\":[1,2,3]}", NULL},
    {"a[*]", "{\"a\":[1,2,3]}", "{\"a\":[]}"},
    {"a[*][0]", "{\"a\":[[1,2],[3]]}", "{\"a\":[[2],[]]}"},
    {"tools[*].function.strict", "{\"tools\":[{\"function\":{\"strict\":true}}]}",
     "{\"tools\":[{\"function\":{}}]}"},
    {"a.**.x", "{\"a\":{\"x\":1,\"b\":[{\"x\":2,\"y\":{\"x\":3}}]},\"x\":4}",
     "{\"a\":{\"b\":[{\"y\":{}}]},\"x\":4}"},
    {"**.x", "{\"x\":1,\"y\":{\"x\":2}}", "{\"y\":{}}"},
    {"**.**.x", "{\"x\":1}", NULL},
    {"a.**", "{\"a\":{\"b\":1}}", NULL},
    {"", "{\"a\":1}", NULL},
    {".", "{\"a\":1}", NULL},
    {"[", "{\"a\":1}", NULL},
    {"a[", "{\"a\":[1]}", NULL},
    {"a[]", "{\"a\":[1]}", NULL},
    {"a[x]", "{\"a\":[1]}", NULL},
    {"a..b", "{\"a\":{\"b\":1}}", NULL},
};

static void paths_name_what_goes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
        const struct drop_row *r = &drops[i];
        struct lx_json_doc doc;
        struct lx_json_edit edit;
        struct lx_losses losses;
        struct lx_arena a;
        struct lx_buf out;
        lx_arena_init(&a, 1 << 16);
        lx_buf_init(&out, 1 << 16);
        lx_json_doc_init(&doc);
        lx_losses_init(&losses, &a);
        assert_int_equal(lx_json_read(&doc, lx_slice_z(r->body), NULL, NULL), 0);
        lx_json_edit_init(&edit, &doc, &a);
        size_t n = lx_path_drop(lx_slice_z(r->path), LX_S("why"), &doc, &edit, &losses);
        assert_int_equal(losses.count, n ? 1 : 0);
        assert_int_equal(lx_json_edit_write(&edit, &out), 0);
        if (!lx_slice_eq(lx_buf_slice(&out), lx_slice_z(r->left ? r->left : r->body)))
            fail_msg("%s: %.*s", r->path, LX_F(lx_buf_slice(&out)));
        lx_json_doc_clear(&doc);
        lx_buf_clear(&out);
        lx_arena_clear(&a);
    }
}

static void near_names_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *near;
    } rows[] = {
        {"gorq", "groq"},
        {"antropic", "anthropic"},
        {"OpenAI", "openai"},
        {"qqqqqqqqqq", ""},
        {"", ""},
        {"mistrl", "mistral"},
        {"fireworks", "fireworks_ai"},
    };
    char out[128];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        lx_provider_near(lx_slice_z(rows[i].wanted), NULL, 0, out, sizeof(out));
        if (strncmp(out, rows[i].near, strlen(rows[i].near)) != 0 || !rows[i].near[0] != !out[0])
            fail_msg("%s: %s", rows[i].wanted, out);
    }
    lx_provider_near(LX_S("groq"), NULL, 0, out, 1); /* no room for a name */
    assert_string_equal(out, "");
}

static void the_nearest_come_first(void **state)
{
    (void)state;
    struct lx_near near;
    char out[64];
    lx_near_init(&near, LX_S("model-abc"));
    static const char *const names[] = {"model-axx", "model-abd", "unlike",
                                        "model-abc", "model-xbc", "model-xyc"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        lx_near_add(&near, lx_slice_z(names[i]));
    lx_near_write(&near, out, sizeof(out));
    assert_string_equal(out, "model-abc, model-abd, model-xbc");
    lx_near_write(&near, out, 20); /* whole names only */
    assert_string_equal(out, "model-abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_match),
        cmocka_unit_test(globs_do_not_explode),
        cmocka_unit_test(paths_name_what_goes),
        cmocka_unit_test(near_names_are_found),
        cmocka_unit_test(the_nearest_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
