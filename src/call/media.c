/*
 * media.c - see media.h. The call's steps (call.c) lead through here between picking a deployment
 * and sending to it:
 *
 *   MEDIA -> MEDIA_ASK -> MEDIA_WAIT -> MEDIA ... -> the attempt is written again
 *
 * Nothing of the client's or of the deployment goes along: no key, no header. The address is
 * checked where it is dialled (net/public.h), on every redirect anew; here only its form is. What
 * goes wrong is the request's fault: it is not tried again, and says nothing about the deployment.
 */
#include "call/media.h"
#include "base/text.h"
#include "call/inner.h"
#include "wire/url.h"

#include <stdlib.h>

enum {
    MAX_FETCHES = 20, /* of one call */
    MAX_REDIRECTS = 3,
    MAX_URL_BYTES = 8192,
    USUAL_MS = 60000, /* where the attempt has no deadline */
};

static const struct lx_slice too_large =
    LX_S_INIT("it is larger than llmux_settings.max_media_url_mb "
              "(MAX_IMAGE_URL_DOWNLOAD_SIZE_MB) allows");

struct lx_call_media {
    struct lx_arena arena; /* of all that was fetched */
    struct lx_media_found *found;
    int fetches;
    /* of the exchange under way */
    const struct lx_media_need *need;
    struct lx_slice url; /* where it has been led; the need's own at first */
    struct lx_outgoing out;
    struct lx_slice said, location; /* of the response */
    struct lx_buf body;
    int status, redirects;
    int64_t since_ms; /* when this attempt's first began; 0: none has */
};

/* ---- Requests with data --------------------------------------------------------------------- */

static const struct lx_media_found *find(const struct lx_media_found *f, struct lx_slice url)
{
    while (f && !lx_slice_eq(f->url, url))
        f = f->next;
    return f;
}

static const struct lx_media_found *found_for(const struct lx_part *p,
                                              const struct lx_media_found *f, struct lx_arena *a)
{
    return p->media.url.s.n ? find(f, lx_text_plain(p->media.url, a)) : NULL;
}

static bool has_found(const struct lx_part *p, const struct lx_media_found *f, struct lx_arena *a)
{
    for (; p; p = p->next)
        if (found_for(p, f, a) || has_found(p->content, f, a))
            return true;
    return false;
}

/* A picture that turns out to be a document is one. */
static void put(struct lx_part *p, const struct lx_media_found *f)
{
    p->media.url = lx_text(lx_slice(NULL, 0));
    p->media.data = lx_text(f->data);
    if (!p->media.type.n) /* else the client has said */
        p->media.type = f->type;
    if (p->kind == LX_PART_IMAGE && lx_slice_eq(p->media.type, LX_S("application/pdf")))
        p->kind = LX_PART_FILE;
}

static struct lx_part *parts_with(const struct lx_part *p, const struct lx_media_found *f,
                                  struct lx_arena *a)
{
    struct lx_part *first = NULL, **at = &first;
    for (; p; p = p->next) {
        struct lx_part *copy = lx_arena_new(a, struct lx_part);
        if (!copy)
            return NULL;
        *copy = *p;
        copy->next = NULL;
        const struct lx_media_found *of_part = found_for(p, f, a);
        if (of_part)
            put(copy, of_part);
        if (has_found(p->content, f, a))
            copy->content = parts_with(p->content, f, a);
        *at = copy;
        at = &copy->next;
    }
    return first;
}

const struct lx_request *lx_media_put(const struct lx_request *r,
                                      const struct lx_media_found *found, struct lx_arena *a)
{
    struct lx_request *copy = NULL;
    struct lx_message **at = NULL;
    for (const struct lx_message *m = r->messages; m && found; m = m->next)
        if (has_found(m->parts, found, a) && !copy && (copy = lx_arena_new(a, struct lx_request)))
            *copy = *r;
    if (a->failed || !copy)
        return a->failed ? NULL : r;
    at = &copy->messages;
    for (const struct lx_message *m = r->messages; m; m = m->next, at = &(*at)->next) {
        *at = lx_arena_new(a, struct lx_message);
        if (!*at)
            return NULL;
        **at = *m;
        if (has_found(m->parts, found, a))
            (*at)->parts = parts_with(m->parts, found, a);
    }
    return a->failed ? NULL : copy;
}

static bool any_url(const struct lx_part *p, struct lx_arena *a)
{
    for (; p; p = p->next)
        if (lx_is_web_url(lx_text_plain(p->media.url, a)) || any_url(p->content, a))
            return true;
    return false;
}

bool lx_media_any(const struct lx_request *r, struct lx_arena *a)
{
    for (const struct lx_message *m = r->messages; m; m = m->next)
        if (any_url(m->parts, a))
            return true;
    return false;
}

/* ---- Types and addresses -------------------------------------------------------------------- */

static bool may_be(enum lx_part_kind kind, struct lx_slice type)
{
    static const struct {
        enum lx_part_kind kind;
        struct lx_slice type;
    } types[] = {
        {LX_PART_IMAGE, LX_S_INIT("image/")},      {LX_PART_IMAGE, LX_S_INIT("application/pdf")},
        {LX_PART_AUDIO, LX_S_INIT("audio/")},      {LX_PART_VIDEO, LX_S_INIT("video/")},
        {LX_PART_FILE, LX_S_INIT("application/")}, {LX_PART_FILE, LX_S_INIT("text/")},
        {LX_PART_FILE, LX_S_INIT("image/")},       {LX_PART_FILE, LX_S_INIT("audio/")},
        {LX_PART_FILE, LX_S_INIT("video/")},
    };
    if (lx_slice_eq(type, LX_S("application/octet-stream")))
        return false;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].kind == kind && lx_slice_starts(type, types[i].type))
            return true;
    return false;
}

struct lx_slice lx_media_type_found(enum lx_part_kind kind, struct lx_slice said,
                                    struct lx_slice data, struct lx_slice url)
{
    const struct lx_slice types[] = {said, lx_media_type_sniff(data), lx_media_type_of(url)};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (may_be(kind, types[i]))
            return types[i];
    return lx_slice(NULL, 0);
}

struct lx_slice lx_media_follow(struct lx_slice base, struct lx_slice location, struct lx_arena *a)
{
    struct lx_url url;
    ssize_t fragment = lx_slice_find_byte(location, '#');
    if (fragment >= 0)
        location = lx_slice_to(location, (size_t)fragment);
    if (!location.n || lx_url_read(base, &url, NULL) < 0)
        return lx_slice(NULL, 0);
    if (lx_is_web_url(location))
        return lx_arena_copy(a, location);
    if (lx_slice_starts(location, LX_S("//")))
        return lx_arena_printf(a, "%.*s:%.*s", LX_F(url.scheme), LX_F(location));
    const char *open = url.ipv6 ? "[" : "", *shut = url.ipv6 ? "]" : "";
    struct lx_slice path = lx_slice("", 0);
    if (location.p[0] != '/') { /* beside the file that it was, or another query of it */
        size_t end = 0;
        for (size_t i = 0; i < url.path.n && url.path.p[i] != '?'; i++)
            if (url.path.p[i] == '/' || location.p[0] == '?')
                end = i + 1;
        path = lx_slice_to(url.path, end);
    }
    return lx_arena_printf(a, "%.*s://%s%.*s%s:%u%.*s%.*s", LX_F(url.scheme), open, LX_F(url.host),
                           shut, (unsigned)url.port, LX_F(path), LX_F(location));
}

static struct lx_slice without_dots(struct lx_slice s)
{
    while (s.n && s.p[s.n - 1] == '.')
        s.n--;
    return s;
}

bool lx_media_is_allowed(const struct lx_url *url, const struct lx_strings *hosts)
{
    for (size_t i = 0; i < hosts->n; i++) {
        struct lx_url one = {.port = 0};
        if (lx_url_read_authority(lx_slice_trim(hosts->v[i]), &one, NULL) == 0 &&
            lx_slice_eq_nocase(without_dots(one.host), without_dots(url->host)) &&
            (!one.explicit_port || one.port == url->port))
            return true;
    }
    return false;
}

/* ---- The exchanges -------------------------------------------------------------------------- */

void lx_call_media_free(struct lx_call *c)
{
    if (!c->media)
        return;
    lx_buf_clear(&c->media->body);
    lx_arena_clear(&c->media->arena);
    free(c->media);
    c->media = NULL;
}

const struct lx_media_found *lx_call_media_found(const struct lx_call *c)
{
    return c->media && c->puts_media ? c->media->found : NULL;
}

bool lx_call_wants_media(const struct lx_call *c)
{
    return c->in.fetches_media && c->attempt.needs && !c->puts_media &&
           c->settings->max_media_bytes > 0;
}

/* The host only: the rest of a URL may be a key. */
static void fail(struct lx_call *c, struct lx_slice why)
{
    struct lx_arena *a = lx_call_arena(c);
    struct lx_url url;
    bool read = lx_url_read(c->media->need->url, &url, NULL) == 0;
    struct lx_fault f = {
        .kind = LX_FAULT_IMAGE_FETCH,
        .message = lx_arena_printf(
            a,
            "litellm.ImageFetchError: %.*s, which %.*s names by URL, cannot be "
            "fetched from %.*s: %.*s",
            LX_F(c->media->need->kind == LX_PART_IMAGE ? LX_S("the image") : LX_S("the file")),
            LX_F(c->media->need->what), LX_F(read ? lx_slice_to(url.host, 253) : LX_S("there")),
            LX_F(why)),
        .param = c->media->need->what,
        .retry_after_ms = -1,
    };
    lx_buf_clear(&c->media->body);
    if (!f.message.p)
        f.message = LX_S("out of memory");
    lx_call_refuse(c, &f);
}

static int64_t left_ms(const struct lx_call *c)
{
    int64_t total = lx_call_total_ms(c), spent = c->now_ms - c->media->since_ms;
    if (total <= 0)
        total = USUAL_MS;
    return total > spent ? total - spent : 1;
}

/* As browsers send it: without a fragment, and in ASCII. Absent: too long, or no memory. */
static struct lx_slice sendable(struct lx_slice url, struct lx_arena *a)
{
    struct lx_buf text;
    ssize_t fragment = lx_slice_find_byte(url, '#');
    lx_buf_init(&text, MAX_URL_BYTES);
    lx_percent_write(&text, fragment >= 0 ? lx_slice_to(url, (size_t)fragment) : url,
                     LX_S("%:/?[]@!$&'()*+,;="));
    struct lx_slice copy = text.failed ? lx_slice(NULL, 0) : lx_arena_copy(a, lx_buf_slice(&text));
    lx_buf_clear(&text);
    return copy;
}

/* Asks for what is at c->media->url. */
static void ask(struct lx_call *c)
{
    struct lx_call_media *m = c->media;
    struct lx_url url;
    struct lx_header_list headers;
    m->url = sendable(m->url, lx_call_arena(c));
    if (!m->url.p || lx_url_read(m->url, &url, NULL) < 0 || url.userinfo.p) {
        fail(c, LX_S("its URL cannot be used"));
        return;
    }
    lx_header_list_init(&headers, lx_call_arena(c));
    lx_header_list_add(&headers, LX_S("accept"), LX_S("*/*"));
    lx_header_list_add(&headers, LX_S("user-agent"), LX_S("llmux"));
    m->out = (struct lx_outgoing){
        .method = LX_S("GET"),
        .url = m->url,
        .headers = headers.headers,
        .public_only =
            c->settings->checks_urls && !lx_media_is_allowed(&url, &c->settings->url_hosts),
    };
    m->status = 0;
    m->said = m->location = lx_slice(NULL, 0);
    lx_buf_reset(&m->body);
    if (lx_call_arena(c)->failed)
        fail(c, LX_S("out of memory"));
    else
        c->state = MEDIA_ASK;
}

static bool begin(struct lx_call *c)
{
    struct lx_call_media *m = calloc(1, sizeof(*m));
    if (!m)
        return false;
    lx_arena_init(&m->arena, c->settings->max_arena_bytes);
    lx_buf_init(&m->body, (size_t)c->settings->max_media_bytes);
    c->media = m;
    return true;
}

bool lx_call_media_next(struct lx_call *c)
{
    struct lx_call_media *m = c->media;
    const struct lx_media_need *n = c->attempt.needs;
    if (!m && !begin(c)) {
        lx_call_judge_error(c, LX_ENOMEM, NULL);
        return false;
    }
    m = c->media;
    if (!c->asks_media)
        m->since_ms = c->now_ms;
    c->asks_media = true;
    while (n && find(m->found, n->url))
        n = n->next;
    if (!n) {
        c->puts_media = true;
        return true;
    }
    m->need = n;
    m->url = n->url;
    m->redirects = 0;
    if (m->fetches++ >= MAX_FETCHES)
        fail(c, LX_S("there are too many of them"));
    else
        ask(c);
    return false;
}

void lx_call_media_fill(struct lx_call *c, struct lx_step *out)
{
    out->kind = LX_STEP_SEND;
    out->send.out = &c->media->out;
    out->send.connect_ms = c->settings->connect_timeout_ms;
    out->send.total_ms = left_ms(c);
    out->send.aside = true;
    c->state = MEDIA_WAIT;
}

int64_t lx_call_media_since_ms(const struct lx_call *c)
{
    return c->asks_media ? c->media->since_ms : c->now_ms;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void follow(struct lx_call *c)
{
    struct lx_call_media *m = c->media;
    struct lx_slice to = lx_media_follow(m->url, m->location, lx_call_arena(c));
    if (!to.p || ++m->redirects > MAX_REDIRECTS) {
        fail(c, to.p ? LX_S("it is redirected too often")
                     : LX_S("it is redirected to no web address"));
        return;
    }
    m->url = to;
    ask(c);
}

static struct lx_slice lowered(struct lx_slice s, struct lx_arena *a)
{
    char *p = lx_arena_bytes(a, s.n);
    for (size_t i = 0; p && i < s.n; i++)
        p[i] = lx_ascii_lower(s.p[i]);
    return lx_slice(p, p ? s.n : 0);
}

void lx_call_media_feed_head(struct lx_call *c, int status, const struct lx_headers *headers)
{
    struct lx_call_media *m = c->media;
    struct lx_slice rest;
    int64_t n;
    if (status < 200)
        return;
    m->status = status;
    m->location = lx_arena_copy(lx_call_arena(c), lx_headers_get(headers, LX_S("location")));
    lx_slice_cut(lx_headers_get(headers, LX_S("content-type")), ';', &m->said, &rest);
    m->said = lowered(lx_slice_trim(m->said), lx_call_arena(c));
    struct lx_slice length = lx_headers_get(headers, LX_S("content-length"));
    if (is_redirect(status)) {
        follow(c);
    } else if (status != 200) {
        fail(c, lx_arena_printf(lx_call_arena(c), "the server answers with status %d", status));
    } else if (length.n && lx_slice_int(length, &n) == 0 && n > c->settings->max_media_bytes) {
        fail(c, too_large);
    }
}

void lx_call_media_feed_body(struct lx_call *c, struct lx_slice piece)
{
    struct lx_buf *b = &c->media->body;
    if (c->media->status != 200)
        return;
    lx_buf_add(b, piece);
    if (b->failed == LX_ELIMIT)
        fail(c, too_large);
    else if (b->failed)
        fail(c, LX_S("out of memory"));
}

/* The bytes as the data of parts. */
static void take(struct lx_call *c)
{
    struct lx_call_media *m = c->media;
    size_t room = (m->body.n + 2) / 3 * 4 + 4;
    struct lx_media_found *f = lx_arena_new(&m->arena, struct lx_media_found);
    char *p = f ? lx_arena_bytes(&m->arena, room) : NULL;
    if (!p) {
        fail(c, LX_S("there is no memory for it (llmux_settings.max_request_memory_mb)"));
        return;
    }
    struct lx_buf text = {.p = p, .cap = room, .max = room};
    lx_base64_write(&text, lx_buf_slice(&m->body));
    lx_buf_clear(&m->body);
    f->url = lx_arena_copy(&m->arena, m->need->url);
    f->data = lx_buf_slice(&text);
    f->type =
        lx_arena_copy(&m->arena, lx_media_type_found(m->need->kind, m->said, f->data, m->url));
    if (text.failed || m->arena.failed) {
        fail(c, LX_S("there is no memory for it (llmux_settings.max_request_memory_mb)"));
    } else if (!f->data.n || !f->type.n) {
        fail(c,
             f->data.n ? LX_S("what is there is nothing of that kind") : LX_S("there is nothing"));
    } else {
        f->next = m->found;
        m->found = f;
        c->state = MEDIA;
    }
}

/* Who is not to know what there is inside learns no difference: what is said before that comes of
 * hosts that were connected. The server is nobody's provider. */
static struct lx_slice reason(const struct lx_call *c, int code)
{
    static const struct {
        int code;
        struct lx_slice text;
    } words[] = {
        {LX_ETIMEOUT_TOTAL, LX_S_INIT("it took too long")},
        {LX_ETIMEOUT_IDLE, LX_S_INIT("it took too long")},
        {LX_ETRUNCATED, LX_S_INIT("the server's answer ends early")},
        {LX_EPROTO, LX_S_INIT("the server's answer is not valid HTTP, or not coded as it says")},
        {LX_ETOOBIG, LX_S_INIT("the head of the server's answer is too large")},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].code == code)
            return words[i].text;
    if (c->media->out.public_only)
        return LX_S("the host cannot be reached, or has no public address (an administrator may "
                    "allow it: user_url_allowed_hosts in litellm_settings)");
    return lx_slice_z(lx_code_text(code));
}

void lx_call_media_feed_end(struct lx_call *c, int code)
{
    if (code == 0 && c->media->status == 200)
        take(c);
    else
        fail(c, code == 0 ? LX_S("the server sends no answer") : reason(c, code));
}
