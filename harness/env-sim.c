/* SPDX-License-Identifier: BSD-2-Clause */
/* env-sim.c - see env-sim.h. */
#include "harness/env-sim.h"

#include <sys/time.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/env.h"
#include "engine/map.h"
#include "engine/thread.h"
#include "harness/sim-inside.h"

void
env_sim_be(struct vm_thread *td)
{
	vm_curthread = td;
	td->held = 0;
	td->map_write = false;
}

static void
env_point(struct vm_thread *td)
{
	sim_point_here(td->world);
	vm_curthread = td;
}

/* As native.c: whoever returns from a sleep comes after the wakeup. */
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
	if (q->id == VM_WAITQ_MAP_LOCK)
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
	if (sim->now.enabled != sim->now.unfinished) /* else nobody sleeps */
		sim_wakeup(sim, q->id);
}

/* The run ends here. The fiber is left where it is, and with it what it holds. */
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
 * On the fiber that has it; which is left where it is, so the signal stays as it was for whoever runs next. On the
 * owner's side there is no run that could end.
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

#ifdef WS_FIBER_ASAN
#define STEP_SECONDS 10 /* a step is some times slower */
#else
#define STEP_SECONDS 5
#endif

static bool watches_steps;

/* Once in a second of processor time. Only what is on a fiber can be thrown away. */
static void
on_tick(int number)
{
	static size_t seen_begun, seen_steps;
	static unsigned ticks;
	struct vm_thread *td = vm_curthread;
	const struct sim *sim = td != NULL && td->env == &vm_env_sim ? td->world : NULL;
	char text[64];

	(void)number;
	if (sim == NULL || !sim_inside(sim) || sim->nr_begun != seen_begun || sim->nr_steps != seen_steps)
		ticks = 0;
	if (sim == NULL)
		return;
	seen_begun = sim->nr_begun;
	seen_steps = sim->nr_steps;
	if (!sim_inside(sim) || ++ticks <= STEP_SECONDS)
		return;
	ticks = 0;
	(void)snprintf(text, sizeof(text), "the step does not end: %d s of processor time", STEP_SECONDS);
	die(td, text);
}

void
env_sim_watch_steps(void)
{
	static pid_t watched; /* the process that has its timer */
	const struct itimerval second = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	if (!watches_steps || watched == getpid())
		return;
	watched = getpid();
	(void)setitimer(ITIMER_VIRTUAL, &second, NULL);
}

void
env_sim_catch_crashes(void)
{
#ifndef WS_FIBER_TSAN
	struct sigaction tick = { .sa_handler = on_tick, .sa_flags = SA_NODEFER | SA_RESTART };

	(void)sigemptyset(&tick.sa_mask);
	(void)sigaction(SIGVTALRM, &tick, NULL);
	watches_steps = true;
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
