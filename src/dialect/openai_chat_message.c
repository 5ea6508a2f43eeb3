/*
 * openai_chat_message.c - reads messages and their parts.
 *
 * The request reader hands it every message, the reply reader the assistant's. Providers and
 * clients differ in small things (a list where a string was, an object in a member that holds a
 * string, thinking under four names); all that is understood here so that nobody else sees it.
 * It refuses only what has no meaning at all: a role or a content that is none.
 */
#include "dialect/openai_chat.h"

#include <stdio.h>

static void fail(struct lx_openai_reader *r, const char *where, const char *why)
{
    if (!r->code)
        r->code = lx_error_set(r->err, LX_EINVAL, "messages[%zu]%s: %s", r->message, where, why);
}

static bool is_known(struct lx_json name, const struct lx_slice *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lx_json_eq(name, known[i]))
            return true;
    return false;
}

void lx_openai_read_extra(struct lx_json object, const struct lx_slice *known, size_t count,
                          struct lx_extra ***at, struct lx_arena *a)
{
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);)
        if (lx_json_given(it.value) && !is_known(it.name, known, count))
            lx_extra_add(at, it.name, it.value, a);
}

void lx_openai_read_cache(struct lx_json object, struct lx_cache_mark *out, struct lx_arena *a)
{
    struct lx_json mark = LX_GET(object, "cache_control");
    if (!lx_json_is(mark, LX_JSON_OBJECT))
        return;
    out->set = true;
    out->ttl = lx_json_str(LX_GET(mark, "ttl"), a);
}

/* ---- Media -------------------------------------------------------------------------------- */

/* A URL, or what stands in a URL's place: data, with or without the data: in front. */
static void read_url(struct lx_media *m, struct lx_text url, struct lx_arena *a)
{
    if (!lx_media_read_data_url(m, url, a))
        m->url = url;
}

/* A string ("https://...", as Mistral takes it) or an object with url, detail, format. */
void lx_openai_read_image(struct lx_media *m, struct lx_json image_url, struct lx_arena *a)
{
    if (lx_json_is(image_url, LX_JSON_STRING)) {
        read_url(m, lx_json_text(image_url), a);
        return;
    }
    read_url(m, lx_json_text(LX_GET(image_url, "url")), a);
    m->detail = lx_json_str(LX_GET(image_url, "detail"), a);
    struct lx_json format = LX_GET(image_url, "format"); /* LiteLLM: a MIME type */
    if (lx_json_is(format, LX_JSON_STRING))
        m->type = lx_json_str(format, a);
}

static bool is_url(struct lx_slice s)
{
    return lx_slice_starts(s, LX_S("http://")) || lx_slice_starts(s, LX_S("https://")) ||
           lx_slice_starts(s, LX_S("gs://")) || lx_slice_starts(s, LX_S("s3://"));
}

/* Base64, a data URL, or a URL, as it pleases the client. */
static void read_data(struct lx_media *m, struct lx_text data, struct lx_arena *a)
{
    if (is_url(data.s))
        m->url = data;
    else if (!lx_media_read_data_url(m, data, a))
        m->data = data;
}

/* Anthropic's source object, which LiteLLM's clients use in OpenAI messages too. */
static void read_source(struct lx_part *p, struct lx_json source, struct lx_arena *a)
{
    struct lx_json type = LX_GET(source, "type");
    p->media.type = lx_json_str(LX_GET(source, "media_type"), a);
    if (lx_json_eq(type, LX_S("url")))
        p->media.url = lx_json_text(LX_GET(source, "url"));
    else if (lx_json_eq(type, LX_S("file")))
        p->media.file_id = lx_json_text(LX_GET(source, "file_id"));
    else if (lx_json_eq(type, LX_S("text")))
        p->text = lx_json_text(LX_GET(source, "data"));
    else
        p->media.data = lx_json_text(LX_GET(source, "data"));
}

/* ---- Parts: one function for each type ---------------------------------------------------- */

void lx_openai_read_text(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    (void)a;
    p->text = lx_json_text(LX_GET(part, "text"));
}

void lx_openai_read_refusal(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    (void)a;
    p->text = lx_json_text(LX_GET(part, "refusal"));
}

static void read_image_url(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    lx_openai_read_image(&p->media, LX_GET(part, "image_url"), a);
    if (!p->media.detail.p)
        p->media.detail = lx_json_str(LX_GET(part, "detail"), a);
}

static void read_source_part(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    read_source(p, LX_GET(part, "source"), a);
    p->title = lx_json_text(LX_GET(part, "title"));
    p->context = lx_json_text(LX_GET(part, "context"));
    p->citations = lx_json_raw(LX_GET(part, "citations"));
}

static void read_input_audio(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    struct lx_json audio = LX_GET(part, "input_audio");
    if (lx_json_is(audio, LX_JSON_STRING)) {
        read_data(&p->media, lx_json_text(audio), a);
        return;
    }
    read_data(&p->media, lx_json_text(LX_GET(audio, "data")), a);
    p->media.format = lx_json_str(LX_GET(audio, "format"), a);
    if (p->media.format.n && !p->media.type.n)
        p->media.type = lx_slice_eq(p->media.format, LX_S("mp3"))
                            ? LX_S("audio/mpeg")
                            : lx_arena_printf(a, "audio/%.*s", LX_F(p->media.format));
}

static void read_video_url(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    lx_openai_read_image(&p->media, LX_GET(part, "video_url"), a);
}

static void read_file(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    struct lx_json file = LX_GET(part, "file");
    struct lx_text id = lx_json_text(LX_GET(file, "file_id"));
    p->media.filename = lx_json_text(LX_GET(file, "filename"));
    if (is_url(id.s)) /* LiteLLM: a file id may be a URL */
        p->media.url = id;
    else if (id.s.n)
        p->media.file_id = id;
    else
        read_data(&p->media, lx_json_text(LX_GET(file, "file_data")), a);
    struct lx_json format = LX_GET(file, "format");
    if (lx_json_is(format, LX_JSON_STRING))
        p->media.type = lx_json_str(format, a);
    if (!p->media.type.n)
        p->media.type = lx_media_type_of(lx_text_plain(p->media.filename, a));
    if (!p->media.type.n)
        p->media.type = lx_media_type_of(p->media.url.s);
    struct lx_json watched = LX_GET(file, "video_metadata"); /* LiteLLM: how much of a video */
    p->extra = lx_json_is(watched, LX_JSON_OBJECT) ? lx_arena_new(a, struct lx_extra) : NULL;
    if (p->extra)
        *p->extra = (struct lx_extra){LX_S("video_metadata"), lx_json_raw(watched), NULL};
}

/* {"type":"thinking","thinking":"..","signature":".."}; Mistral has a list of texts in it. */
static void read_thinking(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    struct lx_json thinking = LX_GET(part, "thinking");
    p->text = lx_json_text(thinking);
    p->signature = lx_json_text(LX_GET(part, "signature"));
    if (!lx_json_is(thinking, LX_JSON_ARRAY))
        return;
    struct lx_buf joined;
    lx_buf_init(&joined, SIZE_MAX);
    for (struct lx_json_iter it = lx_json_iter(thinking); lx_json_next(&it);)
        lx_buf_add(&joined, lx_json_str(LX_GET(it.value, "text"), a));
    p->text = lx_text(lx_buf_take(&joined, a));
}

/* Databricks:
 * {"type":"reasoning","summary":[{"type":"summary_text","text":"..","signature":".."}]}; there is
 * one. */
static void read_reasoning_part(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    struct lx_json summary = lx_json_at(LX_GET(part, "summary"), 0);
    (void)a;
    p->text = lx_json_text(LX_GET(summary, "text"));
    p->signature = lx_json_text(LX_GET(summary, "signature"));
}

/* LiteLLM's; elsewhere it is text like any other. */
static void read_guarded_text(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    lx_openai_read_text(p, part, a);
    p->guarded = true;
}

static void read_redacted_thinking(struct lx_part *p, struct lx_json part, struct lx_arena *a)
{
    (void)a;
    p->data = lx_json_text(LX_GET(part, "data"));
}

/* `known` are the members that read() understands: others, but type and cache_control, ride along.
 * Types that are not listed are opaque to other languages. */
static const struct part_type {
    struct lx_slice type;
    enum lx_part_kind kind;
    void (*read)(struct lx_part *p, struct lx_json part, struct lx_arena *a);
    struct lx_slice known[4];
} part_types[] = {
    {LX_S_INIT("text"), LX_PART_TEXT, lx_openai_read_text, {LX_S_INIT("text")}},
    {LX_S_INIT("input_text"), LX_PART_TEXT, lx_openai_read_text, {LX_S_INIT("text")}},
    {LX_S_INIT("guarded_text"), LX_PART_TEXT, read_guarded_text, {LX_S_INIT("text")}},
    {LX_S_INIT("refusal"), LX_PART_REFUSAL, lx_openai_read_refusal, {LX_S_INIT("refusal")}},
    {LX_S_INIT("image_url"),
     LX_PART_IMAGE,
     read_image_url,
     {LX_S_INIT("image_url"), LX_S_INIT("detail")}},
    {LX_S_INIT("image"), LX_PART_IMAGE, read_source_part, {LX_S_INIT("source")}},
    {LX_S_INIT("input_audio"), LX_PART_AUDIO, read_input_audio, {LX_S_INIT("input_audio")}},
    {LX_S_INIT("video_url"), LX_PART_VIDEO, read_video_url, {LX_S_INIT("video_url")}},
    {LX_S_INIT("file"), LX_PART_FILE, read_file, {LX_S_INIT("file")}},
    {LX_S_INIT("document"),
     LX_PART_FILE,
     read_source_part,
     {LX_S_INIT("source"), LX_S_INIT("title"), LX_S_INIT("context"), LX_S_INIT("citations")}},
    {LX_S_INIT("thinking"),
     LX_PART_THINKING,
     read_thinking,
     {LX_S_INIT("thinking"), LX_S_INIT("signature"), LX_S_INIT("closed")}},
    {LX_S_INIT("reasoning"), LX_PART_THINKING, read_reasoning_part, {LX_S_INIT("summary")}},
    {LX_S_INIT("redacted_thinking"),
     LX_PART_REDACTED_THINKING,
     read_redacted_thinking,
     {LX_S_INIT("data")}},
};

static const struct part_type *part_type_of(struct lx_json part)
{
    struct lx_json type = LX_GET(part, "type");
    for (size_t i = 0; i < sizeof(part_types) / sizeof(part_types[0]); i++)
        if (lx_json_eq(type, part_types[i].type))
            return &part_types[i];
    /* A part that has text and does not say its type is text. */
    if (!lx_json_given(type) && lx_json_is(LX_GET(part, "text"), LX_JSON_STRING))
        return &part_types[0];
    return NULL;
}

static void read_opaque(struct lx_json part, struct lx_part ***at, struct lx_arena *a)
{
    struct lx_part *p = lx_part_add(at, LX_PART_OPAQUE, a);
    if (p) {
        p->language = LX_OPENAI_CHAT;
        p->raw = lx_json_raw(part);
    }
}

static void read_part(struct lx_openai_reader *r, struct lx_json part, struct lx_part ***at)
{
    struct lx_arena *a = r->arena;
    if (lx_json_is(part, LX_JSON_STRING)) {
        struct lx_part *p = lx_part_add(at, LX_PART_TEXT, a);
        if (p)
            p->text = lx_json_text(part);
        return;
    }
    if (!lx_json_is(part, LX_JSON_OBJECT)) {
        fail(r, ".content", "expected text or objects in the list");
        return;
    }
    const struct part_type *t = part_type_of(part);
    if (!t) {
        read_opaque(part, at, a);
        return;
    }
    struct lx_part *p = lx_part_add(at, t->kind, a);
    if (!p)
        return;
    t->read(p, part, a);
    lx_openai_read_cache(part, &p->cache, a);
    struct lx_slice known[6] = {LX_S("type"), LX_S("cache_control")};
    size_t n = 2;
    for (size_t i = 0; i < 4 && t->known[i].p; i++)
        known[n++] = t->known[i];
    struct lx_extra **extra = &p->extra;
    while (*extra)
        extra = &(*extra)->next;
    lx_openai_read_extra(part, known, n, &extra, a);
}

/* Content is a string, a list of parts, or nothing. */
static void read_content(struct lx_openai_reader *r, struct lx_json content, struct lx_part ***at)
{
    if (lx_json_is(content, LX_JSON_ARRAY)) {
        for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it) && !r->code;)
            read_part(r, it.value, at);
    } else if (lx_json_is(content, LX_JSON_STRING)) {
        if (lx_json_text(content).s.n)
            read_part(r, content, at);
    } else if (lx_json_given(content)) {
        fail(r, ".content", "expected a string or a list of parts");
    }
}

/* ---- The assistant's thinking, under its several names ------------------------------------ */

/*
 * LiteLLM's thinking_blocks hold {"type":"thinking","thinking":..,"signature":..} and
 * {"type":"redacted_thinking","data":..}; OpenRouter's reasoning_details reasoning.text {text,
 * signature}, reasoning.summary {summary} and reasoning.encrypted {data} (openrouter.ai/docs,
 * "Reasoning tokens"). LiteLLM tells what a model of the Responses API thought as reasoning_items
 * {"type":"reasoning","encrypted_content":..,"summary":[{"text":..}]}; who tells blocks as well
 * (llmux) says the same in both.
 */
struct lx_openai_thought lx_openai_read_thought(struct lx_json item)
{
    static const struct lx_slice names[] = {LX_S_INIT("thinking"), LX_S_INIT("text"),
                                            LX_S_INIT("summary")};
    struct lx_openai_thought t = {.signature = lx_json_text(LX_GET(item, "signature"))};
    struct lx_json type = LX_GET(item, "type");

    t.redacted = lx_json_eq(type, LX_S("redacted_thinking")) ||
                 lx_json_eq(type, LX_S("reasoning.encrypted"));
    if (t.redacted)
        t.text = lx_json_text(LX_GET(item, "data"));
    for (size_t i = 0; !t.redacted && !t.text.s.n && i < sizeof(names) / sizeof(names[0]); i++)
        t.text = lx_json_text(lx_json_get(item, names[i]));
    return t;
}

static bool holds_text(struct lx_json thoughts)
{
    for (struct lx_json_iter it = lx_json_iter(thoughts); lx_json_next(&it);) {
        struct lx_openai_thought t = lx_openai_read_thought(it.value);
        if (!t.redacted && t.text.s.n)
            return true;
    }
    return false;
}

struct lx_json lx_openai_read_thoughts(struct lx_json message, struct lx_text *plain)
{
    struct lx_json list = LX_GET(message, "thinking_blocks");
    if (!lx_json_is(list, LX_JSON_ARRAY) || !lx_json_count(list))
        list = LX_GET(message, "reasoning_details");
    if (!lx_json_is(list, LX_JSON_ARRAY))
        list = (struct lx_json){0};
    *plain = (struct lx_text){0};
    if (holds_text(list))
        return list;
    *plain = lx_json_text(LX_GET(message, "reasoning_content"));
    if (!plain->s.n)
        *plain = lx_json_text(LX_GET(message, "reasoning"));
    return list;
}

static void add_thought(struct lx_openai_thought t, struct lx_part ***at, struct lx_arena *a)
{
    if (lx_text_is_empty(t.text) && lx_text_is_empty(t.signature))
        return;
    struct lx_part *p =
        lx_part_add(at, t.redacted ? LX_PART_REDACTED_THINKING : LX_PART_THINKING, a);
    if (!p)
        return;
    p->signature = t.signature;
    if (t.redacted)
        p->data = t.text;
    else
        p->text = t.text;
}

static struct lx_text join_summary(struct lx_json summary, struct lx_arena *a)
{
    struct lx_slice all = {0};
    for (struct lx_json_iter it = lx_json_iter(summary); lx_json_next(&it);) {
        struct lx_slice text = lx_json_str(LX_GET(it.value, "text"), a);
        if (text.n)
            all = all.n ? lx_arena_printf(a, "%.*s\n\n%.*s", LX_F(all), LX_F(text)) : text;
    }
    return lx_text(all);
}

/* plain: what the message says that it thought, for an item that does not. */
static bool read_items(struct lx_json items, struct lx_text plain, struct lx_part ***at,
                       struct lx_arena *a)
{
    bool any = false;
    for (struct lx_json_iter it = lx_json_iter(items); lx_json_next(&it);) {
        struct lx_slice sealed = lx_json_str(LX_GET(it.value, "encrypted_content"), a);
        struct lx_slice mark = LX_RESPONSES_MARK;
        struct lx_openai_thought t = {.text = join_summary(LX_GET(it.value, "summary"), a)};
        if (!t.text.s.n && !any)
            t.text = plain;
        if (sealed.n)
            t.signature = lx_text(lx_arena_printf(a, "%.*s%.*s", LX_F(mark), LX_F(sealed)));
        add_thought(t, at, a);
        any = true;
    }
    return any;
}

static void read_reasoning(struct lx_json message, struct lx_part ***at, struct lx_arena *a)
{
    struct lx_text plain;
    struct lx_json thoughts = lx_openai_read_thoughts(message, &plain);
    struct lx_json items = LX_GET(message, "reasoning_items");
    if (!lx_json_count(thoughts) && lx_json_is(items, LX_JSON_ARRAY) &&
        read_items(items, plain, at, a))
        return;
    add_thought((struct lx_openai_thought){.text = plain}, at, a);
    for (struct lx_json_iter it = lx_json_iter(thoughts); lx_json_next(&it);)
        add_thought(lx_openai_read_thought(it.value), at, a);
}

/* ---- Tool calls --------------------------------------------------------------------------- */

struct lx_text lx_openai_read_arguments(struct lx_json v)
{
    if (lx_json_is(v, LX_JSON_STRING) || !lx_json_given(v))
        return lx_json_text(v);
    return lx_text(lx_json_raw(v));
}

struct lx_text lx_openai_first_arguments(struct lx_text arguments)
{
    bool none = lx_slice_eq(lx_slice_trim(arguments.s), LX_S("null"));
    return none ? lx_text(LX_S("{}")) : arguments;
}

static struct lx_text read_arguments(struct lx_json v)
{
    return lx_openai_first_arguments(lx_openai_read_arguments(v));
}

static struct lx_text made_up_id(struct lx_openai_reader *r, size_t n)
{
    return lx_text(lx_arena_printf(r->arena, "call_%.*s_%zu", LX_F(r->reply_id), n));
}

static void read_tool_call(struct lx_openai_reader *r, struct lx_json call, size_t n,
                           struct lx_part ***at)
{
    static const struct lx_slice known[] = {
        LX_S_INIT("id"),       LX_S_INIT("type"),   LX_S_INIT("index"),
        LX_S_INIT("function"), LX_S_INIT("custom"),
    };
    struct lx_json custom = LX_GET(call, "custom"), function = LX_GET(call, "function");
    struct lx_part *p = lx_part_add(at, LX_PART_TOOL_CALL, r->arena);
    if (!p)
        return;
    p->custom = lx_json_is(custom, LX_JSON_OBJECT) && !lx_json_is(function, LX_JSON_OBJECT);
    p->id = lx_json_text(LX_GET(call, "id"));
    if (lx_text_is_empty(p->id) && r->reply_id.p)
        p->id = made_up_id(r, n);
    p->name = lx_json_text(LX_GET(p->custom ? custom : function, "name"));
    p->arguments = p->custom ? lx_json_text(LX_GET(custom, "input"))
                             : read_arguments(LX_GET(function, "arguments"));
    struct lx_extra **extra = &p->extra;
    lx_openai_read_extra(call, known, sizeof(known) / sizeof(known[0]), &extra, r->arena);
}

static void read_tool_calls(struct lx_openai_reader *r, struct lx_json message,
                            struct lx_part ***at)
{
    size_t n = 0;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(message, "tool_calls")); lx_json_next(&it);)
        if (lx_json_is(it.value, LX_JSON_OBJECT))
            read_tool_call(r, it.value, n++, at);
    struct lx_json legacy = LX_GET(message, "function_call");
    /* Snowflake has one without a name everywhere (recorded 2026). */
    r->legacy_function_call =
        lx_json_is(legacy, LX_JSON_OBJECT) && !lx_json_eq(LX_GET(legacy, "name"), LX_S(""));
    if (!r->legacy_function_call)
        return;
    struct lx_part *p = lx_part_add(at, LX_PART_TOOL_CALL, r->arena);
    if (!p)
        return;
    p->id = r->reply_id.p ? made_up_id(r, n)
                          : lx_text(lx_arena_printf(r->arena, "%s%lld", LX_OPENAI_LEGACY_ID.p,
                                                    (long long)++r->legacy_calls));
    p->name = lx_json_text(LX_GET(legacy, "name"));
    p->arguments = read_arguments(LX_GET(legacy, "arguments"));
}

/* ---- Messages ----------------------------------------------------------------------------- */

/* {"id":..,"data":..,"transcript":..,"expires_at":..} in replies, {"id":..} when it comes back. */
static void read_spoken(struct lx_json audio, struct lx_part ***at, struct lx_arena *a)
{
    static const struct lx_slice known[] = {LX_S_INIT("id"), LX_S_INIT("data"),
                                            LX_S_INIT("transcript"), LX_S_INIT("format")};
    if (!lx_json_is(audio, LX_JSON_OBJECT))
        return;
    struct lx_part *p = lx_part_add(at, LX_PART_AUDIO, a);
    if (!p)
        return;
    p->media.file_id = lx_json_text(LX_GET(audio, "id"));
    p->media.data = lx_json_text(LX_GET(audio, "data"));
    p->media.format = lx_json_str(LX_GET(audio, "format"), a);
    p->text = lx_json_text(LX_GET(audio, "transcript"));
    struct lx_extra **extra = &p->extra;
    lx_openai_read_extra(audio, known, sizeof(known) / sizeof(known[0]), &extra, a);
}

/* Annotations belong to the whole text; the last text part holds them. */
static void read_annotations(struct lx_json list, struct lx_part *parts)
{
    if (!lx_json_is(list, LX_JSON_ARRAY) || !lx_json_count(list))
        return;
    struct lx_part *text = NULL;
    for (struct lx_part *p = parts; p; p = p->next)
        if (p->kind == LX_PART_TEXT)
            text = p;
    if (text)
        text->citations = lx_json_raw(list);
}

static void read_generated_images(struct lx_json images, struct lx_part ***at, struct lx_arena *a)
{
    for (struct lx_json_iter it = lx_json_iter(images); lx_json_next(&it);) {
        struct lx_json image_url = LX_GET(it.value, "image_url");
        struct lx_part *p = lx_json_given(image_url) ? lx_part_add(at, LX_PART_IMAGE, a) : NULL;
        if (p)
            lx_openai_read_image(&p->media, image_url, a);
    }
}

void lx_openai_read_assistant(struct lx_openai_reader *r, struct lx_json message,
                              struct lx_part ***at, struct lx_extra ***extra)
{
    /* What thinking came in is understood and rides along as well: see read_reasoning(). */
    static const struct lx_slice known[] = {
        LX_S_INIT("role"),          LX_S_INIT("content"),     LX_S_INIT("name"),
        LX_S_INIT("refusal"),       LX_S_INIT("tool_calls"),  LX_S_INIT("function_call"),
        LX_S_INIT("audio"),         LX_S_INIT("annotations"), LX_S_INIT("images"),
        LX_S_INIT("cache_control"),
    };
    struct lx_arena *a = r->arena;
    struct lx_json refusal = LX_GET(message, "refusal");

    read_reasoning(message, at, a);
    struct lx_part **content = *at;
    read_content(r, LX_GET(message, "content"), at);
    read_annotations(LX_GET(message, "annotations"), *content);
    if (lx_json_text(refusal).s.n) { /* Snowflake has an empty one in every reply */
        struct lx_part *p = lx_part_add(at, LX_PART_REFUSAL, a);
        if (p)
            p->text = lx_json_text(refusal);
    }
    read_generated_images(LX_GET(message, "images"), at, a);
    read_spoken(LX_GET(message, "audio"), at, a);
    read_tool_calls(r, message, at);
    lx_openai_read_extra(message, known, sizeof(known) / sizeof(known[0]), extra, a);
}

/* A tool's answer: its content becomes the content of one TOOL_RESULT part. */
static void read_tool_result(struct lx_openai_reader *r, struct lx_json message,
                             struct lx_message *m, bool legacy)
{
    static const struct lx_slice known[] = {LX_S_INIT("role"), LX_S_INIT("content"),
                                            LX_S_INIT("name"), LX_S_INIT("tool_call_id"),
                                            LX_S_INIT("cache_control")};
    struct lx_part **at = &m->parts;
    struct lx_part *p = lx_part_add(&at, LX_PART_TOOL_RESULT, r->arena);
    if (!p)
        return;
    p->name = lx_json_text(LX_GET(message, "name"));
    p->id = legacy ? lx_text(lx_arena_printf(r->arena, "%s%lld", LX_OPENAI_LEGACY_ID.p,
                                             (long long)r->legacy_calls))
                   : lx_json_text(LX_GET(message, "tool_call_id"));
    struct lx_part **content = &p->content;
    read_content(r, LX_GET(message, "content"), &content);
    p->cache = m->cache;
    struct lx_extra **extra = &m->extra;
    lx_openai_read_extra(message, known, sizeof(known) / sizeof(known[0]), &extra, r->arena);
}

static void read_input(struct lx_openai_reader *r, struct lx_json message, struct lx_message *m)
{
    static const struct lx_slice known[] = {LX_S_INIT("role"), LX_S_INIT("content"),
                                            LX_S_INIT("name"), LX_S_INIT("cache_control")};
    struct lx_part **at = &m->parts;
    read_content(r, LX_GET(message, "content"), &at);
    struct lx_extra **extra = &m->extra;
    lx_openai_read_extra(message, known, sizeof(known) / sizeof(known[0]), &extra, r->arena);
}

static const struct role {
    struct lx_slice name;
    enum lx_role role;
    bool legacy;
} roles[] = {
    {LX_S_INIT("user"), LX_ROLE_USER, false},
    {LX_S_INIT("assistant"), LX_ROLE_ASSISTANT, false},
    {LX_S_INIT("tool"), LX_ROLE_TOOL, false},
    {LX_S_INIT("system"), LX_ROLE_SYSTEM, false},
    {LX_S_INIT("developer"), LX_ROLE_DEVELOPER, false},
    {LX_S_INIT("function"), LX_ROLE_TOOL, true},
};

static const struct role *role_of(struct lx_json message)
{
    struct lx_json role = LX_GET(message, "role");
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (lx_json_eq(role, roles[i].name))
            return &roles[i];
    return NULL;
}

void lx_openai_read_message(struct lx_openai_reader *r, struct lx_json message,
                            struct lx_message ***at)
{
    const struct role *role = role_of(message);
    if (!role) {
        fail(r, ".role",
             "expected one of system, developer, user, assistant, "
             "tool, function");
        return;
    }
    struct lx_message *m = lx_message_add(at, role->role, r->arena);
    if (!m)
        return;
    m->plain = !lx_json_is(LX_GET(message, "content"), LX_JSON_ARRAY);
    m->name = lx_json_text(LX_GET(message, "name"));
    lx_openai_read_cache(message, &m->cache, r->arena);
    if (role->role == LX_ROLE_TOOL) {
        read_tool_result(r, message, m, role->legacy);
    } else if (role->role == LX_ROLE_ASSISTANT) {
        struct lx_part **parts = &m->parts;
        struct lx_extra **extra = &m->extra;
        lx_openai_read_assistant(r, message, &parts, &extra);
    } else {
        read_input(r, message, m);
    }
}
