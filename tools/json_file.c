/* SPDX-License-Identifier: Apache-2.0 */
#include "json_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

json_t *json_number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

int json_file_write(json_t *root, const char *path)
{
    int to_stdout = strcmp(path, "-") == 0;
    errno = 0;
    FILE *f = to_stdout ? stdout : fopen(path, "w");
    int bad = !f || !root;
    if (!bad)
        bad = json_dumpf(root, f, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) != 0 ||
              fputc('\n', f) == EOF;
    if (f)
        bad |= (to_stdout ? fflush(f) : fclose(f)) != 0;
    json_decref(root);
    if (bad)
        return cli_fail(CLI_BAD_INPUT, "%s: cannot be written (%s)", path,
                        errno ? strerror(errno) : "not UTF-8");
    return CLI_DONE;
}
