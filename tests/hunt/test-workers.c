/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-workers.c - which workers hang: those that use processor time or sleep without progress. One that is stopped, or
 * whose work takes long and makes progress, does not. A step that never ends is a panic of its run. And a hunt
 * recognises a program that costs its process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/hunt/hunt.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"
#include "harness/target/target.h"

#define HANG_SECONDS 0.3
#define WORK_SECONDS 1.0 /* duration of a long piece of work: well above HANG_SECONDS */

enum kind { QUICK, SPINS, SPINS_AND_BEATS, SLEEPS, STOPS, ASKS_FOR_THE_END, ABORTS };

static volatile pid_t *stopped; /* shared: the worker that has stopped itself */
static unsigned ticks;

static void *
begin(const void *arg)
{
	(void)arg;
	return NULL;
}

static void
spin(bool beats)
{
	double from = clock_processor_seconds(0), now = from;

	while (!beats || now < from + WORK_SECONDS) {
		now = clock_processor_seconds(0);
		if (beats)
			heartbeat();
	}
}

static void
work(void *state, const struct keybuf *in, struct keybuf *out)
{
	(void)state;
	switch ((enum kind)in->bytes[0]) {
	case QUICK:
		break;
	case SPINS:
		spin(false);
		break;
	case SPINS_AND_BEATS:
		spin(true);
		break;
	case SLEEPS:
		for (;;)
			(void)pause();
		break;
	case STOPS:
		*stopped = getpid();
		(void)raise(SIGSTOP);
		break;
	case ASKS_FOR_THE_END:
		while (*worker_over == 0)
			heartbeat();
		break;
	case ABORTS:
		abort();
	}
	keybuf_u8(out, 1);
}

/* A stopped worker goes on when it has been stopped for long. */
static bool
tick(void *arg)
{
	static double since;

	if (*stopped != 0 && since == 0)
		since = clock_seconds();
	if (*stopped != 0 && clock_seconds() > since + WORK_SECONDS)
		(void)kill(*stopped, SIGCONT);
	return arg != NULL && ++ticks > 3;
}

static enum work_end
end_of(enum kind kind, bool over)
{
	static int any;
	const struct workers_options options = { .nr = 1,
		.hang_seconds = HANG_SECONDS,
		.begin = begin,
		.work = work,
		.tick = tick,
		.arg = over ? &any : NULL };
	struct workers *w = workers_start(&options);
	struct work pieces[2] = { 0 };
	enum work_end end;

	keybuf_u8(&pieces[0].in, (uint8_t)kind);
	keybuf_u8(&pieces[1].in, QUICK);
	(void)workers_do(w, pieces, 2);
	/* Whatever happened to the first piece, the worker does the second one. */
	assert_int_equal(pieces[1].end, over ? WORK_LEFT : WORK_DONE);
	end = pieces[0].end;
	work_free(&pieces[0]);
	work_free(&pieces[1]);
	workers_stop(w);
	return end;
}

static void
test_spinning_without_progress_is_a_hang(void **unused)
{
	(void)unused;
	assert_int_equal(end_of(SPINS, false), WORK_HUNG);
}

static void
test_sleeping_is_a_hang(void **unused)
{
	(void)unused;
	assert_int_equal(end_of(SLEEPS, false), WORK_HUNG);
}

static void
test_long_work_with_progress_is_no_hang(void **unused)
{
	(void)unused;
	assert_int_equal(end_of(SPINS_AND_BEATS, false), WORK_DONE);
}

static void
test_stopped_process_is_no_hang(void **unused)
{
	(void)unused;
	assert_int_equal(end_of(STOPS, false), WORK_DONE);
}

static void
test_worker_learns_that_it_is_over(void **unused)
{
	(void)unused;
	assert_int_equal(end_of(ASKS_FOR_THE_END, true), WORK_DONE);
}

static void
exit_in_handler(int number)
{
	(void)number;
	_exit(3);
}

/* The parent may handle SIGABRT, but its handler does not run in a worker. */
static void
test_abort_kills_the_worker_by_its_signal(void **unused)
{
	const struct workers_options options = { .nr = 1, .begin = begin, .work = work };
	void (*before)(int) = signal(SIGABRT, exit_in_handler);
	struct workers *w = workers_start(&options);
	struct work piece = { 0 };

	(void)unused;
	keybuf_u8(&piece.in, ABORTS);
	(void)workers_do(w, &piece, 1);
	(void)signal(SIGABRT, before);
	assert_int_equal(piece.end, WORK_DIED);
	assert_true(WIFSIGNALED(piece.status));
	assert_int_equal(WTERMSIG(piece.status), SIGABRT);
	work_free(&piece);
	workers_stop(w);
}

/* --- endless steps of a target that knows nothing of the engine --- */

static char instance;
static volatile bool spins = true;

static void *
one_create(const struct program_config *cfg, struct sim *sim)
{
	(void)cfg;
	(void)sim;
	return &instance;
}

static void
one_does_nothing(void *self)
{
	(void)self;
}

static bool
one_save(void *self)
{
	(void)self;
	return true;
}

static struct vm_result
one_apply(void *self, unsigned thread, const struct vm_op *op)
{
	(void)self;
	(void)thread;
	(void)op;
	while (spins)
		continue;
	return (struct vm_result){ .outcome = VM_OUTCOME_DONE };
}

static void
one_dump(void *self, struct vm_state *out)
{
	(void)self;
	state_clear(out);
}

static void
test_endless_step_of_any_target_is_a_panic(void **unused)
{
	static const struct vm_target one = { VM_TARGET_INIT, .name = "one", .create = one_create,
		.destroy = one_does_nothing, .save = one_save, .restore = one_does_nothing, .apply = one_apply,
		.dump = one_dump };
	static const char text[] = "T0 lookup 20\n";
	uint64_t before = sim_watch_thrown();
	struct sim *sim = sim_create();
	struct program p;
	struct vmt_error e;
	struct run r;

	(void)unused;
	assert_true(vmt_parse(text, strlen(text), &p, &e));
	assert_non_null(sim);
	assert_int_equal(run_open(&r, &p, &one, sim), RUN_OPENED);
	run_begin(&r);
	run_step(&r, 0);
	assert_non_null(run_panic(&r));
	assert_string_equal(run_panic(&r), "the step does not end: it reaches no scheduling point");
	assert_int_equal(sim_watch_thrown(), before + 1);
	/* The next run is whole. */
	spins = false;
	run_begin(&r);
	run_step(&r, 0);
	assert_null(run_panic(&r));
	run_close(&r);
	program_free(&p);
	sim_destroy(sim);
}

/* --- a hunt --- */

static struct vm_result
apply_or_die(void *self, unsigned thread, const struct vm_op *op)
{
	if (op->code == VM_OP_lookup)
		_exit(7);
	return target_engine.apply(self, thread, op);
}

static struct hunt_report
hunt_for_losses(const char *out, const char *baseline)
{
	struct vm_target target = target_engine;
	const struct hunt_options o = {
		.limits = { .target = &target, .threads_min = 2, .threads_max = 4, .ops_max = 4 },
		.seed = 1,
		.programs = 100,
		.jobs = 1,
		.out = out,
		.baseline = baseline,
	};
	struct hunt_report report;

	target.apply = apply_or_die;
	assert_true(hunt(&o, &report));
	return report;
}

static void
test_lost_program_is_known_by_the_baseline(void **unused)
{
	char dir[] = "/tmp/test-workers-XXXXXX", command[128];
	struct hunt_report first, again;

	(void)unused;
	assert_non_null(mkdtemp(dir));
	first = hunt_for_losses(dir, NULL);
	assert_true(first.crashed > 0);
	assert_int_equal(first.nr_new, 1);
	again = hunt_for_losses(NULL, dir);
	assert_int_equal(again.crashed, first.crashed);
	assert_int_equal(again.nr_findings, 1);
	assert_int_equal(again.nr_new, 0);
	assert_true(again.findings[0].baseline);
	hunt_report_free(&first);
	hunt_report_free(&again);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spinning_without_progress_is_a_hang),
		cmocka_unit_test(test_sleeping_is_a_hang),
		cmocka_unit_test(test_long_work_with_progress_is_no_hang),
		cmocka_unit_test(test_stopped_process_is_no_hang),
		cmocka_unit_test(test_worker_learns_that_it_is_over),
		cmocka_unit_test(test_abort_kills_the_worker_by_its_signal),
		cmocka_unit_test(test_endless_step_of_any_target_is_a_panic),
		cmocka_unit_test(test_lost_program_is_known_by_the_baseline),
	};

	stopped = mmap(NULL, sizeof(*stopped), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stopped == MAP_FAILED)
		return 2;
	sim_watch_crashes();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
