/*
 * strategy.c - a host's own routing strategy: who is left of a group, as its callback sees them.
 *
 * The router asks from within a call's step, through the policy; what is shown lives on the stack.
 */
#include "client/client.h"

#include "route/choose.h"

struct llmux_choice {
    const struct lx_route_field *field;
    size_t places[LX_GROUP_MAX]; /* in the group, of each candidate */
    int count;
    struct lx_arena *arena; /* for names that end in a NUL */
};

static const struct lx_deployment *at(const llmux_choice *c, int place)
{
    return place >= 0 && place < c->count ? c->field->r->group->deployments[c->places[place]]
                                          : NULL;
}

static size_t ask(void *arg, const struct lx_route_field *f)
{
    llmux_client *client = arg;
    struct lx_arena arena;
    llmux_choice c = {.field = f, .arena = &arena};
    for (size_t i = 0; i < f->r->group->count; i++)
        if (lx_route_set_has(f->candidates, i))
            c.places[c.count++] = i;
    lx_arena_init(&arena, 1 << 20);
    int place = client->strategy(client->strategy_arg, &c);
    lx_arena_clear(&arena);
    return place >= 0 && place < c.count ? c.places[place] : SIZE_MAX;
}

void lx_client_use_strategy(llmux_client *c, struct lx_setup *s)
{
    struct lx_route_policy *p = &s->config->routes.settings.policy;
    p->own_strategy = ask;
    p->own_arg = c;
    p->strategy = c->strategy ? &lx_strategy_own : s->strategy;
}

void llmux_client_set_strategy(llmux_client *c, llmux_strategy_fn strategy, void *arg)
{
    c->strategy = strategy;
    c->strategy_arg = arg;
    lx_client_use_strategy(c, c->setup);
}

static const char *text(const llmux_choice *c, struct lx_slice s)
{
    return lx_arena_copy_z(c->arena, s);
}

const char *llmux_choice_group(const llmux_choice *choice)
{
    return text(choice, choice->field->r->group->name);
}

int llmux_choice_stream(const llmux_choice *choice)
{
    return choice->field->r->stream;
}

int llmux_choice_count(const llmux_choice *choice)
{
    return choice->count;
}

const char *llmux_choice_id(const llmux_choice *choice, int place)
{
    const struct lx_deployment *d = at(choice, place);
    return d ? text(choice, d->id) : NULL;
}

const char *llmux_choice_provider(const llmux_choice *choice, int place)
{
    const struct lx_deployment *d = at(choice, place);
    return d ? d->provider->id : NULL;
}

const char *llmux_choice_model(const llmux_choice *choice, int place)
{
    const struct lx_deployment *d = at(choice, place);
    return d ? text(choice, d->model) : NULL;
}

static int64_t count_of(const struct lx_deployment_state *s, int what, int64_t now_ms)
{
    return s ? lx_tally_get(&s->counts[what], now_ms / 60000) : 0;
}

static int64_t in_flight(const struct lx_deployment_state *s)
{
    return s ? atomic_load_explicit(&s->in_flight, memory_order_relaxed) : 0;
}

/* Where no price is known there is a guess that is higher than any. */
static int64_t price(const struct lx_deployment *d, int64_t nano_usd)
{
    return d->price && d->price->rates.n ? nano_usd : -1;
}

int64_t llmux_choice_fact(const llmux_choice *choice, int place, enum llmux_deployment_fact fact)
{
    const struct lx_deployment *d = at(choice, place);
    const struct lx_route_request *r = choice->field->r;
    const struct lx_deployment_state *s = d ? d->state : NULL;
    int64_t ttl_ms = lx_group_latency(r->group, &r->settings->policy)->ttl_ms;
    if (!d)
        return -1;
    switch (fact) {
    case LLMUX_IN_FLIGHT:
        return in_flight(s);
    case LLMUX_REQUESTS:
        return count_of(s, LX_COUNT_REQUESTS, r->now_ms);
    case LLMUX_TOKENS:
        return count_of(s, LX_COUNT_TOKENS, r->now_ms);
    case LLMUX_WEIGHT:
        return d->weight;
    case LLMUX_FIRST_TOKEN_US:
        return s ? lx_latency_mean_us(&s->first, ttl_ms, r->now_ms) : 0;
    case LLMUX_TOKEN_US:
        return s ? lx_latency_mean_us(&s->token, ttl_ms, r->now_ms) : 0;
    case LLMUX_INPUT_NANO_USD:
        return price(d, d->facts.input_price);
    case LLMUX_OUTPUT_NANO_USD:
        return price(d, d->facts.output_price);
    }
    return -1;
}
