/*
 * blocking.c - one question, one answer.
 *
 *   cc blocking.c $(pkg-config --cflags --libs llmux) -o blocking
 *   OPENAI_API_KEY=... ./blocking openai/gpt-4o-mini "Why is the sky blue?"
 *
 * LLMUX_BASE_URL, when it is set, is used instead of OpenAI's address.
 */
#include <llmux/llmux.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    llmux_client *client = llmux_client_new();
    llmux_request *request = llmux_request_new(argc > 1 ? argv[1] : "openai/gpt-4o-mini");
    llmux_reply *reply = NULL;
    llmux_error *error = NULL;
    int code;

    if (getenv("LLMUX_BASE_URL"))
        llmux_client_set_base_url(client, "openai", getenv("LLMUX_BASE_URL"));
    llmux_request_add_message(request, "user", argc > 2 ? argv[2] : "Why is the sky blue?");
    llmux_request_set_int(request, "max_tokens", 300);

    code = llmux_completion(client, request, &reply, &error);
    if (code == 0) {
        printf("%s\n", llmux_reply_text(reply));
        fprintf(stderr, "(%s, %lld + %lld tokens)\n", llmux_reply_finish(reply),
                (long long)llmux_reply_prompt_tokens(reply),
                (long long)llmux_reply_completion_tokens(reply));
    } else {
        fprintf(stderr, "%s (%d%s): %s\n", llmux_error_class(error), llmux_error_status(error),
                llmux_error_retryable(error) ? ", may be retried" : "", llmux_error_message(error));
    }
    llmux_error_free(error);
    llmux_reply_free(reply);
    llmux_request_free(request);
    llmux_client_free(client);
    return code == 0 ? 0 : 1;
}
