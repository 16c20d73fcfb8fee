/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run-state.h - the data of a run: a program, an instance of a target, the simulator, and the results so far.
 *
 * execution.h makes runs and steps them. The checker reads the data and changes none. Units: pages. Ownership: the run
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
	unsigned error_line; /* line in the program; 0: no particular line */
	/*
	 * How an init or final step differs from what the program expects: "result", "state" or NULL, and both values.
	 */
	const char *differs;
	struct strbuf want, got;
	struct checker *checker; /* NULL: the run is not checked */
	unsigned init_index;     /* index of init_op among the init or final steps */
	bool init_is_final;
	bool once, begun;            /* opened by run_open_once; its only run has begun */
	size_t steps_max;            /* a strategy abandons a longer run; 0: STRATEGY_STEPS_MAX */
	bool endless;                /* run_alone has abandoned an endless operation */
	struct run_refs *refs;       /* NULL: no operation has a result as an argument */
	const struct vm_op *init_op; /* running on the init thread */
	struct vm_result init_result;
	unsigned nr_init_run;                           /* number of init steps with results in steps */
	struct run_thread threads[PROGRAM_THREADS_MAX]; /* last, because it is large and only valid up to nr_done;
	                                                 * the same holds for steps */
	struct run_refs_steps steps;
};

/* Operation @i of the thread. Numbers replace its results from the step that has looked them up. */
static inline const struct vm_op *
run_op(const struct run *r, unsigned thread, unsigned i)
{
	return r->refs == NULL ? &r->program->threads[thread].ops[i] : run_refs_op(r, thread, i);
}

/* results[t] are all results of thread t; missing ones are VM_OUTCOME_NONE. */
void run_results(struct run *r, const struct vm_result *results[PROGRAM_THREADS_MAX]);

/* Does the operation's next step look up results that are its arguments? */
static inline bool
run_op_waits(const struct run *r, unsigned thread, unsigned i)
{
	return r->refs != NULL && vm_op_has_refs(run_refs_op(r, thread, i)) && (r->refs->refused[thread] >> i & 1) == 0;
}

/* Has that lookup failed? Then the target has not seen the operation. */
static inline bool
run_op_refused(const struct run *r, unsigned thread, unsigned i)
{
	return r->refs != NULL && (r->refs->refused[thread] >> i & 1) != 0;
}

#endif
