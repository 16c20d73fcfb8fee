/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink-trail.c - schedules that survive edits of their program: see shrink-inside.h. */
#include <assert.h>

#include "harness/base/base.h"
#include "harness/run/run.h"
#include "harness/shrink/shrink-inside.h"

static bool
trail_can_step(const struct run *r, unsigned thread)
{
	return (run_enabled(r) >> thread & 1) != 0;
}

/* Runs one step and appends it to *ret, which also counts the preemptions. */
static void
trail_step(struct run *r, unsigned thread, struct schedule *ret)
{
	unsigned last = ret->nr > 0 ? ret->choices[ret->nr - 1].thread : thread;

	assert(trail_can_step(r, thread));
	ret->preemptions += last != thread && trail_can_step(r, last);
	schedule_add(ret, thread, r->threads[thread].nr_done, 1);
	run_step(r, thread);
}

/* Runs to the end: the last thread if it can run, otherwise the lowest. */
static void
trail_run_on(struct run *r, struct schedule *ret)
{
	unsigned last = ret->nr > 0 ? ret->choices[ret->nr - 1].thread : 0;

	while (run_enabled(r) != 0 && ret->nr_steps < SHRINK_STEPS_MAX) {
		last = replay_default(run_enabled(r), last);
		trail_step(r, last, ret);
	}
}

/* Runs the steps of one choice, as far as they fit the program. */
static void
trail_follow_choice(struct run *r, const struct schedule_choice *c, struct schedule *ret)
{
	for (uint32_t i = 0; i < c->count && ret->nr_steps < SHRINK_STEPS_MAX; i++) {
		/* An earlier operation of the thread takes more steps than before. */
		while (c->op != SCHEDULE_OP_ANY && trail_can_step(r, c->thread) &&
		       r->threads[c->thread].nr_done < c->op && ret->nr_steps < SHRINK_STEPS_MAX)
			trail_step(r, c->thread, ret);
		if (!trail_can_step(r, c->thread) ||
		    (c->op != SCHEDULE_OP_ANY && r->threads[c->thread].nr_done != c->op))
			return;
		trail_step(r, c->thread, ret);
	}
}

void
trail_follow(const struct schedule *t, struct run *r, struct schedule *ret)
{
	assert(t != ret);
	schedule_begin(ret);
	run_begin(r);
	for (size_t i = 0; i < t->nr; i++)
		if (t->choices[i].thread < r->program->nr_threads)
			trail_follow_choice(r, &t->choices[i], ret);
	trail_run_on(r, ret);
	assert(run_enabled(r) == 0 || ret->nr_steps >= SHRINK_STEPS_MAX);
}

void
trail_drop_thread(struct schedule *t, unsigned thread)
{
	struct schedule left = { 0 };

	assert(thread < PROGRAM_THREADS_MAX);
	for (size_t i = 0; i < t->nr; i++) {
		const struct schedule_choice *c = &t->choices[i];

		if (c->thread != thread)
			schedule_add(&left, c->thread - (c->thread > thread), c->op, c->count);
	}
	schedule_free(t);
	*t = left;
}

void
trail_drop_op(struct schedule *t, unsigned thread, unsigned op)
{
	struct schedule left = { 0 };

	assert(thread < PROGRAM_THREADS_MAX && op < PROGRAM_OPS_MAX);
	for (size_t i = 0; i < t->nr; i++) {
		const struct schedule_choice *c = &t->choices[i];

		if (c->thread != thread || c->op != op)
			schedule_add(&left, c->thread, c->op - (c->thread == thread && c->op > op), c->count);
	}
	schedule_free(t);
	*t = left;
}
