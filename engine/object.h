/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.h - anonymous memory objects: entries refer to them, and they hold the pages.
 *
 * Letters as in map.h. An object lives as long as entries refer to it (ref_count, [I6]). It holds exactly the pages
 * that its entries cover [I11], by index: the offset in the object, in pages.
 */
#ifndef ENGINE_OBJECT_H
#define ENGINE_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/slots.h"
#include "engine/sync.h"
#include "engine/vm.h"

struct vm_object {
	struct vm_spinlock lock;
	struct vm_slots pages;       /* [o] struct vm_page, by index */
	struct vm_object *next_free; /* [m] */
	unsigned ref_count;          /* [m] entries that refer to it */
	unsigned nr_seen;            /* [m] scratch of vm_map_check */
	unsigned key_number;         /* [m] scratch of the state key */
	uint64_t key_round;          /* [m] scratch of the state key: key_number is of this round */
	bool charged;                /* [m] swap is reserved for it */
};

struct vm_object_pool {
	struct vm_object *free; /* [m] linked by next_free */
	unsigned nr_live;       /* [m] */
};

/* All need the map's write lock. attach gives @entry, which has no object, a new one, and moves the charge there. */
void vm_object_attach(struct vm_map *map, struct vm_map_entry *entry);
void vm_object_reference(vm_object_t object);
void vm_object_release(struct vm_map *map, vm_object_t object);

#endif
