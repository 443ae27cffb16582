/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cpu/cpu.h"
#include "kernels/tables.h"
#include "reprise/reprise.h"

/* From the highest to the lowest; the last one runs everywhere. */
static const struct {
    rpr_cpu_isa isa;
    const rpr_kernels *table;
} tables[] = {
#if defined(__x86_64__)
    {RPR_CPU_AVX512_VNNI, &rpr_kernels_avx512vnni}, {RPR_CPU_AVX512, &rpr_kernels_avx512},
    {RPR_CPU_AVX2_VNNI, &rpr_kernels_avx2vnni},     {RPR_CPU_AVX2, &rpr_kernels_avx2},
#endif
#if defined(__aarch64__)
    {RPR_CPU_NEON_DOT, &rpr_kernels_neondot},       {RPR_CPU_NEON, &rpr_kernels_neon},
#endif
    {RPR_CPU_SCALAR, &rpr_kernels_scalar},
};

const rpr_kernels *rpr_kernels_best(void)
{
    rpr_cpu_isa best = rpr_cpu_best();
    size_t i = 0;
    while (tables[i].isa > best)
        i++;
    return tables[i].table;
}

const rpr_kernels *rpr_kernels_named(const char *isa)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (strcmp(isa, tables[i].table->isa) == 0)
            return rpr_cpu_has(tables[i].isa) ? tables[i].table : NULL;
    return NULL;
}

const char *rpr_isa(void)
{
    return rpr_kernels_best()->isa;
}
