/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of 8 words for the integer kernel templates. Include after enabling AVX2, and AVX-VNNI if
 * I_VNNI is 1. Without it bytes are widened to 16 bits, the even and the odd ones apart, so that
 * products of pairs fit their sums: the instruction for bytes would saturate.
 */
#ifndef RPR_KERNELS_X86_INT256_H
#define RPR_KERNELS_X86_INT256_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define IL 8
#define I_SIGNED 0 /* whether values are read as x ^ 0x80, so that sum128 is to be added */

typedef __m256i vi;    /* words, or sums */
typedef __m256i itail; /* the first so many lanes */

static inline vi i_set(int32_t x)
{
    return _mm256_set1_epi32(x);
}

static inline vi i_load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static inline void i_store(void *p, vi a)
{
    _mm256_storeu_si256(p, a);
}

/* n in [0, IL] */
static inline itail i_tail(int32_t n)
{
    return _mm256_cmpgt_epi32(i_set(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* Lanes outside the tail are 0 and their memory is not touched. */
static inline vi i_load_tail(const void *p, itail t)
{
    return _mm256_maskload_epi32(p, t);
}

static inline void i_store_tail(void *p, itail t, vi a)
{
    _mm256_maskstore_epi32(p, t, a);
}

/* The first n words, n below IL. A store with a mask is slow on AMD's processors. */
static inline void i_store_words(void *p, vi a, int32_t n)
{
    int32_t *to = p;
    __m128i four = _mm256_castsi256_si128(a);
    if (n & 4) {
        _mm_storeu_si128((__m128i *)(void *)to, four);
        four = _mm256_extracti128_si256(a, 1);
        to += 4;
    }
    if (n & 2) {
        _mm_storel_epi64((__m128i *)(void *)to, four);
        four = _mm_unpackhi_epi64(four, four);
        to += 2;
    }
    if (n & 1)
        *to = _mm_cvtsi128_si32(four);
}

/* Sums of three bytes, the lowest first, as words: `order` brings them to the upper three. */
static inline vi i_words24(vi bytes, vi order)
{
    return _mm256_srai_epi32(_mm256_shuffle_epi8(bytes, order), 8);
}

/* The lower three bytes of each sum. */
static inline vi i_bytes24(vi a)
{
    const vi lanes = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    const vi down = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(a, down), lanes);
}

static inline vi i_load24(const void *p)
{
    const __m128i low = _mm_loadu_si128(p);
    const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)((const char *)p + 8));
    const vi order = _mm256_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 4,
                                      5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15);
    return i_words24(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), order);
}

/* Those in the words of the tail. */
static inline vi i_load24_tail(const void *p, itail t)
{
    const vi lanes = _mm256_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5);
    const vi up = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11));
    return i_words24(_mm256_permutevar8x32_epi32(i_load_tail(p, t), lanes), up);
}

static inline void i_store24(void *p, vi a, int32_t n)
{
    i_store_words(p, i_bytes24(a), n);
}

static inline vi i_add(vi a, vi b)
{
    return _mm256_add_epi32(a, b);
}

static inline vi i_sub(vi a, vi b)
{
    return _mm256_sub_epi32(a, b);
}

#if I_VNNI

typedef vi vw; /* words of weights, ready to be multiplied */
typedef vi vx; /* words of values, ready to be multiplied */

static inline vw i_weights(const int8_t *p)
{
    return i_load(p);
}

static inline vx i_values(vi words)
{
    return words;
}

/* sum + the dot products of words */
static inline vi i_dot(vi sum, vx x, vw w)
{
    return _mm256_dpbusd_avx_epi32(sum, x, w);
}

/* As in int512.h. */
typedef vi vmove;

static inline vmove i_move(const void *p)
{
    return i_set(*(const int32_t *)p);
}

/* sum + the dot products with weights at w */
static inline vi i_apply(vi sum, vmove d, const int8_t *w)
{
    return i_dot(sum, _mm256_xor_si256(i_load(w), _mm256_set1_epi8(-128)), d);
}

/* excess + 128 times the bytes of a word: what i_apply adds too much to every lane */
static inline vi i_excess(vi excess, vmove d)
{
    return i_dot(excess, _mm256_set1_epi8(-128), d);
}

#else

/* Bytes 0 and 2 of words as 16 bits, and bytes 1 and 3. */
typedef struct vpairs {
    vi even, odd;
} vpairs;
typedef vpairs vw; /* words of weights, ready to be multiplied */
typedef vpairs vx; /* words of values, ready to be multiplied */

static inline vw i_signed(vi bytes)
{
    return (vw){_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
}

static inline vw i_weights(const int8_t *p)
{
    return i_signed(i_load(p));
}

static inline vx i_values(vi words)
{
    return (vx){_mm256_and_si256(words, _mm256_set1_epi16(255)), _mm256_srli_epi16(words, 8)};
}

/* sum + the dot products of words */
static inline vi i_dot(vi sum, vx x, vw w)
{
    return i_add(sum, i_add(_mm256_madd_epi16(x.even, w.even), _mm256_madd_epi16(x.odd, w.odd)));
}

/* A word of signed bytes for all lanes, which has the form of weights. */
typedef vw vmove;

static inline vmove i_move(const void *p)
{
    return i_signed(i_set(*(const int32_t *)p));
}

/* sum + the dot products with weights at w */
static inline vi i_apply(vi sum, vmove d, const int8_t *w)
{
    return i_dot(sum, d, i_weights(w));
}

static inline vi i_excess(vi excess, vmove d)
{
    (void)d;
    return excess;
}

#endif

/* True if one of n words is not 0. */
static inline bool i_any(const uint32_t *word, int32_t n)
{
    vi any = _mm256_setzero_si256();
    for (; n > IL; n -= IL, word += IL)
        any = _mm256_or_si256(any, i_load(word));
    any = _mm256_or_si256(any, i_load_tail(word, i_tail(n)));
    return !_mm256_testz_si256(any, any);
}

/* One word for all lanes. */
static inline vx i_value(const void *p)
{
    return i_values(i_set(*(const int32_t *)p));
}

/* rint(z * scale), or more than a byte holds */
static inline vi i_scaled(vi z, const float *scale)
{
    __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(z), _mm256_loadu_ps(scale));
    return _mm256_cvtps_epi32(_mm256_min_ps(y, _mm256_set1_ps(1024.0f)));
}

/* saturate(y + zero): lanes of 16 bytes, each from the same lane of the four */
static inline vi i_lane_bytes(const vi y[4], int32_t zero)
{
    const vi z = _mm256_set1_epi16((int16_t)zero);
    vi low = _mm256_adds_epi16(_mm256_packs_epi32(y[0], y[1]), z);
    vi high = _mm256_adds_epi16(_mm256_packs_epi32(y[2], y[3]), z);
    return _mm256_packus_epi16(low, high);
}

/* saturate(y + zero): the bytes of y[0], of y[1], ... */
static inline vi i_bytes(const vi y[4], int32_t zero)
{
    const vi order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(i_lane_bytes(y, zero), order);
}

/* table[low], or table[16 + low] where the byte of `second` is negative; low is below 16 */
static inline vi i_of_two(const uint8_t *table, vi low, vi second)
{
    const __m128i *t = (const __m128i *)(const void *)table;
    const vi a = _mm256_broadcastsi128_si256(_mm_loadu_si128(t));
    const vi b = _mm256_broadcastsi128_si256(_mm_loadu_si128(t + 1));
    return _mm256_blendv_epi8(_mm256_shuffle_epi8(a, low), _mm256_shuffle_epi8(b, low), second);
}

/* table[byte] for every byte: all 16 parts of the table, and then one of two, bit by bit. */
static inline vi i_look_up(vi bytes, const uint8_t *table)
{
    const vi low = _mm256_and_si256(bytes, _mm256_set1_epi8(15));
    const vi bit4 = _mm256_slli_epi16(bytes, 3), bit5 = _mm256_slli_epi16(bytes, 2);
    const vi bit6 = _mm256_slli_epi16(bytes, 1);
    vi quarter[4];
    for (int i = 0; i < 4; i++)
        quarter[i] = _mm256_blendv_epi8(i_of_two(table + 64 * i, low, bit4),
                                        i_of_two(table + 64 * i + 32, low, bit4), bit5);
    return _mm256_blendv_epi8(_mm256_blendv_epi8(quarter[0], quarter[1], bit6),
                              _mm256_blendv_epi8(quarter[2], quarter[3], bit6), bytes);
}

/* Stores the first n words, at most 4. A store with a mask is slow on AMD's processors. */
static inline void i_put_half(uint8_t *p, __m128i half, int32_t n)
{
    if (n == 4) {
        _mm_storeu_si128((__m128i *)(void *)p, half);
        return;
    }
    if (n >= 2) {
        _mm_storel_epi64((__m128i *)(void *)p, half);
        half = _mm_srli_si128(half, 8);
        p += 8;
    }
    if (n % 2)
        *(int32_t *)(void *)p = _mm_cvtsi128_si32(half);
}

/* Stores the first n words of part `part` of `parts`. */
static inline void i_put(uint8_t *p, vi bytes, int part, int parts, int32_t n)
{
    __m128i half = part * 2 >= parts && parts > 1 ? _mm256_extracti128_si256(bytes, 1)
                                                  : _mm256_castsi256_si128(bytes);
    if (parts == 1)
        i_store_tail(p, i_tail(n), bytes);
    else
        i_put_half(p, parts == 4 && part % 2 ? _mm_srli_si128(half, 8) : half, n);
}

static inline vi i_unpack8_low(vi a, vi b)
{
    return _mm256_unpacklo_epi8(a, b);
}

static inline vi i_unpack8_high(vi a, vi b)
{
    return _mm256_unpackhi_epi8(a, b);
}

static inline vi i_unpack16_low(vi a, vi b)
{
    return _mm256_unpacklo_epi16(a, b);
}

static inline vi i_unpack16_high(vi a, vi b)
{
    return _mm256_unpackhi_epi16(a, b);
}

static inline vi i_sub8(vi a, vi b)
{
    return _mm256_sub_epi8(a, b);
}

/* a - b of unsigned bytes, saturated to signed ones */
static inline vi i_step8(vi a, vi b)
{
    const vi sign = _mm256_set1_epi8(-128);
    return _mm256_subs_epi8(_mm256_xor_si256(a, sign), _mm256_xor_si256(b, sign));
}

static inline vi i_set8(int32_t x)
{
    return _mm256_set1_epi8((char)x);
}

/* One bit per word in which a byte of a and of b differ by more than that of theta. */
static inline uint32_t i_moved(vi a, vi b, vi theta)
{
    vi d = _mm256_or_si256(_mm256_subs_epu8(a, b), _mm256_subs_epu8(b, a));
    vi within = _mm256_cmpeq_epi32(_mm256_subs_epu8(d, theta), i_set(0));
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(within)) ^ 255;
}

/* Per lane a where its bit is set, else b. */
static inline vi i_select(uint32_t bits, vi a, vi b)
{
    const vi lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const vi set = _mm256_cmpeq_epi32(_mm256_and_si256(i_set((int32_t)bits), lane), lane);
    return _mm256_blendv_epi8(b, a, set);
}

/* Lanes of a 4-bit mask in ascending order, then zeros. */
static const int32_t i_lanes_of[16][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0},
                                          {2, 0, 0, 0}, {0, 2, 0, 0}, {1, 2, 0, 0}, {0, 1, 2, 0},
                                          {3, 0, 0, 0}, {0, 3, 0, 0}, {1, 3, 0, 0}, {0, 1, 3, 0},
                                          {2, 3, 0, 0}, {0, 2, 3, 0}, {1, 2, 3, 0}, {0, 1, 2, 3}};

static inline void i_append4(uint32_t *to, uint32_t bits, __m128i a)
{
    const __m128i lanes = _mm_loadu_si128((const __m128i *)i_lanes_of[bits]);
    _mm_storeu_ps((float *)to, _mm_permutevar_ps(_mm_castsi128_ps(a), lanes));
}

/* The lanes of `bits`, in order, in whole vectors. */
static inline void i_append(uint32_t *to, uint32_t bits, vi a)
{
    i_append4(to, bits & 15, _mm256_castsi256_si128(a));
    i_append4(to + __builtin_popcount(bits & 15), bits >> 4, _mm256_extracti128_si256(a, 1));
}

static inline void i_append_index(int32_t *to, uint32_t bits, int32_t index)
{
    const vi lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    i_append((uint32_t *)to, bits, i_add(i_set(index), lane));
}

#endif
