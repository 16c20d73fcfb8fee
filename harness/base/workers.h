/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workers.h - work given to other processes, a piece at a time, because what it is done with may crash or hang:
 * then one piece is lost, and said to be, and the rest goes on.
 *
 * A piece is bytes, and so is what comes of it. Which worker does which piece, and when, has no influence on either:
 * the workers share nothing and keep nothing.
 */
#ifndef HARNESS_BASE_WORKERS_H
#define HARNESS_BASE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/keybuf.h"

#define WORKERS_MAX 64

enum work_end {
	WORK_LEFT = 0, /* nobody began with it: there was no more time */
	WORK_DONE,
	WORK_DIED, /* the process ended */
	WORK_HUNG, /* it made no progress for hang_seconds, and was ended */
};

struct work {
	struct keybuf in, out;
	enum work_end end;
	int status; /* WORK_DIED: as of waitpid(2) */
};

struct workers_options {
	unsigned nr;         /* processes, at most WORKERS_MAX */
	double hang_seconds; /* processor seconds without progress (heartbeat.h); 0: never */
	/* In the worker: once, and its result is given to work. */
	void *(*begin)(const void *arg);
	const void *begin_arg;
	void (*work)(void *state, const struct keybuf *in, struct keybuf *out);
	/* In the parent, several times a second. True: begin no more pieces. */
	bool (*tick)(void *arg);
	/* In the parent, as soon as a piece has its end; may be NULL. */
	void (*done)(void *arg, struct work *work);
	void *arg; /* of these two */
	/* When tick stops it, do not wait for pieces that are under way; then nothing is left but workers_stop. */
	bool stop_at_once;
};

struct workers;

/* In a worker: not 0 when tick has said that it is over. Then a piece that takes long comes to its end. */
extern const volatile int *worker_over;

/* As many as there are processors. */
unsigned workers_nr_default(void);
/* Ends the program if processes cannot be had. */
struct workers *workers_start(const struct workers_options *options);
/* All of them, until each has its end. False: some were left. */
bool workers_do(struct workers *w, struct work *work, size_t nr);
/* Processor time of those that live. */
double workers_processor_seconds(const struct workers *w);
void workers_stop(struct workers *w);

void work_free(struct work *work);

#endif
