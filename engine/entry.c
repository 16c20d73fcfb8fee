/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - entries, their ring and augmented tree, and lookup by address.
 *
 * The tree macros augment the nodes that they rotate, but not every ancestor of a changed leaf. So each change ends
 * with path_fix of both neighbours of the changed place: every stale node is on one of their paths to the root.
 */
#include "engine/map.h"

static inline vm_size_t
max_free_of(const struct vm_map_entry *e)
{
	vm_size_t m = e->adj_free;
	const struct vm_map_entry *l = RB_LEFT(e, tree), *r = RB_RIGHT(e, tree);

	if (l != NULL && l->max_free > m)
		m = l->max_free;
	if (r != NULL && r->max_free > m)
		m = r->max_free;
	return m;
}

#undef RB_AUGMENT
#define RB_AUGMENT(e) ((e)->max_free = max_free_of(e))

static inline int
entry_compare(const struct vm_map_entry *a, const struct vm_map_entry *b)
{
	return a->start < b->start ? -1 : a->start > b->start;
}

#ifndef __unused
#define __unused __attribute__((unused))
#endif
RB_GENERATE_STATIC(vm_map_tree, vm_map_entry, tree, entry_compare)

/* Recomputes max_free from @e up to the root. No-op for the header, which is not in the tree. */
static void
path_fix(struct vm_map *map, struct vm_map_entry *e)
{
	if (e == &map->header)
		return;
	for (; e != NULL; e = RB_PARENT(e, tree))
		RB_AUGMENT(e);
}

static inline void
gap_set(struct vm_map_entry *e)
{
	e->adj_free = e->next->start - e->end;
}

vm_map_entry_t
vm_map_entry_create(vm_map_t map)
{
	struct vm_map_entry *e = map->free_entries;

	if (e == NULL) {
		e = vm_arena_alloc(&map->arena, sizeof(*e));
		if (e == NULL)
			vm_panic("the map's arena is full", __FILE__, __LINE__);
		return e;
	}
	vm_arena_unpoison(e, sizeof(*e));
	map->free_entries = e->next;
	*e = (struct vm_map_entry){ 0 };
	return e;
}

void
vm_map_entry_dispose(vm_map_t map, vm_map_entry_t e)
{
	if (e->object != NULL)
		vm_object_release(map, e->object);
	e->object = NULL;
	e->prev = NULL; /* not in the map: vm_map_entry_is_linked */
	e->next = map->free_entries;
	map->free_entries = e;
	vm_arena_poison(e, sizeof(*e));
}

void
vm_map_entry_link(vm_map_t map, vm_map_entry_t after, vm_map_entry_t e)
{
	vm_rwlock_assert_write(&map->lock);
	e->prev = after;
	e->next = after->next;
	after->next->prev = e;
	after->next = e;
	gap_set(e);
	gap_set(after);
	e->max_free = e->adj_free;
	vm_assert(RB_INSERT(vm_map_tree, &map->root, e) == NULL);
	path_fix(map, after);
	path_fix(map, e);
	map->nentries++;
	map->size += e->end - e->start;
}

void
vm_map_entry_unlink(vm_map_t map, vm_map_entry_t e)
{
	struct vm_map_entry *prev = e->prev, *next = e->next;

	vm_rwlock_assert_write(&map->lock);
	prev->next = next;
	next->prev = prev;
	gap_set(prev);
	(void)RB_REMOVE(vm_map_tree, &map->root, e);
	path_fix(map, prev);
	path_fix(map, next);
	map->nentries--;
	map->size -= e->end - e->start;
}

void
vm_map_entry_resize(vm_map_t map, vm_map_entry_t e, vm_offset_t start, vm_offset_t end)
{
	vm_rwlock_assert_write(&map->lock);
	vm_assert(start < end);
	vm_assert(e->prev->end <= start || e->prev == &map->header);
	vm_assert(end <= e->next->start);
	map->size += (end - start) - (e->end - e->start);
	e->start = start;
	e->end = end;
	gap_set(e);
	gap_set(e->prev);
	if (!VM_MUTATED(map, resize_keeps_max_free))
		path_fix(map, e->prev);
	path_fix(map, e);
}

bool
vm_map_lookup_entry(vm_map_t map, vm_offset_t addr, vm_map_entry_t *entry)
{
	struct vm_map_entry *e = RB_ROOT(&map->root), *below = &map->header;

	while (e != NULL) {
		if (addr < e->start) {
			e = RB_LEFT(e, tree);
		} else {
			below = e;
			if (addr < e->end)
				break;
			e = RB_RIGHT(e, tree);
		}
	}
	*entry = below;
	return e != NULL;
}

vm_map_entry_t
vm_map_lookup_ge(vm_map_t map, vm_offset_t addr)
{
	struct vm_map_entry *e;

	return vm_map_lookup_entry(map, addr, &e) ? e : e->next;
}

void
vm_map_range_check(vm_map_t map, vm_offset_t *start, vm_offset_t *end)
{
	if (*start < vm_map_min(map) || *end > vm_map_max(map))
		vm_edge(VM_EDGE_clamped);
	if (*start < vm_map_min(map))
		*start = vm_map_min(map);
	if (*end > vm_map_max(map))
		*end = vm_map_max(map);
	if (*start > *end)
		*start = *end;
}

/* --- first fit --- */

/* The first entry of the subtree with a gap of @length after it. The subtree must have one. */
static struct vm_map_entry *
subtree_first_fit(struct vm_map_entry *e, vm_size_t length)
{
	for (;;) {
		struct vm_map_entry *l = RB_LEFT(e, tree);

		if (l != NULL && l->max_free >= length)
			e = l;
		else if (e->adj_free >= length)
			return e;
		else
			e = RB_RIGHT(e, tree);
	}
}

/* The first entry at or after @e with a gap of @length after it; NULL if there is none. */
static struct vm_map_entry *
first_fit_from(struct vm_map_entry *e, vm_size_t length)
{
	while (e != NULL) {
		struct vm_map_entry *r, *parent;

		if (e->adj_free >= length)
			return e;
		/* Reading the right child is a cache miss, so do it only if the gap can be in this subtree. */
		if (e->max_free >= length && (r = RB_RIGHT(e, tree)) != NULL && r->max_free >= length)
			return subtree_first_fit(r, length);
		/* Go up to the next entry in order that is an ancestor: the subtree below it has been searched. */
		while ((parent = RB_PARENT(e, tree)) != NULL && RB_RIGHT(parent, tree) == e)
			e = parent;
		e = parent;
	}
	return NULL;
}

int
vm_map_findspace(vm_map_t map, vm_offset_t start, vm_size_t length, vm_offset_t *addr)
{
	struct vm_map_entry *e;

	if (start < vm_map_min(map))
		start = vm_map_min(map);
	if (start > vm_map_max(map) || vm_map_max(map) - start < length)
		return 1;
	if (!vm_map_lookup_entry(map, start, &e)) {
		e = e->next;
		if (e->start - start >= length) {
			*addr = start;
			return 0;
		}
		/*
		 * Q4: the recorded kernel searches right of the last entry, where there is no entry, and so misses the
		 * last gap.
		 */
		if (e == &map->header || (e->next == &map->header && vm_behaves(map, Q4)))
			return 1;
	}
	e = first_fit_from(e, length);
	if (e == NULL)
		return 1;
	*addr = e->end;
	return 0;
}
