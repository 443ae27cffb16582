/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200112L
#include "core/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/checked.h"

#define RPR_ALIGN 64

void *rpr_alloc(size_t bytes)
{
    void *p = NULL;
    if (bytes > PTRDIFF_MAX - RPR_ALIGN)
        return NULL;
    if (posix_memalign(&p, RPR_ALIGN, bytes ? bytes : 1) != 0)
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
