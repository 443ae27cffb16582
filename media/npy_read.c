/* SPDX-License-Identifier: Apache-2.0 */
/* Reading .npy files: the header is a Python dictionary of one line. */
#include "npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 8, MAX_HEADER = 4096 };

struct media_npy {
    FILE *file;
    char *name;
    media_npy_info info;
};

/* What follows 'key': and blanks; NULL if the key is not there. */
static const char *value_of(const char *header, const char *key)
{
    char quoted[32];
    snprintf(quoted, sizeof quoted, "'%s':", key);
    const char *at = strstr(header, quoted);
    return at ? at + strlen(quoted) + strspn(at + strlen(quoted), " ") : NULL;
}

static int parse_type(media_npy *n, const char *text)
{
    size_t length = text && *text == '\'' ? strcspn(text + 1, "'") : 0;
    if (length == 0 || length >= sizeof n->info.type || text[1 + length] != '\'')
        return 0;
    memcpy(n->info.type, text + 1, length);
    return 1;
}

static int parse_shape(media_npy *n, const char *text)
{
    if (!text || *text++ != '(')
        return 0;
    for (; *text != ')'; text += strspn(text, ", ")) {
        char *end;
        errno = 0;
        long long d = strtoll(text, &end, 10);
        if (end == text || errno || d < 0 || n->info.rank == MEDIA_NPY_RANK)
            return 0;
        n->info.dim[n->info.rank++] = d;
        text = end;
    }
    return 1;
}

static int parse_header(media_npy *n, const char *header, media_error *err)
{
    const char *order = value_of(header, "fortran_order");
    if (order && strncmp(order, "True", 4) == 0)
        return media_fail(err, "%s: is in Fortran order; should be in C order", n->name);
    if (!order || !parse_type(n, value_of(header, "descr")) ||
        !parse_shape(n, value_of(header, "shape")))
        return media_fail(err, "%s: its header is not that of one array", n->name);
    return MEDIA_OK;
}

static int read_header(media_npy *n, media_error *err)
{
    unsigned char start[MAGIC + 4] = {0};
    char header[MAX_HEADER + 1];
    if (fread(start, 1, MAGIC, n->file) != MAGIC || memcmp(start, "\x93NUMPY", 6) != 0)
        return media_fail(err, "%s: is not a .npy file", n->name);
    if (start[6] != 1 && start[6] != 2)
        return media_fail(err, "%s: is of version %d; should be 1 or 2", n->name, start[6]);
    size_t digits = start[6] == 1 ? 2 : 4, length = 0;
    if (fread(start + MAGIC, 1, digits, n->file) != digits)
        return media_fail(err, "%s: ends within its header", n->name);
    for (size_t i = digits; i-- > 0;)
        length = length << 8 | start[MAGIC + i];
    if (length > MAX_HEADER)
        return media_fail(err, "%s: its header is too long", n->name);
    if (fread(header, 1, length, n->file) != length)
        return media_fail(err, "%s: ends within its header", n->name);
    header[length] = 0;
    return parse_header(n, header, err);
}

int media_npy_open(const char *path, media_npy **out, media_error *err)
{
    *out = NULL;
    media_npy *n = calloc(1, sizeof *n);
    if (!n || !(n->name = strdup(path))) {
        free(n);
        return media_fail(err, "%s: memory ran out", path);
    }
    n->file = fopen(path, "rb");
    int status = n->file ? read_header(n, err)
                         : media_fail(err, "%s: cannot be opened (%s)", path, strerror(errno));
    if (status == MEDIA_OK)
        *out = n;
    else
        media_npy_close(n);
    return status;
}

void media_npy_close(media_npy *n)
{
    if (!n)
        return;
    if (n->file)
        fclose(n->file);
    free(n->name);
    free(n);
}

const media_npy_info *media_npy_get_info(const media_npy *n)
{
    return &n->info;
}

int media_npy_read(media_npy *n, void *data, size_t bytes, media_error *err)
{
    char left_out[4096];
    for (size_t done = 0, got; done < bytes; done += got) {
        size_t room = data || bytes - done < sizeof left_out ? bytes - done : sizeof left_out;
        got = fread(data ? (char *)data + done : left_out, 1, room, n->file);
        if (got == 0)
            return ferror(n->file)
                       ? media_fail(err, "%s: cannot be read (%s)", n->name, strerror(errno))
                       : media_fail(err, "%s: ends early: %zu of %zu bytes of an array are there",
                                    n->name, done, bytes);
    }
    return MEDIA_OK;
}
