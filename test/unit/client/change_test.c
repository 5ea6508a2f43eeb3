/*
 * change_test.c - a client's configuration that is changed while it is used: deployments come and
 * go, what is under way goes on, and what the router knows stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <llmux/llmux.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A deployment that answers by itself. */
static const char *entry(const char *group, const char *id, const char *answer)
{
    static _Thread_local char room[512];

    snprintf(room, sizeof(room),
             "model_list: [{model_name: %s, litellm_params: {model: openai/x, mock_response: %s},"
             " model_info: {id: %s}}]",
             group, answer, id);
    return room;
}

static void change(llmux_client *c, const char *changes)
{
    llmux_error *err = NULL;

    if (llmux_client_change_config(c, changes, &err) != 0) {
        fprintf(stderr, "%s\n", llmux_error_message(err));
        abort(); /* also in threads, where no assertion of cmocka's may fail */
    }
}

static llmux_request *ask(const char *model)
{
    llmux_request *r = llmux_request_new(model);

    llmux_request_add_message(r, "user", "Hi");
    llmux_request_set_int(r, "num_retries", 0);
    return r;
}

/* What a model says, or the class of the error. */
static const char *answer(llmux_client *c, const char *model)
{
    static _Thread_local char room[256];
    llmux_request *r = ask(model);
    llmux_reply *reply = NULL;
    llmux_error *err = NULL;
    int code = llmux_completion(c, r, &reply, &err);

    snprintf(room, sizeof(room), "%s", code ? llmux_error_class(err) : llmux_reply_text(reply));
    llmux_reply_free(reply);
    llmux_error_free(err);
    llmux_request_free(r);
    return room;
}

static void deployments_come_change_and_go(void **state)
{
    llmux_client *c = llmux_client_new();
    llmux_error *err = NULL;

    (void)state;
    assert_string_equal(answer(c, "m"), "BadRequestError");
    change(c, entry("m", "a", "first"));
    assert_string_equal(answer(c, "m"), "first");
    change(c, entry("m", "a", "second"));
    assert_string_equal(answer(c, "m"), "second");
    change(c, entry("n", "b", "other"));
    assert_string_equal(answer(c, "m"), "second");
    assert_string_equal(answer(c, "b"), "other"); /* by its id */
    assert_non_null(strstr(llmux_client_deployments(c, NULL, NULL), "\"id\":\"b\""));
    assert_null(strstr(llmux_client_deployments(c, "a", NULL), "\"id\":\"b\""));
    assert_non_null(strstr(llmux_client_model_groups(c, "n", NULL), "\"model_group\":\"n\""));
    assert_null(strstr(llmux_client_model_groups(c, "n", NULL), "\"model_group\":\"m\""));
    change(c, "delete_deployments: [a]");
    assert_string_equal(answer(c, "m"), "BadRequestError");
    assert_string_equal(answer(c, "n"), "other");
    assert_null(llmux_client_deployments(c, "a", &err));
    assert_non_null(strstr(llmux_error_message(err), "there is no deployment with the id a"));
    llmux_error_free(err);
    assert_null(llmux_client_model_groups(c, "m", NULL));
    llmux_client_free(c);
}

static void what_is_wrong_changes_nothing(void **state)
{
    llmux_client *c = llmux_client_new();
    llmux_error *err = NULL;

    (void)state;
    change(c, entry("m", "a", "first"));
    assert_int_not_equal(llmux_client_change_config(c,
                                                    "delete_deployments: [a]\n"
                                                    "router_settings:\n"
                                                    "  num_retries: many\n",
                                                    &err),
                         0);
    assert_non_null(strstr(llmux_error_message(err), "changes:3: router_settings.num_retries"));
    llmux_error_free(err);
    assert_string_equal(answer(c, "m"), "first");
    assert_int_not_equal(llmux_client_change_config(c, "delete_deployments: [b]", NULL), 0);
    err = NULL;
    assert_int_not_equal(
        llmux_client_change_config(c, "delete_deployments: [a]\nrouter_setings: {}", &err), 0);
    assert_non_null(strstr(llmux_error_message(err), "changes:2: router_setings: unknown key"));
    llmux_error_free(err);
    assert_string_equal(answer(c, "m"), "first");
    llmux_client_free(c);
}

/* Cooling down, it stays so while others come and go, and until the router forgets. */
static void what_is_known_stays(void **state)
{
    static const char failing[] =
        "router_settings: {allowed_fails: 0, cooldown_time: 600}\n"
        "model_list:\n"
        "  - {model_name: m, litellm_params: {model: openai/x, api_key: k, weight: 1000,"
        " api_base: 'http://127.0.0.1:1/v1'}, model_info: {id: bad}}\n"
        "  - {model_name: m, litellm_params: {model: openai/x, weight: 1, mock_response: fine},"
        " model_info: {id: good}}\n";
    llmux_client *c = llmux_client_new();
    llmux_error *err = NULL;

    (void)state;
    change(c, failing);
    for (int i = 0; i < 200 && !strstr(llmux_client_router_state(c, NULL), "\"open\""); i++)
        answer(c, "m");
    assert_non_null(strstr(llmux_client_router_state(c, NULL), "\"open\""));
    change(c, entry("n", "other", "here"));
    assert_non_null(strstr(llmux_client_router_state(c, NULL), "\"open\""));
    for (int i = 0; i < 50; i++) {
        assert_string_equal(llmux_client_available_deployment(c, "m", NULL), "good");
        assert_string_equal(answer(c, "m"), "fine");
    }
    assert_null(llmux_client_available_deployment(c, "bad", &err));
    assert_non_null(strstr(llmux_error_message(err), "cools down"));
    assert_int_equal(llmux_error_status(err), 429);
    llmux_error_free(err);
    assert_int_equal(llmux_client_reset_router(c, NULL), 0);
    assert_null(strstr(llmux_client_router_state(c, NULL), "\"open\""));
    assert_string_equal(answer(c, "n"), "here");
    llmux_client_free(c);
}

static void calls_end_by_what_they_began_with(void **state)
{
    static const char there[] =
        "model_list: [{model_name: m, litellm_params: {model: openai/x, api_key: k, api_base: "
        "'http://first.test/v1'}, model_info: {id: a}}]";
    static const char reply[] = "{\"id\":\"1\",\"object\":\"chat.completion\",\"model\":\"x\","
                                "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                                "\"content\":\"old\"},\"finish_reason\":\"stop\"}]}";
    static const char *const names[] = {"content-type"}, *const values[] = {"application/json"};
    llmux_client *c = llmux_client_new();
    llmux_request *r = ask("m");
    llmux_call *call;
    size_t n;

    (void)state;
    change(c, there);
    call = llmux_call_new(c, r, NULL);
    assert_non_null(call);
    assert_int_equal(llmux_call_next(call), LLMUX_STEP_SEND);
    change(c, "delete_deployments: [a]");
    assert_int_equal(llmux_client_reset_router(c, NULL), 0);
    assert_string_equal(answer(c, "m"), "BadRequestError");
    assert_string_equal(llmux_call_url(call), "http://first.test/v1/chat/completions");
    llmux_call_feed_head(call, 200, names, values, 1);
    llmux_call_feed_body(call, reply, sizeof(reply) - 1);
    llmux_call_feed_end(call);
    assert_int_equal(llmux_call_next(call), LLMUX_STEP_EMIT);
    assert_int_equal(llmux_call_status(call), 200);
    assert_non_null(strstr(llmux_call_bytes(call, &n), "old"));
    llmux_call_free(call);
    llmux_request_free(r);
    llmux_client_free(c);
}

static int first_of_all(void *arg, const llmux_choice *choice)
{
    ++*(int *)arg;
    return llmux_choice_count(choice) ? 0 : -1;
}

/* What was set by hand, and models that were registered, are there after a change, too. */
static void what_was_set_by_hand_stays(void **state)
{
    llmux_client *c = llmux_client_new();
    int asked = 0;

    (void)state;
    assert_int_equal(llmux_client_register_models(c,
                                                  "{\"mine\": {\"litellm_provider\": \"openai\","
                                                  "\"mode\": \"chat\", \"max_tokens\": 77}}",
                                                  NULL),
                     0);
    llmux_client_set_strategy(c, first_of_all, &asked);
    change(c, entry("m", "a", "one"));
    change(c, entry("m", "b", "two"));
    assert_non_null(strstr(llmux_client_model_info(c, "mine", NULL), "\"max_tokens\":77"));
    assert_string_equal(answer(c, "m"), "one");
    assert_int_equal(asked, 1);
    llmux_client_free(c);
}

static void done(void *arg, llmux_reply *reply, llmux_error *err)
{
    change(arg, entry("m", "a", "changed"));
    llmux_reply_free(reply);
    llmux_error_free(err);
}

/* Also while requests of a silent_model are under way: they hold what they were begun by. */
static void a_callback_may_change_it(void **state)
{
    static const char mirrored[] =
        "model_list:\n"
        "  - {model_name: m, litellm_params: {model: openai/x, api_key: k, silent_model: n,"
        " api_base: 'http://127.0.0.1:1/v1'}, model_info: {id: a}}\n"
        "  - {model_name: n, litellm_params: {model: openai/x, mock_response: two}}\n";
    llmux_client *c = llmux_client_new();
    llmux_request *r = ask("m");

    (void)state;
    change(c, mirrored);
    for (int i = 0; i < 3; i++)
        assert_int_equal(llmux_completion_start(c, r, done, c, NULL), 0);
    while (llmux_client_turn(c, 100))
        continue;
    assert_string_equal(answer(c, "m"), "changed");
    assert_string_equal(answer(c, "n"), "two");
    llmux_request_free(r);
    llmux_client_free(c);
}

static void *change_and_ask(void *arg)
{
    llmux_client *c = llmux_client_new();
    char said[16];

    for (int i = 0; i < 50; i++) {
        snprintf(said, sizeof(said), "%d", i);
        change(c, entry("m", i % 2 ? "a" : "b", said));
        change(c, i % 2 ? "delete_deployments: [b]" : "delete_deployments: ['a*']");
        if (strcmp(answer(c, "m"), said) != 0)
            *(int *)arg = 1;
    }
    llmux_client_free(c);
    return NULL;
}

/* Each has its own: what they share must not be written to. */
static void clients_of_several_threads_change_theirs(void **state)
{
    pthread_t threads[4];
    int wrong[4] = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, change_and_ask, &wrong[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_callback_may_change_it),
        cmocka_unit_test(calls_end_by_what_they_began_with),
        cmocka_unit_test(clients_of_several_threads_change_theirs),
        cmocka_unit_test(deployments_come_change_and_go),
        cmocka_unit_test(what_is_known_stays),
        cmocka_unit_test(what_is_wrong_changes_nothing),
        cmocka_unit_test(what_was_set_by_hand_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
