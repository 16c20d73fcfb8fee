/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-docs.c - compares the documents made from tables with the tables.
 *
 *	test-docs DIRECTORY           compare the documents in it
 *	test-docs --write FILE...     write them again; the file name selects the table
 *
 * A document with a line "<!-- made: -->" is made from there up to "<!-- :made -->", and the rest is written by hand.
 *One without is made as a whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/edge.h"
#include "engine/ops.h"
#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/program/program.h"

#define MADE_BEGIN "<!-- made: -->\n"
#define MADE_END "<!-- :made -->\n"

static const struct document {
	const char *file;
	void (*print)(struct strbuf *out, bool markdown);
} documents[] = {
	{ "ops.md", opsdoc_print },
	{ "edges.md", edges_doc },
	{ "checks.md", checks_doc },
};
#define NR_DOCUMENTS (sizeof(documents) / sizeof(documents[0]))

static const char *directory;

static bool
read_file(const char *path, struct strbuf *text)
{
	FILE *f = fopen(path, "r");
	char buf[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_addn(text, buf, n);
	return fclose(f) == 0;
}

/* The expected document; @found is the present one. */
static void
make(const struct document *d, const struct strbuf *found, struct strbuf *out)
{
	const char *text = strbuf_text(found), *begin = strstr(text, MADE_BEGIN);
	const char *end = begin != NULL ? strstr(begin, MADE_END) : NULL;

	if (end == NULL) {
		d->print(out, true);
		return;
	}
	begin += strlen(MADE_BEGIN);
	strbuf_addn(out, text, (size_t)(begin - text));
	d->print(out, true);
	strbuf_add(out, end);
}

static int
write_file(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	struct strbuf found = { 0 }, out = { 0 };
	FILE *f = NULL;
	int bad = 1;

	for (size_t i = 0; i < NR_DOCUMENTS; i++) {
		if (strcmp(documents[i].file, name) != 0)
			continue;
		(void)read_file(path, &found); /* it may be new */
		make(&documents[i], &found, &out);
		f = fopen(path, "w");
		if (f == NULL)
			break;
		bad = fputs(strbuf_text(&out), f) == EOF;
		bad |= fclose(f) != 0;
	}
	if (bad)
		fprintf(stderr, "%s: cannot be written, or is not made from a table\n", path);
	strbuf_free(&found);
	strbuf_free(&out);
	return bad;
}

static void
test_files_are_current(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < NR_DOCUMENTS; i++) {
		struct strbuf path = { 0 }, want = { 0 }, found = { 0 };

		strbuf_printf(&path, "%s/%s", directory, documents[i].file);
		if (!read_file(strbuf_text(&path), &found))
			fail_msg("%s: cannot be read", strbuf_text(&path));
		make(&documents[i], &found, &want);
		if (strcmp(strbuf_text(&found), strbuf_text(&want)) != 0)
			fail_msg("%s is not current: test-docs --write %s", strbuf_text(&path), strbuf_text(&path));
		strbuf_free(&path);
		strbuf_free(&want);
		strbuf_free(&found);
	}
}

/* Plain and as markdown, both have @text. */
static void
assert_both_say(const struct document *d, const char *text)
{
	for (int markdown = 0; markdown < 2; markdown++) {
		struct strbuf out = { 0 };

		d->print(&out, markdown);
		if (strstr(strbuf_text(&out), text) == NULL)
			fail_msg("%s%s does not say: %s", d->file, markdown ? "" : ", as plain text,", text);
		strbuf_free(&out);
	}
}

/* Each row of each table is in its document. */
static void
test_every_row(void **unused)
{
	unsigned nr_ops = 0;

	(void)unused;
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		if (vm_op_table[code].name == NULL)
			continue;
		assert_both_say(&documents[0], vm_op_table[code].summary);
		nr_ops++;
	}
	assert_true(nr_ops >= 17);
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		assert_both_say(&documents[1], vm_edge_table[i].when);
	for (unsigned i = 1; i < CHECK_COUNT; i++)
		assert_both_say(&documents[2], check_table[i].holds);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_are_current),
		cmocka_unit_test(test_every_row),
	};
	int bad = 0;

	if (argc >= 3 && strcmp(argv[1], "--write") == 0) {
		for (int i = 2; i < argc; i++)
			bad |= write_file(argv[i]);
		return bad;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: test-docs DIRECTORY | --write FILE...\n");
		return 2;
	}
	directory = argv[1];
	return cmocka_run_group_tests_name("docs", tests, NULL, NULL);
}
