/*
 * rules.h - what LiteLLM's map says of models by the look of their names (its member
 * fallback_generalizations). Inside of catalog/ only.
 *
 * A rule is a pattern (base/regex.h) and members of a row. A model without a row gets those of all
 * the rules that match, and one with a row those that a rule gives to all of some providers.
 */
#ifndef LX_CATALOG_RULES_H
#define LX_CATALOG_RULES_H

#include "wire/json.h"

struct lx_rule {
    struct lx_slice pattern;
    struct lx_slice providers; /* JSON array: rows of theirs are filled up; or empty */
    struct lx_slice info;      /* JSON object */
    struct lx_regex *regex;    /* the pattern, read; NULL: it is read for each search */
};
struct lx_rules {
    struct lx_rule *v;
    size_t n;
};
enum { LX_RULES_MAX = 64 };

/* Reads the block's value, {"rules": [...]}, into the arena. *left_out: rules that are not used,
 * since they are wrong or need more than is known here. Those that only name a provider are not
 * counted: routing has them in its table. 0 or the arena's failure. */
int lx_rules_read(struct lx_json block, struct lx_arena *a, struct lx_rules *out, size_t *left_out);
/* Copies them, their texts too. 0 or the arena's failure. */
int lx_rules_copy(const struct lx_rules *rules, struct lx_arena *a, struct lx_rules *out);
/* Reads their patterns, and frees what was read. 0 or LX_ENOMEM. */
int lx_rules_compile(struct lx_rules *rules);
void lx_rules_clear(struct lx_rules *rules);
/* Appends the members that the rules give a model of that name, as an object with the provider in
 * it (where that is known). False: none matches, and nothing was appended. */
bool lx_rules_apply(const struct lx_rules *rules, struct lx_slice name, struct lx_slice provider,
                    struct lx_buf *out);
/* The same for a model that has this row: what it lacks. Only the missing members are written. */
bool lx_rules_fill(const struct lx_rules *rules, struct lx_slice name, struct lx_slice row,
                   struct lx_buf *out);

#endif
