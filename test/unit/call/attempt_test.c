/*
 * attempt_test.c - the request a deployment gets: edited in place or written anew, then mended.
 */
#include "host.h"

static struct host h;
static struct lx_deployment *d;

static void host_for(const struct lx_dialect *front, const char *provider, const char *model)
{
    host_init(&h, front);
    d = host_add(&h, "m", provider, model);
    h.in.max_retries = 0;
}

/* One deployment, one body, and what is sent; or the error that is answered. */
static const struct row {
    const char *what, *provider, *model, *body, *sent;
} rows[] = {
    {"the model is replaced where it stands", "openai", "gpt-4o",
     "{ \"model\" : \"m\" , \"x\":1.50 }", "{ \"model\" : \"gpt-4o\" , \"x\":1.50 }"},
    {"duplicates of it go", "openai", "gpt-4o", "{\"model\":\"x\",\"a\":1,\"model\":\"m\"}",
     "{\"a\":1,\"model\":\"gpt-4o\"}"},
    {"names are escaped", "openai", "a\"b", "{\"model\":\"m\"}", "{\"model\":\"a\\\"b\"}"},
    {"unknown members go along", "openai", "gpt-4o", "{\"model\":\"m\",\"new_thing\":{\"a\":[]}}",
     "{\"model\":\"gpt-4o\",\"new_thing\":{\"a\":[]}}"},
    {"reasoning models take max_completion_tokens", "openai", "o3-mini",
     "{\"model\":\"m\",\"max_tokens\":5}", "{\"model\":\"o3-mini\",\"max_completion_tokens\":5}"},
    {"which may be there already", "openai", "gpt-5",
     "{\"model\":\"m\",\"max_tokens\":5,\"max_completion_tokens\":6}",
     "{\"model\":\"gpt-5\",\"max_completion_tokens\":6}"},
    {"others keep max_tokens", "openai", "gpt-5-chat-latest",
     "{\"model\":\"m\",\"max_tokens\":5,\"temperature\":0}",
     "{\"model\":\"gpt-5-chat-latest\",\"max_tokens\":5,\"temperature\":0}"},
    {"temperature 1 is what they have", "openai", "gpt-5-mini",
     "{\"model\":\"m\",\"temperature\":1.0}", "{\"model\":\"gpt-5-mini\",\"temperature\":1.0}"},
    {"any other is refused", "openai", "gpt-5-mini", "{\"model\":\"m\",\"temperature\":0.2}",
     "400 does not support parameters: ['temperature']"},
    {"or dropped", "openai", "gpt-5-mini",
     "{\"model\":\"m\",\"temperature\":0.2,\"drop_params\":true}", "{\"model\":\"gpt-5-mini\"}"},
    {"or allowed", "openai", "gpt-5-mini",
     "{\"model\":\"m\",\"temperature\":0.2,\"allowed_openai_params\":[\"temperature\"]}",
     "{\"model\":\"gpt-5-mini\",\"temperature\":0.2}"},
    {"effort is left out where nothing reasons", "openai", "gpt-4.1",
     "{\"model\":\"m\",\"reasoning_effort\":\"high\"}", "{\"model\":\"gpt-4.1\"}"},
    {"gpt-5.1 has it back", "openai", "gpt-5.1", "{\"model\":\"m\",\"temperature\":0.2}",
     "{\"model\":\"gpt-5.1\",\"temperature\":0.2}"},
    {"an empty list says nothing", "openai", "gpt-5", "{\"model\":\"m\",\"stop\":[]}",
     "{\"model\":\"gpt-5\"}"},
    {"one choice is what there is", "groq", "llama-3", "{\"model\":\"m\",\"n\":1}",
     "{\"model\":\"llama-3\",\"n\":1}"},
    {"two are too many", "groq", "llama-3", "{\"model\":\"m\",\"n\":2}",
     "400 does not support parameters: ['n']"},
    {"the seed has another name", "mistral", "x", "{\"model\":\"m\",\"seed\":1,\"user\":\"u\"}",
     "{\"model\":\"x\",\"random_seed\":1}"},
    {"text parts become one string", "deepseek", "x",
     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
     "\"a\\n\"},{\"type\":\"text\",\"text\":\"b\"}]},{\"role\":\"user\",\"content\":"
     "[{\"type\":\"image_url\"}]}]}",
     "{\"model\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"a\\nb\"},"
     "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}"},
    {"a number too large is the largest", "moonshot", "x",
     "{\"model\":\"m\",\"temperature\":1.2e0}", "{\"model\":\"x\",\"temperature\":1}"},
    {"one too small the smallest", "moonshot", "x", "{\"model\":\"m\",\"temperature\":-0.5}",
     "{\"model\":\"x\",\"temperature\":0}"},
    {"others stay as they are written", "moonshot", "x", "{\"model\":\"m\",\"temperature\":100e-2}",
     "{\"model\":\"x\",\"temperature\":100e-2}"},
    {"a little too large is too large", "scx-ai", "x", "{\"model\":\"m\",\"temperature\":1.990001}",
     "{\"model\":\"x\",\"temperature\":1.99}"},
    {"absurd numbers are large", "scx-ai", "x",
     "{\"model\":\"m\",\"temperature\":123456789012345678901234567890E99999}",
     "{\"model\":\"x\",\"temperature\":1.99}"},
    {"or small", "scx-ai", "x", "{\"model\":\"m\",\"temperature\":0.3e-99999}",
     "{\"model\":\"x\",\"temperature\":0.3e-99999}"},
    {"what is no number is the provider's to refuse", "scx-ai", "x",
     "{\"model\":\"m\",\"temperature\":\"hot\"}", "{\"model\":\"x\",\"temperature\":\"hot\"}"},
    {"effort turns thinking on", "xiaomi_mimo", "x",
     "{\"model\":\"m\",\"reasoning_effort\":\"low\"}",
     "{\"model\":\"x\",\"thinking\":{\"type\":\"enabled\"}}"},
    {"or off", "xiaomi_mimo", "x", "{\"model\":\"m\",\"reasoning_effort\":\"none\"}",
     "{\"model\":\"x\",\"thinking\":{\"type\":\"disabled\"}}"},
    {"or neither", "xiaomi_mimo", "x", "{\"model\":\"m\",\"reasoning_effort\":null}",
     "{\"model\":\"x\"}"},
    {"what the client says of thinking holds", "xiaomi_mimo", "x",
     "{\"model\":\"m\",\"reasoning_effort\":\"low\",\"thinking\":{\"type\":\"disabled\"}}",
     "{\"model\":\"x\",\"thinking\":{\"type\":\"disabled\"}}"},
    {"some values are taken", "deepinfra", "x", "{\"model\":\"m\",\"tool_choice\":\"auto\"}",
     "{\"model\":\"x\",\"tool_choice\":\"auto\"}"},
    {"each of them", "deepinfra", "x", "{\"model\":\"m\",\"tool_choice\":\"none\"}",
     "{\"model\":\"x\",\"tool_choice\":\"none\"}"},
    {"and no others", "deepinfra", "x", "{\"model\":\"m\",\"tool_choice\":\"required\"}",
     "400 does not support parameters: ['tool_choice']"},
    {"calls get what they lack", "moonshot", "kimi-k3",
     "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[]},"
     "{\"role\":\"assistant\",\"reasoning_content\":\"r\",\"tool_calls\":[]},"
     "{\"role\":\"assistant\",\"content\":\"c\"},{\"role\":\"user\",\"tool_calls\":[]}]}",
     "{\"model\":\"kimi-k3\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[],"
     "\"reasoning_content\":\" \"},"
     "{\"role\":\"assistant\",\"reasoning_content\":\"r\",\"tool_calls\":[]},"
     "{\"role\":\"assistant\",\"content\":\"c\"},{\"role\":\"user\",\"tool_calls\":[]}]}"},
    {"models have a prefix there", "fireworks_ai", "llama-3",
     "{\"model\":\"m\",\"tool_choice\":\"required\"}",
     "{\"model\":\"accounts/fireworks/models/llama-3\",\"tool_choice\":\"any\"}"},
    {"or not", "fireworks_ai", "accounts/me/models/x", "{\"model\":\"m\"}",
     "{\"model\":\"accounts/me/models/x\"}"},
    {"a provider may need a member", "openrouter", "auto", "{\"model\":\"m\"}",
     "{\"model\":\"openrouter/auto\",\"usage\":{\"include\":true}}"},
    {"which a client may have given", "openrouter", "a/b", "{\"model\":\"m\",\"usage\":{}}",
     "{\"model\":\"a/b\",\"usage\":{}}"},
    {"deep members go", "hosted_vllm", "x",
     "{\"model\":\"m\",\"tools\":[{\"function\":{\"strict\":true,\"parameters\":"
     "{\"additionalProperties\":false,\"properties\":{\"a\":{\"additionalProperties\":{}}}}}}]}",
     "{\"model\":\"x\",\"tools\":[{\"function\":{\"parameters\":"
     "{\"properties\":{\"a\":{}}}}}]}"},
    {"a client may drop what it likes", "openai", "gpt-4o",
     "{\"model\":\"m\",\"additional_drop_params\":[\"a.b\",\"c[*].d\"],\"a\":{\"b\":1,\"x\":2},"
     "\"c\":[{\"d\":1},{\"d\":2,\"e\":3}]}",
     "{\"model\":\"gpt-4o\",\"a\":{\"x\":2},\"c\":[{},{\"e\":3}]}"},
};

static void bodies_are_edited_in_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        host_for(&lx_dialect_openai_chat, r->provider, r->model);
        bool refused = r->sent[0] != '{';
        enum lx_step_kind k = host_start(&h, r->body);
        if (k != (refused ? LX_STEP_DONE : LX_STEP_WAIT))
            fail_msg("%s: %s", r->what, host_got(&h));
        if (refused) {
            assert_int_equal(h.status, atoi(r->sent));
            assert_contains(host_got(&h), r->sent + 4);
        } else if (strcmp(host_sent(&h), r->sent) != 0) {
            fail_msg("%s: %s", r->what, host_sent(&h));
        }
        host_clear(&h);
    }
}

static void dropped_members_are_named(void **state)
{
    (void)state;
    host_for(&lx_dialect_openai_chat, "groq", "x");
    d->drop_params = LX_YES;
    host_start(&h, "{\"model\":\"m\",\"logit_bias\":{\"1\":2},\"n\":3,\"messages\":[]}");
    assert_string_equal(host_sent(&h), "{\"model\":\"x\",\"messages\":[]}");
    host_reply(&h, 200, "application/json", "{\"choices\":[]}");
    assert_contains(h.reply_headers, "x-litellm-dropped-params: logit_bias,n\n");
    assert_int_equal(lx_call_report(h.call)->losses->count, 2);
    host_clear(&h);
}

static void configured_members_are_added(void **state)
{
    (void)state;
    struct lx_slice path = LX_S("user");
    host_for(&lx_dialect_openai_chat, "openai", "x");
    d->extra_body = LX_S("{\"top_k\":5,\"a\":{\"b\":1}}");
    d->drop_paths = &path;
    d->drop_path_count = 1;
    host_start(&h, "{\"model\":\"m\",\"user\":\"u\",\"a\":1}");
    assert_string_equal(host_sent(&h), "{\"model\":\"x\",\"a\":{\"b\":1},\"top_k\":5}");
    host_clear(&h);
    host_for(&lx_dialect_anthropic, "openai", "x"); /* the same where it is written anew */
    d->extra_body = LX_S("{\"top_k\":5}");
    host_start(&h, "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]}");
    assert_contains(host_sent(&h), "\"top_k\":5");
    host_clear(&h);
}

static void defaults_hold_where_the_client_says_nothing(void **state)
{
    (void)state;
    host_for(&lx_dialect_openai_chat, "openai", "x");
    d->default_params = LX_S("{\"temperature\":0.2,\"max_tokens\":9}");
    host_start(&h, "{\"model\":\"m\",\"temperature\":1}");
    assert_string_equal(host_sent(&h), "{\"model\":\"x\",\"temperature\":1,\"max_tokens\":9}");
    host_clear(&h);
    host_for(&lx_dialect_openai_chat, "anthropic", "x"); /* the same where it is written anew */
    d->default_params = LX_S("{\"temperature\":0.2,\"max_tokens\":9}");
    host_start(&h, "{\"model\":\"m\",\"max_tokens\":7,\"messages\":[{\"role\":\"user\","
                   "\"content\":\"hi\"}]}");
    assert_contains(host_sent(&h), "\"temperature\":0.2");
    assert_contains(host_sent(&h), "\"max_tokens\":7");
    host_clear(&h);
}

static void a_crossing_is_mended_too(void **state)
{
    (void)state;
    host_for(&lx_dialect_anthropic, "openai", "o3-mini");
    host_start(&h, "{\"model\":\"m\",\"max_tokens\":7,\"tags\":[\"x\"],\"messages\":"
                   "[{\"role\":\"user\",\"content\":\"hi\"}]}");
    assert_contains(host_sent(&h), "\"max_completion_tokens\":7");
    assert_lacks(host_sent(&h), "\"max_tokens\"");
    assert_lacks(host_sent(&h), "tags");
    assert_int_equal(host_start(&h, "{\"model\":\"m\",\"max_tokens\":7,\"temperature\":0.5,"
                                    "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"),
                     LX_STEP_DONE);
    assert_int_equal(h.status, 400);
    assert_contains(host_got(&h), "temperature");
    host_clear(&h);
}

static void what_cannot_cross_is_refused_or_dropped(void **state)
{
    (void)state;
    static const char body[] = "{\"model\":\"m\",\"logit_bias\":{\"1\":2},\"messages\":"
                               "[{\"role\":\"user\",\"content\":\"hi\"}]}";
    host_for(&lx_dialect_openai_chat, "anthropic", "claude-x");
    assert_int_equal(host_start(&h, body), LX_STEP_DONE);
    assert_contains(host_got(&h), "UnsupportedParamsError");
    assert_contains(host_got(&h), "logit_bias");
    struct lx_slice allowed = LX_S("logit_bias");
    d->allowed_params = &allowed;
    d->allowed_param_count = 1;
    assert_int_equal(host_start(&h, body), LX_STEP_WAIT);
    assert_contains(host_sent(&h), "\"logit_bias\":{\"1\":2}");
    d->allowed_param_count = 0;
    h.table.settings.drop_params = true;
    assert_int_equal(host_start(&h, body), LX_STEP_WAIT);
    assert_lacks(host_sent(&h), "logit_bias");
    host_clear(&h);
}

static void addresses_are_joined_once(void **state)
{
    (void)state;
    static const struct {
        const char *provider, *base, *url;
    } urls[] = {
        {"openai", "http://a/v1", "http://a/v1/chat/completions"},
        {"openai", "http://a/v1/", "http://a/v1/chat/completions"},
        {"openai", "http://a/v1/chat/completions", "http://a/v1/chat/completions"},
        {"openai", "http://a/v1?x=1", "http://a/v1/chat/completions?x=1"},
        {"openai", "http://a", "http://a/chat/completions"},
        {"openai", "http://a/chat", "http://a/chat/completions"},
        {"anthropic", "http://a", "http://a/v1/messages"},
        {"anthropic", "http://a/v1", "http://a/v1/messages"},
        {"anthropic", "http://a/v1/messages", "http://a/v1/messages"},
        {"anthropic", "http://a/xv1", "http://a/xv1/v1/messages"},
        {"anthropic", "http://a/v", "http://a/v/v1/messages"},
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        host_for(&lx_dialect_openai_chat, urls[i].provider, "x");
        d->base_url = lx_slice_z(urls[i].base);
        host_start(&h, "{\"model\":\"m\",\"messages\":[]}");
        assert_string_equal(h.url, urls[i].url);
        host_clear(&h);
    }
}

/* LiteLLM's model_id: Bedrock is asked for it in the model's place, SageMaker by a header. */
static void profiles_are_asked_for(void **state)
{
#define ARN(colon, slash)                                                  \
    "arn" colon "aws" colon "bedrock" colon "eu-central-1" colon "1" colon \
    "application-inference-profile" slash "p"
    static const struct {
        const char *provider, *model, *profile, *url, *header;
    } asked[] = {
        {"bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", ARN(":", "/"),
         "http://a/model/" ARN("%3A", "%2F") "/converse", NULL},
        {"bedrock", "invoke/anthropic.claude-haiku-4-5-v1:0", ARN(":", "/"),
         "http://a/model/" ARN("%3A", "%2F") "/invoke", NULL},
        {"sagemaker_chat", "endpoint", NULL, "http://a/endpoints/endpoint/invocations", NULL},
        {"sagemaker_chat", "endpoint", "component", "http://a/endpoints/endpoint/invocations",
         "component"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        host_for(&lx_dialect_openai_chat, asked[i].provider, asked[i].model);
        d->base_url = LX_S("http://a");
        d->profile = lx_slice_z(asked[i].profile);
        host_start(&h, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assert_string_equal(h.url, asked[i].url);
        assert_true(
            lx_slice_eq(lx_headers_get(&h.headers, LX_S("x-amzn-sagemaker-inference-component")),
                        lx_slice_z(asked[i].header)));
        host_clear(&h);
    }
#undef ARN
}

static void keys_go_where_they_belong(void **state)
{
    (void)state;
    host_for(&lx_dialect_openai_chat, "openai_like", "x");
    lx_secret_clear(&d->key);
    host_start(&h, "{\"model\":\"m\"}");
    assert_null(lx_headers_get(&h.headers, LX_S("authorization")).p);
    host_clear(&h);
    host_for(&lx_dialect_openai_chat, "hosted_vllm", "x");
    lx_secret_clear(&d->key);
    host_start(&h, "{\"model\":\"m\"}");
    assert_true(lx_slice_eq(lx_headers_get(&h.headers, LX_S("authorization")),
                            LX_S("Bearer fake-api-key")));
    host_clear(&h);
    host_for(&lx_dialect_openai_chat, "anthropic", "x");
    host_start(&h, "{\"model\":\"m\",\"messages\":[]}");
    for (size_t i = 0; i < h.headers.n; i++)
        assert_int_equal(h.headers.v[i].secret,
                         lx_slice_eq(h.headers.v[i].name, LX_S("x-api-key")));
    host_clear(&h);
}

/* Flags that a client sends, as other services than Anthropic's take them. */
static void betas_go_where_they_are_known(void **state)
{
    static const struct {
        const char *provider, *model, *flags, *header, *body;
    } flagged[] = {
        {"anthropic", "claude-x", "a-1,b-2", "a-1,b-2", NULL},
        {"vertex_ai", "claude-sonnet-4-5", "claude-code-1, context-1m-2025-08-07,files-api-1",
         "context-1m-2025-08-07", NULL},
        {"vertex_ai", "claude-sonnet-4-5", "advanced-tool-use-2025-11-20",
         "tool-search-tool-2025-10-19", NULL},
        {"vertex_ai", "claude-sonnet-4-5", "claude-code-1", NULL, NULL},
        {"bedrock", "invoke/anthropic.claude-sonnet-4-5",
         "context-1m-2025-08-07,oauth-1,context-1m-2025-08-07", NULL,
         "\"anthropic_beta\":[\"context-1m-2025-08-07\"]"},
        {"bedrock", "anthropic.claude-sonnet-4-5", "context-1m-2025-08-07,skills-1", NULL,
         "{\"anthropic_beta\":[\"context-1m-2025-08-07\"]}"},
        {"bedrock", "amazon.nova-pro-v1:0", "context-1m-2025-08-07", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(flagged) / sizeof(flagged[0]); i++) {
        host_for(&lx_dialect_anthropic, flagged[i].provider, flagged[i].model);
        d->project = LX_S("p");
        struct lx_header theirs[] = {{LX_S("anthropic-beta"), lx_slice_z(flagged[i].flags), false}};
        h.in.forward = (struct lx_headers){theirs, 1};
        host_start(
            &h,
            "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
        struct lx_slice sent = lx_headers_get(&h.headers, LX_S("anthropic-beta"));
        struct lx_slice body = lx_buf_slice(&h.sent);
        assert_true(lx_slice_eq(sent, lx_slice_z(flagged[i].header)));
        if (flagged[i].body)
            assert_true(lx_slice_find(body, lx_slice_z(flagged[i].body)) >= 0);
        else
            assert_true(lx_slice_find(body, LX_S("anthropic_beta")) < 0);
        host_clear(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_edited_in_place),
        cmocka_unit_test(dropped_members_are_named),
        cmocka_unit_test(configured_members_are_added),
        cmocka_unit_test(defaults_hold_where_the_client_says_nothing),
        cmocka_unit_test(a_crossing_is_mended_too),
        cmocka_unit_test(what_cannot_cross_is_refused_or_dropped),
        cmocka_unit_test(addresses_are_joined_once),
        cmocka_unit_test(profiles_are_asked_for),
        cmocka_unit_test(keys_go_where_they_belong),
        cmocka_unit_test(betas_go_where_they_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
