/*
 * json_isa_test.c - every instruction set reads the same: over texts made at random and then
 * damaged, placed so that they end at a page that must not be touched, at every alignment. And the
 * vector check of UTF-8 finds what the byte-wise one finds.
 */
#include "json_unit.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "wire/json_read.h"
#include "wire/json_utf8.h"

enum { ROUNDS = 60000, MAX_TEXT = 4000 };

static uint64_t seed = 0x9e3779b97f4a7c15;
static uint32_t roll(uint32_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % sides;
}

/* Memory that ends at a guard page. */
static char *guarded_end;
static int set_up(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t n = (MAX_TEXT / page + 2) * page;
    char *p = mmap(NULL, n + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + n, page, PROT_NONE) != 0)
        return -1;
    guarded_end = p + n;
    return 0;
}

/* A copy of s that ends `gap` bytes before the guard page. */
static struct lx_slice at_guard(struct lx_slice s, size_t gap)
{
    char *p = guarded_end - gap - s.n;
    memset(guarded_end - gap, '"', gap); /* what would mislead a reader that goes too far */
    if (s.n)
        memcpy(p, s.p, s.n);
    return lx_slice(p, s.n);
}

/* ---- Random JSON -------------------------------------------------------------------------- */

static void add_space(struct lx_buf *b)
{
    if (roll(6) == 0)
        for (uint32_t n = roll(8) ? 1 : roll(80); n; n--)
            lx_buf_add_byte(b, " \n\t\r"[roll(4)]);
}

static void add_string(struct lx_buf *b)
{
    static const char *const pieces[] = {
        "\\n",     "\\\"", "\\\\",     "\\/",          "\\u00e9",          "\\ud83d",
        "\\uDE00", "\\t",  "\xc3\xa9", "\xe6\xb1\x89", "\xf0\x9f\x98\x80", "\x7f"};
    lx_buf_add_byte(b, '"');
    uint32_t odd = roll(3) ? 40 : 2; /* mostly plain, or full of escapes */
    for (uint32_t n = roll(3) ? roll(12) : roll(200); n; n--) {
        if (roll(odd) == 0)
            lx_buf_add(b, lx_slice_z(pieces[roll(sizeof(pieces) / sizeof(*pieces))]));
        else
            lx_buf_add_byte(b, "abcdefgh ,:{}[]0u/"[roll(18)]);
    }
    lx_buf_add_byte(b, '"');
}

static void add_number(struct lx_buf *b)
{
    lx_buf_addf(b, "%s%u", roll(2) ? "-" : "", roll(roll(2) ? 10 : 1000000));
    if (roll(3) == 0)
        lx_buf_addf(b, ".%u%u%u", roll(1000000), roll(1000000), roll(1000000));
    if (roll(6) == 0)
        lx_buf_addf(b, "%c%s%u", "eE"[roll(2)], roll(2) ? "+" : "-", roll(400));
}

static void add_value(struct lx_buf *b, uint32_t depth)
{
    uint32_t kind = roll(depth < 6 ? 8 : 5);
    add_space(b);
    if (kind < 2) {
        add_string(b);
    } else if (kind < 4) {
        add_number(b);
    } else if (kind == 4) {
        lx_buf_add(b, lx_slice_z(roll(3) ? roll(2) ? "true" : "false" : "null"));
    } else {
        bool object = kind & 1;
        lx_buf_add_byte(b, object ? '{' : '[');
        for (uint32_t n = roll(5), i = 0; i < n; i++) {
            if (i)
                lx_buf_add_byte(b, ',');
            if (object) {
                add_space(b);
                add_string(b);
                add_space(b);
                lx_buf_add_byte(b, ':');
            }
            add_value(b, depth + 1);
        }
        add_space(b);
        lx_buf_add_byte(b, object ? '}' : ']');
    }
    add_space(b);
}

/* A byte changed, removed, or the end cut off; sometimes nothing. */
static void damage(struct lx_buf *b)
{
    static const char odd[] = "\"\\{}[]:,0-.eE+u \n\x1f\x80\xbf\xc3\xe2\xed\xf4\xff";
    for (uint32_t n = roll(3); n && b->n; n--) {
        size_t at = roll((uint32_t)b->n);
        switch (roll(4)) {
        case 0:
            b->p[at] = (char)roll(256);
            break;
        case 1:
            b->p[at] = odd[roll(sizeof(odd))];
            break;
        case 2:
            memmove(b->p + at, b->p + at + 1, b->n - at - 1);
            b->n--;
            break;
        default:
            b->n = roll(4) ? b->n : at;
            break;
        }
    }
}

/* ---- Tests -------------------------------------------------------------------------------- */

static void assert_same(const struct lx_json_doc *a, const struct lx_json_doc *b, int isa)
{
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        const struct lx_json_node *x = &a->nodes[i], *y = &b->nodes[i];
        if (x->at != y->at || x->n != y->n || x->next != y->next || x->type != y->type ||
            x->escaped != y->escaped)
            fail_msg("instruction set %d, node %u of %.*s", isa, i, LX_F(a->text));
    }
}

static void read_all_ways(struct lx_slice text, struct lx_json_doc docs[], size_t *accepted)
{
    struct lx_error want = {0};
    int code = lx_json_read_as(LX_JSON_PORTABLE, &docs[0], text, NULL, &want);
    *accepted += code == 0;
    for (int isa = 1; isa <= (int)lx_json_isa_best(); isa++) {
        struct lx_error err = {0};
        int got = lx_json_read_as((enum lx_json_isa)isa, &docs[isa], text, NULL, &err);
        if (got != code || err.at != want.at || strcmp(err.text, want.text) != 0)
            fail_msg("instruction set %d says %d at %zu: %s\nportable says %d at %zu: %s\n%.*s",
                     isa, got, err.at, err.text, code, want.at, want.text, LX_F(text));
        if (code == 0)
            assert_same(&docs[0], &docs[isa], isa);
    }
}

static void test_all_read_the_same(void **state)
{
    (void)state;
    struct lx_json_doc docs[LX_JSON_AVX2 + 1];
    for (size_t i = 0; i <= LX_JSON_AVX2; i++)
        lx_json_doc_init(&docs[i]);
    struct lx_buf text;
    lx_buf_init(&text, 1 << 20);
    size_t accepted = 0, read = 0;
    while (read < ROUNDS) {
        lx_buf_reset(&text);
        add_value(&text, 0);
        if (text.n > MAX_TEXT)
            continue;
        damage(&text);
        read_all_ways(at_guard(lx_buf_slice(&text), roll(2) ? 0 : roll(64)), docs, &accepted);
        read++;
    }
    print_message("%zu of %zu texts were valid\n", accepted, read);
    assert_in_range(accepted, ROUNDS / 10, ROUNDS - ROUNDS / 10);
    lx_buf_clear(&text);
    for (size_t i = 0; i <= LX_JSON_AVX2; i++)
        lx_json_doc_clear(&docs[i]);
}

/* One text, every distance to the guard page: each string in it meets each place in a vector. */
static void test_every_alignment(void **state)
{
    (void)state;
    struct lx_json_doc docs[LX_JSON_AVX2 + 1];
    for (size_t i = 0; i <= LX_JSON_AVX2; i++)
        lx_json_doc_init(&docs[i]);
    struct lx_buf text;
    lx_buf_init(&text, 1 << 20);
    size_t accepted = 0, read = 0;
    for (size_t lead = 0; lead < 140; lead++)
        for (size_t gap = 0; gap < 66; gap++) {
            lx_buf_reset(&text);
            lx_buf_add_byte(&text, '"');
            for (size_t i = 0; i < lead; i++)
                lx_buf_add_byte(&text, i % 7 == 6 ? ' ' : 'x');
            lx_buf_add_lit(&text, "\\\\\\\"\\u00e9\xe6\xb1\x89\\\\\"");
            read_all_ways(at_guard(lx_buf_slice(&text), gap), docs, &accepted);
            text.n--; /* without its end */
            read_all_ways(at_guard(lx_buf_slice(&text), gap), docs, &accepted);
            read++;
        }
    assert_int_equal(accepted, read);
    lx_buf_clear(&text);
    for (size_t i = 0; i <= LX_JSON_AVX2; i++)
        lx_json_doc_clear(&docs[i]);
}

static void test_utf8(void **state)
{
    (void)state;
    size_t valid = 0;
    for (size_t round = 0; round < 10 * ROUNDS; round++) {
        char bytes[160];
        size_t n = 0, want = roll(150);
        while (n < want) {
            static const uint32_t first[] = {0, 0x80, 0x800, 0x10000};
            static const uint32_t count[] = {0x80, 0x780, 0xf800, 0x100000};
            uint32_t kind = roll(4), c = first[kind] + roll(count[kind]);
            n += lx_utf8_put(bytes + n, c >= 0xd800 && c < 0xe000 ? 'x' : c);
        }
        for (uint32_t hits = roll(3); hits && n; hits--)
            bytes[roll((uint32_t)n)] = (char)roll(256);
        struct lx_slice s = at_guard(lx_slice(bytes, n - (n && roll(4) == 0)), 0);
        size_t prefix = lx_utf8_valid(s);
        assert_int_equal(lx_json_utf8_valid(s), prefix);
        valid += prefix == s.n;
    }
    assert_in_range(valid, ROUNDS, 9 * ROUNDS);
}

/* Every sequence of three bytes that begins like a character, and every fourth of its continuation,
 * across the border between two blocks. */
static void test_utf8_every_lead(void **state)
{
    (void)state;
    char bytes[96];
    for (size_t at = 28; at < 34; at++)
        for (uint32_t lead = 0x70; lead < 0x100; lead++)
            for (uint32_t second = 0x70; second < 0x100; second++)
                for (uint32_t rest = 0; rest < 9; rest++) {
                    static const char third[] = {'a', '\x80', '\xbf'};
                    memset(bytes, 'a', sizeof(bytes));
                    bytes[at] = (char)lead;
                    bytes[at + 1] = (char)second;
                    bytes[at + 2] = third[rest % 3];
                    bytes[at + 3] = third[rest / 3];
                    struct lx_slice s = lx_slice(bytes, sizeof(bytes));
                    assert_int_equal(lx_json_utf8_valid(s), lx_utf8_valid(s));
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_read_the_same),
        cmocka_unit_test(test_every_alignment),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_utf8_every_lead),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
