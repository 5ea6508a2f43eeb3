/*
 * follow_test.c - answers that are somewhere else, later: asked for until they are there, within
 * one deadline, and never at a host that is none of the provider's.
 */
#include "host.h"

#define ASK "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
#define ASK_STREAM \
    "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
#define AT(host) "https://" host "/v1/predictions/p"
#define WAITING(host)                                                         \
    "{\"id\":\"p\",\"status\":\"processing\",\"output\":null,\"error\":null," \
    "\"urls\":{\"get\":\"" AT(host) "\"}}"
#define CANCELLABLE                                                           \
    "{\"id\":\"p\",\"status\":\"processing\",\"output\":null,\"error\":null," \
    "\"urls\":{\"get\":\"" AT("api.replicate.com") "\",\"cancel\":\"" AT(     \
        "api.replicate.com") "/cancel\"}}"
#define STREAMING(host)                                        \
    "{\"id\":\"p\",\"status\":\"starting\",\"urls\":{\"get\":" \
    "\"" AT("api.replicate.com") "\",\"stream\":\"https://" host "/s\"}}"
#define DONE_REPLY "{\"id\":\"p\",\"status\":\"succeeded\",\"output\":[\"Hel\",\"lo\"]}"

static struct lx_deployment *begin(struct host *h)
{
    host_init(h, &lx_dialect_openai_chat);
    h->in.max_retries = 0;
    return host_add(h, "m", "replicate", "meta/llama");
}

static bool has_key(const struct host *h)
{
    return lx_slice_eq(lx_headers_get(&h->headers, LX_S("authorization")), LX_S("Bearer sk-test"));
}

static void test_asked_until_done(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    assert_int_equal(host_start(&h, ASK), LX_STEP_WAIT);
    assert_string_equal(h.url, "https://api.replicate.com/v1/models/meta/llama/predictions");
    assert_int_equal(host_reply(&h, 201, "application/json", WAITING("api.replicate.com")),
                     LX_STEP_SLEEP);
    assert_int_equal(h.slept_ms, 500);
    lx_call_feed_wake(h.call);
    assert_int_equal(host_run(&h), LX_STEP_WAIT);
    assert_string_equal(h.url, AT("api.replicate.com"));
    assert_int_equal(h.sent.n, 0);
    assert_true(has_key(&h));
    assert_true(lx_headers_get(&h.headers, LX_S("content-type")).n == 0);
    assert_int_equal(host_reply(&h, 200, "application/json", WAITING("api.replicate.com")),
                     LX_STEP_SLEEP);
    assert_int_equal(h.slept_ms, 1000);
    lx_call_feed_wake(h.call);
    host_run(&h);
    assert_int_equal(host_reply(&h, 200, "application/json", DONE_REPLY), LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    assert_int_equal(h.sends, 3);
    assert_int_equal(lx_call_report(h.call)->attempts, 1);
    assert_non_null(strstr(h.got.p, "\"content\":\"Hello\""));
    host_clear(&h);
}

static void test_a_stream_is_at_its_address(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_start(&h, ASK_STREAM);
    assert_int_equal(host_reply(&h, 201, "application/json", STREAMING("stream.replicate.com")),
                     LX_STEP_WAIT);
    assert_string_equal(h.url, "https://stream.replicate.com/s");
    assert_true(lx_slice_eq(lx_headers_get(&h.headers, LX_S("accept")), LX_S("text/event-stream")));
    assert_int_equal(host_reply(&h, 200, "text/event-stream",
                                "event: output\ndata: Hi\n\nevent: done\ndata: {}\n\n"),
                     LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    assert_non_null(strstr(h.got.p, "\"content\":\"Hi\""));
    assert_non_null(strstr(h.got.p, "data: [DONE]"));
    host_clear(&h);
}

/* A model that cannot stream is asked for its answer, which is streamed from here. */
static void test_no_stream_there(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_start(&h, ASK_STREAM);
    assert_int_equal(host_reply(&h, 201, "application/json", WAITING("api.replicate.com")),
                     LX_STEP_SLEEP);
    lx_call_feed_wake(h.call);
    host_run(&h);
    assert_int_equal(host_reply(&h, 200, "application/json", DONE_REPLY), LX_STEP_DONE);
    assert_true(h.stream);
    assert_non_null(strstr(h.got.p, "\"content\":\"Hello\""));
    host_clear(&h);
}

static void check_refused(const char *base, const char *reply)
{
    struct host h;
    struct lx_deployment *d = begin(&h);
    if (base)
        d->base_url = lx_slice_z(base);
    host_start(&h, ASK);
    assert_int_equal(host_reply(&h, 201, "application/json", reply), LX_STEP_DONE);
    assert_int_equal(h.sends, 1);
    assert_true(h.status >= 500);
    host_clear(&h);
}

/* The key goes along: not to strangers, nor in the clear, nor from someone else's address. */
static void test_other_hosts_get_no_key(void **state)
{
    (void)state;
    check_refused(NULL, WAITING("evil.example"));
    check_refused(NULL, WAITING("replicate.com.evil.example"));
    check_refused(NULL, WAITING("user@api.replicate.com"));
    check_refused(NULL, WAITING("api.replicate.com:8443"));
    check_refused(NULL,
                  "{\"status\":\"starting\",\"urls\":{\"get\":\"http://api.replicate.com/\"}}");
    check_refused("http://127.0.0.1:9/v1", WAITING("api.replicate.com"));
}

static void test_one_deadline(void **state)
{
    struct host h;
    (void)state;
    struct lx_deployment *d = begin(&h);
    d->timeout_ms = 1200;
    host_start(&h, ASK);
    assert_int_equal(host_reply(&h, 201, "application/json", WAITING("api.replicate.com")),
                     LX_STEP_SLEEP);
    lx_call_feed_wake(h.call);
    lx_call_next(h.call, &h.step);
    assert_int_equal(h.step.kind, LX_STEP_SEND);
    assert_int_equal(h.step.send.total_ms, 700);
    h.sends++;
    assert_int_equal(host_reply(&h, 200, "application/json", WAITING("api.replicate.com")),
                     LX_STEP_DONE);
    assert_int_equal(h.status, 408);
    host_clear(&h);
}

/* Until the answer is asked for again; the prediction is never made a second time. */
static void wake(struct host *h, int64_t after_ms)
{
    assert_int_equal(h->slept_ms, after_ms);
    lx_call_feed_wake(h->call);
    assert_int_equal(host_run(h), LX_STEP_WAIT);
    assert_string_equal(h->url, AT("api.replicate.com"));
    assert_int_equal(h->sent.n, 0);
}

static void begin_poll(struct host *h, const char *ask)
{
    begin(h);
    h->in.max_retries = 3;
    assert_int_equal(host_start(h, ask), LX_STEP_WAIT);
    assert_int_equal(host_reply(h, 201, "application/json", CANCELLABLE), LX_STEP_SLEEP);
    wake(h, 500);
}

static void test_a_failed_poll_is_asked_again(void **state)
{
    struct host h;
    (void)state;
    begin_poll(&h, ASK);
    assert_int_equal(host_reply(&h, 502, "text/html", "<html>Bad gateway</html>"), LX_STEP_SLEEP);
    wake(&h, 1000);
    assert_int_equal(host_fail(&h, LX_ECLOSED), LX_STEP_SLEEP);
    wake(&h, 2000);
    assert_int_equal(host_retry_after(&h, 429, "7"), LX_STEP_SLEEP);
    wake(&h, 7000);
    assert_int_equal(host_reply(&h, 200, "application/json", DONE_REPLY), LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    assert_int_equal(lx_call_report(h.call)->attempts, 1);
    assert_null(lx_call_parting(h.call, true));
    host_clear(&h);
}

/* Polls that go on failing end the attempt, and who works on it is told. */
static void test_polls_that_fail_for_good(void **state)
{
    struct host h;
    const char *gone = "{\"title\":\"Not found\",\"detail\":\"Prediction not found\"}";
    (void)state;
    begin_poll(&h, ASK);
    for (int64_t ms = 1000; ms <= 16000; ms *= 2) {
        assert_int_equal(host_fail(&h, LX_ECLOSED), LX_STEP_SLEEP);
        wake(&h, ms);
    }
    assert_int_equal(host_fail(&h, LX_ECLOSED), LX_STEP_DONE);
    assert_true(h.status >= 500);
    assert_int_equal(lx_call_report(h.call)->attempts, 1);
    const struct lx_outgoing *out = lx_call_parting(h.call, false);
    assert_non_null(out);
    assert_true(lx_slice_eq(out->url, LX_S(AT("api.replicate.com") "/cancel")));
    assert_null(lx_call_parting(h.call, true)); /* said once */
    host_clear(&h);
    begin_poll(&h, ASK);
    assert_int_equal(host_reply(&h, 404, "application/json", gone), LX_STEP_DONE);
    assert_int_equal(h.status, 404);
    host_clear(&h);
}

/* A prediction that failed is an answer: it has been worked on, and nothing is left to cancel. */
static void test_a_failed_prediction_is_not_made_again(void **state)
{
    struct host h;
    (void)state;
    begin_poll(&h, ASK);
    assert_int_equal(
        host_reply(&h, 200, "application/json",
                   "{\"id\":\"p\",\"status\":\"failed\",\"error\":\"CUDA out of memory\"}"),
        LX_STEP_DONE);
    assert_true(h.status >= 500);
    assert_int_equal(h.sends, 2);
    assert_null(lx_call_parting(h.call, true));
    host_clear(&h);
}

static void test_who_leaves_cancels(void **state)
{
    struct host h;
    (void)state;
    begin_poll(&h, ASK);
    assert_null(lx_call_parting(h.call, false));
    const struct lx_outgoing *out = lx_call_parting(h.call, true);
    assert_non_null(out);
    assert_true(lx_slice_eq(out->method, LX_S("POST")));
    assert_true(
        lx_slice_eq(lx_headers_get(&out->headers, LX_S("authorization")), LX_S("Bearer sk-test")));
    host_clear(&h);
    begin(&h); /* one who never answers whole: nothing is known of it */
    host_start(&h, ASK);
    assert_null(lx_call_parting(h.call, true));
    host_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked_until_done),
        cmocka_unit_test(test_a_stream_is_at_its_address),
        cmocka_unit_test(test_no_stream_there),
        cmocka_unit_test(test_other_hosts_get_no_key),
        cmocka_unit_test(test_one_deadline),
        cmocka_unit_test(test_a_failed_poll_is_asked_again),
        cmocka_unit_test(test_polls_that_fail_for_good),
        cmocka_unit_test(test_a_failed_prediction_is_not_made_again),
        cmocka_unit_test(test_who_leaves_cancels),
    };
    return cmocka_run_group_tests_name("call/follow", tests, NULL, NULL);
}
