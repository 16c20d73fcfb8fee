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

/* The index after the last of the choices in a row that start at @from and are of its thread: one block. */
static size_t
block_end(const struct schedule *t, size_t from)
{
	size_t end = from;

	assert(from < t->nr);
	while (end < t->nr && t->choices[end].thread == t->choices[from].thread)
		end++;
	assert(end > from);
	return end;
}

static void
block_append(struct schedule *to, const struct schedule *from, size_t start, size_t end)
{
	assert(start <= end && end <= from->nr);
	for (size_t i = start; i < end; i++)
		schedule_add(to, from->choices[i].thread, from->choices[i].op, from->choices[i].count);
}

/* Makes a trail in which the block at @at and the next one are swapped. */
static void
blocks_swap(const struct schedule *t, size_t at, struct schedule *ret)
{
	size_t middle = block_end(t, at), end = middle < t->nr ? block_end(t, middle) : middle;

	assert(at < t->nr);
	schedule_begin(ret);
	block_append(ret, t, 0, at);
	block_append(ret, t, middle, end);
	block_append(ret, t, at, middle);
	block_append(ret, t, end, t->nr);
	assert(ret->nr_steps == t->nr_steps);
}

/* Makes one change that keeps the wanted finding and saves a preemption. False: no change does. */
static bool
shrink_one_preemption(struct shrink *s, struct run *r)
{
	struct schedule changed = { 0 }, gone = { 0 };
	bool better = false;

	assert(s->trail.nr > 0);
	for (size_t at = 0; at < s->trail.nr && !better && !shrink_over(s); at = block_end(&s->trail, at)) {
		blocks_swap(&s->trail, at, &changed);
		trail_follow(&changed, r, &gone);
		better = shrink_in_run(s, r) && gone.preemptions < s->trail.preemptions;
	}
	schedule_free(&changed);
	if (!better) {
		schedule_free(&gone);
		return false;
	}
	schedule_free(&s->trail);
	s->trail = gone;
	return true;
}

void
shrink_schedule(struct shrink *s)
{
	struct schedule way = { 0 };
	bool complete = false;
	struct run r;

	if (shrink_has_no_schedule(s))
		return;
	if (!shrink_over(s) && shrink_open(s, &r, &s->best) == RUN_OPENED) {
		if (shrink_explore(s, &r, shrink_states_max(s) * EXPLORE_MORE, &way, &complete) &&
		    (complete || way.preemptions < s->trail.preemptions)) {
			schedule_free(&s->trail);
			s->trail = way;
			way = (struct schedule){ 0 };
			s->report->all_schedules = complete;
		}
		while (!s->report->all_schedules && shrink_one_preemption(s, &r))
			;
		run_close(&r);
	}
	schedule_free(&way);
}
