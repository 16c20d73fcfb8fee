/* SPDX-License-Identifier: BSD-2-Clause */
/* replay.h - runs one given schedule. */
#ifndef HARNESS_RUN_REPLAY_H
#define HARNESS_RUN_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/run/execution.h"

#define STRATEGY_STEPS_MAX 10000000 /* the most steps of a run; a longer run is abandoned */

/* Called after each step, if not NULL. */
typedef void replay_step_fn(void *arg, struct run *r, size_t step, unsigned thread);

struct replay {
	bool lenient;     /* if a choice cannot run, continue with the last thread, or the lowest */
	size_t steps_max; /* lenient: abandon the run after so many steps; 0: STRATEGY_STEPS_MAX */
	replay_step_fn *on_step;
	void *arg;
	size_t nr_steps;     /* out: steps executed */
	size_t nr_diverged;  /* out, lenient: choices that could not be followed */
	struct strbuf error; /* out: why this is not a schedule of the program */
};

/*
 * Begins the run and executes the steps. Strict: false if a choice cannot run or the run does not end with the
 * schedule; r->error says which. Lenient: always true; the run ends, or is abandoned after steps_max steps while some
 * thread is still enabled.
 */
bool replay(struct run *r, const struct schedule *s, struct replay *how);
void replay_free(struct replay *how);

/* Records the steps of a run: pass it as on_step, with a struct schedule, empty at first, as its argument. */
replay_step_fn replay_record;

/* The thread for a step that the schedule does not name: the last one if it can run, otherwise the lowest. */
static inline unsigned
replay_default(uint32_t enabled, unsigned last)
{
	return (enabled & (uint32_t)1 << last) != 0 ? last : (unsigned)__builtin_ctz(enabled);
}

#endif
