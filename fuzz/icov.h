/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icov.h - interleaving coverage: with which named return an operation ended, and what another thread that has to do
 * with the same pages was about at that moment.
 *
 * A fuzzing engine sees the edges of the code. Two schedules of a program mostly run the same code, so it takes them
 * for the same input. The counters here, which libFuzzer collects as it does its own and AFL++ gets as if they were
 * edges, tell some of them apart: those that ended otherwise, or met another thread elsewhere. Telling more of them
 * apart was tried, and is worse (docs/performance.md): what fills the corpus with inputs that differ in little takes
 * the time from the others.
 *
 * A counter's number comes from tables (engine/edges.def, points.def), never from an address nor a thread's number. It
 * is set, not added to: how often something happened in a run says nothing new.
 */
#ifndef FUZZ_ICOV_H
#define FUZZ_ICOV_H

#include <stddef.h>

#include "harness/run/run.h"

#define ICOV_PHASES 8 /* what a thread can be about, roughly: few, so that each has its counter with each edge */
#define ICOV_SIZE (64 * ICOV_PHASES)

/* WS_FUZZ_ICOV=0 in the environment switches it off, to measure what it buys. */
void icov_environment(void);
/* In front of the first step, and behind each. */
void icov_begin(const struct run *r);
void icov_step(const struct run *r, unsigned thread);

/* How many counters were ever set, in how many runs, and on the average so many in one. */
struct icov_fill {
	unsigned ever;
	unsigned long runs;
	double set_per_run;
};
struct icov_fill icov_fill(void);
/* In which run, from 1, an operation first ended with that edge; 0: in none so far. */
unsigned long icov_first_run(unsigned edge);

#endif
