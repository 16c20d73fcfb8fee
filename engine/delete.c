/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delete.c - deleting mappings.
 *
 * The deletion goes upwards and never back. While it waits for an entry, other threads may map pages below the cursor;
 * those stay. A system wiring that is never removed blocks the deletion for ever, with the lower part already deleted.
 */
#include "engine/map.h"

static bool
must_wait(const struct vm_map *map, const struct vm_map_entry *e)
{
	int wirings = vm_map_entry_system_wired_count(e);

	if (VM_MUTATED(map, canary_held))
		return false;
	if (VM_MUTATED(map, delete_waits_for_user))
		wirings = e->wired_count;
	if (map->config.kernel || VM_MUTATED(map, delete_ignores_system))
		wirings = 0;
	return (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0 || wirings != 0;
}

/*
 * Sleeps until @e may be free. Returns the entry to go on with: the one at @e's start if that is mapped, else the next
 * one.
 */
static vm_map_entry_t
wait_for(vm_map_t map, struct vm_op_ctx *ctx, vm_map_entry_t e) VM_REQUIRES(&map->lock)
{
	bool trusts = VM_MUTATED(map, delete_trusts_pointer) || VM_MUTATED(map, relook_never);

	vm_edge(VM_EDGE_remove_waited);
	ctx->cursor = e->start;
	e->eflags |= MAP_ENTRY_NEEDS_WAKEUP;
	vm_map_remember(map, ctx);
	vm_op_keep(trusts, ctx, e);
	ctx->point = (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0 ? VM_POINT_transition_wait : VM_POINT_wiring_wait;
	(void)vm_map_unlock_and_wait(map, 0);
	vm_map_lock(map);
	vm_op_keep(trusts, ctx, NULL);
	if (!vm_map_unchanged(map, ctx) && !VM_MUTATED(map, delete_trusts_pointer))
		e = vm_map_first_entry(map, ctx->cursor);
	ctx->cursor = 0;
	return e;
}

/* For a mutant: lets other threads run between two entries; the second one starts at or after @next. */
static vm_map_entry_t
let_others_in(vm_map_t map, struct vm_op_ctx *ctx, vm_offset_t next) VM_REQUIRES(&map->lock)
{
	ctx->cursor = next;
	ctx->point = VM_POINT_relock;
	vm_map_unlock(map);
	vm_map_lock(map);
	ctx->cursor = 0;
	return vm_map_first_entry(map, next);
}

static void
entry_delete(vm_map_t map, vm_map_entry_t e) VM_REQUIRES(&map->lock)
{
	if (e->wired_count != 0) {
		if ((e->eflags & MAP_ENTRY_USER_WIRED) != 0)
			vm_map_wire_charge(map, -(int64_t)vm_entry_pages(e));
		if (!VM_MUTATED(map, delete_unmaps_first)) /* else it would find no translations, and so no pages */
			vm_map_entry_unwire(map, e);
	}
	vm_map_entry_drop_pages(map, e);
	if (e->end == map->anon_loc && !vm_behaves(map, M9))
		map->anon_loc = e->start;
	vm_map_entry_unlink(map, e);
	vm_map_entry_dispose(map, e);
}

int
vm_map_delete(vm_map_t map, vm_offset_t start, vm_offset_t end)
{
	struct vm_op_ctx *ctx = vm_op_ctx();
	vm_map_entry_t e, next;

	vm_rwlock_assert_write(&map->lock);
	if (start == end && !VM_MUTATED(map, delete_empty_not_early))
		return KERN_SUCCESS;
	e = vm_map_first_entry(map, start);
	while (e->start < end) {
		if (must_wait(map, e) && !(VM_MUTATED(map, delete_checks_once) && e->start > start)) {
			e = wait_for(map, ctx, e);
			continue;
		}
		vm_map_clip_end(map, e, end);
		next = e->next;
		entry_delete(map, e);
		e = next;
		if (VM_MUTATED(map, remove_two_holds) && e->start < end)
			e = let_others_in(map, ctx, e->start);
	}
	return KERN_SUCCESS;
}

int
vm_map_remove(vm_map_t map, vm_offset_t start, vm_offset_t end)
{
	struct vm_op_ctx *ctx;
	int rv;

	if (!vm_range_aligned(start, end))
		return VM_RETURN(bad_argument);
	ctx = vm_op_begin(start, end);
	vm_map_lock(map);
	vm_map_range_check(map, &ctx->start, &ctx->end);
	rv = vm_map_delete(map, ctx->start, ctx->end);
	vm_map_unlock(map);
	return rv;
}
