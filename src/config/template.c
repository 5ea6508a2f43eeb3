/*
 * template.c - the prompt templates of models that complete: a deployment's own roles,
 * custom_prompt_dict, hf_model_name.
 *
 * Read with each entry of model_list (models.c). Sends nothing: backs fill templates.
 */
#include "config/load.h"

#define PARAMS "model_list[].litellm_params"

/* LiteLLM's prompt template, by which models that complete are given a conversation. */
static struct lx_slice text_in(struct lx_load *l, const struct lx_yaml *map, const char *name)
{
    return lx_arena_copy(&l->config->arena, lx_yaml_text(lx_yaml_get(map, lx_slice_z(name))));
}

static void take_role(struct lx_load *l, const struct lx_yaml *roles, struct lx_slice name,
                      struct lx_prompt_role *out)
{
    struct lx_arena *a = &l->config->arena;
    const struct lx_yaml *role = lx_yaml_get(roles, name);
    out->pre = lx_arena_copy(a, lx_yaml_text(lx_yaml_get(role, LX_S("pre_message"))));
    out->post = lx_arena_copy(a, lx_yaml_text(lx_yaml_get(role, LX_S("post_message"))));
}

/* custom_prompt_dict: templates by the model's name, as the provider has it or with its provider.
 */
static void find_roles(struct lx_load *l, struct lx_config_entry *e)
{
    const struct lx_yaml *settings = lx_yaml_get(l->root, LX_S("litellm_settings"));
    const struct lx_yaml *dicts[] = {e->prompt_dict,
                                     lx_yaml_get(settings, LX_S("custom_prompt_dict"))};
    struct lx_slice provider, name;
    if (!lx_slice_cut(e->model, '/', &provider, &name))
        name = e->model;
    for (size_t i = 0; i < 2 && !e->roles; i++) {
        const struct lx_yaml *own = lx_yaml_get(dicts[i], e->model);
        if (!own)
            own = lx_yaml_get(dicts[i], name);
        if (!own)
            continue;
        e->roles = lx_yaml_get(own, LX_S("roles"));
        e->template.initial = text_in(l, own, "initial_prompt_value");
        e->template.final = text_in(l, own, "final_prompt_value");
        e->template.bos = text_in(l, own, "bos_token");
        e->template.eos = text_in(l, own, "eos_token");
    }
}

void lx_load_template(struct lx_load *l, struct lx_config_entry *e)
{
    find_roles(l, e);
    if (!e->roles) {
        e->d.prompt = e->hf_model_name.n ? lx_provider_template(e->hf_model_name) : NULL;
        return;
    }
    struct lx_prompt_template *t = lx_arena_new(&l->config->arena, struct lx_prompt_template);
    if (e->roles->kind != LX_YAML_MAP) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, e->roles, LX_S(PARAMS ".roles"),
                    "expected a mapping of roles");
        return;
    }
    if (!t)
        return;
    *t = e->template;
    take_role(l, e->roles, LX_S("system"), &t->system);
    take_role(l, e->roles, LX_S("user"), &t->user);
    take_role(l, e->roles, LX_S("assistant"), &t->assistant);
    e->d.prompt = t;
}
