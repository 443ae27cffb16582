/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200112L
#include "trace_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

static int cannot_write(const trace_file *t)
{
    return cli_fail(CLI_BAD_INPUT, "%s: cannot be written (%s)", t->path, strerror(errno));
}

static int write_bytes(void *user, const void *bytes, size_t n)
{
    trace_file *t = user;
    return fwrite(bytes, 1, n, t->file) != n;
}

static char *part_name(const char *path)
{
    struct stat st;
    int direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    const char *ending = direct ? "" : ".part";
    size_t room = strlen(path) + strlen(ending) + 1;
    char *part = malloc(room);
    if (part)
        snprintf(part, room, "%s%s", path, ending);
    return part;
}

/* The library says why, and for a file that cannot be written the system does. */
static int failed(const trace_file *t, int status, const char *why)
{
    if (status == RPR_ERR_IO)
        return cannot_write(t);
    return cli_fail(cli_exit_of_status(status), "%s: %s", t->path, why);
}

int trace_file_open(trace_file *t, const char *path, const lane *l)
{
    rpr_error err = {""};
    *t = (trace_file){.path = path, .part = part_name(path)};
    if (!t->part)
        return cli_no_memory();
    t->file = fopen(t->part, "wb");
    if (!t->file)
        return cannot_write(t);
    int status = rpr_trace_create(l->stream, write_bytes, t, &t->trace, &err);
    return status == RPR_OK ? CLI_DONE : failed(t, status, err.message);
}

int trace_file_frame(trace_file *t)
{
    int status = rpr_trace_frame_write(t->trace);
    return status == RPR_OK ? CLI_DONE : failed(t, status, rpr_trace_error(t->trace));
}

int trace_file_end(trace_file *t)
{
    int status = rpr_trace_end(t->trace);
    if (status != RPR_OK)
        return failed(t, status, rpr_trace_error(t->trace));
    FILE *file = t->file;
    t->file = NULL;
    int bad = fclose(file) != 0;
    if (!bad && strcmp(t->part, t->path) != 0)
        bad = rename(t->part, t->path) != 0;
    int code = bad ? cannot_write(t) : CLI_DONE;
    if (bad && strcmp(t->part, t->path) != 0)
        remove(t->part);
    return code;
}

void trace_file_close(trace_file *t)
{
    rpr_trace_destroy(t->trace);
    if (t->file) {
        fclose(t->file);
        if (strcmp(t->part, t->path) != 0)
            remove(t->part);
    }
    free(t->part);
    *t = (trace_file){0};
}
