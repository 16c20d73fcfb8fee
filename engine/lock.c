/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - the map lock of vm_map_lock(9), the timestamp, the two wait channels, and the busy count.
 *
 * The timestamp protocol: every write acquisition increments the timestamp. A thread remembers it before it releases
 * the lock. With the write lock again, it compares remembered + 1 with the timestamp. Equal means that no other thread
 * had the write lock in between, so entry pointers are still valid; otherwise the thread looks everything up again by
 * address.
 */
#include "engine/env.h"
#include "engine/map.h"

static inline void
point(void)
{
	struct vm_thread *td = vm_curthread;

	td->env->point(td);
}

void
vm_map_lock(vm_map_t map)
{
	point();
	vm_rwlock_wlock(&map->lock);
	map->timestamp++;
}

/*
 * Call it before the write lock is released or downgraded. Asserts that the acquisition has moved the timestamp;
 * otherwise a thread that remembered the old one would assume that nothing has changed.
 */
static inline void
written(vm_map_t map) VM_REQUIRES(&map->lock)
{
	vm_rwlock_assert_write(&map->lock);
	vm_assert(map->timestamp != map->written);
	map->written = map->timestamp;
}

void
vm_map_unlock(vm_map_t map)
{
	vm_canary_unlock(map);
	written(map);
	vm_rwlock_wunlock(&map->lock);
}

void
vm_map_lock_read(vm_map_t map)
{
	point();
	vm_rwlock_rlock(&map->lock);
}

void
vm_map_unlock_read(vm_map_t map)
{
	vm_rwlock_runlock(&map->lock);
}

int
vm_map_trylock(vm_map_t map)
{
	point();
	if (!vm_rwlock_try_wlock(&map->lock))
		return 0;
	map->timestamp++;
	return 1;
}

int
vm_map_trylock_read(vm_map_t map)
{
	point();
	return vm_rwlock_try_rlock(&map->lock) ? 1 : 0;
}

int
vm_map_lock_upgrade(vm_map_t map) VM_NO_TSA("the lock held at the return depends on the result")
{
	struct vm_op_ctx *ctx = vm_op_ctx();
	uint8_t from = ctx->point;

	if (vm_rwlock_try_upgrade(&map->lock)) {
		map->timestamp += VM_MUTATED(map, upgrade_keeps_stamp) ? 0 : 1;
		return 0;
	}
	ctx->upgrade_stamp = map->timestamp;
	ctx->point = VM_POINT_upgrade;
	vm_rwlock_runlock(&map->lock);
	point();
	vm_rwlock_wlock(&map->lock);
	ctx->point = from;
	if (ctx->upgrade_stamp != map->timestamp) {
		vm_rwlock_wunlock(&map->lock);
		return 1;
	}
	map->timestamp++;
	return 0;
}

void
vm_map_lock_downgrade(vm_map_t map)
{
	written(map);
	vm_rwlock_downgrade(&map->lock);
}

int
vm_map_locked(vm_map_t map)
{
	(void)map;
	return vm_curthread->map_write ? 1 : 0;
}

int
vm_map_unlock_and_wait(vm_map_t map, int timo)
{
	uint32_t seen = vm_waitq_sample(&map->transition_waitq);

	vm_assert(timo == 0);
	vm_canary_wait(map);
	vm_canary_unlock(map);
	written(map);
	vm_rwlock_wunlock(&map->lock);
	if (VM_MUTATED(map, canary_circle))
		return 0;
	if (VM_MUTATED(map, wait_sampled_late)) {
		point(); /* other threads can run here */
		seen = vm_waitq_sample(&map->transition_waitq);
	}
	vm_waitq_sleep(&map->transition_waitq, seen);
	return 0;
}

void
vm_map_wakeup(vm_map_t map)
{
	if (VM_MUTATED(map, canary_stuck))
		return;
	if (VM_MUTATED(map, unlocked_access) && *(volatile unsigned *)&map->timestamp == 0)
		return; /* never happens: each wakeup follows a write lock */
	vm_waitq_wakeup(&map->transition_waitq);
}

void
vm_map_busy(vm_map_t map)
{
	vm_rwlock_assert_write(&map->lock);
	map->busy++;
}

void
vm_map_unbusy(vm_map_t map)
{
	vm_rwlock_assert_write(&map->lock);
	vm_assert(map->busy > 0);
	if (--map->busy == 0 && map->busy_wanted) {
		map->busy_wanted = false;
		vm_waitq_wakeup(&map->busy_waitq);
	}
}

void
vm_map_wait_busy(vm_map_t map)
{
	struct vm_op_ctx *ctx = vm_op_ctx();

	vm_rwlock_assert_write(&map->lock);
	while (map->busy != 0 && !VM_MUTATED(map, canary_held)) {
		uint32_t seen = vm_waitq_sample(&map->busy_waitq);

		map->busy_wanted = true;
		vm_edge(VM_EDGE_protect_waited); /* only protect waits for it */
		ctx->point = VM_POINT_busy_wait;
		vm_rwlock_wunlock(&map->lock);
		vm_waitq_sleep(&map->busy_waitq, seen);
		point();
		/* Not vm_map_lock: the timestamp moves once, when the map is found idle. */
		vm_rwlock_wlock(&map->lock);
	}
	map->timestamp++;
}

void
vm_map_remember(vm_map_t map, struct vm_op_ctx *ctx)
{
	ctx->stamp = map->timestamp;
	ctx->stamped = true;
}

bool
vm_map_unchanged(vm_map_t map, struct vm_op_ctx *ctx)
{
	vm_assert(ctx->stamped);
	ctx->stamped = false;
	if (VM_MUTATED(map, relook_always))
		return ctx->stamp == map->timestamp;
	return ctx->stamp + 1 == map->timestamp || VM_MUTATED(map, relook_never);
}
