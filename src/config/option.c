/*
 * option.c - the table of configuration keys (options.def) and how a key is looked up in it.
 */
#include "provider/near.h"
#include "config/load.h"

#define LX_AT(member)      offsetof(struct lx_config, member)
#define LX_ENTRY(member)   offsetof(struct lx_config_entry, member)
#define LX_LATENCY(member) offsetof(struct lx_latency_args, member)
#define LX_BUDGET(member)  offsetof(struct lx_named_budget, budget.member)
#define LX_GROUP(member)   offsetof(struct lx_config_group, member)
#define LX_CUSTOM(member)  offsetof(struct lx_config_provider, member)
#define LX_REDIS(member)   offsetof(struct lx_config_redis, member)
#define LX_MEND(member)    offsetof(struct lx_config_quirk, member)

const struct lx_config_option lx_config_options[] = {
#define LX_OPTION(section, name, type, at, otherwise, env, help) \
    {section, name, LX_TYPE_##type, LX_OPTION_BUILT, at, otherwise, env, help},
#define LX_BODY(section, names, help) \
    {section, names, LX_TYPE_NODE, LX_OPTION_BODY, 0, NULL, NULL, help},
#define LX_KNOWN(section, subject, names) \
    {section, names, LX_TYPE_NODE, LX_OPTION_KNOWN, 0, NULL, NULL, subject},
#define LX_NOTHING(section, names, why) \
    {section, names, LX_TYPE_NODE, LX_OPTION_NOTHING, 0, NULL, NULL, why},
#include "config/options.def"
#undef LX_OPTION
#undef LX_BODY
#undef LX_KNOWN
#undef LX_NOTHING
};
const size_t lx_config_option_count = sizeof lx_config_options / sizeof *lx_config_options;

static bool next_name(struct lx_slice *names, struct lx_slice *name)
{
    if (!names->n)
        return false;
    lx_slice_cut(*names, ' ', name, names);
    return true;
}

static bool has_name(const struct lx_config_option *o, struct lx_slice key)
{
    struct lx_slice names = lx_slice_z(o->names), name;
    while (next_name(&names, &name))
        if (lx_slice_find_byte(name, '*') >= 0 ? lx_glob_match(name, key) : lx_slice_eq(name, key))
            return true;
    return false;
}

const struct lx_config_option *lx_config_option_find(struct lx_slice section, struct lx_slice key)
{
    for (size_t i = 0; i < lx_config_option_count; i++)
        if (lx_slice_eq(lx_slice_z(lx_config_options[i].section), section) &&
            has_name(&lx_config_options[i], key))
            return &lx_config_options[i];
    return NULL;
}

bool lx_config_option_section_exists(struct lx_slice section)
{
    for (size_t i = 0; i < lx_config_option_count; i++)
        if (lx_slice_eq(lx_slice_z(lx_config_options[i].section), section))
            return true;
    return false;
}

/* ---- Near matches ---- */

static struct lx_slice nearest(struct lx_slice section, struct lx_slice key)
{
    struct lx_slice name;
    struct lx_near near;
    lx_near_init(&near, key);
    for (size_t i = 0; i < lx_config_option_count; i++) {
        struct lx_slice names = lx_slice_z(lx_config_options[i].names);
        if (!lx_slice_eq(lx_slice_z(lx_config_options[i].section), section))
            continue;
        while (next_name(&names, &name))
            if (lx_slice_find_byte(name, '*') < 0)
                lx_near_add(&near, name);
    }
    return near.n ? near.best[0] : (struct lx_slice){0};
}

struct lx_slice lx_config_option_near(struct lx_slice section, struct lx_slice key,
                                      struct lx_arena *a)
{
    /* Right name, wrong section: of the sections at the root, and the root itself. */
    static const char *const homes[] = {"general_settings", "litellm_settings", "router_settings",
                                        "llmux_settings"};
    struct lx_slice near = nearest(section, key);
    if (near.n)
        return near;
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
        struct lx_slice home = lx_slice_z(homes[i]);
        if (!lx_slice_eq(home, section) && lx_config_option_find(home, key))
            return lx_arena_printf(a, "%.*s.%.*s", LX_F(home), LX_F(key));
    }
    if (lx_config_option_find(LX_S(""), key))
        return lx_arena_printf(a, "%.*s, at the top of the file", LX_F(key));
    return (struct lx_slice){0};
}
