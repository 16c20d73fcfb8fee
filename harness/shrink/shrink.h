/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shrink.h - a smaller program with the same finding.
 *
 * Whatever can be taken away from the program without losing what is wanted is taken away, to a fixed point: threads,
 * operations, directives, flags, arguments, distances between pages; in the end, preemptions of its schedule. After an
 * edit the old schedule says little, so what is wanted is looked for again: along the old schedule as far as it goes,
 * then in all interleavings if they are not too many, else by a number of runs of the strategies.
 *
 * Every step makes the program smaller in the same order (docs/hunting.md), so it comes to an end. Same program, same
 * options, same result, unless the time is up or somebody stops it: then what is best so far is the result.
 */
#ifndef HARNESS_SHRINK_SHRINK_H
#define HARNESS_SHRINK_SHRINK_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/explore/explore.h"

#define SHRINK_STATES_MAX_DEFAULT 20000
#define SHRINK_RUNS_DEFAULT 64

struct shrink;

/* What must not be lost. Each function gets arg. */
struct shrink_wanted {
	/* Opens a run, as run_open does; NULL: run_open. */
	enum run_open_result (*open)(
	    void *arg, struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim);
	/* The run has come to its end: is it there? Runs nothing. */
	bool (*in_run)(void *arg, struct run *r);
	/* Tells the explorer what to look for. */
	void (*ask)(void *arg, struct explore_options *o);
	/* The way with the fewest preemptions that the explorer has found to it; NULL: there is none. */
	const struct explore_path *(*in_result)(void *arg, const struct explore_result *x);
	/*
	 * Instead of the last three: that a run does not end. No schedule shows it, so the smallest program has none.
	 * If runs at random did not end to begin with they still do not: one that goes round in a circle for as long as
	 * a scheduler is unfair is not the same. Else, with a state key, a circle of states is still there.
	 */
	bool endless;
	void *arg;
};

struct shrink_options {
	const struct vm_target *target;
	struct sim *sim; /* used until shrink() returns */
	const struct shrink_wanted *wanted;
	uint64_t states_max; /* of a program that is explored completely; 0: the default */
	unsigned runs;       /* by strategies, where it is not; 0: the default */
	uint64_t seed;       /* theirs */
	double seconds;      /* stop after so long; 0: never */
	double processor;    /* the same, in processor seconds of this process */
	const volatile int *stop;
	/* NULL, or called with each smaller program that is found; it has its schedule. May use the sim. */
	void (*on_smaller)(void *arg, const struct program *p);
	/* NULL, or called now and then. */
	void (*progress)(void *arg, uint64_t tried, uint64_t kept);
	void *arg;
};

enum shrink_end {
	SHRINK_LOST = 0, /* what is wanted was not there to begin with */
	SHRINK_FIXED_POINT,
	SHRINK_CUT_SECONDS,
	SHRINK_CUT_STOPPED,
};

struct shrink_size {
	unsigned threads, ops, init, directives;
	uint64_t pages; /* from the lowest to the highest that is named, and one more */
	unsigned steps, preemptions;
};

struct shrink_report {
	enum shrink_end end;
	bool all_schedules; /* no schedule of the smallest program has fewer preemptions */
	unsigned rounds;
	uint64_t tried, kept; /* programs */
	struct shrink_size before, after;
};

/*
 * Replaces *p, which has threads, by the smallest that is found, with its schedule. Its head, verdict and detail stay;
 * what else was expected, final steps and comments, goes. False: what is wanted is not there, not by the schedule, if
 * it has one, nor otherwise; *p is as it was.
 */
bool shrink(struct program *p, const struct shrink_options *options, struct shrink_report *report);

/*
 * What is wanted if a verdict must not be lost: its kind, and the check that the first word of @detail names, if there
 * is one, are those of a finding. And as at the beginning: whether a quirk that is on explains it, the kind of
 * operation that it is about, and what that returned. Of a livelock: that there is one.
 */
struct shrink_verdict {
	struct shrink_wanted wanted;
	enum program_verdict kind;
	const char *detail;
	const struct program *program; /* of the present run */
	bool known;                    /* the finding has been met, and it is */
	bool quirk;                    /* explained by one that is on */
	uint8_t op;                    /* about this code of ops.def, 0: none, */
	int32_t code;                  /* which returned this */
	struct checker checker;
};

/* @detail, which may be NULL, has to stay. */
void shrink_verdict_init(struct shrink_verdict *v, enum program_verdict kind, const char *detail);
void shrink_verdict_free(struct shrink_verdict *v);
/* Is it that finding? The first one decides about the quirk. */
bool shrink_is_wanted(struct shrink_verdict *v, const struct finding *f);

#endif
