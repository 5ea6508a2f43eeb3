/*
 * change.c - a router that is changed while it is used: a question is asked by config.yaml, and
 * again after each change ("delete_deployments: [eu-1]", "router_settings: {num_retries: 5}", or
 * the name of a file with more).
 *
 *   cc change.c $(pkg-config --cflags --libs llmux) -o change
 *   ./change config.yaml gpt-4o "Why is the sky blue?" "delete_deployments: [eu-1]"
 */
#include <llmux/llmux.h>
#include <stdio.h>

static void ask(llmux_client *client, const char *model, const char *question)
{
    llmux_request *request = llmux_request_new(model);
    llmux_reply *reply = NULL;
    llmux_error *error = NULL;

    llmux_request_add_message(request, "user", question);
    if (llmux_completion(client, request, &reply, &error) == 0)
        printf("%s\n", llmux_reply_text(reply));
    else
        printf("%s (%d)\n", llmux_error_class(error), llmux_error_status(error));
    llmux_reply_free(reply);
    llmux_error_free(error);
    llmux_request_free(request);
}

/* All of a change is made, or nothing: after a wrong one the router goes on as before. */
static void change(llmux_client *client, const char *what)
{
    static char text[1 << 16];
    llmux_error *error = NULL;
    FILE *file = fopen(what, "r");

    if (file) {
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
    }
    if (llmux_client_change_config(client, file ? text : what, &error) != 0)
        fprintf(stderr, "not changed: %s\n", llmux_error_message(error));
    llmux_error_free(error);
}

int main(int argc, char **argv)
{
    llmux_client *client = llmux_client_new();
    llmux_error *error = NULL;

    if (argc < 4) {
        fprintf(stderr, "change CONFIG MODEL QUESTION CHANGE...\n");
        return 2;
    }
    if (llmux_client_load_config(client, argv[1], &error) != 0) {
        fprintf(stderr, "%s\n", llmux_error_message(error));
        llmux_error_free(error);
        llmux_client_free(client);
        return 1;
    }
    ask(client, argv[2], argv[3]);
    for (int i = 4; i < argc; i++) {
        change(client, argv[i]);
        ask(client, argv[2], argv[3]);
    }
    const char *groups = llmux_client_model_groups(client, NULL, &error);
    fprintf(stderr, "%s\n", groups ? groups : llmux_error_message(error));
    llmux_error_free(error);
    llmux_client_free(client);
    return 0;
}
