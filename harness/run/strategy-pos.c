/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strategy-pos.c - partial order sampling (Yuan, Yang, Gu: Partial order aware concurrency sampling, CAV 2018).
 *
 * Each pending step has a random priority, and the highest one is made. Then the thread's next step gets a new one, and
 * so does every pending step that conflicts with the one made: those whose operations conflict (strategy_ops_conflict),
 * and those of threads that it woke. Steps that do not conflict keep theirs, so that all orders of the conflicting ones
 * have a fair chance, however many others there are.
 */
#include "harness/run/strategy.h"

struct pos {
	const struct run *r;
	const struct strategy_view *v;
	struct prng prng;
	uint64_t priorities[PROGRAM_THREADS_MAX];
	uint32_t enabled; /* before the last step */
	unsigned last;    /* who made it */
	unsigned last_op; /* as part of which operation */
};

/* The step of s->last has been made; new priorities for whom it concerns. */
static void
draw_again(struct pos *s, uint32_t enabled)
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
pick(void *arg, uint32_t enabled)
{
	struct pos *s = arg;
	uint32_t rest = enabled & (enabled - 1);
	unsigned best = (unsigned)__builtin_ctz(enabled);

	if (s->enabled != 0)
		draw_again(s, enabled);
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

	for (unsigned t = 0; t < v->nr_threads; t++)
		s.priorities[t] = prng_next(&s.prng);
	return strategy_drive(r, pick, &s, on_step, arg);
}
