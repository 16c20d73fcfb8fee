/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-files-named.c - files.c on a file system that has neither O_TMPFILE nor RENAME_NOREPLACE: the temporary file
 * has a name from the beginning. The linker puts the functions below in place of those of the C library.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

#include "harness/base/base.h"

#define LONG 100000 /* bytes */
#define ROOM 1000

static unsigned nr_refused; /* calls that the file system cannot do */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);

int
__wrap_open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
	va_end(args);
	if ((flags & O_TMPFILE) != O_TMPFILE)
		return __real_open64(path, flags, mode);
	nr_refused++;
	errno = EOPNOTSUPP;
	return -1;
}

int
__wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	(void)from_dir;
	(void)from;
	(void)to_dir;
	(void)to;
	(void)flags;
	nr_refused++;
	errno = EINVAL;
	return -1;
}

static void
write_text(const char *path, const char *text)
{
	struct strbuf b = { 0 };

	strbuf_add(&b, text);
	assert_true(file_write_text(path, &b));
	strbuf_free(&b);
}

static void
expect_text(const char *path, const char *want)
{
	char got[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	(void)fread(got, 1, sizeof(got) - 1, f);
	(void)fclose(f);
	assert_string_equal(got, want);
}

static size_t
count_entries(void)
{
	char *roots[] = { (char[]){ "." }, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t n = 0;

	assert_non_null(fts);
	for (FTSENT *e; (e = fts_read(fts)) != NULL;)
		n += e->fts_level > 0;
	fts_close(fts);
	return n;
}

static void
test_files_are_replaced(void **unused)
{
	struct stat st;

	(void)unused;
	nr_refused = 0;
	write_text("a", "one");
	assert_int_equal(chmod("a", 0640), 0);
	write_text("a", "two");
	expect_text("a", "two");
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(nr_refused, 2);
	assert_int_equal(count_entries(), 1);
	assert_int_equal(unlink("a"), 0);
}

static void
test_new_file_replaces_none(void **unused)
{
	struct strbuf text = { 0 }, name = { 0 };

	(void)unused;
	strbuf_add(&text, "one");
	nr_refused = 0;
	assert_true(file_write_new("a.vmt", &text));
	assert_int_equal(nr_refused, 2);
	assert_false(file_write_new("a.vmt", &text));
	assert_int_equal(errno, EEXIST);
	assert_true(file_write_numbered("a.vmt", &text, &name));
	assert_string_equal(strbuf_text(&name), "a-2.vmt");
	assert_int_equal(count_entries(), 2);
	assert_int_equal(unlink("a.vmt") | unlink("a-2.vmt"), 0);
	strbuf_free(&text);
	strbuf_free(&name);
}

static void
test_failure_leaves_the_old_file_alone(void **unused)
{
	struct rlimit before, limit;
	char *bytes = calloc(1, LONG);

	(void)unused;
	assert_non_null(bytes);
	write_text("a", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = ROOM;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_false(file_write("a", bytes, LONG));
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	expect_text("a", "old");
	assert_int_equal(count_entries(), 1);
	assert_int_equal(unlink("a"), 0);
	free(bytes);
}

int
main(void)
{
	static char directory[] = "/tmp/test-files.XXXXXX";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_are_replaced),
		cmocka_unit_test(test_new_file_replaces_none),
		cmocka_unit_test(test_failure_leaves_the_old_file_alone),
	};
	int rv;

	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		return 1;
	rv = cmocka_run_group_tests(tests, NULL, NULL);
	return chdir("/") == 0 && rmdir(directory) == 0 ? rv : 1; /* nothing is left there */
}
