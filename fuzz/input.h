/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.h - a fuzz input: bytes as a program and the choices that make its schedule (docs/bytes.md), the profile it is
 * run in, and how a finding is reported.
 *
 * The environment variable WS_FUZZ_PROFILE ("strict", "freebsd12", "freebsd12 -Q2", as for --profile) runs every input
 * in that profile. Then findings that the profile's quirks explain are reported, too. WS_FUZZ_MUTANT=NAME puts that bug
 * of engine/mutants.def into each program, in a build that has them. WS_FUZZ_TARGET=NAME chooses one of the targets of
 * the program; the first one is the default, as with --target.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program/program.h"

#define FUZZ_CHOICES_MAX 256 /* further choices are ignored */

struct sim;
struct vm_target;

struct fuzz_input {
	struct program p;
	const uint8_t *choices; /* points into the bytes of the input */
	size_t nr_choices;
};

/* Reads the environment; ends the program if a variable is wrong. Call it once, before the other functions. */
void fuzz_environment(void);
/* The target that runs the inputs. */
const struct vm_target *fuzz_target(void);
/* Is WS_FUZZ_PROFILE set, so that findings explained by a quirk are reported? */
bool fuzz_wants_quirks(void);

/* The simulated world for all inputs, until the program ends. */
struct sim *fuzz_sim(void);

/*
 * Decodes an input, without the operations and directives that a target other than the engine rejects.
 *
 * The caller owns @bytes, which must outlive *in. The next call reuses the program's memory; if the program was
 * changed, call program_free first.
 */
void fuzz_input_decode(const uint8_t *bytes, size_t len, struct fuzz_input *in);
void fuzz_input_done(struct fuzz_input *in);

/* The run of this input has findings: prints the reproducer of the first one, and aborts. */
_Noreturn void fuzz_report(struct fuzz_input *in);
/* Prints the program as a .vmt file, then the reason, and aborts, which fuzzing engines detect. */
_Noreturn void fuzz_fail(const struct program *p, const char *why);

#endif
