/*
 * relay_whole.c - a provider's whole reply into the client's: a body that passes, is mended, or is
 * read and told anew.
 *
 * Called by relay.c when a body has come whole, and by the call machine for replies that nobody
 * sent. What comes record by record is not its business.
 */
#include "call/bill.h"
#include "call/gather.h"
#include "call/relay_inner.h"

static bool is_error_body(const struct lx_json_doc *doc)
{
    struct lx_json e = LX_GET(lx_json_root(doc), "error");
    return (lx_json_is(e, LX_JSON_OBJECT) && lx_json_count(e)) ||
           (lx_json_is(e, LX_JSON_STRING) && lx_json_text(e).s.n);
}

static bool has_citations(const struct lx_reply *reply)
{
    for (const struct lx_choice *c = reply->choices; c; c = c->next)
        for (const struct lx_part *p = c->parts; p; p = p->next)
            if (p->citations.n)
                return true;
    return false;
}

int lx_relay_reply(struct lx_relay *r, const struct lx_reply *reply, struct lx_buf *out)
{
    struct lx_events events = {.arena = &r->scratch->arena};
    struct lx_reply counted;
    r->glance.searched = r->back == &lx_dialect_openai_chat && has_citations(reply);
    lx_bill_chosen(r->biller, reply->model.s, &r->keep);
    lx_relay_remember_usage(r, &reply->usage);
    if (!reply->usage.known && r->biller) {
        lx_said_add_reply(&r->said, reply);
        counted = *reply;
        int code = lx_relay_complete_usage(r, &counted.usage);
        if (code < 0)
            return code;
        reply = &counted;
    }
    r->glance.finish = reply->choices ? reply->choices->finish : LX_FINISH_NONE;
    r->glance.content = true;
    if (r->stream) {
        int code = lx_reply_spread(reply, &events);
        return code < 0 ? code : lx_relay_events(r, &events, out);
    }
    r->front->front->write_reply(reply, &r->context, out);
    return r->scratch->arena.failed;
}

/* One reply of several: kept until the last one has come. */
static int gather(struct lx_relay *r, const struct lx_reply *reply, struct lx_buf *out,
                  struct lx_error *err)
{
    int code = lx_gather_add(r->gather, reply, r->inputs, err);
    return code < 0 || r->inputs_left ? code : lx_relay_reply(r, &r->gather->whole, out);
}

static int translate_whole(struct lx_relay *r, struct lx_buf *out, struct lx_error *err)
{
    struct lx_reply *reply = lx_arena_new(&r->scratch->arena, struct lx_reply);
    int code = reply ? r->back->back->read_reply(&r->scratch->doc, &r->context, &r->scratch->arena,
                                                 reply, err)
                     : LX_ENOMEM;
    const struct lx_reply *good = reply;
    if (code == 0)
        code = lx_relay_verify(r, &good);
    if (code == 0 && good)
        code = r->gather ? gather(r, good, out, err) : lx_relay_reply(r, good, out);
    return code == LX_ENOMEM ? lx_relay_fail(code, err, "no memory for the reply") : code;
}

/* Appends the body that lies in the scratch document, with that usage in it. */
static int write_with_usage(struct lx_relay *r, const struct lx_usage *usage, struct lx_buf *out)
{
    static const struct lx_slice before = LX_S_INIT("{\"usage\":");
    const struct lx_json_doc *doc = &r->scratch->doc;
    struct lx_json_edit e;
    struct lx_buf text;
    lx_buf_init(&text, 4096);
    struct lx_out o = lx_out(&text);
    lx_out_object(&o, NULL);
    r->front->front->write_usage(&o, "usage", usage);
    lx_out_object_end(&o);
    int code = text.failed;
    lx_json_edit_init(&e, doc, &r->scratch->arena);
    if (r->front->front->mark)
        r->front->front->mark(doc, &r->context, &e);
    if (code == 0) {
        lx_json_edit_set(&e, lx_json_root(doc), LX_S("usage"),
                         lx_slice(text.p + before.n, text.n - before.n - 1));
        code = lx_json_edit_write(&e, out);
    }
    lx_buf_clear(&text);
    return code;
}

static int write_mended(struct lx_relay *r, struct lx_buf *out, struct lx_error *err)
{
    struct lx_json_edit e;
    lx_json_edit_init(&e, &r->scratch->doc, &r->scratch->arena);
    if (r->front->front->mark)
        r->front->front->mark(&r->scratch->doc, &r->context, &e);
    if (r->back->back->mend)
        r->back->back->mend(&r->scratch->doc, &e);
    int code = lx_json_edit_write(&e, out);
    return code < 0 ? lx_relay_fail(code, err, "no memory for the reply") : 0;
}

/* A whole body that passes, but for usage, which its provider left out. 1: written so; 0: it passes
 * as it came; or a code. */
static int pass_with_estimate(struct lx_relay *r, struct lx_buf *out)
{
    struct lx_arena *a = &r->scratch->arena;
    struct lx_reply *reply = lx_arena_new(a, struct lx_reply);
    struct lx_usage usage = {0};
    int code = reply ? r->back->back->read_reply(&r->scratch->doc, &r->context, a, reply, NULL)
                     : LX_ENOMEM;
    if (code < 0)
        return code == LX_ENOMEM ? code : 0;
    lx_said_add_reply(&r->said, reply);
    code = lx_relay_complete_usage(r, &usage);
    if (code == 0 && usage.known && r->front->front->write_usage)
        code = write_with_usage(r, &usage, out);
    return code < 0 ? code : r->front->front->write_usage != NULL;
}

/* The body that lies in the scratch document, and is to pass. */
static int verify_passing(struct lx_relay *r, struct lx_error *err)
{
    const struct lx_reply *good;
    if (!r->context.form)
        return 0;
    struct lx_reply *reply = lx_arena_new(&r->scratch->arena, struct lx_reply);
    int code = reply ? r->back->back->read_reply(&r->scratch->doc, &r->context, &r->scratch->arena,
                                                 reply, err)
                     : LX_ENOMEM;
    good = reply;
    if (code == 0)
        code = lx_relay_verify(r, &good);
    return code == LX_ENOMEM ? lx_relay_fail(code, err, "no memory for the reply") : code;
}

/* A whole body of vectors that passes as it came: only what is around the numbers is read. False:
 * there is more to it. */
static bool pass_vectors(struct lx_relay *r, struct lx_slice body)
{
    struct lx_json_doc *doc = &r->scratch->doc;
    struct lx_glance g = {.finish = LX_FINISH_NONE};
    struct lx_buf thin;
    if (!r->same || r->back->operation != LX_OPERATION_EMBED)
        return false;
    lx_buf_init(&thin, r->max_bytes);
    lx_json_thin(body, &thin);
    bool good = !thin.failed && lx_json_read(doc, lx_buf_slice(&thin), &r->limits, NULL) == 0 &&
                !is_error_body(doc) && r->back->back->glance_reply(doc, &g) == 0 && g.usage.known &&
                !g.incomplete;
    if (good)
        lx_relay_remember_glance(r, &g);
    lx_buf_clear(&thin);
    return good;
}

int lx_relay_end_whole(struct lx_relay *r, struct lx_buf *out, struct lx_slice *as_is,
                       struct lx_error *err)
{
    struct lx_json_doc *doc = &r->scratch->doc;
    struct lx_slice body = lx_buf_slice(r->whole);
    struct lx_error why = {0};
    lx_arena_reset(&r->scratch->arena);
    if (pass_vectors(r, body)) {
        *as_is = body;
        return 0;
    }
    int code = lx_slice_trim(body).n ? lx_json_read(doc, body, &r->limits, &why) : LX_ETRUNCATED;
    if (code == LX_ENOMEM)
        return lx_relay_fail(code, err, "no memory for the reply");
    if (code == LX_ETRUNCATED)
        return lx_relay_fail(LX_EPROTO, err, "the provider answered with an empty body");
    if (r->back->operation == LX_OPERATION_PROBE && (code < 0 || !is_error_body(doc))) {
        *as_is = body;
        return 0;
    }
    if (code < 0)
        return lx_error_set(err, LX_EPROTO, "the provider's reply is not JSON (%s): %.*s", why.text,
                            LX_F(lx_slice_to(body, 80)));
    if (r->context.kept) /* whatever it is, it is what was asked for */
        return write_mended(r, out, err);
    if (is_error_body(doc)) {
        lx_relay_read_fault(r, body);
        return 0;
    }
    bool list = lx_json_is(lx_json_root(doc), LX_JSON_ARRAY) && r->back->back->lists;
    if (r->back->operation == LX_OPERATION_CHAT && !list &&
        !lx_json_is(lx_json_root(doc), LX_JSON_OBJECT))
        return lx_error_set(err, LX_EPROTO, "the provider's reply is no JSON object: %.*s",
                            LX_F(lx_slice_to(body, 80)));
    if (!r->same || r->stream)
        return translate_whole(r, out, err);
    struct lx_glance g = {.finish = LX_FINISH_NONE};
    code = r->back->back->glance_reply(doc, &g);
    if (code < 0)
        return lx_error_set(err, LX_EPROTO, "the provider's reply is none to what was asked: %.*s",
                            LX_F(lx_slice_to(body, 80)));
    if (g.tagged)
        return translate_whole(r, out, err);
    lx_relay_remember_glance(r, &g);
    if ((code = verify_passing(r, err)) != 0 || r->over)
        return code;
    if (g.incomplete)
        return write_with_usage(r, &r->glance.usage, out);
    if (g.odd && g.usage.known && r->back->back->mend)
        return write_mended(r, out, err);
    code = g.usage.known || !r->biller ? 0 : pass_with_estimate(r, out);
    if (code < 0)
        return lx_relay_fail(code, err, "no memory to count what was said");
    if (code == 0 && r->front->front->mark && r->context.deployment.n)
        return write_mended(r, out, err);
    if (code == 0)
        *as_is = body;
    return 0;
}
