/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inputs.h - the files that a command takes: names, directories, and lists of both. It stands alone, because the fuzz
 * targets take their inputs in the same way.
 */
#ifndef HARNESS_BASE_INPUTS_H
#define HARNESS_BASE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

/* A list of file names. Zeroed is empty. */
struct inputs {
	size_t nr, cap;
	char **names;
};

/* Which files below a directory are taken. A file that is named itself is always taken. */
enum inputs_kind {
	INPUTS_VMT, /* files that end in .vmt */
	INPUTS_ALL, /* all regular files except hidden ones, such as locks */
};

/* Reports what is wrong with a file: say_about, or a function like it. */
typedef void inputs_about(const char *path, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Adds a file ("-": standard input), or the files below a directory in bytewise order. False: @about has reported the
 * reason. This function and inputs_add_list exit with status 2 when memory runs out.
 */
bool inputs_add(struct inputs *files, const char *path, enum inputs_kind kind, inputs_about *about);
/*
 * Adds each file or directory that the list in @path names ("-": standard input). The separator is NUL if the list
 * contains a NUL byte, otherwise the line end. Empty names are skipped.
 */
bool inputs_add_list(struct inputs *files, const char *path, enum inputs_kind kind, inputs_about *about);
void inputs_free(struct inputs *files);

#endif
