/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-save-restore.c - save and restore of the targets: a run after a restore equals the run after the save.
 *
 * Random sequential programs are cut in two. Behind the cut the rest runs, then again after a restore; results, states
 * and entries must be the same both times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/gen/gen.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

#define PROGRAMS 3000
#define STEPS_MAX 64
#define ENTRIES_MAX 128

/* The results of the second half. */
struct trace {
	size_t nr_steps;
	struct vm_result results[STEPS_MAX];
	struct vm_state states[STEPS_MAX];
	size_t nr_entries;
	uint64_t entries[ENTRIES_MAX];
};

/* From step @from on, as long as none blocks. */
static void
run_rest(struct seqrun *r, const struct program *p, size_t from, struct trace *t)
{
	t->nr_steps = 0;
	for (size_t i = from; i < p->nr_init; i++) {
		assert_true(t->nr_steps < STEPS_MAX);
		t->results[t->nr_steps] = seqrun_step(r, &p->init[i].op);
		r->target->dump(r->self, &t->states[t->nr_steps]);
		if (t->results[t->nr_steps++].outcome != VM_OUTCOME_DONE)
			break;
	}
	memset(t->entries, 0, sizeof(t->entries));
	t->nr_entries = r->target->entries(r->self, t->entries, ENTRIES_MAX);
}

static void
assert_same(const struct trace *a, const struct trace *b)
{
	assert_int_equal(a->nr_steps, b->nr_steps);
	for (size_t i = 0; i < a->nr_steps; i++) {
		assert_int_equal(a->results[i].outcome, b->results[i].outcome);
		assert_int_equal(a->results[i].code, b->results[i].code);
		assert_int_equal(a->results[i].value, b->results[i].value);
		assert_true(state_equal(&a->states[i], &b->states[i]));
	}
	assert_int_equal(a->nr_entries, b->nr_entries);
	assert_memory_equal(a->entries, b->entries, sizeof(a->entries));
}

static void
check_program(const struct vm_target *target, struct program *p, struct sim *sim, struct trace traces[3])
{
	struct seqrun r;
	size_t cut = p->nr_init / 2;
	bool blocked = false;

	seqrun_open(&r, target, &p->config, sim);
	for (size_t i = 0; i < cut && !blocked; i++)
		blocked = seqrun_step(&r, &p->init[i].op).outcome != VM_OUTCOME_DONE;
	if (!blocked) {
		assert_true(target->save(r.self));
		run_rest(&r, p, cut, &traces[0]);
		for (unsigned i = 1; i < 3; i++) {
			target->restore(r.self);
			run_rest(&r, p, cut, &traces[i]);
			assert_same(&traces[0], &traces[i]);
		}
	}
	seqrun_close(&r);
}

static void
check_target(const struct vm_target *target)
{
	struct trace *traces = calloc(3, sizeof(*traces));
	struct sim *sim = sim_create();

	assert_non_null(traces);
	assert_non_null(sim);
	for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
		struct program p;

		random_program(seed, &p);
		seqrun_trim(target, &p);
		check_program(target, &p, sim, traces);
		program_free(&p);
	}
	for (unsigned i = 0; i < 3; i++)
		for (unsigned j = 0; j < STEPS_MAX; j++)
			state_free(&traces[i].states[j]);
	free(traces);
	sim_destroy(sim);
}

static void
test_model(void **state)
{
	(void)state;
	check_target(&target_model);
}

static void
test_engine(void **state)
{
	(void)state;
	check_target(&target_engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
