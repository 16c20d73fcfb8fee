/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inputs.h - the files that a command takes: names, directories, and lists of both. Needs nothing of the rest, because
 * the fuzz targets take their inputs in the same way.
 */
#ifndef HARNESS_BASE_INPUTS_H
#define HARNESS_BASE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

/* File names. Zeroed is an empty list. */
struct inputs {
	size_t nr, cap;
	char **names;
};

/* Which files below a directory are taken. A file that is named itself is taken in any case. */
enum inputs_kind {
	INPUTS_VMT, /* those that end in .vmt */
	INPUTS_ALL, /* all regular files but the hidden ones, such as locks */
};

/* Says what is wrong with a file: say_about, or a function like it. */
typedef void inputs_about(const char *path, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Adds a file ("-" is one: standard input), or the files below a directory in bytewise order. False: @about has said
 * why. Both exit with status 2 when memory runs out.
 */
bool inputs_add(struct inputs *files, const char *path, enum inputs_kind kind, inputs_about *about);
/*
 * Adds each file or directory that the list @path names ("-": standard input). A list with a NUL byte has a NUL after
 * each name, any other list has one name per line; empty names are skipped.
 */
bool inputs_add_list(struct inputs *files, const char *path, enum inputs_kind kind, inputs_about *about);
void inputs_free(struct inputs *files);

#endif
