/*
 * trail_test.c - the ring of decisions: what is written down, for how long, and while others read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>

#include "route/show.h"

#define NOW_MS INT64_C(1700000000000)

struct house {
    struct lx_arena arena;
    struct lx_route_table table;
    struct lx_route_state *state;
};

static void build(struct house *h)
{
    static const uint64_t seed[2] = {5, 6};
    static const char *const ids[] = {"first", "second"};
    lx_arena_init(&h->arena, 1 << 20);
    lx_route_table_init(&h->table, &h->arena, seed);
    for (size_t i = 0; i < 2; i++) {
        struct lx_deployment *d = lx_arena_new(&h->arena, struct lx_deployment);
        *d = (struct lx_deployment){.group = LX_S("g"),
                                    .id = lx_slice_z(ids[i]),
                                    .provider = lx_provider_find(LX_S("openai")),
                                    .model = LX_S("m\033[1m"),
                                    .rpm = 1,
                                    .cooldown_ms = -1,
                                    .allowed_fails = -1};
        assert_int_equal(lx_route_table_add(&h->table, d), 0);
    }
    h->table.settings.policy.enforce_limits = true;
    h->state = lx_route_state_new();
    assert_int_equal(lx_route_state_bind(h->state, &h->table), 0);
}

static void raze(struct house *h)
{
    lx_route_state_unbind(&h->table);
    lx_route_state_unref(h->state);
    lx_arena_clear(&h->arena);
}

static void decide(struct house *h, struct lx_route_trail *trail, int64_t now_ms, int status)
{
    struct lx_route_ticket t;
    const struct lx_route_request r = {.settings = &h->table.settings,
                                       .group = h->table.groups[0],
                                       .now_ms = now_ms,
                                       .prompt_tokens = -1,
                                       .trail = trail};
    const struct lx_fault f = {
        .kind = LX_FAULT_RATE_LIMIT, .status = status, .retry_after_ms = 7000};
    const struct lx_route_outcome o = {.kind = status ? LX_OUTCOME_FAILURE : LX_OUTCOME_SUCCESS,
                                       .fault = &f,
                                       .now_ms = now_ms + 12};
    if (lx_route_take(&r, &t).kind == LX_ROUTE_USE)
        lx_route_end(&t, &o);
}

static void decisions_are_written_down(void **state)
{
    (void)state;
    struct house h;
    struct lx_route_note notes[LX_TRAIL_SIZE];
    struct lx_route_trail *trail = lx_route_trail_new();
    assert_non_null(trail);
    build(&h);
    assert_int_equal(lx_route_trail_read(trail, notes, LX_TRAIL_SIZE), 0);
    decide(&h, trail, NOW_MS, 429);    /* cools down */
    decide(&h, trail, NOW_MS + 20, 0); /* the other one */
    decide(&h, trail, NOW_MS + 40, 0); /* nobody: one cools, one has its request */
    decide(&h, trail, NOW_MS + 50, 0); /* nobody, again: not told again */
    assert_int_equal(lx_route_trail_read(trail, notes, LX_TRAIL_SIZE), 3);
    const struct lx_route_note *nobody = &notes[0], *good = &notes[1], *bad = &notes[2];
    assert_int_equal(nobody->end, LX_NOTE_NOBODY);
    assert_int_equal(nobody->deployment, 0);
    assert_int_equal(nobody->skips, 2);
    assert_int_equal(good->end, LX_NOTE_SUCCESS);
    assert_int_equal(good->took_ms, 12);
    assert_int_equal(good->skips, 1);
    assert_int_equal(good->skipped[0], bad->deployment);
    assert_string_equal(lx_route_checks[good->checks[0]].name, "cooldown");
    assert_int_equal(bad->end, LX_NOTE_FAILURE);
    assert_int_equal(bad->status, 429);
    assert_string_equal(bad->by, "simple-shuffle");
    decide(&h, trail, NOW_MS + 2000, 0); /* after a second it is told again */
    assert_int_equal(lx_route_trail_read(trail, notes, LX_TRAIL_SIZE), 4);
    lx_route_trail_free(trail);
    raze(&h);
}

static void the_state_is_shown(void **state)
{
    (void)state;
    struct house h;
    struct lx_route_note notes[LX_TRAIL_SIZE];
    struct lx_route_trail *trail = lx_route_trail_new();
    struct lx_buf b;
    struct lx_json_doc doc;
    assert_non_null(trail);
    build(&h);
    decide(&h, trail, NOW_MS, 429);
    decide(&h, trail, NOW_MS + 20, 0);
    const struct lx_route_view v = {.table = &h.table,
                                    .now_ms = NOW_MS + 2000,
                                    .notes = notes,
                                    .note_count = lx_route_trail_read(trail, notes, 64)};
    lx_buf_init(&b, 1 << 20);
    struct lx_out o = lx_out(&b);
    lx_out_object(&o, NULL);
    lx_route_show_json(&v, &o);
    lx_out_object_end(&o);
    lx_json_doc_init(&doc);
    assert_int_equal(lx_json_read(&doc, lx_buf_slice(&b), NULL, NULL), 0);
    struct lx_json root = lx_json_root(&doc), list = LX_GET(root, "deployments");
    bool first_failed = lx_json_eq(LX_GET(lx_json_at(list, 0), "state"), LX_S("open"));
    struct lx_json bad = lx_json_at(list, first_failed ? 0 : 1);
    struct lx_json good = lx_json_at(list, first_failed ? 1 : 0);
    assert_true(lx_json_eq(LX_GET(bad, "state"), LX_S("open")));
    assert_true(lx_json_eq(LX_GET(LX_GET(bad, "cooldown"), "after"), LX_S("RateLimitError")));
    assert_true(
        lx_slice_eq(lx_json_raw(LX_GET(LX_GET(bad, "cooldown"), "seconds_left")), LX_S("5.012")));
    assert_true(lx_json_eq(LX_GET(LX_GET(bad, "last_skipped"), "why"), LX_S("cooldown")));
    assert_true(lx_json_eq(LX_GET(good, "state"), LX_S("closed")));
    assert_true(
        lx_slice_eq(lx_json_raw(LX_GET(LX_GET(good, "this_minute"), "successes")), LX_S("1")));
    assert_int_equal(lx_json_count(LX_GET(root, "decisions")), 2);
    lx_buf_reset(&b);
    lx_route_show_text(&v, &b);
    struct lx_slice text = lx_buf_slice(&b);
    assert_true(lx_slice_find(text, LX_S("open 5.0 s (429)")) >= 0);
    assert_true(lx_slice_find(text, LX_S("by simple-shuffle: failure after 12 ms (429")) >= 0);
    assert_true(lx_slice_find_byte(text, '\033') < 0);
    lx_json_doc_clear(&doc);
    lx_buf_clear(&b);
    lx_route_trail_free(trail);
    raze(&h);
}

enum { WRITES = 200000 };

static void *write_many(void *arg)
{
    for (uint64_t i = 1; i <= WRITES; i++) {
        struct lx_route_note n = {.at_ms = (int64_t)i, .took_ms = (int64_t)i, .group = i};
        for (size_t k = 0; k < LX_TRAIL_SKIPS; k++)
            n.skipped[k] = i;
        lx_route_trail_add(arg, &n);
    }
    return NULL;
}

static void readers_see_whole_entries(void **state)
{
    (void)state;
    struct lx_route_note notes[LX_TRAIL_SIZE];
    struct lx_route_trail *trail = lx_route_trail_new();
    pthread_t writer;
    uint64_t newest = 0;
    assert_non_null(trail);
    assert_int_equal(pthread_create(&writer, NULL, write_many, trail), 0);
    while (newest < WRITES) {
        size_t n = lx_route_trail_read(trail, notes, LX_TRAIL_SIZE);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(notes[i].group, (uint64_t)notes[i].at_ms);
            assert_int_equal(notes[i].took_ms, notes[i].at_ms);
            assert_int_equal(notes[i].skipped[LX_TRAIL_SKIPS - 1], notes[i].group);
        }
        lx_route_notes_sort(notes, n);
        newest = n ? notes[0].group : 0;
    }
    pthread_join(writer, NULL);
    assert_int_equal(lx_route_trail_read(trail, notes, LX_TRAIL_SIZE), LX_TRAIL_SIZE);
    lx_route_trail_free(trail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_are_written_down),
        cmocka_unit_test(the_state_is_shown),
        cmocka_unit_test(readers_see_whole_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
