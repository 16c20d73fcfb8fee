/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h - the memory of one map, handed out from the bottom, kept and restored as a whole.
 *
 * The arena begins with one range of VM_ARENA_SIZE, which an ordinary program never fills. A larger map adds chunks.
 * Nothing is given back piecewise: entries and objects that die go to free lists which lie in the arena too. Ranges
 * never move, so pointers into them stay good over a restore.
 */
#ifndef ENGINE_ARENA_H
#define ENGINE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct vm_arena_chunk;

struct vm_arena {
	char *base;      /* page aligned */
	size_t used;     /* bytes handed out */
	size_t used_max; /* the highest `used` since the last restore */
	size_t size;     /* bytes reserved */
	char *saved;     /* copy of the first saved_used bytes; NULL: none */
	size_t saved_used;
	struct vm_arena_chunk *chunks, *at; /* further ranges, in the order they were reserved; the one in use */
};

#define VM_ARENA_SIZE ((size_t)4 << 20) /* of the first range; reserved, not committed */

/*
 * An arena calls it when it cannot reserve another chunk. It may end the process. NULL, or if it returns: the
 * allocation returns NULL. Set it before there are threads.
 */
extern void (*vm_arena_no_memory)(void);

/* False with errno set if the range cannot be reserved. */
bool vm_arena_init(struct vm_arena *a, size_t size);
void vm_arena_fini(struct vm_arena *a);
/* @size bytes, aligned to a cache line, zeroed. NULL: the system has no memory for another chunk. */
void *vm_arena_alloc(struct vm_arena *a, size_t size);
/* False with errno set: no memory for the copy. */
bool vm_arena_save(struct vm_arena *a);
void vm_arena_restore(struct vm_arena *a);

/* Under AddressSanitizer: touching [p, p + size) is an error from now on, or is fine again. Else nothing. */
void vm_arena_poison(const void *p, size_t size);
void vm_arena_unpoison(const void *p, size_t size);

#endif
