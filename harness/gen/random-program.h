/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random-program.h - random programs for tests and campaigns. Equal parameters give equal programs on every machine.
 *
 * Each program is a member of a swarm: some operations are switched off in it, the others have extreme weights.
 * Addresses are drawn from what the program has named before (edges of ranges, their neighbours, the holes between
 * them, the whole map), so entries are hit at their edges more often than by chance. The code knows only the kinds of
 * argument (random-draw.h), never an operation.
 */
#ifndef HARNESS_GEN_RANDOM_PROGRAM_H
#define HARNESS_GEN_RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/program/program.h"

struct vm_target;

#define RANDOM_OPS_DEFAULT 4
#define RANDOM_STEPS_DEFAULT 24

/*
 * Draws a sequential program. Half have profile freebsd12, half strict; some set single quirks, some set any
 * combination. *p is program_init'ed here: program_free it. Ends the program if memory runs out.
 */
void random_program(uint64_t seed, struct program *p);

struct random_params {
	uint64_t seed;
	unsigned threads; /* at most PROGRAM_THREADS_MAX; 0: 2 to 4 at random */
	unsigned ops;     /* the most operations of a thread, up to PROGRAM_OPS_MAX; 0:
	                   * RANDOM_OPS_DEFAULT, and up to RANDOM_STEPS_DEFAULT steps of a sequential program */
	struct vm_profile profile;
	const struct vm_target *target; /* draw only operations that this target supports; NULL: any */
};

/*
 * Draws a concurrent program: a few mappings and wirings, then threads that interfere with each other. Its init steps
 * never block. *p as above. The same seed with other quirks is the same program under another profile.
 */
void random_concurrent(const struct random_params *params, struct program *p);

/*
 * Draws a sequential program, of init steps only, for a recording: most make boundaries that the state does not show
 * (clip, an attribute set and reset), and then operations that depend on them, under a low limit or with poison near
 * the start of the ranges. *p as above.
 */
void random_sequential(const struct random_params *params, struct program *p);

/* Removes directives that target @t rejects, if a map can do without them. */
void random_suit_target(const struct vm_target *t, struct program_config *cfg);

/*
 * Makes a program that was decoded from any bytes one that target @t runs: replaces a profile of another set of
 * profiles, removes directives and operations that the target rejects, and gives it a small map if it rejects the map.
 * It allocates nothing. Changes nothing in a program that the target does not reject. The target may still reject the
 * directives of the result.
 */
void random_suit_program(const struct vm_target *t, struct program *p);

#endif
