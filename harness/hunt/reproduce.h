/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reproduce.h - from a failure of real threads to a schedule: the search for one that fails in the same way.
 *
 * The program is a window of `wirestorm stress`: what led from the last good map to the failure, too large to be
 * explored, and the order in which the threads were seen to pass their scheduling points. The search goes
 *
 *   1. by that order as it is, leniently, and by orders near it: some steps moved a little;
 *   2. over tails: the program from some point of that order on, what came before it as init steps, explored
 *      completely if it can be; short tails first;
 *   3. at random over the whole program, by the mix of strategies, until the time is over.
 *
 * All runs are judged by the checker. What counts is the verdict of the program: a finding of the check that it names,
 * or where the stress runner knows more than the checker (its ledger) a broken invariant or operation. A data race is
 * seen by ThreadSanitizer alone, which reports it itself: in a build without, the search for one is refused.
 */
#ifndef HARNESS_HUNT_REPRODUCE_H
#define HARNESS_HUNT_REPRODUCE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

/* Begins the comment of a window's head that has the order, as a schedule. */
#define REPRODUCE_ORDER "observed order:"

struct reproduce_options {
	const struct vm_target *target;
	double seconds;
	uint64_t seed;
	const volatile int *stop; /* NULL, or: stop when it is not 0 */
	/* NULL, or called now and then: what is being tried. */
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
	bool same;                  /* the verdict is the program's; false: another one was met, or none */
	enum reproduce_phase phase; /* that found it */
	struct program program;     /* with verdict, result and schedule: replays. Valid unless phase is NOTHING. */
	struct finding finding;
	uint64_t runs, tails;           /* executed; explored */
	char refused[FINDING_TEXT_MAX]; /* why nothing could be tried, "" if it could */
	unsigned refused_line;          /* of the program, or 0 */
};

/* The words of a phase: "by the observed order". */
const char *reproduce_phase_text(enum reproduce_phase phase);
/* @p has threads and a verdict. *result is to be freed in any case. */
void reproduce(const struct program *p, const struct reproduce_options *options, struct reproduce_result *result);
void reproduce_result_free(struct reproduce_result *result);

#endif
