/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transition.c - waiting for an entry that another operation has marked IN_TRANSITION, and the wire account.
 */
#include "engine/map.h"

int
vm_map_entry_in_transition(
    vm_map_t map, vm_map_entry_t *entry, struct vm_op_ctx *ctx, bool holes_ok, const struct vm_wire_edges *edges)
{
	vm_map_entry_t e = *entry;
	bool first, found = true;

	ctx->cursor = e->start > ctx->start ? e->start : ctx->start;
	e->eflags |= MAP_ENTRY_NEEDS_WAKEUP;
	vm_map_remember(map, ctx);
	ctx->point = VM_POINT_transition_wait;
	vm_op_keep(VM_MUTATED(map, relook_never), ctx, e);
	(void)vm_map_unlock_and_wait(map, 0);
	vm_map_lock(map);
	vm_op_keep(VM_MUTATED(map, relook_never), ctx, NULL);
	if (!vm_map_unchanged(map, ctx)) {
		found = vm_map_lookup_entry(map, ctx->cursor, &e);
		if (found)
			vm_edge(edges->waited);
		/*
		 * The timestamp also moves when the other transition ends, so compare the age of the entry's pages
		 * instead.
		 */
		if (found && (int)(e->born - ctx->stamp) > 0)
			vm_edge(edges->changed_but_mapped);
	}
	if (found || holes_ok) {
		ctx->cursor = 0;
		*entry = found ? e : e->next;
		if (!found)
			vm_edge(edges->partial);
		return KERN_SUCCESS;
	}
	first = ctx->cursor == ctx->start;
	ctx->end = ctx->cursor;
	vm_edge(first ? edges->gone_after_wait : edges->later_gone);
	return KERN_INVALID_ADDRESS;
}

void
vm_map_entry_begin_transition(vm_map_t map, vm_map_entry_t e, const struct vm_op_ctx *ctx)
{
	bool relooked = (ctx->edges & (VM_EDGE_BIT(wire_waited) | VM_EDGE_BIT(unwire_waited))) != 0;

	if (!(VM_MUTATED(map, relook_without_clip) && relooked))
		vm_map_clip_start(map, e, ctx->start);
	vm_map_clip_end(map, e, ctx->end);
	e->eflags |= MAP_ENTRY_IN_TRANSITION;
	e->wiring_thread = vm_curthread;
}

bool
vm_map_entry_end_transition(vm_map_t map, vm_map_entry_t e, struct vm_merging *merging)
{
	bool wanted = (e->eflags & MAP_ENTRY_NEEDS_WAKEUP) != 0;

	vm_rwlock_assert_write(&map->lock);
	if (VM_MUTATED(map, canary_marks))
		return wanted;
	e->eflags &= ~(uint32_t)(MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_WIRE_SKIPPED | MAP_ENTRY_NEEDS_WAKEUP);
	e->wiring_thread = NULL;
	if (!(VM_MUTATED(map, unwired_not_merged) && e->wired_count == 0) && !VM_MUTATED(map, canary_merged))
		vm_map_merge_step(map, merging, e);
	return wanted;
}

int
vm_map_wire_first_entry(
    vm_map_t map, struct vm_op_ctx *ctx, bool holes_ok, const struct vm_wire_edges *edges, vm_map_entry_t *entry)
{
	vm_map_range_check(map, &ctx->start, &ctx->end);
	if (!vm_map_lookup_entry(map, ctx->start, entry)) {
		*entry = (*entry)->next;
		vm_edge(holes_ok ? (ctx->start == ctx->end ? edges->empty : edges->partial) : edges->start_unmapped);
		return holes_ok ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
	}
	if (ctx->start != ctx->end)
		return KERN_SUCCESS;
	if ((*entry)->start == ctx->start) {
		vm_edge(edges->empty);
		return KERN_SUCCESS;
	}
	vm_edge(edges->inverted);
	return KERN_INVALID_ADDRESS;
}

bool
vm_map_wire_limited(vm_map_t map, uint64_t npages)
{
	uint64_t limit = map->config.wire_limit;

	if (VM_MUTATED(map, canary_I20))
		return false;
	if (VM_MUTATED(map, limit_without_adding))
		npages = 0;

	/* Q3: the recorded kernel adds and compares unsigned numbers, so a negative counter is a huge one. */
	if (vm_behaves(map, Q3))
		return (uint64_t)map->user_wired + npages > limit;
	return map->user_wired + (int64_t)npages > (int64_t)limit;
}

void
vm_map_wire_charge(vm_map_t map, int64_t npages)
{
	vm_rwlock_assert_write(&map->lock);
	map->user_wired += npages;
}
