/*
 * chat.c - `llmux chat`: one question to a model, the answer as it comes.
 *
 * Written on the public library alone, as a user of llmux.h would.
 */
#include <llmux/llmux.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/command.h"

#define PROMPT_MAX (64u << 20)

enum { MODEL, SYSTEM, CONFIG, JSON, NO_STREAM, MAX_TOKENS, BASE_URL, REASONING };

static const struct lx_option options[] = {
    [MODEL] = {"model", 'm', "MODEL", "PROVIDER/MODEL, or a name from --config"},
    [SYSTEM] = {"system", 's', "TEXT", "the system message"},
    [CONFIG] = {"config", 'c', "FILE", "LiteLLM's config.yaml"},
    [JSON] = {"json", 0, NULL, "print the whole reply as JSON instead of its text"},
    [NO_STREAM] = {"no-stream", 0, NULL, "print the answer when it is complete"},
    [MAX_TOKENS] = {"max-tokens", 0, "N", "limit of the answer"},
    [BASE_URL] = {"base-url", 0, "URL", "instead of the provider's address"},
    [REASONING] = {"reasoning", 0, NULL, "show the reasoning too, on stderr"},
    {0},
};

struct session {
    llmux_client *client;
    llmux_request *request;
    bool reasoning, ended_line;
};

static int print_piece(const char *p, size_t n)
{
    return lx_cmd_print(lx_slice(p, n));
}

/* Stops the stream when nobody reads it any more. */
static int on_event(void *arg, const llmux_event *e)
{
    struct session *s = arg;
    size_t n;
    const char *text = llmux_event_text(e, &n);

    switch (llmux_event_get_kind(e)) {
    case LLMUX_EVENT_TEXT:
        if (n)
            s->ended_line = text[n - 1] == '\n';
        return print_piece(text, n);
    case LLMUX_EVENT_REASONING:
        if (s->reasoning)
            fwrite(text, 1, n, stderr);
        return 0;
    case LLMUX_EVENT_TOOL_CALL:
        fprintf(stderr, "[calls %s]\n", llmux_event_tool_name(e));
        return 0;
    default:
        return 0;
    }
}

/* The words of the command line; and stdin, when it is no terminal or there are no words. */
static int read_prompt(char *const *words, int word_count, struct lx_buf *prompt)
{
    int code = 0;

    for (int i = 0; i < word_count; i++)
        lx_buf_addf(prompt, "%s%s", i ? " " : "", words[i]);
    if (word_count == 0 || !isatty(STDIN_FILENO)) {
        if (word_count)
            lx_buf_add_lit(prompt, "\n\n");
        code = lx_cmd_read_all(STDIN_FILENO, prompt);
    }
    while (prompt->n && (prompt->p[prompt->n - 1] == '\n' || prompt->p[prompt->n - 1] == ' '))
        prompt->n--;
    lx_buf_add_byte(prompt, '\0');
    return code ? code : prompt->failed;
}

static int fail(llmux_error *err)
{
    int status;

    if (!err)
        return lx_cmd_fail("chat", LX_EXIT_FAILED, "out of memory");
    status = lx_cmd_fail("chat", LX_EXIT_FAILED, "%s%s%s (%d)", llmux_error_class(err),
                         llmux_error_message(err)[0] ? ": " : "", llmux_error_message(err),
                         llmux_error_status(err));
    llmux_error_free(err);
    return status;
}

static int ask(struct session *s, bool json, bool stream)
{
    llmux_error *err = NULL;
    llmux_reply *reply = NULL;
    const char *text;
    size_t n;
    int code, status = LX_EXIT_OK;

    if (json || !stream)
        code = llmux_completion(s->client, s->request, &reply, &err);
    else
        code = llmux_completion_stream(s->client, s->request, on_event, s, NULL, &err);
    if (code != 0)
        return fail(err);
    if (json) {
        text = llmux_reply_json(reply, &n);
        status = print_piece(text, n) || print_piece("\n", 1);
    } else if (!stream) {
        text = llmux_reply_text(reply);
        status = print_piece(text, strlen(text)) || print_piece("\n", 1);
    } else if (!s->ended_line) {
        status = print_piece("\n", 1);
    }
    llmux_reply_free(reply);
    return status;
}

static int set_base_url(struct session *s, const char *model, const char *url)
{
    struct lx_slice provider, rest;
    char name[64];

    if (!lx_slice_cut(lx_slice_z(model), '/', &provider, &rest))
        provider = LX_S("openai");
    if (provider.n >= sizeof(name))
        return -1;
    memcpy(name, provider.p, provider.n);
    name[provider.n] = '\0';
    return llmux_client_set_base_url(s->client, name, url);
}

static int run(const char *const *values, char *const *words, int word_count)
{
    struct session s = {.reasoning = values[REASONING] != NULL, .ended_line = false};
    struct lx_buf prompt;
    llmux_error *err = NULL;
    long max_tokens = 0;
    int status = LX_EXIT_FAILED, code;

    if (!values[MODEL])
        return lx_cmd_fail("chat", LX_EXIT_USAGE, "--model MODEL is needed");
    if (values[MAX_TOKENS] &&
        !lx_cmd_number("chat", "max-tokens", values[MAX_TOKENS], 1, 1 << 30, &max_tokens))
        return LX_EXIT_USAGE;
    lx_buf_init(&prompt, PROMPT_MAX);
    s.client = llmux_client_new();
    s.request = llmux_request_new(values[MODEL]);
    code = s.client && s.request ? read_prompt(words, word_count, &prompt) : -1;
    if (code == 0 && values[SYSTEM])
        code = llmux_request_add_message(s.request, "system", values[SYSTEM]);
    if (code == 0)
        code = llmux_request_add_message(s.request, "user", prompt.p);
    if (code == 0 && max_tokens)
        code = llmux_request_set_int(s.request, "max_tokens", max_tokens);
    if (code == 0 && values[BASE_URL])
        code = set_base_url(&s, values[MODEL], values[BASE_URL]);
    if (code == 0 && values[CONFIG])
        code = llmux_client_load_config(s.client, values[CONFIG], &err);
    status = code == 0 ? ask(&s, values[JSON], !values[NO_STREAM]) : fail(err);
    llmux_request_free(s.request);
    llmux_client_free(s.client);
    lx_buf_clear(&prompt);
    return status;
}

const struct lx_command lx_command_chat = {
    .name = "chat",
    .synopsis = "-m MODEL [PROMPT]",
    .summary = "Asks a model and prints its answer",
    .details = "The prompt is the words given, and what stands on stdin when that is no terminal.",
    .options = options,
    .max_words = -1,
    .run = run,
};
