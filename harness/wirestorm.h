/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wirestorm.h - the command-line tool as a function, so that a program can bring maps of its own to it:
 *
 *	int
 *	main(int argc, char **argv)
 *	{
 *		return wirestorm_main(argc, argv, (const struct vm_target *const[]){ &my_target, NULL });
 *	}
 *
 * Link wirestorm_dep of the build. docs/bring-your-own-engine.md is the way there.
 */
#ifndef HARNESS_WIRESTORM_H
#define HARNESS_WIRESTORM_H

#include "harness/target/target.h"

/*
 * Runs the subcommand that the arguments name and returns the exit status. @extra: targets to choose from by --target,
 * besides those of targets.def, up to a NULL; or NULL for none. The first of all is the default: an extra one if there
 * is any. The array and the targets must stay. Once per process.
 */
int wirestorm_main(int argc, char **argv, const struct vm_target *const *extra);

#endif
