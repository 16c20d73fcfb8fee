/* SPDX-License-Identifier: BSD-2-Clause */
/* env-sim.c - see env-sim.h. */
#include "harness/env-sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/env.h"
#include "engine/map.h"
#include "engine/thread.h"
#include "harness/sim-inside.h"

static void
env_point(struct vm_thread *td)
{
	sim_point_here(td->world);
	vm_curthread = td;
}

static void
env_sleep(struct vm_thread *td, struct vm_waitq *q, uint32_t seen)
{
	if (vm_waitq_sample(q) != seen)
		return;
	if (q->id == VM_WAITQ_MAP_LOCK)
		sim_block(td->world, q->id);
	else
		sim_sleep(td->world, q->id);
	vm_curthread = td;
}

static void
env_wakeup(struct vm_waitq *q)
{
	struct sim *sim = vm_curthread->world;

	vm_waitq_advance(q);
	if (sim->enabled != sim->unfinished) /* else nobody sleeps */
		sim_wakeup(sim, q->id);
}

VM_NORETURN static void
env_panic(struct vm_thread *td, const char *what, const char *file, int line)
{
	struct sim *sim = td->world;
	const char *name = strrchr(file, '/');
	char text[256];

	(void)snprintf(text, sizeof(text), "%s (%s:%d)", what, name != NULL ? name + 1 : file, line);
	if (sim_inside(sim))
		sim_panic(sim, text);
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
