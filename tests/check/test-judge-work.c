/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-judge-work.c - judging a wire is linear in its pages, by counting instead of timing.
 *
 * What judges is built once more with a call at every edge between basic blocks (-fsanitize-coverage=trace-pc). The
 * work of a run is the edges taken. It is the same in every run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"
#include "harness/target/target.h"

static uint64_t work;
static struct sim *sim;

void __sanitizer_cov_trace_pc(void);
void
__sanitizer_cov_trace_pc(void)
{
	work++;
}

/* A program that wires @nr pages, with %u for its end. */
struct kind {
	const char *name, *text;
};

static const struct kind kinds[] = {
	{ "a user wire", "init insert 16 %1$u rw rw\nT0 wire 16 %1$u user noholes\n" },
	{ "a system wire with holes", "init insert 17 %1$u rw rw\nT0 wire 16 %1$u system holesok\n" },
	{ "a wire that fails at its end", "poison %2$u\ninit insert 16 %1$u rw rw\nT0 wire 16 %1$u user noholes\n" },
	{ "a wire of two entries",
	    "init insert 16 100 r rw\ninit insert 100 %1$u rw rw\nT0 wire 16 %1$u user noholes\n" },
};

typedef void judge(struct run *r);

static void
judge_run(struct run *r)
{
	for (run_begin(r); run_enabled(r) != 0;)
		run_step(r, 0);
	checker_end(r->checker, r);
}

static void
judge_all_runs(struct run *r)
{
	const struct explore_options options = { .want_witnesses = true };
	struct explore_result result;

	explore(r, &options, &result);
	assert_int_equal(result.end, EXPLORE_COMPLETE);
	assert_int_equal(result.nr_outcomes, 1);
	explore_result_free(&result);
}

/* A step for each page at least, and nothing wrong. */
static uint64_t
work_of(const char *format, unsigned nr, judge *how)
{
	struct strbuf text = { 0 };
	struct checker checker;
	struct vmt_error e;
	struct program p;
	struct run r;

	strbuf_printf(&text, "map 16 %u\nlimit %u\n", 16 + nr, nr);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	strbuf_printf(&text, format, 16 + nr, 15 + nr);
#pragma GCC diagnostic pop
	if (!vmt_parse(strbuf_text(&text), text.len, &p, &e))
		fail_msg("%u:%u: %s", e.line, e.column, e.text);
	checker_init(&checker);
	work = 0;
	assert_int_equal(run_open_checked(&r, &p, &target_engine, sim, &checker), RUN_OPENED);
	how(&r);
	assert_int_equal(checker.nr_findings, 0);
	assert_true(work > nr); /* the counting is alive */
	run_close(&r);
	checker_free(&checker);
	program_free(&p);
	strbuf_free(&text);
	return work;
}

static void
expect_linear(judge *how, unsigned nr)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t half = work_of(kinds[i].text, nr / 2, how), whole = work_of(kinds[i].text, nr, how);
		double ratio = (double)whole / (double)half;

		print_message("%s of %u pages: work %.2f times that of half as many\n", kinds[i].name, nr, ratio);
		if (ratio > 2.5)
			fail_msg("%s: not linear", kinds[i].name);
	}
}

static void
test_judging_a_run_is_linear_in_pages(void **state)
{
	(void)state;
	expect_linear(judge_run, 16000);
}

static void
test_judging_all_runs_is_linear_in_pages(void **state)
{
	(void)state;
	expect_linear(judge_all_runs, 16000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judging_a_run_is_linear_in_pages),
		cmocka_unit_test(test_judging_all_runs_is_linear_in_pages),
	};
	int failed;

	sim = sim_create();
	failed = cmocka_run_group_tests_name("judge-work", tests, NULL, NULL);
	sim_destroy(sim);
	return failed;
}
