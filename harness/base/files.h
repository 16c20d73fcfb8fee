/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files.h - the one way in which wirestorm writes files.
 *
 * A path that does not exist or names a regular file is replaced as a whole: the new content is written to a temporary
 * file in the same directory, synchronised, and renamed. A reader sees the old file or the new one, never a part. Links
 * are followed, and stay.
 *
 * Any other path (a device, a FIFO, /dev/stdout, /dev/fd/N) is opened and written. "-" is standard output.
 *
 * Where the file system has O_TMPFILE, the temporary file has no name until it is complete. It is called
 * .wirestorm-PID-N.tmp, and its writer holds a lock on it. The next write to the directory removes those that nobody
 * locks: their writer was killed.
 */
#ifndef HARNESS_BASE_FILES_H
#define HARNESS_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

/* Is @path "-"? */
bool file_is_stdout(const char *path);
/*
 * Writes @len bytes. False with errno set: a regular file keeps its old contents. Standard output is buffered; its
 * errors are reported at the end of the program.
 */
bool file_write(const char *path, const void *bytes, size_t len);
bool file_write_text(const char *path, const struct strbuf *text);
/* As file_write_text, but does not wait for the disk: after a crash of the machine the file may be empty. */
bool file_write_unsynced(const char *path, const struct strbuf *text);
/* Does file_write replace @path as a whole? If not, a second write appends to the first. */
bool file_replaces(const char *path);
/*
 * Do the permissions allow writing @path? To be called before the work, so that a long run does not fail at its end.
 * False with errno set.
 */
bool file_writable(const char *path);
/* As file_write, for a new file. False with errno EEXIST: the name is taken; the existing file is untouched. */
bool file_write_new(const char *path, const struct strbuf *text);
/*
 * As file_write_new. If the name is taken, uses NAME-2.EXT, NAME-3.EXT, ... A path that is not a regular file, "-"
 * included, is written as by file_write. Sets *written to the path used.
 */
bool file_write_numbered(const char *path, const struct strbuf *text, struct strbuf *written);

/* Makes the directory if it does not exist. False: the reason is on standard error. */
bool file_make_directory(const char *dir);

/* All of the bytes, to an open file, whatever interrupts it. False: errno is set. */
bool file_write_all(int fd, const char *bytes, size_t len);

#endif
