/* SPDX-License-Identifier: BSD-2-Clause */
/* env-sim.c - see env-sim.h. */
#include "harness/sim/env-sim.h"

#include <sys/time.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/env.h"
#include "engine/map.h"
#include "engine/thread.h"
#include "harness/sim/sim-inside.h"

void
env_sim_be(struct vm_thread *td)
{
	vm_curthread = td;
	td->held = 0;
	td->map_write = td->map_claim = false;
}

static void
env_point(struct vm_thread *td)
{
	sim_point_here(td->world);
	vm_curthread = td;
}

/* As in native.c: a thread that returns from a sleep runs after the wakeup. */
#ifdef WS_FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#define TSAN(call) call
#else
#define TSAN(call) ((void)0)
#endif

static void
env_sleep(struct vm_thread *td, struct vm_waitq *q, uint32_t seen)
{
	if (vm_waitq_sample(q) != seen)
		return;
	if (q->id == VM_CHANNEL_MAP_LOCK)
		sim_block(td->world, q->id);
	else
		sim_sleep(td->world, q->id);
	TSAN(__tsan_acquire(q));
	vm_curthread = td;
}

static void
env_wakeup(struct vm_waitq *q)
{
	struct sim *sim = vm_curthread->world;

	TSAN(__tsan_release(q));
	vm_waitq_advance(q);
	if (sim->now.enabled != sim->now.unfinished) /* otherwise no thread sleeps */
		sim_wakeup(sim, q->id);
}

/* Ends the run. The fiber stays suspended at this place, with all that it holds. */
VM_NORETURN static void
die(struct vm_thread *td, const char *text)
{
	vm_sync_abandon(td);
	sim_panic(td->world, text);
}

VM_NORETURN static void
env_panic(struct vm_thread *td, const char *what, const char *file, int line)
{
	struct sim *sim = td->world;
	const char *name = strrchr(file, '/');
	char text[256];

	(void)snprintf(text, sizeof(text), "%s (%s:%d)", what, name != NULL ? name + 1 : file, line);
	if (sim_inside(sim))
		die(td, text);
	fprintf(stderr, "panic: %s\n", text);
	abort();
}

const struct vm_env vm_env_sim = {
	.name = "simulated",
	.point = env_point,
	.sleep = env_sleep,
	.wakeup = env_wakeup,
	.panic = env_panic,
};

/* --- wild pointers --- */

/*
 * Runs on the fiber that crashed. The fiber stays suspended here, so the signal must stay unblocked for the fiber that
 * runs next. The owner's side has no run to end.
 */
static void
on_crash(int number)
{
	struct vm_thread *td = vm_curthread;
	char text[64];

	if (td != NULL && td->env == &vm_env_sim && sim_inside(td->world)) {
		(void)snprintf(text, sizeof(text), "it crashed: %s", strsignal(number));
		die(td, text);
	}
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* --- endless steps --- */

/*
 * The processor time that one step may take, in ticks. The operations are linear in the pages of the map, about a
 * microsecond a page. A process that has abandoned one endless step allows the next ones less time, because a program
 * with such a step usually has it in many states.
 */
#define TICK_US 20000
#ifdef WS_FIBER_ASAN
#define SLOWER 2
#else
#define SLOWER 1
#endif
#define FIRST_TICKS ((uint64_t)50 * SLOWER)
#define AGAIN_TICKS ((uint64_t)5 * SLOWER)
#define PAGES_OF_A_TICK ((uint64_t)1024 / SLOWER)
#define TICKS_MAX ((uint64_t)1000)

static struct {
	bool on;                 /* env_sim_catch_crashes was called */
	volatile bool engine;    /* the target is the engine, whose threads hold locks */
	volatile uint64_t ticks; /* allowed for one step, by the size of the map */
	uint64_t thrown;
} watch;

/* Abandons the step. Only a step on a fiber can be abandoned: the owner's code always ends. */
static void
on_tick(int number)
{
	static size_t seen_begun, seen_steps;
	static uint64_t ticks;
	static const char text[] = "the step does not end: it reaches no scheduling point";
	struct sim *sim = sim_watched;
	bool moved;

	(void)number;
	if (sim == NULL || !sim_inside(sim)) {
		ticks = 0;
		return;
	}
	moved = sim->nr_begun != seen_begun || sim->nr_steps != seen_steps;
	seen_begun = sim->nr_begun;
	seen_steps = sim->nr_steps;
	ticks = moved ? 0 : ticks + 1;
	if (ticks < watch.ticks + (watch.thrown > 0 ? AGAIN_TICKS : FIRST_TICKS))
		return;
	ticks = 0;
	watch.thrown++;
	if (watch.engine && vm_curthread != NULL && vm_curthread->world == sim)
		die(vm_curthread, text);
	sim_panic(sim, text);
}

void
env_sim_watch_steps(struct sim *sim, uint64_t pages)
{
	static pid_t watched; /* the process whose timer runs */
	const struct itimerval tick = { { .tv_usec = TICK_US }, { .tv_usec = TICK_US } };

	if (!watch.on)
		return;
	sim_watched = NULL;
	watch.engine = false;
	watch.ticks = pages / PAGES_OF_A_TICK < TICKS_MAX ? pages / PAGES_OF_A_TICK : TICKS_MAX;
	sim_watched = sim;
	if (watched == getpid())
		return;
	watched = getpid();
	(void)setitimer(ITIMER_VIRTUAL, &tick, NULL);
}

void
env_sim_watch_engine(void)
{
	watch.engine = true;
}

uint64_t
env_sim_steps_thrown(void)
{
	return watch.thrown;
}

void
env_sim_catch_crashes(void)
{
#ifndef WS_FIBER_TSAN
	struct sigaction tick = { .sa_handler = on_tick, .sa_flags = SA_NODEFER | SA_RESTART };

	(void)sigemptyset(&tick.sa_mask);
	(void)sigaction(SIGVTALRM, &tick, NULL);
	watch.on = true;
#else
	(void)on_tick;
#endif
#if !defined(WS_FIBER_ASAN) && !defined(WS_FIBER_TSAN)
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_NODEFER };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGSEGV, &action, NULL);
	(void)sigaction(SIGBUS, &action, NULL);
	(void)sigaction(SIGFPE, &action, NULL);
#else
	(void)on_crash;
#endif
}
