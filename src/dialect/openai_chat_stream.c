/*
 * openai_chat_stream.c - reads the chunks of a stream into events.
 *
 * The language has no marks for where a part begins and ends; they are made up here from what a
 * delta holds. One choice, seen over time:
 *
 *     (none) -- text --> part open -- other kind, or finish --> PART_END -- ...
 *        \-- call --> calls open -- text, or finish --> PART_END of each
 *
 * Tool calls are told apart by index, or by id, or by a name that comes where the call before it
 * is whole. A call is closed when the next one begins and its arguments are whole JSON; one that
 * is not stays open, for servers that interleave them. A stream holds some hundred bytes for
 * every call, and no text.
 */
#include "dialect/json_tool.h"
#include "dialect/openai_chat.h"
#include "dialect/think.h"

#include <stdlib.h>

enum {
    MAX_CHOICES = 128, /* OpenAI's limit for n */
    MAX_CALLS = 1024,  /* of one choice */
    MAX_HELD_ID = 64,
};
#define NO_INDEX     (-1)
#define LEGACY_INDEX (-2)

/* How far the arguments are along, as JSON. */
struct scan {
    uint32_t depth;
    bool begun, in_string, escape;
};

struct call {
    int64_t index;               /* the provider's; NO_INDEX where it gave none */
    int64_t part;                /* ours */
    uint64_t id_hash, name_hash; /* 0: none was given */
    struct scan scan;
    bool open, custom;
    bool json;    /* it stands for the wanted format: its arguments are the text */
    bool waiting; /* for its name, before it can be told */
    uint8_t held; /* bytes of id held until then */
    char id[MAX_HELD_ID];
};

struct lx_openai_choice {
    int64_t index;
    int64_t next_part;
    int64_t part; /* the open one, unless it is a call */
    enum lx_part_kind kind;
    bool open;
    bool is_signed;      /* the open THINKING part: more thinking is another part */
    bool called, legacy; /* a tool, a function */
    bool json;           /* the tool that stands for the wanted format */
    bool finished;
    bool cited; /* by annotations of its own */
    struct call *calls;
    size_t count, cap;
};

/* What a record is read into. */
struct sink {
    struct lx_openai_stream *stream;
    struct lx_events *out;
    struct lx_json chunk;
    struct lx_json error; /* in the chunk: then nothing finishes */
    bool json_tool;
    struct lx_error *err;
    int code;
};

/* ---- Memory ------------------------------------------------------------------------------- */

static void *grow(struct sink *k, void *v, size_t *cap, size_t size, size_t max, const char *what)
{
    if (*cap >= max) {
        k->code = lx_error_set(k->err, LX_EPROTO, "more than %zu %s in one stream", max, what);
        return NULL;
    }
    size_t more = *cap ? *cap * 2 : 2;
    void *p = realloc(v, more * size);
    if (p)
        *cap = more;
    else
        k->code = lx_error_set(k->err, LX_ENOMEM, "%s", lx_code_text(LX_ENOMEM));
    return p;
}

static struct lx_openai_choice *choice_of(struct sink *k, int64_t index)
{
    struct lx_openai_stream *s = k->stream;
    for (size_t i = 0; i < s->count; i++)
        if (s->choices[i].index == index)
            return &s->choices[i];
    if (s->count == s->cap) {
        struct lx_openai_choice *v =
            grow(k, s->choices, &s->cap, sizeof(*v), MAX_CHOICES, "choices");
        if (!v)
            return NULL;
        s->choices = v;
    }
    struct lx_openai_choice *c = &s->choices[s->count++];
    *c = (struct lx_openai_choice){.index = index};
    return c;
}

static struct call *add_call(struct sink *k, struct lx_openai_choice *c, int64_t index)
{
    if (c->count == c->cap) {
        struct call *v = grow(k, c->calls, &c->cap, sizeof(*v), MAX_CALLS, "tool calls");
        if (!v)
            return NULL;
        c->calls = v;
    }
    struct call *call = &c->calls[c->count++];
    *call = (struct call){.index = index};
    return call;
}

void lx_openai_stream_clear(void *state)
{
    struct lx_openai_stream *s = state;
    for (size_t i = 0; i < s->count; i++)
        free(s->choices[i].calls);
    free(s->choices);
    *s = (struct lx_openai_stream){0};
}

/* ---- Parts -------------------------------------------------------------------------------- */

static struct lx_event *add(struct sink *k, enum lx_event_kind kind,
                            const struct lx_openai_choice *c, int64_t part)
{
    struct lx_event *e = lx_events_add(k->out, kind);
    e->choice = c->index;
    e->index = part;
    return e;
}

static void end_text(struct sink *k, struct lx_openai_choice *c)
{
    if (c->open)
        add(k, LX_EVENT_PART_END, c, c->part)->part = c->kind;
    c->open = c->is_signed = false;
}

static bool is_whole(const struct call *call)
{
    return call->custom || (call->scan.begun && !call->scan.depth && !call->scan.in_string);
}

static void end_calls(struct sink *k, struct lx_openai_choice *c, bool whole_only)
{
    for (size_t i = 0; i < c->count; i++) {
        struct call *call = &c->calls[i];
        if (!call->open || (whole_only && !is_whole(call)))
            continue;
        add(k, LX_EVENT_PART_END, c, call->part)->part =
            call->json ? LX_PART_TEXT : LX_PART_TOOL_CALL;
        call->open = false;
    }
}

static void end_parts(struct sink *k, struct lx_openai_choice *c)
{
    end_text(k, c);
    end_calls(k, c, false);
}

/* Opens a part of that kind unless it is open; returns the event where it was opened. */
static struct lx_event *open_part(struct sink *k, struct lx_openai_choice *c,
                                  enum lx_part_kind kind)
{
    if (c->open && c->kind == kind)
        return NULL;
    end_parts(k, c);
    c->open = true;
    c->kind = kind;
    c->part = c->next_part++;
    struct lx_event *e = add(k, LX_EVENT_PART_START, c, c->part);
    e->part = kind;
    return e;
}

static void add_text(struct sink *k, struct lx_openai_choice *c, enum lx_part_kind kind,
                     struct lx_text text)
{
    if (!text.s.n)
        return;
    if (kind == LX_PART_THINKING && c->is_signed)
        end_text(k, c);
    open_part(k, c, kind);
    struct lx_event *e = add(k, LX_EVENT_TEXT, c, c->part);
    e->part = kind;
    e->text = text;
}

/* ---- What a delta may hold, besides calls ------------------------------------------------- */

static void read_thought(struct sink *k, struct lx_openai_choice *c, struct lx_json item)
{
    struct lx_openai_thought t = lx_openai_read_thought(item);
    if (t.redacted) {
        if (!t.text.s.n)
            return;
        end_parts(k, c);
        open_part(k, c, LX_PART_REDACTED_THINKING);
        struct lx_event *e = add(k, LX_EVENT_DATA, c, c->part);
        e->part = LX_PART_REDACTED_THINKING;
        e->text = t.text;
        end_text(k, c);
        return;
    }
    add_text(k, c, LX_PART_THINKING, t.text);
    if (t.signature.s.n) {
        open_part(k, c, LX_PART_THINKING);
        struct lx_event *e = add(k, LX_EVENT_SIGNATURE, c, c->part);
        e->part = LX_PART_THINKING;
        e->text = t.signature;
        c->is_signed = true;
    }
}

static void read_reasoning(struct sink *k, struct lx_openai_choice *c, struct lx_json delta)
{
    struct lx_text plain;
    struct lx_json thoughts = lx_openai_read_thoughts(delta, &plain);
    add_text(k, c, LX_PART_THINKING, plain);
    for (struct lx_json_iter it = lx_json_iter(thoughts); lx_json_next(&it);)
        read_thought(k, c, it.value);
}

/* gpt-oss on Bedrock has each piece of its thinking between tags of its own (recorded 2025). */
static void read_string(struct sink *k, struct lx_openai_choice *c, struct lx_text text)
{
    struct lx_text thought;
    if (lx_think_cut(text, &thought, &text))
        add_text(k, c, LX_PART_THINKING, thought);
    add_text(k, c, LX_PART_TEXT, text);
}

static struct lx_event *add_citation(struct sink *k, const struct lx_openai_choice *c,
                                     struct lx_slice raw)
{
    struct lx_event *e = add(k, LX_EVENT_CITATION, c, c->part);
    e->part = LX_PART_TEXT;
    e->language = LX_OPENAI_CHAT;
    e->raw = raw;
    return e;
}

/* As in whole replies: a list, or a list of one. */
static void read_citations(struct sink *k, struct lx_openai_choice *c, struct lx_json list)
{
    if (lx_json_is(lx_json_at(list, 0), LX_JSON_ARRAY))
        list = lx_json_at(list, 0);
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        open_part(k, c, LX_PART_TEXT);
        c->cited = true;
        add_citation(k, c, lx_json_raw(it.value))->language = lx_openai_citation_language(it.value);
    }
}

/* A string; or a list of {"type":"text"}, of Mistral's {"type":"thinking","thinking":[texts]} and
 * of Databricks' {"type":"reasoning","summary":[{"text":"..","signature":".."}]}. */
static void read_content(struct sink *k, struct lx_openai_choice *c, struct lx_json content)
{
    read_string(k, c, lx_json_text(content));
    if (!lx_json_is(content, LX_JSON_ARRAY))
        return;
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);) {
        struct lx_json thinking = LX_GET(it.value, "thinking");
        add_text(k, c, LX_PART_THINKING, lx_json_text(thinking));
        if (lx_json_is(thinking, LX_JSON_ARRAY))
            for (struct lx_json_iter t = lx_json_iter(thinking); lx_json_next(&t);)
                add_text(k, c, LX_PART_THINKING, lx_json_text(LX_GET(t.value, "text")));
        for (struct lx_json_iter s = lx_json_iter(LX_GET(it.value, "summary")); lx_json_next(&s);)
            read_thought(k, c, s.value);
        add_text(k, c, LX_PART_TEXT, lx_json_text(LX_GET(it.value, "text")));
        read_citations(k, c, LX_GET(it.value, "citations"));
    }
}

static void read_audio(struct sink *k, struct lx_openai_choice *c, struct lx_json audio)
{
    struct lx_text data = lx_json_text(LX_GET(audio, "data"));
    struct lx_text id = lx_json_text(LX_GET(audio, "id"));
    if (!lx_json_is(audio, LX_JSON_OBJECT))
        return;
    struct lx_event *start = open_part(k, c, LX_PART_AUDIO);
    if (start)
        start->id = id;
    add_text(k, c, LX_PART_AUDIO, lx_json_text(LX_GET(audio, "transcript")));
    if (data.s.n) {
        struct lx_event *e = add(k, LX_EVENT_DATA, c, c->part);
        e->part = LX_PART_AUDIO;
        e->text = data;
    }
}

static void read_images(struct sink *k, struct lx_openai_choice *c, struct lx_json images)
{
    for (struct lx_json_iter it = lx_json_iter(images); lx_json_next(&it);) {
        struct lx_json image_url = LX_GET(it.value, "image_url");
        if (!lx_json_given(image_url))
            continue;
        end_parts(k, c);
        struct lx_event *e = open_part(k, c, LX_PART_IMAGE);
        lx_openai_read_image(&e->media, image_url, k->out->arena);
        end_text(k, c);
    }
}

static void read_annotations(struct sink *k, struct lx_openai_choice *c, struct lx_json list)
{
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        open_part(k, c, LX_PART_TEXT);
        c->cited = true;
        add_citation(k, c, lx_json_raw(it.value));
    }
}

/* Perplexity's chunks repeat their list; it is told once, where the text ends. */
static void read_sources(struct sink *k, struct lx_openai_choice *c)
{
    struct lx_json list = lx_openai_find_sources(k->chunk);
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it) && !c->cited;) {
        struct lx_slice source = lx_openai_write_source(it.value, k->out->arena);
        if (source.n && c->open && c->kind == LX_PART_TEXT)
            add_citation(k, c, source);
    }
}

/* ---- Tool calls --------------------------------------------------------------------------- */

/* FNV-1a: tells a server's own ids apart, where a collision hurts that server only. Never 0. */
static uint64_t hash_of(struct lx_slice s)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
    return s.n ? h | 1 : 0;
}

static void scan_arguments(struct scan *s, struct lx_slice json)
{
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        if (s->escape) {
            s->escape = false;
        } else if (s->in_string) {
            s->escape = c == '\\';
            s->in_string = c != '"';
        } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            s->begun = true;
            s->in_string = c == '"';
            if (c == '{' || c == '[')
                s->depth++;
            else if ((c == '}' || c == ']') && s->depth)
                s->depth--;
        }
    }
}

/* One element of delta.tool_calls. */
struct call_delta {
    int64_t index;
    struct lx_text id, name, arguments;
    uint64_t id_hash, name_hash;
    bool custom, legacy;
};

static struct call *newest(struct lx_openai_choice *c, int64_t index)
{
    for (size_t i = c->count; i-- > 0;)
        if (index == NO_INDEX || c->calls[i].index == index)
            return &c->calls[i];
    return NULL;
}

static struct call *by_id(struct lx_openai_choice *c, uint64_t id_hash)
{
    for (size_t i = c->count; i-- > 0;)
        if (c->calls[i].id_hash == id_hash)
            return &c->calls[i];
    return NULL;
}

/* The call that a delta goes on with; NULL: it begins one. Servers were recorded that give every
 * call the index 0, that give none, that repeat id and name in every delta, and that do neither. */
static struct call *find_call(struct lx_openai_choice *c, const struct call_delta *d)
{
    if (d->index == NO_INDEX && d->id_hash)
        return by_id(c, d->id_hash);
    struct call *call = newest(c, d->index);
    if (!call || !d->name.s.n)
        return call; /* without a name nothing begins */
    if (d->id_hash && call->id_hash)
        return d->id_hash == call->id_hash ? call : NULL;
    bool again = call->waiting ||
                 (d->name_hash == call->name_hash && (!is_whole(call) || !d->arguments.s.n));
    return again ? call : NULL;
}

/* Ids go back and forth in conversations: one that is made up must differ from turn to turn. */
static struct lx_text made_up_id(struct sink *k, int64_t part)
{
    struct lx_slice id = lx_json_str(LX_GET(k->chunk, "id"), k->out->arena);
    return lx_text(lx_arena_printf(k->out->arena, "call_%.*s_%lld", LX_F(id), (long long)part));
}

static void start_call(struct sink *k, struct lx_openai_choice *c, struct call *call,
                       const struct call_delta *d)
{
    struct lx_text id = d->id;
    if (!id.s.n && call->held)
        id = lx_text(lx_arena_copy(k->out->arena, lx_slice(call->id, call->held)));
    end_text(k, c);
    call->waiting = false;
    call->open = true;
    call->part = c->next_part++;
    call->custom = d->custom;
    call->name_hash = d->name_hash;
    call->json = k->json_tool && lx_slice_eq(d->name.s, LX_JSON_TOOL);
    c->json = c->json || call->json;
    if (call->json) {
        add(k, LX_EVENT_PART_START, c, call->part)->part = LX_PART_TEXT;
        return;
    }
    c->called = true;
    c->legacy = c->legacy || d->legacy;
    struct lx_event *e = add(k, LX_EVENT_PART_START, c, call->part);
    e->part = LX_PART_TOOL_CALL;
    e->id = id.s.n ? id : made_up_id(k, call->part);
    e->name = d->name;
    e->custom = d->custom;
    e->legacy_function_call = d->legacy;
}

/* A call without a name cannot be told yet: its id is kept until the name comes. */
static void hold_call(struct sink *k, struct call *call, const struct call_delta *d)
{
    struct lx_slice id = lx_text_plain(d->id, k->out->arena);
    call->waiting = true;
    if (id.n && id.n <= MAX_HELD_ID) {
        memcpy(call->id, id.p, id.n);
        call->held = (uint8_t)id.n;
    }
}

/* The call it belongs to; NULL: k->code says why not. */
static struct call *read_call_delta(struct sink *k, struct lx_openai_choice *c,
                                    const struct call_delta *d)
{
    struct call *call = find_call(c, d);
    if (!call) {
        end_calls(k, c, true);
        call = add_call(k, c, d->index);
        if (!call)
            return NULL;
        call->id_hash = d->id_hash;
        call->waiting = true;
    }
    if (call->waiting && (d->name.s.n || d->arguments.s.n))
        start_call(k, c, call, d);
    else if (call->waiting)
        hold_call(k, call, d);
    /* What follows whole arguments after the next call began is no JSON whatever becomes of it. */
    if (!d->arguments.s.n || !call->open)
        return call;
    struct lx_text piece = d->arguments;
    if (!d->custom && !call->scan.begun)
        piece = lx_openai_first_arguments(piece);
    if (!d->custom)
        scan_arguments(&call->scan, lx_text_plain(piece, k->out->arena));
    struct lx_event *e = add(k, call->json ? LX_EVENT_TEXT : LX_EVENT_ARGUMENTS, c, call->part);
    e->part = call->json ? LX_PART_TEXT : LX_PART_TOOL_CALL;
    e->text = piece;
    return call;
}

static struct call *read_function(struct sink *k, struct lx_openai_choice *c,
                                  struct lx_json function, struct call_delta d)
{
    d.name = lx_json_text(LX_GET(function, "name"));
    d.arguments = d.custom ? lx_json_text(LX_GET(function, "input"))
                           : lx_openai_read_arguments(LX_GET(function, "arguments"));
    d.id_hash = hash_of(d.id.s);
    d.name_hash = hash_of(d.name.s);
    return read_call_delta(k, c, &d);
}

static struct call *read_call(struct sink *k, struct lx_openai_choice *c, struct lx_json v)
{
    struct lx_json custom = LX_GET(v, "custom"), function = LX_GET(v, "function");
    struct call_delta d = {.id = lx_json_text(LX_GET(v, "id")), .index = NO_INDEX};
    if (lx_json_int(LX_GET(v, "index"), &d.index) == 0 && d.index < 0)
        d.index = NO_INDEX;
    d.custom = lx_json_is(custom, LX_JSON_OBJECT) && !lx_json_is(function, LX_JSON_OBJECT);
    return read_function(k, c, d.custom ? custom : function, d);
}

static void read_calls(struct sink *k, struct lx_openai_choice *c, struct lx_json delta)
{
    for (struct lx_json_iter it = lx_json_iter(LX_GET(delta, "tool_calls"));
         lx_json_next(&it) && !k->code;)
        read_call(k, c, it.value);
    struct lx_json legacy = LX_GET(delta, "function_call");
    if (lx_json_is(legacy, LX_JSON_OBJECT) && !k->code)
        read_function(k, c, legacy, (struct call_delta){.index = LEGACY_INDEX, .legacy = true});
}

/* ---- Chunks ------------------------------------------------------------------------------- */

static void read_finish(struct sink *k, struct lx_openai_choice *c, struct lx_json choice)
{
    struct lx_slice raw = lx_json_str(LX_GET(choice, "finish_reason"), k->out->arena);
    struct lx_text sequence = lx_json_text(LX_GET(choice, "stop_reason")); /* vLLM */
    if (!raw.n || c->finished) /* OpenRouter repeats it in the chunk that has the usage */
        return;
    if (lx_json_given(k->error))
        return;
    read_sources(k, c);
    end_parts(k, c);
    c->finished = true;
    struct lx_event *e = add(k, LX_EVENT_FINISH, c, 0);
    e->raw_finish = raw;
    e->legacy_function_call = c->legacy;
    e->finish = lx_openai_read_finish(raw);
    if (e->finish == LX_FINISH_TOOL_CALLS && c->json && !c->called) {
        e->finish = LX_FINISH_STOP;
        e->raw_finish = lx_slice(NULL, 0);
    } else if (e->finish == LX_FINISH_STOP && c->called) {
        e->finish = LX_FINISH_TOOL_CALLS; /* as in whole replies */
    } else if (e->finish == LX_FINISH_STOP && sequence.s.n) {
        e->finish = LX_FINISH_STOP_SEQUENCE;
        e->stop_sequence = sequence;
    }
}

static void read_logprobs(struct sink *k, struct lx_openai_choice *c, struct lx_json logprobs)
{
    struct lx_slice raw = lx_openai_read_logprobs(logprobs, k->out->arena);
    if (!lx_json_count(LX_GET(logprobs, "content")) &&
        !lx_json_count(LX_GET(logprobs, "refusal")) && !lx_json_count(LX_GET(logprobs, "tokens")))
        return;
    add(k, LX_EVENT_LOGPROBS, c, c->part)->raw = raw;
}

/* Where an index stands, or the place that a choice has without one. */
static int64_t index_of(struct lx_json choice)
{
    int64_t index = 0;
    return lx_json_int(LX_GET(choice, "index"), &index) == 0 ? index : 0;
}

static void read_choice(struct sink *k, struct lx_json choice)
{
    struct lx_json delta = LX_GET(choice, "delta");
    if (!lx_json_given(delta))
        delta = LX_GET(choice, "message"); /* a whole reply in a stream's place */
    struct lx_openai_choice *c = choice_of(k, index_of(choice));
    if (!c)
        return;
    read_reasoning(k, c, delta);
    read_content(k, c, LX_GET(delta, "content"));
    if (!lx_json_given(delta)) /* of a text completion */
        add_text(k, c, LX_PART_TEXT, lx_json_text(LX_GET(choice, "text")));
    add_text(k, c, LX_PART_REFUSAL, lx_json_text(LX_GET(delta, "refusal")));
    read_annotations(k, c, LX_GET(delta, "annotations"));
    read_images(k, c, LX_GET(delta, "images"));
    read_audio(k, c, LX_GET(delta, "audio"));
    read_logprobs(k, c, LX_GET(choice, "logprobs"));
    read_calls(k, c, delta);
    read_finish(k, c, choice);
}

static void start(struct sink *k)
{
    if (k->stream->started)
        return;
    k->stream->started = true;
    struct lx_event *e = lx_events_add(k->out, LX_EVENT_START);
    e->language = LX_OPENAI_CHAT;
    e->id = lx_json_text(LX_GET(k->chunk, "id"));
    e->name = lx_json_text(LX_GET(k->chunk, "model"));
    e->system_fingerprint = lx_json_text(LX_GET(k->chunk, "system_fingerprint"));
    e->service_tier = lx_json_text(LX_GET(k->chunk, "service_tier"));
    if (lx_json_int(LX_GET(k->chunk, "created"), &e->created_s) != 0 || e->created_s < 0)
        e->created_s = 0;
}

static void add_fault(struct sink *k, struct lx_json body)
{
    lx_openai_read_fault(0, body, k->out->arena, &lx_events_add(k->out, LX_EVENT_FAULT)->fault);
    k->stream->ended = true;
}

/* An error in the chunk, or in one of its choices (OpenRouter). */
static struct lx_json find_error(struct lx_json chunk)
{
    if (lx_openai_is_fault(chunk))
        return chunk;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(chunk, "choices")); lx_json_next(&it);)
        if (lx_json_given(LX_GET(it.value, "error")))
            return it.value;
    return (struct lx_json){0};
}

static void read_chunk(struct sink *k, bool error_event)
{
    struct lx_json choices = LX_GET(k->chunk, "choices");

    k->error = error_event ? k->chunk : find_error(k->chunk);
    /* Azure sends a first chunk about the prompt, without id, model or choices. */
    if (lx_json_count(choices) || lx_json_text(LX_GET(k->chunk, "id")).s.n)
        start(k);
    for (struct lx_json_iter it = lx_json_iter(choices); lx_json_next(&it) && !k->code;)
        read_choice(k, it.value);
    struct lx_usage usage;
    lx_openai_read_bill(k->chunk, &usage);
    if (usage.known) {
        start(k);
        lx_events_add(k->out, LX_EVENT_USAGE)->usage = usage;
    }
    if (lx_json_given(k->error))
        add_fault(k, k->error);
}

static void end(struct sink *k)
{
    start(k);
    for (size_t i = 0; i < k->stream->count; i++) {
        struct lx_openai_choice *c = &k->stream->choices[i];
        end_parts(k, c);
        if (!c->finished) /* OpenRouter was recorded to forget it; clients wait for one */
            add(k, LX_EVENT_FINISH, c, 0)->finish =
                c->called ? LX_FINISH_TOOL_CALLS : LX_FINISH_NONE;
        c->finished = true;
    }
    lx_events_add(k->out, LX_EVENT_END);
    k->stream->ended = true;
}

static int result(struct sink *k)
{
    if (!k->code)
        k->code = lx_events_result(k->out, 0, k->err);
    return k->code;
}

/* ---- Calls of a stream that passes -------------------------------------------------------- */

/* The id that was made up for a call that these events begin, as JSON; n 0: it has its own. */
static struct lx_slice id_to_tell(const struct lx_events *events, size_t from)
{
    struct lx_slice id = {NULL, 0};
    for (size_t i = from; i < events->n; i++) {
        if (events->v[i].kind != LX_EVENT_PART_START || !events->v[i].id.s.n)
            continue;
        struct lx_buf text;
        lx_buf_init(&text, 4096);
        struct lx_out o = lx_out(&text);
        lx_out_text(&o, NULL, events->v[i].id);
        id = lx_buf_take(&text, events->arena);
    }
    return id;
}

/* 0 or a code. Clients put calls together by index: a second one at a place already taken (as
 * several servers send it), or one without a place (Mistral's), would be lost in the first. */
static int mend_call(struct sink *k, struct lx_openai_choice *c, struct lx_json v,
                     struct lx_json_edit *edit)
{
    int64_t index = NO_INDEX;
    struct lx_slice id = {NULL, 0};
    bool told = lx_json_int(LX_GET(v, "index"), &index) == 0;
    size_t before = k->out->n;
    const struct call *call = read_call(k, c, v);
    if (!call)
        return k->code;
    int64_t place = call - c->calls;
    if (!lx_json_text(LX_GET(v, "id")).s.n && !call->held)
        id = id_to_tell(k->out, before);
    if (id.n)
        lx_json_edit_set(edit, v, LX_S("id"), id);
    if (!told || index != place)
        lx_json_edit_set(edit, v, LX_S("index"),
                         lx_arena_printf(k->out->arena, "%lld", (long long)place));
    return 0;
}

/* A stop after calls is tool_calls, as in whole replies. */
static void mend_finish(struct sink *k, struct lx_json choice, struct lx_json_edit *edit)
{
    struct lx_text said = lx_json_text(LX_GET(choice, "finish_reason"));
    if (!said.s.n || said.escaped || lx_openai_read_finish(said.s) != LX_FINISH_STOP)
        return;
    for (size_t i = 0; i < k->stream->count; i++)
        if (k->stream->choices[i].index == index_of(choice) && k->stream->choices[i].called)
            lx_json_edit_set(edit, choice, LX_S("finish_reason"), LX_S("\"tool_calls\""));
}

int lx_openai_mend_event(void *state, const struct lx_json_doc *doc, struct lx_json_edit *edit,
                         struct lx_arena *arena, struct lx_error *err)
{
    struct lx_events none = {.arena = arena};
    struct sink k = {.stream = state, .out = &none, .chunk = lx_json_root(doc), .err = err};

    lx_openai_mend(doc, edit);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(k.chunk, "choices")); lx_json_next(&it);) {
        struct lx_json calls = LX_GET(LX_GET(it.value, "delta"), "tool_calls");
        struct lx_openai_choice *c =
            lx_json_count(calls) ? choice_of(&k, index_of(it.value)) : NULL;
        if (!c && k.code)
            return k.code;
        for (struct lx_json_iter at = lx_json_iter(calls); c && lx_json_next(&at);)
            if (mend_call(&k, c, at.value, edit) < 0)
                return k.code;
        mend_finish(&k, it.value, edit);
    }
    return result(&k);
}

int lx_openai_read_event(void *state, const struct lx_record *record, struct lx_json_doc *doc,
                         const struct lx_reply_context *context, struct lx_events *out,
                         struct lx_error *err)
{
    struct sink k = {.stream = state, .out = out, .err = err, .json_tool = context->json_tool};

    if (k.stream->ended)
        return 0;
    if (lx_record_is_done(record)) {
        end(&k);
        return result(&k);
    }
    if (record->fault) { /* an exception between frames of AWS, which may be no JSON */
        static const struct lx_headers none = {NULL, 0};
        struct lx_event *e = lx_events_add(out, LX_EVENT_FAULT);
        lx_openai_read_error(0, record->data, &none, out->arena, &e->fault);
        k.stream->ended = true;
        return result(&k);
    }
    int code = lx_record_read(record, doc, err);
    if (code)
        return code;
    k.chunk = lx_json_root(doc);
    read_chunk(&k, lx_slice_eq(record->event, LX_S("error")));
    return result(&k);
}

static bool all_finished(const struct lx_openai_stream *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!s->choices[i].finished)
            return false;
    return s->count != 0;
}

/* Cerebras, Perplexity and Hugging Face were recorded to leave [DONE] out: choices that finished
 * are end enough. */
int lx_openai_read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    struct sink k = {.stream = state, .out = out, .err = err};

    if (k.stream->ended)
        return 0;
    if (all_finished(k.stream)) {
        end(&k);
        return result(&k);
    }
    for (size_t i = 0; i < k.stream->count; i++)
        end_parts(&k, &k.stream->choices[i]);
    lx_events_end(out, false);
    k.stream->ended = true;
    return result(&k);
}
