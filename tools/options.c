/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int option_int(const char *text, int64_t low, int64_t high, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < low || v > high)
        return 0;
    *value = v;
    return 1;
}

int option_number(const char *text, double *value)
{
    char *end = NULL;
    double v = strtod(text, &end), d = 1;
    if (end == text)
        return 0;
    if (*end == '/') {
        const char *below = end + 1;
        d = strtod(below, &end);
        if (end == below || !(d > 0))
            return 0;
    }
    v /= d;
    if (*end || !isfinite(v))
        return 0;
    *value = v;
    return 1;
}

static const option *find(const option_table *t, const char *arg)
{
    size_t n = strcspn(arg, "=");
    for (size_t i = 0; i < t->n; i++)
        if ((t->option[i].commands & t->command) && strlen(t->option[i].name) == n &&
            strncmp(arg, t->option[i].name, n) == 0)
            return &t->option[i];
    return NULL;
}

static int unknown(const option_table *t, const char *arg)
{
    size_t n = strcspn(arg, "=");
    return cli_fail(CLI_USAGE, "%s has no option %.*s; see: reprise help %s", t->name, (int)n, arg,
                    t->name);
}

/* Takes argv[*i], an option, and its value; moves *i over what it used. */
static int take_option(const option_table *t, void *target, int argc, char **argv, int *i)
{
    const char *arg = argv[*i];
    const option *opt = find(t, arg);
    if (!opt)
        return unknown(t, arg);
    const char *value = strchr(arg, '=');
    if (value)
        value++;
    if (!opt->wants && value)
        return cli_fail(CLI_USAGE, "%s takes no value", opt->name);
    if (opt->wants && !value) {
        if (*i + 1 >= argc)
            return cli_fail(CLI_USAGE, "%s needs a value: %s", opt->name, opt->wants);
        value = argv[++*i];
    }
    if (t->given)
        *t->given |= UINT64_C(1) << (opt - t->option);
    if (!opt->set(target, value))
        return cli_fail(CLI_USAGE, "%s %s: should be %s", opt->name, value, opt->wants);
    return CLI_DONE;
}

int options_read(const option_table *t, int argc, char **argv, void *target, int *help)
{
    *help = 0;
    int only_names = 0;
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        if (!only_names && strcmp(arg, "--") == 0) {
            only_names = 1;
        } else if (!only_names && (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)) {
            *help = 1;
            return CLI_DONE;
        } else if (!only_names && arg[0] == '-' && arg[1]) {
            int code = take_option(t, target, argc, argv, &i);
            if (code != CLI_DONE)
                return code;
        } else if (!t->take(target, arg)) {
            return cli_fail(CLI_USAGE, "%s: one name too many; see: reprise help %s", arg, t->name);
        }
    }
    return CLI_DONE;
}
