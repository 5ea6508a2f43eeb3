/*
 * regex.h - regular expressions in Python's writing, as LiteLLM's model map brings them along,
 * and its users write them.
 *
 * For short patterns on short texts, with a ceiling on the steps of a search: a pattern that would
 * take for ever is one that does not match.
 */
#ifndef LX_BASE_REGEX_H
#define LX_BASE_REGEX_H

#include "base/slice.h"

/*
 * Whether the pattern matches anywhere in the text: 1 or 0; LX_EINVAL: it is no pattern of PCRE2's,
 * which has nearly all that Python has ({,n} is refused, and \Z may stand before the end of the
 * last line); LX_ELIMIT: it is too long, or the search was; LX_ENOMEM. any_case: letters of ASCII
 * match in either case, as they do behind "(?i)".
 */
int lx_regex_search(struct lx_slice pattern, struct lx_slice text, bool any_case);

/* The same in two steps. A pattern that was read may be searched for by several threads at once. */
struct lx_regex; /* opaque */
/* NULL, with *code as above. */
struct lx_regex *lx_regex_new(struct lx_slice pattern, bool any_case, int *code);
void lx_regex_free(struct lx_regex *re); /* NULL-safe */
int lx_regex_match(const struct lx_regex *re, struct lx_slice text);

#endif
