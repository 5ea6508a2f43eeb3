/*
 * prompts_test.c - the table of names: what is pushed out, and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "call/prompts.h"

static struct lx_prompt_id id_of(unsigned char n)
{
    struct lx_prompt_id id = {.v = {7}};
    id.v[1] = n;
    return id;
}

static enum lx_prompt_verdict ask(struct lx_prompts *p, unsigned char n, const void *maker)
{
    const struct lx_prompt_id id = id_of(n);
    return lx_prompts_find(p, &id, 1000, 0, maker).verdict;
}

static void put(struct lx_prompts *p, unsigned char n)
{
    const struct lx_prompt_id id = id_of(n);
    lx_prompts_put(p, &id, LX_S("name"), 2000);
}

static void test_the_least_used_gives_way(void **state)
{
    struct lx_prompts *p = lx_prompts_new();
    int me, other;
    (void)state;
    assert_non_null(p);
    for (unsigned char n = 1; n <= 4; n++) {
        assert_int_equal(ask(p, n, &me), LX_PROMPT_MAKE);
        put(p, n);
    }
    assert_int_equal(ask(p, 1, &me), LX_PROMPT_USE);
    assert_int_equal(ask(p, 5, &me), LX_PROMPT_MAKE); /* in the place of 2 */
    assert_int_equal(ask(p, 5, &other), LX_PROMPT_WAIT);
    assert_int_equal(ask(p, 1, &me), LX_PROMPT_USE);
    assert_int_equal(ask(p, 3, &me), LX_PROMPT_USE);
    assert_int_equal(ask(p, 2, &me), LX_PROMPT_MAKE);
    lx_prompts_free(p);
}

static void test_what_is_being_made_stays(void **state)
{
    struct lx_prompts *p = lx_prompts_new();
    int me, other;
    const struct lx_prompt_id first = id_of(1), second = id_of(2);
    (void)state;
    assert_non_null(p);
    for (unsigned char n = 1; n <= 4; n++)
        assert_int_equal(ask(p, n, &me), LX_PROMPT_MAKE);
    assert_int_equal(ask(p, 5, &me), LX_PROMPT_NONE);
    lx_prompts_drop(p, &first, &other); /* not its own */
    assert_int_equal(ask(p, 1, &other), LX_PROMPT_WAIT);
    lx_prompts_drop(p, &first, &me);
    assert_int_equal(ask(p, 1, &other), LX_PROMPT_MAKE);
    put(p, 2);
    lx_prompts_forget(p, &second, LX_S("another name"));
    assert_int_equal(ask(p, 2, &me), LX_PROMPT_USE);
    lx_prompts_forget(p, &second, LX_S("name"));
    assert_int_equal(ask(p, 2, &me), LX_PROMPT_MAKE);
    lx_prompts_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_least_used_gives_way),
        cmocka_unit_test(test_what_is_being_made_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
