/*
 * records_test.c - the tables for SSE and NDJSON, what is borrowed, lack of memory, and writing.
 */
#include "events.h"

#include "wire/record.h"

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

static bool no_memory;

void *__wrap_realloc(void *p, size_t n)
{
    return no_memory ? NULL : __real_realloc(p, n);
}

/* ---- Tables ------------------------------------------------------------------------------- */

struct run {
    struct lx_records records;
    bool failed;
};

static void *open_run(const struct events_case *c, enum lx_framing framing)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    lx_records_init(&run->records, framing, events_option(c, "max", 1000));
    return run;
}

static void *open_sse(const struct events_case *c)
{
    return open_run(c, LX_FRAMING_SSE);
}

static void *open_ndjson(const struct events_case *c)
{
    return open_run(c, LX_FRAMING_NDJSON);
}

static void log_record(struct run *run, int rc, const struct lx_record *r, struct lx_buf *log)
{
    if (rc == 0)
        return;
    if (rc < 0) {
        lx_buf_addf(log, "%s\n", lx_code_name(rc));
        run->failed = true;
        return;
    }
    events_escape(log, r->event);
    lx_buf_add_byte(log, '|');
    events_escape(log, r->data);
    lx_buf_add_byte(log, '|');
    events_escape(log, r->raw);
    lx_buf_add_byte(log, '\n');
}

static void feed(void *state, struct lx_slice piece, struct lx_buf *log)
{
    struct run *run = state;
    struct lx_record record;
    struct lx_error err = {0};
    int rc = 1;

    while (rc == 1 && !run->failed) {
        rc = lx_records_next(&run->records, &piece, &record, &err);
        log_record(run, rc, &record, log);
        if (rc < 0)
            assert_int_equal(err.code, rc);
        if (rc == 0)
            assert_int_equal(piece.n, 0);
    }
}

static void close_run(void *state, struct lx_buf *log)
{
    struct run *run = state;
    struct lx_record record;

    if (!run->failed) {
        log_record(run, lx_records_end(&run->records, &record, NULL), &record, log);
        assert_int_equal(lx_records_end(&run->records, &record, NULL), 0);
    }
    lx_records_clear(&run->records);
    free(run);
}

static void test_sse_table(void **state)
{
    (void)state;
    static const struct events_reader reader = {open_sse, feed, close_run};
    assert_true(events_run("sse.txt", &reader) >= 25);
}

static void test_ndjson_table(void **state)
{
    (void)state;
    static const struct events_reader reader = {open_ndjson, feed, close_run};
    assert_true(events_run("ndjson.txt", &reader) >= 5);
}

/* ---- What a table cannot say -------------------------------------------------------------- */

static bool within(struct lx_slice part, struct lx_slice whole)
{
    return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

static void test_whole_events_are_borrowed(void **state)
{
    (void)state;
    struct lx_slice piece = LX_S("event: e\ndata: one\n\ndata: two\r\n\r\nda"), in = piece;
    struct lx_records r;
    struct lx_record out;

    lx_records_init(&r, LX_FRAMING_SSE, 100);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lx_records_next(&r, &in, &out, NULL), 1);
        assert_true(within(out.data, piece));
        assert_true(within(out.raw, piece));
    }
    assert_null(r.pending.p); /* nothing was copied so far */
    assert_null(r.data.p);
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 0);
    in = LX_S("ta: three\n\ndata: four\n\n");
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 1);
    assert_true(lx_slice_eq(out.data, LX_S("three")));
    assert_true(within(out.data, lx_buf_slice(&r.pending)));
    piece = in;
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 1);
    assert_true(within(out.data, piece)); /* borrowed again after one that was not */
    lx_records_clear(&r);
}

/* A provider that ends lines with CR must not have its events held back. */
static void test_cr_event_comes_at_once(void **state)
{
    (void)state;
    struct lx_slice in = LX_S("data: a\r\r");
    struct lx_records r;
    struct lx_record out;

    lx_records_init(&r, LX_FRAMING_SSE, 100);
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 1);
    assert_true(lx_slice_eq(out.data, LX_S("a")));
    lx_records_clear(&r);
}

static void test_no_framing_is_one_record(void **state)
{
    (void)state;
    struct lx_slice in = LX_S("{\n\n"), more = LX_S("}");
    struct lx_records r;
    struct lx_record out;

    lx_records_init(&r, LX_FRAMING_NONE, 100);
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 0);
    assert_int_equal(lx_records_next(&r, &more, &out, NULL), 0);
    assert_int_equal(lx_records_end(&r, &out, NULL), 1);
    assert_true(lx_slice_eq(out.data, LX_S("{\n\n}")));
    assert_true(lx_slice_eq(out.raw, out.data));
    lx_records_clear(&r);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct lx_slice start = LX_S("data: a"), lines = LX_S("data: a\ndata: b\n\n");
    struct lx_records r;
    struct lx_record out;
    struct lx_error err = {0};

    no_memory = true;
    lx_records_init(&r, LX_FRAMING_SSE, 100);
    assert_int_equal(lx_records_next(&r, &start, &out, &err), LX_ENOMEM);
    lx_records_clear(&r);
    lx_records_init(&r, LX_FRAMING_SSE, 100);
    assert_int_equal(lx_records_next(&r, &lines, &out, &err), LX_ENOMEM);
    lx_records_clear(&r);
    no_memory = false;
    assert_int_equal(err.code, LX_ENOMEM);
}

static void test_written_is_read_back(void **state)
{
    (void)state;
    struct lx_buf b;
    struct lx_records r;
    struct lx_record out;

    lx_buf_init(&b, 1000);
    lx_sse_begin(&b, NULL);
    lx_buf_add_lit(&b, "{\"a\":1}");
    lx_sse_end(&b);
    lx_sse_begin(&b, "message_stop");
    lx_buf_add_lit(&b, "{}");
    lx_sse_end(&b);
    struct lx_slice in = lx_buf_slice(&b);
    assert_true(lx_slice_eq(in, LX_S("data: {\"a\":1}\n\nevent: message_stop\ndata: {}\n\n")));

    lx_records_init(&r, LX_FRAMING_SSE, 100);
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 1);
    assert_true(lx_slice_eq(out.data, LX_S("{\"a\":1}")) && out.event.n == 0);
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 1);
    assert_true(lx_slice_eq(out.event, LX_S("message_stop")));
    assert_int_equal(lx_records_next(&r, &in, &out, NULL), 0);
    lx_records_clear(&r);
    lx_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sse_table),
        cmocka_unit_test(test_ndjson_table),
        cmocka_unit_test(test_whole_events_are_borrowed),
        cmocka_unit_test(test_cr_event_comes_at_once),
        cmocka_unit_test(test_no_framing_is_one_record),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_written_is_read_back),
    };
    return cmocka_run_group_tests_name("wire/records", tests, NULL, NULL);
}
