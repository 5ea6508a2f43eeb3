/*
 * openai_chat_reply.c - reads whole replies, and glances at those that pass as they came.
 *
 * The call machine hands it the body of a 2xx answer. A body that holds an error in spite of its
 * status (OpenRouter does so) is a failure here; read_error() then says which.
 */
#include "dialect/json_tool.h"
#include "dialect/openai_chat.h"
#include "dialect/think.h"

static const struct lx_slice choice_members[] = {
    LX_S_INIT("index"),    LX_S_INIT("message"), LX_S_INIT("delta"), LX_S_INIT("finish_reason"),
    LX_S_INIT("logprobs"), LX_S_INIT("usage"),   LX_S_INIT("text"),
};
static const struct lx_slice reply_members[] = {
    LX_S_INIT("id"),
    LX_S_INIT("object"),
    LX_S_INIT("created"),
    LX_S_INIT("model"),
    LX_S_INIT("choices"),
    LX_S_INIT("usage"),
    LX_S_INIT("system_fingerprint"),
    LX_S_INIT("service_tier"),
};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool has_tool_call(const struct lx_part *p)
{
    while (p && p->kind != LX_PART_TOOL_CALL)
        p = p->next;
    return p != NULL;
}

/*
 * OpenAI itself says "stop" when a named tool was forced, others always: for any other language
 * the reply stopped to have its tools called. raw_finish keeps the word. vLLM says in stop_reason
 * which stop sequence it met (docs.vllm.ai, "OpenAI-compatible server"). OpenAI's first vision
 * model had {"finish_details":{"type":"max_tokens"}} instead (recorded 2023).
 */
static void read_finish(struct lx_json choice, struct lx_choice *c, struct lx_arena *a)
{
    struct lx_text sequence = lx_json_text(LX_GET(choice, "stop_reason"));
    c->raw_finish = lx_json_str(LX_GET(choice, "finish_reason"), a);
    if (!c->raw_finish.n)
        c->raw_finish = lx_json_str(LX_GET(LX_GET(choice, "finish_details"), "type"), a);
    c->finish = lx_openai_read_finish(c->raw_finish);
    if (c->finish == LX_FINISH_NONE && lx_json_given(LX_GET(choice, "error"))) {
        c->finish = LX_FINISH_OTHER; /* OpenRouter: broke off after it had said something */
        c->raw_finish = LX_S("error");
    }
    if ((c->finish == LX_FINISH_STOP || c->finish == LX_FINISH_NONE) && has_tool_call(c->parts)) {
        c->finish = LX_FINISH_TOOL_CALLS;
    } else if (c->finish == LX_FINISH_STOP && sequence.s.n) {
        c->finish = LX_FINISH_STOP_SEQUENCE;
        c->stop_sequence = sequence;
    }
}

/* The citations that stand at a piece of the content: a list, or a list of one. */
static void read_citations(struct lx_part *p, struct lx_slice json, struct lx_arena *a)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, json, NULL, NULL);
    struct lx_json list = code ? (struct lx_json){0} : lx_json_root(&doc);
    if (lx_json_is(lx_json_at(list, 0), LX_JSON_ARRAY))
        list = lx_json_at(list, 0);
    if (lx_json_count(list) && lx_json_is(list, LX_JSON_ARRAY)) {
        p->citations = lx_json_raw(list);
        p->language = lx_openai_citation_language(lx_json_at(list, 0));
    }
    lx_json_doc_clear(&doc); /* what was taken from it points into the body's text */
    if (code == LX_ENOMEM)
        a->failed = code;
}

/* Databricks' pieces of content have their own (LiteLLM databricks/chat, 1.106.2). */
static void read_cited(struct lx_part *p, struct lx_arena *a)
{
    for (; p; p = p->next) {
        const struct lx_extra *own = lx_extra_find(p->extra, LX_S("citations"));
        if (own && p->kind == LX_PART_TEXT && !p->citations.n)
            read_citations(p, own->json, a);
    }
}

static void read_choice(struct lx_openai_reader *r, struct lx_json choice, int64_t position,
                        struct lx_choice *c)
{
    struct lx_json message = LX_GET(choice, "message");
    if (!lx_json_given(message))
        message = LX_GET(choice, "delta"); /* a stream's last chunk sent as a whole reply */
    if (lx_json_int(LX_GET(choice, "index"), &c->index) != 0)
        c->index = position;
    struct lx_part **parts = &c->parts;
    struct lx_extra **message_extra = &c->message_extra, **extra = &c->extra;
    lx_openai_read_assistant(r, message, &parts, &message_extra);
    read_cited(c->parts, r->arena);
    struct lx_text text = lx_json_text(LX_GET(choice, "text")); /* of a text completion */
    bool completes = !lx_json_given(message) && text.s.p;
    if (completes && text.s.n) {
        struct lx_part *part = lx_part_add(&parts, LX_PART_TEXT, r->arena);
        if (part)
            part->text = text;
    }
    c->legacy_function_call = r->legacy_function_call;
    read_finish(choice, c, r->arena);
    /* Azure leaves the message out where its filter took it (recorded 2025). Else what it says
     * instead is not understood, and must not be lost. */
    if (!lx_json_given(message) && !completes && c->finish == LX_FINISH_NONE)
        r->code = LX_EPROTO;
    c->logprobs = lx_openai_read_logprobs(LX_GET(choice, "logprobs"), r->arena);
    lx_openai_read_extra(choice, choice_members, COUNT(choice_members), &extra, r->arena);
}

/* A model's thinking, which its server has left in the text. */
static void part_thinking(struct lx_choice *c, struct lx_arena *a)
{
    struct lx_part *text = c->parts;
    struct lx_text thought, rest;
    if (!text || text->kind != LX_PART_TEXT || !lx_think_cut(text->text, &thought, &rest))
        return;
    struct lx_part *behind = lx_arena_new(a, struct lx_part);
    if (!behind)
        return;
    *behind = *text;
    behind->text = rest;
    *text = (struct lx_part){.kind = LX_PART_THINKING, .text = thought};
    text->next = rest.s.n ? behind : behind->next;
}

static int fail_with(struct lx_json body, struct lx_arena *a, struct lx_error *err)
{
    struct lx_fault fault;
    lx_openai_read_fault(0, body, a, &fault);
    return lx_error_set(err, LX_EPROTO, "the provider answered with an error: %.*s",
                        LX_F(fault.message));
}

int lx_openai_read_reply(const struct lx_json_doc *doc, const struct lx_reply_context *context,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json body = lx_json_root(doc), choices = LX_GET(body, "choices");
    struct lx_reply reply = {.language = LX_OPENAI_CHAT};

    if (lx_openai_is_fault(body))
        return fail_with(body, a, err);
    if (!lx_json_is(choices, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EPROTO, "the reply has no list of choices");
    reply.id = lx_json_text(LX_GET(body, "id"));
    reply.model = lx_json_text(LX_GET(body, "model"));
    reply.system_fingerprint = lx_json_text(LX_GET(body, "system_fingerprint"));
    reply.service_tier = lx_json_text(LX_GET(body, "service_tier"));
    if (lx_json_int(LX_GET(body, "created"), &reply.created_s) != 0 || reply.created_s < 0)
        reply.created_s = 0;

    struct lx_openai_reader r = {.arena = a, .err = err};
    r.reply_id = lx_text_plain(reply.id, a);
    if (!r.reply_id.p)
        r.reply_id = LX_S("0");
    int64_t position = 0;
    struct lx_choice **at = &reply.choices;
    for (struct lx_json_iter it = lx_json_iter(choices); lx_json_next(&it) && !r.code;) {
        struct lx_choice *c = lx_arena_new(a, struct lx_choice);
        if (!c)
            break;
        read_choice(&r, it.value, position++, c);
        if (context->json_tool)
            lx_json_tool_unwrap(c);
        part_thinking(c, a);
        *at = c;
        at = &c->next;
    }
    lx_openai_add_sources(body, &reply, a);
    lx_openai_read_bill(body, &reply.usage);
    struct lx_extra **extra = &reply.extra;
    lx_openai_read_extra(body, reply_members, COUNT(reply_members), &extra, a);
    if (r.code)
        return lx_error_set(err, LX_EPROTO,
                            "a choice of the reply has no message of text or parts");
    if (a->failed)
        return lx_error_set(err, a->failed, "%s", lx_code_text(a->failed));
    *out = reply;
    return 0;
}

/* ---- Glances ------------------------------------------------------------------------------ */

/* Plain words only: a finish reason or model name is not escaped, or not one we know. */
static struct lx_slice word(struct lx_json v)
{
    struct lx_text t = lx_json_text(v);
    return t.escaped ? lx_slice(NULL, 0) : t.s;
}

/* OpenAI does not count searches, but an answer that cites the web has searched it. */
static bool cites_web(struct lx_json message)
{
    struct lx_json first = lx_json_at(LX_GET(message, "annotations"), 0);
    return lx_json_eq(LX_GET(first, "type"), LX_S("url_citation"));
}

/* Thinking within what is said: between tags, or as a part of a list. */
static bool is_tagged(struct lx_json choice)
{
    struct lx_json message = LX_GET(choice, "message"), content = LX_GET(message, "content");
    struct lx_text thought, rest;
    return lx_json_is(content, LX_JSON_ARRAY) ||
           (lx_think_cut(lx_json_text(content), &thought, &rest) &&
            !lx_json_given(LX_GET(message, "reasoning_content")));
}

int lx_openai_glance_reply(const struct lx_json_doc *doc, struct lx_glance *out)
{
    struct lx_openai_top top;
    lx_openai_top_read(lx_json_root(doc), &top);
    struct lx_json body = top.body, choice = lx_json_at(top.choices, 0);

    *out = (struct lx_glance){0};
    out->model = word(top.model);
    out->finish = lx_openai_read_finish(word(LX_GET(choice, "finish_reason")));
    out->content = lx_json_given(choice);
    out->end = true;
    out->is_fault = lx_openai_top_is_fault(&top);
    out->tagged = is_tagged(choice);
    for (struct lx_json_iter it = lx_json_iter(top.choices); lx_json_next(&it);)
        out->odd = out->odd || lx_openai_is_odd(body, it.value, LX_GET(it.value, "message"));
    out->searched = cites_web(LX_GET(choice, "message"));
    lx_openai_top_bill(&top, &out->usage);
    out->odd = out->odd || lx_openai_usage_is_odd(body, &out->usage);
    return 0;
}

/* Whether a delta holds anything but a role and empty strings. */
static bool says_something(struct lx_json delta)
{
    for (struct lx_json_iter it = lx_json_iter(delta); lx_json_next(&it);) {
        enum lx_json_type type = lx_json_type(it.value);
        if (lx_json_eq(it.name, LX_S("role")) || type <= LX_JSON_NULL)
            continue;
        if (type == LX_JSON_STRING ? lx_json_text(it.value).s.n != 0
                                   : type >= LX_JSON_ARRAY && lx_json_count(it.value) != 0)
            return true;
    }
    return false;
}

static void collect_calls(struct lx_json calls, struct lx_said *said)
{
    for (struct lx_json_iter it = lx_json_iter(calls); lx_json_next(&it);) {
        struct lx_json function = LX_GET(it.value, "function");
        lx_said_add(said, LX_PART_TOOL_CALL, lx_json_text(LX_GET(function, "name")));
        lx_said_add(said, LX_PART_TOOL_CALL, lx_json_text(LX_GET(function, "arguments")));
    }
}

/* The words of a choice's delta. Of the two members that may have the reasoning, one. */
static void collect(struct lx_json choice, struct lx_json delta, struct lx_said *said)
{
    struct lx_text content = lx_json_text(LX_GET(delta, "content"));
    if (!lx_json_given(delta)) /* a text completion */
        content = lx_json_text(LX_GET(choice, "text"));
    lx_said_add(said, LX_PART_TEXT, content);
    if (content.s.n)
        return; /* most deltas have nothing else */
    struct lx_text reasoning = lx_json_text(LX_GET(delta, "reasoning_content"));
    struct lx_text refusal = lx_json_text(LX_GET(delta, "refusal"));
    struct lx_json calls = LX_GET(delta, "tool_calls");
    if (!reasoning.s.n)
        reasoning = lx_json_text(LX_GET(delta, "reasoning"));
    lx_said_add(said, LX_PART_THINKING, reasoning);
    lx_said_add(said, LX_PART_REFUSAL, refusal);
    if (lx_json_count(calls))
        lx_said_begin(said, LX_PART_TOOL_CALL, said->parts);
    else if (!reasoning.s.n && !refusal.s.n && says_something(delta))
        lx_said_begin(said, LX_PART_OPAQUE, said->parts); /* audio, images and the like */
    collect_calls(calls, said);
}

static void glance_choice(struct lx_json body, struct lx_json choice, struct lx_glance *out)
{
    enum { DELTA, FINISH, TEXT, ERROR, NAMES };
    static const struct lx_slice names[NAMES] = {
        [DELTA] = LX_S_INIT("delta"),
        [FINISH] = LX_S_INIT("finish_reason"),
        [TEXT] = LX_S_INIT("text"),
        [ERROR] = LX_S_INIT("error"),
    };
    struct lx_json of[NAMES];
    lx_json_get_several(choice, names, NAMES, of);
    struct lx_json delta = of[DELTA];
    enum lx_finish finish = lx_openai_read_finish(word(of[FINISH]));
    if (finish)
        out->finish = finish;
    out->calls = out->calls || lx_json_is(LX_GET(delta, "tool_calls"), LX_JSON_ARRAY);
    out->content = out->content || says_something(delta) || lx_json_text(of[TEXT]).s.n;
    if (out->said)
        collect(choice, delta, out->said);
    out->is_fault = out->is_fault || lx_json_given(of[ERROR]);
    out->odd = out->odd || lx_openai_is_odd(body, choice, delta);
    out->searched = out->searched || cites_web(delta);
}

int lx_openai_glance_event(const struct lx_record *record, struct lx_json_doc *doc,
                           struct lx_glance *out)
{
    struct lx_openai_top top;
    *out = (struct lx_glance){.said = out->said};
    if (lx_record_is_done(record)) {
        out->end = true;
        return 0;
    }
    int code = lx_record_read(record, doc, NULL);
    if (code)
        return code;
    struct lx_json body = lx_json_root(doc);
    lx_openai_top_read(body, &top);
    out->is_fault = lx_openai_top_is_fault(&top);
    out->model = word(top.model);
    for (struct lx_json_iter it = lx_json_iter(top.choices); lx_json_next(&it);)
        glance_choice(body, it.value, out);
    lx_openai_top_bill(&top, &out->usage);
    out->odd = out->odd || lx_openai_usage_is_odd(body, &out->usage);
    out->usage_only = out->usage.known && !lx_json_count(top.choices);
    return 0;
}
