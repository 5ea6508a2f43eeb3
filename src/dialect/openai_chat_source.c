/*
 * openai_chat_source.c - where an answer comes from, as servers tell it beside the answer:
 * Perplexity's search_results and citations (docs.perplexity.ai, chat completions; recorded 2026),
 * and xAI's citations (docs.x.ai, live search).
 *
 * Called where a reply is translated, and where a whole one passes: the list becomes OpenAI's
 * annotations of the text, which every front knows how to tell; a "[2]" in the text says which one
 * stands there. A reply that has annotations of its own keeps those; one that passes keeps its
 * list, too.
 */
#include "dialect/openai_chat.h"

enum {
    MAX_SOURCE_BYTES = 1 << 16,
    MAX_CITED = 256, /* of a list: what the text may point at */
};

/* Where it is cited: characters of the text. */
struct place {
    int64_t start, end;
};

struct lx_json lx_openai_find_sources(struct lx_json body)
{
    struct lx_json results = LX_GET(body, "search_results");
    return lx_json_count(results) ? results : LX_GET(body, "citations");
}

/* {"url":..,"title":..}, or the url alone. False: neither. at: NULL, for the text as a whole. */
static bool write_source(struct lx_out *o, struct lx_json source, const struct place *at)
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
    if (at) {
        lx_out_int(o, "start_index", at->start);
        lx_out_int(o, "end_index", at->end);
    }
    lx_out_object_end(o);
    lx_out_object_end(o);
    return true;
}

struct lx_slice lx_openai_write_source(struct lx_json source, struct lx_arena *a)
{
    struct lx_buf text;
    lx_buf_init(&text, MAX_SOURCE_BYTES);
    struct lx_out o = lx_out(&text);
    bool written = write_source(&o, source, NULL);
    struct lx_slice out = lx_buf_take(&text, a);
    return written ? out : lx_slice(NULL, 0);
}

/* Element i of Perplexity's citations, which are URLs, with the title that search_results has for
 * it; else of the one list that there is. */
static struct lx_json source_at(struct lx_json body, size_t i)
{
    struct lx_json cited = lx_json_at(LX_GET(body, "citations"), i);
    struct lx_json results = LX_GET(body, "search_results");
    if (!lx_json_is(cited, LX_JSON_STRING))
        return lx_json_at(lx_openai_find_sources(body), i);
    for (struct lx_json_iter it = lx_json_iter(results); lx_json_next(&it);)
        if (lx_slice_eq(lx_json_raw(LX_GET(it.value, "url")), lx_json_raw(cited)))
            return it.value;
    return cited;
}

/* The number of a "[12]" that the text begins with, and its length; 0: there is none. */
static size_t read_mark(struct lx_slice text, size_t *length)
{
    size_t n = 0, i = 1;
    while (i < text.n && i < 4 && text.p[i] >= '0' && text.p[i] <= '9')
        n = n * 10 + (size_t)(text.p[i++] - '0');
    *length = i + 1;
    return i < text.n && text.p[i] == ']' ? n : 0;
}

/* Those that the text points at, one for each mark. */
static size_t write_cited(struct lx_out *o, struct lx_json body, struct lx_slice text,
                          bool cited[MAX_CITED])
{
    size_t written = 0, length;
    int64_t characters = 0;
    for (size_t i = 0; i < text.n && !o->buf->failed; i++) {
        size_t n = text.p[i] == '[' ? read_mark(lx_slice_from(text, i), &length) : 0;
        struct lx_json source = n && n <= MAX_CITED ? source_at(body, n - 1) : (struct lx_json){0};
        const struct place at = {characters, characters + (int64_t)(n ? length : 0)};
        if (write_source(o, source, &at)) {
            cited[n - 1] = true;
            written++;
        }
        characters += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    }
    return written;
}

struct lx_slice lx_openai_write_sources(struct lx_json body, struct lx_slice text,
                                        struct lx_arena *a)
{
    struct lx_json list = LX_GET(body, "citations");
    bool cited[MAX_CITED] = {false};
    struct lx_buf json;
    if (!lx_json_is(lx_json_at(list, 0), LX_JSON_STRING))
        list = lx_openai_find_sources(body);
    lx_buf_init(&json, 16 * MAX_SOURCE_BYTES);
    struct lx_out o = lx_out(&json);
    lx_out_array(&o, NULL);
    size_t n = write_cited(&o, body, text, cited), i = 0;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it); i++)
        if (i >= MAX_CITED || !cited[i])
            n += write_source(&o, i < MAX_CITED ? source_at(body, i) : it.value, NULL);
    lx_out_array_end(&o);
    if (json.failed == LX_ELIMIT || !n) {
        lx_buf_clear(&json);
        return lx_slice(NULL, 0);
    }
    return lx_buf_take(&json, a);
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
    if (!lx_json_count(lx_openai_find_sources(body)))
        return;
    for (struct lx_choice *c = reply->choices; c; c = c->next)
        for (struct lx_part *p = c->parts; p; p = p->next)
            if (p->kind == LX_PART_TEXT && !p->citations.n)
                p->citations = lx_openai_write_sources(body, lx_text_plain(p->text, a), a);
}
