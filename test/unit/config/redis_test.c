/*
 * redis_test.c - where the shared Redis is: of the router's settings, of the cache's, of variables.
 */
#include "unit.h"

#include "config/load.h"

static const char *const variables[] = {"LITELLM_MASTER_KEY",
                                        "sk-unit",
                                        "REDIS_HOST",
                                        "cache.example",
                                        "REDIS_PORT",
                                        "7000",
                                        "REDIS_PASSWORD",
                                        "of the cache",
                                        "REDIS_DB",
                                        "4",
                                        NULL};

struct expected {
    const char *yaml;
    const char *host; /* NULL: none is wanted */
    int64_t port, db;
    const char *user, *password, *says;
};

static const struct expected table[] = {
    {"model_list: []", NULL, 0, 0, "", "", ""},
    {"router_settings: {redis_url: 'redis://u:p%40ss@h.example:1234/2'}", "h.example", 1234, 2, "u",
     "p@ss", ""},
    {"router_settings: {redis_url: 'redis://:p@h.example'}", "h.example", 6379, 0, "", "p", ""},
    {"router_settings: {redis_url: 'redis://[::1]:7/1?x=y'}", "::1", 7, 1, "", "", ""},
    {"router_settings: {redis_url: 'http://h.example'}", NULL, 0, 0, "", "", "expected redis://"},
    {"router_settings: {redis_url: 'redis://h.example:none'}", NULL, 0, 0, "", "",
     "expected redis://"},
    {"router_settings: {redis_url: 'rediss://u:p@h.example?ssl_cert_reqs=none&ssl_ca_certs=/a%2Fb'}",
     "h.example", 6379, 0, "u", "p", ""},
    {"litellm_settings: {cache: true, cache_params: {startup_nodes: [{host: a}]}}", "cache.example",
     7000, 4, "", "of the cache", "clusters and sentinels are not supported"},
    {"router_settings: {redis_host: h.example, redis_port: '99', redis_password: p, redis_db: 3}",
     "h.example", 99, 3, "", "p", ""},
    {"litellm_settings: {cache: true}", "cache.example", 7000, 4, "", "of the cache", ""},
    {"litellm_settings: {cache: true, cache_params: {type: redis, host: h.example, port: 5}}",
     "h.example", 5, 4, "", "of the cache", ""},
    {"litellm_settings: {cache: true, cache_params: {type: local}}", NULL, 0, 0, "", "", ""},
    {"litellm_settings: {cache: false, cache_params: {type: redis}}", NULL, 0, 0, "", "", ""},
    {"{router_settings: {redis_host: h.example}, litellm_settings: {cache: true}}", "h.example",
     6379, 0, "", "", ""},
};

static void it_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct expected *e = &table[i];
        struct unit_read r;
        unit_read(&r, e->yaml, variables);
        if (*e->says)
            assert_non_null(strstr(r.text.p, e->says));
        else
            assert_non_null(r.config);
        assert_null(strstr(r.text.p, "p@ss"));
        if (r.config) {
            const struct lx_config_redis *redis = &r.config->redis;
            assert_int_equal(redis->wanted, e->host != NULL);
            assert_false(lx_secret_is_set(&redis->url));
            if (e->host) {
                assert_true(lx_slice_eq(redis->host, lx_slice_z(e->host)));
                assert_int_equal(redis->port, e->port);
                assert_int_equal(redis->db, e->db);
                assert_true(lx_slice_eq(redis->user, lx_slice_z(e->user)));
                assert_true(
                    lx_slice_eq(lx_secret_bytes(&redis->password), lx_slice_z(e->password)));
            }
        }
        unit_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
