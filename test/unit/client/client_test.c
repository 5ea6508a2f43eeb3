/*
 * client_test.c - the library through its public header alone, on models that answer by themselves.
 *
 * What needs a provider on the other side (retries, many at once, broken streams) is in test/e2e.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <llmux/llmux.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char config[] =
    "model_list:\n"
    "  - model_name: hello\n"
    "    litellm_params: {model: openai/hello, mock_response: \"Hello, w\\u00f6rld\"}\n"
    "  - model_name: vectors\n"
    "    litellm_params: {model: openai/vectors, mock_response: \"[0.5, -1e-3, 0.1]\"}\n"
    "  - model_name: limited\n"
    "    litellm_params: {model: openai/x, mock_response: litellm.RateLimitError, max_retries: 0}\n"
    "litellm_settings: {num_retries: 0}\n";

static llmux_client *client_with(const char *text)
{
    char path[] = "/tmp/llmux-client-test-XXXXXX";
    int fd = mkstemp(path);
    llmux_client *c = llmux_client_new();
    llmux_error *err = NULL;

    assert_non_null(c);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    assert_int_equal(llmux_client_load_config(c, path, &err), 0);
    unlink(path);
    return c;
}

static llmux_request *ask(const char *model)
{
    llmux_request *r = llmux_request_new(model);

    assert_non_null(r);
    assert_int_equal(llmux_request_add_message(r, "user", "Hi \"you\"\n"), 0);
    return r;
}

static void blocking_gives_text_finish_and_tokens(void **state)
{
    llmux_client *c = client_with(config);
    llmux_request *r = ask("hello");
    llmux_reply *reply = NULL;
    llmux_error *err = NULL;
    size_t n;

    (void)state;
    assert_int_equal(llmux_completion(c, r, &reply, &err), 0);
    assert_null(err);
    assert_string_equal(llmux_reply_text(reply), "Hello, w\xc3\xb6rld");
    assert_string_equal(llmux_reply_finish(reply), "stop");
    assert_int_equal(llmux_reply_prompt_tokens(reply), 10);
    assert_int_equal(llmux_reply_completion_tokens(reply), 20);
    assert_int_equal(llmux_reply_tool_count(reply), 0);
    assert_null(llmux_reply_tool_id(reply, 0));
    assert_non_null(strstr(llmux_reply_json(reply, &n), "\"chat.completion\""));
    llmux_reply_free(reply);
    llmux_request_free(r);
    llmux_client_free(c);
}

static void an_error_says_class_status_and_retryable(void **state)
{
    llmux_client *c = client_with(config);
    llmux_request *r = ask("limited");
    llmux_reply *reply = NULL;
    llmux_error *err = NULL;

    (void)state;
    assert_int_not_equal(llmux_completion(c, r, &reply, &err), 0);
    assert_null(reply);
    assert_string_equal(llmux_error_class(err), "RateLimitError");
    assert_int_equal(llmux_error_status(err), 429);
    assert_int_equal(llmux_error_retryable(err), 1);
    llmux_error_free(err);
    assert_int_not_equal(llmux_completion(c, r, &reply, NULL), 0); /* no wish to know */
    llmux_request_free(r);
    llmux_client_free(c);
}

static void an_unknown_provider_is_named(void **state)
{
    llmux_client *c = llmux_client_new();
    llmux_request *r = ask("grok_q/llama");
    llmux_error *err = NULL;
    llmux_reply *reply = NULL;

    (void)state;
    assert_int_not_equal(llmux_completion(c, r, &reply, &err), 0);
    assert_non_null(strstr(llmux_error_message(err), "grok_q"));
    assert_int_equal(llmux_error_status(err), 400);
    llmux_error_free(err);
    llmux_request_free(r);
    llmux_client_free(c);
}

struct heard {
    char text[64];
    int events, finished, stop_after;
};

static int hear(void *arg, const llmux_event *e)
{
    struct heard *h = arg;
    size_t n;

    h->events++;
    if (llmux_event_get_kind(e) == LLMUX_EVENT_TEXT) {
        const char *text = llmux_event_text(e, &n);

        assert_int_equal(strlen(text), n);
        strncat(h->text, text, sizeof(h->text) - strlen(h->text) - 1);
    }
    if (llmux_event_get_kind(e) == LLMUX_EVENT_FINISH)
        h->finished++;
    return h->stop_after && h->events >= h->stop_after;
}

static void a_stream_is_heard_and_its_reply_kept(void **state)
{
    llmux_client *c = client_with(config);
    llmux_request *r = ask("hello");
    llmux_reply *reply = NULL;
    struct heard h = {0};

    (void)state;
    assert_int_equal(llmux_completion_stream(c, r, hear, &h, &reply, NULL), 0);
    assert_string_equal(h.text, "Hello, w\xc3\xb6rld");
    assert_int_equal(h.finished, 1);
    assert_string_equal(llmux_reply_text(reply), "Hello, w\xc3\xb6rld");
    llmux_reply_free(reply);
    llmux_request_free(r);
    llmux_client_free(c);
}

static void a_stream_can_be_stopped(void **state)
{
    llmux_client *c = client_with(config);
    llmux_request *r = ask("hello");
    struct heard h = {.stop_after = 1};

    (void)state;
    assert_int_equal(llmux_completion_stream(c, r, hear, &h, NULL, NULL), 0);
    assert_int_equal(h.events, 1);
    llmux_request_free(r);
    llmux_client_free(c);
}

static void a_stream_can_be_pulled(void **state)
{
    llmux_client *c = client_with(config);
    llmux_request *r = ask("hello");
    llmux_stream *s = llmux_stream_open(c, r, NULL);
    const llmux_event *e;
    struct heard h = {0};

    (void)state;
    assert_non_null(s);
    assert_null(llmux_stream_reply(s));
    while (llmux_stream_next(s, &e, NULL) > 0)
        hear(&h, e);
    assert_string_equal(h.text, "Hello, w\xc3\xb6rld");
    assert_string_equal(llmux_reply_text(llmux_stream_reply(s)), h.text);
    assert_int_equal(llmux_stream_next(s, &e, NULL), 0); /* over is over */
    llmux_stream_free(s);
    s = llmux_stream_open(c, r, NULL); /* left unread */
    llmux_stream_free(s);
    llmux_request_free(r);
    llmux_client_free(c);
}

static void on_done(void *arg, llmux_reply *reply, llmux_error *err)
{
    int *done = arg;

    assert_null(err);
    assert_string_equal(llmux_reply_text(reply), "Hello, w\xc3\xb6rld");
    llmux_reply_free(reply);
    ++*done;
}

static void many_run_at_once(void **state)
{
    llmux_client *c = client_with(config);
    llmux_request *r = ask("hello");
    int done = 0;

    (void)state;
    for (int i = 0; i < 32; i++)
        assert_int_equal(llmux_completion_start(c, r, on_done, &done, NULL), 0);
    while (llmux_client_turn(c, 100))
        continue;
    assert_int_equal(done, 32);
    llmux_request_free(r);
    llmux_client_free(c);
}

static void requests_are_checked_as_they_are_built(void **state)
{
    llmux_request *r = llmux_request_new("m");
    llmux_error *err = NULL;

    (void)state;
    assert_int_not_equal(llmux_request_set_json(r, "temperature", "0.2x"), 0);
    assert_int_equal(llmux_request_set_json(r, "temperature", "0.2"), 0);
    assert_int_not_equal(llmux_request_add_tool(r, "f", NULL, "{"), 0);
    assert_int_not_equal(llmux_request_add_message_json(r, "{]"), 0);
    llmux_request_free(r);
    assert_null(llmux_request_new_json("[1]", 3, &err));
    assert_non_null(strstr(llmux_error_message(err), "object"));
    llmux_error_free(err);
    err = NULL;
    assert_null(llmux_request_new_json("{\"a\":", 5, &err));
    llmux_error_free(err);
}

/* The step machine shows the request that would be sent, and takes a reply from our hands. */
static void steps_are_taken_by_hand(void **state)
{
    static const char reply[] =
        "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":"
        "\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
        "\"content\":\"ok\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,"
        "\"completion_tokens\":1,\"total_tokens\":2}}";
    const char *names[] = {"content-type"}, *values[] = {"application/json"};
    llmux_client *c = llmux_client_new();
    llmux_request *r = ask("openai/gpt-4o-mini");
    llmux_call *call;
    enum llmux_step step;
    const char *bytes;
    int has_key = 0;
    size_t n;

    (void)state;
    llmux_client_set_key(c, "openai", "sk-test");
    llmux_client_set_base_url(c, "openai", "http://example.test/v1");
    call = llmux_call_new(c, r, NULL);
    assert_non_null(call);
    assert_int_equal(llmux_call_next(call), LLMUX_STEP_SEND);
    assert_string_equal(llmux_call_method(call), "POST");
    assert_string_equal(llmux_call_url(call), "http://example.test/v1/chat/completions");
    for (size_t i = 0; i < llmux_call_header_count(call); i++)
        has_key |= strcmp(llmux_call_header_value(call, i), "Bearer sk-test") == 0;
    assert_int_equal(has_key, 1);
    bytes = llmux_call_body(call, &n);
    assert_non_null(memmem(bytes, n, "\"gpt-4o-mini\"", 13));
    assert_int_equal(llmux_call_next(call), LLMUX_STEP_WAIT);
    llmux_call_feed_failure(call, "try again");
    step = llmux_call_next(call);
    if (step == LLMUX_STEP_SLEEP) { /* chance may say that there is nothing to wait for */
        assert_true(llmux_call_sleep_ms(call) > 0);
        llmux_call_feed_wake(call);
        step = llmux_call_next(call);
    }
    assert_int_equal(step, LLMUX_STEP_SEND);
    llmux_call_feed_head(call, 200, names, values, 1);
    llmux_call_feed_body(call, reply, sizeof(reply) - 1);
    llmux_call_feed_end(call);
    assert_int_equal(llmux_call_next(call), LLMUX_STEP_EMIT);
    bytes = llmux_call_bytes(call, &n);
    assert_int_equal(n, sizeof(reply) - 1);
    assert_memory_equal(bytes, reply, n);
    assert_int_equal(llmux_call_status(call), 200);
    assert_int_equal(llmux_call_next(call), LLMUX_STEP_DONE);
    llmux_call_free(call);
    llmux_request_free(r);
    llmux_client_free(c);
}

static int sends(llmux_client *c, llmux_request *r, const char *url, const char *authorization)
{
    llmux_call *call = llmux_call_new(c, r, NULL);
    int good = call && llmux_call_next(call) == LLMUX_STEP_SEND &&
               strcmp(llmux_call_url(call), url) == 0,
        has_key = 0;

    for (size_t i = 0; good && i < llmux_call_header_count(call); i++)
        has_key |= strcmp(llmux_call_header_value(call, i), authorization) == 0;
    llmux_call_free(call);
    return good && has_key;
}

/* A key may come from the environment, and change after the model was used. */
static void a_key_and_an_address_may_change(void **state)
{
    llmux_client *c;
    llmux_request *r = ask("openai/gpt-4o-mini");

    (void)state;
    setenv("OPENAI_API_KEY", "sk-environment", 1);
    c = llmux_client_new();
    assert_true(sends(c, r, "https://api.openai.com/v1/chat/completions", "Bearer sk-environment"));
    llmux_client_set_key(c, "openai", "sk-one");
    assert_true(sends(c, r, "https://api.openai.com/v1/chat/completions", "Bearer sk-one"));
    llmux_client_set_key(c, "openai", "sk-another");
    llmux_client_set_base_url(c, "openai", "http://example.test/v1");
    assert_true(sends(c, r, "http://example.test/v1/chat/completions", "Bearer sk-another"));
    unsetenv("OPENAI_API_KEY");
    llmux_request_free(r);
    llmux_client_free(c);
}

static void a_model_says_what_it_lacks_and_takes(void **state)
{
    llmux_client *c = client_with("llmux_settings:\n"
                                  "  providers:\n"
                                  "    - {name: mine, base_url: \"http://127.0.0.1:9/v1\","
                                  " api_key_env: MINE_KEY,"
                                  " quirks: [{op: refuse, member: seed}]}\n");
    llmux_error *err = NULL;
    const char *params;

    (void)state;
    unsetenv("MINE_KEY");
    unsetenv("HEROKU_API_BASE");
    unsetenv("HEROKU_API_KEY");
    assert_string_equal(llmux_client_missing_variables(c, "mine/x", &err), "MINE_KEY");
    llmux_client_set_key(c, "mine", "k");
    assert_string_equal(llmux_client_missing_variables(c, "mine/x", &err), "");
    assert_string_equal(llmux_client_missing_variables(c, "heroku/x", &err),
                        "HEROKU_API_BASE, HEROKU_API_KEY");
    params = llmux_client_supported_params(c, "mine/x", &err);
    assert_non_null(strstr(params, "temperature"));
    assert_null(strstr(params, "seed"));
    assert_null(err);
    assert_null(llmux_client_missing_variables(c, "nowhere/x", &err));
    assert_non_null(strstr(llmux_error_message(err), "nowhere"));
    llmux_error_free(err);
    err = NULL;
    assert_string_equal(llmux_client_supported_embedding_params(c, "triton/x", NULL),
                        "encoding_format");
    assert_null(llmux_client_supported_params(c, "nowhere/x", &err));
    assert_non_null(err);
    llmux_error_free(err);
    llmux_client_free(c);
}

static void null_is_freed_without_harm(void **state)
{
    (void)state;
    llmux_client_free(NULL);
    llmux_request_free(NULL);
    llmux_reply_free(NULL);
    llmux_stream_free(NULL);
    llmux_call_free(NULL);
    llmux_error_free(NULL);
}

static void embeddings_are_vectors_of_floats(void **state)
{
    llmux_client *c = client_with(config);
    llmux_request *r = llmux_request_new("vectors");
    llmux_embeddings *e = NULL;
    llmux_error *err = NULL;
    size_t n = 99;

    (void)state;
    assert_int_equal(llmux_request_add_input(r, "a \"b\""), 0);
    assert_int_equal(llmux_request_add_input_json(r, "[1, 2]"), 0);
    assert_int_not_equal(llmux_request_add_input_json(r, "{"), 0);
    for (int base64 = 0; base64 < 2; base64++) {
        assert_int_equal(
            llmux_request_set_string(r, "encoding_format", base64 ? "base64" : "float"), 0);
        assert_int_equal(llmux_embedding(c, r, &e, &err), 0);
        assert_int_equal(llmux_embeddings_count(e), 2);
        for (size_t i = 0; i < 2; i++) {
            const float *v = llmux_embeddings_vector(e, i, &n);
            assert_int_equal(n, 3);
            assert_true(v[0] == 0.5f && v[1] == -1e-3f && v[2] == 0.1f);
        }
        assert_null(llmux_embeddings_vector(e, 2, &n));
        assert_int_equal(n, 0);
        assert_int_equal(llmux_embeddings_prompt_tokens(e), 10);
        assert_string_equal(llmux_embeddings_model(e), "vectors");
        assert_non_null(llmux_embeddings_json(e, &n));
        assert_non_null(memmem(llmux_embeddings_json(e, &n), n, base64 ? "AAAAP" : "-1e-3", 5));
        llmux_embeddings_free(e);
    }
    llmux_request_free(r);
    r = llmux_request_new_json("{\"model\":\"vectors\",\"input\":\"x\"}", 31, &err);
    assert_non_null(r);
    assert_int_equal(llmux_embedding(c, r, &e, NULL), 0);
    assert_int_equal(llmux_embeddings_count(e), 1);
    llmux_embeddings_free(e);
    llmux_request_free(r);
    r = ask("vectors");
    assert_int_not_equal(llmux_embedding(c, r, &e, &err), 0);
    assert_non_null(strstr(llmux_error_message(err), "input"));
    llmux_error_free(err);
    llmux_embeddings_free(NULL);
    llmux_request_free(r);
    llmux_client_free(c);
}

static void on_embedded(void *arg, llmux_embeddings *e, llmux_error *err)
{
    int *counts = arg;
    assert_true(!e != !err);
    counts[e ? 0 : 1]++;
    if (e)
        assert_int_equal(llmux_embeddings_count(e), 1);
    llmux_embeddings_free(e);
    llmux_error_free(err);
}

static void embeddings_are_made_many_at_once(void **state)
{
    llmux_client *c = client_with(config);
    llmux_request *r = llmux_request_new("vectors"), *empty = ask("vectors");
    llmux_request *nowhere = llmux_request_new("nowhere/x");
    llmux_error *err = NULL;
    int counts[2] = {0, 0};

    (void)state;
    assert_int_equal(llmux_request_add_input(r, "a"), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(llmux_embedding_start(c, r, on_embedded, counts, NULL), 0);
    assert_int_equal(llmux_embedding_start(c, empty, on_embedded, counts, NULL), 0);
    while (llmux_client_turn(c, 100))
        continue;
    assert_int_equal(counts[0], 8);
    assert_int_equal(counts[1], 1);
    assert_int_equal(llmux_request_add_input(nowhere, "a"), 0);
    assert_int_not_equal(llmux_embedding_start(c, nowhere, on_embedded, counts, &err), 0);
    llmux_error_free(err);
    llmux_request_free(r);
    llmux_request_free(empty);
    llmux_request_free(nowhere);
    llmux_client_free(c);
}

/* Groups of a configuration, ids, fallbacks, the state. */
static void a_configuration_routes(void **state)
{
    static const char routed[] =
        "model_list:\n"
        "  - model_name: down\n"
        "    litellm_params: {model: openai/x, mock_response: litellm.RateLimitError}\n"
        "  - model_name: up\n"
        "    litellm_params: {model: openai/y, mock_response: here}\n"
        "    model_info: {id: number-one}\n"
        "litellm_settings: {num_retries: 0}\n"
        "router_settings: {fallbacks: [{down: [number-one]}]}\n";
    llmux_client *c = client_with(routed);
    llmux_error *err = NULL;
    static const char *const names[] = {"down", "number-one"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        llmux_request *r = ask(names[i]);
        llmux_reply *reply = NULL;

        assert_int_equal(llmux_completion(c, r, &reply, &err), 0);
        assert_string_equal(llmux_reply_text(reply), "here");
        llmux_reply_free(reply);
        llmux_request_free(r);
    }
    const char *shown = llmux_client_router_state(c, &err);
    assert_non_null(shown);
    assert_non_null(strstr(shown, "\"model_group\":\"down\""));
    assert_non_null(strstr(shown, "\"number-one\""));
    assert_non_null(strstr(shown, "\"decisions\":[{"));
    assert_int_not_equal(llmux_client_load_config(c, "/dev/null", &err), 0);
    assert_non_null(strstr(llmux_error_message(err), "found nothing"));
    llmux_error_free(err);
    assert_non_null(llmux_client_deployments(c, "number-one", NULL)); /* as it was */
    llmux_client_free(c);
}

struct chooser {
    const char *wants;
    int asked, left, streams;
    int64_t weight, price, in_flight, none;
    char group[16], model[16], provider[16];
};

static int choose(void *arg, const llmux_choice *choice)
{
    struct chooser *c = arg;

    c->asked++;
    c->left = llmux_choice_count(choice);
    c->streams += llmux_choice_stream(choice);
    snprintf(c->group, sizeof(c->group), "%s", llmux_choice_group(choice));
    assert_null(llmux_choice_id(choice, c->left));
    assert_null(llmux_choice_model(choice, -1));
    c->none = llmux_choice_fact(choice, c->left, LLMUX_TOKENS);
    for (int i = 0; i < c->left; i++)
        if (strcmp(llmux_choice_id(choice, i), c->wants) == 0) {
            c->weight = llmux_choice_fact(choice, i, LLMUX_WEIGHT);
            c->price = llmux_choice_fact(choice, i, LLMUX_INPUT_NANO_USD);
            c->in_flight = llmux_choice_fact(choice, i, LLMUX_IN_FLIGHT);
            snprintf(c->model, sizeof(c->model), "%s", llmux_choice_model(choice, i));
            snprintf(c->provider, sizeof(c->provider), "%s", llmux_choice_provider(choice, i));
            return i;
        }
    return -1;
}

static const char *answer_of(llmux_client *c, char *room, size_t n)
{
    llmux_request *r = ask("m");
    llmux_reply *reply = NULL;

    assert_int_equal(llmux_completion(c, r, &reply, NULL), 0);
    snprintf(room, n, "%s", llmux_reply_text(reply));
    llmux_reply_free(reply);
    llmux_request_free(r);
    return room;
}

static void a_host_has_its_own_strategy(void **state)
{
    static const char three[] =
        "model_list:\n"
        "  - model_name: m\n"
        "    litellm_params: {model: openai/x, mock_response: one, weight: 1000000}\n"
        "    model_info: {id: one}\n"
        "  - model_name: m\n"
        "    litellm_params: {model: groq/y, mock_response: two, weight: 7,\n"
        "      input_cost_per_token: 0.000002, output_cost_per_token: 0}\n"
        "    model_info: {id: two}\n"
        "  - model_name: m\n"
        "    litellm_params: {model: openai/z, mock_response: three, weight: 1, order: 1}\n"
        "    model_info: {id: three, blocked: true}\n";
    llmux_client *c = client_with(three);
    struct chooser chooser = {.wants = "two", .in_flight = -1};
    char room[16];

    (void)state;
    llmux_client_set_strategy(c, choose, &chooser);
    assert_string_equal(answer_of(c, room, sizeof(room)), "two");
    assert_string_equal(answer_of(c, room, sizeof(room)), "two");
    assert_int_equal(chooser.asked, 2);
    assert_int_equal(chooser.left, 2); /* who is blocked is not among them */
    assert_int_equal(chooser.streams, 0);
    assert_string_equal(chooser.group, "m");
    assert_string_equal(chooser.provider, "groq");
    assert_string_equal(chooser.model, "y");
    assert_int_equal(chooser.weight, 7);
    assert_int_equal(chooser.price, 2000000000);
    assert_int_equal(chooser.in_flight, 0);
    assert_int_equal(chooser.none, -1);
    chooser.wants = "nobody"; /* by weight, then */
    assert_string_equal(answer_of(c, room, sizeof(room)), "one");
    assert_int_equal(chooser.asked, 3);
    llmux_client_set_strategy(c, NULL, NULL);
    assert_string_equal(answer_of(c, room, sizeof(room)), "one");
    assert_int_equal(chooser.asked, 3);
    llmux_client_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_routes),
        cmocka_unit_test(a_host_has_its_own_strategy),
        cmocka_unit_test(blocking_gives_text_finish_and_tokens),
        cmocka_unit_test(an_error_says_class_status_and_retryable),
        cmocka_unit_test(an_unknown_provider_is_named),
        cmocka_unit_test(a_stream_is_heard_and_its_reply_kept),
        cmocka_unit_test(a_stream_can_be_stopped),
        cmocka_unit_test(a_stream_can_be_pulled),
        cmocka_unit_test(many_run_at_once),
        cmocka_unit_test(requests_are_checked_as_they_are_built),
        cmocka_unit_test(steps_are_taken_by_hand),
        cmocka_unit_test(a_key_and_an_address_may_change),
        cmocka_unit_test(a_model_says_what_it_lacks_and_takes),
        cmocka_unit_test(embeddings_are_vectors_of_floats),
        cmocka_unit_test(embeddings_are_made_many_at_once),
        cmocka_unit_test(null_is_freed_without_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
