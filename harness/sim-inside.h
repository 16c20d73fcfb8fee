/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim-inside.h - the inside of the simulated world, private to sim.c and env-sim.c: what every scheduling point and
 * every unlock goes through is here, so that it costs no call.
 */
#ifndef HARNESS_SIM_INSIDE_H
#define HARNESS_SIM_INSIDE_H

#include "harness/fiber.h"
#include "harness/sim.h"

struct sim_thread {
	struct fiber fiber;
	struct sim *sim;
	uint8_t number;
	uint8_t status; /* enum sim_status */
	bool fresh;     /* just started or woken: the next point belongs to this step */
	bool parked;    /* the fiber is at the end of its body and can be begun again as it is */
	unsigned channel;
};

struct sim {
	struct fiber owner;
	struct sim_thread *current; /* NULL: the owner runs */
	uint32_t enabled;           /* bit t: thread t is READY */
	uint32_t unfinished;        /* bit t: thread t is READY or SLEEPING */
	sim_body *body;
	void *arg;
	sim_pick *pick; /* NULL: each step ends at the owner */
	void *pick_arg;
	size_t nr_steps; /* of sim_run */
	size_t nr_steps_max;
	bool panicked;
	char panic[256];
	sim_stuck *stuck; /* NULL: none */
	void *stuck_arg;
	char began, left; /* what happens on the owner before the threads begin; on a thread before it leaves */
	struct sim_thread threads[SIM_FIBERS_MAX];
};

static inline uint32_t
sim_bit(unsigned thread)
{
	return (uint32_t)1 << thread;
}

static inline void
sim_to_owner(struct sim *sim, struct sim_thread *t)
{
	sim->current = NULL;
	fiber_switch(&t->fiber, &sim->owner);
}

/* The step of @t is over: to the owner, or under sim_run straight to whoever is picked, which may be @t itself. */
static inline void
sim_leave(struct sim *sim, struct sim_thread *t)
{
	struct sim_thread *next;

	fiber_publish(&sim->left);
	if (sim->enabled == 0 && sim->unfinished != 0 && sim->stuck != NULL)
		sim->stuck(sim->stuck_arg);
	if (sim->pick == NULL || sim->enabled == 0 || sim->nr_steps == sim->nr_steps_max) {
		sim_to_owner(sim, t);
		return;
	}
	next = &sim->threads[sim->pick(sim->pick_arg, sim->enabled)];
	sim->nr_steps++;
	sim->current = next;
	if (next != t)
		fiber_switch(&t->fiber, &next->fiber);
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
