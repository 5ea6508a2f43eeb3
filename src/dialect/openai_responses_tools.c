/*
 * openai_responses_tools.c - back: the tools of a request, and which of them may be called.
 *
 * Functions stand flat in the list, beside OpenAI's own tools, which clients of LiteLLM write as
 * they are. Functions here bind strictly unless it is said otherwise (migrate-to-responses,
 * "Functions"), and in every other language the reverse: so it is always said.
 */
#include "dialect/openai_responses.h"

static struct lx_slice place(struct lx_responses_writer *w, size_t i)
{
    return lx_arena_printf(w->b->arena, "tools[%zu]", i);
}

/* ---- The client's tools ------------------------------------------------------------------- */

static void write_function(struct lx_responses_writer *w, const struct lx_tool *t)
{
    struct lx_out *o = &w->out;
    bool empty = !t->parameters.n || lx_slice_eq(t->parameters, LX_S("{}"));
    lx_out_lit(o, "type", "function");
    lx_out_text(o, "name", t->name);
    if (t->description.s.p)
        lx_out_text(o, "description", t->description);
    lx_out_raw(o, "parameters",
               empty ? LX_S("{\"type\":\"object\",\"properties\":{}}") : t->parameters);
    lx_out_bool(o, "strict", t->strict == LX_YES);
}

/* A grammar is an object of its own in chat completions, and flat here. */
static void write_custom_format(struct lx_responses_writer *w, struct lx_slice format)
{
    struct lx_json root = lx_responses_json(w, format), grammar = LX_GET(root, "grammar");
    if (!lx_json_is(grammar, LX_JSON_OBJECT)) {
        lx_out_raw(&w->out, "format", format);
        return;
    }
    lx_out_object(&w->out, "format");
    lx_out_lit(&w->out, "type", "grammar");
    for (struct lx_json_iter it = lx_json_iter(grammar); lx_json_next(&it);) {
        lx_out_name(&w->out, lx_json_text(it.name));
        lx_out_value(&w->out, NULL, it.value);
    }
    lx_out_object_end(&w->out);
}

static void write_custom(struct lx_responses_writer *w, const struct lx_tool *t)
{
    lx_out_lit(&w->out, "type", "custom");
    lx_out_text(&w->out, "name", t->name);
    if (t->description.s.p)
        lx_out_text(&w->out, "description", t->description);
    if (t->format.n)
        write_custom_format(w, t->format);
}

/* ---- Tools that the provider runs --------------------------------------------------------- */

/* Anthropic's search takes a list of domains, and a place as OpenAI's does. */
static void write_search(struct lx_responses_writer *w, struct lx_json tool, size_t i)
{
    struct lx_out *o = &w->out;
    struct lx_json domains = LX_GET(tool, "allowed_domains");
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "web_search");
    if (lx_json_given(domains)) {
        lx_out_object(o, "filters");
        lx_out_value(o, "allowed_domains", domains);
        lx_out_object_end(o);
    }
    if (lx_json_given(LX_GET(tool, "user_location")))
        lx_out_value(o, "user_location", LX_GET(tool, "user_location"));
    lx_out_object_end(o);
    if (lx_json_count(LX_GET(tool, "blocked_domains")))
        lx_body_refuse(w->b, w->o, lx_arena_printf(w->b->arena, "tools[%zu].blocked_domains", i),
                       LX_S("OpenAI's search has no such list"));
    if (lx_json_given(LX_GET(tool, "max_uses")))
        lx_losses_add(w->b->losses, lx_arena_printf(w->b->arena, "tools[%zu].max_uses", i),
                      LX_S("OpenAI limits all tools together: max_tool_calls"));
}

static void write_own_tool(struct lx_responses_writer *w, const struct lx_tool *t, size_t i)
{
    if (lx_slice_eq(t->language, LX_OPENAI_CHAT) || lx_slice_eq(t->language, LX_RESPONSES)) {
        lx_out_raw(&w->out, NULL, t->raw);
        return;
    }
    struct lx_json tool = lx_responses_json(w, t->raw);
    struct lx_slice type = lx_json_text(LX_GET(tool, "type")).s;
    if (lx_slice_starts(type, LX_S("web_search"))) {
        write_search(w, tool, i);
    } else if (lx_slice_starts(type, LX_S("code_execution"))) {
        lx_out_raw(&w->out, NULL,
                   LX_S("{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\"}}"));
    } else {
        lx_body_refuse(w->b, w->o, place(w, i),
                       lx_arena_printf(w->b->arena, "the target has no tool \"%.*s\"", LX_F(type)));
    }
}

/* {"search_context_size","user_location":{"type":"approximate","approximate":{..}}}: the place is
 * flat here. */
static void write_search_options(struct lx_responses_writer *w, struct lx_slice options)
{
    struct lx_out *o = &w->out;
    struct lx_json root = lx_responses_json(w, options), location = LX_GET(root, "user_location");
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "web_search");
    if (lx_json_given(LX_GET(root, "search_context_size")))
        lx_out_value(o, "search_context_size", LX_GET(root, "search_context_size"));
    if (lx_json_is(location, LX_JSON_OBJECT)) {
        struct lx_json inside = LX_GET(location, "approximate");
        lx_out_object(o, "user_location");
        lx_out_lit(o, "type", "approximate");
        for (struct lx_json_iter it = lx_json_iter(lx_json_given(inside) ? inside : location);
             lx_json_next(&it);) {
            if (lx_json_eq(it.name, LX_S("type")))
                continue;
            lx_out_name(o, lx_json_text(it.name));
            lx_out_value(o, NULL, it.value);
        }
        lx_out_object_end(o);
    }
    lx_out_object_end(o);
}

static void write_list(struct lx_responses_writer *w)
{
    struct lx_slice search = w->r->params[LX_PARAM_WEB_SEARCH_OPTIONS];
    size_t i = 0;
    if (!w->r->tools && !search.n)
        return;
    lx_out_array(&w->out, "tools");
    for (const struct lx_tool *t = w->r->tools; t; t = t->next, i++) {
        lx_responses_lose_cache(w, &t->cache);
        if (t->language.n) {
            write_own_tool(w, t, i);
            continue;
        }
        lx_out_object(&w->out, NULL);
        if (t->custom)
            write_custom(w, t);
        else
            write_function(w, t);
        lx_out_object_end(&w->out);
    }
    if (search.n)
        write_search_options(w, search);
    lx_out_array_end(&w->out);
}

/* ---- Choice ------------------------------------------------------------------------------- */

static void write_named(struct lx_responses_writer *w)
{
    bool custom = lx_request_tool_is_custom(w->r, w->r->tool_choice_name, w->b->arena);
    lx_out_object(&w->out, "tool_choice");
    lx_out_str(&w->out, "type", custom ? LX_S("custom") : LX_S("function"));
    lx_out_text(&w->out, "name", w->r->tool_choice_name);
    lx_out_object_end(&w->out);
}

/* {"type":"function","function":{"name"}}, and the like for custom; others are flat already. */
static void write_allowed_tool(struct lx_responses_writer *w, struct lx_json tool)
{
    struct lx_json inside = LX_GET(tool, "function");
    if (!lx_json_given(inside))
        inside = LX_GET(tool, "custom");
    if (!lx_json_given(inside)) {
        lx_out_value(&w->out, NULL, tool);
        return;
    }
    lx_out_object(&w->out, NULL);
    lx_out_value(&w->out, "type", LX_GET(tool, "type"));
    lx_out_value(&w->out, "name", LX_GET(inside, "name"));
    lx_out_object_end(&w->out);
}

/* OpenAI's other choices are the same here, but for allowed_tools, which is flat. */
static void write_raw(struct lx_responses_writer *w)
{
    struct lx_json choice = lx_responses_json(w, w->r->tool_choice_raw);
    struct lx_json allowed = LX_GET(choice, "allowed_tools");
    if (!lx_json_is(allowed, LX_JSON_OBJECT)) {
        lx_out_raw(&w->out, "tool_choice", w->r->tool_choice_raw);
        return;
    }
    lx_out_object(&w->out, "tool_choice");
    lx_out_lit(&w->out, "type", "allowed_tools");
    lx_out_value(&w->out, "mode", LX_GET(allowed, "mode"));
    lx_out_array(&w->out, "tools");
    for (struct lx_json_iter it = lx_json_iter(LX_GET(allowed, "tools")); lx_json_next(&it);)
        write_allowed_tool(w, it.value);
    lx_out_array_end(&w->out);
    lx_out_object_end(&w->out);
}

static void write_choice(struct lx_responses_writer *w)
{
    static const struct lx_slice words[] = {
        [LX_CHOICE_AUTO] = LX_S_INIT("auto"),
        [LX_CHOICE_NONE] = LX_S_INIT("none"),
        [LX_CHOICE_REQUIRED] = LX_S_INIT("required"),
    };
    const struct lx_request *r = w->r;
    if (r->tool_choice == LX_CHOICE_NAMED)
        write_named(w);
    else if (r->tool_choice == LX_CHOICE_RAW && w->own)
        lx_out_raw(&w->out, "tool_choice", r->tool_choice_raw);
    else if (r->tool_choice == LX_CHOICE_RAW && w->openai)
        write_raw(w);
    else if (r->tool_choice == LX_CHOICE_RAW)
        lx_body_refuse(w->b, w->o, LX_S("tool_choice"), LX_S("not known in OpenAI's language"));
    else if (r->tool_choice)
        lx_out_str(&w->out, "tool_choice", words[r->tool_choice]);
    if (r->parallel_tool_calls != LX_UNSET)
        lx_out_bool(&w->out, "parallel_tool_calls", r->parallel_tool_calls == LX_YES);
}

void lx_responses_tools_write(struct lx_responses_writer *w)
{
    write_list(w);
    if (w->r->tools || w->r->params[LX_PARAM_WEB_SEARCH_OPTIONS].n)
        write_choice(w);
}
