/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clip.c - merging an entry with its neighbours, and splitting it.
 *
 *      clip_start(e, 24)                         clip_end(e, 24)
 *      20        24          30                  20        24          30
 *      [          e          )                   [          e          )
 *      [   new   )[    e     )                   [    e    )[   new    )
 *
 * Entry boundaries affect results: the wire limit is checked per entry, a thread waits for one entry, a system unwire
 * checks each entry. So the rule for merging is part of the engine's behaviour (docs/engine.md, section 2).
 */
#include "engine/map.h"

/*
 * Do entries with these flags never merge with any other? Parts of a stack do not. Gaps do if they belong to the same
 * stack; with quirk Q10 it does not matter to which, and with MS3 they do not merge either.
 */
static bool
keeps_apart(const struct vm_map *map, const struct vm_map_entry *left, const struct vm_map_entry *right)
{
	if ((left->eflags & MAP_ENTRY_STACK) != 0 || vm_behaves(map, MS3))
		return true;
	if (left->gap_protection != right->gap_protection || left->gap_max != right->gap_max)
		return true;
	return left->floor != right->floor && !vm_behaves(map, Q10);
}

bool
vm_map_entry_continues(const struct vm_map *map, const struct vm_map_entry *left, const struct vm_map_entry *right)
{
	if (VM_MUTATED(map, merge_compares_owners) && left->wiring_thread != right->wiring_thread)
		return false;
	return left->end == right->start && left->object == right->object &&
	       (left->object == NULL || left->offset + (left->end - left->start) == right->offset) &&
	       left->eflags == right->eflags && left->protection == right->protection &&
	       left->max_protection == right->max_protection && left->inheritance == right->inheritance &&
	       left->wired_count == right->wired_count && left->charged == right->charged &&
	       ((left->eflags & (MAP_ENTRY_STACK | MAP_ENTRY_GAP)) == 0 || !keeps_apart(map, left, right));
}

/* Prepares the merge of @n into @e. */
static void
take_birth(vm_map_entry_t e, const struct vm_map_entry *n)
{
	if ((int)(n->born - e->born) > 0)
		e->born = n->born;
}

static void
take_front(vm_map_t map, vm_map_entry_t e) VM_REQUIRES(&map->lock)
{
	struct vm_map_entry *n = e->prev;

	if (n == &map->header || !vm_map_entry_continues(map, n, e))
		return;
	vm_map_entry_unlink(map, n);
	e->offset = n->offset;
	vm_map_entry_resize(map, e, n->start, e->end);
	take_birth(e, n);
	vm_map_entry_dispose(map, n);
}

static void
take_back(vm_map_t map, vm_map_entry_t e) VM_REQUIRES(&map->lock)
{
	struct vm_map_entry *n = e->next;

	if (n == &map->header || !vm_map_entry_continues(map, e, n) || VM_MUTATED(map, merge_backwards_only))
		return;
	vm_map_entry_unlink(map, n);
	vm_map_entry_resize(map, e, e->start, n->end);
	e->floor = n->floor;
	take_birth(e, n);
	vm_map_entry_dispose(map, n);
}

static bool
can_merge(const struct vm_map *map, const struct vm_map_entry *e)
{
	return (e->eflags & MAP_ENTRY_IN_TRANSITION) == 0 || VM_MUTATED(map, merge_in_transition);
}

void
vm_map_simplify_entry(vm_map_t map, vm_map_entry_t e)
{
	vm_rwlock_assert_write(&map->lock);
	vm_assert(vm_map_entry_is_linked(e));
	if (!can_merge(map, e))
		return;
	take_front(map, e);
	take_back(map, e);
}

void
vm_map_merge_front(vm_map_t map, vm_map_entry_t e)
{
	vm_rwlock_assert_write(&map->lock);
	if (e != &map->header && can_merge(map, e))
		take_front(map, e);
}

/* --- how an operation merges the entries of its range --- */

void
vm_map_merge_step(vm_map_t map, struct vm_merging *m, vm_map_entry_t e)
{
	vm_rwlock_assert_write(&map->lock);
	vm_assert(vm_map_entry_is_linked(e));
	if (can_merge(map, e) && (m->guards || (e->eflags & MAP_ENTRY_GUARD) == 0)) {
		if (!m->spare_front)
			take_front(map, e);
		if (m->back)
			take_back(map, e);
	}
	m->spare_front = false;
}

/*
 * Both halves of a split must refer to the same object: an entry without an object gets one, which takes over the
 * charge.
 */
static void
object_for_split(vm_map_t map, vm_map_entry_t e) VM_REQUIRES(&map->lock)
{
	if ((e->eflags & MAP_ENTRY_GUARD) != 0)
		return;
	if (e->object == NULL)
		vm_object_attach(map, e);
	else if (e->charged) {
		e->object->charged = true;
		e->charged = false;
	}
}

/* Some mutants omit a field from the copy; the one that omits the transition also omits its owner. */
static void
half_forgets(const struct vm_map *map, vm_map_entry_t n)
{
	if (VM_MUTATED(map, clip_loses_transition))
		n->eflags &= ~(uint32_t)MAP_ENTRY_IN_TRANSITION;
	if (VM_MUTATED(map, clip_loses_transition) || VM_MUTATED(map, clip_loses_owner))
		n->wiring_thread = NULL;
	if (VM_MUTATED(map, clip_loses_wakeup))
		n->eflags &= ~(uint32_t)MAP_ENTRY_NEEDS_WAKEUP;
	if (VM_MUTATED(map, clip_loses_count))
		n->wired_count = 0;
}

/* A copy of @e, not linked, with its own reference to the object. */
static vm_map_entry_t
half(vm_map_t map, vm_map_entry_t e) VM_REQUIRES(&map->lock)
{
	vm_map_entry_t n = vm_map_entry_create(map);

	*n = *e;
	half_forgets(map, n);
	if (n->object != NULL)
		vm_object_reference(n->object);
	return n;
}

void
vm_map_clip_start(vm_map_t map, vm_map_entry_t e, vm_offset_t addr)
{
	vm_map_entry_t n;

	vm_rwlock_assert_write(&map->lock);
	vm_assert(vm_map_entry_is_linked(e));
	if (addr <= e->start)
		return;
	vm_assert(addr < e->end);
	if (!vm_behaves(map, M1))
		vm_map_simplify_entry(map, e);
	object_for_split(map, e);
	n = half(map, e);
	n->end = addr;
	if (e->object != NULL && !VM_MUTATED(map, clip_keeps_offset))
		e->offset += addr - e->start;
	vm_map_entry_resize(map, e, addr, e->end);
	vm_map_entry_link(map, e->prev, n);
}

void
vm_map_clip_end(vm_map_t map, vm_map_entry_t e, vm_offset_t addr)
{
	vm_map_entry_t n;

	vm_rwlock_assert_write(&map->lock);
	vm_assert(vm_map_entry_is_linked(e));
	if (addr >= e->end)
		return;
	vm_assert(addr > e->start);
	object_for_split(map, e);
	n = half(map, e);
	n->start = addr;
	if (n->object != NULL)
		n->offset += addr - e->start;
	vm_map_entry_resize(map, e, e->start, addr);
	vm_map_entry_link(map, e, n);
}

vm_map_entry_t
vm_map_first_entry(vm_map_t map, vm_offset_t start)
{
	vm_map_entry_t e;

	if (!vm_map_lookup_entry(map, start, &e))
		return e->next;
	vm_map_clip_start(map, e, start);
	return e;
}

int
vm_map_clip(vm_map_t map, vm_offset_t addr)
{
	vm_map_entry_t e;
	int rv;

	if (!vm_page_aligned(addr))
		return VM_RETURN(bad_argument);
	(void)vm_op_begin(addr, addr);
	vm_map_lock(map);
	vm_assert(!VM_MUTATED(map, canary_assertion));
	if (vm_map_lookup_entry(map, addr, &e)) {
		vm_map_clip_start(map, e, addr);
		rv = KERN_SUCCESS;
	} else {
		rv = VM_RETURN(clip_unmapped);
	}
	vm_map_unlock(map);
	return rv;
}
