/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run-step.h - run_step inline, for the loops that run most of the steps.
 *
 * Inlining does not save the call: it keeps the processor's return predictor right. The predictor expects returns in
 * the order of the calls it has seen, but a fiber returns from calls that were made before it was suspended. Its
 * predictions stay right as long as the owner does not return from a function between leaving a fiber and entering it
 * again. So the loop, the step and the switch are one function. docs/performance.md has the gain.
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
	sim_step(r->sim, thread); /* sim-inside.h: ThreadSanitizer must not instrument the switch */
#else
	sim_step_here(r->sim, thread);
#endif
	if (r->checker != NULL)
		checker_after_step(r->checker, r, thread);
}

#endif
