/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-replay.c - given schedules, strict and lenient, and schedules drawn from a seed.
 *
 *	test-replay CORPUS
 *
 * CORPUS is a directory with .vmt files in it, anywhere; no file with threads is an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <err.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "tests/common/one-sim.h"
#include "tests/common/toy.h"

#define SEEDED_RUNS 2500

static const char *corpus;

#define OPS(...) ((const uint64_t[]){ __VA_ARGS__, TOY_END })
#define THREADS(...) ((const uint64_t *const[]){ __VA_ARGS__ })

/* --- replay --- */

struct given {
	struct program program;
	struct run run;
};

/* T0 takes two steps; T1 sleeps in its first until T2 signals. */
static struct given *
open_given(void)
{
	struct given *g = calloc(1, sizeof(*g));

	if (g == NULL)
		err(1, "no memory");
	toy_program(&g->program, 3, THREADS(OPS(TOY(TOY_STEPS, 2)), OPS(TOY(TOY_SAFE, 0)), OPS(TOY(TOY_SIGNAL, 0))));
	if (run_open(&g->run, &g->program, &toy, sim) != RUN_OPENED)
		errx(1, "%s", strbuf_text(&g->run.error));
	return g;
}

static void
close_given(struct given *g)
{
	run_close(&g->run);
	program_free(&g->program);
	free(g);
}

static bool
replay_text(struct run *r, const char *schedule, struct replay *how)
{
	struct schedule s = { 0 };
	struct vmt_error e;
	bool ok;

	if (!schedule_parse(schedule, &s, &e))
		errx(1, "%s: %s", schedule, e.text);
	ok = replay(r, &s, how);
	schedule_free(&s);
	return ok;
}

static void
test_strict(void **state)
{
	static const struct {
		const char *schedule;
		size_t steps;      /* made */
		const char *error; /* NULL: none */
	} cases[] = {
		{ "T0*2 T1 T2 T1", 5, NULL },
		{ "T0 T1 T0 T2 T1", 5, NULL },
		{ "T2 T1 T0*2", 4, NULL },
		{ "", 0, "the schedule ends after step 0, but T0 can go on" },
		{ "T0*2 T1", 3, "the schedule ends after step 3, but T2 can go on" },
		{ "T0*2 T1 T2", 4, "the schedule ends after step 4, but T1 can go on" },
		{ "T0*3", 2, "step 3 of the schedule: T0 cannot run, it is finished" },
		{ "T1*2", 1, "step 2 of the schedule: T1 cannot run, it sleeps" },
		{ "T0*2 T1*2 T2", 3, "step 4 of the schedule: T1 cannot run, it sleeps" },
		{ "T0 T3", 1, "step 2 of the schedule: T3 cannot run, there is no such thread" },
		{ "T15", 0, "step 1 of the schedule: T15 cannot run, there is no such thread" },
		{ "T2 T1 T0*2 T0", 4, "step 5 of the schedule: T0 cannot run, it is finished" },
	};
	struct given *g = open_given();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replay how = { 0 };

		assert_int_equal(replay_text(&g->run, cases[i].schedule, &how), cases[i].error == NULL);
		assert_string_equal(strbuf_text(&how.error), cases[i].error == NULL ? "" : cases[i].error);
		assert_int_equal(how.nr_steps, cases[i].steps);
		assert_int_equal(how.nr_diverged, 0);
		replay_free(&how);
	}
	close_given(g);
}

/* Appends each step's thread to a text. */
static void
write_down(void *arg, struct run *r, size_t step, unsigned thread)
{
	char *text = arg;

	(void)r;
	assert_int_equal(strlen(text), step - 1);
	text[step - 1] = (char)('0' + thread);
}

static void
test_lenient(void **state)
{
	static const struct {
		const char *schedule, *steps;
		size_t diverged;
	} cases[] = {
		{ "T0*2 T1 T2 T1", "00121", 0 },
		/* Left over: the present thread goes on, then the lowest one that can. */
		{ "", "00121", 0 },
		{ "T2", "2001", 0 },
		{ "T1", "10021", 0 },
		/* Finished, asleep, none such: the present thread instead; if that cannot either, the lowest. */
		{ "T0*3 T2 T1",
		    "0012"
		    "1",
		    1 },
		{ "T0 T3 T1 T2", "00121", 1 },
		{ "T1 T1", "10021", 1 },
		/* More steps than the thread has: the rest counts as one choice. */
		{ "T0*2 T1 T2 T1 T2", "00121", 1 },
		{ "T0*100", "00121", 4 },
	};
	struct given *g = open_given();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[32] = "";
		struct replay how = { .lenient = true, .on_step = write_down, .arg = text };

		assert_true(replay_text(&g->run, cases[i].schedule, &how));
		if (strcmp(text, cases[i].steps) != 0)
			fail_msg("%s ran as %s, not %s", cases[i].schedule, text, cases[i].steps);
		assert_int_equal(how.nr_steps, strlen(text));
		if (how.nr_diverged != cases[i].diverged)
			fail_msg("%s diverged %zu times", cases[i].schedule, how.nr_diverged);
		assert_int_equal(run_enabled(&g->run), 0);
		replay_free(&how);
	}
	close_given(g);
}

/* A deadlock is an end like others. */
static void
test_deadlock(void **state)
{
	struct program p;
	struct run r;
	struct replay how = { 0 };

	(void)state;
	toy_program(&p, 2, THREADS(OPS(TOY(TOY_WAIT, 0)), OPS(TOY(TOY_SIGNAL, 0))));
	assert_int_equal(run_open(&r, &p, &toy, sim), RUN_OPENED);
	assert_true(replay_text(&r, "T0 T1 T0", &how));
	assert_true(run_deadlocked(&r));
	assert_true(replay_text(&r, "T1 T0", &how));
	assert_false(run_deadlocked(&r));
	replay_free(&how);
	run_close(&r);
	program_free(&p);
}

/* --- seeds --- */

struct drawn {
	struct schedule way;
	struct strbuf schedule, outcome;
};

static void
draw(struct run *r, uint64_t seed, struct drawn *d)
{
	size_t steps = 0;

	*d = (struct drawn){ 0 };
	steps = strategy_random(r, NULL, seed, replay_record, &d->way);
	for (size_t i = 0; i < d->way.nr; i++)
		steps -= d->way.choices[i].count;
	assert_int_equal(steps, 0);
	schedule_print(&d->way, &d->schedule);
	run_outcome(r, &d->outcome);
}

static void
drawn_free(struct drawn *d)
{
	schedule_free(&d->way);
	strbuf_free(&d->schedule);
	strbuf_free(&d->outcome);
}

static uint64_t nr_runs, nr_different;

/* The run of a seed: again the same, replayed the same outcome, which is one that the file expects. */
static void
check_seed(struct run *r, const struct program *p, uint64_t seed)
{
	struct drawn one, again, other;
	struct replay how = { 0 };
	struct strbuf outcome = { 0 };
	bool expected = false;

	draw(r, seed, &one);
	draw(r, seed, &again);
	assert_string_equal(one.schedule.text, again.schedule.text);
	assert_string_equal(one.outcome.text, again.outcome.text);
	/* The printed schedule, read again. */
	assert_true(replay_text(r, one.schedule.text, &how));
	run_outcome(r, &outcome);
	assert_string_equal(outcome.text, one.outcome.text);
	for (size_t i = 0; i < p->nr_outcomes; i++)
		expected |= strcmp(p->outcomes[i].text, outcome.text) == 0;
	assert_true(expected);
	draw(r, seed + 1, &other);
	nr_different += strcmp(one.schedule.text, other.schedule.text) != 0;
	nr_runs++;
	drawn_free(&one);
	drawn_free(&again);
	drawn_free(&other);
	strbuf_free(&outcome);
	replay_free(&how);
}

static void
check_file(const char *path)
{
	struct program p;
	struct run r;

	assert_true(vmt_read(path, &p));
	if (p.nr_threads > 1) {
		assert_int_equal(run_open(&r, &p, &target_engine, sim), RUN_OPENED);
		for (uint64_t seed = 0; seed < 6; seed++)
			check_seed(&r, &p, seed * 1000 + nr_runs);
		run_close(&r);
	}
	program_free(&p);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
test_seeds(void **state)
{
	char *paths[] = { strdup(corpus), NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;

	(void)state;
	while (tree != NULL && (e = fts_read(tree)) != NULL)
		if (e->fts_info == FTS_F && e->fts_namelen > 4 && strcmp(e->fts_name + e->fts_namelen - 4, ".vmt") == 0)
			check_file(e->fts_path);
	(void)fts_close(tree);
	free(paths[0]);
	print_message("%llu runs, %llu of them unlike that of the next seed\n", (unsigned long long)nr_runs,
	    (unsigned long long)nr_different);
	assert_true(nr_runs >= SEEDED_RUNS);
	/* Small programs have few schedules, and two seeds may draw the same. */
	assert_true(nr_different > nr_runs / 2);
}

/* Uniform at each point: of two threads with a step each, either goes first about as often. */
static void
test_uniform(void **state)
{
	struct program p;
	struct run r;
	unsigned first[3] = { 0 };

	(void)state;
	toy_program(&p, 3, THREADS(OPS(TOY(TOY_ADD, 1)), OPS(TOY(TOY_ADD, 1)), OPS(TOY(TOY_ADD, 1))));
	assert_int_equal(run_open(&r, &p, &toy, sim), RUN_OPENED);
	for (uint64_t seed = 0; seed < 30000; seed++) {
		struct drawn d;

		draw(&r, seed, &d);
		first[d.way.choices[0].thread]++;
		drawn_free(&d);
	}
	/* The seeds are fixed, and so are these numbers: 10000 each, give or take 6 times the deviation of 82. */
	for (unsigned t = 0; t < 3; t++)
		assert_in_range(first[t], 9500, 10500);
	run_close(&r);
	program_free(&p);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_uniform),
	};

	if (argc != 2)
		errx(2, "usage: test-replay CORPUS");
	corpus = argv[1];
	return cmocka_run_group_tests(tests, one_sim_setup, one_sim_teardown);
}
