/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore-schedules.c - explores without merging states: depth first over schedules, each executed from the start. For
 * targets without a state key, and to test that a key is complete (--verify).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/explore/explore-graph.h"

/* One scheduling point of the present schedule. */
struct level {
	uint32_t enabled;
	uint32_t todo;  /* threads not tried yet */
	uint8_t thread; /* the thread chosen now */
};

struct walk {
	struct run *run;
	struct level *levels;
	size_t depth, cap;
	struct outcomes outcomes;
	struct strbuf text;
};

/* Runs the chosen prefix, then the lowest thread at each further point until the end. False: stopped. */
static bool
walk_run_schedule(struct walk *w, struct explore_clock *clock, const struct explore_options *options,
    struct explore_result *result, bool *goal)
{
	run_begin(w->run);
	*goal = explore_goal_holds(w->run, options);
	for (size_t i = 0;; i++) {
		uint32_t enabled = run_enabled(w->run);

		if (enabled == 0)
			return true;
		if (explore_over(clock, options, result))
			return false;
		if (i == EXPLORE_STEPS_MAX) {
			result->end = EXPLORE_CUT_STEPS;
			return false;
		}
		if (i == w->depth) {
			w->levels = memory_grow(w->levels, &w->cap, w->depth + 1, sizeof(*w->levels), "the states");
			w->levels[w->depth++] = (struct level){ .enabled = enabled,
				.todo = enabled & (enabled - 1),
				.thread = (uint8_t)__builtin_ctz(enabled) };
		}
		run_step(w->run, w->levels[i].thread);
		result->steps++;
		*goal |= explore_goal_holds(w->run, options);
	}
}

/* Goes to the next schedule: changes the last point with an untried thread. False: all schedules were executed. */
static bool
walk_next_schedule(struct walk *w)
{
	while (w->depth > 0) {
		struct level *l = &w->levels[w->depth - 1];

		if (l->todo != 0) {
			l->thread = (uint8_t)__builtin_ctz(l->todo);
			l->todo &= l->todo - 1;
			return true;
		}
		w->depth--;
	}
	return false;
}

static void
walk_measure(const struct walk *w, double *probability, unsigned *preemptions)
{
	*probability = 1.0;
	*preemptions = 0;
	for (size_t i = 0; i < w->depth; i++) {
		const struct level *l = &w->levels[i];

		*probability /= __builtin_popcount(l->enabled);
		if (i > 0 && l[-1].thread != l->thread && (l->enabled & (uint32_t)1 << l[-1].thread) != 0)
			(*preemptions)++;
	}
}

/* Compares in the order of explore.h: preemptions, steps, switches. */
static bool
walk_is_shorter(unsigned preemptions, size_t steps, unsigned nr_choices, const struct schedule *than)
{
	if (preemptions != than->preemptions)
		return preemptions < than->preemptions;
	if (steps != than->nr_steps)
		return steps < than->nr_steps;
	return nr_choices < than->nr;
}

static void
walk_keep_path(const struct walk *w, unsigned preemptions, struct schedule *p)
{
	unsigned nr_choices = 1;

	assert(w->depth > 0 || w->run->program->nr_threads == 0);
	for (size_t i = 1; i < w->depth; i++)
		nr_choices += w->levels[i].thread != w->levels[i - 1].thread;
	if (schedule_exists(p) && !walk_is_shorter(preemptions, w->depth, nr_choices, p))
		return;
	schedule_begin(p);
	p->preemptions = preemptions;
	for (size_t i = 0; i < w->depth; i++)
		schedule_append(p, w->levels[i].thread);
	assert(p->nr_steps == w->depth);
}

static void
walk_record(struct walk *w, const struct explore_options *options, struct explore_result *result, bool goal)
{
	bool deadlock = run_deadlocked(w->run);
	struct checker *c = w->run->checker;
	struct outcome_node *n;
	double probability;
	unsigned preemptions;

	assert(run_enabled(w->run) == 0);
	if (c != NULL)
		checker_end(c, w->run);
	strbuf_clear(&w->text);
	run_outcome(w->run, &w->text);
	n = outcomes_intern(&w->outcomes, w->text.text);
	walk_measure(w, &probability, &preemptions);
	n->o.count++;
	n->o.probability += probability;
	result->schedules++;
	if (options->want_witnesses)
		walk_keep_path(w, preemptions, &n->o.witness);
	if (options->want_reasons)
		reasons_of_run(&n->o, w->run);
	if (goal)
		walk_keep_path(w, preemptions, &result->goal);
	if (w->run->program->nr_final > 0 && !deadlock) {
		strbuf_clear(&w->text);
		if (!run_final(w->run, &w->text) && n->o.final_error == NULL)
			n->o.final_error = strbuf_take(&w->text);
	}
	for (size_t i = 0; c != NULL && i < c->nr_findings; i++) {
		uint32_t at = findings_intern(result, &c->findings[i]);

		walk_keep_path(w, preemptions, &result->findings[at].witness);
	}
}

void
explore_schedules(struct run *r, const struct explore_options *options, struct explore_result *result)
{
	uint64_t max = options->schedules_max != 0 ? options->schedules_max : EXPLORE_SCHEDULES_MAX_DEFAULT;
	struct walk w = { .run = r };
	struct explore_clock clock;
	bool goal;

	assert(r->self != NULL);
	explore_clock_start(&clock, options);
	do {
		if (result->schedules >= max) {
			result->end = EXPLORE_CUT_STATES;
			break;
		}
		if (!walk_run_schedule(&w, &clock, options, result, &goal))
			break;
		walk_record(&w, options, result, goal);
	} while (walk_next_schedule(&w));
	outcomes_take(&w.outcomes, result);
	strbuf_free(&w.text);
	free(w.levels);
}
