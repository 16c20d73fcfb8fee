/* SPDX-License-Identifier: BSD-2-Clause */
/* test-schedule.c - schedules: appending, copying, comparing, moving steps, and the text form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "harness/base/base.h"
#include "harness/program/program.h"

static struct schedule
schedule_of(const char *text)
{
	struct schedule s = { 0 };
	struct vmt_error e;

	assert_true(schedule_parse(text, &s, &e));
	return s;
}

static void
assert_text(const struct schedule *s, const char *want)
{
	struct strbuf text = { 0 };

	schedule_print(s, &text);
	assert_string_equal(strbuf_text(&text), want);
	strbuf_free(&text);
}

static void
test_appended_steps_join_their_neighbour(void **unused)
{
	struct schedule s = { 0 };

	(void)unused;
	schedule_append(&s, 0);
	schedule_append(&s, 0);
	schedule_append(&s, 15);
	assert_int_equal(s.nr, 2);
	assert_int_equal(s.nr_steps, 3);
	assert_text(&s, "T0*2 T15");
	/* Another operation is another choice, but the same text. */
	schedule_add(&s, 15, 3, 4);
	schedule_add(&s, 15, 4, 1);
	assert_int_equal(s.nr, 4);
	assert_text(&s, "T0*2 T15*6");
	schedule_free(&s);
	assert_false(schedule_exists(&s));
}

static void
test_text_is_canonical_after_parsing(void **unused)
{
	struct schedule s = schedule_of("T0*3  T15 T15 T0");

	(void)unused;
	assert_int_equal(s.nr, 3);
	assert_int_equal(s.nr_steps, 6);
	assert_text(&s, "T0*3 T15*2 T0");
	schedule_free(&s);
	s = schedule_of("");
	assert_false(schedule_exists(&s));
}

static void
test_wrong_text_leaves_an_empty_schedule(void **unused)
{
	static const struct {
		const char *text;
		unsigned column;
	} wrong[] = { { "T0 x", 4 }, { "T16", 1 }, { "T0*0", 4 }, { "T0*4294967295 T0", 15 }, { "T0\nT1", 3 } };
	struct schedule s = { 0 };
	struct vmt_error e;

	(void)unused;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(schedule_parse(wrong[i].text, &s, &e));
		assert_false(schedule_exists(&s));
		assert_int_equal(e.line, 1);
		assert_int_equal(e.column, wrong[i].column);
	}
}

static void
test_equal_schedules_have_equal_steps(void **unused)
{
	struct schedule plain = schedule_of("T0*3 T1"), named = { 0 }, longer = schedule_of("T0*3 T1*2");
	struct schedule other = schedule_of("T0*2 T1*2");

	(void)unused;
	schedule_add(&named, 0, 0, 1);
	schedule_add(&named, 0, 1, 2);
	schedule_add(&named, 1, 0, 1);
	assert_true(schedule_equal(&plain, &named));
	assert_false(schedule_equal(&plain, &longer));
	assert_false(schedule_equal(&plain, &other));
	schedule_free(&plain);
	schedule_free(&named);
	schedule_free(&longer);
	schedule_free(&other);
}

static void
test_copies_are_independent(void **unused)
{
	struct schedule s = { .preemptions = 2 }, copy = { 0 }, plain = { 0 }, none = { 0 };

	(void)unused;
	schedule_add(&s, 0, 0, 1);
	schedule_add(&s, 0, 1, 1);
	schedule_copy(&copy, &s);
	schedule_copy_plain(&plain, &s);
	schedule_append(&s, 1);
	assert_int_equal(copy.nr, 2);
	assert_int_equal(copy.choices[1].op, 1);
	assert_int_equal(copy.preemptions, 2);
	assert_int_equal(plain.nr, 1);
	assert_int_equal(plain.choices[0].op, SCHEDULE_OP_ANY);
	assert_int_equal(plain.preemptions, 2);
	schedule_copy(&copy, &none);
	assert_false(schedule_exists(&copy));
	/* An empty schedule is not the same as none. */
	schedule_begin(&s);
	assert_true(schedule_exists(&s));
	assert_int_equal(s.nr_steps, 0);
	schedule_copy(&copy, &s);
	assert_true(schedule_exists(&copy));
	schedule_free(&s);
	schedule_free(&copy);
	schedule_free(&plain);
}

static void
test_moved_step_shifts_the_steps_between(void **unused)
{
	struct schedule s = schedule_of("T0 T1 T2 T3 T4");

	(void)unused;
	schedule_move_step(&s, 1, 3);
	assert_text(&s, "T0 T2 T3 T1 T4");
	schedule_move_step(&s, 3, 0);
	assert_text(&s, "T1 T0 T2 T3 T4");
	schedule_move_step(&s, 2, 2);
	assert_text(&s, "T1 T0 T2 T3 T4");
	schedule_move_step(&s, 0, 4);
	assert_text(&s, "T0 T2 T3 T4 T1");
	schedule_free(&s);
	s = schedule_of("T0*2 T1 T0");
	schedule_move_step(&s, 2, 0);
	assert_text(&s, "T1 T0*3");
	schedule_free(&s);
}

static void
test_walk_visits_each_step_once(void **unused)
{
	struct schedule s = schedule_of("T2*2 T0"), empty = { 0 };
	struct schedule_walk w = { &s }, none = { &empty };
	unsigned thread = 7;

	(void)unused;
	assert_false(schedule_next(&none, &thread));
	assert_int_equal(thread, 7);
	assert_true(schedule_next(&w, &thread));
	assert_int_equal(thread, 2);
	assert_true(schedule_next(&w, &thread));
	assert_int_equal(thread, 2);
	assert_true(schedule_next(&w, &thread));
	assert_int_equal(thread, 0);
	assert_false(schedule_next(&w, &thread));
	schedule_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appended_steps_join_their_neighbour),
		cmocka_unit_test(test_text_is_canonical_after_parsing),
		cmocka_unit_test(test_wrong_text_leaves_an_empty_schedule),
		cmocka_unit_test(test_equal_schedules_have_equal_steps),
		cmocka_unit_test(test_copies_are_independent),
		cmocka_unit_test(test_moved_step_shifts_the_steps_between),
		cmocka_unit_test(test_walk_visits_each_step_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
