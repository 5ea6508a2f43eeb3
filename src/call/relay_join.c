/*
 * relay_join.c - a relay changes its provider in the middle of a stream.
 *
 * What the client's language remembers of its stream stays where it is. Where records passed as
 * they came it remembers nothing yet: then it is told, for nobody to hear, what the client has got,
 * so that what follows fits. Which request the next provider gets is resume.c's business.
 */
#include "call/relay_inner.h"

#include <stdlib.h>

static void tell(struct lx_relay *r, const struct lx_event *e, struct lx_buf *nowhere)
{
    r->front->front->write_event(r->front_state, e, &r->context, nowhere);
    lx_buf_reset(nowhere);
}

/* The reply's id and model, as the client has them. 0 or a code. */
static int tell_start(struct lx_relay *r, struct lx_buf *nowhere)
{
    const struct lx_back *back = r->back->back;
    struct lx_events events = {.arena = &r->scratch->arena};
    const struct lx_record rec = {.data = r->head, .raw = r->head};
    struct lx_event start = {.kind = LX_EVENT_START};
    void *state = calloc(1, back->state_size + 1);
    if (!state)
        return LX_ENOMEM;
    int code =
        r->head.n ? back->read_event(state, &rec, &r->scratch->doc, &r->context, &events, NULL) : 0;
    for (size_t i = 0; code == 0 && i < events.n; i++)
        if (events.v[i].kind == LX_EVENT_START)
            start = events.v[i];
    tell(r, &start, nowhere);
    if (back->clear)
        back->clear(state);
    free(state);
    return code;
}

/* A part that the client has; parts before the last one have been anything. */
static void tell_part(struct lx_relay *r, int64_t index, enum lx_part_kind kind,
                      struct lx_text text, bool open, struct lx_buf *nowhere)
{
    struct lx_event e = {.kind = LX_EVENT_PART_START, .index = index, .part = kind};
    tell(r, &e, nowhere);
    e.kind = LX_EVENT_TEXT;
    e.text = text;
    tell(r, &e, nowhere);
    e.kind = LX_EVENT_PART_END;
    if (!open)
        tell(r, &e, nowhere);
}

/* What the client's language would remember, had it written the records that passed. */
static int tell_past(struct lx_relay *r)
{
    const struct lx_said *s = &r->said;
    const struct lx_text any = lx_text(LX_S("."));
    bool text = s->kind == LX_PART_TEXT && s->text.n > s->answer;
    struct lx_buf nowhere;
    lx_buf_init(&nowhere, SIZE_MAX / 4);
    lx_arena_reset(&r->scratch->arena);
    int code = tell_start(r, &nowhere);
    for (int64_t i = 0; i + 1 < s->parts && i < 64; i++)
        tell_part(r, i, LX_PART_TEXT, any, false, &nowhere);
    if (s->parts)
        tell_part(r, s->parts - 1, s->kind,
                  text ? (struct lx_text){lx_slice_from(lx_buf_slice(&s->text), s->answer), true}
                       : any,
                  s->open, &nowhere);
    else if (r->front == &lx_dialect_openai_chat) /* its first chunk says who speaks */
        tell_part(r, 0, LX_PART_TEXT, any, false, &nowhere);
    if (code == 0)
        code = nowhere.failed ? nowhere.failed : r->scratch->arena.failed;
    lx_buf_clear(&nowhere);
    return code;
}

int lx_relay_break(struct lx_relay *r)
{
    int code = r->lost ? LX_ELIMIT : 0;
    if (r->same && r->stream && !r->front->front->pass)
        code = tell_past(r);
    lx_relay_drop_back(r);
    r->same = false;
    r->framing = LX_FRAMING_NONE;
    r->over = true;
    if (!r->join)
        r->join = calloc(1, sizeof(*r->join));
    return r->join ? code : LX_ENOMEM;
}

int lx_relay_again(struct lx_relay *r, const struct lx_dialect *back, enum lx_framing framing,
                   struct lx_buf *whole)
{
    size_t most = r->records.max_bytes;
    lx_relay_drop_back(r);
    r->back = back;
    r->framing = framing;
    r->whole = whole;
    r->over = false;
    r->fault = (struct lx_fault){.retry_after_ms = -1};
    r->fault_held = false;
    r->glance = (struct lx_glance){.finish = LX_FINISH_NONE};
    r->context.json_tool = false;
    r->context.tools = NULL;
    lx_worded_stream_clear(r->worded);
    r->worded = NULL;
    r->context.input_tokens = r->context.output_tokens = 0;
    r->said.from = (uint32_t)r->said.text.n;
    r->said.aside = 0;
    lx_records_init(&r->records, framing, most);
    lx_join_begin(r->join, &r->said);
    if (framing == LX_FRAMING_NONE)
        return 0;
    r->back_state = calloc(1, back->back->state_size + 1);
    return r->back_state ? 0 : LX_ENOMEM;
}
