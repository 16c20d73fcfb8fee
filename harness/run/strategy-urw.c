/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strategy-urw.c - a random walk that is uniform over interleavings, not over choices: the probability of a thread is
 * in proportion to the steps it has left. If the number of steps of each thread is known, every interleaving is equally
 * likely. If it depends on the other threads, nearly so.
 */
#include "harness/run/strategy.h"

#include <assert.h>

struct urw {
	struct prng prng;
	uint32_t left[PROGRAM_THREADS_MAX]; /* steps left, at least 1 */
};

static unsigned
urw_pick(void *arg, uint32_t enabled)
{
	struct urw *s = arg;
	unsigned t = (unsigned)__builtin_ctz(enabled);

	if ((enabled & (enabled - 1)) != 0)
		t = strategy_weighted(&s->prng, s->left, enabled);
	if (s->left[t] > 1)
		s->left[t]--;
	return t;
}

size_t
strategy_urw(struct run *r, const struct strategy_view *v, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	struct urw s = { .prng = { seed } };

	assert(v->nr_threads == r->program->nr_threads);
	for (unsigned t = 0; t < v->nr_threads; t++)
		s.left[t] = v->thread_steps[t];
	return strategy_drive(r, urw_pick, &s, on_step, arg);
}
