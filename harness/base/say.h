/* SPDX-License-Identifier: BSD-2-Clause */
/* say.h - how the process ends, and how a message about a file begins. */
#ifndef HARNESS_BASE_SAY_H
#define HARNESS_BASE_SAY_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_FINDING = 1, /* a mismatch, or something found */
	EXIT_USAGE = 2,   /* wrong usage, or a file that cannot be used */
	EXIT_HANG = 3,
	EXIT_SKIP_COMMIT = 125, /* git bisect run: this commit cannot be judged */
};

/* "FILE: ...", or "FILE:LINE: ..." if @line is not 0, and a line end, on standard error: about what is in an input. */
__attribute__((format(printf, 3, 4))) void say_about(const char *path, unsigned line, const char *format, ...);

#endif
