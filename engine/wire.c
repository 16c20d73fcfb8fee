/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire.c - vm_map_wire(9).
 *
 * Pass 1 goes through the range in ascending order. It marks each entry IN_TRANSITION and counts the wiring. For an
 * entry that was not wired before, it releases the lock while it faults the pages in. Meanwhile other threads can clip
 * a marked entry, but not merge or delete it; unmarked entries can change in any way. Pass 2, in one lock hold, ends
 * the transition of all entries that the wire marked: it keeps the wiring, or on a failure removes it.
 *
 * An operation marks entries in ascending order, and sleeps only for an entry above all of its marks. So wires and
 * unwires cannot wait for each other in a circle.
 *
 * The letters a to g below are those of docs/engine.md, section 6.
 */
#include "engine/map.h"

static const struct vm_wire_edges wire_edges = {
	.empty = VM_EDGE_wire_empty,
	.inverted = VM_EDGE_wire_inverted,
	.start_unmapped = VM_EDGE_wire_start_unmapped,
	.gone_after_wait = VM_EDGE_wire_gone_after_wait,
	.later_gone = VM_EDGE_wire_later_gone,
	.waited = VM_EDGE_wire_waited,
	.changed_but_mapped = VM_EDGE_wire_changed_but_mapped,
	.partial = VM_EDGE_wire_partial_holesok,
};

static bool
access_lacks(const struct vm_map_entry *e, int flags)
{
	return (e->protection & (VM_PROT_READ | VM_PROT_EXECUTE)) == 0 ||
	       ((flags & VM_MAP_WIRE_WRITE) != 0 && (e->protection & VM_PROT_WRITE) == 0);
}

/* Would a user wire of @e exceed the limit? */
static bool
is_limited(vm_map_t map, const struct vm_map_entry *e, int flags) VM_REQUIRES(&map->lock)
{
	if (VM_MUTATED(map, limit_not_with_holes) && (flags & VM_MAP_WIRE_HOLESOK) != 0)
		return false;
	return vm_map_wire_limited(map, vm_entry_pages(e));
}

/* (d) Adds a wiring to an entry that is already wired: no faults. */
static int
wire_wired(vm_map_t map, struct vm_op_ctx *ctx, vm_map_entry_t e, int flags) VM_REQUIRES(&map->lock)
{
	bool user = (flags & VM_MAP_WIRE_USER) != 0;

	if (user && (e->eflags & MAP_ENTRY_USER_WIRED) != 0)
		return VM_RETURN(wire_again);
	/* Q2: the recorded kernel neither counts nor limits a user wiring on top of system ones. */
	if (user && !vm_behaves(map, Q2)) {
		if (is_limited(map, e, flags)) {
			e->eflags |= MAP_ENTRY_WIRE_SKIPPED;
			return VM_RETURN(wire_limit);
		}
		vm_map_wire_charge(map, (int64_t)vm_entry_pages(e));
	}
	if (VM_MUTATED(map, wire_counts_first_entry))
		e = vm_map_lookup_ge(map, ctx->start);
	e->wired_count++;
	return KERN_SUCCESS;
}

/* Faults [piece_start, piece_end) in with the map unlocked. On failure, fault_addr is the page that failed. */
static int
fault_piece(vm_map_t map, struct vm_op_ctx *ctx) VM_EXCLUDES(&map->lock)
{
	for (vm_offset_t addr = ctx->piece_start; addr < ctx->piece_end; addr += VM_PAGE_SIZE) {
		int rv;

		ctx->fault_addr = addr;
		rv = vm_fault_wire(map, addr);
		if (rv != KERN_SUCCESS)
			return rv;
	}
	ctx->fault_addr = ctx->piece_end; /* the check of [I12] expects the pages before it to be wired */
	return KERN_SUCCESS;
}

/*
 * After a failed fault: gives the entries that contain or follow the failing page the count -1, and unwires their pages
 * before that page. The entries before it stay wired; pass 2 unwires them.
 */
static void
undo_piece(vm_map_t map, struct vm_op_ctx *ctx, vm_map_entry_t e, bool user) VM_REQUIRES(&map->lock)
{
	int64_t undone = 0;

	for (; e->start < ctx->piece_end; e = e->next) {
		if (e->end <= ctx->fault_addr)
			continue;
		vm_map_entry_unwire_faulted(map, e, ctx->fault_addr);
		e->wired_count = -1;
		undone += (int64_t)vm_entry_pages(e);
	}
	/*
	 * Q1: the recorded kernel subtracts the whole piece from the counter, although pass 2 subtracts the first
	 * entries again.
	 */
	if (vm_behaves(map, Q1))
		undone = (int64_t)((ctx->piece_end - ctx->piece_start) >> VM_PAGE_SHIFT);
	if (user)
		vm_map_wire_charge(map, -undone);
}

/* Unlocks the map while pages are faulted in; the mutant wire_keeps_lock keeps it locked. */
static void
unlock_for_faults(vm_map_t map) VM_RELEASE(&map->lock) VM_NO_TSA("the mutant wire_keeps_lock keeps the lock")
{
	if (!VM_MUTATED(map, wire_keeps_lock))
		vm_map_unlock(map);
}

/* (e, f) The first wiring of *entry. Releases the lock meanwhile; *entry becomes the last piece of the old entry. */
static int
wire_unwired(vm_map_t map, struct vm_op_ctx *ctx, vm_map_entry_t *entry, int flags) VM_REQUIRES(&map->lock)
{
	bool user = (flags & VM_MAP_WIRE_USER) != 0;
	vm_map_entry_t e = *entry;
	int rv;

	e->wired_count = 1;
	if (user || VM_MUTATED(map, system_wire_charged)) {
		if (is_limited(map, e, flags)) {
			e->wired_count = -1;
			if (VM_MUTATED(map, limit_charge_kept))
				vm_map_wire_charge(map, (int64_t)vm_entry_pages(e));
			return VM_RETURN(wire_limit);
		}
		vm_map_wire_charge(map, (int64_t)vm_entry_pages(e));
	}
	ctx->piece_start = e->start;
	ctx->piece_end = e->end;
	vm_map_busy(map);
	vm_map_remember(map, ctx);
	vm_op_keep(VM_MUTATED(map, relook_never), ctx, e);
	unlock_for_faults(map);

	rv = fault_piece(map, ctx);

	ctx->point = VM_POINT_wire_relock;
	vm_map_lock(map);
	vm_op_keep(VM_MUTATED(map, relook_never), ctx, NULL);
	vm_map_unbusy(map);
	if (!vm_map_unchanged(map, ctx)) {
		/* The marked entry may have been clipped, but not deleted. */
		bool found = vm_map_lookup_entry(map, ctx->piece_start, &e);

		vm_assert(found);
	}
	if (rv != KERN_SUCCESS) {
		vm_edge(VM_EDGE_wire_fault);
		undo_piece(map, ctx, e, user);
	}
	while (e->end < ctx->piece_end)
		e = e->next;
	*entry = e;
	ctx->piece_start = ctx->piece_end = ctx->fault_addr = 0;
	return rv;
}

/* (b to f) Marks *entry and wires it. */
static int
wire_entry(vm_map_t map, struct vm_op_ctx *ctx, vm_map_entry_t *entry, int flags) VM_REQUIRES(&map->lock)
{
	vm_map_entry_t e = *entry;

	vm_map_entry_begin_transition(map, e, ctx);
	if (access_lacks(e, flags)) {
		e->eflags |= MAP_ENTRY_WIRE_SKIPPED;
		if ((flags & VM_MAP_WIRE_HOLESOK) != 0)
			return VM_RETURN(wire_partial_holesok);
		return VM_RETURN(wire_no_access);
	}
	if (e->wired_count > 0)
		return wire_wired(map, ctx, e, flags);
	return wire_unwired(map, ctx, entry, flags);
}

/* Removes this wire's wiring of @e. */
static void
rollback_entry(vm_map_t map, vm_map_entry_t e, bool user) VM_REQUIRES(&map->lock)
{
	bool last = e->wired_count == 1;

	if (VM_MUTATED(map, canary_rollback))
		return;
	if (e->wired_count == -1) {
		e->wired_count = 0;
		return;
	}
	if (user && (e->eflags & MAP_ENTRY_USER_WIRED) != 0) {
		if (!VM_MUTATED(map, rollback_takes_old_wiring))
			return; /* it was user-wired before this wire, which changed nothing */
		e->eflags &= ~(uint32_t)MAP_ENTRY_USER_WIRED;
	}
	if (user && (last || !vm_behaves(map, Q2)))
		vm_map_wire_charge(map, -(int64_t)vm_entry_pages(e));
	if (last)
		vm_map_entry_unwire(map, e);
	else
		e->wired_count--;
}

/* Has this wire marked @e? */
static bool
is_marked(const struct vm_map *map, const struct vm_map_entry *e)
{
	if (VM_MUTATED(map, wire_owner_ignored))
		return (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0;
	if (VM_MUTATED(map, wire_skipped_before_owner) && (e->eflags & MAP_ENTRY_WIRE_SKIPPED) != 0)
		return true;
	return vm_map_entry_is_ours(e);
}

/* Pass 2: ends the transition of the entries in [ctx->start, ctx->end) that this wire marked. */
static void
wire_finish(vm_map_t map, struct vm_op_ctx *ctx, int flags, int rv) VM_REQUIRES(&map->lock)
{
	struct vm_merging merging = vm_map_merging(map, ctx, vm_behaves(map, M8));
	bool user = (flags & VM_MAP_WIRE_USER) != 0, wakeup = false;
	vm_map_entry_t e;

	for (e = vm_map_lookup_ge(map, ctx->start); e->start < ctx->end; e = e->next) {
		if (!is_marked(map, e)) {
			/* Another thread mapped or marked it while the lock was free: only possible with HOLESOK. */
			vm_assert((flags & VM_MAP_WIRE_HOLESOK) != 0);
			vm_edge(VM_EDGE_wire_partial_holesok);
			continue;
		}
		if ((e->eflags & MAP_ENTRY_WIRE_SKIPPED) == 0) {
			if (rv != KERN_SUCCESS && VM_MUTATED(map, rollback_twice))
				rollback_entry(map, e, user);
			if (rv != KERN_SUCCESS)
				rollback_entry(map, e, user);
			else if (user)
				e->eflags |= MAP_ENTRY_USER_WIRED;
		}
		wakeup |= vm_map_entry_end_transition(map, e, &merging);
	}
	vm_map_merge_last(map, &merging, e);
	if (wakeup)
		vm_map_wakeup(map);
}

/* (g) Is there a hole after @e, before @end? @old_end is the entry's end before it was marked. */
static bool
hole_behind(const struct vm_map *map, const struct vm_map_entry *e, vm_offset_t end, vm_offset_t old_end)
{
	if (VM_MUTATED(map, hole_by_old_end))
		return old_end < end && e->next->start > old_end;
	return vm_map_entry_hole_behind(e, end);
}

void
vm_map_wire_forget(struct vm_op_ctx *ctx)
{
	ctx->edges &=
	    ~(VM_EDGE_BIT(wire_start_unmapped) | VM_EDGE_BIT(wire_gone_after_wait) | VM_EDGE_BIT(wire_later_gone) |
	        VM_EDGE_BIT(wire_no_access) | VM_EDGE_BIT(wire_hole) | VM_EDGE_BIT(wire_limit) |
	        VM_EDGE_BIT(wire_fault) | VM_EDGE_BIT(fault_unmapped) | VM_EDGE_BIT(fault_gone_after_wait) |
	        VM_EDGE_BIT(fault_no_access) | VM_EDGE_BIT(fault_pager) | VM_EDGE_BIT(fault_shortage));
}

int
vm_map_wire_locked(vm_map_t map, vm_offset_t start, vm_offset_t end, int flags)
{
	struct vm_op_ctx *ctx = vm_op_ctx();
	bool holes_ok = (flags & VM_MAP_WIRE_HOLESOK) != 0;
	vm_map_entry_t e;
	int rv;

	if (start == end && !VM_MUTATED(map, wire_empty_not_early))
		return VM_RETURN(wire_empty);
	ctx->user_wire = (flags & VM_MAP_WIRE_USER) != 0;
	rv = vm_map_wire_first_entry(map, ctx, holes_ok, &wire_edges, &e);
	if (rv != KERN_SUCCESS)
		return rv;
	while (e->start < ctx->end) {
		vm_map_entry_t old_next = e->next;
		vm_offset_t old_end = e->end;

		if ((e->eflags & MAP_ENTRY_IN_TRANSITION) != 0) { /* (a) */
			rv = vm_map_entry_in_transition(map, &e, ctx, holes_ok, &wire_edges);
			if (rv == KERN_SUCCESS)
				continue;
			break;
		}
		vm_op_keep(VM_MUTATED(map, next_saved_before_clip), ctx, old_next);
		if (VM_MUTATED(map, hole_by_old_end))
			ctx->kept_number = old_end;
		rv = wire_entry(map, ctx, &e, flags);
		if (rv == KERN_SUCCESS && hole_behind(map, e, ctx->end, old_end)) /* checks the map as it is now */
			rv = holes_ok || VM_MUTATED(map, canary) ? VM_RETURN(wire_partial_holesok)
			                                         : VM_RETURN(wire_hole);
		if (rv != KERN_SUCCESS) {
			ctx->end = e->end;
			break;
		}
		e = VM_MUTATED(map, next_saved_before_clip) ? old_next : e->next;
	}
	wire_finish(map, ctx, flags, rv);
	return rv;
}

int
vm_map_wire(vm_map_t map, vm_offset_t start, vm_offset_t end, int flags)
{
	int rv;

	if (!vm_range_aligned(start, end) ||
	    (flags & ~(VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK | VM_MAP_WIRE_WRITE)) != 0)
		return VM_RETURN(bad_argument);
	(void)vm_op_begin(start, end);
	vm_map_lock(map);
	rv = vm_map_wire_locked(map, start, end, flags);
	vm_map_unlock(map);
	return rv;
}
