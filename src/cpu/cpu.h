/* SPDX-License-Identifier: Apache-2.0 */
/* Which named bundles of instruction-set extensions the processor and the system offer. */
#ifndef RPR_CPU_CPU_H
#define RPR_CPU_CPU_H

#include <stdbool.h>

/** Bundles, from the lowest to the highest of each architecture. */
typedef enum rpr_cpu_isa {
    RPR_CPU_SCALAR,      /* everywhere */
    RPR_CPU_NEON,        /* AArch64, where every processor has it */
    RPR_CPU_NEON_DOT,    /* and dot products of bytes */
    RPR_CPU_AVX2,        /* AVX2 and FMA */
    RPR_CPU_AVX2_VNNI,   /* AVX2 bundle and AVX-VNNI */
    RPR_CPU_AVX512,      /* AVX2 bundle and AVX-512 F, BW, DQ, VL */
    RPR_CPU_AVX512_VNNI, /* AVX512 bundle and AVX-512 VNNI */
    RPR_CPU_COUNT
} rpr_cpu_isa;

/** True if the processor has the bundle and the operating system saves its registers. */
bool rpr_cpu_has(rpr_cpu_isa isa);

/**
 * Highest bundle that may be used. In builds with RPR_TEST_HOOKS the environment variable
 * RPR_ISA=scalar|neon|neondot|avx2|avx2vnni|avx512|avx512vnni is an upper limit: a bundle that the
 * processor lacks becomes the next lower one that it has; an unknown name is ignored. Safe from any
 * thread.
 */
rpr_cpu_isa rpr_cpu_best(void);

#endif
