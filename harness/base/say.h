/* SPDX-License-Identifier: BSD-2-Clause */
/* say.h - exit statuses, and messages about a file. */
#ifndef HARNESS_BASE_SAY_H
#define HARNESS_BASE_SAY_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_FINDING = 1, /* a mismatch or a finding */
	EXIT_USAGE = 2,   /* wrong usage, or an unusable file */
	EXIT_HANG = 3,
	EXIT_SKIP_COMMIT = 125, /* git bisect run: this commit cannot be judged */
};

/*
 * Prints "FILE: ..." and a line end on standard error, or "FILE:LINE: ..." if @line is not 0. For messages about the
 * contents of an input.
 */
__attribute__((format(printf, 3, 4))) void say_about(const char *path, unsigned line, const char *format, ...);

#endif
