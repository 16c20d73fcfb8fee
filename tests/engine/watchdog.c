/* SPDX-License-Identifier: BSD-2-Clause */
/* watchdog.c - see watchdog.h. */
#include "tests/engine/watchdog.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS 100000000
#define IDLE_LOOKS 600 /* in a row, at which the process is asleep: at least a minute */
#define IDLE_SECONDS                                                                                                   \
	0.020 /* total processor time below which all threads count as asleep; the checks themselves use some */
#define STATUS_HANG 3

static struct {
	const char *what;
	unsigned processor_s;
	pthread_t thread;
	_Atomic bool stop;
} watchdog;

static double
processor_seconds(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) != 0)
		err(STATUS_HANG, "the processor time of the process");
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void
end(const char *how)
{
	fprintf(stderr, "%s: %s\n", watchdog.what, how);
	_exit(STATUS_HANG);
}

static void *
watch(void *arg)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	double begun = processor_seconds(), moved = begun;
	unsigned idle = 0;

	(void)arg;
	while (!atomic_load(&watchdog.stop)) {
		double now;

		(void)nanosleep(&look, NULL);
		now = processor_seconds();
		if (now - begun > watchdog.processor_s)
			end("endless: it uses processor time without an end");
		if (now - moved > IDLE_SECONDS) {
			moved = now;
			idle = 0;
		} else if (++idle == IDLE_LOOKS) {
			end("hangs: all threads sleep");
		}
	}
	return NULL;
}

void
watchdog_start(const char *what, unsigned processor_s)
{
	watchdog.what = what;
	watchdog.processor_s = processor_s;
	atomic_store(&watchdog.stop, false);
	errno = pthread_create(&watchdog.thread, NULL, watch, NULL);
	if (errno != 0)
		err(STATUS_HANG, "a thread that watches");
}

void
watchdog_stop(void)
{
	atomic_store(&watchdog.stop, true);
	(void)pthread_join(watchdog.thread, NULL);
}
