/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-opsdoc.c - docs/ops.md says what the tables of operations say.
 *
 *	test-opsdoc FILE           compare
 *	test-opsdoc --write FILE   write it anew
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/ops.h"
#include "harness/opsdoc.h"
#include "harness/strbuf.h"

static const char *path;

static int
write_file(const char *to)
{
	struct strbuf out = { 0 };
	FILE *f = fopen(to, "w");
	int bad;

	if (f == NULL) {
		perror(to);
		return 1;
	}
	opsdoc_print(&out, true);
	bad = fputs(strbuf_text(&out), f) == EOF;
	bad |= fclose(f) != 0;
	strbuf_free(&out);
	if (bad)
		perror(to);
	return bad;
}

static void
test_file_is_current(void **unused)
{
	struct strbuf want = { 0 }, found = { 0 };
	FILE *f = fopen(path, "r");
	char buf[4096];
	size_t n;

	(void)unused;
	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_addn(&found, buf, n);
	fclose(f);
	opsdoc_print(&want, true);
	assert_string_equal(strbuf_text(&found), strbuf_text(&want));
	strbuf_free(&want);
	strbuf_free(&found);
}

/* Each operation is there with its summary, in both forms. */
static void
test_every_operation(void **unused)
{
	struct strbuf plain = { 0 }, markdown = { 0 };
	unsigned seen = 0;

	(void)unused;
	opsdoc_print(&plain, false);
	opsdoc_print(&markdown, true);
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		if (vm_op_table[code].name == NULL)
			continue;
		assert_non_null(strstr(plain.text, vm_op_table[code].summary));
		assert_non_null(strstr(markdown.text, vm_op_table[code].summary));
		seen++;
	}
	assert_true(seen >= 17);
	strbuf_free(&plain);
	strbuf_free(&markdown);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_is_current),
		cmocka_unit_test(test_every_operation),
	};

	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_file(argv[2]);
	if (argc != 2) {
		fprintf(stderr, "usage: test-opsdoc [--write] FILE\n");
		return 2;
	}
	path = argv[1];
	return cmocka_run_group_tests_name("opsdoc", tests, NULL, NULL);
}
