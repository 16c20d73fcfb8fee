/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - see memory.h. */
#include "harness/base/memory.h"

#include <assert.h>
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS 2   /* the status of a command that could not run */
#define CAP_MIN 16 /* first capacity of a growing array */
#define APPEND_MIN 4

static void (*on_out)(const char *what);

void
memory_on_out(void (*hook)(const char *what))
{
	on_out = hook;
}

/* Does not call exit handlers: they would free memory that other threads, or this fiber, still use. */
void
memory_out(const char *what)
{
	if (on_out != NULL)
		on_out(what);
	(void)fflush(stdout);
	warnx("out of memory: %s", what);
	(void)fflush(stderr);
	_exit(STATUS);
}

void
memory_out_for_map(void)
{
	memory_out("a map");
}

void *
memory_need(void *at, const char *what)
{
	if (at == NULL)
		memory_out(what);
	return at;
}

void *
memory_new(size_t nr, size_t size, const char *what)
{
	return memory_need(calloc(nr > 0 ? nr : 1, size), what);
}

void *
memory_resize(void *at, size_t nr, size_t size, const char *what)
{
	return memory_need(reallocarray(at, nr > 0 ? nr : 1, size), what);
}

void *
memory_grow(void *at, size_t *cap, size_t need, size_t size, const char *what)
{
	size_t nr = *cap > CAP_MIN ? *cap : CAP_MIN;

	assert(size > 0 && (at != NULL || *cap == 0));
	if (need <= *cap)
		return at;
	while (nr < need)
		nr = nr > SIZE_MAX / 2 ? need : nr * 2;
	*cap = nr;
	return memory_resize(at, nr, size, what);
}

void *
memory_append(void *at, size_t nr, size_t size, const char *what)
{
	bool full = nr == 0 || (nr >= APPEND_MIN && (nr & (nr - 1)) == 0);

	assert(size > 0 && (at != NULL || nr == 0));
	return full ? memory_resize(at, nr == 0 ? APPEND_MIN : nr * 2, size, what) : at;
}

char *
memory_text(const char *text, const char *what)
{
	return memory_need(strdup(text), what);
}

char *
memory_textn(const char *text, size_t len, const char *what)
{
	return memory_need(strndup(text, len), what);
}

char *
memory_vprintf(const char *what, const char *format, va_list ap)
{
	char *text;

	if (vasprintf(&text, format, ap) < 0)
		memory_out(what);
	return text;
}
