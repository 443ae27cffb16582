/* SPDX-License-Identifier: Apache-2.0 */
#include "npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PREAMBLE = 10, ALIGN = 64 };

/* Fills text with the header, padded so that the data starts at a multiple of 64 bytes. */
static size_t make_header(char *text, size_t room, const char *type, const int64_t *dim, int rank)
{
    size_t n =
        (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (", type);
    for (int i = 0; i < rank && n < room; i++)
        n += (size_t)snprintf(text + n, room - n, "%" PRId64 ",", dim[i]);
    if (n < room)
        n += (size_t)snprintf(text + n, room - n, "), }");
    size_t total = (PREAMBLE + n + 1 + ALIGN - 1) / ALIGN * ALIGN;
    if (total - PREAMBLE > room)
        return 0;
    memset(text + n, ' ', total - PREAMBLE - n);
    text[total - PREAMBLE - 1] = '\n';
    return total - PREAMBLE;
}

int media_write_npy(const char *path, const char *type, const int64_t *dim, int rank,
                    const void *data, size_t bytes, media_error *err)
{
    char header[1024];
    size_t n = make_header(header, sizeof header, type, dim, rank);
    if (n == 0)
        return media_fail(err, "%s: too many dimensions", path);
    unsigned char preamble[PREAMBLE] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    preamble[8] = (unsigned char)(n & 255);
    preamble[9] = (unsigned char)(n >> 8);
    FILE *f = fopen(path, "wb");
    if (!f)
        return media_fail(err, "%s: cannot be written (%s)", path, strerror(errno));
    int bad = fwrite(preamble, 1, sizeof preamble, f) != sizeof preamble ||
              fwrite(header, 1, n, f) != n || fwrite(data, 1, bytes, f) != bytes;
    bad |= fclose(f) != 0;
    return bad ? media_fail(err, "%s: cannot be written (%s)", path, strerror(errno)) : MEDIA_OK;
}
