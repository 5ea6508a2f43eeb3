/*
 * regex.c - one search by PCRE2, within ceilings.
 *
 * Compiling takes tens of microseconds, a search one or less: what is searched for every request is
 * compiled before.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/regex.h"

#include <pcre2.h>

#include "base/error.h"

enum {
    MAX_PATTERN = 4096, /* bytes; LiteLLM's patterns have up to 200 */
    MAX_NESTING = 64,
    MAX_STEPS = 50000, /* of one search; LiteLLM's patterns take hundreds */
    MAX_HEAP_KIB = 1024,
};

static int of_compiling(int error)
{
    switch (error) {
    case PCRE2_ERROR_HEAP_FAILED:
        return LX_ENOMEM;
    case PCRE2_ERROR_PATTERN_TOO_LARGE:
    case PCRE2_ERROR_PATTERN_TOO_COMPLICATED:
    case PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP:
    case PCRE2_ERROR_PATTERN_STRING_TOO_LONG:
        return LX_ELIMIT;
    default:
        return LX_EINVAL;
    }
}

static int of_matching(int found)
{
    switch (found) {
    case PCRE2_ERROR_NOMATCH:
        return 0;
    case PCRE2_ERROR_NOMEMORY:
        return LX_ENOMEM;
    default:
        return found >= 0 ? 1 : LX_ELIMIT;
    }
}

static pcre2_code *compile(struct lx_slice pattern, bool any_case, int *code)
{
    int error = 0;
    PCRE2_SIZE at;
    pcre2_compile_context *limits = pcre2_compile_context_create(NULL);
    if (!limits) {
        *code = LX_ENOMEM;
        return NULL;
    }
    pcre2_set_max_pattern_length(limits, MAX_PATTERN);
    pcre2_set_parens_nest_limit(limits, MAX_NESTING);
    const uint32_t options = PCRE2_NEVER_UTF | (any_case ? PCRE2_CASELESS : 0);
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, &error, &at, limits);
    pcre2_compile_context_free(limits);
    *code = re ? 0 : of_compiling(error);
    return re;
}

static int match(const pcre2_code *re, struct lx_slice text)
{
    int code = LX_ENOMEM;
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    if (limits && found) {
        pcre2_set_match_limit(limits, MAX_STEPS);
        pcre2_set_heap_limit(limits, MAX_HEAP_KIB);
        code = of_matching(pcre2_match(re, (PCRE2_SPTR)text.p, text.n, 0, 0, found, limits));
    }
    pcre2_match_data_free(found);
    pcre2_match_context_free(limits);
    return code;
}

struct lx_regex *lx_regex_new(struct lx_slice pattern, bool any_case, int *code)
{
    *code = LX_EINVAL;
    if (lx_slice_find(pattern, LX_S("{,")) >= 0) /* "up to" to Python, text to PCRE2 before 10.43 */
        return NULL;
    return (struct lx_regex *)compile(pattern.p ? pattern : LX_S(""), any_case, code);
}

void lx_regex_free(struct lx_regex *re)
{
    pcre2_code_free((pcre2_code *)re);
}

int lx_regex_match(const struct lx_regex *re, struct lx_slice text)
{
    return match((const pcre2_code *)re, text.p ? text : LX_S(""));
}

int lx_regex_search(struct lx_slice pattern, struct lx_slice text, bool any_case)
{
    int code;
    struct lx_regex *re = lx_regex_new(pattern, any_case, &code);
    if (!re)
        return code;
    code = lx_regex_match(re, text);
    lx_regex_free(re);
    return code;
}
