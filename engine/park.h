/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park.h - the sleep primitive of the native world, its only part that depends on the system: park-futex.c for Linux,
 * park-pthread.c for any system with POSIX threads. The build option "sleep" selects one.
 */
#ifndef ENGINE_PARK_H
#define ENGINE_PARK_H

#include <stdint.h>

struct timespec;

/*
 * If *word is @expected, sleeps until a later vm_park_wake() of @word or until @deadline (CLOCK_MONOTONIC, absolute;
 * NULL: never). May return early for any reason: the caller checks again.
 */
void vm_park_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline);
/* Wakes all threads that sleep on @word. The caller changes *word first. */
void vm_park_wake(const uint32_t *word);
/* Lets another thread run, if there is one: for a thread that has spun long enough. */
void vm_park_yield(void);

/* A C11 atomic word as a futex word. The cast goes through a number: gcc warns that a direct cast drops a qualifier. */
static inline const uint32_t *
vm_park_word(const _Atomic uint32_t *word)
{
	return (const uint32_t *)(uintptr_t)word;
}

/* "futex" or "pthread". */
extern const char vm_park_name[];

#endif
