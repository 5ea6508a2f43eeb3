/*
 * json_edit_test.c - edits by span: one at a time, side by side, one inside the other, and what
 * happens to the commas.
 */
#include "json_unit.h"

#include <stdio.h>

#include "base/error.h"

enum verb { END, SET, REMOVE, RENAME, ELEMENT, REPLACE, APPEND };

/* One edit: of the object or array at `path`, a member's name or an element's number at each step.
 */
struct step {
    enum verb verb;
    const char *path[3];
    const char *name;
    const char *json; /* or the new name, or the element's number */
};

static struct lx_json follow(struct lx_json v, const char *const path[3])
{
    for (size_t i = 0; i < 3 && path[i]; i++)
        v = lx_json_is(v, LX_JSON_ARRAY) ? lx_json_at(v, (size_t)atoi(path[i]))
                                         : lx_json_get(v, lx_slice_z(path[i]));
    return v;
}

static void apply(struct lx_json_edit *e, struct lx_json root, const struct step *s)
{
    struct lx_json v = follow(root, s->path);
    struct lx_slice name = lx_slice_z(s->name), json = lx_slice_z(s->json);
    switch (s->verb) {
    case SET:
        lx_json_edit_set(e, v, name, json);
        break;
    case REMOVE:
        lx_json_edit_remove(e, v, name);
        break;
    case RENAME:
        lx_json_edit_rename(e, v, name, json);
        break;
    case ELEMENT:
        lx_json_edit_remove_element(e, lx_json_at(v, (size_t)atoi(s->json)));
        break;
    case REPLACE:
        lx_json_edit_replace(e, v, json);
        break;
    case APPEND:
        lx_json_edit_append(e, v, json);
        break;
    case END:
        break;
    }
}

static void test_edits(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
        struct step steps[6];
    } rows[] = {
        {"{\"a\":1}", "{\"a\":1}", {{.verb = END}}},
        /* replace */
        {"[1]", "{}", {{REPLACE, .json = "{}"}}},
        {"{\"a\": 1 }", "{\"a\": \"x\" }", {{SET, .name = "a", .json = "\"x\""}}},
        {"{\"a\":1}", "{\"a\":null}", {{SET, .name = "a"}}},
        {"[1,[2,3]]", "[1,[2,9]]", {{REPLACE, {"1", "1"}, .json = "9"}}},
        {"[1]", "[1]", {{REPLACE, {"7"}, .json = "9"}}},
        /* of two edits of one value the later holds */
        {"{\"a\":1}",
         "{\"a\":3}",
         {{SET, .name = "a", .json = "2"}, {SET, .name = "a", .json = "3"}}},
        /* set: duplicates go, escaped names count */
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":4}", {{SET, .name = "a", .json = "4"}}},
        {"{\"\\u0061\":1}", "{\"\\u0061\":4}", {{SET, .name = "a", .json = "4"}}},
        /* set: added */
        {"{}", "{\"a\":1}", {{SET, .name = "a", .json = "1"}}},
        {"{ }", "{ \"a\":1}", {{SET, .name = "a", .json = "1"}}},
        {"{\"b\":[] }", "{\"b\":[] ,\"a\":1}", {{SET, .name = "a", .json = "1"}}},
        {"{\"b\":{}}",
         "{\"b\":{\"x\":1},\"a\":{\"y\":2},\"c\":3}",
         {{SET, .name = "a", .json = "{\"y\":2}"},
          {SET, {"b"}, "x", "1"},
          {SET, .name = "c", .json = "3"}}},
        {"{\"b\":0}",
         "{\"b\":0,\"a\":2,\"c\":3}",
         {{SET, .name = "a", .json = "1"},
          {SET, .name = "c", .json = "3"},
          {SET, .name = "a", .json = "2"}}},
        {"[1]", "[1]", {{SET, .name = "a", .json = "1"}}}, /* no object */
        {"{\"a\":1}", "{\"a\":1}", {{SET, {"x"}, "a", "1"}}},
        /* remove */
        {"{\"a\":1}", "{}", {{REMOVE, .name = "a"}}},
        {"{\"a\":1,\"b\":2}", "{\"b\":2}", {{REMOVE, .name = "a"}}},
        {"{\"a\":1,\"b\":2}", "{\"a\":1}", {{REMOVE, .name = "b"}}},
        {"{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"c\":3}", {{REMOVE, .name = "b"}}},
        {"{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":2}", {{REMOVE, .name = "a"}, {REMOVE, .name = "c"}}},
        {"{\"a\":1,\"b\":2}", "{}", {{REMOVE, .name = "a"}, {REMOVE, .name = "b"}}},
        {"{\"a\":1,\"b\":2}", "{}", {{REMOVE, .name = "b"}, {REMOVE, .name = "a"}}},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2}", {{REMOVE, .name = "a"}}},
        {"{\"a\":1,\"a\":2}", "{}", {{REMOVE, .name = "a"}}},
        {"{ \"a\" : 1 , \"b\" : 2 }", "{ \"b\" : 2 }", {{REMOVE, .name = "a"}}},
        {"{ \"a\" : 1 , \"b\" : 2 }", "{ \"a\" : 1  }", {{REMOVE, .name = "b"}}},
        {"{\"a\":1}", "{\"a\":1}", {{REMOVE, .name = "b"}}},
        {"[1]", "[1]", {{REMOVE, .name = "b"}}},
        /* remove, then add */
        {"{\"a\":1}", "{\"b\":2}", {{REMOVE, .name = "a"}, {SET, .name = "b", .json = "2"}}},
        {"{\"c\":0,\"a\":1}",
         "{\"c\":0,\"b\":2}",
         {{SET, .name = "b", .json = "2"}, {REMOVE, .name = "a"}}},
        {"{\"a\":1,\"c\":[0]}",
         "{\"c\":[0],\"b\":2}",
         {{SET, .name = "b", .json = "2"}, {REMOVE, .name = "a"}}},
        /* append */
        {"[]", "[1]", {{APPEND, .json = "1"}}},
        {"[0 ]", "[0 ,1,2]", {{APPEND, .json = "1"}, {APPEND, .json = "2"}}},
        {"[[0]]", "[[3],4]", {{REPLACE, {"0", "0"}, .json = "3"}, {APPEND, .json = "4"}}},
        {"[1]", "[2]", {{ELEMENT, .json = "0"}, {APPEND, .json = "2"}}},
        {"{}", "{}", {{APPEND, .json = "1"}}}, /* no array */
        /* elements */
        {"[1]", "[]", {{ELEMENT, .json = "0"}}},
        {"[1,2,3]", "[2,3]", {{ELEMENT, .json = "0"}}},
        {"[1,2,3]", "[1,3]", {{ELEMENT, .json = "1"}}},
        {"[1,2,3]", "[1,2]", {{ELEMENT, .json = "2"}}},
        {"[1,2,3]", "[1]", {{ELEMENT, .json = "2"}, {ELEMENT, .json = "1"}}},
        {"[1,2,3]", "[3]", {{ELEMENT, .json = "1"}, {ELEMENT, .json = "0"}}},
        {"[1,2]", "[]", {{ELEMENT, .json = "0"}, {ELEMENT, .json = "1"}}},
        {"[1,2]", "[1,2]", {{ELEMENT, .json = "2"}}},
        {"[[1],[2]]", "[[],[2]]", {{ELEMENT, {"0"}, .json = "0"}}},
        /* rename */
        {"{\"a\":1,\"b\":{\"a\":2},\"a\":3}",
         "{\"z\":1,\"b\":{\"a\":2},\"z\":3}",
         {{RENAME, .name = "a", .json = "z"}}},
        {"{\"a\":1}",
         "{\"z\":2}",
         {{RENAME, .name = "a", .json = "z"}, {SET, .name = "a", .json = "2"}}},
        {"[\"a\",1]", "[\"a\",1]", {{RENAME, .name = "a", .json = "z"}}},
        /* inside what is replaced or removed, before and after */
        {"{\"a\":{\"b\":1},\"c\":2}",
         "{\"a\":7,\"c\":2}",
         {{SET, {"a"}, "b", "9"}, {SET, .name = "a", .json = "7"}, {SET, {"a"}, "n", "9"}}},
        {"{\"a\":{\"b\":1},\"c\":2}",
         "{\"c\":2}",
         {{SET, {"a"}, "b", "9"},
          {REMOVE, .name = "a"},
          {SET, {"a"}, "n", "9"},
          {RENAME, .name = "a", .json = "z"},
          {SET, .name = "a", .json = "8"}}},
        {"[[1,2],3]", "[3]", {{ELEMENT, .json = "0"}, {ELEMENT, {"0"}, .json = "0"}}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json_unit u;
        struct lx_json root = unit_read(&u, lx_slice_z(rows[i].text), NULL, NULL);
        struct lx_json_edit e;
        lx_json_edit_init(&e, &u.doc, &u.arena);
        for (const struct step *s = rows[i].steps; s->verb != END; s++)
            apply(&e, root, s);
        if (strcmp(rows[i].text, rows[i].want) == 0)
            assert_true(lx_json_edit_is_empty(&e));
        struct lx_buf buf;
        lx_buf_init(&buf, 1000);
        lx_buf_add_lit(&buf, "kept,"); /* what was there before is no business of the edit's */
        assert_int_equal(lx_json_edit_write(&e, &buf), 0);
        assert_text(lx_slice_from(lx_buf_slice(&buf), 5), lx_slice_z(rows[i].want));
        lx_buf_reset(&buf); /* and once more */
        assert_int_equal(lx_json_edit_write(&e, &buf), 0);
        assert_text(lx_buf_slice(&buf), lx_slice_z(rows[i].want));
        lx_buf_clear(&buf);
        unit_clear(&u);
    }
}

/* The result is exactly as large as it says: a ceiling of that size does, one byte less does not.
 */
static void test_ceiling(void **state)
{
    (void)state;
    struct json_unit u;
    struct lx_json root = unit_read(&u, LX_S("{\"model\":\"m\",\"x\":[1,2,3]}"), NULL, NULL);
    struct lx_json_edit e;
    lx_json_edit_init(&e, &u.doc, &u.arena);
    lx_json_edit_set(&e, root, LX_S("model"), LX_S("\"longer\""));
    lx_json_edit_remove(&e, root, LX_S("x"));
    struct lx_slice want = LX_S("{\"model\":\"longer\"}");
    for (size_t max = 0; max < 40; max++) {
        struct lx_buf buf;
        lx_buf_init(&buf, max);
        int code = lx_json_edit_write(&e, &buf);
        if (max >= want.n) {
            assert_int_equal(code, 0);
            assert_text(lx_buf_slice(&buf), want);
        } else {
            assert_int_equal(code, LX_ELIMIT);
        }
        lx_buf_clear(&buf);
    }
    unit_clear(&u);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct json_unit u;
    struct lx_json root = unit_read(&u, LX_S("{\"a\":1}"), NULL, NULL);
    for (int which = 0; which < 3; which++) {
        struct lx_arena tiny;
        struct lx_json_edit e;
        struct lx_buf buf;
        lx_arena_init(&tiny, 8);
        lx_buf_init(&buf, 100);
        lx_json_edit_init(&e, &u.doc, &tiny);
        if (which == 0)
            lx_json_edit_set(&e, root, LX_S("a"), LX_S("2"));
        else if (which == 1)
            lx_json_edit_set(&e, root, LX_S("new_member"), LX_S("2"));
        else
            lx_json_edit_rename(&e, root, LX_S("a"), LX_S("new_member"));
        assert_false(lx_json_edit_is_empty(&e));
        assert_int_equal(lx_json_edit_write(&e, &buf), LX_ELIMIT);
        assert_int_equal(buf.n, 0);
        lx_buf_clear(&buf);
        lx_arena_clear(&tiny);
    }
    unit_clear(&u);
}

/* A member repeated very often is removed in no more than n log n. */
static void test_many_duplicates(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct lx_buf text;
    lx_buf_init(&text, 1 << 24);
    struct lx_out o = lx_out(&text);
    lx_out_object(&o, NULL);
    for (int i = 0; i < COUNT; i++)
        lx_out_int(&o, i % 2 ? "a" : "b", i);
    lx_out_object_end(&o);
    struct json_unit u;
    struct lx_json root = unit_read(&u, lx_buf_slice(&text), NULL, NULL);
    struct lx_json_edit e;
    lx_json_edit_init(&e, &u.doc, &u.arena);
    lx_json_edit_set(&e, root, LX_S("a"), LX_S("true"));
    lx_json_edit_remove(&e, root, LX_S("b"));
    struct lx_buf buf;
    lx_buf_init(&buf, 1 << 24);
    assert_int_equal(lx_json_edit_write(&e, &buf), 0);
    assert_text(lx_buf_slice(&buf), LX_S("{\"a\":true}"));
    lx_buf_clear(&buf);
    lx_buf_clear(&text);
    unit_clear(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_many_duplicates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
