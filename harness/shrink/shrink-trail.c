/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink-trail.c - paths through a program that survive edits of it: see shrink-inside.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/run/run.h"
#include "harness/shrink/shrink-inside.h"

void
trail_add(struct trail *t, unsigned thread, unsigned op)
{
	assert(thread < PROGRAM_THREADS_MAX && op < PROGRAM_OPS_MAX);
	MEMORY_GROW(t->steps, t->cap, t->nr + 1, "a schedule");
	t->steps[t->nr++] = (struct trail_step){ (uint8_t)thread, (uint8_t)op };
}

void
trail_free(struct trail *t)
{
	free(t->steps);
	*t = (struct trail){ 0 };
}

static bool
can_step(const struct run *r, unsigned thread)
{
	return (run_enabled(r) >> thread & 1) != 0;
}

static void
step(struct run *r, unsigned thread, struct trail *ret)
{
	trail_add(ret, thread, r->threads[thread].nr_done);
	run_step(r, thread);
}

/* Runs to the end: the last thread if it can run, otherwise the lowest. */
static void
run_on(struct run *r, struct trail *ret)
{
	unsigned last = ret->nr > 0 ? ret->steps[ret->nr - 1].thread : 0;

	while (run_enabled(r) != 0 && ret->nr < SHRINK_STEPS_MAX) {
		last = replay_default(run_enabled(r), last);
		step(r, last, ret);
	}
}

void
trail_follow(const struct trail *t, struct run *r, struct trail *ret)
{
	ret->nr = 0;
	run_begin(r);
	for (size_t i = 0; i < t->nr && ret->nr < SHRINK_STEPS_MAX; i++) {
		const struct trail_step *s = &t->steps[i];

		if (s->thread >= r->program->nr_threads)
			continue;
		/* An earlier operation of the thread takes more steps than before. */
		while (can_step(r, s->thread) && r->threads[s->thread].nr_done < s->op && ret->nr < SHRINK_STEPS_MAX)
			step(r, s->thread, ret);
		if (can_step(r, s->thread) && r->threads[s->thread].nr_done == s->op)
			step(r, s->thread, ret);
	}
	run_on(r, ret);
}

void
trail_of_path(struct trail *t, struct run *r, const struct explore_path *path)
{
	t->nr = 0;
	run_begin(r);
	for (size_t i = 0; i < path->nr_choices; i++)
		for (uint32_t n = 0; n < path->choices[i].count && can_step(r, path->choices[i].thread); n++)
			step(r, path->choices[i].thread, t);
	run_on(r, t);
}

void
trail_drop_thread(struct trail *t, unsigned thread)
{
	size_t nr = 0;

	for (size_t i = 0; i < t->nr; i++) {
		struct trail_step s = t->steps[i];

		if (s.thread == thread)
			continue;
		s.thread = (uint8_t)(s.thread - (s.thread > thread));
		t->steps[nr++] = s;
	}
	t->nr = nr;
}

void
trail_drop_op(struct trail *t, unsigned thread, unsigned op)
{
	size_t nr = 0;

	for (size_t i = 0; i < t->nr; i++) {
		struct trail_step s = t->steps[i];

		if (s.thread == thread && s.op == op)
			continue;
		s.op = (uint8_t)(s.op - (s.thread == thread && s.op > op));
		t->steps[nr++] = s;
	}
	t->nr = nr;
}

struct trail
trail_copy(const struct trail *t)
{
	struct trail copy = { 0 };

	for (size_t i = 0; i < t->nr; i++)
		trail_add(&copy, t->steps[i].thread, t->steps[i].op);
	return copy;
}

void
trail_path(const struct trail *t, struct run *r, struct explore_path *ret)
{
	size_t cap = 0;

	*ret = (struct explore_path){ 0 };
	run_begin(r);
	for (size_t i = 0; i < t->nr; i++) {
		unsigned thread = t->steps[i].thread;

		if (i > 0 && t->steps[i - 1].thread != thread && can_step(r, t->steps[i - 1].thread))
			ret->preemptions++;
		assert(can_step(r, thread));
		path_append(ret, &cap, thread);
		run_step(r, thread);
	}
}
