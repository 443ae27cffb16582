/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "commands.h"
#include "help.h"
#include "reprise/reprise.h"

static int run_command(cli_command command, int argc, char **argv)
{
    cli_options o;
    int help;
    if (command == CMD_SIM)
        return cmd_sim(argc, argv);
    int code = cli_parse(command, argc, argv, &o, &help);
    if (code != CLI_DONE)
        return code;
    if (help) {
        help_page(command);
        return CLI_DONE;
    }
    switch (command) {
    case CMD_INFO:
        return cmd_info(&o);
    case CMD_RUN:
        return cmd_run(&o);
    case CMD_BENCH:
        return cmd_bench(&o);
    case CMD_VERIFY:
        return cmd_verify(&o);
    case CMD_CALIBRATE:
        return cmd_calibrate(&o);
    case CMD_QUANTIZE:
        return cmd_quantize(&o);
    case CMD_SIM:
        break;
    }
    return CLI_USAGE;
}

static int unknown_command(const char *name)
{
    static const char *const later[] = {"report"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        if (strcmp(name, later[i]) == 0)
            return cli_fail(CLI_USAGE, "%s is not available in this version", name);
    return cli_fail(CLI_USAGE, "there is no command %s; see: reprise --help", name);
}

static int show_help(const char *name)
{
    if (!name) {
        help_general();
        return CLI_DONE;
    }
    cli_command command = help_find_command(name);
    if (!command)
        return unknown_command(name);
    help_page(command);
    return CLI_DONE;
}

static int show_version(void)
{
    uint32_t v = rpr_version();
    printf("reprise %u.%u.%u (%s)\n", v >> 16 & 0xff, v >> 8 & 0xff, v & 0xff, rpr_isa());
    return CLI_DONE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2)
        return cli_fail(CLI_USAGE, "a command is missing; see: reprise --help");
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return show_help(argc > 2 ? argv[2] : NULL);
    if (strcmp(name, "--version") == 0)
        return show_version();
    cli_command command = help_find_command(name);
    return command ? run_command(command, argc - 2, argv + 2) : unknown_command(name);
}

int main(int argc, char **argv)
{
    int code = dispatch(argc, argv);
    if (fflush(stdout) != 0 && code == CLI_DONE)
        code = cli_fail(CLI_BAD_INPUT, "stdout cannot be written");
    return code;
}
