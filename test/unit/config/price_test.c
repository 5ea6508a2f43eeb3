/*
 * price_test.c - prices with a configuration: own ones, base models, discounts, a map of one's own.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct lx_deployment *at(const struct unit_read *r, size_t i)
{
    assert_non_null(r->config);
    assert_true(i < r->config->routes.count);
    return r->config->routes.groups[i]->deployments[0];
}

/* What a million tokens of prompt cost at the price, in cents; -1 without a price. */
static long cents(const struct lx_deployment *d)
{
    struct lx_money sum = {0};
    if (!d->price || !d->price->is_priced)
        return -1;
    for (size_t i = 0; i < d->price->rates.n; i++)
        if (d->price->rates.v[i].kind == LX_RATE_INPUT_TOKEN && !d->price->rates.v[i].above &&
            d->price->rates.v[i].tier == LX_TIER_STANDARD)
            sum = lx_money_times(d->price->rates.v[i].price, 1000000);
    return (long)(sum.units / 1000000000000 / 10000000000);
}

static void deployments_have_prices(void **state)
{
    static const char *const variables[] = {"LITELLM_MASTER_KEY", "k", NULL};
    struct unit_read r;
    (void)state;
    unit_read(
        &r,
        "model_list:\n"
        "  - {model_name: a, litellm_params: {model: openai/gpt-4o, api_key: x}}\n"
        "  - {model_name: b, litellm_params: {model: openai/mine, api_key: x}}\n"
        "  - model_name: c\n"
        "    litellm_params: {model: openai/mine, api_key: x, input_cost_per_token: 2e-6,\n"
        "                     output_cost_per_token: '0.000004'}\n"
        "  - model_name: d\n"
        "    litellm_params: {model: openai/mine, api_key: x}\n"
        "    model_info: {base_model: gpt-4o-mini}\n"
        "  - model_name: e\n"
        "    litellm_params: {model: openai/mine, api_key: x, base_model: gpt-4o}\n"
        "    model_info: {base_model: gpt-4o-mini}\n"
        "  - model_name: f\n"
        "    litellm_params: {model: openai/gpt-4o, api_key: x, input_cost_per_token: 1e-06}\n"
        "    model_info: {input_cost_per_token: 9e-06, mode: chat}\n"
        "  - {model_name: 'g/*', litellm_params: {model: 'openai/*', api_key: x}}\n",
        variables);
    assert_string_equal(r.text.p, "");
    assert_true(cents(at(&r, 0)) == 250);
    assert_true(cents(at(&r, 1)) == -1);
    assert_true(cents(at(&r, 2)) == 200);
    assert_text(at(&r, 2)->own_prices,
                "{\"input_cost_per_token\":0.000002,\"output_cost_per_token\":0.000004}");
    assert_true(cents(at(&r, 3)) == 15);
    assert_true(cents(at(&r, 4)) == 250);
    assert_true(cents(at(&r, 5)) == 100);
    assert_null(at(&r, 6)->price);
    unit_close(&r);
}

static void an_absurd_price_is_left_out(void **state)
{
    static const char *const variables[] = {"LITELLM_MASTER_KEY", "k", NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "model_list:\n"
              "  - model_name: a\n"
              "    litellm_params: {model: openai/gpt-4o, api_key: x, input_cost_per_token: 2.5}\n",
              variables);
    assert_non_null(strstr(r.text.p, "warning"));
    assert_non_null(strstr(r.text.p, "not of a million"));
    assert_true(cents(at(&r, 0)) == 250);
    unit_close(&r);
}

static void discounts_and_margins(void **state)
{
    static const char *const variables[] = {"LITELLM_MASTER_KEY", "k", NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o, api_key: x}}]\n"
              "litellm_settings:\n"
              "  cost_discount_config: {openai: 0.05}\n"
              "  cost_margin_config: {global: {percentage: 0.08, fixed_amount: 0.0005}}\n"
              "  include_cost_in_streaming_usage: true\n",
              variables);
    assert_string_equal(r.text.p, "");
    assert_text(r.config->routes.settings.cost.discounts, "{\"openai\":0.05}");
    assert_text(r.config->routes.settings.cost.margins,
                "{\"global\":{\"percentage\":0.08,\"fixed_amount\":0.0005}}");
    assert_true(r.config->routes.settings.cost.in_streams);
    unit_close(&r);
    unit_read(&r, "litellm_settings: {cost_margin_config: {openai: much}}\n", variables);
    assert_null(r.config);
    assert_non_null(strstr(r.text.p, "openai: 0.05"));
    unit_close(&r);
}

static void a_map_of_ones_own(void **state)
{
    char path[] = "/tmp/llmux-map-XXXXXX";
    const char *variables[] = {"LITELLM_MASTER_KEY", "k", "LITELLM_MODEL_COST_MAP_URL", path, NULL};
    static const char text[] = "model_list:\n"
                               "  - {model_name: a, litellm_params: {model: openai/gpt-4o, "
                               "api_key: x}}\n";
    struct unit_read r;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"gpt-4o\":{}}", 13), 13);
    unit_read(&r, text, variables); /* too short to be meant */
    assert_non_null(strstr(r.text.p, "cut off"));
    assert_true(cents(at(&r, 0)) == 250);
    unit_close(&r);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    dprintf(fd, "{\"gpt-4o\":{\"litellm_provider\":\"openai\",\"input_cost_per_token\":1e-6}");
    for (int i = 0; i < 4000; i++)
        dprintf(fd, ",\"m%d\":{}", i);
    dprintf(fd, "}");
    unit_read(&r, text, variables);
    assert_string_equal(r.text.p, "");
    assert_true(cents(at(&r, 0)) == 100);
    unit_close(&r);
    close(fd);
    unlink(path);
    unit_read(&r, text, variables); /* it is not there any more */
    assert_non_null(strstr(r.text.p, "built-in"));
    unit_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deployments_have_prices),
        cmocka_unit_test(an_absurd_price_is_left_out),
        cmocka_unit_test(discounts_and_margins),
        cmocka_unit_test(a_map_of_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
