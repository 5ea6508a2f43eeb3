/*
 * prompt.h - a conversation as one text, for languages that know no messages.
 *
 * Backs whose provider takes a prompt write it with this; which template a model was trained on is
 * data here, and a deployment may bring its own. What a text cannot hold (tools, images) is refused
 * by name, never lost.
 */
#ifndef LX_DIALECT_PROMPT_H
#define LX_DIALECT_PROMPT_H

#include "dialect/dialect.h"

/* What stands around a message of one role. */
struct lx_prompt_role {
    struct lx_slice pre, post;
};

struct lx_prompt_template {
    const char *name;   /* "llama-3" */
    const char *models; /* glob over the upstream model name; NULL: those of no other template */
    struct lx_slice bos, initial; /* before all messages */
    struct lx_prompt_role system, user, assistant;
    struct lx_slice eos;    /* after an answer that is over */
    struct lx_slice again;  /* before the turn that follows an answer */
    struct lx_slice final;  /* before the answer that is wanted */
    bool system_opens_user; /* the system's text stands within the user's turn that follows */
};

/* The first whose glob matches a model's name is the model's; the last one has none and is for all
 * others. */
extern const struct lx_prompt_template lx_prompt_templates[];
extern const size_t lx_prompt_template_count;

/* Writes the request's messages as one JSON string, by the template of the options, else by the
 * last one above. A request that was a prompt goes as it came; a
 * last message of the assistant's is left open, to be gone on with. */
void lx_prompt_write(struct lx_out *out, const char *name, const struct lx_write_options *o,
                     const struct lx_request *r, struct lx_body *b);

/* Writes one message as a JSON string, without a template. index: which it is, for errors. */
void lx_prompt_message_write(struct lx_out *out, const char *name, const struct lx_write_options *o,
                             const struct lx_message *m, size_t index, struct lx_body *b);

/* Refuses, or lists as lost, what no prompt carries besides its messages: tools, reasoning. */
void lx_prompt_refuse_rest(const struct lx_write_options *o, const struct lx_request *r,
                           struct lx_body *b);

#endif
