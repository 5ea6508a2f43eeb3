/*
 * streaming.c - an answer as it comes, in both ways: pulled, then by callback.
 *
 *   cc streaming.c $(pkg-config --cflags --libs llmux) -o streaming
 *   OPENAI_API_KEY=... ./streaming openai/gpt-4o-mini "Count to ten."
 */
#include <llmux/llmux.h>
#include <stdio.h>
#include <stdlib.h>

static int complain(llmux_error *error)
{
    fprintf(stderr, "%s: %s\n", llmux_error_class(error), llmux_error_message(error));
    llmux_error_free(error);
    return 1;
}

static int pull(llmux_client *client, const llmux_request *request)
{
    llmux_error *error = NULL;
    llmux_stream *stream = llmux_stream_open(client, request, &error);
    const llmux_event *event;
    int more;

    if (!stream)
        return complain(error);
    while ((more = llmux_stream_next(stream, &event, &error)) > 0)
        if (llmux_event_get_kind(event) == LLMUX_EVENT_TEXT)
            fputs(llmux_event_text(event, NULL), stdout);
    putchar('\n');
    llmux_stream_free(stream);
    return more < 0 ? complain(error) : 0;
}

/* Returning something else than 0 would stop the stream, and the provider's work. */
static int on_event(void *arg, const llmux_event *event)
{
    size_t *bytes = arg, n;

    if (llmux_event_get_kind(event) == LLMUX_EVENT_TEXT) {
        fputs(llmux_event_text(event, &n), stdout);
        *bytes += n;
    }
    return 0;
}

static int be_called(llmux_client *client, const llmux_request *request)
{
    llmux_error *error = NULL;
    size_t bytes = 0;

    if (llmux_completion_stream(client, request, on_event, &bytes, NULL, &error) != 0)
        return complain(error);
    printf("\n(%zu bytes)\n", bytes);
    return 0;
}

int main(int argc, char **argv)
{
    llmux_client *client = llmux_client_new();
    llmux_request *request = llmux_request_new(argc > 1 ? argv[1] : "openai/gpt-4o-mini");
    int failed;

    if (getenv("LLMUX_BASE_URL"))
        llmux_client_set_base_url(client, "openai", getenv("LLMUX_BASE_URL"));
    llmux_request_add_message(request, "user", argc > 2 ? argv[2] : "Count to ten.");
    failed = pull(client, request) || be_called(client, request);
    llmux_request_free(request);
    llmux_client_free(client);
    return failed;
}
