/*
 * anthropic_tools.c - back: the tools of a request, tool_choice, and structured output by tool.
 *
 * Three kinds of tools end in one list: the client's functions, tools of Anthropic's own (known by
 * a type that ends in a date, whatever language brought them), and tools that this dialect adds:
 * web search for web_search_options, the tool that stands for a response format, and a dummy where
 * the history has tool blocks, which the API takes only beside tools.
 */
#include "dialect/anthropic.h"

/* ---- Structured output ---------------------------------------------------------------------- */

bool lx_anthropic_needs_json_tool(const struct lx_anthropic_writer *w)
{
    return !w->same && !w->o->native_json_schema && w->r->format.kind == LX_FORMAT_SCHEMA &&
           w->r->format.schema.n;
}

bool lx_anthropic_tools_wanted(const struct lx_anthropic_writer *w)
{
    return w->r->tools || w->r->params[LX_PARAM_WEB_SEARCH_OPTIONS].n ||
           lx_anthropic_needs_json_tool(w);
}

static void write_json_tool(struct lx_anthropic_writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    lx_out_object(&w->out, NULL);
    lx_out_str(&w->out, "name", LX_JSON_TOOL);
    lx_json_tool_describe(&w->out, f);
    lx_out_raw(&w->out, "input_schema", f->schema);
    lx_out_object_end(&w->out);
    w->b->json_tool = true;
}

/* ---- Functions ------------------------------------------------------------------------------ */

/* The API wants "type": "object" at the root, where OpenAI's clients may leave it out. */
static void write_input_schema(struct lx_anthropic_writer *w, const struct lx_tool *tool)
{
    struct lx_json schema = {NULL, 0};
    if (!w->same && tool->parameters.n && lx_inner_read(&w->scratch, tool->parameters, w->b->buf))
        schema = lx_json_root(&w->scratch);
    if (w->same && tool->parameters.n) {
        lx_out_raw(&w->out, "input_schema", tool->parameters);
    } else if (tool->strict == LX_YES && lx_json_is(schema, LX_JSON_OBJECT) &&
               w->o->native_json_schema) {
        lx_anthropic_schema_write(&w->out, "input_schema", schema);
    } else if (lx_json_given(LX_GET(schema, "type"))) {
        lx_out_value(&w->out, "input_schema", schema);
    } else {
        lx_out_object(&w->out, "input_schema");
        lx_out_lit(&w->out, "type", "object");
        for (struct lx_json_iter it = lx_json_iter(schema); lx_json_next(&it);) {
            if (lx_json_eq(it.name, LX_S("type")))
                continue;
            lx_out_name(&w->out, lx_json_text(it.name));
            lx_out_value(&w->out, NULL, it.value);
        }
        if (!lx_json_count(schema))
            lx_out_raw(&w->out, "properties", LX_S("{}"));
        lx_out_object_end(&w->out);
    }
}

/* Members of Anthropic's own that clients of other languages may give, as LiteLLM lets them. */
static bool is_tool_member(struct lx_slice name)
{
    return lx_slice_eq(name, LX_S("defer_loading")) || lx_slice_eq(name, LX_S("allowed_callers")) ||
           lx_slice_eq(name, LX_S("input_examples")) ||
           lx_slice_eq(name, LX_S("eager_input_streaming"));
}

static void write_tool_extra(struct lx_anthropic_writer *w, const struct lx_tool *tool, size_t i)
{
    for (const struct lx_extra *x = tool->extra; x; x = x->next) {
        if (w->same || is_tool_member(x->name)) {
            if (!lx_slice_eq(x->name, LX_S("eager_input_streaming")))
                w->betas |= is_tool_member(x->name) ? LX_BETA_TOOL_SEARCH : 0u;
            lx_out_name(&w->out, lx_text(x->name));
            lx_out_raw(&w->out, NULL, x->json);
        } else {
            lx_losses_add(w->b->losses,
                          lx_arena_printf(w->b->arena, "tools[%zu].%.*s", i, LX_F(x->name)),
                          LX_S("Anthropic has no such member"));
        }
    }
}

static void write_function(struct lx_anthropic_writer *w, const struct lx_tool *tool, size_t i)
{
    if (tool->custom) {
        lx_body_refuse(w->b, w->o, lx_arena_printf(w->b->arena, "tools[%zu]", i),
                       LX_S("Anthropic has no tools with free-text input"));
        return;
    }
    lx_out_object(&w->out, NULL);
    lx_out_text(&w->out, "name", tool->name);
    if (tool->description.s.n)
        lx_out_text(&w->out, "description", tool->description);
    write_input_schema(w, tool);
    if (tool->strict != LX_UNSET && (w->same || w->o->native_json_schema))
        lx_out_bool(&w->out, "strict", tool->strict == LX_YES);
    else if (tool->strict == LX_YES)
        lx_losses_add(w->b->losses, lx_arena_printf(w->b->arena, "tools[%zu].strict", i),
                      LX_S("the model does not bind itself to schemas"));
    lx_anthropic_cache_write(&w->out, &tool->cache, NULL);
    write_tool_extra(w, tool, i);
    lx_out_object_end(&w->out);
}

/* ---- Tools of Anthropic's own --------------------------------------------------------------- */

/* "web_search_20250305": a name, and the date of its version. OpenAI's own have no date. */
static bool is_own_type(struct lx_slice type)
{
    if (lx_slice_eq(type, LX_S("mcp_toolset")))
        return true;
    if (type.n < 10 || type.p[type.n - 9] != '_')
        return false;
    for (size_t i = type.n - 8; i < type.n; i++)
        if (type.p[i] < '0' || type.p[i] > '9')
            return false;
    return true;
}

static const struct {
    struct lx_slice prefix;
    unsigned betas;
} own_betas[] = {
    {LX_S_INIT("computer_20241022"), LX_BETA_COMPUTER_2024},
    {LX_S_INIT("computer_20250124"), LX_BETA_COMPUTER_2025_01},
    {LX_S_INIT("computer_20251124"), LX_BETA_COMPUTER_2025_11},
    {LX_S_INIT("bash_20241022"), LX_BETA_COMPUTER_2024},
    {LX_S_INIT("text_editor_20241022"), LX_BETA_COMPUTER_2024},
    {LX_S_INIT("code_execution_"), LX_BETA_CODE},
    {LX_S_INIT("web_fetch_"), LX_BETA_WEB_FETCH},
    {LX_S_INIT("web_search_"), LX_BETA_WEB_SEARCH},
    {LX_S_INIT("memory_"), LX_BETA_CONTEXT},
    {LX_S_INIT("tool_search_tool_"), LX_BETA_TOOL_SEARCH},
    {LX_S_INIT("advisor_"), LX_BETA_ADVISOR},
    {LX_S_INIT("mcp_toolset"), LX_BETA_MCP_2025_11},
};

/* LiteLLM's form, {"type":"computer_20250124","function":{"name","parameters":{...}}}, laid flat.
 */
static void write_flat(struct lx_anthropic_writer *w, struct lx_json tool)
{
    struct lx_json function = LX_GET(tool, "function");
    lx_out_object(&w->out, NULL);
    for (struct lx_json_iter it = lx_json_iter(tool); lx_json_next(&it);) {
        if (lx_json_eq(it.name, LX_S("function")))
            continue;
        lx_out_name(&w->out, lx_json_text(it.name));
        lx_out_value(&w->out, NULL, it.value);
    }
    if (lx_json_given(LX_GET(function, "name")) && !lx_json_given(LX_GET(tool, "name")))
        lx_out_value(&w->out, "name", LX_GET(function, "name"));
    for (struct lx_json_iter it = lx_json_iter(LX_GET(function, "parameters"));
         lx_json_next(&it);) {
        lx_out_name(&w->out, lx_json_text(it.name));
        lx_out_value(&w->out, NULL, it.value);
    }
    lx_out_object_end(&w->out);
}

static void write_own_tool(struct lx_anthropic_writer *w, const struct lx_tool *tool, size_t i)
{
    struct lx_json json = {NULL, 0};
    if (lx_inner_read(&w->scratch, tool->raw, w->b->buf))
        json = lx_json_root(&w->scratch);
    struct lx_slice type = lx_json_str(LX_GET(json, "type"), w->b->arena);
    if (!lx_slice_eq(tool->language, LX_ANTHROPIC) && !is_own_type(type)) {
        lx_body_refuse(w->b, w->o, lx_arena_printf(w->b->arena, "tools[%zu]", i),
                       lx_arena_printf(w->b->arena, "Anthropic has no tool \"%.*s\"", LX_F(type)));
        return;
    }
    for (size_t k = 0; k < sizeof(own_betas) / sizeof(own_betas[0]); k++)
        if (lx_slice_starts(type, own_betas[k].prefix))
            w->betas |= own_betas[k].betas;
    if (lx_json_is(LX_GET(json, "function"), LX_JSON_OBJECT))
        write_flat(w, json);
    else
        lx_out_raw(&w->out, NULL, tool->raw);
}

/* ---- Web search ----------------------------------------------------------------------------- */

/* OpenAI's web_search_options as LiteLLM maps it: context size becomes a number of searches. */
static void write_web_search(struct lx_anthropic_writer *w, struct lx_json options)
{
    static const struct {
        struct lx_slice size;
        int64_t uses;
    } sizes[] = {{LX_S_INIT("low"), 1}, {LX_S_INIT("medium"), 5}, {LX_S_INIT("high"), 10}};
    static const struct lx_slice members[] = {LX_S_INIT("city"), LX_S_INIT("region"),
                                              LX_S_INIT("country"), LX_S_INIT("timezone")};
    struct lx_json place = LX_GET(LX_GET(options, "user_location"), "approximate");

    lx_out_object(&w->out, NULL);
    lx_out_lit(&w->out, "type", "web_search_20250305");
    w->betas |= LX_BETA_WEB_SEARCH;
    lx_out_lit(&w->out, "name", "web_search");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (lx_json_eq(LX_GET(options, "search_context_size"), sizes[i].size))
            lx_out_int(&w->out, "max_uses", sizes[i].uses);
    if (lx_json_is(place, LX_JSON_OBJECT)) {
        lx_out_object(&w->out, "user_location");
        lx_out_lit(&w->out, "type", "approximate");
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
            if (lx_json_given(lx_json_get(place, members[i])))
                lx_out_value(&w->out, members[i].p, lx_json_get(place, members[i]));
        lx_out_object_end(&w->out);
    }
    lx_out_object_end(&w->out);
}

static void write_dummy_tool(struct lx_anthropic_writer *w)
{
    lx_out_raw(&w->out, NULL,
               LX_S("{\"name\":\"dummy_tool\",\"description\":\"This tool is never to be "
                    "called.\",\"input_schema\":{\"type\":\"object\",\"properties\":{}}}"));
}

/* ---- Choice --------------------------------------------------------------------------------- */

/*
 * With a response format by tool, the model must call a tool: that one, or any when the client has
 * tools of its own, so that they stay usable (LiteLLM forces its own and loses them). While
 * thinking nothing can be forced.
 */
static enum lx_tool_choice_kind choose(const struct lx_anthropic_writer *w, struct lx_text *name)
{
    bool thinks = w->thinking == LX_THINK_BUDGET || w->thinking == LX_THINK_ADAPTIVE;
    enum lx_tool_choice_kind kind = w->r->tool_choice;
    *name = w->r->tool_choice_name;
    if (w->dummy_tool)
        return LX_CHOICE_NONE;
    if (!lx_anthropic_needs_json_tool(w) || kind == LX_CHOICE_NAMED)
        return kind;
    if (thinks)
        return LX_CHOICE_AUTO;
    if (w->r->tools && kind != LX_CHOICE_NONE)
        return LX_CHOICE_REQUIRED;
    *name = lx_text(LX_JSON_TOOL);
    return LX_CHOICE_NAMED;
}

static void write_tool_choice(struct lx_anthropic_writer *w)
{
    static const char *const types[] = {
        [LX_CHOICE_UNSET] = "auto",   [LX_CHOICE_AUTO] = "auto",  [LX_CHOICE_NONE] = "none",
        [LX_CHOICE_REQUIRED] = "any", [LX_CHOICE_NAMED] = "tool", [LX_CHOICE_RAW] = NULL};
    struct lx_text name;
    enum lx_tool_choice_kind kind = choose(w, &name);
    bool one = w->r->parallel_tool_calls == LX_NO && kind != LX_CHOICE_NONE && !w->dummy_tool;

    if (kind == LX_CHOICE_RAW) {
        if (w->same)
            lx_out_raw(&w->out, "tool_choice", w->r->tool_choice_raw);
        else
            lx_body_refuse(w->b, w->o, LX_S("tool_choice"), LX_S("Anthropic has no such choice"));
        return;
    }
    if (kind == LX_CHOICE_UNSET && !one)
        return;
    lx_out_object(&w->out, "tool_choice");
    lx_out_str(&w->out, "type", lx_slice_z(types[kind]));
    if (kind == LX_CHOICE_NAMED)
        lx_out_text(&w->out, "name", name);
    if (one)
        lx_out_bool(&w->out, "disable_parallel_tool_use", true);
    lx_out_object_end(&w->out);
}

void lx_anthropic_tools_write(struct lx_anthropic_writer *w)
{
    struct lx_slice search = w->r->params[LX_PARAM_WEB_SEARCH_OPTIONS];
    size_t i = 0;
    if (!w->has_tools)
        return;
    lx_out_array(&w->out, "tools");
    for (const struct lx_tool *tool = w->r->tools; tool; tool = tool->next, i++) {
        if (tool->language.n)
            write_own_tool(w, tool, i);
        else
            write_function(w, tool, i);
    }
    if (search.n && lx_inner_read(&w->scratch, search, w->b->buf))
        write_web_search(w, lx_json_root(&w->scratch));
    if (lx_anthropic_needs_json_tool(w))
        write_json_tool(w);
    if (w->dummy_tool)
        write_dummy_tool(w);
    lx_out_array_end(&w->out);
    write_tool_choice(w);
}
