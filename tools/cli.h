/* SPDX-License-Identifier: Apache-2.0 */
/** Exit codes and messages of the command line. */
#ifndef TOOLS_CLI_H
#define TOOLS_CLI_H

enum { CLI_DONE = 0, CLI_CHECK_FAILED = 1, CLI_USAGE = 2, CLI_BAD_INPUT = 3, CLI_UNSUPPORTED = 4 };

/** The exit code for a status of the library. */
int cli_exit_of_status(int status);

/** Writes "reprise: MESSAGE" to stderr and returns code. */
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Writes "reprise: warning: MESSAGE" to stderr. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Writes "reprise: MESSAGE" to stderr. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** cli_fail for memory that ran out. */
int cli_no_memory(void);

#endif
