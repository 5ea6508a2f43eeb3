/*
 * follow.c - answers that are not in the reply but elsewhere, later: the reply of a service that
 * works on it names an address, which is asked until the answer is there (back's follow()).
 *
 * Called by call.c when a whole reply has come. All of it is one attempt, under one deadline: where
 * asking fails it is asked again, because making the request anew would cost a second answer; and
 * who works on an answer that nobody waits for any more is told so (lx_call_parting). An address is
 * followed with the key of the one before, so it must be the deployment's own host, or one that the
 * provider's row names.
 */
#include "call/head.h"
#include "call/inner.h"
#include "wire/url.h"

#include <stdlib.h>

enum { MAX_FAILED_POLLS = 5, FAILED_POLL_MS = 1000 };

/* Lives as long as a stream, whose call has given its memory back. */
struct lx_parting {
    struct lx_arena arena;
    struct lx_outgoing out;
    bool due, said;
};

static bool is_own(const struct lx_deployment *d, struct lx_slice url)
{
    struct lx_url to, base;
    if (lx_url_read(url, &to, NULL) < 0 || lx_url_read(d->base_url, &base, NULL) < 0 ||
        to.userinfo.n)
        return false;
    if (to.tls == base.tls && to.port == base.port && lx_slice_eq_nocase(to.host, base.host))
        return true;
    return d->provider->follow_hosts && to.tls && to.port == 443 &&
           lx_provider_has_host(d->provider, d->base_url) &&
           lx_glob_match(lx_slice_z(d->provider->follow_hosts), to.host);
}

void lx_call_follow_drop(struct lx_call *c)
{
    if (c->parting)
        lx_arena_clear(&c->parting->arena);
    free(c->parting);
    c->parting = NULL;
}

void lx_call_follow_end(struct lx_call *c, bool is_wanted)
{
    if (!c->parting || c->parting->due)
        return;
    if (is_wanted)
        lx_call_follow_drop(c);
    else
        c->parting->due = true;
}

const struct lx_outgoing *lx_call_parting(struct lx_call *c, bool leaves)
{
    struct lx_parting *p = c->parting;
    if (lx_call_inquiry(c))
        return lx_call_parting(lx_call_inquiry(c), leaves);
    if (!p || p->said || (!leaves && !p->due))
        return NULL;
    p->said = true;
    return &p->out;
}

/* Without memory for it the work goes on, as it does without a word from us. */
static void keep_parting(struct lx_call *c, struct lx_slice url)
{
    if (c->parting && c->parting->said)
        lx_call_follow_drop(c); /* of an attempt before */
    if (c->parting || !url.n || !is_own(c->report.deployment, url))
        return;
    struct lx_parting *p = calloc(1, sizeof(*p));
    if (!p)
        return;
    lx_arena_init(&p->arena, c->settings->max_arena_bytes);
    const struct lx_headers given =
        lx_head_for_get(&c->attempt.out.headers, false, lx_call_arena(c));
    struct lx_header_list l;
    lx_header_list_init(&l, &p->arena);
    for (size_t i = 0; i < given.n; i++) {
        const struct lx_header *h = &given.v[i];
        struct lx_slice name = lx_arena_copy(&p->arena, h->name);
        struct lx_slice value = lx_arena_copy(&p->arena, h->value);
        if (h->secret)
            lx_header_list_set_secret(&l, name, value);
        else
            lx_header_list_add(&l, name, value);
    }
    p->out = (struct lx_outgoing){.method = LX_S("POST"),
                                  .url = lx_arena_copy(&p->arena, url),
                                  .headers = l.headers,
                                  .trust = c->attempt.out.trust};
    c->parting = p;
    if (p->arena.failed)
        lx_call_follow_drop(c);
}

static int ask(struct lx_call *c, struct lx_follow *out)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, lx_buf_slice(&c->memory->whole), &c->settings->json, NULL);
    if (code == 0)
        code = c->attempt.back->back->follow(&doc, c->report.stream, c->memory->polls,
                                             lx_call_arena(c), out);
    if (code == 0 && out->url.n)
        out->url = lx_arena_copy(lx_call_arena(c), out->url);
    if (code == 0 && out->url.n)
        keep_parting(c, out->cancel_url);
    lx_json_doc_clear(&doc);
    return code == 0 ? lx_call_arena(c)->failed : code;
}

bool lx_call_follow(struct lx_call *c)
{
    struct lx_follow f = {.wait_ms = 0};
    struct lx_error err = {0};
    int64_t total = lx_call_total_ms(c);
    if (!c->attempt.back->back->follow || c->relay.framing != LX_FRAMING_NONE)
        return false;
    int code = ask(c, &f);
    if (code != LX_ENOMEM && code != LX_ELIMIT && !f.url.n)
        return lx_call_follow_end(c, true), false; /* it is the answer, or none that can be read */
    if (f.url.n && !is_own(c->report.deployment, f.url))
        code = lx_error_set(&err, LX_EPROTO, "the provider sends for the answer to another host");
    if (code == 0 && total > 0 && c->now_ms + f.wait_ms - c->memory->sent_ms >= total)
        code = lx_error_set(&err, LX_ETIMEOUT_TOTAL, "the provider has not answered yet");
    if (code < 0) {
        lx_call_judge_error(c, code, &err);
        return true;
    }
    lx_call_drop_relay(c);
    lx_buf_reset(&c->out);
    c->memory->polls++;
    c->memory->polls_failed = 0;
    c->attempt.out = (struct lx_outgoing){
        .method = LX_S("GET"),
        .url = f.url,
        .headers = lx_head_for_get(&c->attempt.out.headers, f.stream, lx_call_arena(c)),
        .trust = c->attempt.out.trust,
    };
    if (lx_call_arena(c)->failed)
        lx_call_judge_error(c, lx_call_arena(c)->failed, NULL);
    else
        lx_call_sleep(c, f.wait_ms, SEND);
    return true;
}

/* A stream that has begun at its address is not begun again: it need not start at its beginning. */
static bool may_ask_again(const struct lx_call *c, const struct lx_fault *f)
{
    if (!c->memory || !c->memory->polls || c->head_sent)
        return false;
    if (c->state == BODY && c->relay.framing != LX_FRAMING_NONE)
        return false;
    return lx_fault_retryable(f) && c->memory->polls_failed < MAX_FAILED_POLLS;
}

bool lx_call_follow_again(struct lx_call *c, const struct lx_fault *f)
{
    int64_t total = lx_call_total_ms(c);
    if (!may_ask_again(c, f))
        return false;
    int64_t wait_ms = f->retry_after_ms >= 0 ? f->retry_after_ms
                                             : (int64_t)FAILED_POLL_MS << c->memory->polls_failed;
    if (total > 0 && c->now_ms + wait_ms - c->memory->sent_ms >= total)
        return false;
    c->memory->polls_failed++;
    lx_call_drop_relay(c);
    lx_buf_reset(&c->out);
    lx_call_sleep(c, wait_ms, SEND);
    return true;
}
