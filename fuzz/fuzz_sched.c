/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_sched.c - any bytes as a program of up to 4 threads and a schedule, run on the engine in the simulated world. It
 * aborts, with program and schedule, on whatever the checker finds that no quirk explains which is on in the program.
 */
#include <err.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "fuzz/icov.h"
#include "fuzz/input.h"
#include "harness/explore.h"
#include "harness/strategy.h"

#define THREADS_MAX 4
#define STEPS_MAX 4096 /* then a run is given up: short ones find the same, and more of them */

static struct sim *sim;
static struct run run;

/* The schedule of the run so far, for the report. */
static struct explore_path path;
static size_t path_cap;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_environment();
	icov_environment();
	sim = sim_create();
	if (sim == NULL)
		err(1, "no simulated world");
	return 0;
}

static void
report(struct program *p, const char *why)
{
	p->has_schedule = true;
	p->choices = path.choices;
	p->nr_choices = path.nr_choices;
	fuzz_fail(p, why);
}

static void
on_step(void *arg, struct run *r, size_t step, unsigned thread)
{
	const char *why = r->target->check(r->self);

	(void)step;
	path_append(&path, &path_cap, thread);
	icov_step(r, thread);
	if (why != NULL)
		report(arg, why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in;

	fuzz_input_decode(data, size, &in);
	path.nr_choices = 0;
	if (in.p.nr_threads <= THREADS_MAX) {
		if (run_open(&run, &in.p, &target_engine, sim) == RUN_OPENED) {
			icov_begin(&run);
			(void)strategy_bytes_upto(&run, in.choices, in.nr_choices, STEPS_MAX, on_step, &in.p);
		}
		run_close(&run);
	}
	fuzz_input_free(&in);
	return 0;
}
