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

#define ALIGN ((size_t)64)      /* a cache line */
#define SMALL ((size_t)4 << 20) /* what a program of an ordinary size never passes */

/*
 * The range that was given back last, of VM_ARENA_SIZE. Whoever makes one small map after the other spends most of the
 * time on reserving and touching new ranges otherwise. Nothing in it counts: what is handed out is zeroed.
 */
static _Atomic(void *) spare;

bool
vm_arena_init(struct vm_arena *a, size_t size)
{
	void *base = size == VM_ARENA_SIZE ? atomic_exchange(&spare, NULL) : NULL;

	if (base != NULL) {
		*a = (struct vm_arena){ .base = base, .size = size };
		return true;
	}
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return false;
	/* A large map is walked at random: large pages spare it a translation miss per entry. A wish, not a need. */
	if (size > SMALL)
		(void)madvise((char *)base + SMALL, size - SMALL, MADV_HUGEPAGE);
	*a = (struct vm_arena){ .base = base, .size = size };
	return true;
}

void
vm_arena_fini(struct vm_arena *a)
{
	void *none = NULL;

	vm_arena_unpoison(a->base, a->used_max);
	/* A large one goes back to the system. */
	if (a->size != VM_ARENA_SIZE || a->used_max > SMALL || !atomic_compare_exchange_strong(&spare, &none, a->base))
		(void)munmap(a->base, a->size);
	free(a->saved);
	*a = (struct vm_arena){ 0 };
}

void *
vm_arena_alloc(struct vm_arena *a, size_t size)
{
	void *p = a->base + a->used;

	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (a->size - a->used < size)
		return NULL;
	a->used += size;
	if (a->used > a->used_max)
		a->used_max = a->used;
	return memset(p, 0, size);
}

bool
vm_arena_save(struct vm_arena *a)
{
	char *copy = realloc(a->saved, a->used);

	if (copy == NULL)
		return false;
	a->saved = copy;
	a->saved_used = a->used;
	vm_arena_unpoison(a->base, a->used_max);
	memcpy(a->saved, a->base, a->used);
	return true;
}

void
vm_arena_restore(struct vm_arena *a)
{
	vm_arena_unpoison(a->base, a->used_max);
	memcpy(a->base, a->saved, a->saved_used);
	a->used = a->used_max = a->saved_used;
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
