/*
 * resume.c - when a stream that broke may go on elsewhere, and the request that makes it go on.
 *
 * Called by judge.c (a stream has failed: is it worth another attempt?) and by call.c (the
 * attempt's body). Which deployment is asked next is decided as for any attempt that failed; how
 * the two replies become one stream is relay_join.c's and join.c's business.
 *
 * A request that goes on is the client's own, with what was said as a message of the assistant's
 * behind it. Some targets go on with such a message (what they are is below); others are asked to,
 * in a message of the user's. It is written in the client's language: so the same body serves a
 * target that takes it as it is, and one that it is translated for.
 */
#include "call/resume.h"

#include "call/inner.h"

/* ---- Whether ----------------------------------------------------------------------------------
 */

/* How a language says what goes on; those that are not here only begin anew. */
struct form {
    const struct lx_dialect *front;
    struct lx_slice list;           /* where messages are; absent: a prompt */
    struct lx_slice before, behind; /* around the text of the assistant's message */
    struct lx_slice ask, asked;     /* ... and around that of the user's */
    struct lx_slice limits[2];      /* on the length of the answer; "object.member" */
    struct lx_slice kept[5];        /* members that bind the reply to what its provider keeps */
    bool signs_thinking;            /* a client gives thoughts back as they came, or not at all */
};

static const struct form forms[] = {
    {
        .front = &lx_dialect_openai_chat,
        .list = LX_S_INIT("messages"),
        .before = LX_S_INIT("{\"role\":\"assistant\",\"content\":\""),
        .behind = LX_S_INIT("\"}"),
        .ask = LX_S_INIT("{\"role\":\"user\",\"content\":\""),
        .asked = LX_S_INIT("\"}"),
        .limits = {LX_S_INIT("max_tokens"), LX_S_INIT("max_completion_tokens")},
    },
    {
        .front = &lx_dialect_anthropic,
        .list = LX_S_INIT("messages"),
        .before = LX_S_INIT("{\"role\":\"assistant\",\"content\":\""),
        .behind = LX_S_INIT("\"}"),
        .ask = LX_S_INIT("{\"role\":\"user\",\"content\":\""),
        .asked = LX_S_INIT("\"}"),
        .limits = {LX_S_INIT("max_tokens")},
        .signs_thinking = true,
    },
    {
        .front = &lx_dialect_gemini,
        .list = LX_S_INIT("contents"),
        .before = LX_S_INIT("{\"role\":\"model\",\"parts\":[{\"text\":\""),
        .behind = LX_S_INIT("\"}]}"),
        .ask = LX_S_INIT("{\"role\":\"user\",\"parts\":[{\"text\":\""),
        .asked = LX_S_INIT("\"}]}"),
        .limits = {LX_S_INIT("generationConfig.maxOutputTokens")},
    },
    {
        .front = &lx_dialect_openai_responses,
        .list = LX_S_INIT("input"),
        .before = LX_S_INIT("{\"type\":\"message\",\"role\":\"assistant\",\"content\":\""),
        .behind = LX_S_INIT("\"}"),
        .ask = LX_S_INIT("{\"type\":\"message\",\"role\":\"user\",\"content\":\""),
        .asked = LX_S_INIT("\"}"),
        .limits = {LX_S_INIT("max_output_tokens")},
        .kept = {LX_S_INIT("background"), LX_S_INIT("conversation"),
                 LX_S_INIT("previous_response_id"), LX_S_INIT("prompt"), LX_S_INIT("store")},
        .signs_thinking = true,
    },
    {
        .front = &lx_dialect_openai_completions,
        .limits = {LX_S_INIT("max_tokens")},
    },
};

static const struct form *form_of(const struct lx_dialect *front)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (forms[i].front == front)
            return &forms[i];
    return NULL;
}

static bool is_true(struct lx_slice json)
{
    return json.n && !lx_slice_eq(json, LX_S("false")) && !lx_slice_eq(json, LX_S("null")) &&
           !lx_slice_eq(json, LX_S("0"));
}

/* What is asked for is more than text that goes on. */
static bool is_plain(const struct lx_request *r)
{
    int64_t n = 1;
    (void)lx_request_param_int(r, LX_PARAM_N, &n);
    return n <= 1 && r->format.kind <= LX_FORMAT_TEXT && !is_true(r->params[LX_PARAM_LOGPROBS]) &&
           !is_true(r->params[LX_PARAM_TOP_LOGPROBS]) && !is_true(r->params[LX_PARAM_ECHO]) &&
           !is_true(r->params[LX_PARAM_SUFFIX]) && !is_true(r->params[LX_PARAM_AUDIO]);
}

enum lx_resume_how lx_resume_decide(const struct lx_resume_question *q)
{
    const unsigned text = 1u << LX_PART_TEXT, thinking = 1u << LX_PART_THINKING,
                   hidden = 1u << LX_PART_REDACTED_THINKING;
    const struct lx_said *s = q->said;
    const struct form *form = form_of(q->front);
    if (!form || q->bound || q->finish != LX_FINISH_NONE)
        return LX_RESUME_NOT;
    if (!q->content && !s->kinds)
        return LX_RESUME_ANEW;
    if (!is_plain(q->request) || !s->kinds || (s->kinds & ~(text | thinking | hidden)) || s->mixed)
        return LX_RESUME_NOT;
    if (s->kinds & text)
        return s->beyond || s->text.failed ? LX_RESUME_NOT
               : s->text.n <= s->answer    ? LX_RESUME_ANEW /* a text has begun, with nothing */
                                           : LX_RESUME_ON;
    return s->open && (form->signs_thinking || s->kind != LX_PART_THINKING) ? LX_RESUME_NOT
                                                                            : LX_RESUME_ANEW;
}

const char *lx_resume_how_name(enum lx_resume_how how)
{
    static const char *const names[] = {"not", "anew", "on"};
    return names[how];
}

/* Lists of fallbacks, be they for this group or not. */
static bool has_fallbacks(const struct lx_call *c)
{
    static const enum lx_member lists[] = {LX_MEMBER_FALLBACKS, LX_MEMBER_CONTENT_POLICY_FALLBACKS,
                                           LX_MEMBER_CONTEXT_WINDOW_FALLBACKS};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (lx_json_given(c->memory->members.v[lists[i]]))
            return true;
    return c->settings->policy.fallbacks[LX_FALLBACK_GENERAL].n > 0;
}

void lx_resume_prepare(struct lx_call *c)
{
    c->resume.holds = c->report.stream && !c->attempt.tools && c->in.keeps_body &&
                      c->settings->policy.mid_stream_fallbacks && c->group &&
                      (c->group->count > 1 || (!c->wishes.disable_fallbacks && has_fallbacks(c))) &&
                      form_of(c->in.front);
}

/* ---- The break --------------------------------------------------------------------------------
 */

/* What was given back when the stream began is read again. */
static bool remember(struct lx_call *c)
{
    struct lx_slice star;
    if (!c->memory) {
        struct lx_call_memory *m = lx_call_memory_take(c->pool);
        if (!m)
            return false;
        c->memory = m;
        m->polls = 0;
        m->facts =
            (struct lx_route_request){.now_ms = c->now_ms, .stream = true, .trail = c->in.trail};
        if (lx_json_read(&m->doc, c->in.body, &c->settings->json, NULL) < 0)
            return false;
        lx_members_read(&m->doc, &m->arena, NULL, &m->members);
        c->request = NULL;
        lx_call_read_group(c);
        for (size_t i = 0; i < c->group->count && i < 64; i++)
            if (c->group->deployments[i] == c->deployment)
                m->facts.tried |= (uint64_t)1 << i;
    }
    if (lx_route_find(c->in.routes, c->report.group, &star))
        c->star = star;
    c->relay.whole = &c->memory->whole;
    return true;
}

/* What goes on elsewhere is not what the client can find again. */
static bool is_bound(const struct form *form, struct lx_json body)
{
    for (size_t i = 0; i < sizeof(form->kept) / sizeof(form->kept[0]) && form->kept[i].n; i++)
        if (is_true(lx_json_raw(lx_json_get(body, form->kept[i]))))
            return true;
    return false;
}

static enum lx_resume_how decide(struct lx_call *c)
{
    struct lx_fault f;
    if (lx_call_read_request(c, &f) < 0)
        return LX_RESUME_NOT;
    const struct lx_resume_question q = {
        .bound = is_bound(form_of(c->in.front), lx_json_root(&c->memory->doc)),
        .front = c->in.front,
        .said = &c->relay.said,
        .request = c->request,
        .content = c->relay.glance.content || c->relay.said.kinds,
        .finish = c->relay.glance.finish,
    };
    return lx_resume_decide(&q);
}

void lx_resume_keep_bill(struct lx_call *c)
{
    struct lx_resume_past *past = c->resume.past;
    past->usage = c->report.usage;
    past->usage.raw = lx_slice(NULL, 0);
    past->cost = c->report.cost;
    past->is_priced = c->report.is_priced;
}

void lx_resume_add_bill(struct lx_call *c)
{
    const struct lx_resume_past *past = c->resume.past;
    struct lx_usage sum = past->usage, *u = &c->report.usage;
    bool known = sum.known || u->known;
    lx_usage_add(&sum, u);
    sum.known = known;
    if (u->service_tier.n)
        sum.service_tier = u->service_tier;
    *u = sum;
    c->report.is_priced = c->report.is_priced && past->is_priced;
    lx_cost_add(&c->report.cost, &past->cost);
}

/* It has had all the time that a stream has. */
static bool is_too_long(const struct lx_call *c)
{
    int64_t most = c->settings->stream_total_ms;
    return most > 0 && c->now_ms - c->begun_ms >= most;
}

bool lx_resume_break(struct lx_call *c, const struct lx_fault *f)
{
    struct lx_resume *r = &c->resume;
    if (!r->holds || !lx_fault_retryable(f) || lx_relay_loops(&c->relay) || is_too_long(c))
        return false;
    if (r->idle)
        return true;
    if (!remember(c) || (r->how = decide(c)) == LX_RESUME_NOT)
        return false;
    struct lx_resume_past *past =
        r->past ? r->past : lx_arena_new(lx_call_arena(c), struct lx_resume_past);
    if (!past)
        return false;
    c->report.cut_short = true;
    lx_call_take_usage(c);
    c->report.cut_short = false;
    if (lx_relay_break(&c->relay) < 0)
        return false;
    r->past = past;
    r->active = r->idle = true;
    return true;
}

/* ---- The request ------------------------------------------------------------------------------
 */

#define ASK                                                                                      \
    "Your answer above was cut off by a technical fault before it was complete. Go on from "     \
    "exactly where it stops, beginning with the very next characters. Do not repeat any of it, " \
    "do not begin again, and do not mention this."

static bool thinks(const struct lx_request *r)
{
    return r->reasoning.kind == LX_REASONING_ON || r->reasoning.kind == LX_REASONING_ADAPTIVE;
}

/*
 * Who goes on with an answer that the conversation ends in: languages that continue a text; Ollama,
 * whose templates leave it open (docs.ollama.com/api/chat); Claude, where the catalog says so and
 * it does not think (platform.claude.com/docs, "Prefill Claude's response"); and rows that want a
 * mark.
 */
static bool goes_on(const struct lx_call *c, const struct lx_target *t, const struct lx_dialect *to)
{
    if (t->row->goes_on || to->back->prompts || to == &lx_dialect_ollama_chat)
        return true;
    return (to == &lx_dialect_anthropic || to == &lx_dialect_bedrock_converse) && t->prefills &&
           !thinks(c->request);
}

/* What was said, as JSON escapes it, without the white space that some targets refuse at the end.
 */
static struct lx_slice answer_of(const struct lx_said *s)
{
    return lx_join_trim(lx_slice_from(lx_buf_slice(&s->text), s->answer));
}

static void add_messages(struct lx_call *c, const struct form *form, bool ask,
                         struct lx_json_edit *edit)
{
    struct lx_arena *a = lx_call_arena(c);
    struct lx_json root = lx_json_root(&c->memory->doc), list = lx_json_get(root, form->list);
    struct lx_slice answer = answer_of(&c->relay.said), inside = lx_json_text(list).s;
    struct lx_slice said =
        lx_arena_printf(a, "%.*s%.*s%.*s", LX_F(form->before), LX_F(answer), LX_F(form->behind));
    struct lx_slice asked =
        lx_arena_printf(a, "%.*s" ASK "%.*s", LX_F(form->ask), LX_F(form->asked));
    if (lx_json_is(list, LX_JSON_STRING)) { /* what the user said, in short */
        lx_json_edit_replace(edit, list,
                             lx_arena_printf(a, "[%.*s%.*s\"},%.*s%s%.*s]", LX_F(form->ask),
                                             LX_F(inside), LX_F(said), ask ? "," : "",
                                             LX_F(ask ? asked : lx_slice(NULL, 0))));
        return;
    }
    lx_json_edit_append(edit, list, said);
    if (ask)
        lx_json_edit_append(edit, list, asked);
}

/* A prompt goes on by itself. False: it is not one text. */
static bool add_to_prompt(struct lx_call *c, struct lx_json_edit *edit)
{
    struct lx_json prompt = LX_GET(lx_json_root(&c->memory->doc), "prompt");
    struct lx_slice raw = lx_json_raw(prompt);
    if (!lx_json_is(prompt, LX_JSON_STRING))
        return false;
    lx_json_edit_replace(edit, prompt,
                         lx_arena_printf(lx_call_arena(c), "%.*s%.*s\"",
                                         LX_F(lx_slice_to(raw, raw.n - 1)),
                                         LX_F(answer_of(&c->relay.said))));
    return true;
}

/* What was said counts against the limit that the client has set. */
static void lower_limits(struct lx_call *c, const struct form *form, struct lx_json_edit *edit)
{
    int64_t spent = c->resume.past->usage.completion_tokens, most;
    for (size_t i = 0; i < 2; i++) {
        struct lx_slice head, tail = form->limits[i];
        struct lx_json at = lx_json_root(&c->memory->doc);
        while (tail.n) {
            lx_slice_cut(tail, '.', &head, &tail);
            at = lx_json_get(at, head);
        }
        if (!lx_json_is(at, LX_JSON_NUMBER) || lx_json_int(at, &most) < 0)
            continue;
        most = most > spent ? most - spent : 1;
        lx_json_edit_replace(edit, at, lx_arena_printf(lx_call_arena(c), "%lld", (long long)most));
    }
}

/* Reads that body in place of the client's. 0 or a code. */
static int read_body(struct lx_call *c, struct lx_slice body)
{
    struct lx_call_memory *m = c->memory;
    int code = lx_json_read(&m->doc, body, &c->settings->json, NULL);
    c->request = NULL;
    if (code == 0)
        lx_members_read(&m->doc, &m->arena, NULL, &m->members);
    return code;
}

static int write_on(struct lx_call *c, const struct lx_target *t, const struct lx_dialect *to)
{
    const struct form *form = form_of(c->in.front);
    struct lx_arena *a = lx_call_arena(c);
    struct lx_json_edit edit;
    struct lx_buf text;
    bool on = goes_on(c, t, to);
    lx_json_edit_init(&edit, &c->memory->doc, a);
    if (form->list.n)
        add_messages(c, form, !on, &edit);
    else if (!to->back->prompts || !add_to_prompt(c, &edit))
        return LX_EUNSUPPORTED;
    lower_limits(c, form, &edit);
    c->resume.past->mark = on ? t->row->goes_on : NULL;
    lx_buf_init(&text, SIZE_MAX / 4);
    int code = lx_json_edit_write(&edit, &text);
    struct lx_slice body = code < 0 ? lx_slice(NULL, 0) : lx_arena_copy(a, lx_buf_slice(&text));
    lx_buf_clear(&text);
    if (code == 0)
        code = body.p ? read_body(c, body) : a->failed;
    c->resume.past->body = body;
    return code;
}

int lx_resume_write(struct lx_call *c, const struct lx_deployment *d, struct lx_fault *f)
{
    struct lx_resume *r = &c->resume;
    struct lx_arena *a = lx_call_arena(c);
    struct lx_slice model = c->report.upstream_model;
    struct lx_target own;
    const struct lx_target *t = lx_deployment_known(d, model);
    struct lx_error err = {0};
    int code = read_body(c, c->in.body);
    r->past->body = c->in.body;
    r->past->mark = NULL;
    if (code == 0 && r->how == LX_RESUME_ON) {
        if (!t) {
            lx_deployment_target(d, model, c->settings->cost.catalog, a, &own);
            t = &own;
        }
        struct lx_offer offer = lx_provider_offer(t->row, c->in.front, t->model);
        const struct lx_dialect *to = lx_dialect_find(lx_slice_z(offer.language));
        code = to && to->back ? lx_call_read_request(c, f) : LX_EUNSUPPORTED;
        if (code == 0)
            code = write_on(c, t, to);
    }
    if (code == LX_EUNSUPPORTED)
        lx_error_set(&err, code, "%s cannot go on with what was said", d->provider->title);
    if (code < 0)
        *f = lx_fault_of_error(code, &err, a);
    return code;
}

/* "messages.partial": a member of the last message; else one of the body. */
static void mark(struct lx_slice name, struct lx_json root, struct lx_json_edit *edit)
{
    struct lx_slice list, member;
    if (!lx_slice_cut(name, '.', &list, &member)) {
        lx_json_edit_set(edit, root, name, LX_S("true"));
        lx_json_edit_set(edit, root, LX_S("add_generation_prompt"), LX_S("false"));
        return;
    }
    struct lx_json messages = lx_json_get(root, list);
    size_t n = lx_json_is(messages, LX_JSON_ARRAY) ? lx_json_count(messages) : 0;
    if (n)
        lx_json_edit_set(edit, lx_json_at(messages, n - 1), member, LX_S("true"));
}

int lx_resume_mark(struct lx_call *c, struct lx_fault *f)
{
    struct lx_arena *a = lx_call_arena(c);
    struct lx_slice *body = &c->attempt.out.body;
    struct lx_json_doc doc;
    struct lx_json_edit edit;
    struct lx_buf text;
    if (!c->resume.past->mark)
        return 0;
    lx_json_doc_init(&doc);
    lx_buf_init(&text, SIZE_MAX / 4);
    int code = lx_json_read(&doc, *body, NULL, NULL);
    if (code == 0) {
        lx_json_edit_init(&edit, &doc, a);
        mark(lx_slice_z(c->resume.past->mark), lx_json_root(&doc), &edit);
        code = lx_json_edit_write(&edit, &text);
    }
    if (code == 0) {
        *body = lx_arena_copy(a, lx_buf_slice(&text));
        code = a->failed;
    }
    lx_buf_clear(&text);
    lx_json_doc_clear(&doc);
    if (code < 0)
        *f = lx_fault_of_error(code, NULL, a);
    return code;
}
