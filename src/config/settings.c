/*
 * settings.c - router_settings as they are in force, for those who look at a running router.
 *
 * What the table of options puts into a place of the configuration is read back from there, so that
 * defaults, variables and what litellm_settings say of the same are shown as they came out. What
 * code reads by hand stands as it was written.
 */
#include "config/load.h"

#define SECTION "router_settings"
#define HIDDEN  LX_S("***")

/* ---- As it was written -------------------------------------------------------------------- */

/* "max_tokens: 5" and "input_cost_per_token: 1e-6" are none. */
static bool is_secret(struct lx_slice name, const struct lx_yaml *v)
{
    bool counts_tokens = lx_yaml_type(v) != LX_YAML_TEXT && lx_slice_find(name, LX_S("token")) >= 0;
    return !counts_tokens && lx_load_is_secret(name, v);
}

static void show_value(struct lx_load *l, struct lx_slice name, const struct lx_yaml *v,
                       struct lx_out *out)
{
    if (v->kind == LX_YAML_SCALAR) {
        if (is_secret(name, v))
            lx_out_str(out, NULL, HIDDEN);
        else
            lx_load_write_json(l, v, out);
    } else if (v->kind == LX_YAML_LIST) {
        lx_out_array(out, NULL);
        for (size_t i = 0; i < v->n && !out->buf->failed; i++)
            show_value(l, name, v->items[i], out);
        lx_out_array_end(out);
    } else {
        lx_out_object(out, NULL);
        for (size_t i = 0; i < v->n && !out->buf->failed; i++) {
            lx_out_name(out, lx_text(v->pairs[i].key->text));
            show_value(l, v->pairs[i].key->text, v->pairs[i].value, out);
        }
        lx_out_object_end(out);
    }
}

static void show_written(struct lx_load *l, const struct lx_config_option *o, struct lx_out *out)
{
    const struct lx_yaml *v = lx_load_setting(l, SECTION, o->names);
    if (v)
        show_value(l, lx_slice_z(o->names), v, out);
    else if (o->otherwise)
        lx_out_str(out, NULL, lx_slice_z(o->otherwise));
    else
        lx_out_null(out, NULL);
}

/* ---- As it is in force -------------------------------------------------------------------- */

/* v of so many for a written 1. 0 and less stand for a default that is no number, where it is. */
static void show_number(const struct lx_config_option *o, int64_t v, int64_t scale,
                        struct lx_out *out)
{
    char room[64];
    struct lx_buf text = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    bool counted = o->otherwise && lx_yaml_plain_type(lx_slice_z(o->otherwise)) != LX_YAML_TEXT;
    lx_buf_addf(&text, v > 0 || counted ? "%.15g" : "null", (double)v / (double)scale);
    lx_out_raw(out, NULL, lx_buf_slice(&text));
}

static void show_text(struct lx_slice text, struct lx_out *out)
{
    if (text.n)
        lx_out_str(out, NULL, text);
    else
        lx_out_null(out, NULL);
}

static void show_in_force(struct lx_load *l, const struct lx_config_option *o, struct lx_out *out)
{
    const void *at = (const char *)l->config + o->at;
    switch (o->type) {
    case LX_TYPE_BOOL:
        lx_out_bool(out, NULL, *(const bool *)at);
        break;
    case LX_TYPE_COUNT:
        show_number(o, *(const int64_t *)at, 1, out);
        break;
    case LX_TYPE_SECONDS:
        show_number(o, *(const int64_t *)at, 1000, out);
        break;
    case LX_TYPE_PPM:
        show_number(o, *(const int64_t *)at, 1000000, out);
        break;
    case LX_TYPE_STRING:
        show_text(*(const struct lx_slice *)at, out);
        break;
    case LX_TYPE_SECRET:
        show_text(lx_secret_is_set(at) ? HIDDEN : lx_slice(NULL, 0), out);
        break;
    default:
        show_written(l, o, out);
    }
}

void lx_load_settings(struct lx_load *l)
{
    struct lx_slice section = LX_S(SECTION);
    struct lx_buf b;
    lx_buf_init(&b, 1 << 20);
    struct lx_out out = lx_out(&b);
    lx_out_object(&out, NULL);
    for (size_t i = 0; i < lx_config_option_count; i++) {
        const struct lx_config_option *o = &lx_config_options[i];
        if (o->state != LX_OPTION_BUILT || !lx_slice_eq(lx_slice_z(o->section), section))
            continue;
        lx_out_name(&out, lx_text(lx_slice_z(o->names)));
        if (o->at == LX_BY_HAND)
            show_written(l, o, &out);
        else
            show_in_force(l, o, &out);
    }
    lx_out_object_end(&out);
    if (b.failed == LX_ELIMIT)
        lx_diag_add(l->diags, LX_DIAG_WARNING, lx_yaml_get(l->root, section), section,
                    "larger than 1 MiB as JSON: GET /router/state does not show them");
    else if (b.failed)
        l->config->arena.failed = LX_ENOMEM;
    else
        l->config->routes.settings.shown = lx_arena_copy(&l->config->arena, lx_buf_slice(&b));
    lx_buf_clear(&b);
}
