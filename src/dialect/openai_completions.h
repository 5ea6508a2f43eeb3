/*
 * openai_completions.h - what the files of the text completions dialect share; nobody else includes
 * it.
 *
 *   openai_completions.c           the tables, and requests both ways
 *   openai_completions_logprobs.c  log-probabilities both ways
 *   openai_completions_write.c     front: replies and streams
 *
 * OpenAI's first language (POST /v1/completions): a prompt in, a text out. Its replies are read
 * with those of chat completions, which differ only in where a choice has its text.
 */
#ifndef LX_DIALECT_OPENAI_COMPLETIONS_H
#define LX_DIALECT_OPENAI_COMPLETIONS_H

#include "dialect/openai_chat.h"

#define LX_OPENAI_COMPLETIONS LX_S("openai_completions")

/* Writes chat completions' log-probabilities in the older shape. *offset: characters told before,
 * and then with these. Anything that is none, or empty, is null. */
void lx_completions_write_logprobs(struct lx_out *o, struct lx_slice chat, int64_t *offset);

/* What a stream's writer remembers. */
struct lx_completions_telling {
    char *head; /* {"id":...,"model":"..." : what every chunk begins with; heap */
    size_t head_n;
    struct lx_completions_told *choices; /* heap */
    size_t count, cap;
    struct lx_usage usage; /* the last that was told; its slices are not kept */
};

/* These are what struct lx_front says of its members. */
void lx_completions_write_reply(const struct lx_reply *r, const struct lx_reply_context *c,
                                struct lx_buf *out);
void lx_completions_write_event(void *state, const struct lx_event *e,
                                const struct lx_reply_context *c, struct lx_buf *out);
void lx_completions_telling_clear(void *state);

#endif
