/*
 * reply_builder.c - folds the events of a stream back into a reply.
 *
 * Tests compare a stream with its whole reply through it, the library hands its result to callers,
 * logs keep it. Everything it is given is copied: events live until the next record only.
 */
#include "llm/reply.h"

/* Bytes that arrive in pieces, doubled in the arena: at most twice the bytes are lost to growth. */
struct pieces {
    char *p;
    size_t n, cap;
};

struct built_part {
    struct lx_part part;
    struct pieces text, signature, arguments, data, citations;
    int64_t index;
    struct built_part *next;
};

struct built_choice {
    struct lx_choice choice;
    struct built_part *parts, **parts_at;
    struct built_part *last; /* the one that most events are about */
    struct pieces logprobs_content, logprobs_refusal;
    struct built_choice *next;
};

struct lx_reply_builder {
    struct lx_reply reply;
    struct built_choice *choices, **choices_at;
    struct built_choice *last;
    struct lx_arena *arena;
};

static void pieces_add(struct pieces *to, struct lx_slice s, struct lx_arena *a)
{
    if (!s.n)
        return;
    if (to->cap - to->n < s.n) {
        size_t cap = to->cap ? to->cap : 64;
        while (cap - to->n < s.n)
            cap *= 2;
        char *p = lx_arena_bytes(a, cap);
        if (!p)
            return;
        if (to->n)
            memcpy(p, to->p, to->n);
        to->p = p;
        to->cap = cap;
    }
    memcpy(to->p + to->n, s.p, s.n);
    to->n += s.n;
}

static void pieces_add_text(struct pieces *to, struct lx_text t, struct lx_arena *a)
{
    pieces_add(to, lx_text_plain(t, a), a);
}

/* One more element, or several that are joined by commas already, of a list without brackets. */
static void pieces_add_element(struct pieces *to, struct lx_slice json, struct lx_arena *a)
{
    if (!json.n)
        return;
    if (to->n)
        pieces_add(to, LX_S(","), a);
    pieces_add(to, json, a);
}

static struct lx_text pieces_text(const struct pieces *p)
{
    return lx_text(lx_slice(p->p, p->n));
}

/* An absent slice stays absent. */
static struct lx_slice copy(struct lx_slice s, struct lx_arena *a)
{
    return s.p ? lx_arena_copy(a, s) : s;
}

static struct lx_text copy_text(struct lx_text t, struct lx_arena *a)
{
    return (struct lx_text){copy(t.s, a), t.escaped};
}

static struct lx_media copy_media(const struct lx_media *m, struct lx_arena *a)
{
    return (struct lx_media){
        .type = copy(m->type, a),
        .url = copy_text(m->url, a),
        .data = copy_text(m->data, a),
        .file_id = copy_text(m->file_id, a),
        .filename = copy_text(m->filename, a),
        .detail = copy(m->detail, a),
        .format = copy(m->format, a),
    };
}

static struct lx_extra *copy_extra(const struct lx_extra *from, struct lx_arena *a)
{
    struct lx_extra *first = NULL, **at = &first;
    for (; from; from = from->next) {
        struct lx_extra *x = lx_arena_new(a, struct lx_extra);
        if (!x)
            break;
        x->name = copy(from->name, a);
        x->json = copy(from->json, a);
        *at = x;
        at = &x->next;
    }
    return first;
}

static struct lx_usage copy_usage(const struct lx_usage *from, struct lx_arena *a)
{
    struct lx_usage u = *from;
    u.service_tier = copy(from->service_tier, a);
    u.raw = copy(from->raw, a);
    return u;
}

size_t lx_reply_builder_size(void)
{
    return sizeof(struct lx_reply_builder);
}

void lx_reply_builder_init(struct lx_reply_builder *b, struct lx_arena *a)
{
    *b = (struct lx_reply_builder){.arena = a};
    b->choices_at = &b->choices;
}

static struct built_choice *choice_of(struct lx_reply_builder *b, int64_t index)
{
    if (b->last && b->last->choice.index == index)
        return b->last;
    struct built_choice *c = b->choices;
    while (c && c->choice.index != index)
        c = c->next;
    if (!c) {
        c = lx_arena_new(b->arena, struct built_choice);
        if (!c)
            return NULL;
        c->choice.index = index;
        c->parts_at = &c->parts;
        *b->choices_at = c;
        b->choices_at = &c->next;
    }
    return b->last = c;
}

static struct built_part *part_of(struct built_choice *c, int64_t index)
{
    if (c->last && c->last->index == index)
        return c->last;
    struct built_part *p = c->parts;
    while (p && p->index != index)
        p = p->next;
    if (p)
        c->last = p;
    return p;
}

static void start_part(struct lx_reply_builder *b, struct built_choice *c, const struct lx_event *e)
{
    struct built_part *p = lx_arena_new(b->arena, struct built_part);
    if (!p)
        return;
    p->index = e->index;
    p->part.kind = e->part;
    p->part.id = copy_text(e->id, b->arena);
    p->part.name = copy_text(e->name, b->arena);
    p->part.custom = e->custom;
    p->part.media = copy_media(&e->media, b->arena);
    p->part.raw = copy(e->raw, b->arena);
    p->part.language = e->language;
    p->part.extra = copy_extra(e->extra, b->arena);
    if (e->part == LX_PART_AUDIO) {
        p->part.media.file_id = p->part.id;
        p->part.id = (struct lx_text){0};
    }
    *c->parts_at = p;
    c->parts_at = &p->next;
    c->last = p;
    c->choice.legacy_function_call |= e->legacy_function_call;
}

static void add_logprobs(struct built_choice *c, struct lx_slice json, struct lx_arena *a)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, json, NULL, NULL);
    if (code == LX_ENOMEM)
        a->failed = code;
    if (code == 0) {
        struct lx_slice content = lx_json_raw(LX_GET(lx_json_root(&doc), "content"));
        struct lx_slice refusal = lx_json_raw(LX_GET(lx_json_root(&doc), "refusal"));
        if (content.n > 2 && content.p[0] == '[')
            pieces_add_element(&c->logprobs_content, lx_slice(content.p + 1, content.n - 2), a);
        if (refusal.n > 2 && refusal.p[0] == '[')
            pieces_add_element(&c->logprobs_refusal, lx_slice(refusal.p + 1, refusal.n - 2), a);
    }
    lx_json_doc_clear(&doc);
}

/* What happens within a part. */
static void add_to_part(struct lx_reply_builder *b, struct built_part *p, const struct lx_event *e)
{
    struct lx_arena *a = b->arena;

    if (e->kind == LX_EVENT_TEXT) {
        pieces_add_text(&p->text, e->text, a);
    } else if (e->kind == LX_EVENT_SIGNATURE) {
        pieces_add_text(&p->signature, e->text, a);
    } else if (e->kind == LX_EVENT_ARGUMENTS) {
        pieces_add_text(&p->arguments, e->text, a);
    } else if (e->kind == LX_EVENT_DATA) {
        pieces_add_text(&p->data, e->text, a);
    } else if (e->kind == LX_EVENT_CITATION) {
        pieces_add_element(&p->citations, e->raw, a);
        p->part.language = e->language;
    }
}

/* What happens within a choice. */
static void add_to_choice(struct lx_reply_builder *b, const struct lx_event *e)
{
    struct built_choice *c = choice_of(b, e->choice);
    if (!c)
        return;
    if (e->kind == LX_EVENT_PART_START) {
        start_part(b, c, e);
    } else if (e->kind == LX_EVENT_LOGPROBS) {
        add_logprobs(c, e->raw, b->arena);
    } else if (e->kind == LX_EVENT_FINISH) {
        c->choice.finish = e->finish;
        c->choice.raw_finish = copy(e->raw_finish, b->arena);
        c->choice.stop_sequence = copy_text(e->stop_sequence, b->arena);
        c->choice.legacy_function_call |= e->legacy_function_call;
    } else {
        struct built_part *p = part_of(c, e->index);
        if (p)
            add_to_part(b, p, e);
    }
}

void lx_reply_builder_add(struct lx_reply_builder *b, const struct lx_event *e)
{
    switch (e->kind) {
    case LX_EVENT_START:
        b->reply.language = e->language;
        b->reply.id = copy_text(e->id, b->arena);
        b->reply.model = copy_text(e->name, b->arena);
        b->reply.created_s = e->created_s;
        b->reply.system_fingerprint = copy_text(e->system_fingerprint, b->arena);
        b->reply.service_tier = copy_text(e->service_tier, b->arena);
        b->reply.extra = copy_extra(e->extra, b->arena);
        if (e->usage.known)
            b->reply.usage = copy_usage(&e->usage, b->arena);
        break;
    case LX_EVENT_USAGE:
        b->reply.usage = copy_usage(&e->usage, b->arena);
        break;
    case LX_EVENT_PART_START:
    case LX_EVENT_TEXT:
    case LX_EVENT_SIGNATURE:
    case LX_EVENT_ARGUMENTS:
    case LX_EVENT_DATA:
    case LX_EVENT_CITATION:
    case LX_EVENT_LOGPROBS:
    case LX_EVENT_FINISH:
        add_to_choice(b, e);
        break;
    case LX_EVENT_PART_END:
    case LX_EVENT_PING:
    case LX_EVENT_OPAQUE:
    case LX_EVENT_FAULT:
    case LX_EVENT_END:
        break;
    }
}

static struct lx_slice list_of(const struct pieces *p, struct lx_arena *a)
{
    return lx_arena_printf(a, "[%.*s]", (int)p->n, p->n ? p->p : "");
}

static void end_part(struct built_part *p, struct lx_arena *a)
{
    p->part.text = pieces_text(&p->text);
    p->part.signature = pieces_text(&p->signature);
    p->part.arguments = pieces_text(&p->arguments);
    if (p->part.kind == LX_PART_REDACTED_THINKING)
        p->part.data = pieces_text(&p->data);
    else if (p->data.n)
        p->part.media.data = pieces_text(&p->data);
    if (p->citations.n)
        p->part.citations = list_of(&p->citations, a);
}

static void end_choice(struct built_choice *c, struct lx_arena *a)
{
    struct lx_part **at = &c->choice.parts;
    for (struct built_part *p = c->parts; p; p = p->next) {
        end_part(p, a);
        *at = &p->part;
        at = &p->part.next;
    }
    *at = NULL;
    const struct pieces *content = &c->logprobs_content, *refusal = &c->logprobs_refusal;
    if (content->n || refusal->n) {
        struct lx_slice said = content->n ? list_of(content, a) : LX_S("null");
        struct lx_slice refused = refusal->n ? list_of(refusal, a) : LX_S("null");
        c->choice.logprobs =
            lx_arena_printf(a, "{\"content\":%.*s,\"refusal\":%.*s}", LX_F(said), LX_F(refused));
    }
}

const struct lx_reply *lx_reply_builder_end(struct lx_reply_builder *b)
{
    struct lx_choice **at = &b->reply.choices;
    for (struct built_choice *c = b->choices; c; c = c->next) {
        end_choice(c, b->arena);
        *at = &c->choice;
        at = &c->choice.next;
    }
    *at = NULL;
    return &b->reply;
}

int lx_reply_fold(const struct lx_events *events, struct lx_reply *out, struct lx_error *err)
{
    struct lx_arena *a = events->arena;
    struct lx_reply_builder *b = lx_arena_new(a, struct lx_reply_builder);
    if (b) {
        lx_reply_builder_init(b, a);
        for (size_t i = 0; i < events->n; i++)
            lx_reply_builder_add(b, &events->v[i]);
        const struct lx_reply *reply = lx_reply_builder_end(b);
        if (!a->failed)
            *out = *reply;
    }
    return a->failed ? lx_error_set(err, a->failed, "%s", lx_code_text(a->failed)) : 0;
}
