/* SPDX-License-Identifier: Apache-2.0 */
/* Ends what target_begin.h began. */
#if !defined(__clang__)
#pragma GCC pop_options
#elif defined(RPR_SIMD_TARGET)
#pragma clang attribute pop
#endif
#pragma GCC diagnostic pop
