/*
 * json_simd.h - the few things the JSON reader and writer ask of a vector of bytes, for each
 * instruction set: load one, and make a mask with bit i set where byte i is so and so.
 *
 * NAME_portable works on the eight bytes of a 64-bit word, anywhere; NAME_sse2 on 16 and NAME_avx2
 * on 32 bytes, the latter only where has_avx2() says so.
 */
#ifndef LX_WIRE_JSON_SIMD_H
#define LX_WIRE_JSON_SIMD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- Eight bytes in a word ---------------------------------------------------------------- */

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* The high bits of the eight bytes, side by side. */
static inline uint64_t gather(uint64_t highs)
{
    return (highs >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* Bit i for a byte i that is zero. The sum carries into no other byte. */
static inline uint64_t zeros(uint64_t w)
{
    return gather(~(((w & ~HIGHS) + ~HIGHS) | w) & HIGHS);
}

static inline uint64_t load_portable(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof(w));
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(w) : w;
}
static inline uint64_t eq_portable(uint64_t w, char c)
{
    return zeros(w ^ ONES * (unsigned char)c);
}
static inline uint64_t low_portable(uint64_t w)
{
    return zeros(w & ONES * 0xe0);
}
static inline uint64_t high_portable(uint64_t w)
{
    return gather(w & HIGHS);
}
#define vector_portable uint64_t

/* ---- SSE2 and AVX2 ------------------------------------------------------------------------ */

#ifdef __SSE2__
#include <immintrin.h>

static inline __m128i load_sse2(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}
static inline uint64_t eq_sse2(__m128i v, char c)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}
static inline uint64_t low_sse2(__m128i v)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
}
static inline uint64_t high_sse2(__m128i v)
{
    return (uint32_t)_mm_movemask_epi8(v);
}
#define vector_sse2 __m128i

/* Functions so marked may be called where this is true. */
static inline bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}
#define LX_AVX2 __attribute__((target("avx2,bmi,bmi2")))

LX_AVX2 static inline __m256i load_avx2(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
LX_AVX2 static inline uint64_t eq_avx2(__m256i v, char c)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)));
}
LX_AVX2 static inline uint64_t low_avx2(__m256i v)
{
    __m256i least = _mm256_min_epu8(v, _mm256_set1_epi8(0x1f));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(least, v));
}
LX_AVX2 static inline uint64_t high_avx2(__m256i v)
{
    return (uint32_t)_mm256_movemask_epi8(v);
}
#define vector_avx2 __m256i
#endif

#endif
