/*
 * schema.h - whether a value follows a JSON Schema (2020-12, and what differs in draft 7 and
 * before): for answers whose form a client asked for.
 *
 * Not looked at: pattern and patternProperties (there are no regular expressions here), format,
 * unevaluated*, $dynamicRef, references to other documents. What they might say counts as unknown,
 * so that nothing is refused on their account, be it under "not"; lx_schema_unchecked() names them.
 */
#ifndef LX_LLM_SCHEMA_H
#define LX_LLM_SCHEMA_H

#include "wire/json.h"

/* 1: nothing speaks against the value; 0: it does not follow the schema, and *why says where and
 * what; LX_ELIMIT: that takes more work or depth than is spent on it; or the arena's failure. */
int lx_schema_check(struct lx_json schema, struct lx_json value, struct lx_arena *a,
                    struct lx_error *why);
/* Appends the names of the keywords in the schema that are not looked at, each once, with ", "
 * between. */
void lx_schema_unchecked(struct lx_json schema, struct lx_buf *names);

#endif
