/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim-run.c - the simulated world: see simulator.h. The owner runs on the calling context and switches to a thread's
 * fiber for one step. The fiber switches back at its next scheduling point, when it goes to sleep, and when its body
 * returns.
 */
#include "harness/sim/simulator.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/sim/sim-inside.h"

/* The life of a fiber: runs one body after the other; a step starts each. */
static void
sim_thread_main(void *arg)
{
	struct sim_thread *t = arg;
	struct sim *sim = t->sim;

	for (;;) {
		t->parked = false;
		sim->body(sim->arg, t->number);
		t->status = SIM_DONE;
		sim->now.enabled &= ~sim_bit(t->number);
		sim->now.unfinished &= ~sim_bit(t->number);
		t->parked = true;
		sim_leave(sim, t);
	}
}

#ifdef WS_FIBER_TSAN
static struct sim *reported;            /* the sim whose schedule a report prints */
static _Thread_local unsigned nr_alive; /* number of sims of this OS thread; while there are any, accesses of their
                                         * owner are ignored */

/* A program may exit without destroying its sims. */
static void
sim_end_alive(void)
{
	for (; nr_alive > 0; nr_alive--)
		fiber_unseen_end();
}

static void
sim_owner_begin(void)
{
	static bool registered;

	if (!registered)
		(void)atexit(sim_end_alive);
	registered = true;
	nr_alive++;
	fiber_unseen_begin();
}

static void
sim_owner_end(void)
{
	nr_alive--;
	fiber_unseen_end();
}

static void
sim_log_begin(struct sim *sim)
{
	sim->nr_log = 0;
	reported = sim;
}

static void
sim_log_end(struct sim *sim)
{
	if (reported == sim)
		reported = NULL;
}

static void (*report_hook)(void *report);

void
sim_set_report_hook(void (*hook)(void *report))
{
	report_hook = hook;
}

/* ThreadSanitizer calls it with each report. It prints the schedule of a race in the simulated world. */
void __tsan_on_report(void *report);
WS_FIBER_UNINSTRUMENTED void
__tsan_on_report(void *report)
{
	struct sim *sim = reported;

	if (report_hook != NULL)
		report_hook(report);
	if (sim == NULL || sim->current == NULL)
		return;
	fprintf(stderr, "in step %zu of the schedule ", sim->nr_log);
	for (size_t i = 0, n; i < sim->nr_log && i < SIM_LOG_MAX; i += n) {
		for (n = 1; i + n < sim->nr_log && i + n < SIM_LOG_MAX && sim->log[i + n] == sim->log[i];)
			n++;
		fprintf(stderr, n == 1 ? "%sT%u" : "%sT%u*%zu", i == 0 ? "" : " ", sim->log[i], n);
	}
	fputs(sim->nr_log > SIM_LOG_MAX ? " ... (it is longer)\n" : "\n", stderr);
}
#else
static void
sim_owner_begin(void)
{
}

static void
sim_owner_end(void)
{
}

static void
sim_log_begin(struct sim *sim)
{
	(void)sim;
}

static void
sim_log_end(struct sim *sim)
{
	(void)sim;
}
#endif

/* Orders all accesses of the fibers in the last run before what follows. */
static void
sim_meet_all(struct sim *sim)
{
	for (unsigned i = 0; i < SIM_FIBERS_MAX; i++)
		if (sim->threads[i].status != SIM_IDLE)
			fiber_meet(&sim->threads[i].fiber);
}

struct sim *
sim_create(void)
{
	static const char *const names[SIM_FIBERS_MAX] = { "T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9",
		"T10", "T11", "T12", "T13", "T14", "T15", [SIM_INIT_THREAD] = "init" };
	struct sim *sim = memory_new(1, sizeof(*sim), "the simulated world");

	sim_owner_begin();
	for (unsigned i = 0; i < SIM_FIBERS_MAX; i++) {
		struct sim_thread *t = &sim->threads[i];

		if (!fiber_init(&t->fiber))
			memory_out("the stack of a thread");
		t->sim = sim;
		t->number = (uint8_t)i;
		fiber_name(&t->fiber, names[i]);
		fiber_start(&t->fiber, sim_thread_main, t);
		t->parked = true;
	}
	return sim;
}

struct sim *volatile sim_watched;

void
sim_destroy(struct sim *sim)
{
	if (sim_watched == sim)
		sim_watched = NULL;
	sim_log_end(sim);
	sim_meet_all(sim);
	for (unsigned i = 0; i < SIM_FIBERS_MAX; i++)
		fiber_fini(&sim->threads[i].fiber);
	free(sim);
	sim_owner_end();
}

static void
sim_make_ready(struct sim *sim, unsigned thread)
{
	struct sim_thread *t = &sim->threads[thread];

	assert(thread < SIM_FIBERS_MAX && t->sim == sim);
	/*
	 * A suspended fiber is abandoned: its next step starts at the beginning. A fiber whose body has ended continues
	 * in sim_thread_main's loop.
	 */
	if (!t->parked) {
		fiber_start(&t->fiber, sim_thread_main, t);
		t->parked = true;
	}
	t->status = SIM_READY;
	t->fresh = true;
	t->channel = SIM_CHANNEL_NONE;
	sim->now.enabled |= sim_bit(thread);
	sim->now.unfinished |= sim_bit(thread);
}

static void
sim_start_bodies(struct sim *sim, sim_body *body, void *arg)
{
	assert(sim->current == NULL);
	sim_meet_all(sim);
	sim->body = body;
	sim->arg = arg;
	sim->now.enabled = sim->now.unfinished = 0;
	sim->now.panic = NULL;
	for (unsigned i = 0; i < SIM_FIBERS_MAX; i++)
		sim->threads[i].status = SIM_IDLE;
}

void
sim_begin(struct sim *sim, unsigned nr_threads, sim_body *body, void *arg)
{
	assert(nr_threads <= PROGRAM_THREADS_MAX);
	sim_start_bodies(sim, body, arg);
	for (unsigned i = 0; i < nr_threads; i++)
		sim_make_ready(sim, i);
	for (unsigned i = 0; i < nr_threads; i++)
		fiber_meet(&sim->threads[i].fiber);
	assert((sim->now.enabled & sim_bit(SIM_INIT_THREAD)) == 0 && sim->now.panic == NULL);
	sim_log_begin(sim);
}

void
sim_begin_init(struct sim *sim, sim_body *body, void *arg)
{
	sim_start_bodies(sim, body, arg);
	sim_make_ready(sim, SIM_INIT_THREAD);
	fiber_meet(&sim->threads[SIM_INIT_THREAD].fiber);
	assert(sim->now.enabled == sim_bit(SIM_INIT_THREAD) && sim->now.panic == NULL);
	sim_log_begin(sim);
}

bool
sim_inside(const struct sim *sim)
{
	return sim->current != NULL;
}

void
sim_panic(struct sim *sim, const char *what)
{
	struct sim_thread *t = sim->current;

	assert(t != NULL);
	(void)snprintf(sim->panic, sizeof(sim->panic), "%s", what);
	sim->now.panic = sim->panic;
	sim->now.enabled = sim->now.unfinished = 0;
	/* The fiber stays suspended here; the next start abandons it. */
	sim_to_owner(sim, t);
	abort();
}

enum sim_status
sim_status(const struct sim *sim, unsigned thread)
{
	return (enum sim_status)sim->threads[thread].status;
}

unsigned
sim_channel(const struct sim *sim, unsigned thread)
{
	return sim->threads[thread].channel;
}

bool
sim_fresh(const struct sim *sim, unsigned thread)
{
	return sim->threads[thread].fresh;
}

void
sim_step(struct sim *sim, unsigned thread)
{
	sim_step_here(sim, thread);
}

void
sim_on_stuck(struct sim *sim, sim_stuck *stuck, void *arg)
{
	sim->stuck = stuck;
	sim->stuck_arg = arg;
}

size_t
sim_run(struct sim *sim, sim_pick *pick, void *arg, size_t max)
{
	assert(sim->current == NULL);
	sim->pick = pick;
	sim->pick_arg = arg;
	sim->nr_steps = 0;
	sim->nr_steps_max = max;
	while (sim->now.enabled != 0 && sim->nr_steps < max) {
		sim->nr_steps++;
		sim_step(sim, pick(arg, sim->now.enabled));
	}
	assert(sim->current == NULL && sim->nr_steps <= max);
	sim->pick = NULL;
	return sim->nr_steps;
}

unsigned
sim_self(const struct sim *sim)
{
	assert(sim->current != NULL);
	return sim->current->number;
}

void
sim_point(struct sim *sim)
{
	sim_point_here(sim);
}

/*
 * Puts the running thread to sleep on @channel until a wakeup. @fresh: its first point after the wakeup does not end
 * the step.
 */
static void
sim_sleep_on(struct sim *sim, unsigned channel, bool fresh)
{
	struct sim_thread *t = sim->current;

	assert(channel != SIM_CHANNEL_NONE);
	t->status = SIM_SLEEPING;
	t->channel = channel;
	t->fresh = fresh;
	sim->now.enabled &= ~sim_bit(t->number);
	sim_leave(sim, t);
}

void
sim_sleep(struct sim *sim, unsigned channel)
{
	sim_sleep_on(sim, channel, true);
}

void
sim_block(struct sim *sim, unsigned channel)
{
	sim_sleep_on(sim, channel, false);
}

void
sim_wake(struct sim *sim, unsigned thread)
{
	struct sim_thread *t = &sim->threads[thread];

	assert(t->status == SIM_SLEEPING);
	t->status = SIM_READY;
	t->channel = SIM_CHANNEL_NONE;
	sim->now.enabled |= sim_bit(thread);
}

void
sim_wakeup(struct sim *sim, unsigned channel)
{
	uint32_t sleeping = sim->now.unfinished & ~sim->now.enabled;

	while (sleeping != 0) {
		unsigned i = (unsigned)__builtin_ctz(sleeping);

		sleeping &= sleeping - 1;
		if (sim->threads[i].channel == channel)
			sim_wake(sim, i);
	}
}
