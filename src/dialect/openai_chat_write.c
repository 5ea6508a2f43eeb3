/*
 * openai_chat_write.c - writes a request for an OpenAI-compatible server.
 *
 * The back calls it for requests that came in another language (those that came in this one are
 * edited in place, unless a test sends them through here). What is written is what all such
 * servers understand; the quirks in a provider's row rename and drop afterwards. What cannot be
 * said is refused; what only hints (cache marks, earlier thinking) is left out and listed, for a
 * client of another language sends it with every request and means no harm by it.
 */
#include <stdio.h>

#include "base/map.h"
#include "dialect/lost.h"
#include "dialect/json_tool.h"
#include "dialect/openai_chat.h"
#include "dialect/scalar.h"
#include "llm/effort.h"

/* ---- Scalars ------------------------------------------------------------------------------ */

enum policy {
    PLAIN = 0, /* every target takes it, or its quirks say otherwise */
    HINT,      /* left out and listed: the request means the same without */
    ALIEN,     /* refused */
};

/* How parameters of other languages are taken; those not listed are PLAIN. */
static const enum policy policies[LX_PARAM_COUNT] = {
    [LX_PARAM_METADATA] = HINT,           /* OpenAI's is another thing, with limits of its own */
    [LX_PARAM_CONTEXT_MANAGEMENT] = HINT, /* Claude Code sends it always */
    [LX_PARAM_CONTAINER] = ALIEN,         [LX_PARAM_MCP_SERVERS] = ALIEN,
    [LX_PARAM_INFERENCE_GEO] = ALIEN,
};

static void lose(struct lx_openai_writer *w, const char *what, const char *why)
{
    lx_losses_add(w->body->losses, lx_slice_z(what), lx_slice_z(why));
}

/*
 * OpenAI takes 64 characters of `user` (recorded 2025: string_above_max_length), Claude Code sends
 * 150, of which the first 64 name the user and the rest the session; or, since 2026, a JSON object
 * in a string, which becomes a digest: the same for the same user and session, and nobody else's.
 */
void lx_openai_write_user(struct lx_out *o, struct lx_body *body, struct lx_slice json, bool same)
{
    enum { MAX_USER = 64 };
    if (same || json.n <= MAX_USER + 2 || json.p[0] != '"') {
        lx_out_raw(o, "user", json);
        return;
    }
    lx_losses_add(body->losses, LX_S("user"), LX_S("longer than 64 characters: shortened"));
    struct lx_slice user = lx_slice(json.p + 1, MAX_USER);
    if (lx_slice_find_byte(user, '\\') >= 0) { /* JSON in a string: its start says nothing */
        static const uint64_t seeds[2][2] = {{1, 2}, {3, 4}};
        char digest[33];
        snprintf(digest, sizeof(digest), "%016llx%016llx",
                 (unsigned long long)lx_hash(json, seeds[0]),
                 (unsigned long long)lx_hash(json, seeds[1]));
        lx_out_str(o, "user", lx_slice_z(digest));
        return;
    }
    while (user.n && (json.p[1 + user.n] & 0xC0) == 0x80)
        user.n--; /* not in the middle of a character */
    lx_out_str(o, "user", user);
}

static void write_params(struct lx_openai_writer *w)
{
    for (enum lx_param p = 0; p < LX_PARAM_COUNT; p++) {
        const char *name = lx_param_name(p);
        struct lx_slice json = w->request->params[p];
        if (!json.p)
            continue;
        if (p == LX_PARAM_USER)
            lx_openai_write_user(&w->out, w->body, json, w->same);
        else if (w->same || policies[p] == PLAIN)
            lx_out_raw(&w->out, name, json);
        else if (policies[p] == HINT)
            lose(w, name, "not known in OpenAI's language");
        else
            lx_body_refuse(w->body, w->options, lx_slice_z(name),
                           LX_S("not known in OpenAI's language"));
    }
}

/* ---- Reasoning, format, stop -------------------------------------------------------------- */

struct lx_slice lx_openai_effort(const struct lx_reasoning *g)
{
    struct lx_slice effort = g->effort;
    if (!effort.n && g->kind == LX_REASONING_ON && g->budget_tokens)
        effort = lx_effort_of_budget(g->budget_tokens);
    if (lx_slice_eq(effort, LX_S("max"))) /* Anthropic's word for the most there is */
        effort = LX_S("xhigh");
    return effort;
}

/* Thinking that was switched off by its own member is switched off so where the target has that
 * member, and says nothing elsewhere: most models that would take reasoning_effort "none" do not
 * think anyway, and the others refuse the word. Thinking as the model likes is left to the model:
 * any word for it would be refused by models that do not think. */
static void write_reasoning(struct lx_openai_writer *w)
{
    const struct lx_reasoning *g = &w->request->reasoning;
    struct lx_slice effort = lx_openai_effort(g);

    if (w->same) { /* as it came: reasoning_effort, reasoning, thinking */
        lx_extra_write(&w->out, w->request->own_extra);
        return;
    }
    if (effort.n)
        lx_out_str(&w->out, "reasoning_effort", effort);
    else if (g->kind == LX_REASONING_OFF && w->options->thinking_switch)
        lx_out_raw(&w->out, "thinking", LX_S("{\"type\":\"disabled\"}"));
    else if (g->kind == LX_REASONING_ADAPTIVE)
        lose(w, "thinking", "how much the model thinks is left to the model");
}

static void write_tristate(struct lx_out *o, const char *name, enum lx_tristate t)
{
    if (t != LX_UNSET)
        lx_out_bool(o, name, t == LX_YES);
}

static void write_format(struct lx_openai_writer *w)
{
    const struct lx_response_format *f = &w->request->format;
    struct lx_out *o = &w->out;
    bool in_words = w->format == LX_OPENAI_FORMAT_WORDS;

    if (f->kind == LX_FORMAT_UNSET || w->format == LX_OPENAI_FORMAT_TOOL ||
        (in_words && (w->options->no_response_format || !w->options->json_object)))
        return;
    lx_out_object(o, "response_format");
    if (f->kind == LX_FORMAT_TEXT) {
        lx_out_lit(o, "type", "text");
    } else if (f->kind == LX_FORMAT_JSON || in_words) {
        lx_out_lit(o, "type", "json_object");
    } else {
        lx_out_lit(o, "type", "json_schema");
        lx_out_object(o, "json_schema");
        lx_out_text(o, "name", f->name.s.n ? f->name : lx_text(LX_S("response")));
        if (f->description.s.p)
            lx_out_text(o, "description", f->description);
        if (f->schema.n)
            lx_out_raw(o, "schema", f->schema);
        write_tristate(o, "strict", f->strict);
        lx_out_object_end(o);
    }
    lx_out_object_end(o);
}

/* ---- Tools -------------------------------------------------------------------------------- */

static void write_function(struct lx_out *o, const char *name, const struct lx_tool *t)
{
    lx_out_object(o, name);
    lx_out_text(o, "name", t->name);
    if (t->description.s.p)
        lx_out_text(o, "description", t->description);
    if (t->parameters.n)
        lx_out_raw(o, "parameters", t->parameters);
    write_tristate(o, "strict", t->strict);
    lx_out_object_end(o);
}

static void write_tool(struct lx_openai_writer *w, const struct lx_tool *t)
{
    struct lx_out *o = &w->out;
    lx_out_object(o, NULL);
    if (t->custom) {
        lx_out_lit(o, "type", "custom");
        lx_out_object(o, "custom");
        lx_out_text(o, "name", t->name);
        if (t->description.s.p)
            lx_out_text(o, "description", t->description);
        if (t->format.n)
            lx_out_raw(o, "format", t->format);
        lx_out_object_end(o);
    } else {
        lx_out_lit(o, "type", "function");
        write_function(o, "function", t);
    }
    lx_openai_write_cache(w, &t->cache);
    if (w->same)
        lx_extra_write(o, t->extra);
    lx_out_object_end(o);
}

static bool is_carried(const struct lx_openai_writer *w, const struct lx_tool *t)
{
    return !t->language.n || (w->same && lx_slice_eq(t->language, LX_OPENAI_CHAT));
}

static bool has_tools(const struct lx_openai_writer *w)
{
    const struct lx_tool *t = w->request->tools;
    while (t && !is_carried(w, t))
        t = t->next;
    return t != NULL;
}

/* The tool that stands for the wanted format, and that it must be called. */
static void write_json_tool(struct lx_openai_writer *w)
{
    const struct lx_response_format *f = &w->request->format;
    struct lx_out *o = &w->out;
    lx_out_array(o, "tools");
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "function");
    lx_out_object(o, "function");
    lx_out_str(o, "name", LX_JSON_TOOL);
    lx_json_tool_describe(o, f);
    lx_out_raw(o, "parameters", f->schema);
    lx_out_object_end(o);
    lx_out_object_end(o);
    lx_out_array_end(o);
    lx_out_object(o, "tool_choice");
    lx_out_lit(o, "type", "function");
    lx_out_object(o, "function");
    lx_out_str(o, "name", LX_JSON_TOOL);
    lx_out_object_end(o);
    lx_out_object_end(o);
    w->body->json_tool = true;
}

static void write_tools(struct lx_openai_writer *w)
{
    bool legacy = w->request->legacy_functions && w->same, any = has_tools(w);
    size_t i = 0;

    if (any)
        lx_out_array(&w->out, legacy ? "functions" : "tools");
    for (const struct lx_tool *t = w->request->tools; t; t = t->next, i++) {
        if (!is_carried(w, t))
            lx_body_refuse(w->body, w->options, lx_arena_printf(w->body->arena, "tools[%zu]", i),
                           LX_S("a tool that its own provider runs"));
        else if (t->language.n)
            lx_out_raw(&w->out, NULL, t->raw);
        else if (legacy)
            write_function(&w->out, NULL, t);
        else
            write_tool(w, t);
    }
    if (any)
        lx_out_array_end(&w->out);
}

static void write_named_choice(struct lx_openai_writer *w)
{
    const struct lx_request *r = w->request;
    struct lx_out *o = &w->out;
    if (r->legacy_functions && w->same) {
        lx_out_object(o, "function_call");
        lx_out_text(o, "name", r->tool_choice_name);
        lx_out_object_end(o);
        return;
    }
    bool custom = lx_request_tool_is_custom(r, r->tool_choice_name, w->body->arena);
    lx_out_object(o, "tool_choice");
    lx_out_str(o, "type", custom ? LX_S("custom") : LX_S("function"));
    lx_out_object(o, custom ? "custom" : "function");
    lx_out_text(o, "name", r->tool_choice_name);
    lx_out_object_end(o);
    lx_out_object_end(o);
}

/* OpenAI refuses both members where there are no tools; other languages allow them. */
static void write_tool_choice(struct lx_openai_writer *w)
{
    static const struct lx_slice words[] = {
        [LX_CHOICE_AUTO] = LX_S_INIT("auto"),
        [LX_CHOICE_NONE] = LX_S_INIT("none"),
        [LX_CHOICE_REQUIRED] = LX_S_INIT("required"),
    };
    const struct lx_request *r = w->request;

    if (!w->same && !has_tools(w))
        return;
    if (r->tool_choice == LX_CHOICE_NAMED)
        write_named_choice(w);
    else if (r->tool_choice == LX_CHOICE_RAW && w->same)
        lx_out_raw(&w->out, "tool_choice", r->tool_choice_raw);
    else if (r->tool_choice == LX_CHOICE_RAW)
        lx_body_refuse(w->body, w->options, LX_S("tool_choice"),
                       LX_S("not known in OpenAI's language"));
    else if (r->tool_choice)
        lx_out_str(&w->out, r->legacy_functions && w->same ? "function_call" : "tool_choice",
                   words[r->tool_choice]);
    write_tristate(&w->out, "parallel_tool_calls", r->parallel_tool_calls);
}

/* ---- The body ----------------------------------------------------------------------------- */

void lx_openai_write_cache(struct lx_openai_writer *w, const struct lx_cache_mark *mark)
{
    if (!mark->set)
        return;
    if (!w->same && !w->options->cache_marks) {
        if (!w->lost_cache)
            lose(w, "cache_control", "the target caches by itself or not at all");
        w->lost_cache = true;
        return;
    }
    lx_out_object(&w->out, "cache_control");
    lx_out_lit(&w->out, "type", "ephemeral");
    if (mark->ttl.n)
        lx_out_str(&w->out, "ttl", mark->ttl);
    lx_out_object_end(&w->out);
}

/* A tool is a better leash than words, but the model must not have others to call. */
static enum lx_openai_format plan_format(const struct lx_openai_writer *w)
{
    const struct lx_write_options *o = w->options;
    const struct lx_response_format *f = &w->request->format;
    if (f->kind == LX_FORMAT_JSON)
        return o->no_response_format ? LX_OPENAI_FORMAT_WORDS : LX_OPENAI_FORMAT_OWN;
    if (f->kind != LX_FORMAT_SCHEMA || o->native_json_schema)
        return LX_OPENAI_FORMAT_OWN;
    return o->json_object || o->no_forced_tool || w->request->tools || !f->schema.n
               ? LX_OPENAI_FORMAT_WORDS
               : LX_OPENAI_FORMAT_TOOL;
}

void lx_openai_write_request(const struct lx_write_options *options, const struct lx_request *r,
                             struct lx_body *body)
{
    struct lx_openai_writer w = {.options = options,
                                 .request = r,
                                 .body = body,
                                 .out = lx_out(body->buf),
                                 .same = lx_slice_eq(r->language, LX_OPENAI_CHAT)};
    struct lx_out *o = &w.out;
    w.format = plan_format(&w);

    lx_out_object(o, NULL);
    if (!options->model_outside)
        lx_out_str(o, "model", options->model);
    lx_openai_write_messages(&w);
    write_tools(&w);
    if (w.format == LX_OPENAI_FORMAT_TOOL)
        write_json_tool(&w);
    else
        write_tool_choice(&w);
    write_params(&w);
    write_reasoning(&w);
    write_format(&w);
    lx_stop_write(w.request, "stop", NULL, &w.out);
    lx_openai_write_cache(&w, &r->cache);
    if (r->stream) { /* usage is always wanted here: it is what is billed by */
        lx_out_bool(o, "stream", true);
        lx_out_object(o, "stream_options");
        lx_out_bool(o, "include_usage", true);
        lx_out_object_end(o);
    }
    lx_extra_write(o, r->extra);
    lx_out_object_end(o);
    if (!w.same) {
        lx_tool_members_lose(r, NULL, body);
        lx_part_members_lose(r, NULL, body);
        lx_message_members_lose(r, "|name|", body);
    }
    if (body->buf->failed)
        lx_body_fail(body, body->buf->failed, LX_S("the request"),
                     lx_slice_z(lx_code_text(body->buf->failed)));
}
