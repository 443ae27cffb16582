/* SPDX-License-Identifier: Apache-2.0 */
#include "dump.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "arrays.h"
#include "cli.h"
#include "media/npy.h"

int dump_open(const char *directory)
{
    struct stat st;
    if (mkdir(directory, 0777) == 0)
        return CLI_DONE;
    if (errno == EEXIST && stat(directory, &st) == 0 && S_ISDIR(st.st_mode))
        return CLI_DONE;
    return cli_fail(CLI_BAD_INPUT, "%s: cannot be made (%s)", directory, strerror(errno));
}

/* An output's name may hold anything; a file's may not. */
static void safe_name(char *to, size_t room, const char *name)
{
    size_t n = 0;
    for (; *name && n + 1 < room; name++) {
        int plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                    (*name >= '0' && *name <= '9') || *name == '-' || *name == '.';
        to[n++] = plain ? *name : '_';
    }
    to[n] = 0;
}

int dump_frame(const char *directory, const session *s, const rpr_output *out)
{
    for (size_t i = 0; i < s->n_out; i++) {
        const rpr_tensor_info *t = &s->out_info[i];
        const char *type = numpy_type(t->dtype);
        char name[128], path[4096];
        media_error err;
        safe_name(name, sizeof name, t->name);
        int n = snprintf(path, sizeof path, "%s/frame%06lld_%s.npy", directory,
                         (long long)s->frame.index, name);
        if (n < 0 || (size_t)n >= sizeof path)
            return cli_fail(CLI_USAGE, "%.64s...: the name is too long", directory);
        if (type && media_write_npy(path, type, t->dim, t->rank, out[i].data, t->bytes, &err))
            return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    }
    return CLI_DONE;
}
