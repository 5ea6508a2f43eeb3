/*
 * openai_chat_source.c - where an answer comes from, as servers tell it beside the answer:
 * Perplexity's search_results and citations (docs.perplexity.ai, chat completions; recorded 2026),
 * and xAI's citations (docs.x.ai, live search).
 *
 * Called where a reply is translated: the list becomes OpenAI's annotations of the text, which
 * every front knows how to tell. A reply that has annotations of its own keeps those; one that
 * passes as it came keeps its list.
 */
#include "dialect/openai_chat.h"

enum { MAX_SOURCE_BYTES = 1 << 16 };

struct lx_json lx_openai_find_sources(struct lx_json body)
{
    struct lx_json results = LX_GET(body, "search_results");
    return lx_json_count(results) ? results : LX_GET(body, "citations");
}

/* {"url":..,"title":..}, or the url alone. False: neither. */
static bool write_source(struct lx_out *o, struct lx_json source)
{
    struct lx_json url = lx_json_is(source, LX_JSON_STRING) ? source : LX_GET(source, "url");
    if (!lx_json_text(url).s.n)
        return false;
    lx_out_object(o, NULL);
    lx_out_lit(o, "type", "url_citation");
    lx_out_object(o, "url_citation");
    lx_out_value(o, "url", url);
    if (lx_json_is(LX_GET(source, "title"), LX_JSON_STRING))
        lx_out_value(o, "title", LX_GET(source, "title"));
    lx_out_object_end(o);
    lx_out_object_end(o);
    return true;
}

struct lx_slice lx_openai_write_source(struct lx_json source, struct lx_arena *a)
{
    struct lx_buf text;
    lx_buf_init(&text, MAX_SOURCE_BYTES);
    struct lx_out o = lx_out(&text);
    bool written = write_source(&o, source);
    struct lx_slice out = lx_buf_take(&text, a);
    return written ? out : lx_slice(NULL, 0);
}

/* All of them as one list. */
static struct lx_slice write_sources(struct lx_json list, struct lx_arena *a)
{
    struct lx_buf text;
    size_t n = 0;
    lx_buf_init(&text, 16 * MAX_SOURCE_BYTES);
    struct lx_out o = lx_out(&text);
    lx_out_array(&o, NULL);
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
        n += write_source(&o, it.value);
    lx_out_array_end(&o);
    struct lx_slice out = lx_buf_take(&text, a);
    return n ? out : lx_slice(NULL, 0);
}

struct lx_slice lx_openai_citation_language(struct lx_json citation)
{
    struct lx_text type = lx_json_text(LX_GET(citation, "type"));
    if (lx_slice_ends(type.s, LX_S("_location")))
        return LX_S("anthropic");
    return lx_slice_eq(type.s, LX_S("url_citation")) ? LX_OPENAI_CHAT : LX_S("databricks");
}

void lx_openai_add_sources(struct lx_json body, struct lx_reply *reply, struct lx_arena *a)
{
    struct lx_json list = lx_openai_find_sources(body);
    if (!lx_json_count(list))
        return;
    struct lx_slice citations = write_sources(list, a);
    for (struct lx_choice *c = reply->choices; c && citations.n; c = c->next)
        for (struct lx_part *p = c->parts; p; p = p->next)
            if (p->kind == LX_PART_TEXT && !p->citations.n)
                p->citations = citations;
}
