/*
 * regex.h - regular expressions in Python's writing, as LiteLLM's model map brings them along,
 * and its users write them.
 *
 * For short patterns on short texts, with a ceiling on the steps of a search: a pattern that would
 * take for ever is one that does not match. Owns no memory.
 */
#ifndef LX_BASE_REGEX_H
#define LX_BASE_REGEX_H

#include "base/slice.h"

/*
 * Whether the pattern matches anywhere in the text: 1, 0, or
 * LX_EINVAL: it is no pattern, or has what is not known here (groups are not captured, there is no
 * looking back, no possessive and no lazy difference to be seen), LX_ELIMIT: it is too long, or the
 * search was. Known: . \d \w \s \b and their capitals, [...], (...), (?:...), (?P<name>...),
 * (?=...), (?!...), |, ^ $ \A \Z, ? * + {m} {m,} {,n} {m,n}, each with a '?' behind it. any_case:
 * ASCII letters match in either case, as they do behind "(?i)" at the pattern's start.
 */
int lx_regex_search(struct lx_slice pattern, struct lx_slice text, bool any_case);

#endif
