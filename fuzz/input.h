/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.h - a fuzz input: bytes as a program and the choices that make its schedule (docs/bytes.md), the profile it is
 * run in, and how a finding is reported.
 *
 * The environment variable WS_FUZZ_PROFILE ("strict", "freebsd12", "freebsd12 -Q2", as for --profile) runs every input
 * in that profile. Whoever asks for one wants to see what it does: findings that its quirks explain are reported, too.
 * WS_FUZZ_MUTANT=NAME puts that bug of engine/mutants.def into each program, in a build that has them.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program/program.h"

#define FUZZ_CHOICES_MAX 256 /* those behind are not looked at */

struct sim;
struct vm_target;

struct fuzz_input {
	struct program p;
	const uint8_t *choices; /* in the bytes of the input */
	size_t nr_choices;
};

/* Reads the environment; ends the program if it says nonsense. Once, before anything else here. */
void fuzz_environment(void);
/* Did WS_FUZZ_PROFILE ask for a profile, so that what a quirk explains is wanted? */
bool fuzz_wants_quirks(void);

/* The simulated world for all inputs, until the program ends. */
struct sim *fuzz_sim(void);

/*
 * @bytes stay the caller's and must outlive *in. The program is to be done with before the next one, which gets its
 * memory; or program_free'd, if it was changed.
 */
void fuzz_input_decode(const uint8_t *bytes, size_t len, struct fuzz_input *in);
void fuzz_input_done(struct fuzz_input *in);

/* The run of this input has findings: prints the reproducer of the first one, and aborts. */
_Noreturn void fuzz_report(struct fuzz_input *in, const struct vm_target *t);
/* Prints the program as a .vmt file, then why it is a finding, and aborts: that is how engines take note. */
_Noreturn void fuzz_fail(const struct program *p, const char *why);

#endif
