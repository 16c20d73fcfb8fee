/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-explore.c - the explorer on toys (toy.h), against numbers computed by hand and against a brute force that knows
 * nothing of states: it runs every schedule, one after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/expect/expect.h"
#include "harness/explore/explore.h"
#include "harness/run/run.h"
#include "tests/common/one-sim.h"
#include "tests/common/toy.h"

#define OPS(...) ((const uint64_t[]){ __VA_ARGS__, TOY_END })
#define THREADS(...) ((const uint64_t *const[]){ __VA_ARGS__ })

static void
open_toy(struct run *r, struct program *p, const struct vm_target *target)
{
	if (run_open(r, p, target, sim) != RUN_OPENED)
		errx(1, "%s", strbuf_text(&r->error));
}

static void
explore_program(
    struct program *p, const struct vm_target *target, const struct explore_options *o, struct explore_result *x)
{
	struct run r;

	open_toy(&r, p, target);
	explore(&r, o, x);
	run_close(&r);
}

/* Explores threads of TOY operations and frees the program. */
static void
explore_ops(unsigned nr, const uint64_t *const ops[], const struct vm_target *target, const struct explore_options *o,
    struct explore_result *x)
{
	struct program p;

	toy_program(&p, nr, ops);
	explore_program(&p, target, o, x);
	program_free(&p);
}

static void
assert_count(explore_count got, explore_count want)
{
	char a[40], b[40];

	assert_string_equal(explore_count_text(got, a), explore_count_text(want, b));
}

static void
assert_close(double got, double want)
{
	if (fabs(got - want) > 1e-9)
		fail_msg("%.12g is not %.12g", got, want);
}

static const struct explore_outcome *
outcome_of(const struct explore_result *x, const char *text)
{
	for (size_t i = 0; i < x->nr_outcomes; i++)
		if (strcmp(x->outcomes[i].text, text) == 0)
			return &x->outcomes[i];
	for (size_t i = 0; i < x->nr_outcomes; i++)
		print_message("there is: %s\n", x->outcomes[i].text);
	fail_msg("no outcome %s", text);
	return NULL;
}

/* --- counting --- */

/* Pascal's triangle, without a division: exact as long as the result fits. False: it does not. */
static bool
binomial(unsigned n, unsigned k, explore_count *ret)
{
	explore_count row[200] = { 1 };
	bool fits = true;

	for (unsigned i = 1; i <= n; i++)
		for (unsigned j = i < k ? i : k; j > 0; j--)
			if (__builtin_add_overflow(row[j], row[j - 1], &row[j]) && i + k >= n + j)
				fits = false;
	*ret = row[k];
	return fits;
}

/* (threads * steps)! / steps!^threads. */
static bool
multinomial(unsigned threads, unsigned steps, explore_count *ret)
{
	*ret = 1;
	for (unsigned i = 1; i <= threads; i++) {
		explore_count b;

		if (!binomial(i * steps, steps, &b) || __builtin_mul_overflow(*ret, b, ret))
			return false;
	}
	return true;
}

static void
count_steps(unsigned threads, unsigned steps, struct explore_result *x)
{
	const uint64_t ops[] = { TOY(TOY_STEPS, steps), TOY_END };
	const uint64_t *all[PROGRAM_THREADS_MAX];

	for (unsigned t = 0; t < threads; t++)
		all[t] = ops;
	explore_ops(threads, all, &toy, &(struct explore_options){ 0 }, x);
	assert_int_equal(x->end, EXPLORE_COMPLETE);
	assert_false(x->livelock);
	assert_int_equal(x->nr_outcomes, 1);
	assert_close(x->outcomes[0].probability, 1.0);
}

static void
test_multinomial_itself(void **state)
{
	explore_count n;

	(void)state;
	assert_true(multinomial(2, 8, &n));
	assert_count(n, 12870);
	assert_true(multinomial(3, 4, &n));
	assert_count(n, 34650);
	assert_true(multinomial(2, 65, &n));
	assert_false(multinomial(2, 66, &n));
	assert_false(multinomial(3, 32, &n));
}

static void
test_counts(void **state)
{
	static const unsigned sizes[][2] = { { 1, 1 }, { 1, 50 }, { 2, 1 }, { 2, 8 }, { 3, 4 }, { 4, 3 }, { 6, 2 },
		{ 8, 1 },
		/* above 2^64 */
		{ 2, 36 }, { 4, 12 }, { 2, 64 }, { 2, 65 }, { 3, 26 } };
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned threads = sizes[i][0], steps = sizes[i][1];
		struct explore_result x;
		explore_count want, states = 1;

		count_steps(threads, steps, &x);
		assert_true(multinomial(threads, steps, &want));
		assert_count(x.schedules, want);
		assert_count(x.outcomes[0].count, want);
		assert_false(x.overflow);
		for (unsigned t = 0; t < threads; t++)
			states *= steps + 1;
		assert_int_equal(x.states, states);
		explore_result_free(&x);
	}
	assert_string_equal(explore_count_text(~(explore_count)0, text), "340282366920938463463374607431768211455");
	assert_string_equal(explore_count_text(0, text), "0");
}

static void
test_overflow(void **state)
{
	static const unsigned sizes[][2] = { { 2, 66 }, { 3, 32 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct explore_result x;

		count_steps(sizes[i][0], sizes[i][1], &x);
		assert_true(x.overflow);
		explore_result_free(&x);
	}
}

/* --- probabilities, by hand --- */

/* Two racy increments of two steps: 6 schedules. AABB: 1/2 1/2 1 1. ABAB: 1/2 1/2 1/2 1. */
static void
test_lost_update(void **state)
{
	struct explore_options o = { .want_witnesses = true };
	const struct explore_outcome *lost, *serial;
	struct explore_result x;

	(void)state;
	explore_ops(2, THREADS(OPS(TOY(TOY_INC, 0)), OPS(TOY(TOY_INC, 0))), &toy, &o, &x);
	assert_count(x.schedules, 6);
	assert_int_equal(x.nr_outcomes, 3);
	lost = outcome_of(&x, "T0: 0 | T1: 0 | (empty) uw=1");
	assert_count(lost->count, 4);
	assert_close(lost->probability, 0.5);
	assert_int_equal(lost->witness.preemptions, 1);
	serial = outcome_of(&x, "T0: 0 | T1: 1 | (empty) uw=2");
	assert_count(serial->count, 1);
	assert_close(serial->probability, 0.25);
	assert_int_equal(serial->witness.preemptions, 0);
	assert_close(outcome_of(&x, "T0: 1 | T1: 0 | (empty) uw=2")->probability, 0.25);
	explore_result_free(&x);
}

/* One step against three: T0 first with 1/2, second with 1/4, third and last with 1/8 each. */
static void
test_probabilities(void **state)
{
	struct explore_result x;

	(void)state;
	explore_ops(2, THREADS(OPS(TOY(TOY_ADD, 1)), OPS(TOY(TOY_ADD, 10), TOY(TOY_ADD, 100), TOY(TOY_ADD, 1000))),
	    &toy, &(struct explore_options){ 0 }, &x);
	assert_int_equal(x.nr_outcomes, 4);
	assert_close(outcome_of(&x, "T0: 0 | T1: 1,11,111 | (empty) uw=1111")->probability, 0.5);
	assert_close(outcome_of(&x, "T0: 10 | T1: 0,11,111 | (empty) uw=1111")->probability, 0.25);
	assert_close(outcome_of(&x, "T0: 110 | T1: 0,10,111 | (empty) uw=1111")->probability, 0.125);
	assert_close(outcome_of(&x, "T0: 1110 | T1: 0,10,110 | (empty) uw=1111")->probability, 0.125);
	explore_result_free(&x);
}

/* --- deadlock, lost wakeup, livelock --- */

static void
test_deadlock(void **state)
{
	struct explore_options o = { .want_witnesses = true, .goal_deadlock = true };
	struct explore_result x;
	const struct explore_outcome *dead;

	(void)state;
	explore_ops(2,
	    THREADS(OPS(TOY(TOY_LOCK, 0), TOY(TOY_LOCK, 1), TOY(TOY_UNLOCK, 1), TOY(TOY_UNLOCK, 0)),
	        OPS(TOY(TOY_LOCK, 1), TOY(TOY_LOCK, 0), TOY(TOY_UNLOCK, 0), TOY(TOY_UNLOCK, 1))),
	    &toy, &o, &x);
	assert_int_equal(x.end, EXPLORE_COMPLETE);
	assert_int_equal(x.nr_outcomes, 2);
	dead = outcome_of(&x, "T0: 0,-,-,- | T1: 0,-,-,- | (empty) uw=0 | DEADLOCK(T0.1 blocked, T1.1 blocked)");
	/* Each takes its first lock, then both run into the other's, in either order. */
	assert_count(dead->count, 4);
	assert_close(dead->probability, 0.5);
	assert_int_equal(dead->witness.preemptions, 1);
	assert_true(schedule_exists(&x.goal));
	assert_int_equal(x.goal.preemptions, 1);
	assert_count(outcome_of(&x, "T0: 0,0,0,0 | T1: 0,0,0,0 | (empty) uw=0")->count, x.schedules - 4);
	explore_result_free(&x);

	/* The same order in both: none. */
	explore_ops(2,
	    THREADS(OPS(TOY(TOY_LOCK, 0), TOY(TOY_LOCK, 1), TOY(TOY_UNLOCK, 1), TOY(TOY_UNLOCK, 0)),
	        OPS(TOY(TOY_LOCK, 0), TOY(TOY_LOCK, 1), TOY(TOY_UNLOCK, 1), TOY(TOY_UNLOCK, 0))),
	    &toy, &o, &x);
	assert_int_equal(x.nr_outcomes, 1);
	assert_false(schedule_exists(&x.goal));
	explore_result_free(&x);
}

static void
test_lost_wakeup(void **state)
{
	struct explore_options o = { .want_witnesses = true };
	struct explore_result x;

	(void)state;
	explore_ops(2, THREADS(OPS(TOY(TOY_WAIT, 0)), OPS(TOY(TOY_SIGNAL, 0))), &toy, &o, &x);
	assert_int_equal(x.nr_outcomes, 2);
	/* Looked, was preempted, was not asleep yet when the wakeup came. */
	assert_int_equal(
	    outcome_of(&x, "T0: - | T1: 0 | (empty) uw=0 | DEADLOCK(T0.0 blocked)")->witness.preemptions, 1);
	explore_result_free(&x);

	explore_ops(2, THREADS(OPS(TOY(TOY_SAFE, 0)), OPS(TOY(TOY_SIGNAL, 0))), &toy, &o, &x);
	assert_int_equal(x.nr_outcomes, 1);
	assert_count(x.schedules, 2);
	explore_result_free(&x);
}

static void
test_livelock(void **state)
{
	struct explore_options o = { .want_witnesses = true };
	struct explore_result x;

	(void)state;
	explore_ops(2, THREADS(OPS(TOY(TOY_SPIN, 0)), OPS(TOY(TOY_SIGNAL, 0))), &toy, &o, &x);
	assert_int_equal(x.end, EXPLORE_COMPLETE);
	assert_true(x.livelock);
	assert_int_equal(x.nr_outcomes, 1);
	assert_true(schedule_exists(&x.outcomes[0].witness));
	assert_int_equal(x.outcomes[0].witness.preemptions, 0);
	explore_result_free(&x);

	/* No thread signals, so no run ends. */
	explore_ops(1, THREADS(OPS(TOY(TOY_SPIN, 0))), &toy, &o, &x);
	assert_true(x.livelock);
	assert_int_equal(x.nr_outcomes, 0);
	explore_result_free(&x);
}

/* --- cut --- */

#define ENDLESS                                                                                                        \
	THREADS(OPS(TOY(TOY_STEPS, 60)), OPS(TOY(TOY_STEPS, 60)), OPS(TOY(TOY_STEPS, 60)), OPS(TOY(TOY_STEPS, 60)),    \
	    OPS(TOY(TOY_STEPS, 60)), OPS(TOY(TOY_STEPS, 60)))

static void
test_cut_states(void **state)
{
	struct explore_options o = { .states_max = 40, .want_witnesses = true };
	struct explore_result x;

	(void)state;
	explore_ops(2, THREADS(OPS(TOY(TOY_STEPS, 8)), OPS(TOY(TOY_STEPS, 8))), &toy, &o, &x);
	assert_int_equal(x.end, EXPLORE_CUT_STATES);
	assert_int_equal(x.states, 40);
	/* The count is a lower bound; each known outcome has a witness. */
	assert_true(x.schedules > 0 && x.schedules < 12870);
	assert_int_equal(x.nr_outcomes, 1);
	assert_true(schedule_exists(&x.outcomes[0].witness));
	explore_result_free(&x);

	/* A bound that is just not reached cuts nothing. */
	o.states_max = 82;
	explore_ops(2, THREADS(OPS(TOY(TOY_STEPS, 8)), OPS(TOY(TOY_STEPS, 8))), &toy, &o, &x);
	assert_int_equal(x.end, EXPLORE_COMPLETE);
	assert_count(x.schedules, 12870);
	explore_result_free(&x);
}

static void
test_cut_schedules(void **state)
{
	struct explore_options o = { .by_schedules = true, .schedules_max = 100 };
	struct explore_result x;

	(void)state;
	explore_ops(2, THREADS(OPS(TOY(TOY_STEPS, 8)), OPS(TOY(TOY_STEPS, 8))), &toy, &o, &x);
	assert_int_equal(x.end, EXPLORE_CUT_STATES);
	assert_count(x.schedules, 100);
	explore_result_free(&x);
	o.schedules_max = 12870;
	explore_ops(2, THREADS(OPS(TOY(TOY_STEPS, 8)), OPS(TOY(TOY_STEPS, 8))), &toy, &o, &x);
	assert_int_equal(x.end, EXPLORE_COMPLETE);
	assert_count(x.schedules, 12870);
	explore_result_free(&x);
}

static void
test_cut_seconds(void **state)
{
	struct explore_options o = { .seconds = 0.02, .states_max = (uint64_t)1 << 40 };
	struct explore_result x;

	(void)state;
	/* 61^6 states: no machine is through before the time is up. */
	explore_ops(6, ENDLESS, &toy, &o, &x);
	assert_int_equal(x.end, EXPLORE_CUT_SECONDS);
	explore_result_free(&x);
	o.by_schedules = true;
	o.schedules_max = UINT64_MAX;
	explore_ops(6, ENDLESS, &toy, &o, &x);
	assert_int_equal(x.end, EXPLORE_CUT_SECONDS);
	explore_result_free(&x);
}

static void
count_calls(void *arg, uint64_t states, uint64_t schedules)
{
	unsigned *calls = arg;

	(void)states;
	(void)schedules;
	++*calls;
}

static void
test_cut_stop(void **state)
{
	unsigned calls = 0;
	struct explore_options o = {
		.stop = &toy_stop, .states_max = (uint64_t)1 << 40, .progress = count_calls, .progress_arg = &calls
	};
	struct explore_result x;

	(void)state;
	for (unsigned by = 0; by < 2; by++) {
		o.by_schedules = by == 1;
		o.schedules_max = UINT64_MAX;
		/* Before it began. */
		toy_stop = 1;
		explore_ops(6, ENDLESS, &toy, &o, &x);
		assert_int_equal(x.end, EXPLORE_CUT_STOPPED);
		assert_int_equal(x.nr_outcomes, 0);
		explore_result_free(&x);
		/* In the middle: thread 2, which goes last in the first schedule, stops it. What was found is kept. */
		toy_stop = 0;
		explore_ops(3,
		    THREADS(OPS(TOY(TOY_ADD, 1)), OPS(TOY(TOY_ADD, 2)), OPS(TOY(TOY_STOP, 0), TOY(TOY_ADD, 4))), &toy,
		    &o, &x);
		assert_int_equal(x.end, EXPLORE_CUT_STOPPED);
		explore_result_free(&x);
		/* Not at all. */
		toy_stop = 0;
		explore_ops(2, THREADS(OPS(TOY(TOY_STEPS, 8)), OPS(TOY(TOY_STEPS, 8))), &toy, &o, &x);
		assert_int_equal(x.end, EXPLORE_COMPLETE);
		assert_count(x.schedules, 12870);
		explore_result_free(&x);
	}
	assert_true(calls > 0);
}

/* --- the brute force --- */

#define BRUTE_OUTCOMES 1000

struct brute_outcome {
	char *text;
	explore_count count;
	double probability;
	unsigned preemptions, steps, switches; /* fewest, then fewest among those, and so on */
};

struct brute {
	struct run *run;
	size_t nr;
	struct brute_outcome outcomes[BRUTE_OUTCOMES];
	uint64_t nr_schedules, max;
	uint8_t path[256];
};

static void
brute_end(struct brute *b, double probability, unsigned preemptions, unsigned steps, unsigned switches)
{
	struct strbuf text = { 0 };
	struct brute_outcome *o = b->outcomes;

	run_outcome(b->run, &text);
	while (o < b->outcomes + b->nr && strcmp(o->text, text.text) != 0)
		o++;
	if (o == b->outcomes + b->nr) {
		assert_true(++b->nr <= BRUTE_OUTCOMES);
		*o = (struct brute_outcome){ .text = strdup(text.text), .preemptions = UINT32_MAX };
	}
	o->count++;
	o->probability += probability;
	if (preemptions < o->preemptions ||
	    (preemptions == o->preemptions && (steps < o->steps || (steps == o->steps && switches < o->switches)))) {
		o->preemptions = preemptions;
		o->steps = steps;
		o->switches = switches;
	}
	b->nr_schedules++;
	strbuf_free(&text);
}

/* Every way on from the first @depth choices of path. */
static void
brute_from(struct brute *b, size_t depth, double probability, unsigned preemptions, unsigned switches)
{
	uint32_t enabled;

	run_begin(b->run);
	for (size_t i = 0; i < depth; i++)
		run_step(b->run, b->path[i]);
	enabled = run_enabled(b->run);
	if (enabled == 0) {
		brute_end(b, probability, preemptions, (unsigned)depth, switches);
		return;
	}
	for (unsigned t = 0; t < PROGRAM_THREADS_MAX && b->nr_schedules <= b->max; t++) {
		bool other = depth > 0 && b->path[depth - 1] != t;
		bool preempts = other && (enabled & (uint32_t)1 << b->path[depth - 1]) != 0;

		if ((enabled & (uint32_t)1 << t) == 0)
			continue;
		b->path[depth] = (uint8_t)t;
		brute_from(
		    b, depth + 1, probability / __builtin_popcount(enabled), preemptions + preempts, switches + other);
	}
}

/* The schedule leads to this outcome, with these numbers of preemptions, steps and switches. */
static void
check_witness(struct run *r, const struct explore_outcome *o, const struct brute_outcome *want)
{
	const struct schedule *w = &o->witness;
	struct strbuf text = { 0 };
	unsigned preemptions = 0;

	assert_true(schedule_exists(w));
	assert_int_equal(w->preemptions, want->preemptions);
	run_begin(r);
	for (size_t i = 0; i < w->nr; i++) {
		uint32_t enabled = run_enabled(r);

		if (i > 0)
			preemptions += (enabled & (uint32_t)1 << w->choices[i - 1].thread) != 0;
		for (uint32_t n = 0; n < w->choices[i].count; n++) {
			assert_true((run_enabled(r) & (uint32_t)1 << w->choices[i].thread) != 0);
			run_step(r, w->choices[i].thread);
		}
	}
	assert_int_equal(run_enabled(r), 0);
	run_outcome(r, &text);
	assert_string_equal(text.text, o->text);
	assert_int_equal(preemptions, want->preemptions);
	assert_int_equal(w->nr_steps, want->steps);
	assert_int_equal(w->nr - 1, want->switches);
	strbuf_free(&text);
}

static void
compare_with_brute(struct run *r, const struct brute *b, const struct explore_result *x)
{
	double sum = 0;

	assert_int_equal(x->end, EXPLORE_COMPLETE);
	assert_count(x->schedules, b->nr_schedules);
	assert_int_equal(x->nr_outcomes, b->nr);
	for (size_t i = 0; i < b->nr; i++) {
		const struct explore_outcome *o = outcome_of(x, b->outcomes[i].text);

		assert_count(o->count, b->outcomes[i].count);
		assert_close(o->probability, b->outcomes[i].probability);
		check_witness(r, o, &b->outcomes[i]);
		sum += o->probability;
	}
	assert_close(sum, 1.0);
	for (size_t i = 1; i < x->nr_outcomes; i++)
		assert_true(strcmp(x->outcomes[i - 1].text, x->outcomes[i].text) < 0);
}

/*
 * The way to "T0's first operation gives what it gives in outcome 0" costs what the cheapest such outcome costs, or
 * less.
 */
static void
compare_goal(struct run *r, const struct brute *b, const struct explore_options *base)
{
	struct explore_options o = *base;
	struct explore_goal goal = { .thread = 0, .op = 0 };
	struct explore_result x;
	const struct brute_outcome *best = NULL;
	char start[40];
	const char *after;

	if (sscanf(b->outcomes[0].text, "T0: %lu", &goal.result.value) != 1)
		return; /* "-": it did not finish */
	goal.result.outcome = VM_OUTCOME_DONE;
	snprintf(start, sizeof(start), "T0: %lu", (unsigned long)goal.result.value);
	for (size_t i = 0; i < b->nr; i++) {
		const struct brute_outcome *it = &b->outcomes[i];

		after = it->text + strlen(start);
		if (strncmp(it->text, start, strlen(start)) != 0 || (*after != ' ' && *after != ','))
			continue;
		if (best == NULL || it->preemptions < best->preemptions ||
		    (it->preemptions == best->preemptions && it->steps < best->steps))
			best = it;
	}
	assert_non_null(best);
	o.nr_goals = 1;
	o.goals = &goal;
	explore(r, &o, &x);
	assert_true(schedule_exists(&x.goal));
	/* The whole schedule is the best one, not only the way to the goal. */
	assert_int_equal(x.goal.preemptions, best->preemptions);
	assert_int_equal(x.goal.nr_steps, best->steps);
	explore_result_free(&x);
	/* An outcome that never happens is not found. */
	goal.result.value = 99999;
	explore(r, &o, &x);
	assert_false(schedule_exists(&x.goal));
	explore_result_free(&x);
}

static void
random_toy(struct program *p, struct prng *prng)
{
	static const uint64_t verbs[] = { TOY(TOY_ADD, 1), TOY(TOY_ADD, 3), TOY(TOY_INC, 0), TOY(TOY_INC, 0),
		TOY(TOY_STEPS, 2), TOY(TOY_WAIT, 0), TOY(TOY_SAFE, 0), TOY(TOY_SIGNAL, 0), TOY(TOY_SIGNAL, 0),
		TOY(TOY_HIDE, 5), TOY(TOY_PEEK, 0), TOY(TOY_LOCK, 0), TOY(TOY_LOCK, 1), TOY(TOY_UNLOCK, 0),
		TOY(TOY_UNLOCK, 1) };
	static const uint64_t none[] = { TOY_END };
	unsigned nr = 2 + (unsigned)prng_below(prng, 2);

	toy_program(p, nr, THREADS(none, none, none));
	for (unsigned t = 0; t < nr; t++)
		for (uint64_t i = 1 + prng_below(prng, nr == 2 ? 4 : 2); i > 0; i--)
			toy_add_op(p, t, verbs[prng_below(prng, sizeof(verbs) / sizeof(verbs[0]))]);
}

static void
test_brute_force(void **state)
{
	struct prng prng = { 2024 };
	unsigned compared = 0, several = 0, deadlocks = 0;

	(void)state;
	for (unsigned i = 0; i < 1500; i++) {
		struct explore_options o = { .want_witnesses = true };
		struct brute b = { .max = 3000 };
		struct explore_result x;
		struct program p;
		struct run r;

		random_toy(&p, &prng);
		open_toy(&r, &p, &toy);
		b.run = &r;
		brute_from(&b, 0, 1.0, 0, 0);
		if (b.nr_schedules <= b.max) {
			explore(&r, &o, &x);
			compare_with_brute(&r, &b, &x);
			assert_false(x.livelock);
			explore_result_free(&x);
			compare_goal(&r, &b, &o);
			o.by_schedules = true;
			explore(&r, &o, &x);
			compare_with_brute(&r, &b, &x);
			explore_result_free(&x);
			compare_goal(&r, &b, &o);
			compared++;
			several += b.nr > 1;
			for (size_t j = 0; j < b.nr; j++)
				deadlocks += strstr(b.outcomes[j].text, "DEADLOCK") != NULL;
		}
		for (size_t j = 0; j < b.nr; j++)
			free(b.outcomes[j].text);
		run_close(&r);
		program_free(&p);
	}
	print_message("%u programs, %u with several outcomes, %u deadlocks\n", compared, several, deadlocks);
	assert_true(compared > 1000 && several > 500 && deadlocks > 100);
}

/* --- the canary of the guard: a key that leaves something out --- */

#define LEAK THREADS(OPS(TOY(TOY_HIDE, 7)), OPS(TOY(TOY_STEPS, 1), TOY(TOY_PEEK, 0)), OPS(TOY(TOY_HIDE, 9)))

static void
test_leaky_key(void **state)
{
	struct explore_options o = { .want_witnesses = true, .more_replays = 16 };
	struct explore_result good, leaky, plain;

	(void)state;
	explore_ops(3, LEAK, &toy, &o, &good);
	explore_ops(3, LEAK, &toy_leaky, &o, &leaky);
	o.by_schedules = true;
	explore_ops(3, LEAK, &toy_leaky, &o, &plain);
	assert_int_equal(good.nr_outcomes, 3);
	assert_int_equal(plain.nr_outcomes, 3);
	assert_count(plain.schedules, good.schedules);
	/* A random schedule goes another way than the states say. */
	assert_int_equal(leaky.end, EXPLORE_WRONG_KEY);
	assert_non_null(leaky.wrong_key);
	assert_int_equal(good.end, EXPLORE_COMPLETE);
	assert_null(good.wrong_key);
	/* Merging too much shows in the ways to an outcome. */
	bool same = leaky.nr_outcomes == plain.nr_outcomes;
	for (size_t i = 0; i < plain.nr_outcomes && same; i++)
		same = leaky.outcomes[i].count == plain.outcomes[i].count;
	assert_false(same);
	explore_result_free(&good);
	explore_result_free(&leaky);
	explore_result_free(&plain);
}

/* A target without a key is explored by schedules by itself. */
static void
test_no_key(void **state)
{
	struct explore_result x;

	(void)state;
	explore_ops(2, THREADS(OPS(TOY(TOY_STEPS, 4)), OPS(TOY(TOY_STEPS, 4))), &toy_no_key,
	    &(struct explore_options){ 0 }, &x);
	assert_count(x.schedules, 70);
	assert_int_equal(x.states, 0);
	explore_result_free(&x);
}

static const char leaky_text[] = "T0 read 709\n" /* TOY(TOY_HIDE, 7) */
                                 "T1 read 100\n" /* TOY(TOY_STEPS, 1) */
                                 "T1 read 10\n"  /* TOY(TOY_PEEK, 0) */
                                 "T2 read 909\n"
                                 "outcome T0: 0 | T1: 0,0 | T2: 0 | (empty) uw=0\n"
                                 "outcome T0: 0 | T1: 0,7 | T2: 0 | (empty) uw=0\n"
                                 "outcome T0: 0 | T1: 0,9 | T2: 0 | (empty) uw=0\n";

static struct checkfile_report
check_text(const char *text, const struct checkfile_options *o, struct strbuf *out)
{
	char path[] = "/tmp/test-explore-XXXXXX";
	int fd = mkstemp(path);
	struct checkfile_report report;

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "%s", path);
	(void)close(fd);
	strbuf_clear(out);
	report = checkfile(path, o, sim, out);
	(void)unlink(path);
	return report;
}

static void
test_verify(void **state)
{
	struct checkfile_options o = { .target = &toy, .verify = true, .verify_max = 100000 };
	struct checkfile_report report;
	struct strbuf out = { 0 };

	(void)state;
	report = check_text(leaky_text, &o, &out);
	assert_string_equal(strbuf_text(&out), "");
	assert_int_equal(report.status, CHECKFILE_PASSED);
	assert_true(report.verified);

	o.target = &toy_leaky;
	report = check_text(leaky_text, &o, &out);
	assert_int_equal(report.status, CHECKFILE_FAILED);
	assert_non_null(strstr(strbuf_text(&out), "--verify"));
	/* Without being asked to verify, too: T1 looks, and what it sees was hidden in either order. */
	o.verify = false;
	report = check_text(leaky_text, &o, &out);
	assert_int_equal(report.status, CHECKFILE_FAILED);
	assert_non_null(strstr(strbuf_text(&out), "state key incomplete: "));
	assert_non_null(strstr(strbuf_text(&out), "--verify"));
	o.verify = true;

	/* Too many schedules: not verified, and not said to be. */
	o.target = &toy;
	o.verify_max = 3;
	report = check_text(leaky_text, &o, &out);
	assert_int_equal(report.status, CHECKFILE_PASSED);
	assert_false(report.verified);
	strbuf_free(&out);
}

/* Findings for a program without an end, or with too many outcomes. */
static void
test_checkfile_incomplete(void **state)
{
	struct checkfile_options o = { .target = &toy };
	struct strbuf out = { 0 };

	(void)state;
	assert_int_equal(check_text("T0 read 8\nT1 read 7\noutcome T0: 0 | T1: 0 | (empty) uw=0\n", &o, &out).status,
	    CHECKFILE_FAILED);
	assert_non_null(strstr(strbuf_text(&out), "livelock"));
	assert_int_equal(
	    check_text("T0 read 6600\nT1 read 6600\noutcome T0: 0 | T1: 0 | (empty) uw=0\n", &o, &out).status,
	    CHECKFILE_FAILED);
	assert_non_null(strstr(strbuf_text(&out), "more than 2^128 schedules"));
	o.states_max = 100;
	assert_int_equal(
	    check_text("T0 read 2000\nT1 read 2000\noutcome T0: 0 | T1: 0 | (empty) uw=0\n", &o, &out).status,
	    CHECKFILE_FAILED);
	assert_non_null(strstr(strbuf_text(&out), "not explored completely (cut: "));
	strbuf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_multinomial_itself),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_lost_update),
		cmocka_unit_test(test_probabilities),
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_lost_wakeup),
		cmocka_unit_test(test_livelock),
		cmocka_unit_test(test_cut_states),
		cmocka_unit_test(test_cut_schedules),
		cmocka_unit_test(test_cut_seconds),
		cmocka_unit_test(test_cut_stop),
		cmocka_unit_test(test_brute_force),
		cmocka_unit_test(test_leaky_key),
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_checkfile_incomplete),
	};

	return cmocka_run_group_tests(tests, one_sim_setup, one_sim_teardown);
}
