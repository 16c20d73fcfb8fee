/* SPDX-License-Identifier: BSD-2-Clause */
/* strategy-view.c - what strategies know of a program before it runs: see strategy.h. */
#include <assert.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/gen/gen.h"
#include "harness/run/strategy.h"

#define PROBE_STEPS_MAX 100000 /* limit of a probing run, for a target that does not end */

/* --- conflicts --- */

struct op_ranges
strategy_op_ranges(const struct vm_op *op)
{
	struct op_ranges r = op_ranges(op);

	if (r.nr == 0 || vm_op_has_refs(op))
		r = (struct op_ranges){ .nr = 1, .at = { { .end = UINT64_MAX } } };
	for (unsigned i = 0; i < r.nr; i++) {
		uint64_t start = r.at[i].start, end = r.at[i].end;

		r.at[i].start = start < end ? start : end;
		r.at[i].end = start < end ? end : start + (start == end);
		assert(r.at[i].start < r.at[i].end);
	}
	return r;
}

bool
strategy_ops_conflict(const struct vm_op *a, const struct vm_op *b)
{
	const struct op_ranges x = strategy_op_ranges(a), y = strategy_op_ranges(b);
	bool meet = false;

	if (!op_changes(a->code) && !op_changes(b->code))
		return false;
	for (unsigned i = 0; i < x.nr; i++)
		for (unsigned j = 0; j < y.nr; j++)
			meet |= op_ranges_meet(&x.at[i], &y.at[j]);
	return meet;
}

static const struct vm_op *
view_op_at(const struct run *r, const struct strategy_view *v, unsigned number, unsigned *ret_thread)
{
	unsigned t = 0;

	assert(number < v->nr_ops);
	while (number >= v->first[t + 1])
		t++;
	*ret_thread = t;
	return &r->program->threads[t].ops[number - v->first[t]];
}

static void
view_find_conflicts(struct strategy_view *v, const struct run *r)
{
	assert(v->nr_words * 64 >= v->nr_ops);
	for (unsigned a = 0; a < v->nr_ops; a++) {
		uint32_t threads = 0;
		unsigned a_thread, b_thread;
		const struct vm_op *op = view_op_at(r, v, a, &a_thread);

		for (unsigned b = 0; b < v->nr_ops; b++) {
			if (a != b && !strategy_ops_conflict(op, view_op_at(r, v, b, &b_thread)))
				continue;
			(void)view_op_at(r, v, b, &b_thread);
			v->conflicts[a * v->nr_words + b / 64] |= (uint64_t)1 << b % 64;
			threads |= (uint32_t)1 << b_thread;
		}
		if ((threads & (threads - 1)) != 0)
			v->weights[a] = (uint32_t)__builtin_popcount(threads);
		v->weights_sum += v->weights[a];
	}
}

/* --- steps --- */

struct probe {
	struct strategy_view *v;
	uint32_t *op_steps;
	uint32_t nr_choices;
};

static void
probe_count_step(struct probe *probe, const struct run *r, unsigned thread)
{
	probe->op_steps[strategy_pending(r, probe->v, thread)]++;
	probe->nr_choices += (run_enabled(r) & (run_enabled(r) - 1)) != 0;
}

/* One run: each thread as long as it can, or in turns. */
static void
probe_run(struct probe *probe, struct run *r, bool by_turns)
{
	unsigned last = r->program->nr_threads - 1;
	uint32_t enabled;

	run_begin(r);
	for (unsigned step = 0; (enabled = run_enabled(r)) != 0 && step < PROBE_STEPS_MAX; step++) {
		if (by_turns) {
			uint32_t above = enabled & ~(((uint32_t)2 << last) - 1);

			last = (unsigned)__builtin_ctz(above != 0 ? above : enabled);
		} else {
			last = replay_default(enabled, step == 0 ? 0 : last);
		}
		probe_count_step(probe, r, last);
		run_step(r, last);
	}
}

static void
view_count_steps(struct strategy_view *v, struct run *r)
{
	uint32_t *op_steps = memory_new(v->nr_ops, sizeof(*op_steps), "a strategy");

	assert(v->nr_ops > 0);
	for (unsigned i = 0; i < 2; i++) {
		struct probe probe = { .v = v, .op_steps = op_steps };

		probe_run(&probe, r, i == 1);
		if (probe.nr_choices > v->nr_choices)
			v->nr_choices = probe.nr_choices;
		for (unsigned op = 0; op < v->nr_ops; op++) {
			if (op_steps[op] > v->op_steps[op])
				v->op_steps[op] = op_steps[op];
			op_steps[op] = 0;
		}
	}
	free(op_steps);
	for (unsigned t = 0; t < v->nr_threads; t++) {
		for (unsigned op = v->first[t]; op < v->first[t + 1]; op++)
			v->thread_steps[t] += v->op_steps[op];
		if (v->thread_steps[t] == 0)
			v->thread_steps[t] = 1;
	}
}

/* --- the view --- */

void
strategy_view_init(struct strategy_view *v, struct run *r)
{
	const struct program *p = r->program;

	assert(r->self != NULL && p->nr_threads <= PROGRAM_THREADS_MAX);
	*v = (struct strategy_view){ .nr_threads = p->nr_threads };
	for (unsigned t = 0; t < p->nr_threads; t++)
		v->first[t + 1] = v->first[t] + p->threads[t].nr_ops;
	v->nr_ops = v->first[p->nr_threads];
	v->nr_words = (v->nr_ops + 63) / 64;
	v->op_steps = memory_new(v->nr_ops, sizeof(*v->op_steps), "a strategy");
	v->conflicts = memory_new(v->nr_ops * v->nr_words, sizeof(*v->conflicts), "a strategy");
	v->weights = memory_new(v->nr_ops, sizeof(*v->weights), "a strategy");
	view_find_conflicts(v, r);
	if (v->nr_ops > 0)
		view_count_steps(v, r);
}

void
strategy_view_free(struct strategy_view *v)
{
	free(v->op_steps);
	free(v->conflicts);
	free(v->weights);
	*v = (struct strategy_view){ 0 };
}
