/* SPDX-License-Identifier: BSD-2-Clause */
/* vmt-file.c - programs in files. See vmt.h. */
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

#define READ_SIZE ((size_t)64 * 1024)

/* Reads all bytes of @fd. False with errno set. */
static bool
file_read_all(int fd, struct strbuf *out)
{
	char *buf = memory_resize(NULL, READ_SIZE, 1, "a file");
	ssize_t n = -1;

	do {
		n = read(fd, buf, READ_SIZE);
		if (n > 0)
			strbuf_addn(out, buf, (size_t)n);
		if (out->len > VMT_FILE_MAX) {
			errno = EFBIG;
			n = -1;
			break;
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	free(buf);
	return n == 0;
}

static bool
file_read_path(const char *path, struct strbuf *out)
{
	int fd, error;
	bool good;

	if (strcmp(path, "-") == 0)
		return file_read_all(STDIN_FILENO, out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = file_read_all(fd, out);
	error = errno;
	close(fd);
	errno = error;
	return good;
}

void
vmt_parse_own(const char *text, const char *what, struct program *p)
{
	struct vmt_error e;

	if (!vmt_parse(text, strlen(text), p, &e))
		errx(EXIT_USAGE, "internal error: %s does not parse: %u:%u: %s", what, e.line, e.column, e.text);
}

bool
vmt_load(const char *path, struct program *p, struct strbuf *text, struct strbuf *error)
{
	const char *name = escape_path(path);
	struct vmt_error e;

	program_init(p);
	if (!file_read_path(path, text)) {
		strbuf_printf(error, "%s: %s\n", name, strerror(errno));
		return false;
	}
	if (vmt_parse(strbuf_text(text), text->len, p, &e))
		return true;
	assert(e.line > 0 && e.text[0] != '\0');
	strbuf_printf(error, "%s:%u:%u: %s\n", name, e.line, e.column, e.text);
	return false;
}

bool
vmt_read(const char *path, struct program *p)
{
	struct strbuf text = { 0 }, error = { 0 };
	bool good = vmt_load(path, p, &text, &error);

	if (!good)
		fputs(strbuf_text(&error), stderr);
	strbuf_free(&text);
	strbuf_free(&error);
	return good;
}

bool
vmt_write_new(const char *path, const struct program *p)
{
	struct strbuf text = { 0 };
	bool good;
	int error;

	vmt_print(p, &text);
	good = file_write_new(path, &text);
	error = errno;
	strbuf_free(&text);
	errno = error;
	return good;
}

bool
vmt_write(const char *path, const struct program *p)
{
	struct strbuf text = { 0 };
	bool good;
	int error;

	vmt_print(p, &text);
	good = file_write_text(path, &text);
	error = errno;
	strbuf_free(&text);
	errno = error;
	return good;
}
