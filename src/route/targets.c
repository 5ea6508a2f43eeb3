/*
 * targets.c - see targets.h. Lists stay JSON: they are looked at only when something has failed, or
 * somebody wants to see them.
 */
#include "route/targets.h"

#include "provider/provider.h"

bool lx_targets_are_plain(struct lx_json list)
{
    bool plain = lx_json_count(list) > 0;
    for (struct lx_json_iter it = lx_json_iter(list); plain && lx_json_next(&it);) {
        struct lx_json model = LX_GET(it.value, "model");
        plain = lx_json_is(it.value, LX_JSON_STRING) || lx_json_is(model, LX_JSON_STRING);
    }
    return plain;
}

static bool is_pattern(struct lx_slice key)
{
    return key.n > 1 && lx_slice_find_byte(key, '*') >= 0;
}

/* "openai/gpt-4o" is meant by "gpt-4o", too. */
static bool is_bare_name(struct lx_slice key, struct lx_slice group)
{
    struct lx_slice prefix, rest;
    return lx_slice_cut(group, '/', &prefix, &rest) && lx_slice_eq(key, rest) &&
           lx_provider_find(prefix);
}

/* How well a key of a list means the group: 0 not at all, else the most wins. */
static int match(struct lx_slice key, struct lx_slice group)
{
    struct lx_slice star;
    return lx_slice_eq(key, group)                               ? 4
           : is_bare_name(key, group)                            ? 3
           : is_pattern(key) && lx_star_match(key, group, &star) ? 2
           : lx_slice_eq(key, LX_S("*"))                         ? 1
                                                                 : 0;
}

struct lx_slice lx_targets_of(struct lx_slice lists, struct lx_slice group, struct lx_arena *a)
{
    struct lx_json_doc doc;
    struct lx_slice found = {NULL, 0};
    int best = 0;
    lx_json_doc_init(&doc);
    if (lists.n && lx_json_read(&doc, lists, NULL, NULL) == 0) {
        struct lx_json list = lx_json_root(&doc);
        if (lx_targets_are_plain(list))
            found = lists;
        else if (lx_json_is(list, LX_JSON_ARRAY))
            for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);)
                for (struct lx_json_iter of = lx_json_iter(it.value); lx_json_next(&of);) {
                    int m = match(lx_json_str(of.name, a), group);
                    if (m > best && lx_json_is(of.value, LX_JSON_ARRAY)) {
                        best = m;
                        found = lx_json_raw(of.value);
                    }
                }
    }
    lx_json_doc_clear(&doc);
    return found;
}
