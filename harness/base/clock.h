/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - the time, for budgets and reports. No finding may depend on it. */
#ifndef HARNESS_BASE_CLOCK_H
#define HARNESS_BASE_CLOCK_H

#include <sys/types.h>
#include <time.h>

/* Seconds since a fixed moment in the past. Never decreases. */
static inline double
clock_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Processor seconds that process @pid has used; @pid 0 is this process. 0 if the system does not tell. */
static inline double
clock_processor_seconds(pid_t pid)
{
	struct timespec ts;
	clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;

	if ((pid != 0 && clock_getcpuclockid(pid, &clock) != 0) || clock_gettime(clock, &ts) != 0)
		return 0;
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

#endif
