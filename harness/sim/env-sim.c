/* SPDX-License-Identifier: BSD-2-Clause */
/* env-sim.c - see env-sim.h. */
#include "harness/sim/env-sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/env.h"
#include "engine/map.h"
#include "engine/thread.h"
#include "harness/sim/sim-inside.h"
#include "harness/sim/sim-watch.h"

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
env_die(struct vm_thread *td, const char *text)
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
		env_die(td, text);
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

/* The step of the running thread ends in the middle: the locks that it holds stay held. */
static void
env_abandon(struct sim *sim)
{
	if (vm_curthread != NULL && vm_curthread->env == &vm_env_sim && vm_curthread->world == sim)
		vm_sync_abandon(vm_curthread);
}

void
env_sim_watch_engine(void)
{
	sim_watch_abandon(env_abandon);
}
