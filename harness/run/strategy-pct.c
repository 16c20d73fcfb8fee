/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strategy-pct.c - probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized
 * scheduler with probabilistic guarantees of finding bugs, ASPLOS 2010).
 *
 * Each thread has a random priority, and the enabled thread with the highest one runs. At depth - 1 random steps, the
 * thread that would run first gets a priority below all others. A run of depth d finds a bug that needs d ordered pairs
 * of steps with probability at least 1 / (n * k^(d-1)), for n threads and k choices. A fixed depth misses simpler bugs
 * that need fewer changes, so the depth is drawn for each run.
 */
#include "harness/run/strategy.h"

#include <assert.h>

#define DEPTH_MAX 5

struct pct {
	uint32_t priorities[PROGRAM_THREADS_MAX]; /* all different; the highest one runs */
	uint32_t changes[DEPTH_MAX - 1];          /* numbers of choices, from 1; change i gives priority i */
	uint32_t nr_changes;
	uint32_t choice; /* the number of choices so far */
	uint32_t lowest; /* next priority for a demoted thread; counts down */
	uint32_t streak;
	unsigned last;
};

#define PRIORITY_CHANGED ((uint32_t)1 << 30)          /* the priority of change 0 */
#define PRIORITY_BEGUN (PRIORITY_CHANGED + DEPTH_MAX) /* the lowest priority at the start */

static unsigned
pct_highest(const struct pct *s, uint32_t enabled)
{
	unsigned best = (unsigned)__builtin_ctz(enabled);

	while ((enabled &= enabled - 1) != 0) {
		unsigned t = (unsigned)__builtin_ctz(enabled);

		if (s->priorities[t] > s->priorities[best])
			best = t;
	}
	return best;
}

static unsigned
pct_pick(void *arg, uint32_t enabled)
{
	struct pct *s = arg;
	unsigned thread;

	if ((enabled & (enabled - 1)) == 0)
		return (unsigned)__builtin_ctz(enabled);
	s->choice++;
	thread = pct_highest(s, enabled);
	for (uint32_t i = 0; i < s->nr_changes; i++) {
		if (s->changes[i] == s->choice) {
			s->priorities[thread] = PRIORITY_CHANGED + i;
			thread = pct_highest(s, enabled);
		}
	}
	s->streak = thread == s->last ? s->streak + 1 : 0;
	if (s->streak >= STRATEGY_STREAK_MAX) {
		/* The thread may wait for another one without sleeping. */
		s->priorities[thread] = s->lowest--;
		s->streak = 0;
		thread = pct_highest(s, enabled);
	}
	s->last = thread;
	return thread;
}

static size_t
pct_run(
    struct run *r, const struct strategy_view *v, unsigned depth, struct prng *prng, replay_step_fn *on_step, void *arg)
{
	struct pct s = { .nr_changes = depth - 1, .lowest = PRIORITY_CHANGED - 1 };
	uint32_t k = v->nr_choices > 0 ? v->nr_choices : 1;

	assert(depth >= 1 && depth <= DEPTH_MAX && v->nr_threads == r->program->nr_threads);
	for (unsigned t = 0; t < v->nr_threads; t++) {
		unsigned other = (unsigned)prng_below(prng, t + 1);

		s.priorities[t] = s.priorities[other];
		s.priorities[other] = PRIORITY_BEGUN + t;
	}
	for (uint32_t i = 0; i < s.nr_changes; i++)
		s.changes[i] = 1 + (uint32_t)prng_below(prng, k);
	return strategy_drive(r, pct_pick, &s, on_step, arg);
}

size_t
strategy_pct_depth(
    struct run *r, const struct strategy_view *v, unsigned depth, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	struct prng prng = { seed };

	return pct_run(r, v, depth < 1 ? 1 : depth > DEPTH_MAX ? DEPTH_MAX : depth, &prng, on_step, arg);
}

size_t
strategy_pct(struct run *r, const struct strategy_view *v, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	/* Of 100 runs, 25 have depth 1, 35 depth 2, 25 depth 3, 8 depth 4, 7 depth 5. */
	static const unsigned up_to[DEPTH_MAX] = { 25, 60, 85, 93, 100 };
	struct prng prng = { seed };
	unsigned drawn = (unsigned)prng_below(&prng, 100), depth = 1;

	while (drawn >= up_to[depth - 1])
		depth++;
	return pct_run(r, v, depth, &prng, on_step, arg);
}
