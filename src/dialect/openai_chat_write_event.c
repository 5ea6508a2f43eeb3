/*
 * openai_chat_write_event.c - writes events as the chunks of an OpenAI stream.
 *
 * The front calls it, event by event, for streams of another language. Every chunk begins with
 * the same members (id, object, created, model): they are written once, when the stream starts,
 * and copied from then on. Nothing goes out before there is something to say, so that a stream
 * that fails at once can still be tried elsewhere.
 */
#include "dialect/openai_chat.h"

#include <stdlib.h>

enum { MAX_BLOCK_BYTES = 16 << 20 };

/* ---- State -------------------------------------------------------------------------------- */

/* A tool call of one choice that was begun: which of its calls it is for the client. */
struct told_call {
    int64_t part;
    int64_t index;
    bool custom, any; /* any: some arguments were told */
};

struct lx_openai_told {
    int64_t index;
    bool role;                  /* the first chunk, which says who speaks, has gone out */
    bool thinks;                /* a tag is open in the text */
    struct lx_buf block, input; /* the open part that only its provider understands; heap */
    bool finished;
    int64_t next_call, next_image, next_block, next_opaque;
    int64_t block_part; /* the part that the last of next_block blocks came from */
    struct told_call *calls;
    size_t count, cap;
};

void lx_openai_telling_clear(void *state)
{
    struct lx_openai_telling *t = state;
    for (size_t i = 0; i < t->count; i++) {
        free(t->choices[i].calls);
        lx_buf_clear(&t->choices[i].block);
        lx_buf_clear(&t->choices[i].input);
    }
    free(t->choices);
    free(t->head);
    *t = (struct lx_openai_telling){0};
}

/* NULL when there is no memory: the output buffer then fails too. */
static void *grow(void *v, size_t *cap, size_t size, struct lx_buf *out)
{
    size_t more = *cap ? *cap * 2 : 2;
    void *p = realloc(v, more * size);
    if (p)
        *cap = more;
    else
        out->failed = LX_ENOMEM;
    return p;
}

static struct lx_openai_told *choice_of(struct lx_openai_telling *t, int64_t index,
                                        struct lx_buf *out)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->choices[i].index == index)
            return &t->choices[i];
    if (t->count == t->cap) {
        struct lx_openai_told *v = grow(t->choices, &t->cap, sizeof(*v), out);
        if (!v)
            return NULL;
        t->choices = v;
    }
    struct lx_openai_told *c = &t->choices[t->count++];
    *c = (struct lx_openai_told){.index = index};
    lx_buf_init(&c->block, MAX_BLOCK_BYTES);
    lx_buf_init(&c->input, MAX_BLOCK_BYTES);
    return c;
}

static struct told_call *call_of(struct lx_openai_told *c, int64_t part)
{
    for (size_t i = c->count; i-- > 0;)
        if (c->calls[i].part == part)
            return &c->calls[i];
    return NULL;
}

static struct told_call *add_call(struct lx_openai_told *c, const struct lx_event *e,
                                  struct lx_buf *out)
{
    if (c->count == c->cap) {
        struct told_call *v = grow(c->calls, &c->cap, sizeof(*v), out);
        if (!v)
            return NULL;
        c->calls = v;
    }
    struct told_call *call = &c->calls[c->count++];
    *call = (struct told_call){.part = e->index, .index = c->next_call++, .custom = e->custom};
    return call;
}

/* ---- Frames ------------------------------------------------------------------------------- */

/* What one event is written with. */
struct pen {
    struct lx_openai_telling *telling;
    const struct lx_event *event;
    const struct lx_reply_context *context;
    struct lx_openai_told *choice;
    struct lx_out out;
};

/* The members that all chunks share; written to the end of out, kept, and taken off again. */
static void write_head(struct lx_openai_telling *t, const struct lx_event *e,
                       const struct lx_reply_context *c, struct lx_buf *out)
{
    size_t at = out->n;
    struct lx_out o = lx_out(out);

    lx_out_object(&o, NULL);
    lx_out_text(&o, "id", e->id.s.n ? e->id : lx_text(c->id));
    lx_out_lit(&o, "object", "chat.completion.chunk");
    lx_out_int(&o, "created", e->created_s ? e->created_s : c->now_s);
    lx_out_text(&o, "model", e->name.s.n ? e->name : lx_text(c->model));
    if (e->system_fingerprint.s.n)
        lx_out_text(&o, "system_fingerprint", e->system_fingerprint);
    lx_openai_write_tier(&o, e->service_tier, e->language);
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

static void begin_chunk(struct pen *p)
{
    struct lx_openai_telling *t = p->telling;
    struct lx_buf *out = p->out.buf;
    if (!t->head) /* a stream that did not start with START */
        write_head(t, &(struct lx_event){0}, p->context, out);
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

/* Up to the open delta, which says who speaks when it is the choice's first. */
static void begin_delta(struct pen *p)
{
    begin_chunk(p);
    lx_out_object(&p->out, NULL);
    lx_out_int(&p->out, "index", p->event->choice);
    lx_out_object(&p->out, "delta");
    if (!p->choice->role)
        lx_out_lit(&p->out, "role", "assistant");
    p->choice->role = true;
}

static void end_choice(struct pen *p)
{
    lx_out_object_end(&p->out);
    lx_out_array_end(&p->out);
    end_chunk(p);
}

static void end_delta(struct pen *p)
{
    lx_out_object_end(&p->out);
    lx_out_null(&p->out, "finish_reason");
    end_choice(p);
}

/* ---- Deltas ------------------------------------------------------------------------------- */

static void tell_text(struct pen *p, const char *member, struct lx_text text)
{
    begin_delta(p);
    lx_out_text(&p->out, member, text);
    end_delta(p);
}

/* Which of the choice's thinking blocks this is: pieces of one are put together by it. OpenAI's SDK
 * refuses to put together a list whose elements have no index. */
static int64_t block_index(struct pen *p)
{
    struct lx_openai_told *c = p->choice;
    if (!c->next_block || c->block_part != p->event->index)
        c->next_block++;
    c->block_part = p->event->index;
    return c->next_block - 1;
}

/* LiteLLM: reasoning_content, and the same as thinking_blocks, where the signature comes too. */
static void tell_thinking(struct pen *p, struct lx_text thought, struct lx_text signature)
{
    struct lx_part block = {.kind = LX_PART_THINKING, .text = thought, .signature = signature};
    begin_delta(p);
    lx_out_text(&p->out, "reasoning_content", thought);
    lx_out_array(&p->out, "thinking_blocks");
    int64_t index = block_index(p);
    lx_openai_write_thinking_block(&p->out, &block, index);
    lx_out_array_end(&p->out);
    if (lx_slice_starts(signature.s, LX_RESPONSES_MARK)) {
        lx_out_array(&p->out, "reasoning_items");
        lx_openai_write_reasoning_item(&p->out, thought, signature, index);
        lx_out_array_end(&p->out);
    }
    end_delta(p);
}

/* LiteLLM's merge_reasoning_content_in_choices, as in a whole reply. */
static void merge_thinking(struct pen *p, struct lx_text thought)
{
    begin_delta(p);
    lx_out_string_open(&p->out, "content");
    if (!p->choice->thinks)
        lx_out_string_part(&p->out, lx_text(LX_S("<think>")));
    lx_out_string_part(&p->out, thought);
    lx_out_string_close(&p->out);
    end_delta(p);
    p->choice->thinks = true;
}

static void end_merged(struct pen *p)
{
    if (p->choice->thinks)
        tell_text(p, "content", lx_text(LX_S("</think>")));
    p->choice->thinks = false;
}

static void tell_redacted(struct pen *p, struct lx_text data)
{
    struct lx_part block = {.kind = LX_PART_REDACTED_THINKING, .data = data};
    begin_delta(p);
    lx_out_array(&p->out, "thinking_blocks");
    lx_openai_write_thinking_block(&p->out, &block, block_index(p));
    lx_out_array_end(&p->out);
    end_delta(p);
}

static void tell_audio(struct pen *p, const char *member, struct lx_text text)
{
    begin_delta(p);
    lx_out_object(&p->out, "audio");
    lx_out_text(&p->out, member, text);
    lx_out_object_end(&p->out);
    end_delta(p);
}

static void tell_image(struct pen *p)
{
    struct lx_out *o = &p->out;
    begin_delta(p);
    lx_out_array(o, "images");
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "image_url");
    lx_out_object(o, "image_url");
    lx_openai_write_url(o, "url", &p->event->media, LX_S("image/png"));
    lx_out_object_end(o);
    lx_out_int(o, "index", p->choice->next_image++);
    lx_out_object_end(o);
    lx_out_array_end(o);
    end_delta(p);
}

/* What OpenAI has no member for: LiteLLM's place for it. */
static void tell_specific(struct pen *p, const char *member)
{
    begin_delta(p);
    lx_out_object(&p->out, "provider_specific_fields");
    lx_out_raw(&p->out, member, p->event->raw);
    lx_out_object_end(&p->out);
    end_delta(p);
}

static void tell_citation(struct pen *p)
{
    if (!lx_slice_eq(p->event->language, LX_OPENAI_CHAT)) {
        tell_specific(p, "citation");
        return;
    }
    begin_delta(p);
    lx_out_array(&p->out, "annotations");
    lx_out_raw(&p->out, NULL, p->event->raw);
    lx_out_array_end(&p->out);
    end_delta(p);
}

/* ---- Parts that only their provider understands ------------------------------------------- */

/* They are told whole, as in a whole reply: what a server tool was asked comes in pieces, which no
 * client would put together. */
static void keep_block(struct pen *p)
{
    lx_buf_reset(&p->choice->block);
    lx_buf_reset(&p->choice->input);
    lx_buf_add(&p->choice->block, p->event->raw);
    if (p->choice->block.failed)
        p->out.buf->failed = p->choice->block.failed;
}

static void keep_input(struct pen *p)
{
    struct lx_arena arena;
    lx_arena_init(&arena, MAX_BLOCK_BYTES);
    lx_buf_add(&p->choice->input, lx_text_plain(p->event->text, &arena));
    if (arena.failed)
        p->choice->input.failed = arena.failed;
    lx_arena_clear(&arena);
}

static bool read_kept(struct lx_json_doc *doc, struct lx_buf *kept, struct lx_buf *out)
{
    int code = kept->n ? lx_json_read(doc, lx_buf_slice(kept), NULL, NULL) : LX_EJSON;
    if (code == LX_ENOMEM)
        out->failed = code;
    return code == 0;
}

static void write_block(struct pen *p, struct lx_json block, struct lx_json input)
{
    struct lx_out *o = &p->out;
    begin_delta(p);
    lx_out_object(o, "provider_specific_fields");
    lx_out_array(o, "content_blocks");
    lx_out_object(o, NULL);
    lx_out_int(o, "index", p->choice->next_opaque++); /* as with thinking_blocks */
    for (struct lx_json_iter it = lx_json_iter(block); lx_json_next(&it);) {
        bool told = lx_json_given(input) && lx_json_eq(it.name, LX_S("input"));
        lx_out_name(o, lx_json_text(it.name));
        lx_out_value(o, NULL, told ? input : it.value);
    }
    lx_out_object_end(o);
    lx_out_array_end(o);
    lx_out_object_end(o);
    end_delta(p);
}

static void tell_block(struct pen *p)
{
    struct lx_openai_told *c = p->choice;
    struct lx_json_doc block, input;
    struct lx_json none = {0};
    bool whole;
    lx_json_doc_init(&block);
    lx_json_doc_init(&input);
    whole = read_kept(&input, &c->input, p->out.buf);
    if (read_kept(&block, &c->block, p->out.buf))
        write_block(p, lx_json_root(&block), whole ? lx_json_root(&input) : none);
    if (c->block.failed || c->input.failed)
        p->out.buf->failed = c->block.failed ? c->block.failed : c->input.failed;
    lx_buf_reset(&c->block);
    lx_buf_reset(&c->input);
    lx_json_doc_clear(&input);
    lx_json_doc_clear(&block);
}

/* ---- Calls -------------------------------------------------------------------------------- */

static bool is_legacy(const struct pen *p)
{
    return p->context->legacy_functions;
}

static void begin_function(struct pen *p, const struct told_call *call)
{
    struct lx_out *o = &p->out;
    begin_delta(p);
    if (is_legacy(p)) {
        lx_out_object(o, "function_call");
        return;
    }
    lx_out_array(o, "tool_calls");
    lx_out_object(o, NULL);
    lx_out_int(o, "index", call->index);
    if (p->event->kind == LX_EVENT_PART_START) {
        lx_out_text(o, "id", p->event->id);
        lx_out_str(o, "type", call->custom ? LX_S("custom") : LX_S("function"));
    }
    lx_out_object(o, call->custom ? "custom" : "function");
}

static void end_function(struct pen *p)
{
    lx_out_object_end(&p->out);
    if (!is_legacy(p)) {
        lx_out_object_end(&p->out);
        lx_out_array_end(&p->out);
    }
    end_delta(p);
}

/* The legacy member has room for one call: those after the first are not told. */
static bool is_told(const struct pen *p, const struct told_call *call)
{
    return call && !(is_legacy(p) && call->index > 0);
}

static void tell_arguments(struct pen *p, struct told_call *call, struct lx_text piece)
{
    begin_function(p, call);
    lx_out_text(&p->out, call->custom && !is_legacy(p) ? "input" : "arguments", piece);
    end_function(p);
    call->any = true;
}

static void begin_call(struct pen *p)
{
    const struct lx_event *e = p->event;
    struct told_call *call = add_call(p->choice, e, p->out.buf);
    if (!is_told(p, call))
        return;
    begin_function(p, call);
    lx_out_text(&p->out, "name", e->name);
    lx_out_lit(&p->out, call->custom && !is_legacy(p) ? "input" : "arguments", "");
    end_function(p);
}

static void write_arguments(struct pen *p)
{
    struct told_call *call = call_of(p->choice, p->event->index);
    if (p->choice->block.n)
        keep_input(p);
    else if (p->event->text.s.n && is_told(p, call))
        tell_arguments(p, call, p->event->text);
}

/* Clients parse the arguments as JSON, and nothing is none. */
static void write_part_end(struct pen *p)
{
    struct told_call *call = call_of(p->choice, p->event->index);
    if (p->event->part == LX_PART_THINKING)
        end_merged(p);
    else if (p->choice->block.n)
        tell_block(p);
    else if (is_told(p, call) && !call->any && !call->custom)
        tell_arguments(p, call, lx_text(LX_S("{}")));
}

/* ---- Events of a choice ------------------------------------------------------------------- */

static void write_part_start(struct pen *p)
{
    const struct lx_event *e = p->event;
    if (e->part == LX_PART_TOOL_CALL)
        begin_call(p);
    else if (e->part == LX_PART_IMAGE)
        tell_image(p);
    else if (e->part == LX_PART_AUDIO && e->id.s.n)
        tell_audio(p, "id", e->id);
    else if (e->part == LX_PART_OPAQUE)
        keep_block(p);
}

static void write_text(struct pen *p)
{
    struct lx_text text = p->event->text;
    if (!text.s.n)
        return;
    if (p->event->part == LX_PART_THINKING && p->context->merges_thinking)
        merge_thinking(p, text);
    else if (p->event->part == LX_PART_THINKING)
        tell_thinking(p, text, (struct lx_text){0});
    else if (p->event->part == LX_PART_REFUSAL)
        tell_text(p, "refusal", text);
    else if (p->event->part == LX_PART_AUDIO)
        tell_audio(p, "transcript", text);
    else
        tell_text(p, "content", text);
}

static void write_signature(struct pen *p)
{
    if (!p->context->merges_thinking)
        tell_thinking(p, lx_text(LX_S("")), p->event->text);
}

static void write_data(struct pen *p)
{
    if (p->event->part == LX_PART_AUDIO)
        tell_audio(p, "data", p->event->text);
    else if (!p->context->merges_thinking)
        tell_redacted(p, p->event->text);
}

static void write_opaque(struct pen *p)
{
    if (p->event->raw.n)
        tell_specific(p, "event");
}

static void write_logprobs(struct pen *p)
{
    begin_delta(p);
    lx_out_object_end(&p->out);
    lx_out_raw(&p->out, "logprobs", p->event->raw);
    lx_out_null(&p->out, "finish_reason");
    end_choice(p);
}

static void write_finish(struct pen *p)
{
    const struct lx_event *e = p->event;
    struct lx_slice name = lx_openai_finish_name(e->finish, e->raw_finish);

    if (p->choice->finished) /* a provider that says so twice is quoted once */
        return;
    p->choice->finished = true;
    if (is_legacy(p) && e->finish == LX_FINISH_TOOL_CALLS)
        name = LX_S("function_call");
    begin_delta(p);
    lx_out_object_end(&p->out);
    lx_out_str(&p->out, "finish_reason", name);
    if (lx_openai_finish_is_coarse(e->finish) && e->raw_finish.n) {
        lx_out_object(&p->out, "provider_specific_fields");
        lx_out_str(&p->out, "native_finish_reason", e->raw_finish);
        if (e->stop_sequence.s.n)
            lx_out_text(&p->out, "stop_sequence", e->stop_sequence);
        lx_out_object_end(&p->out);
    }
    end_choice(p);
}

static void (*const choice_events[])(struct pen *) = {
    [LX_EVENT_PART_START] = write_part_start,
    [LX_EVENT_TEXT] = write_text,
    [LX_EVENT_SIGNATURE] = write_signature,
    [LX_EVENT_ARGUMENTS] = write_arguments,
    [LX_EVENT_DATA] = write_data,
    [LX_EVENT_CITATION] = tell_citation,
    [LX_EVENT_LOGPROBS] = write_logprobs,
    [LX_EVENT_PART_END] = write_part_end,
    [LX_EVENT_FINISH] = write_finish,
    [LX_EVENT_OPAQUE] = write_opaque,
    [LX_EVENT_END] = NULL,
};

/* ---- Events of the stream ----------------------------------------------------------------- */

static void keep_usage(struct lx_openai_telling *t, const struct lx_usage *u)
{
    if (!u->known)
        return;
    t->usage = *u;
    t->usage.raw = t->usage.service_tier = lx_slice(NULL, 0); /* borrowed: gone by the end */
}

static void write_end(struct pen *p)
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

/* OpenAI's SDKs raise on a chunk with a member `error`. No [DONE] follows: it would tell a client
 * that looks for nothing else that all went well. */
static void write_fault(struct pen *p)
{
    lx_sse_begin(p->out.buf, NULL);
    lx_openai_write_error(&p->event->fault, p->out.buf);
    lx_sse_end(p->out.buf);
}

void lx_openai_write_event(void *state, const struct lx_event *e, const struct lx_reply_context *c,
                           struct lx_buf *out)
{
    struct pen p = {.telling = state, .event = e, .context = c, .out = lx_out(out)};

    if (e->kind == LX_EVENT_START) {
        write_head(p.telling, e, c, out);
        keep_usage(p.telling, &e->usage);
    } else if (e->kind == LX_EVENT_USAGE) {
        keep_usage(p.telling, &e->usage);
    } else if (e->kind == LX_EVENT_PING) {
        lx_buf_add_lit(out, ": ping\n\n");
    } else if (e->kind == LX_EVENT_FAULT) {
        write_fault(&p);
    } else if (e->kind == LX_EVENT_END) {
        write_end(&p);
    } else if (choice_events[e->kind]) {
        p.choice = choice_of(p.telling, e->choice, out);
        if (p.choice)
            choice_events[e->kind](&p);
    }
}
