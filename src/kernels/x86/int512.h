/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of 16 words for the integer kernel templates. Include after enabling AVX-512 F, BW, DQ,
 * VL and VNNI. int128.h and int256.h hold the shorter ones.
 */
#ifndef RPR_KERNELS_X86_INT512_H
#define RPR_KERNELS_X86_INT512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define IL 16
#define I_SIGNED 0 /* whether values are read as x ^ 0x80, so that sum128 is to be added */

typedef __m512i vi;      /* words, or sums */
typedef __m512i vw;      /* words of weights, ready to be multiplied */
typedef __m512i vx;      /* words of values, ready to be multiplied */
typedef __mmask16 itail; /* the first so many lanes */

static inline vi i_set(int32_t x)
{
    return _mm512_set1_epi32(x);
}

static inline vi i_load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static inline void i_store(void *p, vi a)
{
    _mm512_storeu_si512(p, a);
}

/* n in [0, IL] */
static inline itail i_tail(int32_t n)
{
    return (itail)((1u << n) - 1);
}

/* Lanes outside the tail are 0 and their memory is not touched. */
static inline vi i_load_tail(const void *p, itail t)
{
    return _mm512_maskz_loadu_epi32(t, p);
}

static inline void i_store_tail(void *p, itail t, vi a)
{
    _mm512_mask_storeu_epi32(p, t, a);
}

/*
 * The first n words, n below IL. With a mask a load of what lies behind would have to wait for the
 * store, as if it had stored there, too.
 */
static inline void i_store_words(void *p, vi a, int32_t n)
{
    int32_t *to = p;
    __m256i eight = _mm512_castsi512_si256(a);
    if (n & 8) {
        _mm256_storeu_si256((__m256i *)(void *)to, eight);
        eight = _mm512_extracti64x4_epi64(a, 1);
        to += 8;
    }
    __m128i four = _mm256_castsi256_si128(eight);
    if (n & 4) {
        _mm_storeu_si128((__m128i *)(void *)to, four);
        four = _mm256_extracti128_si256(eight, 1);
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

/* IL sums of three bytes, the lowest first, as words. */
static inline vi i_words24(vi bytes)
{
    const vi lanes = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
    const vi up =
        _mm512_broadcast_i32x4(_mm_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11));
    return _mm512_srai_epi32(_mm512_shuffle_epi8(_mm512_permutexvar_epi32(lanes, bytes), up), 8);
}

/* The lower three bytes of each sum. */
static inline vi i_bytes24(vi a)
{
    const vi lanes = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    const vi down = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    return _mm512_permutexvar_epi32(lanes, _mm512_shuffle_epi8(a, down));
}

static inline vi i_load24(const void *p)
{
    return i_words24(i_load_tail(p, 0xfff));
}

/* Those in the words of the tail. */
static inline vi i_load24_tail(const void *p, itail t)
{
    return i_words24(i_load_tail(p, t));
}

static inline void i_store24(void *p, vi a, int32_t n)
{
    i_store_words(p, i_bytes24(a), n);
}

static inline vi i_add(vi a, vi b)
{
    return _mm512_add_epi32(a, b);
}

static inline vi i_sub(vi a, vi b)
{
    return _mm512_sub_epi32(a, b);
}

/* In a register: the compiler does not read them from memory again for every use. */
static inline vw i_weights(const int8_t *p)
{
    vw w = i_load(p);
    __asm__("" : "+v"(w));
    return w;
}

/* One word for all lanes. */
static inline vx i_value(const void *p)
{
    return i_set(*(const int32_t *)p);
}

static inline vx i_values(vi words)
{
    return words;
}

/* sum + the dot products of words */
static inline vi i_dot(vi sum, vx x, vw w)
{
    return _mm512_dpbusd_epi32(sum, x, w);
}

/*
 * A word of signed bytes for all lanes. One factor of a product is to be unsigned: weights are read
 * as w ^ 0x80, which is w + 128, and 128 times the bytes that were added is too much in every lane.
 */
typedef vi vmove;

static inline vmove i_move(const void *p)
{
    return i_set(*(const int32_t *)p);
}

/* sum + the dot products with weights at w */
static inline vi i_apply(vi sum, vmove d, const int8_t *w)
{
    return _mm512_dpbusd_epi32(sum, _mm512_xor_si512(i_load(w), _mm512_set1_epi8(-128)), d);
}

/* excess + 128 times the bytes of a word: what i_apply adds too much to every lane */
static inline vi i_excess(vi excess, vmove d)
{
    return _mm512_dpbusd_epi32(excess, _mm512_set1_epi8(-128), d);
}

/* True if one of n words is not 0. */
static inline bool i_any(const uint32_t *word, int32_t n)
{
    __mmask16 any = 0;
    for (; n > IL; n -= IL, word += IL)
        any |= _mm512_test_epi32_mask(i_load(word), i_load(word));
    const vi last = i_load_tail(word, i_tail(n));
    return (any | _mm512_test_epi32_mask(last, last)) != 0;
}

/* rint(z * scale), or more than a byte holds */
static inline vi i_scaled(vi z, const float *scale)
{
    __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(z), _mm512_loadu_ps(scale));
    return _mm512_cvtps_epi32(_mm512_min_ps(y, _mm512_set1_ps(1024.0f)));
}

/* saturate(y + zero): lanes of 16 bytes, each from the same lane of the four */
static inline vi i_lane_bytes(const vi y[4], int32_t zero)
{
    const vi z = _mm512_set1_epi16((int16_t)zero);
    vi low = _mm512_adds_epi16(_mm512_packs_epi32(y[0], y[1]), z);
    vi high = _mm512_adds_epi16(_mm512_packs_epi32(y[2], y[3]), z);
    return _mm512_packus_epi16(low, high);
}

/* saturate(y + zero): the bytes of y[0], of y[1], ... */
static inline vi i_bytes(const vi y[4], int32_t zero)
{
    const vi order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, i_lane_bytes(y, zero));
}

/* table[i / 2] of 128 pairs of bytes, per 16 bits */
static inline __m512i i_pairs_at(const uint8_t *table, __m512i i)
{
    __m512i low = _mm512_permutex2var_epi16(i_load(table), i, i_load(table + 64));
    __m512i high = _mm512_permutex2var_epi16(i_load(table + 128), i, i_load(table + 192));
    return _mm512_mask_blend_epi16(_mm512_test_epi16_mask(i, _mm512_set1_epi16(64)), low, high);
}

/* table[byte] for every byte */
static inline vi i_look_up(vi bytes, const uint8_t *table)
{
    __m512i even = i_pairs_at(table, _mm512_srli_epi16(_mm512_slli_epi16(bytes, 8), 9));
    __m512i odd = i_pairs_at(table, _mm512_srli_epi16(bytes, 9));
    __mmask32 even_high = _mm512_test_epi16_mask(bytes, _mm512_set1_epi16(1));
    __mmask32 odd_low = _mm512_testn_epi16_mask(bytes, _mm512_set1_epi16(0x100));
    even = _mm512_mask_srli_epi16(even, even_high, even, 8);
    odd = _mm512_mask_slli_epi16(odd, odd_low, odd, 8);
    return _mm512_mask_blend_epi8(0xaaaaaaaaaaaaaaaau, even, odd);
}

/*
 * Stores the first n words of part `part` of `parts`. In a register first: gcc would extract to
 * memory with a mask, which traps for masked words, too.
 */
static inline void i_put(uint8_t *p, vi bytes, int part, int parts, int32_t n)
{
    const itail t = i_tail(n);
    if (parts == 1) {
        i_store_tail(p, t, bytes);
    } else if (parts == 2) {
        __m256i half = part ? _mm512_extracti64x4_epi64(bytes, 1) : _mm512_castsi512_si256(bytes);
        __asm__("" : "+v"(half));
        _mm256_mask_storeu_epi32(p, (__mmask8)t, half);
    } else {
        __m128i quarter = part == 1   ? _mm512_extracti32x4_epi32(bytes, 1)
                          : part == 2 ? _mm512_extracti32x4_epi32(bytes, 2)
                          : part == 3 ? _mm512_extracti32x4_epi32(bytes, 3)
                                      : _mm512_castsi512_si128(bytes);
        __asm__("" : "+v"(quarter));
        _mm_mask_storeu_epi32(p, (__mmask8)t, quarter);
    }
}

static inline vi i_unpack8_low(vi a, vi b)
{
    return _mm512_unpacklo_epi8(a, b);
}

static inline vi i_unpack8_high(vi a, vi b)
{
    return _mm512_unpackhi_epi8(a, b);
}

static inline vi i_unpack16_low(vi a, vi b)
{
    return _mm512_unpacklo_epi16(a, b);
}

static inline vi i_unpack16_high(vi a, vi b)
{
    return _mm512_unpackhi_epi16(a, b);
}

/* One bit per word in which a byte of a and of b differ by more than that of theta. */
static inline uint32_t i_moved(vi a, vi b, vi theta)
{
    vi d = _mm512_or_si512(_mm512_subs_epu8(a, b), _mm512_subs_epu8(b, a));
    vi over = _mm512_subs_epu8(d, theta);
    return _mm512_test_epi32_mask(over, over);
}

/* Per lane a where its bit is set, else b. */
static inline vi i_select(uint32_t bits, vi a, vi b)
{
    return _mm512_mask_blend_epi32((__mmask16)bits, b, a);
}

static inline vi i_sub8(vi a, vi b)
{
    return _mm512_sub_epi8(a, b);
}

/* a - b of unsigned bytes, saturated to signed ones */
static inline vi i_step8(vi a, vi b)
{
    const vi sign = _mm512_set1_epi8(-128);
    return _mm512_subs_epi8(_mm512_xor_si512(a, sign), _mm512_xor_si512(b, sign));
}

static inline vi i_set8(int32_t x)
{
    return _mm512_set1_epi8((char)x);
}

/* The lanes of `bits`, in order, in whole vectors. */
static inline void i_append(uint32_t *to, uint32_t bits, vi a)
{
    i_store(to, _mm512_maskz_compress_epi32((__mmask16)bits, a));
}

static inline void i_append_index(int32_t *to, uint32_t bits, int32_t index)
{
    const vi lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    i_append((uint32_t *)to, bits, i_add(i_set(index), lane));
}

#endif
