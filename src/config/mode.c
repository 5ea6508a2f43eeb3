/*
 * mode.c - says which models of model_list are of a kind that nobody can ask for here.
 *
 * What a model is for, its model_info.mode says, else the catalog. A configuration that serves
 * pictures or transcripts loads, and answers chats; who is to run it learns from the warning what
 * it does not answer.
 */
#include "config/load.h"

#include "catalog/catalog.h"
#include "catalog/row.h"

static void look_at(struct lx_load *l, const struct lx_yaml *entry)
{
    const struct lx_yaml *params = lx_yaml_get(entry, LX_S("litellm_params"));
    const struct lx_yaml *model = lx_yaml_get(params, LX_S("model"));
    const struct lx_yaml *own = lx_yaml_get(lx_yaml_get(entry, LX_S("model_info")), LX_S("mode"));
    struct lx_slice mode = lx_yaml_text(own),
                    name = lx_yaml_text(lx_yaml_get(entry, LX_S("model_name")));
    struct lx_model row;
    if (!lx_map_get(&l->config->routes.by_name, name)) /* left out, which has been said */
        return;
    if (!mode.n && lx_catalog_find(l->config->catalog,
                                   lx_yaml_text(lx_yaml_get(params, LX_S("custom_llm_provider"))),
                                   lx_yaml_text(model), &row))
        mode = lx_row_unquoted(lx_model_member(row, LX_S("mode")));
    if (!mode.n || lx_glob_match(LX_S("chat|completion|embedding|responses"), mode))
        return;
    lx_diag_add(l->diags, LX_DIAG_NOT_BUILT, own ? own : model,
                own ? LX_S("model_list[].model_info.mode")
                    : LX_S("model_list[].litellm_params.model"),
                "requests of the mode %.*s%s are not built yet: this model is served for chats, "
                "completions, responses and embeddings only",
                LX_F(lx_slice_to(mode, 50)), own ? "" : ", which the catalog says it is for,");
}

void lx_load_modes(struct lx_load *l)
{
    const struct lx_yaml *list = lx_yaml_get(l->root, LX_S("model_list"));
    for (size_t i = 0; list && list->kind == LX_YAML_LIST && i < list->n; i++)
        look_at(l, list->items[i]);
}
