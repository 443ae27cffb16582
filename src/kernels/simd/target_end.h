/* SPDX-License-Identifier: Apache-2.0 */
/* Ends what target_begin.h began. */
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#pragma GCC diagnostic pop
