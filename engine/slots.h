/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slots.h - sparse arrays of words by a 64-bit index: an object's pages, a pmap's translations.
 *
 * A red-black tree of leaves of VM_SLOTS neighbouring words, so that a run of pages costs one node, not one per page.
 * 0 is an empty slot. A leaf with nothing in it goes to its pool's free list.
 *
 * Locking: whoever owns the array says; a pool is under its owner's lock.
 */
#ifndef ENGINE_SLOTS_H
#define ENGINE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/tree.h>

struct vm_arena;

#define VM_SLOTS 8 /* words in a leaf; a power of two; they and the rest of it are two cache lines */

struct vm_slots_leaf {
	RB_ENTRY(vm_slots_leaf) tree;
	struct vm_slots_leaf *next_free;
	uint64_t base; /* the index of slot[0], a multiple of VM_SLOTS */
	unsigned used; /* bit i: slot[i] is not 0 */
	uintptr_t slot[VM_SLOTS];
};

RB_HEAD(vm_slots_tree, vm_slots_leaf);

/* All zero: an empty array. */
struct vm_slots {
	struct vm_slots_tree root;
};

/* Where leaves come from. */
struct vm_slots_pool {
	struct vm_arena *arena;
	struct vm_slots_leaf *free; /* linked by next_free */
};

/* 0: nothing there. */
uintptr_t vm_slots_get(const struct vm_slots *s, uint64_t index);
/* Panics when the arena is full. @value is not 0. */
void vm_slots_set(struct vm_slots *s, struct vm_slots_pool *pool, uint64_t index, uintptr_t value);
/* The slot must not be empty. */
void vm_slots_clear(struct vm_slots *s, struct vm_slots_pool *pool, uint64_t index);
/* The first word at or behind *index and in front of @end, and its index; false: there is none. */
bool vm_slots_next(const struct vm_slots *s, uint64_t *index, uint64_t end, uintptr_t *ret_value);

static inline bool
vm_slots_empty(const struct vm_slots *s)
{
	return RB_EMPTY(&s->root);
}

#endif
