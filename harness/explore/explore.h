/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore.h - the room explore: executes every interleaving of one program, each once.
 *
 * For: exploring over merged states or by schedules; outcomes, counts, witnesses, findings, reasons.
 * Includes: base/, program/, sim/, target/, check/, run/.
 * Start reading: here, then explore-states.c and explore-paths.c.
 *
 * After each step the whole system is reduced to a key (run_key). Schedules that reach equal keys have equal futures,
 * so each state is explored once. The result is a graph of states, from which everything else is computed:
 *
 *   the outcomes        its ends
 *   schedules           the paths from the start to an end, counted exactly
 *   probability         of an outcome, if each scheduling point chooses uniformly among the enabled threads
 *   witness             the path to an end with the fewest preemptions; of these the one with the fewest steps; of
 *                       these the one with the fewest switches. The path to a goal is chosen in the same order
 *   deadlock            an end at which some thread is not finished
 *   livelock            a cycle
 *
 * Before a result counts as complete, every witness and one random path to each outcome are executed, and each state on
 * the way is compared with the graph. If they differ, two states with equal keys have different futures: the target's
 * key is incomplete, and so is the result (EXPLORE_WRONG_KEY).
 *
 * To return to a state, the explorer executes the choices that first led to it, which works under every sanitizer. A
 * target without a state key is explored schedule by schedule instead; --verify does so, too, and compares.
 */
#ifndef HARNESS_EXPLORE_EXPLORE_H
#define HARNESS_EXPLORE_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/run.h"

#define EXPLORE_STATES_MAX_DEFAULT ((uint64_t)4 << 20)
#define EXPLORE_SCHEDULES_MAX_DEFAULT ((uint64_t)100000)
#define EXPLORE_ENDLESS_MAX_DEFAULT ((uint64_t)64)
#define EXPLORE_STEPS_MAX 100000 /* of one schedule, when exploring by schedules */

typedef unsigned __int128 explore_count;

/* "T0.0=KERN_INVALID_ADDRESS": operation @op of thread @thread ends with this result. */
struct explore_goal {
	unsigned thread, op;
	struct vm_result result;
};

struct explore_options {
	uint64_t states_max;    /* limit of states; 0: the default */
	uint64_t schedules_max; /* limit of schedules when exploring by schedules */
	double seconds;         /* time limit; 0: none */
	uint64_t endless_max;   /* limit of steps that do not end (sim-watch.h); 0: the default */
	bool by_schedules;      /* do not merge states */
	bool want_witnesses;
	uint32_t more_replays; /* random schedules to replay, besides one for each outcome */
	bool want_reasons;     /* count why operations fail: struct explore_reason */
	size_t nr_goals;       /* all goals must hold in the same state */
	const struct explore_goal *goals;
	bool goal_deadlock; /* the goal state must also be a deadlock */
	/*
	 * NULL, or a function that is called in each state when the run first reaches it; when exploring by schedules,
	 * after each step. It may read everything and must change nothing. True: this state is a goal.
	 */
	bool (*on_state)(void *arg, struct run *r);
	void *on_state_arg;
	const volatile int *stop; /* NULL, or stop when it becomes non-zero */
	/* NULL, or a function that is called every 256 steps. When exploring by schedules, @states is 0. */
	void (*progress)(void *arg, uint64_t states, uint64_t schedules);
	void *progress_arg;
};

/* Why an operation fails in an outcome: the edges of its code. */
struct explore_reason {
	unsigned thread, op;
	uint64_t edges;      /* VM_EDGE_BIT()s */
	explore_count count; /* number of schedules in which it fails for this reason */
};

struct explore_outcome {
	char *text;          /* .vmt form */
	explore_count count; /* number of schedules with this outcome */
	double probability;
	struct schedule witness; /* if wanted */
	size_t nr_reasons;       /* if wanted; sorted by thread, operation and edges */
	struct explore_reason *reasons;
	char *final_error; /* NULL, or how a final step failed after it */
};

/* A finding of the run's checker; equal findings (finding_same) are kept once. */
struct explore_finding {
	struct finding f;        /* as seen on the witness, if there is one */
	struct schedule witness; /* the path with the fewest preemptions; empty for a finding in the init steps */
};

enum explore_end {
	EXPLORE_COMPLETE = 0,
	EXPLORE_CUT_STATES,
	EXPLORE_CUT_SECONDS,
	EXPLORE_CUT_STOPPED,
	EXPLORE_CUT_ENDLESS,
	EXPLORE_CUT_STEPS, /* by schedules: a schedule did not end within EXPLORE_STEPS_MAX steps */
	EXPLORE_WRONG_KEY, /* all states were reached, but two different ones have the same key: see wrong_key */
};

struct explore_result {
	enum explore_end end;
	bool livelock;                /* there is a cycle: infinitely many schedules */
	bool overflow;                /* the number of schedules does not fit into 128 bits */
	uint64_t states, transitions; /* 0 when explored by schedules */
	uint64_t steps;               /* executed steps, replays included */
	explore_count schedules;      /* exact if complete, a lower bound if cut */
	size_t nr_outcomes;
	struct explore_outcome *outcomes; /* sorted bytewise by text */
	struct schedule goal;             /* the path to the goals, extended to an end */
	char *wrong_key;                  /* NULL, or how a schedule differs from the graph */
	size_t nr_findings;               /* findings of the run's checker, if it has one */
	struct explore_finding *findings; /* in order of discovery */
};

/* Explores @r, which must be open, and leaves it in any state. If it has a checker, all runs are judged. */
void explore(struct run *r, const struct explore_options *options, struct explore_result *result);
void explore_result_free(struct explore_result *result);

/* The first finding that no quirk explains; NULL: none. */
const struct explore_finding *explore_first_finding(const struct explore_result *result);

/* Writes "12345" into buf, which must hold 40 bytes, and returns buf. */
const char *explore_count_text(explore_count n, char *buf);
/* "complete", "cut: ...". */
const char *explore_end_text(enum explore_end end);

#endif
