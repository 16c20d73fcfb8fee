/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unwire.c - vm_map_unwire(9): all or nothing. Pass 1 marks and checks, pass 2 removes the wirings. It releases the
 * lock only to wait for other threads' transitions. The letters are those of docs/engine.md, section 6.
 */
#include "engine/map.h"

static const struct vm_wire_edges unwire_edges = {
	.empty = VM_EDGE_unwire_empty,
	.inverted = VM_EDGE_unwire_inverted,
	.start_unmapped = VM_EDGE_unwire_start_unmapped,
	.gone_after_wait = VM_EDGE_unwire_gone_after_wait,
	.later_gone = VM_EDGE_unwire_later_gone,
	.waited = VM_EDGE_unwire_waited,
	.changed_but_mapped = VM_EDGE_unwire_changed_but_mapped,
	.partial = VM_EDGE_unwire_partial_holesok,
};

/* Pass 1's check of @e: KERN_SUCCESS if nothing is wrong. */
static int
unwire_check(const struct vm_map_entry *e, vm_offset_t end, int flags)
{
	bool hole = vm_map_entry_hole_behind(e, end);

	if (hole && (flags & VM_MAP_WIRE_HOLESOK) == 0)
		return VM_RETURN(unwire_hole); /* (c) */
	if ((flags & VM_MAP_WIRE_USER) == 0 && vm_map_entry_system_wired_count(e) == 0)
		return VM_RETURN(unwire_not_system_wired); /* (d) */
	return hole ? VM_RETURN(unwire_partial_holesok) : KERN_SUCCESS;
}

/* Removes one wiring of @e. */
static void
unwire_entry(vm_map_t map, vm_map_entry_t e, bool user) VM_REQUIRES(&map->lock)
{
	bool user_wired = (e->eflags & MAP_ENTRY_USER_WIRED) != 0, last = e->wired_count == 1;

	if (user && !user_wired) {
		vm_edge(VM_EDGE_unwire_noop);
		return;
	}
	/*
	 * Q2: the recorded kernel subtracts from the counter at the last unwire only, whether that is a user or a
	 * system wiring.
	 */
	if ((vm_behaves(map, Q2) ? last && user_wired : user) && !VM_MUTATED(map, flag_cleared_first))
		vm_map_wire_charge(map, -(int64_t)vm_entry_pages(e));
	if (last)
		vm_map_entry_unwire(map, e);
	else
		e->wired_count--;
	if (user)
		e->eflags &= ~(uint32_t)MAP_ENTRY_USER_WIRED;
}

static void
unwire_finish(vm_map_t map, struct vm_op_ctx *ctx, int flags, int rv, bool *wakeup) VM_REQUIRES(&map->lock)
{
	struct vm_merging merging = vm_map_merging(map, ctx, vm_behaves(map, M8));
	vm_map_entry_t e;

	for (e = vm_map_lookup_ge(map, ctx->start); e->start < ctx->end; e = e->next) {
		bool ours = vm_map_entry_is_ours(e);

		if (VM_MUTATED(map, unwire_owner_ignored))
			ours = (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0;
		if (!ours) {
			bool holes_ok = (flags & VM_MAP_WIRE_HOLESOK) != 0;
			/*
			 * A stack can grow between the marks, and strict (not Q9) turns a growth that could not be
			 * wired into a gap again. Q11: the recorded kernel asserts that there is nothing.
			 */
			bool grown = (e->eflags & (MAP_ENTRY_STACK | MAP_ENTRY_GAP)) != 0;

			vm_assert(holes_ok || grown || VM_MUTATED(map, unwire_skips_transition));
			if (holes_ok || grown)
				vm_edge(holes_ok ? VM_EDGE_unwire_partial_holesok : VM_EDGE_unwire_grown);
			continue;
		}
		if (rv == KERN_SUCCESS && !(VM_MUTATED(map, unwire_takes_nothing) && (flags & VM_MAP_WIRE_USER) != 0))
			unwire_entry(map, e, (flags & VM_MAP_WIRE_USER) != 0);
		*wakeup |= vm_map_entry_end_transition(map, e, &merging);
	}
	vm_map_merge_last(map, &merging, e);
}

/* (a) Is @e in another thread's transition, so that the unwire must wait? */
static bool
must_wait(const struct vm_map *map, const struct vm_map_entry *e, int flags)
{
	if (VM_MUTATED(map, unwire_barges_in) && (flags & VM_MAP_WIRE_USER) == 0)
		return false;
	return (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0;
}

static int
unwire_locked(vm_map_t map, struct vm_op_ctx *ctx, int flags, bool *wakeup) VM_REQUIRES(&map->lock)
{
	bool holes_ok = (flags & VM_MAP_WIRE_HOLESOK) != 0;
	vm_map_entry_t e;
	int rv;

	rv = vm_map_wire_first_entry(map, ctx, holes_ok, &unwire_edges, &e);
	if (rv != KERN_SUCCESS)
		return rv;
	while (e->start < ctx->end) {
		if (must_wait(map, e, flags)) {
			if (VM_MUTATED(map, unwire_skips_transition) && (flags & VM_MAP_WIRE_USER) != 0) {
				e = e->next;
				continue;
			}
			rv = vm_map_entry_in_transition(map, &e, ctx, holes_ok, &unwire_edges);
			if (rv == KERN_SUCCESS)
				continue;
			break;
		}
		vm_map_entry_begin_transition(map, e, ctx); /* (b) */
		rv = unwire_check(e, ctx->end, flags);
		if (rv != KERN_SUCCESS) {
			ctx->end = e->end;
			break;
		}
		e = e->next;
	}
	unwire_finish(map, ctx, flags, rv, wakeup);
	if (VM_MUTATED(map, canary_alien))
		vm_edge(VM_EDGE_unwire_grown);
	return rv;
}

int
vm_map_unwire(vm_map_t map, vm_offset_t start, vm_offset_t end, int flags)
{
	bool wakeup = false;
	int rv;

	if (!vm_range_aligned(start, end) || (flags & ~(VM_MAP_WIRE_USER | VM_MAP_WIRE_HOLESOK)) != 0)
		return VM_RETURN(bad_argument);
	if (start == end && !VM_MUTATED(map, unwire_empty_not_early) && !VM_MUTATED(map, canary_early))
		return VM_RETURN(unwire_empty);
	(void)vm_op_begin(start, end);
	vm_map_lock(map);
	rv = unwire_locked(map, vm_op_ctx(), flags, &wakeup);
	vm_map_unlock(map);
	if (wakeup)
		vm_map_wakeup(map);
	return rv;
}
