/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shrink-try.c - tests whether a program still shows the wanted finding: see shrink.h. The passes are in
 * shrink-passes.c.
 */
#include "harness/shrink/shrink.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/run/run.h"
#include "harness/shrink/shrink-inside.h"

#define SECONDS_MIN 1e-3
#define ENDLESS_MAX 4 /* an exploration is cut after so many endless steps */

bool
shrink_over(struct shrink *s)
{
	if (s->over)
		return true;
	if (s->options->stop != NULL && *s->options->stop != 0) {
		s->report->end = SHRINK_CUT_STOPPED;
		s->over = true;
	} else if ((s->until > 0 && clock_seconds() > s->until) ||
	           (s->used_max > 0 && clock_processor_seconds(0) > s->used_max)) {
		s->report->end = SHRINK_CUT_SECONDS;
		s->over = true;
	}
	return s->over;
}

/* Seconds left for an exploration, which could take longer than all the rest. 0: no limit. */
static double
shrink_seconds_left(const struct shrink *s)
{
	double left = s->until - clock_seconds();

	return s->until <= 0 ? 0 : left > SECONDS_MIN ? left : SECONDS_MIN;
}

static void
shrink_say_progress(const struct shrink *s)
{
	if (s->options->progress != NULL)
		s->options->progress(s->options->arg, s->report->tried, s->report->kept);
}

/* --- does the program show it? --- */

enum run_open_result
shrink_open(struct shrink *s, struct run *r, const struct program *p)
{
	const struct shrink_options *o = s->options;

	if (o->wanted->open != NULL)
		return o->wanted->open(o->wanted->arg, r, p, o->target, o->sim);
	return run_open(r, p, o->target, o->sim);
}

bool
shrink_in_run(struct shrink *s, struct run *r)
{
	assert(s->options->wanted->in_run != NULL);
	return run_enabled(r) == 0 && s->options->wanted->in_run(s->options->wanted->arg, r);
}

bool
shrink_explore(struct shrink *s, struct run *r, uint64_t states_max, struct schedule *ret, bool *ret_complete)
{
	const struct shrink_wanted *w = s->options->wanted;
	struct explore_options o = { .states_max = states_max,
		.schedules_max = states_max,
		.endless_max = ENDLESS_MAX,
		.seconds = shrink_seconds_left(s),
		.stop = s->options->stop };
	const struct schedule *path;
	struct explore_result x;

	assert(states_max > 0);
	w->ask(w->arg, &o);
	explore(r, &o, &x);
	*ret_complete = x.end == EXPLORE_COMPLETE;
	path = w->in_result(w->arg, &x);
	if (path != NULL)
		trail_follow(path, r, ret);
	explore_result_free(&x);
	return path != NULL && shrink_in_run(s, r);
}

static bool
shrink_find_by_strategies(struct shrink *s, struct run *r, struct schedule *ret)
{
	unsigned runs = s->options->runs != 0 ? s->options->runs : SHRINK_RUNS_DEFAULT;
	struct strategy_view view;
	bool found = false;

	assert(!s->options->wanted->endless);
	strategy_view_init(&view, r);
	for (unsigned i = 0; i < runs && !found && !shrink_over(s); i++) {
		shrink_say_progress(s);
		const struct strategy *strategy = strategy_of_mix(s->options->seed + i);
		struct schedule c = { 0 };

		(void)strategy->function(r, &view, s->options->seed + i, replay_record, &c);
		found = shrink_in_run(s, r);
		if (found)
			trail_follow(&c, r, ret);
		schedule_free(&c);
	}
	strategy_view_free(&view);
	return found;
}

uint64_t
shrink_states_max(const struct shrink *s)
{
	return s->options->states_max != 0 ? s->options->states_max : SHRINK_STATES_MAX_DEFAULT;
}

/* Is there a random run that does not end? */
static bool
shrink_endless_at_random(struct shrink *s, struct run *r)
{
	unsigned runs = s->options->runs != 0 ? s->options->runs : SHRINK_RUNS_DEFAULT;

	for (unsigned i = 0; i < runs && !shrink_over(s); i++) {
		struct prng prng = prng_mix(s->options->seed, i, 0);

		run_begin(r);
		for (unsigned n = 0; run_enabled(r) != 0 && n < SHRINK_STEPS_MAX; n++)
			run_step(r, strategy_nth(run_enabled(r),
			                (unsigned)prng_below(&prng, (unsigned)__builtin_popcount(run_enabled(r)))));
		if (run_enabled(r) != 0)
			return true;
	}
	return false;
}

/* Do the states form a cycle? */
static bool
shrink_endless_circle(struct shrink *s, struct run *r)
{
	struct explore_options o = {
		.states_max = shrink_states_max(s), .seconds = shrink_seconds_left(s), .stop = s->options->stop
	};
	struct explore_result x;
	bool found;

	if (r->target->key == NULL)
		return false;
	explore(r, &o, &x);
	found = x.livelock;
	explore_result_free(&x);
	return found;
}

bool
shrink_find_endless(struct shrink *s, const struct program *p)
{
	bool found = false;
	struct run r;

	if (shrink_open(s, &r, p) == RUN_OPENED)
		found = s->at_random ? shrink_endless_at_random(s, &r) : shrink_endless_circle(s, &r);
	run_close(&r);
	return found;
}

/* Tries the cheap ways first. True: *ret is a trail to the wanted finding. */
bool
shrink_find(struct shrink *s, const struct program *p, const struct schedule *hint, struct schedule *ret)
{
	bool found = false, complete = false;
	struct run r;

	assert(p->nr_threads > 0);
	if (s->options->wanted->whole != NULL)
		return s->options->wanted->whole(s->options->wanted->arg, p);
	if (s->options->wanted->endless)
		return shrink_find_endless(s, p);
	if (shrink_open(s, &r, p) == RUN_OPENED) {
		trail_follow(hint, &r, ret);
		found = shrink_in_run(s, &r) || shrink_explore(s, &r, shrink_states_max(s), ret, &complete) ||
		        (!complete && shrink_find_by_strategies(s, &r, ret));
	}
	run_close(&r);
	return found;
}

/* --- the best program so far --- */

/* Stores the schedule of the best program, and the result of that run. */
void
shrink_settle(struct shrink *s)
{
	struct strbuf result = { 0 };
	struct schedule again = { 0 };
	struct run r;

	if (shrink_has_no_schedule(s))
		return;
	if (shrink_open(s, &r, &s->best) == RUN_OPENED) {
		trail_follow(&s->trail, &r, &again);
		assert(schedule_equal(&again, &s->trail));
		if (run_panic(&r) == NULL) /* no program can expect the result of a panic */
			run_outcome(&r, &result);
		s->best.has_schedule = true;
		schedule_copy_plain(&s->best.schedule, &s->trail);
		free(s->best.result);
		s->best.result = result.text;
		s->report->after.preemptions = s->trail.preemptions;
		s->report->after.steps = (unsigned)s->trail.nr_steps;
	}
	schedule_free(&again);
	run_close(&r);
}

struct program
shrink_copy(const struct shrink *s)
{
	struct program copy;

	program_copy_bare(&copy, &s->best);
	return copy;
}

bool
shrink_try(struct shrink *s, struct program *candidate, const struct schedule *hint)
{
	struct schedule found = { 0 };

	if (shrink_over(s) || candidate->nr_threads == 0) {
		program_free(candidate);
		return false;
	}
	s->report->tried++;
	shrink_say_progress(s);
	if (!shrink_find(s, candidate, hint != NULL ? hint : &s->trail, &found)) {
		schedule_free(&found);
		program_free(candidate);
		return false;
	}
	program_free(&s->best);
	schedule_free(&s->trail);
	s->best = *candidate;
	s->trail = found;
	s->kept_any = true;
	s->report->kept++;
	if (s->options->on_smaller != NULL) {
		shrink_settle(s);
		s->options->on_smaller(s->options->arg, &s->best);
	}
	return true;
}
