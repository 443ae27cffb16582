/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/csv.h"

#include <string.h>

/** Takes a quoted field at p, which stands behind its first quote. Returns what follows, or NULL.
 */
static char *unquote(char *p)
{
    char *to = p;
    for (;; p++) {
        if (*p == '\0')
            return NULL;
        if (*p == '"') {
            if (p[1] != '"')
                break;
            p++;
        }
        *to++ = *p;
    }
    char *rest = p + 1;
    *to = '\0';
    return *rest == ',' || *rest == '\0' ? rest : NULL;
}

int sim_csv_split(char *line, char **field, int max)
{
    for (int n = 0; n < max; n++) {
        char *end;
        if (*line == '"') {
            field[n] = line + 1;
            end = unquote(line + 1);
        } else {
            field[n] = line;
            end = line + strcspn(line, ",\"");
        }
        if (!end || *end == '"')
            return -1;
        if (*end == '\0')
            return n + 1;
        *end = '\0';
        line = end + 1;
    }
    return -1;
}
