/* SPDX-License-Identifier: BSD-2-Clause */
/* query.c - lookups in a map: vm_map_lookup(9), vm_map_check_protection(9). */
#include "engine/map.h"

bool
vm_map_check_protection(vm_map_t map, vm_offset_t start, vm_offset_t end, vm_prot_t prot)
{
	vm_map_entry_t e;

	if (!vm_range_aligned(start, end) || (prot & ~VM_PROT_ALL) != 0 || !vm_map_lookup_entry(map, start, &e))
		return false;
	while (start < end) {
		if (e == &map->header || start < e->start)
			return false; /* a hole, or the end of the map */
		if ((prot & ~e->protection) != 0)
			return false;
		start = e->end;
		e = e->next;
	}
	return true;
}

/*
 * Gives the entry an object, which needs the write lock for a moment. False: the lock was released, and the map has
 * changed.
 */
static bool
make_object(vm_map_t map, vm_map_entry_t e) VM_NO_TSA("upgrades and downgrades the lock, or loses it")
{
	if (VM_MUTATED(map, object_under_read_lock)) {
		if (e->object == NULL)
			vm_object_attach(map, e);
		return true;
	}
	if (vm_map_lock_upgrade(map) != 0)
		return false;
	if (e->object == NULL)
		vm_object_attach(map, e);
	vm_map_lock_downgrade(map);
	return true;
}

static bool
refuses(const struct vm_map_entry *e, vm_prot_t fault_type)
{
	return (fault_type & ~e->protection) != 0 || e->protection == VM_PROT_NONE;
}

/* The entry of @addr for access @fault_type: KERN_*. */
static int
find_entry(vm_map_t map, vm_offset_t addr, vm_prot_t fault_type, vm_grow_function *grow, vm_map_entry_t *entry)
    VM_REQUIRES_SHARED(&map->lock)
{
	int rv;

	if (!vm_map_lookup_entry(map, addr, entry))
		return KERN_INVALID_ADDRESS;
	if (!refuses(*entry, fault_type))
		return KERN_SUCCESS;
	/* A gap has no protection, so each access to it comes here. */
	if (((*entry)->eflags & MAP_ENTRY_GAP) != 0 && grow != NULL) {
		rv = grow(map, addr);
		if (rv != KERN_SUCCESS)
			return rv;
		/* Only native threads can have changed the map, if the lock could not be upgraded at once. */
		if (!vm_map_lookup_entry(map, addr, entry))
			return KERN_INVALID_ADDRESS;
	}
	return refuses(*entry, fault_type) ? KERN_PROTECTION_FAILURE : KERN_SUCCESS;
}

int
vm_map_lookup_growing(vm_map_t *var_map, vm_offset_t addr, vm_prot_t fault_type, vm_grow_function *grow,
    vm_map_entry_t *out_entry, vm_object_t *object, vm_pindex_t *pindex, vm_prot_t *out_prot, bool *wired)
    VM_NO_TSA("returns with the map read-locked only on success")
{
	vm_map_t map = *var_map;
	vm_map_entry_t e;
	int rv;

	do {
		vm_map_lock_read(map);
		rv = find_entry(map, addr, fault_type, grow, &e);
		if (rv != KERN_SUCCESS) {
			if (VM_MUTATED(map, lookup_error_wrong_unlock) && rv == KERN_INVALID_ADDRESS)
				vm_map_unlock(map);
			else
				vm_map_unlock_read(map);
			return rv;
		}
	} while (e->object == NULL && !make_object(map, e));
	*out_entry = e;
	*object = e->object;
	*pindex = vm_entry_page_index(e, addr);
	*out_prot = e->protection;
	*wired = e->wired_count != 0;
	return KERN_SUCCESS;
}

int
vm_map_lookup(vm_map_t *var_map, vm_offset_t addr, vm_prot_t fault_type, vm_map_entry_t *out_entry, vm_object_t *object,
    vm_pindex_t *pindex, vm_prot_t *out_prot, bool *wired)
{
	return vm_map_lookup_growing(var_map, addr, fault_type, NULL, out_entry, object, pindex, out_prot, wired);
}

void
vm_map_lookup_done(vm_map_t map, vm_map_entry_t entry)
{
	(void)entry;
	vm_map_unlock_read(map);
}
