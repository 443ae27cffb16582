/* SPDX-License-Identifier: Apache-2.0 */
/** Help texts. */
#ifndef TOOLS_HELP_H
#define TOOLS_HELP_H

#include "args.h"

/** "run" and so on. */
const char *help_command_name(cli_command command);

/** The command of that name; 0 if there is none. */
cli_command help_find_command(const char *name);

/** The general page and the page of one command, on stdout. */
void help_general(void);
void help_page(cli_command command);

#endif
