/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.h - the world of a stress run: the native one, and a record of who runs, who sleeps and where.
 *
 * What that record is for:
 *
 *   stops     The main thread can stop all others, wherever they are in their operations: at their next scheduling
 *             point, or asleep. The map lock is free then, and the invariants hold, as between two steps of the
 *             simulated world.
 *   shortage  When all threads sleep and some of them wait for a page frame (channel F), none will come. The lowest of
 *             those is told so and fails with KERN_RESOURCE_SHORTAGE, as in the simulated world.
 *   deadlock  When all threads sleep and none waits for a frame, nobody will wake anybody.
 *   chaos     A thread yields before some locks and after some wakeups.
 *   order     Each scheduling point that is passed gets a number: about the order in which the steps were made.
 *
 * The record is made of relaxed atomics wherever it can be, so that ThreadSanitizer does not take it for a lock.
 */
#ifndef STRESS_WORLD_H
#define STRESS_WORLD_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/map.h"
#include "engine/thread.h"
#include "harness/base/base.h"

#define WORLD_THREADS_MAX 64
#define WORLD_CHANNELS (VM_WAITQ_FRAME + 1) /* by VM_WAITQ_*; 0 is none */
#define WORLD_POINTS_MAX 1024               /* numbered per thread and round */
#define WORLD_CACHE_LINE 64

enum world_status {
	WORLD_OUT = 0, /* does not take part: has not begun, has ended, or waits for the next round */
	WORLD_RUNNING,
	WORLD_STOPPED,
	WORLD_ASLEEP,
};

struct world;

struct world_thread {
	alignas(WORLD_CACHE_LINE) struct vm_thread td;
	struct world *world;
	struct prng chaos;
	_Atomic(enum world_status) status;
	_Atomic bool absent;              /* out, or about to sleep, or asleep: it is not among the awake */
	_Atomic(struct vm_waitq *) queue; /* absent: where it sleeps; NULL: it is out */
	_Atomic uint32_t seen;            /* absent: the queue's count when it looked */
	_Atomic uint32_t nr_runs;         /* how often it began to run, or went on */
	_Atomic uint64_t nr_waits[WORLD_CHANNELS];
	_Atomic uint64_t nr_wakeups;

	/* the thread's own; others look when all are stopped */
	unsigned nr_points; /* numbered since world_round(); may pass WORLD_POINTS_MAX, the rest is not kept */
	uint32_t points[WORLD_POINTS_MAX];
};

struct world {
	vm_map_t map;
	unsigned nr_threads;
	struct world_thread *threads[WORLD_THREADS_MAX];
	unsigned chaos;                          /* percent */
	void (*on_point)(struct world_thread *); /* NULL, or called at each scheduling point: for tests */
	_Atomic bool stop;
	_Atomic uint32_t generation; /* moved when a stop ends; the stopped sleep on it */
	_Atomic unsigned nr_awake;   /* threads that are not absent */
	_Atomic uint64_t decided;    /* the last time at which nobody was awake and one was told, as a sum of nr_runs */
	_Atomic uint32_t nr_steps;   /* of all threads: the number of the next point */
	double watched, looked;      /* world_watched */
};

void world_init(struct world *w, vm_map_t map, unsigned chaos);
/* The thread joins, OUT for now. Before any of them runs. */
void world_add(struct world *w, struct world_thread *t);

/* --- on the thread itself --- */

/* The running thread is @t, from now on in this world. */
void world_thread_init(struct world_thread *t);
/* OUT to RUNNING, and back. */
void world_enter(struct world_thread *t);
void world_leave(struct world_thread *t);
/* Stops here, if a stop is asked for. */
void world_gate(struct world_thread *t);

/* --- on the main thread, or on the only thread that is not OUT --- */

/* The numbers begin again. */
void world_round(struct world *w);

/* --- on the main thread --- */

/*
 * Seconds in which somebody watched. Watchdogs count these: while the whole process is stopped, or gets no processor,
 * nobody looks, and the threads cannot make progress either. A gap between two looks counts half a second at most.
 */
double world_watched(struct world *w);
/*
 * Asks all to stop, and waits until they have, for @timeout_s at most. False: somebody goes on. In either case
 * world_resume is due.
 */
bool world_stop(struct world *w, double timeout_s);
void world_resume(struct world *w);
/* The channel (VM_WAITQ_*) on which the thread sleeps, not to be woken by what was done so far; 0: it does not. */
unsigned world_sleeps_on(const struct world_thread *t);
/* Is nobody awake, and will nobody be woken, though some have not ended? */
bool world_deadlocked(const struct world *w);

#endif
