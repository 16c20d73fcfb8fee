/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wirestorm.h - the command-line tool as a function. A program that brings its own maps has a main of one line:
 *
 *	WIRESTORM_MAIN(&my_target)
 *
 * Outside this tree, include <wirestorm/wirestorm.h> and compile with `pkg-config --cflags --libs wirestorm`;
 * examples/external is such a project. In this tree, link wirestorm_dep. docs/bring-your-own-engine.md explains how to
 * write a target.
 */
#ifndef HARNESS_WIRESTORM_H
#define HARNESS_WIRESTORM_H

#include "engine/vm.h"
#include "harness/sim/sim.h"
#include "harness/target/target.h"

/*
 * Runs the subcommand that the arguments name and returns the exit status. @extra: targets to choose from by --target,
 * besides those of targets.def, up to a NULL; or NULL for none. The first of all is the default: an extra one if there
 * is any. The array and the targets must stay. Once per process. Status 2 if a target was compiled for another version
 * of struct vm_target.
 */
int wirestorm_main(int argc, char **argv, const struct vm_target *const *extra);

/*
 * Defines main() for the given targets: WIRESTORM_MAIN(&first, &second)
 *
 * With WIRESTORM_FUZZ defined, the program is a fuzz target instead, which runs programs of bytes on these targets: in
 * meson by dependencies: wirestorm_fuzz_dep, outside by pkg-config with wirestorm-fuzz (docs/fuzzing.md).
 */
#ifdef WIRESTORM_FUZZ
extern const struct vm_target *const wirestorm_fuzz_targets[];
#define WIRESTORM_MAIN(...) const struct vm_target *const wirestorm_fuzz_targets[] = { __VA_ARGS__, NULL };
#else
#define WIRESTORM_MAIN(...)                                                                                            \
	int main(int argc, char **argv)                                                                                \
	{                                                                                                              \
		return wirestorm_main(argc, argv, (const struct vm_target *const[]){ __VA_ARGS__, NULL });             \
	}
#endif

#endif
