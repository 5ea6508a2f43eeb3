/*
 * openai_completions_write.c - front: replies and streams of any language as text completions.
 *
 * A choice is its text. Reasoning, which this language has no place for, stands beside it where
 * LiteLLM's clients look for it; calls cannot come, for no tools were offered. Nothing of a stream
 * goes out before there is something to say, so that one that fails at once can be tried elsewhere.
 */
#include "dialect/openai_completions.h"

#include <stdlib.h>

/* ---- Whole replies ------------------------------------------------------------------------- */

static bool is_said(const struct lx_part *p)
{
    return p->kind == LX_PART_TEXT || p->kind == LX_PART_REFUSAL || p->kind == LX_PART_AUDIO;
}

static void write_choice(struct lx_out *o, const struct lx_choice *c)
{
    int64_t offset = 0;
    lx_out_object(o, NULL);
    lx_out_string_open(o, "text");
    for (const struct lx_part *p = c->parts; p; p = p->next)
        if (is_said(p))
            lx_out_string_part(o, p->text);
    lx_out_string_close(o);
    if (lx_part_find(c->parts, LX_PART_THINKING)) {
        lx_out_string_open(o, "reasoning_content");
        for (const struct lx_part *p = c->parts; p; p = p->next)
            if (p->kind == LX_PART_THINKING)
                lx_out_string_part(o, p->text);
        lx_out_string_close(o);
    }
    lx_out_int(o, "index", c->index);
    lx_completions_write_logprobs(o, c->logprobs, &offset);
    lx_out_str(o, "finish_reason", lx_openai_finish_name(c->finish, c->raw_finish));
    lx_out_object_end(o);
}

/* Up to the choices, which whole replies and chunks have in common. */
static void write_head(struct lx_out *o, struct lx_text id, int64_t created_s, struct lx_text model,
                       const struct lx_reply_context *c)
{
    lx_out_object(o, NULL);
    lx_out_text(o, "id", id.s.n ? id : lx_text(c->id));
    lx_out_lit(o, "object", "text_completion");
    lx_out_int(o, "created", created_s ? created_s : c->now_s);
    lx_out_text(o, "model", model.s.n ? model : lx_text(c->model));
}

void lx_completions_write_reply(const struct lx_reply *r, const struct lx_reply_context *c,
                                struct lx_buf *out)
{
    struct lx_out writer = lx_out(out), *o = &writer;
    write_head(o, r->id, r->created_s, r->model, c);
    lx_out_array(o, "choices");
    for (const struct lx_choice *choice = r->choices; choice; choice = choice->next)
        write_choice(o, choice);
    lx_out_array_end(o);
    if (r->usage.known)
        lx_openai_write_usage(o, "usage", &r->usage);
    if (r->system_fingerprint.s.n)
        lx_out_text(o, "system_fingerprint", r->system_fingerprint);
    lx_out_object_end(o);
}

/* ---- Streams: what is remembered ------------------------------------------------------------ */

struct lx_completions_told {
    int64_t index;
    int64_t offset; /* characters whose log-probabilities were told */
    bool finished;
};

void lx_completions_telling_clear(void *state)
{
    struct lx_completions_telling *t = state;
    free(t->choices);
    free(t->head);
    *t = (struct lx_completions_telling){0};
}

static struct lx_completions_told *choice_of(struct lx_completions_telling *t, int64_t index,
                                             struct lx_buf *out)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->choices[i].index == index)
            return &t->choices[i];
    if (t->count == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 2;
        struct lx_completions_told *v = realloc(t->choices, cap * sizeof(*v));
        if (!v) {
            out->failed = LX_ENOMEM;
            return NULL;
        }
        t->choices = v;
        t->cap = cap;
    }
    t->choices[t->count] = (struct lx_completions_told){.index = index};
    return &t->choices[t->count++];
}

/* Written to the end of out, kept, and taken off again. */
static void keep_head(struct lx_completions_telling *t, const struct lx_event *e,
                      const struct lx_reply_context *c, struct lx_buf *out)
{
    size_t at = out->n;
    struct lx_out o = lx_out(out);
    write_head(&o, e->id, e->created_s, e->name, c);
    if (e->system_fingerprint.s.n)
        lx_out_text(&o, "system_fingerprint", e->system_fingerprint);
    if (out->failed)
        return;
    free(t->head);
    t->head_n = out->n - at;
    t->head = malloc(t->head_n);
    if (t->head)
        memcpy(t->head, out->p + at, t->head_n);
    else
        out->failed = LX_ENOMEM;
    out->n = at;
}

static void keep_usage(struct lx_completions_telling *t, const struct lx_usage *u)
{
    if (!u->known)
        return;
    t->usage = *u;
    t->usage.raw = t->usage.service_tier = lx_slice(NULL, 0); /* borrowed: gone by the end */
}

/* ---- Streams: what is told ------------------------------------------------------------------ */

struct pen {
    struct lx_completions_telling *telling;
    const struct lx_event *event;
    const struct lx_reply_context *context;
    struct lx_out out;
};

static void begin_chunk(struct pen *p)
{
    struct lx_completions_telling *t = p->telling;
    struct lx_buf *out = p->out.buf;
    if (!t->head) /* a stream that did not start with START */
        keep_head(t, &(struct lx_event){0}, p->context, out);
    lx_sse_begin(out, NULL);
    if (t->head)
        lx_buf_add(out, lx_slice(t->head, t->head_n));
    p->out.comma = true;
    lx_out_array(&p->out, "choices");
}

static void end_chunk(struct pen *p)
{
    lx_out_object_end(&p->out);
    lx_sse_end(p->out.buf);
}

/* One choice, of which an event tells one thing. */
struct told {
    struct lx_text text, reasoning;
    struct lx_slice logprobs, finish;
};

static void tell(struct pen *p, struct lx_completions_told *c, const struct told *told)
{
    struct lx_out *o = &p->out;
    begin_chunk(p);
    lx_out_object(o, NULL);
    lx_out_text(o, "text", told->text);
    if (told->reasoning.s.n)
        lx_out_text(o, "reasoning_content", told->reasoning);
    lx_out_int(o, "index", c->index);
    lx_completions_write_logprobs(o, told->logprobs, &c->offset);
    if (told->finish.n)
        lx_out_str(o, "finish_reason", told->finish);
    else
        lx_out_null(o, "finish_reason");
    lx_out_object_end(o);
    lx_out_array_end(o);
    end_chunk(p);
}

static void tell_event(struct pen *p)
{
    const struct lx_event *e = p->event;
    struct told told = {0};
    struct lx_completions_told *c = choice_of(p->telling, e->choice, p->out.buf);
    if (!c)
        return;
    if (e->kind == LX_EVENT_TEXT && e->part == LX_PART_THINKING) {
        told.reasoning = e->text;
    } else if (e->kind == LX_EVENT_TEXT) {
        told.text = e->text;
    } else if (e->kind == LX_EVENT_LOGPROBS) {
        told.logprobs = e->raw;
    } else if (c->finished) { /* a provider that says so twice is quoted once */
        return;
    } else {
        told.finish = lx_openai_finish_name(e->finish, e->raw_finish);
        c->finished = true;
    }
    if (told.text.s.n || told.reasoning.s.n || told.logprobs.n || told.finish.n)
        tell(p, c, &told);
}

static void tell_end(struct pen *p)
{
    const struct lx_usage *u = &p->telling->usage;
    if (p->context->include_usage && u->known) {
        begin_chunk(p);
        lx_out_array_end(&p->out);
        lx_openai_write_usage(&p->out, "usage", u);
        end_chunk(p);
    }
    lx_buf_add_lit(p->out.buf, "data: [DONE]\n\n");
}

/* As in chat completions: no [DONE] follows. */
static void tell_fault(struct pen *p)
{
    lx_sse_begin(p->out.buf, NULL);
    lx_openai_write_error(&p->event->fault, p->out.buf);
    lx_sse_end(p->out.buf);
}

void lx_completions_write_event(void *state, const struct lx_event *e,
                                const struct lx_reply_context *c, struct lx_buf *out)
{
    struct pen p = {.telling = state, .event = e, .context = c, .out = lx_out(out)};
    switch (e->kind) {
    case LX_EVENT_START:
        keep_head(p.telling, e, c, out);
        keep_usage(p.telling, &e->usage);
        break;
    case LX_EVENT_USAGE:
        keep_usage(p.telling, &e->usage);
        break;
    case LX_EVENT_TEXT:
    case LX_EVENT_LOGPROBS:
    case LX_EVENT_FINISH:
        tell_event(&p);
        break;
    case LX_EVENT_PING:
        lx_buf_add_lit(out, ": ping\n\n");
        break;
    case LX_EVENT_FAULT:
        tell_fault(&p);
        break;
    case LX_EVENT_END:
        tell_end(&p);
        break;
    default:
        break;
    }
}
