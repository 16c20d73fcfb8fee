/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random-program.h - random programs for tests and campaigns: the same parameters are the same program, on every
 * machine.
 *
 * Each program is a swarm member: some operations are switched off in it, the others have wild weights. Addresses are
 * drawn from what the program has named before (edges of ranges, their neighbours, the holes between them, the whole
 * map), so that entries are hit at their edges more often than chance would. Nothing here knows an operation; the kinds
 * of argument do it all (random-draw.h).
 */
#ifndef HARNESS_GEN_RANDOM_PROGRAM_H
#define HARNESS_GEN_RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/program/program.h"

struct vm_target;

#define RANDOM_OPS_DEFAULT 4

/*
 * A sequential program. Half of them are of profile freebsd12, half strict; some switch quirks one by one, some switch
 * any. *p is program_init'ed here; program_free it. Ends the program if memory runs out.
 */
void random_program(uint64_t seed, struct program *p);

struct random_params {
	uint64_t seed;
	unsigned threads;               /* at most PROGRAM_THREADS_MAX; 0: 2 to 4 by chance */
	unsigned ops;                   /* a thread has 1 to so many, at most PROGRAM_OPS_MAX; 0: RANDOM_OPS_DEFAULT */
	bool freebsd12;                 /* the base profile */
	uint32_t quirks;                /* those that are on */
	const struct vm_target *target; /* draw only operations that it can do; NULL: any */
};

/*
 * A concurrent program: a few mappings and wirings, then threads that get into each other's way. Its init steps never
 * block. *p as above. The same seed with other quirks is the same program under another profile.
 */
void random_concurrent(const struct random_params *params, struct program *p);

/* A target that refuses a directive gets the program without those that a map can do without. */
void random_suit_target(const struct vm_target *t, struct program_config *cfg);

#endif
