/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-shrink.c - the results of shrinking, on toys with a known smallest form, and on random programs: the same
 * finding again, nothing that could still be dropped, and a schedule that replays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "engine/thread.h"
#include "engine/vm.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/shrink/shrink.h"
#include "tests/common/toy.h"

#define PROGRAMS 300 /* random ones */

static struct sim *sim;

#define OPS(...) ((const uint64_t[]){ __VA_ARGS__, TOY_END })
#define THREADS(...) ((const uint64_t *const[]){ __VA_ARGS__ })

/* A deadlock of any kind, by the caller's own means: without a checker. */
static bool
deadlock_in_run(void *arg, struct run *r)
{
	(void)arg;
	return run_deadlocked(r);
}

static void
ask_deadlock(void *arg, struct explore_options *o)
{
	(void)arg;
	o->goal_deadlock = true;
}

static const struct schedule *
goal_in_result(void *arg, const struct explore_result *x)
{
	(void)arg;
	return schedule_exists(&x->goal) ? &x->goal : NULL;
}

static const struct shrink_wanted shrink_deadlock = {
	.in_run = deadlock_in_run, .ask = ask_deadlock, .in_result = goal_in_result
};

static struct shrink_options
options_for(const struct vm_target *target, const struct shrink_wanted *wanted)
{
	return (struct shrink_options){ .target = target, .sim = sim, .wanted = wanted, .seed = 1 };
}

/* Replays the program's schedule, strictly; the outcome is compared with its result. */
static void
assert_replays(const struct program *p, const struct vm_target *target, const struct shrink_wanted *wanted)
{
	struct strbuf outcome = { 0 };
	struct replay how = { 0 };
	struct run r;

	if (run_open(&r, p, target, sim) != RUN_OPENED)
		errx(1, "%s", strbuf_text(&r.error));
	assert_true(p->has_schedule);
	if (!replay(&r, &p->schedule, &how))
		fail_msg("%s", strbuf_text(&how.error));
	run_outcome(&r, &outcome);
	assert_string_equal(strbuf_text(&outcome), p->result);
	assert_true(wanted->in_run(wanted->arg, &r));
	replay_free(&how);
	strbuf_free(&outcome);
	run_close(&r);
}

/* --- toys --- */

static const char *
schedule_text(const struct program *p, struct strbuf *out)
{
	strbuf_clear(out);
	schedule_print(&p->schedule, out);
	return strbuf_text(out);
}

/* Two locks in two orders, under all that has nothing to do with it. Four takings are left, and one preemption. */
static void
test_lock_order(void **state)
{
	const struct shrink_options o = options_for(&toy, &shrink_deadlock);
	struct strbuf text = { 0 };
	struct shrink_report report;
	struct program p;

	(void)state;
	toy_program(&p, 4,
	    THREADS(OPS(TOY(TOY_ADD, 1), TOY(TOY_LOCK, 0), TOY(TOY_STEPS, 3), TOY(TOY_LOCK, 1), TOY(TOY_UNLOCK, 1),
	                TOY(TOY_UNLOCK, 0), TOY(TOY_ADD, 1)),
	        OPS(TOY(TOY_INC, 0), TOY(TOY_INC, 0)),
	        OPS(TOY(TOY_LOCK, 1), TOY(TOY_ADD, 3), TOY(TOY_LOCK, 0), TOY(TOY_UNLOCK, 0), TOY(TOY_UNLOCK, 1)),
	        OPS(TOY(TOY_LOCK, 2), TOY(TOY_UNLOCK, 2))));
	assert_true(shrink(&p, &o, &report));
	assert_int_equal(report.end, SHRINK_FIXED_POINT);
	assert_int_equal(report.before.threads, 4);
	/* A smaller deadlock: one thread takes a lock twice. An init step can take it the first time. */
	assert_int_equal(p.nr_threads, 1);
	assert_int_equal(report.after.ops + report.after.init, 2);
	assert_string_equal(schedule_text(&p, &text), "T0");
	assert_replays(&p, &toy, &shrink_deadlock);
	strbuf_free(&text);
	program_free(&p);
}

/* The caller defines the finding: an increment was lost, because two of them read the same number. */
static bool
lost_in_run(void *arg, struct run *r)
{
	(void)arg;
	for (unsigned a = 0; a < r->program->nr_threads; a++)
		for (unsigned b = 0; b < a; b++)
			for (unsigned i = 0; i < r->threads[a].nr_done; i++)
				for (unsigned j = 0; j < r->threads[b].nr_done; j++)
					if (r->program->threads[a].ops[i].start == TOY(TOY_INC, 0) &&
					    r->program->threads[b].ops[j].start == TOY(TOY_INC, 0) &&
					    r->threads[a].results[i].value == r->threads[b].results[j].value)
						return true;
	return false;
}

static bool
lost_in_state(void *arg, struct run *r)
{
	return run_enabled(r) == 0 && lost_in_run(arg, r);
}

static void
ask_lost(void *arg, struct explore_options *o)
{
	(void)arg;
	o->on_state = lost_in_state;
}

static const struct shrink_wanted lost_increment = {
	.in_run = lost_in_run, .ask = ask_lost, .in_result = goal_in_result
};

/* Two increments, one in the other. */
static void
assert_two_increments(const struct program *p, const struct shrink_report *report)
{
	assert_int_equal(p->nr_threads, 2);
	assert_int_equal(report->after.ops, 2);
	assert_int_equal(p->nr_init, 0);
	for (unsigned t = 0; t < 2; t++)
		assert_int_equal(p->threads[t].ops[0].start, TOY(TOY_INC, 0));
	assert_int_equal(report->after.steps, 4);
	assert_int_equal(report->after.preemptions, 1);
	assert_true(report->all_schedules);
	assert_replays(p, &toy, &lost_increment);
}

static void
noisy_increments(struct program *p)
{
	toy_program(p, 4,
	    THREADS(OPS(TOY(TOY_STEPS, 9), TOY(TOY_INC, 0), TOY(TOY_STEPS, 9)),
	        OPS(TOY(TOY_STEPS, 20), TOY(TOY_LOCK, 1), TOY(TOY_UNLOCK, 1)),
	        OPS(TOY(TOY_STEPS, 4), TOY(TOY_INC, 0), TOY(TOY_LOCK, 1), TOY(TOY_STEPS, 4), TOY(TOY_UNLOCK, 1)),
	        OPS(TOY(TOY_STEPS, 9))));
}

static void
test_wanted_by_caller(void **state)
{
	const struct shrink_options o = options_for(&toy, &lost_increment);
	struct shrink_report report;
	struct program p;

	(void)state;
	noisy_increments(&p);
	p.head = strdup("# kept\n");
	program_add_verdict(&p, PROGRAM_VERDICT_MODEL, NULL);
	assert_true(shrink(&p, &o, &report));
	assert_two_increments(&p, &report);
	assert_int_equal(report.end, SHRINK_FIXED_POINT);
	assert_string_equal(p.head, "# kept\n");
	assert_int_equal(program_verdict(&p)->kind, PROGRAM_VERDICT_MODEL);
	program_free(&p);
}

/* So few states that nothing is explored: then along the old schedule, and by strategies. */
static void
test_without_exploring(void **state)
{
	struct shrink_options o = options_for(&toy, &lost_increment);
	struct shrink_report report;
	struct program p;

	(void)state;
	o.states_max = 1;
	noisy_increments(&p);
	assert_true(shrink(&p, &o, &report));
	assert_false(report.all_schedules);
	report.all_schedules = true;
	assert_two_increments(&p, &report);
	program_free(&p);
}

/* A schedule full of preemptions, of a program from which nothing can be taken away. */
static void
test_fewer_preemptions(void **state)
{
	struct shrink_options o = options_for(&toy, &lost_increment);
	struct shrink_report report;
	struct program p;
	struct vmt_error e;

	(void)state;
	for (unsigned by_exploring = 0; by_exploring < 2; by_exploring++) {
		o.states_max = by_exploring == 1 ? 0 : 1;
		toy_program(&p, 2, THREADS(OPS(TOY(TOY_INC, 0)), OPS(TOY(TOY_INC, 0))));
		assert_true(schedule_parse("T0 T1 T0 T1", &p.schedule, &e));
		p.has_schedule = true;
		assert_true(shrink(&p, &o, &report));
		assert_int_equal(report.before.preemptions, 2);
		assert_int_equal(report.after.preemptions, 1);
		assert_int_equal(report.all_schedules, by_exploring);
		assert_replays(&p, &toy, &lost_increment);
		program_free(&p);
	}
}

/* A finding that the program does not show is not found, and the program does not change. */
static void
test_program_without_finding_does_not_change(void **state)
{
	const struct shrink_options o = options_for(&toy, &lost_increment);
	struct shrink_report report;
	struct program p, before;

	(void)state;
	toy_program(&p, 2, THREADS(OPS(TOY(TOY_INC, 0)), OPS(TOY(TOY_ADD, 1))));
	program_copy_bare(&before, &p);
	assert_false(shrink(&p, &o, &report));
	assert_int_equal(report.end, SHRINK_LOST);
	assert_true(program_equal(&p, &before));
	program_free(&p);
	program_free(&before);
}

/* --- runs without an end --- */

/* A thread that spins without a signal never ends, under any scheduler; shrinking removes all other operations. */
static void
test_endless(void **state)
{
	const struct vm_target *const targets[] = { &toy, &toy_no_key };
	struct shrink_verdict v;
	struct shrink_report report;
	struct program p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		shrink_verdict_init(&v, PROGRAM_VERDICT_LIVELOCK, "circle");
		const struct shrink_options o = options_for(targets[i], &v.wanted);

		toy_program(&p, 3,
		    THREADS(OPS(TOY(TOY_STEPS, 3), TOY(TOY_SPIN, 0), TOY(TOY_ADD, 1)), OPS(TOY(TOY_ADD, 1)),
		        OPS(TOY(TOY_STEPS, 2), TOY(TOY_INC, 0))));
		assert_true(shrink(&p, &o, &report));
		assert_int_equal(report.end, SHRINK_FIXED_POINT);
		assert_int_equal(p.nr_threads, 1);
		assert_int_equal(p.threads[0].nr_ops, 1);
		assert_int_equal(p.threads[0].ops[0].start, TOY(TOY_SPIN, 0));
		assert_false(p.has_schedule);
		assert_null(p.result);
		program_free(&p);
		shrink_verdict_free(&v);
	}
}

/*
 * With a signal it ends by every scheduler that is fair: it is a circle of states only, which nobody sees without a
 * state key. Who sleeps until the signal comes does not go round at all.
 */
static void
test_endless_if_unfair(void **state)
{
	struct shrink_verdict v;
	struct shrink_report report;
	struct program p;

	(void)state;
	shrink_verdict_init(&v, PROGRAM_VERDICT_LIVELOCK, NULL);
	const struct shrink_options with_key = options_for(&toy, &v.wanted);
	const struct shrink_options without = options_for(&toy_no_key, &v.wanted);

	toy_program(&p, 2, THREADS(OPS(TOY(TOY_SPIN, 0)), OPS(TOY(TOY_STEPS, 5), TOY(TOY_SIGNAL, 0))));
	assert_false(shrink(&p, &without, &report));
	assert_int_equal(report.end, SHRINK_LOST);
	assert_true(shrink(&p, &with_key, &report));
	assert_int_equal(report.after.ops, 1);
	program_free(&p);
	toy_program(&p, 2, THREADS(OPS(TOY(TOY_SAFE, 0)), OPS(TOY(TOY_SIGNAL, 0))));
	assert_false(shrink(&p, &with_key, &report));
	program_free(&p);
	shrink_verdict_free(&v);
}

/* --- interrupted --- */

static volatile int stop;

static void
stop_at_second(void *arg, const struct program *p)
{
	unsigned *nr = arg;

	assert_replays(p, &toy_no_key, &lost_increment);
	stop = ++*nr == 2;
}

/* Stopped after the second smaller program: that one is the result. */
static void
test_stopped(void **state)
{
	struct shrink_options o = options_for(&toy, &lost_increment);
	struct shrink_report report;
	unsigned nr = 0;
	struct program p;

	(void)state;
	o.stop = &stop;
	o.on_smaller = stop_at_second;
	o.arg = &nr;
	noisy_increments(&p);
	assert_true(shrink(&p, &o, &report));
	assert_int_equal(report.end, SHRINK_CUT_STOPPED);
	assert_int_equal(report.kept, 2);
	assert_int_equal(nr, 2);
	assert_true(p.nr_threads > 1 && report.after.ops < report.before.ops);
	assert_replays(&p, &toy, &lost_increment);
	stop = 0;
	program_free(&p);
}

/* --- the engine --- */

static bool
can_deadlock(const struct program *p)
{
	struct explore_options o = { .states_max = 20000 };
	struct explore_result x;
	bool found = false;
	struct run r;

	if (run_open(&r, p, &target_engine, sim) == RUN_OPENED) {
		explore(&r, &o, &x);
		for (size_t i = 0; i < x.nr_outcomes; i++)
			found |= strstr(x.outcomes[i].text, "DEADLOCK") != NULL;
		explore_result_free(&x);
	}
	run_close(&r);
	return found;
}

/* Without any one of its operations, the finding is gone. */
static void
assert_nothing_to_drop(const struct program *p)
{
	for (unsigned t = 0; t < p->nr_threads; t++) {
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++) {
			struct program copy;

			program_copy_bare(&copy, p);
			(void)program_drop_op(&copy, t, i);
			assert_false(copy.nr_threads > 0 && can_deadlock(&copy));
			program_free(&copy);
		}
	}
	for (size_t i = 0; i < p->nr_init; i++) {
		struct program copy;

		program_copy_bare(&copy, p);
		program_drop_init(&copy, i);
		assert_false(can_deadlock(&copy));
		program_free(&copy);
	}
}

/*
 * The one deadlock of the engine is a remove, or a fixed, of what is system wired: it takes a mapping, a wiring and
 * that. Programs of all sizes come down to it. The text of what is left can be read again, and shrinking it changes
 * nothing.
 */
static void
test_random_programs(void **state)
{
	struct shrink_options o = options_for(&target_engine, &shrink_deadlock);
	unsigned found = 0;

	(void)state;
	o.states_max = 1000;
	o.runs = 8;
	for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
		const struct random_params params = {
			.seed = seed, .target = &target_engine, .ops = seed % 5 == 0 ? 20 : 4
		};
		struct program p, again;
		struct shrink_report report;
		struct strbuf text = { 0 };
		struct vmt_error e;

		random_concurrent(&params, &p);
		if (shrink(&p, &o, &report)) {
			found++;
			assert_int_equal(report.end, SHRINK_FIXED_POINT);
			assert_int_equal(report.after.ops + report.after.init, 3);
			assert_int_equal(report.after.preemptions, 0);
			assert_int_equal(report.after.directives, 0);
			assert_replays(&p, &target_engine, &shrink_deadlock);
			assert_nothing_to_drop(&p);
			vmt_print(&p, &text);
			assert_true(vmt_parse(strbuf_text(&text), text.len, &again, &e));
			assert_true(program_equal(&p, &again));
			assert_true(shrink(&again, &o, &report));
			assert_int_equal(report.kept, 0);
			assert_true(program_equal(&p, &again));
			program_free(&again);
			strbuf_free(&text);
		}
		program_free(&p);
	}
	/* A test that met none has tested nothing. */
	if (found < 5)
		fail_msg("%u", found);
}

/* The program ends with a map of two entries or more. */
static bool
two_entries_in_run(void *arg, struct run *r)
{
	(void)arg;
	return r->target->entries(r->self, NULL, 0) >= 2;
}

static bool
two_entries_in_state(void *arg, struct run *r)
{
	return run_enabled(r) == 0 && two_entries_in_run(arg, r);
}

static void
ask_two_entries(void *arg, struct explore_options *o)
{
	(void)arg;
	o->on_state = two_entries_in_state;
}

/* A stack alone makes two entries. */
static const char *
no_stack(const struct program_config *cfg, const struct vm_op *op)
{
	(void)cfg;
	return op->code == VM_OP_stack ? "no stack" : NULL;
}

/*
 *	20    22    24
 *	[ rw        ]		the insert
 *	[ rw  ][ rw ]		the inherit, as a clip at 22 would
 */
static void
test_operation_with_fewer_arguments_takes_its_place(void **state)
{
	static const char text[] = "init insert 20 24 rw rwx\nT0 inherit 22 24 none\n";
	static const struct shrink_wanted two_entries = {
		.in_run = two_entries_in_run, .ask = ask_two_entries, .in_result = goal_in_result
	};
	struct vm_target target = target_engine;
	const struct shrink_options o = options_for(&target, &two_entries);
	struct shrink_report report;
	struct program p;
	struct vmt_error e;

	(void)state;
	target.op_reason = no_stack;
	assert_true(vmt_parse(text, strlen(text), &p, &e));
	assert_true(shrink(&p, &o, &report));
	assert_int_equal(p.nr_threads, 1);
	assert_int_equal(p.threads[0].nr_ops, 1);
	assert_int_equal(p.threads[0].ops[0].code, VM_OP_clip);
	program_free(&p);
}

/* --- the profile of a finding --- */

static uint32_t needed; /* VM_BEHAVIOUR_BIT()s: with all of them on, an invariant is broken */
static bool all_are_on; /* in the present instance */

static void *
needy_create(const struct program_config *cfg, struct sim *of)
{
	all_are_on = (cfg->profile.on & needed) == needed;
	return target_engine.create(cfg, of);
}

static const char *
needy_check(void *self, bool excused, uint32_t *excuse)
{
	(void)excuse;
	(void)self;
	(void)excused;
	return all_are_on && vm_curthread->id != SIM_INIT_THREAD ? "X1: made up" : NULL;
}

static void
test_profile_is_reduced_to_strict_or_one_quirk_or_not_at_all(void **state)
{
	const struct vm_profile recorded = vm_profile(VM_PROFILE_freebsd12);
	const struct {
		uint32_t needed;
		struct vm_profile reduced;
	} cases[] = {
		{ 0, { VM_PROFILE_strict, 0 } },
		{ VM_BEHAVIOUR_BIT(Q2), { VM_PROFILE_strict, VM_BEHAVIOUR_BIT(Q2) } },
		{ VM_BEHAVIOUR_BIT(Q1) | VM_BEHAVIOUR_BIT(Q2), recorded },
	};
	static const char text[] = "profile freebsd12\nT0 lookup 20\n";
	const struct reproducer_way way = { .by_schedule = false };
	struct vm_target needy = target_engine;

	(void)state;
	needy.create = needy_create;
	needy.check = needy_check;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct finding f;
		struct program p;
		struct vmt_error e;

		needed = cases[i].needed;
		assert_true(vmt_parse(text, strlen(text), &p, &e));
		assert_true(reproducer_make(&p, &way, &needy, sim, &f));
		reproducer_reduce_profile(&p, &needy, sim, &f);
		assert_int_equal(p.config.profile.base, cases[i].reduced.base);
		assert_int_equal(p.config.profile.on, cases[i].reduced.on);
		program_free(&p);
	}
}

/* --- single edits --- */

static void
test_pages(void **state)
{
	static const char text[] =
	    "poison 40\ninit insert 20 24 rw rwx\ninit find 3 rw rwx\nT0 fault 30 r\nT0 pageout 2\n";
	uint64_t *pages;
	struct program p;
	struct vmt_error e;

	(void)state;
	assert_true(vmt_parse(text, strlen(text), &p, &e));
	assert_int_equal(program_pages(&p, &pages), 4);
	assert_int_equal(pages[0], 20);
	assert_int_equal(pages[1], 24);
	assert_int_equal(pages[2], 30);
	assert_int_equal(pages[3], 40);
	free(pages);
	program_shift_pages(&p, 30, (uint64_t)-5);
	assert_int_equal(p.init[0].op.end, 24);
	assert_int_equal(p.threads[0].ops[0].start, 25);
	assert_int_equal(p.config.poison[0].page, 35);
	/* Lengths and counts are no pages. */
	assert_int_equal(p.init[1].op.end, 3);
	assert_int_equal(p.threads[0].ops[1].value, 2);
	program_free(&p);
}

/* The text after the directives. */
static char *
steps_of(const struct program *p)
{
	struct strbuf text = { 0 };
	char *copy;

	vmt_print(p, &text);
	copy = strdup(strchr(strbuf_text(&text), '\n') + 1);
	strbuf_free(&text);
	assert_non_null(copy);
	return copy;
}

static void
expect_steps(const struct program *p, const char *expected)
{
	char *text = steps_of(p);

	assert_string_equal(text, expected);
	free(text);
}

static void
test_edits_renumber_results_that_are_arguments(void **state)
{
	static const char text[] =
	    "init find 1 r r\ninit lookup $init.0\nT0 find 2 r r\nT0 lookup $T0.0+1\nT1 clip 23\n"
	    "T1 find 3 r r\nT2 remove $T0.0 $T1.1+3\nT2 clip $init.0\nnever T1: *,KERN_NO_SPACE\n";
	const struct vm_op op = { .code = VM_OP_lookup, .start = 30 };
	struct program p, bare;
	struct vmt_error e;

	(void)state;
	assert_true(vmt_parse(text, strlen(text), &p, &e));
	program_copy_bare(&bare, &p);
	assert_true(program_refers_to(&bare, 0));
	assert_false(program_refers_to(&bare, 1));
	assert_true(program_refers_to(&bare, 2));
	assert_true(program_refers_to(&bare, 5));
	program_insert_init(&bare, 0, &op);
	assert_true(program_insert_op(&bare, 0, 0, &op));
	assert_false(program_drop_op(&bare, 1, 0));
	expect_steps(&bare, "init lookup 30\ninit find 1 r r\ninit lookup $init.1\nT0 lookup 30\nT0 find 2 r r\n"
	                    "T0 lookup $T0.1+1\nT1 find 3 r r\nT2 remove $T0.1 $T1.0+3\nT2 clip $init.1\n"
	                    "never T1: KERN_NO_SPACE\n");
	program_drop_thread(&bare, 0);
	program_drop_init(&bare, 1);
	expect_steps(&bare, "init lookup 30\ninit lookup 16\nT0 find 3 r r\nT1 remove 16 $T0.0+3\nT1 clip 16\n"
	                    "never T0: KERN_NO_SPACE\n");
	assert_true(program_drop_op(&bare, 0, 0));
	expect_steps(&bare, "init lookup 30\ninit lookup 16\nT0 remove 16 19\nT0 clip 16\n");
	program_free(&bare);
	program_free(&p);
}

static void
test_edits(void **state)
{
	static const char text[] = "init clip 20\nT0 clip 21\nT0 clip 22\nT1 clip 23\nT2 clip 24\nverdict deadlock\n";
	const struct vm_op op = { .code = VM_OP_lookup, .start = 30 };
	struct program p, bare;
	struct vmt_error e;

	(void)state;
	assert_true(vmt_parse(text, strlen(text), &p, &e));
	program_copy_bare(&bare, &p);
	assert_int_equal(bare.nr_verdicts, 0);
	assert_int_equal(program_nr_ops(&bare), 5);
	assert_int_equal(program_op(&bare, 0)->start, 20);
	assert_int_equal(program_op(&bare, 4)->start, 24);
	assert_false(program_drop_op(&bare, 0, 0));
	assert_int_equal(bare.threads[0].ops[0].start, 22);
	assert_true(program_drop_op(&bare, 1, 0));
	assert_int_equal(bare.nr_threads, 2);
	assert_int_equal(bare.threads[1].ops[0].start, 24);
	assert_true(program_insert_op(&bare, 1, 0, &op));
	assert_int_equal(bare.threads[1].ops[1].start, 24);
	program_insert_init(&bare, 1, &op);
	assert_int_equal(bare.init[1].op.start, 30);
	program_drop_init(&bare, 0);
	assert_int_equal(bare.init[0].op.start, 30);
	assert_true(program_add_thread(&bare, &op));
	assert_int_equal(bare.nr_threads, 3);
	program_insert_init(&bare, 1, &op);
	assert_true(program_init_as_thread(&bare));
	assert_int_equal(bare.nr_threads, 1);
	assert_int_equal(bare.nr_init, 0);
	assert_int_equal(bare.threads[0].nr_ops, 2);
	assert_false(program_init_as_thread(&bare));
	while (bare.threads[0].nr_ops < PROGRAM_OPS_MAX)
		assert_true(program_insert_op(&bare, 0, 0, &op));
	assert_false(program_insert_op(&bare, 0, 0, &op));
	program_free(&bare);
	program_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_edits_renumber_results_that_are_arguments),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_lock_order),
		cmocka_unit_test(test_wanted_by_caller),
		cmocka_unit_test(test_without_exploring),
		cmocka_unit_test(test_fewer_preemptions),
		cmocka_unit_test(test_program_without_finding_does_not_change),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_endless_if_unfair),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_profile_is_reduced_to_strict_or_one_quirk_or_not_at_all),
		cmocka_unit_test(test_operation_with_fewer_arguments_takes_its_place),
		cmocka_unit_test(test_random_programs),
	};
	int failed;

	sim = sim_create();
	if (sim == NULL)
		err(1, "no memory for the fibers");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sim_destroy(sim);
	return failed;
}
