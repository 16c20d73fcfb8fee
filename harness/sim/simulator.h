/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simulator.h - the simulated world: threads are fibers on one OS thread. The owner of the *sim runs them one step at a
 * time.
 *
 * A step of a thread runs from one scheduling point to the next. The points are: the start of the thread, sim_point()
 * before each acquisition of the map lock, and waking from sim_sleep(). The first sim_point() after the start or after
 * a wakeup belongs to the step that started there: resuming and taking the lock is one step. The end of an operation is
 * not a point: the step goes on into the thread's next operation, up to its first sim_point().
 *
 * No other thread runs between two points. A thread that releases its lock and takes it again lets others run only at
 * the sim_point() before it takes the lock. A lock is therefore a flag, and taking it is
 *
 *	sim_point(sim);
 *	while (map->locked)		-- only if the lock is ever kept across a point
 *		sim_block(sim, CHANNEL_LOCK);
 *	map->locked = true;
 *
 * with sim_wakeup(sim, CHANNEL_LOCK) after releasing it. To wait for a condition: release the lock, call sim_sleep,
 * take the lock, test again. No thread runs between the release and the sleep, so no wakeup is lost there.
 *
 * There are two sides: the owner's (begin, enabled, step, ...) and the fiber's (point, sleep, wakeup). A target needs
 * the fiber's side only.
 */
#ifndef HARNESS_SIM_SIMULATOR_H
#define HARNESS_SIM_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program/program.h"

#define SIM_INIT_THREAD PROGRAM_THREADS_MAX /* runs the init and final steps, while no other thread runs */
#define SIM_FIBERS_MAX (PROGRAM_THREADS_MAX + 1)
#define SIM_CHANNEL_NONE 0

struct sim;

enum sim_status {
	SIM_IDLE = 0, /* not started */
	SIM_READY,    /* at a scheduling point: can take a step */
	SIM_SLEEPING, /* on a channel */
	SIM_DONE,     /* its body returned */
};

typedef void sim_body(void *arg, unsigned thread);

/* --- the owner's side --- */

/* Never returns NULL: the process ends if there is no memory for the stacks (memory.h). */
struct sim *sim_create(void);
void sim_destroy(struct sim *sim);

/* Abandons whatever is running, and makes threads 0..nr_threads-1 ready at their start. */
void sim_begin(struct sim *sim, unsigned nr_threads, sim_body *body, void *arg);
/* As sim_begin, for the init thread alone. */
void sim_begin_init(struct sim *sim, sim_body *body, void *arg);

/* What callers ask at each step. Every struct sim starts with it, so that the accessors are inline. */
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
 * Why a fiber panicked (sim_panic), or NULL. After a panic the run is over: no thread is enabled or unfinished until
 * the next sim_begin.
 */
static inline const char *
sim_panic_text(const struct sim *sim)
{
	return sim_now(sim)->panic;
}

enum sim_status sim_status(const struct sim *sim, unsigned thread);
/* The channel on which a SLEEPING thread sleeps; SIM_CHANNEL_NONE for any other thread. */
unsigned sim_channel(const struct sim *sim, unsigned thread);
/* Is the thread at its start or in a sim_sleep(), so that its next sim_point() does not end its next step? */
bool sim_fresh(const struct sim *sim, unsigned thread);
/* Runs one step of READY thread @thread. */
void sim_step(struct sim *sim, unsigned thread);

/*
 * Called when no thread is READY and some are SLEEPING. @stuck may wake one of them (sim_wake), and the run then goes
 * on. The call is a part of the step that led there: the owner never sees the state between the two. Called on any
 * fiber. NULL: the threads sleep forever. The setting stays until the next call.
 */
typedef void sim_stuck(void *arg);
void sim_on_stuck(struct sim *sim, sim_stuck *stuck, void *arg);
/* Makes only SLEEPING thread @thread ready, and no other sleeper of its channel. */
void sim_wake(struct sim *sim, unsigned thread);

/* Chooses one of the threads in @enabled, which is not 0. Called on any fiber, so it must not access the sim. */
typedef unsigned sim_pick(void *arg, uint32_t enabled);
/*
 * Runs steps of the threads that @pick chooses, until no thread is enabled or @max steps are done. Returns the number
 * of steps. Twice as fast as a loop of sim_step.
 */
size_t sim_run(struct sim *sim, sim_pick *pick, void *arg, size_t max);

/* --- the fiber's side: call these only from within a body --- */

/* Ends the run, because the state makes no sense. Never returns. @what is copied. */
__attribute__((noreturn)) void sim_panic(struct sim *sim, const char *what);
/* Is a body running, so that sim_panic can be called? */
bool sim_inside(const struct sim *sim);

/* The running thread's number; SIM_INIT_THREAD on the init fiber. */
unsigned sim_self(const struct sim *sim);
/* A scheduling point: returns at this thread's next step. */
void sim_point(struct sim *sim);
/*
 * Sleeps on @channel until a wakeup of it. Any number but 0 is a channel; the target gives it its meaning. Resuming and
 * the next sim_point() are one step. A wakeup before the sleep is not remembered. Release the lock first.
 */
void sim_sleep(struct sim *sim, unsigned channel);
/*
 * As sim_sleep, for a thread that has passed its sim_point() and found the lock taken. When it resumes, it tests the
 * lock again without another sim_point().
 */
void sim_block(struct sim *sim, unsigned channel);
/* Makes all sleepers of @channel ready; the caller continues. The owner may call it, too. */
void sim_wakeup(struct sim *sim, unsigned channel);

struct keybuf;
/*
 * For the state key of code that keeps its variables on the stack: appends what suspended thread @thread has on its
 * stack, registers included, from where it is suspended up to @top, an address in a frame of it. The owner's side. The
 * bytes between the variables are in it as well: call sim_stack_wipe so that they do not depend on the past.
 */
void sim_stack_key(const struct sim *sim, unsigned thread, const void *top, struct keybuf *out);
/* The used stack of a suspended thread: *size bytes from the result on; after a panic none. */
const void *sim_stack(const struct sim *sim, unsigned thread, size_t *size);
/* Clears the unused stack below the caller, on any fiber: call it after each return from a scheduling point. */
void sim_stack_wipe(void);

#ifdef WS_FIBER_TSAN
/*
 * Sets a hook for ThreadSanitizer builds. It runs on the reported thread, which holds locks, after the report is
 * printed and before the process ends (halt_on_error=1). NULL: no hook.
 */
void sim_set_report_hook(void (*hook)(void *report));
#endif

#endif
