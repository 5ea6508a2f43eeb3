/*
 * anthropic_block.c - content blocks of the Messages API -> parts.
 *
 * The same blocks stand in requests, in tool results and in replies, so there is one reader for
 * them all. It never refuses a block for what it does not know: an unknown type is carried whole
 * (OPAQUE), an unknown member of a known block beside it (extra).
 */
#include "dialect/anthropic.h"

bool lx_anthropic_is_blank(struct lx_text t)
{
    for (size_t i = 0; i < t.s.n; i++) {
        char c = t.s.p[i];
        if (t.escaped && c == '\\' && i + 1 < t.s.n) {
            c = t.s.p[++i];
            if (c != 'n' && c != 'r' && c != 't' && c != 'f')
                return false;
        } else if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
            return false;
        }
    }
    return true;
}

static bool is_known(struct lx_json name, const char *const *known)
{
    for (; *known; known++)
        if (lx_json_eq(name, lx_slice_z(*known)))
            return true;
    return false;
}

struct lx_extra *lx_anthropic_extra_read(struct lx_json object, const char *const *known,
                                         struct lx_arena *a)
{
    struct lx_extra *first = NULL, **at = &first;
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);)
        if (lx_json_is(it.name, LX_JSON_STRING) && !is_known(it.name, known))
            lx_extra_add(&at, it.name, it.value, a);
    return first;
}

struct lx_cache_mark lx_anthropic_cache_read(struct lx_json object, struct lx_arena *a)
{
    struct lx_json c = LX_GET(object, "cache_control");
    struct lx_cache_mark mark = {0};
    if (lx_json_is(c, LX_JSON_OBJECT)) {
        mark.set = true;
        mark.ttl = lx_json_str(LX_GET(c, "ttl"), a);
    }
    return mark;
}

/* A mark with members that the vocabulary has no place for ("scope", Claude Code, 2026) is kept
 * beside the part as well. */
static void read_cache(struct lx_part *p, struct lx_json block, struct lx_arena *a)
{
    static const char *const known[] = {"type", "ttl", NULL};
    struct lx_json c = LX_GET(block, "cache_control");
    p->cache = lx_anthropic_cache_read(block, a);
    if (p->cache.set && lx_anthropic_extra_read(c, known, a)) {
        struct lx_extra *x = lx_arena_new(a, struct lx_extra);
        if (!x)
            return;
        *x = (struct lx_extra){LX_S("cache_control"), lx_json_raw(c), p->extra};
        p->extra = x;
    }
}

/* ---- One reader for each kind: false when the block must be carried whole ---- */

static bool read_text(struct lx_part *p, struct lx_json block, struct lx_arena *a)
{
    (void)a;
    p->text = lx_json_text(LX_GET(block, "text"));
    struct lx_json citations = LX_GET(block, "citations");
    if (lx_json_is(citations, LX_JSON_ARRAY) && lx_json_count(citations))
        p->citations = lx_json_raw(citations);
    return lx_json_is(LX_GET(block, "text"), LX_JSON_STRING);
}

/* Sources that are media, whatever they belong to. */
static bool read_media(struct lx_media *m, struct lx_json source, struct lx_arena *a)
{
    struct lx_json type = LX_GET(source, "type");
    if (lx_json_eq(type, LX_S("base64"))) {
        m->type = lx_json_str(LX_GET(source, "media_type"), a);
        m->data = lx_json_text(LX_GET(source, "data"));
        return m->data.s.p;
    }
    if (lx_json_eq(type, LX_S("url"))) {
        m->url = lx_json_text(LX_GET(source, "url"));
        return m->url.s.p;
    }
    if (lx_json_eq(type, LX_S("file"))) {
        m->file_id = lx_json_text(LX_GET(source, "file_id"));
        return m->file_id.s.p;
    }
    return false;
}

static bool read_image(struct lx_part *p, struct lx_json block, struct lx_arena *a)
{
    return read_media(&p->media, LX_GET(block, "source"), a);
}

static bool read_document(struct lx_part *p, struct lx_json block, struct lx_arena *a)
{
    struct lx_json source = LX_GET(block, "source");
    p->title = lx_json_text(LX_GET(block, "title"));
    p->context = lx_json_text(LX_GET(block, "context"));
    if (lx_json_is(LX_GET(block, "citations"), LX_JSON_OBJECT))
        p->citations = lx_json_raw(LX_GET(block, "citations"));
    if (lx_json_eq(LX_GET(source, "type"), LX_S("text"))) {
        p->media.type = lx_json_str(LX_GET(source, "media_type"), a);
        p->text = lx_json_text(LX_GET(source, "data"));
        return p->text.s.p;
    }
    if (lx_json_eq(LX_GET(source, "type"), LX_S("content"))) {
        struct lx_part **at = &p->content;
        return lx_anthropic_parts_read(LX_GET(source, "content"), "source.content", &at, a, NULL) ==
                   0 &&
               p->content;
    }
    return read_media(&p->media, source, a);
}

static bool read_thinking(struct lx_part *p, struct lx_json block, struct lx_arena *a)
{
    (void)a;
    p->text = lx_json_text(LX_GET(block, "thinking"));
    p->signature = lx_json_text(LX_GET(block, "signature"));
    return true;
}

static bool read_redacted_thinking(struct lx_part *p, struct lx_json block, struct lx_arena *a)
{
    (void)a;
    p->data = lx_json_text(LX_GET(block, "data"));
    return true;
}

static bool read_tool_use(struct lx_part *p, struct lx_json block, struct lx_arena *a)
{
    (void)a;
    p->id = lx_json_text(LX_GET(block, "id"));
    p->name = lx_json_text(LX_GET(block, "name"));
    struct lx_json input = LX_GET(block, "input");
    p->arguments = lx_text(lx_json_given(input) ? lx_json_raw(input) : LX_S("{}"));
    return true;
}

static bool read_tool_result(struct lx_part *p, struct lx_json block, struct lx_arena *a)
{
    struct lx_part **at = &p->content;
    p->id = lx_json_text(LX_GET(block, "tool_use_id"));
    p->is_error = lx_json_bool(LX_GET(block, "is_error"), false);
    return lx_anthropic_parts_read(LX_GET(block, "content"), "tool_result.content", &at, a, NULL) ==
           0;
}

static const struct block_kind {
    const char *type;
    enum lx_part_kind kind;
    bool (*read)(struct lx_part *p, struct lx_json block, struct lx_arena *a);
    const char *known[7];
} kinds[] = {
    {"text", LX_PART_TEXT, read_text, {"type", "text", "citations", "cache_control", NULL}},
    {"tool_use",
     LX_PART_TOOL_CALL,
     read_tool_use,
     {"type", "id", "name", "input", "cache_control", NULL}},
    {"tool_result",
     LX_PART_TOOL_RESULT,
     read_tool_result,
     {"type", "tool_use_id", "content", "is_error", "cache_control", NULL}},
    {"thinking", LX_PART_THINKING, read_thinking, {"type", "thinking", "signature", NULL}},
    {"redacted_thinking",
     LX_PART_REDACTED_THINKING,
     read_redacted_thinking,
     {"type", "data", NULL}},
    {"image", LX_PART_IMAGE, read_image, {"type", "source", "cache_control", NULL}},
    {"document",
     LX_PART_FILE,
     read_document,
     {"type", "source", "title", "context", "citations", "cache_control", NULL}},
};

static const struct block_kind *kind_of(struct lx_json block)
{
    struct lx_json type = LX_GET(block, "type");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (lx_json_eq(type, lx_slice_z(kinds[i].type)))
            return &kinds[i];
    return NULL;
}

static int read_block(struct lx_json block, struct lx_part ***at, struct lx_arena *a,
                      struct lx_error *err)
{
    const struct block_kind *kind = kind_of(block);
    struct lx_part *p = lx_part_add(at, kind ? kind->kind : LX_PART_OPAQUE, a);
    if (!p)
        return lx_error_set(err, a->failed, "the request is too large");
    if (kind && kind->read(p, block, a)) {
        p->extra = lx_anthropic_extra_read(block, kind->known, a);
        read_cache(p, block, a);
    } else {
        *p = (struct lx_part){
            .kind = LX_PART_OPAQUE, .language = LX_ANTHROPIC, .raw = lx_json_raw(block)};
    }
    return 0;
}

int lx_anthropic_parts_read(struct lx_json content, const char *where, struct lx_part ***at,
                            struct lx_arena *a, struct lx_error *err)
{
    if (!lx_json_given(content))
        return 0;
    if (lx_json_is(content, LX_JSON_STRING)) {
        struct lx_part *p = lx_part_add(at, LX_PART_TEXT, a);
        if (!p)
            return lx_error_set(err, a->failed, "the request is too large");
        p->text = lx_json_text(content);
        return 0;
    }
    if (!lx_json_is(content, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EINVAL, "%s: must be a string or a list of blocks", where);
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);) {
        if (!lx_json_is(it.value, LX_JSON_OBJECT))
            return lx_error_set(err, LX_EINVAL, "%s: every block must be an object", where);
        int code = read_block(it.value, at, a, err);
        if (code)
            return code;
    }
    return 0;
}
