/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim-inside.h - the inside of the simulated world, private to sim.c, env-sim.c and run-step.h: what every step, every
 * scheduling point and every unlock goes through is here, so that it costs no call.
 *
 * ThreadSanitizer sees neither of the two files: they are built without it. Nor does it see what the owner does while
 * there is a sim: between two steps nobody runs, and looking at everything then is no race. What it sees is what the
 * fibers do, and the locks that order it. A run begins after all that was done before.
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
	bool fresh;     /* just started or woken: the next point belongs to this step */
	bool parked;    /* the fiber is at the end of its body and can be begun again as it is */
	unsigned channel;
};

struct sim {
	struct sim_now now; /* first */
	struct fiber owner;
	struct sim_thread *current; /* NULL: the owner runs */
	sim_body *body;
	void *arg;
	sim_pick *pick; /* NULL: each step ends at the owner */
	void *pick_arg;
	size_t nr_begun; /* by sim_step; this and nr_steps stand still while a step goes on */
	size_t nr_steps; /* of sim_run */
	size_t nr_steps_max;
	char panic[256];
#ifdef WS_FIBER_TSAN
	size_t nr_log; /* steps of this run; those behind SIM_LOG_MAX are not kept */
	uint8_t log[SIM_LOG_MAX];
#endif
	sim_stuck *stuck; /* NULL: none */
	void *stuck_arg;
	struct sim_thread threads[SIM_FIBERS_MAX];
};

/* The sim whose steps env-sim.c watches; NULL: none. */
extern struct sim *volatile sim_watched;

static inline uint32_t
sim_bit(unsigned thread)
{
	return (uint32_t)1 << thread;
}

/* Who made which step, for a report of ThreadSanitizer, which comes in the middle of one. */
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

/* The step of @t is over: to the owner, or under sim_run straight to whoever is picked, which may be @t itself. */
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
