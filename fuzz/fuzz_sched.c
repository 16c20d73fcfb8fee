/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_sched.c - any bytes as a program of up to 4 threads and a schedule, run on the target in the simulated world. It
 * aborts, with the reproducer, on a finding of the checker that no quirk of the program explains. The target is the
 * engine, or that of a program that is compiled with WIRESTORM_FUZZ (harness/wirestorm.h).
 */
#include "fuzz/fuzz.h"
#include "fuzz/icov.h"
#include "fuzz/input.h"
#include "harness/check/check.h"
#include "harness/run/run.h"

#define THREADS_MAX 4
#define STEPS_MAX 4096 /* longer runs are cut: many short runs find more than a few long ones */

/* Made once; only memory is kept from one input to the next. */
static struct sim *sim;
static struct checker checker;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_environment();
	icov_environment();
	sim = fuzz_sim();
	return 0;
}

static void
sched_on_step(void *arg, struct run *r, size_t step, unsigned thread)
{
	(void)arg;
	(void)step;
	icov_step(r, thread);
}

static void
sched_judge(struct fuzz_input *in)
{
	static struct run run;

	if (run_open_once(&run, &in->p, fuzz_target(), sim, &checker) == RUN_OPENED) {
		icov_begin(&run);
		(void)strategy_bytes_upto(&run, in->choices, in->nr_choices, STEPS_MAX, sched_on_step, NULL);
		if (run_enabled(&run) == 0)
			checker_end(&checker, &run);
	}
	run_close(&run);
	if (fuzz_wants_quirks() ? checker.nr_findings > 0 : checker_first(&checker) != NULL)
		fuzz_report(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in;

	fuzz_input_decode(data, size, &in);
	if (fuzz_target()->sequential)
		seqrun_flatten(&in.p);
	if (in.p.nr_threads <= THREADS_MAX)
		sched_judge(&in);
	fuzz_input_done(&in);
	return 0;
}
