/*
 * media_test.c - what clients name by URL, for targets that take data: fetched once, with nothing
 * of anybody's along, within its limits; and whose fault it is when it cannot be had.
 */
#include "alloc/alloc.h"
#include "call/media.h"
#include "host.h"

#define PICTURE   "https://pics.example/a.png"
#define PART(url) "{\"type\":\"image_url\",\"image_url\":{\"url\":\"" url "\"}}"
#define ASK_MORE(parts, more) \
    "{\"model\":\"m\"," more "\"messages\":[{\"role\":\"user\",\"content\":[" parts "]}]}"
#define ASK(url) ASK_MORE(PART(url), "")
#define PNG      "\x89PNG\r\n\x1a\n"
#define PNG_64   "iVBORw0KGgo="
#define REPLY                                                                         \
    "{\"model\":\"l\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":" \
    "\"assistant\",\"content\":\"a cat\"},\"done\":true,\"done_reason\":\"stop\","    \
    "\"prompt_eval_count\":3,\"eval_count\":2}"

static struct lx_deployment *begin(struct host *h)
{
    host_init(h, &lx_dialect_openai_chat);
    h->in.max_retries = 0;
    return host_add(h, "m", "ollama", "llava");
}

static enum lx_step_kind redirect(struct host *h, const char *to)
{
    struct lx_header v = {LX_S("location"), lx_slice_z(to), false};
    struct lx_headers headers = {&v, 1};
    lx_call_feed_head(h->call, 302, &headers);
    return host_run(h);
}

static void check_failed(struct host *h, const char *why)
{
    assert_true(h->done);
    assert_int_equal(h->status, 400);
    assert_int_equal(lx_call_report(h->call)->fault.kind, LX_FAULT_IMAGE_FETCH);
    assert_contains(host_got(h), "ImageFetchError");
    assert_contains(host_got(h), why);
    assert_lacks(host_got(h), "a.png");
    host_clear(h);
}

static void test_it_is_fetched_and_sent(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    assert_int_equal(host_start(&h, ASK(PICTURE)), LX_STEP_WAIT);
    assert_string_equal(h.url, PICTURE);
    assert_int_equal(h.headers.n, 2);
    assert_true(lx_headers_get(&h.headers, LX_S("authorization")).p == NULL);
    assert_int_equal(h.sent.n, 0);
    assert_int_equal(host_reply(&h, 200, "image/png; x=y", PNG), LX_STEP_WAIT);
    assert_int_equal(h.sends, 2);
    assert_contains(h.url, "/api/chat");
    assert_contains(host_sent(&h), "\"images\":[\"" PNG_64 "\"]");
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    assert_contains(host_got(&h), "a cat");
    assert_int_equal(lx_call_report(h.call)->attempts, 1);
    host_clear(&h);
}

static bool is_public_only(const char *url, bool checks, const char *allowed)
{
    struct host h;
    char body[512];
    struct lx_slice host = lx_slice_z(allowed);
    begin(&h);
    h.table.settings.checks_urls = checks;
    h.table.settings.url_hosts = (struct lx_strings){&host, allowed[0] != '\0'};
    snprintf(body, sizeof(body), ASK("%s"), url);
    h.in.body = lx_slice_z(body);
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &h.step);
    assert_int_equal(h.step.kind, LX_STEP_SEND);
    bool only = h.step.send.out->public_only;
    host_clear(&h);
    return only;
}

static void test_who_may_be_inside(void **state)
{
    (void)state;
    assert_true(is_public_only("http://10.0.0.1/", true, ""));
    assert_false(is_public_only("http://10.0.0.1/", false, ""));
    assert_false(is_public_only("http://10.0.0.1:81/", true, "10.0.0.1"));
    assert_false(is_public_only("http://10.0.0.1:81/", true, "10.0.0.1:81"));
    assert_true(is_public_only("http://10.0.0.1:82/", true, "10.0.0.1:81"));
    assert_false(is_public_only("https://pics.inside./", true, "PICS.inside"));
    assert_false(is_public_only("https://pics.inside/", true, "pics.inside:443"));
    assert_true(is_public_only("https://pics.inside.evil.example/", true, "pics.inside"));
    assert_true(is_public_only("https://evil.example/pics.inside", true, "pics.inside"));
    assert_false(is_public_only("http://[fd00::1]:81/", true, "[fd00::1]:81"));
}

static void test_redirects_are_checked_anew(void **state)
{
    struct host h;
    struct lx_slice host = LX_S("pics.example");
    (void)state;
    begin(&h);
    h.table.settings.url_hosts = (struct lx_strings){&host, 1};
    host_start(&h, ASK(PICTURE));
    struct lx_header v = {LX_S("location"), LX_S("//10.0.0.1/b"), false};
    struct lx_headers headers = {&v, 1};
    lx_call_feed_head(h.call, 302, &headers);
    lx_call_next(h.call, &h.step);
    assert_int_equal(h.step.kind, LX_STEP_SEND);
    assert_true(lx_slice_eq(h.step.send.out->url, LX_S("https://10.0.0.1/b")));
    assert_true(h.step.send.out->public_only);
    host_clear(&h);
    begin(&h);
    host_start(&h, ASK(PICTURE));
    redirect(&h, "b.png");
    assert_string_equal(h.url, "https://pics.example:443/b.png");
    redirect(&h, "/c?d#e");
    assert_string_equal(h.url, "https://pics.example:443/c?d");
    redirect(&h, "https://other.example/d");
    assert_string_equal(h.url, "https://other.example/d");
    redirect(&h, "/e");
    assert_int_equal(h.sends, 4);
    check_failed(&h, "redirected too often");
}

static void check_redirect(const char *to, const char *why)
{
    struct host h;
    begin(&h);
    host_start(&h, ASK(PICTURE));
    redirect(&h, to);
    assert_int_equal(h.sends, 1);
    check_failed(&h, why);
}

static void test_what_is_no_web_address(void **state)
{
    struct host h;
    (void)state;
    check_redirect("", "no web address");
    check_redirect("http://user:secret@pics.example/", "cannot be used");
    check_redirect("https://", "cannot be used");
    begin(&h);
    host_start(&h, ASK("https://user@pics.example/a.png"));
    assert_int_equal(h.sends, 0);
    check_failed(&h, "cannot be used");
    begin(&h);
    redirect((host_start(&h, ASK(PICTURE)), &h), "file:///etc/passwd");
    assert_string_equal(h.url, "https://pics.example:443/file:///etc/passwd");
    host_clear(&h);
    begin(&h); /* is refused as ever */
    host_start(&h, ASK("ftp://pics.example/a.png"));
    assert_int_equal(h.sends, 0);
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_UNSUPPORTED_PARAMS);
    host_clear(&h);
}

static void test_what_goes_wrong(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_start(&h, ASK(PICTURE));
    host_head(&h, 404, "text/html");
    check_failed(&h, "status 404");
    begin(&h);
    host_start(&h, ASK("https://pics.example/a"));
    host_reply(&h, 200, "text/html", "<html>");
    check_failed(&h, "nothing of that kind");
    begin(&h);
    host_start(&h, ASK(PICTURE));
    host_head(&h, 200, "image/png");
    host_end(&h);
    check_failed(&h, "there is nothing");
    begin(&h);
    host_start(&h, ASK(PICTURE));
    host_fail(&h, LX_ECONNECT);
    check_failed(&h, "user_url_allowed_hosts");
    begin(&h);
    host_start(&h, ASK(PICTURE));
    host_fail(&h, LX_EDNS); /* no word more than before */
    check_failed(&h, "cannot be reached, or has no public address");
    begin(&h);
    host_start(&h, ASK(PICTURE));
    host_head(&h, 200, "image/png");
    host_fail(&h, LX_ETIMEOUT_TOTAL);
    check_failed(&h, "too long");
}

static void test_what_is_too_large(void **state)
{
    struct host h;
    struct lx_header v = {LX_S("content-length"), LX_S("9"), false};
    struct lx_headers headers = {&v, 1};
    (void)state;
    begin(&h);
    h.table.settings.max_media_bytes = 8;
    host_start(&h, ASK(PICTURE));
    lx_call_feed_head(h.call, 200, &headers);
    host_run(&h);
    check_failed(&h, "larger than");
    begin(&h);
    h.table.settings.max_media_bytes = 8;
    host_start(&h, ASK(PICTURE));
    host_head(&h, 200, "image/png");
    assert_int_equal(host_body(&h, PNG), LX_STEP_WAIT);
    host_body(&h, "x");
    check_failed(&h, "larger than");
    begin(&h);
    h.table.settings.max_media_bytes = 0;
    host_start(&h, ASK(PICTURE));
    assert_int_equal(h.sends, 0);
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_UNSUPPORTED_PARAMS);
    host_clear(&h);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        enum lx_part_kind kind;
        const char *said, *data, *url, *type;
    } rows[] = {
        {LX_PART_IMAGE, "image/webp", PNG_64, "a.gif", "image/webp"},
        {LX_PART_IMAGE, "application/octet-stream", PNG_64, "a.gif", "image/png"},
        {LX_PART_IMAGE, "text/plain", "QUFB", "a.gif?x", "image/gif"},
        {LX_PART_IMAGE, "text/html", "QUFB", "a.html", NULL},
        {LX_PART_IMAGE, "", "JVBERi0x", "a", "application/pdf"},
        {LX_PART_FILE, "binary/octet-stream", "JVBERi0x", "a", "application/pdf"},
        {LX_PART_FILE, "", "QUFB", "a.csv", "text/csv"},
        {LX_PART_AUDIO, "image/png", "QUFB", "a", NULL},
        {LX_PART_VIDEO, "video/mp4", "QUFB", "a", "video/mp4"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_slice type =
            lx_media_type_found(rows[i].kind, lx_slice_z(rows[i].said), lx_slice_z(rows[i].data),
                                lx_slice_z(rows[i].url));
        assert_true(rows[i].type ? lx_slice_eq(type, lx_slice_z(rows[i].type)) : !type.p);
    }
}

static void test_each_once(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_add(&h, "m", "ollama", "other");
    h.in.max_retries = 2;
    host_start(&h,
               ASK_MORE(PART(PICTURE) "," PART("https://pics.example/b") "," PART(PICTURE), ""));
    host_reply(&h, 200, "image/png", PNG);
    assert_int_equal(h.sends, 2);
    host_reply(&h, 200, "image/png", PNG);
    assert_int_equal(h.sends, 3);
    assert_contains(host_sent(&h), "[\"" PNG_64 "\",\"" PNG_64 "\",\"" PNG_64 "\"]");
    enum lx_step_kind k = host_reply(&h, 500, "application/json", "{\"error\":\"x\"}");
    if (k == LX_STEP_SLEEP) {
        lx_call_feed_wake(h.call);
        host_run(&h);
    }
    assert_int_equal(h.sends, 4); /* the other, with what there is */
    assert_contains(h.url, "/api/chat");
    assert_contains(host_sent(&h), PNG_64);
    assert_int_equal(host_reply(&h, 200, "application/json", REPLY), LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    host_clear(&h);
}

/* A fallback that fetches for itself gets the URL. */
static void test_another_takes_the_url(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_add(&h, "o", "openai", "gpt-4o");
    host_start(&h, ASK_MORE(PART(PICTURE), "\"fallbacks\":[\"o\"],"));
    host_head(&h, 404, "text/html");
    assert_int_equal(h.sends, 2);
    assert_contains(h.url, "api.openai.com");
    assert_contains(host_sent(&h), PICTURE);
    host_clear(&h);
}

static void test_too_many(void **state)
{
    struct host h;
    struct lx_buf body;
    (void)state;
    begin(&h);
    lx_buf_init(&body, 1 << 16);
    lx_buf_add_lit(&body, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[");
    for (int i = 0; i < 21; i++)
        lx_buf_addf(&body,
                    "%s{\"type\":\"image_url\",\"image_url\":{\"url\":\"http://x.example/%d\"}}",
                    i ? "," : "", i);
    lx_buf_add_lit(&body, "]}]}");
    lx_buf_add_byte(&body, '\0');
    host_start(&h, body.p);
    for (int i = 0; i < 20; i++)
        host_reply(&h, 200, "image/png", PNG);
    assert_int_equal(h.sends, 20);
    lx_buf_clear(&body);
    check_failed(&h, "too many");
}

static void test_one_deadline(void **state)
{
    struct host h;
    (void)state;
    begin(&h)->timeout_ms = 5000;
    h.in.body = lx_slice_z(ASK(PICTURE));
    h.call = lx_call_new(&h.in);
    lx_call_next(h.call, &h.step);
    assert_int_equal(h.step.send.total_ms, 5000);
    assert_true(h.step.send.aside);
    lx_call_set_now(h.call, h.in.now_ms + 2000);
    h.sends++;
    struct lx_header v = {LX_S("content-type"), LX_S("image/png"), false};
    struct lx_headers headers = {&v, 1};
    lx_call_feed_head(h.call, 200, &headers);
    lx_call_feed_body(h.call, LX_S(PNG));
    lx_call_feed_end(h.call);
    lx_call_next(h.call, &h.step);
    assert_int_equal(h.step.kind, LX_STEP_SEND);
    assert_false(h.step.send.aside);
    assert_int_equal(h.step.send.total_ms, 3000);
    host_clear(&h);
}

/* The client's own language, of a provider that fetches nothing. */
static void test_the_same_language(void **state)
{
    struct host h;
    (void)state;
    host_init(&h, &lx_dialect_anthropic);
    host_add(&h, "m", "snowflake", "claude-sonnet-4-5")->base_url = LX_S("https://x.example");
    host_start(&h,
               "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":[{"
               "\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"" PICTURE "\"}}]}]}");
    assert_string_equal(h.url, PICTURE);
    host_reply(&h, 200, "image/png", PNG);
    assert_int_equal(h.sends, 2);
    assert_contains(h.url, "/api/v2/cortex/v1/messages");
    assert_contains(host_sent(&h),
                    "{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"" PNG_64 "\"}");
    host_clear(&h);
}

static void test_dropped_is_fetched_too(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_start(&h, ASK_MORE(PART(PICTURE), "\"drop_params\":true,"));
    assert_string_equal(h.url, PICTURE);
    host_reply(&h, 200, "image/png", PNG);
    assert_contains(host_sent(&h), PNG_64);
    host_clear(&h);
}

/* Nothing is asked for where the request cannot be sent in any case. */
static void test_what_else_is_refused(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_start(&h, ASK_MORE(PART(PICTURE) ",{\"type\":\"input_audio\",\"input_audio\":{\"data\":"
                                          "\"QUFB\",\"format\":\"wav\"}}",
                            ""));
    assert_int_equal(h.sends, 0);
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_UNSUPPORTED_PARAMS);
    host_clear(&h);
}

/* Whose sockets know nothing of public_only is asked for nothing. */
static void test_a_host_that_cannot(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    h.in.fetches_media = false;
    host_start(&h, ASK(PICTURE));
    assert_int_equal(h.sends, 0);
    assert_int_equal(lx_call_report(h.call)->fault.kind, LX_FAULT_UNSUPPORTED_PARAMS);
    host_clear(&h);
}

/* Only the call's own memory fails: allocation fail_at. */
static void run_without(struct host *h, size_t fail_at)
{
    struct lx_header v = {LX_S("content-type"), LX_S("image/png"), false};
    struct lx_headers headers = {&v, 1};
    struct lx_step step;
    int sent = 0;
    alloc_arm(fail_at, false);
    struct lx_call *c = lx_call_new(&h->in);
    for (int i = 0; c && i < 50; i++) {
        lx_call_next(c, &step);
        if (step.kind == LX_STEP_DONE)
            break;
        if (step.kind == LX_STEP_SEND) {
            const char *body = sent++ ? REPLY : PNG;
            lx_call_feed_head(c, 200, &headers);
            lx_call_feed_body(c, lx_slice_z(body));
            lx_call_feed_end(c);
        } else if (step.kind == LX_STEP_SLEEP) {
            lx_call_feed_wake(c);
        }
    }
    if (c)
        assert_int_equal(step.kind, LX_STEP_DONE);
    lx_call_free(c);
    alloc_arm(0, false);
}

static void test_without_memory(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    h.in.body = lx_slice_z(ASK(PICTURE));
    for (size_t n = 1; n < 120; n++)
        run_without(&h, n);
    host_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_fetched_and_sent),
        cmocka_unit_test(test_who_may_be_inside),
        cmocka_unit_test(test_redirects_are_checked_anew),
        cmocka_unit_test(test_what_is_no_web_address),
        cmocka_unit_test(test_what_goes_wrong),
        cmocka_unit_test(test_what_is_too_large),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_each_once),
        cmocka_unit_test(test_another_takes_the_url),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_one_deadline),
        cmocka_unit_test(test_the_same_language),
        cmocka_unit_test(test_dropped_is_fetched_too),
        cmocka_unit_test(test_what_else_is_refused),
        cmocka_unit_test(test_a_host_that_cannot),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
