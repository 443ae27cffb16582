/* SPDX-License-Identifier: Apache-2.0 */
/* What AVX-512 VBMI does better: not every processor with AVX-512 has it. */
#ifndef RPR_KERNELS_X86_VBMI_H
#define RPR_KERNELS_X86_VBMI_H

#include <stdbool.h>
#include <stdint.h>

/** True if the processor has it; the system saves AVX-512's registers. Cheap. */
static inline bool rpr_has_vbmi(void)
{
    return __builtin_cpu_supports("avx512vbmi") != 0;
}

/** y[i] = table[x[i]], i in [0, n); y may be x. */
void rpr_vbmi_table(const uint8_t *table, const uint8_t *x, uint8_t *y, int64_t n);

#endif
