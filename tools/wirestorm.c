/* SPDX-License-Identifier: BSD-2-Clause */
/* wirestorm.c - the tool: the command line of harness/cli with the commands of other rooms. See harness/wirestorm.h. */
#include "harness/wirestorm.h"

#include "harness/cli/cli.h"
#include "stress/stress-main.h"

static const struct cli_command *const commands[] = { &stress_command, NULL };

int
wirestorm_main(int argc, char **argv, const struct vm_target *const *extra)
{
	return cli_main(argc, argv, extra, commands);
}
