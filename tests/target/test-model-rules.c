/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-model-rules.c - the reference model's results for page content, and for features missing in the recordings:
 * kernel maps, codes of poisoned pages, protections beyond the maximum, quirks one by one.
 *
 * Each case is a program with its expected results, written from docs/engine.md by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

static void
check_text(const char *text)
{
	struct seqdiff d = { 0 };
	struct sim *sim = sim_create();
	struct program p;
	struct vmt_error e;

	assert_non_null(sim);
	if (!vmt_parse(text, strlen(text), &p, &e))
		fail_msg("%u:%u: %s\n%s", e.line, e.column, e.text, text);
	if (!seqdiff_recorded(&d, &target_model, &p, sim))
		fail_msg("%s", strbuf_text(&d.text));
	assert_true(d.nr_steps > 0);
	program_free(&p);
	seqdiff_free(&d);
	sim_destroy(sim);
}

/* Section 12. */
static void
test_content_lives_as_long_as_its_mapping(void **state)
{
	(void)state;
	check_text("init insert 16 24 rw rwx\n"
	           "init read 17 => 0\n"
	           "init write 17 7 => KERN_SUCCESS\n"
	           "init write 18 18446744073709551615 => KERN_SUCCESS\n"
	           "init pageout 100 => KERN_SUCCESS\n"
	           "init madvise 16 24 free\n"
	           "init sync 16 24 invalidate => KERN_SUCCESS\n"
	           "init wire 16 24 user noholes\n"
	           "init protect 16 24 none\n"
	           "init read 17 => KERN_PROTECTION_FAILURE\n"
	           "init write 17 8 => KERN_PROTECTION_FAILURE\n"
	           "init protect 16 24 r\n"
	           "init read 17 => 7\n"
	           "init read 18 => 18446744073709551615\n"
	           "init write 17 8 => KERN_PROTECTION_FAILURE\n"
	           "init read 17 => 7\n"
	           "init remove 17 18\n"
	           "init read 17 => KERN_INVALID_ADDRESS\n"
	           "init insert 17 18 r rwx\n"
	           "init read 17 => 0\n"
	           "init read 18 => 18446744073709551615\n");
}

static void
test_a_failing_pager_keeps_content_out(void **state)
{
	(void)state;
	check_text("poison 17 KERN_FAILURE\npoison 18\n"
	           "init insert 16 24 rw rwx\n"
	           "init write 17 1 => KERN_FAILURE\n"
	           "init read 17 => KERN_FAILURE\n"
	           "init fault 18 r => KERN_OUT_OF_BOUNDS\n"
	           "init wire 16 24 system noholes => KERN_FAILURE\n"
	           "state 16-24:rw-/rwx:copy:w0 uw=0\n");
}

/* Section 12, the last rule. */
static void
test_a_kernel_map_removes_system_wirings(void **state)
{
	(void)state;
	check_text("map 16 80 kernel\n"
	           "init insert 16 24 rw rwx\n"
	           "init wire 16 20 system noholes => KERN_SUCCESS\n"
	           "init wire 18 24 user noholes => KERN_SUCCESS\n"
	           "init remove 16 22 => KERN_SUCCESS\n"
	           "state 22-24:rw-/rwx:copy:w1u uw=2\n");
	check_text("map 16 80\n"
	           "init insert 16 24 rw rwx\n"
	           "init wire 18 20 system noholes => KERN_SUCCESS\n"
	           "init remove 16 22 => BLOCKED\n"
	           "state 18-20:rw-/rwx:copy:w1 20-24:rw-/rwx:copy:w0 uw=0\n");
}

static void
test_a_protection_beyond_its_maximum_is_refused_first(void **state)
{
	(void)state;
	check_text("init insert 16 24 rw r => KERN_INVALID_ARGUMENT\n"
	           "init insert 1 2 x none => KERN_INVALID_ARGUMENT\n"
	           "init insert 16 24 r r => KERN_SUCCESS\n"
	           "init wire 16 24 system noholes\n"
	           "init fixed 16 24 rw r => KERN_INVALID_ARGUMENT\n"
	           "init find 0 rwx rx => KERN_INVALID_ARGUMENT\n");
}

/* Section 6.9, section 10 (check), section 2 (the start moves). */
static void
test_odd_ranges(void **state)
{
	(void)state;
	check_text("init insert 16 24 rw rwx\n"
	           "init wire 30 20 user holesok => KERN_INVALID_ADDRESS\n"
	           "init unwire 30 20 user holesok => KERN_INVALID_ADDRESS\n"
	           "init wire 30 16 user noholes => KERN_SUCCESS\n"
	           "init wire 30 28 user noholes => KERN_INVALID_ADDRESS\n"
	           "init wire 30 28 user holesok => KERN_SUCCESS\n"
	           "init wire 200 100 user noholes => KERN_INVALID_ADDRESS\n"
	           "init wire 40 40 user noholes => KERN_SUCCESS\n"
	           "init check 20 3 rwx => TRUE\n"
	           "init check 30 3 none => FALSE\n"
	           "init check 16 24 rw => TRUE\n"
	           "init check 16 200 none => FALSE\n"
	           "init fixed 90 100 r r => KERN_INVALID_ADDRESS\n"
	           "state 16-24:rw-/rwx:copy:w0 uw=0\n");
}

/* Section 13: user wirings on system wirings, with Q2 and without. */
static void
test_nested_wirings(void **state)
{
	(void)state;
	check_text("profile strict\nlimit 4\n"
	           "init insert 16 24 rw rwx\n"
	           "init wire 16 24 system noholes => KERN_SUCCESS\n"
	           "init wire 16 24 user noholes => KERN_RESOURCE_SHORTAGE\n"
	           "state 16-24:rw-/rwx:copy:w1 uw=0\n"
	           "init wire 16 20 user noholes => KERN_SUCCESS\n"
	           "state 16-20:rw-/rwx:copy:w2u 20-24:rw-/rwx:copy:w1 uw=4\n"
	           "init unwire 16 24 system noholes => KERN_SUCCESS\n"
	           "state 16-20:rw-/rwx:copy:w1u 20-24:rw-/rwx:copy:w0 uw=4\n"
	           "init unwire 16 24 user noholes => KERN_SUCCESS\n"
	           "state 16-24:rw-/rwx:copy:w0 uw=0\n");
	check_text("profile strict +Q2\nlimit 4\n"
	           "init insert 16 24 rw rwx\n"
	           "init wire 16 24 system noholes => KERN_SUCCESS\n"
	           "init wire 16 24 user noholes => KERN_SUCCESS\n"
	           "state 16-24:rw-/rwx:copy:w2u uw=0\n"
	           "init unwire 16 24 system noholes => KERN_SUCCESS\n"
	           "init unwire 16 24 user noholes => KERN_SUCCESS\n"
	           "state 16-24:rw-/rwx:copy:w0 uw=-8\n"
	           "init wire 16 17 user noholes => KERN_SUCCESS\n"
	           "state 16-17:rw-/rwx:copy:w1u 17-24:rw-/rwx:copy:w0 uw=-7\n");
}

/* Section 4. */
static void
test_the_tail_gap(void **state)
{
	(void)state;
	check_text("profile strict\n"
	           "init insert 18 20 r r\n"
	           "init find 3 r r => KERN_SUCCESS@20\n");
	check_text("profile strict +Q4\n"
	           "init insert 18 20 r r\n"
	           "init find 3 r r => KERN_NO_SPACE\n"
	           "init find 2 r r => KERN_SUCCESS@16\n"
	           "init find 3 r r => KERN_SUCCESS@20\n");
	/* The search starts in a mapping, or before an entry that is not the last: it finds the tail gap. */
	check_text("profile strict +Q4\n"
	           "init insert 16 18 r r\n"
	           "init insert 20 22 rw rw\n"
	           "init find 3 r r => KERN_SUCCESS@22\n");
	check_text("profile strict +Q4\n"
	           "init insert 17 18 r r\n"
	           "init insert 20 22 rw rw\n"
	           "init find 3 r r => KERN_SUCCESS@22\n");
}

static void
test_what_the_model_refuses(void **state)
{
	struct program p;

	(void)state;
	program_init(&p);
	assert_null(seqrun_reason(&target_model, &p));
	p.config.frames = 8;
	assert_non_null(seqrun_reason(&target_model, &p));
	p.config.frames = 0;
	p.config.max = (uint64_t)1 << 32;
	assert_non_null(seqrun_reason(&target_model, &p));
}

/* --- the invariants of the target --- */

static const char *
broken_check(void *self, bool excused, uint32_t *excuse)
{
	(void)excuse;
	(void)self;
	(void)excused;
	return "B1: broken on purpose";
}

static void
test_broken_invariant_fails_the_comparison(void **state)
{
	static const char text[] = "init insert 16 18 r r => KERN_SUCCESS\n";
	struct vm_target broken = target_model;
	struct seqdiff d = { 0 };
	struct sim *sim = sim_create();
	struct program p;
	struct vmt_error e;

	(void)state;
	broken.check = broken_check;
	assert_non_null(sim);
	assert_true(vmt_parse(text, strlen(text), &p, &e));
	assert_false(seqdiff_recorded(&d, &broken, &p, sim));
	assert_non_null(strstr(strbuf_text(&d.text), "B1: broken on purpose"));
	assert_false(seqdiff_targets(&d, &broken, &target_model, &p, sim));
	assert_non_null(strstr(strbuf_text(&d.text), "B1: broken on purpose"));
	assert_false(seqdiff_targets(&d, &target_model, &broken, &p, sim));
	assert_non_null(strstr(strbuf_text(&d.text), "B1: broken on purpose"));
	assert_true(seqdiff_targets(&d, &target_model, &target_model, &p, sim));
	program_free(&p);
	seqdiff_free(&d);
	sim_destroy(sim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_lives_as_long_as_its_mapping),
		cmocka_unit_test(test_a_failing_pager_keeps_content_out),
		cmocka_unit_test(test_a_kernel_map_removes_system_wirings),
		cmocka_unit_test(test_a_protection_beyond_its_maximum_is_refused_first),
		cmocka_unit_test(test_odd_ranges),
		cmocka_unit_test(test_nested_wirings),
		cmocka_unit_test(test_the_tail_gap),
		cmocka_unit_test(test_what_the_model_refuses),
		cmocka_unit_test(test_broken_invariant_fails_the_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
