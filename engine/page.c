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
