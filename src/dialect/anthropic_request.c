/*
 * anthropic_request.c - front: a Messages API body -> the canonical request.
 *
 * It reads what a client may rightly send and refuses only what has no reading at all; judging
 * values is the provider's business. Everything it does not know rides along as extra.
 */
#include "dialect/anthropic.h"

#include <stdio.h>

/* ---- Messages ----------------------------------------------------------------------------- */

/* The system member is a message of its own, in front of all others. */
static int read_system(struct lx_json system, struct lx_message ***at, struct lx_arena *a,
                       struct lx_error *err)
{
    if (!lx_json_given(system))
        return 0;
    struct lx_message *m = lx_message_add(at, LX_ROLE_SYSTEM, a);
    if (!m)
        return lx_error_set(err, a->failed, "the request is too large");
    m->plain = lx_json_is(system, LX_JSON_STRING);
    struct lx_part **parts = &m->parts;
    return lx_anthropic_parts_read(system, "system", &parts, a, err);
}

/* Takes the tool results out of a user message's parts. */
static struct lx_part *take_results(struct lx_part **parts)
{
    struct lx_part *results = NULL, **to = &results;
    while (*parts) {
        struct lx_part *p = *parts;
        if (p->kind == LX_PART_TOOL_RESULT) {
            *parts = p->next;
            p->next = NULL;
            *to = p;
            to = &p->next;
        } else {
            parts = &p->next;
        }
    }
    return results;
}

/* A user message with tool results is two: the results, then what the user said with them. */
static int read_user(struct lx_message *read, bool plain, struct lx_message ***at,
                     struct lx_arena *a)
{
    struct lx_part *results = take_results(&read->parts);
    struct lx_message *last = NULL;
    if (results) {
        last = lx_message_add(at, LX_ROLE_TOOL, a);
        if (!last)
            return a->failed;
        last->parts = results;
    }
    if (read->parts || !results) {
        last = lx_message_add(at, LX_ROLE_USER, a);
        if (!last)
            return a->failed;
        last->parts = read->parts;
        last->plain = plain;
    }
    last->extra = read->extra;
    return 0;
}

static bool read_role(struct lx_json role, enum lx_role *out)
{
    static const struct {
        struct lx_slice name;
        enum lx_role role;
    } roles[] = {
        {LX_S_INIT("user"), LX_ROLE_USER},
        {LX_S_INIT("assistant"), LX_ROLE_ASSISTANT},
        {LX_S_INIT("system"), LX_ROLE_SYSTEM}, /* in mid-conversation, since Claude Opus 4.8 */
    };
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (lx_json_eq(role, roles[i].name)) {
            *out = roles[i].role;
            return true;
        }
    }
    return false;
}

static int read_message(struct lx_json message, size_t i, struct lx_message ***at,
                        struct lx_arena *a, struct lx_error *err)
{
    static const char *const known[] = {"role", "content", NULL};
    struct lx_message read = {0};
    if (!read_role(LX_GET(message, "role"), &read.role))
        return lx_error_set(err, LX_EINVAL, "messages.%zu.role: must be user, assistant or system",
                            i);
    char where[48];
    snprintf(where, sizeof(where), "messages.%zu.content", i);
    struct lx_json content = LX_GET(message, "content");
    struct lx_part **parts = &read.parts;
    int code = lx_anthropic_parts_read(content, where, &parts, a, err);
    if (code)
        return code;
    read.extra = lx_anthropic_extra_read(message, known, a);
    read.plain = lx_json_is(content, LX_JSON_STRING);
    if (read.role == LX_ROLE_USER) {
        code = read_user(&read, read.plain, at, a);
        return code ? lx_error_set(err, code, "the request is too large") : 0;
    }
    struct lx_message *m = lx_message_add(at, read.role, a);
    if (!m)
        return lx_error_set(err, a->failed, "the request is too large");
    m->parts = read.parts;
    m->plain = read.plain;
    m->extra = read.extra;
    return 0;
}

static int read_messages(struct lx_json root, struct lx_arena *a, struct lx_request *out,
                         struct lx_error *err)
{
    struct lx_message **at = &out->messages;
    int code = read_system(LX_GET(root, "system"), &at, a, err);
    if (code)
        return code;
    struct lx_json messages = LX_GET(root, "messages");
    if (!lx_json_is(messages, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EINVAL, "messages: must be a list of messages");
    size_t i = 0;
    for (struct lx_json_iter it = lx_json_iter(messages); !code && lx_json_next(&it); i++)
        code = read_message(it.value, i, &at, a, err);
    return code;
}

/* ---- Tools -------------------------------------------------------------------------------- */

static struct lx_tool *read_tool(struct lx_json json, struct lx_arena *a)
{
    static const char *const known[] = {"type",   "name",          "description", "input_schema",
                                        "strict", "cache_control", NULL};
    struct lx_tool *tool = lx_arena_new(a, struct lx_tool);
    if (!tool)
        return NULL;
    struct lx_json type = LX_GET(json, "type");
    tool->name = lx_json_text(LX_GET(json, "name"));
    if (lx_json_given(type) && !lx_json_eq(type, LX_S("custom"))) {
        tool->language = LX_ANTHROPIC;
        tool->raw = lx_json_raw(json);
        return tool;
    }
    tool->description = lx_json_text(LX_GET(json, "description"));
    if (lx_json_given(LX_GET(json, "input_schema")))
        tool->parameters = lx_json_raw(LX_GET(json, "input_schema"));
    if (lx_json_given(LX_GET(json, "strict")))
        tool->strict = lx_json_bool(LX_GET(json, "strict"), false) ? LX_YES : LX_NO;
    tool->cache = lx_anthropic_cache_read(json, a);
    tool->extra = lx_anthropic_extra_read(json, known, a);
    return tool;
}

static int read_tools(struct lx_json tools, struct lx_arena *a, struct lx_request *out,
                      struct lx_error *err)
{
    struct lx_tool **at = &out->tools;
    if (lx_json_given(tools) && !lx_json_is(tools, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EINVAL, "tools: must be a list of tools");
    for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it); at = &(*at)->next) {
        if (!lx_json_is(it.value, LX_JSON_OBJECT))
            return lx_error_set(err, LX_EINVAL, "tools: every tool must be an object");
        *at = read_tool(it.value, a);
        if (!*at)
            return lx_error_set(err, a->failed, "the request is too large");
    }
    return 0;
}

static void read_tool_choice(struct lx_json choice, struct lx_request *out)
{
    static const struct {
        struct lx_slice type;
        enum lx_tool_choice_kind kind;
    } types[] = {
        {LX_S_INIT("auto"), LX_CHOICE_AUTO},
        {LX_S_INIT("any"), LX_CHOICE_REQUIRED},
        {LX_S_INIT("none"), LX_CHOICE_NONE},
        {LX_S_INIT("tool"), LX_CHOICE_NAMED},
    };
    if (!lx_json_given(choice))
        return;
    out->tool_choice = LX_CHOICE_RAW;
    out->tool_choice_raw = lx_json_raw(choice);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (lx_json_eq(LX_GET(choice, "type"), types[i].type))
            out->tool_choice = types[i].kind;
    if (out->tool_choice == LX_CHOICE_NAMED)
        out->tool_choice_name = lx_json_text(LX_GET(choice, "name"));
    struct lx_json one = LX_GET(choice, "disable_parallel_tool_use");
    if (lx_json_given(one))
        out->parallel_tool_calls = lx_json_bool(one, false) ? LX_NO : LX_YES;
}

/* ---- Thinking, format, scalars ------------------------------------------------------------ */

static bool read_thinking(struct lx_json thinking, struct lx_arena *a, struct lx_reasoning *out)
{
    static const char *const known[] = {"type", "budget_tokens", "display", NULL};
    struct lx_json type = LX_GET(thinking, "type");
    if (lx_json_eq(type, LX_S("enabled")))
        out->kind = LX_REASONING_ON;
    else if (lx_json_eq(type, LX_S("adaptive")))
        out->kind = LX_REASONING_ADAPTIVE;
    else if (lx_json_eq(type, LX_S("disabled")))
        out->kind = LX_REASONING_OFF;
    else
        return false;
    lx_json_int(LX_GET(thinking, "budget_tokens"), &out->budget_tokens);
    out->summary = lx_json_str(LX_GET(thinking, "display"), a);
    return !lx_anthropic_extra_read(thinking, known, a);
}

static void read_format(struct lx_json format, struct lx_response_format *out)
{
    if (!lx_json_eq(LX_GET(format, "type"), LX_S("json_schema")))
        return;
    out->kind = LX_FORMAT_SCHEMA;
    out->schema = lx_json_raw(LX_GET(format, "schema"));
}

/* Effort without thinking asks for less or more of everything, not for thinking: kind ON without
 * a budget, which the back of this language writes as it came. */
static bool read_output_config(struct lx_json config, struct lx_arena *a, struct lx_request *out)
{
    static const char *const known[] = {"effort", "format", NULL};
    out->reasoning.effort = lx_json_str(LX_GET(config, "effort"), a);
    if (out->reasoning.effort.n && out->reasoning.kind == LX_REASONING_UNSET)
        out->reasoning.kind = LX_REASONING_ON;
    if (lx_json_given(LX_GET(config, "format")))
        read_format(LX_GET(config, "format"), &out->format);
    return !lx_anthropic_extra_read(config, known, a);
}

static int read_stop(struct lx_json stop, struct lx_arena *a, struct lx_request *out,
                     struct lx_error *err)
{
    size_t n = lx_json_count(stop);
    if (lx_json_given(stop) && !lx_json_is(stop, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EINVAL, "stop_sequences: must be a list of strings");
    if (!n)
        return 0;
    out->stop = lx_arena_alloc(a, n * sizeof(*out->stop));
    if (!out->stop)
        return lx_error_set(err, a->failed, "the request is too large");
    for (struct lx_json_iter it = lx_json_iter(stop); lx_json_next(&it);) {
        if (!lx_json_is(it.value, LX_JSON_STRING))
            return lx_error_set(err, LX_EINVAL, "stop_sequences: must be a list of strings");
        out->stop[out->stop_count++] = lx_json_text(it.value);
    }
    return 0;
}

/* metadata.user_id is what others call `user`; anything beside it is Anthropic's own. */
static void read_metadata(struct lx_json metadata, struct lx_arena *a, struct lx_request *out)
{
    static const char *const known[] = {"user_id", NULL};
    if (lx_json_given(LX_GET(metadata, "user_id")))
        out->params[LX_PARAM_USER] = lx_json_raw(LX_GET(metadata, "user_id"));
    if (lx_anthropic_extra_read(metadata, known, a))
        out->params[LX_PARAM_METADATA] = lx_json_raw(metadata);
}

static const struct {
    const char *name;
    enum lx_param param;
} scalars[] = {
    {"max_tokens", LX_PARAM_MAX_TOKENS},
    {"temperature", LX_PARAM_TEMPERATURE},
    {"top_p", LX_PARAM_TOP_P},
    {"top_k", LX_PARAM_TOP_K},
    {"container", LX_PARAM_CONTAINER},
    {"context_management", LX_PARAM_CONTEXT_MANAGEMENT},
    {"mcp_servers", LX_PARAM_MCP_SERVERS},
    {"inference_geo", LX_PARAM_INFERENCE_GEO},
};

static void read_scalars(struct lx_json root, struct lx_request *out)
{
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        struct lx_json v = lx_json_get(root, lx_slice_z(scalars[i].name));
        if (lx_json_given(v))
            out->params[scalars[i].param] = lx_json_raw(v);
    }
    struct lx_json tier = LX_GET(root, "service_tier");
    if (lx_json_eq(tier, LX_S("standard_only"))) /* OpenAI: the tier without priority */
        out->params[LX_PARAM_SERVICE_TIER] = LX_S("\"default\"");
    else if (lx_json_given(tier))
        out->params[LX_PARAM_SERVICE_TIER] = lx_json_raw(tier);
}

/* A member that was read, but not all of it: this language gets it as it came. */
static void keep(struct lx_request *out, struct lx_slice name, struct lx_json value,
                 struct lx_arena *a)
{
    struct lx_extra *x = lx_arena_new(a, struct lx_extra);
    if (!x)
        return;
    *x = (struct lx_extra){name, lx_json_raw(value), out->extra};
    out->extra = x;
}

/* Everything but system, messages, tools and stop_sequences: nothing here can fail. */
static void read_settings(struct lx_json root, struct lx_arena *a, struct lx_request *out)
{
    static const char *const known[] = {"model",         "messages",
                                        "system",        "tools",
                                        "tool_choice",   "stop_sequences",
                                        "stream",        "metadata",
                                        "max_tokens",    "temperature",
                                        "top_p",         "top_k",
                                        "container",     "context_management",
                                        "mcp_servers",   "inference_geo",
                                        "service_tier",  "cache_control",
                                        "output_format", "output_config",
                                        "thinking",      NULL};
    struct lx_json thinking = LX_GET(root, "thinking"), config = LX_GET(root, "output_config");

    out->extra = lx_anthropic_extra_read(root, known, a);
    read_scalars(root, out);
    read_metadata(LX_GET(root, "metadata"), a, out);
    read_tool_choice(LX_GET(root, "tool_choice"), out);
    if (lx_json_given(LX_GET(root, "output_format"))) /* the beta's name, 2025-11 */
        read_format(LX_GET(root, "output_format"), &out->format);
    if (lx_json_given(thinking) && !read_thinking(thinking, a, &out->reasoning))
        keep(out, LX_S("thinking"), thinking, a);
    if (lx_json_given(config) && !read_output_config(config, a, out))
        keep(out, LX_S("output_config"), config, a);
    out->cache = lx_anthropic_cache_read(root, a);
    out->stream = lx_json_bool(LX_GET(root, "stream"), false);
    out->include_usage = out->stream; /* a stream of this language always tells */
}

int lx_anthropic_read_request(const struct lx_json_doc *body, struct lx_arena *a,
                              struct lx_request *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body);
    memset(out, 0, sizeof(*out));
    if (!lx_json_is(root, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EINVAL, "the request body must be a JSON object");
    out->language = LX_ANTHROPIC;
    out->model = lx_json_text(LX_GET(root, "model"));
    int code = read_messages(root, a, out, err);
    if (!code)
        code = read_tools(LX_GET(root, "tools"), a, out, err);
    if (!code)
        code = read_stop(LX_GET(root, "stop_sequences"), a, out, err);
    if (code)
        return code;
    read_settings(root, a, out);
    return a->failed ? lx_error_set(err, a->failed, "the request is too large") : 0;
}
