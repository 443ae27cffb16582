/* SPDX-License-Identifier: Apache-2.0 */
/** Small helpers round jansson. */
#ifndef TOOLS_JSON_FILE_H
#define TOOLS_JSON_FILE_H

#include <jansson.h>

/** A real; null for NaN and infinity, which JSON does not have. */
json_t *json_number(double v);

/** Writes root to a file, or stdout for "-", and frees it. Returns an exit code. */
int json_file_write(json_t *root, const char *path);

#endif
