/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * external.h - subcommands that are separate programs: `wirestorm NAME` runs the program wirestorm-NAME.
 *
 * The program is searched in the directory of the running executable, in ../tools from there (a build tree), in
 * libexec/wirestorm of the prefix, and in PATH.
 */
#ifndef HARNESS_CLI_EXTERNAL_H
#define HARNESS_CLI_EXTERNAL_H

#include "harness/cli/command.h"

/*
 * Replaces this process by wirestorm-@name. The program gets argv[0] as its name for messages, the other arguments, and
 * in its environment the names of this process's extra targets (WIRESTORM_TARGETS) and the path of this executable
 * (WIRESTORM_TOOL). Returns only on failure: false, with errno ENOENT if there is no such program.
 */
bool external_exec(const char *name, char **argv);
/* The main function of wirestorm-NAME, for the programs of this tree. Returns the exit status. */
int external_main(const struct cli_command *command, int argc, char **argv);

#endif
