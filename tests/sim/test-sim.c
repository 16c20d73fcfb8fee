/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-sim.c - fibers and the simulated world on them. Built twice, with each way of switching (meson.build).
 *
 * The program that hits a guard page is a child, made by fork.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fenv.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/common/one-sim.h"

/* --- fibers --- */

static struct fiber home, fibers[2];
static unsigned visits[2];
static volatile double sums[2];

/* Callee-saved registers keep their values across each switch; the compiler holds these variables in them. */
static void
ping(void *arg)
{
	unsigned me = *(unsigned *)arg;
	uint64_t a = me + 1, b = a * 3, c = a * 5, d = a * 7, e = a * 11, f = a * 13;
	double x = me + 0.5, y = 1.0;

	for (unsigned i = 0;; i++) {
		visits[me]++;
		/* Nothing here is known at compile time, so that it must live somewhere. */
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
		y = y * 0.5 + x;
		sums[me] = y + (double)(a + b + c + d + e + f);
		fiber_switch(&fibers[me], i % 3 == 2 ? &home : &fibers[1 - me]);
		a += 1;
		b += 2;
		c += 3;
		d += 4;
		e += 5;
		f += 6;
	}
}

/* The same sum without any switch. */
static double
expected_sum(unsigned me, unsigned nr)
{
	uint64_t a = me + 1, all = a * (1 + 3 + 5 + 7 + 11 + 13);
	double y = 1.0;

	for (unsigned i = 0; i < nr; i++) {
		y = y * 0.5 + me + 0.5;
		if (i > 0)
			all += 1 + 2 + 3 + 4 + 5 + 6;
	}
	return y + (double)all;
}

static void
test_switch(void **state)
{
	static unsigned numbers[2] = { 0, 1 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		visits[i] = 0;
		assert_true(fiber_init(&fibers[i]));
		fiber_start(&fibers[i], ping, &numbers[i]);
	}
	for (unsigned i = 0; i < 10000; i++)
		fiber_switch(&home, &fibers[i % 2]);
	assert_true(visits[0] > 5000 && visits[1] > 5000);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(fabs(sums[i] - expected_sum(i, visits[i])) < 1e-6);
		fiber_fini(&fibers[i]);
	}
}

/* A switch preserves the control words of the floating point unit, which the callee must save. */
static void
test_rounding(void **state)
{
	static unsigned numbers[2] = { 0, 1 };

	(void)state;
	assert_true(fiber_init(&fibers[0]));
	assert_true(fiber_init(&fibers[1]));
	fiber_start(&fibers[0], ping, &numbers[0]);
	fiber_start(&fibers[1], ping, &numbers[1]);
	assert_int_equal(fesetround(FE_UPWARD), 0);
	for (unsigned i = 0; i < 10; i++)
		fiber_switch(&home, &fibers[0]);
	assert_int_equal(fegetround(), FE_UPWARD);
	assert_int_equal(fesetround(FE_TONEAREST), 0);
	fiber_fini(&fibers[0]);
	fiber_fini(&fibers[1]);
}

static volatile unsigned deepest;

/* Uses at least 256 bytes of stack at each level, and returns through all levels. */
__attribute__((noinline)) static unsigned
descend(unsigned depth, unsigned to)
{
	volatile unsigned char frame[256];

	frame[0] = (unsigned char)depth;
	frame[255] = (unsigned char)(depth >> 8);
	if (depth == to) {
		deepest = depth;
		fiber_switch(&fibers[0], &home);
		return 0;
	}
	return descend(depth + 1, to) + (frame[0] == (unsigned char)depth && frame[255] == (unsigned char)(depth >> 8));
}

static unsigned intact;

static void
deep(void *arg)
{
	intact = descend(0, *(unsigned *)arg);
	for (;;)
		fiber_switch(&fibers[0], &home);
}

static void
test_deep_stack_survives_switches(void **state)
{
	unsigned levels = 150;

	(void)state;
	assert_true(fiber_init(&fibers[0]));
	fiber_start(&fibers[0], deep, &levels);
	fiber_switch(&home, &fibers[0]);
	assert_int_equal(deepest, levels);
	/* Something else uses this stack meanwhile. */
	(void)expected_sum(0, 1000);
	fiber_switch(&home, &fibers[0]);
	assert_int_equal(intact, levels);
	fiber_fini(&fibers[0]);
}

/* The exit status of a child process that runs @body. */
static int
in_child(void (*body)(void))
{
	int status;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };

		/* The sanitizers' handlers would make a report and an exit of it; cmocka's too. */
		(void)signal(SIGSEGV, SIG_DFL);
		(void)setrlimit(RLIMIT_CORE, &none);
		body();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(1, "child");
	return status;
}

static void
touch_below(void *arg)
{
	/* The first byte under the stack: the guard page. Behind an address the compiler does not know. */
	volatile char *p = fibers[0].stack - *(int *)arg;

	*p = 1;
	_exit(7);
}

static int below;

static void
touch_guard(void)
{
	if (!fiber_init(&fibers[0]))
		_exit(9);
	fiber_start(&fibers[0], touch_below, &below);
	fiber_switch(&home, &fibers[0]);
}

static void
test_stack_overflow_hits_guard_page(void **state)
{
	int status;

	(void)state;
	below = 1;
	status = in_child(touch_guard);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	below = 4096;
	status = in_child(touch_guard);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	/* The canary: the lowest byte of the stack itself may be written. */
	below = 0;
	status = in_child(touch_guard);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

/* --- the simulated world --- */

static char log_text[256];

/* Appends "0a " and so on: an action of thread @thread. */
static void
note(unsigned thread, const char *what)
{
	size_t len = strlen(log_text);

	snprintf(log_text + len, sizeof(log_text) - len, "%u%s ", thread, what);
}

static void
run(const char *schedule)
{
	for (; *schedule != '\0'; schedule++) {
		unsigned t = (unsigned)(*schedule - '0');

		assert_true((sim_enabled(sim) & 1u << t) != 0);
		sim_step(sim, t);
	}
}

static void
expect_log(const char *want)
{
	assert_string_equal(log_text, want);
	log_text[0] = '\0';
}

/* a | b | c: three points, three steps; the first point belongs to the first step. */
static void
three_points(void *arg, unsigned t)
{
	(void)arg;
	assert_int_equal(sim_self(sim), t);
	note(t, "-");
	sim_point(sim);
	note(t, "a");
	sim_point(sim);
	note(t, "b");
	sim_point(sim);
	note(t, "c");
}

static void
test_points(void **state)
{
	(void)state;
	sim_begin(sim, 2, three_points, NULL);
	assert_int_equal(sim_enabled(sim), 3);
	assert_int_equal(sim_unfinished(sim), 3);
	assert_int_equal(sim_status(sim, 0), SIM_READY);
	assert_int_equal(sim_status(sim, 2), SIM_IDLE);
	assert_true(sim_fresh(sim, 0));
	expect_log("");
	run("0");
	expect_log("0- 0a ");
	assert_false(sim_fresh(sim, 0));
	assert_true(sim_fresh(sim, 1));
	run("0");
	expect_log("0b ");
	run("1");
	expect_log("1- 1a ");
	run("0");
	expect_log("0c ");
	assert_int_equal(sim_status(sim, 0), SIM_DONE);
	assert_int_equal(sim_enabled(sim), 2);
	assert_int_equal(sim_unfinished(sim), 2);
	run("11");
	expect_log("1b 1c ");
	assert_int_equal(sim_enabled(sim) | sim_unfinished(sim), 0);
}

static void
no_point(void *arg, unsigned t)
{
	(void)arg;
	note(t, "x");
}

/* A thread without a point makes exactly one step. */
static void
test_thread_without_point_makes_one_step(void **state)
{
	(void)state;
	sim_begin(sim, PROGRAM_THREADS_MAX, no_point, NULL);
	assert_int_equal(sim_enabled(sim), 0xffff);
	for (unsigned t = PROGRAM_THREADS_MAX; t-- > 0;) {
		sim_step(sim, t);
		assert_int_equal(sim_status(sim, t), SIM_DONE);
	}
	assert_int_equal(sim_enabled(sim), 0);
	expect_log("15x 14x 13x 12x 11x 10x 9x 8x 7x 6x 5x 4x 3x 2x 1x 0x ");
	sim_begin_init(sim, no_point, NULL);
	assert_int_equal(sim_enabled(sim), 1u << SIM_INIT_THREAD);
	sim_step(sim, SIM_INIT_THREAD);
	expect_log("16x ");
	assert_int_equal(sim_unfinished(sim), 0);
}

/* 0 and 1 sleep on channels 5 and 6, 2 wakes 5, then 6; between a wake and its point no step ends. */
static void
sleepers(void *arg, unsigned t)
{
	(void)arg;
	sim_point(sim);
	if (t < 2) {
		note(t, "s");
		sim_sleep(sim, 5 + t);
		note(t, "w");
		sim_point(sim);
		note(t, "l");
		sim_point(sim);
		note(t, "e");
	} else {
		sim_wakeup(sim, 5);
		note(t, "5");
		sim_point(sim);
		sim_wakeup(sim, 6);
		note(t, "6");
	}
}

static void
test_sleep(void **state)
{
	(void)state;
	sim_begin(sim, 3, sleepers, NULL);
	/* No thread sleeps yet: this wakeup is lost on purpose. */
	run("2");
	run("01");
	expect_log("25 0s 1s ");
	assert_int_equal(sim_status(sim, 0), SIM_SLEEPING);
	assert_int_equal(sim_channel(sim, 0), 5);
	assert_int_equal(sim_channel(sim, 1), 6);
	assert_int_equal(sim_channel(sim, 2), SIM_CHANNEL_NONE);
	assert_int_equal(sim_enabled(sim), 4);
	run("2");
	expect_log("26 ");
	assert_int_equal(sim_enabled(sim), 2);
	assert_int_equal(sim_channel(sim, 1), SIM_CHANNEL_NONE);
	assert_true(sim_fresh(sim, 1));
	run("1");
	expect_log("1w 1l ");
	run("1");
	expect_log("1e ");
	/* Only the lost one is left: a deadlock, until the owner's side wakes it. */
	assert_int_equal(sim_enabled(sim), 0);
	assert_int_equal(sim_unfinished(sim), 1);
	sim_wakeup(sim, 6);
	assert_int_equal(sim_enabled(sim), 0);
	sim_wakeup(sim, 5);
	assert_int_equal(sim_enabled(sim), 1);
	run("00");
	expect_log("0w 0l 0e ");
}

/* Blocked after its point: when it resumes, it makes no second point, and the next point ends the step. */
static void
blocked(void *arg, unsigned t)
{
	(void)arg;
	sim_point(sim);
	if (t == 0) {
		note(t, "t");
		sim_block(sim, 9);
		note(t, "r");
		sim_point(sim);
		note(t, "e");
	} else {
		sim_wakeup(sim, 9);
	}
}

static void
test_blocked_fiber_makes_no_second_point(void **state)
{
	(void)state;
	sim_begin(sim, 2, blocked, NULL);
	run("0");
	assert_int_equal(sim_channel(sim, 0), 9);
	run("1");
	assert_false(sim_fresh(sim, 0));
	run("0");
	expect_log("0t 0r ");
	run("0");
	expect_log("0e ");
}

/* --- beginning again --- */

static uint64_t nr_bodies;

/* Has a stack of different depth at each point. */
__attribute__((noinline)) static void
wander(unsigned depth)
{
	volatile unsigned char frame[64];

	frame[depth % 64] = (unsigned char)depth;
	sim_point(sim);
	if (depth > 0)
		wander(depth - 1);
	assert_int_equal(frame[depth % 64], (unsigned char)depth);
	if (depth == 2)
		sim_sleep(sim, 3);
	sim_point(sim);
}

static void
wanderer(void *arg, unsigned t)
{
	(void)arg;
	nr_bodies++;
	wander(t * 3);
}

static void
test_abandoned_fibers_leave_no_trace(void **state)
{
	uint64_t state_of_it = 1;

	(void)state;
	nr_bodies = 0;
	for (unsigned i = 0; i < 100000; i++) {
		unsigned nr = 1 + i % 4;

		sim_begin(sim, nr, wanderer, NULL);
		for (unsigned steps = i % 13; steps > 0 && sim_enabled(sim) != 0; steps--) {
			unsigned t;

			state_of_it = state_of_it * 6364136223846793005u + 1442695040888963407u;
			t = (unsigned)(state_of_it >> 33) % nr;
			sim_step(
			    sim, (sim_enabled(sim) & 1u << t) != 0 ? t : (unsigned)__builtin_ctz(sim_enabled(sim)));
		}
	}
	assert_true(nr_bodies > 100000);
	/* After all that, everything is as it was. */
	sim_begin(sim, 2, three_points, NULL);
	run("000111");
	expect_log("0- 0a 0b 0c 1- 1a 1b 1c ");
}

/* Two worlds do not know of each other; one can run within a step of the owner of the other. */
static void
test_two_worlds(void **state)
{
	struct sim *first = sim, *second = sim_create();

	(void)state;
	assert_non_null(second);
	sim_begin(first, 1, three_points, NULL);
	run("0");
	sim = second;
	sim_begin(second, 1, three_points, NULL);
	run("00");
	sim = first;
	run("00");
	sim = second;
	run("0");
	sim = first;
	expect_log("0- 0a 0- 0a 0b 0b 0c 0c ");
	sim_destroy(second);
}

static int
setup(void **state)
{
	log_text[0] = '\0';
	return one_sim_setup(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_deep_stack_survives_switches),
		cmocka_unit_test(test_stack_overflow_hits_guard_page),
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, one_sim_teardown)
		TEST(test_points),
		TEST(test_thread_without_point_makes_one_step),
		TEST(test_sleep),
		TEST(test_blocked_fiber_makes_no_second_point),
		TEST(test_abandoned_fibers_leave_no_trace),
		TEST(test_two_worlds),
	};

#ifdef WS_FIBER_UCONTEXT
	print_message("switching by swapcontext\n");
#else
	print_message("switching by assembly\n");
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
