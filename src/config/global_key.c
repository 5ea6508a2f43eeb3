/*
 * global_key.c - keys and places that litellm_settings names for all models of a provider: each
 * counts as if the provider's variable were set, and wins over it, as LiteLLM has it
 * (litellm.openai_key and the like).
 *
 * Called by config.c once environment_variables are read. The settings' names stand in options.def,
 * too, for whoever reads the documents.
 */
#include "config/load.h"

static const struct {
    const char *setting, *variable;
} globals[] = {
    {"ai21_key", "AI21_API_KEY"},
    {"amazon_nova_api_key", "AMAZON_NOVA_API_KEY"},
    {"anthropic_key", "ANTHROPIC_API_KEY"},
    {"api_version", "AZURE_API_VERSION"},
    {"azure_key", "AZURE_OPENAI_API_KEY"},
    {"baseten_key", "BASETEN_API_KEY"},
    {"bytez_key", "BYTEZ_API_KEY"},
    {"clarifai_key", "CLARIFAI_API_KEY"},
    {"cloudflare_api_key", "CLOUDFLARE_API_KEY"},
    {"cohere_key", "COHERE_API_KEY"},
    {"cometapi_key", "COMETAPI_KEY"},
    {"databricks_key", "DATABRICKS_API_KEY"},
    {"datarobot_key", "DATAROBOT_API_TOKEN"},
    {"gdc_api_base", "GDC_API_BASE"},
    {"gdc_key", "GDC_API_KEY"},
    {"gigachat_key", "GIGACHAT_API_KEY"},
    {"gradient_ai_api_key", "GRADIENT_AI_API_KEY"},
    {"groq_key", "GROQ_API_KEY"},
    {"heroku_key", "HEROKU_API_KEY"},
    {"huggingface_key", "HF_TOKEN"},
    {"inception_key", "INCEPTION_API_KEY"},
    {"infinity_key", "INFINITY_API_KEY"},
    {"lemonade_key", "LEMONADE_API_KEY"},
    {"llama_api_key", "LLAMA_API_KEY"},
    {"maritalk_key", "MARITALK_API_KEY"},
    {"nebius_key", "NEBIUS_API_KEY"},
    {"nlp_cloud_key", "NLP_CLOUD_API_KEY"},
    {"novita_api_key", "NOVITA_API_KEY"},
    {"ollama_key", "OLLAMA_API_KEY"},
    {"openai_key", "OPENAI_API_KEY"},
    {"openai_like_key", "OPENAI_LIKE_API_KEY"},
    {"openrouter_key", "OPENROUTER_API_KEY"},
    {"ovhcloud_key", "OVHCLOUD_API_KEY"},
    {"predibase_key", "PREDIBASE_API_KEY"},
    {"predibase_tenant_id", "PREDIBASE_TENANT_ID"},
    {"replicate_key", "REPLICATE_API_KEY"},
    {"sap_service_key", "AICORE_SERVICE_KEY"},
    {"snowflake_key", "SNOWFLAKE_JWT"},
    {"togetherai_api_key", "TOGETHER_API_KEY"},
    {"vercel_ai_gateway_key", "VERCEL_AI_GATEWAY_API_KEY"},
    {"vertex_credentials", "VERTEXAI_CREDENTIALS"},
    {"vertex_location", "VERTEXAI_LOCATION"},
    {"vertex_project", "VERTEXAI_PROJECT"},
    {"wandb_key", "WANDB_API_KEY"},
    {"xai_key", "XAI_API_KEY"},
};

void lx_load_global_keys(struct lx_load *l)
{
    const struct lx_yaml *settings = lx_yaml_get(l->root, LX_S("litellm_settings"));
    for (size_t i = 0; settings && i < sizeof(globals) / sizeof(globals[0]); i++) {
        struct lx_slice name = lx_slice_z(globals[i].setting);
        const struct lx_yaml *v = lx_yaml_get(settings, name);
        if (!v || v->kind != LX_YAML_SCALAR || lx_yaml_type(v) == LX_YAML_NULL)
            continue;
        struct lx_slice path =
            lx_arena_printf(&l->set.arena, "litellm_settings.%s", globals[i].setting);
        struct lx_slice text = lx_load_text(l, v, path);
        const char *value = text.n ? lx_arena_copy_z(&l->set.arena, text) : NULL;
        if (value)
            lx_map_put(&l->variables, lx_slice_z(globals[i].variable), (void *)(uintptr_t)value);
    }
}
