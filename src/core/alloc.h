/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: 64-byte aligned, zeroed. Freed with rpr_free only. */
#ifndef RPR_CORE_ALLOC_H
#define RPR_CORE_ALLOC_H

#include <stddef.h>

/** NULL when memory ran out or bytes is absurd; bytes 0 gives a valid pointer. */
void *rpr_alloc(size_t bytes);
/** n * size, checked. */
void *rpr_alloc_array(size_t n, size_t size);
void rpr_free(void *p);
/** A copy of a string; NULL when memory ran out. Freed with rpr_free. */
char *rpr_strdup(const char *s);

#endif
