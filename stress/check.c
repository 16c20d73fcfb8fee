/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c - see check.h. */
#include "stress/check.h"

#include <assert.h>

#include "engine/map.h"
#include "stress/world.h"

static const char *
check_entry(const struct vm_map_entry *e)
{
	if ((e->eflags & MAP_ENTRY_IN_TRANSITION) != 0)
		return "an entry is left in transition";
	if ((e->eflags & MAP_ENTRY_WIRE_SKIPPED) != 0)
		return "an entry is left marked as skipped";
	if (e->wired_count < 0)
		return "an entry has a negative wire count";
	if (vm_map_entry_system_wired_count(e) != 0)
		return "a system wiring is left, but no thread holds one";
	return NULL;
}

static const char *
check_locked(vm_map_t map) VM_REQUIRES(&map->lock)
{
	const char *broken = vm_map_check(map);

	if (broken == NULL)
		broken = vm_map_check_account(map, true);
	if (broken != NULL)
		return broken;
	if (map->busy != 0)
		return "the map is left busy";
	if (map->busy_wanted)
		return "the map is not busy, but marked as waited for (busy_wanted)";
	for (const struct vm_map_entry *e = map->header.next; e != &map->header; e = e->next)
		if ((broken = check_entry(e)) != NULL)
			return broken;
	return NULL;
}

/* Tries the lock directly: vm_map_trylock would be a scheduling point, and move the timestamp. */
static bool
check_lock_is_free(vm_map_t map) VM_NO_TSA("reports a held lock as a finding")
{
	if (!vm_rwlock_try_wlock(&map->lock))
		return false;
	vm_rwlock_wunlock(&map->lock);
	return true;
}

const char *
stress_check(vm_map_t map) VM_NO_TSA("no other thread runs")
{
	if (!check_lock_is_free(map))
		return "the map lock is left held";
	return check_locked(map);
}

const char *
stress_check_sleepers(const struct world *w) VM_NO_TSA("no other thread runs")
{
	const char *broken = NULL;

	assert(w->nr_threads <= WORLD_THREADS_MAX);
	for (unsigned i = 0; i < w->nr_threads && broken == NULL; i++) {
		unsigned channel = world_sleeps_on(w->threads[i]);

		if (channel == VM_CHANNEL_MAP_LOCK)
			return "wakeup: a thread sleeps on the map lock, which is free";
		if (channel != 0)
			broken = vm_map_check_sleeper(w->map, &w->threads[i]->td, channel);
	}
	return broken;
}

const char *
stress_check_stopped(const struct world *w) VM_NO_TSA("no other thread runs")
{
	const char *broken =
	    stress_check_sleepers(w); /* first, because trying the lock wakes the threads that sleep on it */

	if (broken == NULL && !check_lock_is_free(w->map))
		broken = "the map lock is left held";
	if (broken == NULL)
		broken = vm_map_check(w->map);
	return broken != NULL ? broken : vm_map_check_account(w->map, true);
}
