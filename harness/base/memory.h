/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.h - allocation for the harness. None of these functions returns NULL.
 *
 * When memory runs out, the process ends with one line on standard error, "wirestorm: out of memory: WHAT", and exit
 * status 2: a partial run is no result. A worker process passes the line to its parent, and the parent ends in its
 * place (workers.c).
 *
 * @what says in a few words what the memory was for: "the states of an exploration".
 */
#ifndef HARNESS_BASE_MEMORY_H
#define HARNESS_BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

#include "engine/annotate.h"

/* Reports that memory ran out, and ends the process. */
VM_NORETURN void memory_out(const char *what);
/* The same, as the engine's arenas call it (engine/arena.h). */
void memory_out_for_map(void);
/*
 * Makes memory_out call @hook before it prints the line. The hook should end the process; if it returns, the line is
 * printed.
 */
void memory_on_out(void (*hook)(const char *what));

/* Returns @at; ends the process if it is NULL. For pointers from other allocators. */
void *memory_need(void *at, const char *what);
/* Allocates @nr zeroed elements of @size bytes; at least one byte. */
void *memory_new(size_t nr, size_t size, const char *what);
/* As reallocarray(3). */
void *memory_resize(void *at, size_t nr, size_t size, const char *what);
/*
 * Grows an array: returns @at with room for at least @need elements, and updates *@cap. The capacity doubles, so
 * appending is linear. New elements are not initialised.
 */
void *memory_grow(void *at, size_t *cap, size_t need, size_t size, const char *what);
/*
 * Makes room for element number @nr of an array that grows by MEMORY_APPEND alone: its capacity, which is not stored,
 * is the next power of two.
 */
void *memory_append(void *at, size_t nr, size_t size, const char *what);
/* Copies the text, or its first @len bytes. */
char *memory_text(const char *text, const char *what);
char *memory_textn(const char *text, size_t len, const char *what);
/* As vasprintf(3). */
char *memory_vprintf(const char *what, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

/* Appends an element to an array variable of @nr elements, and counts it. Gives a pointer to the element, to be set. */
#define MEMORY_APPEND(array, nr, what)                                                                                 \
	((array) = memory_append((array), (nr), sizeof(*(array)), (what)), &(array)[(nr)++])
/* memory_grow on an array variable and its size_t capacity. */
#define MEMORY_GROW(array, cap, need, what) ((array) = memory_grow((array), &(cap), (need), sizeof(*(array)), (what)))

#endif
