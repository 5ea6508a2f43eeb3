/*
 * router.c - `llmux router`: what a running gateway's router knows, from its /router/state.
 */
#include <stdlib.h>

#include "cmd/command.h"
#include "net/fetch.h"

enum { STATE_MAX_BYTES = 256 << 20, CONNECT_MS = 5000, TOTAL_MS = 30000 };

/* What the gateway answers at that URL. */
static int ask(struct lx_slice url, const char *key, int *status, struct lx_buf *body,
               struct lx_error *err)
{
    const struct lx_net_options options = {.idle_ms = 0};
    struct lx_arena arena;
    struct lx_header_list headers;
    lx_arena_init(&arena, 1 << 20);
    lx_header_list_init(&headers, &arena);
    if (key)
        lx_header_list_set_secret(&headers, LX_S("authorization"),
                                  lx_arena_printf(&arena, "Bearer %s", key));
    const struct lx_net_request request = {.method = LX_S("GET"),
                                           .url = url,
                                           .headers = headers.headers,
                                           .connect_ms = CONNECT_MS,
                                           .total_ms = TOTAL_MS};
    int code = arena.failed ? lx_error_set(err, arena.failed, "out of memory")
                            : lx_net_fetch(&request, &options, status, body, err);
    lx_arena_clear(&arena);
    return code;
}

enum { URL, KEY, JSON };

static int print(const char *url, int http_status, struct lx_slice body, bool json)
{
    if (http_status != 200)
        return lx_cmd_fail("router", LX_EXIT_FAILED, "%s answers with status %d%s: %.*s", url,
                           http_status, http_status == 401 ? " (--key?)" : "",
                           LX_F(lx_slice_to(body, 500)));
    int status = lx_cmd_print(body);
    return status == LX_EXIT_OK && json ? lx_cmd_print(LX_S("\n")) : status;
}

static int run(const char *const *values, char *const *words, int word_count)
{
    const char *url = values[URL] ? values[URL] : "http://127.0.0.1:4000";
    const char *key = values[KEY] ? values[KEY] : getenv("LITELLM_MASTER_KEY");
    struct lx_buf at, body;
    struct lx_error err = {0};
    int http_status = 0, status;
    (void)words, (void)word_count;
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return lx_cmd_fail("router", LX_EXIT_USAGE, "--url: expected http://... or https://...");
    lx_buf_init(&body, STATE_MAX_BYTES);
    lx_buf_init(&at, 1 << 16);
    lx_buf_add(&at, lx_slice_z(url));
    while (at.n && at.p[at.n - 1] == '/')
        at.n--;
    lx_buf_addf(&at, "/router/state%s", values[JSON] ? "" : "?format=text");
    if (ask(lx_buf_slice(&at), key, &http_status, &body, &err) < 0)
        status = lx_cmd_fail("router", LX_EXIT_FAILED, "%s", err.text);
    else
        status = print(url, http_status, lx_buf_slice(&body), values[JSON] != NULL);
    lx_buf_clear(&at);
    lx_buf_clear(&body);
    return status;
}

static const struct lx_option options[] = {
    [URL] = {"url", 'u', "URL", "the gateway; default http://127.0.0.1:4000"},
    [KEY] = {"key", 'k', "KEY", "its master key; default: $LITELLM_MASTER_KEY"},
    [JSON] = {"json", 0, NULL, "as JSON, with everything that is known"},
    {0},
};

const struct lx_command lx_command_router = {
    .name = "router",
    .synopsis = "[--url URL] [--key KEY] [--json]",
    .summary = "Shows what a running gateway's router knows and decided lately",
    .details = "Of each deployment: whether it cools down and why, requests and tokens of this "
               "minute, what is\nknown of its speed, what was spent, why it was last passed over. "
               "Then the last decisions.",
    .options = options,
    .run = run,
};
