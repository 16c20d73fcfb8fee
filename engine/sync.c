/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c - all ck calls of the engine except those of the native world's event counts (native.c).
 *
 * ThreadSanitizer cannot see into ck's inline assembly. So this file is built without it, and announces the locks by
 * annotations: reports then name the lock, and there are no false reports. A lock is announced after it is taken and
 * its release before it is released, so that the announcements of two threads never overlap.
 *
 * The read/write lock is ck_rwlock's word and protocol: a writer claims `writer`, then waits until n_readers is 0; a
 * reader counts itself in, and out again if it finds a claim. A thread that must wait sleeps on `freed`. Three rules
 * together ensure that no wakeup is lost:
 *   1. A thread samples the count of `freed` before the try after whose failure it sleeps.
 *   2. A blocked writer keeps its claim. So only an unlock, a downgrade or a failed try releases a claim. Each of these
 * wakes the sleepers, so a thread that slept because of a claim wakes up after its release.
 *   3. A thread that decrements n_readers to 0 while there is a claim, as a reader or as one that backs off, wakes the
 * sleepers, so the writer that waits for 0 wakes up. A reader that backs off saw the claim, so rule 2 wakes it. Without
 * 2 and 3, a reader and a writer that try a free lock at the same time could each see the other's try, and both sleep.
 * Each side writes its own word before it reads the other's, with a full fence in between, so at least one sees the
 * other.
 */
#include "engine/sync.h"

#include "engine/env.h"
#include "engine/park.h"
#include "engine/thread.h"

#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#define TSAN_WRITE 0
#define TSAN_READ __tsan_mutex_read_lock
#define TSAN_LOCKED(l, how) (__tsan_mutex_pre_lock(l, how), __tsan_mutex_post_lock(l, how, 0))
#define TSAN_KEEP(l, rank) (vm_curthread->locks[rank] = (l))
#define TSAN_UNLOCKING(l, how) (__tsan_mutex_pre_unlock(l, how), __tsan_mutex_post_unlock(l, how))
#else
#define TSAN_LOCKED(l, how) ((void)(l))
#define TSAN_KEEP(l, rank) ((void)(l))
#define TSAN_UNLOCKING(l, how) ((void)(l))
#endif

/* Tries before a thread sleeps, or yields for a spin lock. In the simulated world, retries are useless. */
static unsigned spin_max = 64;

void
vm_sync_set_spin(unsigned tries)
{
	spin_max = tries;
}

static const char *
rank_name(unsigned rank)
{
	static const char *const names[] = { "none", "the map lock", "an object lock", "the frames lock" };

	return names[rank];
}

/* The highest rank whose bit is set in held; 0 if none. */
static unsigned
rank_top(uint32_t held)
{
	return held == 0 ? 0 : 31 - (unsigned)__builtin_clz(held);
}

static void
rank_panic(unsigned rank, unsigned top)
{
	static _Thread_local char text[128];
	char *p = text;
	const char *parts[] = { "lock order: takes ", rank_name(rank), " while holding ", rank_name(top) };

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const char *s = parts[i]; *s != '\0'; s++)
			*p++ = *s;
	*p = '\0';
	vm_panic(text, __FILE__, __LINE__);
}

/* Call it before the lock is tried, so that a thread that violates the order panics instead of waiting for itself. */
static inline void
rank_check(enum vm_lock_rank rank)
{
	uint32_t held = vm_curthread->held;

	if (__builtin_expect((held >> rank) != 0, 0))
		rank_panic(rank, rank_top(held));
}

static inline void
rank_take(enum vm_lock_rank rank)
{
	vm_curthread->held |= (uint32_t)1 << rank;
}

static inline void
rank_drop(enum vm_lock_rank rank)
{
	struct vm_thread *td = vm_curthread;

	vm_assert((td->held & (uint32_t)1 << rank) != 0);
	td->held &= ~((uint32_t)1 << rank);
}

/* --- wait queues --- */

void
vm_waitq_init(struct vm_waitq *q, unsigned id)
{
	ck_ec32_init(&q->count, 0);
	q->id = id;
}

uint32_t
vm_waitq_sample(const struct vm_waitq *q)
{
	return ck_ec32_value(&q->count);
}

void
vm_waitq_sleep(struct vm_waitq *q, uint32_t seen)
{
	struct vm_thread *td = vm_curthread;

	vm_assert(td->held == 0);
	td->env->sleep(td, q, seen);
}

void
vm_waitq_wakeup(struct vm_waitq *q)
{
	vm_curthread->env->wakeup(q);
}

/* --- the read/write lock --- */

void
vm_rwlock_init(struct vm_rwlock *l, unsigned waitq_id)
{
	ck_rwlock_init(&l->word);
	vm_waitq_init(&l->freed, waitq_id);
}

/* Claims the writer's half of the word; there may still be readers. */
static inline bool
writer_claim(struct vm_rwlock *l)
{
	if (ck_pr_load_uint(&l->word.writer) != 0 || ck_pr_fas_uint(&l->word.writer, 1) != 0)
		return false;
	ck_pr_fence_atomic_load();
	return true;
}

static inline void
writer_leave(struct vm_rwlock *l)
{
	ck_rwlock_write_unlock(&l->word);
	vm_waitq_wakeup(&l->freed);
}

static inline void
writer_entered(struct vm_rwlock *l)
{
	ck_pr_fence_lock();
	TSAN_LOCKED(l, TSAN_WRITE);
	TSAN_KEEP(l, VM_RANK_MAP);
	rank_take(VM_RANK_MAP);
	vm_curthread->map_write = true;
}

static inline void
reader_leave(struct vm_rwlock *l)
{
	bool last;

	ck_pr_fence_unlock();
	last = ck_pr_dec_uint_is_zero(&l->word.n_readers);
	ck_pr_fence_atomic_load();
	if (last && ck_pr_load_uint(&l->word.writer) != 0)
		vm_waitq_wakeup(&l->freed);
}

static inline bool
reader_enter(struct vm_rwlock *l)
{
	if (ck_pr_load_uint(&l->word.writer) != 0)
		return false;
	ck_pr_inc_uint(&l->word.n_readers);
	ck_pr_fence_atomic_load();
	if (ck_pr_load_uint(&l->word.writer) != 0) {
		reader_leave(l);
		return false;
	}
	ck_pr_fence_lock();
	TSAN_LOCKED(l, TSAN_READ);
	TSAN_KEEP(l, VM_RANK_MAP);
	rank_take(VM_RANK_MAP);
	return true;
}

/* Waits between two tries; the first one sampled @seen before it failed. */
static inline void
rwlock_wait(struct vm_rwlock *l, unsigned tries, uint32_t seen)
{
	if (tries < spin_max)
		ck_pr_stall();
	else
		vm_waitq_sleep(&l->freed, seen);
}

bool
vm_rwlock_try_wlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	rank_check(VM_RANK_MAP);
	if (!writer_claim(l))
		return false;
	if (ck_pr_load_uint(&l->word.n_readers) != 0) {
		writer_leave(l);
		return false;
	}
	writer_entered(l);
	return true;
}

bool
vm_rwlock_try_rlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	rank_check(VM_RANK_MAP);
	return reader_enter(l);
}

/* Waits after a first try, which may have claimed the lock already. */
static __attribute__((noinline)) void
wlock_slow(struct vm_rwlock *l, bool claimed)
{
	for (unsigned tries = 0;; tries++) {
		uint32_t seen = vm_waitq_sample(&l->freed);

		claimed = claimed || writer_claim(l);
		if (claimed && ck_pr_load_uint(&l->word.n_readers) == 0)
			break;
		vm_curthread->map_claim = claimed;
		rwlock_wait(l, tries, seen);
	}
	vm_curthread->map_claim = false;
}

void
vm_rwlock_wlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	bool claimed;

	rank_check(VM_RANK_MAP);
	claimed = writer_claim(l);
	if (__builtin_expect(!claimed || ck_pr_load_uint(&l->word.n_readers) != 0, 0))
		wlock_slow(l, claimed);
	writer_entered(l);
}

static __attribute__((noinline)) void
rlock_slow(struct vm_rwlock *l)
{
	for (unsigned tries = 0;; tries++) {
		uint32_t seen = vm_waitq_sample(&l->freed);

		if (reader_enter(l))
			return;
		rwlock_wait(l, tries, seen);
	}
}

void
vm_rwlock_rlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	rank_check(VM_RANK_MAP);
	if (__builtin_expect(!reader_enter(l), 0))
		rlock_slow(l);
}

void
vm_rwlock_wunlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	vm_rwlock_assert_write(l);
	vm_curthread->map_write = false;
	rank_drop(VM_RANK_MAP);
	TSAN_UNLOCKING(l, TSAN_WRITE);
	writer_leave(l);
}

void
vm_rwlock_runlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	vm_rwlock_assert_held(l);
	vm_assert(!vm_curthread->map_write);
	rank_drop(VM_RANK_MAP);
	TSAN_UNLOCKING(l, TSAN_READ);
	reader_leave(l);
}

/*
 * Claims the writer's half of the word and does not wait: if there is another reader, even one that is just backing
 * off, it releases the claim. The claim excludes a second upgrader, so two upgraders never wait for each other's read
 * lock.
 */
bool
vm_rwlock_try_upgrade(struct vm_rwlock *l)
{
	vm_rwlock_assert_held(l);
	vm_assert(!vm_curthread->map_write);
	if (!writer_claim(l))
		return false;
	if (ck_pr_load_uint(&l->word.n_readers) != 1) {
		writer_leave(l);
		return false;
	}
	TSAN_UNLOCKING(l, TSAN_READ);
	ck_pr_dec_uint(&l->word.n_readers);
	ck_pr_fence_lock();
	TSAN_LOCKED(l, TSAN_WRITE);
	vm_curthread->map_write = true;
	return true;
}

void
vm_rwlock_downgrade(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	vm_rwlock_assert_write(l);
	vm_curthread->map_write = false;
	TSAN_UNLOCKING(l, TSAN_WRITE);
	TSAN_LOCKED(l, TSAN_READ);
	ck_rwlock_write_downgrade(&l->word);
	vm_waitq_wakeup(&l->freed);
}

/* --- the spin lock --- */

void
vm_spinlock_init(struct vm_spinlock *l, enum vm_lock_rank rank)
{
	ck_spinlock_init(&l->word);
	l->rank = rank;
}

/* The holder may not be running: after some tries, yield the processor to it. */
static __attribute__((noinline)) void
spinlock_slow(struct vm_spinlock *l)
{
	unsigned tries = 0;

	do {
		if (tries++ < spin_max)
			ck_pr_stall();
		else
			vm_park_yield();
	} while (ck_spinlock_locked(&l->word) || !ck_spinlock_trylock(&l->word));
}

void
vm_spinlock_lock(struct vm_spinlock *l) VM_NO_TSA("the implementation of the lock")
{
	rank_check(l->rank);
	if (__builtin_expect(!ck_spinlock_trylock(&l->word), 0))
		spinlock_slow(l);
	TSAN_LOCKED(l, TSAN_WRITE);
	TSAN_KEEP(l, l->rank);
	rank_take(l->rank);
}

void
vm_spinlock_unlock(struct vm_spinlock *l) VM_NO_TSA("the implementation of the lock")
{
	rank_drop(l->rank);
	TSAN_UNLOCKING(l, TSAN_WRITE);
	ck_spinlock_unlock(&l->word);
}

void
vm_sync_abandon(struct vm_thread *td)
{
	for (uint32_t left = td->held; left != 0; left &= left - 1) {
		unsigned rank = rank_top(left & -left);
		void *lock = (void *)(uintptr_t)td->locks[rank];

		if (rank == VM_RANK_MAP && !td->map_write)
			TSAN_UNLOCKING(lock, TSAN_READ);
		else
			TSAN_UNLOCKING(lock, TSAN_WRITE);
	}
	td->held = 0;
	td->map_write = false;
}
