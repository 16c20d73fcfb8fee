/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-icov.c - interleaving coverage as AFL++ gets it: this program has what its runtime has, and looks at the guards
 * that are passed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz/icov.h"
#include "harness/base/base.h"
#include "harness/gen/gen.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

#define RUNS 2000

/* --- what AFL++ brings --- */

uint32_t __afl_map_size = 65536;
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);
void __sanitizer_cov_trace_pc_guard(uint32_t *guard);

static uint32_t nr_guards, passed[ICOV_SIZE + 1], passed_in_run[ICOV_SIZE + 1];

/* It numbers them from 1; 0 is one that it does not know. */
void
__sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop)
{
	while (start < stop && nr_guards < ICOV_SIZE)
		*start++ = ++nr_guards;
}

void
__sanitizer_cov_trace_pc_guard(uint32_t *guard)
{
	assert_in_range(*guard, 1, ICOV_SIZE);
	passed[*guard]++;
	passed_in_run[*guard]++;
}

/* --- */

static void
on_step(void *arg, struct run *r, size_t step, unsigned thread)
{
	(void)arg;
	(void)step;
	icov_step(r, thread);
}

/* Each of the counters that a run sets passes its guard, once, in each run anew. */
static void
test_guards_are_passed(void **state)
{
	struct prng prng = prng_mix(1, 0, 0);
	struct sim *sim = sim_create();
	unsigned in_runs = 0, ever = 0, often = 0;
	static struct run r;

	(void)state;
	assert_non_null(sim);
	assert_int_equal(nr_guards, ICOV_SIZE);
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		uint8_t choices[40];
		struct program p;

		for (size_t i = 0; i < sizeof(choices); i++)
			choices[i] = (uint8_t)prng_next(&prng);
		memset(passed_in_run, 0, sizeof(passed_in_run));
		random_concurrent(&(struct random_params){ .seed = seed, .target = &target_engine }, &p);
		assert_int_equal(run_open_once(&r, &p, &target_engine, sim, NULL), RUN_OPENED);
		icov_begin(&r);
		(void)strategy_bytes(&r, choices, sizeof(choices), on_step, NULL);
		run_close(&r);
		program_free(&p);
		for (unsigned i = 1; i <= ICOV_SIZE; i++) {
			assert_in_range(passed_in_run[i], 0, 1);
			in_runs += passed_in_run[i];
		}
	}
	for (unsigned i = 1; i <= ICOV_SIZE; i++) {
		ever += passed[i] > 0;
		often += passed[i] > 1;
	}
	assert_true(ever > 30 && often > 20);
	assert_int_equal(icov_fill().ever, ever);
	assert_int_equal(icov_fill().runs, RUNS);
	assert_float_equal(icov_fill().set_per_run, (double)in_runs / RUNS, 1e-9);
	sim_destroy(sim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_guards_are_passed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
