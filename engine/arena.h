/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h - the memory of one map: allocated from the bottom, saved and restored as a whole.
 *
 * The arena starts with one range of VM_ARENA_SIZE, which an ordinary program never fills. A larger map adds chunks.
 * There is no free function: freed entries and objects go to free lists inside the arena. Ranges never move, so
 * pointers into them stay valid across a restore.
 */
#ifndef ENGINE_ARENA_H
#define ENGINE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct vm_arena_chunk;

struct vm_arena {
	char *base;      /* page aligned */
	size_t used;     /* bytes allocated */
	size_t used_max; /* the highest `used` since the last restore */
	size_t size;     /* bytes reserved */
	char *saved;     /* copy of the first saved_used bytes; NULL: none */
	size_t saved_used;
	struct vm_arena_chunk *chunks, *at; /* more ranges, in the order of reservation; the one in use */
};

#define VM_ARENA_SIZE ((size_t)4 << 20) /* size of the first range; reserved, not committed */

/*
 * Called when an arena cannot reserve another chunk; may end the process. If it is NULL or returns, the allocation
 * returns NULL. Set it before there are threads.
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

/* With AddressSanitizer: poison forbids access to [p, p + size), unpoison allows it again. Otherwise no-ops. */
void vm_arena_poison(const void *p, size_t size);
void vm_arena_unpoison(const void *p, size_t size);

#endif
