/*
 * models_fuzz.c - fuzz target for the model map: any bytes are a user's map, which is taken or
 * refused whole; then a row, rules of hours, discounts and margins without having been checked. A
 * map that is taken has prices that can be, and bills that are not below 0.
 */
#include <stdio.h>
#include <stdlib.h>

#include "catalog/query.h"
#include "catalog/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct lx_usage usage = {
    .known = true,
    .prompt_tokens = 300000,
    .cached_tokens = 1000,
    .cache_write_tokens = 500,
    .cache_write_1h_tokens = 100,
    .prompt_audio_tokens = 50,
    .prompt_image_tokens = 60,
    .prompt_video_tokens = 70,
    .completion_tokens = 4000,
    .reasoning_tokens = 1000,
    .completion_audio_tokens = 80,
    .completion_image_tokens = 90,
    .web_search_requests = 2,
    .total_tokens = 304000,
};

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "models_fuzz: %s\n", what);
    abort();
}

/* Every kind of call, so that every rate is asked for. */
static void bill(const struct lx_price *price, bool checked)
{
    struct lx_cost_input in = {
        .usage = &usage,
        .region = LX_S("us"),
        .service_tier = LX_S("priority"),
        .now_s = 1795435200,
        .response_ms = 2500,
        .fast = true,
        .characters = 10,
        .audio_us = 1500000,
        .video_us = 2500000,
        .images = 2,
        .pixels = 1 << 20,
        .resolution = LX_S("1080p"),
        .pages = 3,
        .annotated_pages = 1,
        .queries = 2,
        .max_results = 30,
        .citation_tokens = 5,
        .maps_queries = 1,
        .file_searches = 10,
        .code_sessions = 1,
    };
    for (int call = LX_COST_TOKENS; call <= LX_COST_VIDEO; call++)
        for (int batch = 0; batch < 2; batch++) {
            struct lx_cost cost;
            in.call = (enum lx_cost_call)call;
            in.batch = batch;
            lx_cost_of(price, &in, &cost);
            require(!checked || price->extras.p || cost.total.units >= 0, "a cost below 0");
        }
}

/* Where a walk over a catalog comes to the rows that are not built in. */
static size_t first_own_row(void)
{
    static size_t at;
    struct lx_model m;
    while (lx_catalog_next(NULL, &at, &m))
        continue;
    return at;
}

static void read_map(struct lx_slice text, struct lx_arena *a)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_model m;
    struct lx_price price;
    struct lx_error err;
    size_t rows = 0;
    if (c && lx_catalog_add(c, text, &err) == 0) {
        size_t at = first_own_row();
        while (rows++ < 2000 && lx_catalog_next(c, &at, &m)) {
            struct lx_model found;
            require(lx_catalog_get(c, m.name, &found), "a row that is not found");
            (void)lx_catalog_find(c, LX_S("bedrock"), m.name, &found);
            (void)lx_catalog_find(c, LX_S("vertex_ai"), m.name, &found);
            (void)lx_catalog_find(c, lx_slice(NULL, 0), m.name, &found);
            if (lx_catalog_describe(c, LX_S("anthropic"), lx_slice_from(m.name, 1), a, &found))
                require(lx_price_check(found.json, &err) == 0, "a guess that is not sane");
            require(lx_price_check(m.json, &err) == 0, "a row that is not sane");
            if (lx_price_read(m, lx_slice(NULL, 0), a, &price) == 0 && price.is_priced)
                bill(&price, true);
            lx_arena_reset(a);
        }
    }
    lx_catalog_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_slice text = lx_slice((const char *)data, size);
    struct lx_arena a;
    struct lx_price price;
    struct lx_cost cost = {0};
    lx_arena_init(&a, 64u << 20);
    read_map(text, &a);
    if (lx_price_read((struct lx_model){LX_S("m"), text}, text, &a, &price) == 0)
        bill(&price, false);
    (void)lx_off_peak(text, 1795435200);
    lx_money_read(LX_S("0.02"), &cost.total);
    lx_cost_adjust(&cost, LX_S("p"), text, text);
    lx_arena_clear(&a);
    return 0;
}
