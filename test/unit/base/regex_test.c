/*
 * regex_test.c - patterns against what Python's re says of them (with IGNORECASE), those of
 * LiteLLM's model map among them, and against what would make a search last.
 */
#include "unit.h"

#include "base/error.h"
#include "base/regex.h"

#define ADAPTIVE \
    "claude-[a-z]+-(?:4[-._](?:[6-9]|[1-9]\\d)(?!\\d)|[5-9](?!\\d)(?:[-._]\\d{1,2}(?!\\d))?)"
#define REASONING                                                                                   \
    "^(?!.*search-api)(?:[a-z0-9_.-]+/)*(?:ft:)?(?:o[1-9]\\d*(?![a-z0-9])|gpt-[5-9](?:\\.\\d+)?(?!" \
    "[0-9.])|(?:gpt-\\d+(?:\\.\\d+)?(?:-[a-z0-9]+)*-)?(?:codex|chat-latest)(?![a-z0-9]))"

static const struct {
    const char *pattern, *text;
    int want;
} rows[] = {
    {"", "", 1},
    {"b", "abc", 1},
    {"B", "abc", 1},
    {"b", "ABC", 1},
    {"^b", "abc", 0},
    {"c$", "abc", 1},
    {"c$", "abc\n", 1},
    {"a.c", "a\nc", 0},
    {"a|b|", "", 1},
    {"^(?:a|b|cd)$", "cd", 1},
    {"^(?:a|b|cd)$", "c", 0},
    {"^a{2}$", "aa", 1},
    {"^a{2}$", "aaa", 0},
    {"^a{2,}$", "aaa", 1},
    {"^a{,2}$", "aa", LX_EINVAL},
    {"^a{0}b$", "b", 1},
    {"^(?:ab){1,2}$", "ababab", 0},
    {"^(?:a?){3}$", "aa", 1},
    {"a{x}", "a{x}", 1}, /* no bounds, but characters */
    {"^a+?b??$", "aab", 1},
    {"(a*)*b", "aaab", 1}, /* turns that take nothing end a loop */
    {"^(b(?:|x))*$", "bbx", 1},
    {"(?:(?:a?)*)+c", "aab", 0},
    {"[^a-c-]", "a-b-c", 0},
    {"[]a]", "]", 1},
    {"[a-]", "-", 1},
    {"[\\d.]+$", "v1.5", 1},
    {"[A-C]", "b", 1},
    {"\\D\\W\\S", "a-b", 1},
    {"\\bgpt\\b", "x-gpt-4", 1},
    {"\\bgpt\\b", "xgpt", 0},
    {"(?P<n>x)(?=y)", "xy", 1},
    {"x(?!y)", "xy", 0},
    {"(?i)x", "X", 1},
    {"\\t\\.\\/", "\t./", 1},
    {ADAPTIVE, "us.anthropic.claude-sonnet-4-6-v1", 1},
    {ADAPTIVE, "claude-opus-4-20250514", 0},
    {ADAPTIVE, "claude-opus-41", 0},
    {ADAPTIVE, "Claude-Fable-5", 1},
    {ADAPTIVE, "claude-fable-50", 0},
    {REASONING, "openrouter/openai/o3-pro", 1},
    {REASONING, "gpt-5-search-api", 0},
    {REASONING, "ft:gpt-5.5-cyber:us::id", 1},
    {REASONING, "gpt-4o", 0},
    {REASONING, "gpt-4o-codex", 0},
    {REASONING, "gpt-4.1-codex-mini", 1},
    /* what is no pattern, or not known */
    {"(", "", LX_EINVAL},
    {")", "", LX_EINVAL},
    {"*a", "a", LX_EINVAL},
    {"a**", "a", LX_EINVAL},
    {"a++", "a", 1},
    {"[a", "a", LX_EINVAL},
    {"[b-a]", "a", LX_EINVAL},
    {"a{2,1}", "a", LX_EINVAL},
    {"\\", "a", LX_EINVAL},
    {"\\1", "a", LX_EINVAL},
    {"\\p", "a", LX_EINVAL},
    {"(?<=a)b", "ab", 1},
    {"(a|aa)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", LX_ELIMIT},
};

static void test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int got = lx_regex_search(lx_slice_z(rows[i].pattern), lx_slice_z(rows[i].text), true);
        if (got != rows[i].want)
            fail_msg("%s on %s: %d, not %d", rows[i].pattern, rows[i].text, got, rows[i].want);
    }
}

/* Case counts, unless the pattern says otherwise. */
static void test_case(void **state)
{
    static const struct {
        const char *pattern, *text;
        int want;
    } cases[] = {
        {"B", "abc", 0},
        {"b", "abc", 1},
        {"[A-C]", "b", 0},
        {"[A-C]", "B", 1},
        {"\\w+$", "aZ_9", 1},
        {"(?i)B", "abc", 1},
        {"(?i)[A-C]", "b", 1},
        {"(?i)[^A-C]", "b", 0},
        {"[^A-C]", "b", 1},
        {"\\D", "1", 0},
        {"^User-Agent: claude-code\\/", "User-Agent: claude-code/1.2", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (lx_regex_search(lx_slice_z(cases[i].pattern), lx_slice_z(cases[i].text), false) !=
            cases[i].want)
            fail_msg("%s on %s", cases[i].pattern, cases[i].text);
}

static void test_depth_has_an_end(void **state)
{
    (void)state;
    char open[5000];
    memset(open, '(', sizeof(open));
    assert_int_equal(lx_regex_search(lx_slice(open, sizeof(open)), LX_S(""), true), LX_ELIMIT);
    memset(open, 'a', sizeof(open));
    assert_int_equal(lx_regex_search(lx_slice(open, sizeof(open)), LX_S("a"), true), LX_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_case),
        cmocka_unit_test(test_depth_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
