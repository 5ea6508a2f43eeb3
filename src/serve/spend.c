/*
 * spend.c - POST /spend/calculate: what a request would cost, or a reply did.
 *
 * The model is a name of the configuration's, or any the catalog knows. Of a request that was not
 * answered yet, {"model", "messages"}, the prompt is counted here.
 */
#include "catalog/query.h"
#include "serve/endpoint.h"
#include "tokens/tokens.h"

static int count_prompt(struct lx_exchange *x, struct lx_json body, struct lx_cost_query *q,
                        struct lx_error *err)
{
    struct lx_token_rule rule;
    struct lx_encoding encoding;
    struct lx_model m;
    struct lx_slice model = q->model, provider = {0}, head;
    size_t count = 0;
    if (lx_catalog_get(x->config->catalog, model, &m))
        provider = lx_model_provider(m);
    else if (lx_slice_find_byte(model, '/') >= 0)
        lx_slice_cut(model, '/', &head, &model);
    rule = lx_token_rule_of(model, provider);
    int code = lx_encoding_find(&encoding, lx_slice_z(rule.encoding));
    struct lx_tokenizer *t = code == 0 ? lx_tokenizer_new() : NULL;
    if (code == 0)
        code = t ? lx_tokens_count_chat(t, &encoding, &rule, body, &count, err)
                 : lx_error_set(err, LX_ENOMEM, "out of memory");
    lx_tokenizer_free(t);
    q->usage = (struct lx_usage){.known = true, .prompt_tokens = (int64_t)count};
    return code;
}

/* The deployment behind a name of the configuration; NULL when it is none. */
static const struct lx_deployment *deployment_of(struct lx_exchange *x, struct lx_cost_query *q)
{
    struct lx_slice star;
    const struct lx_model_group *g = lx_route_find(&x->config->routes, q->model, &star);
    const struct lx_deployment *d = g && g->count ? g->deployments[0] : NULL;
    if (!d)
        return NULL;
    q->model = lx_deployment_model(d, star, &x->arena);
    q->provider = lx_slice_z(d->provider->id);
    if (!q->base_model.n)
        q->base_model = d->base_model;
    return d;
}

static void answer(struct lx_exchange *x, const struct lx_cost *cost)
{
    struct lx_buf body;
    lx_buf_init(&body, 4096);
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_cost_write(&o, cost);
    lx_out_object_end(&o);
    lx_exchange_send_json(x, 200, &body);
}

static int calculate(struct lx_exchange *x, const struct lx_json_doc *doc, struct lx_cost *cost,
                     struct lx_error *err)
{
    const struct lx_cost_settings *settings = &x->config->routes.settings.cost;
    struct lx_json body = lx_json_root(doc);
    struct lx_cost_query q;
    struct lx_price price;
    int code = lx_cost_query_read(body, &x->arena, &q, err);
    if (code == 0 && !q.model.n)
        code = lx_error_set(err, LX_EINVAL, "`model` must name the model");
    if (code < 0)
        return code;
    const struct lx_deployment *d = deployment_of(x, &q);
    if (!q.usage_given && lx_json_is(LX_GET(body, "messages"), LX_JSON_ARRAY))
        code = count_prompt(x, body, &q, err);
    if (code < 0)
        return code;
    code = lx_cost_query_run(x->config->catalog, &q, d ? d->own_prices : lx_slice(NULL, 0),
                             &x->arena, &price, cost, err);
    if (code < 0)
        return code;
    lx_cost_adjust(cost, q.provider.n ? q.provider : price.provider, settings->discounts,
                   settings->margins);
    return 0;
}

void lx_endpoint_spend_calculate(struct lx_exchange *x)
{
    struct lx_json_doc doc;
    struct lx_cost cost;
    struct lx_error err = {0};
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, lx_buf_slice(&x->body), &x->config->routes.settings.json, &err);
    if (code == 0)
        code = calculate(x, &doc, &cost, &err);
    if (code == 0)
        answer(x, &cost);
    else
        lx_exchange_refuse_text(x, lx_slice_z(err.text[0] ? err.text : lx_code_text(code)),
                                LX_S(""));
    lx_json_doc_clear(&doc);
}
