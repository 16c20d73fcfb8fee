/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shrink.h - the room shrink: makes a program smaller while it keeps its finding.
 *
 * For: shrinking programs and schedules; what to keep is the caller's choice (struct shrink_wanted).
 * Includes: base/, program/, sim/, target/, gen/, check/, run/, explore/.
 * Start reading: here, then shrink-loop.c and shrink-passes.c.
 *
 * Shrinking removes everything that the finding does not need, to a fixed point: threads, operations, directives,
 * flags, arguments, distances between pages; at the end, preemptions of the schedule. After an edit the old schedule
 * may not fit, so the finding is searched again: along the old schedule as far as possible, then in all interleavings
 * if they are not too many, otherwise by a number of runs of the strategies.
 *
 * Every step makes the program smaller in the same order (docs/hunting.md), so shrinking ends. The same program and
 * options give the same result, unless the time is up or the caller stops it: then the result is the best program so
 * far.
 */
#ifndef HARNESS_SHRINK_SHRINK_H
#define HARNESS_SHRINK_SHRINK_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/explore/explore.h"

#define SHRINK_STATES_MAX_DEFAULT 20000
#define SHRINK_RUNS_DEFAULT 64

struct shrink;

/* The wanted finding, which must not be lost. Each function gets arg. */
struct shrink_wanted {
	/* Opens a run, as run_open does; NULL: run_open. */
	enum run_open_result (*open)(
	    void *arg, struct run *r, const struct program *p, const struct vm_target *t, struct sim *sim);
	/* The run has ended: does it show the wanted finding? Must not run anything. */
	bool (*in_run)(void *arg, struct run *r);
	/* Tells the explorer what to look for. */
	void (*ask)(void *arg, struct explore_options *o);
	/* The explorer's path with the fewest preemptions to the wanted finding; NULL: there is none. */
	const struct schedule *(*in_result)(void *arg, const struct explore_result *x);
	/*
	 * Replaces the last three functions: a run must not end. No schedule shows that, so the smallest program has
	 * none. If random runs ended at first, they must still end: a cycle under an unfair scheduler is not an endless
	 * run. With a state key, a cycle of states must remain.
	 */
	bool endless;
	/* NULL, or replaces all of them: does the program show it? It needs no schedule, and the smallest one has none.
	 */
	bool (*whole)(void *arg, const struct program *p);
	void *arg;
};

struct shrink_options {
	const struct vm_target *target;
	struct sim *sim; /* used until shrink() returns */
	const struct shrink_wanted *wanted;
	uint64_t states_max; /* the most states of a program that is explored completely; 0: the default */
	unsigned runs;       /* runs by strategies of a program that has more states; 0: the default */
	uint64_t seed;       /* seed of these runs */
	double seconds;      /* time limit; 0: none */
	double processor;    /* limit of processor seconds of this process; 0: none */
	const volatile int *stop;
	/* NULL, or called with each smaller program, which has its schedule. It may use the sim. */
	void (*on_smaller)(void *arg, const struct program *p);
	/* NULL, or called repeatedly. */
	void (*progress)(void *arg, uint64_t tried, uint64_t kept);
	void *arg;
};

enum shrink_end {
	SHRINK_LOST = 0, /* the program does not show the wanted finding */
	SHRINK_FIXED_POINT,
	SHRINK_CUT_SECONDS,
	SHRINK_CUT_STOPPED,
};

struct shrink_size {
	unsigned threads, ops, init, directives;
	uint64_t pages; /* from the lowest to the highest page named, inclusive */
	unsigned steps, preemptions;
};

struct shrink_report {
	enum shrink_end end;
	bool all_schedules; /* all schedules were explored: none of the smallest program has fewer preemptions */
	unsigned rounds;
	uint64_t tried, kept; /* programs */
	struct shrink_size before, after;
};

/*
 * Replaces *p, which has threads, by the smallest program found, with its schedule. Keeps head, verdict and detail;
 * drops other expectations, final steps and comments. False: *p does not show the wanted finding, neither by its own
 * schedule nor otherwise, and is unchanged.
 */
bool shrink(struct program *p, const struct shrink_options *options, struct shrink_report *report);

/*
 * The wanted finding if a verdict must not be lost. A finding must have its kind, and the check that the first word of
 * @detail names, if there is one. These must stay as in the first finding: whether an active quirk explains it, the
 * kind of its operation, and what that returned. For a livelock: there must be one.
 */
struct shrink_verdict {
	struct shrink_wanted wanted;
	enum program_verdict kind;
	const char *detail;
	const struct program *program; /* the program of the present run */
	bool known;                    /* a finding has been seen: quirk, op and code are of the first one */
	bool quirk;                    /* an active quirk explains it */
	uint8_t op;                    /* its operation's code in ops.def; 0: none */
	int32_t code;                  /* that operation's return code */
	struct checker checker;
};

/* shrink() with the program's own verdict as the wanted finding: sets options->wanted. */
bool shrink_by_verdict(struct program *p, struct shrink_options *options, struct shrink_report *report);

/* @detail may be NULL, and must stay valid. */
void shrink_verdict_init(struct shrink_verdict *v, enum program_verdict kind, const char *detail);
void shrink_verdict_free(struct shrink_verdict *v);
/* Is it the wanted finding? The first call that finds it sets the fields. */
bool shrink_is_wanted(struct shrink_verdict *v, const struct finding *f);

#endif
