/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.h - the world of a stress run: the native world, and a record of which threads run or sleep, and where.
 *
 * The record is used for:
 *
 *   stops     The main thread can stop all others, wherever they are in their operations: at their next scheduling
 *             point, or asleep. The map lock is free then, and the invariants hold, as between two steps of the
 *             simulated world.
 *   shortage  When all threads sleep and some of them wait for a page frame (channel F), none will become free. The
 *             lowest-numbered of these fails with KERN_RESOURCE_SHORTAGE, as in the simulated world.
 *   deadlock  When all threads sleep and none waits for a frame, no thread will ever wake.
 *   chaos     A thread yields before some locks and after some wakeups.
 *   order     Each passed scheduling point gets a number: approximately the order of the steps.
 *
 * The record uses relaxed atomics where possible, so that ThreadSanitizer does not treat it as a lock.
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
#define WORLD_POINTS_MAX 1024 /* numbered per thread and round */
#define WORLD_CACHE_LINE 64

enum world_status {
	WORLD_OUT = 0, /* not in the round: not started, ended, or waiting for the next round */
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
	_Atomic bool absent;              /* out, about to sleep, or asleep: not counted in nr_awake */
	_Atomic(struct vm_waitq *) queue; /* absent: the queue it sleeps on; NULL: it is out */
	_Atomic uint32_t seen;            /* absent: the queue's count that it sleeps with */
	_Atomic uint32_t nr_runs;         /* how often it started or continued to run */
	_Atomic uint64_t nr_waits[VM_CHANNEL_COUNT];
	_Atomic uint64_t nr_wakeups;

	/* Only the thread writes these; others read them when all threads have stopped. */
	unsigned nr_points; /* numbered since world_round(); may exceed WORLD_POINTS_MAX, the rest is not kept */
	uint32_t points[WORLD_POINTS_MAX];
};

struct world {
	vm_map_t map;
	unsigned nr_threads;
	struct world_thread *threads[WORLD_THREADS_MAX];
	unsigned chaos;                          /* percent */
	void (*on_point)(struct world_thread *); /* NULL, or called at each scheduling point: for tests */
	_Atomic bool stop;
	_Atomic uint32_t generation; /* changed when a stop ends; stopped threads sleep on it */
	_Atomic unsigned nr_awake;   /* threads that are not absent */
	_Atomic uint64_t
	    decided; /* the sum of nr_runs when all threads were last asleep and one of them was told to fail */
	_Atomic uint32_t nr_steps; /* number of the next point, over all threads */
	double watched, looked;    /* world_watched */
};

void world_init(struct world *w, vm_map_t map, unsigned chaos);
/* Adds a thread, in state OUT. Call it before any thread runs. */
void world_add(struct world *w, struct world_thread *t);

/* --- called on the thread itself --- */

/* Makes @t the running thread, in this world. */
void world_thread_init(struct world_thread *t);
/* From OUT to RUNNING, and back. */
void world_enter(struct world_thread *t);
void world_leave(struct world_thread *t);
/* If a stop is requested, the thread stops here. */
void world_gate(struct world_thread *t);

/* --- called on the main thread, or on the only thread that is not OUT --- */

/* Restarts the numbering of scheduling points. */
void world_round(struct world *w);

/* --- called on the main thread --- */

/*
 * A clock for watchdogs that does not run while the whole process is stopped or gets no processor, because the threads
 * make no progress then either. The time between two calls counts as half a second at most.
 */
double world_watched(struct world *w);
/*
 * Asks all threads to stop, and waits until they have stopped, for @timeout_s at most. False: a thread still runs. Call
 * world_resume in both cases.
 */
bool world_stop(struct world *w, double timeout_s);
void world_resume(struct world *w);
/* The channel (VM_CHANNEL_*) on which the thread sleeps without a wakeup on its way; 0: it does not sleep. */
unsigned world_sleeps_on(const struct world_thread *t);
/* Do all threads that have not ended sleep, with no wakeup on its way? */
bool world_deadlocked(const struct world *w);

#endif
