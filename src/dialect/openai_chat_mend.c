/*
 * openai_chat_mend.c - replies and chunks that pass as they came, where servers that speak OpenAI's
 * language say something in another way than OpenAI and LiteLLM do.
 *
 *   reasoning       OpenRouter, Groq, Cerebras: reasoning_content is put beside it; Snowflake has
 *                   reasoning_details only
 *   content         Mistral's is a list while a model thinks: texts join, thinking goes into
 *                   reasoning_content. Only of chunks: a whole reply with one is written anew
 *   finish_reason   "eos_token" and the like become OpenAI's words; a stop that calls tools is
 *                   tool_calls, as LiteLLM has it
 *   tool_calls      of whole replies: Gemini's had no id there (recorded 2025), Mistral's and
 *                   DeepSeek's no arguments where a tool has no parameters (recorded 2026)
 *   annotations     of whole replies: Perplexity has its sources beside the answer
 *   usage           xAI counts what is thought beside completion_tokens; Groq and Moonshot had a
 *                   stream's usage elsewhere than in the chunk's own member; Mistral and Moonshot
 *                   have another name for what a cache gave
 *
 * A glance finds them, and only then anything is edited. What is translated does not come here.
 * Calls of a stream, and how it finishes after some, are mended where their state is:
 * openai_chat_stream.c.
 */
#include "dialect/openai_chat.h"

static bool has_text(struct lx_json v)
{
    return lx_json_text(v).s.n != 0;
}

static bool lacks_reasoning(struct lx_json message)
{
    return (has_text(LX_GET(message, "reasoning")) ||
            lx_json_count(LX_GET(message, "reasoning_details"))) &&
           !lx_json_given(LX_GET(message, "reasoning_content"));
}

static bool is_list(struct lx_json message)
{
    return lx_json_is(LX_GET(message, "content"), LX_JSON_ARRAY);
}

/* What finish_reason should say; absent: what it says. */
static struct lx_slice better_finish(struct lx_json choice, bool whole)
{
    struct lx_text said = lx_json_text(LX_GET(choice, "finish_reason"));
    enum lx_finish finish = said.escaped ? LX_FINISH_OTHER : lx_openai_read_finish(said.s);
    bool calls = whole && lx_json_count(LX_GET(LX_GET(choice, "message"), "tool_calls"));
    if ((finish == LX_FINISH_STOP || finish == LX_FINISH_NONE) && calls)
        return LX_S("tool_calls");
    if (whole && lx_json_eq(LX_GET(LX_GET(choice, "finish_details"), "type"), LX_S("max_tokens")))
        return LX_S("length"); /* OpenAI's first vision model */
    if (whole && !said.s.n && !lx_json_given(LX_GET(choice, "error"))) /* OpenRouter */
        return LX_S("stop");
    if (finish == LX_FINISH_NONE || finish == LX_FINISH_OTHER || lx_openai_is_finish(said.s))
        return lx_slice(NULL, 0);
    return lx_openai_finish_name(finish, said.s);
}

static bool lacks_id(struct lx_json call)
{
    return lx_json_is(call, LX_JSON_OBJECT) && !has_text(LX_GET(call, "id"));
}

/* Clients parse them: "" is no JSON, and null none of a call's. */
static bool lacks_arguments(struct lx_json call)
{
    struct lx_json function = LX_GET(call, "function"), said = LX_GET(function, "arguments");
    return lx_json_is(function, LX_JSON_OBJECT) &&
           (!lx_json_given(said) || (lx_json_is(said, LX_JSON_STRING) && !has_text(said)) ||
            lx_json_eq(said, LX_S("null")));
}

static bool lacks_sources(struct lx_json body, struct lx_json message)
{
    return lx_json_count(lx_openai_find_sources(body)) && has_text(LX_GET(message, "content")) &&
           !lx_json_given(LX_GET(message, "annotations"));
}

bool lx_openai_is_odd(struct lx_json body, struct lx_json choice, struct lx_json message)
{
    bool whole = lx_json_given(LX_GET(choice, "message")), listed = false, reasons = false;
    for (struct lx_json_iter it = lx_json_iter(message); lx_json_next(&it);) { /* of every chunk */
        listed = listed || lx_json_is(it.value, LX_JSON_ARRAY);
        reasons = reasons || lx_slice_starts(lx_json_raw(it.name), LX_S("\"reasoning"));
    }
    if ((reasons && lacks_reasoning(message)) || (listed && is_list(message)) ||
        better_finish(choice, whole).p || (whole && lacks_sources(body, message)))
        return true;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "tool_calls"));
         whole && lx_json_next(&it);)
        if (lacks_id(it.value) || lacks_arguments(it.value))
            return true;
    return false;
}

/* What a cache gave, under another name than OpenAI's. */
static bool lacks_cached(struct lx_json usage, const struct lx_usage *u)
{
    return u->cached_tokens &&
           !lx_json_given(LX_GET(LX_GET(usage, "prompt_tokens_details"), "cached_tokens"));
}

bool lx_openai_usage_is_odd(struct lx_json body, const struct lx_usage *u)
{
    int64_t said;
    if (!u->known)
        return false;
    struct lx_json usage = LX_GET(body, "usage");
    if (!lx_json_is(usage, LX_JSON_OBJECT))
        return true;
    return lacks_cached(usage, u) || (lx_json_int(LX_GET(usage, "completion_tokens"), &said) == 0 &&
                                      said != u->completion_tokens);
}

static struct lx_slice quoted(struct lx_slice word, struct lx_arena *a)
{
    return lx_arena_printf(a, "\"%.*s\"", LX_F(word));
}

/* Calls of a whole reply: the ids and arguments that a translated one would have. */
static void mend_calls(struct lx_json body, struct lx_json message, struct lx_json_edit *e)
{
    struct lx_slice reply = lx_json_raw(LX_GET(body, "id"));
    size_t n = 0;
    reply = reply.n >= 2 && reply.p[0] == '"' ? lx_slice(reply.p + 1, reply.n - 2) : LX_S("");
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "tool_calls")); lx_json_next(&it);
         n++) {
        if (lacks_id(it.value))
            lx_json_edit_set(e, it.value, LX_S("id"),
                             lx_arena_printf(e->arena, "\"call_%.*s_%zu\"", LX_F(reply), n));
        if (lacks_arguments(it.value))
            lx_json_edit_set(e, LX_GET(it.value, "function"), LX_S("arguments"), LX_S("\"{}\""));
    }
}

/* Texts, still escaped, one behind the other. */
static struct lx_slice joined(struct lx_slice before, struct lx_text t, struct lx_arena *a)
{
    return t.s.n ? lx_arena_printf(a, "%.*s%.*s", LX_F(before), LX_F(t.s)) : before;
}

/* Of `reasoning`, else of reasoning_details; absent: there is none. */
static struct lx_slice reasoning_of(struct lx_json message, struct lx_arena *a)
{
    struct lx_slice all = LX_S("");
    if (has_text(LX_GET(message, "reasoning")))
        return lx_json_raw(LX_GET(message, "reasoning"));
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "reasoning_details"));
         lx_json_next(&it);) {
        struct lx_openai_thought t = lx_openai_read_thought(it.value);
        all = joined(all, t.redacted ? (struct lx_text){0} : t.text, a);
    }
    return all.n ? quoted(all, a) : all;
}

static void mend_reasoning(struct lx_json message, struct lx_json_edit *e)
{
    struct lx_slice reasoning = reasoning_of(message, e->arena);
    if (reasoning.n)
        lx_json_edit_set(e, message, LX_S("reasoning_content"), reasoning);
}

static void mend_sources(struct lx_json body, struct lx_json message, struct lx_json_edit *e)
{
    struct lx_slice text = lx_text_plain(lx_json_text(LX_GET(message, "content")), e->arena);
    struct lx_slice list = lx_openai_write_sources(body, text, e->arena);
    if (list.n)
        lx_json_edit_set(e, message, LX_S("annotations"), list);
}

/* What is neither text nor thinking stays where translated replies have it. */
static void mend_list(struct lx_json delta, struct lx_json_edit *e)
{
    struct lx_slice text = LX_S(""), thought = text, others = text;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(delta, "content")); lx_json_next(&it);) {
        struct lx_json type = LX_GET(it.value, "type");
        if (lx_json_eq(type, LX_S("text")))
            text = joined(text, lx_json_text(LX_GET(it.value, "text")), e->arena);
        else if (lx_json_eq(type, LX_S("thinking")))
            for (struct lx_json_iter one = lx_json_iter(LX_GET(it.value, "thinking"));
                 lx_json_next(&one);)
                thought = joined(thought, lx_json_text(LX_GET(one.value, "text")), e->arena);
        else
            others = lx_arena_printf(e->arena, "%.*s%s%.*s", LX_F(others), others.n ? "," : "",
                                     LX_F(lx_json_raw(it.value)));
    }
    lx_json_edit_set(e, delta, LX_S("content"), text.n ? quoted(text, e->arena) : LX_S("null"));
    if (thought.n)
        lx_json_edit_set(e, delta, LX_S("reasoning_content"), quoted(thought, e->arena));
    if (others.n)
        lx_json_edit_set(e, delta, LX_S("provider_specific_fields"),
                         lx_arena_printf(e->arena, "{\"content_blocks\":[%.*s]}", LX_F(others)));
}

static void mend_choice(struct lx_json body, struct lx_json choice, struct lx_json_edit *e)
{
    struct lx_json message = LX_GET(choice, "message");
    bool whole = lx_json_given(message);
    if (!whole)
        message = LX_GET(choice, "delta");
    if (lacks_reasoning(message))
        mend_reasoning(message, e);
    if (whole && lacks_sources(body, message))
        mend_sources(body, message, e);
    if (whole)
        mend_calls(body, message, e);
    else if (is_list(message))
        mend_list(message, e);
    struct lx_slice finish = better_finish(choice, whole);
    if (finish.p)
        lx_json_edit_set(e, choice, LX_S("finish_reason"), quoted(finish, e->arena));
}

static void mend_usage(struct lx_json body, const struct lx_usage *u, struct lx_json_edit *e)
{
    struct lx_json usage = LX_GET(body, "usage");
    struct lx_json details = LX_GET(usage, "prompt_tokens_details");
    struct lx_slice cached = lx_arena_printf(e->arena, "%lld", (long long)u->cached_tokens);
    if (!lx_json_is(usage, LX_JSON_OBJECT)) {
        lx_json_edit_set(e, body, LX_S("usage"), u->raw);
        return;
    }
    lx_json_edit_set(e, usage, LX_S("completion_tokens"),
                     lx_arena_printf(e->arena, "%lld", (long long)u->completion_tokens));
    if (!lacks_cached(usage, u))
        return;
    if (lx_json_is(details, LX_JSON_OBJECT))
        lx_json_edit_set(e, details, LX_S("cached_tokens"), cached);
    else
        lx_json_edit_set(e, usage, LX_S("prompt_tokens_details"),
                         lx_arena_printf(e->arena, "{\"cached_tokens\":%.*s}", LX_F(cached)));
}

void lx_openai_mend(const struct lx_json_doc *doc, struct lx_json_edit *e)
{
    struct lx_json body = lx_json_root(doc);
    struct lx_usage u;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(body, "choices")); lx_json_next(&it);)
        mend_choice(body, it.value, e);
    lx_openai_read_bill(body, &u);
    if (lx_openai_usage_is_odd(body, &u))
        mend_usage(body, &u, e);
}
