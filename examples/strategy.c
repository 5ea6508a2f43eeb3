/*
 * strategy.c - a routing strategy of one's own: of a group's deployments that may be asked, the
 * first whose id begins with a prefix and that has less than two requests under way, else whoever
 * has the fewest.
 *
 *   cc strategy.c $(pkg-config --cflags --libs llmux) -o strategy
 *   ./strategy config.yaml gpt-4o eu- "Why is the sky blue?" "Why is the sea?" "Why is snow white?"
 */
#include <llmux/llmux.h>
#include <stdio.h>
#include <string.h>

static int choose(void *arg, const llmux_choice *choice)
{
    const char *prefix = arg;
    int best = 0;

    for (int i = 0; i < llmux_choice_count(choice); i++) {
        int64_t n = llmux_choice_fact(choice, i, LLMUX_IN_FLIGHT);

        if (strncmp(llmux_choice_id(choice, i), prefix, strlen(prefix)) == 0 && n < 2)
            return i;
        if (n < llmux_choice_fact(choice, best, LLMUX_IN_FLIGHT))
            best = i;
    }
    return best;
}

static void done(void *arg, llmux_reply *reply, llmux_error *error)
{
    printf("%s: %s\n", (char *)arg, reply ? llmux_reply_text(reply) : llmux_error_message(error));
    llmux_reply_free(reply);
    llmux_error_free(error);
}

int main(int argc, char **argv)
{
    llmux_client *client = llmux_client_new();
    llmux_error *error = NULL;

    if (argc < 5) {
        fprintf(stderr, "strategy CONFIG MODEL PREFIX QUESTION...\n");
        return 2;
    }
    if (llmux_client_load_config(client, argv[1], &error) != 0) {
        fprintf(stderr, "%s\n", llmux_error_message(error));
        llmux_error_free(error);
        llmux_client_free(client);
        return 1;
    }
    llmux_client_set_strategy(client, choose, argv[3]);
    for (int i = 4; i < argc; i++) {
        llmux_request *request = llmux_request_new(argv[2]);

        llmux_request_add_message(request, "user", argv[i]);
        if (llmux_completion_start(client, request, done, argv[i], &error) != 0)
            fprintf(stderr, "%s\n", llmux_error_message(error));
        llmux_error_free(error);
        error = NULL;
        llmux_request_free(request);
    }
    while (llmux_client_turn(client, -1) > 0)
        ;
    llmux_client_free(client);
    return 0;
}
