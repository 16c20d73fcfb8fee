/* SPDX-License-Identifier: BSD-2-Clause */
/* query.c - questions about a map: vm_map_check_protection(9). */
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
