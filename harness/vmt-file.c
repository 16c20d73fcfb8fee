/* SPDX-License-Identifier: BSD-2-Clause */
/* vmt-file.c - programs in files: reading one whole, and replacing one so that no crash leaves half. See vmt.h. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/strbuf.h"
#include "harness/vmt-parse.h"
#include "harness/vmt.h"

#define READ_SIZE ((size_t)64 * 1024)

/* All bytes of @fd. False with errno set. */
static bool
read_all(int fd, struct strbuf *out)
{
	char *buf = malloc(READ_SIZE);
	ssize_t n = -1;

	if (buf == NULL)
		return false;
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
read_path(const char *path, struct strbuf *out)
{
	int fd, error;
	bool good;

	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = read_all(fd, out);
	error = errno;
	close(fd);
	errno = error;
	return good;
}

const char *
vmt_path_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

bool
vmt_load(const char *path, struct program *p, struct strbuf *text, struct strbuf *error)
{
	const char *name = vmt_path_name(path);
	struct vmt_error e;

	program_init(p);
	if (!read_path(path, text)) {
		strbuf_printf(error, "%s: %s\n", name, strerror(errno));
		return false;
	}
	if (vmt_parse(strbuf_text(text), text->len, p, &e))
		return true;
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

typedef int rename_fn(const char *from, const char *to);

static bool
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* mkstemp gives 0600; a program is as readable as any file, and a file that is replaced keeps its mode. */
static bool
set_mode(int fd, const char *path)
{
	struct stat st;
	mode_t mask;

	if (stat(path, &st) == 0)
		return fchmod(fd, st.st_mode & 07777) == 0;
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) == 0;
}

static bool
sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd, error;
	bool good;

	if (copy == NULL)
		return false;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return false;
	good = fsync(fd) == 0;
	error = errno;
	close(fd);
	errno = error;
	return good;
}

/* rename, but a file that is there stays. Not every file system can do it at once; with links it can be done. */
static int
rename_new(const char *temp, const char *path)
{
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if ((errno != EINVAL && errno != ENOSYS) || link(temp, path) != 0)
		return -1;
	(void)unlink(temp);
	return 0;
}

/* Writes @text to the new file @temp, open as @fd, and gives it the name @path by @name. Closes @fd. */
static bool
fill_and_rename(int fd, const char *temp, const char *path, const struct strbuf *text, rename_fn *name)
{
	bool good = write_all(fd, strbuf_text(text), text->len) && set_mode(fd, path) && fsync(fd) == 0;
	int error = errno;

	if (close(fd) != 0 && good) {
		error = errno;
		good = false;
	}
	if (good && name(temp, path) != 0) {
		error = errno;
		good = false;
	}
	errno = error;
	return good;
}

static bool
write_as(const char *path, const struct strbuf *text, rename_fn *name)
{
	struct strbuf temp = { 0 };
	int fd, error;
	bool good = false;

	strbuf_printf(&temp, "%s.XXXXXX", path);
	fd = mkostemp(temp.text, O_CLOEXEC);
	if (fd >= 0)
		good = fill_and_rename(fd, temp.text, path, text, name);
	error = errno;
	if (fd >= 0 && !good)
		unlink(temp.text);
	strbuf_free(&temp);
	errno = error;
	return good;
}

bool
vmt_write_text(const char *path, const struct strbuf *text)
{
	/* Where @path is a link, the file it leads to is replaced, not the link. */
	char *real = realpath(path, NULL);
	const char *target = real != NULL ? real : path;
	bool good = write_as(target, text, rename) && sync_directory(target);
	int error = errno;

	free(real);
	errno = error;
	return good;
}

static bool
write_new_text(const char *path, const struct strbuf *text)
{
	return write_as(path, text, rename_new) && sync_directory(path);
}

static bool
write_program(const char *path, const struct program *p, bool (*write)(const char *path, const struct strbuf *text))
{
	struct strbuf text = { 0 };
	bool good;
	int error;

	vmt_print(p, &text);
	good = write(path, &text);
	error = errno;
	strbuf_free(&text);
	errno = error;
	return good;
}

bool
vmt_write_new(const char *path, const struct program *p)
{
	return write_program(path, p, write_new_text);
}

bool
vmt_write(const char *path, const struct program *p)
{
	return write_program(path, p, vmt_write_text);
}
