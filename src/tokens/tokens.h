/*
 * tokens.h - text to tokens and back, and how many there are: what a limit or a price is asked of.
 *
 * An encoding is a vocabulary, a rule that cuts text into pieces, and a few special tokens. Those
 * of OpenAI and of Claude 2 are built in; others are read from a tokenizer.json. Encodings are
 * immutable and may be shared by threads; a tokenizer is the memory of one thread's work with them.
 *
 * Text is bytes. What is no UTF-8 in it counts as U+FFFD, one for each maximal part that cannot be
 * a character, as Python's errors="replace" has it.
 */
#ifndef LX_TOKENS_TOKENS_H
#define LX_TOKENS_TOKENS_H

#include "base/buf.h"
#include "base/error.h"
#include "tokens/vocab.h"
#include "wire/json.h"

/* The rules that cut text into pieces (scan.c). */
enum lx_scheme {
    LX_SCHEME_R50K, /* also gpt2, p50k, Claude 2 */
    LX_SCHEME_CL100K,
    LX_SCHEME_O200K,
    LX_SCHEME_LLAMA3,
    LX_SCHEME_QWEN,
    LX_SCHEME_DEEPSEEK,
    LX_SCHEME_COMMAND_R,
};

enum lx_norm {
    LX_NORM_NONE,
    LX_NORM_NFC,
    LX_NORM_NFKC,
};

enum lx_special_flags {
    LX_SPECIAL_LSTRIP = 1,     /* takes the white space before it along */
    LX_SPECIAL_RSTRIP = 2,     /* and behind it */
    LX_SPECIAL_WORD = 4,       /* not next to a letter, a number, or '_' */
    LX_SPECIAL_NORMALIZED = 8, /* looked for after normalization */
};

struct lx_special {
    struct lx_slice text;
    uint32_t id;
    uint32_t flags;
};

#define LX_FRAME_MAX 8

struct lx_encoding {
    const char *name;
    struct lx_vocab vocab;
    enum lx_scheme scheme;
    enum lx_norm norm;
    const struct lx_special *specials; /* by text */
    size_t special_count;
    uint32_t reserved_first, reserved_end;              /* ids of <|reserved_ID|>; end 0: none */
    uint32_t before[LX_FRAME_MAX], after[LX_FRAME_MAX]; /* what LX_TOKENS_FRAME puts around */
    size_t before_count, after_count;
    bool always_special; /* specials in a text are tokens whatever is asked, as in Hugging Face's */
    void *owned;         /* of an encoding that was read */
};

/* A built-in encoding by name (o200k_base, o200k_harmony, cl100k_base, p50k_base, p50k_edit,
 * r50k_base, gpt2, claude). 0 or LX_ENOTFOUND. Nothing is allocated, so nothing is to be cleared.
 */
int lx_encoding_find(struct lx_encoding *e, struct lx_slice name);
/* The names of the built-in ones, in order; NULL past the end. */
const char *lx_encoding_name(size_t i);

/* Reads a Hugging Face tokenizer.json: byte-level BPE that cuts text as llama-3, qwen, deepseek,
 * command-r, gpt-2 or gpt-4o do. 0, or LX_EJSON and its kin, LX_EUNSUPPORTED, LX_EINVAL, LX_ELIMIT,
 * LX_ENOMEM, with err saying what. The text is not needed afterwards. */
int lx_encoding_read(struct lx_encoding *e, struct lx_slice json, struct lx_error *err);
void lx_encoding_clear(struct lx_encoding *e);

/* One thread's memory: what was counted lately, and scratch. It grows with the longest piece. Once
 * it has seen 64 KiB of text it needs 4 MiB to remember, and up to 8 more where ids are asked for.
 * NULL: out of memory. */
struct lx_tokenizer;
struct lx_tokenizer *lx_tokenizer_new(void);
void lx_tokenizer_free(struct lx_tokenizer *t);

enum lx_tokens_flags {
    LX_TOKENS_SPECIAL = 1, /* special tokens in the text are tokens, not text */
    LX_TOKENS_FRAME = 2,   /* with what the encoding puts around a text, such as its beginning */
};

/* How many tokens the text has. 0, LX_ENOMEM, or LX_ELIMIT (a text of 2 GiB or more). */
int lx_tokens_count(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                    unsigned flags, size_t *count);
/* The same, but stops soon after the count has passed the limit: then *count is more than the
 * limit, and no more is known. */
int lx_tokens_count_until(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                          unsigned flags, size_t limit, size_t *count);
/* As much of the text's beginning as has no more tokens than the limit, counted by itself: *bytes
 * of it, which end where a character does, and *count of tokens. With its next character it has
 * more. Where even no text has (there is what LX_TOKENS_FRAME puts around), *bytes is 0, and *count
 * more than the limit. Costs some twenty counts up to the limit. Returns as counting does. */
int lx_tokens_fit(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                  unsigned flags, size_t limit, size_t *count, size_t *bytes);
/* Appends the tokens' ids to out, as uint32_t each. 0, LX_ENOMEM or LX_ELIMIT. */
int lx_tokens_encode(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                     unsigned flags, struct lx_buf *out);
/* Appends the bytes of n ids to out; they may end within a character. 0, LX_EINVAL (no such
 * token; what came before it is there), or what out failed with. */
int lx_tokens_decode(const struct lx_encoding *e, const uint32_t *ids, size_t n,
                     struct lx_buf *out);

/* ---- Models ---- */

/* How LiteLLM counts for a model. */
struct lx_token_rule {
    const char *encoding;      /* built in; where `wants` is set, what LiteLLM falls back to */
    const char *wants;         /* or NULL: a tokenizer that is not built in: "llama-3", "llama-2",
                                  "command-r" */
    int per_message, per_name; /* tokens that each message, each name adds */
    bool lenient; /* what LiteLLM would refuse to count costs nothing instead; never set here */
};

/* `provider` is what the catalog's entry of exactly this model name says (its litellm_provider);
 * absent: there is no such entry, or no catalog. Without one, OpenAI's and Anthropic's models are
 * known by how they are named. */
struct lx_token_rule lx_token_rule_of(struct lx_slice model, struct lx_slice provider);

/* Counts a chat request (its messages, tools and tool_choice; Anthropic's content blocks and tools
 * too) as LiteLLM's token_counter does. Images cost by size and detail; nothing is fetched: an
 * image behind a URL has the size LiteLLM assumes, 300 x 300. 0, LX_EINVAL (err says what LiteLLM
 * would refuse, too), LX_ENOMEM, LX_ELIMIT. */
int lx_tokens_count_chat(struct lx_tokenizer *t, const struct lx_encoding *e,
                         const struct lx_token_rule *rule, struct lx_json request, size_t *count,
                         struct lx_error *err);

#endif
