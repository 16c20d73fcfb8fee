/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c - vm_fault: one page in, under the shared map lock.
 *
 * A fault on an entry in another thread's transition waits until it ends, in two steps as the recorded kernel does: it
 * lets go of the shared lock, looks again under the write lock, and sleeps only if the entry is still in transition.
 * The checks of protection come first, so a fault can fail without waiting. docs/engine.md section 8.
 */
#include "engine/map.h"

enum fault_step {
	FAULT_DONE = 1,
	FAULT_AGAIN, /* from the start; the map is unlocked */
	FAULT_WAIT,  /* for the end of a transition; the map is unlocked */
};

/* The second step of a waiting fault. */
static void
fault_wait(vm_map_t map, struct vm_op_ctx *ctx, vm_offset_t addr) VM_EXCLUDES(&map->lock)
{
	vm_map_entry_t e;

	ctx->point = VM_POINT_fault_second;
	vm_map_lock(map);
	if (vm_map_lookup_entry(map, addr, &e) && (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0) {
		e->eflags |= MAP_ENTRY_NEEDS_WAKEUP;
		ctx->point = VM_POINT_fault_wait;
		(void)vm_map_unlock_and_wait(map, 0);
	} else {
		vm_map_unlock(map);
	}
}

/* Gives the entry an object: needs the write lock for a moment. False: the lock was lost, and the map changed. */
static bool
fault_make_object(vm_map_t map, vm_map_entry_t e) VM_NO_TSA("upgrades and downgrades the lock, or loses it")
{
	if (vm_map_lock_upgrade(map) != 0)
		return false;
	if (e->object == NULL)
		vm_object_attach(map, e);
	vm_map_lock_downgrade(map);
	return true;
}

/* One attempt. */
static enum fault_step
fault_try(vm_map_t map, vm_offset_t addr, vm_prot_t type, bool wiring, int *rv)
    VM_NO_TSA("what is held at the return depends on the result: nothing, in each case")
{
	vm_map_entry_t e;

	vm_map_lock_read(map);
	if (!vm_map_lookup_entry(map, addr, &e)) {
		*rv = KERN_INVALID_ADDRESS;
	} else if ((type & ~e->protection) != 0 || e->protection == VM_PROT_NONE) {
		*rv = KERN_PROTECTION_FAILURE;
	} else {
		if (e->object == NULL && !fault_make_object(map, e))
			return FAULT_AGAIN;
		if ((e->eflags & MAP_ENTRY_IN_TRANSITION) != 0 && e->wiring_thread != vm_curthread) {
			vm_map_unlock_read(map);
			return FAULT_WAIT;
		}
		*rv = vm_pager_get(map, addr);
		(void)wiring;
	}
	vm_map_unlock_read(map);
	return FAULT_DONE;
}

int
vm_fault(vm_map_t map, vm_offset_t addr, vm_prot_t fault_type, int fault_flags)
{
	bool wiring = (fault_flags & VM_FAULT_WIRE) != 0;
	struct vm_op_ctx *ctx = vm_op_ctx();
	enum fault_step step;
	int rv = KERN_SUCCESS;

	if (!vm_page_aligned(addr) || (fault_type & ~VM_PROT_ALL) != 0 || (fault_flags & ~VM_FAULT_WIRE) != 0)
		return KERN_INVALID_ARGUMENT;
	if (!wiring) {
		ctx = vm_op_begin(addr, addr);
		ctx->fault_addr = addr;
	}
	do {
		ctx->point = wiring ? VM_POINT_wire_fault : VM_POINT_fault;
		step = fault_try(map, addr, fault_type, wiring, &rv);
		if (step == FAULT_WAIT)
			fault_wait(map, ctx, addr);
	} while (step != FAULT_DONE);
	return rv;
}
