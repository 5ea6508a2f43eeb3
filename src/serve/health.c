/*
 * health.c - the probes. Liveness: the loop turns. Readiness: new requests are welcome.
 */
#include "serve/endpoint.h"
#include "serve/worker.h"

void lx_endpoint_liveness(struct lx_exchange *x)
{
    lx_exchange_json(x, 200, LX_S("\"I'm alive!\""));
}

void lx_endpoint_readiness(struct lx_exchange *x)
{
    if (x->worker->draining)
        lx_exchange_json(x, 503, LX_S("{\"status\":\"draining\"}"));
    else
        lx_exchange_json(x, 200,
                         lx_arena_printf(&x->arena,
                                         "{\"status\":\"healthy\",\"db\":\"Not connected\","
                                         "\"replies_without_price\":%llu}",
                                         (unsigned long long)lx_exchange_unpriced()));
}
