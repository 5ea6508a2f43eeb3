/*
 * message.c - building messages and parts in an arena, and what media are called.
 *
 * Every dialect's reader calls it. It copies no content: strings stay where they were, except a
 * data URL that was escaped.
 */
#include "llm/message.h"

struct lx_part *lx_part_add(struct lx_part ***at, enum lx_part_kind kind, struct lx_arena *a)
{
    struct lx_part *p = lx_arena_new(a, struct lx_part);
    if (!p)
        return NULL;
    p->kind = kind;
    **at = p;
    *at = &p->next;
    return p;
}

struct lx_message *lx_message_add(struct lx_message ***at, enum lx_role role, struct lx_arena *a)
{
    struct lx_message *m = lx_arena_new(a, struct lx_message);
    if (!m)
        return NULL;
    m->role = role;
    **at = m;
    *at = &m->next;
    return m;
}

struct lx_extra *lx_extra_add(struct lx_extra ***at, struct lx_json name, struct lx_json value,
                              struct lx_arena *a)
{
    struct lx_extra *x = lx_arena_new(a, struct lx_extra);
    if (!x)
        return NULL;
    x->name = lx_json_str(name, a);
    x->json = lx_json_raw(value);
    **at = x;
    *at = &x->next;
    return x;
}

const struct lx_extra *lx_extra_find(const struct lx_extra *x, struct lx_slice name)
{
    while (x && !lx_slice_eq(x->name, name))
        x = x->next;
    return x;
}

void lx_extra_write(struct lx_out *o, const struct lx_extra *x)
{
    for (; x; x = x->next) {
        lx_out_name(o, lx_text(x->name));
        lx_out_raw(o, NULL, x->json);
    }
}

struct lx_text lx_call_id(struct lx_text id, bool keep)
{
    ssize_t at = keep ? -1 : lx_slice_find(id.s, LX_CALL_ID_MARK);
    if (at >= 0)
        id.s = lx_slice_to(id.s, (size_t)at);
    return id;
}

/* Base64 may have been folded into lines; only escaped text can hold them. */
static struct lx_slice unfold(struct lx_slice s, struct lx_arena *a)
{
    if (lx_slice_find_byte(s, '\n') < 0 && lx_slice_find_byte(s, '\r') < 0)
        return s;
    char *to = lx_arena_bytes(a, s.n);
    if (!to)
        return lx_slice(NULL, 0);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\n' && s.p[i] != '\r')
            to[n++] = s.p[i];
    return lx_slice(to, n);
}

bool lx_media_read_data_url(struct lx_media *m, struct lx_text url, struct lx_arena *a)
{
    if (!lx_slice_eq_nocase(lx_slice_to(url.s, 5), LX_S("data:")))
        return false;
    struct lx_slice head, data, type, rest;
    struct lx_slice plain = lx_text_plain(url, a);
    if (!plain.p || !lx_slice_cut(lx_slice_from(plain, 5), ',', &head, &data))
        return false;
    if (head.n < 7 || !lx_slice_eq_nocase(lx_slice_from(head, head.n - 7), LX_S(";base64")))
        return false;
    lx_slice_cut(head, ';', &type, &rest);
    m->type = type.n ? type : LX_S("text/plain"); /* RFC 2397's default */
    m->data = lx_text(url.escaped ? unfold(data, a) : data);
    return true;
}

static const struct media_type {
    struct lx_slice ending, type;
} media_types[] = {
    {LX_S_INIT("png"), LX_S_INIT("image/png")},
    {LX_S_INIT("jpg"), LX_S_INIT("image/jpeg")},
    {LX_S_INIT("jpeg"), LX_S_INIT("image/jpeg")},
    {LX_S_INIT("gif"), LX_S_INIT("image/gif")},
    {LX_S_INIT("webp"), LX_S_INIT("image/webp")},
    {LX_S_INIT("bmp"), LX_S_INIT("image/bmp")},
    {LX_S_INIT("heic"), LX_S_INIT("image/heic")},
    {LX_S_INIT("heif"), LX_S_INIT("image/heif")},
    {LX_S_INIT("svg"), LX_S_INIT("image/svg+xml")},
    {LX_S_INIT("tif"), LX_S_INIT("image/tiff")},
    {LX_S_INIT("tiff"), LX_S_INIT("image/tiff")},
    {LX_S_INIT("pdf"), LX_S_INIT("application/pdf")},
    {LX_S_INIT("txt"), LX_S_INIT("text/plain")},
    {LX_S_INIT("md"), LX_S_INIT("text/markdown")},
    {LX_S_INIT("csv"), LX_S_INIT("text/csv")},
    {LX_S_INIT("html"), LX_S_INIT("text/html")},
    {LX_S_INIT("htm"), LX_S_INIT("text/html")},
    {LX_S_INIT("json"), LX_S_INIT("application/json")},
    {LX_S_INIT("xml"), LX_S_INIT("application/xml")},
    {LX_S_INIT("doc"), LX_S_INIT("application/msword")},
    {LX_S_INIT("docx"),
     LX_S_INIT("application/vnd.openxmlformats-officedocument.wordprocessingml.document")},
    {LX_S_INIT("xls"), LX_S_INIT("application/vnd.ms-excel")},
    {LX_S_INIT("xlsx"),
     LX_S_INIT("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
    {LX_S_INIT("mp3"), LX_S_INIT("audio/mpeg")},
    {LX_S_INIT("wav"), LX_S_INIT("audio/wav")},
    {LX_S_INIT("ogg"), LX_S_INIT("audio/ogg")},
    {LX_S_INIT("flac"), LX_S_INIT("audio/flac")},
    {LX_S_INIT("m4a"), LX_S_INIT("audio/mp4")},
    {LX_S_INIT("aac"), LX_S_INIT("audio/aac")},
    {LX_S_INIT("mp4"), LX_S_INIT("video/mp4")},
    {LX_S_INIT("mpeg"), LX_S_INIT("video/mpeg")},
    {LX_S_INIT("mov"), LX_S_INIT("video/quicktime")},
    {LX_S_INIT("webm"), LX_S_INIT("video/webm")},
    {LX_S_INIT("mkv"), LX_S_INIT("video/x-matroska")},
};

/* The part of a URL or name in front of '?' and '#'. */
static struct lx_slice without_query(struct lx_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '?' || s.p[i] == '#')
            return lx_slice_to(s, i);
    return s;
}

bool lx_is_web_url(struct lx_slice url)
{
    struct lx_slice scheme, rest;
    return lx_slice_cut(url, ':', &scheme, &rest) && lx_slice_starts(rest, LX_S("//")) &&
           (lx_slice_eq_nocase(scheme, LX_S("http")) || lx_slice_eq_nocase(scheme, LX_S("https")));
}

struct lx_slice lx_media_type_of(struct lx_slice name)
{
    name = without_query(name);
    size_t dot = name.n;
    while (dot && name.p[dot - 1] != '.' && name.p[dot - 1] != '/')
        dot--;
    if (!dot || name.p[dot - 1] != '.')
        return lx_slice("", 0);
    struct lx_slice ending = lx_slice_from(name, dot);
    for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++)
        if (lx_slice_eq_nocase(ending, media_types[i].ending))
            return media_types[i].type;
    return lx_slice("", 0);
}

const char *lx_role_name(enum lx_role role)
{
    static const char *const names[] = {
        [LX_ROLE_SYSTEM] = "system", [LX_ROLE_DEVELOPER] = "developer",
        [LX_ROLE_USER] = "user",     [LX_ROLE_ASSISTANT] = "assistant",
        [LX_ROLE_TOOL] = "tool",
    };
    return names[role];
}

struct lx_slice lx_media_type_sniff(struct lx_slice base64)
{
    static const struct {
        struct lx_slice start, at_12, type; /* at_12: RIFF files say there what they hold */
    } starts[] = {
        {LX_S_INIT("iVBORw0KGgo"), LX_S_INIT(""), LX_S_INIT("image/png")},
        {LX_S_INIT("/9j/"), LX_S_INIT(""), LX_S_INIT("image/jpeg")},
        {LX_S_INIT("R0lGOD"), LX_S_INIT(""), LX_S_INIT("image/gif")},
        {LX_S_INIT("UklGR"), LX_S_INIT("RUJQ"), LX_S_INIT("image/webp")},
        {LX_S_INIT("UklGR"), LX_S_INIT("QVZF"), LX_S_INIT("audio/wav")},
        {LX_S_INIT("JVBERi"), LX_S_INIT(""), LX_S_INIT("application/pdf")},
        {LX_S_INIT("SUQz"), LX_S_INIT(""), LX_S_INIT("audio/mpeg")},
        {LX_S_INIT("T2dnUw"), LX_S_INIT(""), LX_S_INIT("audio/ogg")},
        {LX_S_INIT("ZkxhQ"), LX_S_INIT(""), LX_S_INIT("audio/flac")},
    };
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (lx_slice_starts(base64, starts[i].start) &&
            lx_slice_starts(lx_slice_from(base64, base64.n < 12 ? base64.n : 12), starts[i].at_12))
            return starts[i].type;
    return LX_S("");
}
