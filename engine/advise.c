/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise.c - vm_map_inherit(9) and vm_map_madvise(9). Neither waits: both clip entries that are in transition, and so
 * can split the range that a wire is faulting in.
 */
#include "engine/map.h"

int
vm_map_inherit(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_inherit_t inheritance)
{
	struct vm_merging merging;
	struct vm_op_ctx *ctx;
	vm_map_entry_t e;

	if (!vm_range_aligned(start, end) || inheritance >= VM_INHERIT_COUNT)
		return VM_RETURN(bad_argument);
	if (start == end && !VM_MUTATED(map, inherit_empty_not_early))
		return KERN_SUCCESS;
	ctx = vm_op_begin(start, end);
	vm_map_lock(map);
	vm_map_range_check(map, &ctx->start, &ctx->end);
	merging = vm_map_merging(map, ctx, vm_behaves(map, M5));
	/* Q7: main loses the entry before the range. In an empty range it does not look at an entry. */
	merging.spare_front =
	    (inheritance == VM_INHERIT_COPY && vm_behaves(map, Q7)) || VM_MUTATED(map, canary_fragments);
	for (e = vm_map_first_entry(map, ctx->start); e->start < ctx->end; e = e->next) {
		vm_map_clip_end(map, e, ctx->end);
		if ((e->eflags & MAP_ENTRY_GUARD) == 0 || inheritance != VM_INHERIT_ZERO)
			e->inheritance = inheritance;
		vm_map_merge_step(map, &merging, e);
	}
	vm_map_merge_last(map, &merging, e);
	vm_map_unlock(map);
	return KERN_SUCCESS;
}

/* For a lasting advice, the entry flags to clear and then to set. */
static const struct {
	bool lasts;
	uint32_t clear, set;
} advice[VM_MADV_COUNT] = {
	[VM_MADV_NORMAL] = { true, MAP_ENTRY_BEHAV_MASK, MAP_ENTRY_BEHAV_NORMAL },
	[VM_MADV_SEQUENTIAL] = { true, MAP_ENTRY_BEHAV_MASK, MAP_ENTRY_BEHAV_SEQUENTIAL },
	[VM_MADV_RANDOM] = { true, MAP_ENTRY_BEHAV_MASK, MAP_ENTRY_BEHAV_RANDOM },
	[VM_MADV_NOSYNC] = { true, 0, MAP_ENTRY_NOSYNC },
	[VM_MADV_AUTOSYNC] = { true, MAP_ENTRY_NOSYNC, 0 },
	[VM_MADV_NOCORE] = { true, 0, MAP_ENTRY_NOCORE },
	[VM_MADV_CORE] = { true, MAP_ENTRY_NOCORE, 0 },
	/* The other kinds concern pages, and do not change an entry. */
	[VM_MADV_WILLNEED] = { false, 0, 0 },
	[VM_MADV_DONTNEED] = { false, 0, 0 },
	[VM_MADV_FREE] = { false, 0, 0 },
};

int
vm_map_madvise(vm_map_t map, vm_offset_t start, vm_offset_t end, int behav)
{
	struct vm_merging merging;
	struct vm_op_ctx *ctx;
	vm_map_entry_t e;

	if (!vm_range_aligned(start, end) || behav < 0 || behav >= VM_MADV_COUNT)
		return VM_RETURN(bad_argument);
	if (start == end)
		return KERN_SUCCESS;
	ctx = vm_op_begin(start, end);
	if (!advice[behav].lasts) {
		vm_map_lock_read(map);
		vm_map_unlock_read(map);
		return KERN_SUCCESS;
	}
	vm_map_lock(map);
	vm_map_range_check(map, &ctx->start, &ctx->end);
	merging = vm_map_merging(map, ctx, vm_behaves(map, M5));
	merging.spare_front = VM_MUTATED(map, canary_fragments);
	for (e = vm_map_first_entry(map, ctx->start); e->start < ctx->end; e = e->next) {
		vm_map_clip_end(map, e, ctx->end);
		e->eflags = (e->eflags & ~advice[behav].clear) | advice[behav].set;
		vm_map_merge_step(map, &merging, e);
	}
	vm_map_merge_last(map, &merging, e);
	vm_map_unlock(map);
	return KERN_SUCCESS;
}
