/* SPDX-License-Identifier: BSD-2-Clause */
/* map-create.c - creating, saving, restoring and destroying a map in an arena. */
#include "engine/map.h"

#include <errno.h>

static bool
config_valid(const struct vm_config *c)
{
	return c->env != NULL && vm_range_aligned(c->min, c->max) && c->min < c->max &&
	       (c->behaviours & ~VM_BEHAVIOURS_ALL) == 0 && (VM_HAS_MUTANTS || c->mutant == VM_MUTANT_none) &&
	       c->wire_limit <= INT64_MAX;
}

vm_map_t
vm_map_create(const struct vm_config *config)
{
	struct vm_arena arena;
	struct vm_map *map;

	if (!config_valid(config)) {
		errno = EINVAL;
		return NULL;
	}
	if (!vm_arena_init(&arena, VM_ARENA_SIZE))
		return NULL;
	map = vm_arena_alloc(&arena, sizeof(*map));
	map->config = *config;
	if (config->grow_pages == 0)
		map->config.grow_pages = VM_GROW_PAGES_DEFAULT;
	map->header.start = config->max;
	map->header.end = config->min;
	map->header.prev = map->header.next = &map->header;
	map->header.adj_free = config->max - config->min;
	RB_INIT(&map->root);
	vm_rwlock_init(&map->lock, VM_CHANNEL_MAP_LOCK);
	vm_waitq_init(&map->transition_waitq, VM_CHANNEL_TRANSITION);
	vm_waitq_init(&map->busy_waitq, VM_CHANNEL_BUSY);
	map->arena = arena;
	vm_frames_init(&map->frames, &map->arena, config->nr_frames, VM_CHANNEL_FRAME);
	return map;
}

void
vm_map_destroy(vm_map_t map)
{
	struct vm_arena arena = map->arena; /* a copy, because the map is inside the arena */

	vm_arena_fini(&arena);
}

bool
vm_map_save(vm_map_t map)
{
	return vm_arena_save(&map->arena);
}

void
vm_map_restore(vm_map_t map)
{
	vm_arena_restore(&map->arena);
}
