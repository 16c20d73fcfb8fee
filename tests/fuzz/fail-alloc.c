/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fail-alloc.c - for LD_PRELOAD: FAIL_ALLOC=N in the environment lets the first N allocations of each process succeed.
 * All later ones fail. A forked process goes on counting where its parent was.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *at, size_t size);

static long left = -1;

static int
fails(void)
{
	const char *text = left < 0 ? getenv("FAIL_ALLOC") : NULL;

	if (left < 0)
		left = text != NULL ? strtol(text, NULL, 10) : 0;
	if (left > 0) {
		left--;
		return 0;
	}
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t nr, size_t size)
{
	return fails() ? NULL : __libc_calloc(nr, size);
}

void *
realloc(void *at, size_t size)
{
	return fails() ? NULL : __libc_realloc(at, size);
}
