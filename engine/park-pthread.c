/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park-pthread.c - see park.h: a futex made from mutexes and condition variables.
 *
 * The address of a word selects one of a fixed number of buckets. No wakeup is lost: a sleeper compares the word and
 * starts to wait under its bucket's mutex, and a waker changes the word, then takes the same mutex. If the waker is
 * first, the sleeper sees the changed word; if the sleeper is first, it is waiting when the wakeup comes. Words that
 * share a bucket wake each other's sleepers, which then check their word again.
 *
 * For ThreadSanitizer, these mutexes order threads that the engine itself does not order: it finds fewer races with
 * this primitive than with the futex.
 */
#include "engine/park.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <time.h>

#define BUCKETS 64 /* a power of two */

const char vm_park_name[] = "pthread";

static struct bucket {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
} buckets[BUCKETS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
init_buckets(void)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	for (size_t i = 0; i < BUCKETS; i++) {
		(void)pthread_mutex_init(&buckets[i].mutex, NULL);
		(void)pthread_cond_init(&buckets[i].changed, &attr);
	}
	(void)pthread_condattr_destroy(&attr);
}

static struct bucket *
bucket_of(const uint32_t *word)
{
	uint64_t mixed = (uint64_t)(uintptr_t)word * 0x9e3779b97f4a7c15u;

	(void)pthread_once(&once, init_buckets);
	return &buckets[mixed >> 32 & (BUCKETS - 1)];
}

void
vm_park_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline)
{
	struct bucket *b = bucket_of(word);

	(void)pthread_mutex_lock(&b->mutex);
	if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == expected) {
		if (deadline == NULL)
			(void)pthread_cond_wait(&b->changed, &b->mutex);
		else
			(void)pthread_cond_timedwait(&b->changed, &b->mutex, deadline);
	}
	(void)pthread_mutex_unlock(&b->mutex);
}

void
vm_park_wake(const uint32_t *word)
{
	struct bucket *b = bucket_of(word);

	(void)pthread_mutex_lock(&b->mutex);
	(void)pthread_cond_broadcast(&b->changed);
	(void)pthread_mutex_unlock(&b->mutex);
}

void
vm_park_yield(void)
{
	(void)sched_yield();
}
