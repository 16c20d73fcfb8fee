/* SPDX-License-Identifier: BSD-2-Clause */
/* vmt-error.c - see vmt-error.h. */
#include "fuzz/vmt-error.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "harness/program/program.h"

/* The line exists, and the column is in it or directly after it. */
static bool
vmt_error_points_inside(const char *text, size_t len, const struct vmt_error *e)
{
	const char *end = text + len, *nl;
	unsigned line = 1;

	for (; line < e->line && (nl = memchr(text, '\n', (size_t)(end - text))) != NULL; line++)
		text = nl + 1;
	nl = memchr(text, '\n', (size_t)(end - text));
	return line == e->line && e->column >= 1 && e->column <= (size_t)((nl != NULL ? nl : end) - text) + 1;
}

const char *
vmt_error_wrong(const char *text, size_t len, const struct vmt_error *e)
{
	assert(text != NULL);
	if (!vmt_error_points_inside(text, len, e))
		return "the error is not in the text";
	if (strncmp(e->text, "expected ", 9) != 0 || strstr(e->text, ", found ") == NULL)
		return "the error does not say what was expected and found";
	for (const char *c = e->text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			return "the error is not printable";
	return NULL;
}
