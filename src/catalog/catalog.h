/*
 * catalog.h - every model that is known: its limits, prices and capabilities, by name.
 *
 * A model is a row of JSON in LiteLLM's schema (model_prices_and_context_window.json), and stays
 * one: the built-in rows lie packed in the binary and are used where they lie, a user's own map has
 * the same form and is read by the same code. Nothing is read or built at start.
 *
 * Called by the configuration (which prices its deployments once), by endpoints, commands and the
 * library. Never does I/O: whoever has a file gives its bytes.
 */
#ifndef LX_CATALOG_CATALOG_H
#define LX_CATALOG_CATALOG_H

#include "base/map.h"
#include "wire/json.h"

/* Borrowed: from the binary, or from the catalog it was found in. */
struct lx_model {
    struct lx_slice name; /* the catalog's key: "openai/gpt-4o-mini" */
    struct lx_slice json; /* an object */
};

/* Rows of a user's own, over the built-in ones. Opaque; wherever one is asked for, NULL means that
 * there are only the built-in ones. Read-only once filled, so threads may share it. */
struct lx_catalog;

/* Empty, or NULL when out of memory. */
struct lx_catalog *lx_catalog_new(void);
void lx_catalog_free(struct lx_catalog *c); /* NULL-safe; the last reference frees */
/* One more reference to a catalog that nothing is added to any more, by whichever thread. */
struct lx_catalog *lx_catalog_ref(struct lx_catalog *c);
/* The same rows, to add more to; c may be NULL. NULL when out of memory. */
struct lx_catalog *lx_catalog_copy(const struct lx_catalog *c);

/*
 * Adds the rows of a map, {"name": {...}, ...}; members of a row that exists already, built-in ones
 * too, are kept where the new row does not have them (LiteLLM's register_model). Names that begin
 * with '_' and LiteLLM's "sample_spec" are passed over; its "fallback_generalizations" take the
 * place of the rules there were. All or nothing: 0,
 * LX_EJSON and its kin, LX_EINVAL (a row is no object, a price is no number, below 0 or absurd),
 * LX_ENOMEM, LX_ELIMIT. The text may go afterwards.
 */
int lx_catalog_add(struct lx_catalog *c, struct lx_slice text, struct lx_error *err);
/*
 * Makes a map the whole catalog: the built-in rows are not asked any more (LiteLLM's
 * LITELLM_MODEL_COST_MAP_URL). As lx_catalog_add, and LX_EINVAL too when the map has fewer than
 * half as many models as the built-in one: it is then more likely cut off than meant.
 */
int lx_catalog_replace(struct lx_catalog *c, struct lx_slice text, struct lx_error *err);

/* How many rows there are. */
size_t lx_catalog_count(const struct lx_catalog *c);
/* Every row once, in no order to rely on: for (size_t at = 0; lx_catalog_next(c, &at, &m);) */
bool lx_catalog_next(const struct lx_catalog *c, size_t *at, struct lx_model *out);

/* The row of just this name; else the one whose name differs in case only. */
bool lx_catalog_get(const struct lx_catalog *c, struct lx_slice name, struct lx_model *out);

/*
 * The row for a model as it is called with a provider, as LiteLLM finds it: "provider/model", then
 * "model", then without what routes and regions put in front ("bedrock/converse/us.anthropic...",
 * "vertex_ai/alias/..."), then without a date or version at the end and without a fine-tune's own
 * part ("ft:gpt-4o:org::id"), then (LiteLLM stops before) without "-20250514" or "-latest", by its
 * size where the provider bills so, then the provider's "*". A row of another provider does not
 * count, where the row names one. An empty provider is read from the model's prefix, if it is one.
 */
bool lx_catalog_find(const struct lx_catalog *c, struct lx_slice provider, struct lx_slice model,
                     struct lx_model *out);

/*
 * What is known of a model that has no row by the look of its name ("claude-newfamily-5"): what
 * LiteLLM's rules (fallback_generalizations) say of such names, as a row in the arena, its name
 * being that which matched. What it does not say is not known. Without a provider the name's prefix
 * is it. False: no rule matches, or the name
 * has a row, be it another provider's.
 */
bool lx_catalog_describe(const struct lx_catalog *c, struct lx_slice provider,
                         struct lx_slice model, struct lx_arena *a, struct lx_model *out);
/* Rules of a map's own that are not used: wrong ones, or patterns that base/regex.h does not know.
 */
size_t lx_catalog_rules_left_out(const struct lx_catalog *c);

/* The row's "litellm_provider"; empty when it has none. Borrowed from the row. */
struct lx_slice lx_model_provider(struct lx_model m);
/* A member as written, a string without its quotes; absent when there is none. */
struct lx_slice lx_model_member(struct lx_model m, struct lx_slice name);
/* Whether a model can do what LiteLLM's supports_<what>() tells of it: the row's word; where it has
 * none, that of the row without the provider in front; then the provider's. `what` may be the
 * member's whole name. */
bool lx_model_supports(const struct lx_catalog *c, struct lx_model m, struct lx_slice what);

#endif
