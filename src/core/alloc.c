/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "core/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/checked.h"

#define RPR_ALIGN 64
#define RPR_HUGE ((size_t)2 << 20)

/**
 * Large blocks ask for huge pages: a sparse frame touches a little of everything, and would spend
 * much of its time on address translation.
 */
static void *take(size_t bytes)
{
    void *p = NULL;
    bool huge = bytes >= RPR_HUGE;
    if (posix_memalign(&p, huge ? RPR_HUGE : RPR_ALIGN, bytes ? bytes : 1) != 0)
        return NULL;
#if defined(MADV_HUGEPAGE)
    if (huge)
        (void)madvise(p, bytes, MADV_HUGEPAGE); /* a wish: without it all is slower, not wrong */
#endif
    return p;
}

void *rpr_alloc(size_t bytes)
{
    if (bytes > PTRDIFF_MAX - RPR_HUGE)
        return NULL;
    void *p = take(bytes);
    if (!p)
        return NULL;
    return memset(p, 0, bytes);
}

void *rpr_alloc_array(size_t n, size_t size)
{
    size_t bytes;
    return rpr_mul_size(n, size, &bytes) ? rpr_alloc(bytes) : NULL;
}

void rpr_free(void *p)
{
    free(p);
}

char *rpr_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = rpr_alloc(n);
    return p ? memcpy(p, s, n) : NULL;
}
