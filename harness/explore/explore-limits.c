/* SPDX-License-Identifier: BSD-2-Clause */
/* explore-limits.c - decides when an exploration has to stop, and whether a state is a goal: see explore.h. */
#include "harness/base/base.h"

#include <assert.h>
#include "harness/explore/explore-graph.h"
#include "harness/run/run.h"

#define CLOCK_EVERY 256 /* steps between two looks at the clock */

void
explore_clock_start(struct explore_clock *c, const struct explore_options *options)
{
	*c = (struct explore_clock){ .until = options->seconds > 0 ? clock_seconds() + options->seconds : 0,
		.thrown_max = sim_watch_thrown() +
		              (options->endless_max != 0 ? options->endless_max : EXPLORE_ENDLESS_MAX_DEFAULT) };
}

bool
explore_over(struct explore_clock *c, const struct explore_options *options, struct explore_result *result)
{
	assert(c->thrown_max > 0);
	if (options->stop != NULL && *options->stop != 0) {
		result->end = EXPLORE_CUT_STOPPED;
		return true;
	}
	if (sim_watch_thrown() >= c->thrown_max) {
		result->end = EXPLORE_CUT_ENDLESS;
		return true;
	}
	if (++c->ticks % CLOCK_EVERY != 0)
		return false;
	heartbeat();
	if (options->progress != NULL)
		options->progress(options->progress_arg, result->states, (uint64_t)result->schedules);
	if (c->until > 0 && clock_seconds() > c->until) {
		result->end = EXPLORE_CUT_SECONDS;
		return true;
	}
	return false;
}

static bool
explore_goals_hold(const struct run *r, const struct explore_options *options)
{
	if (options->nr_goals == 0 && !options->goal_deadlock)
		return false;
	if (options->goal_deadlock && !run_deadlocked(r))
		return false;
	for (size_t i = 0; i < options->nr_goals; i++) {
		const struct explore_goal *g = &options->goals[i];
		const struct run_thread *t = &r->threads[g->thread];

		if (g->op >= t->nr_done || t->results[g->op].code != g->result.code ||
		    t->results[g->op].value != g->result.value)
			return false;
	}
	return true;
}

bool
explore_goal_holds(struct run *r, const struct explore_options *options)
{
	bool seen = options->on_state != NULL && options->on_state(options->on_state_arg, r);

	return explore_goals_hold(r, options) || seen;
}
