/*
 * bedrock_part.c - back: one part of a message as a content block of Converse.
 *
 * Media go along as bytes or lie in S3: the service fetches nothing from the web. Their format is a
 * word, not a media type. A tool's result holds blocks of its own: text, images, documents, video.
 */
#include "dialect/bedrock.h"

#include "base/text.h"

struct writing {
    struct lx_bedrock_writer *w;
    const struct lx_part *p;
    struct lx_bedrock_place at;
};

static struct lx_slice place_name(const struct writing *p)
{
    return lx_arena_printf(p->w->b->arena, "messages[%zu].content[%zu]", p->at.message, p->at.part);
}

static void refuse(const struct writing *p, struct lx_slice why)
{
    lx_body_refuse(p->w->b, p->w->o, place_name(p), why);
}

static void lose_member(const struct writing *p, struct lx_slice name, struct lx_slice why)
{
    lx_losses_add(p->w->b->losses,
                  lx_arena_printf(p->w->b->arena, "%.*s.%.*s", LX_F(place_name(p)), LX_F(name)),
                  why);
}

/* As a blob goes over this wire: the standard alphabet, padded. */
static bool is_blob(struct lx_slice s)
{
    return s.n % 4 == 0 && lx_base64_like(s) && lx_slice_find_byte(s, '_') < 0 &&
           lx_slice_find_byte(s, '-') < 0;
}

bool lx_bedrock_is_void(const struct lx_part *p)
{
    if (p->kind == LX_PART_TEXT || p->kind == LX_PART_REFUSAL)
        return lx_anthropic_is_blank(p->text);
    if (p->kind == LX_PART_REDACTED_THINKING)
        return !is_blob(p->data.s);
    /* models' own are base64; with a colon it is another provider's ("gemini:...") */
    return p->kind == LX_PART_THINKING &&
           (lx_text_is_empty(p->signature) || lx_slice_find_byte(p->signature.s, ':') >= 0);
}

void lx_bedrock_cache_write(struct lx_bedrock_writer *w, const struct lx_cache_mark *c)
{
    if (!c->set)
        return;
    if (!w->family->cache_points) {
        if (!w->cache_lost)
            lx_losses_add(w->b->losses, LX_S("cache_control"),
                          LX_S("the model has no cache points"));
        w->cache_lost = true;
        return;
    }
    lx_out_object(&w->out, NULL);
    lx_out_object(&w->out, "cachePoint");
    lx_out_lit(&w->out, "type", "default");
    if (lx_slice_eq(c->ttl, LX_S("1h"))) /* five minutes are the default, and older models' only */
        lx_out_str(&w->out, "ttl", c->ttl);
    lx_out_object_end(&w->out);
    lx_out_object_end(&w->out);
}

/* ---- Text and thinking ---------------------------------------------------------------------- */

static void write_text(const struct writing *p)
{
    struct lx_text text = p->p->text;
    if (p->p == p->w->trim) {
        struct lx_slice plain = lx_text_plain(text, p->w->b->arena);
        while (plain.n && memchr(" \t\r\n", plain.p[plain.n - 1], 4))
            plain.n--;
        text = lx_text(plain);
    }
    bool guarded = p->p->guarded || p->w->guards;
    lx_out_object(&p->w->out, NULL);
    if (guarded) {
        lx_out_object(&p->w->out, "guardContent");
        lx_out_object(&p->w->out, "text");
    }
    lx_out_text(&p->w->out, "text", text);
    if (guarded) {
        lx_out_object_end(&p->w->out);
        lx_out_object_end(&p->w->out);
    }
    lx_out_object_end(&p->w->out);
}

static void write_thinking(const struct writing *p)
{
    struct lx_out *out = &p->w->out;
    lx_out_object(out, NULL);
    lx_out_object(out, "reasoningContent");
    lx_out_object(out, "reasoningText");
    lx_out_text(out, "text", p->p->text);
    lx_out_text(out, "signature", p->p->signature);
    lx_out_object_end(out);
    lx_out_object_end(out);
    lx_out_object_end(out);
}

static void write_redacted_thinking(const struct writing *p)
{
    struct lx_out *out = &p->w->out;
    lx_out_object(out, NULL);
    lx_out_object(out, "reasoningContent");
    lx_out_text(out, "redactedContent", p->p->data);
    lx_out_object_end(out);
    lx_out_object_end(out);
}

/* ---- Media ---------------------------------------------------------------------------------- */

enum { IMAGE = 1, DOCUMENT = 2, VIDEO = 4, AUDIO = 8 };

/* What the service calls a media type, for each kind of block. */
static const struct format {
    const char *type, *name;
    unsigned kinds;
} formats[] = {
    {"image/png", "png", IMAGE},
    {"image/jpeg", "jpeg", IMAGE},
    {"image/jpg", "jpeg", IMAGE},
    {"image/gif", "gif", IMAGE},
    {"image/webp", "webp", IMAGE},
    {"application/pdf", "pdf", DOCUMENT},
    {"text/csv", "csv", DOCUMENT},
    {"application/msword", "doc", DOCUMENT},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", DOCUMENT},
    {"application/vnd.ms-excel", "xls", DOCUMENT},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", DOCUMENT},
    {"text/html", "html", DOCUMENT},
    {"text/plain", "txt", DOCUMENT},
    {"text/markdown", "md", DOCUMENT},
    {"application/json", "txt", DOCUMENT}, /* text, and there is no word for it */
    {"application/xml", "txt", DOCUMENT},
    {"video/x-matroska", "mkv", VIDEO},
    {"video/quicktime", "mov", VIDEO},
    {"video/mp4", "mp4", VIDEO},
    {"video/webm", "webm", VIDEO},
    {"video/x-flv", "flv", VIDEO},
    {"video/mpeg", "mpeg", VIDEO},
    {"video/x-ms-wmv", "wmv", VIDEO},
    {"video/3gpp", "three_gp", VIDEO},
    {"audio/mpeg", "mp3", AUDIO},
    {"audio/mp3", "mp3", AUDIO},
    {"audio/wav", "wav", AUDIO},
    {"audio/x-wav", "wav", AUDIO},
    {"audio/ogg", "ogg", AUDIO},
    {"audio/flac", "flac", AUDIO},
    {"audio/aac", "aac", AUDIO},
    {"audio/mp4", "m4a", AUDIO},
    {"audio/webm", "webm", AUDIO},
};

static const struct format *format_of(struct lx_slice type)
{
    struct lx_slice rest;
    lx_slice_cut(type, ';', &type, &rest); /* "text/plain; charset=utf-8" */
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (lx_slice_eq_nocase(type, lx_slice_z(formats[i].type)))
            return &formats[i];
    return NULL;
}

/* By the type, the name, the first bytes that every such file has. */
static const struct format *find_format(const struct writing *p)
{
    const struct lx_media *m = &p->p->media;
    const struct format *f = format_of(m->type);
    struct lx_arena *a = p->w->b->arena;
    if (!f && m->format.n)
        f = format_of(lx_arena_printf(a, "audio/%.*s", LX_F(m->format)));
    if (!f && m->filename.s.n)
        f = format_of(lx_media_type_of(lx_text_plain(m->filename, a)));
    if (!f && m->url.s.n)
        f = format_of(lx_media_type_of(lx_text_plain(m->url, a)));
    return f ? f : format_of(lx_media_type_sniff(m->data.s));
}

/* Why the service cannot get at the media; empty when it can. */
static struct lx_slice media_fault(const struct lx_media *m)
{
    if (m->data.s.n || lx_slice_starts(m->url.s, LX_S("s3://")))
        return LX_S("");
    return m->url.s.n ? LX_S("Bedrock takes media as data or from S3, and fetches no URL")
                      : LX_S("it has neither data nor an address in S3");
}

static void write_source(const struct writing *p)
{
    const struct lx_media *m = &p->p->media;
    struct lx_out *out = &p->w->out;
    lx_out_object(out, "source");
    if (m->data.s.n) {
        lx_out_text(out, "bytes", m->data);
    } else {
        lx_out_object(out, "s3Location");
        lx_out_text(out, "uri", m->url);
        lx_out_object_end(out);
    }
    lx_out_object_end(out);
}

static void write_media(const struct writing *p, const char *name, const struct format *f)
{
    struct lx_out *out = &p->w->out;
    if (p->p->media.detail.n && !lx_slice_eq(p->p->media.detail, LX_S("auto")))
        lose_member(p, LX_S("detail"), LX_S("Bedrock chooses an image's detail itself"));
    lx_out_object(out, NULL);
    lx_out_object(out, name);
    lx_out_str(out, "format", lx_slice_z(f->name));
    write_source(p);
    lx_out_object_end(out);
    lx_out_object_end(out);
}

/* The service takes letters, digits, single spaces, hyphens and brackets in a name, and no name
 * twice. */
static void write_document_name(const struct writing *p)
{
    struct lx_text given = p->p->title.s.n ? p->p->title : p->p->media.filename;
    struct lx_slice name = lx_text_plain(given, p->w->b->arena);
    char room[160];
    size_t n = 0, dot = name.n;
    while (dot && name.p[dot - 1] != '.')
        dot--;
    if (dot > 1 && !p->p->title.s.n) /* a file's name: without its ending */
        name = lx_slice_to(name, dot - 1);
    for (size_t i = 0; i < name.n && n < sizeof(room); i++) {
        char c = name.p[i], lower = lx_ascii_lower(c);
        bool good = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
                    memchr("()[]-", c, 5) != NULL;
        char to = good ? c : c == ' ' ? ' ' : '-';
        if (!good && n && room[n - 1] == to)
            continue;
        room[n++] = to;
    }
    struct lx_slice clean = lx_slice_trim(lx_slice(room, n));
    if (!clean.n)
        clean = LX_S("document");
    p->w->documents++;
    lx_out_string_open(&p->w->out, "name");
    lx_out_string_part(&p->w->out, lx_text(clean));
    if (p->w->documents > 1)
        lx_out_string_part(&p->w->out,
                           lx_text(lx_arena_printf(p->w->b->arena, " %zu", p->w->documents)));
    lx_out_string_close(&p->w->out);
}

static void write_inner_text(const struct writing *p)
{
    struct lx_buf base64;
    struct lx_slice plain = lx_text_plain(p->p->text, p->w->b->arena);
    lx_buf_init(&base64, plain.n * 2 + 16);
    lx_base64_write(&base64, plain);
    if (base64.failed && !p->w->b->buf->failed)
        p->w->b->buf->failed = base64.failed;
    lx_out_str(&p->w->out, "bytes", lx_buf_slice(&base64));
    lx_buf_clear(&base64);
}

/* Content that is no file: text, which becomes one, or pieces of text. */
static void write_inner_source(const struct writing *p)
{
    struct lx_out *out = &p->w->out;
    lx_out_object(out, "source");
    if (p->p->content) {
        lx_out_array(out, "content");
        for (const struct lx_part *c = p->p->content; c; c = c->next) {
            if (c->kind != LX_PART_TEXT) {
                refuse(p, LX_S("Bedrock takes only text inside of documents"));
                continue;
            }
            lx_out_object(out, NULL);
            lx_out_text(out, "text", c->text);
            lx_out_object_end(out);
        }
        lx_out_array_end(out);
    } else {
        write_inner_text(p);
    }
    lx_out_object_end(out);
}

static void write_document(const struct writing *p, const struct format *f)
{
    struct lx_out *out = &p->w->out;
    lx_out_object(out, NULL);
    lx_out_object(out, "document");
    if (f)
        lx_out_str(out, "format", lx_slice_z(f->name));
    write_document_name(p);
    if (p->p->content || p->p->text.s.p)
        write_inner_source(p);
    else
        write_source(p);
    if (p->p->context.s.n)
        lx_out_text(out, "context", p->p->context);
    if (p->p->citations.n && lx_inner_read(&p->w->scratch, p->p->citations, p->w->b->buf) &&
        lx_json_bool(LX_GET(lx_json_root(&p->w->scratch), "enabled"), false)) {
        lx_out_object(out, "citations");
        lx_out_bool(out, "enabled", true);
        lx_out_object_end(out);
    }
    lx_out_object_end(out);
    lx_out_object_end(out);
}

/* Files and images are told apart by their format, whatever the client called them. */
static void write_file(const struct writing *p)
{
    bool inside = p->p->content || p->p->text.s.p;
    const struct format *f = inside ? format_of(LX_S("text/plain")) : find_format(p);
    struct lx_slice fault = inside ? LX_S("") : media_fault(&p->p->media);
    if (fault.n)
        lx_body_need(p->w->b, p->w->o, p->p, place_name(p), fault);
    else if (p->p->content)
        write_document(p, NULL);
    else if (!f)
        refuse(p, LX_S("its format is not known: give a media type or a file's name"));
    else if (f->kinds & IMAGE)
        write_media(p, "image", f);
    else if (f->kinds & DOCUMENT)
        write_document(p, f);
    else if (f->kinds & VIDEO)
        write_media(p, "video", f);
    else
        write_media(p, "audio", f);
}

static void write_audio(const struct writing *p)
{
    if (p->p->text.s.n && !lx_anthropic_is_blank(p->p->text))
        write_text(p); /* what the assistant said aloud */
    else
        write_file(p);
}

/* ---- Tools ---------------------------------------------------------------------------------- */

/* ToolUseId: letters, digits and _.:-, at most 64 of them. The same id always becomes the same. */
static void write_tool_id(const struct writing *p)
{
    enum { MAX_ID = 64 };
    char room[MAX_ID];
    struct lx_text own = lx_call_id(p->p->id, false);
    struct lx_slice id = lx_text_plain(own.s.n ? own : p->p->name, p->w->b->arena);
    if (id.n > MAX_ID) /* what tells ids apart stands at their end */
        id = lx_slice_from(id, id.n - MAX_ID);
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i], lower = lx_ascii_lower(c);
        bool good = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
                    memchr("_.:-", c, 4) != NULL;
        room[i] = good ? c : '_';
    }
    lx_out_str(&p->w->out, "toolUseId", id.n ? lx_slice(room, id.n) : LX_S("call"));
}

static void write_tool_use(const struct writing *p)
{
    struct lx_out *out = &p->w->out;
    lx_out_object(out, NULL);
    lx_out_object(out, "toolUse");
    write_tool_id(p);
    lx_out_text(out, "name", p->p->name);
    lx_anthropic_input_write(out, "input", p->p->arguments, p->p->custom, &p->w->scratch,
                             p->w->b->arena);
    lx_out_object_end(out);
    lx_out_object_end(out);
}

static void write_tool_result(const struct writing *p)
{
    struct lx_out *out = &p->w->out;
    lx_out_object(out, NULL);
    lx_out_object(out, "toolResult");
    write_tool_id(p);
    lx_out_array(out, "content");
    for (const struct lx_part *c = p->p->content; c; c = c->next)
        if (!lx_bedrock_is_void(c))
            lx_bedrock_part_write(p->w, c, p->at);
    lx_out_array_end(out);
    if (p->p->is_error && p->w->family->result_status)
        lx_out_lit(out, "status", "error");
    else if (p->p->is_error)
        lose_member(p, LX_S("is_error"), LX_S("the model takes no status of a tool's result"));
    lx_out_object_end(out);
    lx_out_object_end(out);
}

static void write_opaque(const struct writing *p)
{
    if (lx_slice_eq(p->p->language, LX_BEDROCK))
        lx_out_raw(&p->w->out, NULL, p->p->raw);
    else
        refuse(p, LX_S("Bedrock does not know this kind of content"));
}

static void (*const writers[])(const struct writing *p) = {
    [LX_PART_TEXT] = write_text,          [LX_PART_REFUSAL] = write_text,
    [LX_PART_IMAGE] = write_file,         [LX_PART_AUDIO] = write_audio,
    [LX_PART_VIDEO] = write_file,         [LX_PART_FILE] = write_file,
    [LX_PART_THINKING] = write_thinking,  [LX_PART_REDACTED_THINKING] = write_redacted_thinking,
    [LX_PART_TOOL_CALL] = write_tool_use, [LX_PART_TOOL_RESULT] = write_tool_result,
    [LX_PART_OPAQUE] = write_opaque,
};

void lx_bedrock_part_write(struct lx_bedrock_writer *w, const struct lx_part *p,
                           struct lx_bedrock_place at)
{
    const struct writing writing = {w, p, at};
    writers[p->kind](&writing);
    for (const struct lx_extra *x = p->extra; x; x = x->next)
        lose_member(&writing, x->name, LX_S("Bedrock has no such member"));
}
