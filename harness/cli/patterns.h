/* SPDX-License-Identifier: BSD-2-Clause */
/* patterns.h - file names by pattern, and lists of patterns in files. */
#ifndef HARNESS_CLI_PATTERNS_H
#define HARNESS_CLI_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

struct pattern {
	char *text;
	unsigned line;
	bool used; /* has matched a path */
};

struct patterns {
	struct pattern *list;
	size_t nr, cap;
};

/*
 * Does the pattern of a shell match the path, or the end of the path that begins behind a slash? "002.vmt" and
 * "conc/0*" match corpus/conc/002.vmt; * matches slashes, too.
 */
bool pattern_matches(const char *pattern, const char *path);
/* Reads a file with one pattern a line; # begins a comment. False: said why on standard error. */
bool patterns_read(struct patterns *p, const char *path);
/* The first pattern that matches the path; it is marked as used. NULL: none does. */
const struct pattern *patterns_find(struct patterns *p, const char *path);
void patterns_free(struct patterns *p);

#endif
