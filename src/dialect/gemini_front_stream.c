/*
 * gemini_front_stream.c - front: events -> the responses of streamGenerateContent.
 *
 * Each response stands alone: a candidate with the next piece of its content. Text goes on as it
 * comes; calls and signatures have no pieces here and are held until they are whole. Why a
 * candidate ended, its sources, and the usage are told in the last response, because other
 * providers tell them in any order.
 *
 *   ?alt=sse    data: {"candidates":...}        each an event
 *   otherwise   [{"candidates":...},\r\n{...}]  one JSON array (in_array)
 */
#include "dialect/gemini.h"

#include <stdlib.h>

enum {
    MAX_OPEN = 1024, /* parts at once */
    MAX_CHOICES = 128,
    MAX_HELD_BYTES = 16 << 20, /* of one part, or of a candidate's members */
    MAX_NAME_BYTES = 4096,
};

/* A part that is told when it ends. Its texts are held as JSON has them, escaped. */
struct lx_gemini_open {
    int64_t choice, index;
    enum lx_part_kind kind;
    bool custom;
    struct lx_buf id, name;
    struct lx_buf text; /* arguments, a signature, or hidden thinking */
    struct lx_gemini_open *next;
};

/* What is known of a candidate beside its content. */
struct lx_gemini_told {
    int64_t choice;
    enum lx_finish finish;
    struct lx_buf reason;  /* as the provider calls it */
    struct lx_buf members; /* an object of Gemini's own */
    struct lx_gemini_sources sources;
    struct lx_gemini_told *next;
};

struct writing {
    struct lx_gemini_telling *s;
    const struct lx_event *e;
    const struct lx_reply_context *ctx;
    struct lx_buf *out;
};

static void fail(const struct writing *w, int code)
{
    if (code && !w->out->failed)
        w->out->failed = code;
}

/* ---- Holding -------------------------------------------------------------------------------- */

static void hold(const struct writing *w, struct lx_buf *held, struct lx_text text)
{
    struct lx_out o = lx_out(held);
    if (text.escaped)
        lx_buf_add(held, text.s);
    else
        lx_out_string_part(&o, text);
    fail(w, held->failed);
}

static struct lx_text held(const struct lx_buf *b)
{
    return (struct lx_text){lx_buf_slice(b), b->n != 0};
}

static struct lx_gemini_open *find_open(const struct writing *w)
{
    struct lx_gemini_open *p = w->s->open;
    while (p && (p->choice != w->e->choice || p->index != w->e->index))
        p = p->next;
    return p;
}

static struct lx_gemini_open *open_part(const struct writing *w, enum lx_part_kind kind)
{
    struct lx_gemini_open *p = w->s->open_count < MAX_OPEN ? calloc(1, sizeof(*p)) : NULL;
    if (!p) {
        fail(w, w->s->open_count < MAX_OPEN ? LX_ENOMEM : LX_ELIMIT);
        return NULL;
    }
    p->choice = w->e->choice;
    p->index = w->e->index;
    p->kind = kind;
    lx_buf_init(&p->id, MAX_HELD_BYTES);
    lx_buf_init(&p->name, MAX_HELD_BYTES);
    lx_buf_init(&p->text, MAX_HELD_BYTES);
    p->next = w->s->open;
    w->s->open = p;
    w->s->open_count++;
    return p;
}

static void close_part(struct lx_gemini_telling *s, struct lx_gemini_open *p)
{
    struct lx_gemini_open **at = &s->open;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    s->open_count--;
    lx_buf_clear(&p->id);
    lx_buf_clear(&p->name);
    lx_buf_clear(&p->text);
    free(p);
}

/* In the order of their first event. */
static struct lx_gemini_told *told_of(const struct writing *w)
{
    struct lx_gemini_told **at = &w->s->told;
    while (*at && (*at)->choice != w->e->choice)
        at = &(*at)->next;
    if (*at)
        return *at;
    struct lx_gemini_told *t = w->s->told_count < MAX_CHOICES ? calloc(1, sizeof(*t)) : NULL;
    if (!t) {
        fail(w, w->s->told_count < MAX_CHOICES ? LX_ENOMEM : LX_ELIMIT);
        return NULL;
    }
    t->choice = w->e->choice;
    lx_buf_init(&t->reason, MAX_NAME_BYTES);
    lx_buf_init(&t->members, MAX_HELD_BYTES);
    lx_gemini_sources_init(&t->sources);
    w->s->told_count++;
    *at = t;
    return t;
}

/* ---- Responses ------------------------------------------------------------------------------ */

static void record_open(const struct writing *w)
{
    if (!w->ctx->in_array)
        lx_sse_begin(w->out, NULL);
    else if (w->s->any)
        lx_buf_add_lit(w->out, ",\r\n");
    else
        lx_buf_add_lit(w->out, "[");
    w->s->any = true;
}

static void record_close(const struct writing *w)
{
    if (!w->ctx->in_array)
        lx_sse_end(w->out);
}

static void response_open(const struct writing *w, struct lx_gemini_telling_out *t)
{
    record_open(w);
    lx_gemini_telling_out_init(t, w->out);
    lx_out_object(&t->out, NULL);
    lx_out_array(&t->out, "candidates");
}

static void response_close(const struct writing *w, struct lx_gemini_telling_out *t,
                           const struct lx_usage *usage)
{
    lx_out_array_end(&t->out);
    if (usage && usage->known)
        lx_gemini_usage_write(&t->out, "usageMetadata", usage);
    if (w->s->model.n)
        lx_out_raw(&t->out, "modelVersion", lx_buf_slice(&w->s->model));
    if (w->s->id.n)
        lx_out_raw(&t->out, "responseId", lx_buf_slice(&w->s->id));
    lx_out_object_end(&t->out);
    lx_gemini_telling_out_clear(t);
    record_close(w);
}

/* A response with one part. */
static void tell_part(const struct writing *w, const struct lx_part *p)
{
    struct lx_gemini_telling_out t;
    response_open(w, &t);
    lx_out_object(&t.out, NULL);
    lx_out_object(&t.out, "content");
    lx_out_lit(&t.out, "role", "model");
    lx_out_array(&t.out, "parts");
    lx_gemini_part_write(&t, p, (struct lx_text){{NULL, 0}, false});
    lx_out_array_end(&t.out);
    lx_out_object_end(&t.out);
    lx_out_int(&t.out, "index", w->e->choice);
    lx_out_object_end(&t.out);
    response_close(w, &t, NULL);
}

/* ---- Parts ---------------------------------------------------------------------------------- */

static void write_opaque(const struct writing *w)
{
    struct lx_gemini_telling_out t;
    struct lx_gemini_told *told;
    if (!lx_slice_eq(w->e->language, LX_GEMINI))
        return;
    lx_gemini_telling_out_init(&t, w->out);
    bool members = lx_gemini_is_members(&t, w->e->raw);
    lx_gemini_telling_out_clear(&t);
    if (!members) {
        tell_part(
            w, &(struct lx_part){.kind = LX_PART_OPAQUE, .language = LX_GEMINI, .raw = w->e->raw});
    } else if ((told = told_of(w))) {
        lx_buf_reset(&told->members);
        lx_buf_add(&told->members, w->e->raw);
        fail(w, told->members.failed);
    }
}

static void write_part_start(const struct writing *w)
{
    const struct lx_event *e = w->e;
    struct lx_gemini_open *p = find_open(w);
    if (p)
        close_part(w->s, p);
    if (e->part == LX_PART_OPAQUE) {
        write_opaque(w);
    } else if (e->part == LX_PART_TOOL_CALL && (p = open_part(w, e->part))) {
        p->custom = e->custom;
        hold(w, &p->id, e->id);
        hold(w, &p->name, e->name);
    } else if (e->part == LX_PART_IMAGE || e->part == LX_PART_VIDEO || e->part == LX_PART_FILE) {
        tell_part(w, &(struct lx_part){.kind = e->part, .media = e->media});
    }
}

/* What citations will count in. */
static void keep_place(const struct writing *w)
{
    struct lx_gemini_telling_out t;
    struct lx_gemini_told *told = w->s->native ? NULL : told_of(w);
    if (!told)
        return;
    lx_gemini_telling_out_init(&t, w->out);
    lx_gemini_sources_text(&told->sources, w->e->text, &t.arena);
    lx_gemini_telling_out_clear(&t);
    fail(w, lx_gemini_sources_failed(&told->sources));
}

static void write_text(const struct writing *w)
{
    bool thought = w->e->part == LX_PART_THINKING;
    if (!w->e->text.s.n)
        return;
    tell_part(w, &(struct lx_part){.kind = thought ? LX_PART_THINKING : LX_PART_TEXT,
                                   .text = w->e->text});
    if (!thought)
        keep_place(w);
}

static void hold_more(const struct writing *w, enum lx_part_kind kind)
{
    struct lx_gemini_open *p = find_open(w);
    if (!p)
        p = open_part(w, kind);
    if (p)
        hold(w, &p->text, w->e->text);
}

static void write_signature(const struct writing *w)
{
    hold_more(w, LX_PART_THINKING);
}

static void write_arguments(const struct writing *w)
{
    if (find_open(w))
        hold_more(w, LX_PART_TOOL_CALL);
}

static void write_data(const struct writing *w)
{
    if (w->e->part == LX_PART_AUDIO)
        tell_part(w, &(struct lx_part){.kind = LX_PART_AUDIO,
                                       .media = {.type = w->e->media.type, .data = w->e->text}});
    else
        hold_more(w, LX_PART_REDACTED_THINKING);
}

static void end_block(const struct writing *w)
{
    struct lx_gemini_told *told = told_of(w);
    if (told) {
        lx_gemini_sources_block_end(&told->sources);
        fail(w, lx_gemini_sources_failed(&told->sources));
    }
}

static void write_part_end(const struct writing *w)
{
    struct lx_gemini_open *p = find_open(w);
    if (w->e->part == LX_PART_TEXT && !w->s->native)
        end_block(w);
    if (!p)
        return;
    struct lx_part part = {.kind = p->kind, .custom = p->custom};
    if (p->kind == LX_PART_TOOL_CALL) {
        part.id = held(&p->id);
        part.name = held(&p->name);
        part.arguments = held(&p->text);
    } else if (p->kind == LX_PART_THINKING) {
        part.signature = held(&p->text);
    } else {
        part.data = held(&p->text);
    }
    if (p->kind == LX_PART_TOOL_CALL || p->text.n)
        tell_part(w, &part);
    close_part(w->s, p);
}

static void write_logprobs(const struct writing *w)
{
    struct lx_gemini_telling_out t;
    response_open(w, &t);
    lx_out_object(&t.out, NULL);
    lx_out_int(&t.out, "index", w->e->choice);
    lx_gemini_logprobs_write(&t, w->e->raw);
    lx_out_object_end(&t.out);
    response_close(w, &t, NULL);
}

static void keep_citation(const struct writing *w)
{
    struct lx_json_doc doc;
    struct lx_gemini_told *told = w->s->native ? NULL : told_of(w);
    if (!told)
        return;
    lx_json_doc_init(&doc);
    if (lx_inner_read(&doc, w->e->raw, w->out))
        lx_gemini_sources_cite(&told->sources, lx_json_root(&doc));
    lx_json_doc_clear(&doc);
    fail(w, lx_gemini_sources_failed(&told->sources));
}

/* ---- The end -------------------------------------------------------------------------------- */

static void keep_finish(const struct writing *w)
{
    struct lx_gemini_told *told = told_of(w);
    if (!told)
        return;
    told->finish = w->e->finish;
    lx_buf_reset(&told->reason);
    lx_buf_add(&told->reason, lx_slice_to(w->e->raw_finish, MAX_NAME_BYTES));
    fail(w, told->reason.failed);
}

static void keep_usage(const struct writing *w)
{
    if (!w->e->usage.known)
        return;
    w->s->usage = w->e->usage;
    w->s->usage.raw = w->s->usage.service_tier = lx_slice(NULL, 0);
}

/* The empty text is Google's: users of its SDK print the text of every response. */
static void tell_last(struct lx_gemini_telling_out *t, const struct lx_gemini_told *told,
                      bool native)
{
    lx_out_object(&t->out, NULL);
    lx_out_object(&t->out, "content");
    lx_out_lit(&t->out, "role", "model");
    lx_out_array(&t->out, "parts");
    lx_out_object(&t->out, NULL);
    lx_out_lit(&t->out, "text", "");
    lx_out_object_end(&t->out);
    lx_out_array_end(&t->out);
    lx_out_object_end(&t->out);
    lx_out_str(&t->out, "finishReason",
               lx_gemini_finish_name(told->finish, lx_buf_slice(&told->reason), native));
    lx_out_int(&t->out, "index", told->choice);
    if (told->members.n)
        lx_gemini_members_write(t, lx_buf_slice(&told->members));
    else
        lx_gemini_sources_write(&told->sources, &t->out);
    lx_out_object_end(&t->out);
}

static void write_end(const struct writing *w)
{
    static const struct lx_gemini_told none;
    struct lx_gemini_telling_out t;
    response_open(w, &t);
    for (const struct lx_gemini_told *told = w->s->told ? w->s->told : &none; told;
         told = told->next)
        tell_last(&t, told, w->s->native);
    response_close(w, &t, &w->s->usage);
    if (w->ctx->in_array)
        lx_buf_add_lit(w->out, "]");
    w->s->ended = true;
}

static void write_fault(const struct writing *w)
{
    record_open(w);
    lx_gemini_write_error(&w->e->fault, w->out);
    record_close(w);
    if (w->ctx->in_array)
        lx_buf_add_lit(w->out, "]");
    w->s->ended = true;
}

/* ---- Events --------------------------------------------------------------------------------- */

static void quote(const struct writing *w, struct lx_buf *to, struct lx_text text)
{
    lx_buf_init(to, MAX_NAME_BYTES);
    struct lx_out o = lx_out(to);
    if (text.s.n && text.s.n < MAX_NAME_BYTES / 6 - 2)
        lx_out_text(&o, NULL, text);
    fail(w, to->failed);
}

static void write_start(const struct writing *w)
{
    const struct lx_event *e = w->e;
    bool start = e->kind == LX_EVENT_START;
    if (w->s->started)
        return;
    w->s->started = true;
    w->s->native = start && lx_slice_eq(e->language, LX_GEMINI);
    quote(w, &w->s->model, start && e->name.s.n ? e->name : lx_text(w->ctx->model));
    quote(w, &w->s->id, start && e->id.s.n ? e->id : lx_text(w->ctx->id));
    if (start)
        keep_usage(w);
}

static void (*const event_writers[])(const struct writing *) = {
    [LX_EVENT_START] = NULL,
    [LX_EVENT_PART_START] = write_part_start,
    [LX_EVENT_TEXT] = write_text,
    [LX_EVENT_SIGNATURE] = write_signature,
    [LX_EVENT_ARGUMENTS] = write_arguments,
    [LX_EVENT_DATA] = write_data,
    [LX_EVENT_CITATION] = keep_citation,
    [LX_EVENT_LOGPROBS] = write_logprobs,
    [LX_EVENT_PART_END] = write_part_end,
    [LX_EVENT_FINISH] = keep_finish,
    [LX_EVENT_USAGE] = keep_usage,
    [LX_EVENT_PING] = NULL,
    [LX_EVENT_OPAQUE] = NULL,
    [LX_EVENT_FAULT] = write_fault,
    [LX_EVENT_END] = write_end,
};

void lx_gemini_write_event(void *state, const struct lx_event *e,
                           const struct lx_reply_context *ctx, struct lx_buf *out)
{
    const struct writing w = {state, e, ctx, out};
    if (w.s->ended)
        return;
    write_start(&w);
    if (event_writers[e->kind])
        event_writers[e->kind](&w);
}

void lx_gemini_telling_clear(void *state)
{
    struct lx_gemini_telling *s = state;
    while (s->open)
        close_part(s, s->open);
    while (s->told) {
        struct lx_gemini_told *t = s->told;
        s->told = t->next;
        lx_buf_clear(&t->reason);
        lx_buf_clear(&t->members);
        lx_gemini_sources_clear(&t->sources);
        free(t);
    }
    lx_buf_clear(&s->model);
    lx_buf_clear(&s->id);
    memset(s, 0, sizeof(*s));
}
