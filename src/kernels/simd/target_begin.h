/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enables RPR_SIMD_TARGET for all functions up to target_end.h, without compiler flags. Not
 * defined: the architecture always has what is needed.
 */
#define RPR_PRAGMA(x) _Pragma(#x)
#if defined(__clang__)
#define RPR_TARGET_PRAGMA(isa)                                                                     \
    RPR_PRAGMA(clang attribute push(__attribute__((target(isa))), apply_to = function))
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define RPR_TARGET_PRAGMA(isa) RPR_PRAGMA(GCC target(isa))
#define UNROLL _Pragma("GCC unroll 16")
#pragma GCC push_options
#endif
/* Without optimisation some intrinsics are macros of gcc's headers that convert signs. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#ifdef RPR_SIMD_TARGET
RPR_TARGET_PRAGMA(RPR_SIMD_TARGET)
#endif

#define ALWAYS_INLINE __attribute__((always_inline))
/* The compiler no longer knows what a pointer has to do with others. */
#define FORGET(p) __asm__("" : "+r"(p))
