/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account.c - the invariants of wiring. As those of validate.c, they hold whenever the map lock is free:
 *
 *   [I19] the user-wire counter is the number of user-wired pages and of those that a running user wire has reserved
 *   [I20] the counter is within the limit
 *   [I21] a skipped entry is in transition, and no wire count is negative
 *   [I22] a thread that sleeps for a transition or a wiring will be woken: its entry is still held and has NEEDS_WAKEUP
 *   [I23] a thread that sleeps until the map is idle will be woken: the map is busy and has busy_wanted
 *   [I24] the map's busy count is the number of wires that are faulting pages in
 *   [I26] a stack and its gap do not reach below the start of the stack; quirk Q10 breaks it
 *
 * A running user wire has reserved the pages of the entries that it marked, except entries that it skipped or that were
 * user-wired before.
 */
#include "engine/map.h"

/* The pages of @e that count as user-wired. */
static uint64_t
counted_pages(const struct vm_map_entry *e)
{
	if ((e->eflags & MAP_ENTRY_USER_WIRED) != 0)
		return vm_entry_pages(e);
	if (e->wiring_thread == NULL || !e->wiring_thread->ctx.user_wire || (e->eflags & MAP_ENTRY_WIRE_SKIPPED) != 0)
		return 0;
	return vm_entry_pages(e);
}

/* Is the counter exact in this profile? Q3 alone does not change it: Q3 matters only below zero. */
static bool
is_exact(const struct vm_map *map)
{
	return !vm_behaves(map, Q1) && !vm_behaves(map, Q2);
}

/*
 * Is @e the first entry of the piece that its wire is faulting in? Other threads may clip the piece, but its start
 * stays.
 */
static bool
begins_faulting(const struct vm_map_entry *e)
{
	const struct vm_op_ctx *ctx = e->wiring_thread != NULL ? &e->wiring_thread->ctx : NULL;

	return ctx != NULL && ctx->piece_end != 0 && ctx->piece_start == e->start;
}

static const char *
check_busy(const struct vm_map *map, uint64_t faulting)
{
	return map->busy == faulting ? NULL : "I24: the map's busy count is not the number of faulting wires";
}

const char *
vm_map_check_account(vm_map_t map, bool excused)
{
	uint64_t pages = 0, faulting = 0;

	(void)vm_map_broken(map, 0, 0, NULL);
	for (const struct vm_map_entry *e = map->header.next; e != &map->header; e = e->next) {
		if ((e->eflags & (MAP_ENTRY_WIRE_SKIPPED | MAP_ENTRY_IN_TRANSITION)) == MAP_ENTRY_WIRE_SKIPPED)
			return vm_map_broken(map, e->start, e->end, "I21: an entry is skipped without a transition");
		if (e->wired_count < 0)
			return vm_map_broken(map, e->start, e->end, "I21: a wire count is negative");
		if (e->start < e->floor && !(excused && vm_behaves(map, Q10)))
			return vm_map_broken(map, e->start, e->floor, "I26: a stack reaches below its start");
		pages += counted_pages(e);
		faulting += begins_faulting(e);
	}
	if (excused && !is_exact(map))
		return check_busy(map, faulting);
	if (map->user_wired != (int64_t)pages)
		return "I19: the user-wire counter is not the number of user-wired and reserved pages";
	if (map->user_wired > (int64_t)map->config.wire_limit)
		return "I20: the user-wire counter is above the limit";
	return check_busy(map, faulting);
}

/* Will the end of @e's transition or wirings wake the sleepers of channel T? */
static bool
will_wake(const struct vm_map_entry *e)
{
	bool held = (e->eflags & MAP_ENTRY_IN_TRANSITION) != 0 || vm_map_entry_system_wired_count(e) > 0;

	return held && (e->eflags & MAP_ENTRY_NEEDS_WAKEUP) != 0;
}

/*
 * Does a gap below @addr wake the sleepers? A gap that @addr was in when the thread fell asleep keeps its marks when
 * its stack grows, but has @addr no longer.
 */
static bool
gap_will_wake(vm_map_t map, vm_offset_t addr) VM_REQUIRES(&map->lock)
{
	for (const struct vm_map_entry *e = map->header.next; e->start < addr && e != &map->header; e = e->next)
		if ((e->eflags & MAP_ENTRY_GAP) != 0 && will_wake(e))
			return true;
	return false;
}

/* Each function says why a sleeper of its channel will not be woken; NULL: nothing is wrong. */
typedef const char *check_function(vm_map_t map, const struct vm_thread *td);

static const char *
check_TRANSITION(vm_map_t map, const struct vm_thread *td) VM_REQUIRES(&map->lock)
{
	vm_offset_t at = vm_op_awaited(&td->ctx);
	vm_map_entry_t e;

	bool mapped = vm_map_lookup_entry(map, at, &e);

	if ((mapped && will_wake(e)) || gap_will_wake(map, at))
		return NULL;
	if (!mapped)
		return vm_map_broken(map, at, at + VM_PAGE_SIZE, "I22: a thread waits for an entry that was unmapped");
	return vm_map_broken(map, e->start, e->end, "I22: a thread waits for an entry that will not wake it");
}

static const char *
check_BUSY(vm_map_t map, const struct vm_thread *td) VM_REQUIRES(&map->lock)
{
	(void)td;
	if (map->busy != 0 && map->busy_wanted)
		return NULL;
	return "I23: a thread waits for an idle map, but the map is idle already or will not wake the thread";
}

/* If no frame comes, the world tells a sleeper so (struct vm_op_ctx.shortage). */
static const char *
check_FRAME(vm_map_t map, const struct vm_thread *td)
{
	(void)map;
	(void)td;
	return NULL;
}

/* The lock itself wakes its sleepers; the world can see whether a free lock has some. */
static const char *
check_MAP_LOCK(vm_map_t map, const struct vm_thread *td)
{
	(void)map;
	(void)td;
	return NULL;
}

const char *
vm_map_check_sleeper(vm_map_t map, const struct vm_thread *td, enum vm_channel channel)
{
	static check_function *const checks[VM_CHANNEL_COUNT] = {
#define VM_SLEEP(point, channel, text)
#define VM_CHANNEL(id, name, letter, condition, cause) [VM_CHANNEL_##id] = check_##id,
#include "engine/channels.def"
#undef VM_CHANNEL
#undef VM_SLEEP
	};

	(void)vm_map_broken(map, 0, 0, NULL);
	return checks[channel] != NULL ? checks[channel](map, td) : NULL;
}
