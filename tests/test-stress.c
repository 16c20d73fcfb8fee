/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-stress.c - the parts of the stress runner that a silent run relies on: each check at the end reports what is
 * broken on purpose, a hang is seen, the ledger follows its rules, a seed fixes the stream, and the command line is
 * strict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/map.h"
#include "engine/native.h"
#include "harness/program.h"
#include "stress/check.h"
#include "stress/runner.h"
#include "stress/stress-main.h"
#include "stress/workload.h"

#define MIN_PAGE 16
#define MAX_PAGE 80

/* --- the check at the end: each case breaks one thing --- */

static vm_map_entry_t
first_entry(vm_map_t map)
{
	return map->header.next;
}

static void
break_nothing(vm_map_t map)
{
	(void)map;
}

static void
break_busy(vm_map_t map)
{
	map->busy++;
}

static void
break_busy_wanted(vm_map_t map)
{
	map->busy_wanted = true;
}

static void
break_account(vm_map_t map)
{
	map->user_wired++;
}

static void
break_limit(vm_map_t map)
{
	map->config.wire_limit = 1;
}

static void
break_transition(vm_map_t map)
{
	first_entry(map)->eflags |= MAP_ENTRY_IN_TRANSITION;
	first_entry(map)->wiring_thread = vm_curthread;
}

static void
break_skipped(vm_map_t map)
{
	first_entry(map)->eflags |= MAP_ENTRY_WIRE_SKIPPED;
}

static void
break_system_wiring(vm_map_t map)
{
	first_entry(map)->wired_count++;
}

static void
break_wire_count(vm_map_t map)
{
	first_entry(map)->wired_count = -1;
}

static void
break_size(vm_map_t map)
{
	map->size += VM_PAGE_SIZE;
}

static void
break_lock(vm_map_t map) VM_NO_TSA("left held on purpose")
{
	vm_map_lock(map);
	vm_curthread->held = 0;
	vm_curthread->map_write = false;
}

static const struct {
	void (*breaks)(vm_map_t map);
	const char *report, *report_freebsd12; /* NULL: nothing is to be reported */
} breakages[] = {
	{ break_nothing, NULL, NULL },
	{ break_busy, "busy", "busy" },
	{ break_busy_wanted, "not busy", "not busy" },
	{ break_account, "user-wire counter", NULL },
	{ break_limit, "limit", NULL },
	{ break_transition, "in transition", "in transition" },
	{ break_skipped, "skipped", "skipped" },
	{ break_system_wiring, "system wiring", "system wiring" },
	{ break_wire_count, "wire count", "wire count" },
	{ break_size, "I5", "I5" },
	{ break_lock, "lock", "lock" },
};

static void
check_breakage(size_t i, uint32_t quirks, const char *report)
{
	const struct vm_config config = { .env = &vm_env_native,
		.min = MIN_PAGE * VM_PAGE_SIZE,
		.max = MAX_PAGE * VM_PAGE_SIZE,
		.quirks = quirks,
		.wire_limit = 100 };
	struct vm_thread td;
	const char *found;
	vm_map_t map;

	vm_native_thread_init(&td, 0);
	map = vm_map_create(&config);
	assert_non_null(map);
	assert_int_equal(vm_map_fixed(map, NULL, 0, 20 * VM_PAGE_SIZE, 4 * VM_PAGE_SIZE, VM_PROT_READ, VM_PROT_ALL, 0),
	    KERN_SUCCESS);
	assert_int_equal(vm_map_wire(map, 20 * VM_PAGE_SIZE, 24 * VM_PAGE_SIZE, VM_MAP_WIRE_USER), KERN_SUCCESS);
	breakages[i].breaks(map);
	found = stress_check(map);
	if ((found == NULL) != (report == NULL) || (found != NULL && strstr(found, report) == NULL))
		fail_msg("breakage %zu: found \"%s\", expected \"%s\"", i, found == NULL ? "nothing" : found,
		    report == NULL ? "nothing" : report);
	vm_map_destroy(map);
}

static void
test_check_reports_each_breakage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(breakages) / sizeof(breakages[0]); i++) {
		check_breakage(i, VM_QUIRKS_STRICT, breakages[i].report);
		check_breakage(i, VM_QUIRKS_FREEBSD12, breakages[i].report_freebsd12);
	}
}

/* --- the runner --- */

static void
short_config(struct stress_config *c)
{
	stress_config_default(c);
	c->ops = 3000;
	c->round_ops = 1000;
	c->seed = 7;
}

static void
test_run_counts_and_checks(void **state)
{
	struct stress_config c;
	struct stress_result r;
	uint64_t sum = 0;

	(void)state;
	short_config(&c);
	assert_int_equal(stress_run(&c, &r), STRESS_OK);
	assert_int_equal(r.rounds, 3);
	assert_true(r.nr_ops >= c.threads * c.ops);
	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++) {
		uint64_t of_code = 0;

		for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
			of_code += r.counts.nr[code][kern];
		if (vm_op_table[code].name != NULL)
			assert_true(of_code > 0); /* every operation is in the default mix */
		sum += of_code;
	}
	assert_int_equal(sum, r.nr_ops);
}

static void
test_run_reports_a_breakage(void **state)
{
	struct stress_config c;
	struct stress_result r;

	(void)state;
	short_config(&c);
	c.before_check = break_busy;
	assert_int_equal(stress_run(&c, &r), STRESS_BROKEN);
	assert_non_null(strstr(r.broken, "busy (round 1)"));
}

static void
stop_for_ever(struct vm_thread *td)
{
	(void)td;
	for (;;)
		pause();
}

/* Leaves its threads behind: the last test. */
static void
test_run_sees_a_hang(void **state)
{
	struct stress_config c;
	struct stress_result r;

	(void)state;
	short_config(&c);
	c.hang_s = 1;
	c.on_point = stop_for_ever;
	assert_int_equal(stress_run(&c, &r), STRESS_HANG);
}

/* --- the workload --- */

static void
workload_new(struct workload *w, const struct workload_mix *mix, uint64_t seed)
{
	assert_true(workload_init(w, mix, MIN_PAGE, MAX_PAGE));
	workload_seed(w, prng_mix(seed, 0, 0));
}

static bool
has_arg(const struct vm_op *op, enum vm_arg_kind kind)
{
	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
		if (vm_op_table[op->code].args[i] == kind)
			return true;
	return false;
}

static void
check_op(const struct workload *w, const struct vm_op *op)
{
	bool system = (op->flags & VM_OPF_USER) == 0;

	assert_non_null(vm_op_table[op->code].name);
	assert_int_equal(op->prot & ~VM_PROT_ALL, 0);
	if (has_arg(op, VM_ARG_MAPPING) || has_arg(op, VM_ARG_MAX))
		assert_int_equal(op->prot & ~op->max, 0);
	if (has_arg(op, VM_ARG_START))
		assert_in_range(op->start, w->min, has_arg(op, VM_ARG_END) ? w->max : w->max - 1);
	if (has_arg(op, VM_ARG_END))
		assert_in_range(op->end, op->start, w->max);
	if (op->code == VM_OP_remove || op->code == VM_OP_fixed) /* L2 */
		assert_int_equal(w->nr_held, 0);
	if (op->code == VM_OP_wire && system && op->start < w->middle) { /* the kept zone */
		assert_true(op->end <= w->middle);
		assert_int_equal(op->flags & VM_OPF_HOLESOK, 0);
	}
	if (op->code == VM_OP_unwire && system && op->start < w->middle)
		assert_true(w->draining);
}

static void
test_workload_follows_its_rules(void **state)
{
	struct workload_mix mix;
	struct workload w;
	unsigned held_for = 0;
	struct vm_op op;

	(void)state;
	workload_mix_default(&mix);
	workload_new(&w, &mix, 1);
	for (unsigned i = 0; i < 200000; i++) {
		workload_next(&w, &op);
		check_op(&w, &op);
		assert_null(workload_done(&w, &op, KERN_SUCCESS));
		held_for = w.nr_held == 0 ? 0 : held_for + 1;
		assert_true(held_for < WORKLOAD_HOLD_MAX * (WORKLOAD_WIRE_MAX + 2)); /* L3 */
	}
	while (workload_last(&w, &op))
		assert_null(workload_done(&w, &op, KERN_SUCCESS));
	for (uint64_t page = 0; page < MAX_PAGE - MIN_PAGE; page++)
		assert_int_equal(w.held[page], 0);
	workload_free(&w);
}

/* A drain that finds nothing: a finding in the kept zone, usual in the open one. */
static void
test_workload_reports_a_lost_wiring(void **state)
{
	unsigned nr_kept = 0, nr_open = 0;
	struct workload_mix mix;
	struct workload w;
	struct vm_op op;

	(void)state;
	workload_mix_default(&mix);
	workload_new(&w, &mix, 2);
	for (unsigned i = 0; i < 20000; i++) {
		bool drain, lost;

		workload_next(&w, &op);
		drain = op.code == VM_OP_unwire && w.draining;
		lost = workload_done(&w, &op, drain ? KERN_INVALID_ARGUMENT : KERN_SUCCESS) != NULL;
		assert_int_equal(lost, drain && op.start < w.middle);
		nr_kept += drain && op.start < w.middle;
		nr_open += drain && op.start >= w.middle;
	}
	assert_true(nr_kept > 0 && nr_open > 0);
	workload_free(&w);
}

static void
test_seed_fixes_the_stream(void **state)
{
	struct workload_mix mix;
	struct workload a, b, c;
	struct vm_op x, y, z;
	unsigned nr_other = 0;

	(void)state;
	workload_mix_default(&mix);
	workload_new(&a, &mix, 3);
	workload_new(&b, &mix, 3);
	workload_new(&c, &mix, 4);
	for (unsigned i = 0; i < 1000; i++) {
		workload_next(&a, &x);
		workload_next(&b, &y);
		workload_next(&c, &z);
		assert_true(vm_op_equal(&x, &y));
		nr_other += !vm_op_equal(&x, &z);
		(void)workload_done(&a, &x, KERN_SUCCESS);
		(void)workload_done(&b, &y, KERN_SUCCESS);
		(void)workload_done(&c, &z, KERN_SUCCESS);
	}
	assert_true(nr_other > 900);
	workload_free(&a);
	workload_free(&b);
	workload_free(&c);
}

/* --- the command line --- */

static int
run_main(char *const *words)
{
	char *argv[16] = { 0 };
	int argc = 0;

	while (words[argc] != NULL) {
		argv[argc] = words[argc];
		argc++;
	}
	return stress_main(argc, argv);
}

#define MAIN(...) run_main((char *[]){ (char[]){ "stress" }, __VA_ARGS__, NULL })
#define W(text) ((char[]){ text })

static void
test_wrong_usage_is_refused(void **state)
{
	(void)state;
	assert_int_equal(MAIN(W("--threads"), W("0")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--threads"), W("65")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--seconds"), W("1s")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--pages"), W("7")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--profile"), W("freebsd")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--mix"), W("wire=1,nothing=2")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--mix"), W("wire=")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--unknown")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--seed")), STRESS_USAGE);
	assert_int_equal(MAIN(W("word")), STRESS_USAGE);
	assert_int_equal(MAIN(W("--help")), STRESS_OK);
}

static void
test_small_runs_through_the_command_line(void **state)
{
	(void)state;
	assert_int_equal(MAIN(W("--ops"), W("100"), W("--seed"), W("5"), W("--json")), STRESS_OK);
	assert_int_equal(MAIN(W("--ops"), W("2000"), W("--threads"), W("1"), W("--pages"), W("8")), STRESS_OK);
	assert_int_equal(MAIN(W("--ops"), W("500"), W("--pages"), W("65536"), W("--chaos"), W("0")), STRESS_OK);
	assert_int_equal(
	    MAIN(W("--ops"), W("500"), W("--mix"), W("pageout=0,read=100"), W("--profile"), W("freebsd12")), STRESS_OK);
}

/* In the mutant build the run must find the canary; any other refuses to have it. */
static void
test_canary(void **state)
{
	struct stress_config c;
	struct stress_result r;

	(void)state;
	if (!VM_HAS_MUTANTS) {
		assert_int_equal(MAIN(W("--mutant"), W("canary")), STRESS_USAGE);
		return;
	}
	assert_int_equal(MAIN(W("--mutant"), W("no-such-mutant")), STRESS_USAGE);
	short_config(&c);
	c.threads = 1; /* more would meet an assertion sooner */
	c.mutant = VM_MUTANT_canary;
	assert_int_equal(stress_run(&c, &r), STRESS_BROKEN);
	assert_non_null(strstr(r.broken, "lost"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_reports_each_breakage),
		cmocka_unit_test(test_run_counts_and_checks),
		cmocka_unit_test(test_run_reports_a_breakage),
		cmocka_unit_test(test_workload_follows_its_rules),
		cmocka_unit_test(test_workload_reports_a_lost_wiring),
		cmocka_unit_test(test_seed_fixes_the_stream),
		cmocka_unit_test(test_wrong_usage_is_refused),
		cmocka_unit_test(test_small_runs_through_the_command_line),
		cmocka_unit_test(test_canary),
		cmocka_unit_test(test_run_sees_a_hang),
	};

	return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}
