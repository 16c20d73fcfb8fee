/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-profile-names.c - profiles whose names begin alike and have a "-" in them. harness/program/profile.c is built
 * with the table here in place of the one that profiles.def makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/program/program.h"

#define Q1 VM_BEHAVIOUR_BIT(Q1)
#define Q2 VM_BEHAVIOUR_BIT(Q2)

const struct vm_profile_desc vm_profile_table[VM_PROFILE_COUNT] = { { .name = "kernel" }, { "kernel-main", Q2, "", "" },
	[2 ... VM_PROFILE_COUNT - 1] = { .name = "other" } };

static void
check(const char *text, unsigned base, uint32_t on)
{
	struct vm_profile p;
	const char *word;

	if (!profile_parse(text, &p, &word))
		fail_msg("%s: \"%s\" is wrong", text, word);
	assert_int_equal(p.base, base);
	assert_int_equal(p.on, on);
}

static void
check_wrong(const char *text, size_t at)
{
	struct vm_profile p;
	const char *word;

	assert_false(profile_parse(text, &p, &word));
	assert_int_equal(word - text, at);
}

static void
test_dash_in_name(void **unused)
{
	(void)unused;
	check("kernel", 0, 0);
	check("kernel-main", 1, Q2);
	check("kernel+Q1", 0, Q1);
	check("kernel-Q1", 0, 0);
	check("kernel-main-Q2", 1, 0);
	check("kernel-main +Q1,-Q2", 1, Q1);
	check_wrong("kernel-mai", 6);
	check_wrong("kernelx", 0);
	check_wrong("kernel-main-Q5", 11);
	check_wrong("", 0);
	assert_int_equal(strncmp(profile_names(), "kernel, kernel-main", strlen("kernel, kernel-main")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_dash_in_name) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
