/* SPDX-License-Identifier: BSD-2-Clause */
/* replay.c - see replay.h. */
#include "harness/run/replay.h"

#include <assert.h>

#include "harness/run/run-step.h"

static const char *
replay_why_not(const struct run *r, unsigned thread)
{
	if (thread >= r->program->nr_threads)
		return "there is no such thread";
	switch (sim_status(r->sim, thread)) {
	case SIM_SLEEPING:
		return "it sleeps";
	case SIM_DONE:
		return "it is finished";
	case SIM_IDLE:
	case SIM_READY:
		break;
	}
	return "it cannot";
}

static void
replay_step(struct run *r, unsigned thread, struct replay *how)
{
	assert(thread < r->program->nr_threads && (run_enabled(r) >> thread & 1) != 0);
	run_step_here(r, thread);
	how->nr_steps++;
	if (how->on_step != NULL)
		how->on_step(how->arg, r, how->nr_steps, thread);
}

/* Executes the steps of the schedule. False: one of them cannot run, and how->error is set. */
static bool
replay_follow(struct run *r, const struct schedule *s, unsigned *last, struct replay *how)
{
	struct schedule_walk w = { s };
	unsigned thread = 0;

	while (schedule_next(&w, &thread)) {
		uint32_t enabled = run_enabled(r);

		if ((enabled & (uint32_t)1 << thread) == 0) {
			if (!how->lenient) {
				strbuf_printf(&how->error, "step %zu of the schedule: T%u cannot run, %s",
				    how->nr_steps + 1, thread, replay_why_not(r, thread));
				return false;
			}
			how->nr_diverged++;
			if (enabled == 0)
				return true;
			thread = replay_default(enabled, *last);
		}
		replay_step(r, thread, how);
		*last = thread;
	}
	return true;
}

bool
replay(struct run *r, const struct schedule *s, struct replay *how)
{
	size_t steps_max = how->steps_max != 0 ? how->steps_max : STRATEGY_STEPS_MAX;
	unsigned last = 0;

	assert(how->error.len == 0);
	how->nr_steps = how->nr_diverged = 0;
	run_begin(r);
	if (!replay_follow(r, s, &last, how))
		return false;
	if (run_enabled(r) != 0 && !how->lenient) {
		strbuf_printf(&how->error, "the schedule ends after step %zu, but T%u can go on", how->nr_steps,
		    (unsigned)__builtin_ctz(run_enabled(r)));
		return false;
	}
	while (run_enabled(r) != 0 && how->nr_steps < steps_max) {
		last = replay_default(run_enabled(r), last);
		replay_step(r, last, how);
	}
	return true;
}

void
replay_record(void *schedule, struct run *r, size_t step, unsigned thread)
{
	(void)r;
	(void)step;
	schedule_append(schedule, thread);
}

void
replay_free(struct replay *how)
{
	strbuf_free(&how->error);
}
