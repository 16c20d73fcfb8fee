/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-profile.c - profiles as words and as bytes: each profile of profiles.def with each pair of behaviours of
 * behaviours.def turned on and off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/base.h"
#include "harness/program/program.h"

static void
check_program(const char *words, struct vm_profile want)
{
	struct keybuf bytes = { 0 };
	struct program p, again;
	struct strbuf text = { 0 };
	const char *reason;
	struct vmt_error e;

	strbuf_printf(&text, "profile %s\nmap 16 80\nT0 clip 18\n", words);
	if (!vmt_parse(strbuf_text(&text), text.len, &p, &e))
		fail_msg("%s: %s", words, e.text);
	assert_true(vm_profile_equal(p.config.profile, want));
	if (!bytes_encode(&p, &bytes, &reason))
		fail_msg("%s: %s", words, reason);
	(void)bytes_decode(bytes.bytes, bytes.len, &again);
	if (!vm_profile_equal(again.config.profile, want))
		fail_msg("%s is another profile after its byte form", words);
	program_free(&again);
	program_free(&p);
	keybuf_free(&bytes);
	strbuf_free(&text);
}

static void
check_words(struct vm_profile want)
{
	struct strbuf text = { 0 };
	struct vm_profile got = { 0 };
	const char *word;

	profile_print(want, &text);
	if (!profile_parse(strbuf_text(&text), &got, &word))
		fail_msg("%s: \"%s\" is wrong", strbuf_text(&text), word);
	assert_true(vm_profile_equal(got, want));
	check_program(strbuf_text(&text), want);
	strbuf_free(&text);
}

static void
test_every_profile_with_every_behaviour(void **unused)
{
	(void)unused;
	for (unsigned id = 0; id < VM_PROFILE_COUNT; id++)
		for (unsigned x = 0; x < VM_BEHAVIOUR_COUNT; x++)
			for (unsigned y = 0; y < VM_BEHAVIOUR_COUNT; y++) {
				struct vm_profile p = vm_profile((enum vm_profile_id)id);

				check_words(p);
				p.on = (p.on | (uint32_t)1 << x) & ~((uint32_t)1 << y);
				check_words(p);
			}
}

static void
test_tables_agree(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < VM_PROFILE_COUNT; i++) {
		struct vm_profile p;

		assert_int_equal(vm_profile_table[i].on & ~VM_BEHAVIOURS_ALL, 0);
		assert_true(profile_find(vm_profile_table[i].name, strlen(vm_profile_table[i].name), &p));
		assert_int_equal(p.base, i);
		assert_non_null(strstr(profile_names(), vm_profile_table[i].name));
	}
	for (unsigned i = 0; i < VM_BEHAVIOUR_COUNT; i++)
		assert_int_equal(
		    profile_behaviour(VM_PROFILE_strict, vm_behaviour_table[i].id, strlen(vm_behaviour_table[i].id)),
		    1 << i);
}

/* The profile of a raw input whose byte about the profile is @first, followed by @behind. */
static struct vm_profile
decoded(uint8_t first, const uint8_t *behind, size_t len)
{
	uint8_t bytes[16] = { 1, 0, first };
	struct vm_profile profile;
	struct program p;

	memcpy(&bytes[3], behind, len);
	(void)bytes_decode(bytes, 3 + len, &p);
	profile = p.config.profile;
	program_free(&p);
	return profile;
}

static void
test_long_profile_needs_its_mark(void **unused)
{
	const struct vm_profile strict_q1 = { VM_PROFILE_strict, VM_PROFILE_ON_strict ^ VM_BEHAVIOUR_BIT(Q1) };
	const struct vm_profile freebsd_q1 = { VM_PROFILE_freebsd12,
		(uint32_t)VM_PROFILE_ON_freebsd12 ^ VM_BEHAVIOUR_BIT(Q1) };
	const uint8_t marked[] = { 0x9d, 0x57, VM_PROFILE_freebsd12, 0, 0, 0 }, other[] = { 0x9d, 0x58, 1, 0, 0, 0 };

	(void)unused;
	assert_true(vm_profile_equal(decoded(0xe1, marked, sizeof(marked)), freebsd_q1));
	assert_true(vm_profile_equal(decoded(0x61, marked, sizeof(marked)), strict_q1));
	assert_true(vm_profile_equal(decoded(0xe1, other, sizeof(other)), strict_q1));
	assert_true(vm_profile_equal(decoded(0xe1, marked, 1), strict_q1));
}

/* --- profiles of a target --- */

static const struct vm_behaviour_desc switches[] = { { "S1", "one", "", "" }, { "S2", "two", "", "" }, { 0 } };
static const struct vm_profile_desc profiles[] = { { "plain", 0, "", "" }, { "plain-old", 3, "", "" }, { 0 } };
static const struct profile_excuse excuses[] = { { "stuck", 2 }, { 0 } };
static const struct profile_set set = { profiles, switches, excuses };

static const char *
refused(const struct vm_profile_desc *p, const struct vm_behaviour_desc *s)
{
	struct profile_set wrong = { p, s, NULL };
	const char *reason = profile_register(&wrong);

	assert_non_null(reason);
	return reason;
}

static void
test_wrong_sets_are_refused(void **unused)
{
	const struct vm_profile_desc none[] = { { 0 } }, first_is_on[] = { { "a", 1, "", "" }, { 0 } },
	                             taken[] = { { "strict", 0, "", "" }, { 0 } },
	                             blank[] = { { "a b", 0, "", "" }, { 0 } },
	                             above[] = { { "a", 0, "", "" }, { "b", 4, "", "" }, { 0 } };

	(void)unused;
	assert_non_null(strstr(refused(none, switches), "a first profile without switches"));
	assert_non_null(strstr(refused(first_is_on, switches), "a first profile without switches"));
	assert_non_null(strstr(refused(taken, switches), "found \"strict\""));
	assert_non_null(strstr(refused(blank, switches), "found \"a b\""));
	assert_non_null(strstr(refused(above, switches), "profile b has a switch that its set does not have"));
	assert_null(profile_desc(VM_PROFILE_COUNT));
}

static void
test_profiles_of_a_target(void **unused)
{
	static const char text[] = "profile plain-old -S1\nmap 16 80\nT0 clip 18\n";
	struct vm_profile p = { 0 };
	struct strbuf out = { 0 };
	struct keybuf bytes = { 0 };
	struct program program;
	const char *word;
	struct vmt_error e;

	(void)unused;
	assert_null(profile_register(&set));
	assert_null(profile_register(&set));
	assert_null(profile_desc(VM_PROFILE_COUNT + 2));
	assert_true(profile_parse("plain +S2", &p, &word));
	assert_int_equal(p.base, VM_PROFILE_COUNT);
	assert_int_equal(p.on, 2);
	assert_false(profile_parse("plain +Q1", &p, &word));
	assert_false(profile_parse("strict +S1", &p, &word));
	if (!vmt_parse(text, strlen(text), &program, &e))
		fail_msg("%s", e.text);
	p = program.config.profile;
	assert_int_equal(p.on, 2);
	assert_int_equal(profile_excuses(p, "stuck"), 2);
	assert_int_equal(profile_excuses(p, "circle"), 0);
	assert_int_equal(profile_excuses(profile_plain(p), "stuck"), 0);
	assert_int_equal(profile_plain(p).base, VM_PROFILE_COUNT);
	vmt_print(&program, &out);
	assert_string_equal(strbuf_text(&out), text);
	assert_false(bytes_encode(&program, &bytes, &word));
	program_free(&program);
	strbuf_free(&out);
	keybuf_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_profile_with_every_behaviour),
		cmocka_unit_test(test_tables_agree),
		cmocka_unit_test(test_long_profile_needs_its_mark),
		cmocka_unit_test(test_wrong_sets_are_refused),
		cmocka_unit_test(test_profiles_of_a_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
