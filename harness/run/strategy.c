/* SPDX-License-Identifier: BSD-2-Clause */
/* strategy.c - the table of strategies, and the loop that they share: see strategy.h. */
#include "harness/run/strategy.h"

#include <assert.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/run/run-step.h"

static const struct strategy strategies[] = {
#define STRATEGY(name, function, share, text) { (name), (function), (share), (text) },
#include "harness/run/strategies.def"
#undef STRATEGY
};
#define NR_STRATEGIES (sizeof(strategies) / sizeof(strategies[0]))

const struct strategy *
strategy_at(size_t i)
{
	return i < NR_STRATEGIES ? &strategies[i] : NULL;
}

const struct strategy *
strategy_find(const char *name)
{
	for (size_t i = 0; i < NR_STRATEGIES; i++)
		if (strcmp(strategies[i].name, name) == 0)
			return &strategies[i];
	return NULL;
}

void
strategy_offer(struct nearest *n)
{
	for (size_t i = 0; i < NR_STRATEGIES; i++)
		nearest_offer(n, strategies[i].name);
}

const struct strategy *
strategy_of_mix(uint64_t seed)
{
	struct prng prng = prng_mix(seed, 0, 1);
	unsigned sum = 0, at;
	size_t i = 0;

	for (size_t n = 0; n < NR_STRATEGIES; n++)
		sum += strategies[n].share;
	assert(sum > 0);
	for (at = (unsigned)prng_below(&prng, sum); at >= strategies[i].share; i++)
		at -= strategies[i].share;
	return &strategies[i];
}

void
strategy_print_list(struct strbuf *out)
{
	for (size_t i = 0; i < NR_STRATEGIES; i++)
		strbuf_printf(out, "  %-8s %s\n", strategies[i].name, strategies[i].text);
}

void
strategies_doc(struct strbuf *out, bool markdown)
{
	(void)markdown;
	strategy_print_list(out);
}

size_t
strategy_drive(struct run *r, sim_pick *pick, void *pick_arg, replay_step_fn *on_step, void *arg)
{
	size_t step = 0, max = r->steps_max != 0 ? r->steps_max : STRATEGY_STEPS_MAX;

	assert(r->self != NULL && pick != NULL);
	run_begin(r);
	/* A checker needs to see each step, too. */
	if (on_step == NULL && r->checker == NULL)
		return sim_run(r->sim, pick, pick_arg, max);
	while (run_enabled(r) != 0 && step < max) {
		unsigned thread = pick(pick_arg, run_enabled(r));

		run_step_here(r, thread);
		step++;
		if (on_step != NULL)
			on_step(arg, r, step, thread);
	}
	return step;
}
