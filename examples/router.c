/*
 * router.c - many deployments behind one name: a config.yaml of LiteLLM's, some questions at once,
 * and what the router has come to know.
 *
 *   cc router.c $(pkg-config --cflags --libs llmux) -o router
 *   ./router config.yaml gpt-4o "Why is the sky blue?" "Why is the sea?" "Why is snow white?"
 */
#include <llmux/llmux.h>
#include <stdio.h>

static void done(void *arg, llmux_reply *reply, llmux_error *error)
{
    const char *question = arg;

    if (reply)
        printf("%s\n  %s\n", question, llmux_reply_text(reply));
    else
        printf("%s\n  %s (%d)\n", question, llmux_error_class(error), llmux_error_status(error));
    llmux_reply_free(reply);
    llmux_error_free(error);
}

/* 0: it is under way. */
static int ask(llmux_client *client, const char *model, char *question)
{
    llmux_request *request = llmux_request_new(model);
    llmux_error *error = NULL;

    llmux_request_add_message(request, "user", question);
    llmux_request_set_int(request, "num_retries", 3); /* LiteLLM's settings of a request */
    llmux_request_set_json(request, "metadata", "{\"tags\": [\"default\"]}");
    int code = llmux_completion_start(client, request, done, question, &error);
    if (code != 0)
        fprintf(stderr, "%s\n", llmux_error_message(error));
    llmux_error_free(error);
    llmux_request_free(request);
    return code;
}

int main(int argc, char **argv)
{
    llmux_client *client = llmux_client_new();
    llmux_error *error = NULL;

    if (argc < 4) {
        fprintf(stderr, "router CONFIG MODEL QUESTION...\n");
        return 2;
    }
    if (llmux_client_load_config(client, argv[1], &error) != 0) {
        fprintf(stderr, "%s\n", llmux_error_message(error));
        llmux_error_free(error);
        llmux_client_free(client);
        return 1;
    }
    for (int i = 3; i < argc; i++)
        ask(client, argv[2], argv[i]);
    while (llmux_client_turn(client, -1) > 0)
        ;
    const char *state = llmux_client_router_state(client, &error);
    fprintf(stderr, "%s\n", state ? state : llmux_error_message(error));
    llmux_error_free(error);
    llmux_client_free(client);
    return 0;
}
