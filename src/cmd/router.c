/*
 * router.c - `llmux router`: what a running gateway's router knows, from its /router/state.
 */
#include <stdlib.h>

#include "cmd/command.h"
#include "net/client.h"

enum { STATE_MAX_BYTES = 256 << 20, CONNECT_MS = 5000, TOTAL_MS = 30000 };

struct visit {
    struct lx_loop *loop;
    struct lx_buf body;
    int status, code; /* of HTTP; of ours */
    struct lx_error err;
    bool over;
};

static void on_head(void *owner, int status, const struct lx_headers *headers)
{
    struct visit *v = owner;
    (void)headers;
    v->status = status;
}

static void on_body(void *owner, struct lx_slice piece)
{
    struct visit *v = owner;
    lx_buf_add(&v->body, piece);
}

static void on_end(void *owner)
{
    struct visit *v = owner;
    v->over = true;
}

static void on_fail(void *owner, int code, const struct lx_error *err)
{
    struct visit *v = owner;
    v->code = code;
    v->err = *err;
    v->over = true;
}

static const struct lx_net_events events = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end, .on_fail = on_fail};

/* url: of the resource; the answer is in the visit. */
static void visit(struct visit *v, struct lx_slice url, const char *key)
{
    const struct lx_net_options options = {.idle_ms = 0};
    struct lx_net *net = v->loop ? lx_net_new(v->loop, &options, &v->err) : NULL;
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
    if (!net || arena.failed || !lx_net_send(net, &request, &events, v)) {
        v->code = LX_ENOMEM;
        v->over = true;
    }
    while (!v->over)
        lx_loop_turn(v->loop, -1);
    lx_net_free(net);
    lx_arena_clear(&arena);
}

enum { URL, KEY, JSON };

static int print(const struct visit *v, const char *url, bool json)
{
    if (v->code)
        return lx_cmd_fail("router", LX_EXIT_FAILED, "%s",
                           v->err.text[0] ? v->err.text : "out of memory");
    if (v->body.failed)
        return lx_cmd_fail("router", LX_EXIT_FAILED, "%s tells more than can be held", url);
    if (v->status != 200)
        return lx_cmd_fail("router", LX_EXIT_FAILED, "%s answers with status %d%s: %.*s", url,
                           v->status, v->status == 401 ? " (--key?)" : "",
                           LX_F(lx_slice_to(lx_buf_slice(&v->body), 500)));
    int status = lx_cmd_print(lx_buf_slice(&v->body));
    return status == LX_EXIT_OK && json ? lx_cmd_print(LX_S("\n")) : status;
}

static int run(const char *const *values, char *const *words, int word_count)
{
    const char *url = values[URL] ? values[URL] : "http://127.0.0.1:4000";
    const char *key = values[KEY] ? values[KEY] : getenv("LITELLM_MASTER_KEY");
    struct visit v = {.loop = NULL};
    struct lx_buf at;
    (void)words, (void)word_count;
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return lx_cmd_fail("router", LX_EXIT_USAGE, "--url: expected http://... or https://...");
    v.loop = lx_loop_new();
    lx_buf_init(&v.body, STATE_MAX_BYTES);
    lx_buf_init(&at, 1 << 16);
    lx_buf_add(&at, lx_slice_z(url));
    while (at.n && at.p[at.n - 1] == '/')
        at.n--;
    lx_buf_addf(&at, "/router/state%s", values[JSON] ? "" : "?format=text");
    visit(&v, lx_buf_slice(&at), key);
    int status = print(&v, url, values[JSON] != NULL);
    lx_buf_clear(&at);
    lx_buf_clear(&v.body);
    lx_loop_free(v.loop);
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
