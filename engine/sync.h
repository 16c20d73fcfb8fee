/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.h - the engine's locks: a sleepable read/write lock and a spin lock from ck, wait queues, lock ranks.
 *
 * The lock words are ck's (ck_rwlock, ck_spinlock). A thread that cannot take a lock sleeps through env.h: natively on
 * a ck event count, in the simulation in the scheduler. All ck calls are in sync.c, which is built without
 * ThreadSanitizer and announces the locks by annotations. Writers have priority: a blocked writer keeps new readers
 * out.
 *
 * Ranks: a thread may take a lock only if its rank is above that of every lock it holds. A violation panics with both
 * names.
 */
#ifndef ENGINE_SYNC_H
#define ENGINE_SYNC_H

#include <ck_ec.h>
#include <ck_rwlock.h>
#include <ck_spinlock.h>

#include <stdbool.h>
#include <stdint.h>

#include "engine/annotate.h"
#include "engine/thread.h"

struct vm_env;

/* The order of locks, lowest first. */
enum vm_lock_rank {
	VM_RANK_INVALID = 0,
	VM_RANK_MAP,    /* struct vm_map.lock */
	VM_RANK_OBJECT, /* struct vm_object.lock */
	VM_RANK_FRAMES, /* struct vm_frames.lock */
};

/* A queue that threads sleep on. A wakeup wakes all of them. */
struct vm_waitq {
	struct ck_ec32 count; /* changed by each wakeup */
	unsigned id;          /* small, the same in every run; the simulated world's name of the queue */
};

struct VM_CAPABILITY("rwlock") vm_rwlock {
	ck_rwlock_t word;
	struct vm_waitq freed; /* threads that found the lock taken */
};

struct VM_CAPABILITY("spinlock") vm_spinlock {
	ck_spinlock_t word;
	uint8_t rank; /* enum vm_lock_rank */
};

void vm_waitq_init(struct vm_waitq *q, unsigned id);
/* The count to pass to vm_waitq_sleep. Sample it with the lock held under which you saw the reason to sleep. */
uint32_t vm_waitq_sample(const struct vm_waitq *q);
void vm_waitq_sleep(struct vm_waitq *q, uint32_t seen);
void vm_waitq_wakeup(struct vm_waitq *q);
/*
 * Changes the count without a wakeup, for a world of one OS thread, where no thread sleeps on the count itself. (So the
 * count's top bit, which says that a thread sleeps, is never set.)
 */
static inline void
vm_waitq_advance(struct vm_waitq *q)
{
	q->count.counter++;
}

/*
 * Sets how often a blocked thread retries before it sleeps; the default is 64. With 0, every blocked thread sleeps.
 * Call it while no thread runs.
 */
void vm_sync_set_spin(unsigned tries);

/* The running thread @td has died and will never release its locks; its map is dead, too. */
void vm_sync_abandon(struct vm_thread *td);

/* The rwlock has rank VM_RANK_MAP: it is the map lock. These functions are no scheduling points; vm_map_lock is. */
void vm_rwlock_init(struct vm_rwlock *l, unsigned waitq_id);
void vm_rwlock_wlock(struct vm_rwlock *l) VM_ACQUIRE(l);
void vm_rwlock_rlock(struct vm_rwlock *l) VM_ACQUIRE_SHARED(l);
bool vm_rwlock_try_wlock(struct vm_rwlock *l) VM_TRY_ACQUIRE(true, l);
bool vm_rwlock_try_rlock(struct vm_rwlock *l) VM_TRY_ACQUIRE_SHARED(true, l);
void vm_rwlock_wunlock(struct vm_rwlock *l) VM_RELEASE(l);
void vm_rwlock_runlock(struct vm_rwlock *l) VM_RELEASE_SHARED(l);
/*
 * From read to write without releasing the lock. False: another thread reads, or wants to write; the read lock is still
 * held. A blocked writer may wait for it, so release it before you ask for the write lock.
 */
VM_MUST_CHECK bool vm_rwlock_try_upgrade(struct vm_rwlock *l);
void vm_rwlock_downgrade(struct vm_rwlock *l) VM_RELEASE(l) VM_ACQUIRE_SHARED(l);

static inline void
vm_rwlock_assert_held(const struct vm_rwlock *l) VM_ASSERT_HELD_SHARED(l) VM_NO_TSA("the assertion itself")
{
	(void)l;
	vm_assert((vm_curthread->held & (uint32_t)1 << VM_RANK_MAP) != 0);
}

static inline void
vm_rwlock_assert_write(const struct vm_rwlock *l) VM_ASSERT_HELD(l) VM_NO_TSA("the assertion itself")
{
	vm_rwlock_assert_held(l);
	vm_assert(vm_curthread->map_write);
}

void vm_spinlock_init(struct vm_spinlock *l, enum vm_lock_rank rank);
void vm_spinlock_lock(struct vm_spinlock *l) VM_ACQUIRE(l);
void vm_spinlock_unlock(struct vm_spinlock *l) VM_RELEASE(l);

#endif
