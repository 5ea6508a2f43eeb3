/*
 * model_info.c - GET /model/info, /v1/model/info and /model_group/info (route/list).
 */
#include "route/list.h"
#include "serve/endpoint.h"

enum { MAX_LIST_BYTES = 256 << 20 };

static void refuse_unknown(struct lx_exchange *x, struct lx_slice id)
{
    struct lx_fault f = {
        .kind = LX_FAULT_NOT_FOUND,
        .message = lx_arena_printf(&x->arena, "there is no deployment with the id %.*s",
                                   LX_F(lx_slice_to(id, 100))),
        .param = LX_S("litellm_model_id"),
        .retry_after_ms = -1,
    };
    lx_exchange_refuse(x, 404, &f);
}

void lx_endpoint_model_info(struct lx_exchange *x)
{
    struct lx_slice id = lx_exchange_query(x, LX_S("litellm_model_id"));
    struct lx_buf body;
    lx_buf_init(&body, MAX_LIST_BYTES);
    if (lx_route_list_deployments(&x->config->routes, id, &body) || !id.p) {
        lx_exchange_send_json(x, 200, &body);
        return;
    }
    lx_buf_clear(&body);
    refuse_unknown(x, id);
}

void lx_endpoint_model_group_info(struct lx_exchange *x)
{
    struct lx_buf body;
    lx_buf_init(&body, MAX_LIST_BYTES);
    lx_route_list_groups(&x->config->routes, lx_exchange_query(x, LX_S("model_group")), &body);
    lx_exchange_send_json(x, 200, &body);
}
