/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reproduce.h - searches a schedule that fails in the same way as real threads did.
 *
 * The program is a window of `wirestorm stress`: the operations from the last good map to the failure. It is too large
 * to explore. Its "order" line says in which order the threads passed their scheduling points. The search tries
 *
 *   1. that order as it is, leniently, and orders near it, with some steps moved a little;
 *   2. tails: the program from some point of that order on, with the earlier part as init steps; short tails first,
 *      explored completely if possible;
 *   3. random runs of the whole program, by the mix of strategies, until the time is up.
 *
 * The checker judges all runs. A run must show the program's verdict: a finding of the check that the verdict names. If
 * the stress runner knew more than the checker (its ledger), a broken invariant or operation is enough. Only
 * ThreadSanitizer sees a data race and reports it itself; a build without it rejects the search for one.
 */
#ifndef HARNESS_HUNT_REPRODUCE_H
#define HARNESS_HUNT_REPRODUCE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

struct reproduce_options {
	const struct vm_target *target;
	double seconds;
	uint64_t seed;
	const volatile int *stop; /* NULL, or stop when it becomes non-zero */
	/* NULL, or called repeatedly with the phase of the search. */
	void (*progress)(void *arg, const char *phase, uint64_t runs);
	void *progress_arg;
};

enum reproduce_phase {
	REPRODUCE_NOTHING = 0, /* not found */
	REPRODUCE_OBSERVED,
	REPRODUCE_NEAR,
	REPRODUCE_TAILS,
	REPRODUCE_RANDOM,
};

struct reproduce_result {
	bool same;                  /* the verdict is the program's; false: another verdict, or none */
	enum reproduce_phase phase; /* the phase that found it */
	struct program program;     /* with verdict, result and schedule, so it replays. Valid unless phase is
	                             * NOTHING. */
	struct finding finding;
	uint64_t runs, tails;           /* runs executed; tails explored */
	char refused[FINDING_TEXT_MAX]; /* why the search could not start; "" if it could */
	unsigned refused_line;          /* line of the program, or 0 */
};

/* A phase as text: "by the observed order". */
const char *reproduce_phase_text(enum reproduce_phase phase);
/* Searches for the verdict of @p, which has threads. Free *result in any case. */
void reproduce(const struct program *p, const struct reproduce_options *options, struct reproduce_result *result);
void reproduce_result_free(struct reproduce_result *result);

#endif
