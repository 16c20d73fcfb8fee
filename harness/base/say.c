/* SPDX-License-Identifier: BSD-2-Clause */
/* say.c - see say.h. */
#include "harness/base/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "harness/base/escape.h"

void
say_about(const char *path, unsigned line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:", escape_path(path));
	if (line != 0)
		fprintf(stderr, "%u:", line);
	(void)fputc(' ', stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
}
