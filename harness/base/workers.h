/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workers.h - worker processes. They run pieces of work that may crash or hang: one piece is lost and reported, and the
 * rest goes on.
 *
 * A piece and its result are bytes. A result does not depend on which worker does the piece, or when: workers share no
 * state and keep none.
 */
#ifndef HARNESS_BASE_WORKERS_H
#define HARNESS_BASE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/keybuf.h"

#define WORKERS_MAX 64

enum work_end {
	WORK_LEFT = 0, /* not started before the deadline */
	WORK_DONE,
	WORK_DIED, /* the worker process died */
	WORK_HUNG, /* no progress for hang_seconds; the worker was killed */
};

struct work {
	struct keybuf in, out;
	enum work_end end;
	int status; /* WORK_DIED: the status of waitpid(2) */
};

struct workers_options {
	unsigned nr;         /* processes, at most WORKERS_MAX */
	double hang_seconds; /* processor seconds without progress (heartbeat.h); 0: never */
	/* Runs once in each worker; work gets its result as state. */
	void *(*begin)(const void *arg);
	const void *begin_arg;
	void (*work)(void *state, const struct keybuf *in, struct keybuf *out);
	/* Runs in the parent, several times a second. True: start no more pieces. */
	bool (*tick)(void *arg);
	/* Runs in the parent when a piece ends; may be NULL. */
	void (*done)(void *arg, struct work *work);
	void *arg; /* passed to tick and done */
	/* When tick returns true, do not wait for running pieces. Only workers_stop may follow. */
	bool stop_at_once;
};

struct workers;

/* In a worker: not 0 after tick returned true. A long piece then ends early. */
extern const volatile int *worker_over;

/* The number of processors. */
unsigned workers_nr_default(void);
/* Starts the workers. Ends the program if it cannot fork. */
struct workers *workers_start(const struct workers_options *options);
/* Runs all pieces. False: some were not started. */
bool workers_do(struct workers *w, struct work *work, size_t nr);
/* The processor time of all running workers. */
double workers_processor_seconds(const struct workers *w);
void workers_stop(struct workers *w);

void work_free(struct work *work);

#endif
