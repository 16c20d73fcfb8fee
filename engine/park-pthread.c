/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park-pthread.c - see park.h: what a futex does, from mutexes and condition variables.
 *
 * Each word belongs to one of a fixed number of buckets, by its address. No wakeup is lost: a sleeper compares the word
 * and begins to wait under its bucket's mutex, and a waker, who has changed the word before, takes the same mutex. So
 * the waker comes first, and the sleeper sees the changed word; or the sleeper comes first, and is waiting when it is
 * woken. Words that share a bucket wake each other's sleepers, which look again.
 *
 * ThreadSanitizer sees the mutexes as orders between threads that this engine did not ask for: with this primitive it
 * finds fewer races than with the other one.
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
