/*
 * members.c - tells the gateway's members of a request body from the provider's.
 *
 * The names are LiteLLM's `all_litellm_params` (features.md, a3), as far as they can stand in a
 * body. `metadata` is both: OpenAI takes a map of strings, and anything else in it is LiteLLM's.
 */
#include "call/members.h"

#include <stdlib.h>

/* By length, then by bytes: a lookup compares few names and only of its own length. */
static const struct row {
    struct lx_slice name;
    enum lx_member member;
} rows[] = {
#define OURS(name)                      \
    {                                   \
        LX_S_INIT(name), LX_MEMBER_OURS \
    }
    OURS("rpm"),
    OURS("tpm"),
    OURS("ttl"),
    OURS("itpm"),
    OURS("otpm"),
    {LX_S_INIT("tags"), LX_MEMBER_TAGS},
    OURS("cache"),
    {LX_S_INIT("model"), LX_MEMBER_MODEL},
    OURS("order"),
    OURS("roles"),
    OURS("no-log"),
    {LX_S_INIT("stream"), LX_MEMBER_STREAM},
    OURS("weight"),
    OURS("api_key"),
    OURS("caching"),
    {LX_S_INIT("headers"), LX_MEMBER_HEADERS},
    {LX_S_INIT("timeout"), LX_MEMBER_TIMEOUT},
    OURS("verbose"),
    {LX_S_INIT("api_base"), LX_MEMBER_REFUSED},
    OURS("api_type"),
    {LX_S_INIT("base_url"), LX_MEMBER_REFUSED},
    {LX_S_INIT("metadata"), LX_MEMBER_METADATA},
    {LX_S_INIT("priority"), LX_MEMBER_PRIORITY},
    OURS("bos_token"),
    OURS("cache_key"),
    OURS("client_id"),
    OURS("eos_token"),
    {LX_S_INIT("fallbacks"), LX_MEMBER_FALLBACKS},
    OURS("logger_fn"),
    OURS("prompt_id"),
    OURS("tenant_id"),
    OURS("base_model"),
    {LX_S_INIT("extra_body"), LX_MEMBER_EXTRA_BODY},
    OURS("guardrails"),
    OURS("max_budget"),
    {LX_S_INIT("mock_delay"), LX_MEMBER_MOCK_DELAY},
    OURS("model_info"),
    OURS("model_list"),
    OURS("api_version"),
    OURS("azure_scope"),
    {LX_S_INIT("drop_params"), LX_MEMBER_DROP_PARAMS},
    {LX_S_INIT("extra_query"), LX_MEMBER_EXTRA_QUERY},
    {LX_S_INIT("max_retries"), LX_MEMBER_MAX_RETRIES},
    {LX_S_INIT("num_retries"), LX_MEMBER_NUM_RETRIES},
    OURS("region_name"),
    {LX_S_INIT("mock_timeout"), LX_MEMBER_MOCK_TIMEOUT},
    OURS("organization"),
    OURS("prompt_label"),
    {LX_S_INIT("retry_policy"), LX_MEMBER_RETRY_POLICY},
    {LX_S_INIT("service_tier"), LX_MEMBER_SERVICE_TIER},
    OURS("client_secret"),
    OURS("cooldown_time"),
    OURS("deployment_id"),
    {LX_S_INIT("extra_headers"), LX_MEMBER_EXTRA_HEADERS},
    OURS("force_timeout"),
    OURS("hf_model_name"),
    {LX_S_INIT("max_fallbacks"), LX_MEMBER_MAX_FALLBACKS},
    {LX_S_INIT("mock_response"), LX_MEMBER_MOCK_RESPONSE},
    OURS("secret_fields"),
    OURS("use_xai_oauth"),
    OURS("azure_ad_token"),
    OURS("azure_password"),
    OURS("azure_username"),
    OURS("caching_groups"),
    OURS("fallback_depth"),
    OURS("prompt_version"),
    OURS("retry_strategy"),
    OURS("s3_bucket_name"),
    {LX_S_INIT("stream_options"), LX_MEMBER_STREAM_OPTIONS},
    {LX_S_INIT("stream_timeout"), LX_MEMBER_STREAM_TIMEOUT},
    OURS("budget_duration"),
    {LX_S_INIT("mock_tool_calls"), LX_MEMBER_MOCK_CALLS},
    {LX_S_INIT("request_timeout"), LX_MEMBER_REQUEST_TIMEOUT},
    {LX_S_INIT("fastest_response"), LX_MEMBER_FASTEST_RESPONSE},
    {LX_S_INIT("litellm_metadata"), LX_MEMBER_LITELLM_METADATA},
    OURS("preset_cache_key"),
    OURS("prompt_variables"),
    OURS("routing_strategy"),
    OURS("search_tool_name"),
    OURS("complete_response"),
    {LX_S_INIT("disable_fallbacks"), LX_MEMBER_DISABLE_FALLBACKS},
    OURS("keepalive_seconds"),
    OURS("max_agentic_loops"),
    OURS("use_litellm_proxy"),
    OURS("final_prompt_value"),
    {LX_S_INIT("litellm_session_id"), LX_MEMBER_SESSION_ID},
    {LX_S_INIT("web_search_options"), LX_MEMBER_WEB_SEARCH_OPTIONS},
    OURS("custom_llm_provider"),
    OURS("use_in_pass_through"),
    {LX_S_INIT("allowed_model_region"), LX_MEMBER_REGION},
    OURS("initial_prompt_value"),
    OURS("proxy_server_request"),
    {LX_S_INIT("allowed_openai_params"), LX_MEMBER_ALLOWED_PARAMS},
    {LX_S_INIT("between_bytes_timeout"), LX_MEMBER_BETWEEN_BYTES},
    OURS("enable_prompt_caching"),
    {LX_S_INIT("litellm_system_prompt"), LX_MEMBER_SYSTEM_PROMPT},
    OURS("max_parallel_requests"),
    {LX_S_INIT("user_continue_message"), LX_MEMBER_USER_CONTINUE},
    {LX_S_INIT("additional_drop_params"), LX_MEMBER_ADDITIONAL_DROP_PARAMS},
    {LX_S_INIT("mock_testing_fallbacks"), LX_MEMBER_MOCK_TESTING_GENERAL},
    {LX_S_INIT("supports_system_message"), LX_MEMBER_TAKES_SYSTEM},
    {LX_S_INIT("content_policy_fallbacks"), LX_MEMBER_CONTENT_POLICY_FALLBACKS},
    {LX_S_INIT("context_window_fallbacks"), LX_MEMBER_CONTEXT_WINDOW_FALLBACKS},
    {LX_S_INIT("ensure_alternating_roles"), LX_MEMBER_ALTERNATE},
    {LX_S_INIT("provider_specific_header"), LX_MEMBER_PROVIDER_HEADER},
    OURS("turn_off_message_logging"),
    OURS("use_chat_completions_api"),
    {LX_S_INIT("assistant_continue_message"), LX_MEMBER_ASSISTANT_CONTINUE},
    {LX_S_INIT("context_window_fallback_dict"), LX_MEMBER_CONTEXT_WINDOW_FALLBACK_DICT},
    {LX_S_INIT("enable_json_schema_validation"), LX_MEMBER_ENFORCE_FORMAT},
    OURS("cache_control_injection_points"),
    {LX_S_INIT("mock_testing_context_fallbacks"), LX_MEMBER_MOCK_TESTING_CONTEXT},
    {LX_S_INIT("merge_reasoning_content_in_choices"), LX_MEMBER_MERGE_REASONING},
    OURS("configurable_clientside_auth_params"),
    {LX_S_INIT("mock_testing_content_policy_fallbacks"), LX_MEMBER_MOCK_TESTING_CONTENT},
};

/* Whole families of names. */
static const struct lx_slice prefixes[] = {
    LX_S_INIT("litellm_"),
    LX_S_INIT("langfuse_"),
    LX_S_INIT("langsmith_"),
    LX_S_INIT("gcs_"),
    LX_S_INIT("arize_"),
    LX_S_INIT("posthog_"),
    LX_S_INIT("humanloop_"),
    LX_S_INIT("weave_"),
    LX_S_INIT("lunary_"),
    LX_S_INIT("aws_"),
    LX_S_INIT("vertex_"),
    LX_S_INIT("auto_router_"),
    LX_S_INIT("input_cost_per"),
    LX_S_INIT("output_cost_per"),
    LX_S_INIT("complexity_router_"),
    LX_S_INIT("adaptive_router_"),
    LX_S_INIT("quality_router_"),
    LX_S_INIT("mock_testing_"),
};

const size_t lx_member_names_count = sizeof(rows) / sizeof(rows[0]);

struct lx_slice lx_member_name(size_t i)
{
    return rows[i].name;
}

static int compare(const void *key, const void *row)
{
    const struct lx_slice *name = key;
    const struct lx_slice *other = &((const struct row *)row)->name;
    if (name->n != other->n)
        return name->n < other->n ? -1 : 1;
    return memcmp(name->p, other->p, name->n);
}

enum lx_member lx_member_find(struct lx_slice name)
{
    const struct row *row = bsearch(&name, rows, lx_member_names_count, sizeof(rows[0]), compare);
    if (row)
        return row->member;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (lx_slice_starts(name, prefixes[i]))
            return LX_MEMBER_OURS;
    return LX_MEMBER_OTHER;
}

static bool is_gateways(enum lx_member m)
{
    return m >= LX_MEMBER_OURS && m < LX_MEMBER_COUNT;
}

/* OpenAI takes strings only in metadata; tags, nested objects and the like are for the gateway. */
static bool is_ours(enum lx_member m, struct lx_json v)
{
    if (m == LX_MEMBER_METADATA)
        for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);)
            if (!lx_json_is(it.value, LX_JSON_STRING))
                return true;
    return is_gateways(m);
}

void lx_members_read(const struct lx_json_doc *body, struct lx_arena *a, struct lx_json_edit *edit,
                     struct lx_members *out)
{
    struct lx_json root = lx_json_root(body);
    memset(out, 0, sizeof(*out));
    for (struct lx_json_iter it = lx_json_iter(root); lx_json_next(&it);) {
        struct lx_slice name = lx_json_str(it.name, a);
        enum lx_member m = name.n ? lx_member_find(name) : LX_MEMBER_OTHER;
        if (m == LX_MEMBER_OTHER)
            continue;
        out->v[m] = it.value;
        if (m == LX_MEMBER_REFUSED)
            out->refused = name;
        if (edit && is_ours(m, it.value))
            lx_json_edit_remove(edit, root, name);
    }
}

void lx_members_strip(struct lx_request *r)
{
    for (struct lx_extra **at = &r->extra; *at;) {
        if (is_gateways(lx_member_find((*at)->name)))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

int64_t lx_members_ms(struct lx_json v)
{
    struct lx_slice whole, fraction;
    int64_t s, ms = 0;
    if (!lx_json_is(v, LX_JSON_NUMBER))
        return 0;
    lx_slice_cut(lx_json_raw(v), '.', &whole, &fraction);
    if (lx_slice_int(whole, &s) < 0 || s < 0 || s > INT32_MAX)
        return 0;
    for (size_t i = 0, unit = 100; i < fraction.n && unit; i++, unit /= 10) {
        if (fraction.p[i] < '0' || fraction.p[i] > '9')
            return 0; /* an exponent: nobody writes a timeout so */
        ms += (fraction.p[i] - '0') * (int64_t)unit;
    }
    return s * 1000 + ms;
}

struct lx_wishes lx_members_wishes(const struct lx_members *m, enum lx_tristate stream)
{
    static const struct {
        enum lx_member member;
        enum lx_fault_kind fault;
    } mocks[] = {
        {LX_MEMBER_MOCK_TESTING_CONTENT, LX_FAULT_CONTENT_POLICY},
        {LX_MEMBER_MOCK_TESTING_CONTEXT, LX_FAULT_CONTEXT_WINDOW},
        {LX_MEMBER_MOCK_TESTING_GENERAL, LX_FAULT_INTERNAL},
    };
    struct lx_wishes w = {
        .stream = stream == LX_YES, .max_retries = -1, .max_fallbacks = -1, .priority = -1};
    if (stream == LX_UNSET)
        w.stream = lx_json_bool(m->v[LX_MEMBER_STREAM], false);
    const struct lx_json retries[] = {m->v[LX_MEMBER_NUM_RETRIES], m->v[LX_MEMBER_MAX_RETRIES]};
    int64_t n;
    w.timeout_ms = lx_members_ms(m->v[LX_MEMBER_TIMEOUT]);
    if (!w.timeout_ms)
        w.timeout_ms = lx_members_ms(m->v[LX_MEMBER_REQUEST_TIMEOUT]);
    w.stream_timeout_ms = lx_members_ms(m->v[LX_MEMBER_STREAM_TIMEOUT]);
    w.between_bytes_ms = lx_members_ms(m->v[LX_MEMBER_BETWEEN_BYTES]);
    for (size_t i = 2; i-- > 0;)
        if (lx_json_int(retries[i], &n) == 0 && n >= 0)
            w.max_retries = n;
    if (lx_json_int(m->v[LX_MEMBER_MAX_FALLBACKS], &n) == 0 && n >= 0)
        w.max_fallbacks = n;
    if (lx_json_int(m->v[LX_MEMBER_PRIORITY], &n) == 0 && n >= 0)
        w.priority = n;
    w.disable_fallbacks = lx_json_bool(m->v[LX_MEMBER_DISABLE_FALLBACKS], false);
    for (size_t i = 0; i < sizeof(mocks) / sizeof(mocks[0]); i++)
        if (lx_json_bool(m->v[mocks[i].member], false))
            w.mock_fault = mocks[i].fault;
    return w;
}

enum { MAX_CLIENT_PATHS = 64 };

struct lx_slice *lx_members_join(const struct lx_slice *ours, size_t count, struct lx_json theirs,
                                 struct lx_arena *a, size_t *total)
{
    size_t more = lx_json_is(theirs, LX_JSON_ARRAY) ? lx_json_count(theirs) : 0;
    if (more > MAX_CLIENT_PATHS)
        more = MAX_CLIENT_PATHS;
    *total = 0;
    if (!count && !more)
        return NULL;
    struct lx_slice *v = lx_arena_alloc(a, (count + more) * sizeof(*v));
    if (!v)
        return NULL;
    if (count)
        memcpy(v, ours, count * sizeof(*v));
    *total = count;
    for (struct lx_json_iter it = lx_json_iter(theirs); more && lx_json_next(&it); more--) {
        struct lx_slice s = lx_json_str(it.value, a);
        if (s.n)
            v[(*total)++] = s;
    }
    return v;
}
