/*
 * run.c - running requests on the client's own loop: blocking, streamed, or many at once.
 *
 * Everything is one kind of job; the public functions differ in who waits for it. A stream's bytes
 * come out of the call as OpenAI's SSE and are read back by that dialect, so that a job sees just
 * what a client of the gateway would.
 */
#include <stdlib.h>

#include "client/client.h"

#define BODY_MAX  (1u << 30)
#define EVENT_MAX (64u << 20)

struct llmux_event {
    enum llmux_event_kind kind;
    const char *text, *id, *name;
    size_t n, tool;
    int64_t prompt_tokens, completion_tokens;
    struct llmux_event *next;
};

/* What a job with streaming needs besides. */
struct reader {
    struct lx_records records;
    struct lx_json_doc doc;
    struct lx_arena record_arena; /* canonical events: until the next record */
    struct lx_arena event_arena;  /* public events: until all are consumed */
    struct llmux_event *first, **tail;
    void *state; /* of the dialect's reader */
    struct lx_arena reply_arena;
    struct lx_reply_builder *builder;
    int64_t tools;            /* tool calls begun */
    int64_t tool_of_part[64]; /* part index -> tool index */
    bool ended;
};

struct job {
    struct lx_drive drive;
    llmux_client *client;
    struct lx_setup *setup; /* that it is asked by */
    struct lx_buf body, reply;
    struct reader *reader;      /* NULL: not a stream */
    llmux_event_fn fn;          /* by callback */
    llmux_done_fn done;         /* many at once ... */
    llmux_embedded_fn embedded; /* ... of embeddings */
    void *arg;
    bool finished, stopped;
    llmux_error *error;
};

/* ---- Reading a stream ---------------------------------------------------------------------- */

static struct reader *reader_new(void)
{
    const struct lx_back *back = lx_dialect_openai_chat.back;
    struct reader *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    lx_records_init(&r->records, LX_FRAMING_SSE, EVENT_MAX);
    lx_json_doc_init(&r->doc);
    lx_arena_init(&r->record_arena, EVENT_MAX);
    lx_arena_init(&r->event_arena, LX_REPLY_MAX);
    lx_arena_init(&r->reply_arena, LX_REPLY_MAX);
    r->tail = &r->first;
    r->state = calloc(1, back->state_size + 1);
    r->builder = malloc(lx_reply_builder_size());
    if (r->builder)
        lx_reply_builder_init(r->builder, &r->reply_arena);
    return r;
}

static void reader_free(struct reader *r)
{
    if (!r)
        return;
    lx_records_clear(&r->records);
    lx_json_doc_clear(&r->doc);
    lx_arena_clear(&r->record_arena);
    lx_arena_clear(&r->event_arena);
    lx_arena_clear(&r->reply_arena);
    if (r->state && lx_dialect_openai_chat.back->clear)
        lx_dialect_openai_chat.back->clear(r->state);
    free(r->state);
    free(r->builder);
    free(r);
}

static struct llmux_event *add_event(struct reader *r, enum llmux_event_kind kind,
                                     struct lx_text text)
{
    struct lx_slice plain = lx_text_plain(text, &r->event_arena);
    struct llmux_event *e = lx_arena_new(&r->event_arena, struct llmux_event);

    if (!e)
        return NULL;
    e->kind = kind;
    e->text = lx_arena_copy_z(&r->event_arena, plain);
    e->n = plain.n;
    e->id = e->name = "";
    *r->tail = e;
    r->tail = &e->next;
    return e;
}

static int64_t *tool_slot(struct reader *r, const struct lx_event *e)
{
    return &r->tool_of_part[(uint64_t)e->index % 64];
}

/* Of canonical events, what the library's users see: the first choice. */
static void show(struct reader *r, const struct lx_event *e)
{
    struct llmux_event *shown;

    if (e->choice != 0)
        return;
    switch (e->kind) {
    case LX_EVENT_TEXT:
        add_event(r, e->part == LX_PART_THINKING ? LLMUX_EVENT_REASONING : LLMUX_EVENT_TEXT,
                  e->text);
        break;
    case LX_EVENT_PART_START:
        if (e->part != LX_PART_TOOL_CALL)
            break;
        *tool_slot(r, e) = r->tools;
        shown = add_event(r, LLMUX_EVENT_TOOL_CALL, lx_text(LX_S("")));
        if (!shown)
            break;
        shown->tool = (size_t)r->tools++;
        shown->id = lx_arena_copy_z(&r->event_arena, lx_text_plain(e->id, &r->event_arena));
        shown->name = lx_arena_copy_z(&r->event_arena, lx_text_plain(e->name, &r->event_arena));
        break;
    case LX_EVENT_ARGUMENTS:
        shown = add_event(r, LLMUX_EVENT_ARGUMENTS, e->text);
        if (shown)
            shown->tool = (size_t)*tool_slot(r, e);
        break;
    case LX_EVENT_FINISH:
        add_event(r, LLMUX_EVENT_FINISH, lx_text(e->raw_finish));
        break;
    case LX_EVENT_USAGE:
        shown = add_event(r, LLMUX_EVENT_USAGE, lx_text(LX_S("")));
        if (shown) {
            shown->prompt_tokens = e->usage.prompt_tokens;
            shown->completion_tokens = e->usage.completion_tokens;
        }
        break;
    default:
        break;
    }
}

static void fail(struct job *j, int code, const struct lx_error *why)
{
    if (!j->error)
        lx_client_fail(&j->error, code, why && why->code ? why : NULL);
}

static void read_record(struct job *j, const struct lx_record *record)
{
    struct reader *r = j->reader;
    struct lx_reply_context context = {0};
    struct lx_events events = {.arena = &r->record_arena};
    struct lx_error why = {0};
    int code;

    lx_arena_reset(&r->record_arena);
    code =
        lx_dialect_openai_chat.back->read_event(r->state, record, &r->doc, &context, &events, &why);
    for (size_t i = 0; code == 0 && i < events.n; i++) {
        if (events.v[i].kind == LX_EVENT_FAULT && !j->error)
            j->error = lx_client_error_of(&events.v[i].fault);
        lx_reply_builder_add(r->builder, &events.v[i]);
        show(r, &events.v[i]);
    }
    if (code == 0)
        code = r->event_arena.failed ? r->event_arena.failed : r->record_arena.failed;
    if (code != 0)
        fail(j, code, &why);
}

static void read_stream(struct job *j, struct lx_slice bytes)
{
    struct lx_record record;
    struct lx_error why = {0};
    int got;

    while ((got = lx_records_next(&j->reader->records, &bytes, &record, &why)) > 0)
        read_record(j, &record);
    if (got < 0)
        fail(j, got, &why);
}

static struct llmux_event *take_event(struct reader *r)
{
    struct llmux_event *e = r->first;

    if (e) {
        r->first = e->next;
        if (!r->first)
            r->tail = &r->first;
    }
    return e;
}

/* All events have been consumed: their memory can go. */
static void recycle(struct reader *r)
{
    if (!r->first)
        lx_arena_reset(&r->event_arena);
}

/* ---- Jobs ---------------------------------------------------------------------------------- */

static struct job *job_of(struct lx_drive *d)
{
    return LX_CONTAINER(d, struct job, drive);
}

static void call_back(struct job *j)
{
    struct llmux_event *e;

    while (!j->stopped && (e = take_event(j->reader)))
        j->stopped = j->fn(j->arg, e) != 0;
    if (!j->stopped)
        recycle(j->reader);
}

static void on_emit(struct lx_drive *d, const struct lx_step *step)
{
    struct job *j = job_of(d);
    const struct lx_call_report *report = lx_call_report(j->drive.call);

    if (j->reader && report->status < 400 && !j->stopped) {
        read_stream(j, step->emit.bytes);
        if (j->fn)
            call_back(j);
    } else if (!j->reader) {
        lx_buf_add(&j->reply, step->emit.bytes);
    }
}

static void job_free(struct job *j)
{
    lx_drive_cancel(&j->drive);
    lx_call_free(j->drive.call);
    lx_setup_drop(j->setup);
    lx_buf_clear(&j->body);
    lx_buf_clear(&j->reply);
    reader_free(j->reader);
    free(j);
}

/* A stream's reply is written from its events, to be read like any other. */
static void write_streamed(struct job *j)
{
    struct lx_reply_context context = {0};
    const struct lx_reply *reply = lx_reply_builder_end(j->reader->builder);

    if (reply)
        lx_dialect_openai_chat.front->write_reply(reply, &context, &j->reply);
    else
        fail(j, j->reader->reply_arena.failed ? j->reader->reply_arena.failed : LX_EPROTO, NULL);
}

static llmux_reply *take_reply(struct job *j)
{
    if (!j->error && j->reader)
        write_streamed(j);
    if (!j->error && j->reply.failed)
        fail(j, j->reply.failed, NULL);
    return j->error ? NULL : lx_client_reply(&j->reply, &j->error);
}

static llmux_embeddings *take_embeddings(struct job *j)
{
    if (!j->error && j->reply.failed)
        fail(j, j->reply.failed, NULL);
    return j->error ? NULL : lx_client_embeddings(&j->reply, &j->error);
}

/* To whom started it and did not wait: what came of it, or the error, is theirs. */
static void hand_over(struct job *j)
{
    if (j->embedded) {
        llmux_embeddings *got = take_embeddings(j);
        j->embedded(j->arg, got, j->error);
    } else {
        llmux_reply *got = take_reply(j);
        j->done(j->arg, got, j->error);
    }
}

static void on_done(struct lx_drive *d)
{
    struct job *j = job_of(d);
    const struct lx_call_report *report = lx_call_report(j->drive.call);

    if (report->fault.kind != LX_FAULT_NONE && !j->error)
        j->error = lx_client_error_of(&report->fault);
    j->finished = true;
    j->client->in_flight--;
    if (!j->done && !j->embedded)
        return; /* somebody waits for it */
    hand_over(j);
    job_free(j);
}

static void on_mirror(struct lx_drive *d, const struct lx_step *step)
{
    const struct job *j = job_of(d);

    for (size_t i = 0; i < step->mirror->silent_model_count; i++) {
        const struct lx_aside_facts facts = {.hold = lx_setup_hold(j->setup)};

        if (!lx_aside_start(&j->client->mirrors, d->call, step->mirror->silent_models[i], &facts))
            lx_setup_drop(j->setup);
    }
}

static const struct lx_drive_events drive_events = {
    .on_emit = on_emit, .on_mirror = on_mirror, .on_done = on_done};

static struct job *job_new(llmux_client *c, const struct lx_dialect *front,
                           const llmux_request *request, bool stream, llmux_error **err)
{
    struct job *j = calloc(1, sizeof(*j));

    if (!j || (stream && !(j->reader = reader_new())) ||
        (stream && (!j->reader->state || !j->reader->builder))) {
        if (j)
            reader_free(j->reader);
        free(j);
        lx_client_fail(err, LX_ENOMEM, NULL);
        return NULL;
    }
    j->client = c;
    j->setup = lx_setup_hold(c->setup);
    j->drive.loop = c->loop;
    j->drive.net = c->net;
    j->drive.epoch_ms = c->epoch_ms;
    j->drive.events = &drive_events;
    lx_buf_init(&j->body, BODY_MAX);
    lx_buf_init(&j->reply, LX_REPLY_MAX);
    if (lx_client_call(c, front, request, stream, true, &j->body, &j->drive.call, err) != 0) {
        job_free(j);
        return NULL;
    }
    c->in_flight++;
    return j;
}

/* The error is the caller's from here on. */
static int give_error(struct job *j, llmux_error **err)
{
    llmux_error *e = j->error;

    j->error = NULL;
    if (err)
        *err = e;
    else
        llmux_error_free(e);
    return LX_EIO;
}

static void abandon(struct job *j)
{
    if (!j->finished)
        j->client->in_flight--;
    llmux_error_free(j->error);
    job_free(j);
}

static void wait_for_end(struct job *j)
{
    lx_drive_start(&j->drive);
    while (!j->finished && !j->stopped)
        lx_loop_turn(j->client->loop, -1);
}

static int run(struct job *j, llmux_reply **reply, llmux_error **err)
{
    llmux_reply *got = NULL;
    int code = 0;

    wait_for_end(j);
    if (!j->error && reply)
        got = take_reply(j);
    if (j->error && !j->stopped)
        code = give_error(j, err);
    else if (reply)
        *reply = got;
    abandon(j);
    return code;
}

int llmux_completion(llmux_client *c, const llmux_request *request, llmux_reply **reply,
                     llmux_error **err)
{
    struct job *j = job_new(c, &lx_dialect_openai_chat, request, false, err);

    return j ? run(j, reply, err) : LX_EINVAL;
}

int llmux_embedding(llmux_client *c, const llmux_request *request, llmux_embeddings **out,
                    llmux_error **err)
{
    struct job *j = job_new(c, &lx_dialect_openai_embed, request, false, err);
    llmux_embeddings *got = NULL;
    int code = 0;

    if (!j)
        return LX_EINVAL;
    wait_for_end(j);
    got = take_embeddings(j);
    if (got)
        *out = got;
    else
        code = give_error(j, err);
    abandon(j);
    return code;
}

int llmux_completion_stream(llmux_client *c, const llmux_request *request, llmux_event_fn fn,
                            void *arg, llmux_reply **reply, llmux_error **err)
{
    struct job *j = job_new(c, &lx_dialect_openai_chat, request, true, err);

    if (!j)
        return LX_EINVAL;
    j->fn = fn;
    j->arg = arg;
    return run(j, reply, err);
}

int llmux_completion_start(llmux_client *c, const llmux_request *request, llmux_done_fn done,
                           void *arg, llmux_error **err)
{
    struct job *j = job_new(c, &lx_dialect_openai_chat, request, false, err);

    if (!j)
        return LX_EINVAL;
    j->done = done;
    j->arg = arg;
    lx_drive_start(&j->drive);
    return 0;
}

int llmux_embedding_start(llmux_client *c, const llmux_request *request, llmux_embedded_fn done,
                          void *arg, llmux_error **err)
{
    struct job *j = job_new(c, &lx_dialect_openai_embed, request, false, err);

    if (!j)
        return LX_EINVAL;
    j->embedded = done;
    j->arg = arg;
    lx_drive_start(&j->drive);
    return 0;
}

size_t llmux_client_turn(llmux_client *c, int max_wait_ms)
{
    if (c->in_flight)
        lx_loop_turn(c->loop, max_wait_ms);
    return c->in_flight;
}

/* ---- Streams by pull ----------------------------------------------------------------------- */

struct llmux_stream {
    struct job *job;
    llmux_reply *reply;
};

llmux_stream *llmux_stream_open(llmux_client *c, const llmux_request *request, llmux_error **err)
{
    llmux_stream *s = calloc(1, sizeof(*s));

    if (!s)
        lx_client_fail(err, LX_ENOMEM, NULL);
    else if ((s->job = job_new(c, &lx_dialect_openai_chat, request, true, err))) {
        lx_drive_start(&s->job->drive);
        return s;
    }
    free(s);
    return NULL;
}

int llmux_stream_next(llmux_stream *s, const llmux_event **event, llmux_error **err)
{
    struct job *j = s->job;

    recycle(j->reader);
    while (!j->reader->first && !j->finished && !j->error)
        lx_loop_turn(j->client->loop, -1);
    *event = take_event(j->reader);
    if (*event)
        return 1;
    if (!j->error && !s->reply)
        s->reply = take_reply(j);
    return j->error ? give_error(j, err) : 0;
}

const llmux_reply *llmux_stream_reply(const llmux_stream *s)
{
    return s->reply;
}

void llmux_stream_free(llmux_stream *s)
{
    if (!s)
        return;
    llmux_reply_free(s->reply);
    abandon(s->job);
    free(s);
}

/* ---- Events -------------------------------------------------------------------------------- */

enum llmux_event_kind llmux_event_get_kind(const llmux_event *e)
{
    return e->kind;
}

const char *llmux_event_text(const llmux_event *e, size_t *n)
{
    if (n)
        *n = e->n;
    return e->text;
}

size_t llmux_event_tool_index(const llmux_event *e)
{
    return e->tool;
}

const char *llmux_event_tool_id(const llmux_event *e)
{
    return e->id;
}

const char *llmux_event_tool_name(const llmux_event *e)
{
    return e->name;
}

int64_t llmux_event_prompt_tokens(const llmux_event *e)
{
    return e->prompt_tokens;
}

int64_t llmux_event_completion_tokens(const llmux_event *e)
{
    return e->completion_tokens;
}
