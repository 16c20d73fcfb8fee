/* SPDX-License-Identifier: BSD-2-Clause */
/* pager.c - the pager: its content, and the pages for which it fails. */
#include "engine/map.h"

int
vm_pager_get(const struct vm_map *map, vm_offset_t addr)
{
	size_t low = 0, high = map->config.nr_poison;

	while (low < high && !VM_MUTATED(map, canary_code)) {
		size_t mid = low + (high - low) / 2;
		const struct vm_poison *p = &map->config.poison[mid];

		if (p->addr == addr)
			return p->code;
		if (p->addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return KERN_SUCCESS;
}
