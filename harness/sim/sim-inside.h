/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim-inside.h - the inside of the simulated world, private to sim-run.c, sim-watch.c, env-sim.c and run-step.h. Every
 * step, scheduling point and unlock runs through this code, so it is inline.
 *
 * The files of this room are built without ThreadSanitizer. It also ignores the owner's accesses while a sim exists:
 * no fiber runs between two steps, so the owner cannot race. It does see the fibers' accesses and the locks that order
 * them. All earlier accesses happen before a run.
 */
#ifndef HARNESS_SIM_SIM_INSIDE_H
#define HARNESS_SIM_SIM_INSIDE_H

#include <assert.h>

#include "harness/sim/fiber.h"
#include "harness/sim/simulator.h"

#define SIM_LOG_MAX 4096

struct sim_thread {
	struct fiber fiber;
	struct sim *sim;
	uint8_t number;
	uint8_t status; /* enum sim_status */
	bool fresh;     /* started or woken, and has not reached a point since: the next point does not end the step */
	bool parked;    /* at the end of its body; the fiber can be used again without a new start */
	unsigned channel;
};

struct sim {
	struct sim_now now; /* must be the first member */
	struct fiber owner;
	struct sim_thread *current; /* NULL: the owner runs */
	sim_body *body;
	void *arg;
	sim_pick *pick; /* NULL: each step returns to the owner */
	void *pick_arg;
	size_t nr_begun; /* steps begun by sim_step; this and nr_steps do not change during a step */
	size_t nr_steps; /* steps of sim_run */
	size_t nr_steps_max;
	char panic[256];
#ifdef WS_FIBER_TSAN
	size_t nr_log; /* steps of this run; only the first SIM_LOG_MAX are logged */
	uint8_t log[SIM_LOG_MAX];
#endif
	sim_stuck *stuck; /* NULL: none */
	void *stuck_arg;
	struct sim_thread threads[SIM_FIBERS_MAX];
};

/* The sim whose steps sim-watch.c watches; NULL: none. */
extern struct sim *volatile sim_watched;

static inline uint32_t
sim_bit(unsigned thread)
{
	return (uint32_t)1 << thread;
}

/* Records the thread of a step, for a ThreadSanitizer report in the middle of a later step. */
static inline void
sim_log(struct sim *sim, const struct sim_thread *t)
{
#ifdef WS_FIBER_TSAN
	if (sim->nr_log < SIM_LOG_MAX)
		sim->log[sim->nr_log] = t->number;
	sim->nr_log++;
#else
	(void)sim;
	(void)t;
#endif
}

static inline void
sim_to_owner(struct sim *sim, struct sim_thread *t)
{
	sim->current = NULL;
	fiber_switch(&t->fiber, &sim->owner);
}

/* Ends the step of @t: switches to the owner, or under sim_run straight to the next chosen thread, which may be @t. */
static inline void
sim_leave(struct sim *sim, struct sim_thread *t)
{
	struct sim_thread *next;

	if (sim->now.enabled == 0 && sim->now.unfinished != 0 && sim->stuck != NULL) {
		fiber_unseen_begin();
		sim->stuck(sim->stuck_arg);
		fiber_unseen_end();
	}
	if (sim->pick == NULL || sim->now.enabled == 0 || sim->nr_steps == sim->nr_steps_max) {
		sim_to_owner(sim, t);
		return;
	}
	fiber_unseen_begin();
	next = &sim->threads[sim->pick(sim->pick_arg, sim->now.enabled)];
	fiber_unseen_end();
	sim->nr_steps++;
	sim->current = next;
	sim_log(sim, next);
	if (next != t)
		fiber_switch(&t->fiber, &next->fiber);
}

/* sim_step() */
static inline void
sim_step_here(struct sim *sim, unsigned thread)
{
	struct sim_thread *t = &sim->threads[thread];

	assert(sim->current == NULL && (sim->now.enabled & sim_bit(thread)) != 0);
	sim->nr_begun++;
	sim->current = t;
	sim_log(sim, t);
	fiber_switch(&sim->owner, &t->fiber);
}

/* sim_point() */
static inline void
sim_point_here(struct sim *sim)
{
	struct sim_thread *t = sim->current;

	if (t->fresh)
		t->fresh = false;
	else
		sim_leave(sim, t);
}

#endif
