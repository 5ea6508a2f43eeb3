/*
 * reply_test.c - lists of events, and events folded into a reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "llm/reply.h"

static void assert_slice(struct lx_slice s, const char *expected)
{
    struct lx_slice e = lx_slice_z(expected);
    assert_int_equal(s.n, e.n);
    if (e.n)
        assert_memory_equal(s.p, e.p, e.n);
}

static void test_events_grow(void **state)
{
    (void)state;
    struct lx_arena a;
    lx_arena_init(&a, 1 << 20);
    struct lx_events e = {.arena = &a};
    for (int64_t i = 0; i < 100; i++)
        lx_events_add(&e, LX_EVENT_TEXT)->index = i;
    assert_int_equal(e.n, 100);
    for (int64_t i = 0; i < 100; i++) {
        assert_true(e.v[i].index == i);
        assert_true(e.v[i].fault.retry_after_ms == -1);
    }
    lx_arena_clear(&a);
}

static void test_events_without_memory(void **state)
{
    (void)state;
    struct lx_arena a;
    lx_arena_init(&a, 0);
    struct lx_events e = {.arena = &a};
    struct lx_event *scratch = lx_events_add(&e, LX_EVENT_TEXT);
    assert_non_null(scratch);
    scratch->index = 5;
    assert_int_equal(e.n, 0);
    assert_int_equal(a.failed, LX_ELIMIT);
    assert_true(lx_events_add(&e, LX_EVENT_END)->index == 0); /* zeroed again */
    lx_arena_clear(&a);
}

/* What a test tells: kind, choice, part index, part kind, text. */
struct row {
    enum lx_event_kind kind;
    int64_t choice, index;
    enum lx_part_kind part;
    const char *text;
};

static const struct row rows[] = {
    {LX_EVENT_PART_START, 0, 0, LX_PART_THINKING, NULL},
    {LX_EVENT_TEXT, 0, 0, LX_PART_THINKING, "Hm"},
    {LX_EVENT_TEXT, 0, 0, LX_PART_THINKING, "m."},
    {LX_EVENT_SIGNATURE, 0, 0, LX_PART_THINKING, "Eq"},
    {LX_EVENT_PART_END, 0, 0, LX_PART_THINKING, NULL},
    {LX_EVENT_PART_START, 1, 0, LX_PART_TEXT, NULL},
    {LX_EVENT_TEXT, 1, 0, LX_PART_TEXT, "other"},
    {LX_EVENT_PART_START, 0, 1, LX_PART_REDACTED_THINKING, NULL},
    {LX_EVENT_DATA, 0, 1, LX_PART_REDACTED_THINKING, "Em"},
    {LX_EVENT_PART_START, 0, 2, LX_PART_TOOL_CALL, NULL},
    {LX_EVENT_PART_START, 0, 3, LX_PART_TOOL_CALL, NULL},
    {LX_EVENT_ARGUMENTS, 0, 2, LX_PART_TOOL_CALL, "{\"a\""},
    {LX_EVENT_ARGUMENTS, 0, 3, LX_PART_TOOL_CALL, "{}"},
    {LX_EVENT_ARGUMENTS, 0, 2, LX_PART_TOOL_CALL, ":1}"},
    {LX_EVENT_TEXT, 0, 9, LX_PART_TEXT, "of a part that was never opened"},
    {LX_EVENT_CITATION, 1, 0, LX_PART_TEXT, "{\"c\":1}"},
    {LX_EVENT_CITATION, 1, 0, LX_PART_TEXT, "{\"c\":2}"},
    {LX_EVENT_LOGPROBS, 1, 0, LX_PART_TEXT, "{\"content\":[1,2],\"refusal\":null}"},
    {LX_EVENT_LOGPROBS, 1, 0, LX_PART_TEXT, "{\"content\":[3]}"},
};

/* Every event's bytes are gone when the next comes, as a record's are. */
static void feed(struct lx_reply_builder *b, const struct row *r)
{
    struct lx_slice text = lx_slice_z(r->text ? r->text : "");
    char *copy = malloc(text.n + 1);
    assert_non_null(copy);
    memcpy(copy, text.p, text.n);
    struct lx_event e = {.kind = r->kind, .choice = r->choice, .index = r->index, .part = r->part};
    e.raw = lx_slice(copy, text.n);
    e.text = lx_text(e.raw);
    if (r->kind == LX_EVENT_PART_START && r->part == LX_PART_TOOL_CALL) {
        e.id = lx_text(LX_S("call"));
        e.name = lx_text(LX_S("add"));
    }
    lx_reply_builder_add(b, &e);
    memset(copy, 'X', text.n);
    free(copy);
}

static void check_first(const struct lx_choice *c)
{
    const struct lx_part *p = c->parts;
    assert_int_equal(c->finish, LX_FINISH_TOOL_CALLS);
    assert_int_equal(p->kind, LX_PART_THINKING);
    assert_slice(p->text.s, "Hmm.");
    assert_slice(p->signature.s, "Eq");
    p = p->next;
    assert_slice(p->data.s, "Em");
    p = p->next;
    assert_slice(p->id.s, "call");
    assert_slice(p->name.s, "add");
    assert_slice(p->arguments.s, "{\"a\":1}");
    p = p->next;
    assert_slice(p->arguments.s, "{}");
    assert_null(p->next);
}

static void test_builder(void **state)
{
    (void)state;
    struct lx_arena a;
    lx_arena_init(&a, 1 << 20);
    struct lx_reply_builder *b = malloc(lx_reply_builder_size());
    assert_non_null(b);
    lx_reply_builder_init(b, &a);
    lx_reply_builder_add(b, &(struct lx_event){.kind = LX_EVENT_START,
                                               .id = lx_text(LX_S("r-1")),
                                               .name = lx_text(LX_S("m")),
                                               .created_s = 5});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        feed(b, &rows[i]);
    lx_reply_builder_add(
        b, &(struct lx_event){.kind = LX_EVENT_FINISH, .finish = LX_FINISH_TOOL_CALLS});
    lx_reply_builder_add(b, &(struct lx_event){.kind = LX_EVENT_USAGE,
                                               .usage = {.known = true, .prompt_tokens = 3}});
    const struct lx_reply *r = lx_reply_builder_end(b);
    assert_slice(r->id.s, "r-1");
    assert_slice(r->model.s, "m");
    assert_true(r->created_s == 5);
    assert_true(r->usage.known && r->usage.prompt_tokens == 3);
    check_first(r->choices);
    const struct lx_choice *second = r->choices->next;
    assert_true(second->index == 1);
    assert_slice(second->parts->text.s, "other");
    assert_slice(second->parts->citations, "[{\"c\":1},{\"c\":2}]");
    assert_slice(second->logprobs, "{\"content\":[1,2,3],\"refusal\":null}");
    assert_null(second->next);
    free(b);
    lx_arena_clear(&a);
}

static void test_builder_without_memory(void **state)
{
    (void)state;
    for (size_t max = 0; max < 6000; max += 16) {
        struct lx_arena a;
        lx_arena_init(&a, max);
        struct lx_reply_builder *b = malloc(lx_reply_builder_size());
        assert_non_null(b);
        lx_reply_builder_init(b, &a);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            feed(b, &rows[i]);
        assert_non_null(lx_reply_builder_end(b));
        free(b);
        lx_arena_clear(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_grow),
        cmocka_unit_test(test_events_without_memory),
        cmocka_unit_test(test_builder),
        cmocka_unit_test(test_builder_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
