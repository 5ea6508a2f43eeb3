/*
 * info.h - what is known of a model, as LiteLLM's get_model_info tells it.
 */
#ifndef LX_CATALOG_INFO_H
#define LX_CATALOG_INFO_H

#include "catalog/catalog.h"

/* Members of the open object: "key", the row's, with the user's own (a JSON object, or absent) over
 * them, and null for what LiteLLM's clients look for and nobody said. m may be empty. */
void lx_model_info_write(struct lx_out *o, struct lx_model m, struct lx_slice own);

#endif
