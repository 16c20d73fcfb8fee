/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c - every ck call of the engine.
 *
 * ThreadSanitizer cannot see into ck's inline assembly. So this file is built without it, and says by annotation what
 * was locked: reports then name the lock, and nothing is reported that is not a race.
 */
#include "engine/sync.h"

#include "engine/env.h"
#include "engine/thread.h"

#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#define TSAN(call) call
#else
#define TSAN(call) ((void)0)
#endif

#define SPIN_MAX 64 /* tries before a thread sleeps; a simulated world never needs the second */

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

static inline void
rank_take(enum vm_lock_rank rank)
{
	struct vm_thread *td = vm_curthread;

	if (__builtin_expect((td->held >> rank) != 0, 0))
		rank_panic(rank, rank_top(td->held));
	td->held |= (uint32_t)1 << rank;
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

bool
vm_rwlock_try_wlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	TSAN(__tsan_mutex_pre_lock(l, __tsan_mutex_try_lock));
	if (!ck_rwlock_write_trylock(&l->word)) {
		TSAN(__tsan_mutex_post_lock(l, __tsan_mutex_try_lock | __tsan_mutex_try_lock_failed, 0));
		return false;
	}
	TSAN(__tsan_mutex_post_lock(l, __tsan_mutex_try_lock, 0));
	rank_take(VM_RANK_MAP);
	vm_curthread->map_write = true;
	return true;
}

bool
vm_rwlock_try_rlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	TSAN(__tsan_mutex_pre_lock(l, __tsan_mutex_try_lock | __tsan_mutex_read_lock));
	if (!ck_rwlock_read_trylock(&l->word)) {
		TSAN(__tsan_mutex_post_lock(
		    l, __tsan_mutex_try_lock | __tsan_mutex_read_lock | __tsan_mutex_try_lock_failed, 0));
		return false;
	}
	TSAN(__tsan_mutex_post_lock(l, __tsan_mutex_try_lock | __tsan_mutex_read_lock, 0));
	rank_take(VM_RANK_MAP);
	return true;
}

/*
 * Sleeping on the word: the count is sampled before the last try. Whoever frees the word moves the count afterwards, so
 * either the try succeeds or the sleep returns at once.
 */
void
vm_rwlock_wlock(struct vm_rwlock *l) VM_NO_TSA("loops over the try until it succeeds")
{
	for (unsigned tries = 0;; tries++) {
		uint32_t seen = vm_waitq_sample(&l->freed);

		if (vm_rwlock_try_wlock(l))
			return;
		if (tries >= SPIN_MAX)
			vm_waitq_sleep(&l->freed, seen);
		else
			ck_pr_stall();
	}
}

void
vm_rwlock_rlock(struct vm_rwlock *l) VM_NO_TSA("loops over the try until it succeeds")
{
	for (unsigned tries = 0;; tries++) {
		uint32_t seen = vm_waitq_sample(&l->freed);

		if (vm_rwlock_try_rlock(l))
			return;
		if (tries >= SPIN_MAX)
			vm_waitq_sleep(&l->freed, seen);
		else
			ck_pr_stall();
	}
}

void
vm_rwlock_wunlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	vm_rwlock_assert_write(l);
	vm_curthread->map_write = false;
	rank_drop(VM_RANK_MAP);
	TSAN(__tsan_mutex_pre_unlock(l, 0));
	ck_rwlock_write_unlock(&l->word);
	TSAN(__tsan_mutex_post_unlock(l, 0));
	vm_waitq_wakeup(&l->freed);
}

void
vm_rwlock_runlock(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	vm_rwlock_assert_held(l);
	vm_assert(!vm_curthread->map_write);
	rank_drop(VM_RANK_MAP);
	TSAN(__tsan_mutex_pre_unlock(l, __tsan_mutex_read_lock));
	ck_rwlock_read_unlock(&l->word);
	TSAN(__tsan_mutex_post_unlock(l, __tsan_mutex_read_lock));
	vm_waitq_wakeup(&l->freed);
}

/*
 * Claims the writer's half of the word, then waits for nobody: if another reader is there, gives the claim back. Two
 * upgraders exclude each other by the claim, so neither waits for the other's read lock.
 */
bool
vm_rwlock_try_upgrade(struct vm_rwlock *l)
{
	vm_assert(!vm_curthread->map_write);
	if (ck_pr_fas_uint(&l->word.writer, 1) != 0)
		return false;
	ck_pr_fence_atomic_load();
	if (ck_pr_load_uint(&l->word.n_readers) != 1) {
		ck_rwlock_write_unlock(&l->word);
		vm_waitq_wakeup(&l->freed);
		return false;
	}
	TSAN(__tsan_mutex_pre_unlock(l, __tsan_mutex_read_lock));
	TSAN(__tsan_mutex_post_unlock(l, __tsan_mutex_read_lock));
	TSAN(__tsan_mutex_pre_lock(l, 0));
	ck_pr_dec_uint(&l->word.n_readers);
	ck_pr_fence_lock();
	TSAN(__tsan_mutex_post_lock(l, 0, 0));
	vm_curthread->map_write = true;
	return true;
}

void
vm_rwlock_downgrade(struct vm_rwlock *l) VM_NO_TSA("the implementation of the lock")
{
	vm_rwlock_assert_write(l);
	vm_curthread->map_write = false;
	TSAN(__tsan_mutex_pre_unlock(l, 0));
	TSAN(__tsan_mutex_post_unlock(l, 0));
	TSAN(__tsan_mutex_pre_lock(l, __tsan_mutex_read_lock));
	ck_rwlock_write_downgrade(&l->word);
	TSAN(__tsan_mutex_post_lock(l, __tsan_mutex_read_lock, 0));
	vm_waitq_wakeup(&l->freed);
}

void
vm_rwlock_assert_held(const struct vm_rwlock *l) VM_NO_TSA("the assertion itself")
{
	(void)l;
	vm_assert((vm_curthread->held & (uint32_t)1 << VM_RANK_MAP) != 0);
}

void
vm_rwlock_assert_write(const struct vm_rwlock *l) VM_NO_TSA("the assertion itself")
{
	vm_rwlock_assert_held(l);
	vm_assert(vm_curthread->map_write);
}

/* --- the spin lock --- */

void
vm_spinlock_init(struct vm_spinlock *l, enum vm_lock_rank rank)
{
	ck_spinlock_init(&l->word);
	l->rank = rank;
}

void
vm_spinlock_lock(struct vm_spinlock *l) VM_NO_TSA("the implementation of the lock")
{
	rank_take(l->rank);
	TSAN(__tsan_mutex_pre_lock(l, 0));
	ck_spinlock_lock(&l->word);
	TSAN(__tsan_mutex_post_lock(l, 0, 0));
}

void
vm_spinlock_unlock(struct vm_spinlock *l) VM_NO_TSA("the implementation of the lock")
{
	TSAN(__tsan_mutex_pre_unlock(l, 0));
	ck_spinlock_unlock(&l->word);
	TSAN(__tsan_mutex_post_unlock(l, 0));
	rank_drop(l->rank);
}
