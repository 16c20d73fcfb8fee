/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * behaviour.h - all that a user can see of a program on one side of a comparison: the results and states of its init
 * steps, its outcomes, the number of its schedules, and the results of its final steps.
 *
 * A side is a target, a profile and a mutant. What the program expects does not count, and no run is judged.
 */
#ifndef HARNESS_EXPECT_BEHAVIOUR_H
#define HARNESS_EXPECT_BEHAVIOUR_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/explore/explore.h"

struct behaviour_side {
	const struct vm_target *target;
	struct vm_profile profile;
	const char *mutant; /* NULL: none */
};

struct behaviour_step {
	char *result, *state; /* in .vmt form; after a panic, result is "PANIC(...)" */
};

struct behaviour {
	char *refused;  /* NULL, or why the target cannot run the program */
	unsigned line;  /* of refused, in the program; 0: no particular line */
	size_t nr_init; /* the init steps that ran */
	struct behaviour_step *init;
	bool stopped;            /* the last of them never ends: no thread starts */
	bool explored;           /* the program has threads, and they have run */
	struct explore_result x; /* valid if explored */
	char **final;            /* for each outcome of x: the results of the final steps; NULL: there are none */
};

/*
 * Makes a copy of @p for this side, without what it expects. The copy shares the threads and comments of @p: free it
 * with behaviour_program_free, and before @p.
 */
void behaviour_program(struct program *copy, const struct program *p, const struct behaviour_side *side);
void behaviour_program_free(struct program *copy);

/* Runs @p, on a simulator that is not in use. Final steps are run only if @options wants witnesses. */
void behaviour_find(struct behaviour *b, const struct program *p, const struct behaviour_side *side,
    const struct explore_options *options, struct sim *sim);
void behaviour_free(struct behaviour *b);

/* Is all of it known? No: the target refuses the program, or the exploration was cut. */
bool behaviour_complete(const struct behaviour *b);

/* The kinds of difference between two behaviours. */
enum {
	BEHAVIOUR_INIT = 1,      /* an init step has another result or state */
	BEHAVIOUR_OUTCOMES = 2,  /* an outcome is possible on one side only */
	BEHAVIOUR_SCHEDULES = 4, /* the numbers of schedules differ */
	BEHAVIOUR_FINAL = 8,     /* a final step has another result after the same outcome */
};
/*
 * The differences that are certain: an outcome of one side counts only if the other side is complete, and numbers of
 * schedules if both are. 0: none.
 */
unsigned behaviour_differences(const struct behaviour *a, const struct behaviour *b);
/* The outcome of @b with this text; NULL: it has none. */
const struct explore_outcome *behaviour_outcome(const struct behaviour *b, const char *text);
/* The first init step in which they differ; behaviour_differences has said that there is one. */
size_t behaviour_init_difference(const struct behaviour *a, const struct behaviour *b);

#endif
