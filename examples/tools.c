/*
 * tools.c - a model that calls a function of ours: ask, run what it asks for, tell it, read on.
 *
 *   cc tools.c $(pkg-config --cflags --libs llmux) -o tools
 *   OPENAI_API_KEY=... ./tools openai/gpt-4o-mini "What is the weather in Paris?"
 */
#include <llmux/llmux.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS_MAX 5

static const char *run_tool(const char *name, const char *arguments)
{
    fprintf(stderr, "[%s %s]\n", name, arguments);
    return strcmp(name, "get_weather") == 0 ? "{\"celsius\": 21, \"sky\": \"clear\"}"
                                            : "{\"error\": \"no such tool\"}";
}

/* 1: the model has answered, 0: it wants to go on, -1: it failed. */
static int turn(llmux_client *client, llmux_request *request)
{
    llmux_reply *reply = NULL;
    llmux_error *error = NULL;
    size_t calls;

    if (llmux_completion(client, request, &reply, &error) != 0) {
        fprintf(stderr, "%s: %s\n", llmux_error_class(error), llmux_error_message(error));
        llmux_error_free(error);
        return -1;
    }
    calls = llmux_reply_tool_count(reply);
    if (calls == 0) {
        printf("%s\n", llmux_reply_text(reply));
    } else {
        llmux_request_add_reply(request, reply);
        for (size_t i = 0; i < calls; i++)
            llmux_request_add_tool_result(
                request, llmux_reply_tool_id(reply, i),
                run_tool(llmux_reply_tool_name(reply, i), llmux_reply_tool_arguments(reply, i)));
    }
    llmux_reply_free(reply);
    return calls == 0;
}

int main(int argc, char **argv)
{
    llmux_client *client = llmux_client_new();
    llmux_request *request = llmux_request_new(argc > 1 ? argv[1] : "openai/gpt-4o-mini");
    int done = 0;

    if (getenv("LLMUX_BASE_URL"))
        llmux_client_set_base_url(client, "openai", getenv("LLMUX_BASE_URL"));
    llmux_request_add_message(request, "user",
                              argc > 2 ? argv[2] : "What is the weather in Paris?");
    llmux_request_add_tool(request, "get_weather", "The weather in a city, now",
                           "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},"
                           "\"required\":[\"city\"]}");
    for (int i = 0; i < TURNS_MAX && done == 0; i++)
        done = turn(client, request);
    llmux_request_free(request);
    llmux_client_free(client);
    return done == 1 ? 0 : 1;
}
