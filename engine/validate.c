/* SPDX-License-Identifier: BSD-2-Clause */
/* validate.c - the invariants of a map that hold whenever its lock is free, walked in full. docs/invariants.md. */
#include "engine/map.h"

static const char *
check_tree(const struct vm_map_entry *e, unsigned *count)
{
	const struct vm_map_entry *l = RB_LEFT(e, tree), *r = RB_RIGHT(e, tree);
	vm_size_t m = e->adj_free;
	const char *bad;

	if (l != NULL) {
		if (l->start >= e->start || RB_PARENT(l, tree) != e)
			return "I3: a left child of the tree is out of order";
		if ((bad = check_tree(l, count)) != NULL)
			return bad;
		m = l->max_free > m ? l->max_free : m;
	}
	if (r != NULL) {
		if (r->start <= e->start || RB_PARENT(r, tree) != e)
			return "I3: a right child of the tree is out of order";
		if ((bad = check_tree(r, count)) != NULL)
			return bad;
		m = r->max_free > m ? r->max_free : m;
	}
	if (e->max_free != m)
		return "I4: max_free is not the largest gap of the subtree";
	(*count)++;
	return NULL;
}

static const char *
check_entry(const struct vm_map *map, const struct vm_map_entry *e)
{
	if (e->start >= e->end || !vm_range_aligned(e->start, e->end))
		return "I1: an entry is empty or not page aligned";
	if (e->start < vm_map_min(map) || e->end > vm_map_max(map))
		return "I2: an entry is outside the map";
	if (e->next->start < e->end)
		return "I2: two entries overlap";
	if (e->next->prev != e || e->prev->next != e)
		return "I3: the ring is broken";
	if (e->adj_free != e->next->start - e->end)
		return "I4: adj_free is not the gap behind the entry";
	if ((e->protection & ~e->max_protection) != 0)
		return "I7: a protection is not within its maximum";
	if (((e->eflags & MAP_ENTRY_IN_TRANSITION) != 0) != (e->wiring_thread != NULL))
		return "I8: in transition without an owner, or an owner without a transition";
	if ((e->eflags & MAP_ENTRY_IN_TRANSITION) == 0 && e->wired_count < ((e->eflags & MAP_ENTRY_USER_WIRED) != 0))
		return "I9: a wire count is below what the entry's flags say";
	if ((e->eflags & MAP_ENTRY_GUARD) != 0 && e->wired_count != 0)
		return "I10: a guard is wired";
	if (e->object != NULL && e->object->ref_count == 0)
		return "I6: an entry refers to a dead object";
	return NULL;
}

/* I6 in full: count the entries of each object in a field that is there for this alone, then compare. */
static const char *
check_references(struct vm_map *map)
{
	struct vm_map_entry *e, *first = map->header.next;
	unsigned objects = 0;

	for (e = first; e != &map->header; e = e->next)
		if (e->object != NULL)
			e->object->nr_seen = 0;
	for (e = first; e != &map->header; e = e->next)
		if (e->object != NULL && e->object->nr_seen++ == 0)
			objects++;
	for (e = first; e != &map->header; e = e->next)
		if (e->object != NULL && e->object->nr_seen != e->object->ref_count)
			return "I6: an object's ref_count is not the number of its entries";
	return objects == map->objects.nr_live ? NULL : "I6: an object without entries is alive";
}

const char *
vm_map_check(vm_map_t map)
{
	unsigned in_ring = 0, in_tree = 0;
	vm_size_t size = 0;
	const char *bad;

	for (const struct vm_map_entry *e = map->header.next; e != &map->header; e = e->next) {
		if ((bad = check_entry(map, e)) != NULL)
			return bad;
		in_ring++;
		size += e->end - e->start;
	}
	if (map->header.adj_free != map->header.next->start - map->header.end)
		return "I4: the header's adj_free is not the gap in front of the first entry";
	if (RB_ROOT(&map->root) != NULL && (bad = check_tree(RB_ROOT(&map->root), &in_tree)) != NULL)
		return bad;
	if (in_ring != in_tree || in_ring != map->nentries)
		return "I3: ring, tree and nentries disagree";
	if (size != map->size)
		return "I5: size is not the sum of the entries";
	return check_references(map);
}
