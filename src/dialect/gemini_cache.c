/*
 * gemini_cache.c - back: prompts that Google keeps as cachedContents.
 *
 *   marked by the client                        generateContent beside cachedContent
 *   {model, systemInstruction, contents[..],    {contents[..], generationConfig, ...,
 *    tools, toolConfig, displayName, ttl}        cachedContent}
 *
 * gemini_contents.c finds the place; here a body is cut there, and Google's replies are read. What
 * stands outside of contents is kept whole, for Google refuses it beside cachedContent
 * ("CachedContent can not be used with GenerateContent request setting system_instruction, tools or
 * tool_config"). Facts: google.ai.generativelanguage.v1beta.CachedContent,
 * ai.google.dev/api/caching (2026), and recorded traffic (0xPlaygrounds/rig,
 * tests/cassettes/gemini/cached_content_matrix, 2026).
 */
#include "base/text.h"
#include "dialect/gemini.h"
#include "dialect/prompt_cache.h"
#include "wire/moment.h"

/* ---- Marks ---------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int64_t lx_gemini_ttl_read(struct lx_slice ttl)
{
    const int64_t most = (int64_t)366 * 86400 * 1000;
    struct lx_slice whole, fraction;
    int64_t n = 0, thousandths = 0;
    char unit = ttl.n ? ttl.p[ttl.n - 1] : '\0';
    int64_t scale = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
    bool dotted = scale && lx_slice_cut(lx_slice_to(ttl, ttl.n - 1), '.', &whole, &fraction);
    if (!scale || (whole.n && (!is_digit(whole.p[0]) || lx_slice_int(whole, &n))) ||
        (dotted ? !fraction.n : !whole.n) || n > most / 1000)
        return 0;
    for (size_t i = 0, place = 100; dotted && i < fraction.n; i++, place /= 10) {
        if (!is_digit(fraction.p[i]))
            return 0;
        thousandths += (fraction.p[i] - '0') * (int64_t)place;
    }
    int64_t ms = (n * 1000 + thousandths) * scale;
    return ms <= most ? ms : 0;
}

void lx_gemini_cut_settle(struct lx_gemini_writer *w)
{
    bool named = lx_gemini_extra_find(w->r->extra, "cachedContent") != NULL;
    bool keeps = w->o->keeps_prompts && !named;
    if (keeps && w->cut.set)
        w->b->cut = w->cut;
    else if (w->marked || w->r->cache.set)
        lx_losses_add(w->b->losses, LX_S("cache_control"),
                      keeps ? LX_S("Gemini keeps what ends in words of the user's or the system's, "
                                   "and leaves something to ask")
                            : LX_S("Gemini caches by itself, or what cachedContent names"));
}

/* ---- Cutting -------------------------------------------------------------------------------- */

/* In the order in which they are written: equal prompts are equal bytes. */
static const char *const kept_members[] = {"systemInstruction", "tools", "toolConfig"};

static bool is_kept(struct lx_slice name)
{
    size_t i = 0, n = sizeof(kept_members) / sizeof(kept_members[0]);
    while (i < n && !lx_gemini_name_eq(name, kept_members[i]))
        i++;
    return i < n;
}

/* A turn with a part of its parts. */
static void write_turn(struct lx_out *out, struct lx_json turn, size_t from, size_t to)
{
    lx_out_object(out, NULL);
    for (struct lx_json_iter it = lx_json_iter(turn); lx_json_next(&it);) {
        if (!lx_json_eq(it.name, LX_S("parts"))) {
            lx_out_name(out, lx_json_text(it.name));
            lx_out_value(out, NULL, it.value);
            continue;
        }
        size_t i = 0;
        lx_out_array(out, "parts");
        for (struct lx_json_iter p = lx_json_iter(it.value); lx_json_next(&p); i++)
            if (i >= from && i < to)
                lx_out_value(out, NULL, p.value);
        lx_out_array_end(out);
    }
    lx_out_object_end(out);
}

/* The turns before the cut, or behind it. */
static void write_contents(struct lx_out *out, struct lx_json contents,
                           const struct lx_prompt_cut *cut, bool before)
{
    size_t i = 0;
    lx_out_array(out, "contents");
    for (struct lx_json_iter it = lx_json_iter(contents); lx_json_next(&it); i++) {
        size_t parts = lx_json_count(LX_GET(it.value, "parts"));
        if (i == cut->turns && cut->parts && cut->parts < parts)
            write_turn(out, it.value, before ? 0 : cut->parts, before ? cut->parts : parts);
        else if (before == (i < cut->turns || (i == cut->turns && cut->parts)))
            lx_out_value(out, NULL, it.value);
    }
    lx_out_array_end(out);
}

/* Something is said behind the cut. */
static bool has_rest(struct lx_json contents, const struct lx_prompt_cut *cut)
{
    size_t turns = lx_json_count(contents);
    struct lx_json turn = lx_json_at(contents, cut->turns);
    return turns > cut->turns + 1 ||
           (turns == cut->turns + 1 && lx_json_count(LX_GET(turn, "parts")) > cut->parts);
}

static bool write_kept(const struct lx_json_doc *body, const struct lx_prompt_cut *cut,
                       struct lx_slice model, struct lx_buf *buf)
{
    struct lx_out out = lx_out(buf);
    struct lx_json root = lx_json_root(body), contents = lx_gemini_get(root, "contents");
    bool any = cut->turns || cut->parts;
    if (!has_rest(contents, cut) || lx_json_given(lx_gemini_get(root, "cachedContent")))
        return false;
    lx_out_object(&out, NULL);
    lx_out_str(&out, "model", model);
    for (size_t i = 0; i < sizeof(kept_members) / sizeof(kept_members[0]); i++) {
        struct lx_json v = lx_gemini_get(root, kept_members[i]);
        if (!lx_json_given(v))
            continue;
        lx_out_value(&out, kept_members[i], v);
        any = true;
    }
    if (cut->turns || cut->parts)
        write_contents(&out, contents, cut, true);
    return any;
}

static void write_end(const struct lx_prompt_cut *cut, struct lx_slice label, struct lx_buf *buf)
{
    struct lx_out out = {buf, true};
    char room[48];
    struct lx_buf ttl = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    long long s = cut->ttl_ms / 1000, ms = cut->ttl_ms % 1000;
    lx_out_str(&out, "displayName", label);
    lx_buf_addf(&ttl, "%lld", s);
    if (ms)
        lx_buf_addf(&ttl, ".%03lld", ms);
    lx_buf_add_byte(&ttl, 's');
    if (cut->ttl_ms)
        lx_out_str(&out, "ttl", lx_buf_slice(&ttl));
    lx_out_object_end(&out);
}

static void write_rest(const struct lx_json_doc *body, const struct lx_prompt_cut *cut,
                       struct lx_slice name, struct lx_buf *buf)
{
    struct lx_out out = lx_out(buf);
    struct lx_json root = lx_json_root(body);
    lx_out_object(&out, NULL);
    write_contents(&out, lx_gemini_get(root, "contents"), cut, false);
    for (struct lx_json_iter it = lx_json_iter(root); lx_json_next(&it);) {
        struct lx_text member = lx_json_text(it.name);
        if (is_kept(member.s) || lx_gemini_name_eq(member.s, "contents"))
            continue;
        lx_out_name(&out, member);
        lx_out_value(&out, NULL, it.value);
    }
    lx_out_str(&out, "cachedContent", name);
    lx_out_object_end(&out);
}

/* ---- Replies -------------------------------------------------------------------------------- */

static int64_t moment_of(struct lx_json v, struct lx_arena *a)
{
    int64_t s;
    return lx_moment_read(lx_json_str(v, a), &s) == 0 ? s : 0;
}

static void read_one(struct lx_json v, struct lx_slice label, struct lx_arena *a,
                     struct lx_kept_prompt *out)
{
    struct lx_slice name = lx_json_str(LX_GET(v, "name"), a);
    if (!name.n || !lx_json_eq(LX_GET(v, "displayName"), label))
        return;
    int64_t made = moment_of(LX_GET(v, "createTime"), a);
    int64_t expires = moment_of(LX_GET(v, "expireTime"), a);
    if (out->name.p && expires <= out->expires_s)
        return;
    out->name = name;
    out->expires_s = expires;
    out->life_s = made && expires > made ? expires - made : 0;
}

static void read_reply(const struct lx_json_doc *reply, struct lx_slice label, struct lx_arena *a,
                       struct lx_kept_prompt *out)
{
    struct lx_json root = lx_json_root(reply), list = LX_GET(root, "cachedContents");
    *out = (struct lx_kept_prompt){.name = {NULL, 0}};
    read_one(root, label, a, out);
    if (lx_json_is(list, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
            read_one(it.value, label, a, out);
    out->next_page = lx_json_str(LX_GET(root, "nextPageToken"), a);
}

static struct lx_slice query(struct lx_slice page, struct lx_arena *a)
{
    enum { MAX_TOKEN = 8192 };
    struct lx_buf out;
    lx_buf_init(&out, MAX_TOKEN);
    lx_buf_add_lit(&out, "pageSize=1000");
    if (page.n) {
        lx_buf_add_lit(&out, "&pageToken=");
        lx_percent_write(&out, page, LX_S(""));
    }
    return lx_buf_take(&out, a);
}

/* "CachedContent not found (or permission denied)" (403, recorded 2026); "Not found: cached content
 * metadata for 735." (404, Vertex AI, googleapis/python-genai#509); "Tool config, tools and system
 * instruction should not be set in the request when using cached content." (400) */
static bool is_meant(const struct lx_fault *f)
{
    static const struct lx_slice words[] = {LX_S_INIT("CachedContent"), LX_S_INIT("cachedContent"),
                                            LX_S_INIT("ached content")};
    size_t i = 0, n = sizeof(words) / sizeof(words[0]);
    while (i < n && lx_slice_find(f->message, words[i]) < 0)
        i++;
    return i < n;
}

const struct lx_prompt_cache lx_gemini_prompt_cache = {
    .write_kept = write_kept,
    .write_end = write_end,
    .write_rest = write_rest,
    .read = read_reply,
    .query = query,
    .is_meant = is_meant,
};
