/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-checkfile.c - what a check and the question "is it fixed?" say of toys (toy.h) whose runs are known: of runs
 * without an end, of verdicts that nothing shows, and of a target that is another one without its state key.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/expect/expect.h"
#include "tests/common/one-sim.h"
#include "tests/common/toy.h"

#define SPIN "read 8"    /* TOY(TOY_SPIN, 0) */
#define SIGNAL "read 7"  /* TOY(TOY_SIGNAL, 0) */
#define WAIT "read 5"    /* TOY(TOY_WAIT, 0) */
#define STEP "read 100"  /* TOY(TOY_STEPS, 1) */
#define STEPS "read 400" /* TOY(TOY_STEPS, 4) */

static struct strbuf out;

static struct checkfile_report
check_text(const char *text, const struct checkfile_options *o)
{
	char path[] = "/tmp/test-checkfile-XXXXXX";
	int fd = mkstemp(path);
	struct checkfile_report report;

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "%s", path);
	(void)close(fd);
	strbuf_clear(&out);
	report = checkfile(path, o, sim, &out);
	(void)unlink(path);
	return report;
}

/* The check of @text ends with @status and says @words. */
static void
check_says(const char *text, const struct checkfile_options *o, enum checkfile_status status, const char *words)
{
	struct checkfile_report report = check_text(text, o);

	if (report.status != status || strstr(strbuf_text(&out), words) == NULL)
		print_message("%s%s", text, strbuf_text(&out));
	assert_int_equal(report.status, status);
	assert_non_null(strstr(strbuf_text(&out), words));
}

static void
test_livelock(void **state)
{
	const struct checkfile_options o = { .target = &toy }, few = { .target = &toy, .states_max = 10 };

	(void)state;
	check_says("T0 " SPIN "\nT1 " SIGNAL "\nverdict livelock circle\n", &o, CHECKFILE_PASSED, "");
	check_says("T0 " STEPS "\nT1 " STEPS "\nverdict livelock circle\n", &o, CHECKFILE_FAILED,
	    ":3: expected verdict livelock, but every schedule ends\n");
	check_says("T0 " STEPS "\nT1 " STEPS "\nverdict livelock circle\n", &few, CHECKFILE_FAILED,
	    ":3: expected verdict livelock, but ");
	assert_null(strstr(strbuf_text(&out), "every schedule ends"));
}

static void
test_schedule(void **state)
{
	struct strbuf blessed = { 0 };
	const struct checkfile_options o = { .target = &toy }, lenient = { .target = &toy, .lenient = true };
	const struct checkfile_options bless = { .target = &toy, .bless = true, .blessed = &blessed };

	(void)state;
	check_says("T0 " SPIN "\nT1 " STEP "\nverdict deadlock\nschedule T0*2 T1\n", &o, CHECKFILE_FAILED,
	    ":4: the schedule ends after step 3, but T0 can go on\n");
	check_says("T0 " SPIN "\nT1 " STEP "\nverdict deadlock\nschedule T0*2 T1\n", &lenient, CHECKFILE_FAILED,
	    ":4: the run does not end within ");
	check_says("T0 " STEP "\nT1 " STEP "\nverdict deadlock\nschedule T1*9\n", &o, CHECKFILE_FAILED, ":4: ");
	check_says("T0 " STEP "\nT1 " STEP "\nverdict deadlock\nschedule T1 T0\n", &bless, CHECKFILE_FAILED,
	    "the run shows no finding, so there is no verdict to write\n");
	/* T0 looks; T1 signals; only now T0 goes to sleep. */
	check_says("T0 " WAIT "\nT1 " SIGNAL "\nverdict deadlock\nschedule T0 T1 T0\n", &o, CHECKFILE_PASSED, "");
	strbuf_free(&blessed);
}

static void
test_fixed(void **state)
{
	const struct checkfile_options o = { .target = &toy, .fixed = true };
	const struct checkfile_options leaky = { .target = &toy_leaky, .fixed = true };
	const struct checkfile_options few = { .target = &toy, .fixed = true, .states_max = 2 };

	(void)state;
	/* The lost wakeup, and what does not lose it. */
	check_says("T0 " WAIT "\nT1 " SIGNAL "\nverdict deadlock\n", &o, CHECKFILE_FAILED, "still happens: ");
	check_says("T0 read 6\nT1 " SIGNAL "\nverdict deadlock\n", &o, CHECKFILE_PASSED, "fixed: none of ");
	/* A run of the strategies finds it where exploring is cut. */
	check_says("T0 " WAIT "\nT1 " SIGNAL "\nverdict deadlock\n", &few, CHECKFILE_FAILED, "still happens: ");
	check_says("T0 read 6\nT1 " SIGNAL "\nverdict deadlock\n", &few, CHECKFILE_PASSED, "not found: ");
	/* A circle of states is what is looked for, or another thing. */
	check_says("T0 " SPIN "\nT1 " SIGNAL "\nverdict livelock circle\n", &o, CHECKFILE_FAILED,
	    "still happens: livelock circle: ");
	check_says("T0 " SPIN "\nT1 " SIGNAL "\nverdict deadlock\n", &o, CHECKFILE_PASSED, "fixed: no schedule shows ");
	/* Without a verdict line anything is looked for: here what the key leaves out, 7 or 9, is read. */
	check_says("T0 read 709\nT1 " STEP "\nT1 read 10\nT2 read 909\n", &leaky, CHECKFILE_FAILED,
	    "still happens: state key incomplete: ");
}

/* --- a target that is another one without its key --- */

#define KEYLESS_MAX 30 /* operations without a key between them, after which results are greater by 1 */

static unsigned keyless;

static struct vm_result
fickle_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct vm_result r = toy.apply(self, thread, op);

	r.value += ++keyless > KEYLESS_MAX;
	return r;
}

static void
fickle_key(void *self, unsigned nr_threads, struct keybuf *k)
{
	keyless = 0;
	toy.key(self, nr_threads, k);
}

/* Over states all is well. Exploring by schedules asks for no key, and finds other outcomes. */
static void
test_verify_compares_outcomes(void **state)
{
	static const char text[] = "T0 " STEPS "\nT1 " STEPS "\nT2 " STEPS "\n"
	                           "outcome T0: 0 | T1: 0 | T2: 0 | (empty) uw=0\n";
	struct vm_target fickle = toy;
	struct checkfile_options o = { .target = &toy, .verify = true, .verify_max = 100000 };

	(void)state;
	fickle.apply = fickle_apply;
	fickle.key = fickle_key;
	check_says(text, &o, CHECKFILE_PASSED, "");
	o.target = &fickle;
	check_says(text, &o, CHECKFILE_FAILED, "--verify: 34650 schedules and 1 outcomes over states, ");
	o.verify = false;
	keyless = 0;
	check_says(text, &o, CHECKFILE_PASSED, "");
}

/* An exploration by schedules that is stopped verifies nothing. */
static void
stop_by_schedules(void *unused, uint64_t states, uint64_t schedules)
{
	(void)unused;
	(void)schedules;
	toy_stop = states == 0;
}

static void
test_verify_interrupted(void **state)
{
	static const char text[] = "T0 read 1200\nT1 read 1200\noutcome T0: 0 | T1: 0 | (empty) uw=0\n";
	const struct checkfile_options o = {
		.target = &toy, .verify = true, .verify_max = 10000000, .progress = stop_by_schedules, .stop = &toy_stop
	};

	(void)state;
	check_says(text, &o, CHECKFILE_FAILED, "--verify: interrupted\n");
	toy_stop = 0;
}

static int
teardown(void **state)
{
	strbuf_free(&out);
	return one_sim_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_livelock),
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_verify_compares_outcomes),
		cmocka_unit_test(test_verify_interrupted),
	};

	return cmocka_run_group_tests(tests, one_sim_setup, teardown);
}
