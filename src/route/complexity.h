/*
 * complexity.h - how hard a request is, by its words: LiteLLM's complexity router, whose weights,
 * words and boundaries these are. Local, and the same for the same words.
 *
 * Numbers are millionths, so that a score at a boundary is at it.
 */
#ifndef LX_ROUTE_COMPLEXITY_H
#define LX_ROUTE_COMPLEXITY_H

#include "wire/json.h"

enum lx_complexity_tier { LX_SIMPLE, LX_MEDIUM, LX_COMPLEX, LX_REASONING, LX_COMPLEXITY_TIERS };

/* "SIMPLE", ... */
extern const struct lx_slice lx_complexity_names[LX_COMPLEXITY_TIERS];
/* LX_COMPLEXITY_TIERS: no tier is called so. */
enum lx_complexity_tier lx_complexity_find(struct lx_slice name);

struct lx_complexity; /* opaque */

/* With what a complexity_router_config says: weights, boundaries, thresholds, words. In the arena,
 * which borrows nothing of the document. NULL: *wrong says what cannot be read; or no memory. */
const struct lx_complexity *lx_complexity_new(struct lx_json config, struct lx_arena *a,
                                              struct lx_slice *wrong);
/* The tier of a text, and its score. The arena is for scratch. */
enum lx_complexity_tier lx_complexity_of(const struct lx_complexity *c, struct lx_slice text,
                                         struct lx_arena *a, int64_t *score_ppm);

/* A decimal number in millionths; false: it is none. */
bool lx_ppm_read(struct lx_json v, int64_t *out);
/* A text in lower case (of ASCII), in the arena; absent without memory. */
struct lx_slice lx_lower_case(struct lx_slice s, struct lx_arena *a);
/* Where the words stand in a text, both in lower case, from a byte on: not as parts of other words;
 * -1: nowhere. */
ssize_t lx_words_find(struct lx_slice text, size_t from, struct lx_slice words);
/* Whether a keyword is in a text: a word by itself, a phrase with a space, or one beyond ASCII,
 * anywhere. */
bool lx_keyword_is_in(struct lx_slice text, struct lx_slice keyword);

#endif
