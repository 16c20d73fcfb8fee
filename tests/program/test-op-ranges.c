/* SPDX-License-Identifier: BSD-2-Clause */
/* test-op-ranges.c - op-ranges.def against the arguments of ops.def, and how ranges are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/program/program.h"

static bool
has_kind(uint8_t code, enum vm_arg_kind kind)
{
	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
		if (vm_op_table[code].args[i] == kind)
			return true;
	return false;
}

/* An operation with a start has a page or a range. An operation that answers TRUE or FALSE changes nothing. */
static void
test_rows_agree_with_arguments(void **unused)
{
	(void)unused;
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		const struct vm_op op = { .code = (uint8_t)code, .start = 20, .end = 24 };
		const struct op_ranges r = op_ranges(&op);
		bool end = has_kind(op.code, VM_ARG_END);

		assert_int_equal(r.nr, has_kind(op.code, VM_ARG_START) ? 1 : 0);
		assert_int_equal(op_takes_range(op.code), end);
		if (vm_op_table[code].result == VM_RESULT_BOOL)
			assert_false(op_changes(op.code));
		if (r.nr == 0)
			continue;
		assert_int_equal(r.at[0].start, 20);
		assert_int_equal(r.at[0].end, end ? 24 : 21);
		assert_int_equal(r.at[0].one_page, !end);
		assert_int_equal(r.at[0].access, op_changes(op.code) ? OP_CHANGES : OP_READS);
	}
}

static void
check_cut(uint8_t code, uint64_t start, uint64_t end, uint64_t want_start, uint64_t want_end)
{
	const struct program_config cfg = { .min = 16, .max = 80 };
	const struct vm_op op = { .code = code, .start = start, .end = end };
	const struct op_ranges r = op_ranges(&op);
	const struct op_range cut = op_range_cut(&r.at[0], &cfg);

	assert_int_equal(cut.start, want_start);
	assert_int_equal(cut.end, want_end);
}

static void
test_cut(void **unused)
{
	(void)unused;
	check_cut(VM_OP_wire, 8, 90, 16, 80);
	check_cut(VM_OP_wire, 90, 95, 80, 80);
	check_cut(VM_OP_wire, 4, 8, 8, 8);
	check_cut(VM_OP_wire, 30, 20, 20, 20);
	check_cut(VM_OP_insert, 8, 90, 8, 90);
	check_cut(VM_OP_check, 30, 20, 30, 30);
	check_cut(VM_OP_clip, 90, 0, 90, 91);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_agree_with_arguments),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
