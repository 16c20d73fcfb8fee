/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.h - allocation for the harness. None of these functions returns NULL.
 *
 * A process without memory cannot finish its work, and a run that could not be made is no result. So the process ends:
 * one line on standard error, "wirestorm: out of memory: WHAT", and exit status 2. A worker process passes the line to
 * its parent, which ends in its place (workers.c).
 *
 * @what says in a few words what the memory was for: "the states of an exploration".
 */
#ifndef HARNESS_BASE_MEMORY_H
#define HARNESS_BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

#include "engine/annotate.h"

/* Ends the process. */
VM_NORETURN void memory_out(const char *what);
/* The same for the engine's arenas (engine/arena.h). */
void memory_out_for_map(void);
/* Calls @hook in place of printing the line. The hook ends the process; if it returns, the line is printed. */
void memory_on_out(void (*hook)(const char *what));

/* @at, or that the process ends: for the allocators of others. */
void *memory_need(void *at, const char *what);
/* @nr zeroed elements of @size bytes; at least one byte. */
void *memory_new(size_t nr, size_t size, const char *what);
/* As reallocarray(3). */
void *memory_resize(void *at, size_t nr, size_t size, const char *what);
/*
 * The growing array: room for @need elements in @at, which has room for *@cap. Room doubles, so appending one element
 * after another is linear. The contents of new elements are not set.
 */
void *memory_grow(void *at, size_t *cap, size_t need, size_t size, const char *what);
/* A copy of the text, or of its first @len bytes. */
char *memory_text(const char *text, const char *what);
char *memory_textn(const char *text, size_t len, const char *what);
/* As vasprintf(3). */
char *memory_vprintf(const char *what, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

/* memory_grow on an array variable and its size_t capacity. */
#define MEMORY_GROW(array, cap, need, what) ((array) = memory_grow((array), &(cap), (need), sizeof(*(array)), (what)))

#endif
