/*
 * embed_test.c - calls for embeddings: split into several exchanges, one of them retried, encodings
 * made here, usage and cost added up, and every allocation failed in turn.
 */
#include "alloc/alloc.h"
#include "host.h"

static const struct lx_offer by_two[] = {{.language = "openai_embed", .max_inputs = 2}, {0}};
static const struct lx_offer floats_only[] = {{.language = "openai_embed", .encodings = "float"},
                                              {0}};

static struct lx_provider row;

static struct lx_deployment *set_up(struct host *h, const struct lx_offer *offer)
{
    host_init(h, &lx_dialect_openai_embed);
    row = *lx_provider_find(LX_S("openai"));
    row.embed = offer;
    struct lx_deployment *d = host_add(h, "m", "openai", "text-embedding-3-small");
    d->provider = &row;
    return d;
}

#define VECTOR(index, values) \
    "{\"object\":\"embedding\",\"index\":" index ",\"embedding\":[" values "]}"
#define REPLY(data, tokens)                \
    "{\"object\":\"list\",\"data\":[" data \
    "],\"model\":\"x\",\"usage\":{\"prompt_tokens\":" tokens ",\"total_tokens\":" tokens "}}"
#define FIVE "{\"model\":\"m\",\"input\":[\"a\",[1,2],\"c\",\"d\",\"e\"],\"dimensions\":2}"
#define BUSY "{\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}"
#define JSON "application/json"

static void test_split(void **state)
{
    (void)state;
    struct host h;
    set_up(&h, by_two);
    assert_int_equal(host_start(&h, FIVE), LX_STEP_WAIT);
    assert_string_equal(host_sent(&h),
                        "{\"model\":\"text-embedding-3-small\",\"input\":[\"a\",[1,2]],"
                        "\"dimensions\":2}");
    assert_int_equal(
        host_reply(&h, 200, JSON, REPLY(VECTOR("1", "0.2,2") "," VECTOR("0", "0.1,1"), "5")),
        LX_STEP_WAIT);
    assert_string_equal(host_sent(&h),
                        "{\"model\":\"text-embedding-3-small\",\"input\":[\"c\",\"d\"],"
                        "\"dimensions\":2}");
    assert_int_equal(host_reply(&h, 503, JSON, BUSY), LX_STEP_SLEEP);
    lx_call_feed_wake(h.call);
    assert_int_equal(host_run(&h), LX_STEP_WAIT);
    assert_contains(host_sent(&h), "\"input\":[\"c\",\"d\"]"); /* alone */
    assert_int_equal(
        host_reply(&h, 200, JSON, REPLY(VECTOR("0", "0.3,3") "," VECTOR("1", "0.4,4"), "4")),
        LX_STEP_WAIT);
    assert_contains(host_sent(&h), "\"input\":[\"e\"]");
    assert_int_equal(host_reply(&h, 200, JSON, REPLY(VECTOR("0", "0.5,5"), "3")), LX_STEP_DONE);
    assert_int_equal(h.status, 200);
    assert_string_equal(
        host_got(&h),
        "{\"object\":\"list\",\"data\":["
        "{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.1,1]},"
        "{\"object\":\"embedding\",\"index\":1,\"embedding\":[0.2,2]},"
        "{\"object\":\"embedding\",\"index\":2,\"embedding\":[0.3,3]},"
        "{\"object\":\"embedding\",\"index\":3,\"embedding\":[0.4,4]},"
        "{\"object\":\"embedding\",\"index\":4,\"embedding\":[0.5,5]}],\"model\":\"x\",\"usage\":{"
        "\"prompt_tokens\":12,\"completion_tokens\":0,\"total_tokens\":12}}");
    const struct lx_call_report *r = lx_call_report(h.call);
    assert_int_equal(r->usage.prompt_tokens, 12);
    assert_int_equal(r->attempts, 2); /* the one that was retried */
    assert_int_equal(h.sends, 4);
    assert_true(r->is_priced);
    assert_contains(h.reply_headers, "x-litellm-response-cost: 0.00000024\n"); /* 12 x $0.02 / 1M */
    assert_contains(h.reply_headers, "x-litellm-attempted-retries: 1\n");
    host_clear(&h);
}

/* Once a deployment has given vectors no other is asked. */
static void test_split_stays(void **state)
{
    (void)state;
    struct host h;
    set_up(&h, by_two);
    struct lx_deployment *other = host_add(&h, "m", "openai", "text-embedding-3-large");
    other->provider = &row;
    host_start(&h, FIVE);
    char first[512];
    snprintf(first, sizeof(first), "%.48s", host_sent(&h)); /* up to the model's name */
    host_reply(&h, 200, JSON, REPLY(VECTOR("0", "1") "," VECTOR("1", "2"), "5"));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(host_reply(&h, 503, JSON, BUSY), LX_STEP_SLEEP);
        lx_call_feed_wake(h.call);
        host_run(&h);
        assert_memory_equal(host_sent(&h), first, strlen("{\"model\":\"text-embedding-3-small\""));
    }
    assert_int_equal(host_reply(&h, 503, JSON, BUSY), LX_STEP_DONE);
    assert_int_equal(h.status, 503);
    assert_contains(host_got(&h), "busy");
    host_clear(&h);
}

static void test_split_lacks_vectors(void **state)
{
    (void)state;
    struct host h;
    set_up(&h, by_two);
    h.in.max_retries = 0;
    host_start(&h, FIVE);
    assert_int_equal(host_reply(&h, 200, JSON, REPLY(VECTOR("0", "1"), "5")), LX_STEP_DONE);
    assert_int_equal(h.status, 502);
    assert_contains(host_got(&h), "1 vectors for 2 inputs");
    host_clear(&h);
}

/* Members that are the configuration's defaults are in every part. */
static void test_split_defaults(void **state)
{
    (void)state;
    struct host h;
    set_up(&h, by_two)->default_params = LX_S("{\"user\":\"u\"}");
    host_start(&h, "{\"model\":\"m\",\"input\":[\"a\",\"b\",\"c\"]}");
    assert_contains(host_sent(&h), "\"input\":[\"a\",\"b\"]");
    assert_contains(host_sent(&h), "\"user\":\"u\"");
    host_reply(&h, 200, JSON, REPLY(VECTOR("0", "1") "," VECTOR("1", "2"), "5"));
    assert_contains(host_sent(&h), "\"input\":[\"c\"]");
    assert_contains(host_sent(&h), "\"user\":\"u\"");
    assert_int_equal(host_reply(&h, 200, JSON, REPLY(VECTOR("0", "3"), "1")), LX_STEP_DONE);
    assert_contains(host_got(&h), "\"index\":2");
    host_clear(&h);
}

/* Some providers tell the total only: it is the prompt's, and the rest passes. */
static void test_usage_completed(void **state)
{
    (void)state;
    struct host h;
    set_up(&h, by_two);
    host_start(&h, "{\"model\":\"m\",\"input\":\"a\"}");
    host_reply(&h, 200, JSON, "{\"odd\": 1,  \"data\":[],\"usage\":{\"total_tokens\":7}}");
    assert_string_equal(host_got(&h), "{\"odd\": 1,  \"data\":[],\"usage\":{\"prompt_tokens\":7,"
                                      "\"completion_tokens\":0,\"total_tokens\":7}}");
    assert_int_equal(lx_call_report(h.call)->usage.prompt_tokens, 7);
    assert_true(lx_call_report(h.call)->is_priced);
    host_clear(&h);
}

static void test_no_split(void **state)
{
    (void)state;
    struct host h;
    set_up(&h, by_two);
    static const char reply[] =
        "{\"odd\": 1,  \"data\":[],\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}";
    host_start(&h, "{\"model\":\"m\",\"input\":[\"a\",\"b\"],  \"stream\":true}");
    assert_string_equal(host_sent(&h),
                        "{\"model\":\"text-embedding-3-small\",\"input\":[\"a\",\"b\"],"
                        "  \"stream\":true}");
    assert_int_equal(host_reply(&h, 200, JSON, reply), LX_STEP_DONE);
    assert_string_equal(host_got(&h), reply); /* as it came */
    assert_false(h.stream);
    assert_int_equal(lx_call_report(h.call)->usage.prompt_tokens, 7);
    host_clear(&h);
}

/* struct.pack("<3f", 0.1, -2.5, 1e-45) in base64, from a provider that has floats only. */
static void test_base64_made(void **state)
{
    (void)state;
    struct host h;
    set_up(&h, floats_only);
    host_start(&h, "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"base64\"}");
    assert_lacks(host_sent(&h), "encoding_format");
    host_reply(&h, 200, JSON, REPLY(VECTOR("0", "0.1, -2.5 , 1e-45"), "1"));
    assert_contains(host_got(&h), "\"embedding\":\"zczMPQAAIMABAAAA\"}");
    host_start(&h, "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"float\"}");
    assert_contains(host_sent(&h), "\"encoding_format\":\"float\"");
    host_start(&h, "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"int8\"}");
    assert_int_equal(h.status, 400);
    assert_contains(host_got(&h), "encoding_format");
    host_clear(&h);
}

static void test_not_served(void **state)
{
    (void)state;
    struct host h;
    host_init(&h, &lx_dialect_openai_embed);
    host_add(&h, "m", "anthropic", "claude-sonnet-4-5");
    host_start(&h, "{\"model\":\"m\",\"input\":\"a\"}");
    assert_int_equal(h.status, 400);
    assert_contains(host_got(&h), "Anthropic has no embeddings for model=claude-sonnet-4-5");
    host_clear(&h);
}

static void test_mock(void **state)
{
    (void)state;
    struct host h;
    set_up(&h, by_two)->mock_response = LX_S("[0.5, -1]");
    assert_int_equal(host_start(&h, "{\"model\":\"m\",\"input\":[\"a\",\"b\"]}"), LX_STEP_DONE);
    assert_contains(host_got(&h), "{\"object\":\"embedding\",\"index\":1,\"embedding\":[0.5, -1]}");
    assert_int_equal(lx_call_report(h.call)->usage.prompt_tokens, 10);
    host_start(&h, "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"base64\"}");
    assert_contains(host_got(&h), "\"embedding\":\"AAAAPwAAgL8=\"}");
    host_start(&h, "{\"model\":\"m\",\"input\":\"a\",\"mock_response\":\"hello\"}");
    assert_contains(host_got(&h), "\"embedding\":[0,0,0,");
    host_start(&h, "{\"model\":\"m\",\"input\":3}");
    assert_int_equal(h.status, 400);
    host_clear(&h);
}

static void run_split(struct host *h)
{
    h->in.body = lx_slice_z(FIVE);
    h->call = lx_call_new(&h->in);
    if (!h->call)
        return;
    static const char *const replies[] = {
        REPLY(VECTOR("0", "0.1,1") "," VECTOR("1", "0.2,2"), "5"),
        REPLY(VECTOR("0", "0.3,3") "," VECTOR("1", "0.4,4"), "5"),
        REPLY(VECTOR("0", "0.5,5"), "3"),
    };
    host_run(h);
    for (size_t i = 0; i < 3 && !h->done; i++)
        host_reply(h, 200, JSON, replies[i]);
}

static void test_without_memory(void **state)
{
    (void)state;
    struct host h;
    bool good = false;
    set_up(&h, by_two);
    for (size_t n = 1; !good; n++) {
        host_clear_call(&h);
        lx_buf_reserve(&h.got, 4096);
        lx_buf_reserve(&h.sent, 4096);
        alloc_arm(n, false);
        run_split(&h);
        good = alloc_count() < n;
        alloc_arm(0, false);
        assert_true(!h.call || h.done);
        if (good)
            assert_contains(host_got(&h), "\"index\":4,\"embedding\":[0.5,5]");
        else if (h.call)
            assert_true(h.status == 200 || h.status == 500);
    }
    host_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_split_stays),
        cmocka_unit_test(test_split_lacks_vectors),
        cmocka_unit_test(test_split_defaults),
        cmocka_unit_test(test_usage_completed),
        cmocka_unit_test(test_no_split),
        cmocka_unit_test(test_base64_made),
        cmocka_unit_test(test_mock),
        cmocka_unit_test(test_not_served),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
