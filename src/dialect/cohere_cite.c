/*
 * cohere_cite.c - back: what stands beside a reply's text: citations and log-probabilities.
 *
 * A citation says that a stretch of the text (in characters) stands on some sources: documents of
 * the request, or what tools gave. LiteLLM makes one of OpenAI's annotations of each source, with
 * "source:<id>" where there is no address; so do we, and leave nothing out: the words cited and the
 * source itself stand beside, in members that OpenAI's clients pass over.
 */
#include "dialect/cohere.h"

enum { MAX_TOLD_BYTES = 16 << 20 };

static void write_url(struct lx_out *o, struct lx_json source)
{
    struct lx_json places[] = {LX_GET(source, "url"), LX_GET(LX_GET(source, "document"), "url")};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (lx_json_text(places[i]).s.n) {
            lx_out_text(o, "url", lx_json_text(places[i]));
            return;
        }
    lx_out_string_open(o, "url");
    lx_out_string_part(o, lx_text(LX_S("source:")));
    lx_out_string_part(o, lx_json_text(LX_GET(source, "id")));
    lx_out_string_close(o);
}

static struct lx_slice number_or_0(struct lx_json v)
{
    return lx_json_is(v, LX_JSON_NUMBER) ? lx_json_raw(v) : LX_S("0");
}

static void tell_source(struct lx_cohere_reader *r, struct lx_json citation, struct lx_json source)
{
    struct lx_buf told;
    lx_buf_init(&told, MAX_TOLD_BYTES);
    struct lx_out o = lx_out(&told);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "type", "url_citation");
    lx_out_object(&o, "url_citation");
    lx_out_raw(&o, "start_index", number_or_0(LX_GET(citation, "start")));
    lx_out_raw(&o, "end_index", number_or_0(LX_GET(citation, "end")));
    write_url(&o, source);
    lx_out_text(&o, "title", lx_json_text(LX_GET(LX_GET(source, "document"), "title")));
    lx_out_object_end(&o);
    lx_out_text(&o, "text", lx_json_text(LX_GET(citation, "text")));
    lx_out_value(&o, "source", source);
    lx_out_object_end(&o);
    struct lx_event *e = lx_cohere_event_add(r, LX_EVENT_CITATION);
    e->raw = lx_buf_take(&told, r->out->arena);
    e->language = lx_slice_z(lx_dialect_openai_chat.name);
}

/* Of a plan, of thinking, or of nothing: no other language has a place for those. */
static void tell_own(struct lx_cohere_reader *r, struct lx_json citation)
{
    lx_cohere_part_close(r);
    r->s->kind = LX_PART_OPAQUE;
    struct lx_event *e = lx_cohere_event_add(r, LX_EVENT_PART_START);
    e->raw = lx_json_raw(citation);
    e->language = LX_COHERE;
    lx_cohere_event_add(r, LX_EVENT_PART_END);
    r->s->index++;
}

void lx_cohere_citation_tell(struct lx_cohere_reader *r, struct lx_json citation)
{
    struct lx_json type = LX_GET(citation, "type"), sources = LX_GET(citation, "sources");
    bool text = !lx_json_given(type) || lx_json_eq(type, LX_S("TEXT_CONTENT"));
    if (!lx_json_is(citation, LX_JSON_OBJECT))
        return;
    if (!text || !r->s->open || r->s->kind != LX_PART_TEXT || !lx_json_count(sources)) {
        tell_own(r, citation);
        return;
    }
    for (struct lx_json_iter it = lx_json_iter(sources); lx_json_next(&it);)
        tell_source(r, citation, it.value);
}

/* ---- Log-probabilities ---------------------------------------------------------------------- */

/* An item is a stretch of text with the tokens in it: the first token has the text, and the others
 * what they add to its probability. */
static void write_item(struct lx_out *o, struct lx_json item)
{
    struct lx_text text = lx_json_text(LX_GET(item, "text"));
    for (struct lx_json_iter it = lx_json_iter(LX_GET(item, "logprobs")); lx_json_next(&it);) {
        lx_out_object(o, NULL);
        lx_out_text(o, "token", text);
        lx_out_value(o, "logprob", it.value);
        lx_out_null(o, "bytes");
        lx_out_raw(o, "top_logprobs", LX_S("[]"));
        lx_out_object_end(o);
        text = lx_text(LX_S(""));
    }
}

void lx_cohere_logprobs_tell(struct lx_cohere_reader *r, struct lx_json items)
{
    struct lx_buf told;
    if (!lx_json_count(items))
        return;
    lx_buf_init(&told, MAX_TOLD_BYTES);
    struct lx_out o = lx_out(&told);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "content");
    if (lx_json_is(items, LX_JSON_OBJECT))
        write_item(&o, items);
    for (struct lx_json_iter it = lx_json_iter(items);
         lx_json_is(items, LX_JSON_ARRAY) && lx_json_next(&it);)
        write_item(&o, it.value);
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    lx_cohere_event_add(r, LX_EVENT_LOGPROBS)->raw = lx_buf_take(&told, r->out->arena);
}
