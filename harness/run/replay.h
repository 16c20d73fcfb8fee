/* SPDX-License-Identifier: BSD-2-Clause */
/* replay.h - running one given schedule. */
#ifndef HARNESS_RUN_REPLAY_H
#define HARNESS_RUN_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/run/execution.h"

#define STRATEGY_STEPS_MAX 10000000 /* then a run is given up: somebody is still enabled */

/* Called after each step, if not NULL. */
typedef void replay_step_fn(void *arg, struct run *r, size_t step, unsigned thread);

struct replay {
	bool lenient;     /* where a choice cannot run go on with the present thread, or the lowest */
	size_t steps_max; /* lenient: then the run is given up; 0: STRATEGY_STEPS_MAX */
	replay_step_fn *on_step;
	void *arg;
	size_t nr_steps;     /* out: steps made */
	size_t nr_diverged;  /* out, lenient: choices that were not followed */
	struct strbuf error; /* out: why it is not a schedule of this program */
};

/*
 * Begins the run and makes the steps. Strict: false if a choice cannot run or steps are left over, error names it.
 * Lenient: always true, and the run is at an end, or given up after steps_max: somebody is still enabled then.
 */
bool replay(struct run *r, const struct program_choice *choices, size_t nr_choices, struct replay *how);
void replay_free(struct replay *how);

/* Where nobody says who: the one that ran last if it can, else the lowest. */
static inline unsigned
replay_default(uint32_t enabled, unsigned last)
{
	return (enabled & (uint32_t)1 << last) != 0 ? last : (unsigned)__builtin_ctz(enabled);
}

#endif
