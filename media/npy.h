/* SPDX-License-Identifier: Apache-2.0 */
/** NumPy's .npy files, version 1.0, C order. */
#ifndef MEDIA_NPY_H
#define MEDIA_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { MEDIA_NPY_RANK = 16 };

/** A file that is read from its beginning to its end. */
typedef struct media_npy media_npy;

typedef struct media_npy_info {
    char type[8]; /**< NumPy's name of the element type */
    int rank;
    int64_t dim[MEDIA_NPY_RANK];
} media_npy_info;

/** Opens a file of version 1 or 2 in C order, and reads its header. Close *out, if there is one. */
int media_npy_open(const char *path, media_npy **out, media_error *err);
void media_npy_close(media_npy *n);

/** Owned by n. */
const media_npy_info *media_npy_get_info(const media_npy *n);

/** The next so many bytes of the data; NULL leaves them out. MEDIA_ERROR if the file ends early. */
int media_npy_read(media_npy *n, void *data, size_t bytes, media_error *err);

/** type: NumPy's name of the element type, such as "<f4"; bytes: of the whole array. */
int media_write_npy(const char *path, const char *type, const int64_t *dim, int rank,
                    const void *data, size_t bytes, media_error *err);

#endif
