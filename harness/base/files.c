/* SPDX-License-Identifier: BSD-2-Clause */
/* files.c - see files.h. */
#include "harness/base/files.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/strbuf.h"

#define LINKS_MAX 40
#define DESCRIPTOR_DIGITS_MAX 9
#define NUMBER_MAX 9999
#define TEMP_BEGIN ".wirestorm-"
#define TEMP_END ".tmp"

/* What a path names, with its links followed. */
struct place {
	char path[PATH_MAX];
	int fd;                /* a descriptor of this process (/dev/stdout, /dev/fd/N), or -1 */
	bool exists, unsynced; /* unsynced: do not wait for the disk */
	struct stat st;        /* if it exists */
};

/* The directory of a path: "." for a plain name. */
static void
file_directory_of(const char *path, char directory[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);

	memcpy(directory, len == 0 ? "." : path, len == 0 ? 1 : len);
	directory[len == 0 ? 1 : len] = '\0';
}

/* The descriptor N if the path names /proc/self/fd/N, under any name of that directory; otherwise -1. */
static int
file_own_descriptor(const char *path)
{
	char directory[PATH_MAX], real[PATH_MAX], own[PATH_MAX];
	const char *slash = strrchr(path, '/'), *problem;
	const char *name = slash != NULL ? slash + 1 : path;
	size_t len = strlen(name);

	if (len == 0 || len > DESCRIPTOR_DIGITS_MAX || strspn(name, "0123456789") != len)
		return -1;
	file_directory_of(path, directory);
	if (realpath(directory, real) == NULL || realpath("/proc/self/fd", own) == NULL || strcmp(real, own) != 0)
		return -1;
	return (int)strtonum(name, 0, INT_MAX, &problem);
}

/* Replaces @path, which is a link, by the link's text. False with errno set. */
static bool
file_follow_link(char path[PATH_MAX], const char *link)
{
	char directory[PATH_MAX], next[PATH_MAX];
	int n;

	file_directory_of(path, directory);
	n = link[0] == '/' ? snprintf(next, sizeof(next), "%s", link)
	                   : snprintf(next, sizeof(next), "%s/%s", directory, link);
	if (n < PATH_MAX) {
		memcpy(path, next, (size_t)n + 1);
		return true;
	}
	errno = ENAMETOOLONG;
	return false;
}

/*
 * Follows the links of the last component one by one. realpath(3) does not work here: it fails where the last link
 * leads to a missing file, and it resolves a descriptor in /proc to the open file.
 */
static bool
file_find_place(const char *path, struct place *p)
{
	char link[PATH_MAX];

	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(p->path, path, strlen(path) + 1);
	p->exists = stat(path, &p->st) == 0;
	for (unsigned n = 0; n < LINKS_MAX; n++) {
		ssize_t len;

		p->fd = file_own_descriptor(p->path);
		if (p->fd >= 0 || (p->exists && !S_ISREG(p->st.st_mode) && lstat(p->path, &(struct stat){ 0 }) != 0))
			return true;
		len = readlink(p->path, link, sizeof(link) - 1);
		if (len < 0)
			return errno == EINVAL || errno == ENOENT;
		link[len] = '\0';
		if (!file_follow_link(p->path, link))
			return false;
	}
	errno = ELOOP;
	return false;
}

bool
file_write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static void
file_close_quietly(int fd)
{
	int error = errno;

	(void)close(fd);
	errno = error;
}

/* --- paths that are not regular files --- */

static bool
file_write_open(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	bool good;

	if (fd < 0)
		return false;
	good = file_write_all(fd, bytes, len);
	file_close_quietly(fd);
	return good;
}

static bool
file_write_descriptor(int fd, const char *bytes, size_t len)
{
	(void)fflush(stdout); /* earlier output first */
	return file_write_all(fd, bytes, len);
}

/* --- temporary files --- */

/* Removes the temporary files of a directory whose writers were killed. */
static void
file_remove_stale(const char *directory)
{
	static dev_t last_dev;
	static ino_t last_ino;
	DIR *dir = opendir(directory);
	struct dirent *d;
	struct stat st;

	if (dir == NULL)
		return;
	if (fstat(dirfd(dir), &st) != 0 || (st.st_dev == last_dev && st.st_ino == last_ino)) {
		(void)closedir(dir); /* this process has cleaned that directory already */
		return;
	}
	last_dev = st.st_dev;
	last_ino = st.st_ino;
	while ((d = readdir(dir)) != NULL) {
		const char *end = strrchr(d->d_name, '.');
		int fd;

		if (strncmp(d->d_name, TEMP_BEGIN, strlen(TEMP_BEGIN)) != 0 || end == NULL ||
		    strcmp(end, TEMP_END) != 0)
			continue;
		fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)unlinkat(dirfd(dir), d->d_name, 0);
		(void)close(fd);
	}
	(void)closedir(dir);
}

/* Blocks signals that end the process while the temporary file has a name. */
static void
file_hold_signals(sigset_t *before)
{
	sigset_t ending;

	(void)sigemptyset(&ending);
	(void)sigaddset(&ending, SIGHUP);
	(void)sigaddset(&ending, SIGINT);
	(void)sigaddset(&ending, SIGQUIT);
	(void)sigaddset(&ending, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &ending, before);
}

static void
file_release_signals(const sigset_t *before)
{
	(void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Writes a free name for a temporary file in @directory to @name. */
static bool
file_name_temp(const char *directory, char name[PATH_MAX])
{
	static unsigned number;

	if (snprintf(name, PATH_MAX, "%s/" TEMP_BEGIN "%ld-%u" TEMP_END, directory, (long)getpid(), number++) <
	    PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

/* Creates a temporary file with a name, and locks it. -1 with errno set. */
static int
file_open_named(const char *directory, char name[PATH_MAX])
{
	for (;;) {
		struct stat st;
		int fd;

		if (!file_name_temp(directory, name))
			return -1;
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno == EEXIST)
			continue;
		/* Another process may have removed the file before the lock was taken. */
		if (fd < 0 || flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0 || st.st_nlink > 0)
			return fd;
		(void)close(fd);
	}
}

/* Writes the bytes, and gives the file the mode of the file that it replaces. */
static bool
file_fill(int fd, const struct place *p, const char *bytes, size_t len)
{
	return file_write_all(fd, bytes, len) && (!p->exists || fchmod(fd, p->st.st_mode & 07777) == 0) &&
	       (p->unsynced || fsync(fd) == 0);
}

/* Renames the temporary file @name to @path. On failure, removes it. */
static bool
file_put_in_place(const char *name, const char *path, bool fresh)
{
	bool good;
	int error;

	assert(strcmp(name, path) != 0);
	if (!fresh) {
		good = rename(name, path) == 0;
	} else {
		good = renameat2(AT_FDCWD, name, AT_FDCWD, path, RENAME_NOREPLACE) == 0;
		if (!good && (errno == EINVAL || errno == ENOSYS)) /* this file system cannot do RENAME_NOREPLACE:
		                                                    * use link(2) */
			good = link(name, path) == 0 && unlink(name) == 0;
	}
	error = errno;
	if (!good)
		(void)unlink(name);
	errno = error;
	return good;
}

enum unnamed { UNNAMED_WRITTEN, UNNAMED_FAILED, UNNAMED_IMPOSSIBLE };

/* Writes through a file without a name (O_TMPFILE). Not every file system has it. */
static enum unnamed
file_write_unnamed(const struct place *p, const char *directory, const char *bytes, size_t len, bool fresh)
{
	enum unnamed end = UNNAMED_FAILED;
	char self[64], name[PATH_MAX];
	sigset_t before;
	int fd = open(directory, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);

	if (fd < 0)
		return UNNAMED_IMPOSSIBLE;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	(void)flock(fd, LOCK_EX);
	if (file_fill(fd, p, bytes, len)) {
		file_hold_signals(&before);
		if (fresh && linkat(AT_FDCWD, self, AT_FDCWD, p->path, AT_SYMLINK_FOLLOW) == 0)
			end = UNNAMED_WRITTEN;
		else if (fresh && errno == EEXIST)
			end = UNNAMED_FAILED;
		else if (fresh || !file_name_temp(directory, name) ||
		         linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) != 0)
			end = UNNAMED_IMPOSSIBLE;
		else if (file_put_in_place(name, p->path, false))
			end = UNNAMED_WRITTEN;
		file_release_signals(&before);
	}
	file_close_quietly(fd);
	return end;
}

static bool
file_write_named(const struct place *p, const char *directory, const char *bytes, size_t len, bool fresh)
{
	char name[PATH_MAX];
	bool good = false;
	sigset_t before;
	int fd;

	file_hold_signals(&before);
	fd = file_open_named(directory, name);
	if (fd >= 0 && file_fill(fd, p, bytes, len)) {
		good = file_put_in_place(name, p->path, fresh);
		file_close_quietly(fd);
	} else if (fd >= 0) {
		file_close_quietly(fd);
		(void)unlinkat(AT_FDCWD, name, 0);
	}
	file_release_signals(&before);
	return good;
}

/* Synchronises the directory, so that the new name survives a crash. Skipped if the directory is not readable. */
static bool
file_sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good;

	if (fd < 0)
		return errno == EACCES;
	good = fsync(fd) == 0 || errno == EINVAL;
	file_close_quietly(fd);
	return good;
}

static bool
file_write_whole(const struct place *p, const char *bytes, size_t len, bool fresh)
{
	char directory[PATH_MAX];
	enum unnamed end;

	file_directory_of(p->path, directory);
	file_remove_stale(directory);
	end = file_write_unnamed(p, directory, bytes, len, fresh);
	if (end == UNNAMED_FAILED || (end == UNNAMED_IMPOSSIBLE && !file_write_named(p, directory, bytes, len, fresh)))
		return false;
	return p->unsynced || file_sync_directory(directory);
}

/* --- the interface --- */

bool
file_is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

static bool
file_is_replaced(const struct place *p)
{
	return p->fd < 0 && (!p->exists || S_ISREG(p->st.st_mode));
}

bool
file_replaces(const char *path)
{
	struct place p;

	return !file_is_stdout(path) && file_find_place(path, &p) && file_is_replaced(&p);
}

static bool
file_write_to(const char *path, const void *bytes, size_t len, bool unsynced)
{
	struct place p;

	if (file_is_stdout(path)) {
		(void)fwrite(bytes, 1, len, stdout);
		return true;
	}
	if (!file_find_place(path, &p))
		return false;
	p.unsynced = unsynced;
	if (p.fd >= 0)
		return file_write_descriptor(p.fd, bytes, len);
	if (file_is_replaced(&p))
		return file_write_whole(&p, bytes, len, false);
	return file_write_open(path, bytes, len);
}

bool
file_write(const char *path, const void *bytes, size_t len)
{
	return file_write_to(path, bytes, len, false);
}

bool
file_write_unsynced(const char *path, const struct strbuf *text)
{
	return file_write_to(path, strbuf_text(text), text->len, true);
}

bool
file_writable(const char *path)
{
	char directory[PATH_MAX];
	struct place p;
	int flags;

	if (file_is_stdout(path))
		return true;
	if (!file_find_place(path, &p))
		return false;
	if (p.fd >= 0) {
		flags = fcntl(p.fd, F_GETFL);
		errno = EBADF;
		return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
	}
	if (p.exists && S_ISDIR(p.st.st_mode)) {
		errno = EISDIR;
		return false;
	}
	if (p.exists && !S_ISREG(p.st.st_mode))
		return access(path, W_OK) == 0;
	file_directory_of(p.path, directory);
	return access(directory, W_OK | X_OK) == 0;
}

bool
file_write_text(const char *path, const struct strbuf *text)
{
	return file_write(path, strbuf_text(text), text->len);
}

bool
file_write_new(const char *path, const struct strbuf *text)
{
	struct place p = { .fd = -1 };

	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(p.path, path, strlen(path) + 1);
	return file_write_whole(&p, strbuf_text(text), text->len, true);
}

/* Appends "DIR/NAME-2.EXT". */
static void
file_add_number(const char *path, unsigned number, struct strbuf *out)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash != NULL ? slash : path, '.');
	size_t len = dot != NULL ? (size_t)(dot - path) : strlen(path);

	strbuf_clear(out);
	strbuf_addn(out, path, len);
	if (number > 1)
		strbuf_printf(out, "-%u", number);
	strbuf_add(out, path + len);
}

bool
file_write_numbered(const char *path, const struct strbuf *text, struct strbuf *written)
{
	struct place p;
	struct stat st;

	assert(written != NULL && text->len <= text->cap);
	strbuf_clear(written);
	strbuf_add(written, path);
	if (file_is_stdout(path))
		return file_write_text(path, text);
	if (!file_find_place(path, &p))
		return false;
	if (!file_is_replaced(&p))
		return file_write_text(path, text);
	for (unsigned n = 1; n <= NUMBER_MAX; n++) {
		file_add_number(path, n, written);
		if (lstat(strbuf_text(written), &st) == 0)
			continue;
		if (file_write_new(strbuf_text(written), text))
			return true;
		if (errno != EEXIST)
			return false;
	}
	errno = EEXIST;
	return false;
}

bool
file_make_directory(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0777) == 0)
		return true;
	if (errno == EEXIST && stat(dir, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return true;
		errno = ENOTDIR;
	}
	warn("%s", dir);
	return false;
}
