/*
 * line_test.c - who is next in the line for a deployment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "call/line.h"

static void lower_priorities_go_first(void **state)
{
    struct lx_line line = {.count = 0};
    struct lx_line_place late, first, second, other;
    (void)state;
    assert_true(lx_line_join(&line, &late, 1, 5, 100, 9));
    assert_true(lx_line_join(&line, &first, 1, 1, 100, 9));
    assert_true(lx_line_join(&line, &second, 1, 1, 100, 9));
    assert_true(lx_line_join(&line, &other, 2, 0, 100, 9));
    assert_int_equal(lx_line_ahead(&line, &first, 1, 1), 0);
    assert_int_equal(lx_line_ahead(&line, &second, 1, 1), 1);
    assert_int_equal(lx_line_ahead(&line, &late, 1, 5), 2);
    assert_int_equal(lx_line_ahead(&line, &other, 2, 0), 0);
    const struct lx_line_place newcomer = {.waiting = false};
    assert_int_equal(lx_line_ahead(&line, &newcomer, 1, 0), 0);
    assert_int_equal(lx_line_ahead(&line, &newcomer, 1, 1), 2);
    assert_int_equal(lx_line_ahead(&line, &newcomer, 1, INT64_MAX), 3);
    lx_line_leave(&line, &first);
    lx_line_leave(&line, &first);
    assert_int_equal(lx_line_ahead(&line, &second, 1, 1), 0);
    assert_int_equal(line.count, 3);
    lx_line_leave(&line, &late);
    lx_line_leave(&line, &other);
    lx_line_leave(&line, &second);
    assert_null(line.first);
}

static void it_is_bounded(void **state)
{
    struct lx_line line = {.count = 0};
    struct lx_line_place a, b = {.waiting = false};
    (void)state;
    assert_true(lx_line_join(&line, &a, 1, 0, 100, 1));
    assert_false(lx_line_join(&line, &b, 1, 0, 100, 1));
    lx_line_leave(&line, &b);
    assert_int_equal(line.count, 1);
}

static void the_first_look_most_often(void **state)
{
    (void)state;
    assert_in_range(lx_line_wait_ms(0), 1, 5);
    assert_true(lx_line_wait_ms(3) > lx_line_wait_ms(0));
    assert_in_range(lx_line_wait_ms(100000), 1, 50);
}

static void keys_are_of_what_is_waited_for(void **state)
{
    const struct lx_slice tags[] = {LX_S("a"), LX_S("b")};
    struct lx_route_settings s;
    const struct lx_route_request plain = {.settings = &s, .region = LX_S("")};
    const struct lx_route_request eu = {.settings = &s, .region = LX_S("eu")};
    const struct lx_route_request tagged = {.settings = &s, .tags = tags, .tag_count = 2};
    (void)state;
    lx_route_settings_default(&s);
    assert_true(lx_line_key(&plain) == lx_line_key(&tagged)); /* tags mean nobody */
    s.policy.tag_filtering = true;
    assert_true(lx_line_key(&plain) == lx_line_key(&plain));
    assert_true(lx_line_key(&plain) != lx_line_key(&eu));
    assert_true(lx_line_key(&plain) != lx_line_key(&tagged));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lower_priorities_go_first),
        cmocka_unit_test(it_is_bounded),
        cmocka_unit_test(the_first_look_most_often),
        cmocka_unit_test(keys_are_of_what_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
