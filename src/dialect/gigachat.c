/*
 * gigachat.c - GigaChat: OpenAI's chat as it was when tools were functions, with differences.
 *
 *   tools, tool_choice       functions, function_call: "auto", "none", {"name": ...}
 *   {"tool_calls": [a, b]}   one function_call a message, its arguments an object
 *   {"role": "tool"}         {"role": "function", "name": ..}, its content a string of JSON
 *   temperature 0            refused there; top_p 0 says the same
 *
 * Calls that were made together are told one after the other, each with its result. Replies are
 * read as OpenAI's with a function_call, which becomes a tool call.
 *
 * developers.sber.ru/docs/ru/gigachat/api/reference/rest/post-chat and guides/functions (2026);
 * LiteLLM gigachat/chat/transformation.py (1.106.2).
 */
#include "dialect/reshape.h"

struct writer {
    struct lx_reshape s;
    struct lx_json calls; /* of the last assistant's message */
    size_t told;          /* how many of them were written */
    bool spoke;           /* the text before them was written */
    struct lx_json text;
};

/* ---- Messages ------------------------------------------------------------------------------- */

static void write_content(struct writer *w, struct lx_json content)
{
    lx_reshape_text(&w->s, "content", content,
                    "GigaChat takes files that were uploaded to it only");
}

/* An assistant's message with one call; the text goes with the first. */
static void write_call(struct writer *w, struct lx_json call)
{
    struct lx_json function = LX_GET(call, "function"), none = {0};
    lx_out_object(&w->s.out, NULL);
    lx_out_lit(&w->s.out, "role", "assistant");
    write_content(w, w->spoke ? none : w->text);
    lx_out_object(&w->s.out, "function_call");
    lx_reshape_copy(&w->s.out, "name", LX_GET(function, "name"));
    lx_reshape_arguments(&w->s, "arguments", LX_GET(function, "arguments"));
    lx_out_object_end(&w->s.out);
    lx_out_object_end(&w->s.out);
    w->spoke = true;
}

/* The calls up to this one that nothing answered. */
static void tell_calls(struct writer *w, size_t end)
{
    for (; w->told < end; w->told++)
        write_call(w, lx_json_at(w->calls, w->told));
}

static struct lx_json call_of(struct writer *w, struct lx_json id)
{
    struct lx_slice wanted = lx_json_str(id, w->s.b->arena);
    for (size_t i = 0, n = lx_json_count(w->calls); i < n; i++) {
        struct lx_json call = lx_json_at(w->calls, i);
        if (!lx_json_eq(LX_GET(call, "id"), wanted))
            continue;
        tell_calls(w, i + 1);
        return call;
    }
    return (struct lx_json){0};
}

/* Of a result: what is JSON stays, anything else becomes a JSON string, in a string. */
static void write_result(struct writer *w, struct lx_json message)
{
    struct lx_json call = call_of(w, LX_GET(message, "tool_call_id"));
    struct lx_json content = LX_GET(message, "content");
    struct lx_slice text = lx_json_str(content, w->s.b->arena);
    bool is_json =
        lx_json_is(content, LX_JSON_STRING) && lx_reshape_type(&w->s, text) != LX_JSON_NONE;
    lx_out_object(&w->s.out, NULL);
    lx_out_lit(&w->s.out, "role", "function");
    lx_reshape_copy(&w->s.out, "name", LX_GET(LX_GET(call, "function"), "name"));
    if (is_json)
        lx_out_str(&w->s.out, "content", text);
    else
        lx_out_str(&w->s.out, "content", lx_json_raw(content));
    lx_out_object_end(&w->s.out);
}

static void write_message(struct writer *w, struct lx_json message, bool first)
{
    struct lx_json role = LX_GET(message, "role"), calls = LX_GET(message, "tool_calls");
    bool system = lx_json_eq(role, LX_S("system")) || lx_json_eq(role, LX_S("developer"));
    if (lx_json_eq(role, LX_S("tool"))) {
        write_result(w, message);
        return;
    }
    tell_calls(w, lx_json_count(w->calls));
    w->calls = calls;
    w->told = 0;
    w->text = LX_GET(message, "content");
    w->spoke = false;
    if (lx_json_count(calls))
        return;
    if (system && !first)
        lx_losses_add(w->s.b->losses, LX_S("messages.role"),
                      LX_S("GigaChat's first message alone is the system's: it is the user's"));
    lx_out_object(&w->s.out, NULL);
    if (system)
        lx_out_str(&w->s.out, "role", first ? LX_S("system") : LX_S("user"));
    else
        lx_reshape_copy(&w->s.out, "role", role);
    write_content(w, w->text);
    lx_out_object_end(&w->s.out);
}

static void write_messages(struct writer *w)
{
    bool first = true;
    lx_out_array(&w->s.out, "messages");
    for (struct lx_json_iter it = lx_json_iter(LX_GET(w->s.root, "messages")); lx_json_next(&it);) {
        write_message(w, it.value, first);
        first = false;
    }
    tell_calls(w, lx_json_count(w->calls));
    lx_out_array_end(&w->s.out);
}

/* ---- Functions ------------------------------------------------------------------------------ */

static void write_functions(struct writer *w)
{
    struct lx_json tools = LX_GET(w->s.root, "tools");
    if (!lx_json_count(tools))
        return;
    lx_out_array(&w->s.out, "functions");
    for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it);) {
        struct lx_json function = LX_GET(it.value, "function");
        if (!lx_json_is(function, LX_JSON_OBJECT)) {
            lx_reshape_refuse(&w->s, "tools", "GigaChat has functions only");
            continue;
        }
        lx_out_object(&w->s.out, NULL);
        lx_reshape_copy(&w->s.out, "name", LX_GET(function, "name"));
        lx_reshape_copy(&w->s.out, "description", LX_GET(function, "description"));
        struct lx_json parameters = LX_GET(function, "parameters");
        lx_out_raw(&w->s.out, "parameters",
                   lx_json_given(parameters) ? lx_json_raw(parameters)
                                             : LX_S("{\"type\":\"object\",\"properties\":{}}"));
        lx_out_object_end(&w->s.out);
    }
    lx_out_array_end(&w->s.out);
}

static void write_choice(struct writer *w)
{
    struct lx_json choice = LX_GET(w->s.root, "tool_choice");
    struct lx_json name = LX_GET(LX_GET(choice, "function"), "name");
    if (lx_json_is(name, LX_JSON_STRING)) {
        lx_out_object(&w->s.out, "function_call");
        lx_reshape_copy(&w->s.out, "name", name);
        lx_out_object_end(&w->s.out);
    } else if (lx_json_eq(choice, LX_S("required"))) {
        lx_losses_add(w->s.b->losses, LX_S("tool_choice"),
                      LX_S("GigaChat cannot be made to call any function, but one by name"));
        lx_out_lit(&w->s.out, "function_call", "auto");
    } else if (lx_json_is(choice, LX_JSON_STRING)) {
        lx_reshape_copy(&w->s.out, "function_call", choice);
    }
}

/* ---- The body ------------------------------------------------------------------------------- */

static void write_parameters(struct writer *w)
{
    static const char *const kept[] = {
        "top_p",           "repetition_penalty", "stream",           "profanity_check",
        "update_interval", "attachments",        "reasoning_effort", "user_info"};
    struct lx_json root = w->s.root;
    struct lx_json temperature = LX_GET(root, "temperature"), top_p = LX_GET(root, "top_p");
    if (!lx_slice_among(lx_json_raw(temperature), "|0|0.0|"))
        lx_reshape_copy(&w->s.out, "temperature", temperature);
    else if (!lx_json_given(top_p))
        lx_out_int(&w->s.out, "top_p", 0);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        lx_reshape_copy(&w->s.out, kept[i], lx_json_get(root, lx_slice_z(kept[i])));
    lx_reshape_copy(&w->s.out, "max_tokens", lx_reshape_limit(&w->s));
}

/* What would change the answer is refused where it says something. */
static void refuse_rest(struct writer *w)
{
    static const struct lx_reshape_alien aliens[] = {
        {"stop", "|[]|"},
        {"n", "|1|"},
        {"seed", NULL},
        {"logit_bias", "|{}|"},
        {"logprobs", "|false|"},
        {"top_logprobs", "|0|"},
        {"presence_penalty", "|0|0.0|"},
        {"frequency_penalty", "|0|0.0|"},
        {"response_format", "|{\"type\":\"text\"}|"},
        {NULL, NULL},
    };
    lx_reshape_refuse_aliens(&w->s, aliens, "GigaChat has no such parameter");
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct writer w = {.told = 0};
    if (lx_reshape_begin(&w.s, o, r, b)) {
        lx_out_str(&w.s.out, "model", o->model);
        write_messages(&w);
        write_functions(&w);
        write_choice(&w);
        write_parameters(&w);
        refuse_rest(&w);
    }
    lx_reshape_end(&w.s);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* "function_call" is OpenAI's word for what no client asked for here. */
static struct lx_slice own_finish(enum lx_finish finish, struct lx_slice raw)
{
    return finish == LX_FINISH_TOOL_CALLS ? (struct lx_slice){0} : raw;
}

/* What the cache gave stands beside the prompt, and is not billed (post-chat, usage). */
static void read_cached(struct lx_json usage, struct lx_usage *u)
{
    enum { MAX_COUNT = 1 << 30 };
    int64_t n;
    if (!u->known || lx_json_int(LX_GET(usage, "precached_prompt_tokens"), &n) || n <= 0 ||
        n > MAX_COUNT)
        return;
    u->has_billed = true;
    u->billed_prompt_tokens = u->prompt_tokens;
    u->billed_completion_tokens = u->completion_tokens;
    u->has_cached = true;
    u->cached_tokens = n;
    u->prompt_tokens += n;
    u->total_tokens += n;
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    int code = lx_openai_read_reply(body, c, a, out, err);
    if (code == 0)
        read_cached(LX_GET(lx_json_root(body), "usage"), &out->usage);
    for (struct lx_choice *choice = code ? NULL : out->choices; choice; choice = choice->next) {
        choice->legacy_function_call = c->legacy_functions;
        choice->raw_finish = own_finish(choice->finish, choice->raw_finish);
    }
    return code;
}

static int read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                      const struct lx_reply_context *c, struct lx_events *out, struct lx_error *err)
{
    size_t first = out->n;
    int code = lx_openai_read_event(state, rec, doc, c, out, err);
    for (size_t i = first; i < out->n; i++) {
        out->v[i].legacy_function_call = c->legacy_functions;
        out->v[i].raw_finish = own_finish(out->v[i].finish, out->v[i].raw_finish);
        if (out->v[i].kind == LX_EVENT_USAGE)
            read_cached(LX_GET(lx_json_root(doc), "usage"), &out->v[i].usage);
    }
    return code;
}

static const struct lx_back back = {
    LX_RESHAPED,
    .path = "/chat/completions",
    .write_request = write_request,
    .read_reply = read_reply,
    .read_event = read_event,
};

const struct lx_dialect lx_dialect_gigachat = {
    .name = "gigachat", .title = "GigaChat", .back = &back};
