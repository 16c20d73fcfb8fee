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
 * Writes @len bytes. False with errno set: a regular file is as it was before. Standard output is buffered, and its
 * errors are reported at the end of the program.
 */
bool file_write(const char *path, const void *bytes, size_t len);
bool file_write_text(const char *path, const struct strbuf *text);
/* As file_write_text, but does not wait for the disk: a crash of the machine may leave the file empty. */
bool file_write_unsynced(const char *path, const struct strbuf *text);
/* Does file_write replace @path as a whole? False: what is written twice is there twice. */
bool file_replaces(const char *path);
/* Can @path be written as far as permissions tell? For asking before the work, not after it. False with errno set. */
bool file_writable(const char *path);
/* As file_write, for a new file. False with errno EEXIST: something has this name, and stays. */
bool file_write_new(const char *path, const struct strbuf *text);
/*
 * As file_write_new. If the name is taken, uses another one: NAME-2.EXT, NAME-3.EXT, ... What is no regular file, "-"
 * included, is written as file_write does. *written is set to the path that was used.
 */
bool file_write_numbered(const char *path, const struct strbuf *text, struct strbuf *written);

/* Makes the directory if it is not there. False: said why on standard error. */
bool file_make_directory(const char *dir);

#endif
