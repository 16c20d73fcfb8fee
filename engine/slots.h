/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slots.h - sparse arrays of words with 64-bit indexes: an object's pages, a pmap's translations.
 *
 * A red-black tree of leaves of VM_SLOTS neighbouring words, so that a run of pages costs one node, not one per page. 0
 * is an empty slot. An empty leaf goes to its pool's free list.
 *
 * Locking: the owner of an array, and the owner of a pool, provides its lock.
 */
#ifndef ENGINE_SLOTS_H
#define ENGINE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/tree.h>

struct vm_arena;

#define VM_SLOTS 8 /* words in a leaf, a power of two; a leaf is two cache lines */

struct vm_slots_leaf {
	RB_ENTRY(vm_slots_leaf) tree;
	struct vm_slots_leaf *next_free;
	uint64_t base; /* the index of slot[0], a multiple of VM_SLOTS */
	unsigned used; /* bit i: slot[i] is not 0 */
	uintptr_t slot[VM_SLOTS];
};

RB_HEAD(vm_slots_tree, vm_slots_leaf);

/* An all-zero struct is an empty array. */
struct vm_slots {
	struct vm_slots_tree root;
};

/* Allocates and reuses leaves. */
struct vm_slots_pool {
	struct vm_arena *arena;
	struct vm_slots_leaf *free; /* linked by next_free */
};

/* 0: the slot is empty. */
uintptr_t vm_slots_get(const struct vm_slots *s, uint64_t index);
/* Panics when the arena is full. @value is not 0. */
void vm_slots_set(struct vm_slots *s, struct vm_slots_pool *pool, uint64_t index, uintptr_t value);
/* The slot must not be empty. */
void vm_slots_clear(struct vm_slots *s, struct vm_slots_pool *pool, uint64_t index);
/* Finds the first word at or after *index and before @end, and sets *index; false: there is none. */
bool vm_slots_next(const struct vm_slots *s, uint64_t *index, uint64_t end, uintptr_t *ret_value);

static inline bool
vm_slots_empty(const struct vm_slots *s)
{
	return RB_EMPTY(&s->root);
}

/*
 * An ascending walk over the words at [start, end). It is faster than vm_slots_next, because it keeps a pointer to its
 * leaf; so nothing may be set or cleared meanwhile.
 *
 *	for (vm_slots_walk(&w, s, start, end); vm_slots_walk_next(&w);)
 *		... w.index, w.value
 */
struct vm_slots_walk {
	const struct vm_slots_leaf *leaf; /* NULL: there is none left */
	unsigned left;                    /* bit i: the walk has not reached slot i of the leaf */
	uint64_t end;
	uint64_t index; /* valid after vm_slots_walk_next */
	uintptr_t value;
};

/* Helpers of vm_slots_walk and vm_slots_walk_next. */
void vm_slots_walk_from(struct vm_slots_walk *w, const struct vm_slots *s, uint64_t start);
bool vm_slots_walk_on(struct vm_slots_walk *w);

static inline void
vm_slots_walk(struct vm_slots_walk *w, const struct vm_slots *s, uint64_t start, uint64_t end)
{
	w->end = end;
	if (vm_slots_empty(s))
		w->leaf = NULL;
	else
		vm_slots_walk_from(w, s, start);
}

static inline bool
vm_slots_walk_next(struct vm_slots_walk *w)
{
	unsigned i;

	if (w->leaf == NULL || (w->left == 0 && !vm_slots_walk_on(w)))
		return false;
	i = (unsigned)__builtin_ctz(w->left);
	w->left &= w->left - 1;
	w->index = w->leaf->base + i;
	w->value = w->leaf->slot[i];
	return w->index < w->end;
}

#endif
