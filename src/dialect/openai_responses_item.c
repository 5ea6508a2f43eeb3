/*
 * openai_responses_item.c - back: output items -> parts of the one choice there is.
 *
 *   message            -> TEXT and REFUSAL, one part for each of its content
 *   reasoning          -> THINKING: summaries (or the reasoning itself) with a blank line between,
 *                         and what is encrypted as its signature
 *   function_call      -> TOOL_CALL;  custom_tool_call -> TOOL_CALL with free text
 *   image_generation_call -> IMAGE
 *   any other          -> OPAQUE: what a tool of the provider's did
 *
 * Everything comes in pieces, and then once more whole (response.*.done, output_item.done,
 * response.completed). Pieces are told as they come; of what is whole only that which no piece has
 * told, so that servers which leave the pieces out, or all but the last event, are understood too.
 */
#include <stdlib.h>

#include "base/map.h"
#include "dialect/openai_responses.h"

enum { MAX_ITEMS = 4096, MAX_TOLD_BYTES = 16 << 20 };

static struct lx_responses_item *add_item(struct lx_responses_reader *r, int64_t index, uint64_t id)
{
    struct lx_responses_reading *s = r->s;
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 4;
        struct lx_responses_item *v = cap <= MAX_ITEMS ? realloc(s->items, cap * sizeof(*v)) : NULL;
        if (!v) {
            r->code = cap <= MAX_ITEMS ? LX_ENOMEM : LX_ELIMIT;
            return NULL;
        }
        s->items = v;
        s->cap = cap;
    }
    struct lx_responses_item *i = &s->items[s->count++];
    *i = (struct lx_responses_item){.output_index = index, .id = id, .section = -1};
    return i;
}

/* Tells a server's own ids apart, where a collision hurts that server only. 0: no id. */
static uint64_t digest(struct lx_json id)
{
    static const uint64_t seed[2] = {1, 2};
    struct lx_slice s = lx_json_text(id).s;
    return s.n ? lx_hash(s, seed) | 1 : 0;
}

struct lx_responses_item *lx_responses_item_of(struct lx_responses_reader *r)
{
    struct lx_responses_reading *s = r->s;
    struct lx_json id = LX_GET(LX_GET(r->event, "item"), "id");
    int64_t index = 0;
    if (lx_json_int(LX_GET(r->event, "output_index"), &index) || index < 0)
        index = 0;
    for (size_t i = s->count; i-- > 0;)
        if (s->items[i].output_index == index)
            return &s->items[i];
    return add_item(r, index, digest(lx_json_given(id) ? id : LX_GET(r->event, "item_id")));
}

/* The places of a stream's items are not always those that they have at the end (recorded 2026:
 * 0 and 2, then two items), and servers were recorded to change their ids: what no id finds is new
 * only where there was nothing before it. */
struct lx_responses_item *lx_responses_item_find(struct lx_responses_reader *r, int64_t index,
                                                 struct lx_json item)
{
    struct lx_responses_reading *s = r->s;
    uint64_t id = digest(LX_GET(item, "id"));
    for (size_t i = 0; i < s->count; i++)
        if (id && s->items[i].id == id)
            return &s->items[i];
    for (size_t i = 0; i < s->count; i++)
        if ((!id || !s->items[i].id) && s->items[i].output_index == index)
            return &s->items[i];
    return s->streamed ? NULL : add_item(r, index, id);
}

/* ---- Parts -------------------------------------------------------------------------------- */

static struct lx_event *add(struct lx_responses_reader *r, const struct lx_responses_item *i,
                            enum lx_event_kind kind)
{
    struct lx_event *e = lx_events_add(r->out, kind);
    e->index = i->part;
    e->part = i->kind;
    return e;
}

static void close_part(struct lx_responses_reader *r, struct lx_responses_item *i)
{
    if (i->open)
        add(r, i, LX_EVENT_PART_END);
    i->open = false;
}

void lx_responses_close_all(struct lx_responses_reader *r)
{
    for (size_t i = 0; i < r->s->count; i++)
        close_part(r, &r->s->items[i]);
}

/* Parts do not overlap, but for calls. */
static struct lx_event *open_part(struct lx_responses_reader *r, struct lx_responses_item *i,
                                  enum lx_part_kind kind)
{
    close_part(r, i);
    for (size_t k = 0; k < r->s->count; k++)
        if (r->s->items[k].kind != LX_PART_TOOL_CALL || kind != LX_PART_TOOL_CALL)
            close_part(r, &r->s->items[k]);
    i->open = i->any = true;
    i->kind = kind;
    i->part = r->s->next++;
    return add(r, i, LX_EVENT_PART_START);
}

/* ---- Messages ----------------------------------------------------------------------------- */

static void ensure_content(struct lx_responses_reader *r, struct lx_responses_item *i,
                           enum lx_part_kind kind, int64_t section)
{
    if (i->section != section || i->kind != kind) {
        close_part(r, i);
        i->said = i->cited = false;
    }
    i->section = section;
    if (!i->open)
        open_part(r, i, kind);
}

void lx_responses_say(struct lx_responses_reader *r, struct lx_responses_item *i,
                      enum lx_part_kind kind, int64_t section, struct lx_text text)
{
    if (!text.s.n)
        return;
    ensure_content(r, i, kind, section);
    add(r, i, LX_EVENT_TEXT)->text = text;
    i->said = true;
}

/* Flat here, and an object of its own in chat completions; kinds that those do not have stay flat.
 */
void lx_responses_cite(struct lx_responses_reader *r, struct lx_responses_item *i, int64_t section,
                       struct lx_json annotation)
{
    struct lx_slice raw = lx_json_raw(annotation);
    if (lx_json_eq(LX_GET(annotation, "type"), LX_S("url_citation"))) {
        struct lx_buf told;
        lx_buf_init(&told, MAX_TOLD_BYTES);
        struct lx_out o = lx_out(&told);
        lx_out_object(&o, NULL);
        lx_out_lit(&o, "type", "url_citation");
        lx_out_object(&o, "url_citation");
        for (struct lx_json_iter it = lx_json_iter(annotation); lx_json_next(&it);) {
            if (lx_json_eq(it.name, LX_S("type")))
                continue;
            lx_out_name(&o, lx_json_text(it.name));
            lx_out_value(&o, NULL, it.value);
        }
        lx_out_object_end(&o);
        lx_out_object_end(&o);
        raw = lx_buf_take(&told, r->out->arena);
    }
    ensure_content(r, i, LX_PART_TEXT, section);
    struct lx_event *e = add(r, i, LX_EVENT_CITATION);
    e->raw = raw;
    e->language = LX_OPENAI_CHAT;
    i->cited = true;
}

static void write_token(struct lx_out *o, struct lx_json token)
{
    lx_out_value(o, "token", LX_GET(token, "token"));
    lx_out_value(o, "logprob", LX_GET(token, "logprob"));
    lx_out_value(o, "bytes", LX_GET(token, "bytes"));
}

void lx_responses_logprobs(struct lx_responses_reader *r, struct lx_responses_item *i,
                           struct lx_json list)
{
    struct lx_buf told;
    if (!lx_json_count(list))
        return;
    lx_buf_init(&told, MAX_TOLD_BYTES);
    struct lx_out o = lx_out(&told);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "content");
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        lx_out_object(&o, NULL);
        write_token(&o, it.value);
        lx_out_array(&o, "top_logprobs");
        for (struct lx_json_iter top = lx_json_iter(LX_GET(it.value, "top_logprobs"));
             lx_json_next(&top);) {
            lx_out_object(&o, NULL);
            write_token(&o, top.value);
            lx_out_object_end(&o);
        }
        lx_out_array_end(&o);
        lx_out_object_end(&o);
    }
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    add(r, i, LX_EVENT_LOGPROBS)->raw = lx_buf_take(&told, r->out->arena);
}

/* A part of a message's content, whole. */
static void end_content(struct lx_responses_reader *r, struct lx_responses_item *i, int64_t section,
                        struct lx_json part)
{
    bool refusal = lx_json_eq(LX_GET(part, "type"), LX_S("refusal"));
    bool same = i->section == section;
    if (section < i->section)
        return; /* told before those after it */
    if (refusal) {
        if (!same || !i->said)
            lx_responses_say(r, i, LX_PART_REFUSAL, section, lx_json_text(LX_GET(part, "refusal")));
        return;
    }
    if (!same || !i->said) {
        lx_responses_say(r, i, LX_PART_TEXT, section, lx_json_text(LX_GET(part, "text")));
        lx_responses_logprobs(r, i, LX_GET(part, "logprobs"));
    }
    if (!i->cited || i->section != section)
        for (struct lx_json_iter it = lx_json_iter(LX_GET(part, "annotations")); lx_json_next(&it);)
            lx_responses_cite(r, i, section, it.value);
}

static void end_message(struct lx_responses_reader *r, struct lx_responses_item *i,
                        struct lx_json item)
{
    struct lx_json content = LX_GET(item, "content");
    int64_t section = 0;
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it); section++)
        end_content(r, i, section, it.value);
    lx_responses_say(r, i, LX_PART_TEXT, 0, i->any ? (struct lx_text){0} : lx_json_text(content));
}

/* ---- Reasoning ---------------------------------------------------------------------------- */

void lx_responses_think(struct lx_responses_reader *r, struct lx_responses_item *i, bool is_content,
                        int64_t section, struct lx_text text)
{
    if (!text.s.n)
        return;
    bool other = i->section != section || i->is_content != is_content;
    if (!i->open)
        open_part(r, i, LX_PART_THINKING);
    else if (other && i->said)
        add(r, i, LX_EVENT_TEXT)->text = lx_text(LX_S("\n\n"));
    i->section = section;
    i->is_content = is_content;
    add(r, i, LX_EVENT_TEXT)->text = text;
    i->said = true;
}

static void end_reasoning(struct lx_responses_reader *r, struct lx_responses_item *i,
                          struct lx_json item)
{
    struct lx_slice encrypted = lx_json_str(LX_GET(item, "encrypted_content"), r->out->arena);
    int64_t section = 0;
    if (!i->any) {
        for (struct lx_json_iter it = lx_json_iter(LX_GET(item, "summary")); lx_json_next(&it);)
            lx_responses_think(r, i, false, section++, lx_json_text(LX_GET(it.value, "text")));
        section = 0;
        for (struct lx_json_iter it = lx_json_iter(LX_GET(item, "content")); lx_json_next(&it);)
            lx_responses_think(r, i, true, section++, lx_json_text(LX_GET(it.value, "text")));
    }
    if (!encrypted.n)
        return;
    if (!i->open)
        open_part(r, i, LX_PART_THINKING);
    struct lx_slice mark = LX_RESPONSES_MARK;
    add(r, i, LX_EVENT_SIGNATURE)->text =
        lx_text(lx_arena_printf(r->out->arena, "%.*s%.*s", LX_F(mark), LX_F(encrypted)));
}

/* ---- Calls -------------------------------------------------------------------------------- */

/* xAI tells the steps of its own search as calls of custom tools (recorded 2026). */
static bool is_servers(struct lx_json item)
{
    return lx_slice_starts(lx_json_text(LX_GET(item, "call_id")).s, LX_S("xs_call"));
}

static bool is_call(struct lx_json item, bool *custom)
{
    *custom = lx_json_eq(LX_GET(item, "type"), LX_S("custom_tool_call"));
    return *custom ? !is_servers(item) : lx_json_eq(LX_GET(item, "type"), LX_S("function_call"));
}

void lx_responses_item_begin(struct lx_responses_reader *r, struct lx_responses_item *i,
                             struct lx_json item)
{
    bool custom;
    if (i->any || i->whole || !is_call(item, &custom))
        return;
    struct lx_event *e = open_part(r, i, LX_PART_TOOL_CALL);
    e->id = lx_json_text(LX_GET(item, "call_id"));
    if (!e->id.s.n)
        e->id = lx_json_text(LX_GET(item, "id"));
    e->name = lx_json_text(LX_GET(item, "name"));
    e->custom = custom;
    e->legacy_function_call = r->ctx->legacy_functions;
    r->s->called = true;
}

void lx_responses_arguments(struct lx_responses_reader *r, struct lx_responses_item *i,
                            struct lx_text text)
{
    if (!text.s.n || !i->open || i->kind != LX_PART_TOOL_CALL)
        return;
    add(r, i, LX_EVENT_ARGUMENTS)->text = text;
    i->said = true;
}

static void end_call(struct lx_responses_reader *r, struct lx_responses_item *i,
                     struct lx_json item, bool custom)
{
    lx_responses_item_begin(r, i, item);
    if (i->said)
        return;
    struct lx_json arguments = LX_GET(item, "arguments");
    lx_responses_arguments(
        r, i, custom ? lx_json_text(LX_GET(item, "input")) : lx_openai_read_arguments(arguments));
}

/* ---- What the provider's tools did -------------------------------------------------------- */

static void end_image(struct lx_responses_reader *r, struct lx_responses_item *i,
                      struct lx_json item)
{
    struct lx_text data = lx_json_text(LX_GET(item, "result"));
    struct lx_slice format = lx_json_str(LX_GET(item, "output_format"), r->out->arena);
    struct lx_event *e = open_part(r, i, LX_PART_IMAGE);
    e->media.type =
        lx_arena_printf(r->out->arena, "image/%.*s", LX_F(format.n ? format : LX_S("png")));
    if (!lx_media_read_data_url(&e->media, data, r->out->arena))
        e->media.data = data;
}

static void end_own(struct lx_responses_reader *r, struct lx_responses_item *i, struct lx_json item)
{
    struct lx_event *e = open_part(r, i, LX_PART_OPAQUE);
    e->raw = lx_json_raw(item);
    e->language = LX_RESPONSES;
    r->s->searches += lx_json_eq(LX_GET(item, "type"), LX_S("web_search_call"));
}

void lx_responses_item_end(struct lx_responses_reader *r, struct lx_responses_item *i,
                           struct lx_json item)
{
    struct lx_json type = LX_GET(item, "type");
    bool custom;
    if (i->whole || !lx_json_is(item, LX_JSON_OBJECT))
        return;
    if (lx_json_eq(type, LX_S("message")))
        end_message(r, i, item);
    else if (lx_json_eq(type, LX_S("reasoning")))
        end_reasoning(r, i, item);
    else if (is_call(item, &custom))
        end_call(r, i, item, custom);
    else if (lx_json_eq(type, LX_S("image_generation_call")) &&
             lx_json_text(LX_GET(item, "result")).s.n)
        end_image(r, i, item);
    else
        end_own(r, i, item);
    close_part(r, i);
    i->whole = true;
}
