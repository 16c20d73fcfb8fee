/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * completion.h - scripts by which shells complete the command line.
 *
 * The scripts are made from the commands and from the option rows of each command (options.h): a new option needs
 * nothing here.
 */
#ifndef HARNESS_CLI_COMPLETION_H
#define HARNESS_CLI_COMPLETION_H

#include <stddef.h>

#include "harness/cli/command.h"

/*
 * Prints the script for @shell, "bash" or "zsh". @run runs the command that argv[0] names and returns its exit status;
 * it may replace the process, so each call is in a process of its own. Returns an exit code.
 */
int completion_print(
    const char *shell, const struct cli_command *const *commands, size_t nr, int (*run)(int argc, char **argv));

#endif
