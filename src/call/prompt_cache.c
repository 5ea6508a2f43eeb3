/*
 * prompt_cache.c - the beginning of a prompt, which its provider keeps under a name: found or made
 * before the attempt, and named in the place of what it says.
 *
 *   an attempt is written, and may be cut
 *        |                   the name is known: USE ---------------------------------> SEND
 *        v                   another call makes it: sleep, and look again ---> (PROMPT)
 *      PROMPT --> (store) -- it failed lately, or is too short: a loss --------------> SEND
 *                            else: list, page by page --found--> USE ----------------> SEND
 *                                   | not there
 *                                   v
 *                                  create --> USE, or a loss ------------------------> SEND
 *
 * Whatever becomes of it the request is sent: with less to say, or as it was written. Where the
 * provider has forgotten the name meanwhile it is made once more; where it does not like what it is
 * named beside, the request is sent as it was written. LiteLLM (1.106.2, vertex_ai/context_caching)
 * asks for the list with every request, and fails those for which nothing could be made.
 *
 * Called by call.c. What is said to whom is the language's (dialect/prompt_cache.h).
 */
#include "base/text.h"
#include "call/count.h"
#include "call/head.h"
#include "call/inner.h"
#include "call/prompts.h"
#include "dialect/prompt_cache.h"

#include <openssl/sha.h>

enum {
    MAX_REPLY_BYTES = 4 << 20,
    MAX_PAGES = 20,
    FINDING_MS = 60000,     /* all of it, or what the attempt has */
    MIN_TOKENS = 1024,      /* of a model that nothing is known of (ai.google.dev, LiteLLM) */
    TOKEN_BYTES = 16,       /* texts have more tokens than one for so many bytes */
    LEAST_LIFE_MS = 30000,  /* what ends sooner is not worth a name */
    USUAL_LIFE_MS = 300000, /* of what does not say when it ends */
    SKEW_MS = 10000,        /* a name is not used in its last seconds: clocks differ */
    RETRY_MS = 60000,
    REFUSED_MS = 600000, /* the same would be refused again */
};

struct lx_call_prompt {
    struct lx_prompt_id id;
    struct lx_slice label; /* what the provider's list shows */
    struct lx_slice body;  /* the request as it was written */
    struct lx_slice name;  /* in the request that is sent; or empty */
    struct lx_outgoing out;
    int64_t until_ms; /* the request waits no longer for it */
    int waits, pages, status;
    bool making, creating;
    bool anew; /* the provider had forgotten it */
};

static const struct lx_prompt_cache *language(const struct lx_call *c)
{
    return c->attempt.back->back->cache;
}

static void lose(struct lx_call *c, struct lx_slice why)
{
    lx_losses_add(
        &c->attempt.losses, LX_S("cache_control"),
        lx_arena_printf(lx_call_arena(c), "it is not kept by the provider: %.*s", LX_F(why)));
}

/* ---- Whether it is worth it ----------------------------------------------------------------- */

/* What was seen of a prompt's length. */
struct measure {
    struct lx_buf text;
    size_t bytes; /* of all texts */
    bool media;   /* whose tokens only the provider knows */
};

static void measure_value(struct measure *m, struct lx_json v, struct lx_arena *a)
{
    struct lx_slice text = lx_json_str(v, a);
    m->bytes += text.n;
    lx_buf_add(&m->text, text); /* up to its ceiling: then it is long enough anyway */
    if (lx_json_is(v, LX_JSON_OBJECT) || lx_json_is(v, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);) {
            bool media =
                lx_json_eq(it.name, LX_S("inlineData")) || lx_json_eq(it.name, LX_S("fileData"));
            m->media |= media;
            if (!media)
                measure_value(m, it.value, a);
        }
}

static int64_t least_tokens(const struct lx_call *c)
{
    const struct lx_target *known =
        lx_deployment_known(c->report.deployment, c->report.upstream_model);
    if (c->settings->kept_min_tokens > 0)
        return c->settings->kept_min_tokens;
    return known && known->kept_min_tokens > 0 ? known->kept_min_tokens : MIN_TOKENS;
}

/* Tokens of texts that are at their end, or past it. */
static int count(struct lx_call *c, struct lx_slice text, int64_t *tokens)
{
    struct lx_counter counter;
    struct lx_tokenizer *t = lx_call_pool_tokenizer(c->pool);
    lx_counter_of(c->report.deployment, c->report.upstream_model, c->settings->cost.catalog,
                  &counter);
    return t ? lx_count_text(&counter, t, text, tokens) : LX_ENOMEM;
}

/* Google refuses short ones; most can be told apart by their bytes. 1, 0, or a code. */
static int is_long(struct lx_call *c, struct lx_slice kept)
{
    size_t least = (size_t)least_tokens(c), enough = least * TOKEN_BYTES;
    int64_t tokens = 0;
    struct lx_json_doc doc;
    struct lx_arena a;
    struct measure m = {.bytes = 0};
    if (kept.n < least || kept.n >= enough * 4)
        return kept.n >= least;
    lx_json_doc_init(&doc);
    lx_arena_init(&a, c->settings->max_arena_bytes);
    lx_buf_init(&m.text, enough);
    struct lx_slice whole = lx_arena_printf(&a, "%.*s}", LX_F(kept));
    int code = whole.p ? lx_json_read(&doc, whole, NULL, NULL) : a.failed;
    if (code == 0)
        measure_value(&m, lx_json_root(&doc), &a);
    if (code == 0)
        code = a.failed ? a.failed : m.text.failed == LX_ENOMEM ? LX_ENOMEM : 0;
    bool is_plain = code == 0 && !m.media && m.bytes < enough;
    if (is_plain)
        code = count(c, lx_buf_slice(&m.text), &tokens);
    lx_buf_clear(&m.text);
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
    return code < 0 ? code : !is_plain || (size_t)tokens >= least;
}

static int64_t until_ms(const struct lx_call *c)
{
    int64_t total = lx_call_total_ms(c);
    return c->now_ms + (total > 0 && total < FINDING_MS ? total : FINDING_MS);
}

/* ---- What it is ----------------------------------------------------------------------------- */

/* Who asks, as far as it matters to what is kept; not the token of the hour. */
static struct lx_slice asker(const struct lx_deployment *d)
{
    return d->credential ? lx_slice((const char *)d->credential->id, sizeof(d->credential->id))
                         : lx_secret_bytes(&d->key);
}

static int identify(struct lx_call *c, struct lx_call_prompt *p, struct lx_slice kept)
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    const struct lx_slice pieces[] = {c->attempt.kept_url, asker(c->report.deployment)};
    struct lx_buf text;
    lx_buf_init(&text, 1 << 20);
    SHA256((const unsigned char *)kept.p, kept.n, sum);
    lx_hex_write(&text, lx_slice((const char *)sum, sizeof(sum)));
    p->label = lx_arena_copy(lx_call_arena(c), lx_buf_slice(&text));
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        lx_buf_add_byte(&text, '\n');
        lx_buf_add(&text, pieces[i]);
    }
    int code = text.failed ? text.failed : lx_call_arena(c)->failed;
    if (code == 0)
        SHA256((const unsigned char *)text.p, text.n, p->id.v);
    if (text.p)
        lx_wipe(text.p, text.cap);
    lx_buf_clear(&text);
    return code;
}

/* The body that was written, cut: what is to be kept, with or without its end, which labels it; or
 * what is still to be said beside a name. 1; 0: nothing is to be kept; or a code. */
enum piece { KEPT, CREATION, REST };

static int cut(const struct lx_attempt *at, struct lx_slice body, enum piece piece,
               struct lx_slice name, struct lx_buf *out)
{
    const struct lx_prompt_cache *l = at->back->back->cache;
    struct lx_json_doc doc;
    bool ok = true;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, body, NULL, NULL);
    if (code == 0 && piece == REST)
        l->write_rest(&doc, &at->cut, name, out);
    else if (code == 0)
        ok = l->write_kept(&doc, &at->cut, at->kept_model, out);
    if (code == 0 && ok && piece == CREATION)
        l->write_end(&at->cut, name, out);
    lx_json_doc_clear(&doc);
    return code < 0 ? code : out->failed ? out->failed : ok;
}

int lx_attempt_kept_body(const struct lx_attempt *at, struct lx_slice label, struct lx_buf *out)
{
    return at->cut.set ? cut(at, at->out.body, CREATION, label, out) : 0;
}

int lx_call_prompt_begin(struct lx_call *c)
{
    struct lx_arena *a = lx_call_arena(c);
    struct lx_buf kept;
    lx_call_prompt_drop(c);
    if (!c->attempt.cut.set || c->resume.active)
        return 0;
    lx_buf_init(&kept, SIZE_MAX / 4);
    struct lx_call_prompt *p = lx_arena_new(a, struct lx_call_prompt);
    int code = p ? cut(&c->attempt, c->attempt.out.body, KEPT, LX_S(""), &kept) : a->failed;
    bool cuts = code == 1;
    if (code == 0)
        lose(c, LX_S("nothing of it can be"));
    if (cuts)
        code = is_long(c, lx_buf_slice(&kept));
    if (cuts && code == 0)
        lose(c, LX_S("it is too short for that"));
    if (code == 1) {
        int failed = identify(c, p, lx_buf_slice(&kept));
        p->body = c->attempt.out.body;
        p->until_ms = until_ms(c);
        c->prompt = failed ? NULL : p;
        code = failed ? failed : 1;
    }
    lx_buf_clear(&kept);
    return code < 0 ? code : a->failed ? a->failed : code;
}

/* ---- Names ---------------------------------------------------------------------------------- */

static void refuse(struct lx_call *c, int code)
{
    const struct lx_fault f = lx_fault_of_error(code, NULL, lx_call_arena(c));
    lx_call_refuse(c, &f);
}

static void use(struct lx_call *c, struct lx_slice name)
{
    struct lx_call_prompt *p = c->prompt;
    struct lx_arena *a = lx_call_arena(c);
    struct lx_buf rest;
    lx_buf_init(&rest, SIZE_MAX / 4);
    p->name = lx_arena_copy(a, name);
    int code = cut(&c->attempt, p->body, REST, p->name, &rest);
    if (code == 1)
        c->attempt.out.body = lx_buf_take(&rest, a);
    lx_buf_clear(&rest);
    c->state = SEND;
    if (code < 0 || a->failed)
        refuse(c, a->failed ? a->failed : code);
}

static void go_without(struct lx_call *c, struct lx_slice why)
{
    lose(c, why);
    c->state = SEND;
    if (lx_call_arena(c)->failed)
        refuse(c, lx_call_arena(c)->failed);
}

static struct lx_prompts *store(struct lx_call *c)
{
    return lx_call_pool_prompts(c->pool);
}

/* Nothing is made, and nobody tries again before then. */
static void fail(struct lx_call *c, struct lx_slice why, int64_t retry_ms)
{
    c->prompt->making = false;
    lx_prompts_fail(store(c), &c->prompt->id, why, c->now_ms + retry_ms);
    go_without(c, why);
}

static void keep(struct lx_call *c, struct lx_slice name, int64_t life_ms)
{
    int64_t skew = life_ms / 10 < SKEW_MS ? life_ms / 10 : SKEW_MS;
    c->prompt->making = false;
    lx_prompts_put(store(c), &c->prompt->id, name, c->now_ms + life_ms - skew);
    use(c, name);
}

/* ---- The exchanges -------------------------------------------------------------------------- */

static void ask_list(struct lx_call *c, struct lx_slice page)
{
    struct lx_call_prompt *p = c->prompt;
    struct lx_arena *a = lx_call_arena(c);
    struct lx_slice query = language(c)->query(page, a);
    p->creating = false;
    p->pages++;
    p->out = (struct lx_outgoing){
        .method = LX_S("GET"),
        .url = lx_arena_printf(a, "%.*s?%.*s", LX_F(c->attempt.kept_url), LX_F(query)),
        .headers = lx_head_for_get(&c->attempt.out.headers, false, a),
        .trust = c->attempt.out.trust,
    };
    c->state = PROMPT_ASK;
    if (lx_call_arena(c)->failed)
        refuse(c, lx_call_arena(c)->failed);
}

static void ask_creation(struct lx_call *c)
{
    struct lx_call_prompt *p = c->prompt;
    struct lx_buf body;
    lx_buf_init(&body, SIZE_MAX / 4);
    int code = cut(&c->attempt, p->body, CREATION, p->label, &body);
    p->creating = true;
    p->out = (struct lx_outgoing){
        .method = LX_S("POST"),
        .url = c->attempt.kept_url,
        .headers = c->attempt.out.headers,
        .body = lx_buf_take(&body, lx_call_arena(c)),
        .trust = c->attempt.out.trust,
    };
    lx_buf_clear(&body);
    c->state = PROMPT_ASK;
    if (code < 0 || !p->out.body.p)
        refuse(c, LX_ENOMEM);
}

void lx_call_prompt_find(struct lx_call *c)
{
    struct lx_call_prompt *p = c->prompt;
    struct lx_prompts *prompts = store(c);
    if (!prompts) {
        refuse(c, LX_ENOMEM);
        return;
    }
    struct lx_prompt_answer answer = lx_prompts_find(prompts, &p->id, c->now_ms, p->waits, c);
    if (answer.verdict == LX_PROMPT_USE) {
        use(c, answer.text);
    } else if (answer.verdict == LX_PROMPT_NONE) {
        go_without(c, answer.text);
    } else if (answer.verdict == LX_PROMPT_WAIT && c->now_ms >= p->until_ms) {
        go_without(c, LX_S("another request has had it made for too long"));
    } else if (answer.verdict == LX_PROMPT_WAIT) {
        p->waits++;
        lx_call_sleep(c, answer.wait_ms, PROMPT);
    } else {
        p->making = true;
        p->pages = 0;
        ask_list(c, lx_slice(NULL, 0));
    }
}

void lx_call_prompt_fill(struct lx_call *c, struct lx_step *out)
{
    int64_t left = c->prompt->until_ms - c->now_ms;
    out->kind = LX_STEP_SEND;
    out->send.out = &c->prompt->out;
    out->send.connect_ms = c->settings->connect_timeout_ms;
    out->send.total_ms = left > 0 ? left : 1;
    out->send.aside = true;
    c->prompt->status = 0;
    lx_buf_reset(&c->memory->whole);
    c->state = PROMPT_WAIT;
}

void lx_call_prompt_feed_head(struct lx_call *c, int status)
{
    c->prompt->status = status;
}

void lx_call_prompt_feed_body(struct lx_call *c, struct lx_slice piece)
{
    struct lx_buf *whole = &c->memory->whole;
    if (piece.n <= MAX_REPLY_BYTES - whole->n)
        lx_buf_add(whole, piece);
    else
        c->prompt->status = 0; /* nothing that can be read */
}

/* What the provider said of it, in the words of its errors. */
static struct lx_slice complaint(struct lx_call *c)
{
    static const struct lx_headers none;
    struct lx_fault f = {.retry_after_ms = -1};
    c->attempt.back->back->read_error(c->prompt->status, lx_buf_slice(&c->memory->whole), &none,
                                      lx_call_arena(c), &f);
    return f.message;
}

static void end_list(struct lx_call *c, const struct lx_kept_prompt *got)
{
    int64_t left_ms = got->expires_s ? (got->expires_s - c->now_ms / 1000) * 1000 : USUAL_LIFE_MS;
    if (got->name.n && left_ms >= LEAST_LIFE_MS)
        keep(c, got->name, left_ms);
    else if (got->next_page.n && c->prompt->pages < MAX_PAGES)
        ask_list(c, lx_arena_copy(lx_call_arena(c), got->next_page));
    else
        ask_creation(c);
}

static void end_creation(struct lx_call *c, const struct lx_kept_prompt *got)
{
    int64_t life_ms = got->life_s ? got->life_s * 1000 : USUAL_LIFE_MS;
    if (got->name.n)
        keep(c, got->name, life_ms);
    else
        fail(c, LX_S("the provider's answer names none"), RETRY_MS);
}

void lx_call_prompt_feed_end(struct lx_call *c, int code, const struct lx_error *err)
{
    struct lx_call_prompt *p = c->prompt;
    struct lx_kept_prompt got = {.name = {NULL, 0}};
    struct lx_json_doc doc;
    if (code < 0 || !p->status) {
        const struct lx_fault f =
            lx_fault_of_error(code < 0 ? code : LX_EPROTO, err, lx_call_arena(c));
        fail(c, f.message, RETRY_MS);
        return;
    }
    if (p->status >= 400 && (p->creating || p->status >= 500 || p->status == 429)) {
        fail(c, complaint(c), p->status == 400 || p->status == 413 ? REFUSED_MS : RETRY_MS);
        return;
    }
    lx_json_doc_init(&doc);
    if (p->status < 300 &&
        lx_json_read(&doc, lx_buf_slice(&c->memory->whole), &c->settings->json, NULL) == 0)
        language(c)->read(&doc, p->label, lx_call_arena(c), &got);
    if (p->creating)
        end_creation(c, &got);
    else
        end_list(c, &got);
    lx_json_doc_clear(&doc);
}

/* ---- What became of it ---------------------------------------------------------------------- */

bool lx_call_prompt_again(struct lx_call *c, const struct lx_fault *f)
{
    struct lx_call_prompt *p = c->prompt;
    int status = c->upstream_status;
    if (!p || !p->name.n || (status != 400 && status != 403 && status != 404))
        return false;
    bool meant = language(c)->is_meant(f), gone = meant && status != 400;
    if (!meant && status != 400)
        return false;
    if (gone)
        lx_prompts_forget(store(c), &p->id, p->name);
    else if (meant)
        lx_prompts_fail(store(c), &p->id, f->message, c->now_ms + REFUSED_MS);
    p->name = lx_slice(NULL, 0);
    p->waits = 0;
    p->until_ms = until_ms(c);
    c->attempt.out.body = p->body;
    if (gone && !p->anew)
        c->state = PROMPT;
    else
        go_without(c, f->message);
    p->anew = true;
    return true;
}

void lx_call_prompt_drop(struct lx_call *c)
{
    if (c->prompt && c->prompt->making)
        lx_prompts_drop(store(c), &c->prompt->id, c);
    c->prompt = NULL;
}
