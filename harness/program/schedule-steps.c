/* SPDX-License-Identifier: BSD-2-Clause */
/* schedule-steps.c - makes, copies and compares schedules: see schedule.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program-data.h"
#include "harness/program/schedule.h"

void
schedule_begin(struct schedule *s)
{
	MEMORY_GROW(s->choices, s->cap, 1, "a schedule");
	s->nr = 0;
	s->nr_steps = 0;
	s->preemptions = 0;
}

void
schedule_add(struct schedule *s, unsigned thread, unsigned op, uint32_t count)
{
	struct schedule_choice *last = s->nr > 0 ? &s->choices[s->nr - 1] : NULL;

	assert(thread < PROGRAM_THREADS_MAX && (op < PROGRAM_OPS_MAX || op == SCHEDULE_OP_ANY) && count > 0);
	s->nr_steps += count;
	if (last != NULL && last->thread == thread && last->op == op) {
		assert(count <= UINT32_MAX - last->count);
		last->count += count;
		return;
	}
	MEMORY_GROW(s->choices, s->cap, s->nr + 1, "a schedule");
	s->choices[s->nr++] = (struct schedule_choice){ .count = count, .thread = (uint8_t)thread, .op = (uint8_t)op };
}

void
schedule_append(struct schedule *s, unsigned thread)
{
	schedule_add(s, thread, SCHEDULE_OP_ANY, 1);
}

void
schedule_copy(struct schedule *to, const struct schedule *from)
{
	assert(to != from);
	if (!schedule_exists(from)) {
		schedule_free(to);
		return;
	}
	MEMORY_GROW(to->choices, to->cap, from->nr > 0 ? from->nr : 1, "a schedule");
	memcpy(to->choices, from->choices, from->nr * sizeof(*to->choices));
	to->nr = from->nr;
	to->nr_steps = from->nr_steps;
	to->preemptions = from->preemptions;
	assert(schedule_equal(to, from));
}

void
schedule_copy_plain(struct schedule *to, const struct schedule *from)
{
	assert(to != from);
	schedule_begin(to);
	for (size_t i = 0; i < from->nr; i++)
		schedule_add(to, from->choices[i].thread, SCHEDULE_OP_ANY, from->choices[i].count);
	to->preemptions = from->preemptions;
}

void
schedule_move_step(struct schedule *s, uint64_t from, uint64_t to)
{
	struct schedule moved = { 0 };
	struct schedule_walk w = { s };
	unsigned step = 0, thread = 0;

	assert(from < s->nr_steps && to < s->nr_steps);
	for (uint64_t i = 0; i <= from; i++)
		(void)schedule_next(&w, &step);
	w = (struct schedule_walk){ s };
	for (uint64_t i = 0; schedule_next(&w, &thread); i++) {
		if (i == to && from > to)
			schedule_append(&moved, step);
		if (i != from)
			schedule_append(&moved, thread);
		if (i == to && from <= to)
			schedule_append(&moved, step);
	}
	assert(moved.nr_steps == s->nr_steps);
	schedule_free(s);
	*s = moved;
}

bool
schedule_equal(const struct schedule *a, const struct schedule *b)
{
	struct schedule_walk x = { a }, y = { b };

	if (a->nr_steps != b->nr_steps)
		return false;
	/* Whole stretches, because a text may name billions of steps. */
	while (x.at < a->nr && y.at < b->nr) {
		uint32_t left = a->choices[x.at].count - x.made, other = b->choices[y.at].count - y.made;
		uint32_t by = left < other ? left : other;

		if (a->choices[x.at].thread != b->choices[y.at].thread)
			return false;
		x.made = left == by ? 0 : x.made + by;
		x.at += left == by;
		y.made = other == by ? 0 : y.made + by;
		y.at += other == by;
	}
	return true;
}

void
schedule_free(struct schedule *s)
{
	free(s->choices);
	*s = (struct schedule){ 0 };
}
