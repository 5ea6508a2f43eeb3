/*
 * config_test.c - configurations in, settings and findings out.
 */
#include "unit.h"

#include <sys/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MODEL "model_list: [{model_name: m, litellm_params: {model: openai/m, api_key: k}}]\n"
#define PARAMS(text) \
    "model_list: [{model_name: m, litellm_params: {model: openai/m, api_key: k, " text "}}]\n"

/* ---- Findings ----------------------------------------------------------------------------- */

static const struct {
    const char *yaml, *findings;
} tellings[] = {
    {MODEL, ""},
    /* What is no configuration. */
    {"", "c.yaml:1:1: error: expected a mapping of sections (model_list, ...), found nothing\n"},
    {"# only a remark\n",
     "c.yaml:1:1: error: expected a mapping of sections (model_list, ...), found nothing\n"},
    {"- a\n",
     "c.yaml:1:1: error: expected a mapping of sections (model_list, ...), found a list\n"},
    {"a", "c.yaml:1:1: error: expected a mapping of sections (model_list, ...), found a single "
          "value\n"},
    {"a: [1\nb: 2\n", "c.yaml:2:2: error: not YAML: did not find expected ',' or ']', while "
                      "parsing a flow sequence begun on line 1\n"},
    {"a: 1\n\tb: 2\n", "c.yaml:2:1: error: not YAML: found a tab character that violates "
                       "indentation, while scanning a plain scalar begun on line 1\n"},
    {"model_list: [\n\t]\n" MODEL, NULL},
    {"x-a: {\n\tb: 2}\n" MODEL,
     "c.yaml:2:2: error: not YAML: a tab in the indentation of this line\n"},
    {"x-a: 1\nx-b: \"\x01\"\n",
     "c.yaml:2:7: error: not YAML: control characters are not allowed\n"},
    {"x-a: 1\nx-b: \"\xff\"\n", "c.yaml:2:7: error: not YAML: invalid leading UTF-8 octet\n"},
    {MODEL "---\nb: 1\n", "c.yaml:2:1: error: expected one document, found a second\n"},
    {"x-a: *b\n", "c.yaml:1:6: error: an alias (*) whose anchor (&) does not come before it\n"},
    {"x-a: &b [*b]\n", "c.yaml:1:10: error: an alias (*) inside of what its anchor (&) names\n"},
    {"x-a: !!python/object x\n",
     "c.yaml:1:6: error: a tag that LiteLLM's YAML reader does not know either\n"},
    {MODEL "x-a: !!str 1\nx-b: !!int '1'\nx-c: ! x\n", NULL},
    {"x-a: {<<: 1}\n",
     "c.yaml:1:11: error: expected a mapping, or a list of mappings, after the merge key <<\n"},
    /* Keys. */
    {MODEL "litellm_settings:\n  drop_parms: true\n",
     "c.yaml:3:3: warning: litellm_settings.drop_parms: unknown key; did you mean drop_params?\n"},
    {MODEL "litellm_settings: {zzzzzz: 1}\n",
     "c.yaml:2:20: warning: litellm_settings.zzzzzz: unknown key\n"},
    {MODEL "litellm_settings: {litellm_key_header_name: x}\n",
     "c.yaml:2:20: warning: litellm_settings.litellm_key_header_name: unknown key; did you mean "
     "general_settings.litellm_key_header_name?\n"},
    {MODEL "general_settings: {guardrails: []}\n",
     "c.yaml:2:20: warning: general_settings.guardrails: unknown key; did you mean "
     "litellm_settings.guardrails?\n"},
    {"modellist: []\n" MODEL,
     "c.yaml:1:1: warning: modellist: unknown key; did you mean model_list?\n"},
    {MODEL "litellm_settings: {cache: true}\n",
     "c.yaml:2:20: warning: litellm_settings.cache: known, but not built yet: replies are not "
     "cached\n"},
    {MODEL "litellm_settings: {cache_params: {type: redis, hots: x}}\n",
     "c.yaml:2:20: warning: litellm_settings.cache_params: known, but not built yet: replies "
     "are not cached\n"
     "c.yaml:2:48: warning: litellm_settings.cache_params.hots: unknown key; did you mean host?\n"},
    {MODEL "guardrails: [{guardrail_name: a, litellm_params: {any: thing}}, {guardrail_nam: b}]\n",
     "c.yaml:2:1: warning: guardrails: known, but not built yet: it has no effect, and checks "
     "nothing\n"
     "c.yaml:2:66: warning: guardrails[].guardrail_nam: unknown key; did you mean guardrail_name?\n"},
    {MODEL "policies: {p: {guardrails: {add: []}, pipelin: {}}}\n",
     "c.yaml:2:1: warning: policies: known, but not built yet: it has no effect, and checks "
     "nothing\n"
     "c.yaml:2:39: warning: policies.*.pipelin: unknown key; did you mean pipeline?\n"},
    {MODEL "tag_routing: []\n", "c.yaml:2:1: note: tag_routing: has no effect: LiteLLM ignores it "
                                "at the top of the file, too\n"},
    {"model_list:\n"
     "  - {model_name: a, litellm_params: {model: openai/a, api_key: k, max_file_size_mb: 1}}\n"
     "  - {model_name: b, litellm_params: {model: openai/b, api_key: k, max_file_size_mb: 1}}\n",
     "c.yaml:2:67: warning: model_list[].litellm_params.max_file_size_mb: known, but not built yet: it "
     "has no effect, and "
     "limits nothing (2 times)\n"},
    {MODEL "? [a]\n: b\n", "c.yaml:2:3: error: expected the name of a key\n"},
    {MODEL "litellm_settings: {num_retries: 1, num_retries: 2}\n",
     "c.yaml:2:36: warning: num_retries: given twice in one mapping; the last one counts, line 2 "
     "is ignored\n"},
    {PARAMS("api_bsae: x"),
     "c.yaml:1:76: warning: model_list[].litellm_params.api_bsae: sent to the provider as it "
     "stands; did you mean api_base?\n"},
    {PARAMS("guided_choice: [a]"), ""},
    /* Values. */
    {MODEL "litellm_settings:\n  request_timeout: abc\n",
     "c.yaml:3:20: error: litellm_settings.request_timeout: expected a number of seconds, found "
     "\"abc\"\n"},
    {MODEL "litellm_settings: {request_timeout: -1, num_retries: 1.5, drop_params: [1]}\n",
     "c.yaml:2:37: error: litellm_settings.request_timeout: expected a number of seconds, found "
     "\"-1\"\n"
     "c.yaml:2:54: error: litellm_settings.num_retries: expected a whole number, 0 or more, found "
     "\"1.5\"\n"
     "c.yaml:2:72: error: litellm_settings.drop_params: expected true or false, found a list\n"},
    {MODEL "litellm_settings: 4\n",
     "c.yaml:2:19: error: litellm_settings: expected a mapping, found a single value\n"},
    {MODEL "litellm_settings:\ngeneral_settings: ~\nrouter_settings: null\n", ""},
    {MODEL "llmux_settings: {max_connections: 0, json_max_depth: 99999999999}\n",
     "c.yaml:2:35: error: llmux_settings.max_connections: expected a whole number, 1 or more, "
     "found \"0\"\n"
     "c.yaml:2:54: error: llmux_settings.json_max_depth: expected a whole number from 1 to "
     "2147483647, found \"99999999999\"\n"},
    {MODEL "litellm_settings: {ssl_verify: {a: b}}\n",
     "c.yaml:2:32: error: litellm_settings.ssl_verify: expected true, false, or the path of a "
     "file that can be read, found a mapping\n"},
    {MODEL "litellm_settings: {request_timeout: \"\x07\"}\n", NULL},
    {MODEL "litellm_settings: {request_timeout: \"a\\nb\"}\n",
     "c.yaml:2:37: error: litellm_settings.request_timeout: expected a number of seconds, found "
     "\"a b\"\n"},
    /* A secret is never shown, nor is what a variable holds. */
    {MODEL "general_settings: {master_key: [hunter2]}\n",
     "c.yaml:2:32: error: general_settings.master_key: expected a key (text), found a list\n"},
    {MODEL "environment_variables: {A: hunter2}\n"
           "litellm_settings: {request_timeout: os.environ/A}\n",
     "c.yaml:3:37: error: litellm_settings.request_timeout: expected a number of seconds, found "
     "something else\n"},
    {"environment_variables: {A: hunter2}\n"
     "model_list: [{model_name: a, litellm_params: {model: os.environ/A}}]\n",
     "c.yaml:2:54: warning: model_list[].litellm_params.model: no provider is known by what the "
     "variable holds; the deployment is left out\n"},
    {MODEL "litellm_settings: {request_timeout: os.environ/NOT_THERE}\n",
     "c.yaml:2:37: warning: litellm_settings.request_timeout: the environment variable NOT_THERE "
     "is not set; as if the key were not given\n"},
    {MODEL "environment_variables: [a]\n",
     "c.yaml:2:24: error: environment_variables: expected a mapping of names to values\n"},
    {MODEL "include: [a.yaml]\n", "c.yaml:2:11: error: include: files cannot be included here\n"},
    {MODEL "include: a.yaml\n", "c.yaml:2:10: error: include: expected a list of file names\n"},
    /* Models. */
    {"litellm_settings: {}\n", "c.yaml:1:1: warning: model_list: not given: no model is served\n"},
    {"model_list:\n", "c.yaml:1:1: warning: model_list: not given: no model is served\n"},
    {"model_list: {a: b}\n", "c.yaml:1:13: error: model_list: expected a list of models\n"},
    {"model_list: [a]\n", "c.yaml:1:14: error: model_list[]: expected a mapping with model_name "
                          "and litellm_params\n"},
    {"model_list: [{model_name: a}]\n",
     "c.yaml:1:14: error: model_list[].litellm_params: expected a mapping with at least a model\n"},
    {"model_list: [{model_name: a, litellm_params: {}}]\n",
     "c.yaml:1:46: error: model_list[].litellm_params.model: expected the model to ask, "
     "\"provider/model\"\n"},
    {"model_list: [{litellm_params: {model: openai/a, api_key: k}}]\n",
     "c.yaml:1:14: error: model_list[].model_name: expected the name clients use for this model\n"},
    {"model_list: [{model_name: a, litellm_params: {model: petals/a}}]\n",
     "c.yaml:1:54: warning: model_list[].litellm_params.model: the provider petals is left out, and "
     "its models: Python in process, or a public swarm that is gone\n"},
    {"model_list: [{model_name: a, litellm_params: {model: a, custom_llm_provider: palm}}]\n",
     "c.yaml:1:54: warning: model_list[].litellm_params.model: the provider palm is left out, and "
     "its models: shut down\n"},
    {"model_list: [{model_name: a, litellm_params: {model: opnai/a}}]\n",
     "c.yaml:1:54: warning: model_list[].litellm_params.model: the model name begins with no "
     "provider that is known: 'opnai'; did you mean openai?; the deployment is left out\n"},
    {"model_list: [{model_name: a, litellm_params: {model: openai/a}}]\n",
     "c.yaml:1:46: note: model_list[].litellm_params: no key for OpenAI: give api_key or set "
     "OPENAI_API_KEY\n"},
    {"model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: os.environ/K}}]\n",
     "c.yaml:1:73: warning: model_list[].litellm_params.api_key: the environment variable K is not "
     "set; as if the key were not given\n"},
    {"model_list: [{model_name: a, litellm_params: {model: openai/a, mock_response: hi}}]\n", ""},
    {"model_list: [{model_name: a, litellm_params: {model: nowhere/a, mock_response: hi}}]\n", ""},
    {"model_list: [{model_name: a, litellm_params: {model: hosted_vllm/a}}]\n",
     "c.yaml:1:46: warning: model_list[].litellm_params.api_base: vLLM server has no address of "
     "its own: give api_base or set HOSTED_VLLM_API_BASE; the deployment is left out\n"},
    {PARAMS("api_base: 'ftp://x'"),
     "c.yaml:1:86: error: model_list[].litellm_params.api_base: expected the URL of an API, "
     "http:// or https://\n"},
    {PARAMS("headers: {'a b': c}"), "c.yaml:1:93: error: model_list[].litellm_params.headers: "
                                    "expected the name and value of an HTTP header\n"},
    {PARAMS("headers: [a]"), "c.yaml:1:85: error: model_list[].litellm_params.headers: expected a "
                             "mapping of header names to values\n"},
    {PARAMS("extra_body: [a]"),
     "c.yaml:1:88: error: model_list[].litellm_params.extra_body: expected a mapping\n"},
    {PARAMS("additional_drop_params: [a, {b: c}]"),
     "c.yaml:1:104: error: model_list[].litellm_params.additional_drop_params: expected text, "
     "found a mapping\n"},
    {PARAMS("max_retries: x, timeout: y"),
     "c.yaml:1:89: error: model_list[].litellm_params.max_retries: expected a whole number, 0 or "
     "more, found \"x\"\n"
     "c.yaml:1:101: error: model_list[].litellm_params.timeout: expected a number of seconds, "
     "found \"y\"\n"},
    /* Routing. */
    {MODEL "router_settings: {model_group_alias: {a: zzz}}\n",
     "c.yaml:2:42: warning: router_settings.model_group_alias: no model of that name is served: "
     "the alias a is left out\n"},
    {MODEL "router_settings: {model_group_alias: {a: [m]}}\n",
     "c.yaml:2:42: error: router_settings.model_group_alias: expected a group's name, or {model: "
     "name, hidden: true}\n"},
    {MODEL "router_settings: {routing_strategy: least-busy}\n", ""},
    {MODEL "router_settings: {routing_strategy: simple-shuffle}\n", ""},
    {MODEL "router_settings: {routing_strategy: adaptive, cooldown_time: 1.5, allowed_fails: 3}\n",
     ""},
    {MODEL "router_settings: {retry_policy: {TimeoutErrorRetries: 3, TimeoutRetries: 1}}\n",
     "c.yaml:2:58: warning: router_settings.retry_policy.TimeoutRetries: unknown key\n"},
    {MODEL "router_settings: {allowed_fails_policy: {TimeoutErrorAllowedFails: -1}}\n",
     "c.yaml:2:68: error: router_settings.allowed_fails_policy: expected a whole number, 0 or "
     "more\n"},
    {MODEL "router_settings: {provider_budget_config: {openai: {budget_limit: 5, time_period: "
           "1x}}}\n",
     "c.yaml:2:52: error: router_settings.provider_budget_config: expected a budget_limit and its "
     "time_period\n"
     "c.yaml:2:83: error: router_settings.provider_budget_config.*.time_period: expected a length "
     "of time: 30s, 10m, 2h, 1d, 1w, 1mo, found \"1x\"\n"},
    {MODEL
     "router_settings: {provider_budget_config: {openai: {budget_limit: 5, time_period: "
     "1d}}, optional_pre_call_checks: [session_affinity, forward_client_headers_by_model_group, x]}\n",
     "c.yaml:2:134: warning: router_settings.optional_pre_call_checks: "
     "forward_client_headers_by_model_group is known, but not built yet: it has no effect\n"
     "c.yaml:2:173: warning: router_settings.optional_pre_call_checks: no such check\n"},
    {MODEL "router_settings: {model_group_retry_policy: {nobody: {DefaultRetries: 1}}}\n",
     "c.yaml:2:46: warning: router_settings.model_group_retry_policy: no model of that name is "
     "served\n"},
    {MODEL
     "router_settings: {routing_groups: [{group_name: g, models: [m], routing_strategy: dice}, "
     "{group_name: default, models: [m]}, 3]}\n",
     "c.yaml:2:36: error: router_settings.routing_groups[].routing_strategy: expected a strategy as "
     "in router_settings.routing_strategy, or priority\n"
     "c.yaml:2:90: error: router_settings.routing_groups: expected a mapping with group_name (but "
     "not \"default\"), models and routing_strategy\n"
     "c.yaml:2:126: error: router_settings.routing_groups: expected a mapping with group_name (but "
     "not \"default\"), models and routing_strategy\n"},
    {MODEL "router_settings: {routing_groups: [{group_name: g, models: [m, n], routing_strategy: "
           "latency-based-routing, routing_strategy_args: {ttft_percentile: 0.5, x: 1}}, "
           "{group_name: m, models: [m], routing_strategy: priority, model_priorities: {m: 0}}]}\n",
     "c.yaml:2:36: warning: router_settings.routing_groups: n: no model of that name is served\n"
     "c.yaml:2:155: warning: router_settings.routing_strategy_args.x: unknown key\n"
     "c.yaml:2:163: warning: router_settings.routing_groups: m: a model of that name is there, and "
     "is what the name means\n"
     "c.yaml:2:242: error: router_settings.routing_groups[].model_priorities: expected a number "
     "from 1 for each of the models\n"},
    {MODEL "router_settings: {default_litellm_params: 3}\n",
     "c.yaml:2:43: error: router_settings.default_litellm_params: expected a mapping\n"},
    {PARAMS("tag_regex: ['^a', '(b'], retry_policy: {Timeout: 1}, fallbacks: x, "
            "context_window_fallback_dict: [a]"),
     "c.yaml:1:87: error: model_list[].litellm_params.tag_regex: expected regular expressions as "
     "Python has them, without looking back, references and possessive repetitions: (b is none\n"
     "c.yaml:1:116: warning: router_settings.retry_policy.Timeout: unknown key; did you mean "
     "TimeoutErrorRetries?\n"
     "c.yaml:1:140: error: model_list[].litellm_params.fallbacks: expected a list\n"
     "c.yaml:1:173: error: model_list[].litellm_params.context_window_fallback_dict: expected a "
     "mapping\n"},
    {MODEL "router_settings: {routing_strategy: dice}\n",
     "c.yaml:2:37: error: router_settings.routing_strategy: expected simple-shuffle, adaptive, or "
     "another strategy of LiteLLM's\n"},
    {MODEL "litellm_settings: {ssl_certificate: /not/there.pem}\n",
     "c.yaml:2:37: error: litellm_settings.ssl_certificate: expected the path of a file that can be "
     "read, found \"/not/there.pem\"\n"},
    /* What no route asks for. */
    {"model_list: [{model_name: m, litellm_params: {model: openai/gpt-image-1, api_key: k}}]\n",
     "c.yaml:1:54: warning: model_list[].litellm_params.model: requests of the mode "
     "image_generation, which the catalog says it is for, are not built yet: this model is served "
     "for chats, completions, responses and embeddings only\n"},
    {"model_list: [{model_name: m, model_info: {mode: ocr}, litellm_params: {model: openai/m, "
     "api_key: k}}]\n",
     "c.yaml:1:49: warning: model_list[].model_info.mode: requests of the mode ocr are not built "
     "yet: this model is served for chats, completions, responses and embeddings only\n"},
    {"model_list: [{model_name: m, litellm_params: {model: bedrock/agentcore/a}}]\n",
     "c.yaml:1:54: warning: model_list[].litellm_params.model: bedrock/agentcore/a and its like are "
     "left out: agents\n"},
    {"model_list: [{model_name: m, litellm_params: {model: azure/m, api_key: k, api_base: "
     "'<it>'}}]\n",
     "c.yaml:1:85: error: model_list[].litellm_params.api_base: expected the URL of an API, http:// "
     "or https://; there is still a placeholder in it: <...>\n"},
    {"model_list: [{model_name: m, litellm_params: {model: predibase/m, api_key: k}}]\n",
     "c.yaml:1:46: note: model_list[].litellm_params: no project, account or tenant for Predibase: "
     "set PREDIBASE_TENANT_ID\n"},
    /* Providers. */
    {MODEL "llmux_settings: {providers: [{name: a/b, language: klingon, base_url: x, auth: "
           "stamp}]}\n",
     "c.yaml:2:30: error: llmux_settings.providers[].auth: expected bearer, header, aws or none\n"
     "c.yaml:2:30: error: llmux_settings.providers[].base_url: expected a URL, http:// or "
     "https://\n"
     "c.yaml:2:30: error: llmux_settings.providers[].language: expected a language that `llmux "
     "docs providers` names: openai_chat, anthropic, gemini, ...\n"
     "c.yaml:2:30: error: llmux_settings.providers[].name: expected a name without '/' and '*'\n"},
    {MODEL "llmux_settings: {providers: [{name: a, nmae: b, quirks: [{op: bend, memebr: x}]}]}\n",
     "c.yaml:2:40: warning: llmux_settings.providers[].nmae: unknown key; did you mean name?\n"
     "c.yaml:2:58: error: llmux_settings.providers[].quirks[].op: expected refuse, drop, rename, "
     "default, replace, flatten, clamp, switch, fill, role, effort, beside, ask, budget, pair, marks, "
     "tool, keep, word, levels, part, purpose, thought\n"
     "c.yaml:2:69: warning: llmux_settings.providers[].quirks[].memebr: unknown key; did you mean "
     "member?\n"},
    {MODEL "llmux_settings: {providers: [{name: a, quirks: [{op: rename, member: x}]}]}\n",
     "c.yaml:2:49: error: llmux_settings.providers[].quirks[].arg: expected an argument for this "
     "op\n"},
};

static void findings_name_place_and_reason(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof tellings / sizeof *tellings; i++) {
        struct unit_read r;
        unit_read(&r, tellings[i].yaml, unit_plain);
        if (tellings[i].findings && strcmp(r.text.p, tellings[i].findings) != 0) {
            print_error("%s\nsaid\n%swanted\n%s", tellings[i].yaml, r.text.p, tellings[i].findings);
            wrong++;
        }
        assert_null(strstr(r.text.p, "hunter2"));
        unit_close(&r);
    }
    assert_int_equal(wrong, 0);
}

static void findings_are_counted(void **state)
{
    struct unit_read r;
    (void)state;
    unit_read(&r, MODEL "litellm_settings: {cache: 1, retry: 1, aaa: 1, bbb: 2}\n", unit_plain);
    assert_int_equal(r.diags.errors, 0);
    assert_int_equal(r.diags.unknown, 2);
    assert_int_equal(r.diags.not_built, 2);
    unit_close(&r);
}

static void one_list_takes_several_loads(void **state)
{
    struct lx_env env = {unit_get, (void *)(uintptr_t)unit_plain};
    struct unit_read r;
    (void)state;
    unit_open(&r);
    assert_null(lx_config_read(LX_S("a"), "b.yaml", NULL, &env, NULL, &r.diags));
    r.config = lx_config_read(lx_slice_z(MODEL "aaa: 1\n"), "a.yaml", NULL, &env, NULL, &r.diags);
    assert_non_null(r.config);
    assert_int_equal(r.diags.n, 2);
    assert_true(lx_slice_eq(r.diags.v[0].file, LX_S("b.yaml")));
    assert_int_equal(r.diags.errors, 1);
    unit_close(&r);
}

static void no_master_key_is_said(void **state)
{
    struct unit_read r;
    (void)state;
    unit_read(&r, MODEL, NULL);
    assert_string_equal(r.text.p, "c.yaml: warning: general_settings.master_key: not given, nor "
                                  "LITELLM_MASTER_KEY set: every request is let in\n");
    assert_false(lx_secret_is_set(&r.config->master_key));
    unit_close(&r);
}

/* ---- Limits ------------------------------------------------------------------------------- */

static void depth_is_limited(void **state)
{
    char deep[400] = "x-a: ";
    struct unit_read r;
    (void)state;
    for (int i = 0; i < 100; i++)
        strcat(deep, "[");
    unit_read(&r, deep, unit_plain);
    assert_non_null(strstr(r.text.p, "nested deeper than 64 levels"));
    unit_close(&r);
}

/* A "billion laughs": nine aliases of nine aliases of ... */
static void aliases_are_counted_in_full(void **state)
{
    struct lx_buf b;
    struct unit_read r;
    (void)state;
    lx_buf_init(&b, 1 << 16);
    lx_buf_add_lit(&b, "x-0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++) {
        lx_buf_addf(&b, "x-%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            lx_buf_addf(&b, "%s*a%d", k ? ", " : "", i - 1);
        lx_buf_add_lit(&b, "]\n");
    }
    lx_buf_add_byte(&b, '\0');
    unit_read(&r, b.p, unit_plain);
    assert_non_null(strstr(r.text.p, "more than 1000000 values, aliases counted in full"));
    unit_close(&r);
    lx_buf_clear(&b);
}

/* ---- Settings ----------------------------------------------------------------------------- */

static void defaults_hold_without_settings(void **state)
{
    struct unit_read r;
    (void)state;
    unit_read(&r, MODEL, unit_plain);
    const struct lx_config *c = r.config;
    assert_int_equal(c->max_request_bytes, 100 << 20);
    assert_int_equal(c->shutdown_ms, 30000);
    assert_int_equal(c->max_connections, 16384);
    assert_int_equal(c->client_queue_bytes, 262144);
    assert_int_equal(c->routes.settings.request_timeout_ms, 600000);
    assert_int_equal(c->routes.settings.num_retries, 2);
    assert_false(c->routes.settings.drop_params);
    assert_false(c->json_logs);
    assert_false(c->net.tls.no_verify);
    assert_null(c->net.tls.ca_file);
    assert_null(c->net.https_proxy);
    assert_true(lx_secret_eq(&c->master_key, LX_S("sk-unit")));
    unit_close(&r);
}

static void settings_reach_their_places(void **state)
{
    struct unit_read r;
    (void)state;
    unit_read(&r,
              MODEL "litellm_settings: {drop_params: on, modify_params: 'True', num_retries: 5, "
                    "request_timeout: 1.5, json_logs: yes, ssl_verify: /dev/null, ssl_certificate: "
                    "/dev/zero}\n"
                    "router_settings: {timeout: 12.0005, stream_timeout: 0x10, retry_after: 2}\n"
                    "general_settings: {master_key: ' sk-1 ', litellm_key_header_name: X-Key, "
                    "max_request_size_mb: 0.5, max_response_size_mb: 2}\n"
                    "llmux_settings: {shutdown_timeout: 5, client_queue_bytes: 1_000, "
                    "https_proxy: 'http://p:1', upstream_max_idle: 7, json_max_depth: 9, "
                    "ca_file: /other.pem}\n",
              unit_plain);
    assert_string_equal(r.text.p, "");
    const struct lx_config *c = r.config;
    const struct lx_route_settings *s = &c->routes.settings;
    assert_true(s->drop_params && s->modify_params && c->json_logs);
    assert_int_equal(s->num_retries, 5);
    assert_int_equal(s->request_timeout_ms, 12001); /* the router's wins */
    assert_int_equal(s->stream_timeout_ms, 16000);
    assert_int_equal(s->retry_after_ms, 2000);
    assert_int_equal(s->max_response_bytes, 2 << 20);
    assert_int_equal(s->json.max_depth, 9);
    assert_true(lx_secret_eq(&c->master_key, LX_S("sk-1")));
    assert_true(lx_slice_eq(c->master_key_header, LX_S("X-Key")));
    assert_int_equal(c->max_request_bytes, 1 << 19);
    assert_int_equal(c->shutdown_ms, 5000);
    assert_int_equal(c->client_queue_bytes, 1000);
    assert_int_equal(c->net.max_idle_per_origin, 7);
    assert_string_equal(c->net.https_proxy, "http://p:1");
    assert_string_equal(c->net.tls.ca_file, "/dev/null");
    assert_string_equal(c->net.tls.cert_file, "/dev/zero");
    assert_string_equal(c->net.tls.key_file, "/dev/zero");
    unit_close(&r);
}

static void environment_counts_where_no_file_does(void **state)
{
    static const char *const variables[] = {"LITELLM_MASTER_KEY",
                                            "sk-env",
                                            "SSL_VERIFY",
                                            "False",
                                            "REQUEST_TIMEOUT",
                                            "7",
                                            "HTTPS_PROXY",
                                            "http://e:1",
                                            "NO_PROXY",
                                            "",
                                            "no_proxy",
                                            "a.b",
                                            "SSL_CERT_FILE",
                                            "/env.pem",
                                            "DEFAULT_MAX_RETRIES",
                                            "4",
                                            NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r, MODEL "litellm_settings: {num_retries: 1}\n", variables);
    assert_string_equal(r.text.p, "");
    assert_true(lx_secret_eq(&r.config->master_key, LX_S("sk-env")));
    assert_true(r.config->net.tls.no_verify);
    assert_string_equal(r.config->net.tls.ca_file, "/env.pem");
    assert_string_equal(r.config->net.https_proxy, "http://e:1");
    assert_string_equal(r.config->net.no_proxy, "a.b");
    assert_int_equal(r.config->routes.settings.request_timeout_ms, 7000);
    assert_int_equal(r.config->routes.settings.num_retries, 1);
    unit_close(&r);
}

static void a_wrong_variable_is_named(void **state)
{
    static const char *const variables[] = {"LITELLM_MASTER_KEY", "k", "REQUEST_TIMEOUT", "soon",
                                            NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r, MODEL, variables);
    assert_string_equal(r.text.p, "environment: error: REQUEST_TIMEOUT: expected a number of "
                                  "seconds, found \"soon\"\n");
    unit_close(&r);
}

static void variables_of_the_file_win(void **state)
{
    static const char *const variables[] = {
        "LITELLM_MASTER_KEY", "sk-env", "OUTER", "sk-outer", "B", "outer-b", NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "environment_variables: {LITELLM_MASTER_KEY: os.environ/OUTER, B: inner-b, C: ~, D: "
              "1}\n"
              "model_list:\n"
              "  - {model_name: m, litellm_params: {model: openai/m, api_key: os.environ/B}}\n",
              variables);
    assert_string_equal(r.text.p, "");
    assert_true(lx_secret_eq(&r.config->master_key, LX_S("sk-outer")));
    assert_true(lx_secret_eq(&r.config->routes.groups[0]->deployments[0]->key, LX_S("inner-b")));
    unit_close(&r);
}

/* ---- Files -------------------------------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void includes_are_merged(void **state)
{
    char dir[] = "/tmp/llmux-config-XXXXXX", path[300], want[1000];
    struct unit_read r;
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(mkdir(strcat(strcpy(path, dir), "/sub"), 0700), 0);
    put(dir, "a.yaml",
        "include: [sub/b.yaml, c.yaml]\n"
        "model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: k}}]\n"
        "litellm_settings: {num_retries: 1, drop_params: true}\n");
    /* d.yaml lies beside it, c.yaml beside the first file; a.yaml closes a circle. */
    put(dir, "sub/b.yaml",
        "include: [d.yaml, c.yaml, ../a.yaml]\n"
        "model_list: [{model_name: b, litellm_params: {model: openai/b, api_key: k}}]\n"
        "litellm_settings: {num_retries: 2}\n");
    put(dir, "sub/d.yaml", "litellm_settings: {num_retries: oops}\n");
    put(dir, "c.yaml",
        "model_list: [{model_name: c, litellm_params: {model: openai/c, api_key: k}}]\n");
    snprintf(path, sizeof path, "%s/a.yaml", dir);
    unit_load(&r, path, unit_plain);
    snprintf(want, sizeof want,
             "%s/sub/b.yaml:1:19: warning: include: %s/c.yaml was read already; not read again\n"
             "%s/sub/b.yaml:1:27: warning: include: %s/sub/../a.yaml was read already; not read "
             "again\n"
             "%s/sub/d.yaml:1:33: error: litellm_settings.num_retries: expected a whole number, 0 "
             "or more, found \"oops\"\n",
             dir, dir, dir, dir, dir);
    assert_string_equal(r.text.p, want);
    unit_close(&r);

    put(dir, "sub/d.yaml", "litellm_settings: {num_retries: 3}\n");
    unit_load(&r, path, unit_plain);
    assert_int_equal(r.config->routes.count, 3);
    assert_text(r.config->routes.groups[2]->name, "c");
    assert_int_equal(r.config->routes.settings.num_retries, 3);
    assert_false(r.config->routes.settings.drop_params); /* the section was replaced */
    unit_close(&r);

    put(dir, "sub/b.yaml", "include: [gone.yaml]\n");
    unit_load(&r, path, unit_plain);
    snprintf(want, sizeof want,
             "%s/sub/b.yaml:1:11: error: include: cannot read %s/sub/gone.yaml: No such file or "
             "directory\n",
             dir, dir);
    assert_string_equal(r.text.p, want);
    unit_close(&r);

    static const char *const names[] = {"a.yaml", "sub/b.yaml", "sub/d.yaml", "c.yaml"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(strcat(strcpy(path, dir), "/sub"));
    rmdir(dir);
    unit_load(&r, "/nonexistent/c.yaml", unit_plain);
    assert_string_equal(r.text.p, "/nonexistent/c.yaml: error: cannot read /nonexistent/c.yaml: No "
                                  "such file or directory\n");
    unit_close(&r);
}

static void the_example_is_fine(void **state)
{
    const char *source = getenv("LLMUX_SOURCE");
    char path[1000];
    struct unit_read r;
    struct lx_slice star;
    (void)state;
    if (!source) {
        print_message("skipped: LLMUX_SOURCE does not say where the tree is\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/examples/config.yaml", source);
    unit_load(&r, path, unit_plain);
    assert_non_null(r.config);
    for (size_t i = 0; i < r.diags.n; i++)
        assert_int_equal(r.diags.v[i].kind, LX_DIAG_NOTE);
    assert_true(unit_find(&r, "hello", &star)->mock_response.n > 0);
    unit_close(&r);
}

/* LiteLLM's get_settings(): what was given, what litellm_settings say of the same, defaults. */
static void settings_in_force_are_shown(void **state)
{
    static const char *const shown[] = {
        "\"num_retries\":7,",
        "\"timeout\":12.5,",
        "\"stream_timeout\":null,",
        "\"allowed_fails\":null,",
        "\"cooldown_time\":30,",
        "\"hedge_budget\":0.05,",
        "\"redis_password\":\"***\"",
        "\"redis_host\":\"there\"",
        "\"mid_stream_fallbacks\":true,",
        "\"retry_policy\":{\"TimeoutErrorRetries\":4},",
        "\"routing_strategy\":\"simple-shuffle\",",
        "\"default_litellm_params\":{\"api_key\":\"***\",\"max_tokens\":5,\"user\":\"***\","
        "\"azure_password\":\"***\",\"vertex_credentials\":\"***\",\"aws_secret_access_key\":\"***\"},",
        "\"default_max_parallel_requests\":null,",
        "\"fallbacks\":[{\"m\":[\"n\"]}],",
    };
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "litellm_settings: {num_retries: 7}\n"
              "router_settings:\n"
              "  timeout: 12.5\n"
              "  cooldown_time: 30\n"
              "  retry_policy: {TimeoutErrorRetries: 4}\n"
              "  fallbacks: [{m: [n]}]\n"
              "  redis_host: there\n"
              "  redis_password: hush\n"
              "  default_litellm_params:\n"
              "    api_key: hush\n"
              "    max_tokens: 5\n"
              "    user: os.environ/LITELLM_MASTER_KEY\n"
              "    azure_password: hush\n"
              "    vertex_credentials: '{\"private_key\": \"hush\"}'\n"
              "    aws_secret_access_key: 12345678\n" MODEL,
              unit_plain);
    assert_non_null(r.config);
    struct lx_slice all = r.config->routes.settings.shown;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (lx_slice_find(all, lx_slice_z(shown[i])) < 0)
            fail_msg("%s is not in %.*s", shown[i], LX_F(all));
    assert_true(lx_slice_find(all, LX_S("hush")) < 0);
    assert_true(lx_slice_find(all, LX_S("12345678")) < 0);
    assert_true(lx_slice_find(all, LX_S("sk-unit")) < 0);
    unit_close(&r);
}

static void the_reference_is_printed_from_the_table(void **state)
{
    const char *source = getenv("LLMUX_SOURCE");
    char path[1000];
    struct lx_buf b;
    (void)state;
    if (!source) {
        print_message("skipped: LLMUX_SOURCE does not say where the tree is\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/doc/config.md", source);
    lx_buf_init(&b, 1 << 20);
    lx_config_write_docs(&b);
    char *file = malloc(b.n + 1);
    FILE *f = fopen(path, "r");
    assert_true(f && file);
    assert_int_equal(fread(file, 1, b.n + 1, f), b.n);
    assert_memory_equal(file, b.p, b.n);
    fclose(f);
    free(file);
    lx_buf_clear(&b);
}

static void a_snapshot_lives_as_long_as_someone_holds_it(void **state)
{
    struct unit_read r;
    (void)state;
    unit_read(&r, MODEL, unit_plain);
    struct lx_config *again = lx_config_ref(r.config);
    unit_close(&r);
    assert_true(lx_secret_eq(&again->routes.groups[0]->deployments[0]->key, LX_S("k")));
    lx_config_unref(again);
    lx_config_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_name_place_and_reason),
        cmocka_unit_test(findings_are_counted),
        cmocka_unit_test(one_list_takes_several_loads),
        cmocka_unit_test(no_master_key_is_said),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(aliases_are_counted_in_full),
        cmocka_unit_test(defaults_hold_without_settings),
        cmocka_unit_test(settings_reach_their_places),
        cmocka_unit_test(environment_counts_where_no_file_does),
        cmocka_unit_test(a_wrong_variable_is_named),
        cmocka_unit_test(variables_of_the_file_win),
        cmocka_unit_test(includes_are_merged),
        cmocka_unit_test(the_example_is_fine),
        cmocka_unit_test(settings_in_force_are_shown),
        cmocka_unit_test(the_reference_is_printed_from_the_table),
        cmocka_unit_test(a_snapshot_lives_as_long_as_someone_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
