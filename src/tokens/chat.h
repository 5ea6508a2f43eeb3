/*
 * chat.h - the parts of counting a chat: text as Python prints it, tools as OpenAI shows them to a
 * model, images by their size.
 */
#ifndef LX_TOKENS_CHAT_H
#define LX_TOKENS_CHAT_H

#include "tokens/tokens.h"

/* Appends str(v) as Python has it after json.loads(): a string is itself, a list or object its
 * repr. Numbers stay as they were written. Strings within are unescaped into the arena. */
void lx_python_str(struct lx_json v, struct lx_arena *a, struct lx_buf *out);

/* Appends the tools as the TypeScript-like text whose tokens LiteLLM counts. 0, LX_EINVAL. */
int lx_tools_write(struct lx_json tools, struct lx_arena *a, struct lx_buf *out,
                   struct lx_error *err);

/* The tokens of an image at this URL: 85, and with detail "high" 170 for each 512 pixels square of
 * it, scaled down as OpenAI does. 0, LX_EINVAL (no such detail, a broken data URL), LX_ENOMEM. */
int lx_image_tokens(struct lx_slice url, struct lx_slice detail, size_t *count,
                    struct lx_error *err);

#endif
