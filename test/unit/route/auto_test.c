/*
 * auto_test.c - what an adaptive auto router learns from conversations, and what is read of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "route/bandit.h"
#include "route/state.h"

struct world {
    struct lx_arena arena;
    struct lx_route_table table;
    struct lx_route_state *state;
    const struct lx_auto *router;
};

static void begin(struct world *w)
{
    static const uint64_t seed[2] = {3, 4};
    static struct lx_deployment deployments[2];
    struct lx_slice unserved;
    struct lx_error err;
    lx_arena_init(&w->arena, 1 << 20);
    lx_route_table_init(&w->table, &w->arena, seed);
    for (size_t i = 0; i < 2; i++) {
        deployments[i] = (struct lx_deployment){.group = i ? LX_S("b") : LX_S("a"),
                                                .id = i ? LX_S("b") : LX_S("a"),
                                                .provider = &lx_providers[0]};
        assert_int_equal(lx_route_table_add(&w->table, &deployments[i]), 0);
    }
    const struct lx_auto_source s = {
        .kind = lx_auto_kind_find(LX_S("auto_router/adaptive_router")),
        .name = LX_S("smart"),
        .config = LX_S("{\"available_models\":[\"a\",\"b\"]}"),
    };
    assert_int_equal(lx_auto_add(&w->table, &s, &w->arena, &unserved, &err), 0);
    w->state = lx_route_state_new();
    assert_int_equal(lx_route_state_bind(w->state, &w->table), 0);
    w->router = lx_auto_find(&w->table, LX_S("smart"));
    assert_non_null(w->router->state);
}

static void end(struct world *w)
{
    lx_route_state_unbind(&w->table);
    lx_route_state_unref(w->state);
    lx_arena_clear(&w->arena);
}

/* Asks, and says who is to answer. */
static size_t ask(struct world *w, struct lx_said_lately said, uint64_t session, int64_t now_ms)
{
    struct lx_auto_choice c;
    const struct lx_auto_question q = {
        .said = &said, .session = session, .now_ms = now_ms, .random = (uint64_t)now_ms};
    lx_auto_choose(w->router, &q, &w->arena, &c);
    assert_non_null(c.model);
    return (size_t)(c.model - w->router->models[0]);
}

static double signs_of(const struct world *w, enum lx_request_type t, size_t model)
{
    int64_t signs, ppm = lx_bandit_quality_ppm(w->router, t, model, &signs);
    (void)ppm;
    return (double)signs;
}

static int64_t quality_of(const struct world *w, enum lx_request_type t, size_t model)
{
    int64_t signs;
    return lx_bandit_quality_ppm(w->router, t, model, &signs);
}

static const struct lx_said_lately hello = {.user = LX_S_INIT("hello there"), .messages = 5};
static const struct lx_said_lately happy = {.user = LX_S_INIT("thanks, that worked"),
                                            .user_before = LX_S_INIT("now the rest"),
                                            .messages = 9};

/* Thanks count for whoever has answered, once a conversation, and not before its third turn. */
static void thanks_count(void **unused)
{
    struct world w;
    (void)unused;
    begin(&w);
    ask(&w, hello, 7, 1000);
    size_t second = ask(&w, happy, 7, 2000);
    assert_true(signs_of(&w, LX_REQUEST_GENERAL, 0) + signs_of(&w, LX_REQUEST_GENERAL, 1) == 0);
    size_t third = ask(&w, happy, 7, 3000);
    assert_int_equal(quality_of(&w, LX_REQUEST_GENERAL, second), 545454);
    assert_int_equal(quality_of(&w, LX_REQUEST_GENERAL, !second), 500000);
    ask(&w, happy, 7, 4000);
    assert_true(signs_of(&w, LX_REQUEST_GENERAL, third) <= 1);
    end(&w);
}

/* Each sign against it is one: other words for the same, giving up, a failed tool, the same answer,
 * and half of one for the same call again. */
static void complaints_count(void **unused)
{
    static const struct {
        struct lx_said_lately said;
        int64_t ppm;
    } cases[] = {
        {{.user = LX_S_INIT("paint the big house red again"),
          .user_before = LX_S_INIT("colour the house with some red paint please")},
         454545},
        {{.user = LX_S_INIT("forget it")}, 454545},
        {{.user = LX_S_INIT("go on"), .tool_failed = true}, 454545},
        {{.user = LX_S_INIT("go on"),
          .answer = LX_S_INIT("it cannot be done"),
          .answer_before = LX_S_INIT("It cannot be done.")},
         454545},
        {{.user = LX_S_INIT("go on"), .loops = true}, 476190},
        {{.user = LX_S_INIT("go on"), .user_before = LX_S_INIT("go on")}, 500000},
        {{.user = LX_S_INIT("tell me a joke"), .user_before = LX_S_INIT("hi")}, 500000},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;
        begin(&w);
        size_t who = ask(&w, hello, 7, 1000);
        ask(&w, cases[i].said, 7, 2000);
        assert_int_equal(quality_of(&w, LX_REQUEST_GENERAL, who), cases[i].ppm);
        end(&w);
    }
}

/* Of another conversation, of one that is a day old, or of nobody's nothing is learned. */
static void only_its_own_conversation_counts(void **unused)
{
    static const struct {
        uint64_t session;
        int64_t now_ms;
    } cases[] = {{8, 2000}, {0, 2000}, {7, 86402000}};
    const struct lx_said_lately bad = {.user = LX_S_INIT("forget it")};
    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;
        begin(&w);
        ask(&w, hello, 7, 1000);
        ask(&w, bad, cases[i].session, cases[i].now_ms);
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(quality_of(&w, LX_REQUEST_GENERAL, k), 500000);
        end(&w);
    }
}

/* A request that is about nothing stays with what its conversation was about; a model that is
 * complained about is asked less; and there is an end to what is learned. */
static void what_is_learned_decides(void **unused)
{
    const struct lx_said_lately code = {.user = LX_S_INIT("review my code")};
    const struct lx_said_lately bad = {.user = LX_S_INIT("this is not working")};
    struct world w;
    size_t counts[2] = {0};
    (void)unused;
    begin(&w);
    for (int64_t i = 1; i <= 2000; i++) {
        size_t who = ask(&w, code, (uint64_t)i, 1000 * i);
        if (who == 0)
            ask(&w, bad, (uint64_t)i, 1000 * i + 1);
    }
    assert_true(quality_of(&w, LX_REQUEST_CODE_UNDERSTANDING, 0) < 350000);
    assert_int_equal(quality_of(&w, LX_REQUEST_CODE_UNDERSTANDING, 1), 500000);
    assert_int_equal(quality_of(&w, LX_REQUEST_GENERAL, 0), 500000);
    assert_true(signs_of(&w, LX_REQUEST_CODE_UNDERSTANDING, 0) <= 190);
    for (int64_t i = 1; i <= 1000; i++)
        counts[ask(&w, code, 0, 1000 * i)]++;
    assert_true(counts[0] < 50);
    end(&w);
}

/* ---- What is read of a conversation ---------------------------------------------------------- */

static void read_it(const char *body, struct lx_arena *a, struct lx_json_doc *doc,
                    struct lx_said_lately *out)
{
    lx_json_doc_init(doc);
    assert_int_equal(lx_json_read(doc, lx_slice_z(body), NULL, NULL), 0);
    lx_said_read(lx_json_root(doc), a, out);
}

static void a_conversation_is_read(void **unused)
{
    struct lx_arena a;
    struct lx_json_doc doc;
    struct lx_said_lately s;
    (void)unused;
    lx_arena_init(&a, 1 << 20);
    read_it("{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":"
            "\"one\"},{\"role\":\"assistant\",\"content\":\"1\"},{\"role\":\"user\",\"content\":"
            "\"t\\u0077o\"},{\"role\":\"assistant\",\"content\":\"2\"},{\"role\":\"user\","
            "\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\"},{\"type\":"
            "\"text\",\"text\":\"b\"}]}]}",
            &a, &doc, &s);
    assert_int_equal(s.messages, 6);
    assert_true(lx_slice_eq(s.user, LX_S("a b")) && lx_slice_eq(s.user_before, LX_S("two")));
    assert_true(lx_slice_eq(s.answer, LX_S("2")) && lx_slice_eq(s.answer_before, LX_S("1")));
    assert_true(s.first.n && !s.loops && !s.tool_failed);
    lx_json_doc_clear(&doc);
    lx_arena_clear(&a);
}

static void tools_are_read(void **unused)
{
#define CALL                                                                              \
    "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"function\":{\"name\":\"f\"," \
    "\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"content\":\"x\"}"
    struct lx_arena a;
    struct lx_json_doc doc;
    struct lx_said_lately s;
    (void)unused;
    lx_arena_init(&a, 1 << 20);
    read_it("{\"messages\":[" CALL "," CALL "]}", &a, &doc, &s);
    assert_false(s.loops);
    lx_json_doc_clear(&doc);
    read_it("{\"messages\":[" CALL "," CALL "," CALL "]}", &a, &doc, &s);
    assert_true(s.loops && !s.tool_failed);
    lx_json_doc_clear(&doc);
    read_it("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"is_error\":"
            "true,\"content\":\"x\"}]}]}",
            &a, &doc, &s);
    assert_true(s.tool_failed && !s.user.n);
    lx_json_doc_clear(&doc);
    lx_arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thanks_count),
        cmocka_unit_test(complaints_count),
        cmocka_unit_test(only_its_own_conversation_counts),
        cmocka_unit_test(what_is_learned_decides),
        cmocka_unit_test(a_conversation_is_read),
        cmocka_unit_test(tools_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
