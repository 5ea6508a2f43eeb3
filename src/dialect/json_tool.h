/*
 * json_tool.h - structured output where a model has none of its own: the tool that stands for the
 * wanted schema, or the words that ask for it. For the backs of several languages.
 */
#ifndef LX_DIALECT_JSON_TOOL_H
#define LX_DIALECT_JSON_TOOL_H

#include "dialect/dialect.h"

/* LiteLLM's name of it. */
#define LX_JSON_TOOL LX_S("json_tool_call")

/* Writes the member "description" of that tool. */
void lx_json_tool_describe(struct lx_out *o, const struct lx_response_format *f);
/* Writes the member `name` that asks the model for JSON, of the schema where there is one; the body
 * then says so. */
void lx_json_prompt_write(struct lx_out *o, const char *name, const struct lx_response_format *f,
                          struct lx_body *body);
/* The call of the tool becomes the text; what the model said around it is no JSON and would spoil
 * it, so other text goes. Thinking and calls of the client's own tools stay. */
void lx_json_tool_unwrap(struct lx_choice *c);

#endif
