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

static rpr_cpu_isa highest(void)
{
    uint32_t a, b, c, d, b7, c7;
    if (!__get_cpuid(1, &a, &b, &c, &d) ||
        !has_all(c, LEAF1_ECX_FMA | LEAF1_ECX_OSXSAVE | LEAF1_ECX_AVX) ||
        !__get_cpuid_count(7, 0, &a, &b7, &c7, &d) || !has_all(b7, LEAF7_EBX_AVX2))
        return RPR_CPU_SCALAR;
    uint32_t state = saved_state();
    if (!has_all(state, XCR0_AVX))
        return RPR_CPU_SCALAR;
    bool avx512 = has_all(b7, LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512DQ | LEAF7_EBX_AVX512BW |
                                  LEAF7_EBX_AVX512VL);
    return avx512 && has_all(state, XCR0_AVX512) ? RPR_CPU_AVX512 : RPR_CPU_AVX2;
}

/* Every bundle includes those below it, but the one of the other architecture. */
static bool includes(rpr_cpu_isa have, rpr_cpu_isa want)
{
    return want <= have && want != RPR_CPU_NEON;
}

#else

static rpr_cpu_isa highest(void)
{
#if defined(__aarch64__)
    return RPR_CPU_NEON;
#else
    return RPR_CPU_SCALAR;
#endif
}

static bool includes(rpr_cpu_isa have, rpr_cpu_isa want)
{
    return want <= have;
}

#endif

bool rpr_cpu_has(rpr_cpu_isa isa)
{
    return includes(highest(), isa);
}

#ifdef RPR_TEST_HOOKS
#include <stdlib.h>
#include <string.h>

static rpr_cpu_isa limit(void)
{
    static const struct {
        const char *name;
        rpr_cpu_isa isa;
    } names[] = {{"scalar", RPR_CPU_SCALAR},
                 {"neon", RPR_CPU_NEON},
                 {"avx2", RPR_CPU_AVX2},
                 {"avx512", RPR_CPU_AVX512}};
    const char *want = getenv("RPR_ISA");
    for (size_t i = 0; want && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(want, names[i].name) == 0)
            return names[i].isa;
    return RPR_CPU_AVX512;
}
#else
static rpr_cpu_isa limit(void)
{
    return RPR_CPU_AVX512;
}
#endif

rpr_cpu_isa rpr_cpu_best(void)
{
    rpr_cpu_isa have = highest();
    rpr_cpu_isa best = limit();
    while (!includes(have, best)) /* ends at SCALAR, which every machine has */
        best = (rpr_cpu_isa)(best - 1);
    return best;
}
