/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-strategies.c - checks the guarantees of the strategies, on programs with probabilities computed by hand.
 *
 * Each of these programs has one order of steps that counts as a bug; the test measures how often a strategy makes it.
 * x is a page that both threads write, . a page of the thread's own. Seeds are given, so a figure is the same each
 * time: the tolerance, four standard deviations, is for the numbers drawn, not for the machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/explore/explore.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "tests/common/toy.h"

#define RUNS 20000
#define STEPS_MAX 128
#define SHARED 50 /* the page x */

static struct sim *sim;

/* --- a target that records which thread wrote page x, and when --- */

struct cells {
	struct sim *sim;
	unsigned nr_steps, nr_shared;
	uint8_t shared[STEPS_MAX]; /* the threads that wrote x, in order */
	uint8_t steps[STEPS_MAX];  /* the threads that made a step, in order */
};

static void *
cells_create(const struct program_config *cfg, struct sim *world)
{
	struct cells *c = calloc(1, sizeof(*c));

	(void)cfg;
	if (c != NULL)
		c->sim = world;
	return c;
}

static bool
cells_save(void *self)
{
	(void)self;
	return true;
}

static void
cells_restore(void *self)
{
	struct cells *c = self;

	c->nr_steps = c->nr_shared = 0;
}

static struct vm_result
cells_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct cells *c = self;

	sim_point(c->sim);
	if (c->nr_steps == STEPS_MAX)
		errx(1, "too many steps");
	c->steps[c->nr_steps++] = (uint8_t)thread;
	if (op->start == SHARED)
		c->shared[c->nr_shared++] = (uint8_t)thread;
	return (struct vm_result){ .outcome = VM_OUTCOME_DONE };
}

static void
cells_dump(void *self, struct vm_state *out)
{
	(void)self;
	state_clear(out);
}

static const struct vm_target cells = {
	VM_TARGET_INIT,
	.name = "cells",
	.summary = "who wrote what, when",
	.create = cells_create,
	.destroy = free,
	.save = cells_save,
	.restore = cells_restore,
	.apply = cells_apply,
	.dump = cells_dump,
};

/* threads[t] is a text: x writes the shared page, . the thread's own. */
static void
open_cells(struct run *r, struct program *p, unsigned nr, const char *const threads[])
{
	program_init(p);
	p->threads = calloc(nr, sizeof(*p->threads));
	if (p->threads == NULL)
		err(1, "no memory");
	p->nr_threads = nr;
	for (unsigned t = 0; t < nr; t++)
		for (const char *at = threads[t]; *at != '\0'; at++)
			p->threads[t].ops[p->threads[t].nr_ops++] =
			    (struct vm_op){ .code = VM_OP_write, .start = *at == 'x' ? SHARED : 20 + t, .value = 1 };
	if (run_open(r, p, &cells, sim) != RUN_OPENED)
		errx(1, "%s", strbuf_text(&r->error));
}

#define TIMES_20 "xxxxxxxxxxxxxxxxxxxx"
#define OWN_19 "..................."

/* --- how often --- */

/* Is it the order that counts as a bug? @after: T1's write of x comes after this many writes of T0. */
static bool
hits(const struct cells *c, unsigned after)
{
	unsigned i = 0;

	while (c->shared[i] == 0)
		i++;
	return i == after;
}

/* strategy_function, with a depth for pct: 0 draws it. */
static void
one_run(const char *name, unsigned depth, struct run *r, const struct strategy_view *v, uint64_t seed)
{
	if (depth > 0)
		(void)strategy_pct_depth(r, v, depth, seed, NULL, NULL);
	else
		(void)strategy_find(name)->function(r, v, seed, NULL, NULL);
}

/* The share of runs in which T1 writes x after @after writes of T0. */
static double
share_of(const char *name, unsigned depth, const char *t0, const char *t1, unsigned after)
{
	struct strategy_view v;
	struct program p;
	struct run r;
	unsigned found = 0;

	open_cells(&r, &p, 2, (const char *const[]){ t0, t1 });
	strategy_view_init(&v, &r);
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		one_run(name, depth, &r, &v, seed);
		found += hits(r.self, after);
	}
	strategy_view_free(&v);
	run_close(&r);
	program_free(&p);
	return (double)found / RUNS;
}

static double
tolerance(double p)
{
	return 4 * sqrt(p * (1 - p) / RUNS);
}

static void
assert_share(double got, double want)
{
	if (fabs(got - want) > tolerance(want))
		fail_msg("a share of %.5f, expected %.5f", got, want);
}

static void
assert_at_least(double got, double want)
{
	if (got < want - tolerance(want))
		fail_msg("a share of %.5f, where %.5f is the least", got, want);
}

/*
 * T1's only write after all twenty of T0's. A uniform choice makes it with 2^-20. One of 21 places, if interleavings
 * are equally likely; one of two orders of threads, if priorities stay.
 */
static void
test_last_of_all(void **state)
{
	(void)state;
	assert_true(share_of("random", 0, TIMES_20, "x", 20) < 0.0005);
	assert_true(share_of("pos", 0, TIMES_20, "x", 20) < 0.0005);
	assert_share(share_of("urw", 0, TIMES_20, "x", 20), 1 / 21.0);
	assert_share(share_of("surw", 0, TIMES_20, "x", 20), 1 / 21.0);
	assert_share(share_of("pct", 1, TIMES_20, "x", 20), 0.5);
	assert_at_least(share_of("pct", 0, TIMES_20, "x", 20), 0.25 * 0.5);
}

/*
 * In one given gap between T0's twenty. That takes one change of priority: T0 first, then T1 at the right one of k
 * choices. Priorities that stay never make it.
 */
static void
test_write_in_one_given_gap(void **state)
{
	const double n = 2, k = 20; /* threads, and the choices while T1 has not written */

	(void)state;
	assert_share(share_of("urw", 0, TIMES_20, "x", 10), 1 / 21.0);
	assert_share(share_of("surw", 0, TIMES_20, "x", 10), 1 / 21.0);
	assert_share(share_of("random", 0, TIMES_20, "x", 10), 1 / 2048.0);
	assert_true(share_of("pct", 1, TIMES_20, "x", 10) <= 0);
	for (unsigned gap = 1; gap < 20; gap++)
		assert_at_least(share_of("pct", 2, TIMES_20, "x", gap), 1 / (n * k));
	assert_at_least(share_of("pct", 0, TIMES_20, "x", 10), 0.35 / (n * k));
}

/*
 * Two writes of T0, and between them one of T1's, who has 38 steps of its own: as many choices that do not matter. Who
 * leaves them out of account has three places for it.
 */
static void
test_write_between_two_despite_other_steps(void **state)
{
	(void)state;
	assert_share(share_of("surw", 0, "xx", OWN_19 OWN_19 "x", 1), 1 / 3.0);
	/* The last step of all is T0's second, and its first any of the 39 before T1's last: of C(41, 2). */
	assert_share(share_of("urw", 0, "xx", OWN_19 OWN_19 "x", 1), 39 / 820.0);
	assert_true(share_of("random", 0, "xx", OWN_19 OWN_19 "x", 1) < 0.0005);
}

/*
 * T0's last of twenty steps before T1's only one, where only these two conflict. Partial order sampling keeps T1's
 * priority over the other nineteen: it must be the least of 21.
 */
static void
test_long_before_short(void **state)
{
	(void)state;
	assert_true(share_of("random", 0, OWN_19 "x", "x", 1) < 0.0005);
	assert_share(share_of("pos", 0, OWN_19 "x", "x", 1), 1 / 21.0);
	assert_share(share_of("urw", 0, OWN_19 "x", "x", 1), 1 / 21.0);
	assert_share(share_of("surw", 0, OWN_19 "x", "x", 1), 0.5);
	assert_share(share_of("pct", 1, OWN_19 "x", "x", 1), 0.5);
}

/* --- all interleavings --- */

/* How often each of the 70 interleavings of twice four steps was made, indexed by a bit per step for its thread. */
static void
count_interleavings(const char *name, unsigned runs, unsigned counts[256])
{
	struct strategy_view v;
	struct program p;
	struct run r;

	memset(counts, 0, 256 * sizeof(*counts));
	open_cells(&r, &p, 2, (const char *const[]){ "xxxx", "xxxx" });
	strategy_view_init(&v, &r);
	for (uint64_t seed = 1; seed <= runs; seed++) {
		const struct cells *c = r.self;
		unsigned which = 0;

		one_run(name, 0, &r, &v, seed);
		assert_int_equal(c->nr_steps, 8);
		for (unsigned i = 0; i < 8; i++)
			which = which << 1 | c->steps[i];
		counts[which]++;
	}
	strategy_view_free(&v);
	run_close(&r);
	program_free(&p);
}

/* Chi squared of 69 degrees of freedom: 69 is usual, 69 + 4 * sqrt(2 * 69) is not. */
static double
chi_squared(const unsigned counts[256], unsigned runs)
{
	double expected = runs / 70.0, sum = 0;

	for (unsigned i = 0; i < 256; i++)
		if (__builtin_popcount(i) == 4)
			sum += (counts[i] - expected) * (counts[i] - expected) / expected;
	return sum;
}

static void
test_uniform(void **state)
{
	static const char *const uniform[] = { "urw", "surw" };
	unsigned counts[256];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		count_interleavings(uniform[i], 70000, counts);
		assert_true(chi_squared(counts, 70000) < 69 + 4 * sqrt(2 * 69));
	}
	/* Uniform choices are not: T0 to its end first is four heads in a row, not one of 70. */
	count_interleavings("random", 70000, counts);
	assert_true(chi_squared(counts, 70000) > 10000);
	assert_true(fabs(counts[0x0f] / 70000.0 - 1 / 16.0) < 0.004);
}

/* Every strategy except pct and bytes must eventually make every schedule. */
static void
test_reaches_all(void **state)
{
	static const char *const names[] = { "random", "pos", "urw", "surw" };
	unsigned counts[256];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		count_interleavings(names[i], 70000, counts);
		for (unsigned which = 0; which < 256; which++)
			assert_int_equal(counts[which] > 0, __builtin_popcount(which) == 4);
	}
}

/* --- waiting --- */

#define OPS(...) ((const uint64_t[]){ __VA_ARGS__, TOY_END })
#define THREADS(...) ((const uint64_t *const[]){ __VA_ARGS__ })

static void
open_toy(struct run *r, struct program *p, unsigned nr, const uint64_t *const ops[])
{
	toy_program(p, nr, ops);
	if (run_open(r, p, &toy, sim) != RUN_OPENED)
		errx(1, "%s", strbuf_text(&r->error));
}

/* T0 looks, and goes to sleep a step later; the wakeup comes in between. With a third thread that is in the way. */
static void
test_lost_wakeup(void **state)
{
	struct explore_options o = { 0 };
	struct strategy_view v;
	struct explore_result x;
	struct program p;
	struct run r;
	double due = 0;

	(void)state;
	open_toy(&r, &p, 3, THREADS(OPS(TOY(TOY_WAIT, 0)), OPS(TOY(TOY_SIGNAL, 0)), OPS(TOY(TOY_STEPS, 4))));
	explore(&r, &o, &x);
	for (size_t i = 0; i < x.nr_outcomes; i++)
		if (strstr(x.outcomes[i].text, "DEADLOCK") != NULL)
			due += x.outcomes[i].probability;
	assert_true(due > 0 && due < 1);
	explore_result_free(&x);
	strategy_view_init(&v, &r);
	for (size_t i = 0; strategy_at(i) != NULL; i++) {
		unsigned found = 0;

		for (uint64_t seed = 1; seed <= RUNS; seed++) {
			(void)strategy_at(i)->function(&r, &v, seed, NULL, NULL);
			found += run_deadlocked(&r);
		}
		assert_true(found > 0 && found < RUNS);
		/* The frequencies match the explorer's probabilities. */
		if (strcmp(strategy_at(i)->name, "random") == 0)
			assert_share((double)found / RUNS, due);
	}
	strategy_view_free(&v);
	run_close(&r);
	program_free(&p);
}

/* A thread that spins until another one has its turn: no priority may keep that one away for ever. */
static void
test_spinning_ends(void **state)
{
	struct strategy_view v;
	struct program p;
	struct run r;

	(void)state;
	open_toy(&r, &p, 3, THREADS(OPS(TOY(TOY_SPIN, 0)), OPS(TOY(TOY_SPIN, 0)), OPS(TOY(TOY_SIGNAL, 0))));
	strategy_view_init(&v, &r);
	for (size_t i = 0; strategy_at(i) != NULL; i++) {
		/* By bytes each thread runs on: there nothing but the choices can end it. */
		if (strcmp(strategy_at(i)->name, "bytes") == 0)
			continue;
		for (uint64_t seed = 1; seed <= 1000; seed++) {
			(void)strategy_at(i)->function(&r, &v, seed, NULL, NULL);
			assert_int_equal(run_enabled(&r), 0);
		}
	}
	strategy_view_free(&v);
	run_close(&r);
	program_free(&p);
}

/* --- the engine: the same seed is the same run, and what it prints replays --- */

/* The schedule of one run, as text; the outcome into *outcome. */
static char *
schedule_of(
    const struct strategy *s, struct run *r, const struct strategy_view *v, uint64_t seed, struct strbuf *outcome)
{
	struct strbuf text = { 0 }, again = { 0 };
	struct schedule c = { 0 };
	struct replay how = { 0 };

	(void)s->function(r, v, seed, replay_record, &c);
	run_outcome(r, outcome);
	assert_true(replay(r, &c, &how));
	run_outcome(r, &again);
	assert_string_equal(strbuf_text(&again), strbuf_text(outcome));
	schedule_print(&c, &text);
	replay_free(&how);
	strbuf_free(&again);
	schedule_free(&c);
	return strbuf_take(&text);
}

static void
same_run(const struct strategy *s, struct run *r, uint64_t seed)
{
	struct strbuf first = { 0 }, second = { 0 }, unheard = { 0 };
	struct strategy_view v, w;
	char *a, *b;

	strategy_view_init(&v, r);
	a = schedule_of(s, r, &v, seed, &first);
	strategy_view_init(&w, r);
	b = schedule_of(s, r, &w, seed, &second);
	assert_string_equal(a, b);
	assert_string_equal(strbuf_text(&first), strbuf_text(&second));
	/* Without an observer, another loop runs, with the same choices. */
	(void)s->function(r, &v, seed, NULL, NULL);
	run_outcome(r, &unheard);
	assert_string_equal(strbuf_text(&first), strbuf_text(&unheard));
	free(a);
	free(b);
	strategy_view_free(&v);
	strategy_view_free(&w);
	strbuf_free(&first);
	strbuf_free(&second);
	strbuf_free(&unheard);
}

static void
test_replays(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		const struct random_params params = { .seed = seed, .target = &target_engine };
		struct program p;
		struct run r;

		random_concurrent(&params, &p);
		if (run_open(&r, &p, &target_engine, sim) != RUN_OPENED)
			errx(1, "%s", strbuf_text(&r.error));
		for (size_t i = 0; strategy_at(i) != NULL; i++)
			same_run(strategy_at(i), &r, seed);
		run_close(&r);
		program_free(&p);
	}
}

/* --- conflicts --- */

static bool
conflict(const char *a, const char *b)
{
	struct vmt_error e;
	struct vm_op x, y;
	bool forth, back;

	if (!vmt_parse_op(a, &x, &e) || !vmt_parse_op(b, &y, &e))
		errx(1, "%s", e.text);
	forth = strategy_ops_conflict(&x, &y);
	back = strategy_ops_conflict(&y, &x);
	assert_int_equal(forth, back);
	return forth;
}

static void
test_conflicts(void **state)
{
	(void)state;
	assert_true(conflict("wire 20 24 user noholes", "clip 22"));
	assert_true(conflict("wire 20 24 user noholes", "remove 23 30"));
	assert_false(conflict("wire 20 24 user noholes", "remove 24 30"));
	assert_false(conflict("wire 20 24 user noholes", "clip 24"));
	/* Two that only ask do not. */
	assert_false(conflict("lookup 20", "check 20 24 r"));
	assert_true(conflict("lookup 20", "remove 20 24"));
	/* Operations without a page conflict with all pages. */
	assert_true(conflict("find 4 rw rwx", "remove 20 24"));
	assert_true(conflict("pageout 3", "fault 20 r"));
	/* An inverted range covers the pages between its ends, an empty one its page. */
	assert_true(conflict("wire 24 20 user noholes", "clip 22"));
	assert_true(conflict("remove 20 20", "fault 20 r"));
	assert_false(conflict("remove 20 20", "fault 21 r"));
}

static void
test_table(void **state)
{
	unsigned shares = 0, made[16] = { 0 };
	size_t nr = 0;

	(void)state;
	for (; strategy_at(nr) != NULL; nr++) {
		assert_ptr_equal(strategy_find(strategy_at(nr)->name), strategy_at(nr));
		shares += strategy_at(nr)->share;
	}
	assert_int_equal(shares, 100);
	assert_null(strategy_find("no such"));
	for (uint64_t seed = 0; seed < RUNS; seed++)
		for (size_t i = 0; i < nr; i++)
			made[i] += strategy_of_mix(seed) == strategy_at(i);
	for (size_t i = 0; i < nr; i++)
		assert_share((double)made[i] / RUNS, strategy_at(i)->share / 100.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_last_of_all),
		cmocka_unit_test(test_write_in_one_given_gap),
		cmocka_unit_test(test_write_between_two_despite_other_steps),
		cmocka_unit_test(test_long_before_short),
		cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_reaches_all),
		cmocka_unit_test(test_lost_wakeup),
		cmocka_unit_test(test_spinning_ends),
		cmocka_unit_test(test_replays),
	};
	int failed;

	sim = sim_create();
	if (sim == NULL)
		err(1, "no memory for the fibers");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sim_destroy(sim);
	return failed;
}
