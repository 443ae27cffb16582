/* SPDX-License-Identifier: Apache-2.0 */
/* Files, read whole or in part. Only regular files: anything else may block or never end. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "onnx/internal.h"

/** Messages lack the file's name: the caller puts it in front. */
static int open_regular(const char *path, int *fd, int64_t *size, rpr_error *err)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0)
        return rpr_fail(err, RPR_ERR_IO, "cannot be opened: %s", strerror(errno));
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(*fd);
        return rpr_fail(err, RPR_ERR_IO, "is not a regular file");
    }
    *size = st.st_size;
    return RPR_OK;
}

static int read_all(int fd, int64_t offset, size_t size, uint8_t *data, rpr_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, data + done, size - done, (off_t)(offset + (int64_t)done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return rpr_fail(err, RPR_ERR_IO, "cannot be read: %s", strerror(errno));
        if (n == 0)
            return rpr_fail(err, RPR_ERR_IO, "became shorter while it was read");
        done += (size_t)n;
    }
    return RPR_OK;
}

/** Allocates and reads a part that is known to lie inside the file. */
static int read_part(int fd, int64_t offset, size_t size, void **data, rpr_error *err)
{
    *data = rpr_alloc(size);
    if (!*data)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory for %zu bytes", size);
    int status = read_all(fd, offset, size, *data, err);
    if (status != RPR_OK) {
        rpr_free(*data);
        *data = NULL;
    }
    return status;
}

int rpr_onnx_read_file(const char *path, int64_t max, void **data, size_t *size, rpr_error *err)
{
    int fd, status;
    int64_t bytes;
    *data = NULL;
    RPR_TRY(open_regular(path, &fd, &bytes, err));
    *size = (size_t)bytes;
    if (bytes > max)
        status = rpr_fail(err, RPR_ERR_FORMAT, "has %" PRId64 " bytes, protobuf allows %" PRId64,
                          bytes, max);
    else
        status = read_part(fd, 0, *size, data, err);
    (void)close(fd);
    return status;
}

int rpr_onnx_read_part(const char *path, int64_t offset, size_t size, void **data, rpr_error *err)
{
    int fd, status;
    int64_t bytes;
    *data = NULL;
    RPR_TRY(open_regular(path, &fd, &bytes, err));
    if (offset < 0 || offset > bytes || (uint64_t)size > (uint64_t)(bytes - offset))
        status = rpr_fail(err, RPR_ERR_FORMAT,
                          "has %" PRId64 " bytes, %zu at offset %" PRId64 " are needed", bytes,
                          size, offset);
    else
        status = read_part(fd, offset, size, data, err);
    (void)close(fd);
    return status;
}
