/* SPDX-License-Identifier: BSD-2-Clause */
/* progress.c - see progress.h. */
#include "harness/base/progress.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/escape.h"

#define TERMINAL_FIRST 2.0 /* seconds */
#define TERMINAL_EACH 1.0
#define PLAIN_EACH 10.0

static struct {
	bool begun, escapes;
	bool line; /* a progress line is on the terminal */
	double next, each;
} progress;

bool
progress_escapes(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) != 0 && (term == NULL || strcmp(term, "dumb") != 0);
}

void
progress_begin(void)
{
	const char *asked = getenv("WIRESTORM_PROGRESS");
	char *end = NULL;
	double first, seconds = asked != NULL ? strtod(asked, &end) : 0;

	progress.escapes = progress_escapes(STDERR_FILENO);
	first = progress.escapes ? TERMINAL_FIRST : PLAIN_EACH;
	progress.each = progress.escapes ? TERMINAL_EACH : PLAIN_EACH;
	if (asked != NULL && end != asked && *end == '\0' && seconds >= 0)
		first = progress.each = seconds;
	progress.next = clock_seconds() + first;
	progress.begun = true;
}

bool
progress_due(void)
{
	if (!progress.begun)
		progress_begin();
	return clock_seconds() >= progress.next;
}

void
progress_say(const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	progress_erase();
	if (progress.escapes)
		fprintf(stderr, "%s", text);
	else
		warnx("%s", text);
	progress.line = progress.escapes;
	progress.next = clock_seconds() + progress.each;
}

void
progress_erase(void)
{
	if (progress.line)
		escape_erase_line();
	progress.line = false;
}
