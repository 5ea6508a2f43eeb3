/*
 * choose.c - the model that an auto router (route/auto.h) chooses for a call.
 *
 * Called when the client's model is looked up, or a fallback's. What comes of it is a group's name,
 * which goes its way as if the client had asked for it.
 *
 * One that chooses by meaning wants vectors first: an inquiry, a call of its own to the embedding
 * model, with its routing and retries. Its steps are given to the host in this call's place, and
 * what it emits is read here; once it is over, the host is told what it cost. Utterances are asked
 * for with the first request of a thread, in one go with it, and then remembered. Whatever fails,
 * the router's default is asked.
 */
#include "base/float.h"
#include "base/random.h"
#include "call/inner.h"

#include <stdlib.h>

enum { MAX_DIMENSIONS = 16384, MAX_ANSWER = 256 << 20 };

struct lx_inquiry {
    struct lx_call *call; /* NULL: it is over */
    const struct lx_semantic *of;
    struct lx_said_lately said;
    struct lx_buf body, answer;
    int64_t begun_ms;
    bool failed, whole; /* whole: utterances are asked for, too */
    bool told;          /* the host has been told what came of it */
    float *vectors;     /* of utterances where whole, then of the text; or NULL */
    size_t dimensions;
};

static const uint64_t seed[2] = {0x6175746f, 0x726f75746572};

/* The client's session, else how its conversation began; with its key. 0: not known yet. */
static uint64_t session_of(struct lx_call *c, const struct lx_said_lately *said)
{
    const uint64_t with[2] = {seed[0] ^ c->in.key_hash, seed[1]};
    struct lx_slice s = lx_facts_session(&c->in, &c->memory->members, lx_call_arena(c));
    if (!s.n)
        s = said->first;
    return s.n ? lx_hash(s, with) : 0;
}

static int64_t min_tier_of(const struct lx_call *c)
{
    int64_t n = 0;
    if (c->in.min_quality_tier > 0)
        return c->in.min_quality_tier;
    (void)lx_json_int(LX_GET(c->memory->members.v[LX_MEMBER_METADATA], "min_quality_tier"), &n);
    return n;
}

static int set_members(struct lx_call *c, struct lx_slice members)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, members, NULL, NULL);
    if (code == 0)
        code = lx_call_set_members(c, lx_json_root(&doc));
    lx_json_doc_clear(&doc);
    return code;
}

/* ---- Vectors ----------------------------------------------------------------------------------
 */

/* At most so many characters. */
static struct lx_slice cut(struct lx_slice text, int64_t chars)
{
    size_t n = 0;
    for (; n < text.n; n++)
        if (((unsigned char)text.p[n] & 0xc0) != 0x80 && chars-- == 0)
            break;
    return lx_slice_to(text, n);
}

static void write_body(struct lx_inquiry *q, struct lx_slice text)
{
    struct lx_out o = lx_out(&q->body);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "model", q->of->embedder);
    lx_out_array(&o, "input");
    for (size_t i = 0; q->whole && i < q->of->count; i++)
        lx_out_str(&o, NULL, q->of->utterances[i]);
    lx_out_str(&o, NULL, cut(text, q->of->max_chars));
    lx_out_array_end(&o);
    lx_out_object_end(&o);
}

static struct lx_call *new_inquiry_call(struct lx_call *c)
{
    const struct lx_call_input in = {.routes = c->in.routes,
                                     .front = &lx_dialect_openai_embed,
                                     .pool = c->pool,
                                     .keys = c->in.keys,
                                     .body = lx_buf_slice(&c->inquiry->body),
                                     .is_mirror = true,
                                     .call_id = c->in.call_id,
                                     .now_ms = c->now_ms,
                                     .random = lx_random_next(&c->random),
                                     .timeout_ms = c->in.timeout_ms,
                                     .max_retries = c->in.max_retries,
                                     .key_hash = c->in.key_hash,
                                     .trail = c->in.trail};
    return c->inquiry->body.failed ? NULL : lx_call_new(&in);
}

bool lx_call_inquire(struct lx_call *c)
{
    const struct lx_auto *r = lx_auto_find(c->in.routes, c->report.model);
    struct lx_said_lately said;
    size_t unused;
    if (!r || !r->semantic || !r->semantic->count)
        return false;
    lx_said_read(lx_json_root(&c->memory->doc), lx_call_arena(c), &said);
    struct lx_inquiry *q = said.user.n ? calloc(1, sizeof(*q)) : NULL;
    if (!q)
        return false;
    c->inquiry = q;
    q->of = r->semantic;
    q->said = said;
    q->begun_ms = c->now_ms;
    q->whole = !lx_call_pool_vectors(c->pool, q->of->identity, &unused);
    lx_buf_init(&q->body, MAX_ANSWER);
    lx_buf_init(&q->answer, MAX_ANSWER);
    write_body(q, said.user);
    q->call = new_inquiry_call(c);
    return q->call != NULL;
}

struct lx_call *lx_call_inquiry(const struct lx_call *c)
{
    return c->inquiry ? c->inquiry->call : NULL;
}

void lx_call_inquiry_free(struct lx_call *c)
{
    struct lx_inquiry *q = c->inquiry;
    if (!q)
        return;
    lx_call_free(q->call);
    lx_buf_clear(&q->body);
    lx_buf_clear(&q->answer);
    free(q->vectors);
    free(q);
    c->inquiry = NULL;
}

/* One vector of the reply; false: it is none, or has other dimensions than those before. */
static bool read_vector(struct lx_inquiry *q, struct lx_json v, size_t at, size_t count)
{
    size_t n = 0, all = lx_json_is(v, LX_JSON_ARRAY) ? lx_json_count(v) : 0;
    if (!q->vectors && all && all <= MAX_DIMENSIONS) {
        q->dimensions = all;
        q->vectors = malloc(count * all * sizeof(*q->vectors));
    }
    if (!q->vectors || all != q->dimensions)
        return false;
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);)
        if (lx_float_read(lx_json_raw(it.value), &q->vectors[at * all + n++]) != 0)
            return false;
    return true;
}

static void read_answer(struct lx_call *c)
{
    struct lx_inquiry *q = c->inquiry;
    struct lx_json_doc doc;
    size_t n = 0, count = (q->whole ? q->of->count : 0) + 1;
    lx_json_doc_init(&doc);
    bool well = !q->failed && !q->answer.failed &&
                lx_json_read(&doc, lx_buf_slice(&q->answer), NULL, NULL) == 0;
    struct lx_json data = LX_GET(lx_json_root(&doc), "data");
    well &= lx_json_is(data, LX_JSON_ARRAY) && lx_json_count(data) == count;
    if (well)
        for (struct lx_json_iter it = lx_json_iter(data); well && lx_json_next(&it); n++)
            well = read_vector(q, LX_GET(it.value, "embedding"), n, count);
    lx_json_doc_clear(&doc);
    if (well && q->whole)
        lx_call_pool_put_vectors(c->pool, q->of->identity, q->vectors, q->of->count, q->dimensions);
    if (!well)
        q->failed = true;
}

bool lx_call_inquiry_next(struct lx_call *c, struct lx_step *out)
{
    struct lx_inquiry *q = c->inquiry;
    if (q->told) {
        lx_call_free(q->call);
        q->call = NULL;
        lx_buf_clear(&q->body);
        lx_buf_clear(&q->answer);
        return false;
    }
    for (;;) {
        lx_call_next(q->call, out);
        if (out->kind == LX_STEP_EMIT) {
            q->failed |= out->emit.head && out->emit.status >= 400;
            lx_buf_add(&q->answer, out->emit.bytes);
        } else if (out->kind == LX_STEP_DONE) {
            read_answer(c);
            q->told = true;
            memset(out, 0, sizeof(*out));
            out->kind = LX_STEP_NOTE;
            out->note = lx_call_report(q->call);
            out->note_ms = c->now_ms - q->begun_ms;
            return true;
        } else {
            out->send.aside = out->kind == LX_STEP_SEND;
            out->send.hedge_ms = 0;
            return true;
        }
    }
}

static void take_vectors(struct lx_call *c, struct lx_auto_question *q)
{
    struct lx_inquiry *i = c->inquiry;
    size_t n = i->whole ? i->of->count : 0, dimensions = i->dimensions;
    if (i->failed || !i->vectors)
        return;
    q->vector = i->vectors + n * i->dimensions;
    q->utterances =
        i->whole ? i->vectors : lx_call_pool_vectors(c->pool, i->of->identity, &dimensions);
    q->dimensions = q->utterances && dimensions == i->dimensions ? dimensions : 0;
}

/* ---- The choice -------------------------------------------------------------------------------
 */

int lx_call_choose_model(struct lx_call *c, struct lx_slice *name, struct lx_fault *f)
{
    const struct lx_auto *r = lx_auto_find(c->in.routes, *name);
    struct lx_arena *a = lx_call_arena(c);
    struct lx_said_lately read;
    const struct lx_said_lately *said = &read;
    struct lx_auto_choice choice;
    if (!r)
        return 0;
    bool asked = c->inquiry && r->semantic == c->inquiry->of;
    if (asked)
        said = &c->inquiry->said;
    else
        lx_said_read(lx_json_root(&c->memory->doc), a, &read);
    struct lx_auto_question q = {.said = said,
                                 .now_ms = c->now_ms,
                                 .random = lx_random_next(&c->random),
                                 .session = r->kind->learns ? session_of(c, said) : 0,
                                 .min_tier = min_tier_of(c)};
    if (asked)
        take_vectors(c, &q);
    lx_auto_choose(r, &q, a, &choice);
    if (!choice.model) {
        *f = (struct lx_fault){
            .kind = LX_FAULT_BAD_REQUEST,
            .message = lx_arena_printf(a, "the auto router %.*s has no model for this request%s",
                                       LX_F(lx_slice_to(r->name, 100)),
                                       q.min_tier ? " of the quality that is asked for" : ""),
            .retry_after_ms = -1};
        return LX_EINVAL;
    }
    int code = choice.model->members.n ? set_members(c, choice.model->members) : 0;
    if (code < 0)
        *f = lx_fault_of_error(code, NULL, a);
    *name = choice.model->name;
    c->report.router = r;
    c->report.routed_by = choice.by;
    c->report.routed_why = choice.why;
    c->memory->facts.router = lx_note_hash(r->name);
    c->memory->facts.routed_by = choice.by;
    return code;
}
