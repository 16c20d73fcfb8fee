/* SPDX-License-Identifier: BSD-2-Clause */
/* test-text.c - texts of harness/base: where strbuf_wrap breaks lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/base.h"

static void
assert_wraps(const char *text, size_t at, size_t columns, const char *next, const char *expected)
{
	struct strbuf b = { 0 };

	strbuf_wrap(&b, text, at, columns, next);
	assert_string_equal(strbuf_text(&b), expected);
	strbuf_free(&b);
}

static void
test_line_is_as_long_as_allowed(void **state)
{
	(void)state;
	assert_wraps("aaa bbb ccc", 0, 7, "", "aaa bbb\nccc");
	assert_wraps("aaa bbb ccc", 0, 6, "", "aaa\nbbb\nccc");
	assert_wraps("aaa bbb ccc", 0, 11, "", "aaa bbb ccc");
}

static void
test_first_column_and_indent_count(void **state)
{
	(void)state;
	assert_wraps("aaa bbb ccc", 1, 7, "", "aaa\nbbb ccc");
	assert_wraps("aaa bbb ccc ddd", 2, 9, "#   ", "aaa bbb\n#   ccc\n#   ddd");
	assert_wraps("aaa bbb ccc ddd", 2, 11, "#   ", "aaa bbb\n#   ccc ddd");
}

static void
test_long_word_stays_whole(void **state)
{
	(void)state;
	assert_wraps("aaaaaa b", 0, 4, "> ", "aaaaaa\n> b");
	assert_wraps("a bbbbbb c", 0, 4, "> ", "a\n> bbbbbb\n> c");
}

static void
test_blanks_become_one(void **state)
{
	(void)state;
	assert_wraps("a  b   c ", 0, 80, "", "a b c");
	assert_wraps("", 3, 80, "> ", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_is_as_long_as_allowed),
		cmocka_unit_test(test_first_column_and_indent_count),
		cmocka_unit_test(test_long_word_stays_whole),
		cmocka_unit_test(test_blanks_become_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
