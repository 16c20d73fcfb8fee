/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icov.h - interleaving coverage: what two threads were about to do when one was let in between the other's steps.
 *
 * A fuzzing engine sees the edges of the code. Two schedules of a program mostly run the same code, so it takes them
 * for the same input. The counters here, which libFuzzer collects as it does its own, tell them apart:
 *
 *   switches  a thread makes a step while another, which ran before it, is in the middle of an operation on the same
 *             pages: where both are, where the step ends, and how the ranges lie to each other
 *   pairs     after a step: where the thread is now, and where another one is that has to do with the same pages
 *   edges     an operation ended with a return that has a name, and what another thread was about meanwhile
 *
 * Where a thread is, is its operation and its point (engine/points.def): never an address, nor a thread's number.
 * Counters are set, not added to: how often something happened in a run says nothing new.
 */
#ifndef FUZZ_ICOV_H
#define FUZZ_ICOV_H

#include <stddef.h>

#include "harness/run.h"

#define ICOV_SWITCHES 768
#define ICOV_PAIRS 768
#define ICOV_EDGES 512
#define ICOV_SIZE (ICOV_SWITCHES + ICOV_PAIRS + ICOV_EDGES)

/* WS_FUZZ_ICOV in the environment: which of them are on, 0 for none, to measure what each buys. */
#define ICOV_SWITCHES_ON 1u
#define ICOV_PAIRS_ON 2u
#define ICOV_EDGES_ON 4u
void icov_environment(void);
/* In front of the first step, and behind each. */
void icov_begin(const struct run *r);
void icov_step(const struct run *r, unsigned thread);

/* How many counters were ever set, and in how many runs, each on the average so many. */
struct icov_fill {
	unsigned switches, pairs, edges;
	unsigned long runs;
	double set_per_run;
};
struct icov_fill icov_fill(void);
/* In which run, from 1, an operation first ended with that edge; 0: in none so far. */
unsigned long icov_first_run(unsigned edge);

#endif
