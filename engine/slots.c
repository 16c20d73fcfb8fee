/* SPDX-License-Identifier: BSD-2-Clause */
/* slots.c - see slots.h. */
#include "engine/slots.h"

#include "engine/arena.h"
#include "engine/thread.h"

static inline int
leaf_compare(const struct vm_slots_leaf *a, const struct vm_slots_leaf *b)
{
	return a->base < b->base ? -1 : a->base > b->base;
}

#ifndef __unused
#define __unused __attribute__((unused))
#endif
RB_GENERATE_STATIC(vm_slots_tree, vm_slots_leaf, tree, leaf_compare)

static inline uint64_t
base_of(uint64_t index)
{
	return index & ~(uint64_t)(VM_SLOTS - 1);
}

static struct vm_slots_leaf *
leaf_find(const struct vm_slots *s, uint64_t base)
{
	struct vm_slots_leaf *l = RB_ROOT(&s->root);

	while (l != NULL && l->base != base)
		l = base < l->base ? RB_LEFT(l, tree) : RB_RIGHT(l, tree);
	return l;
}

/* The first leaf at or after @base. */
static struct vm_slots_leaf *
leaf_find_ge(const struct vm_slots *s, uint64_t base)
{
	struct vm_slots_leaf *l = RB_ROOT(&s->root), *above = NULL;

	while (l != NULL && l->base != base) {
		if (base < l->base) {
			above = l;
			l = RB_LEFT(l, tree);
		} else {
			l = RB_RIGHT(l, tree);
		}
	}
	return l != NULL ? l : above;
}

/* Adds a leaf of empty slots to the tree. */
static struct vm_slots_leaf *
leaf_make(struct vm_slots *s, struct vm_slots_pool *pool, uint64_t base)
{
	struct vm_slots_leaf *l = pool->free;

	if (l == NULL) {
		l = vm_arena_alloc(pool->arena, sizeof(*l));
		if (l == NULL)
			vm_panic("the map's arena is full", __FILE__, __LINE__);
	} else {
		vm_arena_unpoison(l, sizeof(*l));
		pool->free = l->next_free;
	}
	l->base = base;
	vm_assert(RB_INSERT(vm_slots_tree, &s->root, l) == NULL);
	return l;
}

uintptr_t
vm_slots_get(const struct vm_slots *s, uint64_t index)
{
	const struct vm_slots_leaf *l = leaf_find(s, base_of(index));

	return l == NULL ? 0 : l->slot[index - l->base];
}

void
vm_slots_set(struct vm_slots *s, struct vm_slots_pool *pool, uint64_t index, uintptr_t value)
{
	struct vm_slots_leaf *l = leaf_find(s, base_of(index));

	vm_assert(value != 0);
	if (l == NULL)
		l = leaf_make(s, pool, base_of(index));
	l->used |= 1u << (index - l->base);
	l->slot[index - l->base] = value;
}

void
vm_slots_clear(struct vm_slots *s, struct vm_slots_pool *pool, uint64_t index)
{
	struct vm_slots_leaf *l = leaf_find(s, base_of(index));

	vm_assert(l != NULL);
	vm_assert(l->slot[index - l->base] != 0);
	l->slot[index - l->base] = 0;
	l->used &= ~(1u << (index - l->base));
	if (l->used != 0)
		return;
	(void)RB_REMOVE(vm_slots_tree, &s->root, l);
	l->next_free = pool->free;
	pool->free = l;
	vm_arena_poison(l, sizeof(*l));
}

bool
vm_slots_next(const struct vm_slots *s, uint64_t *index, uint64_t end, uintptr_t *ret_value)
{
	uint64_t i = *index;

	for (struct vm_slots_leaf *l = leaf_find_ge(s, base_of(i)); l != NULL; l = RB_NEXT(vm_slots_tree, NULL, l)) {
		unsigned skip = i > l->base ? (unsigned)(i - l->base) : 0, used = l->used >> skip;

		if (used == 0)
			continue; /* all words of this leaf are before *index */
		i = l->base + skip + (unsigned)__builtin_ctz(used);
		if (i >= end)
			return false;
		*index = i;
		*ret_value = l->slot[i - l->base];
		return true;
	}
	return false;
}

void
vm_slots_walk_from(struct vm_slots_walk *w, const struct vm_slots *s, uint64_t start)
{
	const struct vm_slots_leaf *l = leaf_find_ge(s, base_of(start));

	w->leaf = l;
	if (l != NULL)
		w->left = start > l->base ? l->used >> (start - l->base) << (start - l->base) : l->used;
}

/* Goes to the next leaf, if it starts before the end. No leaf in the tree is empty. */
bool
vm_slots_walk_on(struct vm_slots_walk *w)
{
	w->leaf = RB_NEXT(vm_slots_tree, NULL, (struct vm_slots_leaf *)(uintptr_t)w->leaf);
	if (w->leaf == NULL || w->leaf->base >= w->end)
		return false;
	w->left = w->leaf->used;
	return true;
}
