/*
 * auto_fuzz.c - an auto router's settings in the first line, of the kind that the first byte says,
 * and any body behind it: a router that can be made chooses one of its models for whatever is
 * asked.
 */
#include <assert.h>
#include <stdint.h>

#include "route/bandit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const kinds[] = {"auto_router/complexity_router", "auto_router/quality_router",
                                    "auto_router/adaptive_router", "auto_router/semantic"};

/* Two models, which say what routers may want to know. */
static void fill(struct lx_route_table *t, struct lx_deployment d[2])
{
    static const struct lx_slice names[] = {LX_S_INIT("a"), LX_S_INIT("b")};
    for (size_t i = 0; i < 2; i++) {
        d[i] = (struct lx_deployment){
            .group = names[i],
            .id = names[i],
            .provider = &lx_providers[0],
            .model_info = LX_S("{\"litellm_routing_preferences\":{\"quality_tier\":2,\"keywords\":"
                               "[\"x\"]},\"adaptive_router_preferences\":{\"quality_tier\":3,"
                               "\"strengths\":[\"writing\"]}}")};
        (void)lx_route_table_add(t, &d[i]);
    }
}

static void ask(const struct lx_auto *r, struct lx_slice body, struct lx_arena *a)
{
    static struct lx_auto_state state;
    static const float vectors[] = {1, 0, 0, 1, -1, 1};
    struct lx_auto with = *r;
    struct lx_said_lately said;
    struct lx_auto_choice c;
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    if (r->kind->learns)
        with.state = &state;
    if (lx_json_read(&doc, body, NULL, NULL) == 0) {
        lx_said_read(lx_json_root(&doc), a, &said);
        const struct lx_auto_question q = {.said = &said,
                                           .now_ms = 1,
                                           .session = body.n,
                                           .random = body.n,
                                           .vector = vectors,
                                           .utterances = vectors,
                                           .dimensions =
                                               r->semantic && r->semantic->count < 4 ? 2 : 0};
        lx_auto_choose(&with, &q, a, &c);
        assert(!c.model || lx_slice_eq(c.model->name, LX_S("a")) ||
               lx_slice_eq(c.model->name, LX_S("b")));
        assert(c.by);
    }
    lx_json_doc_clear(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t seed[2] = {1, 2};
    struct lx_deployment deployments[2];
    struct lx_route_table t;
    struct lx_arena a;
    struct lx_slice settings, body, unserved;
    struct lx_error err;
    if (!size)
        return 0;
    lx_slice_cut(lx_slice((const char *)data + 1, size - 1), '\n', &settings, &body);
    lx_arena_init(&a, 64 << 20);
    lx_route_table_init(&t, &a, seed);
    fill(&t, deployments);
    const struct lx_auto_source s = {.kind = lx_auto_kind_find(lx_slice_z(kinds[data[0] % 4])),
                                     .name = LX_S("r"),
                                     .config = settings,
                                     .embedder = LX_S("a")};
    if (lx_auto_add(&t, &s, &a, &unserved, &err) == 0)
        ask(lx_auto_find(&t, LX_S("r")), body, &a);
    lx_arena_clear(&a);
    return 0;
}
