/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simulator.h - the simulated world: threads as fibers on one OS thread, run one step at a time by whoever holds the
 *sim.
 *
 * A step of a thread runs from one scheduling point to the next. The points are: the start of the thread, sim_point()
 * before each acquisition of the map lock, and waking from sim_sleep(). The first sim_point() after the start or after
 * a wakeup belongs to the step that began there: resuming and taking the lock is one step. The end of an operation is
 * no point: the step goes on into the thread's next operation, up to its first sim_point().
 *
 * Between two points nobody else runs: a thread that drops its lock and takes it again has let others in at the
 * sim_point() before the taking, and nowhere else. A lock is therefore a flag, and taking it is
 *
 *	sim_point(sim);
 *	while (map->locked)		-- only if the lock is ever kept across a point
 *		sim_block(sim, CHANNEL_LOCK);
 *	map->locked = true;
 *
 * with sim_wakeup(sim, CHANNEL_LOCK) after releasing it. Waiting for a condition is: release the lock, sim_sleep, take
 * the lock, look again. Nothing can happen between the release and the sleep, so no wakeup is lost there.
 *
 * Two sides: the owner's (begin, enabled, step, ...), and the fiber's (point, sleep, wakeup), called by the target. A
 * target needs the latter only.
 */
#ifndef HARNESS_SIM_SIMULATOR_H
#define HARNESS_SIM_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program/program.h"

#define SIM_INIT_THREAD PROGRAM_THREADS_MAX /* runs the init and final steps, alone */
#define SIM_FIBERS_MAX (PROGRAM_THREADS_MAX + 1)
#define SIM_CHANNEL_NONE 0

struct sim;

enum sim_status {
	SIM_IDLE = 0, /* not begun */
	SIM_READY,    /* at a scheduling point, can make a step */
	SIM_SLEEPING, /* on a channel */
	SIM_DONE,     /* its body has returned */
};

typedef void sim_body(void *arg, unsigned thread);

/* --- the owner's side --- */

/* Never NULL: without memory for the stacks the process ends (memory.h). */
struct sim *sim_create(void);
void sim_destroy(struct sim *sim);

/* Throws away whatever runs and makes threads 0..nr_threads-1 ready at their start. */
void sim_begin(struct sim *sim, unsigned nr_threads, sim_body *body, void *arg);
/* The same for the init thread alone. */
void sim_begin_init(struct sim *sim, sim_body *body, void *arg);

/* What is asked at each step, and so is in line: every struct sim begins with it. */
struct sim_now {
	uint32_t enabled, unfinished;
	const char *panic;
};

static inline const struct sim_now *
sim_now(const struct sim *sim)
{
	return (const struct sim_now *)(const void *)sim;
}

/* Bit t: thread t is READY. */
static inline uint32_t
sim_enabled(const struct sim *sim)
{
	return sim_now(sim)->enabled;
}

/* Bit t: thread t is neither DONE nor IDLE. */
static inline uint32_t
sim_unfinished(const struct sim *sim)
{
	return sim_now(sim)->unfinished;
}

/*
 * What a fiber has died of (sim_panic), or NULL. Then nobody is enabled or unfinished any more: the run is over. Until
 * the next sim_begin.
 */
static inline const char *
sim_panic_text(const struct sim *sim)
{
	return sim_now(sim)->panic;
}

enum sim_status sim_status(const struct sim *sim, unsigned thread);
/* The channel a SLEEPING thread sleeps on, else SIM_CHANNEL_NONE. */
unsigned sim_channel(const struct sim *sim, unsigned thread);
/* Has it yet to go on from its start or from a sim_sleep(), so that its next sim_point() belongs to its next step? */
bool sim_fresh(const struct sim *sim, unsigned thread);
/* Lets READY thread @thread make one step. */
void sim_step(struct sim *sim, unsigned thread);

/*
 * What to do when no thread is READY and some are SLEEPING, at the end of the step that led there: @stuck may wake one
 * of them (sim_wake), and then it did not come to that. So it is a part of that step, and nobody sees the state
 * between. Called on any fiber. NULL: nothing, they sleep for ever. Stays until it is set again.
 */
typedef void sim_stuck(void *arg);
void sim_on_stuck(struct sim *sim, sim_stuck *stuck, void *arg);
/* Makes SLEEPING thread @thread ready, and no other sleeper of its channel. */
void sim_wake(struct sim *sim, unsigned thread);

/* Chooses one of the threads in @enabled, which is not 0. Called on any fiber: it must not look at the sim. */
typedef unsigned sim_pick(void *arg, uint32_t enabled);
/*
 * Steps whom @pick chooses, until nobody is enabled or @max steps are made; returns the steps. Twice as fast as a loop
 * of sim_step.
 */
size_t sim_run(struct sim *sim, sim_pick *pick, void *arg, size_t max);

/* --- the fiber's side: only from within a body --- */

/* Nothing makes sense any more: the run is over, and nobody returns. @what is copied. */
__attribute__((noreturn)) void sim_panic(struct sim *sim, const char *what);
/* Is a body running, so that sim_panic can be called? */
bool sim_inside(const struct sim *sim);

/* The running thread's number; SIM_INIT_THREAD on the init fiber. */
unsigned sim_self(const struct sim *sim);
/* A scheduling point: returns when this thread is next stepped. */
void sim_point(struct sim *sim);
/*
 * Sleeps on @channel (any number but 0: what it stands for is the target's business) until a wakeup of it; resuming and
 * the next sim_point() are one step. A wakeup before the sleep is not remembered. Let go of the lock first.
 */
void sim_sleep(struct sim *sim, unsigned channel);
/*
 * The same for a thread that has made its sim_point() and found the lock taken: when it resumes it looks again, with no
 * further sim_point() before it takes the lock.
 */
void sim_block(struct sim *sim, unsigned channel);
/* Makes all sleepers of @channel ready; the caller goes on. Callable from the owner's side too. */
void sim_wakeup(struct sim *sim, unsigned channel);

#ifdef WS_FIBER_TSAN
/*
 * In a build with ThreadSanitizer: called on the thread that it reports, with locks of its own held, after the report
 * was printed, and before it ends the process if it is to (halt_on_error=1). NULL: nothing.
 */
void sim_set_report_hook(void (*hook)(void *report));
#endif

#endif
