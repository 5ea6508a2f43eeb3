/*
 * gemini_front_sources.c - front: citations of an answer -> groundingChunks, groundingSupports.
 *
 * A source is told once, and every support says which stretch of the text, in bytes, stands on
 * which of them (ai.google.dev/api/generate-content, GroundingMetadata). Citations of OpenAI's kind
 * say the stretch themselves, in characters; Anthropic's stand at a block of text and mean all of
 * it, so their support is written when the block ends. Fed alike by whole replies and streams.
 */
#include "dialect/gemini.h"

enum {
    MAX_BYTES = 16 << 20, /* of chunks, of supports */
    MAX_COMPARED = 256,   /* sources that a new one is compared with */
};

void lx_gemini_sources_init(struct lx_gemini_sources *s)
{
    memset(s, 0, sizeof(*s));
    lx_offsets_init(&s->offsets);
    lx_buf_init(&s->chunks, MAX_BYTES);
    lx_buf_init(&s->supports, MAX_BYTES);
    lx_buf_init(&s->starts, MAX_BYTES);
    lx_buf_init(&s->waiting, MAX_BYTES);
}

void lx_gemini_sources_clear(struct lx_gemini_sources *s)
{
    lx_offsets_clear(&s->offsets);
    lx_buf_clear(&s->chunks);
    lx_buf_clear(&s->supports);
    lx_buf_clear(&s->starts);
    lx_buf_clear(&s->waiting);
}

int lx_gemini_sources_failed(const struct lx_gemini_sources *s)
{
    const struct lx_buf *all[] = {&s->offsets.runs, &s->chunks, &s->supports, &s->starts,
                                  &s->waiting};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i]->failed)
            return all[i]->failed;
    return s->failed;
}

/* ---- Chunks --------------------------------------------------------------------------------- */

static size_t start_of(const struct lx_gemini_sources *s, size_t i)
{
    size_t start = s->chunks.n;
    if (i < s->count)
        memcpy(&start, s->starts.p + i * sizeof(start), sizeof(start));
    return start;
}

/* OpenAI's {"type":"url_citation","url_citation":{url,title}} or its inside, and Anthropic's
 * {"type":"web_search_result_location","url","title"}. */
static struct lx_json inside_of(struct lx_json citation)
{
    struct lx_json inside = LX_GET(citation, "url_citation");
    return lx_json_given(inside) ? inside : citation;
}

static void write_chunk(struct lx_gemini_sources *s, struct lx_json inside)
{
    struct lx_out o = lx_out(&s->chunks);
    lx_out_object(&o, NULL);
    lx_out_object(&o, "web");
    lx_out_value(&o, "uri", LX_GET(inside, "url"));
    if (lx_json_given(LX_GET(inside, "title")))
        lx_out_value(&o, "title", LX_GET(inside, "title"));
    lx_out_object_end(&o);
    lx_out_object_end(&o);
    lx_buf_add_byte(&s->chunks, ',');
}

/* The index of the source among the chunks, where it is written unless it is there. */
static size_t chunk_of(struct lx_gemini_sources *s, struct lx_json inside)
{
    size_t start = s->chunks.n;
    write_chunk(s, inside);
    if (lx_gemini_sources_failed(s))
        return 0;
    struct lx_slice written = lx_slice(s->chunks.p + start, s->chunks.n - start);
    for (size_t i = 0; i < s->count && i < MAX_COMPARED; i++) {
        size_t at = start_of(s, i), end = i + 1 < s->count ? start_of(s, i + 1) : start;
        if (lx_slice_eq(lx_slice(s->chunks.p + at, end - at), written)) {
            s->chunks.n = start;
            return i;
        }
    }
    lx_buf_add(&s->starts, lx_slice((const char *)&start, sizeof(start)));
    return s->count++;
}

/* ---- Supports ------------------------------------------------------------------------------- */

/* `indices` are numbers with commas between. */
static void write_support(struct lx_gemini_sources *s, size_t start, size_t end,
                          struct lx_slice indices)
{
    struct lx_out o = lx_out(&s->supports);
    o.comma = s->supports.n != 0;
    lx_out_object(&o, NULL);
    lx_out_object(&o, "segment");
    if (s->part)
        lx_out_int(&o, "partIndex", s->part);
    if (start)
        lx_out_int(&o, "startIndex", (int64_t)start);
    lx_out_int(&o, "endIndex", (int64_t)end);
    lx_out_object_end(&o);
    lx_out_array(&o, "groundingChunkIndices");
    lx_buf_add(&s->supports, indices);
    lx_out_array_end(&o);
    lx_out_object_end(&o);
}

/* The stretch in characters that a citation of OpenAI's kind names. */
static bool stretch_of(struct lx_json inside, int64_t *start, int64_t *end)
{
    if (lx_json_int(LX_GET(inside, "start_index"), start))
        *start = 0;
    return lx_json_int(LX_GET(inside, "end_index"), end) == 0 && *start >= 0 && *end > *start;
}

void lx_gemini_sources_text(struct lx_gemini_sources *s, struct lx_text text, struct lx_arena *a)
{
    lx_offsets_add(&s->offsets, lx_text_plain(text, a));
}

void lx_gemini_sources_cite(struct lx_gemini_sources *s, struct lx_json citation)
{
    struct lx_json inside = inside_of(citation);
    int64_t start = 0, end = 0;
    if (!lx_json_is(LX_GET(inside, "url"), LX_JSON_STRING))
        return;
    size_t chunk = chunk_of(s, inside);
    if (lx_slice_ends(lx_json_text(LX_GET(citation, "type")).s, LX_S("_location"))) {
        if (s->waiting.n)
            lx_buf_add_byte(&s->waiting, ',');
        lx_buf_add_int(&s->waiting, (int64_t)chunk);
    } else if (stretch_of(inside, &start, &end)) {
        char room[24];
        struct lx_buf index = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
        lx_buf_add_int(&index, (int64_t)chunk);
        write_support(s, lx_offsets_byte(&s->offsets, (size_t)start),
                      lx_offsets_byte(&s->offsets, (size_t)end), lx_buf_slice(&index));
    }
}

void lx_gemini_sources_block_end(struct lx_gemini_sources *s)
{
    if (s->waiting.n && s->offsets.bytes > s->block)
        write_support(s, s->block, s->offsets.bytes, lx_buf_slice(&s->waiting));
    s->failed = lx_gemini_sources_failed(s);
    lx_buf_reset(&s->waiting);
    s->block = s->offsets.bytes;
}

void lx_gemini_sources_part(struct lx_gemini_sources *s, int64_t index)
{
    s->failed = lx_gemini_sources_failed(s);
    lx_offsets_reset(&s->offsets);
    s->block = 0;
    s->part = index;
}

void lx_gemini_sources_write(const struct lx_gemini_sources *s, struct lx_out *out)
{
    if (!s->chunks.n)
        return;
    lx_out_object(out, "groundingMetadata");
    lx_out_array(out, "groundingChunks");
    lx_buf_add(out->buf, lx_slice(s->chunks.p, s->chunks.n - 1));
    lx_out_array_end(out);
    if (s->supports.n) {
        lx_out_array(out, "groundingSupports");
        lx_buf_add(out->buf, lx_buf_slice(&s->supports));
        lx_out_array_end(out);
    }
    lx_out_object_end(out);
}
