/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strategy-pct.c - probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized
 * scheduler with probabilistic guarantees of finding bugs, ASPLOS 2010).
 *
 * Each thread has a random priority, and the highest one that is enabled runs. At depth - 1 random steps, whoever was
 * to run gets a priority below all others first. A bug that needs d ordered pairs of steps is found by a run of depth
 * d with a chance of 1 / (n * k^(d-1)) at least, n threads, k choices. A fixed depth is blind to lesser bugs that need
 * none of its changes, so the depth is drawn for each run.
 */
#include "harness/run/strategy.h"

#define DEPTH_MAX 5

struct pct {
	uint32_t priorities[PROGRAM_THREADS_MAX]; /* all different; the highest runs */
	uint32_t changes[DEPTH_MAX - 1];          /* choices, counted from 1; change i gives priority i */
	uint32_t nr_changes;
	uint32_t choice; /* so many were made */
	uint32_t lowest; /* below all that were given: for whom has run too long, from here down */
	uint32_t streak;
	unsigned last;
};

#define PRIORITY_CHANGED ((uint32_t)1 << 30)          /* of change 0 */
#define PRIORITY_BEGUN (PRIORITY_CHANGED + DEPTH_MAX) /* of the lowest thread at the start */

static unsigned
highest(const struct pct *s, uint32_t enabled)
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
pick(void *arg, uint32_t enabled)
{
	struct pct *s = arg;
	unsigned thread;

	if ((enabled & (enabled - 1)) == 0)
		return (unsigned)__builtin_ctz(enabled);
	s->choice++;
	thread = highest(s, enabled);
	for (uint32_t i = 0; i < s->nr_changes; i++) {
		if (s->changes[i] == s->choice) {
			s->priorities[thread] = PRIORITY_CHANGED + i;
			thread = highest(s, enabled);
		}
	}
	s->streak = thread == s->last ? s->streak + 1 : 0;
	if (s->streak >= STRATEGY_STREAK_MAX) {
		/* It may be waiting for one of the others, without sleeping. */
		s->priorities[thread] = s->lowest--;
		s->streak = 0;
		thread = highest(s, enabled);
	}
	s->last = thread;
	return thread;
}

static size_t
run_pct(
    struct run *r, const struct strategy_view *v, unsigned depth, struct prng *prng, replay_step_fn *on_step, void *arg)
{
	struct pct s = { .nr_changes = depth - 1, .lowest = PRIORITY_CHANGED - 1 };
	uint32_t k = v->nr_choices > 0 ? v->nr_choices : 1;

	for (unsigned t = 0; t < v->nr_threads; t++) {
		unsigned other = (unsigned)prng_below(prng, t + 1);

		s.priorities[t] = s.priorities[other];
		s.priorities[other] = PRIORITY_BEGUN + t;
	}
	for (uint32_t i = 0; i < s.nr_changes; i++)
		s.changes[i] = 1 + (uint32_t)prng_below(prng, k);
	return strategy_drive(r, pick, &s, on_step, arg);
}

size_t
strategy_pct_depth(
    struct run *r, const struct strategy_view *v, unsigned depth, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	struct prng prng = { seed };

	return run_pct(r, v, depth < 1 ? 1 : depth > DEPTH_MAX ? DEPTH_MAX : depth, &prng, on_step, arg);
}

size_t
strategy_pct(struct run *r, const struct strategy_view *v, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	/* Of a hundred runs: 25 of depth 1, 35 of 2, 25 of 3, 8 of 4, 7 of 5. */
	static const unsigned up_to[DEPTH_MAX] = { 25, 60, 85, 93, 100 };
	struct prng prng = { seed };
	unsigned drawn = (unsigned)prng_below(&prng, 100), depth = 1;

	while (drawn >= up_to[depth - 1])
		depth++;
	return run_pct(r, v, depth, &prng, on_step, arg);
}
