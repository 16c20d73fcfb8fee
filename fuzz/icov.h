/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icov.h - interleaving coverage: the named return of an operation, and the phase of another thread on the same pages
 * at that moment.
 *
 * A fuzzing engine sees the edges of the code. Two schedules of a program mostly run the same code, so to the engine
 * they are the same input. libFuzzer collects these counters with its own; AFL++ gets them as edges. They separate
 * schedules with different returns, or in which a thread met another one in a different phase. Finer counters are worse
 * (docs/performance.md): they fill the corpus with similar inputs.
 *
 * A target other than the engine names neither: an operation with its result stands for the return, and what the other
 * thread will do next for its phase. Several of these may share a counter.
 *
 * A counter's number comes from tables (engine/edges.def, points.def), not from an address or a thread number. A
 * counter is 0 or 1, because the number of times in one run carries no information.
 */
#ifndef FUZZ_ICOV_H
#define FUZZ_ICOV_H

#include <stddef.h>

#include "harness/run/run.h"

#define ICOV_PHASES 8 /* coarse phases of a thread; few, so that each pair of phase and edge has a counter */
#define ICOV_SIZE (64 * ICOV_PHASES)

/* WS_FUZZ_ICOV=0 in the environment switches it off, to measure what it buys. */
void icov_environment(void);
/* Call icov_begin before the first step, icov_step after each step. */
void icov_begin(const struct run *r);
void icov_step(const struct run *r, unsigned thread);

/* Counters ever set, number of runs, and average counters per run. */
struct icov_fill {
	unsigned ever;
	unsigned long runs;
	double set_per_run;
};
struct icov_fill icov_fill(void);
/* The first run, from 1, in which an operation ended with that edge; 0: none so far. */
unsigned long icov_first_run(unsigned edge);

#endif
