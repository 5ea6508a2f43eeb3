/*
 * gemini_tell.c - back: what is told of a choice beside its parts, and when it is over.
 *
 * Where the model searched, the sources become citations of OpenAI's kind (which Anthropic's front
 * knows too); everything that only Gemini says of a candidate is told whole, in one opaque part, so
 * that a client finds it where it finds the rest of what only a provider knows.
 */
#include "dialect/gemini.h"

enum { MAX_TOLD_BYTES = 16 << 20 };

const char *const lx_gemini_member_names[LX_GEMINI_MEMBERS] = {
    [LX_GEMINI_GROUNDING] = "groundingMetadata",    [LX_GEMINI_URL_CONTEXT] = "urlContextMetadata",
    [LX_GEMINI_CITATIONS] = "citationMetadata",     [LX_GEMINI_SAFETY] = "safetyRatings",
    [LX_GEMINI_FINISH_MESSAGE] = "finishMessage",   [LX_GEMINI_AVG_LOGPROBS] = "avgLogprobs",
    [LX_GEMINI_PROMPT_FEEDBACK] = "promptFeedback",
};

/* ---- Log-probabilities ---------------------------------------------------------------------- */

static void write_token(struct lx_out *o, struct lx_json candidate)
{
    lx_out_value(o, "token", LX_GET(candidate, "token"));
    lx_out_value(o, "logprob", LX_GET(candidate, "logProbability"));
    lx_out_null(o, "bytes");
}

void lx_gemini_logprobs_tell(struct lx_gemini_reader *r, const struct lx_gemini_choice *c,
                             struct lx_json result)
{
    struct lx_json chosen = LX_GET(result, "chosenCandidates");
    struct lx_json_iter top = lx_json_iter(LX_GET(result, "topCandidates"));
    struct lx_buf told;
    if (!lx_json_count(chosen))
        return;
    lx_buf_init(&told, MAX_TOLD_BYTES);
    struct lx_out o = lx_out(&told);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "content");
    for (struct lx_json_iter it = lx_json_iter(chosen); lx_json_next(&it);) {
        struct lx_json others = lx_json_next(&top) ? LX_GET(top.value, "candidates") : top.value;
        lx_out_object(&o, NULL);
        write_token(&o, it.value);
        lx_out_array(&o, "top_logprobs");
        for (struct lx_json_iter other = lx_json_iter(others); lx_json_next(&other);) {
            lx_out_object(&o, NULL);
            write_token(&o, other.value);
            lx_out_object_end(&o);
        }
        lx_out_array_end(&o);
        lx_out_object_end(&o);
    }
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    lx_gemini_event_add(r, c, LX_EVENT_LOGPROBS)->raw = lx_buf_take(&told, r->out->arena);
}

/* ---- Citations ------------------------------------------------------------------------------ */

/* What Google counts in bytes OpenAI counts in characters; what is not said is 0 (proto3). */
static void write_place(struct lx_out *o, const char *name, const struct lx_gemini_choice *c,
                        struct lx_json place)
{
    int64_t byte = 0;
    if (lx_json_int(place, &byte) || byte < 0)
        byte = 0;
    lx_out_int(o, name, (int64_t)lx_offsets_character(&c->offsets, (size_t)byte));
}

static void tell_citation(struct lx_gemini_reader *r, const struct lx_gemini_choice *c,
                          struct lx_json segment, struct lx_json source)
{
    struct lx_buf told;
    if (!lx_json_is(LX_GET(source, "uri"), LX_JSON_STRING))
        return;
    lx_buf_init(&told, MAX_TOLD_BYTES);
    struct lx_out o = lx_out(&told);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "type", "url_citation");
    lx_out_object(&o, "url_citation");
    write_place(&o, "start_index", c, LX_GET(segment, "startIndex"));
    write_place(&o, "end_index", c, LX_GET(segment, "endIndex"));
    lx_out_value(&o, "url", LX_GET(source, "uri"));
    lx_out_text(&o, "title", lx_json_text(LX_GET(source, "title")));
    lx_out_object_end(&o);
    lx_out_object_end(&o);
    struct lx_event *e = lx_gemini_event_add(r, c, LX_EVENT_CITATION);
    e->raw = lx_buf_take(&told, r->out->arena);
    e->language = lx_slice_z(lx_dialect_openai_chat.name);
}

/* groundingSupports say which stretch of the answer (in bytes) stands on which of the sources. */
static void tell_citations(struct lx_gemini_reader *r, const struct lx_gemini_choice *c,
                           struct lx_json grounding)
{
    static const char *const kinds[] = {"web", "retrievedContext", "maps"};
    struct lx_json chunks = LX_GET(grounding, "groundingChunks");
    struct lx_json supports = LX_GET(grounding, "groundingSupports");
    for (struct lx_json_iter it = lx_json_iter(supports); lx_json_next(&it);) {
        struct lx_json list = LX_GET(it.value, "groundingChunkIndices");
        for (struct lx_json_iter index = lx_json_iter(list); lx_json_next(&index);) {
            int64_t i = -1;
            if (lx_json_int(index.value, &i) || i < 0)
                continue;
            struct lx_json chunk = lx_json_at(chunks, (size_t)i);
            for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
                tell_citation(r, c, LX_GET(it.value, "segment"),
                              lx_json_get(chunk, lx_slice_z(kinds[k])));
        }
    }
}

static void tell_sources(struct lx_gemini_reader *r, const struct lx_gemini_choice *c)
{
    struct lx_slice grounding = lx_buf_slice(&c->members[LX_GEMINI_GROUNDING]);
    struct lx_json_doc doc;
    if (!grounding.n || !c->open || c->kind != LX_PART_TEXT)
        return;
    if (c->offsets.runs.failed == LX_ENOMEM)
        r->code = LX_ENOMEM;
    if (c->offsets.runs.failed) /* who wants to know where finds it in the members */
        return;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, grounding, NULL, NULL);
    if (code == LX_ENOMEM)
        r->code = code;
    else if (code == 0)
        tell_citations(r, c, lx_json_root(&doc));
    lx_json_doc_clear(&doc);
}

/* ---- The end -------------------------------------------------------------------------------- */

static struct lx_slice finish_name(const struct lx_gemini_choice *c)
{
    return c->finish.name.p ? c->finish.name : lx_slice(c->other, c->other_n);
}

/* The reason is told here too where its name says more than the vocabulary's. */
static bool is_telling(const struct lx_gemini_choice *c)
{
    return c->finish.finish == LX_FINISH_CONTENT_FILTER;
}

static void tell_members(struct lx_gemini_reader *r, struct lx_gemini_choice *c)
{
    struct lx_buf told;
    if (c->finish.finish == LX_FINISH_STOP) /* "Model generated function call(s)." */
        lx_buf_clear(&c->members[LX_GEMINI_FINISH_MESSAGE]);
    bool any = is_telling(c);
    for (int i = 0; i < LX_GEMINI_MEMBERS; i++)
        any = any || c->members[i].n;
    if (!any)
        return;
    lx_buf_init(&told, MAX_TOLD_BYTES);
    struct lx_out o = lx_out(&told);
    lx_out_object(&o, NULL);
    if (is_telling(c))
        lx_out_str(&o, "finishReason", finish_name(c));
    for (int i = 0; i < LX_GEMINI_MEMBERS; i++)
        if (c->members[i].n)
            lx_out_raw(&o, lx_gemini_member_names[i], lx_buf_slice(&c->members[i]));
    lx_out_object_end(&o);
    c->kind = LX_PART_OPAQUE;
    struct lx_event *e = lx_gemini_event_add(r, c, LX_EVENT_PART_START);
    e->raw = lx_buf_take(&told, r->out->arena);
    e->language = LX_GEMINI;
    lx_gemini_event_add(r, c, LX_EVENT_PART_END);
    c->next++;
}

void lx_gemini_choice_tell(struct lx_gemini_reader *r, struct lx_gemini_choice *c)
{
    tell_sources(r, c);
    lx_gemini_part_close(r, c);
    tell_members(r, c);
    struct lx_event *e = lx_gemini_event_add(r, c, LX_EVENT_FINISH);
    e->finish = c->finish.finish;
    if (e->finish == LX_FINISH_STOP && c->calls)
        e->finish = LX_FINISH_TOOL_CALLS;
    e->raw_finish = finish_name(c);
    e->legacy_function_call = r->s->legacy;
}
