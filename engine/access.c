/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.c - vm_fault, and reading and writing a page: the faults of operations, which may grow a stack.
 *
 * A fault in the gap of a stack grows the stack first, in the lock hold of its lookup. docs/engine.md section 14.7. The
 * faults of a wire (fault.c) never meet a gap, because a wire skips it.
 */
#include "engine/map.h"

/* Grows the stack at @addr, which is in a gap: a vm_grow_function. */
static int
access_grow(vm_map_t map, vm_offset_t addr) VM_REQUIRES_SHARED(&map->lock)
{
	int rv = KERN_SUCCESS;

	switch (vm_map_growstack(map, addr, &rv)) {
	case VM_GROWTH_GUARD_PAGE:
		return VM_RETURN(fault_guard_page);
	case VM_GROWTH_NO_STACK:
		return VM_RETURN(fault_orphan_gap);
	case VM_GROWTH_UNWIRED:
		/* Q9: the recorded kernel returns one code for all reasons. */
		if (!vm_behaves(map, Q9))
			return rv;
		vm_map_wire_forget(vm_op_ctx());
		return VM_RETURN(fault_growth_unwired);
	case VM_GROWTH_DONE:
	case VM_GROWTH_NOTHING:
	case VM_GROWTH_UNMAPPED:
	case VM_GROWTH_GUARD:
		break;
	}
	return KERN_SUCCESS;
}

/* In a kernel map nothing grows. */
static int
access_run(vm_map_t map, struct vm_fault *f) VM_EXCLUDES(&map->lock)
{
	f->grow = map->config.kernel ? NULL : access_grow;
	return vm_fault_run(map, f);
}

int
vm_fault(vm_map_t map, vm_offset_t addr, vm_prot_t fault_type, int fault_flags)
{
	struct vm_fault f = { .addr = addr, .type = fault_type };

	if (!vm_page_aligned(addr) || (fault_type & ~VM_PROT_ALL) != 0 || (fault_flags & ~VM_FAULT_WIRE) != 0)
		return VM_RETURN(bad_argument);
	return (fault_flags & VM_FAULT_WIRE) != 0 ? vm_fault_wire(map, addr) : access_run(map, &f);
}

int
vm_page_read(vm_map_t map, vm_offset_t addr, uint64_t *ret_tag)
{
	struct vm_fault f = { .addr = addr, .type = VM_PROT_READ, .ret_tag = ret_tag };

	return vm_page_aligned(addr) ? access_run(map, &f) : VM_RETURN(bad_argument);
}

int
vm_page_write(vm_map_t map, vm_offset_t addr, uint64_t tag)
{
	struct vm_fault f = { .addr = addr, .type = VM_PROT_WRITE, .write_tag = &tag };

	return vm_page_aligned(addr) ? access_run(map, &f) : VM_RETURN(bad_argument);
}
