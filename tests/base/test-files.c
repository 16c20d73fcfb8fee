/* SPDX-License-Identifier: BSD-2-Clause */
/* test-files.c - what may be written where: names that are too long, links, descriptors, directories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"

static char folder[] = "/tmp/test-files-XXXXXX";
static struct strbuf text;

static const char *
in_folder(const char *name)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
expect_content(const char *path, const char *content)
{
	char got[64] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	(void)close(fd);
	assert_string_equal(got, content);
}

static void
test_a_name_that_is_too_long(void **state)
{
	struct strbuf written = { 0 };
	char name[PATH_MAX + 100];

	(void)state;
	memset(name, '/', sizeof(name) - 2);
	name[sizeof(name) - 2] = 'x';
	name[sizeof(name) - 1] = '\0';
	errno = 0;
	assert_false(file_write_text(name, &text));
	assert_int_equal(errno, ENAMETOOLONG);
	errno = 0;
	assert_false(file_write_new(name, &text));
	assert_int_equal(errno, ENAMETOOLONG);
	errno = 0;
	assert_false(file_writable(name));
	assert_int_equal(errno, ENAMETOOLONG);
	errno = 0;
	assert_false(file_write_numbered(name, &text, &written));
	assert_int_equal(errno, ENAMETOOLONG);
	strbuf_free(&written);
}

static void
test_a_link_to_a_name_that_is_too_long(void **state)
{
	char target[PATH_MAX - 1];

	(void)state;
	memset(target, 'x', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	assert_int_equal(symlink(target, in_folder("long")), 0);
	errno = 0;
	assert_false(file_write_text(in_folder("long"), &text));
	assert_int_equal(errno, ENAMETOOLONG);
}

static void
test_links(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(symlink("circle", in_folder("circle")), 0);
	errno = 0;
	assert_false(file_write_text(in_folder("circle"), &text));
	assert_int_equal(errno, ELOOP);
	/* The link stays one, and the file behind it is written, whether it was there or not. */
	assert_int_equal(symlink("behind", in_folder("link")), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(file_writable(in_folder("link")));
		assert_true(file_write_text(in_folder("link"), &text));
		expect_content(in_folder("behind"), "text\n");
		assert_int_equal(lstat(in_folder("link"), &st), 0);
		assert_true(S_ISLNK(st.st_mode));
	}
}

static void
test_descriptors(void **state)
{
	char name[40];
	int out = open(in_folder("by-number"), O_WRONLY | O_CREAT, 0666), in = open("/dev/null", O_RDONLY);

	(void)state;
	assert_true(out >= 0 && in >= 0);
	(void)snprintf(name, sizeof(name), "/dev/fd/%d", out);
	assert_true(file_writable(name));
	assert_true(file_write_text(name, &text));
	expect_content(in_folder("by-number"), "text\n");
	(void)snprintf(name, sizeof(name), "/dev/fd/%d", in);
	errno = 0;
	assert_false(file_writable(name));
	assert_int_equal(errno, EBADF);
	(void)close(in);
	(void)close(out);
	/* A folder of that name elsewhere is only a folder. */
	assert_int_equal(mkdir(in_folder("fd"), 0777), 0);
	assert_true(file_write_text(in_folder("fd/1"), &text));
	expect_content(in_folder("fd/1"), "text\n");
}

static void
test_folders_and_devices(void **state)
{
	(void)state;
	errno = 0;
	assert_false(file_writable(folder));
	assert_int_equal(errno, EISDIR);
	errno = 0;
	assert_false(file_write_text(in_folder("none/x"), &text));
	assert_int_equal(errno, ENOENT);
	assert_true(file_writable("/dev/null"));
	assert_true(file_write_text("/dev/null", &text));
	assert_false(file_replaces("/dev/null"));
}

static void
test_a_new_file_replaces_nothing(void **state)
{
	struct strbuf other = { 0 }, written = { 0 };

	(void)state;
	strbuf_add(&other, "other\n");
	assert_true(file_write_new(in_folder("new"), &text));
	errno = 0;
	assert_false(file_write_new(in_folder("new"), &other));
	assert_int_equal(errno, EEXIST);
	expect_content(in_folder("new"), "text\n");
	/* The next free number is taken. */
	assert_true(file_write_numbered(in_folder("new"), &other, &written));
	assert_string_not_equal(strbuf_text(&written), in_folder("new"));
	expect_content(strbuf_text(&written), "other\n");
	expect_content(in_folder("new"), "text\n");
	strbuf_free(&other);
	strbuf_free(&written);
}

static int
setup(void **state)
{
	(void)state;
	strbuf_add(&text, "text\n");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	char command[sizeof(folder) + 10];

	(void)state;
	strbuf_free(&text);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_that_is_too_long),
		cmocka_unit_test(test_a_link_to_a_name_that_is_too_long),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_folders_and_devices),
		cmocka_unit_test(test_a_new_file_replaces_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
