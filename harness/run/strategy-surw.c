/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strategy-surw.c - selectively uniform random walk: uniform over the interleavings of the interesting steps, whatever
 * the other steps do.
 *
 * One operation is drawn for each run. The interesting steps are its own steps and those of all operations that
 * conflict with it. Before each interesting step, the strategy draws the thread that takes it, in proportion to the
 * interesting steps that the threads have left. Until that thread reaches its step, other threads wait before their own
 * interesting steps; all other steps run at random.
 */
#include "harness/run/strategy.h"

#include <assert.h>

#define NOBODY PROGRAM_THREADS_MAX

struct surw {
	const struct run *r;
	const struct strategy_view *v;
	struct prng prng;
	const uint64_t *set;                /* bits by operation number: the interesting operations; NULL: all are
	                                     * interesting */
	uint32_t left[PROGRAM_THREADS_MAX]; /* interesting steps left */
	uint32_t held;                      /* bit t: thread t waits before an interesting step */
	unsigned intended;                  /* the thread drawn for the next interesting step; NOBODY: not drawn */
	uint32_t streak;
	unsigned last;
};

static bool
surw_is_interesting(const struct surw *s, unsigned thread)
{
	return s->set == NULL || strategy_in_row(s->set, strategy_pending(s->r, s->v, thread));
}

static unsigned
surw_choose(struct surw *s, uint32_t enabled)
{
	for (;;) {
		uint32_t among = enabled & ~s->held;
		unsigned t;

		if (among == 0) {
			/* The intended thread sleeps, or has ended without another interesting step. */
			s->held = 0;
			s->intended = NOBODY;
			continue;
		}
		t = strategy_nth(among, (unsigned)prng_below(&s->prng, (unsigned)__builtin_popcount(among)));
		if (!surw_is_interesting(s, t))
			return t;
		if (s->left[t] == 0)
			s->left[t] = 1;
		if (s->intended == NOBODY)
			s->intended = strategy_weighted(&s->prng, s->left, among);
		if (t == s->intended) {
			s->left[t]--;
			s->held = 0;
			s->intended = NOBODY;
			return t;
		}
		s->held |= (uint32_t)1 << t;
	}
}

static unsigned
surw_pick(void *arg, uint32_t enabled)
{
	struct surw *s = arg;
	unsigned t = surw_choose(s, enabled);

	s->streak = t == s->last && (enabled & (enabled - 1)) != 0 ? s->streak + 1 : 0;
	if (s->streak >= STRATEGY_STREAK_MAX) {
		/* The intended thread may wait, without sleeping, for a thread that is held. */
		s->streak = 0;
		s->held = 0;
		s->intended = NOBODY;
	}
	s->last = t;
	return t;
}

/*
 * Draws the operation; one that conflicts with more threads is drawn more often. If nothing conflicts, all steps are
 * interesting.
 */
static void
surw_draw_set(struct surw *s)
{
	const struct strategy_view *v = s->v;
	uint64_t at;
	unsigned op = 0;

	if (v->weights_sum == 0)
		return;
	for (at = prng_below(&s->prng, v->weights_sum); at >= v->weights[op]; op++)
		at -= v->weights[op];
	s->set = strategy_row(v, op);
}

size_t
strategy_surw(struct run *r, const struct strategy_view *v, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	struct surw s = { .r = r, .v = v, .prng = { seed }, .intended = NOBODY };

	assert(v->nr_threads == r->program->nr_threads);
	surw_draw_set(&s);
	for (unsigned t = 0; t < v->nr_threads; t++)
		for (unsigned op = v->first[t]; op < v->first[t + 1]; op++)
			if (s.set == NULL || strategy_in_row(s.set, op))
				s.left[t] += v->op_steps[op];
	return strategy_drive(r, surw_pick, &s, on_step, arg);
}
