/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack.c - what mlockall(MCL_FUTURE) asks for later mappings, and stacks that grow down.
 *
 *      S         S+1                E-n                E
 *      [ guard page    the gap    )[    the stack     )
 *      [          one entry, GAP  )[ one entry, STACK )
 *
 * A fault in the gap grows the stack: the gap gets shorter in place, and a new STACK entry fills the room. Nothing
 * waits for this: a gap can shrink while another operation has it in transition.
 *
 * With wire_future, mmap and stack wire the range in a second lock hold. Between the two holds the map is free, and the
 * wire goes by address. docs/engine.md, section 14.
 */
#include "engine/map.h"

int
vm_map_wire_future(vm_map_t map, bool on)
{
	(void)vm_op_begin(0, 0);
	vm_map_lock(map);
	map->wire_future = on;
	vm_map_unlock(map);
	return KERN_SUCCESS;
}

/* Was anything in [start, end) mapped after the first hold? */
static bool
is_replaced(vm_map_t map, const struct vm_op_ctx *ctx) VM_REQUIRES(&map->lock)
{
	for (vm_map_entry_t e = vm_map_lookup_ge(map, ctx->start); e->start < ctx->end; e = e->next)
		if ((int)(e->born - ctx->stamp) > 0)
			return true;
	return false;
}

/* The second hold. @unwired: the edge of a wire that fails, but whose result is thrown away. */
static int
wire_mapped(vm_map_t map, struct vm_op_ctx *ctx, int holes, enum vm_edge unwired) VM_EXCLUDES(&map->lock)
{
	int rv;

	vm_map_lock(map);
	ctx->stamped = false;
	if (!map->wire_future) {
		vm_edge(VM_EDGE_mmap_off_meanwhile);
		vm_map_unlock(map);
		return KERN_SUCCESS;
	}
	if (is_replaced(map, ctx))
		vm_edge(VM_EDGE_mmap_wires_anothers);
	rv = vm_map_wire_locked(map, ctx->start, ctx->end, VM_MAP_WIRE_USER | holes);
	/* Q8: the recorded kernel throws the result away. */
	if (rv != KERN_SUCCESS && vm_behaves(map, Q8)) {
		vm_map_wire_forget(ctx);
		vm_edge(unwired);
		rv = KERN_SUCCESS;
	}
	vm_map_unlock(map);
	return rv;
}

/* Ends the first hold, whose result is @rv. True: a second one follows. */
static bool
end_first_hold(vm_map_t map, struct vm_op_ctx *ctx, int rv) VM_RELEASE(&map->lock)
{
	bool wires = rv == KERN_SUCCESS && map->wire_future && !VM_MUTATED(map, canary_future) &&
	             !VM_MUTATED(map, future_ignores_mmap);

	if (wires) {
		vm_map_remember(map, ctx);
		ctx->point = VM_POINT_future_lock;
	}
	vm_map_unlock(map);
	return wires;
}

/* Is it a range of the map, with at least one page? */
static bool
range_valid(const struct vm_map *map, vm_offset_t start, vm_offset_t end)
{
	return vm_range_aligned(start, end) && start < end && start >= vm_map_min(map) && end <= vm_map_max(map);
}

int
vm_mmap(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot, vm_prot_t max, int cow)
{
	struct vm_op_ctx *ctx;
	int rv;

	if (!range_valid(map, start, end) || !vm_map_mapping_valid(NULL, prot, max, cow))
		return VM_RETURN(bad_argument);
	ctx = vm_op_begin(start, end);
	vm_map_lock(map);
	rv = vm_map_insert(map, NULL, 0, start, end, prot, max, cow);
	if (!end_first_hold(map, ctx, rv))
		return rv;
	return wire_mapped(map, ctx, VM_MAP_WIRE_NOHOLES, VM_EDGE_mmap_unwired);
}

/* Links a new part of a stack after @after. @floor: the start of the stack. */
static void
add_part(vm_map_t map, vm_map_entry_t after, vm_offset_t floor, vm_offset_t start, vm_offset_t end, vm_prot_t prot,
    vm_prot_t max) VM_REQUIRES(&map->lock)
{
	vm_map_entry_t e = vm_map_entry_create(map);

	e->start = start;
	e->end = end;
	e->eflags = MAP_ENTRY_STACK;
	e->protection = prot;
	e->max_protection = max;
	e->inheritance = VM_INHERIT_COPY;
	e->charged = (prot & VM_PROT_WRITE) != 0;
	e->born = map->timestamp;
	e->floor = floor;
	vm_map_entry_link(map, after, e);
}

/* The first hold of a stack. */
static int
insert_stack(vm_map_t map, vm_offset_t start, vm_offset_t end) VM_REQUIRES(&map->lock)
{
	vm_size_t pages = (end - start) >> VM_PAGE_SHIFT, first = map->config.grow_pages;
	vm_map_entry_t p;
	vm_offset_t top;

	if (pages == 1)
		return VM_RETURN(stack_one_page);
	if (vm_map_lookup_entry(map, start, &p) || p->next->start < end)
		return VM_RETURN(insert_occupied);
	if (first > pages - 1)
		first = pages - 1;
	top = end - (first << VM_PAGE_SHIFT);
	add_part(map, p, start, top, end, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL);
	return vm_map_insert_flags(map, start, top, VM_PROT_NONE, VM_PROT_NONE, MAP_ENTRY_GUARD | MAP_ENTRY_GAP);
}

int
vm_mmap_stack(vm_map_t map, vm_offset_t start, vm_offset_t end)
{
	struct vm_op_ctx *ctx;
	int rv;

	if (!range_valid(map, start, end))
		return VM_RETURN(bad_argument);
	ctx = vm_op_begin(start, end);
	vm_map_lock(map);
	rv = insert_stack(map, start, end);
	if (!end_first_hold(map, ctx, rv))
		return rv;
	return wire_mapped(map, ctx, VM_MAP_WIRE_HOLESOK, VM_EDGE_stack_unwired);
}

/* --- growth --- */

/* Can the stack at @addr grow? VM_GROWTH_DONE: yes, *gap becomes shorter. */
static enum vm_growth
growth_check(vm_map_t map, vm_offset_t addr, vm_map_entry_t *gap) VM_REQUIRES_SHARED(&map->lock)
{
	vm_map_entry_t g, top;

	if (!vm_map_lookup_entry(map, addr, &g))
		return VM_GROWTH_UNMAPPED;
	if ((g->eflags & MAP_ENTRY_GUARD) == 0)
		return VM_GROWTH_NOTHING;
	if ((g->eflags & MAP_ENTRY_GAP) == 0)
		return VM_GROWTH_GUARD;
	top = g->next;
	if ((top->eflags & MAP_ENTRY_STACK) == 0 || top->start != g->end)
		return VM_GROWTH_NO_STACK;
	if (addr == g->start)
		return VM_GROWTH_GUARD_PAGE;
	*gap = g;
	return VM_GROWTH_DONE;
}

/* The bytes by which the stack above @g grows so that it has @addr. A page of the gap always stays. */
static vm_size_t
growth_size(const struct vm_map *map, const struct vm_map_entry *g, vm_offset_t addr)
{
	uint64_t step = map->config.grow_pages, pages = (g->end - addr) >> VM_PAGE_SHIFT, most = vm_entry_pages(g) - 1;

	pages = (pages + step - 1) / step * step;
	return (pages < most ? pages : most) << VM_PAGE_SHIFT;
}

/*
 * Makes [start, end), the new part of a stack, which is not wired, a part of its gap again. An operation that has the
 * gap in transition may sleep for these pages, unless the lock was never released (@unseen): then they are an entry of
 * their own, without a mark, and merge when the transition ends.
 */
static void
take_back(vm_map_t map, vm_offset_t start, vm_offset_t end, bool unseen) VM_REQUIRES(&map->lock)
{
	vm_map_entry_t e = vm_map_lookup_ge(map, start), gap = e->prev, next;
	vm_offset_t floor = e->floor;
	vm_prot_t prot = e->protection & VM_PROT_ALL, max = e->max_protection & VM_PROT_ALL;

	for (; e->start < end; e = next) {
		next = e->next;
		vm_map_entry_drop_pages(map, e);
		vm_map_entry_unlink(map, e);
		vm_map_entry_dispose(map, e);
	}
	if ((gap->eflags & MAP_ENTRY_GAP) != 0 && gap->end == start &&
	    (unseen || (gap->eflags & MAP_ENTRY_IN_TRANSITION) == 0)) {
		vm_map_entry_resize(map, gap, gap->start, end);
		return;
	}
	add_part(map, gap, floor, start, end, VM_PROT_NONE, VM_PROT_NONE);
	gap->next->eflags = MAP_ENTRY_GUARD | MAP_ENTRY_GAP;
	gap->next->gap_protection = prot & VM_PROT_ALL;
	gap->next->gap_max = max & VM_PROT_ALL;
}

/* Wires the new part of a stack. The context is the running operation's, whose range and fault it must get back. */
static int
wire_growth(vm_map_t map, vm_offset_t start, vm_offset_t end) VM_REQUIRES(&map->lock)
{
	struct vm_op_ctx *ctx = vm_op_ctx();
	vm_offset_t was_start = ctx->start, was_end = ctx->end, fault_addr = ctx->fault_addr;
	unsigned timestamp = map->timestamp;
	int rv;

	ctx->start = start;
	ctx->end = end;
	ctx->waited = false;
	rv = vm_map_wire_locked(map, start, end, VM_MAP_WIRE_USER | VM_MAP_WIRE_NOHOLES);
	if (rv != KERN_SUCCESS && VM_MUTATED(map, growth_charge_kept))
		vm_map_wire_charge(map, (int64_t)((end - start) >> VM_PAGE_SHIFT));
	if (rv == KERN_SUCCESS && VM_MUTATED(map, growth_wires_twice))
		vm_map_lookup_ge(map, start)->wired_count++;
	/* Q9: in the recorded kernel the new part stays. */
	if (rv != KERN_SUCCESS && !vm_behaves(map, Q9) && !VM_MUTATED(map, canary_growth) &&
	    !VM_MUTATED(map, growth_result_ignored))
		take_back(map, start, end, map->timestamp == timestamp);
	ctx->start = was_start;
	ctx->end = was_end;
	ctx->fault_addr = fault_addr;
	ctx->user_wire = false;
	return rv;
}

/* For a mutant: lets other threads run between the growth and its wire. */
static void
growth_lets_others_in(vm_map_t map, vm_offset_t start) VM_REQUIRES(&map->lock)
{
	struct vm_op_ctx *ctx;

	if (!VM_MUTATED(map, growth_drops_lock))
		return;
	ctx = vm_op_ctx();
	ctx->kept_number = start;
	ctx->point = VM_POINT_relock;
	vm_map_unlock(map);
	vm_map_lock(map);
}

enum vm_growth
vm_map_growstack(vm_map_t map, vm_offset_t addr, int *rv) VM_NO_TSA("upgrades and downgrades the lock")
{
	enum vm_growth growth;
	vm_map_entry_t gap = NULL;
	vm_offset_t start, end;
	vm_prot_t prot, max;
	bool remembers;

	for (;;) {
		growth = growth_check(map, addr, &gap);
		if (growth != VM_GROWTH_DONE)
			return growth;
		if (vm_map_lock_upgrade(map) == 0)
			break;
		vm_map_lock_read(map);
	}
	remembers = vm_behaves(map, MS1);
	prot = remembers ? gap->gap_protection : gap->next->protection;
	max = remembers ? gap->gap_max : gap->next->max_protection;
	end = gap->end;
	vm_map_entry_resize(map, gap, gap->start, end - growth_size(map, gap, addr));
	add_part(map, gap, gap->floor, gap->end, end, prot, max);
	start = gap->end;
	if (map->wire_future && !VM_MUTATED(map, future_ignores_growth)) {
		growth_lets_others_in(map, start);
		*rv = wire_growth(map, start, end);
		if (VM_MUTATED(map, growth_result_ignored)) {
			vm_map_wire_forget(vm_op_ctx());
			*rv = KERN_SUCCESS;
		}
		if (*rv != KERN_SUCCESS)
			growth = VM_GROWTH_UNWIRED;
	}
	vm_map_lock_downgrade(map);
	return growth;
}

int
vm_map_grow(vm_map_t map, vm_offset_t addr)
{
	int rv = KERN_SUCCESS;

	if (!vm_page_aligned(addr))
		return VM_RETURN(bad_argument);
	(void)vm_op_begin(addr, addr);
	vm_map_lock_read(map);
	switch (vm_map_growstack(map, addr, &rv)) {
	case VM_GROWTH_DONE:
	case VM_GROWTH_NOTHING:
	case VM_GROWTH_UNWIRED:
		break;
	case VM_GROWTH_UNMAPPED:
		rv = VM_RETURN(grow_unmapped);
		break;
	case VM_GROWTH_GUARD:
		rv = VM_RETURN(grow_plain_guard);
		break;
	case VM_GROWTH_NO_STACK:
		rv = VM_RETURN(grow_orphan);
		break;
	case VM_GROWTH_GUARD_PAGE:
		rv = VM_RETURN(grow_guard_page);
		break;
	}
	vm_map_unlock_read(map);
	return rv;
}
