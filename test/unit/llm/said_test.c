/*
 * said_test.c - what a model said is collected as it came, and read back plain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "llm/said.h"

static void check(struct lx_said *s, const char *expected)
{
    struct lx_arena a;
    lx_arena_init(&a, 1 << 22);
    struct lx_slice text = lx_said_text(s, &a);
    assert_int_equal(text.n, strlen(expected));
    assert_memory_equal(text.p, expected, text.n);
    lx_arena_clear(&a);
}

static void test_pieces(void **state)
{
    (void)state;
    struct lx_said s;
    lx_said_init(&s);
    lx_said_add(NULL, LX_PART_TEXT, lx_text(LX_S("nobody asks")));
    lx_said_add(&s, LX_PART_TEXT, lx_text(LX_S("")));
    lx_said_add(&s, LX_PART_TEXT, lx_text(LX_S("a\\n")));
    lx_said_add(&s, LX_PART_TEXT, (struct lx_text){LX_S("b\\n\\ud83d\\ude00"), true});
    lx_said_add(&s, LX_PART_TEXT, lx_text(LX_S("\"c\"\\")));
    check(&s, "a\\nb\n\xf0\x9f\x98\x80\"c\"\\");
    assert_int_equal(s.beyond, 0);
    lx_said_clear(&s);
}

static void test_replies_and_events(void **state)
{
    (void)state;
    struct lx_part call = {
        .kind = LX_PART_TOOL_CALL, .name = lx_text(LX_S("f")), .arguments = lx_text(LX_S("{}"))};
    struct lx_part text = {.kind = LX_PART_TEXT, .text = lx_text(LX_S("hi ")), .next = &call};
    struct lx_choice second = {.parts = &text}, first = {.parts = &text, .next = &second};
    const struct lx_reply reply = {.choices = &first};
    const struct lx_event events[] = {
        {.kind = LX_EVENT_START, .id = lx_text(LX_S("not said"))},
        {.kind = LX_EVENT_PART_START, .part = LX_PART_TEXT},
        {.kind = LX_EVENT_TEXT, .text = lx_text(LX_S("x "))},
        {.kind = LX_EVENT_PART_START, .part = LX_PART_TOOL_CALL, .name = lx_text(LX_S("g"))},
        {.kind = LX_EVENT_ARGUMENTS, .text = lx_text(LX_S("[]"))},
        {.kind = LX_EVENT_END},
    };
    struct lx_said s;
    lx_said_init(&s);
    lx_said_add_reply(&s, &reply);
    check(&s, "hi f{}hi f{}");
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        lx_said_add_event(&s, &events[i]);
    check(&s, "hi f{}hi f{}x g[]");
    lx_said_clear(&s);
}

/* Past a mebibyte text is only measured. */
/* How often the last piece came in a row: of text, and of more than two characters. */
static void test_repeats(void **state)
{
    (void)state;
    static const struct {
        enum lx_part_kind kind;
        struct lx_text piece;
        uint32_t repeats;
    } rows[] = {
        {LX_PART_TEXT, {LX_S_INIT("abc"), false}, 1},
        {LX_PART_TEXT, {LX_S_INIT("abc"), false}, 2},
        {LX_PART_TEXT, {LX_S_INIT(""), false}, 2}, /* says nothing */
        {LX_PART_TEXT, {LX_S_INIT("abc"), true}, 3},
        {LX_PART_TEXT, {LX_S_INIT("abcd"), false}, 1},
        {LX_PART_TEXT, {LX_S_INIT("bcd"), false}, 1},
        {LX_PART_TEXT, {LX_S_INIT("ab"), false}, 0},
        {LX_PART_TEXT, {LX_S_INIT("ab"), false}, 0},
        {LX_PART_TEXT, {LX_S_INIT("\\n\\n"), true}, 0},
        {LX_PART_TEXT, {LX_S_INIT("\\ud83d\\ude00"), true}, 0},
        {LX_PART_TEXT, {LX_S_INIT("\xf0\x9f\x98\x80\xf0\x9f\x98\x80"), false}, 0},
        {LX_PART_TEXT, {LX_S_INIT("\\n\\n-"), true}, 1},
        {LX_PART_TEXT, {LX_S_INIT("\n\n-"), false}, 1}, /* another spelling: not compared */
        {LX_PART_TEXT, {LX_S_INIT("a\\b"), false}, 1},
        {LX_PART_TEXT, {LX_S_INIT("a\\b"), false}, 2},
        {LX_PART_THINKING, {LX_S_INIT("a\\b"), false}, 0},
        {LX_PART_TEXT, {LX_S_INIT("a\\b"), false}, 1},
    };
    struct lx_said s;
    lx_said_init(&s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        lx_said_add(&s, rows[i].kind, rows[i].piece);
        if (s.repeats != rows[i].repeats)
            fail_msg("row %zu: %u times", i, s.repeats);
    }
    lx_said_clear(&s);
}

static void test_limit(void **state)
{
    (void)state;
    char piece[1000];
    struct lx_said s;
    memset(piece, 'w', sizeof(piece));
    lx_said_init(&s);
    for (int i = 0; i < 2000; i++)
        lx_said_add(&s, LX_PART_TEXT, lx_text(lx_slice(piece, sizeof(piece))));
    assert_int_equal(s.text.failed, 0);
    assert_int_equal(s.text.n + s.beyond, 2000000);
    assert_true(s.text.n <= 1 << 20 && s.text.n > 1 << 19);
    lx_said_clear(&s);
}

static void test_a_budget_is_shared_and_given_back(void **state)
{
    (void)state;
    struct lx_said_budget budget = {.most = 1000};
    struct lx_said one, two;
    lx_said_init(&one);
    lx_said_init(&two);
    one.budget = two.budget = &budget;
    for (int i = 0; i < 200; i++)
        lx_said_add(&one, LX_PART_TEXT, lx_text(LX_S("ten bytes.")));
    assert_true(one.beyond > 0 && one.text.n >= 500);
    assert_int_equal(one.text.n + one.beyond, 2000);
    assert_int_equal(budget.held, one.text.cap);
    lx_said_add(&two, LX_PART_TEXT, lx_text(LX_S("ten bytes.")));
    assert_int_equal(two.text.n, 0);
    assert_int_equal(lx_said_scale(&two, 0), 2);
    assert_int_equal(lx_said_scale(&one, (int64_t)one.text.n / 10), 200);
    lx_said_clear(&two);
    lx_said_clear(&one);
    assert_int_equal(budget.held, 0);
    lx_said_init(&two);
    two.budget = &budget;
    lx_said_add(&two, LX_PART_TEXT, lx_text(LX_S("again")));
    check(&two, "again");
    lx_said_clear(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_a_budget_is_shared_and_given_back),
        cmocka_unit_test(test_replies_and_events),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests_name("llm/said", tests, NULL, NULL);
}
