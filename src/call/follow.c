/*
 * follow.c - answers that are not in the reply but elsewhere, later: the reply of a service that
 * works on it names an address, which is asked until the answer is there (back's follow()).
 *
 * Called by call.c when a whole reply has come. All of it is one attempt, under one deadline. An
 * address is followed with the key of the one before, so it must be the deployment's own host, or
 * one that the provider's row names.
 */
#include "call/inner.h"
#include "wire/url.h"

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

/* What described the body goes with it. */
static struct lx_headers for_get(const struct lx_headers *from, bool stream, struct lx_arena *a)
{
    struct lx_header_list l;
    lx_header_list_init(&l, a);
    for (size_t i = 0; i < from->n; i++) {
        const struct lx_header *h = &from->v[i];
        if (lx_slice_eq_nocase(h->name, LX_S("content-type")) ||
            lx_slice_eq_nocase(h->name, LX_S("prefer")) ||
            lx_slice_eq_nocase(h->name, LX_S("accept")))
            continue;
        if (h->secret)
            lx_header_list_set_secret(&l, h->name, h->value);
        else
            lx_header_list_add(&l, h->name, h->value);
    }
    lx_header_list_add(&l, LX_S("accept"),
                       stream ? LX_S("text/event-stream") : LX_S("application/json"));
    return l.headers;
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
        return false; /* it is the answer, or none that can be read */
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
    c->attempt.out = (struct lx_outgoing){
        .method = LX_S("GET"),
        .url = f.url,
        .headers = for_get(&c->attempt.out.headers, f.stream, lx_call_arena(c)),
    };
    if (lx_call_arena(c)->failed)
        lx_call_judge_error(c, lx_call_arena(c)->failed, NULL);
    else
        lx_call_sleep(c, f.wait_ms, SEND);
    return true;
}
