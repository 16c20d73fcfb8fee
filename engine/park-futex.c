/* SPDX-License-Identifier: BSD-2-Clause */
/* park-futex.c - see park.h. The kernel compares and sleeps in one step, and manages the queues. */
#include "engine/park.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <limits.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

const char vm_park_name[] = "futex";

void
vm_park_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline)
{
	(void)syscall(
	    SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline, NULL, (unsigned)FUTEX_BITSET_MATCH_ANY);
}

void
vm_park_wake(const uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void
vm_park_yield(void)
{
	(void)sched_yield();
}
