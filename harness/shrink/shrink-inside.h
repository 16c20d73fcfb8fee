/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink-inside.h - the inside of shrinking, private to shrink*.c. */
#ifndef HARNESS_SHRINK_SHRINK_INSIDE_H
#define HARNESS_SHRINK_SHRINK_INSIDE_H

#include "harness/gen/gen.h"
#include "harness/shrink/shrink.h"

/* A trail is a schedule whose choices name their operations, so that it survives edits of the program. */

struct shrink {
	const struct shrink_options *options;
	struct shrink_report *report;
	struct program best;
	struct schedule trail; /* the best program's trail to the wanted finding */
	double until;          /* end time; 0: no limit */
	double used_max;       /* most processor seconds of this process; 0: no limit */
	bool over;             /* the time is up, or the caller stopped the search */
	bool kept_any;         /* in this round */
	bool at_random;        /* the wanted finding is endless, and random runs show it */
};

#define SHRINK_STEPS_MAX 100000 /* a longer run counts as endless */
#define SHRINK_FIRST_PAGE                                                                                              \
	20 /* the page that programs are moved to: away from the map's edge, where ranges are                          \
	    * clamped */

/* Is the wanted finding one that no schedule shows? */
static inline bool
shrink_has_no_schedule(const struct shrink *s)
{
	return s->options->wanted->endless || s->options->wanted->whole != NULL;
}

/* --- shrink-try.c --- */

/* Copies the best program, for editing and shrink_try. */
struct program shrink_copy(const struct shrink *s);
/*
 * Tests whether @candidate shows the wanted finding. If so, it becomes the best program. Takes ownership of the
 * candidate in any case. @hint is the old trail, as far as it applies to the candidate; NULL: s->trail.
 */
bool shrink_try(struct shrink *s, struct program *candidate, const struct schedule *hint);
bool shrink_over(struct shrink *s);
/* The most states of a program that is explored completely. */
uint64_t shrink_states_max(const struct shrink *s);
/* Opens a run with the caller's open function. Call run_close even on failure. */
enum run_open_result shrink_open(struct shrink *s, struct run *r, const struct program *p);
/* Does the run, which is over, show the wanted finding? */
bool shrink_in_run(struct shrink *s, struct run *r);
/* Explores all interleavings. True: *ret is a trail to the wanted finding, and *r has just executed it. */
bool shrink_explore(struct shrink *s, struct run *r, uint64_t states_max, struct schedule *ret, bool *ret_complete);

/*
 * Finds a trail to the wanted finding in @p, and sets *ret. @hint is an old trail, which is tried first. False: none
 * was found.
 */
bool shrink_find(struct shrink *s, const struct program *p, const struct schedule *hint, struct schedule *ret);
/* Does some run of @p never end? */
bool shrink_find_endless(struct shrink *s, const struct program *p);
/* Gives the best program the schedule of its trail. */
void shrink_settle(struct shrink *s);

/* --- shrink-passes.c: each pass makes the best program smaller in one respect, as far as possible --- */

void shrink_threads(struct shrink *s);
void shrink_ops(struct shrink *s);
void shrink_directives(struct shrink *s);
void shrink_arguments(struct shrink *s);
void shrink_ranges(struct shrink *s);
void shrink_pages(struct shrink *s);

/* --- shrink-trail.c --- */

/*
 * Runs the schedule as far as it fits the program, then each thread as long as it can. Sets *ret to the trail of that
 * run, with its preemptions.
 */
void trail_follow(const struct schedule *t, struct run *r, struct schedule *ret);
/* Removes a thread or an operation from the trail, and renumbers the rest. */
void trail_drop_thread(struct schedule *t, unsigned thread);
void trail_drop_op(struct schedule *t, unsigned thread, unsigned op);

/* --- shrink-schedule.c --- */

/* Looks for a schedule of the best program with fewer preemptions. */
void shrink_schedule(struct shrink *s);

#endif
