/* SPDX-License-Identifier: BSD-2-Clause */
/* object-pool.c - making and dropping objects. */
#include "engine/object.h"

#include "engine/map.h"

static vm_object_t
object_create(struct vm_map *map)
{
	struct vm_object *o = map->objects.free;

	if (o == NULL) {
		o = vm_arena_alloc(&map->arena, sizeof(*o));
		if (o == NULL)
			vm_panic("the map's arena is full", __FILE__, __LINE__);
	} else {
		vm_arena_unpoison(o, sizeof(*o));
		map->objects.free = o->next_free;
		*o = (struct vm_object){ 0 };
	}
	vm_spinlock_init(&o->lock, VM_RANK_OBJECT);
	o->ref_count = 1;
	map->objects.nr_live++;
	return o;
}

void
vm_object_attach(struct vm_map *map, struct vm_map_entry *entry)
{
	vm_rwlock_assert_write(&map->lock);
	vm_assert(entry->object == NULL);
	entry->object = object_create(map);
	entry->offset = 0;
	entry->object->charged = entry->charged;
	entry->charged = false;
}

void
vm_object_reference(vm_object_t object)
{
	object->ref_count++;
}

void
vm_object_release(struct vm_map *map, vm_object_t object)
{
	vm_assert(object->ref_count > 0);
	if (--object->ref_count > 0)
		return;
	vm_assert(vm_slots_empty(&object->pages));
	map->objects.nr_live--;
	object->next_free = map->objects.free;
	map->objects.free = object;
	vm_arena_poison(object, sizeof(*object));
}
