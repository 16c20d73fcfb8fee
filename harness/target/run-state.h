/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run-state.h - what a run consists of: a program, a target's instance under it, the simulator, and the results so far.
 *
 * run.h makes runs and steps them; the checker reads this and changes nothing of it. Units: pages. Ownership: the run
 * owns @state and @error; program, target, sim and checker belong to the caller.
 */
#ifndef HARNESS_TARGET_RUN_STATE_H
#define HARNESS_TARGET_RUN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/sim/sim.h"
#include "harness/target/run-refs.h"

struct checker;
struct vm_target;

struct run_thread {
	uint16_t nr_done; /* operations finished */
	struct vm_result results[PROGRAM_OPS_MAX];
};

struct run_refs;

struct run {
	const struct program *program;
	const struct vm_target *target;
	struct sim *sim;
	void *self; /* the target's instance */
	struct vm_state state;
	struct strbuf error; /* why run_open failed */
	unsigned error_line; /* of the program; 0: none in particular */
	/* Of an init or final step that does not give what the program expects: "result", "state" or NULL, and both. */
	const char *differs;
	struct strbuf want, got;
	struct checker *checker; /* NULL: nobody judges */
	unsigned init_index;     /* which of the init or final steps init_op is */
	bool init_is_final;
	bool once, begun;            /* run_open_once; and then that one run has begun */
	bool endless;                /* run_alone has given up */
	struct run_refs *refs;       /* NULL: no operation has a result as an argument */
	const struct vm_op *init_op; /* under way on the init thread */
	struct vm_result init_result;
	unsigned nr_init_run;                           /* init steps that steps has results of */
	struct run_thread threads[PROGRAM_THREADS_MAX]; /* last: large, and valid up to nr_done only; steps, too */
	struct run_refs_steps steps;
};

/* Operation @i of the thread, with numbers in place of results from the step on that has looked them up. */
static inline const struct vm_op *
run_op(const struct run *r, unsigned thread, unsigned i)
{
	return r->refs == NULL ? &r->program->threads[thread].ops[i] : run_refs_op(r, thread, i);
}

/* results[t] are all of thread t's; those that there are not yet are VM_OUTCOME_NONE. */
void run_results(struct run *r, const struct vm_result *results[PROGRAM_THREADS_MAX]);

/* Its next step looks results up that are its arguments. */
static inline bool
run_op_waits(const struct run *r, unsigned thread, unsigned i)
{
	return r->refs != NULL && vm_op_has_refs(run_refs_op(r, thread, i)) && (r->refs->refused[thread] >> i & 1) == 0;
}

/* It has looked results up in vain: the target has not seen it. */
static inline bool
run_op_refused(const struct run *r, unsigned thread, unsigned i)
{
	return r->refs != NULL && (r->refs->refused[thread] >> i & 1) != 0;
}

#endif
