/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>

#include "reprise/reprise.h"

int cli_exit_of_status(int status)
{
    switch (status) {
    case RPR_OK:
        return CLI_DONE;
    case RPR_ERR_ARGUMENT:
        return CLI_USAGE;
    case RPR_ERR_UNSUPPORTED:
        return CLI_UNSUPPORTED;
    default:
        return CLI_BAD_INPUT;
    }
}

static void say(const char *kind, const char *format, va_list args)
{
    fflush(stdout);
    fprintf(stderr, "reprise: %s", kind);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int cli_fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
    return code;
}

void cli_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("warning: ", format, args);
    va_end(args);
}

void cli_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

int cli_no_memory(void)
{
    return cli_fail(CLI_BAD_INPUT, "memory ran out");
}
