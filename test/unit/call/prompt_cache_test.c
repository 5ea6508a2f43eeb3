/*
 * prompt_cache_test.c - prompts that Google keeps: found, made, named, forgotten; and whatever
 * becomes of it, the request is answered.
 */
#include "alloc/alloc.h"
#include "host.h"

#define MARK      "\"cache_control\":{\"type\":\"ephemeral\"}"
#define ASK(last) ASK_MORE("", last)
#define ASK_MORE(more, last)                                                                     \
    "{\"model\":\"m\"," more "\"messages\":[{\"role\":\"system\",\"content\":[{\"type\":"        \
    "\"text\",\"text\":\"You know the law.\"," MARK "}]},{\"role\":\"user\",\"content\":\"" last \
    "\"}]}"
#define BASE     "https://generativelanguage.googleapis.com/v1beta"
#define GENERATE BASE "/models/gemini-2.5-flash:generateContent"
#define LIST     BASE "/cachedContents?pageSize=1000"
#define CREATE   BASE "/cachedContents"
#define EMPTY    "{}"
#define JSON     "application/json"
#define REPLY                                                                             \
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Yes.\"}],\"role\":\"model\"}," \
    "\"finishReason\":\"STOP\",\"index\":0}],\"modelVersion\":\"gemini-2.5-flash\","      \
    "\"usageMetadata\":{\"cachedContentTokenCount\":1081,\"candidatesTokenCount\":2,"     \
    "\"promptTokenCount\":1087,\"totalTokenCount\":1089}}"
/* As recorded (0xPlaygrounds/rig, 2026). */
#define TOO_SMALL                                                                              \
    "{\"error\":{\"code\":400,\"message\":\"Cached content is too small. total_token_count=9," \
    " min_total_token_count=1024\",\"status\":\"INVALID_ARGUMENT\"}}"
#define GONE                                                                                \
    "{\"error\":{\"code\":403,\"message\":\"CachedContent not found (or permission denied)" \
    "\",\"status\":\"PERMISSION_DENIED\"}}"
#define OTHER "{\"error\":{\"code\":400,\"message\":\"Bad turn.\",\"status\":\"INVALID_ARGUMENT\"}}"

static struct lx_deployment *begin(struct host *h)
{
    host_init(h, &lx_dialect_openai_chat);
    h->in.max_retries = 0;
    h->table.settings.kept_min_tokens = 1;
    h->pool = lx_call_pool_new(&h->table.settings);
    assert_non_null(h->pool);
    return host_add(h, "m", "gemini", "gemini-2.5-flash");
}

/* What the creation that was sent calls it. */
static const char *label_of(struct host *h)
{
    static char label[65];
    const char *at = strstr(host_sent(h), "\"displayName\":\"");
    assert_non_null(at);
    memcpy(label, at + 15, 64);
    return label;
}

static const char *kept(const char *name, const char *label)
{
    static char reply[1024];
    snprintf(reply, sizeof(reply),
             "{\"createTime\":\"2023-11-14T22:13:19.214856Z\",\"displayName\":\"%s\","
             "\"expireTime\":\"2023-11-14T23:13:19Z\",\"model\":\"models/gemini-2.5-flash\","
             "\"name\":\"%s\",\"usageMetadata\":{\"totalTokenCount\":1081}}",
             label, name);
    return reply;
}

static void expect(struct host *h, const char *url)
{
    assert_int_equal(h->step.kind, LX_STEP_WAIT);
    assert_string_equal(h->url, url);
}

/* Up to the request that names what was made. */
static void make(struct host *h, const char *ask, const char *name)
{
    host_start(h, ask);
    expect(h, LIST);
    assert_int_equal(h->sent.n, 0);
    host_reply(h, 200, JSON, EMPTY);
    expect(h, CREATE);
    host_reply(h, 200, JSON, kept(name, label_of(h)));
    expect(h, GENERATE);
}

static void finish(struct host *h)
{
    assert_int_equal(host_reply(h, 200, JSON, REPLY), LX_STEP_DONE);
    assert_int_equal(h->status, 200);
    assert_contains(host_got(h), "\"content\":\"Yes.\"");
}

static void test_made_once_and_named_after_that(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_start(&h, ASK("One?"));
    host_reply(&h, 200, JSON, EMPTY);
    expect(&h, CREATE);
    assert_contains(host_sent(&h), "{\"model\":\"models/gemini-2.5-flash\",\"systemInstruction\":"
                                   "{\"parts\":[{\"text\":\"You know the law.\"}]},\"displayName");
    assert_lacks(host_sent(&h), "One?");
    assert_lacks(host_sent(&h), "ttl");
    host_reply(&h, 200, JSON, kept("cachedContents/a", label_of(&h)));
    expect(&h, GENERATE);
    assert_string_equal(host_sent(&h),
                        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"One?\"}]}],"
                        "\"cachedContent\":\"cachedContents/a\"}");
    finish(&h);
    assert_lacks(h.reply_headers, "dropped-params");
    assert_contains(host_got(&h), "\"cached_tokens\":1081");
    assert_int_equal(lx_call_report(h.call)->attempts, 1);
    host_start(&h, ASK("Two?"));
    expect(&h, GENERATE);
    assert_contains(host_sent(&h), "Two?");
    assert_contains(host_sent(&h), "\"cachedContent\":\"cachedContents/a\"");
    finish(&h);
    assert_int_equal(h.sends, 1);
    host_clear(&h);
}

static void test_found_in_the_list(void **state)
{
    struct host h;
    char page[2048], label[65];
    (void)state;
    begin(&h);
    make(&h, ASK("One?"), "cachedContents/a");
    finish(&h);
    host_start(&h, ASK("One?"));
    finish(&h);
    host_clear_call(&h);
    lx_call_pool_free(h.pool); /* another process */
    h.pool = lx_call_pool_new(&h.table.settings);
    host_start(&h, ASK("One?"));
    host_reply(&h, 200, JSON, EMPTY);
    memcpy(label, label_of(&h), sizeof(label));
    host_clear_call(&h);
    host_start(&h, ASK("One?")); /* the one before was given up: this one asks itself */
    snprintf(page, sizeof(page), "{\"cachedContents\":[%s],\"nextPageToken\":\"p 2\"}",
             kept("cachedContents/x", "other"));
    host_reply(&h, 200, JSON, page);
    expect(&h, LIST "&pageToken=p%202");
    snprintf(page, sizeof(page), "{\"cachedContents\":[%s]}", kept("cachedContents/b", label));
    host_reply(&h, 200, JSON, page);
    expect(&h, GENERATE);
    assert_contains(host_sent(&h), "\"cachedContent\":\"cachedContents/b\"");
    finish(&h);
    host_clear(&h);
}

static void test_made_anew_when_it_has_ended(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    make(&h, ASK("One?"), "cachedContents/a");
    finish(&h);
    h.in.now_ms += 3595 * 1000;
    make(&h, ASK("One?"), "cachedContents/b");
    assert_contains(host_sent(&h), "cachedContents/b");
    finish(&h);
    host_clear(&h);
}

/* A wish for how long, and tools, whose choice belongs to what is kept. */
static void test_what_belongs_to_it(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_start(&h,
               "{\"model\":\"m\",\"temperature\":0,\"tool_choice\":\"required\",\"tools\":[{"
               "\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":"
               "\"object\",\"properties\":{}}}}],\"messages\":[{\"role\":\"user\",\"content\":[{"
               "\"type\":\"text\",\"text\":\"The law.\",\"cache_control\":{\"type\":\"ephemeral\","
               "\"ttl\":\"5m\"}},{\"type\":\"text\",\"text\":\"One?\"}]}]}");
    host_reply(&h, 200, JSON, EMPTY);
    assert_contains(host_sent(&h), "\"ttl\":\"300s\"");
    assert_contains(host_sent(&h), "\"mode\":\"ANY\"");
    assert_contains(host_sent(&h), "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"The "
                                   "law.\"}]}]");
    host_reply(&h, 200, JSON, kept("cachedContents/a", label_of(&h)));
    assert_string_equal(host_sent(&h),
                        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"One?\"}]}],"
                        "\"generationConfig\":{\"temperature\":0},"
                        "\"cachedContent\":\"cachedContents/a\"}");
    finish(&h);
    host_clear(&h);
}

static void test_for_how_long(void **state)
{
    static const struct {
        const char *asked, *told;
    } times[] = {
        {"5m", "\"300s\""},    {"1h", "\"3600s\""},    {"90s", "\"90s\""},
        {"1.5h", "\"5400s\""}, {".25s", "\"0.250s\""}, {"0s", NULL},
        {"-1s", NULL},         {"1.s", NULL},          {"m", NULL},
        {"5", NULL},           {"1.2.3s", NULL},       {"99999999h", NULL},
        {"tomorrow", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct host h;
        char ask[512], ttl[64];
        begin(&h);
        snprintf(ask, sizeof(ask),
                 "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":[{\"type\":"
                 "\"text\",\"text\":\"The law.\",\"cache_control\":{\"type\":\"ephemeral\","
                 "\"ttl\":\"%s\"}}]},{\"role\":\"user\",\"content\":\"One?\"}]}",
                 times[i].asked);
        host_start(&h, ask);
        host_reply(&h, 200, JSON, EMPTY);
        expect(&h, CREATE);
        snprintf(ttl, sizeof(ttl), "\"ttl\":%s", times[i].told ? times[i].told : "");
        assert_true((strstr(host_sent(&h), ttl) != NULL) == (times[i].told != NULL));
        host_clear(&h);
    }
}

/* Which of the marks say where. */
static void test_where_it_is_cut(void **state)
{
#define TEXT(role, text) "{\"role\":\"" role "\",\"content\":\"" text "\"}"
#define MARKED(role, text) \
    "{\"role\":\"" role "\",\"content\":[{\"type\":\"text\",\"text\":\"" text "\"," MARK "}]}"
#define CALL                                                                                    \
    "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":" \
    "{\"name\":\"f\",\"arguments\":\"{}\"}}]}"
#define RESULT "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"r\"," MARK "}"
    static const struct {
        const char *messages, *kept; /* NULL: nothing */
    } cuts[] = {
        /* What stands before a mark is kept with it, also where it has none itself. */
        {TEXT("system", "s0") "," MARKED("user", "u0") "," TEXT("user", "u1"), "s0 u0"},
        {TEXT("user", "u0") "," TEXT("assistant", "a0") "," MARKED("user", "u1") "," TEXT(
             "assistant", "a1") "," TEXT("user", "u2"),
         "u0 a0 u1"},
        /* The first that are marked, and no later ones. */
        {MARKED("system", "s0") "," TEXT("user", "u0") "," TEXT("assistant", "a0") "," MARKED(
             "user", "u1") "," TEXT("user", "u2"),
         "s0"},
        {MARKED("system", "s0") "," MARKED("user", "u0") "," TEXT("assistant",
                                                                  "a0") "," TEXT("user", "u1"),
         "s0 u0"},
        /* Something is left to ask. */
        {MARKED("system", "s0") "," MARKED("user", "u0"), "s0"},
        {MARKED("user", "u0"), NULL},
        /* Never behind the model's words, or a result. */
        {MARKED("user", "u0") "," MARKED("assistant", "a0") "," TEXT("user", "u1"), "u0"},
        {TEXT("user", "u0") "," MARKED("assistant", "a0") "," TEXT("user", "u1"), NULL},
        {MARKED("user", "u0") "," CALL "," RESULT
                              "," TEXT("assistant", "a1") "," TEXT("user", "u1"),
         "u0"},
        {TEXT("user", "u0") "," CALL "," RESULT "," TEXT("user", "u1"), NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct host h;
        char ask[2048], kept_texts[256] = "";
        begin(&h);
        snprintf(ask, sizeof(ask), "{\"model\":\"m\",\"messages\":[%s]}", cuts[i].messages);
        host_start(&h, ask);
        if (!cuts[i].kept) {
            expect(&h, GENERATE);
            finish(&h);
            assert_contains(h.reply_headers, "x-litellm-dropped-params: cache_control");
            host_clear(&h);
            continue;
        }
        host_reply(&h, 200, JSON, EMPTY);
        expect(&h, CREATE);
        for (const char *at = host_sent(&h); (at = strstr(at, "\"text\":\"")); at += 8) {
            strcat(kept_texts, *kept_texts ? " " : "");
            strncat(kept_texts, at + 8, 2);
        }
        assert_string_equal(kept_texts, cuts[i].kept);
        host_clear(&h);
    }
}

/* Nothing that goes wrong with it keeps the request from being answered. */
static void test_done_without(void **state)
{
    static const struct {
        int status;
        const char *body, *why;
        int64_t again_ms;
    } ends[] = {
        {400, TOO_SMALL, "Cached content is too small", 600000},
        {500, "{}", "", 60000},
        {200, "{\"name\":3}", "names none", 60000},
        {0, NULL, "test failure", 60000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct host h;
        begin(&h);
        host_start(&h, ASK("One?"));
        host_reply(&h, 403, JSON, "{}"); /* who may not list may make */
        expect(&h, CREATE);
        if (ends[i].body)
            host_reply(&h, ends[i].status, JSON, ends[i].body);
        else
            host_fail(&h, LX_ETIMEOUT_TOTAL);
        expect(&h, GENERATE);
        assert_contains(host_sent(&h), "You know the law.");
        assert_lacks(host_sent(&h), "cachedContent");
        finish(&h);
        assert_contains(h.reply_headers, "x-litellm-dropped-params: cache_control");
        const struct lx_losses *l = lx_call_report(h.call)->losses;
        assert_int_equal(l->count, 1);
        assert_true(lx_slice_find(l->first->why, lx_slice_z(ends[i].why)) >= 0);
        h.in.now_ms += ends[i].again_ms - 1;
        host_start(&h, ASK("One?"));
        expect(&h, GENERATE); /* not tried again so soon */
        finish(&h);
        assert_contains(h.reply_headers, "x-litellm-dropped-params: cache_control");
        h.in.now_ms += 1;
        make(&h, ASK("One?"), "cachedContents/a");
        finish(&h);
        host_clear(&h);
    }
}

static void test_forgotten_by_the_provider(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    make(&h, ASK("One?"), "cachedContents/a");
    finish(&h);
    host_start(&h, ASK("Two?"));
    assert_contains(host_sent(&h), "cachedContents/a");
    host_reply(&h, 403, JSON, GONE);
    expect(&h, LIST);
    host_reply(&h, 200, JSON, EMPTY);
    host_reply(&h, 200, JSON, kept("cachedContents/b", label_of(&h)));
    assert_contains(host_sent(&h), "cachedContents/b");
    finish(&h);
    assert_int_equal(lx_call_report(h.call)->attempts, 1);
    host_start(&h, ASK("Three?"));
    assert_contains(host_sent(&h), "cachedContents/b");
    host_reply(&h, 403, JSON, GONE);
    host_reply(&h, 200, JSON, EMPTY);
    host_reply(&h, 200, JSON, kept("cachedContents/c", label_of(&h)));
    host_reply(&h, 403, JSON, GONE); /* twice is enough */
    expect(&h, GENERATE);
    assert_contains(host_sent(&h), "You know the law.");
    finish(&h);
    host_clear(&h);
}

/* What the provider does not take beside a name it may take without. */
static void test_refused_beside_it(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    make(&h, ASK("One?"), "cachedContents/a");
    host_reply(&h, 400, JSON, OTHER);
    expect(&h, GENERATE);
    assert_contains(host_sent(&h), "You know the law.");
    assert_int_equal(host_reply(&h, 400, JSON, OTHER), LX_STEP_DONE);
    assert_int_equal(h.status, 400);
    host_start(&h, ASK("Two?")); /* the request was bad, not the name */
    assert_contains(host_sent(&h), "cachedContents/a");
    finish(&h);
    host_start(&h, ASK("Two?"));
    assert_int_equal(host_reply(&h, 403, JSON, "{\"error\":{\"message\":\"No.\"}}"), LX_STEP_DONE);
    assert_int_equal(h.status, 403);
    host_clear(&h);
}

static void test_two_at_once_make_one(void **state)
{
    struct host h, other;
    (void)state;
    begin(&h);
    host_start(&h, ASK("One?"));
    expect(&h, LIST);
    other = h;
    other.call = NULL;
    lx_buf_init(&other.sent, 1 << 24);
    lx_buf_init(&other.got, 1 << 24);
    assert_int_equal(host_start(&other, ASK("Two?")), LX_STEP_SLEEP);
    host_reply(&h, 200, JSON, EMPTY);
    lx_call_feed_wake(other.call);
    assert_int_equal(host_run(&other), LX_STEP_SLEEP);
    host_reply(&h, 200, JSON, kept("cachedContents/a", label_of(&h)));
    lx_call_feed_wake(other.call);
    assert_int_equal(host_run(&other), LX_STEP_WAIT);
    assert_contains(host_sent(&other), "cachedContents/a");
    assert_int_equal(other.sends, 1);
    finish(&other);
    finish(&h);
    host_clear_call(&other);
    lx_buf_clear(&other.sent);
    lx_buf_clear(&other.got);
    host_clear(&h);
}

/* Whoever keeps its own, or wants none, or has no place for it, or says too little. */
static void test_not_ours(void **state)
{
    struct host h;
    struct lx_deployment *d = begin(&h);
    (void)state;
    host_start(&h, ASK_MORE("\"cachedContent\":\"cachedContents/mine\",", "One?"));
    expect(&h, GENERATE);
    assert_contains(host_sent(&h), "\"cachedContent\":\"cachedContents/mine\"");
    assert_contains(host_sent(&h), "You know the law.");
    host_start(&h, ASK_MORE("\"extra_body\":{\"cachedContent\":\"cachedContents/mine\"},", "One?"));
    expect(&h, GENERATE);
    assert_contains(host_sent(&h), "\"cachedContent\":\"cachedContents/mine\"");
    h.table.settings.keeps_no_prompts = true;
    host_start(&h, ASK("One?"));
    expect(&h, GENERATE);
    finish(&h);
    assert_contains(h.reply_headers, "x-litellm-dropped-params: cache_control");
    h.table.settings.keeps_no_prompts = false;
    h.table.settings.kept_min_tokens = 5; /* it has four, and the letters of more */
    host_start(&h, ASK("One?"));
    expect(&h, LIST);
    h.table.settings.kept_min_tokens = 40;
    host_start(&h, ASK("One?"));
    expect(&h, GENERATE);
    finish(&h);
    assert_contains(h.reply_headers, "x-litellm-dropped-params: cache_control");
    h.table.settings.kept_min_tokens = 1;
    d->base_url = LX_S("http://127.0.0.1:9/v1beta/models/x");
    host_start(&h, ASK("One?"));
    assert_null(strstr(h.url, "cachedContents"));
    host_clear(&h);
}

static void test_by_who_asks_and_where(void **state)
{
    struct host h;
    struct lx_deployment *d = begin(&h);
    (void)state;
    make(&h, ASK("One?"), "cachedContents/a");
    finish(&h);
    lx_secret_clear(&d->key);
    assert_int_equal(lx_secret_init(&d->key, LX_S("sk-other")), 0);
    host_start(&h, ASK("One?"));
    expect(&h, LIST);
    host_clear_call(&h);
    lx_secret_clear(&d->key);
    assert_int_equal(lx_secret_init(&d->key, LX_S("sk-test")), 0);
    d->base_url = LX_S("http://127.0.0.1:9/v1beta");
    host_start(&h, ASK("One?"));
    expect(&h, "http://127.0.0.1:9/v1beta/cachedContents?pageSize=1000");
    host_clear(&h);
}

static void test_on_vertex(void **state)
{
    struct host h;
    struct lx_deployment *d = begin(&h);
    (void)state;
    d->provider = lx_provider_find(LX_S("vertex_ai"));
    d->base_url = LX_S("https://us-central1-aiplatform.googleapis.com");
    d->region = LX_S("us-central1");
    d->project = LX_S("p-1");
#define PLACE  "projects/p-1/locations/us-central1"
#define VERTEX "https://us-central1-aiplatform.googleapis.com/v1/" PLACE
    host_start(&h, ASK("One?"));
    expect(&h, VERTEX "/cachedContents?pageSize=1000");
    host_reply(&h, 200, JSON, EMPTY);
    expect(&h, VERTEX "/cachedContents");
    assert_contains(host_sent(&h),
                    "\"model\":\"" PLACE "/publishers/google/models/gemini-2.5-flash\"");
    host_reply(&h, 200, JSON, kept(PLACE "/cachedContents/77", label_of(&h)));
    expect(&h, VERTEX "/publishers/google/models/gemini-2.5-flash:generateContent");
    assert_contains(host_sent(&h), "\"cachedContent\":\"" PLACE "/cachedContents/77\"");
    host_reply(&h, 404, JSON,
               "{\"error\":{\"code\":404,\"message\":\"Not found: cached content metadata for 77."
               "\",\"status\":\"NOT_FOUND\"}}");
    expect(&h, VERTEX "/cachedContents?pageSize=1000");
    host_clear(&h);
}

/* A list that has no end is not read to it; a reply that is too long is none. */
static void test_bounds(void **state)
{
    struct host h;
    (void)state;
    begin(&h);
    host_start(&h, ASK("One?"));
    int pages = 0;
    for (; pages < 100 && strstr(h.url, "pageSize"); pages++)
        host_reply(&h, 200, JSON, "{\"nextPageToken\":\"more\"}");
    assert_int_equal(pages, 20);
    expect(&h, CREATE);
    char *lump = malloc((1 << 20) + 1);
    assert_non_null(lump);
    memset(lump, ' ', 1 << 20);
    lump[1 << 20] = '\0';
    host_head(&h, 200, JSON);
    for (int i = 0; i < 5; i++)
        host_body(&h, lump);
    host_end(&h);
    free(lump);
    expect(&h, GENERATE);
    finish(&h);
    host_clear(&h);
}

/* Of one conversation, with each allocation failed: it is answered, or fails in good order. */
static void test_without_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        struct host h;
        begin(&h);
        alloc_arm(n, false);
        h.in.pool = h.pool;
        h.in.body = lx_slice_z(ASK("One?"));
        h.call = lx_call_new(&h.in);
        while (h.call) {
            lx_call_next(h.call, &h.step);
            if (h.step.kind == LX_STEP_DONE)
                break;
            if (h.step.kind == LX_STEP_EMIT && h.step.emit.head)
                h.status = h.step.emit.status;
            if (h.step.kind != LX_STEP_SEND)
                continue;
            const struct lx_outgoing *o = h.step.send.out;
            char label[65] = "";
            const char *reply = lx_slice_ends(o->url, LX_S(":generateContent")) ? REPLY : EMPTY;
            ssize_t at = lx_slice_find(o->body, LX_S("\"displayName\":\""));
            if (at > 0) {
                memcpy(label, o->body.p + at + 15, 64);
                reply = kept("cachedContents/a", label);
            }
            struct lx_header v[] = {{LX_S("content-type"), LX_S(JSON), false}};
            lx_call_feed_head(h.call, 200, &(const struct lx_headers){v, 1});
            lx_call_feed_body(h.call, lx_slice_z(reply));
            lx_call_feed_end(h.call);
        }
        bool all = alloc_count() < n;
        alloc_arm(0, false);
        assert_true(!h.call || h.status == 200 || h.status >= 500);
        if (all)
            assert_int_equal(h.status, 200);
        host_clear(&h);
        if (all)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_once_and_named_after_that),
        cmocka_unit_test(test_found_in_the_list),
        cmocka_unit_test(test_made_anew_when_it_has_ended),
        cmocka_unit_test(test_what_belongs_to_it),
        cmocka_unit_test(test_for_how_long),
        cmocka_unit_test(test_where_it_is_cut),
        cmocka_unit_test(test_done_without),
        cmocka_unit_test(test_forgotten_by_the_provider),
        cmocka_unit_test(test_refused_beside_it),
        cmocka_unit_test(test_two_at_once_make_one),
        cmocka_unit_test(test_not_ours),
        cmocka_unit_test(test_by_who_asks_and_where),
        cmocka_unit_test(test_on_vertex),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
