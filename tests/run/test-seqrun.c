/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-seqrun.c - each difference that the comparison of two targets, or of a target with a recording, must report: of
 * results, of states, of where entries meet. One of the targets is the model, the other a copy with one fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

static const char text[] = "map 16 24\n"
                           "init insert 16 18 r r => KERN_SUCCESS\n"
                           "init protect 16 17 none => KERN_SUCCESS\n"
                           "init remove 16 18 => KERN_SUCCESS\n";

static struct sim *sim;
static struct seqdiff diff;
static struct program program;

static struct vm_result
wrong_result(void *self, unsigned thread, const struct vm_op *op)
{
	struct vm_result r = target_model.apply(self, thread, op);

	if (op->code == VM_OP_protect)
		r.code = KERN_INVALID_ADDRESS;
	return r;
}

static struct vm_result
no_remove(void *self, unsigned thread, const struct vm_op *op)
{
	if (op->code == VM_OP_remove)
		return (struct vm_result){ .outcome = VM_OUTCOME_DONE };
	return target_model.apply(self, thread, op);
}

static size_t
more_entries(void *self, uint64_t *starts, size_t max)
{
	size_t nr = target_model.entries(self, starts, max);

	if (nr == 2)
		starts[nr++] = 23;
	return nr;
}

/* The comparison with @other differs at @step, and the report has @words. */
static void
differs(const struct vm_target *other, const char *step, const char *words)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct vm_target *a = i == 0 ? other : &target_model, *b = i == 0 ? &target_model : other;

		assert_false(seqdiff_targets(&diff, a, b, &program, sim));
		if (strstr(strbuf_text(&diff.text), words) == NULL)
			fail_msg("%s", strbuf_text(&diff.text));
		assert_int_equal(strncmp(strbuf_text(&diff.text), step, strlen(step)), 0);
	}
}

static void
test_no_difference(void **state)
{
	(void)state;
	assert_true(seqdiff_targets(&diff, &target_model, &target_model, &program, sim));
	assert_int_equal(diff.nr_steps, 3);
	assert_true(seqdiff_targets(&diff, &target_engine, &target_model, &program, sim));
	assert_true(seqdiff_recorded(&diff, &target_engine, &program, sim));
	assert_int_equal(diff.text.len, 0);
}

static void
test_results(void **state)
{
	struct vm_target other = target_model;

	(void)state;
	other.name = "other";
	other.apply = wrong_result;
	differs(&other, "step 2, protect 16 17 none\n", "  model    KERN_SUCCESS\n");
	differs(&other, "step 2, ", "  other    KERN_INVALID_ADDRESS\n");
	assert_false(seqdiff_recorded(&diff, &other, &program, sim));
	assert_non_null(strstr(strbuf_text(&diff.text), "  expected KERN_SUCCESS\n  other    KERN_INVALID_ADDRESS\n"));
}

static void
test_states(void **state)
{
	struct vm_target other = target_model;

	(void)state;
	other.name = "other";
	other.apply = no_remove;
	differs(&other, "step 3, remove 16 18\n", "  other    16-17:");
	differs(&other, "step 3, ", "  model    (empty)");
}

static void
test_entries(void **state)
{
	struct vm_target other = target_model;

	(void)state;
	if (target_model.entries == NULL)
		skip();
	other.name = "other";
	other.entries = more_entries;
	differs(&other, "step 2, protect 16 17 none\n", "  other    entries at 16 17 23\n");
	differs(&other, "step 2, ", "  model    entries at 16 17\n");
	other.entries = NULL; /* not compared then */
	assert_true(seqdiff_targets(&diff, &other, &target_model, &program, sim));
}

static int
setup(void **state)
{
	struct vmt_error e;

	(void)state;
	sim = sim_create();
	return sim != NULL && vmt_parse(text, strlen(text), &program, &e) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	program_free(&program);
	seqdiff_free(&diff);
	sim_destroy(sim);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_difference),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_entries),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
