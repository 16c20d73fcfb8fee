/* SPDX-License-Identifier: BSD-2-Clause */
/* patterns.h - matching file names with patterns, and reading lists of patterns. */
#ifndef HARNESS_CLI_PATTERNS_H
#define HARNESS_CLI_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

struct pattern {
	char *text;
	unsigned line;
	bool used; /* it has matched a path */
};

struct patterns {
	struct pattern *list;
	size_t nr, cap;
};

/*
 * Does the shell pattern match the path, or a part of the path from after a slash to its end? "002.vmt" and "conc/0*"
 * match corpus/conc/002.vmt. * matches slashes, too.
 */
bool pattern_matches(const char *pattern, const char *path);
/* Reads a file with one pattern a line; # starts a comment. False: the error was reported. */
bool patterns_read(struct patterns *p, const char *path);
/* The first pattern that matches the path, marked as used. NULL: none matches. */
const struct pattern *patterns_find(struct patterns *p, const char *path);
void patterns_free(struct patterns *p);

#endif
