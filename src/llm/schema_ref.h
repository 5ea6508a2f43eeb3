/*
 * schema_ref.h - what a reference in a JSON Schema stands for.
 */
#ifndef LX_LLM_SCHEMA_REF_H
#define LX_LLM_SCHEMA_REF_H

#include "wire/json.h"

/* The schema that "#", "#/$defs/a" or "#name" stands for, in the document whose root it is; NONE:
 * there is none, or it is another document's. Where a schema inside has an address of its own, "#"
 * may be its: then nothing is followed. Reads the whole document. */
struct lx_json lx_schema_resolve(struct lx_json root, struct lx_slice ref, struct lx_arena *a);

#endif
