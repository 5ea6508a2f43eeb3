/*
 * catalog.h - what the commands about models share: the user's own map over the built-in one.
 */
#ifndef LX_CMD_CATALOG_H
#define LX_CMD_CATALOG_H

#include "catalog/query.h"

/* The catalog by --map FILE, else by LITELLM_MODEL_COST_MAP_URL; *out is NULL when neither is
 * given. False, with a message, when --map's cannot be used; the variable's is then said to be left
 * out. */
bool lx_cmd_catalog(const char *command, const char *path, struct lx_catalog **out);

/* What `llmux models` lists without a configuration (models_catalog.c). */
struct lx_models_filter {
    const char *provider;     /* or NULL */
    const char *supports;     /* "vision,tools"; or NULL */
    const char *max_price;    /* dollars a million tokens of input; or NULL */
    const char *const *words; /* parts of names */
    int word_count;
};
int lx_models_print(const struct lx_catalog *c, const struct lx_models_filter *f, bool json);

#endif
