/*
 * prompt_cache_fuzz.c - fuzz target for prompts that Google keeps: two digits say where, and the
 * rest is a body that is cut there, whose halves are JSON and together say all of it; and a reply.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dialect/prompt_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "prompt_cache_fuzz: %s\n", what);
    abort();
}

/* How many parts all turns have; *plain: they are turns as Google has them. */
static size_t parts_of(struct lx_json root, bool *plain)
{
    struct lx_json contents = LX_GET(root, "contents");
    size_t n = 0;
    *plain = !lx_json_given(contents) || lx_json_is(contents, LX_JSON_ARRAY);
    if (*plain)
        for (struct lx_json_iter it = lx_json_iter(contents); lx_json_next(&it);) {
            struct lx_json parts = LX_GET(it.value, "parts");
            *plain &= lx_json_is(parts, LX_JSON_ARRAY) && lx_json_count(it.value) <= 2;
            n += lx_json_count(parts);
        }
    return n;
}

static size_t count(struct lx_buf *text)
{
    struct lx_json_doc doc;
    bool plain;
    lx_json_doc_init(&doc);
    require(!text->failed, "a half is too long");
    require(lx_json_read(&doc, lx_buf_slice(text), NULL, NULL) == 0, "a half is no JSON");
    size_t n = parts_of(lx_json_root(&doc), &plain);
    lx_json_doc_clear(&doc);
    return n;
}

static void cut(const struct lx_json_doc *doc, const struct lx_prompt_cut *at)
{
    const struct lx_prompt_cache *l = lx_dialect_gemini.back->cache;
    struct lx_buf kept, rest;
    bool plain;
    lx_buf_init(&kept, 1 << 24);
    lx_buf_init(&rest, 1 << 24);
    size_t all = parts_of(lx_json_root(doc), &plain);
    if (l->write_kept(doc, at, LX_S("models/m"), &kept)) {
        l->write_end(at, LX_S("label"), &kept);
        l->write_rest(doc, at, LX_S("cachedContents/a"), &rest);
        size_t halves = count(&kept) + count(&rest);
        require(!plain || halves == all, "parts are lost, or said twice");
    }
    lx_buf_clear(&rest);
    lx_buf_clear(&kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_json_doc doc;
    struct lx_arena a;
    struct lx_kept_prompt got;
    if (size < 2)
        return 0;
    const struct lx_prompt_cut at = {
        .set = true, .turns = data[0] % 10, .parts = data[1] % 10, .ttl_ms = data[0] * 250};
    lx_json_doc_init(&doc);
    lx_arena_init(&a, 1 << 24);
    if (lx_json_read(&doc, lx_slice((const char *)data + 2, size - 2), NULL, NULL) == 0) {
        cut(&doc, &at);
        lx_dialect_gemini.back->cache->read(&doc, LX_S("label"), &a, &got);
        struct lx_slice query = lx_dialect_gemini.back->cache->query(got.next_page, &a);
        require(a.failed || !query.p || lx_slice_starts(query, LX_S("pageSize=")), "a query");
    }
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
    return 0;
}
