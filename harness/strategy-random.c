/* SPDX-License-Identifier: BSD-2-Clause */
/* strategy-random.c - a uniform choice at each scheduling point. */
#include "harness/prng.h"
#include "harness/strategy.h"

size_t
strategy_random(struct run *r, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	struct prng prng = { seed };
	uint32_t enabled;
	size_t step = 0;

	run_begin(r);
	while ((enabled = run_enabled(r)) != 0) {
		unsigned nr = (unsigned)__builtin_popcount(enabled);
		unsigned thread = strategy_nth(enabled, nr == 1 ? 0 : (unsigned)prng_below(&prng, nr));

		run_step(r, thread);
		step++;
		if (on_step != NULL)
			on_step(arg, r, step, thread);
	}
	return step;
}
