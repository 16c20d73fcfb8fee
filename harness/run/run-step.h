/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run-step.h - run_step in line, for the loops that make most of all steps.
 *
 * What it saves is not the call. A processor guesses where a return goes from the calls it has seen; and a fiber that
 * is entered returns from calls that were made before it was left. Between leaving a fiber and entering it again the
 * guesses stay good as long as the owner returns from nothing that it had called before: so the loop, the step and the
 * switch are one function. docs/performance.md has what it is worth.
 */
#ifndef HARNESS_RUN_RUN_STEP_H
#define HARNESS_RUN_RUN_STEP_H

#include "harness/run/execution.h"
#include "harness/sim/sim.h"

static inline void
run_step_here(struct run *r, unsigned thread)
{
	if (r->checker != NULL)
		checker_before_step(r->checker, r, thread);
#ifdef WS_FIBER_TSAN
	sim_step(r->sim, thread); /* sim-inside.h: it must not see the switch */
#else
	sim_step_here(r->sim, thread);
#endif
	if (r->checker != NULL)
		checker_after_step(r->checker, r, thread);
}

#endif
