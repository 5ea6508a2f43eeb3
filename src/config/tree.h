/*
 * tree.h - a YAML file as a small tree that knows where everything stood.
 *
 * Aliases share nodes, merge keys (<<) are folded in, of duplicate keys the last wins. What a plain
 * scalar means (null, a boolean, a number, text) is asked for with lx_yaml_type(), by the rules of
 * YAML 1.1 as PyYAML applies them, since that is what LiteLLM's users write for.
 */
#ifndef LX_CONFIG_TREE_H
#define LX_CONFIG_TREE_H

#include "config/config.h"
#include "wire/json.h"

enum lx_yaml_kind { LX_YAML_SCALAR, LX_YAML_LIST, LX_YAML_MAP };
enum lx_yaml_type {
    LX_YAML_NULL,
    LX_YAML_BOOL,
    LX_YAML_INT,
    LX_YAML_FLOAT,
    LX_YAML_TEXT,
    LX_YAML_IS_LIST,
    LX_YAML_IS_MAP,
};

struct lx_yaml_file {
    struct lx_slice name;
    int order;
    const struct lx_yaml_file *older; /* of those copied into the same set */
};
struct lx_yaml_pair {
    struct lx_yaml *key, *value;
};
struct lx_yaml {
    enum lx_yaml_kind kind;
    bool plain; /* a scalar without quotes or tag: its text decides its type */
    bool open;  /* still being read: an alias to it would be a loop */
    const struct lx_yaml_file *file;
    int line, column;           /* from 1 */
    struct lx_slice text;       /* of a scalar; a NUL follows */
    struct lx_yaml **items;     /* of a list */
    struct lx_yaml_pair *pairs; /* of a map */
    size_t n;
    size_t weight;         /* values in it, every alias counted in full */
    struct lx_yaml *older; /* every node of the set, for wiping */
};

/* The nodes of all the files of one load. */
struct lx_yaml_set {
    struct lx_arena arena;
    struct lx_yaml *newest;
    const struct lx_yaml_file *copied; /* files of nodes that came from other sets */
};
void lx_yaml_set_init(struct lx_yaml_set *set);
/* Wipes the text of every scalar (it may be a key) and frees all. */
void lx_yaml_set_clear(struct lx_yaml_set *set);
/* A node that no file holds, placed where `at` is; NULL when out of memory. */
struct lx_yaml *lx_yaml_new(struct lx_yaml_set *set, enum lx_yaml_kind kind,
                            const struct lx_yaml *at);

/* The same values and places, in a set of their own, with the names of their files; NULL when out
 * of memory. */
struct lx_yaml *lx_yaml_copy(struct lx_yaml_set *set, const struct lx_yaml *v);
/* Reads one document. NULL for an empty one and for a wrong one, which adds an error to diags. */
struct lx_yaml *lx_yaml_read(struct lx_yaml_set *set, struct lx_slice text,
                             const struct lx_yaml_file *file, struct lx_diags *diags);

/* The value of a key, or NULL (also when v is NULL or no map). */
struct lx_yaml *lx_yaml_get(const struct lx_yaml *v, struct lx_slice key);

/* ---- Scalars (config_scalar.c) ---- */

enum lx_yaml_type lx_yaml_type(const struct lx_yaml *v);
/* What a plain scalar of this text is. */
enum lx_yaml_type lx_yaml_plain_type(struct lx_slice text);
/* A plain INT or FLOAT as JSON writes it, in the arena; absent when JSON cannot (infinity). */
struct lx_slice lx_yaml_number(struct lx_slice text, struct lx_arena *a);
/* true/false/yes/no/on/off/1/0 in any case. 0 or LX_EINVAL. */
int lx_yaml_bool(struct lx_slice text, bool *out);
/* A decimal number ("1.5", "2e-3") times 10^digits, a remainder rounded away from zero, exact
 * otherwise. 0 or LX_EINVAL (no number, or too large). */
int lx_yaml_decimal(struct lx_slice text, int digits, int64_t *out);

#endif
