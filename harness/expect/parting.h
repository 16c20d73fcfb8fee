/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parting.h - where two runs of a program with the same schedule part: the first step after which a result, the state,
 * or the set of threads that can run is another one on the other side.
 *
 * Both runs make each step together, on two simulators. Boundaries between entries that the state does not show are
 * compared, too: they part runs later, and say why.
 */
#ifndef HARNESS_EXPECT_PARTING_H
#define HARNESS_EXPECT_PARTING_H

#include <stdbool.h>

#include "harness/expect/behaviour.h"

struct parting {
	const char *what; /* "choice", "result" or "state"; NULL: the runs do not part */
	/* The schedule up to and including the step: nr_steps is its number, from 1. 0: before the first step. */
	struct schedule path;
	unsigned thread, op; /* of the step, if it is not 0 */
	char *saw[2];        /* what each side has after the step */
	char *entries[2];    /* NULL, or where entries start on each side, when this first differs */
	uint64_t entries_step;
};

/* Follows @path on both sides. sims[0] and sims[1] must not be in use. */
void parting_follow(struct parting *ret, const struct program *p, const struct behaviour_side sides[2],
    struct sim *const sims[2], const struct schedule *path);
/*
 * Searches all schedules for one with the fewest steps that parts the runs. At most @states_max states are visited.
 */
void parting_search(struct parting *ret, const struct program *p, const struct behaviour_side sides[2],
    struct sim *const sims[2], uint64_t states_max, const volatile int *stop);
void parting_free(struct parting *x);

#endif
