/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canary.c - the planted faults that damage a map when it is unlocked: the statements of checks.def. Only in the mutant
 * build.
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

#define NO_DAMAGE (void)map, (void)entry, (void)page

void
vm_canary_unlock(vm_map_t map)
{
	vm_map_entry_t entry = map->header.next;
	struct vm_page *page = first_page(map);

	/* The init steps, which run as the thread with the highest number, are not damaged: they build the map. */
	if (vm_curthread->id > VM_CANARY_THREAD_MAX || entry == &map->header)
		return;
	switch ((unsigned)map->config.mutant) {
#define CHECK(id, verdict, quirks, holds, fault, damage)                                                               \
	case VM_MUTANT_canary_##id:                                                                                    \
		damage;                                                                                                \
		break;
#include "engine/checks.def"
#undef CHECK
	default:
		break;
	}
}

void
vm_canary_wait(vm_map_t map)
{
	for (vm_map_entry_t e = map->header.next; VM_MUTATED(map, canary_I22) && e != &map->header; e = e->next)
		e->eflags &= ~(uint32_t)MAP_ENTRY_NEEDS_WAKEUP;
}

#endif
