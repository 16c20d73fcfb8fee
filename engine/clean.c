/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clean.c - vm_map_sync(9): writing pages back, one entry's piece at a time, with the map unlocked in between.
 *
 * After the relock, profile strict always looks the cursor up. With quirk Q6 (docs/engine.md, section 10), as in the
 * recorded kernel, sync takes the next entry if the timestamp has not moved. Otherwise it looks the cursor up and, if
 * that is unmapped, goes on with the next entry, although the cursor is not in that entry.
 */
#include "engine/map.h"

static inline vm_offset_t
lower(vm_offset_t a, vm_offset_t b)
{
	return a < b ? a : b;
}

/* Checks the range before any page is written. An empty range becomes the entry that contains it. */
static int
sync_check(vm_map_t map, struct vm_op_ctx *ctx, bool invalidate, vm_map_entry_t *entry) VM_REQUIRES_SHARED(&map->lock)
{
	vm_map_entry_t e;

	vm_map_range_check(map, &ctx->start, &ctx->end);
	if (!vm_map_lookup_entry(map, ctx->start, &e))
		return VM_RETURN(sync_start_unmapped);
	*entry = e;
	if (ctx->start == ctx->end) {
		ctx->start = e->start;
		ctx->end = e->end;
	}
	for (; e->start < ctx->end; e = e->next) {
		if (invalidate && (e->eflags & MAP_ENTRY_USER_WIRED) != 0 && !VM_MUTATED(map, sync_invalidates_wired) &&
		    !(VM_MUTATED(map, sync_asks_first_entry) && e != *entry))
			return VM_RETURN(sync_user_wired);
		if (ctx->end > e->end && e->next->start != e->end)
			return VM_RETURN(sync_hole);
	}
	return KERN_SUCCESS;
}

/* After the relock: the entry to go on with; NULL: the sync ends with *rv. */
static vm_map_entry_t
sync_next(vm_map_t map, struct vm_op_ctx *ctx, vm_map_entry_t e, int *rv) VM_REQUIRES_SHARED(&map->lock)
{
	bool same = ctx->stamp == map->timestamp;

	ctx->stamped = false;
	if (vm_behaves(map, Q6)) {
		e = same ? e->next : vm_map_lookup_ge(map, ctx->cursor);
		if (e->start >= ctx->end)
			return NULL;
		if (e->start > ctx->cursor)
			vm_edge(VM_EDGE_sync_past_hole);
		return e;
	}
	if (ctx->cursor >= ctx->end)
		return NULL;
	if (VM_MUTATED(map, sync_keeps_entry)) {
		vm_assert(vm_map_entry_is_linked(e));
		return e->next->start < ctx->end ? e->next : NULL;
	}
	if (vm_map_lookup_entry(map, ctx->cursor, &e))
		return e;
	*rv = VM_RETURN(sync_hole_meanwhile);
	return NULL;
}

/* The end of a sync with result @rv. */
static void
sync_unlock(vm_map_t map, int rv) VM_RELEASE_SHARED(&map->lock)
    VM_NO_TSA("the mutant sync_error_keeps_lock may keep the lock")
{
	if (!(VM_MUTATED(map, sync_error_keeps_lock) && rv != KERN_SUCCESS))
		vm_map_unlock_read(map);
}

int
vm_map_sync(vm_map_t map, vm_offset_t start, vm_offset_t end, bool syncio, bool invalidate)
{
	struct vm_op_ctx *ctx;
	vm_map_entry_t e = NULL;
	int rv;

	(void)syncio; /* there is no device to wait for */
	if (!vm_range_aligned(start, end))
		return VM_RETURN(bad_argument);
	ctx = vm_op_begin(start, end);
	vm_map_lock_read(map);
	rv = sync_check(map, ctx, invalidate, &e);
	ctx->cursor = ctx->start;
	while (rv == KERN_SUCCESS && e != NULL) {
		ctx->clean_start = ctx->cursor;
		ctx->cursor = ctx->clean_end = lower(ctx->end, e->end);
		if (VM_MUTATED(map, canary_sync) && !invalidate)
			ctx->clean_end += VM_PAGE_SIZE;
		if (!VM_MUTATED(map, canary_sync))
			vm_map_entry_clean(map, e, ctx->clean_start, ctx->clean_end);
		vm_map_remember(map, ctx);
		vm_op_keep(VM_MUTATED(map, sync_keeps_entry), ctx, e);
		ctx->point = VM_POINT_sync_relock;
		vm_map_unlock_read(map);
		/* Here the real sync waits for the pager. */
		vm_map_lock_read(map);
		e = VM_MUTATED(map, canary_sync) && invalidate ? NULL : sync_next(map, ctx, e, &rv);
	}
	sync_unlock(map, rv);
	return rv;
}
