/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * insert.c - new mappings: insert, fixed, find.
 *
 * A new mapping that continues the one before it either grows that entry, or shares its object at the next offset, so
 * that the two can merge later. Swap is charged for writable mappings; the charge only decides which entries can merge.
 */
#include "engine/map.h"

bool
vm_map_mapping_valid(vm_object_t object, vm_prot_t prot, vm_prot_t max, int cow)
{
	if (object != NULL || (cow & ~MAP_CREATE_GUARD) != 0)
		return false;
	if (((prot | max) & ~VM_PROT_ALL) != 0 || (prot & ~max) != 0)
		return false;
	return (cow & MAP_CREATE_GUARD) == 0 || max == VM_PROT_NONE;
}

/* Can a mapping at @start, with these attributes and this charge, continue @p's memory? */
static bool
can_continue(const struct vm_map *map, const struct vm_map_entry *p, vm_offset_t start, uint32_t eflags, bool charged)
{
	/* Q10: the recorded kernel lets a new stack grow into a gap that another stack has left below it. */
	if ((eflags & MAP_ENTRY_GAP) != 0 && !vm_behaves(map, Q10))
		return false;
	return (p->eflags & ~MAP_ENTRY_USER_WIRED) == eflags && p->end == start &&
	       (p->charged == charged || (p->object != NULL && p->object->charged == charged));
}

int
vm_map_insert(vm_map_t map, vm_object_t object, vm_ooffset_t offset, vm_offset_t start, vm_offset_t end, vm_prot_t prot,
    vm_prot_t max, int cow)
{
	vm_rwlock_assert_write(&map->lock);
	if (!vm_map_mapping_valid(object, prot, max, cow) || offset != 0 || !vm_range_aligned(start, end))
		return VM_RETURN(bad_argument);
	return vm_map_insert_flags(map, start, end, prot, max, (cow & MAP_CREATE_GUARD) != 0 ? MAP_ENTRY_GUARD : 0);
}

/* The entry becomes the gap of a stack that starts at @floor. */
static void
begin_gap(vm_map_entry_t e, vm_offset_t floor)
{
	e->floor = floor;
	e->gap_protection = VM_PROT_READ | VM_PROT_WRITE;
	e->gap_max = VM_PROT_ALL;
}

int
vm_map_insert_flags(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot, vm_prot_t max, uint32_t eflags)
{
	bool charged = eflags == 0 && (prot & VM_PROT_WRITE) != 0;
	vm_map_entry_t p, e;

	if (start >= end)
		return VM_RETURN(insert_empty);
	if (start < vm_map_min(map) || (VM_MUTATED(map, insert_checks_start_only) ? start : end) > vm_map_max(map))
		return VM_RETURN(insert_outside);
	if (vm_map_lookup_entry(map, start, &p))
		return VM_RETURN(insert_occupied);
	if (p->next->start < end && !(VM_MUTATED(map, insert_checks_start_only) && p->next == &map->header))
		return VM_RETURN(insert_occupied);

	if (p == &map->header || !can_continue(map, p, start, eflags, charged)) {
		e = vm_map_entry_create(map);
		e->charged = charged;
	} else if (p->inheritance == VM_INHERIT_COPY && p->protection == prot && p->max_protection == max &&
	           p->wired_count == 0) {
		if (VM_MUTATED(map, grow_takes_reference) && p->object != NULL)
			vm_object_reference(p->object);
		vm_map_entry_resize(map, p, p->start, end);
		p->born = map->timestamp;
		if ((eflags & MAP_ENTRY_GAP) != 0) {
			begin_gap(p, start);
			vm_edge(VM_EDGE_stack_takes_orphan);
		}
		if (vm_behaves(map, M6))
			vm_map_merge_front(map, p->next);
		else
			vm_map_simplify_entry(map, p);
		return KERN_SUCCESS;
	} else {
		e = vm_map_entry_create(map);
		e->charged = charged && (p->object == NULL || !p->object->charged);
		if (p->object != NULL) {
			vm_object_reference(p->object);
			e->object = p->object;
			e->offset = p->offset + (p->end - p->start);
		}
	}
	e->start = start;
	e->end = end;
	e->eflags = eflags;
	e->protection = prot;
	e->max_protection = max;
	e->inheritance = VM_INHERIT_COPY;
	e->born = map->timestamp;
	if ((eflags & MAP_ENTRY_GAP) != 0)
		begin_gap(e, start);
	vm_map_entry_link(map, p, e);
	if (!VM_MUTATED(map, canary_fragments))
		vm_map_simplify_entry(map, e);
	return KERN_SUCCESS;
}

int
vm_map_fixed_range(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot, vm_prot_t max, int cow)
{
	struct vm_op_ctx *ctx;
	int rv;

	if (!vm_map_mapping_valid(NULL, prot, max, cow) || !vm_range_aligned(start, end))
		return VM_RETURN(bad_argument);
	ctx = vm_op_begin(start, end);
	vm_map_lock(map);
	vm_map_range_check(map, &ctx->start, &ctx->end);
	(void)vm_map_delete(map, ctx->start, ctx->end);
	if (VM_MUTATED(map, fixed_two_holds) || VM_MUTATED(map, fixed_steals)) {
		ctx->point = VM_POINT_relock;
		vm_map_unlock(map);
		vm_map_lock(map);
		ctx->kept_number =
		    1; /* tells the second deletion from the first in the state key: both can wait at the same point */
		if (VM_MUTATED(map, fixed_steals))
			(void)vm_map_delete(map, ctx->start, ctx->end);
	}
	/* In the same lock hold as the end of the deletion: other threads can only run while the deletion sleeps. */
	rv = vm_map_insert(map, NULL, 0, ctx->start, ctx->end, prot, max, cow);
	vm_map_unlock(map);
	return rv;
}

int
vm_map_fixed(vm_map_t map, vm_object_t object, vm_ooffset_t offset, vm_offset_t start, vm_size_t length, vm_prot_t prot,
    vm_prot_t max, int cow)
{
	if (object != NULL || offset != 0 || start + length < start)
		return VM_RETURN(bad_argument);
	return vm_map_fixed_range(map, start, start + length, prot, max, cow);
}

/* First fit from @start; the mapping ends at or below @max_addr. */
static bool
fits_from(vm_map_t map, vm_offset_t start, vm_size_t length, vm_offset_t max_addr, vm_offset_t *addr)
    VM_REQUIRES_SHARED(&map->lock)
{
	return vm_map_findspace(map, start, length, addr) == 0 && (max_addr == 0 || *addr + length <= max_addr);
}

/*
 * Chooses where find searches. A map that starts at 0 clusters accessible anonymous memory: find searches at the place
 * that remember_place keeps first, and from the map's start only if that fails.
 */
static bool
find_place(vm_map_t map, vm_offset_t hint, vm_size_t length, vm_offset_t max_addr, bool cluster, vm_offset_t *addr)
    VM_REQUIRES_SHARED(&map->lock)
{
	if (length > vm_map_max(map) - vm_map_min(map))
		return false;
	if (cluster && map->anon_loc != 0 && fits_from(map, map->anon_loc, length, max_addr, addr))
		return true;
	return fits_from(map, hint, length, max_addr, addr);
}

/* Where the next find searches first: after this mapping, or from the lowest one so far (M9). */
static void
remember_place(vm_map_t map, vm_offset_t place, vm_size_t length) VM_REQUIRES(&map->lock)
{
	if (!vm_behaves(map, M9))
		map->anon_loc = place + length;
	else if (map->anon_loc == 0 || place < map->anon_loc)
		map->anon_loc = place;
}

/* The end of a find with result @rv. */
static void
find_unlock(vm_map_t map, int rv) VM_RELEASE(&map->lock) VM_NO_TSA("the mutant find_error_keeps_lock may keep the lock")
{
	if (!(VM_MUTATED(map, find_error_keeps_lock) && rv != KERN_SUCCESS))
		vm_map_unlock(map);
}

int
vm_map_find(vm_map_t map, vm_object_t object, vm_ooffset_t offset, vm_offset_t *addr, vm_size_t length,
    vm_offset_t max_addr, int find_space, vm_prot_t prot, vm_prot_t max, int cow)
{
	bool any = find_space == VMFS_ANY_SPACE, cluster;
	vm_offset_t place = *addr;
	int rv;

	if (!vm_map_mapping_valid(object, prot, max, cow) || offset != 0 || !vm_range_aligned(*addr, length) ||
	    (!any && find_space != VMFS_NO_SPACE) || *addr + length < *addr)
		return VM_RETURN(bad_argument);
	(void)vm_op_begin(*addr, length);
	vm_map_lock(map);
	cluster = any && vm_map_min(map) == 0 && prot != VM_PROT_NONE;
	if (length == 0)
		rv = VM_RETURN(find_empty);
	else if (any ? find_place(map, *addr, length, max_addr, cluster, &place)
	             : max_addr == 0 || place + length <= max_addr)
		rv = vm_map_insert(map, object, offset, place, place + length, prot, max, cow);
	else
		rv = VM_RETURN(find_no_space);
	if (rv == KERN_SUCCESS) {
		*addr = place;
		if (cluster)
			remember_place(map, place, length);
	}
	find_unlock(map, rv);
	return rv;
}
