/* SPDX-License-Identifier: Apache-2.0 */
/** The subcommands. Each returns an exit code after a message. */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

#include "args.h"

int cmd_info(const cli_options *o);
int cmd_run(const cli_options *o);
int cmd_bench(const cli_options *o);
int cmd_verify(const cli_options *o);
int cmd_calibrate(const cli_options *o);
int cmd_quantize(const cli_options *o);

/** Has options of its own. */
int cmd_sim(int argc, char **argv);

#endif
