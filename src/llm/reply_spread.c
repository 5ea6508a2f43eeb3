/*
 * reply_spread.c - a whole reply as the events a stream of it would have made.
 *
 * For providers that answer a request for a stream with one JSON body, and for mock replies.
 */
#include "llm/reply.h"

struct spread {
    struct lx_events *out;
    const struct lx_reply *reply;
    int64_t choice, index;
    enum lx_part_kind part; /* that events are about; of no part: TEXT */
};

static struct lx_event *add(struct spread *s, enum lx_event_kind kind)
{
    struct lx_event *e = lx_events_add(s->out, kind);
    e->choice = s->choice;
    e->index = s->index;
    e->part = s->part;
    return e;
}

static void add_text(struct spread *s, enum lx_event_kind kind, struct lx_text t)
{
    if (!lx_text_is_empty(t))
        add(s, kind)->text = t;
}

static void add_citations(struct spread *s, struct lx_slice citations)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    if (citations.n && lx_json_read(&doc, citations, NULL, NULL) == 0)
        for (struct lx_json_iter it = lx_json_iter(lx_json_root(&doc)); lx_json_next(&it);) {
            struct lx_event *e = add(s, LX_EVENT_CITATION);
            e->raw = lx_json_raw(it.value);
            e->language = s->reply->language;
        }
    lx_json_doc_clear(&doc);
}

/* A transcript of speech, or the text of anything else. */
static void add_part(struct spread *s, const struct lx_part *p)
{
    s->part = p->kind;
    struct lx_event *e = add(s, LX_EVENT_PART_START);
    e->id = p->kind == LX_PART_AUDIO && lx_text_is_empty(p->id) ? p->media.file_id : p->id;
    e->name = p->name;
    e->custom = p->custom;
    e->media = p->media;
    e->raw = p->raw;
    e->language = p->language;
    e->extra = p->extra;
    add_text(s, LX_EVENT_TEXT, p->text);
    add_text(s, LX_EVENT_SIGNATURE, p->signature);
    add_text(s, LX_EVENT_ARGUMENTS, p->arguments);
    add_text(s, LX_EVENT_DATA, p->kind == LX_PART_AUDIO ? p->media.data : p->data);
    add_citations(s, p->citations);
    add(s, LX_EVENT_PART_END);
    s->part = LX_PART_TEXT;
    s->index++;
}

static void add_choice(struct spread *s, const struct lx_choice *c)
{
    s->choice = c->index;
    s->index = 0;
    for (const struct lx_part *p = c->parts; p; p = p->next) {
        size_t first = s->out->n;
        add_part(s, p);
        if (c->legacy_function_call && p->kind == LX_PART_TOOL_CALL && first < s->out->n)
            s->out->v[first].legacy_function_call = true;
    }
    s->index = 0;
    if (c->logprobs.n)
        add(s, LX_EVENT_LOGPROBS)->raw = c->logprobs;
    struct lx_event *e = add(s, LX_EVENT_FINISH);
    e->finish = c->finish;
    e->raw_finish = c->raw_finish;
    e->stop_sequence = c->stop_sequence;
}

int lx_reply_spread(const struct lx_reply *reply, struct lx_events *out)
{
    struct spread s = {.out = out, .reply = reply};
    struct lx_event *e = add(&s, LX_EVENT_START);
    e->id = reply->id;
    e->name = reply->model;
    e->created_s = reply->created_s;
    e->language = reply->language;
    e->system_fingerprint = reply->system_fingerprint;
    e->service_tier = reply->service_tier;
    for (const struct lx_choice *c = reply->choices; c; c = c->next)
        add_choice(&s, c);
    s.choice = s.index = 0;
    if (reply->usage.known)
        add(&s, LX_EVENT_USAGE)->usage = reply->usage;
    add(&s, LX_EVENT_END);
    return out->arena->failed;
}
