/* SPDX-License-Identifier: Apache-2.0 */
/** Files that a test makes for itself, in a directory of its own that goes with it. */
#ifndef TESTS_MEDIA_SCRATCH_H
#define TESTS_MEDIA_SCRATCH_H

#include <stddef.h>

/** For cmocka's group setup and teardown. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/** The path of a file in the directory; valid until the fourth call from now. */
const char *scratch_path(const char *name);

/** Writes a file there and returns its path. */
const char *scratch_write(const char *name, const void *bytes, size_t n);

/** Reads a file into fresh memory. */
unsigned char *scratch_read(const char *path, size_t *n);

#endif
