/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - the time, for budgets and reports. Nothing that is found may depend on it. */
#ifndef HARNESS_CLOCK_H
#define HARNESS_CLOCK_H

#include <time.h>

/* Seconds since some moment in the past; never goes back. */
static inline double
clock_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

#endif
