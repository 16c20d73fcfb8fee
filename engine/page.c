/* SPDX-License-Identifier: BSD-2-Clause */
/* page.c - what entries' operations do to pages. */
#include "engine/map.h"

void
vm_map_entry_unwire(vm_map_t map, vm_map_entry_t e)
{
	vm_map_entry_unwire_faulted(map, e, e->end);
	e->wired_count = 0;
}

void
vm_map_entry_unwire_faulted(vm_map_t map, vm_map_entry_t e, vm_offset_t end)
{
	vm_rwlock_assert_write(&map->lock);
	(void)e;
	(void)end;
}

int
vm_page_read(vm_map_t map, vm_offset_t addr, uint64_t *ret_tag)
{
	*ret_tag = 0;
	return vm_fault(map, addr, VM_PROT_READ, 0);
}

int
vm_page_write(vm_map_t map, vm_offset_t addr, uint64_t tag)
{
	(void)tag;
	return vm_fault(map, addr, VM_PROT_WRITE, 0);
}

int
vm_pageout(vm_map_t map, uint64_t count)
{
	(void)map;
	(void)count;
	return KERN_SUCCESS;
}
