/*
 * json_utf8.c - UTF-8 validation by table look-up in vector registers.
 *
 * The method is that of J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per
 * Byte" (Software: Practice and Experience 51, 2021). Whatever can be wrong in UTF-8, but for the
 * number of continuation bytes, shows in the first twelve bits of some two bytes in a row. So three
 * tables, one for each four bits, give the faults those four bits allow, and a fault that all three
 * allow is one. It says that there is a fault; where it is, the byte-wise lx_utf8_valid() finds.
 */
#include "wire/json_utf8.h"

#include "base/text.h"
#include "wire/json_simd.h"

#ifdef __SSE2__

enum {
    SHORT = 1 << 0,      /* a lead, then no continuation */
    LONG = 1 << 1,       /* ASCII, then a continuation */
    OVERLONG_2 = 1 << 2, /* C0, C1 */
    OVERLONG_3 = 1 << 3, /* E0, then 80 to 9F */
    SURROGATE = 1 << 4,  /* ED, then A0 to BF */
    LARGE = 1 << 5,      /* F4 or above, then 90 to BF */
    EDGE_4 = 1 << 6,     /* F0 (overlong) or F5 and above (too large), then 80 to 8F */
    TWO = 1 << 7,        /* two continuations; right as the third or fourth byte only */
    ANY = SHORT | LONG | TWO,
};

/* Both halves of a 32-byte register alike, because look-ups stay within their half. */
#define TWICE(...)               \
    {                            \
        __VA_ARGS__, __VA_ARGS__ \
    }

static const uint8_t first_high[32] =
    TWICE(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, TWO, TWO, TWO, TWO, SHORT | OVERLONG_2,
          SHORT, SHORT | OVERLONG_3 | SURROGATE, SHORT | LARGE | EDGE_4);
static const uint8_t first_low[32] =
    TWICE(ANY | OVERLONG_2 | OVERLONG_3 | EDGE_4, ANY | OVERLONG_2, ANY, ANY, ANY | LARGE,
          ANY | LARGE | EDGE_4, ANY | LARGE | EDGE_4, ANY | LARGE | EDGE_4, ANY | LARGE | EDGE_4,
          ANY | LARGE | EDGE_4, ANY | LARGE | EDGE_4, ANY | LARGE | EDGE_4, ANY | LARGE | EDGE_4,
          ANY | LARGE | EDGE_4 | SURROGATE, ANY | LARGE | EDGE_4, ANY | LARGE | EDGE_4);
static const uint8_t second_high[32] =
    TWICE(SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
          LONG | TWO | OVERLONG_2 | OVERLONG_3 | EDGE_4,
          LONG | TWO | OVERLONG_2 | OVERLONG_3 | LARGE, LONG | TWO | OVERLONG_2 | SURROGATE | LARGE,
          LONG | TWO | OVERLONG_2 | SURROGATE | LARGE, SHORT, SHORT, SHORT, SHORT);

LX_AVX2 static inline __m256i look_up(const uint8_t table[32], __m256i nibbles)
{
    return _mm256_shuffle_epi8(load_avx2((const char *)table), nibbles);
}

LX_AVX2 static inline __m256i high_nibbles(__m256i v)
{
    return _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0f));
}

/* Not zero where v, with the block before it, is wrong. */
LX_AVX2 static inline __m256i faults(__m256i v, __m256i before)
{
    __m256i across = _mm256_permute2x128_si256(before, v, 0x21);
    __m256i one_back = _mm256_alignr_epi8(v, across, 15);
    __m256i two_back = _mm256_alignr_epi8(v, across, 14);
    __m256i three_back = _mm256_alignr_epi8(v, across, 13);
    __m256i low = _mm256_and_si256(one_back, _mm256_set1_epi8(0x0f));
    __m256i pair = _mm256_and_si256(look_up(first_high, high_nibbles(one_back)),
                                    look_up(second_high, high_nibbles(v)));
    pair = _mm256_and_si256(pair, look_up(first_low, low));
    /* The top bit is set where a third or fourth byte is due, which is where TWO is right. */
    __m256i third = _mm256_subs_epu8(two_back, _mm256_set1_epi8(0xe0 - 0x80));
    __m256i fourth = _mm256_subs_epu8(three_back, _mm256_set1_epi8((char)(0xf0 - 0x80)));
    __m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(pair, due);
}

LX_AVX2 static bool valid_avx2(struct lx_slice s)
{
    __m256i fault = _mm256_setzero_si256(), before = fault;
    int high_before = 0;
    size_t at = 0;
    for (; s.n - at >= 32; at += 32) {
        __m256i v = load_avx2(s.p + at);
        int high = _mm256_movemask_epi8(v);
        if (high | high_before)
            fault = _mm256_or_si256(fault, faults(v, before));
        before = v;
        high_before = high;
    }
    char rest[32] = {0}; /* always one NUL or more, which a last character cut short meets */
    memcpy(rest, s.p + at, s.n - at);
    fault = _mm256_or_si256(fault, faults(load_avx2(rest), before));
    return _mm256_testz_si256(fault, fault);
}
#endif

size_t lx_json_utf8_valid(struct lx_slice s)
{
#ifdef __SSE2__
    if (s.n >= 32 && has_avx2() && valid_avx2(s))
        return s.n;
#endif
    return lx_utf8_valid(s);
}
