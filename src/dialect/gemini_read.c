/*
 * gemini_read.c - back: a stream's records, or a whole reply -> events.
 *
 * Every record of a stream is a GenerateContentResponse like a whole reply, with the next piece of
 * each candidate; so a whole reply is read as a stream of one record, and a list of them (what
 * streamGenerateContent answers without alt=sse) as a stream, too.
 *
 * The wire has no end mark: the body ends, and it was whole if every candidate gave its reason.
 * Early models gave one in every record, so finishing is told at the end.
 */
#include "dialect/gemini.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_CHOICES = 128,
    MAX_HELD_BYTES = 16 << 20,
};

/* ---- State ---------------------------------------------------------------------------------- */

void lx_gemini_reading_clear(void *state)
{
    struct lx_gemini_reading *s = state;
    for (size_t i = 0; i < s->count; i++) {
        lx_buf_clear(&s->choices[i].signature);
        lx_gemini_args_clear(&s->choices[i].args);
        lx_offsets_clear(&s->choices[i].offsets);
        for (int m = 0; m < LX_GEMINI_MEMBERS; m++)
            lx_buf_clear(&s->choices[i].members[m]);
    }
    free(s->choices);
    memset(s, 0, sizeof(*s));
}

static struct lx_gemini_choice *add_choice(struct lx_gemini_reader *r, int64_t index)
{
    struct lx_gemini_reading *s = r->s;
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 1;
        struct lx_gemini_choice *v =
            cap <= MAX_CHOICES ? realloc(s->choices, cap * sizeof(*v)) : NULL;
        if (!v) {
            r->code = cap <= MAX_CHOICES ? LX_ENOMEM : LX_ELIMIT;
            return NULL;
        }
        s->choices = v;
        s->cap = cap;
    }
    struct lx_gemini_choice *c = &s->choices[s->count++];
    *c = (struct lx_gemini_choice){.index = index};
    lx_buf_init(&c->signature, MAX_HELD_BYTES);
    lx_gemini_args_init(&c->args);
    lx_offsets_init(&c->offsets);
    for (int m = 0; m < LX_GEMINI_MEMBERS; m++)
        lx_buf_init(&c->members[m], MAX_HELD_BYTES);
    return c;
}

static struct lx_gemini_choice *choice_of(struct lx_gemini_reader *r, int64_t index)
{
    for (size_t i = 0; i < r->s->count; i++)
        if (r->s->choices[i].index == index)
            return &r->s->choices[i];
    return add_choice(r, index);
}

/* ---- Candidates ----------------------------------------------------------------------------- */

static void keep_member(struct lx_gemini_reader *r, struct lx_gemini_choice *c,
                        enum lx_gemini_member m, struct lx_json v)
{
    bool container = lx_json_is(v, LX_JSON_OBJECT) || lx_json_is(v, LX_JSON_ARRAY);
    if (!lx_json_given(v) || (container && !lx_json_count(v)))
        return;
    lx_buf_reset(&c->members[m]); /* the last one counts */
    lx_buf_add(&c->members[m], lx_json_raw(v));
    if (c->members[m].failed)
        r->code = c->members[m].failed;
}

/* A reason that Google's pages do not have (yet) is kept as it is, where it is short. */
static void keep_finish(struct lx_gemini_choice *c, struct lx_json reason)
{
    if (!lx_json_given(reason))
        return;
    c->finished = true;
    c->finish = lx_gemini_finish_read(reason);
    struct lx_text said = lx_json_text(reason);
    c->other_n = said.escaped || said.s.n > sizeof(c->other) ? 0 : said.s.n;
    if (c->other_n)
        memcpy(c->other, said.s.p, c->other_n);
}

static void read_candidate(struct lx_gemini_reader *r, struct lx_json candidate, int64_t position)
{
    int64_t index;
    if (lx_json_int(LX_GET(candidate, "index"), &index) || index < 0)
        index = position;
    struct lx_gemini_choice *c = choice_of(r, index);
    if (!c)
        return;
    struct lx_json parts = LX_GET(LX_GET(candidate, "content"), "parts");
    for (struct lx_json_iter it = lx_json_iter(parts); lx_json_next(&it) && !r->code;)
        lx_gemini_part_read(r, c, it.value);
    lx_gemini_logprobs_tell(r, c, LX_GET(candidate, "logprobsResult"));
    for (int m = 0; m < LX_GEMINI_PROMPT_FEEDBACK; m++)
        keep_member(r, c, (enum lx_gemini_member)m,
                    lx_json_get(candidate, lx_slice_z(lx_gemini_member_names[m])));
    keep_finish(c, LX_GET(candidate, "finishReason"));
}

/* A prompt that a filter took has no candidates. */
static void read_feedback(struct lx_gemini_reader *r, struct lx_json feedback)
{
    struct lx_json reason = LX_GET(feedback, "blockReason");
    if (!lx_json_is(reason, LX_JSON_STRING))
        return;
    struct lx_gemini_choice *c = choice_of(r, 0);
    if (!c)
        return;
    keep_member(r, c, LX_GEMINI_PROMPT_FEEDBACK, feedback);
    keep_finish(c, reason);
    c->finish.finish = LX_FINISH_CONTENT_FILTER;
}

/* ---- Records -------------------------------------------------------------------------------- */

/* The reply's id, in letters that ids of calls may have. */
static void keep_id(struct lx_gemini_reader *r, struct lx_json id)
{
    struct lx_slice from = lx_json_str(id, r->out->arena);
    char *to = r->s->id;
    if (!from.n)
        from = r->ctx->id;
    from = lx_slice_to(from, sizeof(r->s->id) - 1);
    for (size_t i = 0; i < from.n; i++) {
        char ch = from.p[i];
        bool good = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                    (ch >= '0' && ch <= '9') || ch == '-';
        to[i] = (char)(good ? ch : '_');
    }
    to[from.n] = 0;
}

static void start(struct lx_gemini_reader *r, struct lx_json root, const struct lx_usage *u)
{
    if (r->s->started)
        return;
    r->s->started = true;
    r->s->legacy = r->ctx->legacy_functions;
    keep_id(r, LX_GET(root, "responseId"));
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_START);
    e->language = LX_GEMINI;
    e->id = lx_json_text(LX_GET(root, "responseId"));
    e->name = lx_json_text(LX_GET(root, "modelVersion"));
    e->usage = *u;
    e->service_tier = lx_text(u->service_tier);
}

static void tell_fault(struct lx_gemini_reader *r, struct lx_json root)
{
    r->s->ended = true;
    struct lx_event *e = lx_events_add(r->out, LX_EVENT_FAULT);
    lx_gemini_fault_read(root, r->out->arena, &e->fault);
    e->fault.raw = lx_json_raw(root);
}

static void read_response(struct lx_gemini_reader *r, struct lx_json root)
{
    struct lx_usage usage = {0};
    int64_t position = 0;
    if (!lx_json_is(root, LX_JSON_OBJECT) || r->s->ended)
        return;
    if (lx_json_given(LX_GET(root, "error"))) {
        tell_fault(r, root);
        return;
    }
    lx_gemini_usage_read(LX_GET(root, "usageMetadata"), &usage);
    start(r, root, &usage);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(root, "candidates"));
         lx_json_next(&it) && !r->code;)
        read_candidate(r, it.value, position++);
    read_feedback(r, LX_GET(root, "promptFeedback"));
    lx_gemini_searches_read(LX_GET(root, "candidates"), &r->s->searches);
    if (usage.known) {
        lx_gemini_searches_tell(&r->s->searches, LX_GET(root, "usageMetadata"), &usage);
        lx_events_add(r->out, LX_EVENT_USAGE)->usage = usage;
    }
}

/* A response, or a list of them. */
static void read_responses(struct lx_gemini_reader *r, struct lx_json root)
{
    if (!lx_json_is(root, LX_JSON_ARRAY))
        read_response(r, root);
    for (struct lx_json_iter it = lx_json_iter(root);
         lx_json_is(root, LX_JSON_ARRAY) && lx_json_next(&it) && !r->code;)
        read_response(r, it.value);
}

int lx_gemini_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                         const struct lx_reply_context *ctx, struct lx_events *out,
                         struct lx_error *err)
{
    struct lx_gemini_reader r = {.s = state, .ctx = ctx, .out = out};
    if (r.s->ended || lx_record_is_done(rec))
        return 0;
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    read_responses(&r, lx_json_root(doc));
    return lx_events_result(r.out, r.code, err);
}

static void end_choices(struct lx_gemini_reader *r)
{
    for (size_t i = 0; i < r->s->count; i++)
        lx_gemini_choice_tell(r, &r->s->choices[i]);
}

static bool is_finished(const struct lx_gemini_reading *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!s->choices[i].finished)
            return false;
    return s->count != 0;
}

int lx_gemini_read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    const struct lx_reply_context none = {0};
    struct lx_gemini_reader r = {.s = state, .ctx = &none, .out = out};
    if (r.s->ended)
        return 0;
    r.s->ended = true;
    if (is_finished(r.s)) {
        end_choices(&r);
        lx_events_end(out, true);
    } else {
        for (size_t i = 0; i < r.s->count; i++) /* half of an object must not look whole */
            if (!r.s->choices[i].args.root)
                lx_gemini_part_close(&r, &r.s->choices[i]);
        lx_events_end(out, false);
    }
    return lx_events_result(r.out, r.code, err);
}

/* ---- Whole replies -------------------------------------------------------------------------- */

int lx_gemini_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *ctx,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_gemini_reading s = {0};
    struct lx_events events = {.arena = a};
    struct lx_gemini_reader r = {.s = &s, .ctx = ctx, .out = &events};
    read_responses(&r, lx_json_root(body));
    end_choices(&r);
    int code = lx_reply_result(&events, r.code, err);
    if (!code && !s.count)
        code = lx_error_set(err, LX_EPROTO, "the reply has no candidates");
    if (!code)
        code = lx_reply_fold(&events, out, err);
    lx_gemini_reading_clear(&s);
    return code;
}
