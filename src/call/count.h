/*
 * count.h - how many tokens a model would count: of a request in any language, or of a text.
 *
 * Behind estimates of usage, POST /utils/token_counter, /v1/messages/count_tokens and the library.
 */
#ifndef LX_CALL_COUNT_H
#define LX_CALL_COUNT_H

#include "call/call.h"
#include "tokens/tokens.h"

/* By what a model is counted. Borrows from the deployment. */
struct lx_counter {
    struct lx_encoding encoding;
    struct lx_token_rule rule;
    bool own; /* by the deployment's custom_tokenizer */
};

/* For a deployment's model, or (d NULL) for one that is known by its name only. catalog may be
 * NULL. Never fails: an unknown model is counted as LiteLLM counts it. */
void lx_counter_of(const struct lx_deployment *d, struct lx_slice model,
                   const struct lx_catalog *catalog, struct lx_counter *out);

/* Whether the vocabulary is one of OpenAI's. */
bool lx_counter_is_openai(const struct lx_counter *c);

/* The tokens of a request body in language `from`, as LiteLLM's token_counter counts the same
 * request in OpenAI's language. 0, LX_EINVAL and its kin (err says what), LX_ENOMEM, LX_ELIMIT. */
int lx_count_request(const struct lx_counter *c, struct lx_tokenizer *t,
                     const struct lx_dialect *from, struct lx_slice body,
                     const struct lx_json_limits *limits, int64_t *count, struct lx_error *err);
/* Whether nobody but us counts the tokens that a client of `front` asks for. */
bool lx_is_counted_here(const struct lx_deployment *d, struct lx_slice upstream_model,
                        const struct lx_dialect *front, bool is_mock);
/* What is said where settings forbid to count here. */
extern const struct lx_fault lx_count_refusal;
/* Of a text. 0 or LX_ENOMEM, LX_ELIMIT. */
int lx_count_text(const struct lx_counter *c, struct lx_tokenizer *t, struct lx_slice text,
                  int64_t *count);

#endif
