/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * park.h - the sleeping primitive of the native world, the only thing in it that depends on the system: park-futex.c
 * for Linux, park-pthread.c for anything with POSIX threads. The build option "sleep" says which of the two.
 */
#ifndef ENGINE_PARK_H
#define ENGINE_PARK_H

#include <stdint.h>

struct timespec;

/*
 * Sleeps while *word is @expected, until a vm_park_wake() of @word that comes after the comparison, or until @deadline
 * (CLOCK_MONOTONIC, absolute; NULL: never). May return early for any reason: the caller looks again.
 */
void vm_park_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline);
/* Wakes all who sleep on @word. The caller has changed *word before. */
void vm_park_wake(const uint32_t *word);
/* Lets another thread run, if one can: for who has spun for long enough. */
void vm_park_yield(void);

/* "futex" or "pthread". */
extern const char vm_park_name[];

#endif
