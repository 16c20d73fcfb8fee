/* SPDX-License-Identifier: BSD-2-Clause */
/* strategy-random.c - a uniform choice at each scheduling point. */
#include "harness/run/strategy.h"

/*
 * Draws nothing if only one thread is enabled. Up to three enabled threads, the usual case, are handled without a
 * branch on the drawn number, which the processor would mispredict half of the time.
 */
static unsigned
random_pick(void *arg, uint32_t enabled)
{
	uint32_t second = enabled & (enabled - 1), third = second & (second - 1);
	unsigned n;

	if (second == 0)
		return (unsigned)__builtin_ctz(enabled);
	if ((third & (third - 1)) != 0)
		return strategy_nth(enabled, (unsigned)prng_below(arg, (unsigned)__builtin_popcount(enabled)));
	n = (unsigned)prng_below(arg, third != 0 ? 3 : 2);
	enabled = n == 0 ? enabled : second;
	enabled = n == 2 ? third : enabled;
	return (unsigned)__builtin_ctz(enabled);
}

size_t
strategy_random(struct run *r, const struct strategy_view *v, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	struct prng prng = { seed };

	(void)v;
	return strategy_drive(r, random_pick, &prng, on_step, arg);
}
