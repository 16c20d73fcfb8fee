/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink-inside.h - the inside of shrinking, private to shrink*.c. */
#ifndef HARNESS_SHRINK_SHRINK_INSIDE_H
#define HARNESS_SHRINK_SHRINK_INSIDE_H

#include "harness/gen/gen.h"
#include "harness/shrink/shrink.h"

/* A way through a program, step by step: whose step, as part of which of its operations. Survives edits of these. */
struct trail {
	size_t nr, cap;
	struct trail_step {
		uint8_t thread, op;
	} * steps;
};

struct shrink {
	const struct shrink_options *options;
	struct shrink_report *report;
	struct program best;
	struct trail trail; /* the way through best to what is wanted */
	double until;       /* 0: for ever */
	double used_max;    /* processor seconds of this process; 0: any */
	bool over;          /* the time is up, or somebody stopped it */
	bool kept_any;      /* in this round */
	bool at_random;     /* endless is wanted, and what runs at random are */
};

#define SHRINK_STEPS_MAX 100000 /* of a run: one that does not end by then does not end */
#define SHRINK_FIRST_PAGE 20    /* where programs begin: not at the map's edge, where ranges are clamped */

/* --- shrink-try.c --- */

/* A copy of the best, to be edited and given to shrink_try. */
struct program shrink_copy(const struct shrink *s);
/*
 * Is what is wanted in @candidate? Then it is the best from now on. Takes the candidate in any case. @hint, which may
 * be NULL for s->trail, is the old way as far as it holds for the candidate.
 */
bool shrink_try(struct shrink *s, struct program *candidate, const struct trail *hint);
bool shrink_over(struct shrink *s);
/* Of a program that is explored completely. */
uint64_t shrink_states_max(const struct shrink *s);
/* run_open with what the wanted asks for. In any case run_close is due. */
enum run_open_result shrink_open(struct shrink *s, struct run *r, const struct program *p);
/* The run is over, and what is wanted was there. */
bool shrink_in_run(struct shrink *s, struct run *r);
/* All interleavings. True: *ret is the way to what is wanted, and the run has just gone it. */
bool shrink_explore(struct shrink *s, struct run *r, uint64_t states_max, struct trail *ret, bool *ret_complete);

/* The way to what is wanted in @p, to *ret. @hint: an old way, which is tried first. False: there is none. */
bool shrink_find(struct shrink *s, const struct program *p, const struct trail *hint, struct trail *ret);
/* Does a run of @p never end? */
bool shrink_find_endless(struct shrink *s, const struct program *p);
/* The best so far gets the schedule of its way. */
void shrink_settle(struct shrink *s);

/* --- shrink-passes.c: each makes the best smaller in one respect, as far as it goes --- */

void shrink_threads(struct shrink *s);
void shrink_ops(struct shrink *s);
void shrink_directives(struct shrink *s);
void shrink_arguments(struct shrink *s);
void shrink_ranges(struct shrink *s);
void shrink_pages(struct shrink *s);

/* --- shrink-trail.c --- */

void trail_add(struct trail *t, unsigned thread, unsigned op);
/* Runs along the trail as far as it can, then each thread as long as it can; *ret becomes the way that was gone. */
void trail_follow(const struct trail *t, struct run *r, struct trail *ret);
void trail_free(struct trail *t);
struct trail trail_copy(const struct trail *t);
/* The way of a schedule. */
void trail_of_path(struct trail *t, struct run *r, const struct explore_path *path);
/* As if the program had never had that thread, or that operation. */
void trail_drop_thread(struct trail *t, unsigned thread);
void trail_drop_op(struct trail *t, unsigned thread, unsigned op);
/* The choices of a way, and the preemptions in it, by running it. choices are malloc'ed. */
void trail_path(const struct trail *t, struct run *r, struct explore_path *ret);

/* --- shrink-schedule.c --- */

/* Fewer preemptions on the same program. */
void shrink_schedule(struct shrink *s);

#endif
