/*
 * chat.c - counts a chat request by the rules of LiteLLM's token_counter.
 *
 * litellm/litellm_core_utils/token_counter.py 1.106 is the model, clause by clause; test/tokens has
 * 200 requests with what it says of them. Two things differ on purpose: there the text is cut every
 * 1,024 characters, and beyond 4 million only sampled, because its encoder is slow; here it is
 * counted as it stands.
 */
#include "tokens/chat.h"

enum { DEPTH_MAX = 16, TEXT_MAX = 1 << 30 };

struct counter {
    struct lx_tokenizer *t;
    const struct lx_encoding *e;
    const struct lx_token_rule *rule;
    struct lx_arena arena;
    struct lx_buf text;
    int64_t count;
    struct lx_error *err;
};

static int refuse(struct counter *c, const char *what)
{
    if (c->rule->lenient)
        return 0;
    return lx_error_set(c->err, LX_EINVAL, "%s", what);
}

static int add_text(struct counter *c, struct lx_slice s)
{
    size_t n;
    int code =
        c->arena.failed ? c->arena.failed : lx_tokens_count(c->t, c->e, s, LX_TOKENS_FRAME, &n);

    if (code == 0)
        c->count += (int64_t)n;
    return code;
}

/* str(v), None included. */
static int add_str(struct counter *c, struct lx_json v)
{
    if (lx_json_is(v, LX_JSON_STRING))
        return add_text(c, lx_json_str(v, &c->arena));
    lx_buf_reset(&c->text);
    lx_python_str(v, &c->arena, &c->text);
    return c->text.failed ? c->text.failed : add_text(c, lx_buf_slice(&c->text));
}

static bool is_empty(struct lx_json v)
{
    return lx_json_is(v, LX_JSON_STRING) && lx_text_is_empty(lx_json_text(v));
}

/* ---- Images and documents ---- */

static int add_image(struct counter *c, struct lx_slice url, struct lx_slice detail)
{
    size_t n = 0;
    int code = c->arena.failed ? c->arena.failed : lx_image_tokens(url, detail, &n, c->err);

    if (code == LX_EINVAL && c->rule->lenient)
        code = 0; /* an image of no known size */
    if (code == 0)
        c->count += (int64_t)n;
    return code;
}

static int add_image_url(struct counter *c, struct lx_json v)
{
    struct lx_json detail = LX_GET(v, "detail");
    struct lx_slice url;

    if (!lx_json_is(v, LX_JSON_OBJECT)) {
        url = lx_slice_trim(lx_json_str(v, &c->arena));
        return url.n ? add_image(c, url, LX_S("auto"))
                     : refuse(c, "image_url: expected a URL, or an object with one");
    }
    url = lx_json_str(LX_GET(v, "url"), &c->arena);
    if (url.n == 0)
        return refuse(c, "image_url: there is no url in it");
    return add_image(c, url, detail.doc ? lx_json_str(detail, &c->arena) : LX_S("auto"));
}

static int add_content(struct counter *c, struct lx_json list, int depth);

/* A document costs its text; one that is not text costs one image. */
static int add_document(struct counter *c, struct lx_json v, int depth)
{
    static const struct lx_slice titles[] = {LX_S_INIT("title"), LX_S_INIT("context")};
    struct lx_json source = LX_GET(v, "source"), content = LX_GET(source, "content");
    int code = 0;

    for (int i = 0; code == 0 && i < 2; i++) {
        struct lx_json title = lx_json_get(v, titles[i]);

        if (lx_json_given(title) && !is_empty(title))
            code = add_str(c, title);
    }
    if (code != 0)
        return code;
    if (lx_json_eq(LX_GET(source, "type"), LX_S("text")))
        return add_str(c, LX_GET(source, "data"));
    if (!lx_json_eq(LX_GET(source, "type"), LX_S("content")))
        return add_image(c, LX_S(""), LX_S("auto"));
    return lx_json_is(content, LX_JSON_STRING) ? add_str(c, content)
                                               : add_content(c, content, depth);
}

static int add_file(struct counter *c, struct lx_json file)
{
    struct lx_json name = LX_GET(file, "filename"), data = LX_GET(file, "file_data");
    int code = 0;

    if (lx_json_is(name, LX_JSON_STRING))
        code = add_str(c, name);
    if (code == 0 && lx_json_is(data, LX_JSON_STRING) && !is_empty(data))
        code = add_image(c, LX_S(""), LX_S("auto"));
    return code;
}

/* ---- Content blocks, of OpenAI's and of Anthropic's ---- */

static int add_field(struct counter *c, struct lx_json v, int depth)
{
    switch (lx_json_type(v)) {
    case LX_JSON_STRING:
    case LX_JSON_OBJECT:
        return add_str(c, v);
    case LX_JSON_ARRAY:
        return add_content(c, v, depth);
    default:
        return 0;
    }
}

static int add_tool_use(struct counter *c, struct lx_json v, int depth)
{
    int code = add_field(c, LX_GET(v, "name"), depth);

    if (code == 0)
        code = add_field(c, LX_GET(v, "input"), depth);
    return code == 0 ? add_field(c, LX_GET(v, "caller"), depth) : code;
}

static int add_block(struct counter *c, struct lx_json v, int depth)
{
    struct lx_json type = LX_GET(v, "type");

    if (lx_json_is(v, LX_JSON_STRING))
        return add_str(c, v);
    if (lx_json_eq(type, LX_S("text"))) {
        struct lx_json text = LX_GET(v, "text");

        return text.doc ? add_str(c, text) : 0;
    }
    if (lx_json_eq(type, LX_S("image_url")))
        return add_image_url(c, LX_GET(v, "image_url"));
    if (lx_json_eq(type, LX_S("image")))
        return add_image(c, LX_S(""), LX_S("auto"));
    if (lx_json_eq(type, LX_S("document")))
        return add_document(c, v, depth);
    if (lx_json_eq(type, LX_S("file")))
        return add_file(c, LX_GET(v, "file"));
    if (lx_json_eq(type, LX_S("tool_use")))
        return add_tool_use(c, v, depth);
    if (lx_json_eq(type, LX_S("tool_result")))
        return LX_GET(v, "tool_use_id").doc ? add_field(c, LX_GET(v, "content"), depth)
                                            : refuse(c, "tool_result: there is no tool_use_id");
    if (lx_json_eq(type, LX_S("thinking")) || lx_json_eq(type, LX_S("redacted_thinking"))) {
        struct lx_json text = LX_GET(v, "thinking");

        return text.doc ? add_str(c, text) : 0; /* signatures and sealed data are not counted */
    }
    if (lx_json_eq(type, LX_S("tool_reference"))) {
        struct lx_json name = LX_GET(v, "tool_name");

        return lx_json_given(name) ? add_str(c, name) : 0;
    }
    return refuse(c, "content: a block of an unknown type");
}

static int add_content(struct counter *c, struct lx_json list, int depth)
{
    struct lx_json_iter it = lx_json_iter(list);
    int code = 0;

    if (depth == DEPTH_MAX)
        return LX_EDEPTH;
    while (code == 0 && lx_json_next(&it))
        code = add_block(c, it.value, depth + 1);
    return code;
}

/* ---- Messages ---- */

static int add_calls(struct counter *c, struct lx_json calls)
{
    struct lx_json_iter it = lx_json_iter(calls);
    int code = lx_json_is(calls, LX_JSON_ARRAY) ? 0 : refuse(c, "tool_calls: expected a list");

    while (code == 0 && lx_json_next(&it)) {
        struct lx_json function = LX_GET(it.value, "function");
        struct lx_json arguments = LX_GET(function, "arguments");

        if (!lx_json_is(function, LX_JSON_OBJECT))
            code = refuse(c, "tool_calls: there is no function in one");
        else if (arguments.doc)
            code = add_str(c, arguments);
    }
    return code;
}

/* Everything a search found: sources, titles, texts and citations, as one text. */
static int add_search_results(struct counter *c, struct lx_json list)
{
    struct lx_json_iter it = lx_json_iter(list);

    lx_buf_reset(&c->text);
    while (lx_json_next(&it)) {
        struct lx_json_iter blocks = lx_json_iter(LX_GET(it.value, "content"));
        struct lx_json citations = LX_GET(it.value, "citations");

        lx_buf_add(&c->text, lx_json_str(LX_GET(it.value, "source"), &c->arena));
        lx_buf_add(&c->text, lx_json_str(LX_GET(it.value, "title"), &c->arena));
        while (lx_json_next(&blocks))
            lx_buf_add(&c->text, lx_json_str(LX_GET(blocks.value, "text"), &c->arena));
        if (lx_json_given(citations))
            lx_buf_add(&c->text, lx_json_raw(citations));
    }
    return c->text.failed ? c->text.failed : add_text(c, lx_buf_slice(&c->text));
}

static int add_member(struct counter *c, struct lx_json name, struct lx_json v)
{
    int code;

    if (!lx_json_given(v))
        return 0;
    if (lx_json_eq(name, LX_S("tool_calls")))
        return add_calls(c, v);
    if (lx_json_eq(name, LX_S("function_call"))) {
        struct lx_json arguments = LX_GET(v, "arguments");

        return arguments.doc ? add_str(c, arguments) : 0;
    }
    if (lx_json_is(v, LX_JSON_STRING)) {
        code = add_str(c, v);
        if (lx_json_eq(name, LX_S("name")))
            c->count += c->rule->per_name;
        return code;
    }
    if (lx_json_is(v, LX_JSON_ARRAY) && lx_json_eq(name, LX_S("content")))
        return add_content(c, v, 0);
    if (lx_json_is(v, LX_JSON_ARRAY) && lx_json_eq(name, LX_S("search_results")))
        return add_search_results(c, v);
    return 0;
}

static int add_messages(struct counter *c, struct lx_json list, bool *system)
{
    struct lx_json_iter it = lx_json_iter(list);
    int code = 0;

    *system = false;
    while (code == 0 && lx_json_next(&it)) {
        struct lx_json_iter members = lx_json_iter(it.value);

        if (!lx_json_is(it.value, LX_JSON_OBJECT))
            return refuse(c, "messages: expected objects");
        *system |= lx_json_eq(LX_GET(it.value, "role"), LX_S("system"));
        c->count += c->rule->per_message;
        while (code == 0 && lx_json_next(&members))
            code = add_member(c, members.name, members.value);
    }
    return code;
}

/* ---- Tools ---- */

static int add_tools(struct counter *c, struct lx_json tools, struct lx_json choice, bool system)
{
    int code = 0;

    if (lx_json_count(tools)) {
        lx_buf_reset(&c->text);
        code = lx_tools_write(tools, &c->arena, &c->text, c->err);
        if (code == LX_EINVAL && c->rule->lenient)
            code = 0; /* as far as they could be read */
        if (code == 0)
            code = c->text.failed ? c->text.failed : add_text(c, lx_buf_slice(&c->text));
        c->count += system ? 9 - 4 : 9;
    }
    if (code != 0)
        return code;
    if (lx_json_eq(choice, LX_S("none"))) {
        c->count += 1;
    } else if (lx_json_is(choice, LX_JSON_OBJECT)) {
        struct lx_json name = LX_GET(LX_GET(choice, "function"), "name");

        if (!name.doc)
            return refuse(c, "tool_choice: there is no function with a name in it");
        c->count += 7;
        code = add_str(c, name);
    }
    return code;
}

int lx_tokens_count_chat(struct lx_tokenizer *t, const struct lx_encoding *e,
                         const struct lx_token_rule *rule, struct lx_json request, size_t *count,
                         struct lx_error *err)
{
    struct counter c = {.t = t, .e = e, .rule = rule, .err = err};
    struct lx_json messages = LX_GET(request, "messages");
    bool system;
    int code;

    if (!lx_json_is(messages, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EINVAL, "messages: expected a list");
    lx_arena_init(&c.arena, TEXT_MAX);
    lx_buf_init(&c.text, TEXT_MAX);
    code = add_messages(&c, messages, &system);
    if (code == 0)
        code = add_tools(&c, LX_GET(request, "tools"), LX_GET(request, "tool_choice"), system);
    c.count += 3; /* the reply is begun for the model */
    if (code == 0 && c.arena.failed)
        code = c.arena.failed;
    if (code == 0)
        *count = c.count > 0 ? (size_t)c.count : 0;
    lx_buf_clear(&c.text);
    lx_arena_clear(&c.arena);
    return code;
}
