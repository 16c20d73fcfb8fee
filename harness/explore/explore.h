/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore.h - all that can happen: every interleaving of a program, covered once.
 *
 * After each step the whole system is reduced to a key (run_key). Two schedules that reach equal keys have equal
 * futures, and are explored once: what comes out is a graph of states. Everything else is read off that graph:
 *
 *   the outcomes        its ends
 *   schedules           the paths from the start to an end, counted exactly
 *   probability         of an outcome, if each scheduling point chooses uniformly among the enabled threads
 *   witness             the path to an end with the fewest preemptions; of these the one with the fewest steps; of
 *                       these the one with the fewest switches. The path to a goal is chosen in the same order
 *   deadlock            an end at which some thread is not finished
 *   livelock            a cycle
 *
 * Before a result is complete, every witness and one random path to each outcome are executed, and each state on the
 * way is compared with the graph. Where they differ, two states with equal keys have different futures: the target's
 * key is incomplete, and so is the result (EXPLORE_WRONG_KEY).
 *
 * A state is reached again by executing the choices that led to it first, which works under every sanitizer. A target
 * without state key is explored schedule by schedule instead; --verify does so on purpose and compares.
 */
#ifndef HARNESS_EXPLORE_EXPLORE_H
#define HARNESS_EXPLORE_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/run.h"

#define EXPLORE_STATES_MAX_DEFAULT ((uint64_t)4 << 20)
#define EXPLORE_SCHEDULES_MAX_DEFAULT ((uint64_t)100000)
#define EXPLORE_ENDLESS_MAX_DEFAULT ((uint64_t)64)
#define EXPLORE_STEPS_MAX 100000 /* of one schedule, when they are explored one by one */

typedef unsigned __int128 explore_count;

/* "T0.0=KERN_INVALID_ADDRESS": operation @op of thread @thread has ended with this result. */
struct explore_goal {
	unsigned thread, op;
	struct vm_result result;
};

struct explore_options {
	uint64_t states_max;    /* stop there; 0: the default */
	uint64_t schedules_max; /* the same for exploring by schedules */
	double seconds;         /* stop after so long; 0: never */
	uint64_t endless_max;   /* stop after so many steps that did not end (env-sim.h); 0: the default */
	bool by_schedules;      /* do not merge states */
	bool want_witnesses;
	uint32_t more_replays; /* random schedules to replay, besides one for each outcome */
	bool want_reasons;     /* count the edges by which operations fail: struct explore_reason */
	size_t nr_goals;       /* all must hold at one state */
	const struct explore_goal *goals;
	bool goal_deadlock; /* the state must be a deadlock, too */
	/*
	 * NULL, or called once for each state, when the run is in it for the first time; by schedules for each step. It
	 * may look at everything and change nothing. True: this state is a goal, too.
	 */
	bool (*on_state)(void *arg, struct run *r);
	void *on_state_arg;
	const volatile int *stop; /* NULL, or: stop when it is not 0 */
	/* NULL, or called each 256 steps. By schedules, @states is 0. */
	void (*progress)(void *arg, uint64_t states, uint64_t schedules);
	void *progress_arg;
};

struct explore_path {
	size_t nr_choices;
	struct program_choice *choices; /* NULL: none was found */
	unsigned preemptions;
};

/* An operation that fails in an outcome, and the edges of its code: why. */
struct explore_reason {
	unsigned thread, op;
	uint64_t edges;      /* VM_EDGE_BIT()s */
	explore_count count; /* schedules in which it fails so */
};

struct explore_outcome {
	char *text;          /* .vmt form */
	explore_count count; /* schedules that end so */
	double probability;
	struct explore_path witness; /* if wanted */
	size_t nr_reasons;           /* if wanted; by thread, operation, and edges */
	struct explore_reason *reasons;
	char *final_error; /* NULL, or what a final step did wrong after it */
};

/* What the run's checker has found, on whatever way; once for each thing (finding_same). */
struct explore_finding {
	struct finding f;            /* as on the witness, if there is one */
	struct explore_path witness; /* with the fewest preemptions; empty for what the init steps do */
};

enum explore_end {
	EXPLORE_COMPLETE = 0,
	EXPLORE_CUT_STATES,
	EXPLORE_CUT_SECONDS,
	EXPLORE_CUT_STOPPED,
	EXPLORE_CUT_ENDLESS,
	EXPLORE_CUT_STEPS, /* by schedules: one of them did not end within EXPLORE_STEPS_MAX steps */
	EXPLORE_WRONG_KEY, /* all states were seen, but two that differ have the same key: wrong_key says where */
};

struct explore_result {
	enum explore_end end;
	bool livelock;                /* there is a cycle: endlessly many schedules */
	bool overflow;                /* schedules do not fit into 128 bits */
	uint64_t states, transitions; /* 0 when explored by schedules */
	uint64_t steps;               /* executed, replays included */
	explore_count schedules;      /* complete: exactly; cut: at least */
	size_t nr_outcomes;
	struct explore_outcome *outcomes; /* sorted bytewise by text */
	struct explore_path goal;         /* the way to the goals, run on to an end */
	char *wrong_key;                  /* NULL, or what a schedule does other than the states say */
	size_t nr_findings;               /* of the run's checker, if it has one */
	struct explore_finding *findings; /* in order of discovery */
};

/* Explores @r, which must be open and is left in no particular state. If it has a checker, all runs are judged. */
void explore(struct run *r, const struct explore_options *options, struct explore_result *result);
void explore_result_free(struct explore_result *result);

/* The first finding that no quirk explains; NULL: none. */
const struct explore_finding *explore_first_finding(const struct explore_result *result);

/* The steps of a path. */
uint64_t path_steps(const struct explore_path *p);
/* Appends one step of @thread; *cap is the capacity of choices, 0 at first. */
void path_append(struct explore_path *p, size_t *cap, unsigned thread);

/* Keeps the choices of a run, whose on_step (replay.h) is path_record, with this as its argument. */
struct path_recorder {
	struct explore_path path; /* path.choices is to be freed */
	size_t cap;
};

void path_record(void *recorder, struct run *r, size_t step, unsigned thread);

/* "12345" into buf, which must hold 40 bytes; returns buf. */
const char *explore_count_text(explore_count n, char *buf);
/* "complete", "cut: ...". */
const char *explore_end_text(enum explore_end end);

#endif
