/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.c - see arena.h. */
#include "engine/arena.h"

#include <sys/mman.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>

#endif

#define ALIGN ((size_t)64)           /* a cache line */
#define CHUNK_MAX ((size_t)64 << 20) /* chunks double up to this size */

/* The head of an additional range; the range's memory follows it. */
struct vm_arena_chunk {
	struct vm_arena_chunk *next; /* the chunk that was reserved next */
	size_t used, used_max, size; /* bytes, the head included */
	char *saved;                 /* copy of [sizeof(head), saved_used); NULL: none */
	size_t saved_used;
};

#define HEAD ALIGN

_Static_assert(sizeof(struct vm_arena_chunk) <= HEAD, "what comes after the head is aligned");

/*
 * The last range of VM_ARENA_SIZE that an arena freed, kept for the next one. Otherwise a caller that creates many
 * small maps in turn spends most of its time reserving and touching new ranges. Its content does not matter, because
 * allocations are zeroed.
 */
static _Atomic(void *) spare;

void (*vm_arena_no_memory)(void);

static void *
reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

bool
vm_arena_init(struct vm_arena *a, size_t size)
{
	void *base = size == VM_ARENA_SIZE ? atomic_exchange(&spare, NULL) : NULL;

	if (base != NULL) {
		*a = (struct vm_arena){ .base = base, .size = size };
		return true;
	}
	base = reserve(size);
	if (base == NULL)
		return false;
	*a = (struct vm_arena){ .base = base, .size = size };
	return true;
}

void
vm_arena_fini(struct vm_arena *a)
{
	void *none = NULL;

	vm_arena_unpoison(a->base, a->used_max);
	for (struct vm_arena_chunk *c = a->chunks, *next; c != NULL; c = next) {
		next = c->next;
		vm_arena_unpoison(c, c->used_max);
		free(c->saved);
		(void)munmap(c, c->size);
	}
	if (a->size != VM_ARENA_SIZE || !atomic_compare_exchange_strong(&spare, &none, a->base))
		(void)munmap(a->base, a->size);
	free(a->saved);
	*a = (struct vm_arena){ 0 };
}

/* A new chunk after @last, for at least @size bytes. */
static struct vm_arena_chunk *
chunk_make(struct vm_arena_chunk *last, size_t size)
{
	size_t room = last == NULL ? 2 * VM_ARENA_SIZE : 2 * last->size;
	struct vm_arena_chunk *c;

	room = room > CHUNK_MAX ? CHUNK_MAX : room;
	if (room - HEAD < size)
		room = size + HEAD;
	c = reserve(room);
	/* If memory is short, a small chunk may still fit. */
	if (c == NULL && size <= VM_ARENA_SIZE - HEAD)
		c = reserve(room = VM_ARENA_SIZE);
	if (c == NULL)
		return NULL;
	/* A large map is accessed at random: large pages save a translation miss per entry. The call may fail. */
	(void)madvise(c, room, MADV_HUGEPAGE);
	*c = (struct vm_arena_chunk){ .size = room, .used = HEAD, .used_max = HEAD };
	if (last != NULL)
		last->next = c;
	return c;
}

/* Allocates @size bytes, a multiple of ALIGN, from a chunk, because the first range is full. */
static void *
chunk_alloc(struct vm_arena *a, size_t size)
{
	struct vm_arena_chunk *c = a->at;
	char *p;

	while (c != NULL && c->size - c->used < size && c->next != NULL)
		c = c->next;
	if (c == NULL || c->size - c->used < size)
		c = chunk_make(c, size);
	if (c == NULL) {
		if (vm_arena_no_memory != NULL)
			vm_arena_no_memory();
		return NULL;
	}
	a->at = c;
	if (a->chunks == NULL)
		a->chunks = c;
	p = (char *)c + c->used;
	c->used += size;
	if (c->used > c->used_max)
		c->used_max = c->used;
	return memset(p, 0, size);
}

void *
vm_arena_alloc(struct vm_arena *a, size_t size)
{
	void *p = a->base + a->used;

	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (a->size - a->used < size)
		return chunk_alloc(a, size);
	a->used += size;
	if (a->used > a->used_max)
		a->used_max = a->used;
	return memset(p, 0, size);
}

static bool
chunk_save(struct vm_arena_chunk *c)
{
	char *copy = realloc(c->saved, c->used);

	if (copy == NULL)
		return false;
	c->saved = copy;
	c->saved_used = c->used;
	vm_arena_unpoison((char *)c + HEAD, c->used_max - HEAD);
	memcpy(c->saved + HEAD, (char *)c + HEAD, c->used - HEAD);
	return true;
}

bool
vm_arena_save(struct vm_arena *a)
{
	char *copy = realloc(a->saved, a->used);

	if (copy == NULL)
		return false;
	a->saved = copy;
	a->saved_used = a->used;
	for (struct vm_arena_chunk *c = a->chunks; c != NULL; c = c->next)
		if (!chunk_save(c))
			return false;
	vm_arena_unpoison(a->base, a->used_max);
	memcpy(a->saved, a->base, a->used);
	return true;
}

/* Chunks that the arena has reserved since the save stay, but become empty. */
static void
chunk_restore(struct vm_arena_chunk *c)
{
	size_t used = c->saved != NULL ? c->saved_used : HEAD;

	vm_arena_unpoison((char *)c + HEAD, c->used_max - HEAD);
	if (c->saved != NULL)
		memcpy((char *)c + HEAD, c->saved + HEAD, used - HEAD);
	c->used = c->used_max = used;
}

void
vm_arena_restore(struct vm_arena *a)
{
	struct vm_arena_chunk *chunks = a->chunks; /* *a may be inside its own arena */

	vm_arena_unpoison(a->base, a->used_max);
	memcpy(a->base, a->saved, a->saved_used);
	a->used = a->used_max = a->saved_used;
	a->chunks = a->at = chunks;
	for (struct vm_arena_chunk *c = chunks; c != NULL; c = c->next)
		chunk_restore(c);
}

void
vm_arena_poison(const void *p, size_t size)
{
#ifdef WITH_ASAN
	ASAN_POISON_MEMORY_REGION(p, size);
#else
	(void)p;
	(void)size;
#endif
}

void
vm_arena_unpoison(const void *p, size_t size)
{
#ifdef WITH_ASAN
	ASAN_UNPOISON_MEMORY_REGION(p, size);
#else
	(void)p;
	(void)size;
#endif
}
