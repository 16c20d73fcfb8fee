/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strategy-pos.c - partial order sampling (Yuan, Yang, Gu: Partial order aware concurrency sampling, CAV 2018).
 *
 * Each pending step has a random priority, and the highest one runs. Then new priorities are drawn for the thread's
 * next step and for all pending steps that conflict with the one that ran: steps whose operations conflict
 * (strategy_ops_conflict), and steps of threads that it woke. All other steps keep their priorities, so all orders of
 * conflicting steps have a fair probability, however many other steps there are.
 */
#include "harness/run/strategy.h"

#include <assert.h>

struct pos {
	const struct run *r;
	const struct strategy_view *v;
	struct prng prng;
	uint64_t priorities[PROGRAM_THREADS_MAX];
	uint32_t enabled; /* threads enabled before the last step */
	unsigned last;    /* thread of the last step */
	unsigned last_op; /* operation of the last step */
};

/* After the step of s->last: draws new priorities for the steps that it affects. */
static void
pos_draw_again(struct pos *s, uint32_t enabled)
{
	const uint64_t *row = strategy_row(s->v, s->last_op);
	uint32_t woken = enabled & ~s->enabled;

	for (uint32_t rest = enabled; rest != 0; rest &= rest - 1) {
		unsigned t = (unsigned)__builtin_ctz(rest);

		if (t == s->last || (woken >> t & 1) != 0 || strategy_in_row(row, strategy_pending(s->r, s->v, t)))
			s->priorities[t] = prng_next(&s->prng);
	}
}

static unsigned
pos_pick(void *arg, uint32_t enabled)
{
	struct pos *s = arg;
	uint32_t rest = enabled & (enabled - 1);
	unsigned best = (unsigned)__builtin_ctz(enabled);

	if (s->enabled != 0)
		pos_draw_again(s, enabled);
	for (; rest != 0; rest &= rest - 1) {
		unsigned t = (unsigned)__builtin_ctz(rest);

		if (s->priorities[t] > s->priorities[best])
			best = t;
	}
	s->enabled = enabled;
	s->last = best;
	s->last_op = strategy_pending(s->r, s->v, best);
	return best;
}

size_t
strategy_pos(struct run *r, const struct strategy_view *v, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	struct pos s = { .r = r, .v = v, .prng = { seed } };

	assert(v->nr_threads == r->program->nr_threads);
	for (unsigned t = 0; t < v->nr_threads; t++)
		s.priorities[t] = prng_next(&s.prng);
	return strategy_drive(r, pos_pick, &s, on_step, arg);
}
