/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canary.c - the planted faults of canaries.def that damage a map when it is unlocked. Only in the mutant build. A
 * fault damages the first entry, or the first page with an object; its program has one.
 */
#include "engine/map.h"

#ifdef VM_MUTANTS

/* The first page of the first entry with a page; NULL: no entry has a page. */
static struct vm_page *
first_page(vm_map_t map)
{
	for (vm_map_entry_t e = map->header.next; e != &map->header; e = e->next) {
		struct vm_slots_walk w;

		vm_entry_walk(&w, e, e->start, e->end);
		if (vm_slots_walk_next(&w))
			return (struct vm_page *)w.value;
	}
	return NULL;
}

static void
damage_page(vm_map_t map, struct vm_page *p)
{
	if (VM_MUTATED(map, canary_I12))
		p->wire_count++;
	else if (VM_MUTATED(map, canary_I13))
		p->resident = false;
	else if (VM_MUTATED(map, canary_I14))
		p->mapped = false;
	else if (VM_MUTATED(map, canary_I18))
		p->dirty = false;
}

static void
damage_map(vm_map_t map)
{
	if (VM_MUTATED(map, canary_I3))
		map->nentries++;
	else if (VM_MUTATED(map, canary_I5))
		map->size += VM_PAGE_SIZE;
	else if (VM_MUTATED(map, canary_I11))
		map->frames.nr_pages++;
	else if (VM_MUTATED(map, canary_I16))
		map->frames.nr_queued++;
	else if (VM_MUTATED(map, canary_I17))
		map->frames.nr_used++;
	else if (VM_MUTATED(map, canary_I19))
		map->user_wired++;
	else if (VM_MUTATED(map, canary_I24))
		map->busy++;
	else if (VM_MUTATED(map, canary_I23))
		map->busy_wanted = false;
	else if (VM_MUTATED(map, canary_frame))
		map->header.prev->inheritance = VM_INHERIT_NONE;
}

static void
damage_entry(vm_map_t map, vm_map_entry_t e)
{
	if (VM_MUTATED(map, canary_I1))
		e->end = e->start;
	else if (VM_MUTATED(map, canary_I2))
		e->end = e->next->start + VM_PAGE_SIZE;
	else if (VM_MUTATED(map, canary_I4))
		e->adj_free += VM_PAGE_SIZE;
	else if (VM_MUTATED(map, canary_I6) && e->object != NULL)
		e->object->ref_count++;
	else if (VM_MUTATED(map, canary_I7))
		e->max_protection = VM_PROT_NONE;
	else if (VM_MUTATED(map, canary_I8))
		e->wiring_thread = vm_curthread;
	else if (VM_MUTATED(map, canary_I9))
		e->eflags |= MAP_ENTRY_USER_WIRED;
	else if (VM_MUTATED(map, canary_I10))
		e->wired_count = 1;
	else if (VM_MUTATED(map, canary_I15))
		e->protection &= (vm_prot_t)~VM_PROT_WRITE;
	else if (VM_MUTATED(map, canary_I21))
		e->eflags |= MAP_ENTRY_WIRE_SKIPPED;
}

void
vm_canary_unlock(vm_map_t map)
{
	struct vm_page *p = first_page(map);

	/* The init steps, which run as the thread with the highest number, are not damaged: they build the map. */
	if (vm_curthread->id > VM_CANARY_THREAD_MAX || map->header.next == &map->header)
		return;
	damage_map(map);
	damage_entry(map, map->header.next);
	if (p != NULL)
		damage_page(map, p);
}

void
vm_canary_wait(vm_map_t map)
{
	for (vm_map_entry_t e = map->header.next; VM_MUTATED(map, canary_I22) && e != &map->header; e = e->next)
		e->eflags &= ~(uint32_t)MAP_ENTRY_NEEDS_WAKEUP;
}

#endif
