/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protect.c - vm_map_protect(9). It waits while any wire of the map is faulting (the map is busy), then for entries in
 * transition in its own range. It starts over after each wait for a transition. docs/engine.md section 9.
 */
#include "engine/map.h"

static bool
is_charged(const struct vm_map_entry *e)
{
	return e->charged || (e->object != NULL && e->object->charged);
}

/* Does protect pass @e over? A guard always; a gap, unless it remembers a protection (MS2). */
static bool
is_passed_over(const struct vm_map *map, const struct vm_map_entry *e)
{
	if ((e->eflags & MAP_ENTRY_GUARD) == 0)
		return false;
	return (e->eflags & MAP_ENTRY_GAP) == 0 || !vm_behaves(map, MS2);
}

static vm_prot_t
max_of(const struct vm_map_entry *e)
{
	return (e->eflags & MAP_ENTRY_GAP) != 0 ? e->gap_max : e->max_protection;
}

/* Pass 1: checks the maximum protections, and sets *waits to the last entry in transition, or NULL. */
static int
protect_check(const struct vm_map *map, vm_map_entry_t e, vm_offset_t end, vm_prot_t prot, vm_map_entry_t *waits)
{
	*waits = NULL;
	for (; e->start < end; e = e->next) {
		if (is_passed_over(map, e))
			continue;
		if ((prot & ~max_of(e)) != 0 && !VM_MUTATED(map, protect_ignores_max))
			return VM_RETURN(protect_beyond_max);
		if ((e->eflags & MAP_ENTRY_IN_TRANSITION) != 0 && !VM_MUTATED(map, protect_ignores_transition))
			*waits = e;
	}
	return KERN_SUCCESS;
}

/* Pass 2: clips the end, and charges entries that become writable. */
static void
protect_charge(vm_map_t map, vm_map_entry_t e, vm_offset_t end, vm_prot_t prot, bool set_max) VM_REQUIRES(&map->lock)
{
	for (; e->start < end; e = e->next) {
		vm_map_clip_end(map, e, end);
		if (set_max || (prot & ~e->protection & VM_PROT_WRITE) == 0 || is_charged(e) ||
		    (e->eflags & MAP_ENTRY_GUARD) != 0)
			continue;
		if (e->object != NULL)
			e->object->charged = true;
		else
			e->charged = true;
	}
}

static void
protect_entry(vm_map_t map, vm_map_entry_t e, vm_prot_t prot, bool set_max) VM_REQUIRES(&map->lock)
{
	vm_prot_t old = e->protection;

	if (is_passed_over(map, e))
		return;
	if ((e->eflags & MAP_ENTRY_GAP) != 0) {
		e->gap_protection = (set_max ? prot & e->gap_protection : prot) & VM_PROT_ALL;
		if (set_max)
			e->gap_max = prot & VM_PROT_ALL;
		return;
	}
	if (set_max) {
		e->max_protection = prot;
		e->protection &= prot;
	} else {
		e->protection = prot;
	}
	if ((old & ~e->protection) != 0)
		vm_map_entry_reduce_access(map, e);
}

/* Pass 3: sets the protection, and merges. */
static void
protect_apply(vm_map_t map, vm_map_entry_t e, vm_offset_t end, vm_prot_t prot, bool set_max) VM_REQUIRES(&map->lock)
{
	struct vm_merging merging = vm_map_merging(map, vm_op_ctx(), vm_behaves(map, M5));
	vm_map_entry_t next;

	merging.guards = vm_behaves(map, M7);
	if (VM_MUTATED(map, protect_one_too_far) && end < vm_map_max(map))
		end++;
	for (; e->start < end; e = next) {
		vm_map_entry_t unmerged_next = e->next;

		(void)unmerged_next; /* only a mutant uses it */
		protect_entry(map, e, prot, set_max);
		vm_map_merge_step(map, &merging, e);
		/* The previous entry may have been merged away. */
		next = VM_MUTATED(map, merge_frees_callers_entry) ? unmerged_next : e->next;
	}
	vm_map_merge_last(map, &merging, e);
}

/*
 * Does pass 1 look at the first entry before it is cut? Then it looks at the entry of an empty range, too, and what it
 * refuses or waits for stays whole.
 */
static bool
cuts_late(const struct vm_map *map, const struct vm_op_ctx *ctx)
{
	return ctx->start == ctx->end ? vm_behaves(map, M4) : vm_behaves(map, M3);
}

int
vm_map_protect(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot, bool set_max)
{
	struct vm_op_ctx *ctx;
	vm_map_entry_t first, waits;
	bool late;
	int rv;

	if (!vm_range_aligned(start, end) || (prot & ~VM_PROT_ALL) != 0)
		return VM_RETURN(bad_argument);
	if (start == end && !VM_MUTATED(map, protect_empty_not_early))
		return KERN_SUCCESS;
	ctx = vm_op_begin(start, end);
	vm_map_lock(map);
	for (;;) {
		vm_map_wait_busy(map);
		vm_map_range_check(map, &ctx->start, &ctx->end);
		late = cuts_late(map, ctx);
		first = late ? vm_map_lookup_ge(map, ctx->start) : vm_map_first_entry(map, ctx->start);
		rv = protect_check(map, first, ctx->end, prot, &waits);
		if (rv != KERN_SUCCESS || waits == NULL)
			break;
		vm_edge(VM_EDGE_protect_waited);
		ctx->cursor = waits->start; /* the address it waits for, read by checks and traces */
		waits->eflags |= MAP_ENTRY_NEEDS_WAKEUP;
		ctx->point = VM_POINT_transition_wait;
		(void)vm_map_unlock_and_wait(map, 0);
		vm_map_lock(map);
		ctx->cursor = 0;
	}
	if (rv == KERN_SUCCESS) {
		if (late)
			vm_map_clip_start(map, first, ctx->start);
		protect_charge(map, first, ctx->end, prot, set_max);
		protect_apply(map, first, ctx->end, prot, set_max);
	}
	vm_map_unlock(map);
	return rv;
}
