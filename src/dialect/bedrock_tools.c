/*
 * bedrock_tools.c - back: toolConfig, and structured output by tool.
 *
 * The service refuses tool blocks in the history where there is no toolConfig, and a toolConfig
 * without tools. It has no way to forbid tools that are there: for tool_choice "none" they are left
 * out, or, where the history needs some, are a dummy that is never to be called.
 */
#include "dialect/bedrock.h"

static bool is_forced(const struct lx_request *r)
{
    return r->tool_choice == LX_CHOICE_REQUIRED || r->tool_choice == LX_CHOICE_NAMED;
}

/* Objects at the root: OpenAI's clients may leave the type out. */
static void write_schema(struct lx_bedrock_writer *w, struct lx_slice schema)
{
    struct lx_out *out = &w->out;
    bool given = schema.n && lx_inner_read(&w->scratch, schema, w->b->buf) &&
                 lx_json_is(lx_json_root(&w->scratch), LX_JSON_OBJECT);
    struct lx_json root = given ? lx_json_root(&w->scratch) : (struct lx_json){NULL, 0};
    lx_out_object(out, "inputSchema");
    if (lx_json_given(LX_GET(root, "type"))) {
        lx_out_value(out, "json", root);
    } else {
        lx_out_object(out, "json");
        lx_out_lit(out, "type", "object");
        for (struct lx_json_iter it = lx_json_iter(root); lx_json_next(&it);) {
            if (lx_json_eq(it.name, LX_S("type")))
                continue;
            lx_out_name(out, lx_json_text(it.name));
            lx_out_value(out, NULL, it.value);
        }
        if (!lx_json_count(root))
            lx_out_raw(out, "properties", LX_S("{}"));
        lx_out_object_end(out);
    }
    lx_out_object_end(out);
}

static void write_spec(struct lx_bedrock_writer *w, struct lx_text name, struct lx_text description,
                       struct lx_slice schema, bool strict)
{
    lx_out_object(&w->out, NULL);
    lx_out_object(&w->out, "toolSpec");
    lx_out_text(&w->out, "name", name);
    if (description.s.n) /* an empty one is refused */
        lx_out_text(&w->out, "description", description);
    write_schema(w, schema);
    if (strict)
        lx_out_bool(&w->out, "strict", true);
    lx_out_object_end(&w->out);
    lx_out_object_end(&w->out);
}

static void write_tool(struct lx_bedrock_writer *w, const struct lx_tool *tool, size_t i)
{
    struct lx_arena *a = w->b->arena;
    if (tool->language.n || tool->custom) {
        lx_body_refuse(w->b, w->o, lx_arena_printf(a, "tools[%zu]", i),
                       tool->custom ? LX_S("Bedrock has no tools with free-text input")
                                    : LX_S("Bedrock does not have this tool"));
        return;
    }
    write_spec(w, tool->name, tool->description, tool->parameters,
               tool->strict == LX_YES && w->o->native_json_schema);
    if (tool->strict == LX_YES && !w->o->native_json_schema)
        lx_losses_add(w->b->losses, lx_arena_printf(a, "tools[%zu].strict", i),
                      LX_S("the model does not bind itself to schemas"));
    if (w->family->tool_cache_points || !w->family->cache_points)
        lx_bedrock_cache_write(w, &tool->cache);
    else if (tool->cache.set)
        lx_losses_add(w->b->losses, lx_arena_printf(a, "tools[%zu].cache_control", i),
                      LX_S("the model has no cache points among tools"));
    for (const struct lx_extra *x = tool->extra; x; x = x->next)
        lx_losses_add(w->b->losses, lx_arena_printf(a, "tools[%zu].%.*s", i, LX_F(x->name)),
                      LX_S("Bedrock has no such member"));
}

static void write_json_tool(struct lx_bedrock_writer *w)
{
    const struct lx_response_format *f = &w->r->format;
    struct lx_slice what = LX_S("Give the final answer by calling this tool once, without any "
                                "other text.");
    if (f->description.s.n)
        what = lx_arena_printf(w->b->arena, "%.*s %.*s", LX_F(what),
                               LX_F(lx_text_plain(f->description, w->b->arena)));
    write_spec(w, lx_text(LX_JSON_TOOL), lx_text(what), f->schema, false);
    w->b->json_tool = true;
}

/* ---- Choice --------------------------------------------------------------------------------- */

/*
 * With a response format by tool, the model must call a tool: that one, or any when the client has
 * tools of its own. While thinking nothing can be forced.
 */
static enum lx_tool_choice_kind choose(const struct lx_bedrock_writer *w, struct lx_text *name)
{
    enum lx_tool_choice_kind kind = w->r->tool_choice;
    *name = w->r->tool_choice_name;
    if (w->dummy_tool)
        return LX_CHOICE_UNSET;
    if (!w->json_tool || kind == LX_CHOICE_NAMED)
        return kind;
    if (kind == LX_CHOICE_REQUIRED && !w->family->tool_choice)
        return kind; /* what the client wanted cannot be, and is told */
    if (w->thinks || !w->family->tool_choice)
        return LX_CHOICE_AUTO;
    if (w->r->tools && kind != LX_CHOICE_NONE)
        return LX_CHOICE_REQUIRED;
    *name = lx_text(LX_JSON_TOOL);
    return LX_CHOICE_NAMED;
}

static void write_choice(struct lx_bedrock_writer *w)
{
    struct lx_text name;
    enum lx_tool_choice_kind kind = choose(w, &name);
    struct lx_out *out = &w->out;
    if (kind == LX_CHOICE_RAW) {
        lx_body_refuse(w->b, w->o, LX_S("tool_choice"), LX_S("Bedrock has no such choice"));
        return;
    }
    if (kind != LX_CHOICE_REQUIRED && kind != LX_CHOICE_NAMED)
        return; /* auto is what is done unasked; models that take no choice would refuse the word */
    if (!w->family->tool_choice) {
        lx_body_refuse(w->b, w->o, LX_S("tool_choice"), LX_S("the model takes no tool_choice"));
        return;
    }
    lx_out_object(out, "toolChoice");
    lx_out_object(out, kind == LX_CHOICE_NAMED ? "tool" : "any");
    if (kind == LX_CHOICE_NAMED)
        lx_out_text(out, "name", name);
    lx_out_object_end(out);
    lx_out_object_end(out);
}

void lx_bedrock_tools_write(struct lx_bedrock_writer *w)
{
    struct lx_slice search = w->r->params[LX_PARAM_WEB_SEARCH_OPTIONS];
    bool searches = search.n && w->family->web_search;
    bool wanted = w->r->tools && w->r->tool_choice != LX_CHOICE_NONE;
    if (search.n && !searches)
        lx_body_refuse(w->b, w->o, LX_S("web_search_options"),
                       LX_S("the model does not search the web"));
    if (!wanted && !w->dummy_tool && !w->json_tool && !searches) {
        if (is_forced(w->r))
            lx_losses_add(w->b->losses, LX_S("tool_choice"),
                          LX_S("there are no tools to choose from"));
        return;
    }
    struct lx_out_mark mark = lx_out_mark(&w->out);
    lx_out_object(&w->out, "toolConfig");
    lx_out_array(&w->out, "tools");
    size_t i = 0;
    for (const struct lx_tool *tool = wanted ? w->r->tools : NULL; tool; tool = tool->next, i++)
        write_tool(w, tool, i);
    if (searches)
        lx_out_raw(&w->out, NULL, LX_S("{\"systemTool\":{\"name\":\"nova_grounding\"}}"));
    if (w->json_tool)
        write_json_tool(w);
    if (!w->out.comma && lx_request_has_called(w->r))
        w->dummy_tool = true; /* there were tools, and Bedrock has none of them */
    if (w->dummy_tool) {
        lx_losses_change(w->b->losses, LX_S("tools"), LX_REPAIR_TOOL);
        write_spec(w, lx_text(LX_S("dummy_tool")),
                   lx_text(LX_S("This tool is never to be called.")), lx_slice(NULL, 0), false);
    }
    bool any = w->out.comma;
    lx_out_array_end(&w->out);
    if (any)
        write_choice(w);
    lx_out_object_end(&w->out);
    if (!any)
        lx_out_undo(&w->out, mark);
}
