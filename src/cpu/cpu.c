/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>

enum {
    LEAF1_ECX_FMA = 1 << 12,
    LEAF1_ECX_OSXSAVE = 1 << 27,
    LEAF1_ECX_AVX = 1 << 28,
    LEAF7_EBX_AVX2 = 1 << 5,
    LEAF7_EBX_AVX512F = 1 << 16,
    LEAF7_EBX_AVX512DQ = 1 << 17,
    LEAF7_EBX_AVX512BW = 1 << 30,
    LEAF7_ECX_AVX512VNNI = 1 << 11,
    LEAF7_1_EAX_AVXVNNI = 1 << 4,
    XCR0_AVX = 0x06,    /* XMM and YMM state */
    XCR0_AVX512 = 0xe6, /* and opmask, upper ZMM and ZMM16-31 */
};
#define LEAF7_EBX_AVX512VL (1u << 31)

static bool has_all(uint32_t word, uint32_t bits)
{
    return (word & bits) == bits;
}

/* XCR0: the register state that the operating system saves and restores. */
static uint32_t saved_state(void)
{
    uint32_t lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return lo;
}

static uint32_t bit(rpr_cpu_isa isa)
{
    return 1u << isa;
}

/* One bit per bundle. */
static uint32_t bundles(void)
{
    uint32_t a, b, c, d, b7, c7, a71 = 0, have = bit(RPR_CPU_SCALAR);
    if (!__get_cpuid(1, &a, &b, &c, &d) ||
        !has_all(c, LEAF1_ECX_FMA | LEAF1_ECX_OSXSAVE | LEAF1_ECX_AVX) ||
        !__get_cpuid_count(7, 0, &a, &b7, &c7, &d) || !has_all(b7, LEAF7_EBX_AVX2))
        return have;
    const uint32_t state = saved_state();
    if (!has_all(state, XCR0_AVX))
        return have;
    have |= bit(RPR_CPU_AVX2);
    if (a >= 1 && __get_cpuid_count(7, 1, &a71, &b, &c, &d) && has_all(a71, LEAF7_1_EAX_AVXVNNI))
        have |= bit(RPR_CPU_AVX2_VNNI);
    if (!has_all(state, XCR0_AVX512) || !has_all(b7, LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512DQ |
                                                         LEAF7_EBX_AVX512BW | LEAF7_EBX_AVX512VL))
        return have;
    have |= bit(RPR_CPU_AVX512);
    return has_all(c7, LEAF7_ECX_AVX512VNNI) ? have | bit(RPR_CPU_AVX512_VNNI) : have;
}

#else

#if defined(__aarch64__) && defined(__linux__) && !defined(__ARM_FEATURE_DOTPROD)
#include <sys/auxv.h>

static bool has_dot(void)
{
    return getauxval(AT_HWCAP) >> 20 & 1; /* HWCAP_ASIMDDP */
}
#elif defined(__ARM_FEATURE_DOTPROD)
static bool has_dot(void)
{
    return true;
}
#else
static bool has_dot(void)
{
    return false;
}
#endif

static uint32_t bundles(void)
{
    uint32_t have = 1u << RPR_CPU_SCALAR;
#if defined(__aarch64__)
    have |= 1u << RPR_CPU_NEON;
#endif
    return has_dot() ? have | 1u << RPR_CPU_NEON_DOT : have;
}

#endif

bool rpr_cpu_has(rpr_cpu_isa isa)
{
    return bundles() >> isa & 1;
}

#ifdef RPR_TEST_HOOKS
#include <stdlib.h>
#include <string.h>

static rpr_cpu_isa limit(void)
{
    static const char *const names[RPR_CPU_COUNT] = {
        [RPR_CPU_SCALAR] = "scalar",         [RPR_CPU_NEON] = "neon",
        [RPR_CPU_NEON_DOT] = "neondot",      [RPR_CPU_AVX2] = "avx2",
        [RPR_CPU_AVX2_VNNI] = "avx2vnni",    [RPR_CPU_AVX512] = "avx512",
        [RPR_CPU_AVX512_VNNI] = "avx512vnni"};
    const char *want = getenv("RPR_ISA");
    for (int i = 0; want && i < RPR_CPU_COUNT; i++)
        if (strcmp(want, names[i]) == 0)
            return (rpr_cpu_isa)i;
    return RPR_CPU_COUNT - 1;
}
#else
static rpr_cpu_isa limit(void)
{
    return RPR_CPU_COUNT - 1;
}
#endif

rpr_cpu_isa rpr_cpu_best(void)
{
    const uint32_t have = bundles();
    rpr_cpu_isa best = limit();
    while (!(have >> best & 1)) /* ends at SCALAR, which every machine has */
        best = (rpr_cpu_isa)(best - 1);
    return best;
}
