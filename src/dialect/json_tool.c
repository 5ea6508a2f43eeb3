/*
 * json_tool.c - structured output by a forced tool, or by words; see json_tool.h.
 *
 * Whether what comes back follows the schema is not checked here (call/verify.h).
 */
#include "dialect/json_tool.h"

void lx_json_tool_describe(struct lx_out *o, const struct lx_response_format *f)
{
    lx_out_string_open(o, "description");
    lx_out_string_part(o, lx_text(LX_S("Give the final answer by calling this tool once, "
                                       "without any other text.")));
    if (f->description.s.n) {
        lx_out_string_part(o, lx_text(LX_S(" ")));
        lx_out_string_part(o, f->description);
    }
    lx_out_string_close(o);
}

/* Some services want the word JSON in the prompt of whoever wishes for it. */
void lx_json_prompt_write(struct lx_out *o, const char *name, const struct lx_response_format *f,
                          struct lx_body *body)
{
    body->json_words = true;
    lx_out_string_open(o, name);
    lx_out_string_part(o, lx_text(LX_S("Answer with one valid JSON object and nothing else: no "
                                       "text around it, no code fence.")));
    if (f->kind == LX_FORMAT_SCHEMA && f->schema.n) {
        lx_out_string_part(o, lx_text(LX_S(" It must follow this JSON Schema: ")));
        lx_out_string_part(o, lx_text(f->schema));
    }
    if (f->description.s.n) {
        lx_out_string_part(o, lx_text(LX_S(" ")));
        lx_out_string_part(o, f->description);
    }
    lx_out_string_close(o);
}

static bool is_json_tool(const struct lx_part *p)
{
    return p->kind == LX_PART_TOOL_CALL && !p->name.escaped && lx_slice_eq(p->name.s, LX_JSON_TOOL);
}

void lx_json_tool_unwrap(struct lx_choice *c)
{
    bool called = false, tools = false;
    for (struct lx_part *p = c->parts; p; p = p->next) {
        called |= is_json_tool(p);
        tools |= p->kind == LX_PART_TOOL_CALL && !is_json_tool(p);
    }
    if (!called)
        return;
    bool first = true;
    struct lx_part **at = &c->parts;
    while (*at) {
        struct lx_part *p = *at;
        bool json = is_json_tool(p);
        if ((json && !first) || p->kind == LX_PART_TEXT) {
            *at = p->next;
            continue;
        }
        if (json) {
            *p = (struct lx_part){.kind = LX_PART_TEXT, .text = p->arguments, .next = p->next};
            first = false;
        }
        at = &p->next;
    }
    if (c->finish == LX_FINISH_TOOL_CALLS && !tools) {
        c->finish = LX_FINISH_STOP;
        c->raw_finish = lx_slice(NULL, 0);
    }
}
