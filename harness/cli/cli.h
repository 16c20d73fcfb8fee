/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli.h - the room cli: the command line.
 *
 * For: the subcommands of wirestorm, and the functions that a command of another room (stress/, tools/) needs.
 * Includes: all other rooms, and engine/.
 * Start reading: command.h, then options.h. Each subcommand is one file, cmd-NAME.c.
 */
#ifndef HARNESS_CLI_CLI_H
#define HARNESS_CLI_CLI_H

#include "harness/cli/command.h"
#include "harness/cli/external.h"
#include "harness/cli/options.h"

#endif
