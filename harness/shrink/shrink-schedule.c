/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink-schedule.c - finds a schedule with fewer preemptions. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/run/run.h"
#include "harness/shrink/shrink-inside.h"

#define EXPLORE_MORE 10 /* state-budget multiplier: fewer preemptions are worth more states than an edit */

/* --- fewer preemptions --- */

static unsigned
preemptions(const struct trail *t, struct run *r)
{
	struct explore_path path;

	trail_path(t, r, &path);
	free(path.choices);
	return path.preemptions;
}

/* The end of the block of steps by one thread that starts at @from. */
static size_t
block_end(const struct trail *t, size_t from)
{
	size_t end = from;

	while (end < t->nr && t->steps[end].thread == t->steps[from].thread)
		end++;
	return end;
}

/* Makes a trail in which the block at @at and the next one are swapped. */
static void
swap_blocks(const struct trail *t, size_t at, struct trail *ret)
{
	size_t middle = block_end(t, at), end = middle < t->nr ? block_end(t, middle) : middle;

	assert(at < t->nr);
	ret->nr = 0;
	for (size_t i = 0; i < at; i++)
		trail_add(ret, t->steps[i].thread, t->steps[i].op);
	for (size_t i = middle; i < end; i++)
		trail_add(ret, t->steps[i].thread, t->steps[i].op);
	for (size_t i = at; i < middle; i++)
		trail_add(ret, t->steps[i].thread, t->steps[i].op);
	for (size_t i = end; i < t->nr; i++)
		trail_add(ret, t->steps[i].thread, t->steps[i].op);
	assert(ret->nr == t->nr);
}

/* Makes one change that keeps the wanted finding and saves a preemption. False: no change does. */
static bool
one_fewer(struct shrink *s, struct run *r)
{
	unsigned now = preemptions(&s->trail, r);
	struct trail changed = { 0 }, gone = { 0 };
	bool better = false;

	for (size_t at = 0; at < s->trail.nr && !better && !shrink_over(s); at = block_end(&s->trail, at)) {
		swap_blocks(&s->trail, at, &changed);
		trail_follow(&changed, r, &gone);
		better = shrink_in_run(s, r) && preemptions(&gone, r) < now;
	}
	trail_free(&changed);
	if (!better) {
		trail_free(&gone);
		return false;
	}
	trail_free(&s->trail);
	s->trail = gone;
	return true;
}

void
shrink_schedule(struct shrink *s)
{
	struct trail way = { 0 };
	bool complete = false;
	struct run r;

	if (s->options->wanted->endless)
		return;
	if (!shrink_over(s) && shrink_open(s, &r, &s->best) == RUN_OPENED) {
		if (shrink_explore(s, &r, shrink_states_max(s) * EXPLORE_MORE, &way, &complete) &&
		    (complete || preemptions(&way, &r) < preemptions(&s->trail, &r))) {
			trail_free(&s->trail);
			s->trail = way;
			way = (struct trail){ 0 };
			s->report->all_schedules = complete;
		}
		while (!s->report->all_schedules && one_fewer(s, &r))
			;
		run_close(&r);
	}
	trail_free(&way);
}
