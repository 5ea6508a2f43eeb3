/*
 * openai_chat_request.c - reads a request body into a request.
 *
 * The front calls it. Members that the vocabulary names are understood, with the spellings that
 * clients of LiteLLM and of OpenAI-compatible servers use; every other member rides along. Values
 * are not judged: a temperature of 9 is the provider's to refuse.
 */
#include "dialect/openai_chat.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int fail(struct lx_error *err, const char *what, const char *expected)
{
    return lx_error_set(err, LX_EINVAL, "%s: expected %s", what, expected);
}

/* ---- Tools -------------------------------------------------------------------------------- */

/* Anthropic's own tools end in a date ("bash_20250124"); LiteLLM's clients send them here too. */
static bool is_dated(struct lx_slice type)
{
    if (type.n < 10 || type.p[type.n - 9] != '_')
        return false;
    for (size_t i = type.n - 8; i < type.n; i++)
        if (type.p[i] < '0' || type.p[i] > '9')
            return false;
    return true;
}

/* {"name","description","parameters","strict"}: in `function`, in `functions`, or flat. */
static void read_function(struct lx_tool *t, struct lx_json function)
{
    struct lx_json parameters = LX_GET(function, "parameters");
    if (!lx_json_given(parameters))
        parameters = LX_GET(function, "input_schema");
    t->name = lx_json_text(LX_GET(function, "name"));
    t->description = lx_json_text(LX_GET(function, "description"));
    if (lx_json_given(parameters))
        t->parameters = lx_json_raw(parameters);
    t->strict = lx_tristate_read(LX_GET(function, "strict"));
}

static const struct lx_slice function_members[] = {
    LX_S_INIT("type"),          LX_S_INIT("name"),         LX_S_INIT("description"),
    LX_S_INIT("parameters"),    LX_S_INIT("input_schema"), LX_S_INIT("strict"),
    LX_S_INIT("cache_control"),
};

static void read_custom(struct lx_tool *t, struct lx_json custom)
{
    struct lx_json format = LX_GET(custom, "format");
    t->custom = true;
    t->name = lx_json_text(LX_GET(custom, "name"));
    t->description = lx_json_text(LX_GET(custom, "description"));
    if (lx_json_given(format))
        t->format = lx_json_raw(format);
}

static void read_tool(struct lx_tool *t, struct lx_json tool, struct lx_arena *a)
{
    static const struct lx_slice known[] = {LX_S_INIT("type"), LX_S_INIT("function"),
                                            LX_S_INIT("custom"), LX_S_INIT("cache_control")};
    struct lx_json function = LX_GET(tool, "function"), custom = LX_GET(tool, "custom");
    struct lx_slice type = lx_json_str(LX_GET(tool, "type"), a);
    struct lx_extra **extra = &t->extra;

    lx_openai_read_cache(tool, &t->cache, a);
    if (lx_json_is(custom, LX_JSON_OBJECT)) {
        read_custom(t, custom);
        lx_openai_read_extra(tool, known, COUNT(known), &extra, a);
    } else if (lx_json_is(function, LX_JSON_OBJECT) && !is_dated(type)) {
        read_function(t, function);
        if (!t->cache.set)
            lx_openai_read_cache(function, &t->cache, a);
        lx_openai_read_extra(tool, known, COUNT(known), &extra, a);
        lx_openai_read_extra(function, function_members, COUNT(function_members), &extra, a);
    } else if (lx_json_given(LX_GET(tool, "name")) &&
               (!type.n || lx_slice_eq(type, LX_S("function")))) {
        read_function(t, tool);
        lx_openai_read_extra(tool, function_members, COUNT(function_members), &extra, a);
    } else {
        t->name = lx_json_text(LX_GET(tool, "name"));
        t->language = is_dated(type) ? LX_S("anthropic") : LX_OPENAI_CHAT;
        t->raw = lx_json_raw(tool);
    }
}

static int read_tools(struct lx_json body, struct lx_request *r, struct lx_arena *a,
                      struct lx_error *err)
{
    struct lx_json tools = LX_GET(body, "tools"), functions = LX_GET(body, "functions");
    struct lx_tool **at = &r->tools;

    if (lx_json_given(tools) && !lx_json_is(tools, LX_JSON_ARRAY))
        return fail(err, "tools", "a list");
    for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it);) {
        if (!lx_json_is(it.value, LX_JSON_OBJECT))
            return fail(err, "tools", "objects in the list");
        struct lx_tool *t = lx_arena_new(a, struct lx_tool);
        if (!t)
            return 0;
        read_tool(t, it.value, a);
        *at = t;
        at = &t->next;
    }
    r->legacy_functions = !r->tools && lx_json_count(functions);
    for (struct lx_json_iter it = lx_json_iter(functions); lx_json_next(&it);) {
        struct lx_tool *t = lx_arena_new(a, struct lx_tool);
        if (!t)
            return 0;
        read_function(t, it.value);
        *at = t;
        at = &t->next;
    }
    return 0;
}

static const struct choice_word {
    struct lx_slice word;
    enum lx_tool_choice_kind kind;
} choice_words[] = {
    {LX_S_INIT("auto"), LX_CHOICE_AUTO},
    {LX_S_INIT("none"), LX_CHOICE_NONE},
    {LX_S_INIT("required"), LX_CHOICE_REQUIRED},
    {LX_S_INIT("any"), LX_CHOICE_REQUIRED}, /* Mistral, Anthropic */
};

enum lx_tool_choice_kind lx_openai_choice_word(struct lx_json word)
{
    for (size_t i = 0; i < COUNT(choice_words); i++)
        if (lx_json_eq(word, choice_words[i].word))
            return choice_words[i].kind;
    return LX_CHOICE_UNSET;
}

/* "auto"; {"type":"function","function":{"name"}}; {"type":"custom","custom":{"name"}};
 * {"type":"tool","name"} as xAI was recorded to take it; {"type":"any"}; or OpenAI's own. */
static void read_tool_choice(struct lx_json choice, struct lx_request *r)
{
    struct lx_json word = lx_json_is(choice, LX_JSON_OBJECT) ? LX_GET(choice, "type") : choice;
    struct lx_json name = LX_GET(LX_GET(choice, "function"), "name");

    r->tool_choice = lx_openai_choice_word(word);
    if (r->tool_choice)
        return;
    if (!lx_json_given(name))
        name = LX_GET(LX_GET(choice, "custom"), "name");
    if (!lx_json_given(name))
        name = LX_GET(choice, "name"); /* flat, and legacy function_call */
    r->tool_choice = lx_json_given(name) ? LX_CHOICE_NAMED : LX_CHOICE_RAW;
    r->tool_choice_name = lx_json_text(name);
    r->tool_choice_raw = lx_json_raw(choice);
}

/* ---- Structure: what the vocabulary has fields for ---------------------------------------- */

/* Formats that the vocabulary does not have (a grammar) stay the provider's own. */
static void read_format(struct lx_json format, struct lx_request *r)
{
    struct lx_json type = LX_GET(format, "type"), schema = LX_GET(format, "json_schema");
    if (lx_json_eq(type, LX_S("text"))) {
        r->format.kind = LX_FORMAT_TEXT;
    } else if (lx_json_eq(type, LX_S("json_schema"))) {
        r->format.kind = LX_FORMAT_SCHEMA;
        r->format.name = lx_json_text(LX_GET(schema, "name"));
        r->format.description = lx_json_text(LX_GET(schema, "description"));
        r->format.schema = lx_json_raw(LX_GET(schema, "schema"));
        r->format.strict = lx_tristate_read(LX_GET(schema, "strict"));
    } else if (lx_json_eq(type, LX_S("json_object"))) {
        /* llama.cpp, Together and Fireworks take a schema beside it; LiteLLM another. */
        schema = LX_GET(format, "schema");
        if (!lx_json_is(schema, LX_JSON_OBJECT))
            schema = LX_GET(format, "response_schema");
        r->format.kind = LX_FORMAT_JSON;
        if (lx_json_is(schema, LX_JSON_OBJECT)) {
            r->format.kind = LX_FORMAT_SCHEMA;
            r->format.schema = lx_json_raw(schema);
            r->format.enforce = lx_json_bool(LX_GET(format, "enforce_validation"), false);
        }
    }
}

static bool is_off(struct lx_slice effort)
{
    return lx_slice_eq(effort, LX_S("none")) || lx_slice_eq(effort, LX_S("disable"));
}

/* reasoning_effort: a word, or LiteLLM's {"effort","summary"}; OpenRouter's reasoning:
 * {"effort","max_tokens","enabled"}; Anthropic's thinking: {"type","budget_tokens"}. */
static void read_effort(struct lx_json v, struct lx_reasoning *g, struct lx_arena *a)
{
    struct lx_json effort = lx_json_is(v, LX_JSON_OBJECT) ? LX_GET(v, "effort") : v;
    struct lx_json summary = LX_GET(v, "summary");
    int64_t budget;

    if (lx_json_is(effort, LX_JSON_STRING)) {
        g->effort = lx_json_str(effort, a);
        g->kind = is_off(g->effort) ? LX_REASONING_OFF : LX_REASONING_ON;
    }
    if (lx_json_is(summary, LX_JSON_STRING))
        g->summary = lx_json_str(summary, a);
    if (lx_json_int(LX_GET(v, "max_tokens"), &budget) == 0 && budget > 0) {
        g->budget_tokens = budget;
        g->kind = LX_REASONING_ON;
    }
    if (g->kind == LX_REASONING_UNSET && lx_json_is(LX_GET(v, "enabled"), LX_JSON_TRUE))
        g->kind = LX_REASONING_ON;
    if (lx_json_is(LX_GET(v, "enabled"), LX_JSON_FALSE))
        g->kind = LX_REASONING_OFF;
}

static void read_reasoning(struct lx_json body, struct lx_reasoning *g, struct lx_arena *a)
{
    struct lx_json thinking = LX_GET(body, "thinking"), type = LX_GET(thinking, "type");
    int64_t budget;

    read_effort(LX_GET(body, "reasoning"), g, a);
    read_effort(LX_GET(body, "reasoning_effort"), g, a);
    if (lx_json_eq(type, LX_S("disabled")))
        g->kind = LX_REASONING_OFF;
    else if (lx_json_eq(type, LX_S("adaptive")))
        g->kind = LX_REASONING_ADAPTIVE;
    else if (lx_json_eq(type, LX_S("enabled")))
        g->kind = LX_REASONING_ON;
    if (lx_json_int(LX_GET(thinking, "budget_tokens"), &budget) == 0 && budget > 0)
        g->budget_tokens = budget;
    if (lx_json_is(LX_GET(thinking, "display"), LX_JSON_STRING))
        g->summary = lx_json_str(LX_GET(thinking, "display"), a);
}

int lx_openai_read_stop(struct lx_json stop, struct lx_request *r, struct lx_arena *a,
                        struct lx_error *err)
{
    bool one = lx_json_is(stop, LX_JSON_STRING);
    size_t n = one ? 1 : lx_json_count(stop);

    if (!lx_json_given(stop) || !n)
        return 0;
    if (!one && !lx_json_is(stop, LX_JSON_ARRAY))
        return fail(err, "stop", "a string or a list of strings");
    r->stop = lx_arena_alloc(a, n * sizeof(*r->stop));
    if (!r->stop)
        return 0;
    if (one)
        r->stop[r->stop_count++] = lx_json_text(stop);
    for (struct lx_json_iter it = lx_json_iter(stop); !one && lx_json_next(&it);) {
        if (!lx_json_is(it.value, LX_JSON_STRING))
            return fail(err, "stop", "a string or a list of strings");
        r->stop[r->stop_count++] = lx_json_text(it.value);
    }
    return 0;
}

static int read_messages(struct lx_json messages, struct lx_request *r, struct lx_arena *a,
                         struct lx_error *err)
{
    struct lx_openai_reader reader = {.arena = a, .err = err};
    struct lx_message **at = &r->messages;

    if (!lx_json_is(messages, LX_JSON_ARRAY))
        return fail(err, "messages", "a list");
    for (struct lx_json_iter it = lx_json_iter(messages); lx_json_next(&it) && !reader.code;) {
        lx_openai_read_message(&reader, it.value, &at);
        reader.message++;
    }
    return reader.code;
}

/* ---- The rest: parameters, and what rides along ------------------------------------------- */

/* Members read above; all but the last three are written from what was understood. */
static const struct lx_slice structured[] = {
    LX_S_INIT("model"),
    LX_S_INIT("messages"),
    LX_S_INIT("tools"),
    LX_S_INIT("tool_choice"),
    LX_S_INIT("functions"),
    LX_S_INIT("function_call"),
    LX_S_INIT("parallel_tool_calls"),
    LX_S_INIT("stop"),
    LX_S_INIT("stream"),
    LX_S_INIT("stream_options"),
    LX_S_INIT("cache_control"),
    LX_S_INIT("response_format"),
    LX_S_INIT("reasoning_effort"),
    LX_S_INIT("reasoning"),
    LX_S_INIT("thinking"),
};
/* Those that a target of this language gets as they came: they are said in several ways. */
static const struct lx_slice own[] = {LX_S_INIT("reasoning_effort"), LX_S_INIT("reasoning"),
                                      LX_S_INIT("thinking")};

static bool is_in(struct lx_json name, const struct lx_slice *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lx_json_eq(name, list[i]))
            return true;
    return false;
}

enum lx_param lx_openai_read_param(struct lx_json name)
{
    enum lx_param p = 0;
    while (p < LX_PARAM_COUNT && !lx_json_eq(name, lx_slice_z(lx_param_name(p))))
        p++;
    return p;
}

static void read_rest(struct lx_json body, struct lx_request *r, struct lx_arena *a)
{
    struct lx_extra **extra = &r->extra, **mine = &r->own_extra;
    struct lx_json most = LX_GET(body, "max_completion_tokens");

    for (struct lx_json_iter it = lx_json_iter(body); lx_json_next(&it);) {
        if (!lx_json_given(it.value))
            continue;
        enum lx_param p = lx_openai_read_param(it.name);
        if (p < LX_PARAM_COUNT)
            r->params[p] = lx_json_raw(it.value);
        else if (is_in(it.name, own, COUNT(own)))
            lx_extra_add(&mine, it.name, it.value, a);
        else if (lx_json_eq(it.name, LX_S("response_format")) && !r->format.kind)
            lx_extra_add(&extra, it.name, it.value, a);
        else if (!is_in(it.name, structured, COUNT(structured)) &&
                 !lx_json_eq(it.name, LX_S("max_completion_tokens")))
            lx_extra_add(&extra, it.name, it.value, a);
    }
    if (lx_json_given(most))
        r->params[LX_PARAM_MAX_TOKENS] = lx_json_raw(most);
}

int lx_openai_read_request(const struct lx_json_doc *doc, struct lx_arena *a,
                           struct lx_request *out, struct lx_error *err)
{
    struct lx_json body = lx_json_root(doc);
    struct lx_request r = {.language = LX_OPENAI_CHAT};
    struct lx_json choice = LX_GET(body, "tool_choice"), model = LX_GET(body, "model");
    int code;

    if (!lx_json_is(body, LX_JSON_OBJECT))
        return fail(err, "the body", "a JSON object");
    /* Azure's route names the model in the path: here it may be missing. */
    if (lx_json_given(model) && !lx_json_is(model, LX_JSON_STRING))
        return fail(err, "model", "a string");
    r.model = lx_json_text(model);
    if ((code = read_messages(LX_GET(body, "messages"), &r, a, err)) != 0 ||
        (code = read_tools(body, &r, a, err)) != 0 ||
        (code = lx_openai_read_stop(LX_GET(body, "stop"), &r, a, err)) != 0)
        return code;
    if (!lx_json_given(choice))
        choice = LX_GET(body, "function_call");
    if (lx_json_given(choice))
        read_tool_choice(choice, &r);
    r.parallel_tool_calls = lx_tristate_read(LX_GET(body, "parallel_tool_calls"));
    read_format(LX_GET(body, "response_format"), &r);
    read_reasoning(body, &r.reasoning, a);
    r.stream = lx_json_bool(LX_GET(body, "stream"), false);
    r.include_usage = lx_json_bool(LX_GET(LX_GET(body, "stream_options"), "include_usage"), false);
    lx_openai_read_cache(body, &r.cache, a);
    read_rest(body, &r, a);
    if (a->failed)
        return lx_error_set(err, a->failed, "%s", lx_code_text(a->failed));
    *out = r;
    return 0;
}
