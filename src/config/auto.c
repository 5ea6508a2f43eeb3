/*
 * auto.c - entries of model_list whose model is `auto_router/...`: no deployments, but names that
 * choose among those that are served.
 *
 * Runs once all models have their prices. The settings stay JSON until route/auto.c reads them.
 */
#include "route/auto.h"

#include "config/load.h"
#include "io/file.h"

#define PARAMS "model_list[].litellm_params"

enum { MAX_ROUTES_BYTES = 16 << 20 };

static struct lx_slice text_at(struct lx_load *l, const struct lx_yaml *params, const char *name)
{
    const struct lx_yaml *v = lx_yaml_get(params, lx_slice_z(name));
    struct lx_slice text = {NULL, 0};
    if (v && v->kind == LX_YAML_SCALAR && lx_yaml_type(v) != LX_YAML_NULL)
        text = lx_load_text(l, v, lx_arena_printf(&l->set.arena, PARAMS ".%s", name));
    return text.n ? lx_arena_copy(&l->config->arena, text) : text;
}

/* The words decide, whoever else is asked for. */
static void check_classifier(struct lx_load *l, const struct lx_yaml *config, struct lx_slice path)
{
    const struct lx_yaml *v = lx_yaml_get(config, LX_S("classifier_type"));
    if (v && v->kind == LX_YAML_SCALAR && lx_yaml_type(v) != LX_YAML_NULL &&
        !lx_slice_eq(v->text, LX_S("heuristic")))
        lx_diag_add(l->diags, LX_DIAG_NOT_BUILT, v, path,
                    "classifier_type %.*s is known, but not built yet: heuristic decides",
                    LX_F(lx_slice_to(v->text, 100)));
}

/* The routes of a semantic one: JSON as text, a file of it, or a mapping. */
static struct lx_slice routes_of(struct lx_load *l, const struct lx_yaml *params)
{
    struct lx_slice path = text_at(l, params, "auto_router_config_path");
    struct lx_slice text = text_at(l, params, "auto_router_config");
    struct lx_buf file;
    if (!path.n)
        return text;
    const char *z = lx_arena_copy_z(&l->set.arena, path);
    lx_buf_init(&file, MAX_ROUTES_BYTES);
    int code = z ? lx_file_read(z, &file) : LX_ENOMEM;
    if (code == 0)
        text = lx_arena_copy(&l->config->arena, lx_buf_slice(&file));
    else
        lx_diag_add(l->diags, LX_DIAG_WARNING, params, LX_S(PARAMS ".auto_router_config_path"),
                    "the file cannot be read: %s", lx_code_text(code));
    lx_buf_clear(&file);
    return text;
}

/* "complexity_router_default_model": beside the settings. */
static struct lx_slice default_of(struct lx_load *l, const struct lx_yaml *params,
                                  const struct lx_auto_kind *kind)
{
    const char *prefix = kind->any ? "auto_router" : kind->model;
    struct lx_slice name = lx_arena_printf(&l->set.arena, "%s_default_model", prefix);
    return name.p ? text_at(l, params, name.p) : name;
}

static void add(struct lx_load *l, const struct lx_yaml *entry, const struct lx_yaml *params,
                const struct lx_auto_kind *kind)
{
    const struct lx_yaml *config = lx_yaml_get(params, lx_slice_z(kind->config));
    struct lx_slice path = lx_arena_printf(&l->set.arena, PARAMS ".%s", kind->config), unserved;
    struct lx_error err = {0};
    struct lx_auto_source s = {.kind = kind,
                               .name = lx_yaml_get(entry, LX_S("model_name"))->text,
                               .default_model = default_of(l, params, kind)};
    if (config && config->kind == LX_YAML_MAP) {
        lx_section_read(l, path.p, config, NULL, NULL);
        check_classifier(l, config, path);
        s.config = lx_load_json(l, config);
    }
    if (kind->any) {
        if (!s.config.n)
            s.config = routes_of(l, params);
        s.embedder = text_at(l, params, "auto_router_embedding_model");
        (void)lx_slice_int(text_at(l, params, "auto_router_max_input_chars"), &s.max_chars);
    }
    const struct lx_yaml *model_info = lx_yaml_get(entry, LX_S("model_info"));
    if (model_info && model_info->kind == LX_YAML_MAP)
        s.model_info = lx_load_json(l, model_info);
    s.name = lx_arena_copy(&l->config->arena, s.name);
    if (lx_map_get(&l->config->routes.by_name, s.name) || lx_auto_find(&l->config->routes, s.name))
        lx_diag_add(l->diags, LX_DIAG_WARNING, entry, LX_S("model_list[].model_name"),
                    "%.*s is another model, too: the auto router that comes first has the name",
                    LX_F(lx_slice_to(s.name, 100)));
    int code = lx_auto_add(&l->config->routes, &s, &l->config->arena, &unserved, &err);
    if (code == LX_ENOMEM)
        l->config->arena.failed = LX_ENOMEM;
    else if (code < 0)
        lx_diag_add(l->diags, LX_DIAG_WARNING, config ? config : params, path,
                    "%s; the auto router is left out", err.text);
    if (unserved.n)
        lx_diag_add(l->diags, LX_DIAG_WARNING, config ? config : params, path,
                    "no model of the name %.*s is served: it is never chosen",
                    LX_F(lx_slice_to(unserved, 100)));
    l->config->routes.settings.policy.wants_keys |= kind->learns;
}

void lx_load_autos(struct lx_load *l)
{
    const struct lx_yaml *list = lx_yaml_get(l->root, LX_S("model_list"));
    for (size_t i = 0; list && list->kind == LX_YAML_LIST && i < list->n; i++) {
        const struct lx_yaml *params = lx_yaml_get(list->items[i], LX_S("litellm_params"));
        const struct lx_yaml *name = lx_yaml_get(list->items[i], LX_S("model_name"));
        const struct lx_yaml *model = lx_yaml_get(params, LX_S("model"));
        if (!model || model->kind != LX_YAML_SCALAR || !name || name->kind != LX_YAML_SCALAR ||
            !name->text.n || !lx_slice_starts(model->text, LX_S("auto_router/")))
            continue;
        add(l, list->items[i], params, lx_auto_kind_find(model->text));
    }
}
