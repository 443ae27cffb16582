/* SPDX-License-Identifier: Apache-2.0 */
/** NumPy's .npy files, version 1.0, C order. */
#ifndef MEDIA_NPY_H
#define MEDIA_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/** type: NumPy's name of the element type, such as "<f4"; bytes: of the whole array. */
int media_write_npy(const char *path, const char *type, const int64_t *dim, int rank,
                    const void *data, size_t bytes, media_error *err);

#endif
