/*
 * generation_read.c - a stream of one text, told as events.
 *
 *   (none) -- start --> started -- text --> open -- close --> started -- finish, end --> over
 *
 * Called by the backs of languages without messages (generation.h) while they read events. It knows
 * no language: what a record means is theirs.
 */
#include "dialect/generation.h"

#include "base/text.h"

/* An event of the part that is open, or that would be. */
static struct lx_event *add(struct lx_generation_stream *s, enum lx_event_kind kind)
{
    struct lx_event *e = lx_events_add(s->out, kind);
    e->index = s->index;
    e->part = s->thinks ? LX_PART_THINKING : LX_PART_TEXT;
    return e;
}

void lx_generation_start(struct lx_generation_stream *s, struct lx_text model)
{
    if (!s->started)
        add(s, LX_EVENT_START)->name = model;
    s->started = true;
}

void lx_generation_text(struct lx_generation_stream *s, struct lx_text text)
{
    if (!text.s.n)
        return;
    if (!s->open)
        add(s, LX_EVENT_PART_START);
    s->open = true;
    add(s, LX_EVENT_TEXT)->text = text;
}

void lx_generation_close(struct lx_generation_stream *s)
{
    if (!s->open)
        return;
    add(s, LX_EVENT_PART_END);
    s->open = false;
    s->index++;
}

void lx_generation_usage(struct lx_generation_stream *s, const struct lx_usage *u)
{
    if (u->known)
        add(s, LX_EVENT_USAGE)->usage = *u;
}

struct lx_event *lx_generation_finish(struct lx_generation_stream *s, enum lx_finish finish,
                                      struct lx_slice raw)
{
    lx_generation_close(s);
    struct lx_event *e = add(s, LX_EVENT_FINISH);
    e->finish = finish;
    e->raw_finish = raw;
    return e;
}

void lx_generation_fault(struct lx_generation_stream *s, struct lx_json body, struct lx_slice text)
{
    lx_generation_close(s);
    struct lx_fault *f = &add(s, LX_EVENT_FAULT)->fault;
    if (lx_json_type(body) >= LX_JSON_STRING) {
        lx_openai_read_fault(0, body, s->out->arena, f);
    } else {
        *f = (struct lx_fault){.kind = LX_FAULT_API, .retry_after_ms = -1, .raw = text};
        f->message = lx_slice_to(text, lx_utf8_valid(text));
    }
    s->over = true;
}

void lx_generation_end(struct lx_generation_stream *s, bool finished)
{
    if (s->over)
        return;
    lx_generation_close(s);
    lx_events_end(s->out, finished);
    s->over = true;
}

struct lx_text lx_generation_join(struct lx_json list, struct lx_arena *a)
{
    size_t sum = 0;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
        sum += lx_json_text(it.value).s.n;
    struct lx_buf b = {.p = lx_arena_bytes(a, sum), .cap = sum, .max = sum};
    for (struct lx_json_iter it = lx_json_iter(list); b.p && lx_json_next(&it);)
        lx_buf_add(&b, lx_json_str(it.value, a));
    return lx_text(lx_buf_slice(&b));
}

struct lx_usage lx_generation_usage_of(int64_t in, int64_t out)
{
    if (in < 0 || out < 0 || in > LX_GENERATION_TOKENS || out > LX_GENERATION_TOKENS)
        return (struct lx_usage){0};
    return (struct lx_usage){
        .known = true, .prompt_tokens = in, .completion_tokens = out, .total_tokens = in + out};
}
